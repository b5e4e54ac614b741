//! The table of checks.

use arrow::array::RecordBatch;

use super::batches::{Shared, lists, optional_floats, texts};
use crate::error::{Error, Result};
use crate::model::Check;

pub(super) fn draft_checks(shared: &Shared<'_>, checks: &[Check]) -> Result<Vec<RecordBatch>> {
    let histories = checks.iter().map(|check| serde_json::to_string(&check.history));
    let histories: Vec<String> =
        histories.collect::<serde_json::Result<_>>().map_err(Error::internal)?;
    let rows: Vec<(&Check, &str)> =
        checks.iter().zip(histories.iter().map(String::as_str)).collect();
    shared.table("checks", &rows, |rows| {
        let text = |of: fn(&Check) -> &str| texts(rows.iter().map(|(check, _)| of(check)));
        vec![
            ("check", text(|check| check.name)),
            ("subject", text(|check| &check.subject)),
            ("figure", optional_floats(rows.iter().map(|(check, _)| check.figure))),
            ("unit", text(|check| check.unit)),
            ("limit", optional_floats(rows.iter().map(|(check, _)| check.limit))),
            ("judged_by", text(|check| &check.judged_by)),
            ("verdict", text(|check| check.verdict.name())),
            ("finding", text(|check| &check.finding)),
            ("examples", lists(rows.iter().map(|(check, _)| &check.examples))),
            ("history", texts(rows.iter().map(|(_, history)| *history))),
        ]
    })
}
