//! The night: from a job to published tables, one stage after the other.

use super::inputs::{Inputs, Opened, open_inputs, read_inputs};
use super::measure;
use super::output_conflicts::refuse_output_conflicts;
use super::progress::{Progress, Rows};
use super::stages::{Explained, Stages};
use crate::audit::{Audit, Audited, Refused};
use crate::engine::Engine;
use crate::error::Result;
use crate::job::{Job, no_snapshot};
use crate::model::Check;
use crate::publish::commit::{self, Commit};
use crate::publish::log::RunLog;
use crate::publish::{commit_tables, keep_refused};
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
    /// What became of the inputs.
    pub notes: InputNotes,
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
    /// These tables with their log, in place of the commit of this number.
    Tables(Audited, Box<RunLog>, Option<u64>),
    /// Nothing: a check against the last published run refuses these tables, with their log.
    Refused(Box<Refused>, Box<RunLog>),
}

/// Runs `job`: reads the snapshot, scores everyone who is eligible and publishes the tables.
///
/// # Errors
/// Every kind of [`crate::error::Kind`]; nothing becomes visible unless it succeeds.
pub async fn run(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<RunOutcome> {
    let PreparedRun { ready, notes } = prepare(engine, job, progress).await?;
    let (audited, mut log, replaced) = match ready {
        Ready::Nothing(commit) => {
            return Ok(RunOutcome { commit, already: true, notes });
        }
        Ready::Refused(refused, mut log) => {
            log.stages = progress.stages().to_vec();
            let kept = keep_refused(&engine.stores, &job.output, &refused, &*log).await?;
            let mut error = refused.error;
            error.remedy = format!("{}; the refused tables are kept below `{kept}`", error.remedy);
            return Err(error);
        }
        Ready::Tables(audited, log, replaced) => (audited, log, replaced),
    };
    log.stages = progress.stages().to_vec();
    let rows = audited.rows();
    let published = commit_tables(&engine.stores, &job.output, audited, &*log, replaced);
    let commit = progress.wait("publish", |_| rows, published).await?;
    Ok(RunOutcome { commit, already: false, notes })
}

/// All stages of a run but the last: nothing is written.
///
/// # Errors
/// As [`run`].
pub async fn prepare(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<PreparedRun> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    refuse_output_conflicts(engine, job).await?;
    let in_force = commit::in_force(&engine.stores, &job.output, Some(day)).await?;
    let replaced = in_force.as_ref().map(|commit| commit.number);

    let opened = open_inputs(engine, job, day);
    let opened = progress.wait("read", Opened::rows_total, opened).await?;
    let rows = opened.rows();
    let inputs = read_inputs(engine, job, day, opened);
    let inputs = progress.wait("people", |_| rows, inputs).await?;
    let ready = match in_force {
        Some(commit)
            if commit.run_id == inputs.facts.run_id
                && commit::intact(&engine.stores, &job.output, &commit).await? =>
        {
            Ready::Nothing(commit)
        }
        _ => {
            let (audit, log) = compute(&inputs, job, progress)?;
            match audit {
                Audit::Passed(audited) => Ready::Tables(audited, Box::new(log), replaced),
                Audit::Refused(refused) => Ready::Refused(refused, Box::new(log)),
            }
        }
    };
    Ok(PreparedRun { ready, notes: inputs.notes })
}

/// The stages between reading and publishing.
fn compute(inputs: &Inputs, job: &Job, progress: &mut Progress) -> Result<(Audit, RunLog)> {
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
    let checks = stages.checks(&measured, &scored)?;
    log.checks = inputs.check_log();
    log.figures = checks.iter().filter_map(Check::logged).collect();
    let explained = Explained { changes, contributions, influence_edges, cohorts, checks: &checks };
    let draft = stages.tables(&measured, &topics, &scored, explained)?;
    let audit = stages.audit(draft, &checks)?;
    Ok((audit, log))
}
