//! Opens the inputs of a job: Parquet at a URL, or a `SELECT` over named sources.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlan, Volatility};
use datafusion::prelude::Expr;

use super::files::{ColumnRules, InputTable, Listing, ParquetFiles};
use super::open_input::OpenInput;
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Input, Job, Reading};
use crate::model::Warning;
use crate::schema::{self, Direction};

/// Opens the inputs of one job.
pub(super) struct InputOpener<'a> {
    engine: &'a Engine,
    reading: &'a Reading,
    /// The sources.
    sources: BTreeMap<String, InputTable>,
    /// Files behind each input or source.
    pub(super) files: BTreeMap<String, Listing>,
    /// Columns that are not read, by input.
    pub(super) ignored: BTreeMap<String, Vec<String>>,
    /// What should be looked at.
    pub(super) warnings: Vec<Warning>,
}

impl<'a> InputOpener<'a> {
    /// Opens the sources of `job`, over which its SQL inputs select.
    pub(super) async fn new(
        engine: &'a Engine,
        job: &'a Job,
        violations: &mut Violations,
    ) -> Result<Self> {
        let (mut sources, mut files) = (BTreeMap::new(), BTreeMap::new());
        for (name, url) in &job.sources {
            let opened = InputTable::open(engine, url).await;
            let opened = opened.map_err(|e| e.within(format!("source `{name}`")));
            let Some(source) = violations.keep(opened)? else { continue };
            files.insert(format!("sources.{name}"), source.listing(&|_| false));
            // Another opener for the same job may have registered it.
            engine.session.deregister_table(name.as_str()).map_err(Error::internal)?;
            engine.session.register_table(name.as_str(), source.provider()).map_err(|e| {
                Error::bad_job(format!("source `{name}`: {e}"), "give it another name").caused_by(e)
            })?;
            sources.insert(name.clone(), source);
        }
        // A SELECT over a missing source would only repeat its violation.
        violations.stop_if_any()?;
        let (ignored, warnings) = (BTreeMap::new(), vec![]);
        Ok(Self { engine, reading: &job.reading, sources, files, ignored, warnings })
    }

    /// Opens one input; `None` if the job does not have it, or its violations were kept.
    pub(super) async fn open(
        &mut self,
        job: &Job,
        name: &str,
        violations: &mut Violations,
    ) -> Result<Option<OpenInput>> {
        let Some(input) = job.inputs.get(name) else { return Ok(None) };
        let place = |violation: Error| violation.in_table(name);
        let opened = self.open_frame(name, input).await.map_err(place);
        let Some(opened) = violations.keep(opened)? else { return Ok(None) };
        let wrong = opened.violations()?;
        let is_valid = wrong.is_empty();
        for violation in wrong {
            violations.report(violation)?;
        }
        self.warnings.extend(opened.warnings());
        let ignored = opened.ignored();
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(is_valid.then_some(opened))
    }

    async fn open_frame(&mut self, name: &str, input: &Input) -> Result<OpenInput> {
        let table = schema::table(Direction::Input, name)?;
        let missing_columns = self.reading.missing_columns;
        Ok(match input {
            Input::Url(url) => {
                let files = InputTable::open(self.engine, url).await?;
                let (frame, origin) = (files.frame(self.engine)?, url.to_string());
                let files = Some(files);
                let opened =
                    OpenInput { table, frame, origin, closed: false, files, missing_columns };
                self.files.extend(opened.listing().map(|listing| (name.to_owned(), listing)));
                opened
            }
            Input::Sql(sql) => {
                let frame = self.select(name, sql).await?;
                let origin = format!("SQL of inputs.{name}");
                OpenInput { table, frame, origin, closed: true, files: None, missing_columns }
            }
        })
    }

    async fn select(&mut self, name: &str, sql: &str) -> Result<DataFrame> {
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
        match find_unstable(frame.logical_plan()).map_err(Error::internal)? {
            None => {
                self.refuse_drift(name, &frame)?;
                Ok(frame)
            }
            Some(function) => Err(refused(format!(
                "`{function}` gives another result each time; the same rows must give the same tables"
            ))),
        }
    }

    /// Refuses a `SELECT` over columns that are not the same in all files of a source.
    fn refuse_drift(&mut self, name: &str, frame: &DataFrame) -> Result<()> {
        // A query that cannot be planned fails when it is run, and says why.
        let Ok(plan) = frame.clone().into_optimized_plan() else { return Ok(()) };
        let used = used_columns(&plan).map_err(Error::internal)?;
        for (source, files) in &self.sources {
            let Some(used) = used.get(source) else { continue };
            let is_used = |column: &str| used.contains(column);
            let missing = Some(self.reading.missing_columns);
            let rules = ColumnRules { missing, is_optional: &|_| false };
            if let Some(error) = files.violations(&is_used, rules).into_iter().next() {
                return Err(error.within(format!("inputs.{name}: source `{source}`")));
            }
            if let Some(listing) = self.files.get_mut(&format!("sources.{source}")) {
                listing.null_columns.extend(files.listing(&is_used).null_columns);
            }
        }
        Ok(())
    }
}

/// The columns that an optimized plan reads of each source.
fn used_columns(
    plan: &LogicalPlan,
) -> datafusion::error::Result<BTreeMap<String, BTreeSet<String>>> {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && source_as_provider(&scan.source)?.is::<ParquetFiles>()
        {
            let columns = used.entry(scan.table_name.table().to_owned()).or_default();
            let fields = scan.projected_schema.fields().iter();
            columns.extend(fields.map(|field| field.name().clone()));
            let filters = scan.filters.iter().flat_map(Expr::column_refs);
            columns.extend(filters.map(|column| column.name.clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(used)
}

/// The first part of a plan whose result does not depend on the rows alone: the clock, a random number, a limit without an
/// order.
fn find_unstable(plan: &LogicalPlan) -> datafusion::error::Result<Option<String>> {
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
