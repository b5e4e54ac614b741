//! One network of a snapshot, with its people numbered from 0.

use crate::model::{
    Interaction, Interactions, NetworkIndex, People, Persons, Posts, Standing, VertexIndex,
};

/// One network of a snapshot, with its people numbered from 0.
pub(super) struct Network {
    /// Its name.
    pub name: String,
    /// Number of its people.
    pub people: usize,
    /// Interactions of the window.
    pub interactions: Interactions,
    /// Older ones, as far as they were read.
    pub earlier: Interactions,
    /// Who is long-standing. Length: people.
    pub standings: Vec<Option<Standing>>,
    /// Who is a seed of trust. Length: people.
    pub seeds: Vec<bool>,
    /// The posts.
    pub posts: Option<Posts>,
}

impl Network {
    /// The network `number`; `standings` and `seeds` have the length of vertices. Memory: a copy of its interactions.
    pub fn cut(
        people: &People,
        number: NetworkIndex,
        standings: &[Option<Standing>],
        seeds: &[bool],
    ) -> Self {
        let persons = &people.persons;
        let range = persons.network(number);
        let moved = |interactions: &Interactions| -> Interactions {
            let here = |vertex: VertexIndex| VertexIndex::new(vertex.index() - range.start);
            let events = interactions.of_targets(range.clone()).iter();
            let rows = events.map(|event| Interaction {
                target: here(event.target),
                actor: here(event.actor),
                ..*event
            });
            rows.collect()
        };
        Self {
            name: persons.networks[number.index()].clone(),
            people: range.len(),
            interactions: moved(&people.interactions),
            earlier: moved(&people.earlier),
            standings: standings[range.clone()].to_vec(),
            seeds: seeds[range.clone()].to_vec(),
            posts: None,
        }
    }

    /// The people and so many new accounts, without names.
    pub fn persons(&self, new: usize) -> Persons {
        Persons::unnamed(self.name.clone(), self.people + new)
    }
}
