//! Validation: how well scores agree with what was observed after backtest dates, and with labels from outside, in
//! comparison with simple counts of the same people.

mod comparison;
mod evaluation_set;
mod groups;
mod if_right;
mod intervals;
mod labelled;
mod metric;
mod metric_docs;
mod metric_row;
mod notes;
mod null_models;
mod on_topics;
mod predictions;
mod predictor;
mod rolling_origin;
mod run;
mod table;
mod validity;
mod verdict;

pub(crate) use metric::{CONCORDANCE, CONCORDANCE_IF_RIGHT};
pub(crate) use metric_docs::{INTERVAL_SOURCE, describe_intervals};
pub use metric_docs::{METRICS, MetricDoc};
pub use metric_row::{Difference, MetricRow};
pub(crate) use metric_row::{
    EVERYONE, FUTURE_TARGETS, ON_TOPICS, PERSON_TARGETS, TOPIC, TOPIC_SCORES, validated_score,
};
pub(crate) use notes::{NO_CAUSE, STATED, WORTH};
pub(crate) use predictor::{RANDOM, TOPIC_SCORE};
pub use run::{publish_validity, stages, validate};
pub use validity::Validity;
pub use verdict::{Grade, Graded, Verdict};
pub(crate) use verdict::{describe_verdicts, verdicts};
