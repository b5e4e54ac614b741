//! Rows dropped by rule.

use serde::{Deserialize, Serialize};

use super::consent_counts::SuppressedCount;
use super::warning::Warning;

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
    /// How many rows the rule was applied to; 0 where it does not drop rows.
    #[serde(skip)]
    of: u64,
    /// Whether all these rows are of eligible people, so that their share tells of nobody else.
    #[serde(skip)]
    is_among_eligible: bool,
}

impl Dropped {
    /// An exact count.
    pub(crate) fn exact(table: &str, rule: &str, rows: u64) -> Self {
        Self {
            table: table.into(),
            rule: rule.into(),
            rows: rows.to_string(),
            of: 0,
            is_among_eligible: false,
        }
    }

    /// A count that could point at single people: from 1 to 10 it is not shown.
    pub(crate) fn suppressed(table: &str, rule: &str, rows: u64) -> Self {
        let rows = SuppressedCount::of(rows).to_string();
        Self { table: table.into(), rule: rule.into(), rows, of: 0, is_among_eligible: false }
    }

    /// The rows that were dropped of `all` rows.
    pub(crate) fn of(self, all: u64) -> Self {
        Self { of: all, ..self }
    }

    /// The rows that were dropped of `all` rows among eligible people.
    pub(crate) fn of_eligible(self, all: u64) -> Self {
        Self { of: all, is_among_eligible: true, ..self }
    }

    /// The share of its rows that the rule dropped, and how many it was applied to; `None` where it does not drop rows, or where that
    /// would tell of ineligible people.
    pub(crate) fn share(&self) -> Option<(f64, u64)> {
        let rows = self.rows.parse::<u64>().ok()?;
        (self.of > 0 && self.is_among_eligible).then(|| (rows as f64 / self.of as f64, self.of))
    }

    /// A warning for each rule of `drops` that dropped more than half of its rows.
    pub(crate) fn warnings(drops: &[Self]) -> Vec<Warning> {
        // By what may be shown of both numbers: whether a rule dropped most rows must not reveal more of them.
        let is_most = |drop: &&Self| {
            let rows = drop.rows.parse::<u64>().unwrap_or(0);
            drop.of > 0 && 2 * rows > drop.of.next_multiple_of(10)
        };
        let warning = |drop: &Self| {
            let text = format!("one rule drops more than half: {}", drop.rule);
            Warning::new(&drop.table, text)
        };
        drops.iter().filter(is_most).map(warning).collect()
    }
}
