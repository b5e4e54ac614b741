//! The probability that a random walk visits a vertex before it jumps, which the vertex's own links move little.
//!
//! # Formula
//!
//! ```text
//! h_t = (vᵀG)_t / G_tt = r_t / ((1 − d + d·D)·G_tt),    G = Σ_k (dP)^k
//! ```
//!
//! with the rank r, damping d and dangling mass D of [`super::pagerank`]: the probability that a walk that starts as v
//! says visits t before it jumps. Source: Sheldon & Hopcroft 2007, *Manipulation-Resistant Reputations Using Hitting
//! Time*, §3.
//!
//! # Variant
//!
//! `G_tt = 1 / (1 − f)`, f the probability that a walk from t returns to t before it jumps. Of these walks only the
//! shortest are counted, to a neighbour and back: `f = d²·Σ_u P(t→u)·P(u→t)`. Longer cycles are left out, so that h is
//! too high by at most a factor of (1 − f) / (1 − d²), and a vertex's own links still move it a little. Work is linear
//! in edges, memory 8 bytes an edge.
//!
//! ```
//! use renown_graph::csr::Csr;
//! use renown_graph::edges::EdgeList;
//! use renown_graph::hitting;
//! use renown_graph::pagerank::PageRank;
//!
//! // 1 and 2 link to 0, and 0 links back to 1.
//! let edges = EdgeList { sources: vec![1, 2, 0], targets: vec![0, 0, 1], weights: vec![1.0_f32; 3] };
//! let graph = Csr::from_edges(3, vec![edges])?;
//! let ranks = PageRank::default().run(&graph, None)?.ranks;
//!
//! // A walk starts at 0, or at 1 or 2 and follows its link; the link of 0 itself adds nothing.
//! let visited = hitting::probabilities(&graph, &ranks, 0.85);
//! assert!((visited[0] - (1.0 + 2.0 * 0.85) / 3.0).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use rayon::prelude::*;

use crate::csr::Csr;

/// h of each vertex of `graph`, from its `ranks` under `damping`, in 0..=1. Length: vertices.
///
/// # Panics
///
/// If `ranks` is shorter than the graph has vertices.
pub fn probabilities(graph: &Csr, ranks: &[f64], damping: f64) -> Vec<f64> {
    let dangling = ranks.iter().zip(graph.out_weight()).filter(|(_, weight)| **weight == 0.0);
    let dangling = dangling.fold(0.0, |sum, (rank, _)| sum + rank);
    let jumps = 1.0 - damping + damping * dangling;
    let out_edges = OutEdges::of(graph);
    let of_vertex = |target: usize| {
        let returns = damping * damping * out_edges.return_in_two(graph, target);
        // In a graph of few vertices rounding may put a probability above 1.
        (ranks[target] / jumps * (1.0 - returns)).min(1.0)
    };
    (0..graph.vertices()).into_par_iter().map(of_vertex).collect()
}

/// The edges of a graph by their source, in order of target.
struct OutEdges {
    /// Length: vertices + 1.
    offsets: Vec<usize>,
    targets: Vec<u32>,
    weights: Vec<f32>,
}

impl OutEdges {
    fn of(graph: &Csr) -> Self {
        let mut offsets = vec![0; graph.vertices() + 1];
        for (source, degree) in graph.out_degree().iter().enumerate() {
            offsets[source + 1] = offsets[source] + *degree as usize;
        }
        let mut next = offsets.clone();
        let (mut targets, mut weights) = (vec![0; graph.edges()], vec![0.0; graph.edges()]);
        for target in 0..graph.vertices() {
            let (sources, in_weights) = graph.row(target);
            for (source, weight) in sources.iter().zip(in_weights) {
                let slot = &mut next[*source as usize];
                (targets[*slot], weights[*slot]) = (target as u32, *weight);
                *slot += 1;
            }
        }
        Self { offsets, targets, weights }
    }

    /// Σ_u P(t→u)·P(u→t): the probability that two steps from `vertex` lead back to it.
    fn return_in_two(&self, graph: &Csr, vertex: usize) -> f64 {
        let range = self.offsets[vertex]..self.offsets[vertex + 1];
        let targets = self.targets[range.clone()].iter();
        let mut outgoing = targets.zip(&self.weights[range]).peekable();
        let (sources, in_weights) = graph.row(vertex);
        let mut sum = 0.0;
        for (neighbour, back) in sources.iter().zip(in_weights) {
            while outgoing.next_if(|(target, _)| *target < neighbour).is_some() {}
            if let Some((_, forth)) = outgoing.next_if(|(target, _)| *target == neighbour) {
                sum += graph.transition_probability(vertex as u32, *forth)
                    * graph.transition_probability(*neighbour, *back);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edges::EdgeList;
    use crate::pagerank::PageRank;

    fn graph(pairs: &[(u32, u32)]) -> Csr {
        let edges = EdgeList {
            sources: pairs.iter().map(|(source, _)| *source).collect(),
            targets: pairs.iter().map(|(_, target)| *target).collect(),
            weights: vec![1.0_f32; pairs.len()],
        };
        Csr::from_edges(4, vec![edges]).unwrap()
    }

    #[test]
    fn links_back_change_the_hitting_probability_less_than_the_rank() {
        // 1 and 2 link to 0; then 0 links back to 1.
        let before = graph(&[(1, 0), (2, 0)]);
        let after = graph(&[(1, 0), (2, 0), (0, 1)]);
        let of = |graph: &Csr| {
            let ranks = PageRank::default().run(graph, None).unwrap().ranks;
            (ranks[0], probabilities(graph, &ranks, 0.85)[0])
        };
        let ((rank, probability), (rank_after, probability_after)) = (of(&before), of(&after));
        // A walk starts at 0, or at 1 or 2 and follows its link: (1 + 2·d) / 4, independent of the links of 0.
        assert!((probability - (1.0 + 2.0 * 0.85) / 4.0).abs() < 1e-9, "{probability}");
        assert!((probability_after - probability).abs() < 1e-9, "{probability_after}");
        assert!((rank_after - rank).abs() > 0.01);
    }
}
