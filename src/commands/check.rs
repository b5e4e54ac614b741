//! Every input of a job held against its contract, without a run: all violations, not the first alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;

use crate::commands::hints::with_hint;
use crate::engine::Engine;
use crate::error::{Error, Place, Result, printable};
use crate::job::{GROUND_TRUTH, Job, no_snapshot};
use crate::model::{Dropped, Persons};
use crate::read::{self, Violations};

/// What a check of a job found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Name of the job.
    pub job: String,
    /// Day that was checked.
    pub snapshot_date: NaiveDate,
    /// Whatever would stop a run, in the order in which the inputs are read, and then what is wrong in
    /// `ground_truth`.
    pub violations: Vec<Violation>,
    /// Rows that a run would drop, by rule; complete if nothing would stop it.
    pub dropped: Vec<Dropped>,
    /// Columns that a run would not read, by input.
    pub columns_not_read: BTreeMap<String, Vec<String>>,
}

/// One violation of an input.
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
/// would stop it; `ground_truth`, which no run reads, is held against its contract too. Nothing is written.
///
/// What builds on an input that is at violation is not looked at: people are joined once all inputs
/// conform.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named, [`crate::error::Kind::Unavailable`] if a store
/// does not answer.
pub async fn check(engine: &Engine, job: &Job) -> Result<Report> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let mut violations = Violations::keep_all();
    let mut report = Report {
        job: job.name.clone(),
        snapshot_date: day,
        violations: vec![],
        dropped: vec![],
        columns_not_read: BTreeMap::new(),
    };
    let ended = inputs(engine, job, day, &mut violations, &mut report).await;
    let mut gathered = violations.into_kept();
    let persons = known(ended, &gathered)?;
    // On its own: what is at violation in other inputs does not end the search here.
    let mut violations = Violations::keep_all();
    let ended = truths(engine, job, persons.as_ref(), &mut violations, &mut report).await;
    let of_truths = violations.into_kept();
    known(ended, &of_truths)?;
    // The sources are opened for both.
    let new: Vec<Error> = of_truths.into_iter().filter(|f| !gathered.contains(f)).collect();
    gathered.extend(new);
    report.violations = gathered.into_iter().map(Violation::from).collect();
    Ok(report)
}

/// The value, or `None` if the search ended at one of the violations that were gathered.
fn known<T>(ended: Result<T>, gathered: &[Error]) -> Result<Option<T>> {
    match ended {
        Ok(value) => Ok(Some(value)),
        Err(error) if gathered.contains(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn inputs(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    violations: &mut Violations,
    report: &mut Report,
) -> Result<Persons> {
    let snapshot = read::snapshot(engine, job, day, violations).await?;
    report.dropped.clone_from(&snapshot.drops);
    report.columns_not_read.clone_from(&snapshot.ignored);
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    let people = read::people(snapshot, &job.consent, &job.method, &vocabulary, violations);
    let people = people.await?;
    report.dropped.extend(people.drops);
    Ok(people.persons)
}

/// Checks `ground_truth`, which no run reads; its people only if it is known who is scored.
async fn truths(
    engine: &Engine,
    job: &Job,
    persons: Option<&Persons>,
    violations: &mut Violations,
    report: &mut Report,
) -> Result<()> {
    let Some(truth) = read::open_ground_truth(engine, job, violations).await? else {
        return Ok(());
    };
    if !truth.ignored.is_empty() {
        report.columns_not_read.insert(GROUND_TRUTH.to_owned(), truth.ignored.clone());
    }
    if let Some(persons) = persons {
        report.dropped.extend(truth.label_sets(engine, persons, violations).await?.drops);
    }
    Ok(())
}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        let Error { place, cause, remedy, .. } = with_hint(error);
        Self { place: *place, cause, remedy }
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
    for note in read::describe_drops(&report.dropped, &report.columns_not_read) {
        out.push_str(&format!("{note}\n"));
    }
    let verdict = match report.violations.len() {
        0 => "nothing would stop a run".to_owned(),
        1 => "1 violation would stop a run".to_owned(),
        n => format!("{n} violations would stop a run"),
    };
    out + &format!("{} on {}: {verdict}\n", printable(&report.job), report.snapshot_date)
}
