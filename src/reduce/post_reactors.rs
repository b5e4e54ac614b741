//! Who reacted to each post.

use rayon::prelude::*;

use super::InteractionRules;
use crate::lists::Lists;
use crate::model::{Interaction, Interactions, PostIndex, Posts, VertexIndex, Window};

/// The distinct vertices other than the author that reacted to each post at least `since_hours` ago, ascending. Lists:
/// posts. Work: one sort of the reactions that name a post. Memory: 8 bytes each.
pub fn post_reactors(
    interactions: &Interactions,
    posts: &Posts,
    rules: &InteractionRules,
    since_hours: u32,
) -> Lists<VertexIndex> {
    let post_and_actor = |event: &Interaction| {
        let post = event.post.get()?;
        let is_counted = event.age_hours() >= since_hours
            && rules.is_reaction(event.kind)
            && posts.author(post) != event.actor;
        let (post, actor) = (u32::from(post), u32::from(event.actor));
        is_counted.then_some(u64::from(post) << 32 | u64::from(actor))
    };
    group_by_post(interactions.all().par_iter().filter_map(post_and_actor).collect(), posts)
}

/// As [`post_reactors`], of the interactions of a window with posts of the authors that are `wanted` (length: vertices); other posts
/// have none.
pub fn post_reactors_of(
    window: Window<'_>,
    posts: &Posts,
    rules: &InteractionRules,
    wanted: &[bool],
) -> Lists<VertexIndex> {
    let post_and_actor = |event: &Interaction| {
        let post = event.post.get()?;
        let is_counted = rules.is_reaction(event.kind) && window.age_minutes(event).is_some();
        let author = is_counted.then(|| posts.author(post))?;
        let (post, actor) = (u32::from(post), u32::from(event.actor));
        (wanted[author.index()] && author != event.actor)
            .then_some(u64::from(post) << 32 | u64::from(actor))
    };
    let events = window.interactions().all().par_iter();
    group_by_post(events.filter_map(post_and_actor).collect(), posts)
}

/// Posts with their reactors, as one number each.
fn group_by_post(mut reacted: Vec<u64>, posts: &Posts) -> Lists<VertexIndex> {
    reacted.par_sort_unstable();
    reacted.dedup();
    let pairs = reacted.iter().map(|pair| {
        let post = PostIndex::new((pair >> 32) as usize);
        (post, VertexIndex::new(*pair as u32 as usize))
    });
    Lists::grouped(posts.authors.len(), pairs)
}
