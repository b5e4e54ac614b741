//! Stage 2: accounts joined into persons, and who may not be scored taken out.

use std::sync::Arc;

use super::Dropped;
use super::census::Census;
use super::events::{EventRows, Events, Read};
use super::faults::Faults;
use super::ids::Ids;
use super::members::members;
use super::persons::Persons;
use super::posts::{PostRows, Posts};
use super::profiles::Profiles;
use super::refusals::{Refusals, refusals};
use super::snapshot::Snapshot;
use super::vouches::{Vouch, vouches};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Consent;
use crate::method::Method;
use crate::phrases::Vocabulary;

/// Everyone who may be scored, with what they did.
pub struct People {
    /// Who they are.
    pub persons: Persons,
    /// Interactions among them, within the window.
    pub events: Events,
    /// What their accounts state in numbers.
    pub profiles: Profiles,
    /// Their posts within the window, if the job has posts.
    pub posts: Option<Posts>,
    /// Topics that they refuse.
    pub refusals: Refusals,
    /// Who of them vouched for whom.
    pub vouches: Vec<Vouch>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
}

/// Joins accounts into persons, applies `consent`, and reads what the rest did.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict themselves, a network
/// name that holds `:`, more accounts than 32-bit numbers, numbers of accounts whose sum is out of range, and a
/// window without any interaction.
pub async fn people(
    engine: &Engine,
    snapshot: Snapshot,
    consent: &Consent,
    method: &Method,
    vocabulary: &Arc<Vocabulary>,
    faults: &mut Faults,
) -> Result<People> {
    let mut drops = Vec::new();
    let ids = Arc::new(Ids::default());
    let mut posts = None;
    if let Some(input) = &snapshot.posts {
        let read_posts = PostRows::read(input, vocabulary, &ids).await;
        posts = Some(read_posts.map_err(|fault| fault.in_table("posts"))?);
    }
    let events = EventRows::read(&snapshot.interactions, method, &ids).await?;
    let ids = Arc::into_inner(ids).ok_or_else(|| Error::internal("ids are still read"))?;
    let mut read = Read::new(ids, posts, events)?;
    let members = members(engine, &snapshot, consent, read.accounts.clone(), &mut drops).await?;
    let mut census = Census::of(&members, consent.rule)?;
    for fault in census.contradictions() {
        faults.meet(fault)?;
    }
    let row_of = read.rows_of(&members)?;
    let posts = read.known_posts(&row_of, &census, &mut drops);
    let posts = faults.pass(posts.map_err(|fault| fault.in_table("posts")))?.flatten();
    faults.none_so_far()?;
    let (among, met) = read.among(row_of, &mut census, &mut drops);
    // Only after consent: whether anybody else met may not be told.
    if met == 0 {
        faults.meet(snapshot.without_interactions(method))?;
    }
    let (refused, absent) = census.left_out();
    drops.push(Dropped::suppressed("accounts", "may not be scored", refused));
    drops.push(Dropped::suppressed("accounts", "appear beside nobody who may be scored", absent));
    if snapshot.accounts.is_some() {
        let rule = "accounts that interactions name and `accounts` lacks, scored all the same";
        drops.push(Dropped::exact("interactions", rule, census.unlisted()));
    }
    // Only now is it known who appears, and each account gets the number of its vertex.
    let (persons, vertex_of) = census.number();
    let refusals = refusals(engine, snapshot.consent.as_ref(), &persons).await?;
    let vouches = vouches(engine, &snapshot, &persons, vocabulary, method, &mut drops).await?;
    let vertices = persons.vertices();
    let cutoff_us = snapshot.cutoff_us;
    let profiles = Profiles::of(&members, &vertex_of, vertices, cutoff_us, &mut drops);
    let profiles = profiles.map_err(|fault| faults.end(vec![fault]))?;
    let (events, posts) = among.with_vertices(posts, &vertex_of, vertices, cutoff_us, &mut drops);
    Ok(People { persons, profiles, events, posts, refusals, vouches, drops })
}
