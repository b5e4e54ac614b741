//! Who influences whom: the strongest edges of the attention graphs, each with the topic that it is mostly about.

use std::cmp::Reverse;

use rayon::prelude::*;
use renown_graph::csr::Csr;

use crate::model::{NetworkIndex, People, VertexIndex};
use crate::reduce::InteractionRules;
use crate::topics::{TopicResults, dominant_topic};

/// What influence edges are selected from.
pub struct EdgeInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// The graph of attention of each network.
    pub attention: &'a [Csr],
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// What posts are about.
    pub topics: &'a TopicResults,
    /// Strongest edges that are kept of each person, in either direction.
    pub max_edges: usize,
}

/// Attention that one vertex gives another, among the strongest of either.
#[derive(Clone, Debug, PartialEq)]
pub struct InfluenceEdge {
    /// Vertex that receives the attention.
    pub influencer: VertexIndex,
    /// Vertex that gives it.
    pub influenced: VertexIndex,
    /// A(influenced→influencer).
    pub attention: f32,
    /// Index of the topic that the attention is mostly about, unless one of the two refuses it.
    pub topic: Option<u32>,
    /// Share of all attention that the influenced gives.
    pub attention_share: f64,
    /// Share of all attention that the influencer receives.
    pub audience_share: f64,
}

/// Selects the strongest edges of each network, in order of (influencer, influenced).
pub fn select_edges(inputs: &EdgeInputs<'_>) -> Vec<InfluenceEdge> {
    let EdgeInputs { people, rules, topics, .. } = *inputs;
    let persons = &people.persons;
    let mut all = Vec::new();
    for (network, graph) in inputs.attention.iter().enumerate() {
        let first = persons.network(NetworkIndex::new(network)).start;
        all.extend(strongest_edges(graph, first, inputs.max_edges));
    }
    let refuses = |vertex: VertexIndex, topic: u32| {
        topics.catalogue.refused_by(persons.person_of(vertex)).contains(&topic)
    };
    all.par_iter_mut().for_each(|edge: &mut InfluenceEdge| {
        let of_pair = people.interactions.of_pair(edge.influencer, edge.influenced);
        let topic = dominant_topic(of_pair, &topics.of_posts, rules);
        edge.topic = topic.filter(|topic| {
            ![edge.influencer, edge.influenced].iter().any(|end| refuses(*end, *topic))
        });
    });
    all
}

/// The edges of `graph` that are among the `max_edges` strongest that their influencer receives or among the `max_edges`
/// strongest that their influenced gives, in order of (influencer, influenced). Of equally strong edges the lower vertex goes
/// first. Vertices of the graph are numbered from `first`. Linear but for a sort of each vertex's edges.
fn strongest_edges(graph: &Csr, first: usize, max_edges: usize) -> Vec<InfluenceEdge> {
    let mut kept = keep_per_row(graph.offsets(), graph.weights(), max_edges);
    keep_per_source(graph, max_edges, &mut kept);

    let mut edges = Vec::new();
    for influencer in 0..graph.vertices() {
        let (actors, weights) = graph.row(influencer);
        let received: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let row = graph.offsets()[influencer] as usize;
        for (i, (actor, weight)) in actors.iter().zip(weights).enumerate() {
            if kept[row + i] {
                edges.push(InfluenceEdge {
                    influencer: VertexIndex::new(first + influencer),
                    influenced: VertexIndex::new(first + *actor as usize),
                    attention: *weight,
                    topic: None,
                    attention_share: graph.transition_probability(*actor, *weight),
                    audience_share: f64::from(*weight) / received,
                });
            }
        }
    }
    edges
}

/// For each edge, whether it is among the `max_edges` heaviest of its row.
fn keep_per_row(offsets: &[u64], weights: &[f32], max_edges: usize) -> Vec<bool> {
    let rows = offsets.par_windows(2).flat_map_iter(|row| {
        let row = &weights[row[0] as usize..row[1] as usize];
        let mut kept = vec![row.len() <= max_edges; row.len()];
        if row.len() > max_edges {
            let mut edges: Vec<usize> = (0..row.len()).collect();
            edges.select_nth_unstable_by_key(max_edges, |e| (Reverse(row[*e].to_bits()), *e));
            edges[..max_edges].iter().for_each(|edge| kept[*edge] = true);
        }
        kept
    });
    rows.collect()
}

/// Marks each edge that is among the `max_edges` heaviest of its source.
fn keep_per_source(graph: &Csr, max_edges: usize, kept: &mut [bool]) {
    let mut offsets = vec![0_u64; graph.vertices() + 1];
    for source in graph.sources() {
        offsets[*source as usize + 1] += 1;
    }
    for v in 0..graph.vertices() {
        offsets[v + 1] += offsets[v];
    }
    // Edges by source, in order of target, as the edges themselves come in order of target.
    let mut next = offsets.clone();
    let mut edges = vec![0_usize; graph.edges()];
    for (edge, source) in graph.sources().iter().enumerate() {
        let slot = &mut next[*source as usize];
        edges[*slot as usize] = edge;
        *slot += 1;
    }
    let weights: Vec<f32> = edges.iter().map(|edge| graph.weights()[*edge]).collect();
    for (slot, keep) in keep_per_row(&offsets, &weights, max_edges).into_iter().enumerate() {
        kept[edges[slot]] |= keep;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use renown_graph::edges::EdgeList;

    #[test]
    fn an_edge_stays_if_either_end_ranks_it() {
        // 0, 1 and 2 attend to 3, with weights 3, 2 and 1; 2 attends to 1 with weight 5.
        let edges = EdgeList {
            sources: vec![0, 1, 2, 2],
            targets: vec![3, 3, 3, 1],
            weights: vec![3.0_f32, 2.0, 1.0, 5.0],
        };
        let graph = Csr::from_edges(4, vec![edges]).unwrap();
        let ends = |max_edges| -> Vec<(u32, u32)> {
            let edges = strongest_edges(&graph, 0, max_edges);
            edges.iter().map(|e| (e.influenced.into(), e.influencer.into())).collect()
        };
        // 2 -> 3 is neither 3's strongest nor 2's strongest.
        assert_eq!(ends(1), [(2, 1), (0, 3), (1, 3)]);
        assert_eq!(ends(2), [(2, 1), (0, 3), (1, 3), (2, 3)]);
        assert!(ends(0).is_empty());
        let edge = &strongest_edges(&graph, 0, 2)[3];
        assert_eq!((edge.attention, edge.audience_share), (1.0, 1.0 / 6.0));
        assert_eq!(edge.attention_share, 1.0 / 6.0);
    }
}
