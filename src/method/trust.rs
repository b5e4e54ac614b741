//! How much the attention of each person counts: the section `[trust]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How much the attention of each person counts: by the reactions of long-standing people that are older than a lag, so that
/// the latest events cannot change it now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustRule {
    /// Lag, in hours: reactions of the last hours before the cutoff vouch for nobody. Less than the window.
    pub lag_hours: u32,
    /// Tenure, in hours: who was known so long before the first night with trust is a founder, and who has had full credit
    /// for so long becomes long-standing. 24 or more.
    pub tenure_hours: u32,
    /// With seeds: minimum trust of a founder, as a multiple of the mean on the network; 0 or more.
    pub threshold: f64,
    /// Rules for seeds, by what `accounts` states: an account that meets any of them is a seed.
    pub seeds: Vec<SeedRule>,
    /// Networks on which trust decides who counts, as a fit found them to suffice for it. On any other everybody counts
    /// whole, and its scores carry the flag `trust_none`.
    pub networks: BTreeMap<String, NetworkTrust>,
}

/// How trust works on one network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkTrust {
    /// Vouches of long-standing people for full credit; 1 or more. A constant of the method: if it followed the data of a
    /// night, accounts made for it could move it.
    pub full_credit: u32,
}

impl Default for TrustRule {
    fn default() -> Self {
        Self {
            lag_hours: 168,
            tenure_hours: 1440,
            threshold: 0.01,
            seeds: vec![],
            networks: BTreeMap::new(),
        }
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
    /// Vouches for full credit on a network; `None` where everybody counts whole.
    pub fn full_credit(&self, network: &str) -> Option<u32> {
        self.networks.get(network).map(|network| network.full_credit)
    }

    pub(super) fn check(&self, name: &str, window_hours: u32) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        if self.lag_hours >= window_hours {
            return refuse(
                format!("`trust.lag_hours` is {}", self.lag_hours),
                "give fewer hours than `attention.window_hours`: otherwise no attention carries trust",
            );
        }
        if self.tenure_hours < 24 {
            return refuse(
                format!("`trust.tenure_hours` is {}", self.tenure_hours),
                "give 24 or more: a tenure is counted in days",
            );
        }
        if let Some((network, _)) = self.networks.iter().find(|(_, own)| own.full_credit == 0) {
            return refuse(
                format!("`trust.networks.{network}.full_credit` is 0"),
                "give 1 or more vouches, or leave the network out: then everybody on it counts whole",
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
