//! Who influences whom: the strongest edges of the attention graphs.

use std::cmp::Reverse;

use rayon::prelude::*;

use renown_graph::csr::Csr;

/// An edge of attention from `influenced` to `influencer`, vertices within one network.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Vertex that receives the attention.
    pub influencer: u32,
    /// Vertex that gives it.
    pub influenced: u32,
    /// A(influenced→influencer).
    pub attention: f64,
    /// Share of all attention the influenced gives.
    pub attention_share: f64,
    /// Share of all attention the influencer receives.
    pub audience_share: f64,
}

/// The edges of `graph` that are among the `top` strongest that their influencer receives or among
/// the `top` strongest that their influenced gives, in order of (influencer, influenced). Of equally
/// strong edges the lower vertex goes first. Linear but for a sort of each person's edges.
pub fn strongest(graph: &Csr, top: usize) -> Vec<Edge> {
    let mut kept = keep_per_row(graph.offsets(), graph.weights(), top);
    keep_per_source(graph, top, &mut kept);

    let mut edges = Vec::new();
    for influencer in 0..graph.vertices() {
        let (actors, weights) = graph.row(influencer);
        let received: f64 = weights.iter().map(|w| f64::from(*w)).sum();
        let first = graph.offsets()[influencer] as usize;
        for (i, (actor, weight)) in actors.iter().zip(weights).enumerate() {
            if kept[first + i] {
                edges.push(Edge {
                    influencer: influencer as u32,
                    influenced: *actor,
                    attention: f64::from(*weight),
                    attention_share: graph.transition_probability(*actor, *weight),
                    audience_share: f64::from(*weight) / received,
                });
            }
        }
    }
    edges
}

/// For each edge, whether it is among the `top` heaviest of its row.
fn keep_per_row(offsets: &[u64], weights: &[f32], top: usize) -> Vec<bool> {
    let rows = offsets.par_windows(2).flat_map_iter(|row| {
        let row = &weights[row[0] as usize..row[1] as usize];
        let mut kept = vec![row.len() <= top; row.len()];
        if row.len() > top {
            let mut edges: Vec<usize> = (0..row.len()).collect();
            edges.select_nth_unstable_by_key(top, |e| (Reverse(row[*e].to_bits()), *e));
            edges[..top].iter().for_each(|edge| kept[*edge] = true);
        }
        kept
    });
    rows.collect()
}

/// Marks each edge that is among the `top` heaviest of its source.
fn keep_per_source(graph: &Csr, top: usize, kept: &mut [bool]) {
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
    for (slot, keep) in keep_per_row(&offsets, &weights, top).into_iter().enumerate() {
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
        let ends = |top| -> Vec<(u32, u32)> {
            strongest(&graph, top).iter().map(|e| (e.influenced, e.influencer)).collect()
        };
        // 2 -> 3 is neither 3's strongest nor 2's strongest.
        assert_eq!(ends(1), [(2, 1), (0, 3), (1, 3)]);
        assert_eq!(ends(2), [(2, 1), (0, 3), (1, 3), (2, 3)]);
        assert!(ends(0).is_empty());
        let edge = &strongest(&graph, 2)[3];
        assert_eq!((edge.attention, edge.audience_share), (1.0, 1.0 / 6.0));
        assert_eq!(edge.attention_share, 1.0 / 6.0);
    }
}
