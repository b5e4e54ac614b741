//! What was done to each vertex, and what it did: the counts that measures are made of.
//!
//! Interactions come in order of (target, actor), so each actor of a target is met once. Counts are kept twice: of
//! everybody, and of the trusted alone.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

use rayon::prelude::*;

use super::attention::{CHUNK, Rules};
use crate::method::MEASURE_HOURS;
use crate::model::{Interaction, Interactions, Persons, Sentiment};

/// Sums over the people who did anything to a vertex.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// People who reacted within 7 days.
    pub reactors_7d: i64,
    /// People who reacted within 30 days.
    pub reactors_30d: i64,
    /// People who reacted within 90 days.
    pub reactors_90d: i64,
    /// People who reacted within the method's window, and within 90 days at least.
    pub reactors_window: i64,
    /// Σ over these of the decay `2^(−age/h)` of their latest reaction, in units of
    /// [`ONE`](super::attention::ONE).
    pub decayed: i64,
    /// Reactions within 30 days.
    pub reactions_30d: i64,
    /// Reactions within 90 days.
    pub reactions_90d: i64,
    /// People who did anything within 90 days.
    pub audience_90d: i64,
}

/// What was done to a vertex, and what it did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// Of everybody.
    pub all: Counts,
    /// Of the trusted.
    pub trusted: Counts,
    /// Σ of the squares of each person's reactions within 90 days; exact below 2^53.
    pub squares: f64,
    /// Reactions within 90 days of the person who reacted most.
    pub most: i64,
    /// Those of the audience of 90 days to whom the vertex did anything within 90 days.
    pub mutual: i64,
    /// Reactions within 90 days whose sentiment is known.
    pub sentiment_known: i64,
    /// Reactions within 90 days whose sentiment is below zero.
    pub negative: i64,
    /// Hours from the first to the last reaction within 90 days.
    pub reaction_hours: i64,
    /// Σ of the squares of the hours between one of them and the next; exact below 2^53.
    pub gap_squares: f64,
    /// What the vertex did to others within 90 days.
    pub interactions_made_90d: i64,
    /// To how many people.
    pub people_engaged_90d: i64,
}

/// Adds up, for each vertex, the interactions that are at least `since_hours` old. `trusted` says whose count as
/// such. Length of both: vertices.
pub fn received(
    events: &Interactions,
    persons: &Persons,
    rules: &Rules,
    trusted: &[bool],
    since_hours: u32,
) -> Vec<Received> {
    let made = |_| (AtomicI64::new(0), AtomicI64::new(0));
    let made: Vec<(AtomicI64, AtomicI64)> = (0..persons.vertices()).map(made).collect();
    let starts = (0..persons.vertices()).into_par_iter().step_by(CHUNK);
    let chunks: Vec<Chunk> = starts
        .map(|start| {
            let vertices = start..persons.vertices().min(start + CHUNK);
            chunk(events.of_targets(vertices.clone()), vertices, rules, trusted, since_hours, &made)
        })
        .collect();
    let (mut received, mut recent) = (Vec::with_capacity(persons.vertices()), Vec::new());
    for (of_chunk, pairs) in chunks {
        received.extend(of_chunk);
        recent.extend(pairs);
    }
    for (received, (interactions, people)) in received.iter_mut().zip(made) {
        received.interactions_made_90d = interactions.into_inner();
        received.people_engaged_90d = people.into_inner();
    }
    count_mutual(&recent, &mut received);
    received
}

/// What was done to some vertices, and the (target, actor) of the pairs within 90 days.
type Chunk = (Vec<Received>, Vec<(u32, u32)>);

fn chunk(
    events: &[Interaction],
    vertices: Range<usize>,
    rules: &Rules,
    trusted: &[bool],
    since_hours: u32,
    made: &[(AtomicI64, AtomicI64)],
) -> Chunk {
    let (mut all, mut recent) = (vec![Received::default(); vertices.len()], Vec::new());
    let mut ages = Vec::new();
    for of_target in events.chunk_by(|one, other| one.target == other.target) {
        let received = &mut all[of_target[0].target as usize - vertices.start];
        for of_pair in of_target.chunk_by(Interaction::same_pair) {
            let Interaction { target, actor, .. } = of_pair[0];
            let old = of_pair.iter().filter(|event| event.age_hours >= since_hours);
            let interactions_90d = received.add(old, rules, trusted[actor as usize]);
            if interactions_90d > 0 {
                recent.push((target, actor));
                let (interactions, people) = &made[actor as usize];
                interactions.fetch_add(interactions_90d, Ordering::Relaxed);
                people.fetch_add(1, Ordering::Relaxed);
            }
        }
        let counts = |event: &&Interaction| {
            rules.is_reaction(event.kind) && (since_hours..MEASURE_HOURS).contains(&event.age_hours)
        };
        ages.clear();
        ages.extend(of_target.iter().filter(counts).map(|event| event.age_hours));
        received.gaps(&mut ages);
    }
    (all, recent)
}

impl Received {
    /// Adds the interactions of one actor; gives how many of them lie within 90 days.
    pub(crate) fn add<'a>(
        &mut self,
        of_pair: impl Iterator<Item = &'a Interaction>,
        rules: &Rules,
        trusted: bool,
    ) -> i64 {
        let mut pair = Pair::default();
        for event in of_pair {
            let recent = event.age_hours < MEASURE_HOURS;
            pair.interactions_90d += i64::from(recent);
            if rules.is_reaction(event.kind) {
                pair.react(event.age_hours);
                if recent {
                    self.sentiment_known += i64::from(event.sentiment != Sentiment::Unknown);
                    self.negative += i64::from(event.sentiment == Sentiment::Negative);
                }
            }
        }
        let decay = pair.youngest.map_or(0, |age| rules.decay(age));
        self.all.add(&pair, decay);
        if trusted {
            self.trusted.add(&pair, decay);
        }
        self.squares += (pair.reactions_90d as f64) * (pair.reactions_90d as f64);
        self.most = self.most.max(pair.reactions_90d);
        pair.interactions_90d
    }

    /// Notes how unevenly reactions of these ages come.
    fn gaps(&mut self, ages: &mut [u32]) {
        ages.sort_unstable();
        let gaps = ages.windows(2).map(|two| f64::from(two[1] - two[0]));
        self.gap_squares = gaps.fold(0.0, |sum, gap| sum + gap * gap);
        if let (Some(youngest), Some(oldest)) = (ages.first(), ages.last()) {
            self.reaction_hours = i64::from(oldest - youngest);
        }
    }
}

/// Sums over the interactions of one actor with one target.
#[derive(Default)]
struct Pair {
    interactions_90d: i64,
    reactions_7d: i64,
    reactions_30d: i64,
    reactions_90d: i64,
    /// Age of the latest reaction.
    youngest: Option<u32>,
}

impl Pair {
    fn react(&mut self, age_hours: u32) {
        let younger = |days: u32| i64::from(age_hours < days * 24);
        self.reactions_7d += younger(7);
        self.reactions_30d += younger(30);
        self.reactions_90d += younger(90);
        self.youngest = Some(self.youngest.map_or(age_hours, |age| age.min(age_hours)));
    }
}

impl Counts {
    fn add(&mut self, pair: &Pair, decay: i64) {
        self.reactors_7d += pair.reactions_7d.min(1);
        self.reactors_30d += pair.reactions_30d.min(1);
        self.reactors_90d += pair.reactions_90d.min(1);
        self.reactors_window += i64::from(pair.youngest.is_some());
        self.decayed += decay;
        self.reactions_30d += pair.reactions_30d;
        self.reactions_90d += pair.reactions_90d;
        self.audience_90d += pair.interactions_90d.min(1);
    }
}

/// Counts the pairs that go both ways. `pairs` are (target, actor), in order.
fn count_mutual(pairs: &[(u32, u32)], received: &mut [Received]) {
    let starts = |of: &dyn Fn(&(u32, u32)) -> u32| {
        let mut starts = vec![0_usize; received.len() + 1];
        pairs.iter().for_each(|pair| starts[of(pair) as usize + 1] += 1);
        for vertex in 0..received.len() {
            starts[vertex + 1] += starts[vertex];
        }
        starts
    };
    // Whom each vertex acted upon, in order as the pairs are in order of target.
    let (acted, mut next) = {
        let starts = starts(&|pair| pair.1);
        (starts.clone(), starts)
    };
    let mut upon = vec![0; pairs.len()];
    for (target, actor) in pairs {
        let slot = &mut next[*actor as usize];
        upon[*slot] = *target;
        *slot += 1;
    }
    let acted_on = starts(&|pair| pair.0);
    received.par_iter_mut().enumerate().for_each(|(vertex, received)| {
        let mut upon = upon[acted[vertex]..acted[vertex + 1]].iter().peekable();
        for (_, actor) in &pairs[acted_on[vertex]..acted_on[vertex + 1]] {
            while upon.next_if(|target| *target < actor).is_some() {}
            received.mutual += i64::from(upon.peek() == Some(&actor));
        }
    });
}
