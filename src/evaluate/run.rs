//! What a validation does: labels first, then backtests.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::labelled::evaluate_labels;
use super::metric_row::FUTURE_TARGETS;
use super::notes::{self, NO_CAUSE, STATED};
use super::predictor::list_predictors;
use super::rolling_origin::evaluate_backtests;
use super::table;
use super::validity::{Evaluated, Validity};
use super::verdict::verdicts;
use crate::audit::{Origin, audit_validation};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{GROUND_TRUTH, Job, Validate, no_snapshot};
use crate::method::hex;
use crate::model::{JoinRate, LabelSet, LabelSets};
use crate::pipeline::backtest::{Backtest, History, read_history};
use crate::pipeline::inputs::input_files;
use crate::pipeline::progress::{Progress, Rows};
use crate::pipeline::run_id::{data_sha256, label_sets_sha256, validation_id};
use crate::publish::commit::{self, Commit, Of};
use crate::publish::log::ValidationLog;
use crate::publish::{commit_tables, integrity};
use crate::read::{self, Listing, Violations};

/// Most stages of a validation, for the progress bar.
pub fn stages(job: &Job) -> u64 {
    4 + u64::from(job.validate.backtests) + u64::from(job.validate.null_models > 0)
}

/// Measures how well the scores of a job agree with targets: at backtest dates with the people who reacted after them, and
/// at the end of the snapshot with the labels of `ground_truth`. `jobs` are one job under several methods, which are
/// compared; who is trusted and what is counted is as in the first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; [`crate::error::Kind::BadJob`] for methods that cannot be
/// compared, and for an unknown target; [`crate::error::Kind::BadInput`] if the data are too short for any backtest and
/// there are no labels, for labels that a score was computed from or fitted to, and as a run.
pub async fn validate(engine: &Engine, jobs: &[Job], progress: &mut Progress) -> Result<Validity> {
    refuse_incomparable(jobs)?;
    let job = &jobs[0];
    let settings = &job.validate;
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    // What is read serves all methods.
    let widest = jobs.iter().max_by_key(|job| job.method.attention.window_hours).unwrap_or(job);
    let mut part = validate_by_labels(engine, widest, jobs, progress).await?;
    let mut backtests_hours = vec![];
    if FUTURE_TARGETS.iter().any(|target| settings.target(target).is_some()) {
        let (backtests, hours) =
            validate_by_backtests(engine, widest, jobs, part.files.is_some(), progress).await?;
        part = backtests.before(part);
        backtests_hours = hours;
    }
    let Part { evaluated: Evaluated { rows, notes }, hashes, files } = part;
    let worth = notes::worth_of_targets(&rows, job);
    let populations = notes::populations(&rows, &job.method);
    let notes = [populations, vec![NO_CAUSE.to_owned()], notes, worth].concat();
    let data_sha256 = hex(&Sha256::digest(hashes.join(" ")));
    let id = validation_id(&data_sha256, job, day)?;
    Ok(Validity {
        log: ValidationLog {
            run_id: id.clone(),
            job: job.name.clone(),
            snapshot_date: day,
            method_version: job.method.version.clone(),
            inputs: files.as_ref().map(input_files),
            backtests_hours: backtests_hours.clone(),
            notes: notes.clone(),
            stages: progress.stages().to_vec(),
        },
        id,
        snapshot_date: day,
        methods: jobs.iter().map(|job| job.method.version.clone()).collect(),
        method_sha256: job.method.sha256()?,
        data_sha256,
        horizon_hours: job.method.forecast.horizon_hours,
        backtests_hours,
        resamples: settings.resamples,
        seed: settings.seed,
        verdicts: verdicts(rows.iter()),
        notes,
        rows,
    })
}

/// What one part of a validation finds, and from what.
#[derive(Default)]
struct Part {
    evaluated: Evaluated,
    /// Of the data that it was computed from.
    hashes: Vec<String>,
    /// The files behind each input; none if nothing was compared.
    files: Option<BTreeMap<String, Listing>>,
}

impl Part {
    /// Both parts: the rows of this one first, the caveats, hashes and files of the `labels` first.
    fn before(self, labels: Self) -> Self {
        let Evaluated { rows, notes } = labels.evaluated;
        Self {
            evaluated: Evaluated {
                rows: self.evaluated.rows.into_iter().chain(rows).collect(),
                notes: [notes, self.evaluated.notes].concat(),
            },
            hashes: [labels.hashes, self.hashes].concat(),
            files: labels.files.or(self.files),
        }
    }
}

/// Compares the scores at the end of the snapshot with the label sets that the job names; nothing without labels.
async fn validate_by_labels(
    engine: &Engine,
    widest: &Job,
    jobs: &[Job],
    progress: &mut Progress,
) -> Result<Part> {
    let settings = &jobs[0].validate;
    if !wants_labels(widest) {
        refuse_unknown_targets(settings, &[])?;
        return Ok(Part::default());
    }
    let read = read_labels(engine, widest);
    let read = progress.wait("read_labels", LabelledHistory::rows_in, read).await?;
    let LabelledHistory { history, mut label_sets, labels } = read;
    refuse_unknown_targets(settings, &label_sets)?;
    label_sets.retain(|set| settings.target(&set.name).is_some());
    if label_sets.is_empty() {
        return Ok(Part::default());
    }
    let (files, people) = (history.files.clone(), history.people.persons.len() as u64);
    let mut hashes = vec![];
    let mut evaluated = progress.compute("labels", people, || {
        hashes = vec![data_sha256(&history.people), label_sets_sha256(&label_sets)];
        evaluate_labels(history, jobs, &label_sets)
    })?;
    evaluated.notes.extend(labels.iter().map(notes::labels_about_people));
    Ok(Part { evaluated, hashes, files: Some(files) })
}

/// Compares the scores at backtest dates with the people who reacted after them; with the dates, in whole hours before the
/// end of the snapshot. Data that are too short for any are an error only where there are no labels either.
async fn validate_by_backtests(
    engine: &Engine,
    widest: &Job,
    jobs: &[Job],
    has_labels: bool,
    progress: &mut Progress,
) -> Result<(Part, Vec<u32>)> {
    let (settings, horizon) = (&jobs[0].validate, jobs[0].method.forecast.horizon_hours);
    let day = widest.snapshot.ok_or_else(no_snapshot)?;
    let every = settings.every_hours.unwrap_or((horizon / 4).max(1));
    let back = horizon.saturating_add(every.saturating_mul(settings.backtests - 1));
    let read = read_history(engine, widest, day, back);
    let History { people, known, vocabulary, files, .. } =
        progress.wait("read", History::interactions, read).await?;
    let reach = people.history_hours();
    let mut hours: Vec<u32> =
        (0..settings.backtests).map(|index| horizon + index * every).collect();
    // There must be as much time before a backtest date as after it.
    let before = jobs.iter().map(|job| job.method.hours_before_origin()).max().unwrap_or(horizon);
    hours.retain(|hours| hours + before <= reach);
    let mut evaluated = Evaluated::default();
    if hours.is_empty() {
        if !has_labels {
            return Err(too_short(reach, horizon, before));
        }
        evaluated.notes.push(notes::no_backtest(reach, horizon));
        return Ok((Part { evaluated, ..Part::default() }, hours));
    }
    evaluated.notes.push(STATED.to_owned());
    let mut hashes = vec![];
    evaluated.extend(tokio::task::block_in_place(|| {
        hashes.push(data_sha256(&people));
        let predictors = list_predictors(jobs, &people)?;
        let backtest = Backtest::new(people, known);
        evaluate_backtests(backtest, jobs, (&predictors, &vocabulary), &hours, progress)
    })?);
    let leakage = |job: &Job| notes::possible_leakage(&job.method, day, &hours);
    evaluated.notes.extend(jobs.iter().filter_map(leakage));
    Ok((Part { evaluated, hashes, files: Some(files) }, hours))
}

/// Writes the table `validity` and commits it, unless this very one is in force already.
///
/// # Errors
/// [`crate::error::Kind::Gate`] if the table breaks its contract, and those of [`commit_tables`].
pub async fn publish_validity(engine: &Engine, job: &Job, validity: &Validity) -> Result<Commit> {
    let (stores, day) = (&engine.stores, validity.snapshot_date);
    let (in_force, began) = commit::begin(stores, &job.output, day, Of::Validations).await?;
    if let Some(commit) = &in_force
        && commit.run_id == validity.id
        && integrity::intact(stores, &job.output, commit).await?
    {
        return Ok(commit.clone());
    }
    let batch = table::batch(validity)?;
    let origin = Origin {
        day,
        run_id: validity.id.clone(),
        method_version: validity.methods[0].clone(),
        method_sha256: validity.method_sha256.clone(),
        data_sha256: validity.data_sha256.clone(),
        uses: job.uses.clone(),
        seed: Some(validity.seed),
    };
    let audited = audit_validation(origin, validity.horizon_hours, batch)?;
    commit_tables(stores, &job.output, audited, &validity.log, began).await
}

/// People with the label sets of `ground_truth`.
struct LabelledHistory {
    history: History,
    label_sets: Vec<LabelSet>,
    /// How many labels are about scored people.
    labels: Option<JoinRate>,
}

impl LabelledHistory {
    fn rows_in(&self) -> u64 {
        self.history.interactions()
    }
}

/// Persons.
impl Rows for LabelledHistory {
    fn rows(&self) -> u64 {
        self.history.rows()
    }
}

/// Whether the job wants label sets of `ground_truth` compared, and has any.
fn wants_labels(job: &Job) -> bool {
    let targets = &job.validate.target;
    let all_future = targets.iter().all(|target| FUTURE_TARGETS.contains(&&*target.name));
    (targets.is_empty() || !all_future) && job.inputs.contains_key(GROUND_TRUTH)
}

/// Reads the people as a run reads them, and all label sets of `ground_truth`.
async fn read_labels(engine: &Engine, job: &Job) -> Result<LabelledHistory> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let history = read_history(engine, job, day, 0).await?;
    let (persons, violations) = (&history.people.persons, &mut Violations::stop_at_first());
    let LabelSets { sets, join, .. } = read::label_sets(engine, job, persons, violations).await?;
    Ok(LabelledHistory { history, label_sets: sets, labels: join })
}

/// Refuses targets that are neither observed after a backtest date nor among `label_sets`.
fn refuse_unknown_targets(settings: &Validate, label_sets: &[LabelSet]) -> Result<()> {
    let known: Vec<&str> =
        FUTURE_TARGETS.into_iter().chain(label_sets.iter().map(|set| set.name.as_str())).collect();
    match settings.target.iter().find(|target| !known.contains(&&*target.name)) {
        None => Ok(()),
        Some(target) => Err(Error::bad_job(
            format!("`validate.target` names `{}`, which does not exist", target.name),
            format!("name some of: {}", known.join(", ")),
        )),
    }
}

/// Refuses methods that count different things, or that have the same version.
fn refuse_incomparable(jobs: &[Job]) -> Result<()> {
    let Some((first, others)) = jobs.split_first() else {
        return Err(Error::internal("no job is validated"));
    };
    for (number, job) in (1..).zip(others) {
        let (one, other) = (&first.method, &job.method);
        let refuse = |what: &str, remedy: &str| {
            let cause = format!("methods `{}` and `{}` {what}", one.version, other.version);
            Err(Error::bad_job(cause, remedy))
        };
        if jobs[..number].iter().any(|before| before.method.version == other.version) {
            return refuse("have the same version", "give each its own version");
        }
        if one.forecast.horizon_hours != other.forecast.horizon_hours
            || one.forecast.outcomes != other.forecast.outcomes
        {
            return refuse(
                "forecast different outcomes",
                "compare methods of one `forecast.horizon_hours` and `forecast.outcomes`",
            );
        }
        if !one.kinds.keys().eq(other.kinds.keys()) {
            return refuse("have different kinds of interaction", "list the same `kinds` in both");
        }
    }
    Ok(())
}

fn too_short(history_hours: u32, horizon_hours: u32, before_hours: u32) -> Error {
    Error::bad_input(
        format!(
            "interactions reach back {history_hours} hours from the end of the snapshot; a backtest of {horizon_hours} hours \
             needs {}",
            horizon_hours + before_hours
        ),
        "give a longer history, a method with a shorter `forecast.horizon_hours`, or `ground_truth`",
    )
    .in_table("interactions")
}
