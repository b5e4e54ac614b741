//! What `validate` looks at.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What `validate` looks at, said before looking; a run does not read it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validate {
    /// Most instants from which the method's horizon is looked ahead, the last of them a horizon before the end of the
    /// snapshot. 1 to 200.
    pub backtests: u32,
    /// Hours from one instant to the next; without it a quarter of the horizon.
    pub every_hours: Option<u32>,
    /// Draws of people behind the intervals. 100 to 10000.
    pub resamples: u32,
    /// Seed of the draws.
    pub seed: u32,
    /// How many are the first of whom `ndcg` and `precision` speak. 1 to 10000.
    pub top: u32,
    /// By what people are parted besides, so that unfairness shows.
    pub groups: BTreeSet<GroupBy>,
    /// Fewest people of whom a part or a topic of its own is told. 2 or more.
    pub min_people: u32,
    /// The truths that scores are held against, each once: `future_trusted_reactors`, `future_reactors` and those of the
    /// input `ground_truth`. Without any, all of them.
    pub target: Vec<TargetSection>,
}

/// By what people are parted.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The networks they are on.
    Network,
    /// The language that their accounts state.
    Language,
    /// The country that their accounts state.
    Country,
    /// How old the eldest account was.
    AccountAge,
    /// Tenths by how many reacted within 90 days.
    Size,
}

/// A truth that scores are held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// Its name.
    pub name: String,
    /// What it is worth, in a sentence that is printed beside what was found.
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
            top: 20,
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
    /// What the job says of a truth; none if it names others and not this one.
    pub fn target(&self, name: &str) -> Option<&str> {
        if self.target.is_empty() {
            return Some("");
        }
        self.target.iter().find(|own| own.name == name).map(|own| &*own.worth)
    }

    pub(super) fn check(&self, file: &str) -> Result<()> {
        let ranges = [
            ("backtests", Some(self.backtests), 1..=200),
            ("every_hours", self.every_hours, 1..=87_660),
            ("resamples", Some(self.resamples), 100..=10_000),
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
        match self.target.iter().find(|own| !names.insert(&own.name)) {
            Some(own) => Err(Error::bad_job(
                format!("{file}: `validate.target` names `{}` twice", own.name),
                "name each target once",
            )),
            None => Ok(()),
        }
    }
}
