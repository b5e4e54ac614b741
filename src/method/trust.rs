//! Whose attention counts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Whose attention counts: trust is propagated from seeds over attention that is older than a lag, so that
/// tonight's events cannot change tonight's trust.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustRule {
    /// Hours before the cutoff in which attention does not yet carry trust; under the window.
    pub lag_hours: u32,
    /// Trust, as a multiple of its mean on the network, from which on a person is trusted; 0 or more.
    pub threshold: f64,
    /// On a network without seeds trusted are all who acted before the lag and to whom at least so many distinct
    /// people paid attention before it; 0 trusts everybody.
    pub fallback_people: u32,
    /// Whose accounts are seeds, by what `accounts` states: those that meet any of these rules.
    pub seeds: Vec<SeedRule>,
}

impl Default for TrustRule {
    fn default() -> Self {
        Self { lag_hours: 168, threshold: 0.01, fallback_people: 2, seeds: vec![] }
    }
}

/// A rule for seeds: all that it names must hold of a person on a network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SeedRule {
    /// Whether an account must be verified.
    pub verified: bool,
    /// Least age of the oldest account, in days.
    pub account_days: Option<u32>,
    /// Least number of lists that the accounts stand on.
    pub listed: Option<u32>,
}

impl TrustRule {
    pub(super) fn check(&self, name: &str, window_hours: u32) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        if self.lag_hours >= window_hours {
            return refuse(
                format!("`trust.lag_hours` is {}", self.lag_hours),
                "give fewer hours than `attention.window_hours`, or no attention carries trust",
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
                "a rule of `trust.seeds` names nothing, and everybody would be a seed".into(),
                "name `verified`, `account_days` or `listed`",
            );
        }
        Ok(())
    }
}
