//! Measures of the history of reactions: sums that fade with age, without the edge of a window, so that another reaction of
//! any age can only raise them.
//!
//! All times are multiples of the shorter of the horizon and 28 days. Ages are whole minutes and decays whole numbers from a
//! table, so that the same rows give the same bits in any order. Every quantity is measured of all reactors, and of reactors by
//! the credit that each has in the audience of the target: sums are of credit times decay, unions of weeks and days take the
//! largest credit that covers each instant, recency and posts the largest credit times decay; counts of distinct people get
//! `V + .01 (V + .1) U / (U + 10)`, V by credit and U the others, so that people without trusted audience keep an order.

mod names;
mod rules;
mod target;

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

pub use names::{MEASURES, NAMES, number};
pub use rules::{HistoryRules, largest_scale};
pub(crate) use target::TargetReactions;

use super::rules::{CHUNK_VERTICES, InteractionRules};
use crate::model::{
    Interaction, Interactions, NetworkIndex, People, Persons, Trust, VertexIndex, Window,
};

/// What measures of history are computed from.
#[derive(Clone, Copy)]
pub struct HistoryInputs<'a> {
    /// Interactions within the window, and older ones.
    pub interactions: [&'a Interactions; 2],
    /// Whose they are.
    pub persons: &'a Persons,
    /// Minutes of the past that the data of each network cover. Length: networks.
    pub covered_minutes: &'a [u32],
    /// How the past counts.
    pub rules: &'a HistoryRules,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
    /// Interactions count that are at least so many whole hours old.
    pub since_hours: u32,
}

impl<'a> HistoryInputs<'a> {
    /// All interactions of `people`.
    pub fn of(people: &'a People, rules: &'a InteractionRules, trust: &'a Trust) -> Self {
        Self {
            interactions: [&people.interactions, &people.earlier],
            persons: &people.persons,
            covered_minutes: &people.covered_minutes,
            rules: rules.history(),
            trust,
            since_hours: 0,
        }
    }
}

/// Measures of history of every vertex.
#[derive(Default)]
pub struct HistoryMeasures {
    /// Measures, by number, in the order of `columns`.
    numbers: Vec<usize>,
    /// Values of each. Lengths: vertices.
    columns: Vec<Vec<f64>>,
}

impl HistoryMeasures {
    /// The value of a measure for a vertex; `None` if it was not computed.
    pub fn value(&self, name: &str, vertex: VertexIndex) -> Option<f64> {
        let number = number(name)?;
        let column = self.numbers.iter().position(|own| *own == number)?;
        Some(self.columns[column][vertex.index()])
    }

    /// The columns by name.
    pub fn into_columns(self) -> impl Iterator<Item = (&'static str, Vec<f64>)> {
        self.numbers.into_iter().map(|number| NAMES[number]).zip(self.columns)
    }
}

impl HistoryInputs<'_> {
    /// The measures of these `numbers` for every vertex. Work: linear but for sorting the reactions to each target. Memory: 8
    /// bytes a value.
    pub fn measure(&self, numbers: Vec<usize>) -> HistoryMeasures {
        let vertices = self.persons.vertices();
        let mut columns: Vec<Vec<f64>> = numbers.iter().map(|_| vec![0.0; vertices]).collect();
        if numbers.is_empty() {
            return HistoryMeasures { numbers, columns };
        }
        let last_acts = self.last_acts();
        let mut chunks: Vec<Vec<&mut [f64]>> = Vec::new();
        chunks.resize_with(vertices.div_ceil(CHUNK_VERTICES), Vec::new);
        for column in &mut columns {
            chunks
                .iter_mut()
                .zip(column.chunks_mut(CHUNK_VERTICES))
                .for_each(|(chunk, values)| chunk.push(values));
        }
        chunks.par_iter_mut().enumerate().for_each_init(
            TargetReactions::default,
            |reactions, (chunk, columns)| {
                let start = chunk * CHUNK_VERTICES;
                let end = vertices.min(start + CHUNK_VERTICES);
                let mut events = self.interactions.map(|all| all.of_targets(start..end));
                for vertex in start..end {
                    let target = VertexIndex::new(vertex);
                    let own =
                        events.each_mut().map(|events| Interactions::take_target(events, target));
                    let found = self.of_vertex(target, own, reactions, &last_acts);
                    for (number, column) in numbers.iter().zip(columns.iter_mut()) {
                        column[vertex - start] = found[*number];
                    }
                }
            },
        );
        HistoryMeasures { numbers, columns }
    }

    /// All measures of one vertex, by number. Work: linear in the interactions of all, whose last acts are looked for.
    pub fn measure_one(&self, vertex: VertexIndex) -> [f64; MEASURES] {
        let own = self.interactions.map(|all| all.of_target(vertex));
        self.of_vertex(vertex, own, &mut TargetReactions::default(), &self.last_acts())
    }

    /// All measures of some `vertices`, by number; `last_acts` as [`find_last_acts`] finds them. Length: vertices.
    pub fn measure_some(
        &self,
        vertices: &[VertexIndex],
        last_acts: &[u32],
    ) -> Vec<[f64; MEASURES]> {
        let of_vertex = |reactions: &mut TargetReactions, vertex: &VertexIndex| {
            let own = self.interactions.map(|all| all.of_target(*vertex));
            self.of_vertex(*vertex, own, reactions, last_acts)
        };
        vertices.par_iter().map_init(TargetReactions::default, of_vertex).collect()
    }

    fn of_vertex(
        &self,
        vertex: VertexIndex,
        own: [&[Interaction]; 2],
        reactions: &mut TargetReactions,
        last_acts: &[u32],
    ) -> [f64; MEASURES] {
        let ages = self.ages();
        for event in own.into_iter().flatten() {
            if self.rules.is_reaction(event.kind) && ages.contains(&event.age_minutes) {
                reactions.push(event.actor, event.age_minutes, event.post);
            }
        }
        let factors = self.factors(self.persons.network_of(vertex));
        reactions.measure(self.rules, &factors, self.trust.audience(vertex), last_acts)
    }

    /// What the quantities are multiplied by on a network.
    fn factors(&self, network: NetworkIndex) -> [f64; names::QUANTITIES] {
        self.rules.factors(self.covered_minutes[network.index()])
    }

    fn ages(&self) -> std::ops::Range<u32> {
        self.since_hours.saturating_mul(60)..self.rules.history_minutes
    }

    /// Age of the last reaction of each vertex to anybody, in minutes; the largest number without any. Length: vertices.
    pub(crate) fn last_acts(&self) -> Vec<u32> {
        let windows = self.interactions.map(|all| all.window(0, u32::MAX));
        find_last_acts(&windows, self.rules, self.persons.vertices(), self.since_hours)
    }
}

/// Age of the last reaction of each vertex to anybody, in minutes, of those that are at least `since_hours` old; the largest number
/// without any. Length: vertices.
pub fn find_last_acts(
    windows: &[Window<'_>],
    rules: &HistoryRules,
    vertices: usize,
    since_hours: u32,
) -> Vec<u32> {
    let last: Vec<AtomicU32> = (0..vertices).map(|_| AtomicU32::new(u32::MAX)).collect();
    let ages = since_hours.saturating_mul(60)..rules.history_minutes;
    for window in windows {
        window.interactions().all().par_iter().for_each(|event| {
            let Some(age) = window.age_minutes(event).filter(|age| ages.contains(age)) else {
                return;
            };
            let own = &last[event.actor.index()];
            // Most events are not the last one: reading is cheaper than writing.
            if rules.is_reaction(event.kind) && own.load(Ordering::Relaxed) > age {
                own.fetch_min(age, Ordering::Relaxed);
            }
        });
    }
    last.into_iter().map(AtomicU32::into_inner).collect()
}
