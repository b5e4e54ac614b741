//! `renown diff`: how the scores of two published runs differ.

mod agreement;
mod comparison;
mod groups;
mod movers;
mod page;
mod paired;
mod score_changes;

use chrono::NaiveDate;

pub use agreement::{Agreement, Overlap};
pub use comparison::{ComparedRun, Diff, Differs, PeopleCounts, compare_runs};
pub use groups::{Group, Grouping};
pub use movers::{Cause, Mover, PublishedCause};
pub use score_changes::{Bin, ChangeSummary};

use super::context::Context;
use super::job_args::{DAY, JobSettings, parse_day, parse_variable};
use super::output_format::OutputFormat;
use super::run_selector::{RunSelector, shared_variables};
use crate::error::Result;
use crate::method::profile::STANDARD;
use crate::published::Run;

/// Compare the scores of two published runs: of two dates, methods or versions
#[derive(clap::Args)]
pub(super) struct Args {
    /// First run: a job file, or the URL of an output folder or of one of its commits
    run_a: String,
    /// Second run, named in the same ways
    run_b: String,
    /// Profile of the scores
    #[arg(long, default_value = STANDARD)]
    profile: String,
    /// Number of people with the largest changes, half of them up and half down
    #[arg(short, default_value_t = 20)]
    n: usize,
    /// Date of the snapshot of RUN_A
    #[arg(long, value_name = DAY, value_parser = parse_day)]
    snapshot_a: Option<NaiveDate>,
    /// Date of the snapshot of RUN_B
    #[arg(long, value_name = DAY, value_parser = parse_day)]
    snapshot_b: Option<NaiveDate>,
    /// Set the variable ${NAME} of the job files
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_variable)]
    set: Vec<(String, String)>,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { run_a, run_b, profile, n, snapshot_a, snapshot_b, set, format } = args;
    let both = [run_a, run_b];
    let selector = |run: &String, snapshot| {
        let settings = JobSettings { snapshot, set: shared_variables(run, &both, &set) };
        RunSelector { run: run.clone(), settings }
    };
    let a = selector(&both[0], snapshot_a).open(&context.engine).await?;
    let b = selector(&both[1], snapshot_b).open(&context.engine).await?;
    let diff = compare_runs(&a, &b, &profile, n).await?;
    let bars = context.bars;
    let of_run = |name: &'static str, run: &Run| {
        run.notes().iter().map(|note| format!("run {name}: {note}")).collect::<Vec<_>>()
    };
    let notes = [of_run("A", &a), of_run("B", &b)].concat();
    context.answer_about(&notes, format, &diff, |diff| page::page(diff, bars))
}
