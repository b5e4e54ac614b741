//! Intercepts, slopes and overdispersion of the least objective.

use rayon::prelude::*;

use super::curve::effect;
use super::model::Model;
use super::problem::{AdditiveProblem, validate, validate_rows};
use crate::error::{FitError, same_length};
use crate::overdispersion::fit_weighted_overdispersion;

/// The power of the mean in the variance.
const POWER: f64 = 1.5;

/// Below this a mean counts as this, where its logarithm is taken.
const MIN_MEAN: f64 = 1e-100;

/// The best parameters, under the penalty.
#[derive(Debug, Clone, PartialEq)]
pub struct AdditiveFit {
    /// γ of each group, up to the last that a row is in.
    pub intercepts: Vec<f64>,
    /// β of each measure, as many as it has segments; exactly 0 where the bound holds.
    pub slopes: Vec<Vec<f64>>,
    /// a; 0 is Poisson.
    pub overdispersion: f64,
    /// Newton steps taken, those of the Poisson fit among them.
    pub iterations: u32,
    /// The largest projected derivative of f at the end, in units of the curvature at the start.
    pub optimality: f64,
}

/// Fits intercepts, slopes and, if it is not given, the overdispersion.
///
/// # Errors
/// [`FitError`]: the problem is none (empty, lengths that differ, values out of range, outcomes that are all 0), or the
/// minimum was not reached.
pub fn fit(problem: &AdditiveProblem) -> Result<AdditiveFit, FitError> {
    validate(problem)?;
    let mut model = Model::new(problem);
    model.overdispersion = problem.overdispersion.unwrap_or(0.0);
    let start = model.first_point();
    let mut end = model.minimise(&start)?;
    let mut iterations = end.iterations;
    if problem.overdispersion.is_none() {
        let mean = |eta: &f64| libm::exp(*eta).max(MIN_MEAN);
        let means: Vec<f64> = model.predictors.par_iter().map(mean).collect();
        model.overdispersion =
            fit_weighted_overdispersion(&means, &model.outcomes, &model.weights, POWER);
        if model.overdispersion > 0.0 {
            end = model.minimise(&end.point)?;
            iterations += end.iterations;
        }
    }
    let (levels, slopes) = end.point.split_at(model.segments.levels);
    let unknown = if model.level_of.contains(&None) { pooled(&model, levels) } else { 0.0 };
    let intercept = |level: &Option<usize>| level.map_or(unknown, |level| levels[level]);
    Ok(AdditiveFit {
        intercepts: model.level_of.iter().map(intercept).collect(),
        slopes: model.segments.slots.iter().map(|slots| slopes[slots.clone()].to_vec()).collect(),
        overdispersion: model.overdispersion,
        iterations,
        optimality: end.optimality,
    })
}

/// The one intercept with which the means of all rows would add up to their outcomes.
fn pooled(model: &Model, levels: &[f64]) -> f64 {
    let rows = || model.predictors.iter().zip(&model.segments.groups).zip(&model.weights);
    let without = |eta: f64, group: u32| eta - levels[group as usize];
    let largest = rows()
        .fold(f64::NEG_INFINITY, |largest, ((eta, group), _)| largest.max(without(*eta, *group)));
    let means = rows().fold(0.0, |sum, ((eta, group), weight)| {
        sum + weight * libm::exp(without(*eta, *group) - largest)
    });
    let weighted = model.outcomes.iter().zip(&model.weights);
    let outcomes = weighted.fold(0.0, |sum, (outcome, weight)| sum + weight * outcome);
    libm::log(outcomes / means) - largest
}

impl AdditiveFit {
    /// η of rows: intercept and offset (0 if absent), to which [`effect`] of each measure is added in their order, so that a
    /// row with larger measures never has a smaller η.
    ///
    /// # Errors
    /// [`FitError`]: lengths that differ, values out of range, or a group that has no intercept.
    pub fn linear_predictors(
        &self,
        measures: &[&[f64]],
        groups: &[u32],
        offsets: Option<&[f64]>,
    ) -> Result<Vec<f64>, FitError> {
        same_length("measures", measures.len(), self.slopes.len())?;
        validate_rows(measures, groups, offsets, groups.len(), self.intercepts.len())?;
        let predictor = |row: usize| {
            let offset = offsets.map_or(0.0, |offsets| offsets[row]);
            let start = self.intercepts[groups[row] as usize] + offset;
            let effects = measures.iter().zip(&self.slopes);
            effects.fold(start, |sum, (measure, slopes)| sum + effect(slopes, measure[row]))
        };
        Ok((0..groups.len()).into_par_iter().map(predictor).collect())
    }

    /// μ of rows, e^η.
    ///
    /// # Errors
    /// As [`AdditiveFit::linear_predictors`].
    pub fn means(
        &self,
        measures: &[&[f64]],
        groups: &[u32],
        offsets: Option<&[f64]>,
    ) -> Result<Vec<f64>, FitError> {
        let predictors = self.linear_predictors(measures, groups, offsets)?;
        Ok(predictors.into_iter().map(libm::exp).collect())
    }
}
