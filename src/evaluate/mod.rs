//! Validation: how well scores agree with what was observed after backtest dates, and with labels from outside, in
//! comparison with simple counts of the same people.

mod comparison;
mod evaluation_set;
mod groups;
mod intervals;
mod labelled;
mod metric;
mod metric_docs;
mod notes;
mod predictions;
mod predictor;
mod rolling_origin;
mod run;
mod table;
mod validity;

pub(crate) use metric_docs::{INTERVAL_SOURCE, describe_intervals};
pub use metric_docs::{METRICS, MetricDoc};
pub(crate) use notes::{NO_CAUSE, STATED, WORTH};
pub(crate) use predictor::RANDOM;
pub use run::{publish_validity, stages, validate};
pub use validity::{Difference, MetricRow, Validity};
pub(crate) use validity::{EVERYONE, FUTURE_TARGETS, TOPIC};
