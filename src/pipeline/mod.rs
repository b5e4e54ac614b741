//! The night: from a job to published tables.

pub mod backtest;
pub mod progress;
pub mod run;
pub mod run_id;
