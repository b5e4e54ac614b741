//! What the page tells, read from the tables of a run: counts as the rows go by, and the few at either end.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, ident, lit};
use futures::TryStreamExt;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::asked::Topic;
use crate::committed::{names, parsed, rows, table};
use crate::engine::{Engine, guarded};
use crate::error::{Error, Result, printable};
use crate::explain::{Contribution, Score};
use crate::method::FitRecord;
use crate::publish::commit::{self, Commit};
use crate::publish::log_path;
use crate::read::Dropped;
use crate::score::profile::STANDARD;
use crate::score::style::NAMES;
use crate::store::below;

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
        let method: serde_json::Value = serde_json::from_str(&self.method).ok()?;
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

/// What `log.json` of a run says.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Log {
    #[serde(default)]
    pub drops: Vec<Dropped>,
    #[serde(default)]
    pub stages: Vec<Stage>,
    run_before: Option<RunBefore>,
}

/// A stage of the run.
#[derive(Debug, Deserialize)]
pub(super) struct Stage {
    pub stage: String,
    pub rows_in: u64,
    pub rows_out: u64,
    pub seconds: f64,
    pub peak_memory_bytes: u64,
}

#[derive(Debug, Deserialize)]
struct RunBefore {
    commit: u64,
}

/// The log of a run; none if it is gone.
pub(super) async fn log(engine: &Engine, output: &Url, commit: &Commit) -> Result<Option<Log>> {
    let url = below(output, &log_path(commit.snapshot_date, &commit.run_id))?;
    let Some(bytes) = engine.stores.read(&url).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        let cause = format!("`{url}` is no log of renown: {e}");
        Error::bad_input(cause, "use the version of renown that wrote it, or remove it")
    })
}

/// The commit that changes were told from, or, where no log says which, the one in force for the day before then.
pub(super) async fn before(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    log: Option<&Log>,
) -> Result<Option<Commit>> {
    let number = match log {
        Some(log) => log.run_before.as_ref().map(|before| before.commit),
        None => commit.before(commit.snapshot_date).map(|(_, number)| number),
    };
    let Some(number) = number else { return Ok(None) };
    commit::read(&engine.stores, &below(output, &commit::path(number))?).await
}

/// How many fall into each bin; bins are whole numbers of some unit.
pub(super) type Bins = BTreeMap<i64, u64>;

/// The value below which a share of what was counted lies, as the number of its bin.
pub(super) fn quantile(bins: &Bins, share: f64) -> Option<i64> {
    let all: u64 = bins.values().sum();
    let below = (share * all as f64) as u64;
    let mut seen = 0;
    bins.iter().find_map(|(bin, count)| {
        seen += count;
        (seen > below).then_some(*bin)
    })
}

/// All standard scores, counted.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub people: u64,
    /// By score in tenths of a point.
    pub scores: Bins,
    /// By the logarithm of the expected people in thousandths; who expects nobody is in the lowest bin there can be.
    expected: Bins,
    /// Highest score and its expected people.
    pub highest: (f64, f64),
    /// By points since the run before in tenths, of those who moved by half a tenth at least.
    pub moved: Bins,
    /// Of those who had a score before, how many moved less.
    pub unmoved: u64,
    /// By style, in the order of their names.
    pub styles: [u64; 16],
}

impl Scores {
    /// The expected people that a share of people stays below; to a thousandth.
    pub(super) fn expected(&self, share: f64) -> f64 {
        let bin = quantile(&self.expected, share).filter(|bin| *bin != i64::MIN);
        bin.map_or(0.0, |bin| libm::exp(bin as f64 / 1000.0))
    }

    fn see(&mut self, batch: &RecordBatch) -> Result<()> {
        let (scores, expected) = (floats(batch, "score")?, floats(batch, "expected_reactors")?);
        let (changes, styles) = (floats(batch, "change_1d"), texts(batch, "style"));
        for row in 0..batch.num_rows() {
            let (score, people) = (scores.value(row), expected.value(row));
            self.people += 1;
            *self.scores.entry(in_tenths(score)).or_default() += 1;
            let bin = if people > 0.0 {
                libm::round(libm::log(people) * 1000.0) as i64
            } else {
                i64::MIN
            };
            *self.expected.entry(bin).or_default() += 1;
            if people > self.highest.1 {
                self.highest = (score, people);
            }
            if let Some(change) = changes.as_ref().ok().filter(|own| own.is_valid(row)) {
                let change = change.value(row);
                match change.abs() < 0.05 {
                    true => self.unmoved += 1,
                    false => *self.moved.entry(in_tenths(change)).or_default() += 1,
                }
            }
            if let Some(styles) = styles.as_ref().ok().filter(|own| own.is_valid(row))
                && let Some(place) = NAMES.iter().position(|name| *name == styles.value(row))
            {
                self.styles[place] += 1;
            }
        }
        Ok(())
    }
}

fn in_tenths(points: f64) -> i64 {
    libm::floor(points * 10.0) as i64
}

/// Counts the standard scores.
pub(super) async fn scores(scores: &DataFrame) -> Result<Scores> {
    let mut told = Scores::default();
    let columns = ["score", "expected_reactors", "change_1d", "style"];
    each("scores", scores.clone(), &columns, |batch| told.see(batch)).await?;
    Ok(told)
}

/// What a measure adds to scores, of people who have any of it.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub people: u64,
    /// Points without their signs, in millionths, so that their sum has no order.
    pub size: i64,
    /// By points in hundredths.
    pub points: Bins,
}

/// The contributions to standard scores by measure.
pub(super) async fn parts(contributions: DataFrame) -> Result<BTreeMap<String, Part>> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let own = standard("contributions", contributions)?;
    let own = own.filter(ident("measure").not_eq(lit("reference")));
    let own = own.map_err(|e| Error::engine("reading the table `contributions`", &e))?;
    let see = |batch: &RecordBatch| {
        let (measures, values) = (texts(batch, "measure")?, floats(batch, "value")?);
        let points = floats(batch, "points")?;
        for row in
            (0..batch.num_rows()).filter(|row| values.is_null(*row) || values.value(*row) > 0.0)
        {
            let (name, points) = (measures.value(row), points.value(row));
            if !parts.contains_key(name) {
                parts.insert(name.to_owned(), Part::default());
            }
            if let Some(part) = parts.get_mut(name) {
                part.people += 1;
                part.size += millionths(points.abs());
                *part.points.entry(libm::round(points * 100.0) as i64).or_default() += 1;
            }
        }
        Ok(())
    };
    each("contributions", own, &["measure", "value", "points"], see).await?;
    Ok(parts)
}

/// Points by which a cause moved scores.
#[derive(Debug, Default)]
pub(super) struct Cause {
    pub people: u64,
    /// Points without their signs, in millionths.
    pub size: i64,
    /// Points, in millionths.
    pub sum: i64,
}

/// The changes by cause.
pub(super) async fn causes(changes: DataFrame) -> Result<BTreeMap<String, Cause>> {
    let mut causes: BTreeMap<String, Cause> = BTreeMap::new();
    let see = |batch: &RecordBatch| {
        let (names, points) = (texts(batch, "cause")?, floats(batch, "points")?);
        for row in 0..batch.num_rows() {
            let (name, points) = (names.value(row), points.value(row));
            let cause = causes.entry(name.to_owned()).or_default();
            cause.people += 1;
            cause.size += millionths(points.abs());
            cause.sum += millionths(points);
        }
        Ok(())
    };
    each("changes", changes, &["cause", "points"], see).await?;
    Ok(causes)
}

fn millionths(points: f64) -> i64 {
    libm::round(points * 1e6) as i64
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
            scores.clone().filter(end).map_err(|e| Error::engine("reading the scores", &e))?;
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
    let first = first.map_err(|e| Error::engine("reading the scores", &e))?;
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
    for row in &rows(&what, own.map_err(|e| Error::engine(&what, &e))?).await? {
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
    let plan = |e| Error::engine("reading the table `topics`", &e);
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
        ident("topic_id").in_list(ids, false).and(ident("rank").lt_eq(lit(OF_TOPIC as i64)));
    let order = ["rank", "person_id"].map(|column| ident(column).sort(true, false)).into();
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

/// The rows of the standard profile.
pub(super) fn standard(name: &str, frame: DataFrame) -> Result<DataFrame> {
    let own = frame.filter(ident("profile").eq(lit(STANDARD)));
    own.map_err(|e| Error::engine(&format!("reading the table `{name}`"), &e))
}

/// Shows the rows of a table to `see`, few at a time and of these columns; a run of an earlier version may lack some.
async fn each(
    name: &str,
    frame: DataFrame,
    columns: &[&str],
    mut see: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let what = format!("reading the table `{name}`");
    let failed = |e| Error::engine(&what, &e);
    let has = |column: &&&str| frame.schema().has_column_with_unqualified_name(column);
    let there: Vec<Expr> = columns.iter().filter(has).map(|column| ident(*column)).collect();
    let mut stream = frame.select(there).map_err(failed)?.execute_stream().await.map_err(failed)?;
    while let Some(batch) = guarded(&what, stream.try_next()).await? {
        see(&batch)?;
    }
    Ok(())
}

fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Float64Array> {
    let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>());
    column.ok_or_else(|| unlike(name))
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(|| unlike(name))
}

fn unlike(name: &str) -> Error {
    Error::bad_input(
        format!("the tables of the run have no column `{name}` as it is now"),
        "use the version of renown that wrote them",
    )
}

/// A row of `validity`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Measured {
    pub truth: String,
    pub population: String,
    pub group_by: String,
    pub group: String,
    pub predictor: String,
    pub metric: String,
    pub value: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub baseline: Option<String>,
    pub difference: Option<f64>,
    pub difference_low: Option<f64>,
    pub difference_high: Option<f64>,
    pub people: u64,
    pub instants: u64,
    pub draws: u64,
    pub method_version: String,
}

impl Measured {
    pub(super) fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// The interval of the difference from the best simple count.
    pub(super) fn beside(&self) -> Option<(f64, f64)> {
        self.difference_low.zip(self.difference_high)
    }
}

/// The table `validity` of a commit, but for what it says of single topics.
pub(super) async fn validity(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
) -> Result<Vec<Measured>> {
    let plan = |e| Error::engine("reading the table `validity`", &e);
    let all = table(engine, output, commit, "validity").await?;
    let order = ["truth", "population", "group_by", "group", "predictor", "metric"];
    let order = order.map(|column| ident(column).sort(true, false)).into();
    let own = all.filter(ident("group_by").not_eq(lit("topic"))).and_then(|own| own.sort(order));
    let found = rows("reading the table `validity`", own.map_err(plan)?).await?;
    found.iter().map(|row| parsed("validity", row)).collect()
}
