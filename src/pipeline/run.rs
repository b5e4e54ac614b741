//! The night: from a job to published tables, one stage after the other.

use super::day_before::{refuse_lost_day_before, stale_day_before};
use super::inputs::{Inputs, Opened, open_inputs, read_inputs};
use super::keep::apply_retention;
use super::measure;
use super::output_conflicts::refuse_output_conflicts;
use super::progress::{Progress, Rows};
use super::shadow::{score_only, under_method_in_force};
use super::stages::{Explained, Stages};
use crate::audit::{Audit, Audited, Refused};
use crate::checks::ShadowScores;
use crate::engine::Engine;
use crate::error::Result;
use crate::job::{Job, no_snapshot};
use crate::model::{Check, Warning};
use crate::publish::commit::{Began, Commit, Of};
use crate::publish::history::{CommitHistory, DamagedCommit};
use crate::publish::log::RunLog;
use crate::publish::marks::update_marks;
use crate::publish::prune::Pruned;
use crate::publish::{commit_tables, integrity, keep_refused};
use crate::read::InputNotes;

/// Stages of a run.
pub const STAGES: u64 = 12 + measure::STAGES;

/// The result of a run.
#[derive(Debug)]
pub struct RunOutcome {
    /// The commit that is now in force for the snapshot.
    pub commit: Commit,
    /// Whether it was in force before, so that there was nothing to do.
    pub already: bool,
    /// Whether it had been stale and is so no more: it rests on what is in force now.
    pub renewed: bool,
    /// What became of the inputs.
    pub notes: InputNotes,
    /// What was removed afterwards by the retention of the job, if it has one. What is published is so even if that failed.
    pub pruned: Result<Option<Pruned>>,
}

/// A run up to the gates.
#[derive(Debug)]
pub struct PreparedRun {
    /// What there is to publish.
    pub ready: Ready,
    /// What became of the inputs.
    pub notes: InputNotes,
}

/// What there is to publish.
#[derive(Debug)]
pub enum Ready {
    /// Nothing: these rows, job and method were published by this commit.
    Nothing(Commit),
    /// These tables with their log, in place of what was published when the run began.
    Tables(Audited, Box<RunLog>, Began),
    /// Nothing: a check against the last published run refuses these tables, with their log.
    Refused(Box<Refused>, Box<RunLog>, Began),
}

/// Runs `job`: reads the snapshot, scores everyone who is eligible, publishes the tables, and removes what the job keeps no longer.
///
/// # Errors
/// Every kind of [`crate::error::Kind`]; nothing becomes visible unless it succeeds, but that the tables may be published and later
/// days not be marked as stale yet.
pub async fn run(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<RunOutcome> {
    let outcome = Box::pin(run_and_keep(engine, job, progress)).await?;
    let pruned = apply_retention(&engine.stores, job).await;
    Ok(RunOutcome { pruned, ..outcome })
}

/// As [`run`], and nothing is removed.
pub(super) async fn run_and_keep(
    engine: &Engine,
    job: &Job,
    progress: &mut Progress,
) -> Result<RunOutcome> {
    let (stores, output) = (&engine.stores, &job.output);
    let PreparedRun { ready, notes } = Box::pin(prepare(engine, job, progress)).await?;
    let (audited, mut log, began) = match ready {
        Ready::Nothing(commit) => {
            let renewed = update_marks(stores, output, Some(commit.snapshot_date)).await?;
            return Ok(RunOutcome { commit, already: true, renewed, notes, pruned: Ok(None) });
        }
        Ready::Refused(refused, mut log, began) => {
            log.stages = progress.stages().to_vec();
            let kept = keep_refused(stores, output, &refused, &*log, began).await?;
            let mut error = refused.error;
            error.remedy = format!("{}; the refused tables are kept below `{kept}`", error.remedy);
            return Err(error);
        }
        Ready::Tables(audited, log, began) => (audited, log, began),
    };
    log.stages = progress.stages().to_vec();
    let rows = audited.rows();
    let published = commit_tables(stores, output, audited, &*log, began);
    let commit = progress.wait("publish", |_| rows, published).await?;
    update_marks(stores, output, None).await?;
    Ok(RunOutcome { commit, already: false, renewed: false, notes, pruned: Ok(None) })
}

/// All stages of a run but the last: nothing is written.
///
/// # Errors
/// As [`run`].
pub async fn prepare(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<PreparedRun> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    refuse_output_conflicts(engine, job).await?;
    let history = CommitHistory::read(&engine.stores, &job.output).await?;
    let (in_force, began) = history.begin(Of::Runs, day).await?;
    refuse_lost_day_before(&engine.stores, &job.output, &history, day).await?;

    // Boxed, as what follows: a future of all that is read is large.
    let under_old = Box::pin(under_method_in_force(engine, job, day)).await?;
    let mut shadow = None;
    let job = match &under_old {
        None => job,
        Some(under_old) => {
            // It is scored first and alone, so that no more memory is needed than for one method.
            let scores = Box::pin(score_only(engine, job, day));
            shadow = Some(progress.wait("shadow", ShadowScores::rows, scores).await?);
            under_old
        }
    };
    let opened = open_inputs(engine, job, day);
    let opened = progress.wait("read", Opened::rows_total, opened).await?;
    let rows = opened.rows();
    let inputs = read_inputs(engine, job, day, opened);
    let mut inputs = progress.wait("people", |_| rows, inputs).await?;
    let damaged = history.damaged().iter().map(DamagedCommit::describe);
    inputs.notes.warnings.extend(damaged.map(|text| Warning::new("commits", text)));
    let stale = history.newest().and_then(|newest| stale_day_before(newest, day));
    inputs.notes.warnings.extend(stale.map(|text| Warning::new("runs", text)));
    if let Some(shadow) = &shadow {
        let text = format!(
            "{} is compared only: scores are those of {}, which is in force",
            shadow.method_version, job.method.version
        );
        inputs.notes.warnings.push(Warning::new("method", text));
    }
    let ready = match in_force {
        Some(commit)
            if commit.run_id == inputs.facts.run_id
                && integrity::intact(&engine.stores, &job.output, &commit).await? =>
        {
            Ready::Nothing(commit)
        }
        _ => {
            let (audit, log) = compute(&inputs, job, shadow.as_ref(), progress)?;
            match audit {
                Audit::Passed(audited) => Ready::Tables(audited, Box::new(log), began),
                Audit::Refused(refused) => Ready::Refused(refused, Box::new(log), began),
            }
        }
    };
    Ok(PreparedRun { ready, notes: inputs.notes })
}

/// The stages between reading and publishing.
fn compute(
    inputs: &Inputs,
    job: &Job,
    shadow: Option<&ShadowScores>,
    progress: &mut Progress,
) -> Result<(Audit, RunLog)> {
    let mut stages = Stages { inputs, job, progress };
    let mut measured = stages.measure()?;
    let mut log = inputs.log(job, &measured.ranks)?;
    let topics = stages.topics(&measured)?;
    let scored = stages.scores(&measured, &topics)?;
    measured.free_engagement();
    let changes = stages.changes(&measured, &scored)?;
    let contributions = stages.contributions(&measured, &scored)?;
    let influence_edges = stages.influence_edges(&measured, &topics)?;
    measured.free_attention();
    let cohorts = stages.cohorts(&topics, &scored)?;
    let checks = stages.checks(&measured, &scored, shadow)?;
    log.checks = inputs.check_log();
    log.figures = checks.iter().filter_map(Check::logged).collect();
    let explained = Explained { changes, contributions, influence_edges, cohorts, checks: &checks };
    let draft = stages.tables(&measured, &topics, &scored, explained)?;
    let audit = stages.audit(draft, &checks)?;
    Ok((audit, log))
}
