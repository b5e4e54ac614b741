//! Measures of engagement: what a vertex received and what it did.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use crate::reduce::Engagement;
use crate::reduce::engagement_measures::{COUNTS, SHARES, VALUES};

/// Measures of what a vertex did, alone or in return.
pub const GIVEN: [&str; 3] = ["interactions_made_90d", "people_engaged_90d", "reciprocity"];

/// The columns of these measures.
pub(super) fn build_columns(engagement: &[Engagement]) -> Vec<(&'static str, ArrayRef)> {
    let counts = COUNTS.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Int64Array::from_iter_values(engagement.iter().map(of))))
    });
    let values = VALUES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Float64Array::from_iter_values(engagement.iter().map(of))))
    });
    let shares = SHARES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(engagement.iter().map(of).collect::<Float64Array>()))
    });
    counts.chain(values).chain(shares).collect()
}
