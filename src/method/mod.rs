//! The method file: everything that decides how a score is computed, with a version.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::suggest::did_you_mean;
use crate::{renamed, toml_file};

mod checks;
mod forecast;
pub mod profile;
mod record;
mod scale;
mod topics;
mod trust;

pub use checks::CheckRule;
pub use forecast::{Forecast, MAX_CLOCK_MINUTES, Term, may_enter};
pub(crate) use forecast::{counts_everybody, suggest_measure};
pub use record::{FitForm, FitRecord, ROLLING_ORIGIN, Validation};
pub use scale::points;
pub use topics::{Evidence, TopicRule};
pub use trust::{NetworkTrust, SeedRule, TrustRule};

/// The method that a job without a `method` key uses.
pub const BUILT_IN: &str = include_str!("../../jobs/methods/standard-6.toml");
/// Longest window of a measure, in hours (90 days); interactions of at least this window are read.
pub(crate) const MEASURE_HOURS: u32 = 90 * 24;
/// Maximum window, in hours: ten years.
const MAX_HOURS: u32 = 87_660;
/// Maximum number of kinds: they are numbered in 8 bits.
const MAX_KINDS: usize = 256;
/// Minimum weight of a kind other than 0; in fixed point it is a few thousand units.
const MIN_WEIGHT: f64 = 1e-6;
/// Maximum weight of a kind; keeps the fixed-point sums of attention far from overflow.
const MAX_WEIGHT: f64 = 1_000.0;

/// A method: a change of any key is a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Name of this version, as in every scored row.
    pub version: String,
    /// Whether the coefficients were fitted to data; if not, every score is flagged.
    pub fitted: bool,
    /// Whether the data have no times, so that nothing is forecast; every score is then flagged.
    #[serde(default)]
    pub structural: bool,
    /// How interactions become attention.
    pub attention: AttentionRule,
    /// Kinds of interaction by name. Any other kind in an input is an error unless the job maps or drops it.
    pub kinds: BTreeMap<String, KindRule>,
    /// Whose attention counts.
    #[serde(default)]
    pub trust: TrustRule,
    /// PageRank on attention and follows.
    #[serde(default)]
    pub rank: RankRule,
    /// How amplification is shrunk towards the network's share.
    #[serde(default)]
    pub amplification: AmplificationRule,
    /// Topics of posts, and influence on topics.
    #[serde(default)]
    pub topics: TopicRule,
    /// Thresholds of the axes of style.
    #[serde(default)]
    pub style: StyleRule,
    /// The forecast of people who react.
    pub forecast: Forecast,
    /// Where its coefficients come from, if they were fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<FitRecord>,
    /// Limits of the gates that tables must pass before they are published.
    #[serde(default)]
    pub gates: GateRule,
    /// Limits of the checks against the last published run.
    #[serde(default)]
    pub checks: CheckRule,
}

/// How interactions become attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttentionRule {
    /// Half-life of an interaction's weight, in hours.
    pub half_life_hours: u32,
    /// Length of the attention window before the cutoff, in hours.
    pub window_hours: u32,
}

/// One kind of interaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KindRule {
    /// Weight of a fresh interaction of this kind, 0 to 1000.
    pub weight: f64,
    /// Whether it counts as a reaction.
    pub reaction: bool,
}

/// PageRank on attention and follows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RankRule {
    /// Damping factor: the share of PageRank that is passed on, 0 or more and less than 1.
    pub damping: f64,
    /// Stop when the L1 distance to exact PageRank, rounding aside, is at most this; 1e-14 or more.
    pub tolerance: f64,
    /// Maximum number of iterations; no convergence within them is an error.
    pub max_iterations: u32,
}

impl Default for RankRule {
    fn default() -> Self {
        Self { damping: 0.85, tolerance: 1e-12, max_iterations: 1_000 }
    }
}

/// How amplification is shrunk towards the network's share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AmplificationRule {
    /// Strength of the prior, in posts; more than 0.
    pub prior_posts: f64,
}

impl Default for AmplificationRule {
    fn default() -> Self {
        Self { prior_posts: 5.0 }
    }
}

/// Thresholds of the axes of style: medians of a population that the method names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StyleRule {
    /// Share of posts that are not reposts: from this on a person creates, below it shares; 0 to 1.
    pub creating: f64,
    /// Entropy of topics, in nats: up to this a person is focused, above it broad.
    pub entropy: f64,
    /// Interactions with others in 90 days: from this on a person participates, below it listens.
    pub interactions: u32,
    /// Weeks with any activity, of 13: from this on a person is consistent, below it casual.
    pub weeks: u32,
}

impl Default for StyleRule {
    fn default() -> Self {
        Self { creating: 1.0, entropy: 1.07, interactions: 2, weeks: 2 }
    }
}

/// Limits of the gates that tables must pass before they are published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GateRule {
    /// Maximum difference of the sum of a network's PageRank from 1.
    pub rank_mass_tolerance: f64,
    /// Minimum number of people to publish: fewer are a sign of a late input or of missing consent.
    pub min_people: u64,
}

impl Default for GateRule {
    fn default() -> Self {
        Self { rank_mass_tolerance: 1e-9, min_people: 1 }
    }
}

impl Method {
    /// Hours that data have to reach back before an instant in the past to be looked at: a horizon, and where trust decides who
    /// counts a tenure and the lag, since nobody is a founder before.
    pub fn hours_before_origin(&self) -> u32 {
        let horizon = self.forecast.horizon_hours;
        match self.trust.networks.is_empty() {
            true => horizon,
            false => horizon.max(self.trust.tenure_hours.saturating_add(self.trust.lag_hours)),
        }
    }

    /// What it says of networks on which nobody is, one line for each: a method may serve several jobs, and a name may be misspelled.
    pub(crate) fn unknown_networks(&self, known: &[String]) -> Vec<String> {
        let keys = [
            ("forecast.covered_since", self.forecast.covered_since.keys().collect::<Vec<_>>()),
            ("forecast.levels", self.forecast.levels.keys().collect()),
            ("forecast.topic_levels", self.forecast.topic_levels.keys().collect()),
            ("trust.networks", self.trust.networks.keys().collect()),
        ];
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (key, networks) in &keys {
            for network in networks.iter().filter(|network| !known.contains(network)) {
                unknown.entry(network).or_default().push(key);
            }
        }
        let words = |(network, keys): (&str, Vec<&str>)| {
            let near = did_you_mean(network, known.iter().map(String::as_str));
            format!(
                "method `{}` names network `{network}` ({}), on which nobody was found: {near}it is of no use here",
                self.version,
                keys.join(", ")
            )
        };
        unknown.into_iter().map(words).collect()
    }

    /// Hours before the window of which interactions are read: those that the forecast looks back at, and a tenure where
    /// founders are still to be found.
    pub fn earlier_hours(&self, finds_founders: bool) -> u32 {
        let history = self.forecast.history_hours.saturating_sub(self.window_hours());
        let finds_founders = finds_founders && !self.trust.networks.is_empty();
        history.max(if finds_founders { self.trust.tenure_hours } else { 0 })
    }

    /// Parses and checks a method file; `name` is how errors call it.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for an unknown key, a wrong type or a value out of range.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let method: Self = toml_file::parse(name, text)?;
        method.check(name)?;
        Ok(method)
    }

    /// Hours before the cutoff of which interactions and posts are read: the attention window, or that of the longest
    /// measure if it is longer.
    pub fn window_hours(&self) -> u32 {
        self.attention.window_hours.max(MEASURE_HOURS)
    }

    /// Whether this method scores as `other` does: its name and the limits of checks decide no score.
    pub fn scores_like(&self, other: &Self) -> bool {
        let Self { version, checks, .. } = self.clone();
        *self == Self { version, checks, ..other.clone() }
    }

    /// Hex SHA-256 of the method's content (not of its file: comments and order do not count).
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the method cannot be serialised.
    pub fn sha256(&self) -> Result<String> {
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        Ok(hex(&Sha256::digest(text)))
    }

    /// Numbers of the kinds that count as reactions; kinds are numbered by name.
    pub fn reaction_kinds(&self) -> impl Iterator<Item = u8> + '_ {
        (0..).zip(self.kinds.values()).filter(|(_, rule)| rule.reaction).map(|(number, _)| number)
    }

    /// The method with its coefficients fitted as `record` says, under a version of its own.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] if a value is out of range.
    pub fn fitted_as(mut self, version: &str, record: FitRecord) -> Result<Self> {
        self.version = version.to_owned();
        self.fitted = true;
        self.fit = Some(record);
        self.check("the fitted method")?;
        Ok(self)
    }

    /// Refuses values out of range; `name` is how errors call the method.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        for (key, hours) in [
            ("attention.half_life_hours", self.attention.half_life_hours),
            ("attention.window_hours", self.attention.window_hours),
            ("forecast.horizon_hours", self.forecast.horizon_hours),
            ("forecast.history_hours", self.forecast.history_hours),
        ] {
            if !(1..=MAX_HOURS).contains(&hours) {
                return refuse(
                    format!("`{key}` is {hours}"),
                    &format!("give whole hours from 1 to {MAX_HOURS}"),
                );
            }
        }
        if self.version.trim().is_empty() {
            return refuse("`version` is empty".into(), "name this version of the method");
        }
        if self.kinds.is_empty() {
            return refuse("`kinds` is empty".into(), "name at least one kind of interaction");
        }
        if self.kinds.len() > MAX_KINDS {
            return refuse(
                format!("`kinds` names {} kinds", self.kinds.len()),
                &format!("name at most {MAX_KINDS}"),
            );
        }
        for (kind, rule) in &self.kinds {
            let in_range = (MIN_WEIGHT..=MAX_WEIGHT).contains(&rule.weight);
            if rule.weight != 0.0 && !in_range {
                return refuse(
                    format!("`kinds.{kind}.weight` is {}", rule.weight),
                    &format!("give 0, or a weight from {MIN_WEIGHT} to {MAX_WEIGHT}"),
                );
            }
        }
        if self.reaction_kinds().next().is_none() {
            return refuse(
                "no kind counts as a reaction".into(),
                "set `reaction = true` for at least one",
            );
        }
        let rank = &self.rank;
        if !(0.0..1.0).contains(&rank.damping) {
            return refuse(
                format!("`rank.damping` is {}", rank.damping),
                "give 0 or more and less than 1",
            );
        }
        if !(1e-14..1.0).contains(&rank.tolerance) || rank.max_iterations == 0 {
            return refuse(
                format!(
                    "`rank.tolerance` is {}, `rank.max_iterations` {}",
                    rank.tolerance, rank.max_iterations
                ),
                "give a tolerance from 1e-14 to 1 and at least one iteration",
            );
        }
        let prior = self.amplification.prior_posts;
        if !(prior > 0.0 && prior.is_finite()) {
            return refuse(
                format!("`amplification.prior_posts` is {prior}"),
                "give a number above 0",
            );
        }
        let mass = self.gates.rank_mass_tolerance;
        if !(0.0..1.0).contains(&mass) {
            return refuse(
                format!("`gates.rank_mass_tolerance` is {mass}"),
                "give 0 or more and less than 1",
            );
        }
        self.checks.check(name)?;
        let (old, new) = renamed::ROLLING_ORIGIN;
        if self.fit.as_ref().is_some_and(|record| record.target == old) {
            return refuse(
                format!("`fit.target` is `{old}`"),
                &format!("it is called `{new}` now"),
            );
        }
        self.trust.check(name, self.attention.window_hours)?;
        self.check_topics(name)?;
        let outcomes = &self.forecast.outcomes;
        if let Some(kind) = outcomes.iter().find(|kind| !self.kinds.contains_key(*kind)) {
            return refuse(
                format!("`forecast.outcomes` names `{kind}`, which is not among the kinds"),
                "name kinds of this method",
            );
        }
        self.forecast.check(name)
    }

    fn check_topics(&self, name: &str) -> Result<()> {
        let rule = &self.topics;
        let share = 0.0..1.0;
        for (key, value, in_range, remedy) in [
            ("roll_up", rule.roll_up, share.contains(&rule.roll_up), "0 or more and less than 1"),
            ("parent_weight", rule.parent_weight, is_weight(rule.parent_weight), "0 to 1000"),
            ("title_weight", rule.title_weight, is_weight(rule.title_weight), "0 to 1000"),
            ("tag_weight", rule.tag_weight, is_weight(rule.tag_weight), "0 to 1000"),
            ("url_weight", rule.url_weight, is_weight(rule.url_weight), "0 to 1000"),
            ("max_topics", rule.max_topics.into(), (1..=20).contains(&rule.max_topics), "1 to 20"),
            ("min_share", rule.min_share, (0.0..=1.0).contains(&rule.min_share), "0 to 1"),
            (
                "evidence.half_lives",
                rule.evidence.half_lives,
                rule.evidence.half_lives > 0.0 && is_weight(rule.evidence.half_lives),
                "more than 0, at most 1000",
            ),
        ] {
            if !in_range {
                let cause = format!("{name}: `topics.{key}` is {value}");
                return Err(Error::bad_job(cause, format!("give {remedy}")));
            }
        }
        Ok(())
    }
}

/// Whether `weight` is at least 0 and not too large.
fn is_weight(weight: f64) -> bool {
    (0.0..=MAX_WEIGHT).contains(&weight)
}

/// Lower-case hexadecimal text of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
