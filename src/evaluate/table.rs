//! The table `validity`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};

use super::metric_row::MetricRow;
use super::validity::Validity;
use crate::audit::VALIDITY;
use crate::error::Result;
use crate::model::time::days_since_epoch;
use crate::schema::{self, Direction};

/// The table in the columns and the order of its contract.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if it breaks it.
pub(super) fn batch(validity: &Validity) -> Result<RecordBatch> {
    let mut rows: Vec<&MetricRow> = validity.rows.iter().collect();
    let key = |row: &&MetricRow| {
        let MetricRow { target, population, group_by, group_value, predictor, metric, .. } = row;
        [target, population, group_by, group_value, predictor, metric].map(String::clone)
    };
    rows.sort_by_cached_key(key);
    let texts = |of: fn(&MetricRow) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| of(row))))
    };
    let floats = |of: fn(&MetricRow) -> Option<f64>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| of(row)).collect::<Float64Array>())
    };
    let counts = |of: fn(&MetricRow) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| of(row) as i64)))
    };
    let always = |text: &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|_| text)))
    };
    let number = |number: u32| -> ArrayRef {
        Arc::new(Int64Array::from_value(i64::from(number), rows.len()))
    };
    let date = Date32Array::from_value(days_since_epoch(validity.snapshot_date)?, rows.len());
    let baselines = rows.iter().map(|row| row.difference.as_ref().map(|d| d.to.as_str()));
    schema::table(Direction::Output, VALIDITY)?.batch(vec![
        ("snapshot_date", Arc::new(date)),
        ("run_id", always(&validity.id)),
        ("target", texts(|row| &row.target)),
        ("population", texts(|row| &row.population)),
        ("group_by", texts(|row| &row.group_by)),
        ("group_value", texts(|row| &row.group_value)),
        ("predictor", texts(|row| &row.predictor)),
        ("metric", texts(|row| &row.metric)),
        ("value", floats(|row| Some(row.value))),
        ("low", floats(|row| row.interval.map(|(low, _)| low))),
        ("high", floats(|row| row.interval.map(|(_, high)| high))),
        ("baseline", Arc::new(baselines.collect::<StringArray>())),
        ("difference", floats(|row| row.difference.as_ref().map(|d| d.value))),
        ("difference_low", floats(|row| row.difference.as_ref()?.interval.map(|(low, _)| low))),
        ("difference_high", floats(|row| row.difference.as_ref()?.interval.map(|(_, high)| high))),
        ("people", counts(|row| row.people)),
        ("backtests", counts(|row| row.backtests)),
        ("horizon_hours", number(validity.horizon_hours)),
        ("resamples", number(validity.resamples)),
        ("seed", number(validity.seed)),
        ("method_version", always(&validity.methods[0])),
        ("method_sha256", always(&validity.method_sha256)),
        ("data_sha256", always(&validity.data_sha256)),
        ("renown_version", always(env!("CARGO_PKG_VERSION"))),
    ])
}
