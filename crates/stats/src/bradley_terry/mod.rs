//! Paired comparison (Bradley–Terry): which of two items wins, by a score that is linear in their measures.
//!
//! # Formula
//!
//! ```text
//! P(w beats l) = σ(η_w − η_l),    η = Σ_k β_k·φ_k,    σ(t) = 1/(1 + e^−t)
//! f = (1/W)·Σ_pairs ω·ln(1 + e^−(η_w − η_l)) + ½·λ·Σ_{k ridged} (β_k·s_k)²
//! ```
//!
//! with ω the weight of a pair, W the sum of weights, and s_k the standard deviation of φ_k over both sides of all pairs:
//! an item counts by the weight of each pair that it is in. A pair of weight 2 is the pair twice; judges of different worth
//! and repeated judgements can so be told apart from single ones. Source: Bradley & Terry 1952, *Rank analysis of incomplete block
//! designs: I. The method of paired comparisons*, with ln π_i = η_i.
//!
//! # Variant
//!
//! There is no intercept: neither side of a pair has an advantage. A column whose sides are equal in every pair
//! that has weight has coefficient 0. Differences are stored, 8 bytes per pair and column.
//!
//! ```
//! use renown_stats::bradley_terry::{ComparisonProblem, fit, win_probability};
//!
//! // Item 0 wins three of four comparisons with item 1.
//! let problem = ComparisonProblem {
//!     columns: vec![&[1.0, 0.0]],
//!     pairs: &[(0, 1), (0, 1), (0, 1), (1, 0)],
//!     weights: None,
//!     nonnegative: &[false],
//!     ridge: 0.0,
//!     ridged: &[false],
//! };
//! let fitted = fit(&problem, None)?;
//! assert!((win_probability(fitted.coefficients[0]) - 0.75).abs() < 1e-6);
//! # Ok::<(), renown_stats::error::FitError>(())
//! ```

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use super::design::{Design, sum, weighted_spread};
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
    /// ω of each pair, at least 0; 1 if absent.
    pub weights: Option<&'a [f64]>,
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
    /// Mean of −ln P(winner beats loser) by weight, without the ridge.
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
    weights: Option<&'a [f64]>,
    /// W.
    total: f64,
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
    let total = model.total;
    model.ridges.iter().enumerate().for_each(|(k, ridge)| information.add(k, k, total * ridge));
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
    if let Some(weights) = problem.weights {
        same_length("weights", weights.len(), problem.pairs.len())?;
        all_valid("weight", weights, |weight| weight >= 0.0 && weight.is_finite())?;
        if weights.iter().all(|&weight| weight == 0.0) {
            return Err(FitError::Empty);
        }
    }
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

/// ω of a pair.
fn weight(weights: Option<&[f64]>, pair: usize) -> f64 {
    weights.map_or(1.0, |weights| weights[pair])
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
        let weight = |pair: usize| weight(problem.weights, pair);
        let differs = (0..values.len()).any(|i| values[i] != 0.0 && weight(i) > 0.0);
        let spread = weighted_spread(2 * values.len(), |i| weight(i / 2), |i| side(column, i));
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
    fn new(problem: &ComparisonProblem<'a>, differences: &'a [Difference]) -> Self {
        let ridge = |d: &Difference| if problem.ridged[d.column] { problem.ridge } else { 0.0 };
        let design = Design {
            columns: differences.iter().map(|d| d.values.as_slice()).collect(),
            spreads: differences.iter().map(|d| d.spread).collect(),
            groups: &[],
            levels: 0,
        };
        let ridges = differences.iter().map(ridge).collect();
        let (pairs, weights) = (problem.pairs.len(), problem.weights);
        let total = sum(pairs, |i| weight(weights, i));
        Self { design, ridges, weights, total, advantages: vec![0.0; pairs] }
    }

    fn log_loss(&self) -> f64 {
        let loss = |i: usize| weight(self.weights, i) * loss(self.advantages[i]);
        sum(self.advantages.len(), loss) / self.total
    }

    /// ω·(1 − σ) and ω·σ·(1 − σ), pair by pair.
    fn scores(&self) -> (Vec<f64>, Vec<f64>) {
        let score = |(i, &advantage): (usize, &f64)| {
            let surprise = weight(self.weights, i) * win_probability(-advantage);
            (surprise, surprise * win_probability(advantage))
        };
        self.advantages.par_iter().enumerate().map(score).unzip()
    }
}

impl Objective for Model<'_> {
    fn value(&mut self, point: &[f64]) -> f64 {
        self.design.predict(point, &mut self.advantages);
        let slopes = point.iter().zip(&self.ridges);
        self.log_loss() + 0.5 * slopes.fold(0.0, |sum, (b, ridge)| sum + ridge * b * b)
    }

    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Symmetric) {
        let (residuals, weights) = self.scores();
        let (mut gradient, mut information) = self.design.moments(&residuals, &weights);
        information.scale(1.0 / self.total);
        for (k, ridge) in self.ridges.iter().enumerate() {
            gradient[k] = ridge * point[k] - gradient[k] / self.total;
            information.add(k, k, *ridge);
        }
        (gradient, information)
    }
}
