//! Who reacted to which post.

use rayon::prelude::*;

use super::attention::Rules;
use crate::lists::Lists;
use crate::model::{Interaction, Interactions, Posts};
use renown_graph::numbering::NONE;

/// The distinct vertices other than the author that reacted to each post, at least `since_hours` ago, ascending. Lists: posts. Work is that
/// of one sort of the reactions that name a post, memory 8 bytes each.
pub fn reactors(
    events: &Interactions,
    posts: &Posts,
    rules: &Rules,
    since_hours: u32,
) -> Lists<u32> {
    let counts = |event: &&Interaction| {
        event.post != NONE
            && event.age_hours >= since_hours
            && rules.is_reaction(event.kind)
            && posts.authors[event.post as usize] != event.actor
    };
    let reacted = |event: &Interaction| u64::from(event.post) << 32 | u64::from(event.actor);
    let mut reacted: Vec<u64> = events.all().par_iter().filter(counts).map(reacted).collect();
    reacted.par_sort_unstable();
    reacted.dedup();
    let pairs = reacted.iter().map(|pair| ((pair >> 32) as u32, *pair as u32));
    Lists::grouped(posts.authors.len(), pairs)
}
