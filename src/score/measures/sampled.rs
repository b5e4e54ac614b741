//! Measures of some vertices at an instant in the past, from interactions that nobody copied.

use rayon::prelude::*;

use super::min_ages::MinAges;
use super::posts::{Responses, count_responses};
use crate::model::{Interaction, People, Trust, VertexIndex, Window};
use crate::reduce::history::{self, HistoryInputs, find_last_acts};
use crate::reduce::{CHUNK_VERTICES, Engagement, InteractionRules, post_reactors_of, received_by};

/// What the measures of some vertices are computed from.
pub struct SampledInputs<'a> {
    /// The vertices, ascending.
    pub vertices: &'a [VertexIndex],
    /// Everybody as of the instant, with interactions with these vertices alone.
    pub people: &'a People,
    /// All interactions of the window.
    pub window: Window<'a>,
    /// All interactions of the history.
    pub history: Window<'a>,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
}

impl SampledInputs<'_> {
    /// The measures `names`, as [`super::RecomputedMeasures`] has them of everybody; one that cannot be computed again is 0.
    /// Lists: names; their lengths: vertices.
    pub fn measure(&self, names: &[&str]) -> Vec<Vec<f64>> {
        let Self { vertices, people, rules, trust, .. } = *self;
        let received = |vertex: &VertexIndex| -> Engagement {
            received_by(*vertex, &people.interactions, rules, trust)
        };
        let engagement: Vec<Engagement> = vertices.par_iter().map(received).collect();
        let inputs = HistoryInputs::of(people, rules, trust);
        let history = inputs.measure_some(vertices, &self.last_acts());
        let responses = self.responses(names);
        let of_name = |name: &&str| -> Vec<f64> {
            if let Some(number) = history::number(name) {
                return history.iter().map(|own| own[number]).collect();
            }
            let value = |(vertex, engagement): (&VertexIndex, &Engagement)| {
                let responses = || responses.as_ref().map(|all| &all[vertex.index()]);
                let of_responses = || responses().and_then(|own| own.measure(name));
                engagement.measure(name).or_else(of_responses).unwrap_or(0.0)
            };
            vertices.iter().zip(&engagement).map(value).collect()
        };
        names.par_iter().map(of_name).collect()
    }

    /// Age of the last reaction of each vertex to anybody, in minutes; the largest number without any. Length: all vertices.
    pub fn last_acts(&self) -> Vec<u32> {
        let vertices = self.people.persons.vertices();
        find_last_acts(&[self.history], self.rules.history(), vertices, 0)
    }

    /// Responses to the posts of the vertices, if there are posts and one of `names` is about them. Length: all vertices.
    fn responses(&self, names: &[&str]) -> Option<Vec<Responses>> {
        let none = Responses::default();
        let needed = names.iter().any(|name| none.measure(name).is_some());
        let posts = self.people.posts.as_ref().filter(|_| needed)?;
        let mut wanted = vec![false; self.people.persons.vertices()];
        self.vertices.iter().for_each(|vertex| wanted[vertex.index()] = true);
        let reactors = post_reactors_of(self.window, posts, self.rules, &wanted);
        let is_wanted = |author: VertexIndex| wanted[author.index()];
        Some(count_responses(posts, &reactors, self.trust, MinAges::default(), is_wanted))
    }
}

/// Vertices that drew a reaction in a window, ascending.
pub fn find_active(
    window: Window<'_>,
    rules: &InteractionRules,
    vertices: usize,
) -> Vec<VertexIndex> {
    let is_reaction =
        |event: &Interaction| rules.is_reaction(event.kind) && window.age_minutes(event).is_some();
    let of_chunk = |start: usize| {
        let targets = start..vertices.min(start + CHUNK_VERTICES);
        let events = window.interactions().of_targets(targets);
        let of_targets = events.chunk_by(|one, other| one.target == other.target);
        let active = of_targets.filter(|own| own.iter().any(is_reaction));
        active.map(|own| own[0].target).collect::<Vec<VertexIndex>>()
    };
    let starts = (0..vertices).into_par_iter().step_by(CHUNK_VERTICES);
    starts.flat_map_iter(of_chunk).collect()
}
