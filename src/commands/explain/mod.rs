//! One person of a published run: who it is, what was counted, who moves whom, and what is missing.

mod page;
mod score;
mod topic;

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type};
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast, ident, lit};
pub use page::render;
pub(crate) use page::{align_right, number, plain, signed};
pub use score::{Change, Contribution, Otherwise, WhatIf};
pub(crate) use score::{said, words};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
pub use topic::{TopicExplanation, explain_topic, render_topic};
use url::Url;

use crate::commands::top;
use crate::engine::{self, Engine};
use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::publish::commit::Commit;
use crate::published::{lookup, names, parsed, rows, table};
use crate::schema::{self, Direction, OWN_MEASURE};
use renown_stats::percentile::{median, place};

/// Most people named in either direction of influence.
const NEIGHBOURS: usize = 10;

/// What a run says of one person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// Number of the commit.
    pub commit: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Id of the run.
    pub run_id: String,
    /// Who it is.
    pub person: Who,
    /// Name of the profile that the score is of.
    pub profile: String,
    /// The score.
    pub score: Score,
    /// What it is made of, in order of network and measure; the points sum to it.
    pub contributions: Vec<Contribution>,
    /// Why it moved since the run before, in order of cause; of the standard profile alone.
    pub changes: Vec<Change>,
    /// The score that would be, if what was asked for held.
    pub what_if: Vec<Otherwise>,
    /// The measures that go with most points when they are a tenth or at least one higher. These are associations, no
    /// promises.
    pub suggestions: Vec<Otherwise>,
    /// Every measure on every network, in order of network and contract.
    pub measures: Vec<Measure>,
    /// To whom the person gives most attention, the strongest first; at most ten.
    pub influencers: Vec<Neighbour>,
    /// Who gives the person most attention, the strongest first; at most ten.
    pub influenced: Vec<Neighbour>,
    /// What would have to be known to say more.
    pub missing: Vec<String>,
}

/// A row of `people`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Who {
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
}

/// A row of `scores`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Points, 1 to 100.
    pub score: f64,
    /// Lower end of the 90 % interval.
    #[serde(default)]
    pub score_low: Option<f64>,
    /// Upper end of it.
    #[serde(default)]
    pub score_high: Option<f64>,
    /// Points since the run before.
    #[serde(default)]
    pub change_1d: Option<f64>,
    /// Expected people in the horizon.
    pub expected_reactors: f64,
    /// Percentile among everyone scored.
    pub percentile: f64,
    /// True Reach, in people.
    pub true_reach: f64,
    /// Amplification, 0 to 100.
    pub amplification: Option<f64>,
    /// Network, 0 to 100.
    pub network_score: Option<f64>,
    /// How the person takes part.
    #[serde(default)]
    pub style: Option<String>,
    /// Share of reactions below zero, 0 to 1.
    pub negative_share: Option<f64>,
    /// What to know about the score.
    pub flags: Vec<String>,
    /// Version of the method.
    pub method_version: String,
}

/// A measure of the person on one network, beside everybody there for whom it is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// The network.
    pub network: String,
    /// Name of the measure.
    pub name: String,
    /// Its value, if known.
    pub value: Option<f64>,
    /// Median on the network, if it is known of anybody.
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

/// Somebody at the other end of an edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Network on which the attention is given.
    pub network: String,
    /// The other person.
    pub person_id: String,
    /// Name that person shows.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Attention given.
    pub attention: f64,
    /// Share of all attention that the influenced gives, 0 to 1.
    pub attention_share: f64,
    /// Share of all attention that the influencer receives, 0 to 1.
    pub audience_share: f64,
}

/// What is asked about a score.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Name of the profile.
    pub profile: String,
    /// What is to be taken as otherwise than it is.
    pub what_if: Vec<WhatIf>,
}

impl Default for Asked {
    fn default() -> Self {
        Self { profile: STANDARD.to_owned(), what_if: vec![] }
    }
}

/// What the committed run below `output` says of `person`: a person id, an account as
/// `network:account_id`, the bare id of an account, or a display name; the first of these that
/// anybody has decides.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people are meant or there is no such profile, [`crate::error::Kind::BadInput`] if nobody is or a file cannot be
/// read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn explain(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    person: &str,
    asked: &Asked,
) -> Result<Explanation> {
    let open = async |name: &str| table(engine, output, commit, name).await;
    let people = open("people").await?;
    let id = lookup::person(people.clone(), person).await?;
    let who: Who = only("people", people.clone(), &id).await?;
    let of_profile = |frame: DataFrame| {
        let own = frame.filter(ident("profile").eq(lit(asked.profile.as_str())));
        own.map_err(|e| Error::engine("reading a profile", e))
    };
    let scores = top::of_profile(open("scores").await?, &asked.profile).await?;
    let score: Score = only("scores", scores, &id).await?;
    let measures = measures(open("measures").await?, &id).await?;
    // A run of an earlier version has neither.
    let (mut contributions, mut changes) = (vec![], vec![]);
    if commit.tables.contains_key("contributions") {
        let order = ["network", "measure"];
        let frame = of_profile(open("contributions").await?)?;
        contributions = every("contributions", frame, &id, &order).await?;
        if asked.profile == STANDARD {
            changes = every("changes", open("changes").await?, &id, &["cause"]).await?;
        }
    }
    let (mut what_if, mut suggestions) = (vec![], vec![]);
    if !contributions.is_empty() || !asked.what_if.is_empty() {
        let published = rows("reading the table `runs`", open("runs").await?).await?;
        let published = published.first().and_then(|row| row.get("profiles")?.as_str());
        let profile = score::profile(published.unwrap_or_default(), &asked.profile, &score)?;
        what_if = score::what_if(&profile, &measures, &asked.what_if)?;
        suggestions = score::suggestions(&profile, &measures);
    }
    let edges = open("influence_edges").await?;
    let influencers = neighbours(edges.clone(), &people, &id, "influenced_id", "influencer_id");
    let influencers = influencers.await?;
    let influenced = neighbours(edges, &people, &id, "influencer_id", "influenced_id").await?;
    let missing = missing(&who, &score, &measures);
    Ok(Explanation {
        commit: commit.number,
        snapshot_date: commit.snapshot_date,
        run_id: commit.run_id.clone(),
        person: who,
        profile: asked.profile.clone(),
        score,
        contributions,
        changes,
        what_if,
        suggestions,
        measures,
        influencers,
        influenced,
        missing,
    })
}

/// The only row of `id` in a table.
async fn only<T: DeserializeOwned>(name: &str, frame: DataFrame, id: &str) -> Result<T> {
    let what = format!("reading the table `{name}`");
    let of_person = frame.filter(ident("person_id").eq(lit(id)));
    let found = rows(&what, of_person.map_err(|e| Error::engine(&what, e))?).await?;
    let [row] = found.as_slice() else {
        return Err(Error::bad_input(
            format!("the table `{name}` has {} rows of `{id}`", found.len()),
            "restore its files, or run the job again from its inputs",
        ));
    };
    parsed(name, row)
}

/// Every row of `id` in a table, in the order of some columns.
async fn every<T: DeserializeOwned>(
    name: &str,
    frame: DataFrame,
    id: &str,
    order: &[&str],
) -> Result<Vec<T>> {
    let what = format!("reading the table `{name}`");
    let order = order.iter().map(|column| ident(*column).sort(true, false)).collect();
    let of_person = frame.filter(ident("person_id").eq(lit(id))).and_then(|rows| rows.sort(order));
    let found = rows(&what, of_person.map_err(|e| Error::engine(&what, e))?).await?;
    found.iter().map(|row| parsed(name, row)).collect()
}

async fn measures(frame: DataFrame, id: &str) -> Result<Vec<Measure>> {
    let what = "reading the table `measures`";
    let plan = |e| Error::engine(what, e);
    let own = frame.clone().filter(ident("person_id").eq(lit(id))).map_err(plan)?;
    let own = rows(what, own.sort(vec![ident("network").sort(true, false)]).map_err(plan)?).await?;
    let contract = schema::table(Direction::Output, "measures")?;
    let declared = contract.columns.iter().filter(|column| column.measure.is_some());
    let declared = declared.map(|c| (c.name.as_str(), c.unit.as_str(), c.meaning.as_str()));
    let columns: Vec<String> = frame.schema().fields().iter().map(|f| f.name().clone()).collect();
    let stated = columns.iter().filter(|name| name.starts_with(OWN_MEASURE));
    let stated = stated.map(|name| (name.as_str(), "", "As `accounts` states it."));
    let told: Vec<(&str, &str, &str)> = declared.chain(stated).collect();
    let mut measures = Vec::new();
    for row in &own {
        let network = row.get("network").and_then(Value::as_str).unwrap_or_default();
        let there = frame.clone().filter(ident("network").eq(lit(network))).map_err(plan)?;
        for (name, unit, meaning) in &told {
            // A run of an earlier version may lack a measure.
            let Some(value) = row.get(*name).map(Value::as_f64) else { continue };
            let sorted = sorted(there.clone(), name).await?;
            measures.push(Measure {
                network: network.to_owned(),
                name: (*name).to_owned(),
                value,
                median: median(&sorted),
                percentile: value.map(|value| place(&sorted, comparable(name, value))),
                people: sorted.len(),
                unit: (*unit).to_owned(),
                meaning: (*meaning).to_owned(),
            });
        }
    }
    Ok(measures)
}

/// The known values of one column, rising; one column at a time is in memory.
async fn sorted(frame: DataFrame, name: &str) -> Result<Vec<f64>> {
    let what = "reading the table `measures`";
    let column = frame.select(vec![cast(ident(name), DataType::Float64)]);
    let column = engine::rows(what, column.map_err(|e| Error::engine(what, e))?).await?;
    let column = column.column(0).as_primitive::<Float64Type>();
    let mut values: Vec<f64> =
        column.iter().flatten().map(|value| comparable(name, value)).collect();
    values.sort_unstable_by(f64::total_cmp);
    Ok(values)
}

/// PageRank is compared rounded to 32 bits, as for `pagerank_percentile`: equal places differ by rounding.
fn comparable(measure: &str, value: f64) -> f64 {
    if measure == "pagerank" { f64::from(value as f32) } else { value }
}

/// The strongest edges whose end `own` is the person, and who is at the end `other`.
async fn neighbours(
    edges: DataFrame,
    people: &DataFrame,
    id: &str,
    own: &str,
    other: &str,
) -> Result<Vec<Neighbour>> {
    let what = "reading the table `influence_edges`";
    let plan = |e| Error::engine(what, e);
    let order = vec![
        ident("attention").sort(false, false),
        ident("network").sort(true, false),
        ident(other).sort(true, false),
    ];
    let strongest = edges
        .filter(ident(own).eq(lit(id)))
        .and_then(|edges| edges.sort(order))
        .and_then(|edges| edges.limit(0, Some(NEIGHBOURS)))
        .map_err(plan)?;
    // The column of the person at the other end is called as in `people`.
    let strongest = strongest.with_column_renamed(other, "person_id").map_err(plan)?;
    let strongest = rows(what, strongest).await?;
    let mut neighbours: Vec<Neighbour> =
        strongest.iter().map(|row| parsed("influence_edges", row)).collect::<Result<_>>()?;
    let names = names(people.clone(), neighbours.iter().map(|n| n.person_id.as_str())).await?;
    for neighbour in &mut neighbours {
        neighbour.display_name = names.get(&neighbour.person_id).cloned();
    }
    Ok(neighbours)
}

/// What is not known, and why, as far as the tables tell.
fn missing(who: &Who, score: &Score, measures: &[Measure]) -> Vec<String> {
    let mut missing = Vec::new();
    let profile = [
        ("display name", &who.display_name),
        ("country", &who.country),
        ("language", &who.language),
    ];
    for (name, _) in profile.iter().filter(|(_, value)| value.is_none()) {
        missing.push(format!("{name}: no account of the person states one in `accounts`"));
    }
    for network in &who.networks {
        let of = |name: &str| {
            let own = |m: &&Measure| m.network == *network && m.name == name;
            measures.iter().find(own).and_then(|m| m.value)
        };
        let mut unknown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for m in measures.iter().filter(|m| m.network == *network && m.value.is_none()) {
            unknown.entry(why_unknown(&m.name, of)).or_default().push(&m.name);
        }
        for (why, names) in unknown {
            missing.push(format!("{} on {network}: {why}", names.join(", ")));
        }
    }
    for flag in who.flags.iter().chain(&score.flags) {
        let told = match flag.as_str() {
            "method_not_fitted" => "the method's coefficients were set by hand, not fitted",
            "trust_fallback" => {
                "a network has no seeds of trust: trusted there is who acted before and drew attention"
            }
            "outside_range" => "a measure is larger than any that the method was fitted on",
            "trust_not_applied" => "every actor counts alike, however little is known of them",
            "thin_evidence" => "fewer than five distinct people reacted within 90 days",
            "automated" => "an account says that it is automated",
            _ => "see `renown schema scores` and `renown schema people`",
        };
        missing.push(format!("{flag}: {told}"));
    }
    missing
}

fn why_unknown(measure: &str, of: impl Fn(&str) -> Option<f64>) -> &'static str {
    match measure {
        "audience_pagerank_percentile" => "nobody gave attention within the method's window",
        "reciprocity" => "no audience within 90 days",
        "trust" => "the network has no seeds of trust",
        "followers" | "trusted_followers" | "follows_gained_30d" | "follows_gained_90d"
        | "follow_pagerank" => "the run had no `follows` input",
        "followers_count" | "listed_count" | "account_age_days" => {
            "no account of the person states it in `accounts`"
        }
        "audience_followers" => "nobody who gave attention states it in `accounts`",
        own if own.starts_with(OWN_MEASURE) => "no account of the person states it in `accounts`",
        "burstiness" => "fewer than three reactions within 90 days, or all within one hour",
        "concentration" => "no reactions within 90 days",
        "negative_share" if of("reactions_90d") == Some(0.0) => "no reactions within 90 days",
        "negative_share" => "the sentiment of no reaction within 90 days is known",
        _ if of("posts_90d").is_none() => "the run had no `posts` input",
        _ => "no own posts within 90 days",
    }
}
