//! Stage 3: interactions become attention, and attention a graph per network.
//!
//! Interaction e of kind k, `age` whole hours before the cutoff, weighs `κ_k · 2^(−age/h)` with
//! half-life h; what is older than the window weighs nothing. The weights are fixed-point integers,
//! looked up in a table, so that a sum is exact in any order. A pair saturates: `A(a→t) = ln(1 + Σ)`.
//!
//! Interactions come in order of (target, actor): those of a pair stand together, and a pair is added
//! up as it goes by. Besides the graphs only what each vertex received is kept.

use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};

use rayon::prelude::*;

use super::csr::{Csr, EdgePart};
use crate::error::{Error, Result};
use crate::method::Method;
use crate::read::{Event, Events, MEASURE_HOURS, Persons, Sentiment};

/// Fixed-point scale of attention: this many units are one fresh interaction of weight 1.
pub const ONE: i64 = 1 << 32;

/// Vertices whose interactions are added up at once.
const CHUNK: usize = 1 << 10;

/// Attention between people: a graph for each network, and what was done to each vertex.
pub struct Attention {
    /// Graph of each network over its vertices (numbered from 0 within the network), edges from actor to
    /// target with weight A(actor→target). Length: networks.
    pub graphs: Vec<Csr>,
    /// What was done to each vertex, and what it did. Length: vertices.
    pub received: Vec<Received>,
    /// Pairs of vertices of whom one did anything to the other.
    pub pairs: u64,
}

/// Sums over the people who did anything to a vertex, and over those to whom it did anything.
#[derive(Clone, Debug, Default)]
pub struct Received {
    /// People who reacted within 7 days.
    pub reactors_7d: i64,
    /// People who reacted within 30 days.
    pub reactors_30d: i64,
    /// People who reacted within 90 days.
    pub reactors_90d: i64,
    /// People who reacted within the method's window, and within 90 days at least.
    pub reactors_window: i64,
    /// Σ over these of the decay `2^(−age/h)` of their latest reaction, in units of [`ONE`].
    pub decayed: i64,
    /// Reactions within 30 days.
    pub reactions_30d: i64,
    /// Reactions within 90 days.
    pub reactions_90d: i64,
    /// Σ of the squares of each person's reactions within 90 days; exact below 2^53.
    pub squares: f64,
    /// People who did anything within 90 days.
    pub audience_90d: i64,
    /// Those of them to whom the vertex did anything within 90 days.
    pub mutual: i64,
    /// Reactions within 90 days whose sentiment is known.
    pub sentiment_known: i64,
    /// Reactions within 90 days whose sentiment is below zero.
    pub negative: i64,
    /// What the vertex did to others within 90 days.
    pub interactions_made_90d: i64,
    /// To how many people.
    pub people_engaged_90d: i64,
}

/// Adds interactions up into what each vertex received, and builds the graph of each network.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if one pair has so many interactions that their sum would overflow.
pub fn attention(events: &Events, persons: &Persons, method: &Method) -> Result<Attention> {
    let rules = Rules::of(method);
    let made = |_| (AtomicI64::new(0), AtomicI64::new(0));
    let made: Vec<(AtomicI64, AtomicI64)> = (0..persons.vertices()).map(made).collect();
    let (mut graphs, mut recent, mut pairs) = (Vec::new(), Vec::new(), 0);
    let mut received = Vec::with_capacity(persons.vertices());
    for network in 0..persons.networks.len() {
        let range = persons.network(network);
        let chunks: Vec<Result<Chunk>> = range
            .clone()
            .into_par_iter()
            .step_by(CHUNK)
            .map(|start| {
                let vertices = start..range.end.min(start + CHUNK);
                chunk(events.of_targets(vertices.clone()), vertices, range.start, &rules, &made)
            })
            .collect();
        let mut edges = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let chunk = chunk?;
            received.extend(chunk.received);
            edges.push(chunk.edges);
            recent.extend(chunk.recent);
            pairs += chunk.pairs;
        }
        graphs.push(Csr::from_parts(range.len(), edges).map_err(Error::internal)?);
    }
    for (received, (interactions, people)) in received.iter_mut().zip(made) {
        received.interactions_made_90d = interactions.into_inner();
        received.people_engaged_90d = people.into_inner();
    }
    count_mutual(&recent, &mut received);
    Ok(Attention { graphs, received, pairs })
}

/// What the method says of interactions.
pub(crate) struct Rules {
    /// Weight of an interaction of each kind at each age, in units of [`ONE`].
    weights: Vec<Vec<i64>>,
    /// Decay at each age, in units of [`ONE`].
    decays: Vec<i64>,
    /// Whether each kind is a reaction.
    reactions: Vec<bool>,
    /// Most interactions of a pair that can be added up.
    most: usize,
}

impl Rules {
    pub(crate) fn of(method: &Method) -> Self {
        let window = method.attention.window_hours;
        let unit = |age| decay(age, method.attention.half_life_hours);
        let hours = 0..window.max(MEASURE_HOURS);
        let weights = method.kinds.values().map(|rule| {
            let weight = |age| if age < window { rule.weight * unit(age) } else { 0.0 };
            hours.clone().map(|age| libm::round(weight(age)) as i64).collect()
        });
        let heaviest = method.kinds.values().map(|rule| rule.weight).fold(0.0, f64::max);
        Self {
            weights: weights.collect(),
            decays: hours.clone().map(|age| libm::round(unit(age)) as i64).collect(),
            reactions: method.kinds.values().map(|rule| rule.reaction).collect(),
            most: (i64::MAX as f64 / (heaviest * ONE as f64 + 1.0)) as usize,
        }
    }
}

impl Rules {
    /// Weight of an interaction, in units of [`ONE`].
    pub(crate) fn weight(&self, event: &Event) -> i64 {
        self.weights[usize::from(event.kind)][event.age_hours as usize]
    }

    /// Whether interactions of this kind are reactions.
    pub(crate) fn is_reaction(&self, kind: u8) -> bool {
        self.reactions[usize::from(kind)]
    }
}

/// `2^(−age/h)` in units of [`ONE`], for whole hours `age`.
fn decay(age_hours: u32, half_life_hours: u32) -> f64 {
    ONE as f64 * libm::exp2(-f64::from(age_hours) / f64::from(half_life_hours))
}

/// What was done to some vertices.
struct Chunk {
    received: Vec<Received>,
    /// Attention as edges, over vertices of the network.
    edges: EdgePart<f32>,
    /// (target, actor) of the pairs within 90 days.
    recent: Vec<(u32, u32)>,
    pairs: u64,
}

fn chunk(
    events: &[Event],
    vertices: Range<usize>,
    network_start: usize,
    rules: &Rules,
    made: &[(AtomicI64, AtomicI64)],
) -> Result<Chunk> {
    let received = vec![Received::default(); vertices.len()];
    let mut chunk = Chunk { received, edges: EdgePart::default(), recent: vec![], pairs: 0 };
    let same_pair =
        |one: &Event, other: &Event| (one.target, one.actor) == (other.target, other.actor);
    for of_pair in events.chunk_by(same_pair) {
        let Event { target, actor, .. } = of_pair[0];
        refuse_overflow(of_pair.len(), rules.most)?;
        chunk.pairs += 1;
        let received = &mut chunk.received[target as usize - vertices.start];
        let Pair { weight, interactions_90d } = received.add(of_pair, rules);
        if interactions_90d > 0 {
            chunk.recent.push((target, actor));
            let (interactions, people) = &made[actor as usize];
            interactions.fetch_add(interactions_90d, Ordering::Relaxed);
            people.fetch_add(1, Ordering::Relaxed);
        }
        if weight > 0 {
            chunk.edges.sources.push(actor - network_start as u32);
            chunk.edges.targets.push(target - network_start as u32);
            // Each pair is one edge, so that this rounding is the only one.
            chunk.edges.weights.push(libm::log1p(weight as f64 / ONE as f64) as f32);
        }
    }
    Ok(chunk)
}

/// Sums over the interactions of a pair.
pub(crate) struct Pair {
    /// Attention Σ within the window, in units of [`ONE`].
    weight: i64,
    interactions_90d: i64,
}

impl Received {
    /// Adds the interactions of one actor.
    pub(crate) fn add(&mut self, of_pair: &[Event], rules: &Rules) -> Pair {
        let mut pair = Pair { weight: 0, interactions_90d: 0 };
        let (mut reactions_7d, mut reactions_30d, mut reactions_90d) = (0, 0, 0);
        let mut youngest = u32::MAX;
        for event in of_pair {
            let (kind, age) = (usize::from(event.kind), event.age_hours);
            pair.weight += rules.weights[kind][age as usize];
            let younger = |days: u32| i64::from(age < days * 24);
            pair.interactions_90d += younger(90);
            if rules.reactions[kind] {
                reactions_7d += younger(7);
                reactions_30d += younger(30);
                reactions_90d += younger(90);
                youngest = youngest.min(age);
                if younger(90) > 0 {
                    self.sentiment_known += i64::from(event.sentiment != Sentiment::Unknown);
                    self.negative += i64::from(event.sentiment == Sentiment::Negative);
                }
            }
        }
        self.reactors_7d += reactions_7d.min(1);
        self.reactors_30d += reactions_30d.min(1);
        self.reactors_90d += reactions_90d.min(1);
        self.reactions_30d += reactions_30d;
        self.reactions_90d += reactions_90d;
        self.squares += (reactions_90d as f64) * (reactions_90d as f64);
        self.audience_90d += pair.interactions_90d.min(1);
        if youngest != u32::MAX {
            self.reactors_window += 1;
            self.decayed += rules.decays[youngest as usize];
        }
        pair
    }
}

/// A sum that could wrap is refused.
fn refuse_overflow(interactions: usize, most: usize) -> Result<()> {
    if interactions <= most {
        return Ok(());
    }
    Err(Error::bad_input(
        format!(
            "one account acted {interactions} times on one other; at the method's weights {most} can be \
             summed"
        ),
        "check for a runaway source, or lower the weights of the kinds in the method",
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_life_halves() {
        assert_eq!(decay(0, 720), ONE as f64);
        assert_eq!(decay(720, 720), ONE as f64 / 2.0);
        assert_eq!(decay(2160, 720), ONE as f64 / 8.0);
    }
}
