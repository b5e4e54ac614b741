//! Standard errors that hold whatever the correlation within clusters of rows.

use super::model::Model;
use super::problem::{LEVEL_PRIOR, RegressionFit, RegressionProblem, validate};
use crate::error::{FitError, same_length};
use crate::newton::Objective;
use crate::sandwich;

/// The cluster-robust standard error of each coefficient; none where it is fixed at 0.
///
/// `clusters` names the cluster of each row. Source: Liang & Zeger 1986, *Longitudinal data analysis using generalized
/// linear models*, §2 (working independence). There is no correction for the number of clusters or of parameters, and
/// the overdispersion counts as known.
///
/// # Errors
/// [`FitError`]: the problem is none, or the fit is of another one.
pub fn standard_errors(
    problem: &RegressionProblem,
    fit: &RegressionFit,
    clusters: &[u32],
) -> Result<Vec<Option<f64>>, FitError> {
    validate(problem)?;
    same_length("clusters", clusters.len(), problem.outcomes.len())?;
    same_length("fitted coefficients", fit.coefficients.len(), problem.columns.len())?;
    let is_free = |k: usize| !problem.nonnegative[k] || fit.coefficients[k] > 0.0;
    let mut model = Model::new(problem, is_free, LEVEL_PRIOR);
    model.alpha = fit.overdispersion;
    let point = model.point_of(fit, problem)?;
    // Where the fit is below the bound, it does not bind.
    model.binding = problem.max_elasticity.filter(|bound| model.elasticity(&point) >= *bound);
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
