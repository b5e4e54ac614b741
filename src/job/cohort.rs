//! An audience: a section `[[cohort]]`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// An audience. Whoever meets all conditions belongs to it; a condition that is left out is met by everybody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Name of the cohort.
    pub name: String,
    /// Topics, by id or name: people who move others on any of them or on one below.
    #[serde(default)]
    pub topics: BTreeSet<String>,
    /// Least score: the highest on these topics, or the person's own without topics.
    #[serde(default)]
    pub min_score: Option<f64>,
    /// Largest score.
    #[serde(default)]
    pub max_score: Option<f64>,
    /// Networks: people with an account on any of them.
    #[serde(default)]
    pub networks: BTreeSet<String>,
    /// Countries, as accounts state them.
    #[serde(default)]
    pub countries: BTreeSet<String>,
    /// Languages, as accounts state them.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// Most people: those with the highest score.
    #[serde(default)]
    pub max_people: Option<u32>,
}

impl Cohort {
    pub(super) fn check(file: &str, all: &[Self]) -> Result<()> {
        for (place, cohort) in all.iter().enumerate() {
            let refused = |cause: &str, remedy: &str| {
                Err(Error::bad_job(format!("{file}: cohort `{}` {cause}", cohort.name), remedy))
            };
            if cohort.name.trim().is_empty() {
                return refused("has no name", "name it");
            }
            if all[..place].iter().any(|before| before.name == cohort.name) {
                return refused("stands there twice", "give each cohort a name of its own");
            }
            let (low, high) = (cohort.min_score.unwrap_or(1.0), cohort.max_score.unwrap_or(100.0));
            // What is no number is in no order.
            if !(1.0 <= low && low <= high && high <= 100.0) {
                return refused(
                    &format!("has scores from {low} to {high}"),
                    "give a range within 1 to 100",
                );
            }
        }
        Ok(())
    }
}
