//! Checking inputs against the rules of their contracts, and cutting them to a window of time.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::common::ExprSchema;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, cast, ident, lit};
use datafusion::scalar::ScalarValue;

use super::conform::{Opened, RowRule, rules};
use super::sources::open_alone;
use super::violations::Violations;
use crate::engine::{self, Engine, count_rows};
use crate::error::{Error, Result};
use crate::job::Kinds;
use crate::model::Dropped;
use crate::model::time::HOUR_US;

/// An input that conforms to its contract and obeys its rules.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) frame: DataFrame,
    /// What people know the input as.
    pub(super) origin: String,
    /// Rows, without those outside the window.
    pub(super) rows_in_window: u64,
    /// Rows.
    pub(super) rows_total: u64,
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

/// Counts in one pass, by `group`, the rows of `frame` and those that break each of `rules`.
async fn survey(
    what: &str,
    frame: DataFrame,
    group: Vec<Expr>,
    rules: &[RowRule],
) -> Result<Survey> {
    let mut counts = vec![count(lit(1_i64)).alias("rows")];
    counts.extend(rules.iter().map(|rule| rule.broken.clone().alias(&rule.words)));
    let frame = frame.aggregate(group, counts).map_err(Error::internal)?;
    Ok(Survey { batches: engine::batches(what, frame).await? })
}

/// Surveys a conformed input; rows that break a rule are violations. `None` if any were kept.
async fn obey(
    engine: &Engine,
    opened: &Opened,
    cut: &Cut,
    frame: DataFrame,
    group: Vec<Expr>,
    more: &[RowRule],
    violations: &mut Violations,
) -> Result<Option<Survey>> {
    let mut rules = rules(opened.table)?;
    rules.extend_from_slice(more);
    let what = format!("reading {}", opened.origin);
    let Some(found) = violations.keep(survey(&what, frame, group, &rules).await)? else {
        return Ok(None);
    };
    let broken: Vec<&RowRule> = rules.iter().filter(|r| found.total(&r.words) > 0).collect();
    for rule in &broken {
        let rows = found.total(&rule.words);
        let file = first_file(engine, opened, cut, rule).await?;
        let place = file.as_ref().map_or(String::new(), |file| format!(", first in `{file}`"));
        let all = cut.all.unwrap_or_else(|| found.total("rows"));
        let mut violation = opened
            .violation(
                format!("{} in {rows} of {all} rows{place}", rule.words),
                "fix these rows, or leave them out with a SELECT … WHERE",
            )
            .with_help(opened.contract())
            .in_rows(rows);
        violation.place.column.clone_from(&rule.column);
        violations
            .report(file.iter().fold(violation, |violation, file| violation.in_file(file)))?;
    }
    Ok(broken.is_empty().then_some(found))
}

/// The first of several files that holds a row which breaks `rule`. They are read one by one, which
/// happens only where a rule is broken.
async fn first_file(
    engine: &Engine,
    opened: &Opened,
    cut: &Cut,
    rule: &RowRule,
) -> Result<Option<String>> {
    let Some(url) = opened.url.as_ref().filter(|_| opened.files.len() > 1) else {
        return Ok(None);
    };
    for file in &opened.files {
        let Some(frame) = open_alone(engine, url, file).await else { return Ok(None) };
        let mut alone = Opened { frame, ..opened.clone() };
        // It may miss a column that is one of the partitions.
        if !alone.violations()?.is_empty() {
            return Ok(None);
        }
        cut.apply(&mut alone)?;
        let what = format!("reading `{}`", file.path);
        let frame = alone.conform()?;
        let has = |column: &String| frame.schema().has_column_with_unqualified_name(column);
        // A measure of one's own that the file lacks.
        if !rule.column.as_ref().is_none_or(has) {
            continue;
        }
        let found = survey(&what, frame, vec![], std::slice::from_ref(rule)).await?;
        if found.total(&rule.words) > 0 {
            return Ok(Some(file.path.clone()));
        }
    }
    Ok(None)
}

/// Checks an input that is read whole; `None` if it is absent or its violations were kept.
pub(super) async fn whole(
    engine: &Engine,
    opened: Option<Opened>,
    more: &[RowRule],
    violations: &mut Violations,
) -> Result<Option<Checked>> {
    let Some(opened) = opened else { return Ok(None) };
    let (frame, cut) = (opened.conform()?, Cut::default());
    let found = obey(engine, &opened, &cut, frame.clone(), vec![], more, violations).await?;
    Ok(found.map(|found| {
        let rows = found.total("rows");
        Checked { frame, origin: opened.origin, rows_in_window: rows, rows_total: rows }
    }))
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

    /// All time before `end_us`.
    pub(super) fn until(end_us: i64) -> Self {
        Self { start_us: i64::MIN, end_us }
    }
}

/// What is left out of an input before its rows are checked.
#[derive(Clone, Default)]
pub(super) struct Cut {
    /// Rows whose time, in this column, is outside are left out.
    window: Option<(Window, &'static str)>,
    /// Kinds that the job drops or maps, where the input has kinds.
    kinds: Option<Kinds>,
    /// Rows before the cut, if they were counted.
    all: Option<u64>,
}

impl Cut {
    pub(super) fn new(window: Window, time: &'static str, kinds: Option<Kinds>) -> Self {
        Self { window: Some((window, time)), kinds, all: None }
    }

    /// Leaves out what is outside the window and what is of a kind that the job drops, and renames
    /// the kinds that it maps.
    pub(super) fn apply(&self, opened: &mut Opened) -> Result<()> {
        if let Some((window, time)) = self.window
            && let Some((column, start, end)) = bounds(&opened.frame, window, time)?
        {
            // A missing time is kept in, to be refused where it may not be.
            let inside = column.clone().gt_eq(start).and(column.clone().lt(end));
            let inside = inside.or(column.is_null());
            opened.frame = opened.frame.clone().filter(inside).map_err(Error::internal)?;
        }
        if let Some(kinds) = self.kinds.as_ref().filter(|kinds| !kinds.is_empty()) {
            let kept = kinds.dropped(ident("kind")).is_not_true();
            let kind = kinds.mapped(ident("kind"))?;
            let frame = opened.frame.clone().filter(kept);
            opened.frame =
                frame.and_then(|f| f.with_column("kind", kind)).map_err(Error::internal)?;
        }
        Ok(())
    }
}

/// What is checked of an input with times.
pub(super) struct Timed<'a> {
    /// What is left out.
    pub(super) cut: Cut,
    /// Rows are counted by these.
    pub(super) group: Vec<Expr>,
    /// Rules beside those of the contract.
    pub(super) more: &'a [RowRule],
}

/// Checks an input and cuts it to the rows whose time is in the window, counting the others. `None` if
/// its violations were kept.
///
/// The cut is made in the type that the files have: a comparison with a cast column would not use
/// their statistics, and every row group of all years would be decoded.
pub(super) async fn within(
    engine: &Engine,
    mut opened: Opened,
    rules: Timed<'_>,
    drops: &mut Vec<Dropped>,
    violations: &mut Violations,
) -> Result<Option<(Checked, Survey)>> {
    let what = format!("reading {}", opened.origin);
    let mut cut = rules.cut;
    let counted = async |on: Option<Expr>| -> Result<u64> {
        let frame = opened.frame.clone();
        let frame = match on {
            Some(on) => frame.filter(on).map_err(Error::internal)?,
            None => frame,
        };
        count_rows(&what, frame).await
    };
    let (mut late, mut dropped) = (0, None);
    if let Some((window, time)) = cut.window
        && let Some((column, start, end)) = bounds(&opened.frame, window, time)?
    {
        let Some(all) = violations.keep(counted(None).await)? else { return Ok(None) };
        cut.all = Some(all);
        late = counted(Some(column.clone().gt_eq(end.clone()))).await?;
        if let Some(kinds) = cut.kinds.as_ref().filter(|kinds| !kinds.drop.is_empty()) {
            let inside = column.clone().gt_eq(start).and(column.lt(end));
            dropped = Some(counted(Some(inside.and(kinds.dropped(ident("kind"))))).await?);
        }
    }
    cut.apply(&mut opened)?;
    let frame = opened.conform()?;
    let found =
        obey(engine, &opened, &cut, frame.clone(), rules.group, rules.more, violations).await?;
    let Some(survey) = found else { return Ok(None) };
    let rows = survey.total("rows");
    let all = cut.all.unwrap_or(rows);
    let name = &opened.table.table;
    let before = all.saturating_sub(late + dropped.unwrap_or(0) + rows);
    drops.push(Dropped::exact(name, "before the window", before));
    drops.push(Dropped::exact(name, "after the cutoff", late));
    if let Some(dropped) = dropped {
        drops.push(Dropped::exact(name, "of a kind that the job drops", dropped));
    }
    Ok(Some((
        Checked { frame, origin: opened.origin, rows_in_window: rows, rows_total: all },
        survey,
    )))
}

/// The column `time` of a raw input, and the ends of the window in its own type. None if it is absent, or all
/// its values are missing, of no type.
fn bounds(frame: &DataFrame, window: Window, time: &str) -> Result<Option<(Expr, Expr, Expr)>> {
    let column = frame.schema().columns().into_iter().find(|c| c.name == time);
    let Some(column) = column else { return Ok(None) };
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
