//! The identity of a run: a hash of all that can reach its tables.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, LargeStringArray, RecordBatch};
use arrow::datatypes::{Int32Type, UInt8Type, UInt32Type};
use chrono::NaiveDate;
use futures::TryStreamExt;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::hex;
use crate::read::{Events, People, Persons};

/// Hex digits of a run id: 128 bits.
const LENGTH: usize = 32;

/// Hash of the rows left after consent, of what in the job can change a table, of the method and of
/// the version of Renown. Where the rows came from and in which order does not count.
///
/// # Errors
/// As [`Error::engine`] if the engine fails over data in memory.
pub async fn run_id(people: &People, job: &Job, day: NaiveDate) -> Result<String> {
    let mut hash = Sha256::new();
    settings(&mut hash, job, day)?;
    persons(&mut hash, &people.persons);
    let authors = people.posts.as_ref().map_or(&[][..], |posts| &posts.authors);
    text(&mut hash, if people.posts.is_some() { "posts" } else { "no posts" });
    for author in authors {
        hash.update(author.to_le_bytes());
    }
    let (rows, sum) = events(&people.events).await?;
    hash.update(rows.to_le_bytes());
    hash.update(sum.to_le_bytes());
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
    let rest = (sources, &job.inputs, &job.kinds);
    text(&mut hash, &serde_json::to_string(&rest).map_err(Error::internal)?);
    Ok(hex(&hash.finalize()))
}

/// Adds what can change a table whatever the rows are.
fn settings(hash: &mut Sha256, job: &Job, day: NaiveDate) -> Result<()> {
    let settings =
        (env!("CARGO_PKG_VERSION"), day, &job.name, &job.consent, &job.influence, &job.method);
    text(hash, &serde_json::to_string(&settings).map_err(Error::internal)?);
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

/// Number of events, and the sum of their hashes: a sum, since they come in no order.
async fn events(events: &Events) -> Result<(u64, u128)> {
    let what = "hashing the interactions";
    let frame = events.frame.clone();
    let mut stream = frame.execute_stream().await.map_err(|e| Error::engine(what, &e))?;
    let (mut rows, mut sum) = (0_u64, 0_u128);
    while let Some(batch) = stream.try_next().await.map_err(|e| Error::engine(what, &e))? {
        rows += batch.num_rows() as u64;
        sum = sum.wrapping_add(tokio::task::block_in_place(|| batch_sum(&batch)));
    }
    Ok((rows, sum))
}

fn batch_sum(batch: &RecordBatch) -> u128 {
    let actor = batch["actor"].as_primitive::<UInt32Type>();
    let target = batch["target"].as_primitive::<UInt32Type>();
    let post = batch["post"].as_primitive::<UInt32Type>();
    let age = batch["age_hours"].as_primitive::<Int32Type>();
    let kind = batch["kind"].as_primitive::<UInt8Type>();
    let negative = batch["negative"].as_boolean();
    let row_hash = |row: usize| {
        let mut bytes = [0_u8; 18];
        bytes[0..4].copy_from_slice(&actor.value(row).to_le_bytes());
        bytes[4..8].copy_from_slice(&target.value(row).to_le_bytes());
        let post = if post.is_valid(row) { post.value(row) } else { u32::MAX };
        bytes[8..12].copy_from_slice(&post.to_le_bytes());
        bytes[12..16].copy_from_slice(&age.value(row).to_le_bytes());
        bytes[16] = kind.value(row);
        bytes[17] = if negative.is_null(row) { 2 } else { u8::from(negative.value(row)) };
        let digest = Sha256::digest(bytes);
        digest.iter().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte))
    };
    (0..batch.num_rows()).into_par_iter().map(row_hash).reduce(|| 0, u128::wrapping_add)
}
