//! Who reacted to each post.

use rayon::prelude::*;

use super::InteractionRules;
use crate::lists::Lists;
use crate::model::{Interaction, Interactions, Posts};
use renown_graph::numbering::NONE;

/// The distinct vertices other than the author that reacted to each post at least `since_hours` ago, ascending. Lists:
/// posts. Work: one sort of the reactions that name a post. Memory: 8 bytes each.
pub fn post_reactors(
    interactions: &Interactions,
    posts: &Posts,
    rules: &InteractionRules,
    since_hours: u32,
) -> Lists<u32> {
    let is_counted = |event: &&Interaction| {
        event.post != NONE
            && event.age_hours >= since_hours
            && rules.is_reaction(event.kind)
            && posts.authors[event.post as usize] != event.actor
    };
    let post_and_actor = |event: &Interaction| u64::from(event.post) << 32 | u64::from(event.actor);
    let mut reacted: Vec<u64> =
        interactions.all().par_iter().filter(is_counted).map(post_and_actor).collect();
    reacted.par_sort_unstable();
    reacted.dedup();
    let pairs = reacted.iter().map(|pair| ((pair >> 32) as u32, *pair as u32));
    Lists::grouped(posts.authors.len(), pairs)
}
