//! A method that is compared for some nights before it scores: which method is in force, and what the other would have given.

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::inputs::{open_inputs, read_inputs};
use super::progress::{Progress, Rows};
use super::stages::Stages;
use crate::checks::{SHADOW_MOVED, ShadowScores, shadow_subject};
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::{Job, MAX_SHADOW_NIGHTS};
use crate::method::profile::Profile;
use crate::model::{HISTORY_DAYS, LoggedCheck};
use crate::publish::commit::{Of, nothing_published};
use crate::publish::history::CommitHistory;
use crate::publish::log::RunLog;
use crate::publish::promotion::{self, Promotion};
use crate::published::Run;
use crate::published::tenures::EarlierRuns;

// A comparison is counted by its history.
const _: () = assert!(MAX_SHADOW_NIGHTS as i64 <= HISTORY_DAYS);

/// The job under the method of the run before `day`, where the job compares its own for some nights first and nobody has put it in force;
/// none where the job's own method scores.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if this version does not read the method in force; as [`EarlierRuns::last_whole`] and [`Run::record`].
pub(super) async fn under_method_in_force(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
) -> Result<Option<Job>> {
    if job.shadow_nights == 0 {
        return Ok(None);
    }
    let own = job.method.sha256()?;
    let earlier = EarlierRuns::before(engine, &job.output, day).await?;
    let Some(before) = earlier.last_whole().await? else { return Ok(None) };
    let record = before.record().await?;
    if record.method_sha256 == own {
        return Ok(None);
    }
    let promoted = promotion::read(&engine.stores, &job.output, &own).await?;
    if promoted.is_some_and(|promoted| promoted.from <= day) {
        return Ok(None);
    }
    let unknown = || {
        Error::bad_job(
            format!(
                "the method in force, {}, is of another version of renown, so that none can be compared with it",
                record.method_version
            ),
            "set `shadow_nights = 0` under `[job]` to score by the job's own method at once",
        )
    };
    let method = record.method().ok_or_else(unknown)?;
    let names = job.profiles.iter().map(|profile| &profile.name);
    let profiles: Vec<Profile> = names.filter_map(|name| record.profile(name)).collect();
    Ok(Some(Job { profiles, compared: Some(job.method.clone()), method, ..job.clone() }))
}

/// People.
impl Rows for ShadowScores {
    fn rows(&self) -> u64 {
        self.scores.len() as u64
    }
}

/// The standard scores that a job gives, and nothing else of it.
///
/// # Errors
/// As a run up to its scores.
pub(super) async fn score_only(engine: &Engine, job: &Job, day: NaiveDate) -> Result<ShadowScores> {
    let progress = &mut Progress::silent();
    let opened = open_inputs(engine, job, day).await?;
    let inputs = read_inputs(engine, job, day, opened).await?;
    let mut stages = Stages { inputs: &inputs, job, progress };
    let measured = stages.measure()?;
    let topics = stages.topics(&measured)?;
    let scored = stages.scores(&measured, &topics)?;
    let scores = scored.standard()?;
    Ok(ShadowScores {
        method_version: job.method.version.clone(),
        method_sha256: job.method.sha256()?,
        ids: inputs.people.persons.ids.clone(),
        scores: scores.score.clone(),
        expected_reactors: scores.expected_reactors.iter().fold(0.0, |sum, own| sum + own),
    })
}

/// Puts the method of a job in force from the day after the newest run on.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the job compares no methods, or its method is in force; [`crate::error::Kind::BadInput`] if nothing
/// was published; [`crate::error::Kind::Gate`] if it was compared on fewer nights than the job asks for.
pub async fn promote(
    engine: &Engine,
    job: &Job,
    by: String,
    at: DateTime<Utc>,
) -> Result<Promotion> {
    if job.shadow_nights == 0 {
        return Err(Error::bad_job(
            "`job.shadow_nights` is 0: a changed method scores at once, and there is nothing to put in force",
            "set it to the number of nights on which a changed method is compared first",
        ));
    }
    let history = CommitHistory::read(&engine.stores, &job.output).await?;
    let newest = history.of_day(Of::Runs, None).await?;
    let commit = newest.ok_or_else(|| nothing_published(&job.output))?;
    let run = Run::open(engine, &job.output, &commit)?;
    let record = run.record().await?;
    let (version, sha256) = (job.method.version.clone(), job.method.sha256()?);
    if record.method_sha256 == sha256 {
        return Err(Error::bad_job(
            format!(
                "the run of {} was scored by method {version}, which is in force",
                commit.snapshot_date
            ),
            "name another method in the job, and let it be compared",
        ));
    }
    let figures = run.log::<RunLog>().await?.map(|log| log.figures).unwrap_or_default();
    let subject = shadow_subject(&version, &sha256);
    let is_compared =
        |check: &&LoggedCheck| check.check == SHADOW_MOVED && check.subject == subject;
    let compared = figures.iter().find(is_compared);
    let nights = compared.map_or(0, |check| check.history.len() as u32 + 1);
    if nights < job.shadow_nights {
        return Err(Error::new(
            Kind::Gate,
            format!("method {version} was compared on {nights} of {} nights", job.shadow_nights),
            "run the job on the nights that are missing, or ask for fewer in `job.shadow_nights`",
        ));
    }
    let from = commit.snapshot_date + Days::new(1);
    let promotion =
        Promotion { method_version: version, method_sha256: sha256, from, nights, by, at };
    promotion::write(&engine.stores, &job.output, promotion).await
}
