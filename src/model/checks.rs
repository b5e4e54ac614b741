//! What a run is checked for against the run before.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, Digestible};

/// A figure on earlier days, by day.
pub type History = BTreeMap<NaiveDate, f64>;

/// Days of which figures are kept for later runs.
pub const HISTORY_DAYS: i64 = 28;

/// One check of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Name of the check.
    pub name: &'static str,
    /// What it is about, such as an input with network and kind; empty for the whole run.
    pub subject: String,
    /// What was found; `None` where nothing can be, or where it would tell of ineligible people.
    pub figure: Option<f64>,
    /// What it is a number of.
    pub unit: &'static str,
    /// What it may be at most, or at least.
    pub limit: Option<f64>,
    /// What it was judged by, in words.
    pub judged_by: String,
    /// What came out.
    pub verdict: Verdict,
    /// What was found, in words; empty where it passed.
    pub finding: String,
    /// Ids of a few people of this run whom it is about.
    pub examples: Vec<String>,
    /// The figure on earlier days, for the runs after this one; without this one's.
    pub history: History,
}

/// What came out of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Within its limit.
    Passed,
    /// Outside: the run is not published.
    Refused,
    /// Outside, and somebody said why the run is right.
    Accepted,
    /// There is nothing to judge by.
    NotJudged,
}

impl Verdict {
    /// As in the table `checks`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::NotJudged => "not_judged",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an earlier run published of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlierCheck {
    /// Name of the check.
    pub name: String,
    /// What it is about.
    pub subject: String,
    /// What was found.
    pub figure: f64,
    /// The figure on days before that run.
    pub history: History,
}

impl Digestible for EarlierCheck {
    fn digest(&self, to: &mut Digest) {
        let Self { name, subject, figure, history } = self;
        to.add(name);
        to.add(subject);
        to.add(figure);
        to.add(&history.len());
        for (day, figure) in history {
            to.add(&day.num_days_from_ce());
            to.add(figure);
        }
    }
}
