//! Measures of a vertex in the graph of attention.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use renown_graph::csr::Csr;
use renown_graph::hitting;
use renown_stats::quantiles::percentile_ranks;

use super::inputs::MeasureInputs;
use crate::method::RankRule;
use crate::model::{NetworkIndex, VertexIndex};

/// The columns of these measures.
pub(super) fn build_columns(
    inputs: &MeasureInputs<'_>,
    rule: &RankRule,
) -> Vec<(&'static str, ArrayRef)> {
    let MeasureInputs { people, attention, ranks, trust, .. } = *inputs;
    let n = people.persons.vertices();
    let vertices = || (0..n).map(VertexIndex::new);
    let trusted = vertices().map(|vertex| Some(i64::from(trust.is_trusted(vertex))));
    let mut percentiles = Vec::with_capacity(n);
    let mut of_audience = Vec::with_capacity(n);
    let mut probabilities = Vec::with_capacity(n);
    let (mut sums, mut shares) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (network, graph) in attention.iter().enumerate() {
        let pagerank = &ranks.pagerank[people.persons.network(NetworkIndex::new(network))];
        probabilities.extend(hitting::probabilities(graph, pagerank, rule.damping));
        // Ranks that are equal differ by rounding: they are compared at 32 bits.
        let rounded = pagerank.iter().map(|rank| f64::from(*rank as f32));
        let of_network = percentile_ranks(&rounded.collect::<Vec<_>>());
        for target in 0..graph.vertices() {
            let received = Received::of(graph, target, &of_network);
            sums.push(received.attention);
            shares.push(received.shares);
            of_audience.push(
                (received.attention > 0.0).then(|| received.percentiles / received.attention),
            );
        }
        percentiles.extend(of_network);
    }
    vec![
        ("attention_received", Arc::new(Float64Array::from(sums)) as ArrayRef),
        ("attention_shares", Arc::new(Float64Array::from(shares))),
        ("pagerank", Arc::new(Float64Array::from(ranks.pagerank.clone()))),
        ("pagerank_percentile", Arc::new(Float64Array::from(percentiles))),
        ("audience_pagerank_percentile", Arc::new(Float64Array::from(of_audience))),
        ("hitting_probability", Arc::new(Float64Array::from(probabilities))),
        ("vouches", Arc::new(vertices().map(|v| trust.vouches(v)).collect::<Float64Array>())),
        ("credit", Arc::new(vertices().map(|v| Some(trust.credit(v))).collect::<Float64Array>())),
        ("is_trusted", Arc::new(trusted.collect::<Int64Array>())),
    ]
}

/// Attention that a target receives, summed over its actors in their order.
#[derive(Default)]
struct Received {
    attention: f64,
    shares: f64,
    /// Rank percentiles of the actors, weighted by their attention.
    percentiles: f64,
}

impl Received {
    fn of(graph: &Csr, target: usize, percentiles: &[f64]) -> Self {
        let (actors, weights) = graph.row(target);
        let mut sums = Self::default();
        for (actor, weight) in actors.iter().zip(weights) {
            sums.attention += f64::from(*weight);
            sums.shares += graph.transition_probability(*actor, *weight);
            sums.percentiles += f64::from(*weight) * percentiles[*actor as usize];
        }
        sums
    }
}
