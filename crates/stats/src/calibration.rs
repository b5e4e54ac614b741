//! Whether forecasts of counts are right in level and in spread.
//!
//! ```
//! use renown_stats::calibration::{intercept_and_slope, observed_over_expected};
//!
//! // Half as many are observed as are expected, at every level.
//! let (expected, observed) = ([1.0, 2.0, 4.0, 8.0], [0.5, 1.0, 2.0, 4.0]);
//! assert_eq!(observed_over_expected(&expected, &observed, &[1; 4]), Some(0.5));
//!
//! let (intercept, slope) =
//!     intercept_and_slope(&expected.map(f64::ln), &observed, &[1; 4]).unwrap();
//! assert!((intercept - 0.5_f64.ln()).abs() < 1e-9 && (slope - 1.0).abs() < 1e-9);
//! ```

/// Most steps of Newton's method; a dozen usually suffice.
const MAX_STEPS: u32 = 100;

/// The mean of values, each counted by its multiplicity; none if nothing counts.
pub fn mean(values: &[f64], multiplicities: &[u32]) -> Option<f64> {
    let all = multiplicities.iter().map(|times| u64::from(*times)).sum::<u64>() as f64;
    let weighted = values.iter().zip(multiplicities);
    let sum = weighted.fold(0.0, |sum, (value, times)| sum + f64::from(*times) * value);
    (all > 0.0).then(|| sum / all)
}

/// All that was observed over all that was expected; none where nothing was expected.
pub fn observed_over_expected(
    expected: &[f64],
    observed: &[f64],
    multiplicities: &[u32],
) -> Option<f64> {
    let (expected, observed) = (mean(expected, multiplicities)?, mean(observed, multiplicities)?);
    (expected > 0.0).then(|| observed / expected)
}

/// a and b of `ln E[observed] = a + b · ln expected` by Poisson maximum likelihood: 0 and 1 if forecasts are right; b is
/// below 1 if they are too far apart. None where nothing was observed, or all forecasts are the same. `logs` are
/// ln expected; items of which 0 are expected (−∞) are left out. Source: Cox 1958, *Two further applications of a model
/// for binary regression*, for counts.
pub fn intercept_and_slope(
    logs: &[f64],
    observed: &[f64],
    multiplicities: &[u32],
) -> Option<(f64, f64)> {
    let rows = || {
        let numbers = logs.iter().zip(observed).zip(multiplicities);
        numbers
            .filter(|((x, _), times)| x.is_finite() && **times > 0)
            .map(|((x, y), times)| (*x, *y, f64::from(*times)))
    };
    let total_observed = rows().fold(0.0, |sum, (_, y, times)| sum + times * y);
    let total_expected = rows().fold(0.0, |sum, (x, _, times)| sum + times * libm::exp(x));
    if total_observed <= 0.0 {
        return None;
    }
    let (mut intercept, mut slope) = (libm::log(total_observed / total_expected), 1.0);
    for _ in 0..MAX_STEPS {
        // Gradient and information of the log likelihood.
        let (mut g_a, mut g_b, mut h_aa, mut h_ab, mut h_bb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (x, y, times) in rows() {
            let mean = libm::exp(intercept + slope * x);
            let residual = times * (y - mean);
            g_a += residual;
            g_b += residual * x;
            h_aa += times * mean;
            h_ab += times * mean * x;
            h_bb += times * mean * x * x;
        }
        let determinant = h_aa * h_bb - h_ab * h_ab;
        // All forecasts are the same.
        if determinant.is_nan() || determinant <= 1e-12 * h_aa * h_bb {
            return None;
        }
        let step_b = (h_aa * g_b - h_ab * g_a) / determinant;
        let step_a = (h_bb * g_a - h_ab * g_b) / determinant;
        intercept += step_a;
        slope += step_b;
        if step_b.abs() + step_a.abs() < 1e-12 {
            return Some((intercept, slope));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calibration_agrees_with_another_program() {
        let expected = [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 7.0, 9.0];
        let logs = expected.map(f64::ln);
        let observed = [0.0, 1.0, 0.0, 2.0, 1.0, 6.0, 5.0, 14.0];
        // scipy.optimize.minimize of Σ exp(a + b·ln x) − y·(a + b·ln x), over the rows and over some of them twice.
        for (multiplicities, golden) in [
            ([1; 8], (0.211_646_706_818_678_6, 0.991_514_022_416_810_7)),
            ([2, 1, 0, 1, 2, 1, 1, 2], (0.100_803_274_143_406_74, 1.081_441_258_550_125_9)),
        ] {
            let (intercept, slope) =
                intercept_and_slope(&logs, &observed, &multiplicities).unwrap();
            assert!((slope - golden.1).abs() < 1e-8, "{slope}, not {golden:?}");
            assert!((intercept - golden.0).abs() < 1e-8, "{intercept}, not {golden:?}");
        }
        assert_eq!(intercept_and_slope(&[2.0; 3], &[1.0, 2.0, 3.0], &[1; 3]), None);
        assert_eq!(intercept_and_slope(&[1.0, 2.0], &[0.0, 0.0], &[1; 2]), None);
        let none = f64::NEG_INFINITY;
        let without = intercept_and_slope(&[none, 0.0, 1.0], &[9.0, 1.0, 2.0], &[1; 3]);
        assert_eq!(without, intercept_and_slope(&[0.0, 1.0], &[1.0, 2.0], &[1; 2]));
        assert_eq!(observed_over_expected(&[1.0, 3.0], &[2.0, 1.0], &[1, 1]), Some(0.75));
    }
}
