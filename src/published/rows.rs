//! The rows of published tables: the only place that knows their columns. A field that is an `Option` may be null, or its
//! column absent in a run of an earlier version.
//!
//! An answer to a question about one person or topic names it once, so that its keys are left out of each row in JSON.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::method::profile::Profile;
use crate::method::{FitRecord, Method};
use crate::renamed;

/// A row of a published table, or some of its columns.
pub trait TableRow: DeserializeOwned {
    /// Name of the table.
    const TABLE: &'static str;

    /// The same with texts that are borrowed from the file that is read, for going through whole tables.
    type Borrowed<'a>: Deserialize<'a>;
}

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonRow {
    /// Person id.
    pub person_id: String,
    /// Name the person shows.
    pub display_name: Option<String>,
    /// Accounts, each `network:account_id`.
    pub accounts: Vec<String>,
    /// Networks with an account.
    pub networks: Vec<String>,
    /// Country.
    pub country: Option<String>,
    /// Main language.
    pub language: Option<String>,
    /// What to know about the person.
    pub flags: Vec<String>,
    /// What the person disputes, each after the day since when; none in runs of earlier versions.
    pub disputes: Option<Vec<String>>,
}

/// The score of a person under a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreRow {
    /// Person id.
    #[serde(skip_serializing)]
    pub person_id: String,
    /// Points, 1 to 100.
    pub score: f64,
    /// Lower end of the 90 % prediction interval.
    pub score_low: Option<f64>,
    /// Upper end of it.
    pub score_high: Option<f64>,
    /// Points since the previous run.
    pub change_1d: Option<f64>,
    /// Forecast people within the horizon.
    pub expected_reactors: f64,
    /// Percentile among everyone scored.
    pub percentile: f64,
    /// True Reach, in people.
    pub true_reach: f64,
    /// Amplification, 0 to 100.
    pub amplification: Option<f64>,
    /// Network, 0 to 100.
    pub network_score: Option<f64>,
    /// How the person participates.
    pub style: Option<String>,
    /// Share of reactions below zero, 0 to 1.
    pub negative_share: Option<f64>,
    /// What to know about the score.
    pub flags: Vec<String>,
    /// The latest event that reached the person; none in runs of earlier versions.
    pub data_until: Option<String>,
    /// Version of the method.
    pub method_version: String,
}

/// What a measure on a network adds to the score of a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContributionRow {
    /// Person id.
    #[serde(skip_serializing)]
    pub person_id: String,
    /// Network; empty for the reference person.
    pub network: String,
    /// The measure, `level`, `joined` or `reference`.
    pub measure: String,
    /// The person's value.
    pub value: Option<f64>,
    /// The reference person's value.
    pub reference_value: Option<f64>,
    /// Points.
    pub points: f64,
}

/// What a cause adds to the change of a person's score since the previous run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChangeRow {
    /// Person id.
    #[serde(skip_serializing)]
    pub person_id: String,
    /// The cause.
    pub cause: String,
    /// Points.
    pub points: f64,
    /// Day of the previous run.
    pub previous_snapshot_date: NaiveDate,
}

/// A topic that posts are about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TopicRow {
    /// Id.
    pub topic_id: String,
    /// Name as it is shown.
    pub name: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// Ids of the topics above it.
    pub ancestors: Vec<String>,
    /// People with a score on it, in steps of 11; none below.
    pub people: Option<u64>,
    /// Original posts about it, in steps of 11; none below.
    pub posts: Option<u64>,
    /// Distinct people who reacted to them, in steps of 11; none below.
    pub reactors: Option<u64>,
}

impl TopicRow {
    /// Whether it is `above`, or lies under it.
    pub fn lies_under(&self, above: &str) -> bool {
        self.topic_id == above || self.ancestors.iter().any(|id| id == above)
    }
}

/// The score of a person on a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopicScoreRow {
    /// Person id.
    #[serde(skip_serializing)]
    pub person_id: String,
    /// Topic id.
    #[serde(skip_serializing)]
    pub topic_id: String,
    /// Points, 1 to 100.
    pub score: f64,
    /// Forecast people on the topic within the horizon.
    pub expected_reactors: f64,
    /// Position among those with a score on it, from 1.
    pub position: u64,
    /// Percentile among them.
    pub percentile: f64,
    /// Share of the attention on the topic that ends up with the person.
    pub topic_attention_share: f64,
    /// Posts that count as evidence.
    pub posts: u64,
    /// Distinct people who reacted to them.
    pub reactors: u64,
    /// Distinct trusted people who endorsed or listed the person.
    pub endorsers: u64,
    /// Sum of the credit of everybody who did; none in runs of earlier versions.
    #[serde(default)]
    pub credited_endorsers: Option<f64>,
    /// Distinct trusted people of both kinds.
    pub people: u64,
    /// Different weeks of them.
    pub weeks: u64,
    /// Share of negative reactions; none where no sentiment is known.
    pub negative_share: Option<f64>,
}

/// How much a person writes about a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterestRow {
    /// Person id.
    #[serde(skip_serializing)]
    pub person_id: String,
    /// Topic id.
    #[serde(skip_serializing)]
    pub topic_id: String,
    /// Share of what the person's posts are about, 0 to 1.
    pub expressed_share: f64,
    /// Posts about it.
    pub posts: u64,
}

/// A post that is evidence for the score of a person on a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EvidenceRow {
    /// Network of the post.
    pub network: String,
    /// Id of the post.
    pub post_id: String,
    /// When it was published, UTC.
    pub created_at: String,
    /// Phrases of the topic that it holds.
    pub phrases: Vec<String>,
    /// Distinct people who reacted to it.
    pub reactors: u64,
    /// Ids of the first ten of them.
    pub reactor_ids: Vec<String>,
    /// Share of the post that is about the topic, 0 to 1.
    pub share: f64,
}

/// Attention that one person gives another.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct EdgeRow {
    /// Network on which the attention is given.
    pub network: String,
    /// Who receives it.
    pub influencer_id: String,
    /// Who gives it.
    pub influenced_id: String,
    /// Attention given.
    pub attention: f64,
    /// Share of all attention that the influenced gives, 0 to 1.
    pub attention_share: f64,
    /// Share of all attention that the influencer receives, 0 to 1.
    pub audience_share: f64,
}

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct RunRow {
    /// Name of the job.
    pub job: String,
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of the method's content.
    pub method_sha256: String,
    /// The method, whole, as JSON; see [`RunRow::method`].
    pub method: Option<String>,
    /// The profiles with their forecasts, as JSON; see [`RunRow::profiles`].
    pub profiles: Option<String>,
    /// Version of Renown that made it.
    pub renown_version: String,
    /// Hours of the past that the data of each network cover, each `network: hours`; none in runs of earlier versions.
    pub covered_hours: Option<Vec<String>>,
    /// Networks whose founders are settled; none in runs of earlier versions.
    pub trust_networks: Option<Vec<String>>,
    /// What the scores were made for; none in runs of earlier versions.
    pub permitted_uses: Option<Vec<String>>,
    /// What they must not be used for; none in runs of earlier versions.
    pub forbidden_uses: Option<Vec<String>>,
    /// Gates with their outcomes, each `name: outcome`.
    pub gates: Vec<String>,
    /// Checks whose findings somebody accepted, each `check: reason (who)`; none in runs of earlier versions.
    pub accepted: Option<Vec<String>>,
}

impl RunRow {
    /// The method, if this version of Renown reads it.
    pub fn method(&self) -> Option<Method> {
        serde_json::from_value(self.method_value()?).ok()
    }

    /// What the method was fitted to, if it was, as far as this version of Renown reads it.
    pub fn fit(&self) -> Option<FitRecord> {
        serde_json::from_value(self.method_value()?.get("fit")?.clone()).ok()
    }

    /// Hours of the past that the data of a network cover; none in runs of earlier versions.
    pub fn covered_hours(&self, network: &str) -> Option<u32> {
        let all = self.covered_hours.as_ref()?.iter();
        let mut named = all.filter_map(|one| one.rsplit_once(": "));
        named.find(|(name, _)| *name == network)?.1.parse().ok()
    }

    fn method_value(&self) -> Option<Value> {
        let mut method = serde_json::from_str(self.method.as_ref()?).ok()?;
        renamed::update_method(&mut method);
        Some(method)
    }

    /// The profile `name` with its forecast, if there is one that this version of Renown reads.
    pub fn profile(&self, name: &str) -> Option<Profile> {
        let profiles: Vec<Value> = serde_json::from_str(self.profiles.as_ref()?).ok()?;
        let mut profile = profiles.into_iter().find(|profile| profile["name"] == name)?;
        renamed::update_profile(&mut profile);
        serde_json::from_value(profile).ok()
    }
}

/// Columns of `people` that identify them.
#[derive(Deserialize)]
pub(crate) struct PersonNames<Text = String> {
    pub person_id: Text,
    pub display_name: Option<Text>,
    pub accounts: Vec<Text>,
}

/// How much an account's attention counts, and what is carried of it from night to night.
#[derive(Deserialize)]
pub(crate) struct AccountRow<Text = String> {
    pub network: Text,
    pub account_id: Text,
    pub credit: f64,
    pub known_since: Option<NaiveDate>,
    pub is_founder: i64,
    pub full_credit_since: Option<NaiveDate>,
    pub full_credit_missed_days: Option<i64>,
}

/// Columns of `accounts` that say how much a person counts.
#[derive(Deserialize)]
pub(crate) struct CreditRow<Text = String> {
    pub person_id: Text,
    pub credit: f64,
}

/// Columns of `people` that group them.
#[derive(Deserialize)]
pub(crate) struct PersonGroups<Text = String> {
    pub person_id: Text,
    pub networks: Vec<Text>,
    pub country: Option<Text>,
    pub language: Option<Text>,
}

/// Columns of `scores` that order people.
#[derive(Deserialize)]
pub(crate) struct ScoreOrder<Text = String> {
    pub person_id: Text,
    pub score: f64,
    pub expected_reactors: f64,
}

/// Columns of `scores` that are summarised.
#[derive(Deserialize)]
pub(crate) struct ScoreSummary<Text = String> {
    pub score: f64,
    pub expected_reactors: f64,
    pub change_1d: Option<f64>,
    pub style: Option<Text>,
    pub flags: Vec<Text>,
}

/// Columns of `changes` that are summarised.
#[derive(Deserialize)]
pub(crate) struct ChangePoints<Text = String> {
    pub cause: Text,
    pub points: f64,
}

/// Columns of `contributions` that are summarised.
#[derive(Deserialize)]
pub(crate) struct ContributionPoints<Text = String> {
    pub measure: Text,
    pub value: Option<f64>,
    pub points: f64,
}

macro_rules! rows {
    ($($row:ident: $table:literal => $borrowed:ty;)*) => {
        $(impl TableRow for $row {
            const TABLE: &'static str = $table;
            type Borrowed<'a> = $borrowed;
        })*
    };
}

rows! {
    PersonRow: "people" => Self;
    PersonNames: "people" => PersonNames<&'a str>;
    PersonGroups: "people" => PersonGroups<&'a str>;
    AccountRow: "accounts" => AccountRow<&'a str>;
    CreditRow: "accounts" => CreditRow<&'a str>;
    ScoreRow: "scores" => Self;
    ScoreOrder: "scores" => ScoreOrder<&'a str>;
    ScoreSummary: "scores" => ScoreSummary<&'a str>;
    ContributionRow: "contributions" => Self;
    ContributionPoints: "contributions" => ContributionPoints<&'a str>;
    ChangeRow: "changes" => Self;
    ChangePoints: "changes" => ChangePoints<&'a str>;
    TopicRow: "topics" => Self;
    TopicScoreRow: "topic_scores" => Self;
    InterestRow: "topic_interests" => Self;
    EvidenceRow: "topic_evidence" => Self;
    EdgeRow: "influence_edges" => Self;
    RunRow: "runs" => Self;
}
