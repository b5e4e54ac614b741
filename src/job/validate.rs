//! What `validate` compares.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What `validate` compares, declared before the results are known; a run does not read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validate {
    /// Maximum number of backtest dates, each followed by one horizon of the method within the snapshot; the last one is a
    /// horizon before the end of the snapshot. 1 to 200.
    pub backtests: u32,
    /// Hours from one backtest date to the next. Default: a quarter of the horizon.
    pub every_hours: Option<u32>,
    /// Bootstrap resamples of people, for the intervals. 100 to 10000.
    pub resamples: u32,
    /// Random seed of the resamples.
    pub seed: u32,
    /// Random graphs with the same degrees, and resamples of actors, that ranks are compared with. 0 to 10000; none by default.
    pub null_models: u32,
    /// k of `ndcg_k` and `precision_k`. 1 to 10000.
    pub top: u32,
    /// How people are grouped, so that differences between groups show.
    pub groups: BTreeSet<GroupBy>,
    /// Minimum number of people of a group or topic that is evaluated. 2 or more.
    pub min_people: u32,
    /// Targets to compare scores with: `future_trusted_reactors`, `future_reactors`, `future_trusted_reactors_on_topics`, and label
    /// sets of the input `ground_truth`. Default: all of them.
    pub target: Vec<TargetSection>,
}

/// How people are grouped.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// By network; a person may be in several groups.
    Network,
    /// By the language that accounts state.
    Language,
    /// By the country that accounts state.
    Country,
    /// By the age of the oldest account.
    AccountAge,
    /// By decile of the reactors within 90 days.
    Size,
}

/// A target to compare scores with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// Name of the target.
    pub name: String,
    /// What agreement with it is worth, in a sentence that is printed with the results.
    #[serde(default)]
    pub worth: String,
}

impl Default for Validate {
    fn default() -> Self {
        Self {
            backtests: 5,
            every_hours: None,
            resamples: 200,
            seed: 1,
            null_models: 0,
            top: 100,
            groups: BTreeSet::from([
                GroupBy::Network,
                GroupBy::Language,
                GroupBy::Country,
                GroupBy::AccountAge,
                GroupBy::Size,
            ]),
            min_people: 20,
            target: vec![],
        }
    }
}

impl Validate {
    /// What the job says that a target is worth; none if it names others and not this one.
    pub fn target(&self, name: &str) -> Option<&str> {
        if self.target.is_empty() {
            return Some("");
        }
        self.target.iter().find(|target| target.name == name).map(|target| &*target.worth)
    }

    pub(super) fn check(&self, file: &str) -> Result<()> {
        let ranges = [
            ("backtests", Some(self.backtests), 1..=200),
            ("every_hours", self.every_hours, 1..=87_660),
            ("resamples", Some(self.resamples), 100..=10_000),
            ("null_models", Some(self.null_models), 0..=10_000),
            ("top", Some(self.top), 1..=10_000),
            ("min_people", Some(self.min_people), 2..=u32::MAX),
        ];
        for (key, value, range) in ranges {
            if let Some(value) = value.filter(|value| !range.contains(value)) {
                return Err(Error::bad_job(
                    format!("{file}: `validate.{key}` is {value}"),
                    format!("give {} to {}", range.start(), range.end()),
                ));
            }
        }
        let mut names = BTreeSet::new();
        match self.target.iter().find(|target| !names.insert(&target.name)) {
            Some(target) => Err(Error::bad_job(
                format!("{file}: `validate.target` names `{}` twice", target.name),
                "name each target once",
            )),
            None => Ok(()),
        }
    }
}
