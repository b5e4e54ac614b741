//! One row of a validation, and what its texts mean.

use serde::Serialize;

use super::predictor::TOPIC_SCORE;
use crate::method::profile::STANDARD;

/// The targets that are observed of people after a backtest date: distinct people who react within the horizon, those who were
/// trusted at that date (which is what is forecast) and all.
pub(crate) const PERSON_TARGETS: [&str; 2] = ["future_trusted_reactors", "future_reactors"];
/// The target that is observed of (person, topic) pairs: distinct people, trusted at that date, who react within the horizon to posts
/// of the person about the topic.
pub(crate) const ON_TOPICS: &str = "future_trusted_reactors_on_topics";
/// All targets that are observed after a backtest date.
pub(crate) const FUTURE_TARGETS: [&str; 3] = [PERSON_TARGETS[0], PERSON_TARGETS[1], ON_TOPICS];
/// The population of all people who existed at a backtest date.
pub(crate) const ALL: &str = "all";
/// The population of those with a reactor within the attention window; groups are formed of it.
pub(crate) const ACTIVE: &str = "active";
/// The population of those with at least five reactors within 90 days.
pub(crate) const ESTABLISHED: &str = "established";
/// The population of (person, topic) pairs that a run of a backtest date gives a topic score.
pub(crate) const TOPIC_SCORES: &str = "topic_scores";
/// `group_by` of rows about a whole population.
pub(crate) const EVERYONE: &str = "everyone";
/// `group_by` of rows about topics.
pub(crate) const TOPIC: &str = "topic";
/// `group_by` of rows about (person, topic) pairs by how many people are forecast.
pub(crate) const FORECAST: &str = "forecast";

/// The predictor that is validated there.
pub(crate) fn validated_score(population: &str, group_by: &str) -> &'static str {
    if population == TOPIC_SCORES || group_by == TOPIC { TOPIC_SCORE } else { STANDARD }
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
    /// Difference to the best simple count; of a simple count by concordance, difference to the score.
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The other predictor.
    pub to: String,
    /// The difference.
    pub value: f64,
    /// Its 95 % interval by the bootstrap, both metrics from the same resamples.
    pub interval: Option<(f64, f64)>,
}
