//! What a run is checked for against the run before.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

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
    /// Whether the table shows it: what rows given twice change, tables do not show.
    pub is_shown: bool,
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
    /// Nothing is judged: a method that is not in force is compared.
    Compared,
}

impl Verdict {
    /// As in the table `checks`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::Accepted => "accepted",
            Self::NotJudged => "not_judged",
            Self::Compared => "compared",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Check {
    /// What later runs are judged by.
    pub fn logged(&self) -> Option<LoggedCheck> {
        let (name, subject) = (self.name.to_owned(), self.subject.clone());
        let history = self.history.clone();
        self.figure.map(|figure| LoggedCheck { check: name, subject, figure, history })
    }
}

/// What the log of a run keeps of one check. Figures of earlier days may have counted people who are ineligible since: no table has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedCheck {
    /// Name of the check.
    pub check: String,
    /// What it is about.
    pub subject: String,
    /// What was found.
    pub figure: f64,
    /// The figure on days before that run.
    pub history: History,
}
