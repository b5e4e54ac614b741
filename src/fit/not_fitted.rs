//! Why there is no fit.

use crate::error::Error;
use renown_stats::error::FitError;

/// A fit that did not come about, as an error that says what to change.
pub(super) fn not_fitted(error: FitError) -> Error {
    Error::bad_input(
        format!("the forecast could not be fitted: {error}"),
        "give more data: a longer time, or more people",
    )
}
