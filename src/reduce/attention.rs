//! Stage 3: interactions become attention, and attention a graph per network.
//!
//! Interaction e of kind k, `age` whole hours before the cutoff, weighs `κ_k · 2^(−age/h)` with
//! half-life h; what is older than the window weighs nothing. The weights are fixed-point integers,
//! looked up in a table, so that a sum is exact in any order. A pair saturates: `A(a→t) = ln(1 + Σ)`.
//!
//! Interactions come in order of (target, actor): those of a pair stand together, and a pair is added
//! up as it goes by.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::method::{MEASURE_HOURS, Method};
use crate::model::{Interaction, Interactions, Persons};
use renown_graph::csr::{Csr, EdgePart};

/// Fixed-point scale of attention: this many units are one fresh interaction of weight 1.
pub const ONE: i64 = 1 << 32;

/// Vertices whose interactions are added up at once.
pub(super) const CHUNK: usize = 1 << 10;

/// Attention between people, as far as it is older than `lag_hours`: the graph of each network over its vertices
/// (numbered from 0 within the network), edges from actor to target with weight A(actor→target). Length: networks.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if one pair has so many interactions that their sum would overflow.
pub fn attention(
    events: &Interactions,
    persons: &Persons,
    rules: &Rules,
    lag_hours: u32,
) -> Result<Vec<Csr>> {
    let graph = |network: usize| {
        let range = persons.network(network);
        let starts = range.clone().into_par_iter().step_by(CHUNK);
        let edges: Vec<EdgePart<f32>> = starts
            .map(|start| {
                let of_chunk = events.of_targets(start..range.end.min(start + CHUNK));
                edges(of_chunk, range.start as u32, rules, lag_hours)
            })
            .collect::<Result<_>>()?;
        Csr::from_parts(range.len(), edges).map_err(Error::internal)
    };
    (0..persons.networks.len()).map(graph).collect()
}

/// The edges of the pairs of `events`, over vertices of the network that begins at `first`.
fn edges(
    events: &[Interaction],
    first: u32,
    rules: &Rules,
    lag_hours: u32,
) -> Result<EdgePart<f32>> {
    let mut edges = EdgePart::default();
    for of_pair in events.chunk_by(Interaction::same_pair) {
        refuse_overflow(of_pair.len(), rules.most)?;
        let old = of_pair.iter().filter(|event| event.age_hours >= lag_hours);
        let weight: i64 = old.map(|event| rules.weight(event)).sum();
        if weight > 0 {
            edges.sources.push(of_pair[0].actor - first);
            edges.targets.push(of_pair[0].target - first);
            // Each pair is one edge, so that this rounding is the only one.
            edges.weights.push(libm::log1p(weight as f64 / ONE as f64) as f32);
        }
    }
    Ok(edges)
}

/// What the method says of interactions.
pub struct Rules {
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
    /// The rules of a method, for ages up to the longer of its window and 90 days.
    pub fn of(method: &Method) -> Self {
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

    /// Weight of an interaction, in units of [`ONE`].
    pub(crate) fn weight(&self, event: &Interaction) -> i64 {
        self.weights[usize::from(event.kind)][event.age_hours as usize]
    }

    /// `2^(−age/h)`, in units of [`ONE`].
    pub(super) fn decay(&self, age_hours: u32) -> i64 {
        self.decays[age_hours as usize]
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
