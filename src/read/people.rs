//! Stage 2: accounts joined into persons, and who may not be scored taken out.

use super::Drop;
use super::census::census;
use super::events::{self, Events, Posts};
use super::members::members;
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
    pub drops: Vec<Drop>,
}

/// Joins accounts into persons, applies `consent`, and reads what the rest did.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict themselves, a network
/// name that holds `:`, and for more persons than 32-bit ids can number.
pub async fn people(
    engine: &Engine,
    snapshot: Snapshot,
    consent: &Consent,
    method: &Method,
) -> Result<People> {
    let mut drops = Vec::new();
    let members = members(engine, &snapshot, consent, &mut drops).await?;
    let (persons, removed) = census(&members, consent.rule)?;
    drops.push(Drop::suppressed("accounts", "may not be scored", removed));
    let vertices = engine.frame(vec![persons.vertex_of_accounts()?])?;
    let mut posts = None;
    if let Some(input) = &snapshot.posts {
        posts = Some(events::posts(engine, input, &vertices, &mut drops).await?);
    }
    let rule = events::Rule { cutoff_us: snapshot.cutoff_us, method };
    let events = events::events(
        engine,
        &snapshot.interactions,
        &rule,
        &vertices,
        posts.as_ref(),
        &mut drops,
    )
    .await?;
    Ok(People { persons, events, posts, drops })
}
