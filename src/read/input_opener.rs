//! Opens the inputs of a job: Parquet at a URL, or a `SELECT` over named sources.

use std::collections::BTreeMap;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{LogicalPlan, Volatility};
use datafusion::prelude::Expr;
use url::Url;

use super::open_input::OpenInput;
use super::sources::{Listing, open};
use super::sql_nesting::refuse_nested;
use super::violations::Violations;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::job::{Input, Job};
use crate::schema::{self, Direction};

/// Opens the inputs of one job.
pub(super) struct InputOpener<'a> {
    engine: &'a Engine,
    /// Files behind each input or source.
    pub(super) files: BTreeMap<String, Listing>,
    /// Columns that are not read, by input.
    pub(super) ignored: BTreeMap<String, Vec<String>>,
}

impl<'a> InputOpener<'a> {
    /// Opens the sources of `job`, over which its SQL inputs select.
    pub(super) async fn new(
        engine: &'a Engine,
        job: &Job,
        violations: &mut Violations,
    ) -> Result<Self> {
        engine.set_max_page_bytes(job.reading.max_page_bytes);
        let mut files = BTreeMap::new();
        for (name, url) in &job.sources {
            let Some((frame, found)) = violations.keep(open(engine, url).await)? else { continue };
            files.insert(format!("sources.{name}"), Listing { url: url.clone(), files: found });
            register(engine, name, frame)?;
        }
        // A SELECT over a missing source would only repeat its violation.
        violations.stop_if_any()?;
        Ok(Self { engine, files, ignored: BTreeMap::new() })
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
        let ignored = opened.ignored();
        if !ignored.is_empty() {
            self.ignored.insert(name.into(), ignored);
        }
        Ok(is_valid.then_some(opened))
    }

    async fn open_frame(&mut self, name: &str, input: &Input) -> Result<OpenInput> {
        let table = schema::table(Direction::Input, name)?;
        Ok(match input {
            Input::Url(url) => {
                let (frame, files) = open(self.engine, url).await?;
                let listing = Listing { url: url.clone(), files: files.clone() };
                self.files.insert(name.into(), listing);
                let (origin, url) = (url.to_string(), Some(url.clone()));
                OpenInput { table, frame, origin, closed: false, url, files }
            }
            Input::Sql(sql) => {
                let frame = plan(self.engine, &format!("inputs.{name}"), sql).await?;
                let origin = format!("SQL of inputs.{name}");
                OpenInput { table, frame, origin, closed: true, url: None, files: vec![] }
            }
        })
    }
}

/// The rows of a SELECT over `sources`, called `what` in messages.
///
/// # Errors
/// As [`open`]; [`crate::error::Kind::BadJob`] for a SELECT that fails, writes, or whose result the rows alone do not decide.
pub async fn select(
    engine: &Engine,
    what: &str,
    sql: &str,
    sources: &BTreeMap<String, Url>,
) -> Result<DataFrame> {
    for (name, url) in sources {
        register(engine, name, open(engine, url).await?.0)?;
    }
    plan(engine, what, sql).await
}

/// Lets SELECTs use `frame` under the name of a source.
fn register(engine: &Engine, name: &str, frame: DataFrame) -> Result<()> {
    // Another opener for the same job may have registered it.
    engine.session.deregister_table(name).map_err(Error::internal)?;
    engine.session.register_table(name, frame.into_view()).map_err(|e| {
        Error::bad_job(format!("source `{name}`: {e}"), "give it another name").caused_by(e)
    })?;
    Ok(())
}

/// The rows of a SELECT over registered sources, called `what` in messages.
async fn plan(engine: &Engine, what: &str, sql: &str) -> Result<DataFrame> {
    let only_select =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let refused = |cause: String| {
        Error::bad_job(
            format!("{what}: {cause}"),
            "correct the SELECT; it may use the names of its sources and must not write",
        )
    };
    refuse_nested(sql).map_err(refused)?;
    let frame = engine.session.sql_with_options(sql, only_select).await;
    let frame = frame.map_err(|e| refused(e.strip_backtrace()).caused_by(e))?;
    match find_unstable(frame.logical_plan()).map_err(Error::internal)? {
        None => Ok(frame),
        Some(function) => Err(refused(format!(
            "`{function}` gives another result each time; the same rows must give the same tables"
        ))),
    }
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
