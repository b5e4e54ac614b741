//! Negative-binomial (NB2) regression with a log link, a level per group and bounds on coefficients.
//!
//! # Formula
//!
//! ```text
//! ln μ_i = level[group_i] + Σ_k β_k·φ_k(i),    Var y_i = μ_i + α·μ_i²
//! f = −(1/n)·ℓ + ½·λ·Σ_{k ridged} (β_k·s_k)² + ½·(κ/n)·Σ_g (level_g − mean level)²
//!     + ½·ρ·(Σ_k β_k − e)²,  where Σ_k β_k would be above e without it
//! ```
//!
//! with ℓ the log likelihood and s_k the standard deviation of column k over the rows, so that λ
//! means the same at any scale and number of rows. Source: Cameron & Trivedi 2013, *Regression
//! Analysis of Count Data*, §3.3; Lawless 1987, *Negative binomial and mixed Poisson regression*.
//!
//! # Variant
//!
//! Levels are drawn to their mean with κ = [`LEVEL_PRIOR`], the weight of a tenth of an outcome: a
//! group without any outcome keeps a finite level, one group alone is not moved. The mean is over
//! groups, each counting once. A column without spread has coefficient 0.
//!
//! Of columns that are logarithms of counts Σ_k β_k is the elasticity: how many times the outcomes come with twice
//! all counts. Where it comes out above a bound e, it is fitted again with ρ = [`ELASTICITY_PRIOR`], which keeps it
//! there but for a trace: a fit to a rising time then does not foresee more than in proportion. As f is convex, what
//! is best under the bound lies on it.
//!
//! Outcomes need not be whole: with α = 0 the estimate is then Poisson quasi-likelihood.
//!
//! # Solver
//!
//! For fixed α, f is convex (the weights μ(1 + αy)/(1 + αμ)² of the observed information are never
//! negative) and projected Newton applies. α is refitted after each step by maximum likelihood
//! within 10⁻⁶..10³ or as 0, until neither moves by more than 10⁻⁸.

use rayon::prelude::*;

use super::design::{CHUNK, Design, spread, sum};
use super::error::{FitError, all_valid, same_length};
use super::matrix::Symmetric;
use super::negative_binomial::NegativeBinomial;
use super::newton::{Objective, TOLERANCE, minimise};
use super::overdispersion::{self, Dispersion};
use super::sandwich;

/// κ, the weight of the prior on levels, in outcomes.
pub const LEVEL_PRIOR: f64 = 0.1;

/// ρ, the weight of the bound on the sum of coefficients, in rows' worth of likelihood.
pub const ELASTICITY_PRIOR: f64 = 100.0;

/// Groups must be numbered below this: the information matrix is dense.
pub const MAX_GROUPS: usize = 2048;

/// The largest outcome, up to which whole numbers are exact.
const MAX_OUTCOME: f64 = 9_007_199_254_740_992.0;

/// Below this an α that moves has settled nonetheless.
const SMALL_OVERDISPERSION: f64 = 0.01;

/// Rows to fit to: the [module docs](self) give the formula.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    /// φ_k of every row, column after column.
    pub columns: Vec<&'a [f64]>,
    /// The group of each row, numbered from 0; a number without rows is a group too.
    pub groups: &'a [u32],
    /// y of each row, at least 0.
    pub outcomes: &'a [f64],
    /// Which coefficients must be at least 0.
    pub nonnegative: &'a [bool],
    /// λ.
    pub ridge: f64,
    /// Which coefficients the ridge shrinks.
    pub ridged: &'a [bool],
    /// e, which Σβ should not exceed, if any.
    pub elasticity: Option<f64>,
}

/// The most likely parameters, under the penalties.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The level of each group.
    pub levels: Vec<f64>,
    /// β; exactly 0 where the bound holds or the column has no spread.
    pub coefficients: Vec<f64>,
    /// α.
    pub overdispersion: f64,
    /// ℓ without penalties but with all constants.
    pub log_likelihood: f64,
    /// Newton steps taken.
    pub iterations: u32,
    /// The largest projected derivative of f, by level or standardised coefficient.
    pub optimality: f64,
}

/// The objective f, standing at some point and α.
struct Model<'a> {
    design: Design<'a>,
    kept: Vec<usize>,
    ridges: Vec<f64>,
    bounded: Vec<bool>,
    outcomes: &'a [f64],
    level_prior: f64,
    /// The elasticity that is kept to.
    kept_at: Option<f64>,
    alpha: f64,
    means: Vec<f64>,
}

/// Fits, from `start` if given: its bits then depend on the start within the tolerance.
pub fn fit(problem: &Problem, start: Option<&Fit>) -> Result<Fit, FitError> {
    fit_with(problem, start, LEVEL_PRIOR)
}

fn fit_with(problem: &Problem, start: Option<&Fit>, prior: f64) -> Result<Fit, FitError> {
    validate(problem)?;
    let mut model = Model::new(problem, |_| true, prior);
    let point = match start {
        Some(start) => {
            model.alpha = start.overdispersion;
            model.point_of(start, problem)?
        }
        None => model.first_point(),
    };
    let bounded = model.bounded.clone();
    let mut end = minimise(&mut model, point, &bounded)?;
    if let Some(most) = problem.elasticity
        && model.elasticity(&end.point) > most
    {
        model.kept_at = Some(most);
        end = minimise(&mut model, end.point, &bounded)?;
    }
    let levels = model.design.levels;
    let mut coefficients = vec![0.0; problem.columns.len()];
    for ((&k, b), spread) in model.kept.iter().zip(&end.point[levels..]).zip(&model.design.spreads)
    {
        coefficients[k] = b / spread;
    }
    Ok(Fit {
        levels: end.point[..levels].to_vec(),
        coefficients,
        overdispersion: model.alpha,
        log_likelihood: model.log_likelihood(),
        iterations: end.iterations,
        optimality: end.optimality,
    })
}

/// The cluster-robust standard error of each coefficient; none where it is fixed at 0.
///
/// `clusters` names the cluster of each row. Formula and what is not corrected for: module
/// `sandwich`.
pub fn standard_errors(
    problem: &Problem,
    fit: &Fit,
    clusters: &[u32],
) -> Result<Vec<Option<f64>>, FitError> {
    errors_with(problem, fit, clusters, LEVEL_PRIOR)
}

fn errors_with(
    problem: &Problem,
    fit: &Fit,
    clusters: &[u32],
    prior: f64,
) -> Result<Vec<Option<f64>>, FitError> {
    validate(problem)?;
    same_length("clusters", clusters.len(), problem.outcomes.len())?;
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    let is_free = |k: usize| !problem.nonnegative[k] || fit.coefficients[k] > 0.0;
    let mut model = Model::new(problem, is_free, prior);
    model.alpha = fit.overdispersion;
    let point = model.point_of(fit, problem)?;
    // A fit without the bound that came out below it has none.
    model.kept_at = problem.elasticity.filter(|most| model.elasticity(&point) >= *most);
    model.value(&point);
    let weight = |mean: f64, _: f64| mean / (1.0 + model.alpha * mean);
    let (residuals, weights) = model.scores(weight);
    let (_, mut information) = model.design.moments(&residuals, &weights);
    model.add_curvature(&mut information, problem.outcomes.len() as f64);
    let errors = sandwich::standard_errors(&model.design, &residuals, &information, clusters)?;
    let mut all = vec![None; problem.columns.len()];
    for ((&k, error), spread) in model.kept.iter().zip(errors).zip(&model.design.spreads) {
        all[k] = Some(error / spread);
    }
    Ok(all)
}

/// How far the outcomes of a problem are from the means that were fitted to it, with a variance that need not grow as
/// their square. The coefficients stay those of NB2, which any variance leaves consistent (Cameron & Trivedi 2013, §3.3.4).
///
/// # Errors
/// If the problem is none, or the fit is of another one.
pub fn dispersion(problem: &Problem, fit: &Fit) -> Result<Dispersion, FitError> {
    validate(problem)?;
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    let mut model = Model::new(problem, |_| true, LEVEL_PRIOR);
    let point = model.point_of(fit, problem)?;
    model.value(&point);
    Ok(overdispersion::dispersion(&model.means, model.outcomes))
}

/// ln P(outcome) under NB2, or the Poisson distribution if `overdispersion` is 0.
pub fn log_score(mean: f64, overdispersion: f64, outcome: f64) -> f64 {
    NegativeBinomial::new(overdispersion).log_probability(mean, outcome)
}

fn validate(problem: &Problem) -> Result<(), FitError> {
    let rows = problem.outcomes.len();
    if rows == 0 {
        return Err(FitError::Empty);
    }
    if rows > u32::MAX as usize {
        return Err(FitError::Index { what: "row", index: rows, limit: u32::MAX as usize });
    }
    same_length("groups", problem.groups.len(), rows)?;
    same_length("bounds", problem.nonnegative.len(), problem.columns.len())?;
    same_length("ridged", problem.ridged.len(), problem.columns.len())?;
    for column in &problem.columns {
        same_length("column", column.len(), rows)?;
        all_valid("measure in row", column, f64::is_finite)?;
    }
    all_valid("outcome", problem.outcomes, |y| (0.0..=MAX_OUTCOME).contains(&y))?;
    all_valid("ridge", &[problem.ridge], |ridge| ridge >= 0.0 && ridge.is_finite())?;
    if problem.outcomes.iter().all(|&y| y == 0.0) {
        return Err(FitError::NoOutcome);
    }
    match problem.groups.iter().map(|&group| group as usize).max() {
        Some(index) if index >= MAX_GROUPS => {
            Err(FitError::Index { what: "group", index, limit: MAX_GROUPS })
        }
        _ => Ok(()),
    }
}

impl<'a> Model<'a> {
    /// The model of a valid problem, of its columns that have spread and are `wanted`.
    fn new(problem: &Problem<'a>, wanted: impl Fn(usize) -> bool, level_prior: f64) -> Self {
        let rows = problem.outcomes.len();
        let levels = problem.groups.iter().max().map_or(0, |&last| last as usize + 1);
        let (mut kept, mut columns, mut spreads) = (Vec::new(), Vec::new(), Vec::new());
        for (k, &column) in problem.columns.iter().enumerate() {
            let spread = spread(rows, |i| column[i]);
            if wanted(k) && spread > 0.0 {
                kept.push(k);
                columns.push(column);
                spreads.push(spread);
            }
        }
        let bounds = kept.iter().map(|&k| problem.nonnegative[k]);
        Self {
            bounded: std::iter::repeat_n(false, levels).chain(bounds).collect(),
            ridges: kept
                .iter()
                .map(|&k| if problem.ridged[k] { problem.ridge } else { 0.0 })
                .collect(),
            design: Design { columns, spreads, groups: problem.groups, levels },
            kept,
            outcomes: problem.outcomes,
            level_prior,
            kept_at: None,
            alpha: 0.0,
            means: vec![0.0; rows],
        }
    }

    /// Levels from the groups' mean outcomes, half a row of the overall mean added; β = 0.
    fn first_point(&self) -> Vec<f64> {
        let levels = self.design.levels;
        let overall = sum(self.outcomes.len(), |i| self.outcomes[i]) / self.outcomes.len() as f64;
        let (mut rows, mut outcomes) = (vec![0.5; levels], vec![0.5 * overall; levels]);
        for (&group, y) in self.design.groups.iter().zip(self.outcomes) {
            rows[group as usize] += 1.0;
            outcomes[group as usize] += y;
        }
        let mut point: Vec<f64> =
            outcomes.iter().zip(rows).map(|(y, rows)| libm::log(y / rows)).collect();
        point.resize(self.design.width(), 0.0);
        point
    }

    /// The levels and standardised coefficients of a fit.
    fn point_of(&self, fit: &Fit, problem: &Problem) -> Result<Vec<f64>, FitError> {
        same_length("fitted levels", fit.levels.len(), self.design.levels)?;
        same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
        all_valid("fitted level", &fit.levels, f64::is_finite)?;
        all_valid("fitted coefficient", &fit.coefficients, f64::is_finite)?;
        let usable = |alpha: f64| (0.0..=overdispersion::MOST).contains(&alpha);
        all_valid("fitted overdispersion", &[fit.overdispersion], usable)?;
        let mut point = fit.levels.clone();
        for (&k, spread) in self.kept.iter().zip(&self.design.spreads) {
            let b = fit.coefficients[k] * spread;
            point.push(if problem.nonnegative[k] { b.max(0.0) } else { b });
        }
        Ok(point)
    }

    /// ∂ℓ/∂η and `weight` of (μ, y), row by row.
    fn scores(&self, weight: impl Fn(f64, f64) -> f64 + Sync) -> (Vec<f64>, Vec<f64>) {
        let alpha = self.alpha;
        let score =
            |(&mean, &y): (&f64, &f64)| ((y - mean) / (1.0 + alpha * mean), weight(mean, y));
        self.means.par_iter().zip(self.outcomes).map(score).unzip()
    }

    /// How far each level is from their mean.
    fn deviations(&self, point: &[f64]) -> Vec<f64> {
        let levels = &point[..self.design.levels];
        let mean = levels.iter().fold(0.0, |sum, level| sum + level) / levels.len().max(1) as f64;
        levels.iter().map(|level| level - mean).collect()
    }

    /// Σβ at a point.
    fn elasticity(&self, point: &[f64]) -> f64 {
        let slopes = point[self.design.levels..].iter().zip(&self.design.spreads);
        slopes.fold(0.0, |sum, (b, spread)| sum + b / spread)
    }

    /// By how much Σβ is above where it is kept.
    fn excess(&self, point: &[f64]) -> f64 {
        self.kept_at.map_or(0.0, |kept_at| self.elasticity(point) - kept_at)
    }

    /// Adds `rows` times the second derivatives of the penalties.
    fn add_curvature(&self, information: &mut Symmetric, rows: f64) {
        let levels = self.design.levels;
        let prior = self.level_prior * rows / self.means.len() as f64;
        for g in 0..levels {
            information.add(g, g, prior);
            (g..levels).for_each(|h| information.add(g, h, -prior / levels as f64));
        }
        for (k, ridge) in self.ridges.iter().enumerate() {
            information.add(levels + k, levels + k, rows * ridge);
        }
        if self.kept_at.is_some() {
            for (j, one) in self.design.spreads.iter().enumerate() {
                for (k, other) in self.design.spreads.iter().enumerate().skip(j) {
                    information.add(
                        levels + j,
                        levels + k,
                        rows * ELASTICITY_PRIOR / (one * other),
                    );
                }
            }
        }
    }

    fn log_likelihood(&self) -> f64 {
        let law = NegativeBinomial::new(self.alpha);
        sum(self.means.len(), |i| law.log_probability(self.means[i], self.outcomes[i]))
    }
}

impl Objective for Model<'_> {
    /// f less what does not depend on the point.
    fn value(&mut self, point: &[f64]) -> f64 {
        self.design.predict(point, &mut self.means);
        let alpha = self.alpha;
        let loss = |(eta, &y): (&mut f64, &f64)| {
            let linear = if y == 0.0 { 0.0 } else { y * *eta };
            *eta = libm::exp(*eta);
            if alpha == 0.0 {
                return *eta - linear;
            }
            (y + 1.0 / alpha) * libm::log1p(alpha * *eta) - linear
        };
        let chunks = self.means.par_chunks_mut(CHUNK).zip(self.outcomes.par_chunks(CHUNK));
        let partials: Vec<f64> = chunks
            .map(|(means, outcomes)| {
                means.iter_mut().zip(outcomes).map(loss).fold(0.0, |sum, loss| sum + loss)
            })
            .collect();
        let rows = self.outcomes.len() as f64;
        let slopes = point[self.design.levels..].iter().zip(&self.ridges);
        let ridge = slopes.fold(0.0, |sum, (b, ridge)| sum + ridge * b * b);
        let prior = self.deviations(point).iter().fold(0.0, |sum, level| sum + level * level);
        partials.iter().fold(0.0, |sum, loss| sum + loss) / rows
            + 0.5 * (ridge + self.level_prior / rows * prior)
            + 0.5 * ELASTICITY_PRIOR * self.excess(point).powi(2)
    }

    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Symmetric) {
        let alpha = self.alpha;
        let (residuals, weights) = self.scores(|mean, y| {
            let variance = 1.0 + alpha * mean;
            mean / variance * ((1.0 + alpha * y) / variance)
        });
        let rows = self.outcomes.len() as f64;
        let (mut gradient, mut information) = self.design.moments(&residuals, &weights);
        gradient.iter_mut().for_each(|sum| *sum /= -rows);
        let (levels, slopes) = gradient.split_at_mut(self.design.levels);
        for (sum, level) in levels.iter_mut().zip(self.deviations(point)) {
            *sum += self.level_prior / rows * level;
        }
        for ((sum, b), ridge) in slopes.iter_mut().zip(&point[levels.len()..]).zip(&self.ridges) {
            *sum += ridge * b;
        }
        let excess = self.excess(point);
        for (sum, spread) in slopes.iter_mut().zip(&self.design.spreads) {
            *sum += ELASTICITY_PRIOR * excess / spread;
        }
        information.scale(1.0 / rows);
        self.add_curvature(&mut information, 1.0);
        (gradient, information)
    }

    fn settle(&mut self) -> bool {
        let before = self.alpha;
        self.alpha = overdispersion::estimate(&self.means, self.outcomes, before);
        (self.alpha - before).abs() <= TOLERANCE * (SMALL_OVERDISPERSION + self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Owned rows, of which a problem borrows.
    struct Data {
        columns: Vec<Vec<f64>>,
        groups: Vec<u32>,
        outcomes: Vec<f64>,
        nonnegative: Vec<bool>,
        ridge: f64,
        ridged: Vec<bool>,
    }

    impl Data {
        fn problem(&self) -> Problem<'_> {
            Problem {
                columns: self.columns.iter().map(Vec::as_slice).collect(),
                groups: &self.groups,
                outcomes: &self.outcomes,
                nonnegative: &self.nonnegative,
                ridge: self.ridge,
                ridged: &self.ridged,
                elasticity: None,
            }
        }
    }

    fn plain(columns: Vec<Vec<f64>>, groups: Vec<u32>, outcomes: Vec<f64>) -> Data {
        let nonnegative = vec![false; columns.len()];
        let ridged = vec![true; columns.len()];
        Data { columns, groups, outcomes, nonnegative, ridge: 0.0, ridged }
    }

    /// The 120 rows that the golden numbers are of.
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
        // Outcomes that grow with the square of 1 + x, of which no more than in proportion is foreseen.
        let column: Vec<f64> = (0..200).map(|i| libm::log1p(f64::from(i % 20))).collect();
        let noise = |i: u32| f64::from(i * 7 % 5) / 5.0;
        let outcome = |i: u32| libm::round(libm::exp(2.0 * column[i as usize]) * noise(i));
        let outcomes: Vec<f64> = (0..200).map(outcome).collect();
        let other: Vec<f64> = (0..200).map(|i| f64::from(i * i % 13) / 13.0).collect();
        let data = plain(vec![column, other], vec![0; 200], outcomes);
        let sum = |fit: &Fit| fit.coefficients[0] + fit.coefficients[1];
        let free = fit(&data.problem(), None).unwrap();
        assert!(sum(&free) > 1.5, "{free:?}");
        let bound = fit(&Problem { elasticity: Some(1.0), ..data.problem() }, None).unwrap();
        assert!((sum(&bound) - 1.0).abs() < 0.02, "{bound:?}");
        let loose = fit(&Problem { elasticity: Some(9.0), ..data.problem() }, None).unwrap();
        assert_eq!(loose, free);
        // Moved along the bound, it is less likely.
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
    fn derivatives_are_those_of_the_value() {
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
    fn the_ridge_means_the_same_at_any_scale_and_shrinks_only_what_it_may() {
        let mut data = golden(1);
        (data.ridge, data.ridged[0]) = (10.0, false);
        let fitted = fit(&data.problem(), None).unwrap();
        assert!(fitted.coefficients[0] > 2.5 && fitted.coefficients[1].abs() < 0.1);
        data.columns[1].iter_mut().for_each(|x| *x *= 1e6);
        let scaled = fit(&data.problem(), None).unwrap();
        close(&[scaled.coefficients[1] * 1e6], &fitted.coefficients[1..2], 1e-7);
    }

    #[test]
    fn a_warm_start_ends_where_a_cold_one_does() {
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
    fn log_scores_agree_with_scipy() {
        let known = [
            (2.5, 0.7, 4.0, -2.466_939_609_198_76),
            (1e-3, 50.0, 2.0, -10.675_388_237_422_144),
            (40.0, 0.0, 33.0, -3.321_445_031_821_639_3),
            (300.0, 3.0, 0.0, -2.267_835_085_869_445_6),
        ];
        for (mean, alpha, y, score) in known {
            close(&[log_score(mean, alpha, y)], &[score], 1e-13);
        }
        // Here SciPy itself is good to 9 digits only.
        close(&[log_score(1e6, 1e-6, 1_000_500.0)], &[-8.236_126_830], 1e-8);
    }

    #[test]
    fn what_cannot_be_fitted_is_an_error() {
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
            let (kind, own) = (random.f64() * 2.0, -libm::log(random.f64()));
            for origin in 0..origins {
                let x = random.f64();
                let mean = own * libm::exp(0.5 * kind - 0.4 * x);
                data.columns[0].push(kind);
                data.columns[1].push(x);
                data.groups.push(origin);
                data.outcomes.push(super::super::interval::quantile(mean, 0.0, random.f64()));
            }
        }
        let clusters: Vec<u32> = (0..people * origins).map(|i| i / origins).collect();
        let fitted = fit(&data.problem(), None).unwrap();
        let errors = standard_errors(&data.problem(), &fitted, &clusters).unwrap();
        let draws = 600;
        let mut sums = [[0.0; 2]; 2];
        for _ in 0..draws {
            let rows: Vec<usize> = (0..people)
                .flat_map(|_| {
                    let person = random.u32(0..people);
                    (0..origins).map(move |origin| (person * origins + origin) as usize)
                })
                .collect();
            let columns = data.columns.iter().map(|c| rows.iter().map(|&i| c[i]).collect());
            let groups = rows.iter().map(|&i| data.groups[i]).collect();
            let outcomes = rows.iter().map(|&i| data.outcomes[i]).collect();
            let draw = plain(columns.collect(), groups, outcomes);
            let slopes = fit(&draw.problem(), Some(&fitted)).unwrap().coefficients;
            for (sums, (slope, known)) in
                sums.iter_mut().zip(slopes.iter().zip(&fitted.coefficients))
            {
                sums[0] += slope - known;
                sums[1] += (slope - known) * (slope - known);
            }
        }
        for (sums, error) in sums.iter().zip(errors) {
            let mean = sums[0] / f64::from(draws);
            let ratio = error.unwrap() / libm::sqrt(sums[1] / f64::from(draws) - mean * mean);
            assert!((0.88..1.12).contains(&ratio), "{ratio}");
        }
    }
}
