//! The nightly job, one line a stage.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::audit::{Audited, Limits, RunFacts, audit_run};
use crate::engine::Engine;
use crate::error::{Error, Help, Result};
use crate::job::{Job, no_snapshot};
use crate::method::profile::{Profile, STANDARD};
use crate::model::Dropped;
use crate::pipeline::progress::Progress;
use crate::pipeline::run_id::{data_sha256, job_sha256, run_id};
use crate::propagate::{propagate_trust, rank_networks, select_seeds};
use crate::publish::commit::{self, Commit};
use crate::publish::log::{InputFiles, Machine, RankLog, RunBefore, RunLog};
use crate::publish::publish;
use crate::published::previous::previous;
use crate::read::{self, Listing, Snapshot, Violations};
use crate::reduce::{InteractionRules, attention_graphs, engagement, follow_graphs, post_reactors};
use crate::score::changes::changes;
use crate::score::cohorts::cohorts;
use crate::score::measures::{Basis, measures};
use crate::score::scores::{Scores, scores, standing};
use crate::score::style::styles;
use crate::tables::{Results, draft};
use crate::topics::topics;

/// Number of stages, for the progress bar.
pub const STAGES: u64 = 10;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The commit that is in force for the snapshot now.
    pub commit: Commit,
    /// Whether it was in force before, so that there was nothing to do.
    pub already: bool,
    /// Rows dropped, by rule.
    pub drops: Vec<Dropped>,
    /// Columns that were not read, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
}

/// Tables that have passed the gates, and all that a run tells beside them.
#[derive(Debug)]
pub struct Prepared {
    /// What is there to publish.
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
    /// These tables and the log that goes with them, in place of the commit of this number.
    Tables(Audited, RunLog, Option<u64>),
}

/// Runs `job`: reads the snapshot, scores everyone who may be scored and publishes the tables.
///
/// # Errors
/// Every kind of [`crate::error::Kind`]; nothing becomes visible unless it succeeds.
pub async fn run(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<Outcome> {
    let Prepared { ready, drops, ignored } = prepare(engine, job, progress).await?;
    let (audited, mut log, before) = match ready {
        Ready::Nothing(commit) => return Ok(Outcome { commit, already: true, drops, ignored }),
        Ready::Tables(audited, log, before) => (audited, log, before),
    };
    progress.begin("publish");
    log.stages = progress.stages().to_vec();
    let rows = audited.rows();
    let commit = publish(&engine.stores, &job.output, audited, &log, before).await?;
    let published = commit.tables.values().map(|t| t.rows).sum();
    progress.end("publish", rows, published);
    Ok(Outcome { commit, already: false, drops, ignored })
}

/// All stages of a run but the last: nothing is written.
///
/// # Errors
/// As [`run`].
pub async fn prepare(engine: &Engine, job: &Job, progress: &mut Progress) -> Result<Prepared> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let (method, stores) = (&job.method, &engine.stores);
    let in_force = commit::in_force(stores, &job.output, Some(day)).await?;
    let before = in_force.as_ref().map(|commit| commit.number);

    progress.begin("read");
    let violations = &mut Violations::stop_at_first();
    let snapshot = read::snapshot(engine, job, day, violations).await?;
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    progress.end("read", in_tens(snapshot.rows_total), in_tens(snapshot.rows_in_window));

    progress.begin("people");
    let (inputs, rows_in) = (Inputs::of(&snapshot), in_tens(snapshot.rows_in_window));
    let cutoff_us = snapshot.cutoff_us;
    let people =
        read::people(engine, snapshot, &job.consent, method, &vocabulary, violations).await?;
    read::refuse_changed_files(engine, inputs.files.values()).await?;
    let drops = [&inputs.drops[..], &people.drops[..]].concat();
    let forecast = &method.forecast;
    let previous = previous(engine, &job.output, day, &people.persons, forecast).await?;
    let data_sha256 = blocking(|| Ok(data_sha256(&people)))?;
    let facts = RunFacts {
        run_id: blocking(|| {
            run_id(&people, &data_sha256, &vocabulary, previous.as_ref(), job, day)
        })?,
        job: job.name.clone(),
        method_version: method.version.clone(),
        method_sha256: method.sha256()?,
        data_sha256,
        method: serde_json::to_string(method).map_err(Error::internal)?,
        profiles: serde_json::to_string(&job.profiles).map_err(Error::internal)?,
        cutoff_us,
        horizon_hours: method.forecast.horizon_hours,
    };
    progress.end("people", rows_in, people.persons.len() as u64);
    if let Some(commit) = in_force
        && commit.run_id == facts.run_id
        && commit::intact(stores, &job.output, &commit).await?
    {
        let ready = Ready::Nothing(commit);
        return Ok(Prepared { ready, drops, ignored: inputs.ignored });
    }

    progress.begin("attention");
    let (persons, events) = (&people.persons, &people.interactions);
    let rules = InteractionRules::of(method);
    let graphs = blocking(|| attention_graphs(events, persons, &rules, 0))?;
    let edges = graphs.iter().map(|g| g.edges() as u64).sum();
    progress.end("attention", events.all().len() as u64, edges);

    progress.begin("trust");
    let seeds = select_seeds(&people, &method.trust.seeds, &job.trust.seeds);
    let trust = blocking(|| propagate_trust(events, persons, &rules, &seeds, None, method))?;
    let trusted = trust.trusted.iter().filter(|own| **own).count();
    progress.end("trust", persons.vertices() as u64, trusted as u64);

    progress.begin("ranks");
    let on_follows = people.follows.as_ref().map(|follows| {
        blocking(|| rank_networks(&follow_graphs(follows, persons)?, &method.rank, None))
    });
    let on_follows = on_follows.transpose()?;
    let ranks = blocking(|| rank_networks(&graphs, &method.rank, None))?;
    progress.end("ranks", edges, ranks.pagerank.len() as u64);

    progress.begin("topics");
    let of_posts = people.posts.as_ref().map(|posts| post_reactors(events, posts, &rules, 0));
    let reactors = of_posts.as_ref();
    let topics = blocking(|| topics(&people, &vocabulary, reactors, &trust, &rules, method))?;
    let posts = people.posts.as_ref().map_or(0, |posts| posts.authors.len() as u64);
    progress.end("topics", posts, topics.scores.len() as u64);

    progress.begin("measures");
    let of_people = blocking(|| Ok(engagement(events, persons, &rules, &trust.trusted, 0)))?;
    let (graphs, engagement) = (&graphs[..], &of_people[..]);
    let basis = Basis {
        people: &people,
        rules: &rules,
        graphs,
        trust: &trust,
        ranks: &ranks,
        follow_ranks: on_follows.as_ref().map(|ranks| &ranks.pagerank[..]),
        engagement,
        reactors,
    };
    let measures = blocking(|| Ok(measures(&basis, method)))?;
    progress.end("measures", events.all().len() as u64, ranks.pagerank.len() as u64);

    progress.begin("scores");
    let under = |profile| Ok((profile, scores(persons, &measures, &trust, profile)?));
    let scores = blocking(|| job.profiles.iter().map(under).collect::<Result<Vec<_>>>())?;
    let standard = standard(&scores)?;
    if job.is_without_meetings() {
        told_apart(standard)?;
    }
    let standing = standing(persons, &measures, engagement)?;
    let changes = previous
        .as_ref()
        .map(|previous| blocking(|| changes(&basis, day, previous, &standard.score, method)));
    let changes = changes.transpose()?;
    progress.end("scores", ranks.pagerank.len() as u64, (scores.len() * persons.len()) as u64);

    progress.begin("audit");
    // The tables take their room.
    drop((of_posts, of_people));
    let styles = blocking(|| Ok(styles(&people, &topics, &method.style)))?;
    let members = cohorts(&job.cohorts, persons, &vocabulary, &topics, standard)?;
    let members = job.cohorts.iter().map(|cohort| cohort.name.as_str()).zip(members);
    let results = Results {
        people: &people,
        graphs,
        rules: &rules,
        topics: &topics,
        measures: &measures,
        standing: &standing,
        scores,
        changes: changes.as_ref(),
        styles: &styles,
        cohorts: members.collect(),
        top: job.influence.top,
    };
    let draft = blocking(|| draft(day, &facts.run_id, &results))?;
    let limits = Limits { gates: &method.gates, evidence: &method.topics.evidence };
    let audited = blocking(|| audit_run(draft, &facts, &limits))?;
    progress.end("audit", audited.rows(), audited.rows());

    let log = RunLog {
        run_id: facts.run_id,
        job: facts.job,
        job_sha256: job_sha256(job, day)?,
        snapshot_date: day,
        method_version: facts.method_version,
        inputs: input_files(inputs.files),
        columns_not_read: inputs.ignored.clone(),
        drops: drops.clone(),
        run_before: previous
            .as_ref()
            .map(|previous| RunBefore { commit: previous.commit, snapshot_date: previous.day }),
        rank: RankLog { iterations: ranks.iterations, bound: ranks.bound },
        stages: vec![],
        machine: Machine::current(),
    };
    Ok(Prepared { ready: Ready::Tables(audited, log, before), drops, ignored: inputs.ignored })
}

/// The scores under the standard profile.
fn standard<'a>(scores: &'a [(&Profile, Scores)]) -> Result<&'a Scores> {
    let standard = scores.iter().find(|(profile, _)| profile.name == STANDARD);
    standard.map(|(_, scores)| scores).ok_or_else(|| Error::internal("no standard profile"))
}

/// Refuses scores that are alike for everybody.
fn told_apart(scores: &Scores) -> Result<()> {
    let all = &scores.expected_reactors;
    if all.iter().any(|own| *own != all[0]) {
        return Ok(());
    }
    Err(Error::bad_job(
        "the job names neither `interactions` nor `follows`, and the method's forecast tells nobody apart by what accounts \
         state: equal scores for everybody are not published",
        "name one of them, or a method whose forecast has columns `measure_*`",
    )
    .with_help(Help::MethodFittedToLabels))
}

/// Rows counted before consent was applied are told in tens: exact, they would give away how few
/// people were removed.
fn in_tens(rows: u64) -> u64 {
    rows.next_multiple_of(10)
}

/// The files of each input, as a log lists them.
pub(crate) fn input_files(listed: BTreeMap<String, Listing>) -> InputFiles {
    listed.into_iter().map(|(name, listed)| (name, listed.files)).collect()
}

/// What is kept of a snapshot for the log.
struct Inputs {
    files: BTreeMap<String, Listing>,
    ignored: BTreeMap<String, Vec<String>>,
    drops: Vec<Dropped>,
}

impl Inputs {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            files: snapshot.files.clone(),
            ignored: snapshot.ignored.clone(),
            drops: snapshot.drops.clone(),
        }
    }
}

/// Runs work that keeps the cores busy without starving the runtime.
fn blocking<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    tokio::task::block_in_place(work)
}
