//! Rows of the table `checks`.

use serde::{Deserialize, Serialize};

use super::rows::TableRow;

/// A check of a run against the run before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckRow {
    /// Name of the check.
    pub check: String,
    /// What it is about; empty for the whole run.
    pub subject: String,
    /// What was found.
    pub figure: Option<f64>,
    /// What it is a number of.
    pub unit: String,
    /// What it may be at most, or at least.
    pub limit: Option<f64>,
    /// What it was judged by, in words.
    pub judged_by: String,
    /// `passed`, `refused`, `accepted` or `not_judged`.
    pub verdict: String,
    /// What was found, in words; empty where it passed.
    pub finding: String,
    /// Ids of a few people whom it is about.
    pub examples: Vec<String>,
}

impl TableRow for CheckRow {
    const TABLE: &'static str = "checks";
    type Borrowed<'a> = Self;
}
