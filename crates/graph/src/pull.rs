//! What one vertex pulls along its in-edges: Σ w·x over a row.
//!
//! Which terms are added to which depends on the length of the row alone; [`roundings`] bounds how many roundings a
//! term passes. All is inlined into the step, which is compiled for the vector units of several processors.

use crate::csr::StoredWeight;

/// Longest row that is summed in one piece.
const PIECE: usize = 256;

/// Most partial sums of a row at a time: 2³² sources are 2²⁴ pieces, a number of 25 bits.
const LEVELS: usize = 25;

/// Strands of a piece: sums that do not wait for each other.
const STRANDS: usize = 8;

/// Σ w·x over the in-edges of one vertex. The pieces of a long row are added in pairs, and the sums of pairs in pairs
/// (Higham 2002, §4.2): summed from left to right the ranks of a star of thousands never come to rest, as the rounding
/// of its centre feeds back through the dangling mass.
#[inline(always)]
pub(super) fn pull<S: StoredWeight>(sources: &[u32], weights: &[S], x: &[f64]) -> f64 {
    if sources.len() <= PIECE {
        return pull_piece(sources, weights, x);
    }
    // Sums of 2ᵏ pieces, one for each bit that is set in the number of pieces so far, the largest first.
    let (mut sums, mut held) = ([0.0; LEVELS], 0);
    let pieces = sources.chunks(PIECE).zip(weights.chunks(PIECE));
    for (before, (sources, weights)) in pieces.enumerate() {
        let mut sum = pull_piece(sources, weights, x);
        for _ in 0..before.trailing_ones() {
            held -= 1;
            sum += sums[held];
        }
        sums[held] = sum;
        held += 1;
    }
    sums[..held].iter().rev().copied().reduce(|sum, larger| larger + sum).unwrap_or(0.0)
}

/// Σ w·x over at most [`PIECE`] edges: whole runs of eight edges in one strand each, which are joined in pairs, and the
/// edges that are left from left to right.
#[inline(always)]
fn pull_piece<S: StoredWeight>(sources: &[u32], weights: &[S], x: &[f64]) -> f64 {
    let (runs, rest) = sources.as_chunks::<STRANDS>();
    let (weight_runs, rest_weights) = weights.as_chunks::<STRANDS>();
    let mut sum = 0.0;
    for (source, weight) in rest.iter().zip(rest_weights) {
        sum += (*weight).into() * x[*source as usize];
    }
    if runs.is_empty() {
        return sum;
    }
    let mut strands = [0.0; STRANDS];
    for (run, weights) in runs.iter().zip(weight_runs) {
        // All are gathered before any is added: this way the compiler works on several strands at once.
        let gathered = run.map(|source| x[source as usize]);
        for strand in 0..STRANDS {
            strands[strand] += weights[strand].into() * gathered[strand];
        }
    }
    let [a, b, c, d, e, f, g, h] = strands;
    (((a + b) + (c + d)) + ((e + f) + (g + h))) + sum
}

/// p: the most roundings of a term in [`pull`] over `indegree` edges. In a piece that is its product, the additions of
/// its strand but the first and three to join the strands, or the additions of those left, and one to join both; then
/// one for each level of the pairs of pieces.
pub(super) fn roundings(indegree: usize) -> usize {
    let levels = indegree.div_ceil(PIECE).next_power_of_two().ilog2();
    let longest = indegree.min(PIECE);
    (longest / STRANDS + 3).max(longest.min(STRANDS - 1)) + 1 + levels as usize
}
