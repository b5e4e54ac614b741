//! Sums whose bits depend on the chunk length alone, never on the number of threads.
//!
//! A chunk of fixed length is summed from left to right by one thread, and the partial sums are
//! added in order of chunk. (A parallel reduction, rayon's `.sum()` among them, splits where threads
//! happen to be idle, and every split rounds differently.)
//!
//! ```
//! use std::num::NonZeroUsize;
//! use renown_graph::sum::{chunked, rounding_depth};
//!
//! let (values, chunk_len) = ([0.1; 1000], NonZeroUsize::MIN.saturating_add(63));
//! let sum = chunked(&values, chunk_len);
//!
//! // As k roundings allow: the exact sum of these 1000 numbers is 1000 · 0.1 rounded once.
//! let k = rounding_depth(values.len(), chunk_len) as f64;
//! assert_eq!(k, 63.0 + 15.0);
//! assert!((sum - 100.0).abs() <= 1.01 * k * f64::EPSILON / 2.0 * 100.0);
//! ```

use std::num::NonZeroUsize;

use rayon::prelude::*;

/// The sum of `values` from left to right, starting at +0; 0 if there are none.
pub fn left_to_right(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |sum, value| sum + value)
}

/// The sum of `values` in chunks of `chunk_len`, parallel over chunks.
///
/// For values that are not negative the relative error is at most k·u / (1 − k·u), with u = 2⁻⁵³ and
/// k = [`rounding_depth`]`(values.len(), chunk_len)` (Higham 2002, *Accuracy and Stability of Numerical
/// Algorithms*, §4.2).
pub fn chunked(values: &[f64], chunk_len: NonZeroUsize) -> f64 {
    chunked_by(values.len(), chunk_len, |i| values[i])
}

/// [`chunked`] of `len` values that are stored nowhere: `value` gives each by its index.
pub fn chunked_by(len: usize, chunk_len: NonZeroUsize, value: impl Fn(usize) -> f64 + Sync) -> f64 {
    let partial = |chunk: usize| {
        let start = chunk * chunk_len.get();
        (start..len.min(start.saturating_add(chunk_len.get()))).fold(0.0, |sum, i| sum + value(i))
    };
    let chunks = 0..len.div_ceil(chunk_len.get());
    let partials: Vec<f64> = chunks.into_par_iter().map(partial).collect();
    left_to_right(&partials)
}

/// The most additions that round any one of `len` values on its way through [`chunked`]: all but the
/// first of its chunk, and all but the first of the chunks.
pub fn rounding_depth(len: usize, chunk_len: NonZeroUsize) -> usize {
    let longest = chunk_len.get().min(len);
    longest.saturating_sub(1) + len.div_ceil(chunk_len.get()).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_the_additions_that_round() {
        let depth = |len, chunk| rounding_depth(len, NonZeroUsize::new(chunk).unwrap());
        assert_eq!(depth(0, 7), 0);
        assert_eq!(depth(1, 7), 0);
        assert_eq!(depth(7, 7), 6);
        assert_eq!(depth(8, 7), 6 + 1);
        assert_eq!(depth(100, 1), 99);
        assert_eq!(depth(100, usize::MAX), 99);
    }
}
