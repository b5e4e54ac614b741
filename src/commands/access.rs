//! `renown access`: everything that an output folder holds on one person, in every run whose files exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::context::Context;
use super::job_args::JobSettings;
use super::output_format::OutputFormat;
use super::run_selector::RunSelector;
use super::text_table::UNKNOWN;
use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::number_format::{count, counted};
use crate::publish::commit;
use crate::publish::history::CommitHistory;
use crate::published::files::{RawRow, table_files};
use crate::published::identify::{identify, nobody};
use crate::schema::{self, Column, Direction};
use crate::storage::folder;

/// Print everything that an output folder holds on one person
#[derive(clap::Args)]
pub(super) struct Args {
    /// Job file, or URL of an output folder
    #[arg(value_name = "OUTPUT")]
    output: String,
    /// Person id, `network:account_id`, account id or display name
    person: String,
    #[command(flatten)]
    settings: JobSettings,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { output, person, settings, format } = args;
    let output = folder(&RunSelector { run: output, settings }.output_folder()?);
    let report = collect(&context.engine, &output, &person).await?;
    context.answer(format, &report, page)?;
    // Once the rest is printed.
    match report.unreadable.len() {
        0 => Ok(()),
        n => Err(Error::bad_input(
            format!(
                "{} below `{output}` cannot be read and may hold more",
                counted(n as u64, "file", "files")
            ),
            "restore or delete them, then repeat",
        )),
    }
}

/// Everything held on one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AccessReport {
    /// The output folder.
    pub output: String,
    /// The person, as named in the request.
    pub query: String,
    /// Every id that the person has in any run.
    pub person_ids: BTreeSet<String>,
    /// Every account that the person has in any run, each `network:account_id`.
    pub accounts: BTreeSet<String>,
    /// The runs, the latest day first.
    pub runs: Vec<HeldRun>,
    /// What the columns of each table mean.
    pub columns: BTreeMap<String, Vec<Column>>,
    /// Files that cannot be read, and may hold more.
    pub unreadable: Vec<Unreadable>,
    /// Parquet files that were not read: their names are not those of tables.
    pub unrecognized_files: Vec<String>,
    /// How to correct what is held, or have it removed.
    pub remedies: Vec<String>,
}

/// What one run holds on the person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HeldRun {
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Id of the run.
    pub run_id: String,
    /// What readers see of it.
    pub state: RunState,
    /// Rows that name the person, by table. They may name others too.
    pub tables: BTreeMap<String, Vec<RawRow>>,
    /// The files that hold these rows.
    pub files: Vec<String>,
}

/// What readers see of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Readers of its day see it.
    InForce,
    /// A later run of its day has replaced it.
    Superseded,
    /// Its files were written, and no commit names them.
    NeverCommitted,
    /// A check refused it: it was never published.
    Refused,
}

/// A file that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unreadable {
    /// Path below the output folder.
    pub file: String,
    /// Why.
    pub cause: String,
}

/// Everything held below `output` on `query`: a person id, an account as `network:account_id`, the bare id of an account, or
/// a display name; the first of these that matches in any run decides. Accounts that any run takes for the same person are
/// the same person here.
///
/// A file that cannot be read does not stop it: [`AccessReport::unreadable`] names it.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if no table is there, a commit is no commit or nothing is held on `query`, though all files can be
/// read; [`crate::error::Kind::Usage`] if several people are meant, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn collect(engine: &Engine, output: &Url, query: &str) -> Result<AccessReport> {
    let history = CommitHistory::read(&engine.stores, output).await?;
    // It names files and days; people are in the files, which are all read.
    let (commits, damaged) = history.all().await?;
    for damaged in damaged {
        tracing::warn!("{}", damaged.describe());
    }
    let (files, unrecognized_files) = table_files(engine, output, &commits).await?;
    if files.is_empty() {
        return Err(commit::nothing_published(output));
    }
    let mut unreadable = BTreeMap::new();
    let (person_ids, accounts) = identify(&files, query, &mut unreadable).await?;

    let in_force = commits.first().map(|newest| newest.in_force.clone()).unwrap_or_default();
    let state = |day: NaiveDate, run_id: &str| {
        let mut of_run = commits.iter().filter(|c| c.snapshot_date == day && c.run_id == run_id);
        if of_run.clone().any(|c| in_force.get(&day) == Some(&c.number)) {
            RunState::InForce
        } else if of_run.next().is_some() {
            RunState::Superseded
        } else {
            RunState::NeverCommitted
        }
    };
    let mut runs = BTreeMap::new();
    for file in &files {
        let key = (file.day, &file.run_id, file.is_refused);
        let run = runs.entry(key).or_insert_with(|| HeldRun {
            snapshot_date: file.day,
            run_id: file.run_id.clone(),
            state: match file.is_refused {
                true => RunState::Refused,
                false => state(file.day, &file.run_id),
            },
            tables: BTreeMap::new(),
            files: Vec::new(),
        });
        match file.rows_of(&person_ids).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                run.tables.entry(file.table.clone()).or_default().extend(found);
                run.files.push(file.path.clone());
            }
            Err(error) => {
                unreadable.insert(file.path.clone(), error.cause);
            }
        }
    }
    let runs: Vec<HeldRun> = runs.into_values().rev().collect();
    // Nothing found is an answer only where the query names a person: a typing error must not be taken for it.
    if unreadable.is_empty() && accounts.is_empty() && runs.iter().all(|run| run.tables.is_empty())
    {
        return Err(nobody(&files, output, query).await?);
    }
    let tables: BTreeSet<&String> = runs.iter().flat_map(|run| run.tables.keys()).collect();
    let columns = tables.into_iter().filter_map(|name| {
        let contract = schema::table(Direction::Output, name).ok()?;
        Some((name.clone(), contract.columns.clone()))
    });
    Ok(AccessReport {
        output: output.to_string(),
        query: query.to_owned(),
        columns: columns.collect(),
        remedies: remedies(&accounts, &person_ids),
        person_ids,
        accounts,
        runs,
        unreadable: unreadable
            .into_iter()
            .map(|(file, cause)| Unreadable { file, cause })
            .collect(),
        unrecognized_files,
    })
}

fn remedies(accounts: &BTreeSet<String>, ids: &BTreeSet<String>) -> Vec<String> {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut lines = vec![
        "To correct: fix the rows of the person in the inputs `accounts` (name, country, language) and \
         `identities` (which accounts are one person), then run the job again for every day listed \
         above; a day that is not run again keeps its rows."
            .to_owned(),
        "To refuse: add the rows below to the input `consent`, with `at` the time of the statement, \
         later than any `opted_in` of the same account or person; `deleted` in place of `opted_out` \
         where the account or person no longer exists. Then run the job again for every day listed \
         above: a statement counts for days before it too."
            .to_owned(),
    ];
    lines.extend(accounts.iter().filter_map(|account| account.split_once(':')).map(
        |(network, id)| {
            format!(
                "  network = {}, account_id = {}, person_id = null, topic_id = null, status = \"opted_out\"",
                quoted(network),
                quoted(id)
            )
        },
    ));
    if accounts.is_empty() {
        lines.extend(ids.iter().map(|id| {
            format!(
                "  network = null, account_id = null, person_id = {}, topic_id = null, status = \"opted_out\"",
                quoted(id)
            )
        }));
    }
    lines.push(
        "Running again removes no file: until the person is removed by `renown forget`, or the files listed \
         below are deleted once every day has been run again, they still hold the person. Deleting a file \
         in force before that makes its day unreadable."
            .to_owned(),
    );
    lines
}

impl RunState {
    fn name(self) -> &'static str {
        match self {
            RunState::InForce => "in force",
            RunState::Superseded => "superseded",
            RunState::NeverCommitted => "never committed",
            RunState::Refused => "refused",
        }
    }
}

/// The rows by run and table, then how to correct or remove them and the files that hold them.
fn page(report: &AccessReport) -> String {
    let rows: usize = report.runs.iter().flat_map(|r| r.tables.values()).map(Vec::len).sum();
    let holding = report.runs.iter().filter(|run| !run.tables.is_empty()).count();
    let list = |texts: &BTreeSet<String>| match texts.is_empty() {
        true => UNKNOWN.to_owned(),
        false => printable(&texts.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
    };
    let mut page = format!(
        "data on `{}` below {}\nperson ids: {}\naccounts: {}\n{} in {} of {}\n\
         Rows may name other people: remove them before handing this over, and make sure that all ids and\n\
         accounts above are of one person.\n",
        printable(&report.query),
        printable(&report.output),
        list(&report.person_ids),
        list(&report.accounts),
        counted(rows as u64, "row", "rows"),
        count(holding as u64),
        counted(report.runs.len() as u64, "run", "runs"),
    );
    for run in &report.runs {
        page += &run_rows(run);
    }
    page.push('\n');
    for line in &report.remedies {
        let _ = writeln!(page, "{}", printable(line));
    }
    page + &files(report)
}

fn run_rows(run: &HeldRun) -> String {
    let (day, run_id) = (run.snapshot_date, printable(&run.run_id));
    let mut page = format!("\n{day}, run {run_id}: {}\n", run.state.name());
    if run.tables.is_empty() {
        page.push_str("  nothing\n");
    }
    for (table, rows) in &run.tables {
        let rows_of_table = counted(rows.len() as u64, "row", "rows");
        let _ = writeln!(page, "\n  {} ({rows_of_table})", printable(table));
        for (number, row) in rows.iter().enumerate() {
            if number > 0 {
                page.push('\n');
            }
            let width = row.keys().map(|name| name.chars().count()).max().unwrap_or(0);
            for (name, value) in row {
                let _ = writeln!(page, "    {:width$}  {}", printable(name), text(value));
            }
        }
    }
    page
}

fn files(report: &AccessReport) -> String {
    let mut page = "\nfiles with data on the person\n".to_owned();
    let files = report.runs.iter().flat_map(|run| run.files.iter().map(move |f| (f, run.state)));
    for (file, state) in files.clone() {
        let _ = writeln!(page, "  {}  ({})", printable(file), state.name());
    }
    if files.count() == 0 {
        page.push_str("  none\n");
    }
    for Unreadable { file, cause } in &report.unreadable {
        let (file, cause) = (printable(file), printable(cause));
        let _ = writeln!(page, "  {file}  cannot be read, may hold more: {cause}");
    }
    for file in &report.unrecognized_files {
        let _ = writeln!(page, "  {}  was not read: not the name of a table", printable(file));
    }
    page
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => UNKNOWN.to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) if items.is_empty() => UNKNOWN.to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
