//! Stage 1: every input opened, checked against its contract and cut at the cutoff.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, ident, lit, not};
use datafusion::scalar::ScalarValue;

use super::conform::{Conformed, conform, rules, violation};
use super::sources::{InputFile, open};
use super::{Drop, HOUR_US};
use crate::engine::{Engine, count_if};
use crate::error::{Error, Result, nearest};
use crate::job::{Input, Job};
use crate::method::Method;
use crate::schema::{self, Direction, Table, UTC};

/// Longest window of a measure, in hours (90 days); interactions are read back to it at least.
pub(crate) const MEASURE_HOURS: u32 = 90 * 24;

/// All inputs of one snapshot, conforming and checked, not yet read in full.
pub struct Snapshot {
    /// Day that the snapshot covers to its end.
    pub day: NaiveDate,
    /// First instant not covered, in microseconds since 1970 (UTC).
    pub cutoff_us: i64,
    /// Files behind each input or source.
    pub files: BTreeMap<String, Vec<InputFile>>,
    /// Columns that were passed over, by input.
    pub ignored: BTreeMap<String, Vec<String>>,
    /// Rows dropped so far, by rule.
    pub drops: Vec<Drop>,
    /// Rows in the inputs, those outside the window not counted.
    pub rows: u64,
    pub(super) accounts: Option<Checked>,
    pub(super) identities: Option<Checked>,
    pub(super) consent: Option<Checked>,
    pub(super) posts: Option<Checked>,
    pub(super) interactions: Checked,
}

impl Snapshot {
    /// Rows in the inputs, those outside the window counted too.
    pub fn total_rows(&self) -> u64 {
        self.rows + self.drops.iter().filter_map(|d| d.rows.parse::<u64>().ok()).sum::<u64>()
    }
}

/// One conforming input.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) frame: DataFrame,
    pub(super) origin: String,
    pub(super) rows: u64,
}

/// A point in time as a literal of the engine's timestamp type.
fn instant(us: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(us), Some(UTC.into())))
}

/// Opens and checks the inputs of `job` for the snapshot of `day`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing files, columns, types, nulls, values outside their
/// set and kinds of interaction that the method does not name;
/// [`crate::error::Kind::BadJob`] for a `SELECT` that fails or is none;
/// [`crate::error::Kind::Unavailable`] if a store does not answer.
pub async fn snapshot(engine: &Engine, job: &Job, day: NaiveDate) -> Result<Snapshot> {
    let midnight = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
    let cutoff_us = midnight
        .ok_or_else(|| {
            Error::bad_job(format!("snapshot {day} is out of range"), "give a real day")
        })?
        .and_utc()
        .timestamp_micros();
    let mut reader = Reader { engine, files: BTreeMap::new(), ignored: BTreeMap::new() };
    for (name, url) in &job.sources {
        let (frame, files) = open(engine, url).await?;
        reader.files.insert(format!("sources.{name}"), files);
        engine
            .session
            .register_table(name.as_str(), frame.into_view())
            .map_err(|e| Error::bad_job(format!("source `{name}`: {e}"), "name it otherwise"))?;
    }

    let accounts = check(reader.input(job, "accounts").await?, "accounts", vec![]).await?;
    let identities = check(reader.input(job, "identities").await?, "identities", vec![]).await?;
    let consent = check(reader.input(job, "consent").await?, "consent", consent_rules()?).await?;
    let mut drops = Vec::new();
    let mut posts = reader.input(job, "posts").await?;
    if let Some(input) = posts {
        let window = Window::before(cutoff_us, MEASURE_HOURS);
        let (input, _) =
            window.cut(input, ("posts", "created_at"), vec![], vec![], &mut drops).await?;
        posts = Some(input);
    }
    let interactions = reader
        .input(job, "interactions")
        .await?
        .ok_or_else(|| Error::internal("a job without interactions was loaded"))?;
    let hours = job.method.attention.window_hours.max(MEASURE_HOURS);
    let (interactions, by_kind) = Window::before(cutoff_us, hours)
        .cut(
            interactions,
            ("interactions", "at"),
            vec![ident("kind")],
            interaction_rules()?,
            &mut drops,
        )
        .await?;
    known_kinds(&by_kind.batches, &job.method, &interactions.origin)?;
    let all = [&accounts, &identities, &consent, &posts];
    let rows = all.into_iter().flatten().map(|c| c.rows).sum::<u64>() + interactions.rows;
    Ok(Snapshot {
        day,
        cutoff_us,
        files: reader.files,
        ignored: reader.ignored,
        drops,
        rows,
        accounts,
        identities,
        consent,
        posts,
        interactions,
    })
}

struct Reader<'a> {
    engine: &'a Engine,
    files: BTreeMap<String, Vec<InputFile>>,
    ignored: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    /// Opens one input and conforms it, if the job has it. Its rows are not counted yet.
    async fn input(&mut self, job: &Job, name: &str) -> Result<Option<Checked>> {
        let Some(input) = job.inputs.get(name) else { return Ok(None) };
        let table = schema::table(Direction::Input, name)?;
        let (frame, origin) = match input {
            Input::Url(url) => {
                let (frame, files) = open(self.engine, url).await?;
                self.files.insert(name.into(), files);
                (frame, url.to_string())
            }
            Input::Sql(sql) => (self.select(name, sql).await?, format!("SQL of inputs.{name}")),
        };
        let closed = matches!(input, Input::Sql(_));
        let Conformed { frame, ignored } = conform(table, frame, &origin, closed)?;
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(Some(Checked { frame, origin, rows: 0 }))
    }

    async fn select(&self, name: &str, sql: &str) -> Result<DataFrame> {
        let only_select = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        self.engine.session.sql_with_options(sql, only_select).await.map_err(|e| {
            Error::bad_job(
                format!("inputs.{name}: {}", e.strip_backtrace()),
                "correct the SELECT; it may use the names under [sources] and must not write",
            )
        })
    }
}

/// What a survey of an input found: how many rows there are, by group, and how many break a rule.
struct Survey {
    batches: Vec<RecordBatch>,
}

impl Survey {
    /// Counts rows, and those for which each of `conditions` holds, by `group`, in one pass.
    async fn of(
        frame: DataFrame,
        origin: &str,
        group: Vec<Expr>,
        conditions: Vec<(String, Expr)>,
    ) -> Result<Self> {
        let mut aggregates = vec![count(lit(1_i64)).alias("rows")];
        aggregates.extend(conditions.into_iter().map(|(name, count)| count.alias(name)));
        let frame = frame.aggregate(group, aggregates).map_err(Error::internal)?;
        let what = format!("reading {origin}");
        let batches = frame.collect().await.map_err(|e| Error::engine(&what, &e))?;
        Ok(Self { batches })
    }

    /// Sum of a count over all groups.
    fn total(&self, name: &str) -> u64 {
        let columns = self.batches.iter().filter_map(|b| b.column_by_name(name));
        let counts = columns.filter_map(|c| c.as_primitive_opt::<Int64Type>());
        counts.map(|c| c.iter().flatten().sum::<i64>().unsigned_abs()).sum()
    }
}

/// Counts the rows of `input` that break the rules of the contract or `more`, and refuses any.
async fn obey(
    input: &Checked,
    table: &Table,
    group: Vec<Expr>,
    more: Vec<(String, Expr)>,
    also: Option<(String, Expr)>,
) -> Result<Survey> {
    let mut rules = rules(table)?;
    rules.extend(more);
    let words: Vec<String> = rules.iter().map(|(words, _)| words.clone()).collect();
    rules.extend(also);
    let survey = Survey::of(input.frame.clone(), &input.origin, group, rules).await?;
    let rows = survey.total("rows");
    for rule in words {
        let broken = survey.total(&rule);
        if broken > 0 {
            return Err(violation(table, &input.origin, &rule, broken, rows));
        }
    }
    Ok(survey)
}

/// Checks an input that is read whole.
async fn check(
    input: Option<Checked>,
    name: &str,
    more: Vec<(String, Expr)>,
) -> Result<Option<Checked>> {
    let Some(mut input) = input else { return Ok(None) };
    let table = schema::table(Direction::Input, name)?;
    input.rows = obey(&input, table, vec![], more, None).await?.total("rows");
    Ok(Some(input))
}

/// A span of time, in microseconds since 1970: the end is not in it.
#[derive(Clone, Copy)]
struct Window {
    start_us: i64,
    end_us: i64,
}

impl Window {
    fn before(end_us: i64, hours: u32) -> Self {
        Self { start_us: end_us - i64::from(hours) * HOUR_US, end_us }
    }

    /// Checks an input and cuts it to the rows whose `time` is in the window, counting the others.
    /// Rows from before the window are counted only, and not read where the file's statistics tell.
    async fn cut(
        self,
        mut input: Checked,
        (name, time): (&str, &str),
        group: Vec<Expr>,
        more: Vec<(String, Expr)>,
        drops: &mut Vec<Drop>,
    ) -> Result<(Checked, Survey)> {
        let table = schema::table(Direction::Input, name)?;
        let what = format!("reading {}", input.origin);
        let all = input.frame.clone().count().await.map_err(|e| Error::engine(&what, &e))? as u64;
        let started = ident(time).gt_eq(instant(self.start_us));
        // A missing time is kept in, to be refused.
        let kept = started.clone().or(ident(time).is_null());
        let whole = input.frame.clone();
        input.frame = whole.clone().filter(kept).map_err(Error::internal)?;
        let late = count_if(ident(time).gt_eq(instant(self.end_us)))?;
        let survey = obey(&input, table, group, more, Some(("late".into(), late))).await?;
        let (rows, late) = (survey.total("rows"), survey.total("late"));
        drops.push(Drop::exact(name, "before the window", all - rows));
        drops.push(Drop::exact(name, "after the cutoff", late));
        let inside = started.and(ident(time).lt(instant(self.end_us)));
        input.frame = whole.filter(inside).map_err(Error::internal)?;
        input.rows = rows - late;
        Ok((input, survey))
    }
}

/// The rules of `consent` that its columns alone do not state.
fn consent_rules() -> Result<Vec<(String, Expr)>> {
    let account = ident("account_id").is_not_null().and(ident("network").is_not_null());
    let named = account.or(ident("person_id").is_not_null());
    let words = "neither `network` and `account_id` nor `person_id` is given";
    Ok(vec![(words.to_owned(), count_if(not(named))?)])
}

/// The rules of `interactions` that its columns alone do not state.
fn interaction_rules() -> Result<Vec<(String, Expr)>> {
    let sentiment = ident("sentiment");
    // NaN compares above every number.
    let outside = sentiment.clone().lt(lit(-1.0)).or(sentiment.gt(lit(1.0)));
    Ok(vec![("column `sentiment` is outside -1..1".to_owned(), count_if(outside)?)])
}

/// Refuses kinds that the method does not name.
fn known_kinds(by_kind: &[arrow::array::RecordBatch], method: &Method, origin: &str) -> Result<()> {
    let mut unknown = BTreeMap::new();
    for batch in by_kind {
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
    let near = nearest(kind, method.kinds.keys().map(String::as_str))
        .map_or(String::new(), |n| format!("is it `{n}`? "));
    Err(Error::bad_input(
        format!(
            "input `interactions` ({origin}): kind `{kind}` in {rows} rows is not in method `{}` \
             ({} unknown kinds in all)",
            method.version,
            unknown.len()
        ),
        format!("{near}map or drop it in a SELECT, or give it a weight in a method of your own"),
    ))
}
