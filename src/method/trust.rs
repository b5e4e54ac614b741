//! Whose attention counts: the section `[trust]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Whose attention counts. Trust is propagated from seeds over attention that is older than a lag, so that the latest events
/// cannot change who is trusted now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustRule {
    /// Lag, in hours: attention of the last hours before the cutoff does not carry trust. Less than the window.
    pub lag_hours: u32,
    /// Minimum trust of a trusted person, as a multiple of the mean on the network; 0 or more.
    pub threshold: f64,
    /// On a network without seeds, trusted are people who acted before the lag and to whom at least this many distinct
    /// people paid attention before it; with 0, everyone.
    pub fallback_people: u32,
    /// Rules for seeds, by what `accounts` states: an account that meets any of them is a seed.
    pub seeds: Vec<SeedRule>,
}

impl Default for TrustRule {
    fn default() -> Self {
        Self { lag_hours: 168, threshold: 0.01, fallback_people: 2, seeds: vec![] }
    }
}

/// A rule for seeds: a person on a network must meet all of its conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SeedRule {
    /// Require a verified account.
    pub verified: bool,
    /// Minimum age of the oldest account, in days.
    pub account_days: Option<u32>,
    /// Minimum number of lists with the accounts.
    pub listed: Option<u32>,
}

impl TrustRule {
    pub(super) fn check(&self, name: &str, window_hours: u32) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        if self.lag_hours >= window_hours {
            return refuse(
                format!("`trust.lag_hours` is {}", self.lag_hours),
                "give fewer hours than `attention.window_hours`: otherwise no attention carries trust",
            );
        }
        if !(0.0..=1e6).contains(&self.threshold) {
            return refuse(
                format!("`trust.threshold` is {}", self.threshold),
                "give 0 or more, as a multiple of the mean trust",
            );
        }
        if self.seeds.contains(&SeedRule::default()) {
            return refuse(
                "a rule of `trust.seeds` has no condition, and everyone would be a seed".into(),
                "name `verified`, `account_days` or `listed`",
            );
        }
        Ok(())
    }
}
