//! Stages 5 and 6: measures of each person on each network, and the score that follows from them.

pub mod cohorts;
pub mod influence;
pub mod measures;
pub mod percentile;
pub mod scores;
pub mod style;
