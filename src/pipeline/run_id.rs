//! The identity of a run: a hash of all that can reach its tables.

use std::collections::BTreeMap;

use arrow::array::{Array, LargeStringArray};
use chrono::NaiveDate;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::hex;
use crate::model::{
    AccountStats, Endorsement, Follow, Interaction, LabelSet, Labels, People, Persons, Posts,
    Previous,
};
use crate::phrases::Vocabulary;
use renown_graph::numbering::NONE;

/// Hex digits of a run id: 128 bits.
const LENGTH: usize = 32;

/// Hash of the rows left after consent (`data_sha256`, which is [`data_sha256`] of `people`), of what the run before said
/// of these people, of what in the job can change a table, of the method and of the version of Renown. Where the rows came
/// from and in which order does not count.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn run_id(
    people: &People,
    data_sha256: &str,
    vocabulary: &Vocabulary,
    previous: Option<&Previous>,
    job: &Job,
    day: NaiveDate,
) -> Result<String> {
    let mut hash = Sha256::new();
    settings(&mut hash, job, day)?;
    before(&mut hash, previous)?;
    text(&mut hash, data_sha256);
    if people.posts.is_some() {
        hash.update(vocabulary.sha256);
    }
    let refusals = serde_json::to_string(&people.refusals).map_err(Error::internal)?;
    text(&mut hash, &refusals);
    let mut id = hex(&hash.finalize());
    id.truncate(LENGTH);
    Ok(id)
}

/// Hash of the rows left after consent, in hexadecimal digits. What a job does not have adds nothing.
pub fn data_sha256(people: &People) -> String {
    let mut hash = Sha256::new();
    persons(&mut hash, &people.persons);
    profiles(&mut hash, &people.account_stats);
    people.posts.iter().for_each(|of_people| posts(&mut hash, of_people));
    events(&mut hash, people.interactions.all());
    if !people.endorsements.is_empty() {
        text(&mut hash, "vouches");
        vouches(&mut hash, &people.endorsements);
    }
    if let Some(of_people) = &people.follows {
        text(&mut hash, "follows");
        follows(&mut hash, of_people.all());
    }
    hex(&hash.finalize())
}

/// Hash of judgements, in hexadecimal digits; people are told by their numbers.
pub fn truths_sha256(truths: &[LabelSet]) -> String {
    let mut hash = Sha256::new();
    let topic = |hash: &mut Sha256, topic: &Option<String>| {
        hash.update([u8::from(topic.is_some())]);
        text(hash, topic.as_deref().unwrap_or_default());
    };
    for truth in truths {
        text(&mut hash, &truth.name);
        match &truth.form {
            Labels::Graded(rows) => {
                text(&mut hash, "graded");
                for (person, value, on) in rows {
                    hash.update(person.to_le_bytes());
                    hash.update(value.to_le_bytes());
                    topic(&mut hash, on);
                }
            }
            Labels::Pairwise(rows) => {
                text(&mut hash, "pairwise");
                for (winner, loser, on) in rows {
                    hash.update(winner.to_le_bytes());
                    hash.update(loser.to_le_bytes());
                    topic(&mut hash, on);
                }
            }
        }
    }
    hex(&hash.finalize())
}

/// Hash of what was validated and of all in the job that can change what is found.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn validation_id(data_sha256: &str, job: &Job, day: NaiveDate) -> Result<String> {
    let mut hash = Sha256::new();
    settings(&mut hash, job, day)?;
    text(&mut hash, data_sha256);
    text(&mut hash, &serde_json::to_string(&job.validate).map_err(Error::internal)?);
    let mut id = hex(&hash.finalize());
    id.truncate(LENGTH);
    Ok(id)
}

/// Hash of the job, its method and the version of Renown: with the files that the inputs name it decides
/// what a run gives, and can be told without reading them.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the job cannot be written as JSON.
pub fn job_sha256(job: &Job, day: NaiveDate) -> Result<String> {
    let mut hash = Sha256::new();
    settings(&mut hash, job, day)?;
    let sources: BTreeMap<_, _> = job.sources.iter().map(|(n, url)| (n, url.as_str())).collect();
    let rest = (sources, job.read_by_runs(), &job.kinds);
    text(&mut hash, &serde_json::to_string(&rest).map_err(Error::internal)?);
    Ok(hex(&hash.finalize()))
}

/// Adds what can change a table whatever the rows are.
fn settings(hash: &mut Sha256, job: &Job, day: NaiveDate) -> Result<()> {
    let of_job = (&job.name, &job.consent, &job.topics, &job.influence, &job.cohorts);
    let settings = (env!("CARGO_PKG_VERSION"), day, of_job, &job.method, &job.trust, &job.profiles);
    text(hash, &serde_json::to_string(&settings).map_err(Error::internal)?);
    Ok(())
}

/// Adds what the run before said of the people who are scored now, as far as changes are told from it.
fn before(hash: &mut Sha256, previous: Option<&Previous>) -> Result<()> {
    let Some(previous) = previous else {
        text(hash, "no run before");
        return Ok(());
    };
    let said = (previous.day, &previous.method);
    text(hash, &serde_json::to_string(&said).map_err(Error::internal)?);
    let numbers = |hash: &mut Sha256, values: &[Option<f64>]| {
        for value in values {
            hash.update([u8::from(value.is_some())]);
            hash.update(value.unwrap_or(0.0).to_le_bytes());
        }
    };
    numbers(hash, &previous.scores);
    let flags = previous.there.iter().chain(&previous.trusted);
    flags.for_each(|own| hash.update([u8::from(*own)]));
    for (name, values) in &previous.measures {
        text(hash, name);
        numbers(hash, values);
    }
    Ok(())
}

/// Adds a text so that no two lists of texts hash alike.
fn text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

fn persons(hash: &mut Sha256, persons: &Persons) {
    let optional = |hash: &mut Sha256, texts: &LargeStringArray, row: usize| {
        hash.update([u8::from(texts.is_valid(row))]);
        text(hash, if texts.is_valid(row) { texts.value(row) } else { "" });
    };
    for person in 0..persons.len() {
        text(hash, persons.ids.value(person));
        optional(hash, &persons.display_names, person);
        optional(hash, &persons.countries, person);
        optional(hash, &persons.languages, person);
        hash.update([u8::from(persons.automated[person])]);
        let accounts = persons.accounts(person);
        hash.update((accounts.len() as u64).to_le_bytes());
        for account in accounts {
            text(hash, &persons.networks[persons.account_networks[account] as usize]);
            text(hash, persons.account_ids.value(account));
        }
    }
}

/// Adds what accounts state in numbers. What is not known has bytes of its own.
fn profiles(hash: &mut Sha256, profiles: &AccountStats) {
    fn column<const N: usize>(hash: &mut Sha256, values: impl Iterator<Item = Option<[u8; N]>>) {
        for value in values {
            hash.update([u8::from(value.is_some())]);
            hash.update(value.unwrap_or([0; N]));
        }
    }
    let AccountStats { followers, listed, verified, created_hours, own } = profiles;
    column(hash, followers.iter().map(|value| value.map(i64::to_le_bytes)));
    column(hash, listed.iter().map(|value| value.map(i64::to_le_bytes)));
    column(hash, verified.iter().map(|value| Some([u8::from(*value)])));
    column(hash, created_hours.iter().map(|value| value.map(u32::to_le_bytes)));
    hash.update((own.len() as u64).to_le_bytes());
    for (name, values) in own {
        text(hash, name);
        column(hash, values.iter().map(|value| value.map(f64::to_le_bytes)));
    }
}

/// Adds posts, by what was found in them: other texts with the same phrases give the same tables.
fn posts(hash: &mut Sha256, posts: &Posts) {
    hash.update((posts.own as u64).to_le_bytes());
    let digest = |run: usize| {
        let mut hash = Sha256::new();
        for post in run..posts.authors.len().min(run + RUN) {
            text(&mut hash, posts.ids.value(post));
            hash.update(posts.authors[post].to_le_bytes());
            hash.update(posts.at_us[post].to_le_bytes());
            hash.update(posts.parents[post].to_le_bytes());
            for hit in posts.hits.of(post) {
                hash.update(hit.phrase.to_le_bytes());
                hash.update([hit.places]);
            }
            // No phrase has this number.
            hash.update(NONE.to_le_bytes());
            posts.tags.of(post).iter().for_each(|tag| hash.update(tag.to_le_bytes()));
            posts.urls.of(post).iter().for_each(|url| text(&mut hash, url));
            hash.update(NONE.to_le_bytes());
        }
        hash.finalize()
    };
    let runs = (0..posts.authors.len()).into_par_iter().step_by(RUN);
    let digests: Vec<_> = runs.map(digest).collect();
    digests.iter().for_each(|digest| hash.update(digest));
    for (spelling, name) in &posts.tag_names {
        text(hash, spelling);
        text(hash, name);
    }
}

/// Interactions, follows or posts that are hashed at once: the hash is over the hashes of runs of so many.
const RUN: usize = 1 << 16;

fn events(hash: &mut Sha256, events: &[Interaction]) {
    hash.update((events.len() as u64).to_le_bytes());
    let digest = |run: &[Interaction]| {
        let mut hash = Sha256::new();
        for event in run {
            let mut bytes = [0_u8; 18];
            let numbers = [event.target, event.actor, event.post, event.age_hours];
            for (to, number) in bytes.chunks_exact_mut(4).zip(numbers) {
                to.copy_from_slice(&number.to_le_bytes());
            }
            bytes[16] = event.kind;
            bytes[17] = event.sentiment as u8;
            hash.update(bytes);
        }
        hash.finalize()
    };
    let digests: Vec<_> = events.par_chunks(RUN).map(digest).collect();
    digests.iter().for_each(|digest| hash.update(digest));
}

fn vouches(hash: &mut Sha256, vouches: &[Endorsement]) {
    hash.update((vouches.len() as u64).to_le_bytes());
    for vouch in vouches {
        hash.update(vouch.receiver.to_le_bytes());
        hash.update(vouch.giver.to_le_bytes());
        text(hash, &vouch.topic);
    }
}

fn follows(hash: &mut Sha256, follows: &[Follow]) {
    hash.update((follows.len() as u64).to_le_bytes());
    let digest = |run: &[Follow]| {
        let mut hash = Sha256::new();
        for follow in run {
            // No follow has been for so many hours.
            let since = follow.since_hours().unwrap_or(NONE);
            for number in [follow.followee, follow.follower, since] {
                hash.update(number.to_le_bytes());
            }
        }
        hash.finalize()
    };
    let digests: Vec<_> = follows.par_chunks(RUN).map(digest).collect();
    digests.iter().for_each(|digest| hash.update(digest));
}
