//! How uncertain a statistic is: the bootstrap and the jackknife.
//!
//! ```
//! use renown_stats::calibration::mean;
//! use renown_stats::resampling::{bootstrap, interval_95};
//!
//! let values: Vec<f64> = (0..100).map(f64::from).collect();
//! let estimate = mean(&values, &[1; 100]).unwrap();
//! let deviations = bootstrap(values.len(), 500, 1, |multiplicities| {
//!     Some(mean(&values, multiplicities)? - estimate)
//! });
//! let (low, high) = interval_95(estimate, deviations.into_iter()).unwrap();
//!
//! // In theory ±1.96 standard errors of 2.887.
//! assert!((high - low - 2.0 * 1.96 * 2.887).abs() < 1.5);
//! ```

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use crate::quantiles::quantile;

/// `statistic` of each of `resamples` resamples of `units` units, in parallel and in their order. It is given how often
/// each unit is drawn: a resample is as many draws as there are units, with replacement. The same `seed` gives the same
/// resamples at any number of threads. Source: Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §6.2.
pub fn bootstrap<T: Send>(
    units: usize,
    resamples: u32,
    seed: u32,
    statistic: impl Fn(&[u32]) -> T + Sync,
) -> Vec<T> {
    let resample = |random| statistic(&draw(random, units));
    random_streams(seed, resamples).into_par_iter().map(resample).collect()
}

/// A generator for each resample. They do not overlap: each begins 2¹²⁸ numbers after the one before.
fn random_streams(seed: u32, streams: u32) -> Vec<Xoshiro256PlusPlus> {
    let mut next = Xoshiro256PlusPlus::seed_from_u64(u64::from(seed));
    let mut take = || {
        let stream = next.clone();
        next.jump();
        stream
    };
    (0..streams).map(|_| take()).collect()
}

/// How often each unit is drawn.
fn draw(mut random: Xoshiro256PlusPlus, units: usize) -> Vec<u32> {
    let mut multiplicities = vec![0; units];
    for _ in 0..units {
        let unit = (u128::from(random.next_u64()) * units as u128) >> 64;
        multiplicities[unit as usize] += 1;
    }
    multiplicities
}

/// The 95 % percentile interval around `estimate`: where the middle 95 % of resamples are, which deviate from it by
/// `deviations`. None if the statistic is undefined in more than half of the resamples. Source: Efron & Tibshirani 1993,
/// §13.3.
pub fn interval_95(
    estimate: f64,
    deviations: impl ExactSizeIterator<Item = Option<f64>>,
) -> Option<(f64, f64)> {
    let resamples = deviations.len();
    let mut defined: Vec<f64> = deviations.flatten().collect();
    if defined.len() < resamples.div_ceil(2) {
        return None;
    }
    defined.sort_unstable_by(f64::total_cmp);
    let end = |share: f64| quantile(&defined, share).map(|deviation| estimate + deviation);
    end(0.025).zip(end(0.975))
}

/// The jackknife's standard error of a statistic, from its values without each of the groups in turn; the groups are
/// equally large. Source: Efron & Tibshirani 1993, §11.5.
pub fn jackknife_error(leave_one_out: &[f64]) -> f64 {
    let groups = leave_one_out.len() as f64;
    let mean = leave_one_out.iter().fold(0.0, |sum, value| sum + value) / groups;
    let square = |value: &f64| (value - mean) * (value - mean);
    let squares = leave_one_out.iter().fold(0.0, |sum, value| sum + square(value));
    libm::sqrt((groups - 1.0) / groups * squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resample_has_as_many_draws_as_units_and_all_differ() {
        let resamples = bootstrap(50, 20, 7, <[u32]>::to_vec);
        assert!(resamples.iter().all(|counts| counts.iter().sum::<u32>() == 50));
        let distinct: std::collections::BTreeSet<_> = resamples.iter().collect();
        assert_eq!(distinct.len(), 20);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        assert_eq!(pool.install(|| bootstrap(50, 20, 7, <[u32]>::to_vec)), resamples);
        assert_ne!(bootstrap(50, 20, 8, <[u32]>::to_vec), resamples);
    }

    #[test]
    fn an_interval_needs_half_of_the_resamples() {
        let some = |defined: usize| (0..10).map(move |i| (i < defined).then_some(i as f64));
        assert_eq!(interval_95(1.0, some(4)), None);
        assert_eq!(interval_95(1.0, some(5)), Some((1.1, 4.9)));
    }

    /// The jackknife of a mean is its standard error, s/√n.
    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let sum: f64 = values.iter().sum();
        let without = values.map(|value| (sum - value) / 3.0);
        let variance = values.map(|value| (value - 4.0) * (value - 4.0)).iter().sum::<f64>() / 3.0;
        assert!((jackknife_error(&without) - libm::sqrt(variance / 4.0)).abs() < 1e-12);
    }
}
