//! Opens the inputs of a job: Parquet at a URL, or a `SELECT` over named sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::Expr;

use super::epoch;
use super::files::{ColumnRules, InputTable, Listing};
use super::open_input::OpenInput;
use super::select::{register_source, select};
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, OF_SQL, Result};
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
    /// Sources that the inputs opened so far select from.
    pub(super) selected: BTreeSet<String>,
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
            register_source(engine, name, &job.sources, source.provider())?;
            sources.insert(name.clone(), source);
        }
        // A SELECT over a missing source would only repeat its violation.
        violations.stop_if_any()?;
        let (ignored, warnings, selected) = (BTreeMap::new(), vec![], BTreeSet::new());
        Ok(Self { engine, reading: &job.reading, sources, files, ignored, warnings, selected })
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
        let opened = self.open_frame(job, name, input).await.map_err(place);
        let Some(opened) = violations.keep(opened)? else { return Ok(None) };
        let wrong = opened.violations()?;
        let is_valid = wrong.is_empty();
        for violation in wrong {
            let violation = Box::pin(self.with_unit(&opened, violation)).await?;
            violations.report(violation)?;
        }
        self.warnings.extend(opened.warnings());
        let ignored = opened.ignored();
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(is_valid.then_some(opened))
    }

    /// A violation about a column of integers where the contract has times, with what to write for the unit that they have.
    async fn with_unit(&self, input: &OpenInput, mut violation: Error) -> Result<Error> {
        let name = violation.place.column.clone().unwrap_or_default();
        if let Some(column) = input.epoch_columns().into_iter().find(|column| column.name == name) {
            let what = format!("reading {}", input.origin);
            let column = Expr::Column(column);
            let sql = epoch::conversion(&what, input.frame.clone(), column, &name).await?;
            violation.remedy = format!(
                "write {sql} AS {name} in a SELECT, or write the file with the contract's type"
            );
        }
        Ok(violation)
    }

    async fn open_frame(&mut self, job: &Job, name: &str, input: &Input) -> Result<OpenInput> {
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
                let select = Box::pin(select(self.engine, name, sql, &job.sources));
                let (frame, selected) = select.await?;
                self.refuse_drift(name, &frame)?;
                self.selected.extend(selected);
                let origin = format!("{OF_SQL}{name}");
                OpenInput { table, frame, origin, closed: true, files: None, missing_columns }
            }
        })
    }

    /// Refuses a `SELECT` over columns that are not the same in all files of a source.
    fn refuse_drift(&mut self, name: &str, frame: &DataFrame) -> Result<()> {
        // A query that cannot be planned fails when it is run, and says why.
        let Ok(plan) = frame.clone().into_optimized_plan() else { return Ok(()) };
        for (source, files) in &self.sources {
            let used = used_columns(&plan, &files.provider()).map_err(Error::internal)?;
            if used.is_empty() {
                continue;
            }
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
