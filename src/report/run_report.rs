//! What the page shows of a run: its record and log, summaries of its tables, the people at either end, and topics.

use std::collections::BTreeMap;

use datafusion::logical_expr::SortExpr;
use datafusion::prelude::{Expr, ident, lit};

use super::privacy::MIN_PEOPLE;
use super::summaries::{self, Cause, Part, ScoresSummary};
use crate::engine::Engine;
use crate::error::{Result, printable_name};
use crate::method::profile::STANDARD;
use crate::number_format::count;
use crate::publish::commit::Commit;
use crate::publish::history::CommitHistory;
use crate::publish::log::RunLog;
use crate::published::Run;
use crate::published::check_rows::CheckRow;
use crate::published::describe::Windows;
use crate::published::rows::{
    ChangeRow, ContributionRow, RunRow, ScoreRow, TableRow, TopicRow, TopicScoreRow,
};
use crate::published::table::{ascending, highest_first, of_people, of_profile};

/// How many of the highest people are shown.
const LEADERS: usize = 20;
/// How many of those who changed most, each way.
const MOVERS: usize = 5;
/// How many topics.
const TOPICS: usize = 15;
/// How many people of each topic.
const OF_TOPIC: usize = 3;
/// Least change that is shown, in points.
const LEAST_CHANGE: f64 = 0.05;

/// What the page shows of a run.
pub(super) struct RunReport {
    /// Whether the page names nobody and shows nothing of few people.
    pub public: bool,
    pub commit: Commit,
    pub record: RunRow,
    /// How the people react who are forecast: nothing if in any way, else ` by ` and the kinds.
    pub reacting_by: String,
    /// How far back measures look.
    pub windows: Windows,
    pub log: Option<RunLog>,
    /// What to know before relying on it.
    pub notes: Vec<String>,
    /// The previous run.
    pub previous: Option<Commit>,
    /// Version of its method; none if its files are gone.
    pub previous_method: Option<String>,
    pub scores: ScoresSummary,
    pub leaders: Vec<NamedPerson>,
    pub parts: BTreeMap<String, Part>,
    pub causes: BTreeMap<String, Cause>,
    /// Whose scores rose and whose fell most.
    pub movers: [Vec<NamedPerson>; 2],
    pub topics: Vec<TopicLeaders>,
    /// What the run was checked for; none in runs of earlier versions.
    pub checks: Vec<CheckRow>,
}

/// A person who is named, and why.
#[derive(Debug)]
pub(super) struct NamedPerson {
    pub name: String,
    pub score: ScoreRow,
    /// What adds most to the score.
    pub contributions: Vec<ContributionRow>,
    /// Why the score changed, the largest cause first.
    pub changes: Vec<ChangeRow>,
}

/// A topic, and the people with the highest forecasts on it.
#[derive(Debug)]
pub(super) struct TopicLeaders {
    pub topic: TopicRow,
    /// Name and forecast people.
    pub people: Vec<(String, f64)>,
}

impl RunReport {
    /// Reads what the page shows of a run.
    pub(super) async fn read(engine: &Engine, run: &Run, public: bool) -> Result<Self> {
        let commit = run.commit();
        let has = |name: &str| commit.tables.get(name).is_some_and(|table| table.rows > 0);
        let log: Option<RunLog> = run.log().await?;
        let history = CommitHistory::read(&engine.stores, run.output()).await?;
        let previous = previous(&history, run, log.as_ref()).await?;
        let mut previous_method = None;
        if let Some(previous) = &previous {
            let record = Run::open(engine, run.output(), previous)?.record().await;
            previous_method = record.ok().map(|record| record.method_version);
        }
        let (mut parts, mut causes) = Default::default();
        if has("contributions") {
            parts = summaries::parts(run).await?;
        }
        if previous.is_some() && has("changes") {
            causes = summaries::causes(run).await?;
        }
        let mut topics = vec![];
        if has("topics") {
            topics = topic_leaders(run, public).await?;
        }
        let mut checks = vec![];
        if has(CheckRow::TABLE) {
            checks = run.rows::<CheckRow>(Ok).await?;
        }
        let (mut leaders, mut movers) = Default::default();
        if !public {
            leaders = highest(run).await?;
            if !causes.is_empty() {
                let rose = moved(run, ident("change_1d").gt_eq(lit(LEAST_CHANGE)), false).await?;
                let fell = moved(run, ident("change_1d").lt_eq(lit(-LEAST_CHANGE)), true).await?;
                movers = [rose, fell];
            }
        }
        let record = run.record().await?;
        let standard = record.profile(STANDARD);
        Ok(Self {
            public,
            commit: commit.clone(),
            reacting_by: standard.map_or(String::new(), |profile| profile.forecast.reacting_by()),
            windows: record.windows(),
            record,
            log,
            notes: history.notes(commit),
            previous,
            previous_method,
            scores: summaries::scores(run).await?,
            leaders,
            parts,
            causes,
            movers,
            topics,
            checks,
        })
    }

    /// A number of people as it reads; a page that names nobody does not show small ones.
    pub(super) fn people(&self, people: u64) -> String {
        match self.public && people < MIN_PEOPLE {
            true => format!("fewer than {MIN_PEOPLE}"),
            false => count(people),
        }
    }
}

/// The commit that changes were computed from, or, where no log names it, the one in force for the day before then.
async fn previous(
    history: &CommitHistory,
    run: &Run,
    log: Option<&RunLog>,
) -> Result<Option<Commit>> {
    let commit = run.commit();
    let number = match log {
        Some(log) => log.run_before.as_ref().map(|before| before.commit),
        None => commit.before(commit.snapshot_date).map(|(_, number)| number),
    };
    let Some(number) = number else { return Ok(None) };
    history.commit(number).await
}

/// The highest people, each with what adds most to the score.
async fn highest(run: &Run) -> Result<Vec<NamedPerson>> {
    let mut people = named(run, lit(true), highest_first(), LEADERS).await?;
    if !run.has(ContributionRow::TABLE) {
        return Ok(people);
    }
    let rows = of_named(&people).and(of_profile(STANDARD));
    let order = ascending(&["network", "measure"]);
    let rows: Vec<ContributionRow> = run.rows(|all| all.filter(rows)?.sort(order)).await?;
    for person in &mut people {
        let id = &person.score.person_id;
        let adds = |row: &&ContributionRow| {
            row.person_id == *id && row.points > 0.0 && row.measure != "reference"
        };
        let mut adding: Vec<ContributionRow> = rows.iter().filter(adds).cloned().collect();
        adding.sort_by(|one, other| other.points.total_cmp(&one.points));
        adding.truncate(3);
        person.contributions = adding;
    }
    Ok(people)
}

/// Those of `rows` whose scores changed most, each with the causes.
async fn moved(run: &Run, rows: Expr, rising: bool) -> Result<Vec<NamedPerson>> {
    let order = vec![ident("change_1d").sort(rising, false), ident("person_id").sort(true, false)];
    let mut people = named(run, rows, order, MOVERS).await?;
    let (rows, order) = (of_named(&people), ascending(&["cause"]));
    let rows: Vec<ChangeRow> = run.rows(|all| all.filter(rows)?.sort(order)).await?;
    for person in &mut people {
        let id = &person.score.person_id;
        person.changes = rows.iter().filter(|row| row.person_id == *id).cloned().collect();
        person.changes.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    }
    Ok(people)
}

fn of_named(people: &[NamedPerson]) -> Expr {
    of_people(people.iter().map(|person| person.score.person_id.as_str()))
}

/// The first people of the standard scores that are among `rows`, in some order, with their names.
async fn named(
    run: &Run,
    rows: Expr,
    order: Vec<SortExpr>,
    limit: usize,
) -> Result<Vec<NamedPerson>> {
    let rows = of_profile(STANDARD).and(rows);
    let query = |all: datafusion::dataframe::DataFrame| {
        all.filter(rows)?.sort(order)?.limit(0, Some(limit))
    };
    let scores: Vec<ScoreRow> = run.rows(query).await?;
    let names = run.names(scores.iter().map(|score| score.person_id.as_str())).await?;
    let named = |score: ScoreRow| NamedPerson {
        name: printable_name(names.get(&score.person_id).unwrap_or(&score.person_id)),
        score,
        contributions: vec![],
        changes: vec![],
    };
    Ok(scores.into_iter().map(named).collect())
}

/// The topics with most reactors, and the people with the highest forecasts on each.
async fn topic_leaders(run: &Run, public: bool) -> Result<Vec<TopicLeaders>> {
    let mut order: Vec<SortExpr> =
        ["reactors", "people", "posts"].map(|c| ident(c).sort(false, false)).into();
    order.extend(ascending(&["topic_id"]));
    let topics: Vec<TopicRow> = run.rows(|all| all.sort(order)?.limit(0, Some(TOPICS))).await?;
    let alone = |topic| TopicLeaders { topic, people: vec![] };
    let mut topics: Vec<TopicLeaders> = topics.into_iter().map(alone).collect();
    if public {
        return Ok(topics);
    }
    let ids = topics.iter().map(|leaders| lit(leaders.topic.topic_id.as_str())).collect();
    let first = ident("position").lt_eq(lit(OF_TOPIC as i64));
    let (rows, order) =
        (ident("topic_id").in_list(ids, false).and(first), ascending(&["position", "person_id"]));
    let rows: Vec<TopicScoreRow> = run.rows(|all| all.filter(rows)?.sort(order)).await?;
    let names = run.names(rows.iter().map(|row| row.person_id.as_str())).await?;
    for leaders in &mut topics {
        let first = rows.iter().filter(|row| row.topic_id == leaders.topic.topic_id).take(OF_TOPIC);
        let name = |id: &String| printable_name(names.get(id).unwrap_or(id));
        leaders.people = first.map(|row| (name(&row.person_id), row.expected_reactors)).collect();
    }
    Ok(topics)
}
