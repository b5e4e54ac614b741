//! The newest event of each input, and of each network in it, among eligible people.

use rayon::prelude::*;

use super::indices::VertexIndex;
use super::persons::Persons;

/// Spans before the newest event of a network that show whether it has events all the time.
const SPANS: u32 = 7;

/// The newest event of a network in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkEvents {
    /// Name of the network.
    pub network: String,
    /// Whole hours from its newest event to the last instant before the cutoff.
    pub newest: u32,
    /// Whether it has an event in each of the seven spans of the hours asked for that end with the newest.
    pub is_steady: bool,
}

impl NetworkEvents {
    /// Of each network with `events`: a vertex, and whole hours before the cutoff.
    pub(super) fn of_each(
        persons: &Persons,
        span_hours: u32,
        events: impl ParallelIterator<Item = (VertexIndex, u32)> + Clone,
    ) -> Vec<Self> {
        let networks = persons.networks.len();
        let events = events.map(|(vertex, hours)| (persons.network_of(vertex).index(), hours));
        let merged = |merge: fn(u32, u32) -> u32| {
            move |mut all: Vec<u32>, others: Vec<u32>| {
                all.iter_mut().zip(others).for_each(|(one, other)| *one = merge(*one, other));
                all
            }
        };
        let nothing = |first: u32| move || vec![first; networks];
        let newest = events.clone().fold(nothing(u32::MAX), |mut newest, (network, hours)| {
            newest[network] = newest[network].min(hours);
            newest
        });
        let newest = newest.reduce(nothing(u32::MAX), merged(u32::min));
        let spans = events.fold(nothing(0), |mut spans, (network, hours)| {
            let span = (hours - newest[network]) / span_hours.max(1);
            spans[network] |= 1_u32.checked_shl(span).unwrap_or(0);
            spans
        });
        let spans = spans.reduce(nothing(0), merged(|one, other| one | other));
        let all = persons.networks.iter().zip(newest.into_iter().zip(spans));
        all.filter(|(_, (newest, _))| *newest < u32::MAX)
            .map(|(network, (newest, spans))| Self {
                network: network.clone(),
                newest,
                is_steady: spans.trailing_ones() >= SPANS,
            })
            .collect()
    }
}

/// Whole hours from the newest event of each input to the last instant before the cutoff. Events that involve an ineligible
/// person do not count. `None` where no time of an event is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewestEvents {
    /// Of `interactions`.
    pub interactions: Option<u32>,
    /// Of `posts`.
    pub posts: Option<u32>,
    /// Of `endorsements`.
    pub endorsements: Option<u32>,
    /// Of `follows`: the latest start.
    pub follows: Option<u32>,
}

impl NewestEvents {
    /// The inputs with their newest events.
    pub fn by_input(&self) -> [(&'static str, Option<u32>); 4] {
        let Self { interactions, posts, endorsements, follows } = *self;
        [
            ("interactions", interactions),
            ("posts", posts),
            ("endorsements", endorsements),
            ("follows", follows),
        ]
    }
}
