//! The objective that a regression minimises, its derivatives, and its overdispersion.

use rayon::prelude::*;

use super::problem::{ELASTICITY_PRIOR, RegressionFit, RegressionProblem};
use crate::design::{CHUNK, Design, spread, sum};
use crate::error::{FitError, all_valid, same_length};
use crate::matrix::Symmetric;
use crate::negative_binomial::NegativeBinomial;
use crate::newton::{Objective, TOLERANCE};
use crate::overdispersion;

/// Below this an α that moves has settled nonetheless.
const SMALL_OVERDISPERSION: f64 = 0.01;

/// The objective f at a point and α; both change as it is minimised.
pub(super) struct Model<'a> {
    pub(super) design: Design<'a>,
    /// The columns of the problem that are in the design, by number.
    pub(super) kept: Vec<usize>,
    pub(super) ridges: Vec<f64>,
    pub(super) bounded: Vec<bool>,
    pub(super) outcomes: &'a [f64],
    pub(super) level_prior: f64,
    /// The bound on the elasticity, where it binds.
    pub(super) binding: Option<f64>,
    pub(super) alpha: f64,
    /// μ of every row.
    pub(super) means: Vec<f64>,
}

impl<'a> Model<'a> {
    /// The model of a valid problem, of its columns that have spread and are `wanted`.
    pub(super) fn new(
        problem: &RegressionProblem<'a>,
        wanted: impl Fn(usize) -> bool,
        level_prior: f64,
    ) -> Self {
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
            binding: None,
            alpha: 0.0,
            means: vec![0.0; rows],
        }
    }

    /// Levels from the groups' mean outcomes, half a row of the overall mean added; β = 0.
    pub(super) fn first_point(&self) -> Vec<f64> {
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
    pub(super) fn point_of(
        &self,
        fit: &RegressionFit,
        problem: &RegressionProblem,
    ) -> Result<Vec<f64>, FitError> {
        same_length("fitted levels", fit.levels.len(), self.design.levels)?;
        same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
        all_valid("fitted level", &fit.levels, f64::is_finite)?;
        all_valid("fitted coefficient", &fit.coefficients, f64::is_finite)?;
        let usable = |alpha: f64| (0.0..=overdispersion::MAX_OVERDISPERSION).contains(&alpha);
        all_valid("fitted overdispersion", &[fit.overdispersion], usable)?;
        let mut point = fit.levels.clone();
        for (&k, spread) in self.kept.iter().zip(&self.design.spreads) {
            let b = fit.coefficients[k] * spread;
            point.push(if problem.nonnegative[k] { b.max(0.0) } else { b });
        }
        Ok(point)
    }

    /// ∂ℓ/∂η and `weight` of (μ, y), row by row.
    pub(super) fn scores(&self, weight: impl Fn(f64, f64) -> f64 + Sync) -> (Vec<f64>, Vec<f64>) {
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
    pub(super) fn elasticity(&self, point: &[f64]) -> f64 {
        let slopes = point[self.design.levels..].iter().zip(&self.design.spreads);
        slopes.fold(0.0, |sum, (b, spread)| sum + b / spread)
    }

    /// By how much Σβ is above the bound, where it binds.
    fn excess(&self, point: &[f64]) -> f64 {
        self.binding.map_or(0.0, |bound| self.elasticity(point) - bound)
    }

    /// Adds `rows` times the second derivatives of the penalties.
    pub(super) fn add_curvature(&self, information: &mut Symmetric, rows: f64) {
        let levels = self.design.levels;
        let prior = self.level_prior * rows / self.means.len() as f64;
        for g in 0..levels {
            information.add(g, g, prior);
            (g..levels).for_each(|h| information.add(g, h, -prior / levels as f64));
        }
        for (k, ridge) in self.ridges.iter().enumerate() {
            information.add(levels + k, levels + k, rows * ridge);
        }
        if self.binding.is_some() {
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

    pub(super) fn log_likelihood(&self) -> f64 {
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
        self.alpha = overdispersion::fit_overdispersion(&self.means, self.outcomes, before);
        (self.alpha - before).abs() <= TOLERANCE * (SMALL_OVERDISPERSION + self.alpha)
    }
}
