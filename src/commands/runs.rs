//! The published runs of an output folder.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use url::Url;

use crate::engine::Engine;
use crate::error::{Result, printable};
use crate::publish::commit::{self, Commit};
use crate::published::Run;

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedRun {
    /// Number of its commit.
    pub commit: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Whether it is what readers of that day see; else a later run has replaced it.
    pub in_force: bool,
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

/// All runs committed below `output`, the newest first.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if nothing was published there or a commit is no commit,
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn runs(engine: &Engine, output: &Url) -> Result<Vec<ListedRun>> {
    let commits = commit::all(&engine.stores, output).await?;
    let newest = commits.first().ok_or_else(|| commit::nothing_published(output))?;
    let in_force = newest.in_force.clone();
    let mut runs = Vec::with_capacity(commits.len());
    for commit in commits.into_iter().filter(Commit::is_of_run) {
        let record = match Run::open(engine, output, &commit)?.record().await {
            Ok(row) => {
                Record::Read { job: row.job, method_version: row.method_version, gates: row.gates }
            }
            // A run whose files were removed is listed too.
            Err(error) => Record::Lost { unreadable: error.cause },
        };
        runs.push(ListedRun {
            commit: commit.number,
            snapshot_date: commit.snapshot_date,
            in_force: in_force.get(&commit.snapshot_date) == Some(&commit.number),
            rows: commit.tables.iter().map(|(name, t)| (name.clone(), t.rows)).collect(),
            run_id: commit.run_id,
            renown_version: commit.renown_version,
            record,
        });
    }
    Ok(runs)
}

/// The runs as a table for people to read.
pub fn render(runs: &[ListedRun]) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["commit", "snapshot", "state", "job", "method", "people", "gates", "run"]);
    for run in runs {
        let (job, method, gates) = match &run.record {
            Record::Read { job, method_version, gates } => {
                let passed = gates.iter().filter(|gate| gate.ends_with(": passed")).count();
                (job.as_str(), method_version.as_str(), format!("{passed}/{} passed", gates.len()))
            }
            Record::Lost { .. } => ("–", "–", "files are gone".to_owned()),
        };
        table.add_row([
            run.commit.to_string(),
            run.snapshot_date.to_string(),
            if run.in_force { "in force" } else { "superseded" }.to_owned(),
            printable(job),
            printable(method),
            run.rows.get("people").map_or("–".to_owned(), u64::to_string),
            gates,
            run.run_id.clone(),
        ]);
    }
    for number in [0, 5] {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}
