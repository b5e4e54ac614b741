//! Rows dropped by rule.

use serde::{Deserialize, Serialize};

use super::consent_counts::SuppressedCount;

/// Rows that a rule dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Input table.
    pub table: String,
    /// Why the rows were dropped.
    pub rule: String,
    /// How many. Where the rule concerns ineligible people, small counts are shown as
    /// "fewer than 11".
    pub rows: String,
}

impl Dropped {
    /// An exact count.
    pub(crate) fn exact(table: &str, rule: &str, rows: u64) -> Self {
        Self { table: table.into(), rule: rule.into(), rows: rows.to_string() }
    }

    /// A count that could point at single people: from 1 to 10 it is not shown.
    pub(crate) fn suppressed(table: &str, rule: &str, rows: u64) -> Self {
        Self { table: table.into(), rule: rule.into(), rows: SuppressedCount::of(rows).to_string() }
    }
}
