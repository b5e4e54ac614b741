//! PageRank by power iteration in pull direction.
//!
//! # Formula
//!
//! ```text
//! r = (1 − d)·v + d·(Pᵀr + D(r)·v),    P(s→t) = w(s→t) / W_s,    D(r) = Σ r_s over dangling s
//! ```
//!
//! with damping d in 0..1, teleport vector v ≥ 0, Σv = 1, edge weights w and W_s the weight that
//! leaves s. Source: Page, Brin, Motwani, Winograd 1999, *The PageRank Citation Ranking*, §2.4–2.6.
//!
//! # Variant
//!
//! *Strongly preferential* (Boldi, Santini, Vigna 2009, *PageRank: Functional Dependencies*):
//! what a dangling vertex holds follows v, as a random jump does. P + (dangling)·vᵀ is then
//! stochastic, so ranks are ≥ 0 and sum to 1 within the bound below; they are not renormalised.
//! v is also the start.
//!
//! # Parallelism
//!
//! Vertices are cut into chunks of fixed length; each chunk writes its own slice of the next ranks
//! and its own partial sums, which are added in order of chunk. The bits depend on the chunk length
//! and not on the number of threads. Memory beyond the graph is 32 bytes per vertex.
//!
//! # Stop rule
//!
//! F(r), the right hand side, contracts by d in L1, so that the exact step r_k = F(r_{k−1}) lies
//! within d/(1−d)·‖r_k − r_{k−1}‖₁ of the fixed point r*. Iteration stops when that is at most the
//! tolerance. Rounding leaves ‖Δ‖₁ at no more than 2ρ/(1−d) in the end, ρ as below, so that every
//! tolerance above 2·d·ρ/(1−d)² is reached; smaller ones may not be, and not reaching the tolerance
//! is an error.
//!
//! # Certified bound, rounding included
//!
//! The computed step is r_k = F(r_{k−1}) + e. With ‖e‖₁ ≤ ρ,
//!
//! ```text
//! ‖r_k − r*‖₁ ≤ d·‖r_{k−1} − r*‖₁ + ρ ≤ d·(‖Δ‖₁ + ‖r_k − r*‖₁) + ρ,    Δ = r_k − r_{k−1}
//! ‖r_k − r*‖₁ ≤ (d·‖Δ‖₁ + ρ) / (1 − d)
//! ```
//!
//! whatever errors earlier steps made: they are in r_{k−1}, from which the last step contracts. ρ
//! counts the roundings that each term of the last step passed through. All terms are ≥ 0, so k
//! roundings move a term by a factor within 1 ± γ_k, γ_k = k·u/(1 − k·u), u = 2⁻⁵³ (Higham 2002,
//! *Accuracy and Stability of Numerical Algorithms*, §3.1). With s =
//! [`sum::depth`]`(n, chunk)` and q for the teleport vector:
//!
//! | computed | roundings |
//! |---|---|
//! | W_s, added edge by edge | outdegree(s) − 1 |
//! | x_s = r_s / W_s | 1 |
//! | w·x_s, then the sum over t's in-edges, by halves | p(t), at most indegree(t) |
//! | dangling mass D, a chunked sum | s |
//! | v_t: `1/n`, or the given entry by the chunked sum | q = 1, or q = s + 1 |
//! | D·v_t; plus the pulled sum; times d; plus (1−d)·v_t | 1 each |
//! | (1−d), times v_t | 1 each |
//!
//! A pulled term passes outdegree(s) + p(t) + 3, a dangling term s + q + 4, a teleport term
//! q + 3. Summed over t, as the shares of a source sum to 1 and the pulled terms of t to at most
//! F(r_{k−1})_t,
//!
//! ```text
//! ρ = 1.01·u·( Σ_t r_k(t)·(p(t) + q + 4) + d·Σ_s r_{k−1}(s)·outdegree(s) + d·D·s ) + 10⁻²⁶⁰
//! ```
//!
//! 1.01 covers what is of second order (k·u < 2⁻¹⁸ as degrees are below 2³²): γ_k against k·u, r_k
//! against F(r_{k−1}), and the rounding of this very formula. 10⁻²⁶⁰ covers underflow, at most 2⁻¹⁰⁷⁵
//! per product or quotient and blown up by at most the largest weight, 2¹²⁸, over fewer than 2⁶⁴
//! edges. ‖Δ‖₁ is itself a chunked sum of rounded differences: the bound takes it
//! 1 + 1.01·u·(s + 8) times, where 7 of the 8 cover the last line's own operations.
//!
//! d and the weights are taken as the stored numbers: rounding a weight to `f32` makes another
//! graph, not an error of the rank.

use std::num::NonZeroUsize;

use rayon::prelude::*;

use super::sum;
use crate::graph::csr::Csr;

/// The smallest tolerance that is accepted: below it rounding decides when iteration stops.
pub const MIN_TOLERANCE: f64 = 1e-14;

/// How far from 1 a teleport vector may sum (it is then divided by its sum).
pub const TELEPORT_SLACK: f64 = 1e-9;

/// Unit roundoff of `f64`, 2⁻⁵³, with the second-order allowance of the module docs.
const ROUNDOFF: f64 = 1.01 * f64::EPSILON / 2.0;

/// Allowance for underflow in one step, see the module docs.
const UNDERFLOW: f64 = 1e-260;

/// How to rank: the [module docs](self) give formula, variant and bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageRank {
    /// d, the probability of following an edge rather than jumping: in `0.0..1.0`. Default 0.85.
    pub damping: f64,
    /// When to stop. Default: tolerance 1e-12 within 1000 iterations.
    pub stop: Stop,
    /// Vertices per chunk, at least 1. Default 4096. Changes the last bits; threads do not.
    pub chunk: usize,
}

impl Default for PageRank {
    fn default() -> Self {
        Self {
            damping: 0.85,
            stop: Stop::Tolerance { tolerance: 1e-12, max_iterations: 1000 },
            chunk: 4096,
        }
    }
}

/// When to stop iterating.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    /// After exactly this many iterations, at least 1, however far from the fixed point.
    Iterations(u32),
    /// As soon as d/(1−d)·‖Δ‖₁ is at most `tolerance`.
    Tolerance {
        /// L1 distance to the fixed point, at least [`MIN_TOLERANCE`].
        tolerance: f64,
        /// Not to have converged after this many iterations, at least 1, is an error.
        max_iterations: u32,
    },
}

/// Ranks, and how good they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// Probability of each vertex, length n, ≥ 0; sums to 1 within `bound`.
    pub ranks: Vec<f64>,
    /// Iterations done.
    pub iterations: u32,
    /// ‖r_k − r_{k−1}‖₁ of the last iteration, as computed.
    pub residual: f64,
    /// Certified: ‖ranks − r*‖₁ is at most this, rounding included. On graphs with large hubs
    /// rounding can put it above the tolerance.
    pub bound: f64,
}

/// Why there are no ranks.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RankError {
    /// Damping is outside `0.0..1.0` or NaN.
    #[error("damping {0} is not in 0..1, 1 excluded")]
    Damping(f64),
    /// The tolerance is below [`MIN_TOLERANCE`] or not finite.
    #[error("tolerance {0} is not a finite number of at least 1e-14")]
    Tolerance(f64),
    /// No iteration is allowed.
    #[error("ranking needs at least one iteration")]
    NoIterations,
    /// The chunk length is 0.
    #[error("the chunk length is 0")]
    NoChunk,
    /// The graph has no vertices.
    #[error("the graph has no vertices")]
    EmptyGraph,
    /// The teleport vector is not one entry per vertex.
    #[error("the teleport vector has {found} entries for {vertices} vertices")]
    TeleportLength {
        /// Vertices of the graph.
        vertices: usize,
        /// Entries of the vector.
        found: usize,
    },
    /// An entry of the teleport vector is NaN, infinite or negative; the first is named.
    #[error(
        "the teleport vector is {value} at vertex {vertex}: entries are finite and not negative"
    )]
    TeleportEntry {
        /// Position of the entry.
        vertex: usize,
        /// The entry.
        value: f64,
    },
    /// The teleport vector is farther than [`TELEPORT_SLACK`] from summing to 1.
    #[error("the teleport vector sums to {sum}, not to 1")]
    TeleportSum {
        /// Its sum, as computed.
        sum: f64,
    },
    /// The stop rule was not met within the iterations allowed.
    #[error(
        "not converged after {iterations} iterations: ‖Δ‖₁ = {residual:e}, the ranks are within \
         {bound:e} of the fixed point where {tolerance:e} is asked for"
    )]
    NotConverged {
        /// Iterations done.
        iterations: u32,
        /// ‖Δ‖₁ of the last one.
        residual: f64,
        /// Certified L1 distance to the fixed point after the last one.
        bound: f64,
        /// The tolerance asked for.
        tolerance: f64,
    },
}

impl PageRank {
    /// Ranks the vertices of `graph`; without `teleport` a jump lands anywhere alike, v = 1/n.
    ///
    /// `teleport` has n entries and sums to 1 within [`TELEPORT_SLACK`]; it is divided by its sum.
    ///
    /// # Errors
    ///
    /// - [`RankError::Damping`], [`RankError::Tolerance`], [`RankError::NoIterations`],
    ///   [`RankError::NoChunk`]: a parameter out of its range.
    /// - [`RankError::EmptyGraph`]: nothing to rank.
    /// - [`RankError::TeleportLength`], [`RankError::TeleportEntry`], [`RankError::TeleportSum`]:
    ///   `teleport` is no distribution over the vertices.
    /// - [`RankError::NotConverged`]: see [`Stop::Tolerance`].
    pub fn run(&self, graph: &Csr, teleport: Option<&[f64]>) -> Result<Ranks, RankError> {
        let chunk = self.check()?;
        let (teleport, teleport_roundings) = distribution(graph.vertices(), teleport, chunk)?;
        let step = Step { graph, teleport: &teleport, damping: self.damping, chunk };
        let (most, tolerance) = match self.stop {
            Stop::Iterations(iterations) => (iterations, None),
            Stop::Tolerance { tolerance, max_iterations } => (max_iterations, Some(tolerance)),
        };
        let mut old = vec![0.0; teleport.len()];
        let mut new = teleport.clone();
        let mut shares = vec![0.0; teleport.len()];
        let (mut iterations, mut residual, mut dangling) = (0, f64::INFINITY, 0.0);
        let within = |residual| {
            let distance = self.damping / (1.0 - self.damping) * residual;
            tolerance.is_some_and(|tolerance| distance <= tolerance)
        };
        while iterations < most && !within(residual) {
            std::mem::swap(&mut old, &mut new);
            dangling = step.share(&old, &mut shares);
            residual = step.pull(&old, &shares, dangling, &mut new);
            iterations += 1;
        }
        let rounding = step.rounding(&old, &new, dangling, teleport_roundings);
        let bound = step.bound(residual, rounding);
        match tolerance {
            Some(tolerance) if !within(residual) => {
                Err(RankError::NotConverged { iterations, residual, bound, tolerance })
            }
            _ => Ok(Ranks { ranks: new, iterations, residual, bound }),
        }
    }

    /// Refuses parameters out of range; gives the chunk length.
    fn check(&self) -> Result<NonZeroUsize, RankError> {
        if !(0.0..1.0).contains(&self.damping) {
            return Err(RankError::Damping(self.damping));
        }
        let most = match self.stop {
            Stop::Iterations(iterations) => iterations,
            Stop::Tolerance { tolerance, .. }
                if !(tolerance.is_finite() && tolerance >= MIN_TOLERANCE) =>
            {
                return Err(RankError::Tolerance(tolerance));
            }
            Stop::Tolerance { max_iterations, .. } => max_iterations,
        };
        if most == 0 {
            return Err(RankError::NoIterations);
        }
        NonZeroUsize::new(self.chunk).ok_or(RankError::NoChunk)
    }
}

/// The teleport vector, length n, and q: the roundings that each entry passed through.
fn distribution(
    vertices: usize,
    given: Option<&[f64]>,
    chunk: NonZeroUsize,
) -> Result<(Vec<f64>, usize), RankError> {
    if vertices == 0 {
        return Err(RankError::EmptyGraph);
    }
    let Some(given) = given else {
        return Ok((vec![1.0 / vertices as f64; vertices], 1));
    };
    let found = given.len();
    if found != vertices {
        return Err(RankError::TeleportLength { vertices, found });
    }
    let mut entries = given.iter().copied().enumerate();
    if let Some((vertex, value)) = entries.find(|(_, value)| !(value.is_finite() && *value >= 0.0))
    {
        return Err(RankError::TeleportEntry { vertex, value });
    }
    let sum = sum::chunked(given, chunk);
    if (sum - 1.0).abs() > TELEPORT_SLACK {
        return Err(RankError::TeleportSum { sum });
    }
    let teleport = given.par_iter().map(|value| value / sum).collect();
    Ok((teleport, sum::depth(vertices, chunk) + 1))
}

/// Longest row that is summed from left to right.
const PIECE: usize = 256;

/// Σ w·x over the in-edges of one vertex. A long row is summed by halves (Higham 2002, §4.2): summed
/// from left to right the ranks of a star of thousands never come to rest, as the rounding of its centre
/// feeds back through the dangling mass.
fn pulled(sources: &[u32], weights: &[f32], shares: &[f64]) -> f64 {
    if sources.len() <= PIECE {
        let edges = sources.iter().zip(weights);
        return edges.fold(0.0, |sum, (s, w)| sum + f64::from(*w) * shares[*s as usize]);
    }
    let half = sources.len().div_ceil(2);
    pulled(&sources[..half], &weights[..half], shares)
        + pulled(&sources[half..], &weights[half..], shares)
}

/// The most roundings of a term in [`pulled`] over `indegree` edges: its product, the additions of its
/// piece but the first, and one for each time the row was halved.
fn roundings(indegree: usize) -> usize {
    let halvings = indegree.div_ceil(PIECE).next_power_of_two().ilog2();
    indegree.min(PIECE) + halvings as usize
}

/// One step of the iteration. Every slice has one entry per vertex.
struct Step<'a> {
    graph: &'a Csr,
    teleport: &'a [f64],
    damping: f64,
    chunk: NonZeroUsize,
}

impl Step<'_> {
    /// shares = r_s / W_s, what s passes on per unit of edge weight; gives the dangling mass D(r).
    fn share(&self, ranks: &[f64], shares: &mut [f64]) -> f64 {
        let chunk = self.chunk.get();
        let chunks = shares.par_chunks_mut(chunk);
        let chunks = chunks.zip(ranks.par_chunks(chunk));
        let chunks = chunks.zip(self.graph.out_weight().par_chunks(chunk));
        let dangling: Vec<f64> = chunks
            .map(|((shares, ranks), totals)| {
                let mut dangling = 0.0;
                for ((share, &rank), &total) in shares.iter_mut().zip(ranks).zip(totals) {
                    if total > 0.0 {
                        *share = rank / total;
                    } else {
                        *share = 0.0;
                        dangling += rank;
                    }
                }
                dangling
            })
            .collect();
        sum::in_order(&dangling)
    }

    /// new = F(old), pulled along the in-edges of each vertex; gives ‖new − old‖₁.
    fn pull(&self, old: &[f64], shares: &[f64], dangling: f64, new: &mut [f64]) -> f64 {
        let (d, chunk) = (self.damping, self.chunk.get());
        let changes: Vec<f64> = new
            .par_chunks_mut(chunk)
            .zip(old.par_chunks(chunk))
            .zip(self.teleport.par_chunks(chunk))
            .enumerate()
            .map(|(index, ((new, old), teleport))| {
                let mut change = 0.0;
                for (i, ((new, &old), &v)) in new.iter_mut().zip(old).zip(teleport).enumerate() {
                    let (sources, weights) = self.graph.row(index * chunk + i);
                    let pulled = pulled(sources, weights, shares);
                    *new = (1.0 - d) * v + d * (pulled + dangling * v);
                    change += (*new - old).abs();
                }
                change
            })
            .collect();
        sum::in_order(&changes)
    }

    /// ρ: bounds the L1 rounding error of the step from `old` to `new`. One pass over the edges.
    fn rounding(&self, old: &[f64], new: &[f64], dangling: f64, teleport_roundings: usize) -> f64 {
        let chunk = self.chunk.get();
        let depth = sum::depth(new.len(), self.chunk) as f64;
        let everywhere = (teleport_roundings + 4) as f64;
        let counts: Vec<f64> = new
            .par_chunks(chunk)
            .enumerate()
            .map(|(index, new)| {
                let mut count = 0.0;
                for (i, &rank) in new.iter().enumerate() {
                    let (sources, _) = self.graph.row(index * chunk + i);
                    // Over all rows, each source's old rank comes up outdegree times.
                    let passed_on = sources.iter().fold(0.0, |sum, &s| sum + old[s as usize]);
                    let own = roundings(sources.len()) as f64;
                    count += rank * (own + everywhere) + self.damping * passed_on;
                }
                count
            })
            .collect();
        ROUNDOFF * (sum::in_order(&counts) + self.damping * dangling * depth) + UNDERFLOW
    }

    /// (d·‖Δ‖₁ + ρ) / (1 − d), with ‖Δ‖₁ taken up for its own rounding.
    fn bound(&self, residual: f64, rounding: f64) -> f64 {
        let depth = sum::depth(self.teleport.len(), self.chunk) as f64;
        let residual = residual * (1.0 + ROUNDOFF * (depth + 8.0));
        (self.damping * residual + rounding) / (1.0 - self.damping)
    }
}
