//! What a fit takes, and what it refuses.

use super::curve::KNOTS;
use crate::error::{FitError, all_valid, same_length};
use crate::regression::MAX_GROUPS;

/// What is added to the outcomes of a group that are all 0, in outcomes of a row with the group's mean weight. In a Poisson
/// fit the group's means add up to it.
pub const EMPTY_GROUP_PSEUDOCOUNT: f64 = 0.5;

/// The largest outcome, up to which whole numbers are exact.
const MAX_OUTCOME: f64 = 9_007_199_254_740_992.0;

/// How far slopes may go from the defaults: standard deviations of a normal prior, per unit of z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Strength {
    /// τ, of a measure's mean difference from its default slopes; above 0.
    pub tau: f64,
    /// δ, of the step of this difference from one segment to the next; above 0.
    pub delta: f64,
}

/// Strengths to choose from, the strongest shrinkage first.
pub const STRENGTHS: [Strength; 4] = [
    Strength { tau: 0.01, delta: 0.005 },
    Strength { tau: 0.03, delta: 0.02 },
    Strength { tau: 0.1, delta: 0.05 },
    Strength { tau: 0.1, delta: 0.15 },
];

/// Rows to fit to: the [module docs](super) give the formula.
#[derive(Debug, Clone)]
pub struct AdditiveProblem<'a> {
    /// z_k of every row, at least 0, column after column.
    pub measures: Vec<&'a [f64]>,
    /// The group of each row, numbered from 0 and below [`MAX_GROUPS`].
    pub groups: &'a [u32],
    /// Added to η of each row; 0 if absent.
    pub offsets: Option<&'a [f64]>,
    /// y of each row, at least 0, not necessarily whole.
    pub outcomes: &'a [f64],
    /// w of each row, at least 0; 1 if absent. The larger their sum, the less the penalty shrinks.
    pub weights: Option<&'a [f64]>,
    /// β⁰ of each measure, at least 0: one for each of its segments, 1 (a line) to 7.
    pub default_slopes: &'a [Vec<f64>],
    /// τ and δ.
    pub strength: Strength,
    /// a; fitted if absent.
    pub overdispersion: Option<f64>,
}

pub(super) fn validate(problem: &AdditiveProblem) -> Result<(), FitError> {
    let rows = problem.outcomes.len();
    if rows == 0 {
        return Err(FitError::Empty);
    }
    all_valid("outcome", problem.outcomes, |y| (0.0..=MAX_OUTCOME).contains(&y))?;
    same_length("default slopes", problem.default_slopes.len(), problem.measures.len())?;
    for slopes in problem.default_slopes {
        if slopes.is_empty() || slopes.len() > KNOTS.len() {
            let (what, found) = ("default slopes of a measure", slopes.len());
            return Err(FitError::Length { what, found, expected: KNOTS.len() });
        }
        all_valid("default slope", slopes, is_positive_or_zero)?;
    }
    if let Some(weights) = problem.weights {
        same_length("weights", weights.len(), rows)?;
        all_valid("weight", weights, is_positive_or_zero)?;
    }
    let Strength { tau, delta } = problem.strength;
    all_valid("strength", &[tau, delta], |sd| sd > 0.0 && sd.is_finite())?;
    all_valid("overdispersion", problem.overdispersion.as_slice(), is_positive_or_zero)?;
    validate_rows(&problem.measures, problem.groups, problem.offsets, rows, MAX_GROUPS)?;
    let weight = |i: usize| problem.weights.map_or(1.0, |weights| weights[i]);
    if (0..rows).all(|i| problem.outcomes[i] == 0.0 || weight(i) == 0.0) {
        return Err(FitError::NoOutcome);
    }
    Ok(())
}

/// Whether η of so many rows is defined, with so many groups.
pub(super) fn validate_rows(
    measures: &[&[f64]],
    groups: &[u32],
    offsets: Option<&[f64]>,
    rows: usize,
    limit: usize,
) -> Result<(), FitError> {
    same_length("groups", groups.len(), rows)?;
    for measure in measures {
        same_length("measure", measure.len(), rows)?;
        all_valid("measure in row", measure, is_positive_or_zero)?;
    }
    if let Some(offsets) = offsets {
        same_length("offsets", offsets.len(), rows)?;
        all_valid("offset", offsets, f64::is_finite)?;
    }
    match groups.iter().map(|&group| group as usize).max() {
        Some(index) if index >= limit => Err(FitError::Index { what: "group", index, limit }),
        _ => Ok(()),
    }
}

fn is_positive_or_zero(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}
