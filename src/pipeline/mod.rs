//! The night as a list of stages, measures as of any date, backtests, and the identity of a run.

mod backfill;
pub mod backtest;
mod day_before;
pub(crate) mod inputs;
mod keep;
mod measure;
mod output_conflicts;
mod people;
pub mod progress;
mod rows;
mod run;
pub mod run_id;
pub mod sample;
mod scoring;
mod shadow;
mod stages;
mod standings;

pub use backfill::{Backfill, BackfilledDay, DayState, backfill};
pub use day_before::refuse_lost_day_before;
pub use measure::{AsOf, Measured, STAGES as MEASURE_STAGES, measure};
pub use output_conflicts::refuse_output_conflicts;
pub use people::read_people;
pub use run::{PreparedRun, Ready, RunOutcome, STAGES, prepare, run};
pub use shadow::promote;
