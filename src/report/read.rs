//! What the page tells of a run, but for what is counted: its record and log, the few at either end, and topics.

use std::collections::BTreeMap;

use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, ident, lit};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::counted::standard;
use crate::commands::explain::{Contribution, Score};
use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::method::FitRecord;
use crate::publish::commit::{self, Commit};
use crate::publish::log::RunLog;
use crate::published::lookup::Topic;
use crate::published::{names, parsed, rows, table};
use crate::renamed;
use crate::storage::below;

/// How many of the highest people are shown.
const LEADERS: usize = 20;
/// How many of those who moved furthest, each way.
const MOVERS: usize = 5;
/// How many topics.
const TOPICS: usize = 15;
/// How many people of each topic.
const OF_TOPIC: usize = 3;

/// A row of `runs`.
#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub job: String,
    pub method_version: String,
    pub method_sha256: String,
    /// The method, whole, as JSON.
    method: String,
    pub renown_version: String,
    pub gates: Vec<String>,
}

impl Run {
    /// What the method was fitted to, if it was, as far as this version of Renown reads it.
    pub(super) fn fit(&self) -> Option<FitRecord> {
        let mut method: serde_json::Value = serde_json::from_str(&self.method).ok()?;
        renamed::update_method(&mut method);
        serde_json::from_value(method.get("fit")?.clone()).ok()
    }
}

/// The table `runs` of a commit.
pub(super) async fn run(engine: &Engine, output: &Url, commit: &Commit) -> Result<Run> {
    let found = table(engine, output, commit, "runs").await?;
    let found = rows("reading the table `runs`", found).await?;
    let row = found.first().ok_or_else(|| Error::internal("a run without a row in `runs`"))?;
    parsed("runs", row)
}

/// The commit that changes were told from, or, where no log says which, the one in force for the day before then.
pub(super) async fn before(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    log: Option<&RunLog>,
) -> Result<Option<Commit>> {
    let number = match log {
        Some(log) => log.run_before.as_ref().map(|before| before.commit),
        None => commit.before(commit.snapshot_date).map(|(_, number)| number),
    };
    let Some(number) = number else { return Ok(None) };
    commit::read(&engine.stores, &below(output, &commit::path(number))?).await
}

/// Somebody who is named, and why.
#[derive(Debug)]
pub(super) struct Person {
    pub name: String,
    pub score: Score,
    pub why: Vec<Contribution>,
    /// Points by cause, the largest first.
    pub causes: Vec<(String, f64)>,
}

/// The highest people, each with what adds most to the score.
pub(super) async fn leaders(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    scores: &DataFrame,
) -> Result<Vec<Person>> {
    let first =
        vec![ident("expected_reactors").sort(false, false), ident("person_id").sort(true, false)];
    let mut people = named(engine, output, commit, scores.clone(), first, LEADERS).await?;
    if commit.tables.contains_key("contributions") {
        let of = standard("contributions", table(engine, output, commit, "contributions").await?)?;
        let mut why: BTreeMap<String, Vec<Contribution>> =
            of_people("contributions", of, &people, &["network", "measure"]).await?;
        for (id, person) in &mut people {
            let mut own = why.remove(id).unwrap_or_default();
            own.retain(|row| row.points > 0.0 && row.measure != "reference");
            own.sort_by(|one, other| other.points.total_cmp(&one.points));
            own.truncate(3);
            person.why = own;
        }
    }
    Ok(people.into_iter().map(|(_, person)| person).collect())
}

/// A row of `changes`.
#[derive(Deserialize)]
struct Change {
    cause: String,
    points: f64,
}

/// Those who rose and those who fell most, each with the causes.
pub(super) async fn movers(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    scores: &DataFrame,
) -> Result<[Vec<Person>; 2]> {
    let changes = table(engine, output, commit, "changes").await?;
    let mut both = [vec![], vec![]];
    for (rising, all) in [false, true].into_iter().zip(&mut both) {
        let end = if rising {
            ident("change_1d").lt_eq(lit(-0.05))
        } else {
            ident("change_1d").gt_eq(lit(0.05))
        };
        let moved =
            scores.clone().filter(end).map_err(|e| Error::engine("reading the scores", e))?;
        let order =
            vec![ident("change_1d").sort(rising, false), ident("person_id").sort(true, false)];
        let mut people = named(engine, output, commit, moved, order, MOVERS).await?;
        let mut causes: BTreeMap<String, Vec<Change>> =
            of_people("changes", changes.clone(), &people, &["cause"]).await?;
        for (id, person) in &mut people {
            let own = causes.remove(id).unwrap_or_default();
            person.causes = own.into_iter().map(|c| (c.cause, c.points)).collect();
            person.causes.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
        }
        *all = people.into_iter().map(|(_, person)| person).collect();
    }
    Ok(both)
}

/// The first people of `scores` in some order, by id, with their names.
async fn named(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    scores: DataFrame,
    order: Vec<datafusion::logical_expr::SortExpr>,
    most: usize,
) -> Result<Vec<(String, Person)>> {
    let first = scores.sort(order).and_then(|scores| scores.limit(0, Some(most)));
    let first = first.map_err(|e| Error::engine("reading the scores", e))?;
    let found = rows("reading the scores", first).await?;
    let ids: Vec<&str> = found.iter().filter_map(|row| row.get("person_id")?.as_str()).collect();
    let people = table(engine, output, commit, "people").await?;
    let names = names(people, ids.iter().copied()).await?;
    let person = |(id, row): (&&str, _)| {
        let name = printable(names.get(*id).map_or(*id, String::as_str));
        let score = parsed("scores", row)?;
        Ok(((*id).to_owned(), Person { name, score, why: vec![], causes: vec![] }))
    };
    ids.iter().zip(&found).map(person).collect()
}

/// The rows of some people in a table, by person and then in order.
async fn of_people<T: DeserializeOwned>(
    name: &str,
    frame: DataFrame,
    people: &[(String, Person)],
    order: &[&str],
) -> Result<BTreeMap<String, Vec<T>>> {
    let what = format!("reading the table `{name}`");
    let ids: Vec<Expr> = people.iter().map(|(id, _)| lit(id.as_str())).collect();
    let order = order.iter().map(|column| ident(*column).sort(true, false)).collect();
    let own = frame.filter(ident("person_id").in_list(ids, false)).and_then(|own| own.sort(order));
    let mut by: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for row in &rows(&what, own.map_err(|e| Error::engine(&what, e))?).await? {
        let id = row.get("person_id").and_then(|id| id.as_str()).unwrap_or_default();
        by.entry(id.to_owned()).or_default().push(parsed(name, row)?);
    }
    Ok(by)
}

/// A topic, and who moves most people on it.
#[derive(Debug)]
pub(super) struct OnTopic {
    pub topic: Topic,
    /// Name and expected people.
    pub people: Vec<(String, f64)>,
}

/// A row of `topic_scores`.
#[derive(Deserialize)]
struct TopicScore {
    person_id: String,
    topic_id: String,
    expected_reactors: f64,
}

/// The topics that most people reacted to.
pub(super) async fn topics(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    public: bool,
) -> Result<Vec<OnTopic>> {
    let plan = |e| Error::engine("reading the table `topics`", e);
    let mut order: Vec<_> =
        ["reactors", "people", "posts"].map(|c| ident(c).sort(false, false)).into();
    order.push(ident("topic_id").sort(true, false));
    let all = table(engine, output, commit, "topics").await?;
    let first = all.sort(order).and_then(|all| all.limit(0, Some(TOPICS))).map_err(plan)?;
    let found = rows("reading the table `topics`", first).await?;
    let of = |row| Ok(OnTopic { topic: parsed("topics", row)?, people: vec![] });
    let mut topics = found.iter().map(of).collect::<Result<Vec<_>>>()?;
    if public {
        return Ok(topics);
    }
    let ids = topics.iter().map(|own| lit(own.topic.topic_id.as_str())).collect();
    let leading =
        ident("topic_id").in_list(ids, false).and(ident("position").lt_eq(lit(OF_TOPIC as i64)));
    let order = ["position", "person_id"].map(|column| ident(column).sort(true, false)).into();
    let leading = table(engine, output, commit, "topic_scores").await?.filter(leading);
    let leading = leading.and_then(|rows| rows.sort(order)).map_err(plan)?;
    let leading = rows("reading the table `topic_scores`", leading).await?;
    let leading: Vec<TopicScore> =
        leading.iter().map(|row| parsed("topic_scores", row)).collect::<Result<_>>()?;
    let people = table(engine, output, commit, "people").await?;
    let names = names(people, leading.iter().map(|own| own.person_id.as_str())).await?;
    for own in &mut topics {
        let leading =
            leading.iter().filter(|row| row.topic_id == own.topic.topic_id).take(OF_TOPIC);
        let name = |id: &String| printable(names.get(id).unwrap_or(id));
        own.people = leading.map(|row| (name(&row.person_id), row.expected_reactors)).collect();
    }
    Ok(topics)
}
