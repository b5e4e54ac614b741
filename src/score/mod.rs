//! Stages 7 and 8: measures of each person on each network, and the score that follows from them.

pub mod changes;
pub mod cohorts;
pub mod contributions;
pub mod influence;
pub mod measures;
pub mod scores;
pub mod style;
