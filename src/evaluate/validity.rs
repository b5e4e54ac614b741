//! What a validation finds.

use chrono::NaiveDate;
use serde::Serialize;

use super::metric_row::MetricRow;
use super::verdict::Verdict;
use crate::pipeline::progress::Rows;
use crate::publish::log::ValidationLog;

/// The metrics of every predictor against every target.
#[derive(Debug, Serialize)]
pub struct Validity {
    /// The snapshot.
    pub snapshot_date: NaiveDate,
    /// Versions of the methods; the first is the one that the others are compared with.
    pub methods: Vec<String>,
    /// SHA-256 of the content of the first method.
    pub method_sha256: String,
    /// SHA-256 of the rows that were left after consent, and of the labels.
    pub data_sha256: String,
    /// Hours after a backtest date within which reactions are counted.
    pub horizon_hours: u32,
    /// Backtest dates in whole hours before the end of the snapshot, the latest first.
    pub backtests_hours: Vec<u32>,
    /// Bootstrap resamples.
    pub resamples: u32,
    /// Their random seed.
    pub seed: u32,
    /// Whether level, interval and order are right, by target and method.
    pub verdicts: Vec<Verdict>,
    /// Caveats.
    pub notes: Vec<String>,
    /// The metrics, in order of target, population, group and metric.
    pub rows: Vec<MetricRow>,
    /// Hash of all that can reach a row.
    #[serde(skip)]
    pub(super) id: String,
    #[serde(skip)]
    pub(super) log: ValidationLog,
}

/// The metrics against some targets, and caveats.
#[derive(Default)]
pub(super) struct Evaluated {
    pub rows: Vec<MetricRow>,
    pub notes: Vec<String>,
}

impl Evaluated {
    pub fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.notes.extend(other.notes);
    }
}

/// Rows of the table `validity`.
impl Rows for Evaluated {
    fn rows(&self) -> u64 {
        self.rows.len() as u64
    }
}
