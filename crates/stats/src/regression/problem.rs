//! What a regression takes and gives, and what it refuses.

use crate::error::{FitError, all_valid, same_length};

/// κ, the weight of the prior on levels, in outcomes.
pub const LEVEL_PRIOR: f64 = 0.1;

/// ρ, the weight of the bound on the sum of coefficients, in rows' worth of likelihood.
pub const ELASTICITY_PRIOR: f64 = 100.0;

/// Groups must be numbered below this: the information matrix is dense.
pub const MAX_GROUPS: usize = 2048;

/// The largest outcome, up to which whole numbers are exact.
const MAX_OUTCOME: f64 = 9_007_199_254_740_992.0;

/// Rows to fit to: the [module docs](super) give the formula.
#[derive(Debug, Clone)]
pub struct RegressionProblem<'a> {
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
    pub max_elasticity: Option<f64>,
}

/// The most likely parameters, under the penalties.
#[derive(Debug, Clone, PartialEq)]
pub struct RegressionFit {
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

pub(super) fn validate(problem: &RegressionProblem) -> Result<(), FitError> {
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
