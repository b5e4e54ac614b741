//! How many rows find what they name in another input.

use serde::{Deserialize, Serialize};

use super::consent_counts::SuppressedCount;
use crate::number_format::count;

/// How many rows find what they name in another input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRate {
    /// What is counted, with what it finds: "interactions with a post_id find their post".
    pub counted: String,
    /// How many there are.
    pub rows: u64,
    /// How many of them do not find it.
    pub unmatched: SuppressedCount,
}

impl JoinRate {
    pub(crate) fn new(counted: &str, rows: u64, unmatched: u64) -> Self {
        Self { counted: counted.into(), rows, unmatched: SuppressedCount::of(unmatched) }
    }

    /// The share, or how many do not find it, of how many, in words.
    pub(crate) fn describe(&self) -> String {
        let (rows, counted) = (count(self.rows), &self.counted);
        match self.share() {
            Some(share) => format!("{share} of {rows} {counted}"),
            // That would be none of them, maybe.
            None if SuppressedCount::of(self.rows) == self.unmatched => {
                format!("not all of {rows} {counted}")
            }
            None => format!("all but {} of {rows} {counted}", self.unmatched),
        }
    }

    /// The share that finds it, 0 to 1, as well as it may be known; `None` without rows.
    pub(crate) fn matched(&self) -> Option<f64> {
        let matched = self.rows.saturating_sub(self.unmatched.estimate());
        (self.rows > 0).then(|| matched as f64 / self.rows as f64)
    }

    /// The share that finds it, in per cent; `None` where it would show a small number of rows that do not.
    fn share(&self) -> Option<String> {
        let SuppressedCount::Exact(unmatched) = self.unmatched else { return None };
        let matched = self.rows.saturating_sub(unmatched);
        // Rounded down: not all is all.
        Some(match (100 * matched).checked_div(self.rows) {
            Some(0) if matched > 0 => "less than 1 %".to_owned(),
            share => format!("{} %", share.unwrap_or(0)),
        })
    }
}
