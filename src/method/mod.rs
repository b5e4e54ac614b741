//! The method file: everything that decides how a score is computed, versioned.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::{renamed, toml_file};

mod forecast;
pub mod profile;
mod record;
mod scale;
mod trust;

pub(crate) use forecast::suggested;
pub use forecast::{Forecast, Term, may_enter};
pub use record::{FitRecord, ROLLING_ORIGIN, Validation};
pub use scale::points;
pub use trust::{SeedRule, TrustRule};

/// The method that a job without a `method` key uses.
pub const BUILT_IN: &str = include_str!("../../jobs/methods/standard-4.toml");
/// Longest window of a measure, in hours (90 days); interactions are read back to it at least.
pub(crate) const MEASURE_HOURS: u32 = 90 * 24;
/// Longest window, in hours: ten years.
const LONGEST_HOURS: u32 = 87_660;
/// Kinds are numbered in 8 bits.
const MOST_KINDS: usize = 256;
/// Smallest weight of a kind that has any; in fixed point it is some thousand units.
const SMALLEST_WEIGHT: f64 = 1e-6;
/// Largest weight of a kind; keeps the fixed-point sums of attention far from overflow.
const LARGEST_WEIGHT: f64 = 1_000.0;

/// A method: a change of any key is a new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Name of this version; it stands in every scored row.
    pub version: String,
    /// Whether the coefficients were fitted to data; if not, every score says so.
    pub fitted: bool,
    /// Whether the data have no times at all, so that nothing is foreseen: every score says so.
    #[serde(default)]
    pub structural: bool,
    /// How interactions become attention.
    pub attention: AttentionRule,
    /// The kinds of interaction. An input that holds any other kind is refused.
    pub kinds: BTreeMap<String, KindRule>,
    /// Whose attention counts.
    #[serde(default)]
    pub trust: TrustRule,
    /// The propagation.
    #[serde(default)]
    pub rank: RankRule,
    /// How many posts the population's share counts for in each person's amplification.
    #[serde(default)]
    pub amplification: AmplificationRule,
    /// What posts are about, and who moves people on it.
    #[serde(default)]
    pub topics: TopicRule,
    /// Where the axes of style part people.
    #[serde(default)]
    pub style: StyleRule,
    /// The forecast of reactors.
    pub forecast: Forecast,
    /// Where its coefficients come from, if they were fitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<FitRecord>,
    /// What has to hold before anything is published.
    #[serde(default)]
    pub gates: GateRule,
}

/// How interactions become attention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttentionRule {
    /// Hours after which an interaction weighs half.
    pub half_life_hours: u32,
    /// Hours before the cutoff that count at all.
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

/// The propagation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RankRule {
    /// Share of a person's rank that is passed on, 0 or more and under 1.
    pub damping: f64,
    /// L1 distance to the exact ranks, rounding aside, at which to stop; 1e-14 or more.
    pub tolerance: f64,
    /// Iterations after which not having converged is an error.
    pub max_iterations: u32,
}

impl Default for RankRule {
    fn default() -> Self {
        Self { damping: 0.85, tolerance: 1e-12, max_iterations: 1_000 }
    }
}

/// How amplification is shrunk to the population.
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

/// What posts are about, and who moves people on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TopicRule {
    /// Share of a topic's weight that goes to the topics right above it, 0 or more and under 1.
    pub roll_up: f64,
    /// Weight of the topics of the post that a post replies to, quotes or passes on, beside its own; 0 or more.
    pub parent_weight: f64,
    /// Weight of a phrase in the title, where one in the text weighs 1; 0 or more, as those below.
    pub title_weight: f64,
    /// Weight of a phrase that is a tag.
    pub tag_weight: f64,
    /// Weight of a phrase in an address.
    pub url_weight: f64,
    /// Most topics of a post, 1 to 20.
    pub max_topics: u32,
    /// Least share of a post that is about a topic, 0 to 1; the largest is always one.
    pub min_share: f64,
    /// What has to be there before somebody is said to move people on a topic.
    pub evidence: Evidence,
    /// Pairs of people of whom one reacted to the other on a topic, from which on attention is propagated over
    /// them; on a topic with fewer each person's attention is divided once.
    pub ranked_pairs: u64,
    /// Posts kept of each topic, those with most reactors.
    pub posts: u32,
    /// Posts kept of each person on each topic.
    pub evidence_posts: u32,
    /// Topics kept of what each person talks about.
    pub interests: u32,
}

impl Default for TopicRule {
    fn default() -> Self {
        Self {
            roll_up: 0.5,
            parent_weight: 0.5,
            title_weight: 3.0,
            tag_weight: 3.0,
            url_weight: 1.0,
            max_topics: 5,
            min_share: 0.1,
            evidence: Evidence::default(),
            ranked_pairs: 100,
            posts: 20,
            evidence_posts: 5,
            interests: 50,
        }
    }
}

/// What has to be there before somebody is said to move people on a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Evidence {
    /// Own posts about it that drew a reaction.
    pub posts: u32,
    /// Distinct people who reacted to them, endorsed the person on the topic or put it on a list of that name.
    pub people: u32,
    /// Different weeks before the cutoff in which these posts were published.
    pub weeks: u32,
    /// Half-lives after which a post or a reaction is no evidence any more; more than 0.
    pub half_lives: f64,
    /// Endorsements and places on lists that count of one giver.
    pub per_giver: u32,
}

impl Default for Evidence {
    fn default() -> Self {
        Self { posts: 3, people: 5, weeks: 2, half_lives: 2.0, per_giver: 20 }
    }
}

/// Where the axes of style part people: medians of a population that the method names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StyleRule {
    /// Share of posts that are not passed on ones from which on somebody creates, 0 to 1; below it one shares.
    pub creating: f64,
    /// Entropy of the topics, in nats, up to which somebody is focused; above it one is broad.
    pub entropy: f64,
    /// Interactions with others in 90 days from which on somebody participates; below it one listens.
    pub interactions: u32,
    /// Weeks with any activity, of 13, from which on somebody is consistent; below it one is casual.
    pub weeks: u32,
}

impl Default for StyleRule {
    fn default() -> Self {
        Self { creating: 1.0, entropy: 1.07, interactions: 2, weeks: 2 }
    }
}

/// What has to hold before anything is published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GateRule {
    /// How far the ranks of a network may be from summing to 1.
    pub rank_mass_tolerance: f64,
    /// Fewest people that may be published: fewer tell of a late input, or of consent that is missing.
    pub min_people: u64,
}

impl Default for GateRule {
    fn default() -> Self {
        Self { rank_mass_tolerance: 1e-9, min_people: 1 }
    }
}

impl Method {
    /// Parses and checks a method file that people know as `name`.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for an unknown key, a wrong type or a value out of range.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let method: Self = toml_file::parse(name, text)?;
        method.check(name)?;
        Ok(method)
    }

    /// Hours before an instant in which interactions and posts are read: the attention window, and that of the longest
    /// measure at least.
    pub fn window_hours(&self) -> u32 {
        self.attention.window_hours.max(MEASURE_HOURS)
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

    /// Refuses values out of range in a method that people know as `name`.
    pub(crate) fn check(&self, name: &str) -> Result<()> {
        let refuse =
            |what: String, remedy: &str| Err(Error::bad_job(format!("{name}: {what}"), remedy));
        for (key, hours) in [
            ("attention.half_life_hours", self.attention.half_life_hours),
            ("attention.window_hours", self.attention.window_hours),
            ("forecast.horizon_hours", self.forecast.horizon_hours),
        ] {
            if !(1..=LONGEST_HOURS).contains(&hours) {
                return refuse(
                    format!("`{key}` is {hours}"),
                    &format!("give whole hours from 1 to {LONGEST_HOURS}"),
                );
            }
        }
        if self.version.trim().is_empty() {
            return refuse("`version` is empty".into(), "name this version of the method");
        }
        if self.kinds.is_empty() {
            return refuse("`kinds` is empty".into(), "name at least one kind of interaction");
        }
        if self.kinds.len() > MOST_KINDS {
            return refuse(
                format!("`kinds` names {} kinds", self.kinds.len()),
                &format!("name at most {MOST_KINDS}"),
            );
        }
        for (kind, rule) in &self.kinds {
            let weighs = (SMALLEST_WEIGHT..=LARGEST_WEIGHT).contains(&rule.weight);
            if rule.weight != 0.0 && !weighs {
                return refuse(
                    format!("`kinds.{kind}.weight` is {}", rule.weight),
                    &format!("give 0, or a weight from {SMALLEST_WEIGHT} to {LARGEST_WEIGHT}"),
                );
            }
        }
        if self.reaction_kinds().next().is_none() {
            return refuse("no kind counts as a reaction".into(), "give one `reaction = true`");
        }
        let rank = &self.rank;
        if !(0.0..1.0).contains(&rank.damping) {
            return refuse(
                format!("`rank.damping` is {}", rank.damping),
                "give 0 or more and under 1",
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
                "give 0 or more and under 1",
            );
        }
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
        for (key, value, fine, remedy) in [
            ("roll_up", rule.roll_up, share.contains(&rule.roll_up), "0 or more and under 1"),
            ("parent_weight", rule.parent_weight, weighs(rule.parent_weight), "0 to 1000"),
            ("title_weight", rule.title_weight, weighs(rule.title_weight), "0 to 1000"),
            ("tag_weight", rule.tag_weight, weighs(rule.tag_weight), "0 to 1000"),
            ("url_weight", rule.url_weight, weighs(rule.url_weight), "0 to 1000"),
            ("max_topics", rule.max_topics.into(), (1..=20).contains(&rule.max_topics), "1 to 20"),
            ("min_share", rule.min_share, (0.0..=1.0).contains(&rule.min_share), "0 to 1"),
            (
                "evidence.half_lives",
                rule.evidence.half_lives,
                rule.evidence.half_lives > 0.0 && weighs(rule.evidence.half_lives),
                "more than 0, at most 1000",
            ),
        ] {
            if !fine {
                let cause = format!("{name}: `topics.{key}` is {value}");
                return Err(Error::bad_job(cause, format!("give {remedy}")));
            }
        }
        Ok(())
    }
}

/// Whether `weight` is none below 0 and not too large.
fn weighs(weight: f64) -> bool {
    (0.0..=LARGEST_WEIGHT).contains(&weight)
}

/// Lower-case hexadecimal text of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
