//! Who is eligible for scoring: the section `[consent]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::input::Input;
use crate::error::{Error, Result};

/// The minimum age where the job gives none, in years.
const MINIMUM_AGE: u32 = 18;

/// Who is eligible for scoring, as people write it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConsentSection {
    /// `opt_out`: everyone who did not opt out is eligible; `opt_in`: only people who opted in.
    pub rule: ConsentRule,
    /// Minimum age in years. Without it, people are ineligible who are known to be under 18. With it, the age of everyone is
    /// asked for: `accounts` needs a column `birth_date` or `is_minor`.
    pub minimum_age: Option<u32>,
    /// People who cannot be shown to be eligible: with an account that `accounts` lacks, without an age where
    /// `minimum_age` is given, without a statement under `opt_in`. `exclude`: ineligible; `score`: eligible, but for
    /// `opt_in`. Default: `exclude` if the job gives `minimum_age`, `opt_in` or the input `consent`, else `score`.
    pub unknown: Option<UnknownRule>,
    /// What follows if statements of `consent` do not meet the accounts of the snapshot as they should: none of a network
    /// does, or refusals or matches are fewer than in the last published run. `stop`: nothing is published; `warn`: a warning.
    pub unmatched: UnmatchedRule,
}

/// Who is eligible for scoring.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Consent {
    /// `opt_out`: everyone who did not opt out is eligible; `opt_in`: only people who opted in.
    pub rule: ConsentRule,
    /// Minimum age in years, applied where an age is known.
    pub minimum_age: u32,
    /// Whether the job gives the minimum age, and so asks for the age of everyone.
    pub asks_age: bool,
    /// What people are who cannot be shown to be eligible.
    pub unknown: UnknownRule,
    /// What follows if statements do not meet the accounts of the snapshot as they should.
    pub unmatched: UnmatchedRule,
}

/// Whether people without a statement are eligible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// Everyone who did not opt out.
    #[default]
    OptOut,
    /// Only people who opted in.
    OptIn,
}

/// Whether people who cannot be shown to be eligible are scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRule {
    /// They are scored.
    Score,
    /// They are ineligible.
    Exclude,
}

/// What follows if statements do not meet the accounts of the snapshot as they should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnmatchedRule {
    /// The run stops.
    #[default]
    Stop,
    /// The run goes on with a warning.
    Warn,
}

/// The part of [`Consent`] that can change a table; as JSON it is what it was before a job could exclude the unknown.
#[derive(Serialize)]
struct Identity {
    rule: ConsentRule,
    minimum_age: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_unknown: Option<ExcludeUnknown>,
}

#[derive(Serialize)]
struct ExcludeUnknown {
    asks_age: bool,
}

impl ConsentSection {
    /// The section with its defaults, which depend on the inputs of the job.
    pub(super) fn resolve(self, file: &str, inputs: &BTreeMap<String, Input>) -> Result<Consent> {
        let Self { rule, minimum_age, unknown, unmatched } = self;
        if minimum_age.is_some() && !inputs.contains_key("accounts") {
            return Err(Error::bad_job(
                format!("{file}: `consent.minimum_age` is given, and no input has anyone's age"),
                "add `inputs.accounts` with a column `birth_date` or `is_minor`, or leave `minimum_age` out",
            ));
        }
        if rule == ConsentRule::OptIn && !inputs.contains_key("consent") {
            return Err(Error::bad_job(
                format!(
                    "{file}: `consent.rule` is `opt_in`, and the input `consent`, where people agree, is missing"
                ),
                "add `inputs.consent`, or leave `rule` out",
            ));
        }
        let asks =
            minimum_age.is_some() || rule == ConsentRule::OptIn || inputs.contains_key("consent");
        let by_default = if asks { UnknownRule::Exclude } else { UnknownRule::Score };
        Ok(Consent {
            rule,
            minimum_age: minimum_age.unwrap_or(MINIMUM_AGE),
            asks_age: minimum_age.is_some(),
            unknown: unknown.unwrap_or(by_default),
            unmatched,
        })
    }
}

impl Consent {
    /// Whether people who cannot be shown to be eligible are ineligible.
    pub fn excludes_unknown(&self) -> bool {
        self.unknown == UnknownRule::Exclude
    }

    /// What of it can change a table.
    pub(crate) fn identity(&self) -> impl Serialize + use<> {
        let Self { rule, minimum_age, asks_age, unknown, unmatched: _ } = *self;
        let exclude_unknown =
            (unknown == UnknownRule::Exclude).then_some(ExcludeUnknown { asks_age });
        Identity { rule, minimum_age, exclude_unknown }
    }
}
