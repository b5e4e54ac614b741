//! The negative-binomial distribution (NB2) with mean μ and variance μ + α·μ², and its limit α = 0,
//! the Poisson distribution.
//!
//! # Formula
//!
//! ```text
//! P(y) = Γ(y + r)/(Γ(r)·y!)·(1 + αμ)^−r·(αμ/(1 + αμ))^y,    r = 1/α
//! ln P(y) = −D(y) − ½·ln(2π·y·(1 + αy)) + s(y + r) − s(r) − s(y)    for y > 0
//! D(y) = y·ln(y/μ) − (y + r)·ln((1 + αy)/(1 + αμ)),    ln P(0) = −r·ln(1 + αμ)
//! ```
//!
//! with s the error of Stirling's formula. Source: Loader 2000, *Fast and Accurate Computation of
//! Binomial Probabilities*, for the saddle-point form: ln Γ would lose ln μ digits. y need not be
//! whole: the density is then Γ's continuation.
//!
//! # Variant
//!
//! With e = y − μ, A = e/(μ·(1 + αy)) and B = αe/(1 + αμ), D = y·ln(1 + A) − r·ln(1 + B), whose first
//! orders add up to e²/(μ·(1 + αy)·(1 + αμ)); only ln(1 + t) − t is left to compute, so that D is
//! precise near its minimum and as α → 0. Below 10⁻³⁰, α counts as 0.

const MIN_OVERDISPERSION: f64 = 1e-30;

/// The distribution for one overdispersion and any mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct NegativeBinomial {
    /// α ≥ 0.
    pub(super) alpha: f64,
    /// r = 1/α, infinite for the Poisson distribution.
    pub(super) shape: f64,
    shape_error: f64,
}

impl NegativeBinomial {
    /// An overdispersion that is negative or no number counts as 0.
    pub(super) fn new(overdispersion: f64) -> Self {
        let is_poisson = overdispersion.is_nan() || overdispersion < MIN_OVERDISPERSION;
        let alpha = if is_poisson { 0.0 } else { overdispersion };
        let shape = if is_poisson { f64::INFINITY } else { 1.0 / alpha };
        Self { alpha, shape, shape_error: stirling_error(shape) }
    }

    /// ln P(0).
    pub(super) fn log_zero(&self, mean: f64) -> f64 {
        if self.alpha == 0.0 { -mean } else { -self.shape * libm::log1p(self.alpha * mean) }
    }

    /// ln P(y) for y ≥ 0.
    pub(super) fn log_probability(&self, mean: f64, y: f64) -> f64 {
        if y == 0.0 {
            return self.log_zero(mean);
        }
        let at_least = self.alpha * y;
        let normal = 0.5 * libm::log(2.0 * std::f64::consts::PI * y * (1.0 + at_least));
        let errors =
            if self.alpha == 0.0 { 0.0 } else { stirling_error(y + self.shape) - self.shape_error };
        errors - stirling_error(y) - normal - self.deviance(mean, y)
    }

    /// D(y), half the unit deviance, for y > 0.
    pub(super) fn deviance(&self, mean: f64, y: f64) -> f64 {
        let (alpha, from_mean) = (self.alpha, y - mean);
        let (at_y, at_mean) = (1.0 + alpha * y, 1.0 + alpha * mean);
        let a = from_mean / (mean * at_y);
        if a > 1e15 {
            let rest =
                if alpha == 0.0 { from_mean } else { self.shape * libm::log(at_y / at_mean) };
            return y * (libm::log(y / at_y) + libm::log(at_mean) - libm::log(mean)) - rest;
        }
        let ratio = (y / mean) * (at_mean / at_y);
        let first = y * log1p_minus(a, ratio);
        let b = alpha * from_mean / at_mean;
        let second = if alpha == 0.0 { 0.0 } else { self.shape * log1p_minus(b, at_y / at_mean) };
        first - second + a * (from_mean / at_mean)
    }
}

/// ln(1 + t) − t, given 1 + t as well, which is precise where t is near −1.
fn log1p_minus(t: f64, one_plus: f64) -> f64 {
    if t.abs() > 0.3 {
        return libm::log(one_plus) - t;
    }
    // ln(1 + t) = 2·artanh(v), whose first term takes the t away exactly: 2v − t = −t·v.
    let v = t / (2.0 + t);
    let square = v * v;
    let mut series = 0.0;
    for odd in (3..=23).rev().step_by(2) {
        series = series * square + 1.0 / f64::from(odd);
    }
    2.0 * v * square * series - t * v
}

/// s(z) = ln Γ(z) − (z − ½)·ln z + z − ½·ln 2π for z > 0.
pub(super) fn stirling_error(z: f64) -> f64 {
    let (mut z, mut below) = (z, 0.0);
    while z < 16.0 {
        below += (z + 0.5) * libm::log1p(1.0 / z) - 1.0;
        z += 1.0;
    }
    let square = 1.0 / (z * z);
    let series = 1.0 / 1188.0 - square * (691.0 / 360_360.0);
    let series = 1.0 / 1260.0 - square * (1.0 / 1680.0 - square * series);
    below + (1.0 / 12.0 - square * (1.0 / 360.0 - square * series)) / z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stirling_error_matches_gamma() {
        for z in [1e-9, 1e-3, 0.5, 1.0, 7.25, 15.9, 16.0, 100.0] {
            let half = 0.5 * libm::log(2.0 * std::f64::consts::PI);
            let direct = libm::lgamma(z) - ((z - 0.5) * libm::log(z) - z + half);
            assert!((stirling_error(z) - direct).abs() < 1e-12, "{z}");
        }
        assert_eq!(stirling_error(f64::INFINITY), 0.0);
    }

    #[test]
    fn small_counts_have_their_closed_form() {
        let poisson = NegativeBinomial::new(0.0);
        assert!((poisson.log_probability(2.0, 3.0) - (libm::log(8.0 / 6.0) - 2.0)).abs() < 1e-14);
        // α = 1 is geometric: P(y) = (1/(1+μ))·(μ/(1+μ))^y.
        let geometric = NegativeBinomial::new(1.0);
        for y in 0..40 {
            let direct = -libm::log(4.0) + f64::from(y) * libm::log(0.75);
            assert!((geometric.log_probability(3.0, f64::from(y)) - direct).abs() < 1e-13);
        }
    }

    #[test]
    fn log_scores_agree_with_scipy() {
        let known = [
            (2.5, 0.7, 4.0, -2.466_939_609_198_76),
            (1e-3, 50.0, 2.0, -10.675_388_237_422_144),
            (40.0, 0.0, 33.0, -3.321_445_031_821_639_3),
            (300.0, 3.0, 0.0, -2.267_835_085_869_445_6),
        ];
        for (mean, alpha, y, score) in known {
            let found = NegativeBinomial::new(alpha).log_probability(mean, y);
            assert!((found - score).abs() <= 1e-13 * (1.0 + score.abs()), "{found} {score}");
        }
        // Here SciPy itself is good to 9 digits only.
        let found = NegativeBinomial::new(1e-6).log_probability(1e6, 1_000_500.0);
        assert!((found + 8.236_126_830).abs() <= 1e-7, "{found}");
    }
}
