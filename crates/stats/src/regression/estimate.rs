//! Levels, coefficients and dispersion by maximum likelihood under the penalties.

use super::model::Model;
use super::problem::{LEVEL_PRIOR, RegressionFit, RegressionProblem, validate};
use crate::error::{FitError, same_length};
use crate::newton::{Objective, minimise};
use crate::overdispersion::{self, Dispersion};

/// Fits, from `start` if given: the bits of the fit then depend on the start, within the tolerance.
///
/// # Errors
/// [`FitError`]: the problem is none (empty, lengths that differ, values out of range, outcomes that are all 0), or the
/// minimum was not reached.
pub fn fit(
    problem: &RegressionProblem,
    start: Option<&RegressionFit>,
) -> Result<RegressionFit, FitError> {
    fit_with(problem, start, LEVEL_PRIOR)
}

pub(super) fn fit_with(
    problem: &RegressionProblem,
    start: Option<&RegressionFit>,
    prior: f64,
) -> Result<RegressionFit, FitError> {
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
    if let Some(bound) = problem.max_elasticity
        && model.elasticity(&end.point) > bound
    {
        model.binding = Some(bound);
        end = minimise(&mut model, end.point, &bounded)?;
    }
    let levels = model.design.levels;
    let mut coefficients = vec![0.0; problem.columns.len()];
    for ((&k, b), spread) in model.kept.iter().zip(&end.point[levels..]).zip(&model.design.spreads)
    {
        coefficients[k] = b / spread;
    }
    Ok(RegressionFit {
        levels: end.point[..levels].to_vec(),
        coefficients,
        overdispersion: model.alpha,
        log_likelihood: model.log_likelihood(),
        iterations: end.iterations,
        optimality: end.optimality,
    })
}

/// The variance of the outcomes of a problem about the means that were fitted to it, μ + α·μ^p with p from 1 to 2. The
/// coefficients stay those of NB2, which any variance leaves consistent (Cameron & Trivedi 2013, §3.3.4).
///
/// # Errors
/// [`FitError`]: the problem is none, or the fit is of another one.
pub fn fit_dispersion(
    problem: &RegressionProblem,
    fit: &RegressionFit,
) -> Result<Dispersion, FitError> {
    validate(problem)?;
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    let mut model = Model::new(problem, |_| true, LEVEL_PRIOR);
    let point = model.point_of(fit, problem)?;
    model.value(&point);
    Ok(overdispersion::fit_dispersion(&model.means, model.outcomes))
}
