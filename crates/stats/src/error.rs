//! Why there is no fit, or no standard error.

use thiserror::Error;

/// What is wrong with the data, or why the solver ended without a minimum.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FitError {
    /// There is nothing to fit to.
    #[error("there are no rows to fit to")]
    Empty,
    /// Two inputs that go together differ in length.
    #[error("{what}: {found} given, {expected} needed")]
    Length {
        /// Which input.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that it should have.
        expected: usize,
    },
    /// A value is infinite, not a number, or outside its range.
    #[error("{what} {index}: {value} is out of range")]
    Value {
        /// Which input.
        what: &'static str,
        /// Where in it.
        index: usize,
        /// The value.
        value: f64,
    },
    /// An index points past the end of what it indexes.
    #[error("{what} {index} is past the limit of {limit}")]
    Index {
        /// What is indexed.
        what: &'static str,
        /// The index.
        index: usize,
        /// What it must stay below.
        limit: usize,
    },
    /// All outcomes are 0, so that every level would be −∞.
    #[error("every outcome is 0")]
    NoOutcome,
    /// The information matrix is not positive definite, even with a ridge.
    #[error("the information matrix is singular")]
    Singular,
    /// No step lowers the objective, though it is not at its minimum.
    #[error("no step lowers the objective after {iterations} iterations (optimality {optimality})")]
    Stalled {
        /// Newton steps taken.
        iterations: u32,
        /// The largest projected gradient.
        optimality: f64,
    },
    /// The minimum was not reached; without a ridge it may lie at infinity.
    #[error("no minimum within {iterations} iterations (optimality {optimality})")]
    NotConverged {
        /// Newton steps taken.
        iterations: u32,
        /// The largest projected gradient.
        optimality: f64,
    },
}

/// An error unless `found` is `expected`.
pub(super) fn same_length(
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), FitError> {
    if found == expected { Ok(()) } else { Err(FitError::Length { what, found, expected }) }
}

/// An error at the first of `values` that is not `valid`.
pub(super) fn all_valid(
    what: &'static str,
    values: &[f64],
    valid: impl Fn(f64) -> bool,
) -> Result<(), FitError> {
    match values.iter().position(|&value| !valid(value)) {
        Some(index) => Err(FitError::Value { what, index, value: values[index] }),
        None => Ok(()),
    }
}
