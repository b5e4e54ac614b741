//! Predictive distribution of a count: NB2 with mean μ and variance μ + α·μ², Poisson at α = 0.
//!
//! # Formula
//!
//! With x = 1/(1 + αμ), r = 1/α and P from module `negative_binomial`,
//!
//! ```text
//! F(y) = Σ_{j≤y} P(j),    P(j + 1)/P(j) = μ·(1 + αj)·x/(j + 1)                         (count)
//! F(y) = I_x(r, y + 1) = P(y)·(1 + αy)·αμ·x·Σ_{n≥0} Π_{i=1..n} x·(1 + α(y + i))/(1 + αi) (dual)
//! F(y) ≈ Φ(w) + φ(w)·(1/w − 1/u) at k = y + 1,    w = ±√(2·D(k)),
//!        u = (k − μ)·x·√((1 + αk)/k)                                                  (saddle)
//! ```
//!
//! Sources: DLMF 8.17.8 for the dual series of the incomplete beta function; Lugannani & Rice 1980,
//! *Saddle point approximation for the distribution of the sum of independent random variables*, and
//! Daniels 1987, *Tail Probability Approximations*, §4, for the saddle-point form on a lattice.
//!
//! # Variant
//!
//! | where | sum | work |
//! |---|---|---|
//! | μ ≤ 50 and αμ ≤ 1000 | count, upward from P(0) | O(y) |
//! | μ ≥ 10⁶ and α ≤ 10⁻⁶ | saddle, error below 10⁻⁹ | O(1) |
//! | else αμ ≤ 1 | count, away from y on the side of the nearer tail | O(√μ) |
//! | else | dual, positive terms | O(√r) + 100 |
//!
//! Quantiles are those of μ rounded to 31 significant bits: that moves F by more than rounding
//! errors do, so that a larger mean never has a smaller quantile.
//!
//! ```
//! use renown_stats::predictive_distribution::{cdf, prediction_interval, quantile};
//!
//! // Poisson: P(0) = e⁻²; and an overdispersed count of the same mean is less certain.
//! assert!((cdf(2.0, 0.0, 0.0) - (-2.0_f64).exp()).abs() < 1e-15);
//! assert_eq!(quantile(2.0, 0.0, 0.5), 2.0);
//! assert_eq!(prediction_interval(2.0, 0.0, 0.9), (0.0, 5.0));
//! assert_eq!(prediction_interval(2.0, 1.0, 0.9), (0.0, 7.0));
//! ```

use super::negative_binomial::NegativeBinomial;

/// Means up to this are summed from P(0).
const SMALL_MEAN: f64 = 50.0;
/// The same, as to α·μ.
const SMALL_EXCESS: f64 = 1e3;
/// Means and shapes from this on are nearly normal.
const NEARLY_NORMAL: f64 = 1e6;
/// A term this small relative to the sum, or a tail this small relative to 1, ends the sum.
const NEGLIGIBLE: f64 = 1e-18;
/// Bits of a mean that quantiles ignore.
const IGNORED_BITS: u32 = 22;
/// The largest mean and overdispersion; larger ones count as these.
const MAX_MEAN: f64 = 1e15;
const MAX_OVERDISPERSION: f64 = 1e6;
/// From this count on F is 1 for every mean and overdispersion.
const BEYOND_ALL: f64 = 1e30;
/// Within so many standard deviations of the mean the saddle-point form is interpolated.
const NEAR_MEAN: f64 = 1e-3;

/// The probability of at most `count`, which is rounded down.
///
/// A mean or overdispersion that is negative or no number counts as 0; a mean above 10¹⁵ counts as
/// that, an overdispersion above 10⁶ likewise.
pub fn cdf(mean: f64, overdispersion: f64, count: f64) -> f64 {
    CountDistribution::new(mean, overdispersion).cdf(libm::floor(count))
}

/// The smallest whole q with `cdf(q)` ≥ p; 0 for p ≤ 0 and infinite for p ≥ 1.
///
/// It never falls as the mean grows.
pub fn quantile(mean: f64, overdispersion: f64, p: f64) -> f64 {
    CountDistribution::new(rounded(mean), overdispersion).quantile(p)
}

/// The central interval that holds the count with probability `coverage` or more: its lowest and highest count.
pub fn prediction_interval(mean: f64, overdispersion: f64, coverage: f64) -> (f64, f64) {
    let law = CountDistribution::new(rounded(mean), overdispersion);
    (law.quantile(0.5 * (1.0 - coverage)), law.quantile(0.5 * (1.0 + coverage)))
}

/// ln P(outcome) under NB2, or the Poisson distribution if `overdispersion` is 0: the log score of a forecast.
pub fn log_score(mean: f64, overdispersion: f64, outcome: f64) -> f64 {
    NegativeBinomial::new(overdispersion).log_probability(mean, outcome)
}

/// The randomised probability integral transform F(y − 1) + u·P(y), uniform if the forecast is right and `uniform` is
/// (in 0..1).
///
/// Source: Czado, Gneiting & Held 2009, *Predictive Model Assessment for Count Data*, §2.
pub fn randomised_pit(mean: f64, overdispersion: f64, outcome: f64, uniform: f64) -> f64 {
    let law = CountDistribution::new(mean, overdispersion);
    let y = libm::floor(outcome);
    (law.cdf(y - 1.0) + uniform * law.probability(y)).clamp(0.0, 1.0)
}

/// To the nearest mean with [`IGNORED_BITS`] zeros at the end.
fn rounded(mean: f64) -> f64 {
    if !(mean > 0.0 && mean < MAX_MEAN) {
        return mean;
    }
    let half = 1_u64 << (IGNORED_BITS - 1);
    f64::from_bits((mean.to_bits() + half) & !(2 * half - 1))
}

/// Φ and φ.
fn normal(w: f64) -> (f64, f64) {
    let below = 0.5 * libm::erfc(-w / std::f64::consts::SQRT_2);
    (below, libm::exp(-0.5 * w * w) / libm::sqrt(2.0 * std::f64::consts::PI))
}

/// The distribution of one count.
struct CountDistribution {
    mean: f64,
    law: NegativeBinomial,
    /// α·μ.
    excess: f64,
}

impl CountDistribution {
    fn new(mean: f64, overdispersion: f64) -> Self {
        let mean = if mean > 0.0 { mean.min(MAX_MEAN) } else { 0.0 };
        let law = NegativeBinomial::new(if overdispersion > MAX_OVERDISPERSION {
            MAX_OVERDISPERSION
        } else {
            overdispersion
        });
        Self { mean, law, excess: law.alpha * mean }
    }

    fn probability(&self, y: f64) -> f64 {
        if y.is_nan() || y < 0.0 || (self.mean == 0.0 && y > 0.0) {
            return 0.0;
        }
        if y < BEYOND_ALL { libm::exp(self.law.log_probability(self.mean, y)) } else { 0.0 }
    }

    fn is_small(&self) -> bool {
        self.mean <= SMALL_MEAN && self.excess <= SMALL_EXCESS
    }

    /// P(j + 1)/P(j).
    fn ratio(&self, j: f64) -> f64 {
        self.mean / (1.0 + self.excess) * ((1.0 + self.law.alpha * j) / (j + 1.0))
    }

    /// F of a whole number.
    fn cdf(&self, y: f64) -> f64 {
        if y.is_nan() || y < 0.0 {
            return 0.0;
        }
        if self.mean == 0.0 || y >= BEYOND_ALL {
            return 1.0;
        }
        let below = if self.is_small() {
            self.upward(y, f64::INFINITY).1
        } else if self.mean >= NEARLY_NORMAL && self.law.shape >= NEARLY_NORMAL {
            self.saddle(y + 1.0)
        } else if self.excess <= 1.0 {
            self.away(y)
        } else {
            self.dual(y)
        };
        below.clamp(0.0, 1.0)
    }

    /// The first count whose F is at least p, up to `last`, and F there.
    fn upward(&self, last: f64, p: f64) -> (f64, f64) {
        let mut term = libm::exp(self.law.log_zero(self.mean));
        let (mut count, mut below) = (0.0, term);
        while count < last && below < p {
            let ratio = self.ratio(count);
            // Falling terms: what follows is at most a geometric series.
            if ratio < 1.0 && term <= NEGLIGIBLE * (1.0 - ratio) * below {
                break;
            }
            term *= ratio;
            count += 1.0;
            below += term;
        }
        (count, below)
    }

    fn away(&self, y: f64) -> f64 {
        if y > self.mean {
            let mut tail = 0.0;
            let (mut count, mut term) = (y + 1.0, self.probability(y + 1.0));
            while term > NEGLIGIBLE {
                tail += term;
                term *= self.ratio(count);
                count += 1.0;
            }
            return 1.0 - tail;
        }
        let (mut below, mut count, mut term) = (0.0, y, self.probability(y));
        while term > NEGLIGIBLE * below {
            below += term;
            if count < 1.0 {
                break;
            }
            count -= 1.0;
            term /= self.ratio(count);
        }
        below
    }

    fn dual(&self, y: f64) -> f64 {
        let probability = self.probability(y);
        let alpha = self.law.alpha;
        if y > self.mean {
            let ratio = self.ratio(y).max(self.excess / (1.0 + self.excess));
            // At this the series would be long, and 1 minus its rest.
            if probability < NEGLIGIBLE * (1.0 - ratio) {
                return 1.0;
            }
        }
        let (mut series, mut term, mut n) = (0.0, 1.0, 0.0);
        while term > NEGLIGIBLE * series {
            series += term;
            n += 1.0;
            term *= (1.0 + alpha * (y + n)) / ((1.0 + alpha * n) * (1.0 + self.excess));
        }
        probability * (1.0 + alpha * y) * (self.excess / (1.0 + self.excess)) * series
    }

    /// P(N < k) for large means and shapes.
    fn saddle(&self, k: f64) -> f64 {
        let deviation = libm::sqrt(self.mean * (1.0 + self.excess));
        let near = NEAR_MEAN * deviation;
        let w = libm::sqrt(2.0 * self.law.deviance(self.mean, k)).copysign(k - self.mean);
        let correction = if (k - self.mean).abs() < near {
            // 1/w − 1/u loses its digits where both are near 0, but is almost straight there.
            let (low, high) =
                (self.correction(self.mean - near), self.correction(self.mean + near));
            low + (high - low) * ((k - self.mean + near) / (2.0 * near))
        } else {
            self.correction(k)
        };
        let (below, density) = normal(w);
        below + density * correction
    }

    /// 1/w − 1/u.
    fn correction(&self, k: f64) -> f64 {
        let w = libm::sqrt(2.0 * self.law.deviance(self.mean, k)).copysign(k - self.mean);
        let scale = libm::sqrt((1.0 + self.law.alpha * k) / k);
        let u = (k - self.mean) / (1.0 + self.excess) * scale;
        1.0 / w - 1.0 / u
    }

    fn quantile(&self, p: f64) -> f64 {
        if p.is_nan() || p <= 0.0 || self.mean == 0.0 {
            return 0.0;
        }
        if p >= 1.0 {
            return f64::INFINITY;
        }
        if self.is_small() {
            return self.upward(f64::INFINITY, p).0;
        }
        // Invariant: F(low) < p ≤ F(high), where −1 means F = 0.
        let (mut low, mut high) = (-1.0, libm::floor(self.mean));
        while self.cdf(high) < p {
            (low, high) = (high, 2.0 * high);
        }
        loop {
            let middle = libm::floor(low + 0.5 * (high - low));
            if middle <= low || middle >= high {
                return high;
            }
            if self.cdf(middle) < p { low = middle } else { high = middle }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OVERDISPERSIONS: [f64; 10] = [0.0, 1e-9, 1e-6, 1e-4, 0.01, 0.3, 1.0, 5.0, 50.0, 1e3];
    const MEANS: [f64; 13] =
        [1e-6, 1e-3, 0.2, 1.0, 7.0, 49.9, 50.1, 300.0, 2e4, 3e5, 9.9e5, 1.01e6, 1e12];

    /// scipy.stats.nbinom of SciPy 1.17: mean, α, y, F(y), and the quantiles at .025, .5 and .975.
    #[test]
    fn agrees_with_scipy() {
        let known = [
            (1e-3, 1e-6, 0.0, 0.999_000_499_750_217_9, [0.0, 0.0, 0.0]),
            (0.01, 50.0, 0.0, 0.991_923_489_529_502_2, [0.0, 0.0, 0.0]),
            (0.3, 5.0, 2.0, 0.968_425_890_849_859, [0.0, 0.0, 3.0]),
            (10.0, 1e-3, 14.0, 0.915_504_573_743_749_8, [4.0, 10.0, 17.0]),
            (10.0, 50.0, 3.0, 0.915_713_329_837_836_2, [0.0, 0.0, 96.0]),
            (49.0, 50.0, 100.0, 0.947_949_988_707_553_9, [0.0, 0.0, 472.0]),
            (60.0, 1e-3, 70.0, 0.903_473_559_980_977_9, [45.0, 60.0, 76.0]),
            (200.0, 1e-5, 170.0, 0.016_730_321_315_197_277, [173.0, 200.0, 228.0]),
            (1e3, 0.5, 2000.0, 0.908_348_664_958_680_7, [120.0, 839.0, 2788.0]),
            (1e4, 1e-4, 10_100.0, 0.761_890_704_680_137_3, [9724.0, 10_000.0, 10_279.0]),
            (1e5, 20.0, 300.0, 0.661_456_926_947_925_6, [0.0, 1.0, 1_134_348.0]),
            (1e6, 1e-6, 1_002_000.0, 0.921_350_431_032_581_6, [997_230.0, 1e6, 1_002_773.0]),
            (1e6, 0.1, 7e5, 0.169_506_090_846_507_47, [479_536.0, 966_871.0, 1_708_484.0]),
            (1e6, 50.0, 1e7, 0.975_593_468_755_006_3, [0.0, 0.0, 9_637_820.0]),
        ];
        for (mean, alpha, y, below, quantiles) in known {
            let found = cdf(mean, alpha, y);
            assert!((found - below).abs() < 1e-10, "{mean} {alpha}: {found} {below}");
            for (p, known) in [0.025, 0.5, 0.975].into_iter().zip(quantiles) {
                let found = quantile(mean, alpha, p);
                // The median at 10⁶ and 10⁻⁶ has F(10⁶ − 1) = ½ to the last digit.
                let tie = if (mean, alpha, p) == (1e6, 1e-6, 0.5) { 1.0 } else { 0.0 };
                assert!((found - known).abs() <= tie, "{mean} {alpha} {p}: {found} {known}");
            }
        }
    }

    /// The dual series in 40 digits (mpmath 1.3), where SciPy is good to 10 digits or less.
    #[test]
    fn agrees_with_many_digits_where_means_are_large() {
        let known = [
            (1e7, 0.1, 14_205_992.0, 0.900_000_004_607_615_1),
            (1e6, 1e-6, 999_000.0, 0.239_914_902_654_638_58),
            (1e6, 1e-6, 995_000.0, 0.000_200_628_763_926_273),
            (1e7, 1e-6, 10_005_000.0, 0.683_332_051_660_330_1),
            (3e6, 1e-6, 2_999_999.0, 0.500_076_776_480_681_6),
        ];
        for (mean, alpha, y, below) in known {
            let found = cdf(mean, alpha, y);
            assert!((found - below).abs() < 1e-11, "{mean} {alpha} {y}: {found} {below}");
        }
    }

    #[test]
    fn the_sums_agree_where_they_meet() {
        // So that no quantile jumps back.
        for (mean, alpha) in [(20.0, 0.05), (45.0, 0.03), (50.0, 3.0), (2.0, 20.0)] {
            let law = CountDistribution::new(mean, alpha);
            for y in (0..200).map(f64::from) {
                let below = law.upward(y, f64::INFINITY).1;
                assert!((law.away(y) - below).abs() < 1e-13, "{mean} {alpha} {y}");
                assert!((law.dual(y) - below).abs() < 1e-13, "{mean} {alpha} {y}");
            }
        }
        let law = CountDistribution::new(1e6, 1e-6);
        for y in [995_000.0, 999_000.0, 999_999.0, 1e6, 1_000_001.0, 1_001_000.0, 1_006_000.0] {
            assert!((law.saddle(y + 1.0) - law.away(y)).abs() < 1e-11, "{y}");
        }
    }

    #[test]
    fn a_quantile_is_the_first_count_that_suffices() {
        for alpha in OVERDISPERSIONS {
            for mean in MEANS.map(rounded) {
                for p in [1e-9, 0.05, 0.5, 0.9, 0.975] {
                    let q = quantile(mean, alpha, p);
                    assert!(q >= 0.0 && libm::floor(q) == q);
                    assert!(cdf(mean, alpha, q) >= p, "{mean} {alpha} {p} {q}");
                    assert!(q == 0.0 || cdf(mean, alpha, q - 1.0) < p, "{mean} {alpha} {p} {q}");
                }
            }
        }
    }

    #[test]
    fn an_interval_holds_its_share() {
        for alpha in OVERDISPERSIONS {
            for mean in MEANS {
                for share in [0.5, 0.9, 0.99] {
                    let (low, high) = prediction_interval(mean, alpha, share);
                    let held = cdf(mean, alpha, high) - cdf(mean, alpha, low - 1.0);
                    assert!(held >= share - 1e-9, "{mean} {alpha} {share}: {held}");
                }
            }
        }
    }

    #[test]
    fn a_larger_mean_has_no_smaller_quantile() {
        for alpha in OVERDISPERSIONS {
            for p in [0.05, 0.5, 0.95] {
                let mut last = 0.0;
                for step in 0..600 {
                    let q = quantile(libm::exp(-7.0 + f64::from(step) * 0.05), alpha, p);
                    assert!(q >= last, "{alpha} {p} {step}: {q} {last}");
                    last = q;
                }
            }
        }
    }

    /// Floating-point neighbours of a mean at which the quantile grows.
    #[test]
    fn rounding_errors_lower_no_quantile() {
        for alpha in OVERDISPERSIONS {
            for (low, p) in [(0.01, 0.95), (3.0, 0.3), (70.0, 0.9), (5e3, 0.6), (2e6, 0.5)] {
                let (mut low, mut high) = (low, 200.0 * low);
                let at_start = quantile(low, alpha, p);
                while high - low > 4.0 * f64::EPSILON * high {
                    let middle = 0.5 * (low + high);
                    if quantile(middle, alpha, p) > at_start { high = middle } else { low = middle }
                }
                let bits = low.to_bits();
                let mut last = 0.0;
                for near in bits - 300..bits + 300 {
                    let q = quantile(f64::from_bits(near), alpha, p);
                    assert!(q >= last, "{alpha} {p} {low}");
                    last = q;
                }
            }
        }
    }

    #[test]
    fn the_transform_averages_one_half() {
        for (mean, alpha) in [(0.05, 2.0), (3.0, 0.0), (80.0, 0.4)] {
            let law = CountDistribution::new(mean, alpha);
            let term = |y: f64| law.probability(y) * randomised_pit(mean, alpha, y, 0.5);
            let average = (0..4000).map(f64::from).fold(0.0, |sum, y| sum + term(y));
            assert!((average - 0.5).abs() < 1e-10, "{mean} {alpha}: {average}");
        }
        let zero = randomised_pit(2.0, 0.0, 0.0, 0.25);
        assert!((zero - 0.25 * libm::exp(-2.0)).abs() < 1e-16);
    }

    #[test]
    fn degenerate_inputs_have_an_answer() {
        assert_eq!(quantile(0.0, 1.0, 0.99), 0.0);
        assert_eq!(prediction_interval(0.0, 0.0, 0.9), (0.0, 0.0));
        assert_eq!(quantile(3.0, 1.0, 1.0), f64::INFINITY);
        assert_eq!(quantile(3.0, 1.0, 0.0), 0.0);
        assert_eq!(cdf(3.0, 1.0, -1.0), 0.0);
        assert_eq!(cdf(3.0, 1.0, 2.9), cdf(3.0, 1.0, 2.0));
        let odd = [0.0, 5e-324, 1e-300, 1.0, 60.0, 1e12, 1e300, f64::MAX, f64::INFINITY, f64::NAN];
        for mean in odd {
            for alpha in [0.0, 1e-300, 1e-12, 1e-6, 1.0, 1e3, 1e9, f64::NAN] {
                for other in odd {
                    assert!(
                        (0.0..=1.0).contains(&cdf(mean, alpha, other)),
                        "{mean} {alpha} {other}"
                    );
                }
                for p in [1e-300, 0.5, 1.0 - 1e-9, f64::NAN] {
                    assert!(quantile(mean, alpha, p) >= 0.0, "{mean} {alpha} {p}");
                }
            }
        }
    }
}
