//! Measures of each person on each network, the score that follows from them, and what explains it.

pub mod audience_flags;
pub mod changes;
pub mod cohorts;
pub mod context;
pub mod contributions;
pub mod forecast_values;
pub mod influence_edges;
pub mod latest_events;
pub mod measures;
pub mod scores;
pub mod style;
