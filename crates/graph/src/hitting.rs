//! How likely a walk meets a person, which what the person does moves little.
//!
//! # Formula
//!
//! ```text
//! h_t = (vᵀG)_t / G_tt = r_t / ((1 − d + d·D)·G_tt),    G = Σ_k (dP)^k
//! ```
//!
//! with the rank r, damping d and dangling mass D of [`super::pagerank`]: the probability that a walk from anywhere
//! meets t before it jumps. Source: Sheldon & Hopcroft 2007, *Manipulation-Resistant Reputations Using Hitting Time*, §3.
//!
//! # Variant
//!
//! `G_tt = 1 / (1 − f)`, f the chance that a walk from t returns to t before it jumps. Of these walks the shortest are
//! counted, to a neighbour and back: `f = d²·Σ_u P(t→u)·P(u→t)`. Longer circles are left out, so that h is too high by
//! at most a factor of (1 − f) / (1 − d²), and a person's own links still move it a little: it is shown and enters no
//! forecast. Work is linear in edges, memory 8 bytes an edge.

use rayon::prelude::*;

use crate::csr::Csr;

/// h of each vertex of `graph`, from its ranks under `damping`. Length: vertices.
pub fn hitting(graph: &Csr, ranks: &[f64], damping: f64) -> Vec<f64> {
    let dangling = ranks.iter().zip(graph.out_weight()).filter(|(_, weight)| **weight == 0.0);
    let dangling = dangling.fold(0.0, |sum, (rank, _)| sum + rank);
    let jumps = 1.0 - damping + damping * dangling;
    let out = Out::of(graph);
    let of_vertex = |target: usize| {
        let returns = damping * damping * out.and_back(graph, target);
        // A chance is at most 1; of few people roundings may put it above.
        (ranks[target] / jumps * (1.0 - returns)).min(1.0)
    };
    (0..graph.vertices()).into_par_iter().map(of_vertex).collect()
}

/// The edges of a graph by their source, in order of target.
struct Out {
    offsets: Vec<usize>,
    targets: Vec<u32>,
    weights: Vec<f32>,
}

impl Out {
    fn of(graph: &Csr) -> Self {
        let mut offsets = vec![0; graph.vertices() + 1];
        for (source, degree) in graph.out_degree().iter().enumerate() {
            offsets[source + 1] = offsets[source] + *degree as usize;
        }
        let mut next = offsets.clone();
        let (mut targets, mut weights) = (vec![0; graph.edges()], vec![0.0; graph.edges()]);
        for target in 0..graph.vertices() {
            let (sources, own) = graph.row(target);
            for (source, weight) in sources.iter().zip(own) {
                let slot = &mut next[*source as usize];
                (targets[*slot], weights[*slot]) = (target as u32, *weight);
                *slot += 1;
            }
        }
        Self { offsets, targets, weights }
    }

    /// Σ_u P(t→u)·P(u→t).
    fn and_back(&self, graph: &Csr, target: usize) -> f64 {
        let own = self.offsets[target]..self.offsets[target + 1];
        let mut there = self.targets[own.clone()].iter().zip(&self.weights[own]).peekable();
        let (sources, weights) = graph.row(target);
        let mut sum = 0.0;
        for (source, back) in sources.iter().zip(weights) {
            while there.next_if(|(other, _)| *other < source).is_some() {}
            if let Some((_, weight)) = there.next_if(|(other, _)| *other == source) {
                sum += graph.share(target as u32, *weight) * graph.share(*source, *back);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csr::EdgePart;
    use crate::pagerank::PageRank;

    fn graph(edges: &[(u32, u32)]) -> Csr {
        let part = EdgePart {
            sources: edges.iter().map(|(source, _)| *source).collect(),
            targets: edges.iter().map(|(_, target)| *target).collect(),
            weights: vec![1.0_f32; edges.len()],
        };
        Csr::from_parts(4, vec![part]).unwrap()
    }

    #[test]
    fn answering_somebody_moves_the_chance_less_than_the_rank() {
        // 1 and 2 attend to 0; then 0 answers 1, whose attention is 0's own doing.
        let before = graph(&[(1, 0), (2, 0)]);
        let after = graph(&[(1, 0), (2, 0), (0, 1)]);
        let of = |graph: &Csr| {
            let ranks = PageRank::default().run(graph, None).unwrap().ranks;
            (ranks[0], hitting(graph, &ranks, 0.85)[0])
        };
        let ((rank, chance), (rank_after, chance_after)) = (of(&before), of(&after));
        // A walk starts at 0, or at 1 or 2 and follows: (1 + 2·d) / 4, whatever 0 does.
        assert!((chance - (1.0 + 2.0 * 0.85) / 4.0).abs() < 1e-9, "{chance}");
        assert!((chance_after - chance).abs() < 1e-9, "{chance_after}");
        assert!((rank_after - rank).abs() > 0.01);
    }
}
