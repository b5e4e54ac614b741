//! One step of PageRank, and how far rounding takes it from the exact one; formula, names and bounds are
//! those of [`super::pagerank`].

use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::pull::{pull, roundings};
use super::sum;
use crate::csr::{Csr, StoredWeight};

/// Allowance for underflow in one step.
const UNDERFLOW: f64 = 1e-260;

/// Unit roundoff of `f64`, 2⁻⁵³, with the allowance for what is of second order.
const ROUNDOFF: f64 = 1.01 * f64::EPSILON / 2.0;

/// v: where a random jump lands.
pub(super) enum Teleport {
    /// On each vertex with this probability.
    Uniform(f64),
    /// On each vertex with its own probability. Length: n.
    PerVertex(Vec<f64>),
}

impl Teleport {
    #[inline(always)]
    pub(super) fn at(&self, vertex: usize) -> f64 {
        match self {
            Self::Uniform(probability) => *probability,
            Self::PerVertex(probabilities) => probabilities[vertex],
        }
    }
}

/// One step of the iteration. Every slice that its functions take has one entry per vertex.
pub(super) struct Step<'a, S> {
    pub(super) graph: &'a Csr<S>,
    pub(super) teleport: &'a Teleport,
    pub(super) damping: f64,
    /// Vertices per chunk.
    pub(super) chunk_len: NonZeroUsize,
}

/// What a step adds up to.
pub(super) struct Change {
    /// ‖new − old‖₁.
    pub(super) residual: f64,
    /// Dangling mass of the new ranks.
    pub(super) dangling: f64,
}

impl<S: StoredWeight> Step<'_, S> {
    /// shares = r_s / W_s, what s passes on per unit of edge weight; gives the dangling mass D(r).
    pub(super) fn share(&self, ranks: &[f64], shares: &mut [f64]) -> f64 {
        let chunk_len = self.chunk_len.get();
        let chunks = shares.par_chunks_mut(chunk_len).zip(ranks.par_chunks(chunk_len));
        let chunks = chunks.zip(self.graph.out_weight().par_chunks(chunk_len));
        let dangling: Vec<f64> = chunks
            .map(|((shares, ranks), totals)| {
                let mut dangling = 0.0;
                for ((share, rank), total) in shares.iter_mut().zip(ranks).zip(totals) {
                    *share = share_of(*rank, *total, &mut dangling);
                }
                dangling
            })
            .collect();
        sum::left_to_right(&dangling)
    }

    /// ranks = F(ranks), pulled along the in-edges of each vertex, and their shares in `next_shares`.
    pub(super) fn pull(
        &self,
        shares: &[f64],
        dangling: f64,
        ranks: &mut [f64],
        next_shares: &mut [f64],
    ) -> Change {
        let chunk_len = self.chunk_len.get();
        let chunks = ranks.par_chunks_mut(chunk_len).zip(next_shares.par_chunks_mut(chunk_len));
        let chunks = chunks.zip(self.graph.out_weight().par_chunks(chunk_len)).enumerate();
        // The first chunks have most edges: no thread may get several at once.
        let sums: (Vec<f64>, Vec<f64>) = chunks
            .with_max_len(1)
            .map(|(index, ((ranks, next_shares), totals))| {
                let first = index * chunk_len;
                let chunk =
                    Chunk { step: self, first, shares, dangling, totals, ranks, next_shares };
                Arch::new().dispatch(chunk)
            })
            .unzip();
        let (residual, dangling) = sums;
        Change { residual: sum::left_to_right(&residual), dangling: sum::left_to_right(&dangling) }
    }

    /// ρ: bounds the L1 rounding error of the last step, from the shares before it to the ranks after it.
    pub(super) fn rounding(&self, shares: &[f64], ranks: &[f64], dangling: f64) -> f64 {
        let depth = sum::rounding_depth(ranks.len(), self.chunk_len) as f64;
        let of_teleport = match self.teleport {
            Teleport::Uniform(_) => 1.0,
            Teleport::PerVertex(_) => depth + 1.0,
        };
        let of_every_term = of_teleport + 4.0;
        let (totals, degrees) = (self.graph.out_weight(), self.graph.out_degree());
        let weighted = |vertex: usize| {
            let (sources, _) = self.graph.row(vertex);
            let old_rank = shares[vertex] * totals[vertex];
            let passed_on = old_rank * f64::from(degrees[vertex]);
            let of_row = roundings(sources.len()) as f64;
            ranks[vertex] * (of_row + of_every_term) + self.damping * passed_on
        };
        let sum = sum::chunked_by(ranks.len(), self.chunk_len, weighted);
        ROUNDOFF * (sum + self.damping * dangling * depth) + UNDERFLOW
    }

    /// (d·‖Δ‖₁ + ρ) / (1 − d), with ‖Δ‖₁ raised by its own rounding.
    pub(super) fn bound(&self, residual: f64, rounding: f64) -> f64 {
        let depth = sum::rounding_depth(self.graph.vertices(), self.chunk_len) as f64;
        let residual = residual * (1.0 + ROUNDOFF * (depth + 8.0));
        (self.damping * residual + rounding) / (1.0 - self.damping)
    }
}

/// The vertices that one thread steps at a time. Slices but for `shares` have one entry per vertex of the chunk.
struct Chunk<'a, S> {
    step: &'a Step<'a, S>,
    /// First vertex of the chunk.
    first: usize,
    /// Shares of all vertices of the graph.
    shares: &'a [f64],
    dangling: f64,
    /// Total weight that leaves each vertex.
    totals: &'a [f64],
    ranks: &'a mut [f64],
    /// Shares after the step.
    next_shares: &'a mut [f64],
}

/// Compiled for the widest vectors of the processor that it runs on; as products and sums are never fused,
/// the bits are those of any other processor.
impl<S: StoredWeight> WithSimd for Chunk<'_, S> {
    /// ‖new − old‖₁ and dangling mass of the chunk.
    type Output = (f64, f64);

    #[inline(always)]
    fn with_simd<V: Simd>(self, _: V) -> Self::Output {
        let (mut residual, mut dangling) = (0.0, 0.0);
        let Step { graph, teleport, damping: d, .. } = *self.step;
        for i in 0..self.ranks.len() {
            let (sources, weights) = graph.row(self.first + i);
            let v = teleport.at(self.first + i);
            let kept = pull(sources, weights, self.shares) + self.dangling * v;
            let new = (1.0 - d) * v + d * kept;
            residual += (new - self.ranks[i]).abs();
            self.ranks[i] = new;
            self.next_shares[i] = share_of(new, self.totals[i], &mut dangling);
        }
        (residual, dangling)
    }
}

/// What a vertex of this rank passes on per unit of edge weight; without edges, its rank is added to the
/// `dangling` mass.
#[inline(always)]
fn share_of(rank: f64, total: f64, dangling: &mut f64) -> f64 {
    if total > 0.0 {
        return rank / total;
    }
    *dangling += rank;
    0.0
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::*;
    use crate::edges::EdgeList;

    /// A graph with rows of every length up to 1,500: one piece, several, and what is left of one.
    fn graph() -> Csr {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut edges = EdgeList::default();
        for target in 0..1_500 {
            for source in 0..target {
                edges.sources.push(source);
                edges.targets.push(target);
                edges.weights.push(rng.f32());
            }
        }
        Csr::from_edges(1_500, vec![edges]).unwrap()
    }

    #[test]
    fn bits_do_not_depend_on_the_processor() {
        let graph = graph();
        let mut rng = fastrand::Rng::with_seed(2);
        let mut random = || -> Vec<f64> { (0..1_500).map(|_| rng.f64()).collect() };
        let (shares, ranks, teleport) = (random(), random(), Teleport::PerVertex(random()));
        let chunk_len = NonZeroUsize::MAX;
        let step = Step { graph: &graph, teleport: &teleport, damping: 0.85, chunk_len };
        let stepped = |vectorised: bool| {
            let (mut ranks, mut next_shares) = (ranks.clone(), shares.clone());
            let chunk = Chunk {
                step: &step,
                first: 0,
                shares: &shares,
                dangling: 0.25,
                totals: graph.out_weight(),
                ranks: &mut ranks,
                next_shares: &mut next_shares,
            };
            let sums =
                if vectorised { Arch::new().dispatch(chunk) } else { chunk.with_simd(Scalar) };
            (sums, ranks, next_shares)
        };
        assert!(stepped(true) == stepped(false));
    }
}
