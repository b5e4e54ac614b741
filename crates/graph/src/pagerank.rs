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
//! and not on the number of threads. Memory beyond the graph: 24 bytes per vertex, and 8 more with a
//! teleport vector.
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
//! [`sum::rounding_depth`]`(n, chunk_len)` and q for the teleport vector:
//!
//! | computed | roundings |
//! |---|---|
//! | W_s, added edge by edge | outdegree(s) − 1 |
//! | x_s = r_s / W_s | 1 |
//! | w·x_s, then the sum over t's in-edges, in eight strands and by pairs | p(t) |
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
//! graph, not an error of the rank. How far its ranks lie from those of the graph that was meant is bounded by
//! [`crate::perturbation`].
//!
//! # Example
//!
//! ```
//! use renown_graph::csr::Csr;
//! use renown_graph::edges::{EdgeList, UnitWeight};
//! use renown_graph::pagerank::PageRank;
//!
//! // 0 → 1, and 1 dangles: r₀ = 1 / (2 + d).
//! let edges = EdgeList { sources: vec![0], targets: vec![1], weights: vec![UnitWeight] };
//! let graph = Csr::from_edges(2, vec![edges])?;
//! let ranked = PageRank::default().run(&graph, None)?;
//! assert!((ranked.ranks[0] - 1.0 / 2.85).abs() <= ranked.bound);
//!
//! // Every jump lands on 1: 0 is never visited.
//! let personalised = PageRank::default().run(&graph, Some(&[0.0, 1.0]))?;
//! assert_eq!(personalised.ranks, [0.0, 1.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::num::NonZeroUsize;

use rayon::iter::repeat_n;
use rayon::prelude::*;

use super::step::{Change, Step, Teleport};
use super::sum;
use crate::csr::{Csr, StoredWeight};

/// The smallest tolerance that is accepted: below it rounding decides when iteration stops.
pub const MIN_TOLERANCE: f64 = 1e-14;

/// How far from 1 a teleport vector may sum (it is then divided by its sum).
pub const TELEPORT_SLACK: f64 = 1e-9;

/// How to rank: the [module docs](self) give formula, variant and bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageRank {
    /// d, the probability of following an edge rather than jumping: in `0.0..1.0`. Default 0.85.
    pub damping: f64,
    /// When to stop. Default: tolerance 1e-12 within 1000 iterations.
    pub stop: Stop,
    /// Vertices per chunk, at least 1. Default 1024. Changes the last bits; threads do not.
    pub chunk_len: usize,
}

impl Default for PageRank {
    fn default() -> Self {
        Self {
            damping: 0.85,
            stop: Stop::Tolerance { tolerance: 1e-12, max_iterations: 1000 },
            chunk_len: 1024,
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
        /// Most iterations, at least 1; not to have converged by then is an error.
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
    /// Ranks the vertices of `graph`; without `teleport` a jump lands on every vertex alike, v = 1/n.
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
    pub fn run<S: StoredWeight>(
        &self,
        graph: &Csr<S>,
        teleport: Option<&[f64]>,
    ) -> Result<Ranks, RankError> {
        let n = graph.vertices();
        let chunk_len = self.check(n)?;
        let teleport = match teleport {
            Some(given) => Teleport::PerVertex(distribution(n, given, chunk_len)?),
            None => Teleport::Uniform(1.0 / n as f64),
        };
        let step = Step { graph, teleport: &teleport, damping: self.damping, chunk_len };
        let (max_iterations, tolerance) = match self.stop {
            Stop::Iterations(iterations) => (iterations, None),
            Stop::Tolerance { tolerance, max_iterations } => (max_iterations, Some(tolerance)),
        };
        let mut ranks: Vec<f64> = (0..n).into_par_iter().map(|v| teleport.at(v)).collect();
        let mut shares: Vec<f64> = repeat_n(0.0, n).collect();
        let mut next_shares = shares.clone();
        let mut dangling = step.share(&ranks, &mut shares);
        let mut iterations = 0;
        loop {
            iterations += 1;
            let change = step.pull(&shares, dangling, &mut ranks, &mut next_shares);
            let Change { residual, dangling: next_dangling } = change;
            let distance = self.damping / (1.0 - self.damping) * residual;
            let missed = tolerance.filter(|tolerance| distance > *tolerance);
            if iterations == max_iterations || (tolerance.is_some() && missed.is_none()) {
                let rounding = step.rounding(&shares, &ranks, dangling);
                let bound = step.bound(residual, rounding);
                return match missed {
                    Some(tolerance) => {
                        Err(RankError::NotConverged { iterations, residual, bound, tolerance })
                    }
                    None => Ok(Ranks { ranks, iterations, residual, bound }),
                };
            }
            std::mem::swap(&mut shares, &mut next_shares);
            dangling = next_dangling;
        }
    }

    /// Refuses parameters out of range and a graph without vertices; gives the chunk length.
    fn check(&self, vertices: usize) -> Result<NonZeroUsize, RankError> {
        if !(0.0..1.0).contains(&self.damping) {
            return Err(RankError::Damping(self.damping));
        }
        let max_iterations = match self.stop {
            Stop::Iterations(iterations) => iterations,
            Stop::Tolerance { tolerance, .. }
                if !(tolerance.is_finite() && tolerance >= MIN_TOLERANCE) =>
            {
                return Err(RankError::Tolerance(tolerance));
            }
            Stop::Tolerance { max_iterations, .. } => max_iterations,
        };
        if max_iterations == 0 {
            return Err(RankError::NoIterations);
        }
        let chunk_len = NonZeroUsize::new(self.chunk_len).ok_or(RankError::NoChunk)?;
        if vertices == 0 { Err(RankError::EmptyGraph) } else { Ok(chunk_len) }
    }
}

/// A teleport vector divided by its sum; refuses what is no distribution over the vertices.
fn distribution(
    vertices: usize,
    given: &[f64],
    chunk_len: NonZeroUsize,
) -> Result<Vec<f64>, RankError> {
    let found = given.len();
    if found != vertices {
        return Err(RankError::TeleportLength { vertices, found });
    }
    let mut entries = given.iter().copied().enumerate();
    if let Some((vertex, value)) = entries.find(|(_, value)| !(value.is_finite() && *value >= 0.0))
    {
        return Err(RankError::TeleportEntry { vertex, value });
    }
    let sum = sum::chunked(given, chunk_len);
    if (sum - 1.0).abs() > TELEPORT_SLACK {
        return Err(RankError::TeleportSum { sum });
    }
    Ok(given.par_iter().map(|entry| entry / sum).collect())
}
