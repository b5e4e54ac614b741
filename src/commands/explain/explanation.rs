//! What a published run holds on one person.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use crate::published::describe::Windows;
use crate::published::rows::{
    ChangeRow, ContributionRow, EvidenceRow, InterestRow, PersonRow, ScoreRow, TopicScoreRow,
};

/// The score of a person, explained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Number of the commit.
    pub commit: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Id of the run.
    pub run_id: String,
    /// The person.
    pub person: PersonRow,
    /// Name of the profile that the score is of.
    pub profile: String,
    /// What is forecast, in words.
    pub forecast: String,
    /// The score.
    pub score: ScoreRow,
    /// What it is made of, in order of network and measure; the points sum to it.
    pub contributions: Vec<ContributionRow>,
    /// How much of the past the data of the networks cover, in their order; empty where the run does not say, and where no sum fades.
    pub coverage: Vec<Coverage>,
    /// Why it changed since the previous run, in order of cause; only for the standard profile.
    pub changes: Vec<ChangeRow>,
    /// The scores with the values of measures in the request.
    pub what_if: Vec<Alternative>,
    /// The measures associated with the largest gain when they are 10 % or at least one higher. Association is not cause.
    pub suggestions: Vec<Alternative>,
    /// Every measure on every network, in order of network and contract.
    pub measures: Vec<PersonMeasure>,
    /// How much the person's attention to others counts, in order of network.
    pub credit: Vec<Credit>,
    /// The people to whom the person gives most attention, the strongest first; at most ten.
    pub influencers: Vec<Neighbour>,
    /// The people who give the person most attention, the strongest first; at most ten.
    pub influenced: Vec<Neighbour>,
    /// What is unknown, and why.
    pub unknown: Vec<String>,
    /// How far back the measures of the method look.
    #[serde(skip)]
    pub(super) windows: Windows,
}

/// How much of the past the data of a network cover, and how much sums that fade are scaled up for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The network.
    pub network: String,
    /// Hours of the past that its data cover, up to those that the forecast looks back.
    pub covered_hours: u32,
    /// Hours that the forecast looks back.
    pub history_hours: u32,
    /// Hours that it looks ahead; with fewer hours covered the score has the flag `short_history`.
    pub horizon_hours: u32,
    /// How many times as large as what the data hold its sums are at most.
    pub largest_scale: f64,
}

/// A measure of the person on one network, with its distribution there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonMeasure {
    /// The network.
    pub network: String,
    /// Name of the measure.
    pub name: String,
    /// Its value, if known.
    pub value: Option<f64>,
    /// Median on the network, if it is known of anyone.
    pub median: Option<f64>,
    /// Mid-rank percentile of the person on the network, 0 to 100; ties count half.
    pub percentile: Option<f64>,
    /// People on the network for whom it is known.
    pub people: usize,
    /// Unit of the values.
    pub unit: String,
    /// What a value means.
    pub meaning: String,
}

/// How much the attention of the person to others counts on one network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Credit {
    /// The network.
    pub network: String,
    /// 0 to 1.
    pub credit: f64,
    /// Vouches of long-standing people; none where everybody counts whole.
    pub vouches: Option<f64>,
    /// Vouches for full credit; none where everybody counts whole, and in runs of methods that this version does not read.
    pub full_credit: Option<u32>,
    /// Since which day the person is long-standing.
    pub known_since: Option<NaiveDate>,
    /// Whether the person was known before the first night with trust.
    pub is_founder: bool,
}

/// A score that would be, if a measure had another value and all else were as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// Network of the measure.
    pub network: String,
    /// The measure.
    pub measure: String,
    /// Its value.
    pub value: f64,
    /// The value instead.
    pub new_value: f64,
    /// The score with it.
    pub score: f64,
    /// Points by which that is higher.
    pub points: f64,
}

/// The person at the other end of an edge of attention.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Neighbour {
    /// Network on which the attention is given.
    pub network: String,
    /// The other person.
    pub person_id: String,
    /// Name that person shows.
    pub display_name: Option<String>,
    /// Attention given.
    pub attention: f64,
    /// Share of all attention that the influenced gives, 0 to 1.
    pub attention_share: f64,
    /// Share of all attention that the influencer receives, 0 to 1.
    pub audience_share: f64,
}

/// What a run holds on one person on one topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicExplanation {
    /// The person.
    pub person: PersonRow,
    /// Id of the topic.
    pub topic_id: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// The score on it; none without enough evidence.
    pub score: Option<TopicScoreRow>,
    /// How much the person writes about it; none if too little is about it.
    pub interest: Option<InterestRow>,
    /// The strongest posts behind the score.
    pub evidence: Vec<EvidenceRow>,
    /// Names of the people that the evidence names, by id; those without a name are left out.
    pub names: BTreeMap<String, String>,
}
