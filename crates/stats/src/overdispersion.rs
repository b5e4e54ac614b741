//! The overdispersion of counts by maximum likelihood, for given means: α of NB2, or α and p of NB-P.
//!
//! # Formula
//!
//! With α_i = α·μ_i^(p − 2), so that the variance is μ + α·μ^p, and p = 2 for NB2,
//!
//! ```text
//! ∂ℓ/∂ln α = Σ_i g_i,    ∂ℓ/∂p = Σ_i g_i·ln μ_i
//! g_i = α_i·[ S(y_i, α_i) + μ_i²·h(α_i·μ_i) − y_i·μ_i/(1 + α_i·μ_i) ]
//! S(y, α) = Σ_{j<y} j/(1 + αj) = r·(y − r·(ψ(r + y) − ψ(r))),   r = 1/α
//! h(t) = (ln(1 + t) − t/(1 + t))/t²
//! ```
//!
//! Sources: Lawless 1987, *Negative binomial and mixed Poisson regression*, §2; Greene 2008, *Functional forms for the
//! negative binomial model for count data*, for NB-P.
//!
//! # Variant
//!
//! The roots by the secant method within a bracket, bisected where the secant leaves it; that in p of ℓ at the best α of
//! each p. α is 0 (Poisson) if ℓ falls from [`MIN_OVERDISPERSION`] on, and [`MAX_OVERDISPERSION`] if it still rises there; p is from 1 to 2,
//! within which a larger mean never has a smaller quantile: NB1 and NB2 are the ends.

use super::design::sum;
use super::negative_binomial::NegativeBinomial;

/// α below this counts as 0.
pub const MIN_OVERDISPERSION: f64 = 1e-6;

/// The cap of α.
pub const MAX_OVERDISPERSION: f64 = 1e3;

const MAX_ITERATIONS: u32 = 100;

/// Tolerance of the root in ln α; of the same while p is searched for; and of p, whose fifth digit means nothing.
const TOLERANCE: f64 = 1e-11;
const SEARCH_TOLERANCE: f64 = 1e-6;
const POWER_TOLERANCE: f64 = 1e-5;

/// The dispersion of counts about their means: a variance of μ + α·μ^p.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// α, 0 or more.
    pub overdispersion: f64,
    /// p, from 1 to 2.
    pub power: f64,
}

impl Dispersion {
    /// The overdispersion of NB2 with the same variance at a mean above 0.
    pub fn at(&self, mean: f64) -> f64 {
        match self.power {
            2.0 => self.overdispersion,
            power => self.overdispersion * libm::pow(mean, power - 2.0),
        }
    }
}

/// The most likely dispersion of outcomes about their means, which are above 0.
pub fn fit_dispersion(means: &[f64], outcomes: &[f64]) -> Dispersion {
    let of = |power: f64, start: f64, tolerance: f64| {
        let overdispersion = fit_overdispersion_at(means, outcomes, None, power, start, tolerance);
        Dispersion { overdispersion, power }
    };
    let mut best = of(1.5, 0.0, SEARCH_TOLERANCE);
    let power = root([1.0, 2.0], 1.5, POWER_TOLERANCE, |power| {
        best = of(power, best.overdispersion, SEARCH_TOLERANCE);
        sum(means.len(), |i| gradient(means[i], outcomes[i], &best) * libm::log(means[i]))
    });
    // ℓ may have its maximum at an end too, and without overdispersion all p are equal: then NB2 is taken.
    let start = best.overdispersion;
    let found = [2.0, 1.0, power].map(|power| {
        let found = of(power, start, TOLERANCE);
        let row = |i: usize| {
            NegativeBinomial::new(found.at(means[i])).log_probability(means[i], outcomes[i])
        };
        (sum(means.len(), row), found)
    });
    found
        .into_iter()
        .reduce(|one, next| if next.0 > one.0 { next } else { one })
        .map_or(best, |f| f.1)
}

/// The most likely α with p = 2, in [`MIN_OVERDISPERSION`]`..=`[`MAX_OVERDISPERSION`] or 0; the search begins at `start`.
pub(super) fn fit_overdispersion(means: &[f64], outcomes: &[f64], start: f64) -> f64 {
    fit_overdispersion_at(means, outcomes, None, 2.0, start, TOLERANCE)
}

/// The most likely α for a power, of rows that have weights.
pub(super) fn fit_weighted_overdispersion(
    means: &[f64],
    outcomes: &[f64],
    weights: &[f64],
    power: f64,
) -> f64 {
    fit_overdispersion_at(means, outcomes, Some(weights), power, 0.0, TOLERANCE)
}

fn fit_overdispersion_at(
    means: &[f64],
    outcomes: &[f64],
    weights: Option<&[f64]>,
    power: f64,
    start: f64,
    tolerance: f64,
) -> f64 {
    let ends = [libm::log(MIN_OVERDISPERSION), libm::log(MAX_OVERDISPERSION)];
    let first = if start > MIN_OVERDISPERSION && start < MAX_OVERDISPERSION {
        libm::log(start)
    } else {
        -2.0
    };
    let at = root(ends, first, tolerance, |log_alpha| {
        let dispersion = Dispersion { overdispersion: libm::exp(log_alpha), power };
        slope(means, outcomes, weights, &dispersion)
    });
    match at {
        at if at == ends[0] => 0.0,
        at if at == ends[1] => MAX_OVERDISPERSION,
        at => libm::exp(at),
    }
}

/// Where `slope` falls through 0, or the end to which it points. An end is evaluated once a step leads there.
fn root(ends: [f64; 2], first: f64, tolerance: f64, mut slope: impl FnMut(f64) -> f64) -> f64 {
    let ([mut low, mut high], mut evaluated) = (ends, [false, false]);
    let mut at = first;
    let mut before: Option<(f64, f64)> = None;
    for _ in 0..MAX_ITERATIONS {
        let value = slope(at);
        if (at == ends[0] && value <= 0.0) || (at == ends[1] && value >= 0.0) {
            return at;
        }
        if value > 0.0 {
            (low, evaluated[0]) = (at, true)
        } else {
            (high, evaluated[1]) = (at, true)
        }
        let next = match before {
            Some((last, of_last)) => at - value * (at - last) / (value - of_last),
            None => at + 0.1_f64.copysign(value),
        };
        let next = match next {
            inside if inside > low && inside < high => inside,
            below if below <= low && !evaluated[0] => low,
            above if above >= high && !evaluated[1] => high,
            _ => 0.5 * (low + high),
        };
        before = Some((at, value));
        if (next - at).abs() < tolerance || value == 0.0 {
            break;
        }
        at = next;
    }
    at
}

/// ∂ℓ/∂ln α per row.
fn slope(means: &[f64], outcomes: &[f64], weights: Option<&[f64]>, dispersion: &Dispersion) -> f64 {
    let row = |i: usize| gradient(means[i], outcomes[i], dispersion);
    match weights {
        None => sum(means.len(), row) / means.len() as f64,
        Some(weights) => {
            sum(means.len(), |i| weights[i] * row(i)) / sum(means.len(), |i| weights[i])
        }
    }
}

/// g of a row.
fn gradient(mean: f64, y: f64, dispersion: &Dispersion) -> f64 {
    let alpha = dispersion.at(mean);
    let squared = mean * mean * log_excess(alpha * mean);
    if y == 0.0 {
        return alpha * squared;
    }
    alpha * (ratio_sum(y, alpha) + squared - y * mean / (1.0 + alpha * mean))
}

/// h(t).
fn log_excess(t: f64) -> f64 {
    if t > 0.02 {
        return (libm::log1p(t) - t / (1.0 + t)) / (t * t);
    }
    // ½ − ⅔·t + ¾·t² − …, as the difference above would lose the digits of t.
    let mut series = 0.0;
    for k in (0..=8).rev() {
        series = f64::from(k + 1) / f64::from(k + 2) - t * series;
    }
    series
}

/// S(y, α).
fn ratio_sum(y: f64, alpha: f64) -> f64 {
    if y <= 64.0 && libm::trunc(y) == y {
        return (0..y as u32).map(f64::from).fold(0.0, |sum, j| sum + j / (1.0 + alpha * j));
    }
    let shape = 1.0 / alpha;
    let (mut z, mut difference) = (shape, 0.0);
    while z < 16.0 {
        difference += y / (z * (z + y));
        z += 1.0;
    }
    difference += libm::log1p(y / z) + digamma_error(z + y) - digamma_error(z);
    shape * (y - shape * difference)
}

/// ψ(z) − ln z for z ≥ 16.
fn digamma_error(z: f64) -> f64 {
    let square = 1.0 / (z * z);
    let series = 1.0 / 252.0 - square * (1.0 / 240.0 - square / 132.0);
    -0.5 / z - square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * series))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_sum_agree() {
        for alpha in [1e-6, 1e-3, 0.3, 1.0, 20.0, 1e3] {
            let direct = (0..65).map(f64::from).fold(0.0, |sum, j| sum + j / (1.0 + alpha * j));
            let relative = ratio_sum(65.0, alpha) / direct - 1.0;
            assert!(relative.abs() < 1e-10, "{alpha}: {relative}");
        }
        assert!((log_excess(0.02) - log_excess(0.020_000_001)).abs() < 1e-8);
    }

    #[test]
    fn the_slope_matches_the_likelihood() {
        let means = [0.01, 0.5, 3.0, 40.0, 200.0];
        for outcomes in [[0.0, 1.0, 7.0, 90.0, 55.0], [0.5, 2.5, 0.0, 80.25, 300.0]] {
            for (alpha, power) in [(1e-3, 2.0), (0.1, 1.3), (2.0, 2.0), (100.0, 1.0)] {
                let likelihood = |overdispersion: f64, power: f64| -> f64 {
                    let dispersion = Dispersion { overdispersion, power };
                    let one = |mean: f64, y: f64| {
                        NegativeBinomial::new(dispersion.at(mean)).log_probability(mean, y)
                    };
                    means.iter().zip(&outcomes).map(|(mean, y)| one(*mean, *y)).sum()
                };
                let dispersion = Dispersion { overdispersion: alpha, power };
                let close = |numeric: f64, exact: f64| {
                    let apart = (numeric - exact).abs();
                    assert!(
                        apart < 1e-6 * (1.0 + exact.abs()),
                        "{alpha}, {power}: {numeric} {exact}"
                    );
                };
                let step: f64 = 1e-4;
                let (up, down) = (libm::exp(step), libm::exp(-step));
                let rise = likelihood(alpha * up, power) - likelihood(alpha * down, power);
                close(rise / (2.0 * step) / 5.0, slope(&means, &outcomes, None, &dispersion));
                let rise = likelihood(alpha, power + step) - likelihood(alpha, power - step);
                let rows = means.iter().zip(&outcomes);
                let exact = rows.map(|(m, y)| gradient(*m, *y, &dispersion) * libm::log(*m)).sum();
                close(rise / (2.0 * step), exact);
            }
        }
    }

    #[test]
    fn nb_p_agrees_with_another_program() {
        let means =
            [0.01, 0.02, 0.05, 0.1, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 55.0];
        let outcomes =
            [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 1.0, 5.0, 3.0, 14.0, 9.0, 30.0, 22.0, 71.0];
        // scipy.optimize.minimize over −Σ nbinom.logpmf(y, 1/a, 1/(1 + a·μ)), a = α·μ^(p − 2), by Nelder–Mead.
        let found = fit_dispersion(&means, &outcomes);
        assert!((found.overdispersion - 0.166_575_32).abs() < 1e-5, "{found:?}");
        assert!((found.power - 1.807_259_72).abs() < 1e-5, "{found:?}");
        // Counts equal to their means are Poisson for any p.
        let all = fit_dispersion(&means, &means);
        assert_eq!(all, Dispersion { overdispersion: 0.0, power: 2.0 });
    }

    #[test]
    fn the_limits_are_reached() {
        let means = [5.0; 4];
        let estimate = |outcomes: &[f64]| fit_overdispersion(&means, outcomes, 0.0);
        assert_eq!(estimate(&[5.0, 5.0, 4.0, 6.0]), 0.0);
        let mut lone = vec![0.0; 4];
        assert_eq!(estimate(&lone), MAX_OVERDISPERSION);
        lone[0] = 20.0;
        let alpha = estimate(&lone);
        assert!(alpha > 1.0 && alpha < MAX_OVERDISPERSION, "{alpha}");
    }
}
