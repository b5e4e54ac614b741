//! Sources: Parquet under the names that `SELECT`s use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::prelude::Expr;
use url::Url;

use super::daily_source::DailySource;
use super::files::{ColumnRules, InputTable, Listing};
use super::freshness::of_day;
use super::select::{register_source, select};
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::MissingColumns;

/// The sources of a job, or of `rank`.
pub(crate) struct Sources<'a> {
    engine: &'a Engine,
    urls: &'a BTreeMap<String, Url>,
    tables: BTreeMap<String, InputTable>,
    /// Sources whose day has not arrived; that is wrong only if an input selects from them.
    late: BTreeMap<String, Error>,
    missing_columns: MissingColumns,
}

/// The rows of a `SELECT`.
pub(crate) struct Selected {
    pub(crate) frame: DataFrame,
    /// The sources that it names.
    pub(super) sources: Vec<String>,
    /// Columns that it uses and that some files of a source lack, by source.
    pub(super) null_columns: BTreeMap<String, BTreeMap<String, [usize; 2]>>,
}

impl<'a> Sources<'a> {
    /// Opens all sources. Of those whose URL has the date of the snapshot `day_of` knows it; if a day has no files, whoever
    /// selects from it meets the error.
    ///
    /// # Errors
    /// As [`InputTable::open`], unless the violations are kept.
    pub(crate) async fn open(
        engine: &'a Engine,
        urls: &'a BTreeMap<String, Url>,
        day_of: impl Fn(&str) -> Option<NaiveDate>,
        missing_columns: MissingColumns,
        violations: &mut Violations,
    ) -> Result<Self> {
        let (mut tables, mut late) = (BTreeMap::new(), BTreeMap::new());
        for (name, url) in urls {
            let opened = InputTable::open(engine, url).await;
            let opened = of_day(opened, url, day_of(name));
            let opened = opened.map_err(|e| e.within(format!("source `{name}`")));
            let opened = match opened {
                Err(error) if error.kind == Kind::Gate => {
                    late.insert(name.clone(), error);
                    continue;
                }
                opened => opened,
            };
            let Some(table) = violations.keep(opened)? else { continue };
            register_source(engine, name, urls, table.provider())?;
            tables.insert(name.clone(), table);
        }
        Ok(Self { engine, urls, tables, late, missing_columns })
    }

    /// What was found behind each source, by name.
    pub(crate) fn listings(&self) -> impl Iterator<Item = (&str, Listing)> {
        self.tables.iter().map(|(name, table)| (name.as_str(), table.listing(&|_| false)))
    }

    /// The rows of a `SELECT`, which messages call `origin`.
    ///
    /// # Errors
    /// As [`select()`]; [`Kind::BadInput`] for columns that are not the same in all files of a source, [`Kind::Gate`] for a
    /// source whose day has not arrived.
    pub(crate) async fn select(&self, origin: &str, sql: &str) -> Result<Selected> {
        let (frame, written, sources) =
            select(self.engine, origin, sql, self.urls, &self.late).await?;
        let written = self.engine.session.state().optimize(&written);
        let mut null_columns = BTreeMap::new();
        // A query that cannot be planned fails when it is run, and says why.
        if let (Ok(plan), Ok(written)) = (frame.clone().into_optimized_plan(), written) {
            for (source, table) in &self.tables {
                let of = |plan| used_columns(plan, &table.provider()).map_err(Error::internal);
                let (used, read) = (of(&plan)?, of(&written)?);
                if used.is_empty() {
                    continue;
                }
                let is_used = |column: &str| used.contains(column);
                let is_read = |column: &str| read.contains(column);
                // What only tells rows apart that tie may be null.
                let is_key = |column: &str| is_used(column) && !is_read(column);
                let violations = |of: &dyn Fn(&str) -> bool, missing| {
                    let rules = ColumnRules { missing: Some(missing), is_optional: &|_| false };
                    table.violations(of, rules)
                };
                let read = violations(&is_read, self.missing_columns);
                let keys = violations(&is_key, MissingColumns::Null);
                if let Some(error) = read.into_iter().chain(keys).next() {
                    return Err(error.within(format!("{origin}: source `{source}`")));
                }
                null_columns.insert(source.clone(), table.listing(&is_used).null_columns);
            }
        }
        Ok(Selected { frame, sources, null_columns })
    }

    /// The sources of the day among those of a SELECT, which are `daily`.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the engine does not take them.
    pub(super) fn of_day(
        &self,
        selected: &Selected,
        daily: &BTreeSet<String>,
    ) -> Result<Vec<DailySource>> {
        let used: BTreeSet<&String> =
            selected.sources.iter().filter(|name| daily.contains(*name)).collect();
        let tables = || used.iter().filter_map(|name| Some((*name, self.tables.get(*name)?)));
        let mut sources = Vec::with_capacity(used.len());
        for (name, table) in tables() {
            let others = tables().filter(|(other, _)| *other != name);
            let others: Vec<_> = others.map(|(_, table)| table.provider()).collect();
            let alone = (!others.is_empty()).then(|| without(&selected.frame, &others));
            let (name, rows) = (name.clone(), table.frame(self.engine)?);
            sources.push(DailySource { name, rows, alone: alone.transpose()? });
        }
        Ok(sources)
    }
}

/// The rows of a SELECT if these of its sources were empty.
fn without(frame: &DataFrame, emptied: &[Arc<dyn TableProvider>]) -> Result<DataFrame> {
    let (state, plan) = frame.clone().into_parts();
    let plan = plan.transform_up_with_subqueries(|node| {
        let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
        let source = source_as_provider(&scan.source)?;
        if !emptied.iter().any(|other| Arc::ptr_eq(other, &source)) {
            return Ok(Transformed::no(node));
        }
        let schema = Arc::clone(&scan.projected_schema);
        let empty = EmptyRelation { produce_one_row: false, schema };
        Ok(Transformed::yes(LogicalPlan::EmptyRelation(empty)))
    });
    Ok(DataFrame::new(state, plan.map_err(Error::internal)?.data))
}

/// The columns that an optimized plan reads of a source.
fn used_columns(
    plan: &LogicalPlan,
    source: &Arc<dyn TableProvider>,
) -> datafusion::error::Result<BTreeSet<String>> {
    let mut used = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && Arc::ptr_eq(&source_as_provider(&scan.source)?, source)
        {
            let fields = scan.projected_schema.fields().iter();
            used.extend(fields.map(|field| field.name().clone()));
            let filters = scan.filters.iter().flat_map(Expr::column_refs);
            used.extend(filters.map(|column| column.name.clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(used)
}
