//! Paired comparison (Bradley–Terry): which of two items wins, by a score that is linear in their measures.
//!
//! # Formula
//!
//! ```text
//! P(w beats l) = σ(η_w − η_l),    η = Σ_k β_k·φ_k,    σ(t) = 1/(1 + e^−t)
//! f = (1/m)·Σ_pairs ln(1 + e^−(η_w − η_l)) + ½·λ·Σ_{k ridged} (β_k·s_k)²
//! ```
//!
//! over m pairs, with s_k the standard deviation of φ_k over both sides of all pairs: an item counts
//! once for each pair that it is in. Source: Bradley & Terry 1952, *Rank analysis of incomplete block
//! designs: I. The method of paired comparisons*, with ln π_i = η_i.
//!
//! # Variant
//!
//! There is no intercept: neither side of a pair has an advantage. A column whose sides are equal in every pair
//! has coefficient 0. Differences are stored, 8 bytes per pair and column.
//!
//! ```
//! use renown_stats::bradley_terry::{ComparisonProblem, fit, win_probability};
//!
//! // Item 0 wins three of four comparisons with item 1.
//! let problem = ComparisonProblem {
//!     columns: vec![&[1.0, 0.0]],
//!     pairs: &[(0, 1), (0, 1), (0, 1), (1, 0)],
//!     nonnegative: &[false],
//!     ridge: 0.0,
//!     ridged: &[false],
//! };
//! let fitted = fit(&problem, None)?;
//! assert!((win_probability(fitted.coefficients[0]) - 0.75).abs() < 1e-6);
//! # Ok::<(), renown_stats::error::FitError>(())
//! ```

use rayon::prelude::*;

use super::design::{Design, spread, sum};
use super::error::{FitError, all_valid, same_length};
use super::matrix::Symmetric;
use super::newton::{Objective, minimise};
use super::sandwich;

/// Pairs to fit to: the [module docs](self) give the formula.
#[derive(Debug, Clone)]
pub struct ComparisonProblem<'a> {
    /// φ_k of every item, column after column.
    pub columns: Vec<&'a [f64]>,
    /// Winner and loser of each pair, as indices of items.
    pub pairs: &'a [(u32, u32)],
    /// Which coefficients must be at least 0.
    pub nonnegative: &'a [bool],
    /// λ.
    pub ridge: f64,
    /// Which coefficients the ridge shrinks.
    pub ridged: &'a [bool],
}

/// The most likely coefficients, under the ridge.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonFit {
    /// β; exactly 0 where the bound holds or the column does not differ.
    pub coefficients: Vec<f64>,
    /// Mean of −ln P(winner beats loser), without the ridge.
    pub log_loss: f64,
    /// Newton steps taken.
    pub iterations: u32,
    /// The largest projected derivative of f by a standardised coefficient.
    pub optimality: f64,
}

/// φ_k(winner) − φ_k(loser), and s_k.
struct Difference {
    column: usize,
    values: Vec<f64>,
    spread: f64,
}

/// The objective f at a point, which changes as it is minimised.
struct Model<'a> {
    design: Design<'a>,
    ridges: Vec<f64>,
    advantages: Vec<f64>,
}

/// Fits, from the coefficients of `start` if given.
///
/// # Errors
/// [`FitError`]: the problem is none (empty, lengths that differ, values out of range), or the minimum was not reached;
/// without a ridge it may lie at infinity.
pub fn fit(
    problem: &ComparisonProblem,
    start: Option<&ComparisonFit>,
) -> Result<ComparisonFit, FitError> {
    validate(problem)?;
    let differences = differences(problem, |_| true);
    let mut model = Model::new(problem, &differences);
    let point = match start {
        Some(start) => point_of(start, problem, &differences)?,
        None => vec![0.0; differences.len()],
    };
    let bounded: Vec<bool> = differences.iter().map(|d| problem.nonnegative[d.column]).collect();
    let end = minimise(&mut model, point, &bounded)?;
    let mut coefficients = vec![0.0; problem.columns.len()];
    differences.iter().zip(&end.point).for_each(|(d, b)| coefficients[d.column] = b / d.spread);
    Ok(ComparisonFit {
        coefficients,
        log_loss: model.log_loss(),
        iterations: end.iterations,
        optimality: end.optimality,
    })
}

/// The robust standard error of each coefficient; none where it is fixed at 0.
///
/// Without `clusters`, which names the cluster of each pair, every pair is a cluster of its own. Source and what is not
/// corrected for: as in [`crate::regression::standard_errors`].
///
/// # Errors
/// [`FitError`]: the problem is none, or the fit is of another one.
pub fn standard_errors(
    problem: &ComparisonProblem,
    fit: &ComparisonFit,
    clusters: Option<&[u32]>,
) -> Result<Vec<Option<f64>>, FitError> {
    validate(problem)?;
    let each: Vec<u32>;
    let clusters = match clusters {
        Some(clusters) => clusters,
        None => {
            each = (0..problem.pairs.len() as u32).collect();
            &each
        }
    };
    same_length("clusters", clusters.len(), problem.pairs.len())?;
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    let is_free = |k: usize| !problem.nonnegative[k] || fit.coefficients[k] > 0.0;
    let differences = differences(problem, is_free);
    let mut model = Model::new(problem, &differences);
    model.value(&point_of(fit, problem, &differences)?);
    let (residuals, weights) = model.scores();
    let (_, mut information) = model.design.moments(&residuals, &weights);
    let pairs = problem.pairs.len() as f64;
    model.ridges.iter().enumerate().for_each(|(k, ridge)| information.add(k, k, pairs * ridge));
    let errors = sandwich::standard_errors(&model.design, &residuals, &information, clusters)?;
    let mut all = vec![None; problem.columns.len()];
    differences.iter().zip(errors).for_each(|(d, e)| all[d.column] = Some(e / d.spread));
    Ok(all)
}

/// σ(η_a − η_b): the probability that a beats b, whose `advantage` over b is η_a − η_b.
pub fn win_probability(advantage: f64) -> f64 {
    if advantage >= 0.0 {
        return 1.0 / (1.0 + libm::exp(-advantage));
    }
    let odds = libm::exp(advantage);
    odds / (1.0 + odds)
}

/// −ln σ, without overflow or cancellation.
fn loss(advantage: f64) -> f64 {
    let tail = libm::log1p(libm::exp(-advantage.abs()));
    if advantage >= 0.0 { tail } else { tail - advantage }
}

fn validate(problem: &ComparisonProblem) -> Result<(), FitError> {
    if problem.pairs.is_empty() {
        return Err(FitError::Empty);
    }
    let limit = u32::MAX as usize;
    if problem.pairs.len() > limit {
        return Err(FitError::Index { what: "pair", index: problem.pairs.len(), limit });
    }
    same_length("bounds", problem.nonnegative.len(), problem.columns.len())?;
    same_length("ridged", problem.ridged.len(), problem.columns.len())?;
    all_valid("ridge", &[problem.ridge], |ridge| ridge >= 0.0 && ridge.is_finite())?;
    let items = problem.columns.first().map_or(usize::MAX, |column| column.len());
    for column in &problem.columns {
        same_length("column", column.len(), items)?;
        all_valid("measure of item", column, f64::is_finite)?;
    }
    match problem.pairs.iter().map(|&(w, l)| w.max(l) as usize).max() {
        Some(index) if index >= items => Err(FitError::Index { what: "item", index, limit: items }),
        _ => Ok(()),
    }
}

/// The columns that are `wanted` and differ in some pair.
fn differences(problem: &ComparisonProblem, wanted: impl Fn(usize) -> bool) -> Vec<Difference> {
    let side = |column: &[f64], i: usize| {
        let (winner, loser) = problem.pairs[i / 2];
        column[(if i.is_multiple_of(2) { winner } else { loser }) as usize]
    };
    let difference = |(k, column): (usize, &&[f64])| {
        let by = |&(winner, loser): &(u32, u32)| column[winner as usize] - column[loser as usize];
        let values: Vec<f64> = problem.pairs.par_iter().map(by).collect();
        let differs = values.iter().any(|&value| value != 0.0);
        let spread = spread(2 * values.len(), |i| side(column, i));
        (differs && spread > 0.0).then_some(Difference { column: k, values, spread })
    };
    let columns = problem.columns.iter().enumerate().filter(|&(k, _)| wanted(k));
    columns.filter_map(difference).collect()
}

/// The standardised coefficients of a fit.
fn point_of(
    fit: &ComparisonFit,
    problem: &ComparisonProblem,
    differences: &[Difference],
) -> Result<Vec<f64>, FitError> {
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    all_valid("fitted coefficient", &fit.coefficients, f64::is_finite)?;
    let standardised = |d: &Difference| {
        let b = fit.coefficients[d.column] * d.spread;
        if problem.nonnegative[d.column] { b.max(0.0) } else { b }
    };
    Ok(differences.iter().map(standardised).collect())
}

impl<'a> Model<'a> {
    fn new(problem: &ComparisonProblem, differences: &'a [Difference]) -> Self {
        let ridge = |d: &Difference| if problem.ridged[d.column] { problem.ridge } else { 0.0 };
        let design = Design {
            columns: differences.iter().map(|d| d.values.as_slice()).collect(),
            spreads: differences.iter().map(|d| d.spread).collect(),
            groups: &[],
            levels: 0,
        };
        let ridges = differences.iter().map(ridge).collect();
        Self { design, ridges, advantages: vec![0.0; problem.pairs.len()] }
    }

    fn log_loss(&self) -> f64 {
        sum(self.advantages.len(), |i| loss(self.advantages[i])) / self.advantages.len() as f64
    }

    /// 1 − σ and σ·(1 − σ), pair by pair.
    fn scores(&self) -> (Vec<f64>, Vec<f64>) {
        let score = |&advantage: &f64| {
            let surprise = win_probability(-advantage);
            (surprise, surprise * win_probability(advantage))
        };
        self.advantages.par_iter().map(score).unzip()
    }
}

impl Objective for Model<'_> {
    fn value(&mut self, point: &[f64]) -> f64 {
        self.design.predict(point, &mut self.advantages);
        let slopes = point.iter().zip(&self.ridges);
        self.log_loss() + 0.5 * slopes.fold(0.0, |sum, (b, ridge)| sum + ridge * b * b)
    }

    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Symmetric) {
        let pairs = self.advantages.len() as f64;
        let (residuals, weights) = self.scores();
        let (mut gradient, mut information) = self.design.moments(&residuals, &weights);
        information.scale(1.0 / pairs);
        for (k, ridge) in self.ridges.iter().enumerate() {
            gradient[k] = ridge * point[k] - gradient[k] / pairs;
            information.add(k, k, *ridge);
        }
        (gradient, information)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Data {
        columns: Vec<Vec<f64>>,
        pairs: Vec<(u32, u32)>,
        nonnegative: Vec<bool>,
        ridge: f64,
        ridged: Vec<bool>,
    }

    impl Data {
        fn new(columns: Vec<Vec<f64>>, pairs: Vec<(u32, u32)>) -> Self {
            let (nonnegative, ridged) = (vec![false; columns.len()], vec![true; columns.len()]);
            Self { columns, pairs, nonnegative, ridge: 0.0, ridged }
        }

        fn problem(&self) -> ComparisonProblem<'_> {
            ComparisonProblem {
                columns: self.columns.iter().map(Vec::as_slice).collect(),
                pairs: &self.pairs,
                nonnegative: &self.nonnegative,
                ridge: self.ridge,
                ridged: &self.ridged,
            }
        }
    }

    /// The 120 pairs of the golden numbers.
    fn golden() -> Data {
        let items = 0..120_u32;
        let columns: Vec<Vec<f64>> = vec![
            items.clone().map(|i| f64::from((i * 41) % 97) / 97.0).collect(),
            items.clone().map(|i| f64::from((i * i * 3 + i) % 61) / 61.0).collect(),
            items.clone().map(|i| f64::from((i * i + i * 11) % 43) / 43.0).collect(),
        ];
        let score = |i: u32| 2.0 * columns[0][i as usize] + columns[1][i as usize];
        let distinct = items.map(|i| (i, (i * 7 + 13) % 120)).filter(|(a, b)| a != b);
        let decided = distinct.enumerate().map(|(at, (a, b))| {
            let noise = f64::from((at as u32 * 57) % 101) / 101.0 - 0.5;
            if score(a) - score(b) + 3.0 * noise < 0.0 { (b, a) } else { (a, b) }
        });
        let pairs = decided.collect();
        Data::new(columns, pairs)
    }

    fn close(found: &[f64], known: &[f64], within: f64) {
        assert_eq!(found.len(), known.len());
        for (found, known) in found.iter().zip(known) {
            assert!((found - known).abs() <= within * (1.0 + known.abs()), "{found} {known}");
        }
    }

    #[test]
    fn two_items_have_the_log_odds_of_their_wins() {
        let data = Data::new(vec![vec![3.0, 1.0]], vec![(0, 1), (0, 1), (0, 1), (1, 0)]);
        let fit = fit(&data.problem(), None).unwrap();
        close(&fit.coefficients, &[0.5 * libm::log(3.0)], 1e-9);
        close(&[fit.log_loss], &[-0.75 * libm::log(0.75) - 0.25 * libm::log(0.25)], 1e-12);
        close(
            &[win_probability(libm::log(3.0)), win_probability(-libm::log(3.0))],
            &[0.75, 0.25],
            1e-15,
        );
        assert_eq!((win_probability(-800.0), win_probability(800.0)), (0.0, 1.0));
    }

    /// statsmodels 0.15 `Logit` of differences whose sign alternates.
    #[test]
    fn agrees_with_statsmodels() {
        let data = golden();
        let fit = fit(&data.problem(), None).unwrap();
        let known = [3.548_648_269_101_41, 1.895_545_879_936_137, 0.598_884_848_383_619];
        close(&fit.coefficients, &known, 1e-7);
        close(&[fit.log_loss], &[0.477_127_687_014_035_63], 1e-12);
        let errors = standard_errors(&data.problem(), &fit, None).unwrap();
        let known = [0.684_895_779_286_218, 0.574_160_329_255_915, 0.666_273_490_391_981];
        close(&errors.into_iter().flatten().collect::<Vec<_>>(), &known, 1e-7);
        let fives: Vec<u32> = (0..data.pairs.len() as u32).map(|i| i / 5).collect();
        let errors = standard_errors(&data.problem(), &fit, Some(&fives)).unwrap();
        let known = [0.698_556_142_202_825, 0.628_840_755_188_007, 0.688_534_947_204_368];
        close(&errors.into_iter().flatten().collect::<Vec<_>>(), &known, 1e-7);
    }

    /// SciPy 1.17 `optimize.minimize`.
    #[test]
    fn agrees_with_scipy_under_the_ridge() {
        let mut data = golden();
        (data.ridge, data.ridged[0]) = (0.1, false);
        let fit = fit(&data.problem(), None).unwrap();
        let known = [3.424_872_92, 1.394_937_87, 0.394_256_99];
        close(&fit.coefficients, &known, 1e-7);
    }

    #[test]
    fn derivatives_match_the_value() {
        let mut data = golden();
        data.ridge = 0.2;
        let problem = data.problem();
        let differences = differences(&problem, |_| true);
        let mut model = Model::new(&problem, &differences);
        let point = [0.4, -0.7, 0.2];
        model.value(&point);
        let (gradient, hessian) = model.derivatives(&point);
        for k in 0..3 {
            let mut at = |by: f64| {
                let mut point = point;
                point[k] += by;
                (model.value(&point), model.derivatives(&point).0)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            assert!(((up.0 - down.0) / 2e-5 - gradient[k]).abs() < 1e-9);
            for j in 0..3 {
                assert!(((up.1[j] - down.1[j]) / 2e-5 - hessian.get(k, j)).abs() < 1e-8);
            }
        }
    }

    #[test]
    fn a_bound_that_binds_leaves_the_fit_without_the_column() {
        let mut data = golden();
        data.columns[1].iter_mut().for_each(|x| *x = 1.0 - *x);
        data.nonnegative = vec![true; 3];
        let bound = fit(&data.problem(), None).unwrap();
        assert_eq!(bound.coefficients[1], 0.0);
        let errors = standard_errors(&data.problem(), &bound, None).unwrap();
        assert!(errors[0].is_some() && errors[1].is_none());
        data.columns[1] = vec![7.0; 120];
        let without = fit(&data.problem(), None).unwrap();
        close(&without.coefficients, &bound.coefficients, 1e-8);
        let warm = fit(&data.problem(), Some(&bound)).unwrap();
        close(&warm.coefficients, &bound.coefficients, 1e-8);
    }

    #[test]
    fn threads_change_no_bit() {
        let mut random = fastrand::Rng::with_seed(5);
        let columns: Vec<Vec<f64>> =
            (0..5).map(|_| (0..1000).map(|_| random.f64()).collect()).collect();
        let pair = |_| {
            let (a, b) = (random.u32(0..1000), random.u32(0..1000));
            let advantage = columns[0][a as usize] - columns[0][b as usize];
            if random.f64() < win_probability(advantage) { (a, b) } else { (b, a) }
        };
        let pairs = (0..20_001).map(pair).collect();
        let data = Data::new(columns, pairs);
        let runs = [1, 2, 7].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let fit = fit(&data.problem(), None).unwrap();
                let errors = standard_errors(&data.problem(), &fit, None).unwrap();
                (fit, errors)
            })
        });
        assert_eq!(runs[0], runs[1]);
        assert_eq!(runs[0], runs[2]);
        assert!((runs[0].0.coefficients[0] - 1.0).abs() < 0.2);
    }

    #[test]
    fn problems_without_a_fit_are_errors() {
        let fails = |data: &Data| fit(&data.problem(), None).unwrap_err();
        assert_eq!(fails(&Data::new(vec![vec![0.0, 1.0]], vec![])), FitError::Empty);
        let far = Data::new(vec![vec![0.0, 1.0]], vec![(0, 2)]);
        assert_eq!(fails(&far), FitError::Index { what: "item", index: 2, limit: 2 });
        let infinite = Data::new(vec![vec![0.0, f64::NAN]], vec![(0, 1)]);
        assert!(matches!(fails(&infinite), FitError::Value { index: 1, .. }));
        let mut separated = Data::new(vec![vec![1.0, 0.0]], vec![(0, 1)]);
        assert!(matches!(fails(&separated), FitError::NotConverged { .. } | FitError::Singular));
        separated.ridge = 0.1;
        assert!(fit(&separated.problem(), None).unwrap().coefficients[0] > 1.0);
        // No measures at all: a coin.
        let coin = fit(&Data::new(vec![], vec![(0, 1)]).problem(), None).unwrap();
        assert_eq!(coin.log_loss, libm::log(2.0));
    }
}
