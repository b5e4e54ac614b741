//! What the steps of the stage share.

use renown_graph::numbering::NONE;

use super::attribution::Share;
use crate::lists::Lists;
use crate::method::Method;
use crate::model::{Interaction, People, Posts};
use crate::propagate::Trust;
use crate::reduce::InteractionRules;

/// What every step is computed from.
pub(super) struct TopicInputs<'a> {
    pub(super) people: &'a People,
    pub(super) posts: &'a Posts,
    pub(super) of_posts: &'a Lists<Share>,
    pub(super) reactors: &'a Lists<u32>,
    pub(super) method: &'a Method,
    pub(super) rules: &'a InteractionRules,
    /// Whose attention counts.
    pub(super) trust: &'a Trust,
    /// Posts of each person, ascending.
    pub(super) posts_of: Lists<u32>,
    /// Vertices of each person, ascending.
    pub(super) vertices_of: Lists<u32>,
    /// Who endorsed for each person, as (topic, giver), in order.
    pub(super) endorsed: Lists<(u32, u32)>,
}

impl TopicInputs<'_> {
    /// The person of a vertex.
    pub(super) fn person(&self, vertex: u32) -> u32 {
        self.people.persons.vertex_persons[vertex as usize]
    }

    /// Hours before the cutoff that evidence may be old.
    pub(super) fn evidence_hours(&self) -> f64 {
        let half_life = f64::from(self.method.attention.half_life_hours);
        self.method.topics.evidence.half_lives * half_life
    }

    /// What an interaction with a target's post is about; one with no post, or with somebody else's, is about nothing.
    pub(super) fn about(&self, event: &Interaction) -> &[Share] {
        let post = event.post as usize;
        let of_target = event.post != NONE && self.posts.authors[post] == event.target;
        if of_target { self.of_posts.of(post) } else { &[] }
    }

    /// The share of a post that is about a topic, in [`WHOLE`]ths; 0 if it is not.
    pub(super) fn share(&self, post: u32, topic: u32) -> u32 {
        let topics = self.of_posts.of(post as usize);
        topics.binary_search_by_key(&topic, |(topic, _)| *topic).map_or(0, |at| topics[at].1)
    }
}
