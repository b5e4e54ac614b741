//! `renown runs`: the published runs of an output folder.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::NaiveDate;
use comfy_table::Table;
use serde::Serialize;
use url::Url;

use super::context::Context;
use super::output_format::OutputFormat;
use super::text_table::{UNKNOWN, align_right, headed};
use crate::engine::Engine;
use crate::error::{Result, printable};
use crate::job::parse_url;
use crate::number_format::count;
use crate::publish::commit::{self, Commit};
use crate::publish::history::CommitHistory;
use crate::publish::stale::of_earlier_version;
use crate::published::Run;
use crate::storage::folder;

/// List the published runs of an output folder
#[derive(clap::Args)]
pub(super) struct Args {
    /// URL of the output folder
    url: String,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let output = folder(&parse_url(Path::new(""), &args.url)?);
    let runs = list_runs(&context.engine, &output).await?;
    context.answer(args.format, &runs, |runs| format!("{}\n", page(runs)))
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedRun {
    /// Number of its commit.
    pub commit: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Whether it is what readers of that day see; else a later run has replaced it.
    pub in_force: bool,
    /// Whether it is in force and rests on a run that another one has replaced since: who is long-standing, and why scores
    /// changed, may differ now.
    pub is_stale: bool,
    /// Id of the run.
    pub run_id: String,
    /// Version of Renown that made it.
    pub renown_version: String,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What its table `runs` holds, or why that cannot be read.
    #[serde(flatten)]
    pub record: Record,
}

/// What the table `runs` holds on a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Record {
    /// The table was read.
    Read {
        /// Name of the job.
        job: String,
        /// Version of the method.
        method_version: String,
        /// The gates with their outcome.
        gates: Vec<String>,
    },
    /// It cannot be read.
    Lost {
        /// Why.
        unreadable: String,
    },
}

/// All runs committed below `output` that are there, the newest first.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if nothing was published there, [`crate::error::Kind::Unavailable`] if the store does not
/// answer.
pub async fn list_runs(engine: &Engine, output: &Url) -> Result<Vec<ListedRun>> {
    let history = CommitHistory::read(&engine.stores, output).await?;
    let (commits, damaged) = history.all().await?;
    for damaged in damaged {
        tracing::warn!("{}", damaged.describe());
    }
    let newest = commits.first().ok_or_else(|| commit::nothing_published(output))?;
    let in_force = newest.in_force.clone();
    let stale = newest.stale.clone().unwrap_or_else(|| of_earlier_version(&commits));
    let mut runs = Vec::with_capacity(commits.len());
    for commit in commits.into_iter().filter(Commit::is_of_run) {
        let record = match Run::open(engine, output, &commit)?.record().await {
            Ok(row) => {
                Record::Read { job: row.job, method_version: row.method_version, gates: row.gates }
            }
            // A run whose files were removed is listed too.
            Err(error) => Record::Lost { unreadable: error.cause },
        };
        let day = commit.snapshot_date;
        let is_in_force = in_force.get(&day) == Some(&commit.number);
        runs.push(ListedRun {
            commit: commit.number,
            snapshot_date: day,
            in_force: is_in_force,
            is_stale: is_in_force && stale.contains(&day),
            rows: commit.tables.iter().map(|(name, t)| (name.clone(), t.rows)).collect(),
            run_id: commit.run_id,
            renown_version: commit.renown_version,
            record,
        });
    }
    Ok(runs)
}

fn state(run: &ListedRun) -> &'static str {
    match (run.in_force, run.is_stale) {
        (true, false) => "in force",
        (true, true) => "in force, stale: run it again, in order of days",
        (false, _) => "superseded",
    }
}

/// The runs as a table.
fn page(runs: &[ListedRun]) -> Table {
    let mut table =
        headed(&["commit", "snapshot", "state", "job", "method", "people", "gates", "run"]);
    for run in runs {
        let (job, method, gates) = match &run.record {
            Record::Read { job, method_version, gates } => {
                let passed = gates.iter().filter(|gate| gate.ends_with(": passed")).count();
                (job.as_str(), method_version.as_str(), format!("{passed}/{} passed", gates.len()))
            }
            Record::Lost { .. } => (UNKNOWN, UNKNOWN, "files are gone".to_owned()),
        };
        table.add_row([
            run.commit.to_string(),
            run.snapshot_date.to_string(),
            state(run).to_owned(),
            printable(job),
            printable(method),
            run.rows.get("people").map_or_else(|| UNKNOWN.to_owned(), |rows| count(*rows)),
            gates,
            run.run_id.clone(),
        ]);
    }
    align_right(&mut table, &[0, 5]);
    table
}
