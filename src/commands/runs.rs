//! The published runs of an output folder.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Result, printable};
use crate::publish::commit::{self, Commit};
use crate::published::table;

/// One published run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
    /// Number of its commit.
    pub commit: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Whether it is what readers of that day see; else a later run has taken its place.
    pub in_force: bool,
    /// Id of the run.
    pub run_id: String,
    /// Version of Renown that made it.
    pub renown_version: String,
    /// Rows of each table.
    pub rows: BTreeMap<String, u64>,
    /// What its table `runs` says, or why that cannot be read.
    #[serde(flatten)]
    pub told: Told,
}

/// What the table `runs` says of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum Told {
    /// The table is there.
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
pub async fn runs(engine: &Engine, output: &Url) -> Result<Vec<Run>> {
    let commits = commit::all(&engine.stores, output).await?;
    let newest = commits.first().ok_or_else(|| commit::nothing_published(output))?;
    let in_force = newest.in_force.clone();
    let mut runs = Vec::with_capacity(commits.len());
    for commit in commits.into_iter().filter(Commit::is_of_run) {
        let told = match told(engine, output, &commit).await {
            Ok(told) => told,
            // A run whose files were removed still was.
            Err(error) => Told::Lost { unreadable: error.cause },
        };
        runs.push(Run {
            commit: commit.number,
            snapshot_date: commit.snapshot_date,
            in_force: in_force.get(&commit.snapshot_date) == Some(&commit.number),
            rows: commit.tables.iter().map(|(name, t)| (name.clone(), t.rows)).collect(),
            run_id: commit.run_id,
            renown_version: commit.renown_version,
            told,
        });
    }
    Ok(runs)
}

async fn told(engine: &Engine, output: &Url, commit: &Commit) -> Result<Told> {
    let frame = table(engine, output, commit, "runs").await?;
    let rows = engine::rows("reading the table `runs`", frame).await?;
    let text = |name: &str| -> Result<String> {
        let column = rows.column_by_name(name).and_then(|c| c.as_string_opt::<i32>());
        let column = column.filter(|column| column.len() == 1);
        column.map(|column| column.value(0).to_owned()).ok_or_else(|| unlike(&rows))
    };
    let gates = rows.column_by_name("gates").and_then(|c| c.as_list_opt::<i32>());
    let gates = gates.filter(|gates| gates.len() == 1).ok_or_else(|| unlike(&rows))?.value(0);
    let gates = gates.as_string_opt::<i32>().ok_or_else(|| unlike(&rows))?;
    Ok(Told::Read {
        job: text("job")?,
        method_version: text("method_version")?,
        gates: gates.iter().flatten().map(str::to_owned).collect(),
    })
}

fn unlike(rows: &RecordBatch) -> Error {
    Error::bad_input(
        format!("the table `runs` has {} rows, or columns of another version", rows.num_rows()),
        "use the version of renown that wrote it",
    )
}

/// The runs as a table for people to read.
pub fn render(runs: &[Run]) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["commit", "snapshot", "state", "job", "method", "people", "gates", "run"]);
    for run in runs {
        let (job, method, gates) = match &run.told {
            Told::Read { job, method_version, gates } => {
                let passed = gates.iter().filter(|gate| gate.ends_with(": passed")).count();
                (job.as_str(), method_version.as_str(), format!("{passed}/{} passed", gates.len()))
            }
            Told::Lost { .. } => ("–", "–", "files are gone".to_owned()),
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
