//! The night: from a job to published tables, one stage after the other.

use std::collections::BTreeMap;

use super::inputs::{Inputs, Opened, open_inputs, read_inputs};
use super::measure::{self, AsOf, Measured, measure};
use super::progress::{Progress, Rows};
use super::scoring::{ScoreInputs, score};
use crate::audit::{Audited, Limits, audit_run};
use crate::engine::Engine;
use crate::error::Result;
use crate::job::{Job, no_snapshot};
use crate::model::Dropped;
use crate::publish::commit::{self, Commit};
use crate::publish::log::RunLog;
use crate::publish::publish;
use crate::score::changes::{ChangeInputs, explain_changes};
use crate::score::cohorts::{CohortInputs, select_members};
use crate::score::contributions::decompose_scores;
use crate::score::influence_edges::{EdgeInputs, select_edges};
use crate::tables::{DraftInputs, draft_tables};
use crate::topics::{TopicInputs, find_topics};

/// Stages of a run.
pub const STAGES: u64 = 11 + measure::STAGES;

/// The result of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The commit that is now in force for the snapshot.
    pub commit: Commit,
    /// Whether it was in force before, so that there was nothing to do.
    pub already: bool,
    /// Rows dropped, by rule.
    pub drops: Vec<Dropped>,
    /// Columns that were not read, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
}

/// A run up to the gates.
#[derive(Debug)]
pub struct Prepared {
    /// What there is to publish.
    pub ready: Ready,
    /// Rows dropped, by rule.
    pub drops: Vec<Dropped>,
    /// Columns that were not read, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
}

/// What there is to publish.
#[derive(Debug)]
pub enum Ready {
    /// Nothing: these rows, job and method were published by this commit.
    Nothing(Commit),
    /// These tables with their log, in place of the commit of this number.
    Tables(Audited, Box<RunLog>, Option<u64>),
}

/// Runs `job`: reads the snapshot, scores everyone who is eligible and publishes the tables.
///
/// # Errors
/// Every kind of [`crate::error::Kind`]; nothing becomes visible unless it succeeds.
pub async fn run(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<Outcome> {
    let Prepared { ready, drops, ignored } = prepare(engine, job, progress).await?;
    let (audited, mut log, replaced) = match ready {
        Ready::Nothing(commit) => return Ok(Outcome { commit, already: true, drops, ignored }),
        Ready::Tables(audited, log, replaced) => (audited, log, replaced),
    };
    log.stages = progress.stages().to_vec();
    let rows = audited.rows();
    let published = publish(&engine.stores, &job.output, audited, &*log, replaced);
    let commit = progress.wait("publish", |_| rows, published).await?;
    Ok(Outcome { commit, already: false, drops, ignored })
}

/// All stages of a run but the last: nothing is written.
///
/// # Errors
/// As [`run`].
pub async fn prepare(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<Prepared> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let method = &job.method;
    let in_force = commit::in_force(&engine.stores, &job.output, Some(day)).await?;
    let replaced = in_force.as_ref().map(|commit| commit.number);

    let opened = open_inputs(engine, job, day);
    let opened = progress.wait("read", Opened::rows_total, opened).await?;
    let rows = opened.rows();
    let inputs = read_inputs(engine, job, day, opened);
    let inputs = progress.wait("people", |_| rows, inputs).await?;
    if let Some(commit) = in_force
        && commit.run_id == inputs.facts.run_id
        && commit::intact(&engine.stores, &job.output, &commit).await?
    {
        let Inputs { drops, ignored, .. } = inputs;
        return Ok(Prepared { ready: Ready::Nothing(commit), drops, ignored });
    }

    let people = &inputs.people;
    let (vertices, rows) = (people.persons.vertices() as u64, people.persons.len() as u64);
    let measured = measure(people, &AsOf::snapshot(job), progress)?;
    let log = inputs.log(job, day, &measured.ranks)?;
    let posts = people.posts.as_ref().map_or(0, |posts| posts.authors.len() as u64);
    let topics = progress.compute("topics", posts, || {
        find_topics(&TopicInputs {
            people,
            vocabulary: &inputs.vocabulary,
            post_reactors: measured.post_reactors.as_ref(),
            trust: &measured.trust,
            rules: &measured.rules,
            method,
        })
    })?;
    let scored = progress.compute("scores", vertices, || {
        score(&ScoreInputs {
            people,
            measured: &measured,
            topics: &topics,
            profiles: &job.profiles,
            style: &method.style,
            refuse_equal: job.is_without_meetings(),
        })
    })?;
    let Measured { rules, attention, measures, engagement, post_reactors, .. } = measured;
    // The tables need their memory.
    drop((engagement, post_reactors));
    let scores = &scored.standard()?.score[..];
    let changes = progress.compute("changes", rows, || {
        let previous = inputs.previous.as_ref();
        let of_run =
            |previous| ChangeInputs { people, rules: &rules, method, day, scores, previous };
        previous.map(|previous| explain_changes(&of_run(previous))).transpose()
    })?;
    let contributions = progress.compute("contributions", scored.rows(), || {
        let of_profile = |profile| decompose_scores(&people.persons, &measures, profile);
        job.profiles.iter().map(of_profile).collect::<Result<Vec<_>>>()
    })?;
    let edges = progress.compute("influence_edges", attention.rows(), || {
        let (topics, max_edges) = (&topics, job.influence.top as usize);
        let attention = &attention[..];
        Ok(select_edges(&EdgeInputs { people, attention, rules: &rules, topics, max_edges }))
    })?;
    drop(attention);
    let members = progress.compute("cohorts", rows, || {
        let (persons, vocabulary) = (&people.persons, &*inputs.vocabulary);
        let topics = &topics;
        select_members(&job.cohorts, &CohortInputs { persons, vocabulary, topics, scores })
    })?;
    let draft = progress.compute("tables", scored.rows(), || {
        let cohorts = job.cohorts.iter().map(|cohort| cohort.name.as_str()).zip(members);
        let draft_inputs = DraftInputs {
            people,
            topics: &topics,
            measures: &measures,
            scores: &scored.by_profile,
            context: &scored.context,
            styles: &scored.styles,
            changes: changes.as_ref(),
            contributions,
            edges,
            cohorts: cohorts.collect(),
        };
        draft_tables(day, &inputs.facts.run_id, draft_inputs)
    })?;
    let audited = progress.compute("audit", draft.rows(), || {
        let limits = Limits { gates: &method.gates, evidence: &method.topics.evidence };
        audit_run(draft, &inputs.facts, &limits)
    })?;
    let Inputs { drops, ignored, .. } = inputs;
    Ok(Prepared { ready: Ready::Tables(audited, Box::new(log), replaced), drops, ignored })
}
