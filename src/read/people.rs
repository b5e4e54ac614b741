//! Stage 2: accounts joined into persons, and who may not be scored taken out.

use std::sync::Arc;

use super::account_stats::account_stats;
use super::accounts::members;
use super::eligibility::Eligibility;
use super::endorsements::endorsements;
use super::follows::FollowRows;
use super::ids::Ids;
use super::interactions::{InteractionRows, Read};
use super::posts::PostRows;
use super::refusals::refusals;
use super::snapshot::Snapshot;
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::Consent;
use crate::method::Method;
use crate::model::{Dropped, People};
use crate::phrases::Vocabulary;

/// Joins accounts into persons, applies `consent`, and reads what the rest did.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for accounts or identities that contradict themselves, a network
/// name that holds `:`, more accounts than 32-bit numbers, numbers of accounts whose sum is out of range, and a
/// window without any interaction where nobody follows anybody either.
pub async fn people(
    engine: &Engine,
    snapshot: Snapshot,
    consent: &Consent,
    method: &Method,
    vocabulary: &Arc<Vocabulary>,
    violations: &mut Violations,
) -> Result<People> {
    let mut drops = Vec::new();
    let mut read = over_numbers(&snapshot, method, vocabulary).await?;
    let members = members(engine, &snapshot, consent, read.accounts.clone(), &mut drops).await?;
    let census = Eligibility::of(&members, consent.rule)?;
    for violation in census.contradictions(snapshot.meetings()) {
        violations.report(violation)?;
    }
    let row_of = read.rows_of(&members)?;
    let posts = read.known_posts(&row_of, &census, &mut drops);
    let posts = violations.keep(posts.map_err(|violation| violation.in_table("posts")))?.flatten();
    violations.stop_if_any()?;
    let follows = read.follows.take().map(|rows| rows.among(&row_of, &census, &mut drops));
    let (follows, followed) = follows.unzip();
    let (among, met) = read.among(&row_of, &census, &mut drops);
    // Only after consent: whether anybody else met may not be told.
    let meetings = snapshot.interactions.is_some() || snapshot.follows.is_some();
    if meetings && met + followed.unwrap_or_default() == 0 {
        violations.report(snapshot.without_meetings(method))?;
    }
    let (refused, absent) = census.left_out();
    drops.push(Dropped::suppressed("accounts", "may not be scored", refused));
    drops.push(Dropped::suppressed("accounts", "appear beside nobody who may be scored", absent));
    if snapshot.accounts.is_some() {
        let both = snapshot.interactions.is_some() && snapshot.follows.is_some();
        let meetings = if both { "interactions or follows" } else { snapshot.meetings() };
        let rule =
            format!("accounts that {meetings} name and `accounts` lacks, scored all the same");
        drops.push(Dropped::exact(snapshot.meetings(), &rule, census.unlisted()));
    }
    // Only now is it known who appears, and each account gets the number of its vertex.
    let (persons, vertex_of) = census.number();
    let refusals = refusals(engine, snapshot.consent.as_ref(), &persons).await?;
    let endorsements =
        endorsements(engine, &snapshot, &persons, vocabulary, method, &mut drops).await?;
    let vertices = persons.vertices();
    let cutoff_us = snapshot.cutoff_us;
    let account_stats = account_stats(&members, &vertex_of, vertices, cutoff_us, &mut drops);
    let account_stats = account_stats.map_err(|violation| violations.fail(vec![violation]))?;
    let (interactions, posts) =
        among.with_vertices(posts, &vertex_of, vertices, cutoff_us, &mut drops);
    let follows = follows.map(|follows| follows.with_vertices(&vertex_of, &mut drops));
    Ok(People {
        persons,
        account_stats,
        interactions,
        follows,
        posts,
        refusals,
        endorsements,
        drops,
    })
}

/// Whatever names accounts, over numbers.
async fn over_numbers(
    snapshot: &Snapshot,
    method: &Method,
    vocabulary: &Arc<Vocabulary>,
) -> Result<Read> {
    let ids = Arc::new(Ids::default());
    let mut posts = None;
    if let Some(input) = &snapshot.posts {
        let read_posts = PostRows::read(input, vocabulary, &ids).await;
        posts = Some(read_posts.map_err(|violation| violation.in_table("posts"))?);
    }
    let mut events = InteractionRows::default();
    if let Some(input) = &snapshot.interactions {
        events = InteractionRows::read(input, method, &ids).await?;
    }
    let mut follows = None;
    if let Some(input) = &snapshot.follows {
        let read_follows = FollowRows::read(input, snapshot.cutoff_us, &ids).await;
        follows = Some(read_follows.map_err(|violation| violation.in_table("follows"))?);
    }
    let ids = Arc::into_inner(ids).ok_or_else(|| Error::internal("ids are still read"))?;
    Read::new(ids, posts, events, follows)
}
