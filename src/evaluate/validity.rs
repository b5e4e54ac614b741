//! What a validation finds.

use chrono::NaiveDate;
use serde::Serialize;

use crate::pipeline::progress::Rows;
use crate::publish::log::ValidationLog;

/// The targets that are observed after a backtest date: distinct people who react within the horizon, those who were
/// trusted at that date (which is what is forecast) and all.
pub(crate) const FUTURE_TARGETS: [&str; 2] = ["future_trusted_reactors", "future_reactors"];
/// The population of all people who existed at a backtest date.
pub(super) const ALL: &str = "all";
/// The population of those with a reactor within the attention window; groups are formed of it.
pub(super) const ACTIVE: &str = "active";
/// `group_by` of rows about a whole population.
pub(crate) const EVERYONE: &str = "everyone";
/// `group_by` of rows about topics.
pub(crate) const TOPIC: &str = "topic";

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

/// One metric of one predictor against one target in one group of one population.
#[derive(Debug, Serialize)]
pub struct MetricRow {
    /// What is predicted.
    pub target: String,
    /// The population.
    pub population: String,
    /// By what the population is grouped; `everyone` where it is not.
    pub group_by: String,
    /// The group.
    pub group_value: String,
    /// A profile, a measure, `random`, or a measure of people on a topic.
    pub predictor: String,
    /// Version of the method that it was computed with.
    pub method_version: String,
    /// Name of the metric.
    pub metric: String,
    /// Its value, the mean over backtests, or over topics.
    pub value: f64,
    /// Its 95 % interval by the bootstrap.
    pub interval: Option<(f64, f64)>,
    /// Difference to the best simple count; none for simple counts.
    pub difference: Option<Difference>,
    /// Difference to the same profile under the first method; none under that.
    pub from_first: Option<Difference>,
    /// People in the largest of the backtests.
    pub people: u64,
    /// Backtests, or topics, in which the metric is defined.
    pub backtests: u64,
    /// Whether the predictor is a simple count, which a score has to beat.
    pub is_baseline: bool,
}

/// A metric less that of another predictor. Which simple count is the best is known only afterwards.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The other predictor.
    pub to: String,
    /// The difference.
    pub value: f64,
    /// Its 95 % interval by the bootstrap, both metrics from the same resamples.
    pub interval: Option<(f64, f64)>,
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
