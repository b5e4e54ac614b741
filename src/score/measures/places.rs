//! Measures of a vertex's place in the graph of attention.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use super::Basis;
use crate::method::RankRule;
use crate::model::Persons;
use renown_graph::csr::Csr;
use renown_graph::hitting;
use renown_stats::quantiles::percentile_ranks;

/// The columns of these measures.
pub(super) fn columns(
    persons: &Persons,
    basis: &Basis<'_>,
    rule: &RankRule,
) -> Vec<(&'static str, ArrayRef)> {
    let Basis { graphs, ranks, trust, .. } = *basis;
    let n = persons.vertices();
    let trusted = trust.trusted.iter().map(|own| Some(i64::from(*own)));
    let mut percentiles = Vec::with_capacity(n);
    let mut of_audience = Vec::with_capacity(n);
    let mut chances = Vec::with_capacity(n);
    let (mut sums, mut shares) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (network, graph) in graphs.iter().enumerate() {
        // Equal places differ by rounding: ranks are compared at 32 bits.
        let own_ranks = &ranks.pagerank[persons.network(network)];
        chances.extend(hitting::probabilities(graph, own_ranks, rule.damping));
        let places = own_ranks.iter().map(|r| f64::from(*r as f32));
        let own = percentile_ranks(&places.collect::<Vec<_>>());
        for target in 0..graph.vertices() {
            let row = Row::of(graph, target, &own);
            sums.push(row.attention);
            shares.push(row.shares);
            of_audience.push((row.attention > 0.0).then(|| row.percentiles / row.attention));
        }
        percentiles.extend(own);
    }
    vec![
        ("attention_received", Arc::new(Float64Array::from(sums)) as ArrayRef),
        ("attention_shares", Arc::new(Float64Array::from(shares))),
        ("pagerank", Arc::new(Float64Array::from(ranks.pagerank.clone()))),
        ("pagerank_percentile", Arc::new(Float64Array::from(percentiles))),
        ("audience_pagerank_percentile", Arc::new(Float64Array::from(of_audience))),
        ("hitting_probability", Arc::new(Float64Array::from(chances))),
        ("trust", Arc::new(Float64Array::from(trust.trust.clone()))),
        ("is_trusted", Arc::new(trusted.collect::<Int64Array>())),
    ]
}

/// Sums over the actors of one target, in order of actor.
#[derive(Default)]
struct Row {
    attention: f64,
    shares: f64,
    percentiles: f64,
}

impl Row {
    fn of(graph: &Csr, target: usize, percentiles: &[f64]) -> Self {
        let (actors, weights) = graph.row(target);
        let mut row = Self::default();
        for (actor, weight) in actors.iter().zip(weights) {
            row.attention += f64::from(*weight);
            row.shares += graph.transition_probability(*actor, *weight);
            row.percentiles += f64::from(*weight) * percentiles[*actor as usize];
        }
        row
    }
}
