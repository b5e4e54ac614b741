//! The first two stages of a run: what it reads, and everything that decides which run it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::people::read_people;
use super::progress::Rows;
use super::run_id::{data_sha256, job_sha256, run_id};
use super::standings;
use crate::audit::RunFacts;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Job;
use crate::model::{ConsentCounts, People, Previous, SuppressedCount, Tenures};
use crate::phrases::Vocabulary;
use crate::propagate::Ranks;
use crate::publish::log::{CheckLog, InputFiles, Machine, RankLog, RunBefore, RunLog};
use crate::published::previous;
use crate::published::tenures::EarlierRuns;
use crate::read::{self, InputNotes, Listing, Snapshot, Violations};

/// Inputs that have been opened and validated, and not yet read in full.
pub(crate) struct Opened {
    pub snapshot: Snapshot,
    pub vocabulary: Arc<Vocabulary>,
}

/// Everything that a run computes from, and that decides which run it is.
pub(crate) struct Inputs {
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Everyone who is eligible.
    pub people: People,
    pub vocabulary: Arc<Vocabulary>,
    /// How long everybody is known.
    pub tenures: Tenures,
    /// The previous run, as far as it concerns these people.
    pub previous: Option<Previous>,
    pub facts: RunFacts,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Listing>,
    /// What became of them.
    pub notes: InputNotes,
}

impl Opened {
    /// Rows in the inputs.
    pub fn rows_total(&self) -> u64 {
        rounded_up_to_tens(self.snapshot.rows_total)
    }
}

/// Rows within the window.
impl Rows for Opened {
    fn rows(&self) -> u64 {
        rounded_up_to_tens(self.snapshot.rows_in_window)
    }
}

/// Persons.
impl Rows for Inputs {
    fn rows(&self) -> u64 {
        self.people.persons.len() as u64
    }
}

/// Rows counted before consent was applied are rounded up to tens: exact, they would reveal how few people were removed.
fn rounded_up_to_tens(rows: u64) -> u64 {
    rows.next_multiple_of(10)
}

/// Opens and validates the inputs of a job.
///
/// # Errors
/// As [`read::snapshot()`].
pub(crate) async fn open_inputs(engine: &Engine, job: &Job, day: NaiveDate) -> Result<Opened> {
    let violations = &mut Violations::stop_at_first();
    let earlier_hours = earlier_hours(engine, job, day).await?;
    let snapshot = read::snapshot(engine, job, day, earlier_hours, violations).await?;
    let vocabulary = Arc::new(read::vocabulary(engine, &snapshot, &job.topics, violations).await?);
    Ok(Opened { snapshot, vocabulary })
}

/// Hours before the window of which interactions are read.
///
/// # Errors
/// As [`EarlierRuns::networks_with_founders`].
pub(crate) async fn earlier_hours(engine: &Engine, job: &Job, day: NaiveDate) -> Result<u32> {
    let rule = &job.method.trust;
    if rule.networks.is_empty() {
        return Ok(job.method.earlier_hours(false));
    }
    let settled = EarlierRuns::before(engine, &job.output, day).await?;
    let settled = settled.networks_with_founders().await?;
    let is_settled = rule.networks.keys().all(|network| settled.contains(network));
    Ok(job.method.earlier_hours(!is_settled))
}

/// Reads the people of a snapshot and the previous run, and identifies this one.
///
/// # Errors
/// As [`read::people()`], [`crate::error::Kind::Interrupted`] if files changed while they were read, and
/// [`crate::error::Kind::Gate`] if newest events are older than the job allows.
pub(crate) async fn read_inputs(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    opened: Opened,
) -> Result<Inputs> {
    let Opened { snapshot, vocabulary } = opened;
    let (method, violations) = (&job.method, &mut Violations::stop_at_first());
    let (files, cutoff_us) = (snapshot.files.clone(), snapshot.cutoff_us);
    let age_limits = snapshot.age_limits.clone();
    let mut notes = InputNotes::of(&snapshot);
    let people = read_people(engine, job, snapshot, &vocabulary, violations).await?;
    read::refuse_changed_files(engine, files.values()).await?;
    let newest = people.newest_events();
    age_limits.report(&newest, violations)?;
    let old_networks = age_limits.report_networks(&people, violations)?;
    notes.add_people(&people, cutoff_us);
    notes.warnings.extend(old_networks);
    let earlier_runs = EarlierRuns::before(engine, &job.output, day).await?;
    let previous = previous::read(&earlier_runs, &people.persons, &method.forecast).await?;
    let first_hours = standings::first_hours(&people);
    let mut tenures = earlier_runs.tenures(day, &people.persons, &first_hours).await?;
    // The threads of the runtime go on serving others.
    let (data_sha256, run_id) = tokio::task::block_in_place(|| {
        standings::settle_founders(&mut tenures, &people, job, day)?;
        let data_sha256 = data_sha256(&people);
        let id = run_id(&people, &data_sha256, &tenures, &vocabulary, previous.as_ref(), job, day)?;
        Ok((data_sha256, id))
    })?;
    let facts = RunFacts {
        run_id,
        job: job.name.clone(),
        method_version: method.version.clone(),
        method_sha256: method.sha256()?,
        data_sha256,
        method: serde_json::to_string(method).map_err(Error::internal)?,
        profiles: serde_json::to_string(&job.profiles).map_err(Error::internal)?,
        cutoff_us,
        newest,
        covered_hours: covered_hours(&people),
        trust_networks: tenures.networks.iter().cloned().collect(),
        horizon_hours: method.forecast.horizon_hours,
        uses: job.uses.clone(),
        accepted: job.accepted.clone(),
    };
    Ok(Inputs { day, people, vocabulary, tenures, previous, facts, files, notes })
}

impl Inputs {
    /// The log of the run, without its stages.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
    pub fn log(&self, job: &Job, ranks: &Ranks) -> Result<RunLog> {
        let previous = self.previous.as_ref();
        let run_before = previous
            .map(|previous| RunBefore { commit: previous.commit, snapshot_date: previous.day });
        Ok(RunLog {
            run_id: self.facts.run_id.clone(),
            job: self.facts.job.clone(),
            job_sha256: job_sha256(job, self.day)?,
            snapshot_date: self.day,
            method_version: self.facts.method_version.clone(),
            inputs: input_files(&self.files),
            notes: self.notes.clone(),
            consent: Some(ConsentCounts::logged(
                &self.people.consent,
                &self.people.persons.networks,
            )),
            run_before,
            rank: RankLog { iterations: ranks.iterations, bound: ranks.bound },
            checks: None,
            figures: vec![],
            stages: vec![],
            machine: Machine::current(),
        })
    }

    /// What the checks counted that may tell of ineligible people.
    pub fn check_log(&self) -> Option<CheckLog> {
        let previous = self.previous.as_ref()?;
        Some(CheckLog {
            people: previous.people,
            lost: SuppressedCount::of(previous.lost),
            ineligible: SuppressedCount::of(previous.excluded),
        })
    }
}

/// Whole hours of the past that the data of each network cover, each `network: hours`.
fn covered_hours(people: &People) -> Vec<String> {
    let of_networks = people.persons.networks.iter().zip(&people.covered_minutes);
    of_networks.map(|(network, minutes)| format!("{network}: {}", minutes / 60)).collect()
}

/// The files of each input, as a log lists them.
pub(crate) fn input_files(listings: &BTreeMap<String, Listing>) -> InputFiles {
    listings.iter().map(|(name, listing)| (name.clone(), listing.files.clone())).collect()
}
