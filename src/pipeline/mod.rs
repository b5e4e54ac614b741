//! The night as a list of stages, measures as of any date, backtests, and the identity of a run.

pub mod backtest;
pub(crate) mod inputs;
mod measure;
mod output_conflicts;
mod people;
pub mod progress;
mod rows;
mod run;
pub mod run_id;
pub mod sample;
mod scoring;
mod stages;
mod standings;

pub use measure::{AsOf, Measured, STAGES as MEASURE_STAGES, measure};
pub use output_conflicts::refuse_output_conflicts;
pub use people::read_people;
pub use run::{PreparedRun, Ready, RunOutcome, STAGES, prepare, run};
