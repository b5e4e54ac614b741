//! Every input of a job held against its contract, without a run: all faults, not the first alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use crate::engine::Engine;
use crate::error::{Error, Place, Result, printable};
use crate::job::{Job, no_snapshot};
use crate::read::{self, Dropped, Faults};

/// What a check of a job found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the job.
    pub job: String,
    /// Day that was checked.
    pub snapshot_date: NaiveDate,
    /// Whatever would stop a run, in the order in which the inputs are read.
    pub violations: Vec<Violation>,
    /// Rows that a run would drop, by rule; complete if nothing would stop it.
    pub dropped: Vec<Dropped>,
    /// Columns that a run would not read, by input.
    pub columns_not_read: BTreeMap<String, Vec<String>>,
}

/// One fault of an input.
#[derive(Debug, PartialEq, Serialize)]
pub struct Violation {
    /// Where it lies.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub cause: String,
    /// What to do.
    pub remedy: String,
}

/// Reads the inputs of `job` as a run does, up to the people who may be scored, and gathers whatever
/// would stop it. Nothing is written.
///
/// What builds on an input that is at fault is not looked at: people are joined once all inputs
/// conform.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named, [`crate::error::Kind::Unavailable`] if a store
/// does not answer.
pub async fn check(engine: &Engine, job: &Job) -> Result<Report> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let mut faults = Faults::gather();
    let mut report = Report {
        job: job.name.clone(),
        snapshot_date: day,
        violations: vec![],
        dropped: vec![],
        columns_not_read: BTreeMap::new(),
    };
    let ended = inputs(engine, job, day, &mut faults, &mut report).await;
    let gathered = faults.into_gathered();
    match ended {
        // The search ends at what it builds on; that fault is among those gathered.
        Err(error) if !gathered.contains(&error) => return Err(error),
        _ => report.violations = gathered.into_iter().map(Violation::from).collect(),
    }
    Ok(report)
}

async fn inputs(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    faults: &mut Faults,
    report: &mut Report,
) -> Result<()> {
    let snapshot = read::snapshot(engine, job, day, faults).await?;
    report.dropped.clone_from(&snapshot.drops);
    report.columns_not_read.clone_from(&snapshot.ignored);
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, faults).await?);
    let people = read::people(engine, snapshot, &job.consent, &job.method, &vocabulary, faults);
    let people = people.await?;
    report.dropped.extend(people.drops);
    Ok(())
}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        Self { place: *error.place, cause: error.cause, remedy: error.remedy }
    }
}

/// The report for people to read.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for violation in &report.violations {
        out.push_str(&format!("{}\n", printable(&violation.cause)));
        let place = &violation.place;
        let rows = place.rows.map(|rows| rows.to_string());
        let parts = [
            ("table", &place.table),
            ("column", &place.column),
            ("file", &place.file),
            ("rows", &rows),
            ("remedy", &Some(violation.remedy.clone())),
        ];
        for (name, value) in parts {
            if let Some(value) = value {
                out.push_str(&format!("  {name:<7} {}\n", printable(value)));
            }
        }
    }
    for note in read::notes(&report.dropped, &report.columns_not_read) {
        out.push_str(&format!("{note}\n"));
    }
    let verdict = match report.violations.len() {
        0 => "nothing would stop a run".to_owned(),
        1 => "1 violation would stop a run".to_owned(),
        n => format!("{n} violations would stop a run"),
    };
    out + &format!("{} on {}: {verdict}\n", printable(&report.job), report.snapshot_date)
}
