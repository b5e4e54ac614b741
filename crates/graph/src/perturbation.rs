//! How far rounding of the *inputs* moves ranks. The bound of [`crate::pagerank`] takes weights and teleport vector as stored; these
//! bounds lead from the stored ones to those that were given. Names as there.
//!
//! Let r° be the ranks of the given graph, r* those of the stored one, F and F* their right hand sides. F contracts by d, so
//!
//! ```text
//! ‖r* − r°‖₁ = ‖F*(r*) − F(r°)‖₁ ≤ ‖F*(r*) − F(r*)‖₁ + d·‖r* − r°‖₁
//! ‖r* − r°‖₁ ≤ ‖F*(r*) − F(r*)‖₁ / (1 − d)
//! ```
//!
//! **Weights.** If the stored weights of s differ from the given ones by at most δ·W_s in all, then
//! Σ_t |P*(s→t) − P(s→t)| ≤ 2δ / (1 − δ), and r* is a distribution: F* and F differ by at most d·2δ/(1 − δ).
//!
//! **Teleport vector.** If each stored entry differs from c times the given one (any c) by at most the share δ of itself, the two
//! distributions differ by at most 2δ/(1 − δ) in L1, and F* and F by at most that, as v stands there with the factor
//! (1 − d) + d·D ≤ 1. (Source of the approach: Ipsen, Wills 2006, *Mathematical Properties and Analysis of Google's PageRank*, §4.)

use crate::scale::SHIFT;

/// Covers what is of second order: how δ and these formulas are rounded themselves.
const SLACK: f64 = 1.01;

/// Bounds the L1 distance between the ranks of a graph as stored and those of the weights as given, which
/// [`crate::scale::scale_out_weights`] may have scaled; `rounding` is [`crate::csr::Csr::weight_rounding`].
pub fn of_rounded_weights(damping: f64, rounding: f64) -> f64 {
    damping * distance(rounding + SHIFT) / (1.0 - damping)
}

/// Bounds the L1 distance between the ranks under a teleport vector as stored and as given, where each entry passed at most
/// `roundings` roundings that are not common to all.
pub fn of_rounded_teleport(damping: f64, roundings: usize) -> f64 {
    distance(roundings as f64 * f64::EPSILON / 2.0) / (1.0 - damping)
}

/// Between two distributions whose entries, before they are divided by their sums, differ by a share of at most δ.
fn distance(delta: f64) -> f64 {
    let delta = SLACK * delta;
    2.0 * delta / (1.0 - delta)
}
