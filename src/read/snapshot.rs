//! Stage 1: every input opened, checked against its contract and cut at the cutoff.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlan, Volatility};
use datafusion::prelude::{Expr, ident, lit, not};

use super::check::{Checked, Cut, Survey, Timed, Window, whole, within};
use super::conform::{Opened, RowRule};
use super::scan_estimate::ScanEstimate;
use super::sources::{Listing, open};
use super::violations::Violations;
use crate::engine::{Engine, count_if};
use crate::error::{Error, Result, did_you_mean};
use crate::job::{Input, Job};
use crate::method::Method;
use crate::model::Dropped;
use crate::schema::{self, Direction};

/// All inputs of one snapshot, conforming and checked, not yet read in full.
pub struct Snapshot {
    /// Day that the snapshot covers to its end.
    pub day: NaiveDate,
    /// First instant not covered, in microseconds since 1970 (UTC).
    pub cutoff_us: i64,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Listing>,
    /// Columns that were passed over, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
    /// Rows dropped so far, by rule.
    pub drops: Vec<Dropped>,
    /// Rows of all inputs.
    pub rows_total: u64,
    /// Rows of all inputs, without those outside the window.
    pub rows_in_window: u64,
    pub(super) accounts: Option<Checked>,
    pub(super) identities: Option<Checked>,
    pub(super) consent: Option<Checked>,
    pub(super) posts: Option<Checked>,
    pub(super) endorsements: Option<Checked>,
    pub(super) lists: Option<Checked>,
    pub(super) topics: Option<Checked>,
    pub(super) topic_edges: Option<Checked>,
    pub(super) topic_phrases: Option<Checked>,
    pub(super) interactions: Option<Checked>,
    pub(super) follows: Option<Checked>,
}

/// Opens and checks the inputs of `job` for the snapshot of `day`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing files, columns, types, nulls, values outside their
/// set and kinds of interaction that the method does not name;
/// [`crate::error::Kind::BadJob`] for a `SELECT` that fails or is none;
/// [`crate::error::Kind::Unavailable`] if a store does not answer.
pub async fn snapshot(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
    violations: &mut Violations,
) -> Result<Snapshot> {
    let cutoff_us = cutoff(day)?;
    let mut reader = Reader::new(engine, job, violations).await?;
    let mut drops = Vec::new();
    let accounts = reader.open(job, "accounts", violations).await?;
    let rules = accounts.as_ref().map_or(Ok(vec![]), account_rules)?;
    let accounts = whole(engine, accounts, &rules, violations).await?;
    let identities = reader.open(job, "identities", violations).await?;
    let identities = whole(engine, identities, &[], violations).await?;
    let consent = reader.open(job, "consent", violations).await?;
    let consent = whole(engine, consent, &consent_rules()?, violations).await?;
    let topics = reader.open(job, "topics", violations).await?;
    let topics = whole(engine, topics, &[], violations).await?;
    let topic_edges = reader.open(job, "topic_edges", violations).await?;
    let topic_edges = whole(engine, topic_edges, &[], violations).await?;
    let topic_phrases = reader.open(job, "topic_phrases", violations).await?;
    let topic_phrases = whole(engine, topic_phrases, &[], violations).await?;
    let lists = reader.open(job, "lists", violations).await?;
    let lists = whole(engine, lists, &[], violations).await?;
    let mut endorsements = None;
    if let Some(opened) = reader.open(job, "endorsements", violations).await? {
        let cut = cut(job, "endorsements", cutoff_us);
        let rules = Timed { cut, group: vec![], more: &[] };
        let found = within(engine, opened, rules, &mut drops, violations).await?;
        endorsements = found.map(|(endorsements, _)| endorsements);
    }
    let mut posts = None;
    if let Some(opened) = reader.open(job, "posts", violations).await? {
        let rules = Timed { cut: cut(job, "posts", cutoff_us), group: vec![], more: &[] };
        posts =
            within(engine, opened, rules, &mut drops, violations).await?.map(|(posts, _)| posts);
    }
    let mut interactions = None;
    if let Some(opened) = reader.open(job, "interactions", violations).await? {
        let rules = Timed {
            cut: cut(job, "interactions", cutoff_us),
            group: vec![ident("kind")],
            more: &interaction_rules()?,
        };
        interactions = within(engine, opened, rules, &mut drops, violations).await?;
    }
    if let Some((input, by_kind)) = &interactions {
        let place = |violation: Error| violation.in_table("interactions");
        violations.keep(known_kinds(by_kind, &job.method, &input.origin).map_err(place))?;
    }
    let mut follows = None;
    if let Some(opened) = reader.open(job, "follows", violations).await? {
        let rules = Timed { cut: cut(job, "follows", cutoff_us), group: vec![], more: &[] };
        follows =
            within(engine, opened, rules, &mut drops, violations).await?.map(|(rows, _)| rows);
    }
    violations.stop_if_any()?;
    let interactions = interactions.map(|(interactions, _)| interactions);
    let people = [&accounts, &identities, &consent, &posts, &endorsements, &lists];
    let others = [&topics, &topic_edges, &topic_phrases, &interactions, &follows];
    let all = || people.into_iter().chain(others).flatten();
    let rows_in_window = all().map(|c| c.rows_in_window).sum();
    let rows_total = all().map(|c| c.rows_total).sum();
    Ok(Snapshot {
        day,
        cutoff_us,
        files: reader.files,
        ignored: reader.ignored,
        drops,
        rows_total,
        rows_in_window,
        accounts,
        identities,
        consent,
        posts,
        endorsements,
        lists,
        topics,
        topic_edges,
        topic_phrases,
        interactions,
        follows,
    })
}

/// The first instant that the snapshot of `day` does not cover, in microseconds since 1970.
fn cutoff(day: NaiveDate) -> Result<i64> {
    let midnight = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    let midnight = midnight.ok_or_else(|| {
        Error::bad_job(format!("snapshot {day} is out of range"), "give a real day")
    })?;
    Ok(midnight.and_utc().timestamp_micros())
}

impl Snapshot {
    /// Whether the job has interactions or follows.
    pub(super) fn has_interaction_source(&self) -> bool {
        self.interactions.is_some() || self.follows.is_some()
    }

    /// The input that says who interacted with whom: `interactions`, or else `follows`.
    pub(super) fn interaction_source(&self) -> &'static str {
        if self.interactions.is_some() { "interactions" } else { "follows" }
    }

    /// The error for a window without any interaction or follow among eligible people.
    pub(super) fn without_interactions(&self, method: &Method) -> Error {
        let hours = method.window_hours();
        let interactions = self.interactions.as_ref().map(|input| {
            format!(
                "input `interactions` ({}): no interaction among people who may be scored lies in \
                 the {hours} hours before the end of {}",
                input.origin, self.day
            )
        });
        let follows = self.follows.as_ref().map(|input| {
            format!(
                "input `follows` ({}): no follow among people who may be scored began before the \
                 end of {}",
                input.origin, self.day
            )
        });
        let causes: Vec<String> = interactions.into_iter().chain(follows).collect();
        Error::bad_input(
            causes.join("; "),
            "check that the snapshot has arrived, and `consent`; equal scores for everybody are not \
             published",
        )
        .in_table(self.interaction_source())
    }
}

/// What is left out of an input.
fn cut(job: &Job, table: &str, cutoff_us: i64) -> Cut {
    let window = |hours| Window::before(cutoff_us, hours);
    match table {
        "posts" => Cut::new(window(job.method.window_hours()), "created_at", None),
        "endorsements" => Cut::new(window(job.method.window_hours()), "at", None),
        "interactions" => {
            Cut::new(window(job.method.window_hours()), "at", Some(job.kinds.clone()))
        }
        "follows" => Cut::new(Window::until(cutoff_us), "since", None),
        _ => Cut::default(),
    }
}

/// What one pass over each input of `job` would read, by input, and the files that stand behind the
/// inputs and sources; from listings and footers alone.
///
/// # Errors
/// As [`snapshot()`] for what footers and the job show.
pub async fn estimate_scans(
    engine: &Engine,
    job: &Job,
    day: NaiveDate,
) -> Result<(BTreeMap<String, ScanEstimate>, BTreeMap<String, Listing>)> {
    let (cutoff_us, violations) = (cutoff(day)?, &mut Violations::stop_at_first());
    let mut reader = Reader::new(engine, job, violations).await?;
    let mut readings = BTreeMap::new();
    for table in job.read_by_runs().into_keys() {
        if let Some(mut opened) = reader.open(job, table, violations).await? {
            cut(job, table, cutoff_us).apply(&mut opened)?;
            let what = format!("reading {}", opened.origin);
            let reading = ScanEstimate::of(engine, &what, opened.conform()?).await;
            readings
                .insert(table.to_owned(), reading.map_err(|violation| violation.in_table(table))?);
        }
    }
    Ok((readings, reader.files))
}

pub(super) struct Reader<'a> {
    engine: &'a Engine,
    files: BTreeMap<String, Listing>,
    /// Columns that are passed over, by input.
    pub(super) ignored: BTreeMap<String, Vec<String>>,
}

impl<'a> Reader<'a> {
    /// Opens the sources of `job` for its SQL inputs.
    pub(super) async fn new(
        engine: &'a Engine,
        job: &Job,
        violations: &mut Violations,
    ) -> Result<Self> {
        let mut files = BTreeMap::new();
        for (name, url) in &job.sources {
            let Some((frame, found)) = violations.keep(open(engine, url).await)? else { continue };
            files.insert(format!("sources.{name}"), Listing { url: url.clone(), files: found });
            // Another reader of the same job may have been there.
            engine.session.deregister_table(name.as_str()).map_err(Error::internal)?;
            engine.session.register_table(name.as_str(), frame.into_view()).map_err(|e| {
                Error::bad_job(format!("source `{name}`: {e}"), "give it another name").caused_by(e)
            })?;
        }
        // A SELECT over a source that is missing has no violation of its own.
        violations.stop_if_any()?;
        Ok(Self { engine, files, ignored: BTreeMap::new() })
    }

    /// Opens one input, if the job has it; `None` too if its violations were kept.
    pub(super) async fn open(
        &mut self,
        job: &Job,
        name: &str,
        violations: &mut Violations,
    ) -> Result<Option<Opened>> {
        let Some(input) = job.inputs.get(name) else { return Ok(None) };
        let place = |violation: Error| violation.in_table(name);
        let Some(opened) = violations.keep(self.found(name, input).await.map_err(place))? else {
            return Ok(None);
        };
        let wrong = opened.violations()?;
        let sound = wrong.is_empty();
        for violation in wrong {
            violations.report(violation)?;
        }
        let ignored = opened.ignored();
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(sound.then_some(opened))
    }

    async fn found(&mut self, name: &str, input: &Input) -> Result<Opened> {
        let table = schema::table(Direction::Input, name)?;
        Ok(match input {
            Input::Url(url) => {
                let (frame, files) = open(self.engine, url).await?;
                let listed = Listing { url: url.clone(), files: files.clone() };
                self.files.insert(name.into(), listed);
                let (origin, url) = (url.to_string(), Some(url.clone()));
                Opened { table, frame, origin, closed: false, url, files }
            }
            Input::Sql(sql) => {
                let frame = self.select(name, sql).await?;
                let origin = format!("SQL of inputs.{name}");
                Opened { table, frame, origin, closed: true, url: None, files: vec![] }
            }
        })
    }

    async fn select(&self, name: &str, sql: &str) -> Result<DataFrame> {
        let only_select = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let refused = |cause: String| {
            Error::bad_job(
                format!("inputs.{name}: {cause}"),
                "correct the SELECT; it may use the names under [sources] and must not write",
            )
        };
        let frame = self.engine.session.sql_with_options(sql, only_select).await;
        let frame = frame.map_err(|e| refused(e.strip_backtrace()).caused_by(e))?;
        match unsteady(frame.logical_plan()).map_err(Error::internal)? {
            None => Ok(frame),
            Some(function) => Err(refused(format!(
                "`{function}` gives another result each time; the same rows must give the same tables"
            ))),
        }
    }
}

/// The first part of a plan whose result does not follow from the rows alone: the clock, chance, the
/// first rows that happen to come.
fn unsteady(plan: &LogicalPlan) -> datafusion::error::Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Limit(limit) = node
            && !matches!(limit.input.as_ref(), LogicalPlan::Sort(_))
        {
            found = Some("LIMIT without ORDER BY".to_owned());
            return Ok(TreeNodeRecursion::Stop);
        }
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::ScalarFunction(call) = expr
                    && call.func.signature().volatility != Volatility::Immutable
                {
                    found = Some(call.func.name().to_owned());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// The rules of `accounts` that its columns alone do not state.
fn account_rules(accounts: &Opened) -> Result<Vec<RowRule>> {
    let mut rules = accounts.measure_rules()?;
    for column in ["followers_count", "listed_count"] {
        let words = format!("column `{column}` is below 0");
        let broken = count_if(ident(column).lt(lit(0_i64)))?;
        rules.push(RowRule { words, column: Some(column.to_owned()), broken });
    }
    Ok(rules)
}

/// The rules of `consent` that its columns alone do not state.
fn consent_rules() -> Result<[RowRule; 1]> {
    let account = ident("account_id").is_not_null().and(ident("network").is_not_null());
    let named = account.or(ident("person_id").is_not_null());
    let words = "neither `network` and `account_id` nor `person_id` is given";
    Ok([RowRule { words: words.to_owned(), column: None, broken: count_if(not(named))? }])
}

/// The rules of `interactions` that its columns alone do not state.
fn interaction_rules() -> Result<[RowRule; 1]> {
    let sentiment = ident("sentiment");
    // NaN compares above every number.
    let outside = sentiment.clone().lt(lit(-1.0)).or(sentiment.gt(lit(1.0)));
    let words = "column `sentiment` is outside -1..1".to_owned();
    Ok([RowRule { words, column: Some("sentiment".to_owned()), broken: count_if(outside)? }])
}

/// Refuses kinds that the method does not name.
fn known_kinds(by_kind: &Survey, method: &Method, origin: &str) -> Result<()> {
    let mut unknown = BTreeMap::new();
    for batch in &by_kind.batches {
        let (Some(kinds), Some(rows)) = (
            batch.column_by_name("kind").and_then(|c| c.as_string_view_opt()),
            batch.column_by_name("rows").and_then(|c| c.as_primitive_opt::<Int64Type>()),
        ) else {
            return Err(Error::internal("the survey of kinds has other columns"));
        };
        for (kind, rows) in kinds.iter().zip(rows.values()) {
            let kind = kind.unwrap_or_default();
            if !method.kinds.contains_key(kind) {
                *unknown.entry(kind.to_owned()).or_insert(0) += rows;
            }
        }
    }
    let Some((kind, rows)) = unknown.first_key_value() else { return Ok(()) };
    let near = did_you_mean(kind, method.kinds.keys().map(String::as_str));
    Err(Error::bad_input(
        format!(
            "input `interactions` ({origin}): kind `{kind}` in {rows} rows is not in method `{}` \
             ({} unknown kinds in all)",
            method.version,
            unknown.len()
        ),
        format!(
            "{near}map or drop it under [kinds] of the job, or give it a weight in a method of your \
             own"
        ),
    )
    .in_column("kind")
    .in_rows(rows.unsigned_abs()))
}
