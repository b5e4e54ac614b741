//! Limits of the checks of a night against the night before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Limits of the checks of a run against the last published one. Shares are of people, 0 to 1, for runs one day apart; of runs further
/// apart they are multiplied by the days between, up to ten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CheckRule {
    /// Fewer people than this refuse nothing, whatever their share, and neither do fewer than four times as many rows.
    pub least_people: u64,
    /// A score moves if it changes by as many points.
    pub moved_points: f64,
    /// Share of people whose score moves, with the same method.
    pub moved_share: f64,
    /// Change of the share of people without any reactor in the window.
    pub without_reactor_change: f64,
    /// Share of the last run's people who are not scored any more.
    pub lost_share: f64,
    /// New people, as a share of those of both runs.
    pub gained_share: f64,
    /// Share of the last run's people who are ineligible now without a statement of the days between.
    pub excluded_share: f64,
    /// Change of the share of people with a measure outside the range that the method was fitted to.
    pub outside_range_change: f64,
    /// Factor by which all expected reactors together rise or fall in a day.
    pub level_factor: f64,
    /// Factor by which rows of an input, a network and a kind may not rise, and to one in so many of which they may not fall.
    pub rows_factor: f64,
    /// As many times the rows of any day of four weeks are too many for the last day of an input and network. None at all, where
    /// each of those days had some, are too few.
    pub last_day_factor: f64,
    /// Rows that may come to the four weeks before, as a share of those they had when they were the last day.
    pub earlier_rows_share: f64,
    /// Robust standard deviations that rows have to be from those of the same weekdays besides.
    pub rows_deviations: f64,
    /// Change of the share of rows that a rule drops, or that find what they name in another input.
    pub rows_share_change: f64,
    /// Change of the share of reactors that count by credit.
    pub credit_change: f64,
    /// Hours to the newest event of an input and network: more, and three times as many as in any of the last 28 days.
    pub max_age_hours: u32,
    /// Share of a day's interactions that are those of another day.
    pub duplicate_share: f64,
}

impl Default for CheckRule {
    fn default() -> Self {
        Self {
            least_people: 5,
            moved_points: 5.0,
            moved_share: 0.01,
            without_reactor_change: 0.05,
            lost_share: 0.05,
            gained_share: 0.25,
            excluded_share: 0.01,
            outside_range_change: 0.02,
            level_factor: 1.5,
            rows_factor: 2.0,
            last_day_factor: 3.0,
            earlier_rows_share: 0.05,
            rows_deviations: 4.0,
            rows_share_change: 0.1,
            credit_change: 0.1,
            max_age_hours: 72,
            duplicate_share: 0.5,
        }
    }
}

impl CheckRule {
    /// Refuses limits that would let everything pass, or nothing.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let shares = [
            ("moved_share", self.moved_share),
            ("without_reactor_change", self.without_reactor_change),
            ("lost_share", self.lost_share),
            ("excluded_share", self.excluded_share),
            ("outside_range_change", self.outside_range_change),
            ("rows_share_change", self.rows_share_change),
            ("earlier_rows_share", self.earlier_rows_share),
            ("credit_change", self.credit_change),
            ("duplicate_share", self.duplicate_share),
        ];
        let is_share = |value: f64| value > 0.0 && value <= 1.0;
        let shares = shares
            .into_iter()
            .map(|(key, value)| (key, value, is_share(value), "above 0, at most 1"));
        let above = |key, value: f64, least: f64, words| {
            (key, value, value.is_finite() && value > least, words)
        };
        let others = [
            above("moved_points", self.moved_points, 0.0, "above 0"),
            above("gained_share", self.gained_share, 0.0, "above 0"),
            above("level_factor", self.level_factor, 1.0, "above 1"),
            above("rows_factor", self.rows_factor, 1.0, "above 1"),
            above("last_day_factor", self.last_day_factor, 1.0, "above 1"),
            above("rows_deviations", self.rows_deviations, 0.0, "above 0"),
        ];
        match shares.chain(others).find(|(_, _, is_valid, _)| !is_valid) {
            None => Ok(()),
            Some((key, value, _, words)) => Err(Error::bad_job(
                format!("{name}: `checks.{key}` is {value}"),
                format!("give a number {words}"),
            )),
        }
    }
}
