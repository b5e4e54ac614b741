//! The overdispersion α of NB2 by maximum likelihood, for given means.
//!
//! # Formula
//!
//! ```text
//! ∂ℓ/∂α = Σ_i [ S(y_i, α) + μ_i²·h(αμ_i) − y_i·μ_i/(1 + αμ_i) ]
//! S(y, α) = Σ_{j<y} j/(1 + αj) = r·(y − r·(ψ(r + y) − ψ(r))),   r = 1/α
//! h(t) = (ln(1 + t) − t/(1 + t))/t²
//! ```
//!
//! Source: Lawless 1987, *Negative binomial and mixed Poisson regression*, §2. S depends on y alone
//! and is summed over distinct outcomes.
//!
//! # Variant
//!
//! The root of ∂ℓ/∂ln α by the secant method within a bracket, bisected where the secant leaves it.
//! α is 0 (Poisson) if ℓ falls from [`LEAST`] on, and [`MOST`] if it still rises there.

use super::design::sum;

/// α below this counts as 0.
pub const LEAST: f64 = 1e-6;

/// The cap of α.
pub const MOST: f64 = 1e3;

const MAX_ITERATIONS: u32 = 100;

/// Distinct outcomes above 1, as S of 0 and of 1 is 0, and how often each occurs.
#[derive(Debug)]
pub(super) struct Histogram(Vec<(f64, f64)>);

impl Histogram {
    pub(super) fn of(outcomes: &[f64]) -> Self {
        let counts_nothing = |y: f64| y == 0.0 || y == 1.0;
        let mut values: Vec<f64> =
            outcomes.iter().copied().filter(|&y| !counts_nothing(y)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let runs = values.chunk_by(|a, b| a == b);
        Self(runs.map(|run| (run[0], run.len() as f64)).collect())
    }
}

/// The α in [`LEAST`]`..=`[`MOST`], or 0, that is most likely; `start` is where to look first.
pub(super) fn estimate(means: &[f64], outcomes: &[f64], counts: &Histogram, start: f64) -> f64 {
    let slope = |log_alpha: f64| slope(means, outcomes, counts, libm::exp(log_alpha));
    let (mut low, mut high) = (libm::log(LEAST), libm::log(MOST));
    if slope(low) <= 0.0 {
        return 0.0;
    }
    if slope(high) >= 0.0 {
        return MOST;
    }
    let mut at = if start > LEAST && start < MOST { libm::log(start) } else { -2.0 };
    let mut before: Option<(f64, f64)> = None;
    for _ in 0..MAX_ITERATIONS {
        let here = slope(at);
        if here > 0.0 {
            low = at
        } else {
            high = at
        }
        let next = match before {
            Some((last, there)) => at - here * (at - last) / (here - there),
            None => at + 0.1_f64.copysign(here),
        };
        let next = if next > low && next < high { next } else { 0.5 * (low + high) };
        before = Some((at, here));
        if (next - at).abs() < 1e-11 || here == 0.0 {
            break;
        }
        at = next;
    }
    libm::exp(at)
}

/// ∂ℓ/∂ln α per row.
pub(super) fn slope(means: &[f64], outcomes: &[f64], counts: &Histogram, alpha: f64) -> f64 {
    let of_outcomes = counts.0.iter().fold(0.0, |sum, (y, n)| sum + n * ratio_sum(*y, alpha));
    let of_means = sum(means.len(), |i| {
        let (y, mean) = (outcomes[i], means[i]);
        let squared = mean * mean * log_excess(alpha * mean);
        if y == 0.0 { squared } else { squared - y * mean / (1.0 + alpha * mean) }
    });
    alpha * (of_outcomes + of_means) / means.len() as f64
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
    use super::super::negative_binomial::NegativeBinomial;
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
    fn the_slope_is_that_of_the_likelihood() {
        let means = [0.01, 0.5, 3.0, 40.0, 200.0];
        for outcomes in [[0.0, 1.0, 7.0, 90.0, 55.0], [0.5, 2.5, 0.0, 80.25, 300.0]] {
            let counts = Histogram::of(&outcomes);
            for alpha in [1e-3_f64, 0.1, 2.0, 100.0] {
                let likelihood = |alpha: f64| {
                    let law = NegativeBinomial::new(alpha);
                    means.iter().zip(&outcomes).map(|(m, y)| law.log_probability(*m, *y)).sum()
                };
                let (up, down): (f64, f64) =
                    (likelihood(alpha * 1.0001), likelihood(alpha / 1.0001));
                let numeric = (up - down) / (2.0 * libm::log(1.0001)) / 5.0;
                let exact = slope(&means, &outcomes, &counts, alpha);
                assert!((numeric - exact).abs() < 1e-6 * (1.0 + exact.abs()), "{numeric} {exact}");
            }
        }
    }

    #[test]
    fn the_ends_are_reached() {
        let means = [5.0; 4];
        let estimate = |outcomes: &[f64]| estimate(&means, outcomes, &Histogram::of(outcomes), 0.0);
        assert_eq!(estimate(&[5.0, 5.0, 4.0, 6.0]), 0.0);
        let mut lone = vec![0.0; 4];
        assert_eq!(estimate(&lone), MOST);
        lone[0] = 20.0;
        let alpha = estimate(&lone);
        assert!(alpha > 1.0 && alpha < MOST, "{alpha}");
    }
}
