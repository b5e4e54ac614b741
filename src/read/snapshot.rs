//! Stage 1: every input opened, checked against its contract and cut at the cutoff.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, ident, lit};
use datafusion::scalar::ScalarValue;

use super::conform::{Conformed, conform, count_if, rules, violation};
use super::sources::{InputFile, open};
use super::{Drop, HOUR_US};
use crate::engine::Engine;
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

    let accounts = reader.optional(job, "accounts").await?;
    let identities = reader.optional(job, "identities").await?;
    let consent = reader.optional(job, "consent").await?;
    let posts = reader.optional(job, "posts").await?;
    let interactions = reader
        .optional(job, "interactions")
        .await?
        .ok_or_else(|| Error::internal("a job without interactions was loaded"))?;

    let window_hours = job.method.attention.window_hours.max(MEASURE_HOURS);
    let start_us = cutoff_us - i64::from(window_hours) * HOUR_US;
    let mut drops = Vec::new();
    let interactions =
        check_interactions(interactions, &job.method, start_us, cutoff_us, &mut drops).await?;
    let start_us = cutoff_us - i64::from(MEASURE_HOURS) * HOUR_US;
    let posts = match posts {
        Some(posts) => {
            Some(within(posts, "posts", "created_at", start_us, cutoff_us, &mut drops).await?)
        }
        None => None,
    };
    let mut checked = Vec::new();
    for (name, input) in [("accounts", accounts), ("identities", identities), ("consent", consent)]
    {
        checked.push(match input {
            Some(input) => Some(check(input, name).await?),
            None => None,
        });
    }
    let [accounts, identities, consent] =
        <[_; 3]>::try_from(checked).map_err(|_| Error::internal("inputs were lost"))?;
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
    async fn optional(&mut self, job: &Job, name: &str) -> Result<Option<Checked>> {
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

/// Runs the contract's rules, and `more`, over a frame in one pass, grouped by `group`. Returns the
/// result columns by name: `rows`, then `0`, `1`, … for the rules.
async fn survey(
    input: &Checked,
    frame: DataFrame,
    group: Vec<Expr>,
    rules: Vec<Expr>,
) -> Result<Vec<arrow::array::RecordBatch>> {
    let mut aggregates = vec![count(lit(1_i64)).alias("rows")];
    aggregates.extend(rules.into_iter().enumerate().map(|(i, rule)| rule.alias(i.to_string())));
    let what = format!("reading {}", input.origin);
    frame
        .aggregate(group, aggregates)
        .map_err(Error::internal)?
        .collect()
        .await
        .map_err(|e| Error::engine(&what, &e))
}

/// Sum of an integer column over all batches.
fn total(batches: &[arrow::array::RecordBatch], name: &str) -> u64 {
    batches
        .iter()
        .filter_map(|b| b.column_by_name(name))
        .filter_map(|c| c.as_primitive_opt::<Int64Type>())
        .map(|c| c.iter().flatten().sum::<i64>().unsigned_abs())
        .sum()
}

/// Checks the contract's rules on all rows of `frame`, with `more` rules of the table's own.
async fn obey(
    input: &Checked,
    table: &Table,
    frame: DataFrame,
    more: Vec<(String, Expr)>,
) -> Result<u64> {
    let mut rules = rules(table)?;
    rules.extend(more);
    let (words, aggregates): (Vec<_>, Vec<_>) = rules.into_iter().unzip();
    let result = survey(input, frame, vec![], aggregates).await?;
    let rows = total(&result, "rows");
    for (i, rule) in words.iter().enumerate() {
        let broken = total(&result, &i.to_string());
        if broken > 0 {
            return Err(violation(table, &input.origin, rule, broken, rows));
        }
    }
    Ok(rows)
}

async fn check(mut input: Checked, name: &str) -> Result<Checked> {
    let table = schema::table(Direction::Input, name)?;
    let mut more = Vec::new();
    if name == "consent" {
        let account = ident("account_id").is_not_null().and(ident("network").is_not_null());
        let named = account.or(ident("person_id").is_not_null());
        more.push((
            "neither `network` and `account_id` nor `person_id` is given".to_owned(),
            count_if(datafusion::prelude::not(named))?,
        ));
    }
    input.rows = obey(&input, table, input.frame.clone(), more).await?;
    Ok(input)
}

/// Cuts an input to `start_us <= column < cutoff_us`, counting what falls out.
async fn within(
    mut input: Checked,
    name: &str,
    column: &str,
    start_us: i64,
    cutoff_us: i64,
    drops: &mut Vec<Drop>,
) -> Result<Checked> {
    let table = schema::table(Direction::Input, name)?;
    let what = format!("reading {}", input.origin);
    let all = input.frame.clone().count().await.map_err(|e| Error::engine(&what, &e))? as u64;
    // Rows before the window are never read; a missing time is kept in, to be refused.
    let recent = ident(column).gt_eq(instant(start_us)).or(ident(column).is_null());
    let recent = input.frame.clone().filter(recent).map_err(Error::internal)?;
    let from_start = obey(&input, table, recent, vec![]).await?;
    let in_window =
        ident(column).gt_eq(instant(start_us)).and(ident(column).lt(instant(cutoff_us)));
    input.frame = input.frame.filter(in_window).map_err(Error::internal)?;
    input.rows = input.frame.clone().count().await.map_err(|e| Error::engine(&what, &e))? as u64;
    drops.push(Drop::exact(name, "before the window", all - from_start));
    drops.push(Drop::exact(name, "after the cutoff", from_start - input.rows));
    Ok(input)
}

async fn check_interactions(
    mut input: Checked,
    method: &Method,
    start_us: i64,
    cutoff_us: i64,
    drops: &mut Vec<Drop>,
) -> Result<Checked> {
    let table = schema::table(Direction::Input, "interactions")?;
    let what = format!("reading {}", input.origin);
    let all = input.frame.clone().count().await.map_err(|e| Error::engine(&what, &e))? as u64;
    let recent = ident("at").gt_eq(instant(start_us)).or(ident("at").is_null());
    let frame = input.frame.clone().filter(recent).map_err(Error::internal)?;

    let mut rules = rules(table)?;
    let sentiment = ident("sentiment");
    rules.push((
        "column `sentiment` is outside -1..1".into(),
        // NaN compares above every number.
        count_if(sentiment.clone().lt(lit(-1.0)).or(sentiment.gt(lit(1.0))))?,
    ));
    let (words, mut aggregates): (Vec<_>, Vec<_>) = rules.into_iter().unzip();
    aggregates.push(count_if(ident("at").gt_eq(instant(cutoff_us)))?);
    let after = words.len().to_string();
    let result = survey(&input, frame, vec![ident("kind")], aggregates).await?;

    let rows = total(&result, "rows");
    for (i, rule) in words.iter().enumerate() {
        let broken = total(&result, &i.to_string());
        if broken > 0 {
            return Err(violation(table, &input.origin, rule, broken, rows));
        }
    }
    known_kinds(&result, method, &input.origin)?;
    drops.push(Drop::exact("interactions", "before the window", all - rows));
    let after = total(&result, &after);
    drops.push(Drop::exact("interactions", "after the cutoff", after));
    let in_window = ident("at").gt_eq(instant(start_us)).and(ident("at").lt(instant(cutoff_us)));
    input.frame = input.frame.filter(in_window).map_err(Error::internal)?;
    input.rows = rows - after;
    Ok(input)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_ignore_nulls_and_add_batches() {
        use arrow::array::{ArrayRef, Int64Array, RecordBatch};
        use std::sync::Arc;
        let batch = |v: Vec<Option<i64>>| {
            let array: ArrayRef = Arc::new(Int64Array::from(v));
            RecordBatch::try_from_iter([("rows", array)]).unwrap()
        };
        assert_eq!(total(&[batch(vec![Some(2), None]), batch(vec![Some(3)])], "rows"), 5);
        assert_eq!(total(&[], "rows"), 0);
    }
}
