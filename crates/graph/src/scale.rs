//! Weights of any size to such that 32 bits hold.
//!
//! Ranks depend on shares w / W_s alone: all weights that leave a vertex can be multiplied by the same number. Here it is a
//! power of two, so that shares keep their bits; and it is chosen per vertex, so that the weights of one vertex may be
//! 10³⁰⁰ times those of another. [`crate::csr`] stores weights in `f32`, of 2⁻¹⁴⁹ to 2¹²⁸.
//!
//! A vertex whose largest given weight is below 1, or 2³² or above, gets one of 2⁹⁰ to 2⁹¹: up to 2³² duplicates still add
//! up to less than 2¹²⁸. What is then positive and below 2⁻¹⁴⁹ becomes 2⁻¹⁴⁹: over at most 2³² edges that is less than
//! [`SHIFT`] of the total weight of the vertex.
//!
//! ```
//! use renown_graph::edges::EdgeList;
//! use renown_graph::scale::scale_out_weights;
//!
//! let mut edges =
//!     [EdgeList { sources: vec![0, 0, 1], targets: vec![1, 2, 2], weights: vec![1e-50, 3e-50, 5.0] }];
//! scale_out_weights(3, &mut edges);
//!
//! let weights = &edges[0].weights;
//! assert_eq!(weights[1] / weights[0], 3e-50 / 1e-50);
//! assert_eq!(weights[2], 5.0);
//! ```

use std::sync::atomic::AtomicI16;
use std::sync::atomic::Ordering::Relaxed;

use rayon::prelude::*;

use crate::edges::{EdgeList, Weight};

/// How far raising tiny weights shifts the weights that leave a vertex, as a share of their total: 2⁻¹¹⁷.
pub const SHIFT: f64 = f64::from_bits((1023 - 117) << 52);

/// Exponents of largest weights that are left as they are.
const LEFT: std::ops::Range<i16> = 0..32;

/// Exponent of the largest weight of the other vertices.
const SCALED: i16 = 90;

/// Exponent of a vertex without a positive weight.
const NONE: i16 = i16::MIN;

/// The smallest positive `f32`, 2⁻¹⁴⁹.
const TINIEST: f64 = f64::from_bits((1023 - 149) << 52);

/// Scales the weights that leave each of `vertices` vertices, over all `lists`. Weights that are no weights (NaN, infinite,
/// negative) are left for [`crate::csr::Csr::from_edges`] to refuse.
///
/// # Panics
///
/// If a source is not below `vertices`.
pub fn scale_out_weights<W: Weight>(vertices: usize, lists: &mut [EdgeList<W>]) {
    if size_of::<W>() == 0 {
        return;
    }
    let largest: Vec<AtomicI16> = (0..vertices).map(|_| AtomicI16::new(NONE)).collect();
    let is_tiny = lists
        .par_iter()
        .map(|list| {
            let mut is_tiny = false;
            for (source, weight) in list.sources.iter().zip(&list.weights) {
                let Some(exponent) = exponent((*weight).into()) else { continue };
                is_tiny |= exponent < -149;
                let largest = &largest[*source as usize];
                if largest.load(Relaxed) < exponent {
                    largest.fetch_max(exponent, Relaxed);
                }
            }
            is_tiny
        })
        .reduce(|| false, |one, other| one | other);
    let largest: Vec<i16> = largest.into_iter().map(AtomicI16::into_inner).collect();
    let is_left = |exponent: &i16| *exponent == NONE || LEFT.contains(exponent);
    if !is_tiny && largest.par_iter().all(is_left) {
        return;
    }
    lists.par_iter_mut().for_each(|list| {
        for (source, weight) in list.sources.iter().zip(&mut list.weights) {
            let largest = largest[*source as usize];
            let given: f64 = (*weight).into();
            if exponent(given).is_none() {
                continue;
            }
            let scaled = if is_left(&largest) { given } else { times(given, SCALED - largest) };
            *weight = W::nearest(scaled.max(TINIEST));
        }
    });
}

/// The exponent e of a weight of 2ᵉ to 2ᵉ⁺¹; `None` if it is 0 or no weight.
fn exponent(weight: f64) -> Option<i16> {
    if !(weight > 0.0 && weight.is_finite()) {
        return None;
    }
    let bits = weight.to_bits();
    match (bits >> 52) as i16 {
        // Without its leading 1 a number is shorter by the zeros before its first digit.
        0 => Some(63 - bits.leading_zeros() as i16 - 1074),
        biased => Some(biased - 1023),
    }
}

/// weight · 2ᵉ. In two steps: 2ᵉ alone may be out of range.
fn times(weight: f64, exponent: i16) -> f64 {
    let power = |exponent: i16| f64::from_bits(((1023 + i64::from(exponent)) as u64) << 52);
    let half = exponent / 2;
    weight * power(half) * power(exponent - half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_logarithms() {
        let least = f64::from_bits(1);
        for (weight, expected) in [
            (1.0, 0),
            (1.5, 0),
            (2.0, 1),
            (0.75, -1),
            (f64::MAX, 1023),
            (f64::MIN_POSITIVE, -1022),
            (f64::MIN_POSITIVE / 2.0, -1023),
            (3.0 * least, -1073),
            (least, -1074),
        ] {
            assert_eq!(exponent(weight), Some(expected), "{weight:e}");
        }
        for weight in [0.0, -0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(exponent(weight), None, "{weight}");
        }
    }

    #[test]
    fn the_largest_weight_of_every_size_is_scaled_exactly() {
        for weight in [f64::MAX, 1e300, 1e39, 5e9, 0.3, 1e-50, f64::MIN_POSITIVE, f64::from_bits(7)]
        {
            let mut list = [EdgeList { sources: vec![0], targets: vec![0], weights: vec![weight] }];
            scale_out_weights(1, &mut list);
            let scaled = list[0].weights[0];
            assert_eq!(exponent(scaled), Some(SCALED), "{weight:e}");
            assert_eq!(times(scaled, exponent(weight).unwrap() - SCALED), weight);
        }
    }

    #[test]
    fn weights_in_the_middle_are_left() {
        for weights in [vec![1.0, 0.25, 1e-40], vec![4e9, 1.0, 0.0], vec![0.0, 0.0, 0.0]] {
            let weights: Vec<f64> = weights;
            let sources = vec![0; 3];
            let mut list =
                [EdgeList { targets: sources.clone(), sources, weights: weights.clone() }];
            scale_out_weights(1, &mut list);
            assert_eq!(list[0].weights, weights);
        }
    }

    #[test]
    fn a_tiny_weight_stays_positive() {
        let mut list =
            [EdgeList { sources: vec![0, 0], targets: vec![0, 1], weights: vec![1.0, 1e-60] }];
        scale_out_weights(1, &mut list);
        assert_eq!(list[0].weights, [1.0, TINIEST]);
        let sources = vec![0, 0, 0, 0];
        let weights = vec![f64::NAN, -1.0, f64::INFINITY, 1e-300];
        let mut list = [EdgeList { targets: sources.clone(), sources, weights }];
        scale_out_weights(1, &mut list);
        let weights = &list[0].weights;
        assert!(weights[0].is_nan() && weights[1] == -1.0 && weights[2] == f64::INFINITY);
    }
}
