//! Checking inputs against the rules of their contracts, and cutting them to a window of time.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::common::ExprSchema;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;

use super::conform::{Opened, rules, violation};
use super::{Dropped, HOUR_US};
use crate::error::{Error, Result};
use crate::schema::Table;

/// An input that conforms to its contract and obeys its rules.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) frame: DataFrame,
    /// What people know the input as.
    pub(super) origin: String,
    /// Rows, those outside the window left out.
    pub(super) rows: u64,
    /// Rows in all.
    pub(super) found: u64,
}

/// What a survey of an input found: how many rows there are, by group, and how many break a rule.
pub(super) struct Survey {
    pub(super) batches: Vec<RecordBatch>,
}

impl Survey {
    /// Sum of a count over all groups.
    fn total(&self, name: &str) -> u64 {
        let columns = self.batches.iter().filter_map(|b| b.column_by_name(name));
        let counts = columns.filter_map(|c| c.as_primitive_opt::<Int64Type>());
        counts.map(|c| c.iter().flatten().sum::<i64>().unsigned_abs()).sum()
    }
}

/// Counts in one pass, by `group`, the rows of `frame` and those that break a rule of the contract
/// or of `more`; any that do are refused.
async fn obey(
    table: &Table,
    frame: DataFrame,
    origin: &str,
    group: Vec<Expr>,
    more: Vec<(String, Expr)>,
    all: Option<u64>,
) -> Result<Survey> {
    let mut rules = rules(table)?;
    rules.extend(more);
    let words: Vec<String> = rules.iter().map(|(words, _)| words.clone()).collect();
    let mut counts = vec![count(lit(1_i64)).alias("rows")];
    counts.extend(rules.into_iter().map(|(words, broken)| broken.alias(words)));
    let what = format!("reading {origin}");
    let frame = frame.aggregate(group, counts).map_err(Error::internal)?;
    let batches = frame.collect().await.map_err(|e| Error::engine(&what, &e))?;
    let survey = Survey { batches };
    for rule in words {
        let broken = survey.total(&rule);
        if broken > 0 {
            let all = all.unwrap_or_else(|| survey.total("rows"));
            return Err(violation(table, origin, &rule, broken, all));
        }
    }
    Ok(survey)
}

/// Checks an input that is read whole.
pub(super) async fn whole(
    opened: Option<Opened>,
    more: Vec<(String, Expr)>,
) -> Result<Option<Checked>> {
    let Some(opened) = opened else { return Ok(None) };
    let frame = opened.conform()?;
    let survey = obey(opened.table, frame.clone(), &opened.origin, vec![], more, None).await?;
    let rows = survey.total("rows");
    Ok(Some(Checked { frame, origin: opened.origin, rows, found: rows }))
}

/// A span of time in microseconds since 1970, whole seconds at both ends; the end is not in it.
#[derive(Clone, Copy)]
pub(super) struct Window {
    start_us: i64,
    end_us: i64,
}

impl Window {
    /// The `hours` before `end_us`.
    pub(super) fn before(end_us: i64, hours: u32) -> Self {
        Self { start_us: end_us - i64::from(hours) * HOUR_US, end_us }
    }
}

/// Checks an input and cuts it to the rows whose `time` is in the window, counting the others.
///
/// The cut is made in the type that the files have: a comparison with a cast column would not use
/// their statistics, and every row group of all years would be decoded.
pub(super) async fn within(
    mut opened: Opened,
    window: Window,
    time: &str,
    group: Vec<Expr>,
    more: Vec<(String, Expr)>,
    drops: &mut Vec<Dropped>,
) -> Result<(Checked, Survey)> {
    let what = format!("reading {}", opened.origin);
    let counted = async |frame: DataFrame| -> Result<u64> {
        Ok(frame.count().await.map_err(|e| Error::engine(&what, &e))? as u64)
    };
    // Names what is missing or of the wrong type.
    opened.conform()?;
    let (mut all, mut late) = (None, 0);
    if let Some((column, start, end)) = bounds(&opened.frame, window, time)? {
        let filter = |on: Expr| opened.frame.clone().filter(on).map_err(Error::internal);
        all = Some(counted(opened.frame.clone()).await?);
        late = counted(filter(column.clone().gt_eq(end.clone()))?).await?;
        // A missing time is kept in, to be refused.
        let inside = column.clone().gt_eq(start).and(column.clone().lt(end));
        opened.frame = filter(inside.or(column.is_null()))?;
    }
    let frame = opened.conform()?;
    let survey = obey(opened.table, frame.clone(), &opened.origin, group, more, all).await?;
    let rows = survey.total("rows");
    let found = all.unwrap_or(rows);
    let name = &opened.table.table;
    drops.push(Dropped::exact(name, "before the window", found.saturating_sub(late + rows)));
    drops.push(Dropped::exact(name, "after the cutoff", late));
    Ok((Checked { frame, origin: opened.origin, rows, found }, survey))
}

/// The column `time` of a raw input, and the ends of the window in its own type. None if all its
/// values are missing, of no type.
fn bounds(frame: &DataFrame, window: Window, time: &str) -> Result<Option<(Expr, Expr, Expr)>> {
    let column = frame.schema().columns().into_iter().find(|c| c.name == time);
    let column = column.ok_or_else(|| Error::internal(format!("no column `{time}`")))?;
    let field = frame.schema().field_from_column(&column).map_err(Error::internal)?;
    let (column, kind) = match field.data_type() {
        DataType::Dictionary(_, values) => {
            (cast(Expr::Column(column), values.as_ref().clone()), values.as_ref())
        }
        plain => (Expr::Column(column), plain),
    };
    let DataType::Timestamp(unit, zone) = kind else { return Ok(None) };
    let at = |us: i64| {
        let zone = zone.clone();
        lit(match unit {
            TimeUnit::Second => ScalarValue::TimestampSecond(Some(us / 1_000_000), zone),
            TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(us / 1_000), zone),
            TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(us), zone),
            // Nanoseconds end in 1677 and 2262: what is beyond is before, or after, all of them.
            TimeUnit::Nanosecond => {
                ScalarValue::TimestampNanosecond(Some(us.saturating_mul(1_000)), zone)
            }
        })
    };
    Ok(Some((column, at(window.start_us), at(window.end_us))))
}
