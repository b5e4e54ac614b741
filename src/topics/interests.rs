//! What people talk about, from their posts alone.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::inputs::TopicInputs;

/// What somebody talks about.
#[derive(Clone, Debug, PartialEq)]
pub struct Interest {
    /// Number of the person.
    pub person: u32,
    /// Index into the topics.
    pub topic: u32,
    /// Share of all that the person's posts are about, 0 to 1.
    pub share: f64,
    /// The person's posts about it.
    pub posts: i64,
}

/// The topics that each person talks about most, in order of (person, topic): of equals the lower topic.
/// Reposts count: to pass something on is to talk about it.
pub(super) fn interests(inputs: &TopicInputs<'_>) -> Vec<Interest> {
    let most = inputs.method.topics.interests as usize;
    let persons = 0..inputs.people.persons.len() as u32;
    let of_person = |person: u32| {
        let mut sums: BTreeMap<u32, (u64, i64)> = BTreeMap::new();
        for post in inputs.posts_of.of(person as usize) {
            for (topic, share) in inputs.of_posts.of(*post as usize) {
                let (sum, posts) = sums.entry(*topic).or_default();
                *sum += u64::from(*share);
                *posts += 1;
            }
        }
        let all: u64 = sums.values().map(|(sum, _)| sum).sum();
        let mut own: Vec<(u32, (u64, i64))> = sums.into_iter().collect();
        own.sort_by_key(|(topic, (sum, _))| (std::cmp::Reverse(*sum), *topic));
        own.truncate(most);
        own.sort_unstable_by_key(|(topic, _)| *topic);
        own.into_iter().map(move |(topic, (sum, posts))| Interest {
            person,
            topic,
            share: sum as f64 / all as f64,
            posts,
        })
    };
    persons.into_par_iter().flat_map_iter(of_person).collect()
}
