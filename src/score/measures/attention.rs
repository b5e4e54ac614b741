//! Measures of a vertex in the graph of attention.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};
use renown_graph::csr::Csr;
use renown_graph::hitting;
use renown_stats::quantiles::percentile_ranks;

use super::inputs::MeasureInputs;
use crate::method::RankRule;
use crate::model::{NetworkIndex, Persons, VertexIndex};
use crate::propagate::Ranks;

/// Measures that need ranks.
pub const ON_RANKS: [&str; 6] = [
    "attention_received",
    "attention_shares",
    "pagerank",
    "pagerank_percentile",
    "audience_pagerank_percentile",
    "hitting_probability",
];

/// The columns of measures that need ranks.
pub(super) fn rank_columns(
    inputs: &MeasureInputs<'_>,
    rule: &RankRule,
) -> Vec<(&'static str, ArrayRef)> {
    let MeasureInputs { people, attention, ranks, .. } = *inputs;
    let RankMeasures { received, shares, percentiles, of_audience, hitting } =
        RankMeasures::of(&people.persons, attention, ranks, rule);
    vec![
        ("attention_received", Arc::new(Float64Array::from(received)) as ArrayRef),
        ("attention_shares", Arc::new(Float64Array::from(shares))),
        ("pagerank", Arc::new(Float64Array::from(ranks.pagerank.clone()))),
        ("pagerank_percentile", Arc::new(Float64Array::from(percentiles))),
        ("audience_pagerank_percentile", Arc::new(Float64Array::from(of_audience))),
        ("hitting_probability", Arc::new(Float64Array::from(hitting))),
    ]
}

/// The columns of measures of trust.
pub(super) fn trust_columns(inputs: &MeasureInputs<'_>) -> Vec<(&'static str, ArrayRef)> {
    let MeasureInputs { people, trust, .. } = *inputs;
    let vertices = || (0..people.persons.vertices()).map(VertexIndex::new);
    let trusted = vertices().map(|vertex| Some(i64::from(trust.is_trusted(vertex))));
    vec![
        (
            "vouches",
            Arc::new(vertices().map(|v| trust.vouches(v)).collect::<Float64Array>()) as ArrayRef,
        ),
        ("credit", Arc::new(vertices().map(|v| Some(trust.credit(v))).collect::<Float64Array>())),
        ("is_trusted", Arc::new(trusted.collect::<Int64Array>())),
    ]
}

/// Measures that follow from the graphs of attention and the ranks on them alone. Lengths: vertices.
pub struct RankMeasures {
    /// Attention received.
    pub received: Vec<f64>,
    /// Shares of the attention of others that are received.
    pub shares: Vec<f64>,
    /// Percentile of the PageRank within the network, 0 to 100.
    pub percentiles: Vec<f64>,
    /// The mean of these over the audience, weighted by attention; none without audience.
    pub of_audience: Vec<Option<f64>>,
    /// Hitting probability.
    pub hitting: Vec<f64>,
}

impl RankMeasures {
    /// The measures of the graph of each network.
    pub fn of(persons: &Persons, attention: &[Csr], ranks: &Ranks, rule: &RankRule) -> Self {
        let n = persons.vertices();
        let mut all = Self {
            received: Vec::with_capacity(n),
            shares: Vec::with_capacity(n),
            percentiles: Vec::with_capacity(n),
            of_audience: Vec::with_capacity(n),
            hitting: Vec::with_capacity(n),
        };
        for (network, graph) in attention.iter().enumerate() {
            let pagerank = &ranks.pagerank[persons.network(NetworkIndex::new(network))];
            all.hitting.extend(hitting::probabilities(graph, pagerank, rule.damping));
            // Ranks that are equal differ by rounding: they are compared at 32 bits.
            let rounded = pagerank.iter().map(|rank| f64::from(*rank as f32));
            let of_network = percentile_ranks(&rounded.collect::<Vec<_>>());
            for target in 0..graph.vertices() {
                let received = Received::of(graph, target, &of_network);
                all.received.push(received.attention);
                all.shares.push(received.shares);
                all.of_audience.push(
                    (received.attention > 0.0).then(|| received.percentiles / received.attention),
                );
            }
            all.percentiles.extend(of_network);
        }
        all
    }
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
