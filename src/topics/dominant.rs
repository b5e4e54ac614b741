//! The topic that the attention of one person to another is mostly about.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::attribution::{TopicShare, part_of_weight};
use crate::lists::Lists;
use crate::model::Interaction;
use crate::reduce::InteractionRules;

/// The topic of an actor's interactions with a target: more than half of their weight is of posts about it. Of several such
/// topics the one with the largest share of these posts, and of equals the lower.
pub(crate) fn dominant_topic(
    of_pair: &[Interaction],
    of_posts: &Lists<TopicShare>,
    rules: &InteractionRules,
) -> Option<u32> {
    // Weight of the posts about each topic, and the topic's share of it.
    let (mut all, mut topics): (i64, BTreeMap<u32, (i64, i64)>) = (0, BTreeMap::new());
    for interaction in of_pair {
        let weight = rules.weight(interaction.kind, interaction.age_hours());
        all += weight;
        if let Some(post) = interaction.post.get() {
            for (topic, share) in of_posts.of(post.index()) {
                let (of_posts, of_topic) = topics.entry(*topic).or_default();
                *of_posts += weight;
                *of_topic += part_of_weight(weight, *share);
            }
        }
    }
    let mostly = topics.into_iter().filter(|(_, (of_posts, _))| *of_posts > all / 2);
    let heaviest = mostly.max_by_key(|(topic, (_, share))| (*share, Reverse(*topic)));
    heaviest.map(|(topic, _)| topic)
}
