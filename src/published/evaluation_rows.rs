//! Rows of the tables `validity` and `attacks`.

use serde::Deserialize;

use super::rows::TableRow;

/// A metric of a predictor of a target in a group of people.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ValidityRow {
    /// What is predicted.
    pub target: String,
    /// Who was compared.
    pub population: String,
    /// How people are grouped.
    pub group_by: String,
    /// The group; empty where people are not grouped, and for the mean over topics.
    pub group_value: String,
    /// What predicts: a profile, `topic_score` or a baseline.
    pub predictor: String,
    /// Name of the metric.
    pub metric: String,
    /// Its value, the mean over backtests.
    pub value: f64,
    /// Lower end of its 95 % interval.
    pub low: Option<f64>,
    /// Upper end of it.
    pub high: Option<f64>,
    /// The best simple count by the metric.
    pub baseline: Option<String>,
    /// By how much the value is above that of the baseline.
    pub difference: Option<f64>,
    /// Lower end of its 95 % interval.
    pub difference_low: Option<f64>,
    /// Upper end of it.
    pub difference_high: Option<f64>,
    /// People compared, in the largest backtest.
    pub people: u64,
    /// Backtests, or topics.
    pub backtests: u64,
    /// Bootstrap resamples.
    pub resamples: u64,
    /// Random seed of the resamples.
    pub seed: u64,
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of the method's content.
    pub method_sha256: String,
    /// SHA-256 of the data and labels.
    pub data_sha256: String,
}

impl ValidityRow {
    /// The 95 % interval of the value.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// The 95 % interval of the difference.
    pub fn difference_interval(&self) -> Option<(f64, f64)> {
        self.difference_low.zip(self.difference_high)
    }
}

/// What one attack gains on one network under one way of scoring.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AttackGainRow {
    /// The network.
    pub network: String,
    /// Kind of attack.
    pub attack: String,
    /// What it was planted with.
    pub variant: String,
    /// How people are scored.
    pub scored_by: String,
    /// People on whom it was simulated.
    pub targets: u64,
    /// Planted interactions.
    pub acts: Option<u64>,
    /// Points gained, the median.
    pub points_median: Option<f64>,
    /// Points gained, the 95th percentile.
    pub points_95: Option<f64>,
    /// The forecast as a multiple of what it was.
    pub forecast_ratio: Option<f64>,
    /// Targets with a new score on the attacked topic.
    pub listed: Option<u64>,
    /// What scores of most targets would show.
    pub flags: Vec<String>,
    /// What became of it.
    pub verdict: String,
    /// Why.
    pub why: Option<String>,
    /// Random seed.
    pub seed: u64,
    /// Version of the method.
    pub method_version: String,
}

impl TableRow for ValidityRow {
    const TABLE: &'static str = "validity";
    type Borrowed<'a> = Self;
}

impl TableRow for AttackGainRow {
    const TABLE: &'static str = "attacks";
    type Borrowed<'a> = Self;
}
