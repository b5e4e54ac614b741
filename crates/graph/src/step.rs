//! One step of PageRank, and how far rounding takes it from the exact one; formula, names and bounds are
//! those of [`super::pagerank`].

use std::num::NonZeroUsize;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::pull::{pulled, roundings};
use super::sum;
use crate::csr::{Csr, Stored};

/// Allowance for underflow in one step.
const UNDERFLOW: f64 = 1e-260;

/// Unit roundoff of `f64`, 2⁻⁵³, with the allowance for what is of second order.
const ROUNDOFF: f64 = 1.01 * f64::EPSILON / 2.0;

/// v: where a jump of each lane lands.
pub(super) enum Jumps<const L: usize> {
    /// On each vertex with this probability.
    Even([f64; L]),
    /// On each vertex with its own.
    Each(Vec<[f64; L]>),
}

impl<const L: usize> Jumps<L> {
    #[inline(always)]
    pub(super) fn at(&self, vertex: usize) -> [f64; L] {
        match self {
            Self::Even(probability) => *probability,
            Self::Each(probabilities) => probabilities[vertex],
        }
    }
}

/// One step of the iteration over `L` lanes. Every slice has one entry per vertex.
pub(super) struct Step<'a, S, const L: usize> {
    pub(super) graph: &'a Csr<S>,
    pub(super) jumps: &'a Jumps<L>,
    pub(super) damping: f64,
    /// Vertices per chunk.
    pub(super) chunk: NonZeroUsize,
}

/// What a step comes to, for each lane.
pub(super) struct Moved<const L: usize> {
    /// ‖new − old‖₁.
    pub(super) residual: [f64; L],
    /// Dangling mass of the new ranks.
    pub(super) dangling: [f64; L],
}

impl<S: Stored, const L: usize> Step<'_, S, L> {
    /// shares = r_s / W_s, what s passes on per unit of edge weight; gives the dangling mass D(r).
    pub(super) fn share(&self, ranks: &[[f64; L]], shares: &mut [[f64; L]]) -> [f64; L] {
        let chunk = self.chunk.get();
        let chunks = shares.par_chunks_mut(chunk).zip(ranks.par_chunks(chunk));
        let chunks = chunks.zip(self.graph.out_weight().par_chunks(chunk));
        let dangling: Vec<[f64; L]> = chunks
            .map(|((shares, ranks), totals)| {
                let mut dangling = [0.0; L];
                for ((share, rank), total) in shares.iter_mut().zip(ranks).zip(totals) {
                    *share = passed_on(rank, *total, &mut dangling);
                }
                dangling
            })
            .collect();
        sum::lanes_in_order(&dangling)
    }

    /// ranks = F(ranks), pulled along the in-edges of each vertex, and what it passes on in `next`.
    pub(super) fn pull(
        &self,
        shares: &[[f64; L]],
        dangling: [f64; L],
        ranks: &mut [[f64; L]],
        next: &mut [[f64; L]],
    ) -> Moved<L> {
        let chunk = self.chunk.get();
        let chunks = ranks.par_chunks_mut(chunk).zip(next.par_chunks_mut(chunk));
        let chunks = chunks.zip(self.graph.out_weight().par_chunks(chunk)).enumerate();
        // The first chunks hold most edges: no thread may keep several.
        let sums: (Vec<[f64; L]>, Vec<[f64; L]>) = chunks
            .with_max_len(1)
            .map(|(index, ((ranks, next), totals))| {
                let first = index * chunk;
                let own = Chunk { step: self, first, shares, dangling, totals, ranks, next };
                Arch::new().dispatch(own)
            })
            .unzip();
        let (residual, dangling) = sums;
        Moved { residual: sum::lanes_in_order(&residual), dangling: sum::lanes_in_order(&dangling) }
    }

    /// ρ: bounds the L1 rounding error of the last step in one lane, from what was passed on to the
    /// new ranks.
    pub(super) fn rounding(
        &self,
        lane: usize,
        shares: &[[f64; L]],
        ranks: &[[f64; L]],
        dangling: f64,
    ) -> f64 {
        let depth = sum::depth(ranks.len(), self.chunk) as f64;
        let of_jumps = match self.jumps {
            Jumps::Even(_) => 1.0,
            Jumps::Each(_) => depth + 1.0,
        };
        let everywhere = of_jumps + 4.0;
        let (totals, degrees) = (self.graph.out_weight(), self.graph.out_degree());
        let count = |vertex: usize| {
            let (sources, _) = self.graph.row(vertex);
            let old = shares[vertex][lane] * totals[vertex];
            let passed_on = old * f64::from(degrees[vertex]);
            let own = roundings(sources.len()) as f64;
            ranks[vertex][lane] * (own + everywhere) + self.damping * passed_on
        };
        let counts = sum::chunked_of(ranks.len(), self.chunk, count);
        ROUNDOFF * (counts + self.damping * dangling * depth) + UNDERFLOW
    }

    /// (d·‖Δ‖₁ + ρ) / (1 − d), with ‖Δ‖₁ taken up for its own rounding.
    pub(super) fn bound(&self, residual: f64, rounding: f64) -> f64 {
        let depth = sum::depth(self.graph.vertices(), self.chunk) as f64;
        let residual = residual * (1.0 + ROUNDOFF * (depth + 8.0));
        (self.damping * residual + rounding) / (1.0 - self.damping)
    }
}

/// A chunk of a step. Slices but for `shares` have one entry per vertex of the chunk.
struct Chunk<'a, S, const L: usize> {
    step: &'a Step<'a, S, L>,
    /// First vertex of the chunk.
    first: usize,
    /// What each vertex of the graph passes on.
    shares: &'a [[f64; L]],
    dangling: [f64; L],
    /// Total weight that leaves each vertex.
    totals: &'a [f64],
    ranks: &'a mut [[f64; L]],
    /// What each vertex passes on afterwards.
    next: &'a mut [[f64; L]],
}

/// Compiled for the widest vectors of the processor that it runs on; as products and sums are never fused,
/// the bits are those of any other.
impl<S: Stored, const L: usize> WithSimd for Chunk<'_, S, L> {
    /// ‖new − old‖₁ and dangling mass of the chunk.
    type Output = ([f64; L], [f64; L]);

    #[inline(always)]
    fn with_simd<V: Simd>(self, _: V) -> Self::Output {
        let (mut moved, mut left) = ([0.0; L], [0.0; L]);
        let Step { graph, jumps, damping: d, .. } = *self.step;
        for i in 0..self.ranks.len() {
            let (sources, weights) = graph.row(self.first + i);
            let pulled = pulled(sources, weights, self.shares);
            let (rank, v) = (&mut self.ranks[i], jumps.at(self.first + i));
            for lane in 0..L {
                let kept = pulled[lane] + self.dangling[lane] * v[lane];
                let new = (1.0 - d) * v[lane] + d * kept;
                moved[lane] += (new - rank[lane]).abs();
                rank[lane] = new;
            }
            self.next[i] = passed_on(rank, self.totals[i], &mut left);
        }
        (moved, left)
    }
}

/// What a vertex with these ranks passes on per unit of edge weight; without edges, its ranks are added
/// to the `dangling` mass.
#[inline(always)]
fn passed_on<const L: usize>(ranks: &[f64; L], total: f64, dangling: &mut [f64; L]) -> [f64; L] {
    if total > 0.0 {
        return ranks.map(|rank| rank / total);
    }
    for (dangling, rank) in dangling.iter_mut().zip(ranks) {
        *dangling += rank;
    }
    [0.0; L]
}

#[cfg(test)]
mod tests {
    use pulp::Scalar;

    use super::*;
    use crate::csr::EdgePart;

    /// A graph with rows of every length up to 1,500: one piece, several, and what is left of one.
    fn graph() -> Csr {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut edges = EdgePart::default();
        for target in 0..1_500 {
            for source in 0..target {
                edges.sources.push(source);
                edges.targets.push(target);
                edges.weights.push(rng.f32());
            }
        }
        Csr::from_parts(1_500, vec![edges]).unwrap()
    }

    fn every_processor_gives_the_same_bits<const L: usize>(graph: &Csr) {
        let mut rng = fastrand::Rng::with_seed(2);
        let n = graph.vertices();
        let mut vector =
            || -> Vec<[f64; L]> { (0..n).map(|_| [(); L].map(|()| rng.f64())).collect() };
        let (shares, ranks, jumps) = (vector(), vector(), Jumps::Each(vector()));
        let chunk = NonZeroUsize::MAX;
        let step = Step { graph, jumps: &jumps, damping: 0.85, chunk };
        let stepped = |here: bool| {
            let (mut ranks, mut next) = (ranks.clone(), shares.clone());
            let chunk = Chunk {
                step: &step,
                first: 0,
                shares: &shares,
                dangling: [0.25; L],
                totals: graph.out_weight(),
                ranks: &mut ranks,
                next: &mut next,
            };
            let sums = if here { Arch::new().dispatch(chunk) } else { chunk.with_simd(Scalar) };
            (sums, ranks, next)
        };
        assert!(stepped(true) == stepped(false), "{L} lanes");
    }

    #[test]
    fn bits_do_not_depend_on_the_processor() {
        let graph = graph();
        every_processor_gives_the_same_bits::<1>(&graph);
        every_processor_gives_the_same_bits::<4>(&graph);
        every_processor_gives_the_same_bits::<16>(&graph);
    }
}
