//! The table `attacks`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};

use super::results::{AttackRow, Attacks};
use crate::audit::ATTACKS;
use crate::error::Result;
use crate::model::time::days_since_epoch;
use crate::schema::{self, Direction};
use crate::tables::lists;

/// The table in the columns and the order of its contract.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if it breaks it.
pub(super) fn batch(attacks: &Attacks) -> Result<RecordBatch> {
    let mut rows: Vec<&AttackRow> = attacks.rows.iter().collect();
    rows.sort_by_key(|row| (&row.network, row.attack, &row.variant, row.scored_by));
    let texts = |of: fn(&AttackRow) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| of(row))))
    };
    let floats = |of: fn(&AttackRow) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row)).collect::<Float64Array>())
    };
    let counts = |of: fn(&AttackRow) -> Option<u64>| -> ArrayRef {
        let counts = rows.iter().map(|row| of(row).map(|count| count as i64));
        Arc::new(counts.collect::<Int64Array>())
    };
    let always = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|_| text)))
    };
    let date = Date32Array::from_value(days_since_epoch(attacks.snapshot_date)?, rows.len());
    let why: StringArray = rows.iter().map(|row| row.why.as_deref()).collect();
    schema::table(Direction::Output, ATTACKS)?.batch(vec![
        ("snapshot_date", Arc::new(date)),
        ("run_id", always(&attacks.id)),
        ("network", texts(|row| &row.network)),
        ("attack", texts(|row| row.attack)),
        ("variant", texts(|row| &row.variant)),
        ("scored_by", texts(|row| row.scored_by)),
        ("targets", counts(|row| Some(row.targets))),
        ("accounts", counts(|row| row.accounts)),
        ("links", counts(|row| row.links)),
        ("acts", counts(|row| row.acts)),
        ("points_median", floats(|row| row.points_median)),
        ("points_95", floats(|row| row.points_95)),
        ("forecast_ratio", floats(|row| row.forecast_ratio)),
        ("percentiles_median", floats(|row| row.percentiles_median)),
        ("points_per_100_accounts", floats(|row| row.points_per_100_accounts)),
        ("points_per_100_acts", floats(|row| row.points_per_100_acts)),
        ("listed", counts(|row| row.listed)),
        ("position_median", floats(|row| row.position_median)),
        ("flags", lists(rows.iter().map(|row| row.flags.iter()))),
        ("verdict", texts(|row| row.verdict)),
        ("why", Arc::new(why)),
        ("seed", Arc::new(Int64Array::from_value(i64::from(attacks.seed), rows.len()))),
        ("method_version", always(&attacks.method_version)),
        ("method_sha256", always(&attacks.method_sha256)),
        ("data_sha256", always(&attacks.data_sha256)),
        ("renown_version", always(env!("CARGO_PKG_VERSION"))),
    ])
}
