//! Who reacted to each post.

use rayon::prelude::*;

use super::InteractionRules;
use crate::lists::Lists;
use crate::model::{Interaction, Interactions, PostIndex, Posts, VertexIndex};

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
    let mut reacted: Vec<u64> = interactions.all().par_iter().filter_map(post_and_actor).collect();
    reacted.par_sort_unstable();
    reacted.dedup();
    let pairs = reacted.iter().map(|pair| {
        let post = PostIndex::new((pair >> 32) as usize);
        (post, VertexIndex::new(*pair as u32 as usize))
    });
    Lists::grouped(posts.authors.len(), pairs)
}
