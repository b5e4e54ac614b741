//! Validation of the rows of inputs against the rules of their contracts.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{Expr, lit};

use super::cast_faults;
use super::open_input::OpenInput;
use super::row_counts::RowCounts;
use super::row_filter::{InWindow, RowFilter};
use super::row_rules::{RowRule, contract_rules, misfit_rules};
use super::time_units::{TimeColumn, TimeSpan};
use super::violations::Violations;
use crate::engine::{self, Engine, count_if, count_rows, without_statistics};
use crate::error::{Error, Result};
use crate::model::Dropped;
use crate::schema::Type;

/// An input that conforms to its contract and obeys its rules.
#[derive(Clone)]
pub(super) struct ValidInput {
    pub(super) frame: DataFrame,
    /// How the job names the input: a URL, or SQL of a key.
    pub(super) origin: String,
    /// Rows, without those outside the window.
    pub(super) rows_in_window: u64,
    /// Rows.
    pub(super) rows_total: u64,
    /// The end of the window, in microseconds since 1970; its times are before it.
    pub(super) end_us: i64,
}

/// Validates inputs one by one.
pub(super) struct Validator<'a> {
    pub(super) engine: &'a Engine,
    pub(super) violations: &'a mut Violations,
    /// The first instant that the snapshot does not cover, in microseconds since 1970.
    pub(super) cutoff_us: i64,
}

/// How the rows of an input with times are validated.
pub(super) struct WindowRules {
    pub(super) filter: RowFilter,
    /// Columns by which rows are counted.
    pub(super) group: Vec<Expr>,
    /// Rules in addition to those of the contract.
    pub(super) more: Vec<RowRule>,
}

impl Validator<'_> {
    /// Validates an input that is read whole, by the rules of its contract and `more`; `None` if it is absent or its violations
    /// were kept.
    pub(super) async fn validate(
        &mut self,
        input: Option<OpenInput>,
        more: Vec<RowRule>,
    ) -> Result<Option<ValidInput>> {
        let Some(input) = input else { return Ok(None) };
        let Some(mut input) = self.settled(input).await? else { return Ok(None) };
        // A WHERE of the SELECT looks at the rows themselves.
        input.frame = without_statistics(input.frame);
        if !self.has_right_units(&input).await? {
            return Ok(None);
        }
        let frame = input.conform()?;
        let filter = RowFilter::default();
        let rules = WindowRules { filter, group: vec![], more };
        let counts = self.count_rows(&input, &rules, frame.clone(), None).await?;
        Ok(counts.map(|counts| {
            let rows = counts.total("rows");
            let (origin, end_us) = (input.origin, i64::MAX);
            ValidInput { frame, origin, rows_in_window: rows, rows_total: rows, end_us }
        }))
    }

    /// Validates an input within its window, and counts the rows outside. `None` if its violations were kept.
    pub(super) async fn validate_in_window(
        &mut self,
        input: OpenInput,
        rules: WindowRules,
        drops: &mut Vec<Dropped>,
    ) -> Result<Option<(ValidInput, RowCounts)>> {
        let Some(mut input) = self.settled(input).await? else { return Ok(None) };
        let Some(outside) = self.count_outside(&input, &rules.filter).await? else {
            return Ok(None);
        };
        let (whole, end_us) = (input.clone(), rules.filter.end_us());
        if let Some((span, column)) = &outside.span
            && let Some(violation) = span.violation(&input, column, end_us)
        {
            self.violations.report(violation)?;
            return Ok(None);
        }
        rules.filter.apply(&mut input)?;
        let frame = input.conform()?;
        let counts = self.count_rows(&input, &rules, frame.clone(), outside.all).await?;
        let Some(counts) = counts else { return Ok(None) };
        let rows = counts.total("rows");
        let kept = rows + outside.dropped.unwrap_or(0);
        if outside.kept.is_some_and(|expected| expected != kept) {
            let expected = outside.kept.unwrap_or_default();
            let violation = self.wrong_statistics(&whole, &rules.filter, [kept, expected]).await?;
            self.violations.report(violation)?;
            return Ok(None);
        }
        let all = outside.all.unwrap_or(rows);
        let name = &input.table.table;
        let before = all.saturating_sub(outside.after + outside.dropped.unwrap_or(0) + rows);
        let before = Dropped::exact(name, "before the window", before);
        // Tables are kept for years, and a run reads the last of it: that is worth a warning only if nothing is left.
        drops.push(if rows == 0 { before.of(all) } else { before });
        drops.push(Dropped::exact(name, "after the cutoff", outside.after).of(all));
        if let Some(dropped) = outside.dropped {
            drops.push(Dropped::exact(name, "kind dropped by the job", dropped).of(all));
        }
        let origin = input.origin;
        let input = ValidInput { frame, origin, rows_in_window: rows, rows_total: all, end_us };
        Ok(Some((input, counts)))
    }

    async fn count_outside(
        &mut self,
        input: &OpenInput,
        filter: &RowFilter,
    ) -> Result<Option<Outside>> {
        let Some(window) = filter.in_window(&input.frame)? else {
            return Ok(Some(Outside::default()));
        };
        let what = format!("reading {}", input.origin);
        let count_where = async |condition: Expr| -> Result<u64> {
            let frame = input.frame.clone().filter(condition).map_err(Error::internal)?;
            count_rows(&what, frame).await
        };
        let counts = async {
            let end_us = filter.end_us();
            let counts = WindowCounts::of(&what, input.frame.clone(), &window, end_us).await?;
            let WindowCounts { all, after, kept, span } = counts;
            let dropped = match filter.is_dropped_kind() {
                Some(is_dropped) => Some(count_where(window.kept().and(is_dropped)).await?),
                None => None,
            };
            Ok((Outside { all: Some(all), after, kept: Some(kept), dropped, span: None }, span))
        };
        let counts = explained(input, counts.await).await;
        let counts = self.violations.keep(counts)?;
        Ok(counts.map(|(outside, span)| Outside {
            span: span.map(|span| (span, window.time)),
            ..outside
        }))
    }

    /// Whether the times of an input that is read whole lie where times of a network may; else violations are kept.
    async fn has_right_units(&mut self, input: &OpenInput) -> Result<bool> {
        let what = format!("reading {}", input.origin);
        let times = input.table.columns.iter().filter(|column| column.kind == Type::Timestamp);
        let mut right = true;
        for column in times {
            let Some(column) = TimeColumn::of(&input.frame, &column.name)? else { continue };
            let cutoff_us = self.cutoff_us;
            let span = TimeSpan::read(&what, input.frame.clone(), &column, cutoff_us).await;
            let span = explained(input, span).await;
            let Some(span) = self.violations.keep(span)? else { return Ok(false) };
            if let Some(violation) = span.and_then(|s| s.violation(input, &column, cutoff_us)) {
                self.violations.report(violation)?;
                right = false;
            }
        }
        Ok(right)
    }

    /// Whether every value of the columns as they were opened has a place in the engine's types; else violations are kept.
    async fn fits(&mut self, input: &OpenInput, filter: &RowFilter) -> Result<bool> {
        let (rules, conversions): (Vec<_>, Vec<_>) = misfit_rules(input)?.into_iter().unzip();
        if rules.is_empty() {
            return Ok(true);
        }
        let what = format!("reading {}", input.origin);
        let counts = RowCounts::of(&what, input.frame.clone(), vec![], &rules).await;
        let counts = explained(input, counts).await;
        let Some(counts) = self.violations.keep(counts)? else { return Ok(false) };
        let mut fits = true;
        for (rule, sql) in rules.iter().zip(conversions) {
            let rows = counts.total(&rule.words);
            if rows == 0 {
                continue;
            }
            fits = false;
            let file = first_file(self.engine, input, filter, rule, Columns::Opened).await?;
            let column = rule.column.as_deref().unwrap_or_default();
            let remedy =
                format!("fix these values, or make them missing in a SELECT, {sql} AS {column}");
            self.report(input, rule, (rows, counts.total("rows")), file, &remedy)?;
        }
        Ok(fits)
    }

    /// Reports that rows break a rule, the first of them in `file`.
    fn report(
        &mut self,
        input: &OpenInput,
        rule: &RowRule,
        (rows, all): (u64, u64),
        file: Option<String>,
        remedy: &str,
    ) -> Result<()> {
        let place = file.as_ref().map_or(String::new(), |file| format!(", first in `{file}`"));
        let cause = format!("{} in {rows} of {all} rows{place}", rule.words);
        let mut violation =
            input.violation(cause, remedy).with_help(input.contract()).in_rows(rows);
        violation.place.column.clone_from(&rule.column);
        let violation = file.iter().fold(violation, |violation, file| violation.in_file(file));
        self.violations.report(violation)
    }

    /// The input, with its rows in memory if it is a `SELECT` that aggregates all rows to one: of a column that such a
    /// `SELECT` makes a constant DataFusion 55 evaluates conditions before it aggregates, and keeps the row whatever they say.
    /// `None` if its violations were kept.
    async fn settled(&mut self, mut input: OpenInput) -> Result<Option<OpenInput>> {
        if !input.closed || !aggregates_to_one_row(input.frame.logical_plan())? {
            return Ok(Some(input));
        }
        let what = format!("reading {}", input.origin);
        let materialised = self.engine.materialise(&what, input.frame.clone()).await;
        let materialised = explained(&input, materialised).await;
        let Some((frame, _)) = self.violations.keep(materialised)? else { return Ok(None) };
        input.frame = frame;
        Ok(Some(input))
    }

    /// The error for statistics of files that leave out rows within the window, and the first file that has such.
    async fn wrong_statistics(
        &self,
        input: &OpenInput,
        filter: &RowFilter,
        [read, expected]: [u64; 2],
    ) -> Result<Error> {
        let mut file = None;
        for (path, alone) in input.files.iter().flat_map(|files| files.each_alone()) {
            let alone = alone.frame(self.engine)?;
            let Some(window) = filter.in_window(&alone)? else { break };
            let what = format!("reading `{path}`");
            let end_us = filter.end_us();
            let counts = WindowCounts::of(&what, alone.clone(), &window, end_us).await?;
            let WindowCounts { kept, .. } = counts;
            let pruned = alone.filter(window.kept()).map_err(Error::internal)?;
            if count_rows(&what, pruned).await? != kept {
                file = Some(path);
                break;
            }
        }
        let place = file.as_ref().map_or_else(String::new, |path| format!(" of `{path}`"));
        let violation = input
            .violation(
                format!(
                    "the statistics in the footer{place} do not fit the rows: by them {read} rows are read, and {expected} are \
                     in the window"
                ),
                "write the file again with another writer",
            )
            .in_rows(expected.abs_diff(read));
        Ok(file.iter().fold(violation, |violation, path| violation.in_file(path)))
    }

    /// Counts the rows of a conformed input; rows that break a rule are violations. `None` if any were kept. `all` is the
    /// number of rows before they were filtered.
    async fn count_rows(
        &mut self,
        input: &OpenInput,
        rules: &WindowRules,
        frame: DataFrame,
        all: Option<u64>,
    ) -> Result<Option<RowCounts>> {
        let WindowRules { filter, group, more } = rules;
        if !self.fits(input, filter).await? {
            return Ok(None);
        }
        let rules = [contract_rules(input.table)?, more.clone()].concat();
        let what = format!("reading {}", input.origin);
        let counts = RowCounts::of(&what, frame, group.clone(), &rules).await;
        let counts = explained(input, counts).await;
        let Some(counts) = self.violations.keep(counts)? else { return Ok(None) };
        let is_broken = |rule: &&RowRule| counts.total(&rule.words) > 0;
        let broken: Vec<&RowRule> = rules.iter().filter(is_broken).collect();
        for rule in &broken {
            let file = first_file(self.engine, input, filter, rule, Columns::Conformed).await?;
            let remedy = "fix these rows, or leave them out with a SELECT … WHERE";
            let all = all.unwrap_or_else(|| counts.total("rows"));
            self.report(input, rule, (counts.total(&rule.words), all), file, remedy)?;
        }
        Ok(broken.is_empty().then_some(counts))
    }
}

/// What reading the rows of `input` gave; of a `SELECT` that fails over them, with the value at fault.
async fn explained<T>(input: &OpenInput, read: Result<T>) -> Result<T> {
    match read {
        // Boxed: its future is large, and hardly ever needed.
        Err(error) => Err(Box::pin(cast_faults::explain(&input.frame, &input.origin, error)).await),
        read => read,
    }
}

/// The columns that a rule is about.
#[derive(Clone, Copy)]
enum Columns {
    /// As they were opened.
    Opened,
    /// Of the contract, in its types.
    Conformed,
}

/// Rows outside the window.
#[derive(Default)]
struct Outside {
    /// All rows, inside and outside; `None` if there is no window.
    all: Option<u64>,
    /// Rows at or after the cutoff.
    after: u64,
    /// Rows inside the window or without a time, counted without trust in statistics; `None` if there is no window.
    kept: Option<u64>,
    /// Rows inside the window of a kind that the job drops; `None` if it drops none.
    dropped: Option<u64>,
    /// Where all times lie; `None` if there is no window or no time.
    span: Option<(TimeSpan, TimeColumn)>,
}

/// Numbers of rows by their time, from the rows themselves.
struct WindowCounts {
    all: u64,
    /// At or after the cutoff.
    after: u64,
    /// Inside the window, or without a time.
    kept: u64,
    /// Where all times lie; `None` if no row has one.
    span: Option<TimeSpan>,
}

impl WindowCounts {
    async fn of(what: &str, frame: DataFrame, window: &InWindow, cutoff_us: i64) -> Result<Self> {
        let mut counts = vec![
            count(lit(1_i64)).alias("rows"),
            count_if(window.after())?.alias("after"),
            count_if(window.kept())?.alias("kept"),
        ];
        counts.extend(window.time.aggregates(cutoff_us)?);
        let frame = without_statistics(frame).aggregate(vec![], counts);
        let frame = frame.map_err(Error::internal)?;
        let counts = RowCounts { batches: engine::batches(what, frame).await? };
        let [all, after, kept] = ["rows", "after", "kept"].map(|name| counts.total(name));
        Ok(Self { all, after, kept, span: TimeSpan::of(&counts) })
    }
}

/// Whether a plan aggregates all rows of something to one row, which is there even if there are none.
fn aggregates_to_one_row(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    let searched = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node {
            let groups = &aggregate.group_expr;
            // `ROLLUP`, `CUBE` and `GROUPING SETS` may have a group of all rows.
            found |= groups.is_empty() || groups.iter().any(|e| matches!(e, Expr::GroupingSet(_)));
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    searched.map_err(Error::internal)?;
    Ok(found)
}

/// The first of several files that has a row which breaks `rule`. Files are read one by one, which happens only where a rule
/// is broken.
async fn first_file(
    engine: &Engine,
    input: &OpenInput,
    filter: &RowFilter,
    rule: &RowRule,
    columns: Columns,
) -> Result<Option<String>> {
    let files = input.files.as_ref().filter(|files| files.only_path().is_none());
    for (path, alone) in files.into_iter().flat_map(|files| files.each_alone()) {
        let mut alone = OpenInput { frame: alone.frame(engine)?, ..input.clone() };
        filter.apply(&mut alone)?;
        let (what, frame) = (
            format!("reading `{path}`"),
            match columns {
                Columns::Opened => alone.frame,
                Columns::Conformed => alone.conform()?,
            },
        );
        let counts = RowCounts::of(&what, frame, vec![], std::slice::from_ref(rule)).await?;
        if counts.total(&rule.words) > 0 {
            return Ok(Some(path));
        }
    }
    Ok(None)
}
