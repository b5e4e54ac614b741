//! The previous run, as far as changes are computed from it.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::checks::LoggedCheck;
use super::join_rate::JoinRate;
use crate::digest::{Digest, Digestible};
use crate::method::Method;

/// What the previous run published about the people of this one.
#[derive(Debug)]
pub struct Previous {
    /// Number of its commit.
    pub commit: u64,
    /// Day of its snapshot.
    pub day: NaiveDate,
    /// Its method.
    pub method: Method,
    /// Standard scores, where a person had one. Length: persons.
    pub scores: Vec<Option<f64>>,
    /// Whether each vertex existed then. Length: vertices.
    pub existed: Vec<bool>,
    /// Vouches that each vertex had received by then, where it is known; `None` if a version published it that had none.
    /// Length: vertices.
    pub vouches: Option<Vec<Option<f64>>>,
    /// Whether it has all measures of this run's forecast.
    pub has_all_measures: bool,
    /// Measures that this run's forecast uses, where they were defined. Lengths: vertices.
    pub measures: BTreeMap<String, Vec<Option<f64>>>,
    /// Number of people that it scored.
    pub people: u64,
    /// Of these, who is not scored now.
    pub lost: u64,
    /// Of these, who is ineligible now.
    pub excluded: u64,
    /// What it was checked for; empty if its log is gone, or of a version that had no checks.
    pub checks: Vec<LoggedCheck>,
    /// How many of its rows found what they name in another input, by input; `None` if its log is gone.
    pub joins: Option<BTreeMap<String, JoinRate>>,
}

/// The number of its commit is left out, since no table shows it, and so is the method, which a run adds as settings; so is what
/// is checked, which may concern people who are ineligible now: of them no id of a run may tell.
impl Digestible for Previous {
    fn digest(&self, to: &mut Digest) {
        let Self {
            commit: _,
            day,
            method: _,
            scores,
            existed,
            vouches,
            has_all_measures,
            measures,
            people: _,
            lost: _,
            excluded: _,
            checks: _,
            joins: _,
        } = self;
        to.add(&day.num_days_from_ce());
        to.add(scores);
        to.add(existed);
        to.add(&vouches.as_deref());
        to.add(has_all_measures);
        to.add(measures);
    }
}
