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
//! and not on the number of threads. Memory beyond the graph is 32 bytes per vertex and vector, and
//! 24 without a teleport vector, and 8 for what is given back.
//!
//! # Several vectors at once
//!
//! [`PageRank::run_many`] ranks the same graph by several teleport vectors. Up to 16 of them stand
//! side by side, so that an edge is read once for all and what it gathers is one run of memory. Each
//! vector (lane) is added up in the order in which it would be alone: its bits are those of
//! [`PageRank::run`], and it stops where that would.
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
//! graph, not an error of the rank.

use std::num::NonZeroUsize;

use rayon::iter::repeat_n;
use rayon::prelude::*;

use super::step::{Jumps, Moved, Step};
use super::sum;
use crate::csr::{Csr, Stored};

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
    pub chunk: usize,
}

impl Default for PageRank {
    fn default() -> Self {
        Self {
            damping: 0.85,
            stop: Stop::Tolerance { tolerance: 1e-12, max_iterations: 1000 },
            chunk: 1024,
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
    pub fn run<S: Stored>(
        &self,
        graph: &Csr<S>,
        teleport: Option<&[f64]>,
    ) -> Result<Ranks, RankError> {
        let chunk = self.check(graph.vertices())?;
        let jumps = match teleport {
            Some(given) => Jumps::Each(distributions(graph.vertices(), &[given], chunk)?),
            None => Jumps::Even([1.0 / graph.vertices() as f64]),
        };
        let [ranks] = self.lanes(graph, &jumps, chunk);
        ranks
    }

    /// Ranks the vertices of `graph` once for each of `teleports`, several in one pass over the edges;
    /// each result has the bits of [`PageRank::run`] with that vector.
    ///
    /// # Errors
    ///
    /// As [`PageRank::run`]; of several vectors that fail the first is told.
    pub fn run_many<S: Stored>(
        &self,
        graph: &Csr<S>,
        teleports: &[&[f64]],
    ) -> Result<Vec<Ranks>, RankError> {
        let chunk = self.check(graph.vertices())?;
        let (mut ranks, mut rest) = (Vec::with_capacity(teleports.len()), teleports);
        while !rest.is_empty() {
            let taken = match rest.len() {
                16.. => self.first_lanes::<S, 16>(graph, rest, chunk, &mut ranks)?,
                8.. => self.first_lanes::<S, 8>(graph, rest, chunk, &mut ranks)?,
                4.. => self.first_lanes::<S, 4>(graph, rest, chunk, &mut ranks)?,
                2.. => self.first_lanes::<S, 2>(graph, rest, chunk, &mut ranks)?,
                _ => self.first_lanes::<S, 1>(graph, rest, chunk, &mut ranks)?,
            };
            rest = &rest[taken..];
        }
        Ok(ranks)
    }

    /// Adds the ranks by the first `L` of `teleports`, which has as many, to `ranks`; gives `L`.
    fn first_lanes<S: Stored, const L: usize>(
        &self,
        graph: &Csr<S>,
        teleports: &[&[f64]],
        chunk: NonZeroUsize,
        ranks: &mut Vec<Ranks>,
    ) -> Result<usize, RankError> {
        let jumps = Jumps::<L>::Each(distributions(graph.vertices(), teleports, chunk)?);
        for ranked in self.lanes(graph, &jumps, chunk) {
            ranks.push(ranked?);
        }
        Ok(L)
    }

    /// Ranks by `L` teleport vectors in one pass over the edges for each iteration.
    fn lanes<S: Stored, const L: usize>(
        &self,
        graph: &Csr<S>,
        jumps: &Jumps<L>,
        chunk: NonZeroUsize,
    ) -> [Result<Ranks, RankError>; L] {
        let step = Step { graph, jumps, damping: self.damping, chunk };
        let (most, tolerance) = match self.stop {
            Stop::Iterations(iterations) => (iterations, None),
            Stop::Tolerance { tolerance, max_iterations } => (max_iterations, Some(tolerance)),
        };
        let mut ranks: Vec<_> =
            (0..graph.vertices()).into_par_iter().map(|v| jumps.at(v)).collect();
        let mut shares: Vec<_> = repeat_n([0.0; L], graph.vertices()).collect();
        let mut next = shares.clone();
        let mut dangling = step.share(&ranks, &mut shares);
        let mut iterations = 0;
        let mut done = [const { None }; L];
        while done.iter().any(Option::is_none) {
            let Moved { residual, dangling: left } =
                step.pull(&shares, dangling, &mut ranks, &mut next);
            iterations += 1;
            for (lane, done) in done.iter_mut().enumerate().filter(|(_, done)| done.is_none()) {
                let residual = residual[lane];
                let distance = self.damping / (1.0 - self.damping) * residual;
                let far = tolerance.filter(|tolerance| distance > *tolerance);
                if iterations < most && (tolerance.is_none() || far.is_some()) {
                    continue;
                }
                let rounding = step.rounding(lane, &shares, &ranks, dangling[lane]);
                let bound = step.bound(residual, rounding);
                *done = Some(match far {
                    Some(tolerance) => {
                        Err(RankError::NotConverged { iterations, residual, bound, tolerance })
                    }
                    None => {
                        let ranks = ranks.par_iter().map(|ranks| ranks[lane]).collect();
                        Ok(Ranks { ranks, iterations, residual, bound })
                    }
                });
            }
            std::mem::swap(&mut shares, &mut next);
            dangling = left;
        }
        done.map(|ranks| ranks.unwrap_or(Err(RankError::NoIterations)))
    }

    /// Refuses parameters out of range and a graph without vertices; gives the chunk length.
    fn check(&self, vertices: usize) -> Result<NonZeroUsize, RankError> {
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
        let chunk = NonZeroUsize::new(self.chunk).ok_or(RankError::NoChunk)?;
        if vertices == 0 { Err(RankError::EmptyGraph) } else { Ok(chunk) }
    }
}

/// The first `L` of `teleports`, each divided by its sum, side by side.
fn distributions<const L: usize>(
    vertices: usize,
    teleports: &[&[f64]],
    chunk: NonZeroUsize,
) -> Result<Vec<[f64; L]>, RankError> {
    let mut sums = [1.0; L];
    for (sum, given) in sums.iter_mut().zip(teleports) {
        *sum = sum_of(vertices, given, chunk)?;
    }
    let lanes = |vertex: usize| std::array::from_fn(|lane| teleports[lane][vertex] / sums[lane]);
    Ok((0..vertices).into_par_iter().map(lanes).collect())
}

/// The sum of a teleport vector; refuses what is no distribution.
fn sum_of(vertices: usize, given: &[f64], chunk: NonZeroUsize) -> Result<f64, RankError> {
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
    Ok(sum)
}
