//! A smooth basis of a measure: natural cubic splines, so that a model that is linear in its columns can bend.
//!
//! # Formula
//!
//! ```text
//! s_0(z) = z
//! s_j(z) = [ (z − t_j)₊³ − (z − t_m−1)₊³·(t_m − t_j)/(t_m − t_m−1) + (z − t_m)₊³·(t_m−1 − t_j)/(t_m − t_m−1) ]/(t_m − t_1)²
//! ```
//!
//! for j = 1 … m − 2 and knots t_1 … t_m = [`SPLINE_KNOTS`]. A sum of them is linear below t_1 and above t_m, with two
//! continuous derivatives. Source: Harrell 2015, *Regression Modeling Strategies*, §2.4.5 (restricted cubic splines).
//!
//! # Variant
//!
//! The knots are fixed, not quantiles of the data: what was fitted holds for other items as it is. They suit logarithms of
//! counts, z = ln(1 + x/c) with c a small count.
//!
//! A ridge should shrink the curved columns, so that without evidence a measure acts by a line:
//!
//! ```
//! use renown_stats::bradley_terry::{ComparisonProblem, fit};
//! use renown_stats::spline::smooth_basis;
//!
//! let z: Vec<f64> = (0..20).map(|x| (1.0 + f64::from(x) / 0.1).ln()).collect();
//! // More wins, but only up to item 10.
//! let pairs: Vec<(u32, u32)> = (0..10).map(|i| (i + 1, i)).chain([(12, 15), (15, 12)]).collect();
//! let [line, first, second] = smooth_basis(&z);
//! let problem = ComparisonProblem {
//!     columns: vec![&line, &first, &second],
//!     pairs: &pairs,
//!     weights: None,
//!     nonnegative: &[false; 3],
//!     ridge: 0.01,
//!     ridged: &[true; 3],
//! };
//! let fitted = fit(&problem, None)?;
//! let score = |i: usize| {
//!     let basis = [line[i], first[i], second[i]];
//!     basis.iter().zip(&fitted.coefficients).map(|(s, b)| s * b).sum::<f64>()
//! };
//! assert!(score(9) > score(1));
//! # Ok::<(), renown_stats::error::FitError>(())
//! ```

/// The knots, in z.
pub const SPLINE_KNOTS: [f64; 4] = [0.0, 1.6, 3.4, 6.2];

/// s_0, s_1 and s_2 of a value.
pub fn spline(z: f64) -> [f64; 3] {
    let [first, _, inner, last] = SPLINE_KNOTS;
    let cube = |from: f64| {
        let above = (z - from).max(0.0);
        above * above * above
    };
    let curved = |knot: f64| {
        let ends = (last - knot) * cube(inner) - (inner - knot) * cube(last);
        (cube(knot) - ends / (last - inner)) / ((last - first) * (last - first))
    };
    [z, curved(SPLINE_KNOTS[0]), curved(SPLINE_KNOTS[1])]
}

/// The three columns of [`spline`] for a column of values.
pub fn smooth_basis(values: &[f64]) -> [Vec<f64>; 3] {
    [0, 1, 2].map(|k| values.iter().map(|&z| spline(z)[k]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_smooth_and_its_ends_are_lines() {
        let second = |k: usize, z: f64, h: f64| {
            (spline(z + h)[k] - 2.0 * spline(z)[k] + spline(z - h)[k]) / (h * h)
        };
        for k in 0..3 {
            for z in [-3.0, -0.1, 6.4, 20.0] {
                assert!(second(k, z, 0.05).abs() < 1e-9, "{k} {z}");
            }
            for knot in SPLINE_KNOTS {
                let jump = second(k, knot + 1e-3, 1e-4) - second(k, knot - 1e-3, 1e-4);
                assert!(jump.abs() < 1e-2, "{k} {knot} {jump}");
            }
        }
        assert!(second(1, 1.0, 0.01) > 0.1 && second(2, 3.0, 0.01) > 0.1);
    }

    /// SciPy 1.17: `interpolate.CubicSpline` with `bc_type="natural"` through the values at the knots.
    #[test]
    fn values_agree_with_scipy() {
        let known = [
            (0.5, 0.003_251_821_019_771_115, 0.0),
            (2.0, 0.208_116_545_265_348_5, 0.001_664_932_362_122_782),
            (4.0, 1.652_489_965_809_424_3, 0.350_393_934_889_252_1),
            (5.5, 3.794_706_035_379_812_5, 1.147_359_521_331_945_2),
            (8.0, 7.896_774_193_548_387, 2.757_127_991_675_336),
        ];
        for (z, first, second) in known {
            let [line, one, two] = spline(z);
            assert_eq!(line, z);
            assert!((one - first).abs() < 1e-12 && (two - second).abs() < 1e-12, "{z}");
        }
        assert_eq!(smooth_basis(&[1.0, 4.0])[0], [1.0, 4.0]);
        assert_eq!(smooth_basis(&[1.0, 4.0])[1][1], spline(4.0)[1]);
    }
}
