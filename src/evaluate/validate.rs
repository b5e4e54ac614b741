//! What a validation does: labels first, then backtests.

use sha2::{Digest, Sha256};

use super::labelled::evaluate_labels;
use super::notes::{self, NO_CAUSE, STATED};
use super::predictor::list_predictors;
use super::rolling_origin::evaluate_backtests;
use super::table;
use super::validity::{Evaluated, FUTURE_TARGETS, MetricRow, Validity};
use crate::audit::{Origin, audit_validation};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{GROUND_TRUTH, Job, Validate, no_snapshot};
use crate::method::hex;
use crate::model::LabelSet;
use crate::pipeline::backtest::{Backtest, History, read_history};
use crate::pipeline::inputs::input_files;
use crate::pipeline::progress::{Progress, Rows};
use crate::pipeline::run_id::{data_sha256, label_sets_sha256, validation_id};
use crate::publish::commit::{self, Commit};
use crate::publish::log::ValidationLog;
use crate::publish::publish;
use crate::read::{self, Violations};

/// Most stages of a validation, for the progress bar.
pub fn stages(job: &Job) -> u64 {
    4 + u64::from(job.validate.backtests)
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
    let horizon = job.method.forecast.horizon_hours;
    let every = settings.every_hours.unwrap_or((horizon / 4).max(1));
    let widest = jobs.iter().max_by_key(|job| job.method.attention.window_hours).unwrap_or(job);
    let (mut hashes, mut files, mut backtests_hours) = (vec![], None, vec![]);
    let mut labelled = None;
    if wants_labels(widest) {
        let read = read_labels(engine, widest);
        labelled = Some(progress.wait("read_labels", LabelledHistory::rows_in, read).await?);
    }
    let mut label_sets = labelled.as_mut().map_or(vec![], |l| std::mem::take(&mut l.label_sets));
    refuse_unknown_targets(settings, &label_sets)?;
    label_sets.retain(|set| settings.target(&set.name).is_some());
    let mut of_labels = Evaluated::default();
    if let Some(LabelledHistory { history, .. }) = labelled.filter(|_| !label_sets.is_empty()) {
        files = Some(history.files.clone());
        let people = history.people.persons.len() as u64;
        of_labels = progress.compute("labels", people, || {
            hashes.push(data_sha256(&history.people));
            hashes.push(label_sets_sha256(&label_sets));
            evaluate_labels(history, jobs, &label_sets)
        })?;
    }
    let mut of_backtests = Evaluated::default();
    if FUTURE_TARGETS.iter().any(|target| settings.target(target).is_some()) {
        let back = horizon.saturating_add(every.saturating_mul(settings.backtests - 1));
        let read = read_history(engine, widest, day, back);
        let read = progress.wait("read", History::interactions, read).await?;
        let reach = read.people.history_hours();
        // There must be as much time before a backtest date as after it.
        backtests_hours = (0..settings.backtests).map(|index| horizon + index * every).collect();
        backtests_hours.retain(|hours| hours + horizon <= reach);
        if backtests_hours.is_empty() && label_sets.is_empty() {
            return Err(too_short(reach, horizon));
        }
        if backtests_hours.is_empty() {
            of_backtests.notes.push(notes::no_backtest(reach, horizon));
        } else {
            of_backtests.notes.push(STATED.to_owned());
            of_backtests.extend(tokio::task::block_in_place(|| {
                hashes.push(data_sha256(&read.people));
                let predictors = list_predictors(jobs, &read.people);
                let backtest = Backtest::new(read.people);
                evaluate_backtests(backtest, jobs, &predictors, &backtests_hours, progress)
            })?);
            files.get_or_insert(read.files);
            let leakage = |job: &Job| notes::possible_leakage(&job.method, day, &backtests_hours);
            of_backtests.notes.extend(jobs.iter().filter_map(leakage));
        }
    }
    let rows: Vec<MetricRow> = of_backtests.rows.into_iter().chain(of_labels.rows).collect();
    let notes = [vec![NO_CAUSE.to_owned()], of_labels.notes, of_backtests.notes];
    let notes = [notes.concat(), notes::worth_of_targets(&rows, job)].concat();
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
        horizon_hours: horizon,
        backtests_hours,
        resamples: settings.resamples,
        seed: settings.seed,
        notes,
        rows,
    })
}

/// Writes the table `validity` and commits it, unless this very one is in force already.
///
/// # Errors
/// [`crate::error::Kind::Gate`] if the table breaks its contract, and those of [`publish`].
pub async fn publish_validity(engine: &Engine, job: &Job, validity: &Validity) -> Result<Commit> {
    let (stores, day) = (&engine.stores, validity.snapshot_date);
    let before = commit::validity_in_force(stores, &job.output, Some(day)).await?;
    if let Some(commit) = &before
        && commit.run_id == validity.id
        && commit::intact(stores, &job.output, commit).await?
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
        seed: Some(validity.seed),
    };
    let audited = audit_validation(origin, validity.horizon_hours, batch)?;
    let before = before.map(|commit| commit.number);
    publish(stores, &job.output, audited, &validity.log, before).await
}

/// People with the label sets of `ground_truth`.
struct LabelledHistory {
    history: History,
    label_sets: Vec<LabelSet>,
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
    let label_sets = read::label_sets(engine, job, persons, violations).await?.sets;
    Ok(LabelledHistory { history, label_sets })
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

fn too_short(history_hours: u32, horizon_hours: u32) -> Error {
    Error::bad_input(
        format!(
            "interactions reach back {history_hours} hours from the end of the snapshot; a backtest of {horizon_hours} hours \
             needs {}",
            2 * horizon_hours
        ),
        "give a longer history, a method with a shorter `forecast.horizon_hours`, or `ground_truth`",
    )
    .in_table("interactions")
}
