//! Many days of a job, one after the other: each rests on the one before it.

use std::time::Instant;

use chrono::NaiveDate;
use serde::Serialize;

use super::keep::apply_retention;
use super::progress::Progress;
use super::run::{RunOutcome, run_and_keep};
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::Job;
use crate::publish::commit;
use crate::publish::prune::Pruned;

/// What a backfill made of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    /// It was published.
    Published,
    /// It had been published, and rests on what is in force: nothing was to be done.
    Current,
    /// It had been published and was stale; it rests on what is in force after all.
    Renewed,
    /// It rests on a day that is stale.
    Stale,
}

/// A day of a backfill.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BackfilledDay {
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// What was made of it.
    pub state: DayState,
    /// Number of its commit.
    pub commit: u64,
    /// Id of the run.
    pub run_id: String,
    /// People who were scored.
    pub people: u64,
    /// Wall-clock seconds that it took.
    pub seconds: f64,
}

/// What became of a backfill.
#[derive(Debug)]
pub struct Backfill {
    /// The days that were done, in order.
    pub days: Vec<BackfilledDay>,
    /// The day that failed, and why; the days after it were not tried.
    pub failed: Option<(NaiveDate, Error)>,
    /// What was removed at the end by the retention of the job, if it has one.
    pub pruned: Result<Option<Pruned>>,
}

/// Runs the job that `load` gives for each day from `from` on and before `to`, in order, until one fails. Days that are published
/// and current are not run again, so that a backfill that was stopped goes on where it was. Each day is given to `see` when it is
/// done; what the job keeps no longer is removed at the end.
///
/// # Errors
/// [`Kind::Usage`] if there is no such day. What stops a day is in [`Backfill::failed`].
pub async fn backfill(
    engine: &Engine,
    load: impl Fn(NaiveDate) -> Result<Job>,
    from: NaiveDate,
    to: NaiveDate,
    mut progress: impl FnMut() -> Progress,
    mut see: impl FnMut(&BackfilledDay) -> Result<()>,
) -> Result<Backfill> {
    if from >= to {
        return Err(Error::new(
            Kind::Usage,
            format!("there is no day from {from} on and before {to}"),
            "give a later end, which is not among the days",
        ));
    }
    let mut done = Backfill { days: vec![], failed: None, pruned: Ok(None) };
    let mut last_job = None;
    for day in from.iter_days().take_while(|day| *day < to) {
        let job = match load(day) {
            Ok(job) => job,
            Err(error) => {
                done.failed = Some((day, error));
                return Ok(done);
            }
        };
        let started = Instant::now();
        let mut stages = progress();
        let ran = run_day(engine, &job, &mut stages).await;
        stages.finish();
        last_job = Some(job);
        match ran {
            Ok((outcome, state)) => {
                let done_day = BackfilledDay {
                    snapshot_date: day,
                    state,
                    commit: outcome.commit.number,
                    run_id: outcome.commit.run_id,
                    people: outcome.commit.tables.get("people").map_or(0, |table| table.rows),
                    seconds: started.elapsed().as_secs_f64(),
                };
                see(&done_day)?;
                done.days.push(done_day);
            }
            Err(error) => {
                done.failed = Some((day, error));
                return Ok(done);
            }
        }
    }
    if let Some(job) = last_job {
        done.pruned = apply_retention(&engine.stores, &job).await;
    }
    Ok(done)
}

async fn run_day(
    engine: &Engine,
    job: &Job,
    progress: &mut Progress,
) -> Result<(RunOutcome, DayState)> {
    let outcome = Box::pin(run_and_keep(engine, job, progress)).await?;
    let newest = commit::newest(&engine.stores, &job.output).await?;
    let is_stale = newest.is_some_and(|newest| newest.is_stale(outcome.commit.snapshot_date));
    let state = match (is_stale, outcome.already, outcome.renewed) {
        (true, ..) => DayState::Stale,
        (_, false, _) => DayState::Published,
        (_, _, true) => DayState::Renewed,
        (_, _, false) => DayState::Current,
    };
    Ok((outcome, state))
}
