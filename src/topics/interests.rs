//! What people talk about, from their posts alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::context::Context;
use crate::model::PersonIndex;

/// A topic that a person talks about.
#[derive(Clone, Debug, PartialEq)]
pub struct Interest {
    /// The person.
    pub person: PersonIndex,
    /// Index of the topic.
    pub topic: u32,
    /// Share of everything that the person's posts are about, 0 to 1.
    pub share: f64,
    /// The person's posts about it.
    pub posts: i64,
}

/// The topics that each person talks about most, in order of (person, topic); of equals the lower topic. Reposts count: to
/// repost something is to talk about it.
pub(super) fn find_interests(context: &Context<'_>) -> Vec<Interest> {
    let max_interests = context.method.topics.interests as usize;
    let persons = (0..context.people.persons.len()).into_par_iter().map(PersonIndex::new);
    let of_person = |person: PersonIndex| {
        let mut sums: BTreeMap<u32, (u64, i64)> = BTreeMap::new();
        for post in context.posts_of.of(person.index()) {
            for (topic, share) in context.of_posts.of(post.index()) {
                let (sum, posts) = sums.entry(*topic).or_default();
                *sum += u64::from(*share);
                *posts += 1;
            }
        }
        let all: u64 = sums.values().map(|(sum, _)| sum).sum();
        let mut topics: Vec<(u32, (u64, i64))> = sums.into_iter().collect();
        topics.sort_by_key(|(topic, (sum, _))| (Reverse(*sum), *topic));
        topics.truncate(max_interests);
        topics.sort_unstable_by_key(|(topic, _)| *topic);
        topics.into_iter().map(move |(topic, (sum, posts))| Interest {
            person,
            topic,
            share: sum as f64 / all as f64,
            posts,
        })
    };
    persons.flat_map_iter(of_person).collect()
}
