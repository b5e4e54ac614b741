//! The program's commands: one file or folder a command, with its arguments, its work and the page that it prints; and what
//! they share: [`Cli`] parses and dispatches, [`Context`] is what a command works with.

mod attack;
mod backfill;
mod checks;
mod cli;
mod completions;
mod context;
pub mod exit;
pub mod failure;
mod fit;
mod forget;
pub mod hints;
mod input_notes;
mod job_args;
mod local_file;
mod logging;
mod man;
mod methods;
mod output_format;
pub mod process;
mod progress_bar;
mod prune;
mod report;
mod run;
mod run_selector;
mod schema;
mod synth;
mod text_bars;
mod text_table;
mod topics;
mod validate;

pub mod access;
pub mod audience;
pub mod check;
pub mod diff;
pub mod explain;
pub mod plan;
mod promote;
pub mod rank;
pub mod runs;
pub mod top;

pub use cli::Cli;
pub use context::Context;
pub use logging::{LogFormat, Logging};
pub use text_bars::Bars;
