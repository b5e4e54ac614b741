//! Sums whose bits depend on the chunk length alone, never on the number of threads.
//!
//! A chunk of fixed length is summed from left to right by one thread, and the partial sums are
//! added in order of chunk. (A parallel reduction, rayon's `.sum()` among them, splits where threads
//! happen to be idle, and every split rounds differently.)

use std::num::NonZeroUsize;

use rayon::prelude::*;

/// The sum of `values` from left to right, starting at +0; 0 if there are none.
pub fn in_order(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value)
}

/// [`in_order`] for each of `L` values that stand side by side.
pub(super) fn lanes_in_order<const L: usize>(values: &[[f64; L]]) -> [f64; L] {
    let mut sums = [0.0; L];
    for value in values {
        for (sum, value) in sums.iter_mut().zip(value) {
            *sum += value;
        }
    }
    sums
}

/// The sum of `values` in chunks of `chunk`, parallel over chunks.
///
/// For values that are not negative the relative error is at most k·u / (1 − k·u), with u = 2⁻⁵³ and
/// k = [`depth`]`(values.len(), chunk)` (Higham 2002, *Accuracy and Stability of Numerical
/// Algorithms*, §4.2).
pub fn chunked(values: &[f64], chunk: NonZeroUsize) -> f64 {
    chunked_of(values.len(), chunk, |i| values[i])
}

/// [`chunked`] of `len` values that are nowhere stored.
pub fn chunked_of(len: usize, chunk: NonZeroUsize, value: impl Fn(usize) -> f64 + Sync) -> f64 {
    let partial = |index: usize| {
        let start = index * chunk.get();
        (start..len.min(start.saturating_add(chunk.get()))).fold(0.0, |sum, i| sum + value(i))
    };
    let partials: Vec<f64> = (0..len.div_ceil(chunk.get())).into_par_iter().map(partial).collect();
    in_order(&partials)
}

/// The most additions that round any one of `len` values on its way through [`chunked`]: all but the
/// first of its chunk, and all but the first of the chunks.
pub fn depth(len: usize, chunk: NonZeroUsize) -> usize {
    let longest = chunk.get().min(len);
    longest.saturating_sub(1) + len.div_ceil(chunk.get()).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_the_additions_that_round() {
        let depth = |len, chunk| depth(len, NonZeroUsize::new(chunk).unwrap());
        assert_eq!(depth(0, 7), 0);
        assert_eq!(depth(1, 7), 0);
        assert_eq!(depth(7, 7), 6);
        assert_eq!(depth(8, 7), 6 + 1);
        assert_eq!(depth(100, 1), 99);
        assert_eq!(depth(100, usize::MAX), 99);
    }
}
