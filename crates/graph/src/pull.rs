//! The kernel of propagation: what one vertex pulls along its in-edges.
//!
//! Σ w·x over a row, for one vector x or several lanes of them side by side. Which terms are added to which
//! depends on the length of the row alone, so that a lane has the bits that it would have alone. Every term
//! passes [`roundings`] roundings at most. All is inlined into whoever is compiled for the vector units of
//! several processors.

use crate::csr::Stored;

/// Longest row that is summed in one go.
const PIECE: usize = 256;

/// Most pieces of a row, 2²⁴ for 2³² sources, are so many bits and one more.
const LEVELS: usize = 25;

/// Strands of a piece: sums that do not wait for each other.
const STRANDS: usize = 8;

/// Σ w·x over the in-edges of one vertex, for each lane of x. The pieces of a long row are added in pairs,
/// and the sums of pairs in pairs (Higham 2002, §4.2): summed from left to right the ranks of a star of
/// thousands never come to rest, as the rounding of its centre feeds back through the dangling mass.
#[inline(always)]
pub(super) fn pulled<S: Stored, const L: usize>(
    sources: &[u32],
    weights: &[S],
    shares: &[[f64; L]],
) -> [f64; L] {
    if sources.len() <= PIECE {
        return piece(sources, weights, shares);
    }
    // Sums of 2ᵏ pieces, at most one for each k: those of the bits of the number of pieces so far.
    let (mut sums, mut held) = ([[0.0; L]; LEVELS], 0);
    let pieces = sources.chunks(PIECE).zip(weights.chunks(PIECE));
    for (before, (sources, weights)) in pieces.enumerate() {
        let mut sum = piece(sources, weights, shares);
        for _ in 0..before.trailing_ones() {
            held -= 1;
            sum = plus(sums[held], sum);
        }
        sums[held] = sum;
        held += 1;
    }
    let mut sum = sums[held - 1];
    for larger in sums[..held - 1].iter().rev() {
        sum = plus(*larger, sum);
    }
    sum
}

/// Σ w·x over a few edges: of whole runs of eight each edge in a strand of its own, which are joined in
/// pairs, and the edges that are left from left to right.
#[inline(always)]
fn piece<S: Stored, const L: usize>(
    sources: &[u32],
    weights: &[S],
    shares: &[[f64; L]],
) -> [f64; L] {
    let (runs, last) = sources.as_chunks::<STRANDS>();
    let (weight_runs, last_weights) = weights.as_chunks::<STRANDS>();
    let mut sum = [0.0; L];
    for (source, weight) in last.iter().zip(last_weights) {
        add(&mut sum, *weight, &shares[*source as usize]);
    }
    if runs.is_empty() {
        return sum;
    }
    let mut strands = [[0.0; L]; STRANDS];
    if L < 4 {
        for (run, weights) in runs.iter().zip(weight_runs) {
            // All is gathered before any is added: so the compiler works on several strands at once.
            let mut gathered = [[0.0; L]; STRANDS];
            for strand in 0..STRANDS {
                gathered[strand] = shares[run[strand] as usize];
            }
            for strand in 0..STRANDS {
                add(&mut strands[strand], weights[strand], &gathered[strand]);
            }
        }
    } else {
        // One strand of so many lanes fills the registers.
        for (strand, sum) in strands.iter_mut().enumerate() {
            for (run, weights) in runs.iter().zip(weight_runs) {
                add(sum, weights[strand], &shares[run[strand] as usize]);
            }
        }
    }
    let [a, b, c, d, e, f, g, h] = strands;
    plus(plus(plus(plus(a, b), plus(c, d)), plus(plus(e, f), plus(g, h))), sum)
}

#[inline(always)]
fn add<S: Stored, const L: usize>(sum: &mut [f64; L], weight: S, share: &[f64; L]) {
    let weight = weight.into();
    for lane in 0..L {
        sum[lane] += weight * share[lane];
    }
}

#[inline(always)]
fn plus<const L: usize>(mut one: [f64; L], other: [f64; L]) -> [f64; L] {
    for lane in 0..L {
        one[lane] += other[lane];
    }
    one
}

/// p: the most roundings of a term in [`pulled`] over `indegree` edges. In a piece that is its product, the
/// additions of its strand but the first and three to join the strands, or the additions of those left, and
/// one to join both; then one for each level of the pairs of pieces.
pub(super) fn roundings(indegree: usize) -> usize {
    let levels = indegree.div_ceil(PIECE).next_power_of_two().ilog2();
    let longest = indegree.min(PIECE);
    (longest / STRANDS + 3).max(longest.min(STRANDS - 1)) + 1 + levels as usize
}
