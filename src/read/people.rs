//! Stage 2: accounts joined into persons, and who may not be scored taken out.

use super::Dropped;
use super::census::Census;
use super::events::{EventRows, Events, PostRows, Posts, Rule};
use super::faults::Faults;
use super::members::{members, numbered};
use super::persons::Persons;
use super::snapshot::Snapshot;
use crate::engine::Engine;
use crate::error::Result;
use crate::job::Consent;
use crate::method::Method;

/// Everyone who may be scored, with what they did.
pub struct People {
    /// Who they are.
    pub persons: Persons,
    /// Interactions among them, within the window.
    pub events: Events,
    /// Their posts within 90 days, if the job has posts.
    pub posts: Option<Posts>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
}

/// Joins accounts into persons, applies `consent`, and reads what the rest did.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict themselves, a network
/// name that holds `:`, more accounts than 32-bit numbers, and a window without any interaction.
pub async fn people(
    engine: &Engine,
    snapshot: Snapshot,
    consent: &Consent,
    method: &Method,
    faults: &mut Faults,
) -> Result<People> {
    let mut drops = Vec::new();
    let members = members(engine, &snapshot, consent, &mut drops).await?;
    let mut census = Census::of(&members, consent.rule)?;
    for fault in census.contradictions() {
        faults.meet(fault)?;
    }
    let index = numbered(engine, &members)?;
    let mut posts = None;
    if let Some(input) = &snapshot.posts {
        let read = PostRows::read(engine, input, &index, &census, &mut drops).await;
        posts = faults.pass(read.map_err(|fault| fault.in_table("posts")))?;
    }
    faults.none_so_far()?;
    let rule = Rule { cutoff_us: snapshot.cutoff_us, method };
    let input = &snapshot.interactions;
    let events =
        EventRows::read(input, &rule, &index, posts.as_ref(), &mut census, &mut drops).await?;
    // Only after consent: whether anybody else met may not be told.
    if events.met == 0 {
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
    let (posts, new_posts) = posts.map(|posts| posts.renumber(&vertex_of)).unzip();
    let new_posts = new_posts.unwrap_or_default();
    let events = events.renumber(engine, &vertex_of, &new_posts)?;
    Ok(People { persons, events, posts, drops })
}
