//! `renown check`: validates the inputs of a job and reports all violations, not only the first.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Serialize, Serializer};

use super::context::Context;
use super::hints::with_hint;
use super::input_notes;
use super::job_args::JobArgs;
use super::output_format::OutputFormat;
use crate::engine::Engine;
use crate::error::{Error, Kind, Place, Result, printable};
use crate::job::{GROUND_TRUTH, Job, no_snapshot};
use crate::model::Persons;
use crate::number_format::{count, counted};
use crate::pipeline::inputs::earlier_hours;
use crate::pipeline::read_people;
use crate::read::{self, InputNotes, Violations};

/// Validate input data; writes nothing, exits with 65 or 80 if a run would stop
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
    let report = check(&context.engine, &job).await?;
    context.answer(args.format, &report, page)?;
    if report.violations.is_empty() {
        return Ok(());
    }
    // What has not arrived yet is no fault in what has.
    let is_late = report.violations.iter().all(|violation| violation.kind == Kind::Gate);
    Err(Error::new(
        if is_late { Kind::Gate } else { Kind::BadInput },
        format!("the inputs of `{}` have {}", report.job, violations(&report)),
        "fix each as its remedy says, then check again",
    ))
}

/// What a check of a job found.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// Name of the job.
    pub job: String,
    /// Day that was checked.
    pub snapshot_date: NaiveDate,
    /// Whatever would stop a run, in the order in which the inputs are read, and then what is wrong in
    /// `ground_truth`.
    pub violations: Vec<Violation>,
    /// What would become of the inputs; complete if nothing would stop a run.
    #[serde(flatten)]
    pub notes: InputNotes,
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
    /// What it asks for.
    #[serde(serialize_with = "serialize_kind")]
    pub kind: Kind,
}

fn serialize_kind<S: Serializer>(kind: &Kind, to: S) -> std::result::Result<S::Ok, S::Error> {
    to.serialize_str(kind.name())
}

/// Reads the inputs of `job` as a run does, up to the eligible people, and collects whatever would stop it; `ground_truth`,
/// which no run reads, is validated too. Nothing is written.
///
/// What builds on an input with a violation is not checked: people are joined once all inputs conform.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named, [`crate::error::Kind::Unavailable`] if a store
/// does not answer.
pub async fn check(engine: &Engine, job: &Job) -> Result<CheckReport> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let mut violations = Violations::keep_all();
    let mut report = CheckReport {
        job: job.name.clone(),
        snapshot_date: day,
        violations: vec![],
        notes: InputNotes::default(),
    };
    let ended = inputs(engine, job, day, &mut violations, &mut report).await;
    let mut gathered = violations.into_kept();
    let persons = known(ended, &gathered)?;
    // On its own: violations of other inputs do not end this search.
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
    report: &mut CheckReport,
) -> Result<Persons> {
    let snapshot =
        read::snapshot(engine, job, day, earlier_hours(engine, job, day).await?, violations)
            .await?;
    report.notes = InputNotes::of(&snapshot);
    let (age_limits, cutoff_us) = (snapshot.age_limits.clone(), snapshot.cutoff_us);
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    let people = read_people(engine, job, snapshot, &vocabulary, violations).await?;
    report.notes.add_people(&people, cutoff_us);
    age_limits.report(&people.newest_events(), violations)?;
    report.notes.warnings.extend(age_limits.report_networks(&people, violations)?);
    Ok(people.persons)
}

/// Checks `ground_truth`, which no run reads; its people only if it is known who is scored.
async fn truths(
    engine: &Engine,
    job: &Job,
    persons: Option<&Persons>,
    violations: &mut Violations,
    report: &mut CheckReport,
) -> Result<()> {
    let Some(truth) = read::open_ground_truth(engine, job, violations).await? else {
        return Ok(());
    };
    if !truth.ignored.is_empty() {
        report.notes.columns_not_read.insert(GROUND_TRUTH.to_owned(), truth.ignored.clone());
    }
    report.notes.add_files(&truth.files);
    if let Some(persons) = persons {
        let labels = truth.label_sets(engine, persons, violations).await?;
        report.notes.warnings.extend(labels.warnings());
        report.notes.joins.extend(labels.join.map(|join| (GROUND_TRUTH.to_owned(), join)));
        report.notes.dropped.extend(labels.drops);
    }
    Ok(())
}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        let Error { kind, place, cause, remedy, .. } = with_hint(error);
        Self { place: *place, cause, remedy, kind }
    }
}

/// The violations, then what became of the other rows and columns.
fn page(report: &CheckReport) -> String {
    let mut page = String::new();
    for Violation { place, cause, remedy, kind: _ } in &report.violations {
        page += &format!("{}\n", printable(cause));
        let rows = place.rows.map(count);
        for (name, value) in [
            ("table", place.table.as_deref()),
            ("column", place.column.as_deref()),
            ("file", place.file.as_deref()),
            ("rows", rows.as_deref()),
            ("remedy", Some(remedy.as_str())),
        ] {
            if let Some(value) = value {
                page += &format!("  {name:<7} {}\n", printable(value));
            }
        }
    }
    page += &input_notes::describe(&report.notes);
    let verdict = match report.violations.len() {
        0 => "no violations".to_owned(),
        _ => format!("{}: a run would stop", violations(report)),
    };
    page + &format!("{} on {}: {verdict}\n", printable(&report.job), report.snapshot_date)
}

fn violations(report: &CheckReport) -> String {
    counted(report.violations.len() as u64, "violation", "violations")
}
