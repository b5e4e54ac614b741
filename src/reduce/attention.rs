//! Stage 3: interactions become attention, one graph per network.
//!
//! Interaction e of kind k, `age` whole hours before the cutoff, weighs `κ_k · 2^(−age/h)` with
//! half-life h; an interaction older than the window weighs nothing. Weights are fixed-point integers
//! from a table, so a sum is exact in any order. A pair saturates: `A(a→t) = ln(1 + Σ)`.
//!
//! Interactions are sorted by (target, actor), so each pair is one run of rows.

use std::ops::Range;

use rayon::prelude::*;

use super::rules::{CHUNK_VERTICES, InteractionRules, ONE};
use crate::error::{Error, Result};
use crate::model::{Interaction, NetworkIndex, Persons, Window};
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;

/// The attention graph of each network at the end of a window: vertices numbered from 0 within the network, edges from actor
/// to target with weight A(actor→target). Length: networks.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if one pair has so many interactions that their sum would overflow.
pub fn attention_graphs(
    window: Window<'_>,
    persons: &Persons,
    rules: &InteractionRules,
) -> Result<Vec<Csr>> {
    let graph = |network: NetworkIndex| {
        let range = persons.network(network);
        let starts = range.clone().into_par_iter().step_by(CHUNK_VERTICES);
        let edges: Vec<EdgeList<f32>> = starts
            .map(|start| {
                let end = range.end.min(start + CHUNK_VERTICES);
                sum_pairs(window, start..end, range.start as u32, rules)
            })
            .collect::<Result<_>>()?;
        Csr::from_edges(range.len(), edges).map_err(Error::internal)
    };
    (0..persons.networks.len()).map(NetworkIndex::new).map(graph).collect()
}

/// One edge for each pair with one of the `targets`, over vertices of the network whose first vertex is `first`.
fn sum_pairs(
    window: Window<'_>,
    targets: Range<usize>,
    first: u32,
    rules: &InteractionRules,
) -> Result<EdgeList<f32>> {
    let mut edges = EdgeList::default();
    for pair in window.interactions().of_targets(targets).chunk_by(Interaction::same_pair) {
        rules.refuse_overflow(pair.len())?;
        let weight = |event: &Interaction| {
            window.age_hours(event).map_or(0, |age| rules.weight(event.kind, age))
        };
        let weight: i64 = pair.iter().map(weight).sum();
        if weight > 0 {
            edges.sources.push(u32::from(pair[0].actor) - first);
            edges.targets.push(u32::from(pair[0].target) - first);
            // Each pair is one edge, so this is the only rounding.
            edges.weights.push(libm::log1p(weight as f64 / ONE as f64) as f32);
        }
    }
    Ok(edges)
}
