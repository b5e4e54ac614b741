//! How right scores are: held against what came after instants in the past, and against outside judgements, beside
//! simple counts of the same people.

mod compare;
mod counted;
mod described;
mod forward;
mod judged;
mod page;
mod parts;
mod round;
mod standing;
mod table;

use chrono::{Days, NaiveDate};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::audit::{Origin, audit_validation};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{GROUND_TRUTH, Job, Validate, no_snapshot};
use crate::method::{Method, ROLLING_ORIGIN, hex};
use crate::model::LabelSet;
use crate::pipeline::backtest::{Backtest, History, read_history};
use crate::pipeline::inputs::input_files;
use crate::pipeline::progress::{Progress, Rows};
use crate::pipeline::run_id::{data_sha256, label_sets_sha256, validation_id};
use crate::publish::commit::{self, Commit};
use crate::publish::log::ValidationLog;
use crate::publish::publish;
use crate::read::{self, Violations};
pub use described::{Described, METRICS};
pub(crate) use described::{INTERVAL_SOURCE, intervals};
pub use page::render;

/// What a forecast says, trusted people who come; and all who come.
pub(crate) const FORWARD_TRUTHS: [&str; 2] = ["future_trusted_reactors", "future_reactors"];
/// The population of all who were there.
const ALL: &str = "all";
/// What people are parted by where they are not.
pub(crate) const EVERYONE: &str = "everyone";
/// What people are parted by where topics are.
pub(crate) const TOPIC: &str = "topic";

/// Agreement is not cause.
pub(crate) const NO_CAUSE: &str = "a forecast is not a cause: those who are reacted to may be like those who react (homophily), and would \
                        be reacted to by them all the same";
/// What it is worth that people come.
pub(crate) const WORTH: &str = "who reacts after an instant is on record; it is no proof that anybody thought or did otherwise for it";
/// What accounts state is of a later day than the instants.
pub(crate) const STATED: &str = "followers_count, measure_* and follows of which it is not said when they began are as they were at the end \
                      of the snapshot: at earlier instants they know what came after";

/// Most stages of a validation, for the progress bar.
pub fn stages(job: &Job) -> u64 {
    4 + u64::from(job.validate.backtests)
}

/// How right scores are.
#[derive(Debug, Serialize)]
pub struct Validity {
    /// The snapshot.
    pub snapshot_date: NaiveDate,
    /// Versions of the methods, the first of which the others are held against.
    pub methods: Vec<String>,
    /// SHA-256 of the content of the first.
    pub method_sha256: String,
    /// SHA-256 of the rows that were left after consent and of the judgements.
    pub data_sha256: String,
    /// Hours that are looked ahead.
    pub horizon_hours: u32,
    /// Instants from which it is looked ahead, in whole hours before the end of the snapshot, the latest first.
    pub backtests_hours: Vec<u32>,
    /// Draws of the bootstrap.
    pub resamples: u32,
    /// Their seed.
    pub seed: u32,
    /// What to know before relying on it.
    pub notes: Vec<String>,
    /// What was found, in order of truth, population, part and metric.
    pub rows: Vec<Row>,
    /// Hash of all that can reach a row.
    #[serde(skip)]
    id: String,
    #[serde(skip)]
    log: ValidationLog,
}

/// One metric of one predictor against one truth in one part of one population.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What was compared with.
    pub target: String,
    /// Who was compared.
    pub population: String,
    /// By what they were parted.
    pub group_by: String,
    /// The part.
    pub group_value: String,
    /// A profile, a measure, `random`, or what is known of people on a topic.
    pub predictor: String,
    /// Version of the method that it was computed with.
    pub method_version: String,
    /// Name of the metric.
    pub metric: String,
    /// Its value, the mean over instants, or over topics.
    pub value: f64,
    /// The middle 95 % of the bootstrap.
    pub interval: Option<(f64, f64)>,
    /// By how much it is above the best simple count; none for simple counts.
    pub difference: Option<Difference>,
    /// By how much it is above the same profile under the first method; none under that.
    pub from_first: Option<Difference>,
    /// People compared, at the instant of most.
    pub people: u64,
    /// Instants, or topics.
    pub backtests: u64,
    /// Whether the predictor is a simple count, which a score has to beat.
    pub is_baseline: bool,
}

/// A metric beside that of another predictor. The best simple count is known in hindsight only.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// The other predictor.
    pub to: String,
    /// By how much the metric is above its.
    pub value: f64,
    /// The middle 95 % of the bootstrap, of pairs.
    pub interval: Option<(f64, f64)>,
}

/// Measures how right the scores of a job are: at instants in the past against the people who reacted after them, and at
/// the end of the snapshot against the truths of `ground_truth`. `jobs` are one job under several methods, which are
/// compared; what is trusted and counted is as in the first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; [`crate::error::Kind::BadJob`] for methods that cannot be
/// compared, and a truth that is not there; [`crate::error::Kind::BadInput`] if the data reach back for no instant and
/// there is no truth, for a truth that a score has seen, and as a run.
pub async fn validate(engine: &Engine, jobs: &[Job], progress: &mut Progress) -> Result<Validity> {
    comparable(jobs)?;
    let job = &jobs[0];
    let settings = &job.validate;
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let horizon = job.method.forecast.horizon_hours;
    let every = settings.every_hours.unwrap_or((horizon / 4).max(1));
    let widest = jobs.iter().max_by_key(|job| job.method.attention.window_hours).unwrap_or(job);
    let (mut notes, mut rows) = (vec![NO_CAUSE.to_owned()], vec![]);
    let (mut hashes, mut files, mut instants) = (vec![], None, vec![]);
    let mut labelled = None;
    if wants_labels(widest) {
        let read = read_labels(engine, widest);
        labelled = Some(progress.wait("read_labels", Labelled::rows_in, read).await?);
    }
    let mut truths = labelled.as_mut().map_or(vec![], |read| std::mem::take(&mut read.truths));
    check_targets(settings, &truths)?;
    truths.retain(|truth| settings.target(&truth.name).is_some());
    if let Some(Labelled { history, .. }) = labelled.filter(|_| !truths.is_empty()) {
        files = Some(history.files.clone());
        let people = history.people.persons.len() as u64;
        let (found, told) = progress.compute("labels", people, || {
            hashes.push(data_sha256(&history.people));
            hashes.push(label_sets_sha256(&truths));
            judged::judged(history, jobs, &truths)
        })?;
        rows.extend(found);
        notes.extend(told);
    }
    if FORWARD_TRUTHS.iter().any(|truth| settings.target(truth).is_some()) {
        let back = horizon.saturating_add(every.saturating_mul(settings.backtests - 1));
        let read = read_history(engine, widest, day, back);
        let read = progress.wait("read", History::interactions, read).await?;
        let reach = read.people.history_hours();
        // Before an instant there must be as long a time as after it.
        instants = (0..settings.backtests).map(|index| horizon + index * every).collect();
        instants.retain(|hours| hours + horizon <= reach);
        if instants.is_empty() && truths.is_empty() {
            return Err(too_short(reach, horizon));
        }
        if instants.is_empty() {
            notes.push(format!(
                "interactions reach back {reach} hours from the end of the snapshot: too short to look {horizon} hours ahead"
            ));
        } else {
            notes.push(STATED.to_owned());
            let (found, told) = tokio::task::block_in_place(|| {
                hashes.push(data_sha256(&read.people));
                let predictors = standing::predictors(jobs, &read.people);
                let backtest = Backtest::new(read.people);
                forward::forward(backtest, jobs, &predictors, &instants, progress)
            })?;
            files.get_or_insert(read.files);
            rows.splice(0..0, found);
            notes.extend(told);
            notes.extend(jobs.iter().filter_map(|job| seen(&job.method, day, &instants)));
        }
    }
    notes.extend(worth(&rows, job));
    let data_sha256 = hex(&Sha256::digest(hashes.join(" ")));
    let id = validation_id(&data_sha256, job, day)?;
    Ok(Validity {
        log: ValidationLog {
            run_id: id.clone(),
            job: job.name.clone(),
            snapshot_date: day,
            method_version: job.method.version.clone(),
            inputs: files.as_ref().map(input_files),
            backtests_hours: instants.clone(),
            notes: notes.clone(),
            stages: progress.stages().to_vec(),
        },
        id,
        snapshot_date: day,
        methods: jobs.iter().map(|job| job.method.version.clone()).collect(),
        method_sha256: job.method.sha256()?,
        data_sha256,
        horizon_hours: horizon,
        backtests_hours: instants,
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

/// People with the truths of `ground_truth`.
struct Labelled {
    history: History,
    truths: Vec<LabelSet>,
}

impl Labelled {
    fn rows_in(&self) -> u64 {
        self.history.interactions()
    }
}

/// Persons.
impl Rows for Labelled {
    fn rows(&self) -> u64 {
        self.history.rows()
    }
}

/// Rows of the table `validity`, with notes.
impl Rows for (Vec<Row>, Vec<String>) {
    fn rows(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Whether the job wants truths of `ground_truth` compared, and has any.
fn wants_labels(job: &Job) -> bool {
    let targets = &job.validate.target;
    let all_forward = targets.iter().all(|target| FORWARD_TRUTHS.contains(&&*target.name));
    (targets.is_empty() || !all_forward) && job.inputs.contains_key(GROUND_TRUTH)
}

/// Reads the people as a run reads them, and all truths of `ground_truth`.
async fn read_labels(engine: &Engine, job: &Job) -> Result<Labelled> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let history = read_history(engine, job, day, 0).await?;
    let (persons, violations) = (&history.people.persons, &mut Violations::stop_at_first());
    let truths = read::label_sets(engine, job, persons, violations).await?.sets;
    Ok(Labelled { history, truths })
}

/// Refuses targets that are neither observed reactions nor among `truths`.
fn check_targets(settings: &Validate, truths: &[LabelSet]) -> Result<()> {
    let known: Vec<&str> =
        FORWARD_TRUTHS.into_iter().chain(truths.iter().map(|truth| truth.name.as_str())).collect();
    match settings.target.iter().find(|target| !known.contains(&&*target.name)) {
        None => Ok(()),
        Some(target) => Err(Error::bad_job(
            format!("`validate.target` names `{}`, which is not there", target.name),
            format!("there are: {}", known.join(", ")),
        )),
    }
}

/// Refuses methods by which not the same is counted, or that have one name.
fn comparable(jobs: &[Job]) -> Result<()> {
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
            return refuse("have one version", "give each a version of its own");
        }
        if one.forecast.horizon_hours != other.forecast.horizon_hours
            || one.forecast.outcomes != other.forecast.outcomes
        {
            return refuse(
                "foresee different things",
                "compare methods of one `forecast.horizon_hours` and `forecast.outcomes`",
            );
        }
        if !one.kinds.keys().eq(other.kinds.keys()) {
            return refuse("know different kinds of interaction", "list the same `kinds` in both");
        }
    }
    Ok(())
}

fn too_short(reach: u32, horizon: u32) -> Error {
    Error::bad_input(
        format!(
            "interactions reach back {reach} hours from the end of the snapshot; looking {horizon} hours ahead takes {}",
            2 * horizon
        ),
        "give a longer time, a method with a shorter `forecast.horizon_hours`, or `ground_truth`",
    )
    .in_table("interactions")
}

/// That the method was fitted to what came after the instants, as far as its record tells.
fn seen(method: &Method, day: NaiveDate, instants: &[u32]) -> Option<String> {
    let record = method.fit.as_ref().filter(|record| record.target == ROLLING_ORIGIN)?;
    let last: NaiveDate = record.snapshot.parse().ok()?;
    let oldest = day.checked_sub_days(Days::new(u64::from(*instants.last()?) / 24))?;
    (last > oldest).then(|| {
        format!(
            "method `{}` was fitted to data up to {last}: if they are these, it has seen what came after the instants",
            method.version
        )
    })
}

/// What each truth is worth, as far as it is said.
fn worth(rows: &[Row], job: &Job) -> Vec<String> {
    let mut truths: Vec<&str> = rows.iter().map(|row| &*row.target).collect();
    truths.dedup();
    let said = truths.into_iter().map(|truth| {
        let said = job.validate.target(truth).filter(|said| !said.is_empty());
        match said {
            Some(said) => format!("truth `{truth}`: {said}"),
            None if FORWARD_TRUTHS.contains(&truth) => format!("truth `{truth}`: {WORTH}"),
            None => {
                format!(
                    "truth `{truth}`: the job does not say what it is worth (`validate.target`)"
                )
            }
        }
    });
    said.collect()
}
