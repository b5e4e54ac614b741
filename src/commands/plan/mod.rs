//! `renown plan`: what a run would read, write and cost, from listings, footers and the log of the previous run.

mod changed;
mod estimate;
mod logged_run;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use comfy_table::Table;
use serde::Serialize;

use self::estimate::Estimate;
use self::logged_run::LoggedRun;
use super::context::Context;
use super::job_args::JobArgs;
use super::output_format::OutputFormat;
use super::text_table::{align_right, headed};
use crate::engine::Engine;
use crate::error::{Result, printable};
use crate::job::{Job, no_snapshot};
use crate::number_format::{count, number};
use crate::pipeline::{refuse_lost_day_before, refuse_output_conflicts};
use crate::publish::commit;
use crate::publish::history::CommitHistory;
use crate::publish::{log_path, table_path};
use crate::read::{self, ScanEstimate};
use crate::schema::{self, Status};

/// Estimate what a run reads, writes and costs, from metadata
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let job = args.job.load()?;
    let plan = plan_run(&context.engine, &job).await?;
    context.answer(args.format, &plan, page)
}

/// What a run would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Name of the job.
    pub job: String,
    /// Date of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Whether a run is needed, as far as that is known without reading rows.
    pub run_needed: bool,
    /// Why it is, or is not.
    pub reason: String,
    /// What one pass over each input would read; a run makes several.
    pub reads: BTreeMap<String, ScanEstimate>,
    /// How large it would get.
    pub estimate: Estimate,
    /// Folder that would be written to.
    pub output: String,
    /// Paths below it that would be written, the commit last; with `RUN` for the id of the run.
    pub writes: Vec<String>,
    /// Number of the commit that would be replaced.
    pub replaces_commit: Option<u64>,
}

/// Plans a run of `job`. No row is read and nothing is written.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; those of a run that files, footers and the job
/// show; [`crate::error::Kind::Unavailable`] if a store does not answer.
pub async fn plan_run(engine: &Engine, job: &Job) -> Result<Plan> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    refuse_output_conflicts(engine, job).await?;
    let (reads, files) = read::estimate_scans(engine, job, day).await?;
    let stores = &engine.stores;
    let history = CommitHistory::read(stores, &job.output).await?;
    history.refuse_lost().await?;
    refuse_lost_day_before(stores, &job.output, &history, day).await?;
    let newest = history.newest();
    let published = history.in_force(day).await?;
    let replaces_commit = newest.and_then(|newest| newest.in_force.get(&day).copied());
    let latest = history.days().next_back();
    let latest = match latest {
        Some((_, number)) => history.commit(number).await?,
        None => None,
    };
    let latest = match latest {
        Some(commit) => LoggedRun::of(engine, &job.output, commit).await?,
        None => None,
    };
    let scaled = latest.and_then(|latest| Estimate::scaled(&latest, &files));
    let estimate = scaled.unwrap_or_else(|| Estimate::from_rows(&reads, job.influence.top));
    let (run_needed, reason) = match published {
        None => (true, format!("no run of {day} has been published")),
        Some(commit) => changed::since_commit(engine, job, commit, &reads, &files).await?,
    };
    let number = newest.map_or(1, |newest| newest.number.saturating_add(1));
    let tables = schema::tables()?.iter().filter(|table| table.status == Status::Published);
    let mut writes: Vec<String> =
        tables.map(|table| table_path(&table.table, day, "RUN", 0)).collect();
    writes.extend([log_path(day, "RUN"), commit::path(number)]);
    Ok(Plan {
        job: job.name.clone(),
        snapshot_date: day,
        run_needed,
        reason,
        reads,
        estimate,
        output: job.output.to_string(),
        writes,
        replaces_commit,
    })
}

/// The plan as a page.
fn page(plan: &Plan) -> String {
    let verdict = if plan.run_needed { "a run is needed" } else { "no run is needed" };
    let estimate = &plan.estimate;
    let mut page = format!(
        "{} on {}: {verdict}: {}\n\nwould read in one pass, after pruning by time and statistics\n{}\n\n\
         estimated from {}\n",
        printable(&plan.job),
        plan.snapshot_date,
        plan.reason,
        reads_table(&plan.reads),
        estimate.basis
    );
    let megabytes = |bytes: u64| format!("{} MB", number(bytes as f64 / 1e6));
    for (name, value) in [
        ("vertices", Some(count(estimate.vertices))),
        ("edges", Some(count(estimate.edges))),
        ("memory", Some(megabytes(estimate.memory_bytes))),
        ("output", Some(megabytes(estimate.output_bytes))),
        ("time", estimate.seconds.map(|seconds| format!("{} s", number(seconds)))),
    ] {
        if let Some(value) = value {
            page += &format!("  {name:<9} {value:>14}\n");
        }
    }
    page += &format!("\nwould write to {}\n", plan.output);
    for path in &plan.writes {
        page += &format!("  {path}\n");
    }
    if let Some(number) = plan.replaces_commit {
        page += &format!("  replacing commit {number}\n");
    }
    page
}

fn reads_table(reads: &BTreeMap<String, ScanEstimate>) -> Table {
    let mut table = headed(&["input", "files", "row groups", "rows", "MB"]);
    for (name, scan) in reads {
        table.add_row([
            name.clone(),
            count(scan.files as u64),
            format!("{}/{}", count(scan.row_groups as u64), count(scan.row_groups_found as u64)),
            count(scan.rows),
            number(scan.bytes as f64 / 1e6),
        ]);
    }
    align_right(&mut table, &[1, 2, 3, 4]);
    table
}
