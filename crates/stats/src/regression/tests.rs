//! Fits against closed forms, statsmodels and SciPy, and their bits at any thread count.

use super::estimate::fit_with;
use super::model::Model;
use super::{LEVEL_PRIOR, RegressionFit, RegressionProblem, fit, standard_errors};
use crate::design::CHUNK;
use crate::error::FitError;
use crate::newton::{Objective, TOLERANCE};
use crate::predictive_distribution;

/// Owned rows that a problem borrows.
struct Data {
    columns: Vec<Vec<f64>>,
    groups: Vec<u32>,
    outcomes: Vec<f64>,
    nonnegative: Vec<bool>,
    ridge: f64,
    ridged: Vec<bool>,
}

impl Data {
    fn problem(&self) -> RegressionProblem<'_> {
        RegressionProblem {
            columns: self.columns.iter().map(Vec::as_slice).collect(),
            groups: &self.groups,
            outcomes: &self.outcomes,
            nonnegative: &self.nonnegative,
            ridge: self.ridge,
            ridged: &self.ridged,
            max_elasticity: None,
        }
    }
}

fn plain(columns: Vec<Vec<f64>>, groups: Vec<u32>, outcomes: Vec<f64>) -> Data {
    let nonnegative = vec![false; columns.len()];
    let ridged = vec![true; columns.len()];
    Data { columns, groups, outcomes, nonnegative, ridge: 0.0, ridged }
}

/// The 120 rows of the golden numbers.
fn golden(groups: u32) -> Data {
    let rows = 0..120_u32;
    let first = |i: u32| (i * 37) % 101;
    let outcome = |i: u32| {
        let times = if i.is_multiple_of(4) { 4 } else { 1 };
        f64::from(((i * i * 7 + 3 * i) % 13) * first(i) * times / 300)
    };
    let columns = vec![
        rows.clone().map(|i| f64::from(first(i)) / 101.0).collect(),
        rows.clone().map(|i| f64::from((i * i + 5 * i) % 53) / 53.0).collect(),
        rows.clone().map(|i| f64::from((i * i * i + i) % 29) / 29.0).collect(),
    ];
    plain(columns, rows.clone().map(|i| i % groups).collect(), rows.map(outcome).collect())
}

/// Counts of known mean, with overdispersion 1 and a few groups.
fn random(rows: usize, columns: usize, seed: u64) -> Data {
    let mut random = fastrand::Rng::with_seed(seed);
    let columns: Vec<Vec<f64>> =
        (0..columns).map(|_| (0..rows).map(|_| random.f64() * 2.0).collect()).collect();
    let groups: Vec<u32> = (0..rows).map(|_| random.u32(0..5)).collect();
    let outcome = |i: usize| {
        let slope = |k: usize| if k.is_multiple_of(2) { 0.4 } else { -0.3 };
        let eta = columns
            .iter()
            .enumerate()
            .fold(f64::from(groups[i]) * 0.2 - 1.0, |sum, (k, c)| sum + slope(k) * c[i]);
        // An exponential mean over the Poisson distribution is geometric.
        let chance = 1.0 / (1.0 + libm::exp(eta));
        libm::floor(libm::log(random.f64()) / libm::log(1.0 - chance))
    };
    let outcomes = (0..rows).map(outcome).collect();
    plain(columns, groups, outcomes)
}

fn close(found: &[f64], known: &[f64], within: f64) {
    assert_eq!(found.len(), known.len());
    for (found, known) in found.iter().zip(known) {
        assert!((found - known).abs() <= within * (1.0 + known.abs()), "{found} {known}");
    }
}

#[test]
fn a_bound_on_the_elasticity_holds_and_is_best_there() {
    // Outcomes grow with the square of 1 + x, and the bound allows only proportional growth.
    let column: Vec<f64> = (0..200).map(|i| libm::log1p(f64::from(i % 20))).collect();
    let noise = |i: u32| f64::from(i * 7 % 5) / 5.0;
    let outcome = |i: u32| libm::round(libm::exp(2.0 * column[i as usize]) * noise(i));
    let outcomes: Vec<f64> = (0..200).map(outcome).collect();
    let other: Vec<f64> = (0..200).map(|i| f64::from(i * i % 13) / 13.0).collect();
    let data = plain(vec![column, other], vec![0; 200], outcomes);
    let sum = |fit: &RegressionFit| fit.coefficients[0] + fit.coefficients[1];
    let free = fit(&data.problem(), None).unwrap();
    assert!(sum(&free) > 1.5, "{free:?}");
    let bound =
        fit(&RegressionProblem { max_elasticity: Some(1.0), ..data.problem() }, None).unwrap();
    assert!((sum(&bound) - 1.0).abs() < 0.02, "{bound:?}");
    let loose =
        fit(&RegressionProblem { max_elasticity: Some(9.0), ..data.problem() }, None).unwrap();
    assert_eq!(loose, free);
    // Other values on the bound are less likely.
    assert!(bound.log_likelihood < free.log_likelihood);
}

#[test]
fn a_column_of_zeros_leaves_the_mean() {
    let data = plain(vec![vec![0.0; 4]], vec![0; 4], vec![3.0, 0.0, 9.0, 1.0]);
    let fit = fit(&data.problem(), None).unwrap();
    close(&fit.levels, &[libm::log(13.0 / 4.0)], 1e-9);
    assert_eq!(fit.coefficients, [0.0]);
    assert!(fit.overdispersion > 0.1);
}

#[test]
fn groups_alone_have_their_means() {
    let even = plain(vec![], vec![0, 0, 1, 1], vec![2.0, 3.0, 7.0, 8.0]);
    let odd = plain(vec![], vec![0, 0, 1, 1], vec![0.0, 5.0, 1.0, 14.0]);
    for (data, is_poisson) in [(even, true), (odd, false)] {
        let fit = fit_with(&data.problem(), None, 0.0).unwrap();
        close(&fit.levels, &[libm::log(2.5), libm::log(7.5)], 1e-8);
        assert_eq!(fit.overdispersion == 0.0, is_poisson);
    }
}

#[test]
fn a_saturated_poisson_fit_meets_every_outcome() {
    let column = vec![0.0, 1.0, 0.0, 0.0];
    let other = vec![0.0, 0.0, 1.0, 1.0];
    let data = plain(vec![column, other], vec![0; 4], vec![2.0, 6.0, 1.0, 1.0]);
    let fit = fit(&data.problem(), None).unwrap();
    close(&fit.levels, &[libm::log(2.0)], 1e-8);
    close(&fit.coefficients, &[libm::log(3.0), -libm::log(2.0)], 1e-8);
}

#[test]
fn a_group_without_outcome_has_a_finite_level_and_one_without_rows_the_mean() {
    let outcomes = vec![1.0, 2.0, 4.0, 6.0, 0.0, 0.0];
    let data = plain(vec![], vec![0, 0, 1, 1, 3, 3], outcomes);
    let fit = fit(&data.problem(), None).unwrap();
    let mean = fit.levels.iter().sum::<f64>() / 4.0;
    assert!(fit.levels[3] < fit.levels[0] - 1.0 && fit.levels[3] > -6.0, "{fit:?}");
    assert!((fit.levels[2] - mean).abs() < 1e-6);
}

#[test]
fn derivatives_match_the_value() {
    let mut data = random(300, 3, 1);
    (data.ridge, data.ridged[1]) = (0.3, false);
    for alpha in [0.0, 0.7] {
        let mut model = Model::new(&data.problem(), |_| true, 2.0);
        model.alpha = alpha;
        let point = [-0.5, 0.3, 0.1, -0.2, 0.4, 0.2, -0.6, 0.3];
        model.value(&point);
        let (gradient, hessian) = model.derivatives(&point);
        for k in 0..point.len() {
            let mut at = |by: f64| {
                let mut point = point;
                point[k] += by;
                let value = model.value(&point);
                (value, model.derivatives(&point).0)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!(((up.0 - down.0) / 2e-5 - gradient[k]).abs() < 1e-9, "{k}");
            for j in 0..point.len() {
                let second = (up.1[j] - down.1[j]) / 2e-5;
                assert!((second - hessian.get(k, j)).abs() < 1e-8, "{k} {j}");
            }
        }
    }
}

/// statsmodels 0.15 `NegativeBinomial(y, X).fit()`.
#[test]
fn agrees_with_statsmodels() {
    let data = golden(1);
    let fit = fit(&data.problem(), None).unwrap();
    close(&fit.levels, &[-1.743_333_442_652_466], 1e-6);
    let known = [3.581_592_185_713_872, -0.542_249_108_486_225, 0.365_001_053_551_273];
    close(&fit.coefficients, &known, 1e-6);
    close(&[fit.overdispersion], &[1.077_228_823_186_473], 1e-6);
    close(&[fit.log_likelihood], &[-170.098_932_223_168_28], 1e-9);
}

/// SciPy 1.17 `optimize.minimize` of the penalised objective with every parameter at once.
#[test]
fn agrees_with_scipy_under_the_penalties() {
    let mut data = golden(3);
    data.ridge = 0.05;
    data.ridged[0] = false;
    data.nonnegative[2] = true;
    let fit = fit(&data.problem(), None).unwrap();
    let levels = [-1.854_541_198_188_799, -1.704_801_750_816_773, -1.687_596_164_223_548];
    close(&fit.levels, &levels, 1e-6);
    let known = [3.602_502_559_733_315, -0.519_812_751_227_434, 0.325_414_115_220_782];
    close(&fit.coefficients, &known, 1e-6);
    close(&[fit.overdispersion], &[1.075_485_867_182_972_8], 1e-6);
}

/// statsmodels 0.15 `GEE(..., NegativeBinomial(alpha), Independence())`, its robust errors.
#[test]
fn standard_errors_agree_with_statsmodels() {
    let data = golden(1);
    let fit = fit(&data.problem(), None).unwrap();
    let clusters: Vec<u32> = (0..120).map(|i| i / 4).collect();
    let errors = standard_errors(&data.problem(), &fit, &clusters).unwrap();
    let errors: Vec<f64> = errors.into_iter().flatten().collect();
    let known = [0.356_963_882_572_287, 0.528_303_475_591_151, 0.387_858_616_374_304];
    close(&errors, &known, 1e-6);
}

#[test]
fn a_bound_that_binds_leaves_the_fit_without_the_column() {
    let mut data = golden(3);
    data.nonnegative = vec![true; 3];
    let bound = fit(&data.problem(), None).unwrap();
    assert_eq!(bound.coefficients[1], 0.0);
    assert!(bound.optimality <= TOLERANCE);
    let clusters: Vec<u32> = (0..120).collect();
    let errors = standard_errors(&data.problem(), &bound, &clusters).unwrap();
    assert_eq!(errors.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    // The excluded column would have to fall: its derivative at the bound is positive.
    let mut model = Model::new(&data.problem(), |_| true, LEVEL_PRIOR);
    model.alpha = bound.overdispersion;
    let point = model.point_of(&bound, &data.problem()).unwrap();
    model.value(&point);
    let gradient = model.derivatives(&point).0;
    assert!(gradient[4] > 1e-3);
    assert!(gradient.iter().enumerate().all(|(k, g)| k == 4 || g.abs() <= TOLERANCE));
    data.columns[1] = vec![1.0; 120];
    let without = fit(&data.problem(), None).unwrap();
    close(&without.coefficients, &bound.coefficients, 1e-7);
}

#[test]
fn the_ridge_is_scale_invariant_and_shrinks_only_ridged_columns() {
    let mut data = golden(1);
    (data.ridge, data.ridged[0]) = (10.0, false);
    let fitted = fit(&data.problem(), None).unwrap();
    assert!(fitted.coefficients[0] > 2.5 && fitted.coefficients[1].abs() < 0.1);
    data.columns[1].iter_mut().for_each(|x| *x *= 1e6);
    let scaled = fit(&data.problem(), None).unwrap();
    close(&[scaled.coefficients[1] * 1e6], &fitted.coefficients[1..2], 1e-7);
}

#[test]
fn a_warm_start_reaches_the_optimum_of_a_cold_start() {
    let mut data = random(3000, 6, 7);
    data.nonnegative = vec![true; 6];
    data.ridge = 0.1;
    let first = fit(&data.problem(), None).unwrap();
    data.ridge = 0.01;
    let cold = fit(&data.problem(), None).unwrap();
    let warm = fit(&data.problem(), Some(&first)).unwrap();
    close(&warm.coefficients, &cold.coefficients, 1e-7);
    close(&warm.levels, &cold.levels, 1e-7);
    assert!(warm.iterations <= cold.iterations);
    assert_eq!(fit(&data.problem(), Some(&cold)).unwrap().coefficients, cold.coefficients);
}

#[test]
fn threads_change_no_bit() {
    for rows in [3 * CHUNK + 5, 65 * CHUNK] {
        let mut data = random(rows, 3, 3);
        data.nonnegative = vec![true, true, false];
        let clusters: Vec<u32> = (0..rows as u32).map(|i| i * 7 % 5000).collect();
        let runs = [1, 2, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let fit = fit(&data.problem(), None).unwrap();
                let errors = standard_errors(&data.problem(), &fit, &clusters).unwrap();
                (fit, errors)
            })
        });
        assert_eq!(runs[0], runs[1]);
        assert_eq!(runs[0], runs[2]);
        let slopes = &runs[0].0.coefficients;
        assert!((slopes[0] - 0.4).abs() < 0.1 && (slopes[2] - 0.4).abs() < 0.1, "{slopes:?}");
        assert!((runs[0].0.overdispersion - 1.0).abs() < 0.1);
    }
}

#[test]
fn problems_without_a_fit_are_errors() {
    let fails = |data: &Data| fit(&data.problem(), None).unwrap_err();
    assert_eq!(fails(&plain(vec![], vec![], vec![])), FitError::Empty);
    assert_eq!(fails(&plain(vec![], vec![0, 0], vec![0.0, 0.0])), FitError::NoOutcome);
    let short = plain(vec![vec![1.0]], vec![0, 0], vec![1.0, 0.0]);
    assert!(matches!(fails(&short), FitError::Length { what: "column", .. }));
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let bad = plain(vec![], vec![0, 0], vec![1.0, bad]);
        assert!(matches!(fails(&bad), FitError::Value { index: 1, .. }));
    }
    let far = plain(vec![], vec![u32::MAX], vec![1.0]);
    assert!(matches!(fails(&far), FitError::Index { .. }));
    // Only rows with x = 0 have outcomes: β falls without end unless there is a ridge.
    let x = vec![0.0, 0.0, 1.0, 1.0];
    let mut separated = plain(vec![x], vec![0; 4], vec![1.0, 3.0, 0.0, 0.0]);
    assert!(matches!(fails(&separated), FitError::NotConverged { .. } | FitError::Singular));
    separated.ridge = 0.01;
    assert!(fit(&separated.problem(), None).unwrap().coefficients[0] < -1.0);
}

#[test]
#[ignore = "takes a minute"]
fn standard_errors_agree_with_a_bootstrap_over_clusters() {
    let (people, origins) = (600, 3);
    let mut random = fastrand::Rng::with_seed(11);
    let mut data = plain(vec![vec![], vec![]], vec![], vec![]);
    for _ in 0..people {
        let (kind, frailty) = (random.f64() * 2.0, -libm::log(random.f64()));
        for origin in 0..origins {
            let x = random.f64();
            let mean = frailty * libm::exp(0.5 * kind - 0.4 * x);
            data.columns[0].push(kind);
            data.columns[1].push(x);
            data.groups.push(origin);
            data.outcomes.push(predictive_distribution::quantile(mean, 0.0, random.f64()));
        }
    }
    let clusters: Vec<u32> = (0..people * origins).map(|i| i / origins).collect();
    let fitted = fit(&data.problem(), None).unwrap();
    let errors = standard_errors(&data.problem(), &fitted, &clusters).unwrap();
    let resamples = 600;
    let mut sums = [[0.0; 2]; 2];
    for _ in 0..resamples {
        let rows: Vec<usize> = (0..people)
            .flat_map(|_| {
                let person = random.u32(0..people);
                (0..origins).map(move |origin| (person * origins + origin) as usize)
            })
            .collect();
        let columns = data.columns.iter().map(|c| rows.iter().map(|&i| c[i]).collect());
        let groups = rows.iter().map(|&i| data.groups[i]).collect();
        let outcomes = rows.iter().map(|&i| data.outcomes[i]).collect();
        let resample = plain(columns.collect(), groups, outcomes);
        let slopes = fit(&resample.problem(), Some(&fitted)).unwrap().coefficients;
        for (sums, (slope, known)) in sums.iter_mut().zip(slopes.iter().zip(&fitted.coefficients)) {
            sums[0] += slope - known;
            sums[1] += (slope - known) * (slope - known);
        }
    }
    for (sums, error) in sums.iter().zip(errors) {
        let mean = sums[0] / f64::from(resamples);
        let ratio = error.unwrap() / libm::sqrt(sums[1] / f64::from(resamples) - mean * mean);
        assert!((0.88..1.12).contains(&ratio), "{ratio}");
    }
}
