//! The table of checks.

use arrow::array::RecordBatch;

use super::batches::{Shared, lists, optional_floats, texts};
use crate::error::Result;
use crate::model::Check;

pub(super) fn draft_checks(shared: &Shared<'_>, checks: &[Check]) -> Result<Vec<RecordBatch>> {
    shared.table("checks", checks, |rows| {
        let text = |of: fn(&Check) -> &str| texts(rows.iter().map(of));
        vec![
            ("check", text(|check| check.name)),
            ("subject", text(|check| &check.subject)),
            (
                "figure",
                optional_floats(rows.iter().map(|check| check.figure.filter(|_| check.is_shown))),
            ),
            ("unit", text(|check| check.unit)),
            ("limit", optional_floats(rows.iter().map(|check| check.limit))),
            ("judged_by", text(|check| &check.judged_by)),
            ("verdict", text(|check| check.verdict.name())),
            ("finding", text(|check| &check.finding)),
            ("examples", lists(rows.iter().map(|check| &check.examples))),
        ]
    })
}
