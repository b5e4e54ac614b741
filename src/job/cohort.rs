//! An audience: a section `[[cohort]]`.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::uses::Uses;
use crate::error::{Error, Result};

/// An audience. A member meets every condition that is given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cohort {
    /// Name of the cohort.
    pub name: String,
    /// What its members are listed for, in words; no forbidden use.
    #[serde(default)]
    pub purpose: String,
    /// Topics, by id or name: people with a score on any of them or on one below.
    #[serde(default)]
    pub topics: BTreeSet<String>,
    /// Minimum score: the highest on these topics, or the `standard` score without topics.
    #[serde(default)]
    pub min_score: Option<f64>,
    /// Maximum score.
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
    /// Maximum number of people: those with the highest scores.
    #[serde(default)]
    pub max_people: Option<u32>,
}

impl Cohort {
    pub(super) fn check(file: &str, all: &[Self], uses: &Uses) -> Result<()> {
        for (place, cohort) in all.iter().enumerate() {
            let refused = |cause: &str, remedy: &str| {
                Err(Error::bad_job(format!("{file}: cohort `{}` {cause}", cohort.name), remedy))
            };
            if cohort.name.trim().is_empty() {
                return refused("has no name", "name it");
            }
            if all[..place].iter().any(|before| before.name == cohort.name) {
                return refused("is declared twice", "give each cohort a unique name");
            }
            if cohort.purpose.trim().is_empty() {
                return refused(
                    "has no purpose",
                    "state in `purpose` what its members are listed for",
                );
            }
            if let Some(forbidden) = uses.forbids(&cohort.purpose) {
                return refused(
                    &format!(
                        "has the purpose `{}`: `uses.forbidden` has `{forbidden}`",
                        cohort.purpose
                    ),
                    "no cohort is listed for a forbidden use: state another purpose, or leave the cohort out",
                );
            }
            let (low, high) = (cohort.min_score.unwrap_or(1.0), cohort.max_score.unwrap_or(100.0));
            // NaN fails every comparison.
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
