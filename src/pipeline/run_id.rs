//! The identity of a run: a digest of all that can reach its tables.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::digest::Digest;
use crate::error::Result;
use crate::job::{Input, Job, Uses};
use crate::method::hex;
use crate::model::{LabelSet, People, Previous, Tenures};
use crate::phrases::Vocabulary;

/// Hex digits of a run id: 128 bits.
const LENGTH: usize = 32;

/// Digest of the rows left after consent (`data_sha256`, which is [`data_sha256`] of `people`), of how long they are known, of what was
/// published of these people the night before, of what in the job can change a table, of the method and of the version of Renown.
/// Where the rows came from and in which order does not count.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn run_id(
    people: &People,
    data_sha256: &str,
    tenures: &Tenures,
    vocabulary: &Vocabulary,
    previous: Option<&Previous>,
    job: &Job,
    day: NaiveDate,
) -> Result<String> {
    let mut digest = Digest::default();
    add_settings(&mut digest, job, day)?;
    digest.add_settings(&previous.map(|previous| &previous.method))?;
    digest.add(&previous);
    digest.add(data_sha256);
    digest.add(tenures);
    if people.posts.is_some() {
        digest.add(&vocabulary.sha256[..]);
        digest.add(&people.refusals);
    }
    if let Some(hours) = people.endorsed_hours {
        digest.add(&hours);
    }
    for (person, disputes) in &people.disputes {
        digest.add(person);
        disputes.iter().for_each(|dispute| digest.add(dispute));
    }
    if !job.cohorts.is_empty() {
        // Cohorts hold only people who agreed.
        digest.add(&people.persons.opted_in);
    }
    Ok(id(digest))
}

/// Digest of the rows left after consent, in hexadecimal digits.
pub fn data_sha256(people: &People) -> String {
    hex(&Digest::of(people))
}

/// Digest of label sets, in hexadecimal digits; people are known by their numbers.
pub fn label_sets_sha256(label_sets: &[LabelSet]) -> String {
    hex(&Digest::of(label_sets))
}

/// Digest of what was validated and of all in the job that can change what is found.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn validation_id(data_sha256: &str, job: &Job, day: NaiveDate) -> Result<String> {
    let mut digest = Digest::default();
    add_settings(&mut digest, job, day)?;
    digest.add(data_sha256);
    digest.add_settings(&job.validate)?;
    Ok(id(digest))
}

/// Digest of the run whose people are attacked, and of which attacks on how many of them.
pub fn attacks_id(run_id: &str, kinds: &[String], targets: u32, seed: u32) -> String {
    let mut digest = Digest::default();
    digest.add("attacks");
    digest.add(run_id);
    digest.add(&kinds.len());
    kinds.iter().for_each(|kind| digest.add(kind));
    digest.add(&targets);
    digest.add(&seed);
    id(digest)
}

/// Digest of the job, its method and the version of Renown: with the files that the inputs name it decides what a run
/// gives, and is known without reading them.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn job_sha256(job: &Job, day: NaiveDate) -> Result<String> {
    let mut digest = Digest::default();
    add_settings(&mut digest, job, day)?;
    // Sources that only label sets name are not read.
    let is_named = |source: &String| {
        let source = source.to_lowercase();
        let is_in = |input: &&Input| matches!(input, Input::Sql(sql) if sql.to_lowercase().contains(&source));
        job.inputs_of_runs().values().any(is_in)
    };
    let sources = job.sources.iter().filter(|(name, _)| is_named(name));
    let sources: BTreeMap<_, _> = sources.map(|(name, url)| (name, url.as_str())).collect();
    digest.add_settings(&(sources, job.inputs_of_runs(), &job.reading, &job.kinds, &job.people))?;
    Ok(hex(&digest.finish()))
}

fn id(digest: Digest) -> String {
    let mut id = hex(&digest.finish());
    id.truncate(LENGTH);
    id
}

/// Adds what can change a table whatever the rows are.
fn add_settings(digest: &mut Digest, job: &Job, day: NaiveDate) -> Result<()> {
    let Job {
        name,
        // The day of the run, given as `day`.
        snapshot: _,
        method,
        // These act through the rows alone.
        sources: _,
        inputs: _,
        daily: _,
        reading: _,
        kinds: _,
        people: _,
        consent,
        trust,
        topics,
        influence,
        profiles,
        // No run reads these.
        fit: _,
        validate: _,
        cohorts,
        uses,
        output: _,
        shared_output: _,
        retention: _,
        // Accepting a finding changes no score, and a run that was accepted is not run again.
        accepted: _,
        // It says which of two methods a run is of.
        shadow_nights: _,
        compared,
    } = job;
    digest.add(env!("CARGO_PKG_VERSION"));
    digest.add_settings(&day)?;
    if *uses != Uses::default() {
        digest.add_settings(uses)?;
    }
    let consent = consent.identity();
    if let Some(compared) = compared {
        digest.add_settings(compared)?;
    }
    digest.add_settings(&(name, method, consent, trust, topics, influence, profiles, cohorts))
}
