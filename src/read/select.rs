//! A user's `SELECT` over the sources of a job: planned, and held to giving the same rows each time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::common::config::Dialect;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{ObjectName, Visit, Visitor};
use url::Url;

use super::cast_faults::select_uuid;
use super::epoch::{self, WrongUnit};
use super::row_order::{Unsteady, steady};
use super::sql_clauses::{find_ignored, leave_out_limits_of_exists};
use super::sql_lambdas::write_fields_as_keys;
use super::sql_nesting::refuse_nested;
use super::uuids::UUID;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::suggest::nearest;

/// Makes a source known to the engine by its exact name, `as it is` in double quotes; a `SELECT` may also write it without,
/// in any case, as SQL has it, unless another source has that name.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the engine does not take it.
pub(super) fn register_source(
    engine: &Engine,
    name: &str,
    sources: &BTreeMap<String, Url>,
    provider: Arc<dyn TableProvider>,
) -> Result<()> {
    let folded = name.to_lowercase();
    let is_alone = spellings(name, sources.keys()).len() == 1;
    let mut names = BTreeSet::from([name]);
    names.extend(is_alone.then_some(folded.as_str()));
    for name in names {
        // Another opener for the same job may have registered it. Dots are part of the name.
        let table = || TableReference::bare(name);
        engine.session.deregister_table(table()).map_err(Error::internal)?;
        let provider = Arc::clone(&provider);
        engine.session.register_table(table(), provider).map_err(Error::internal)?;
    }
    Ok(())
}

/// The sources whose names are equal to `name` but for case.
fn spellings<'a>(name: &str, sources: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    let folded = name.to_lowercase();
    sources.filter(|source| source.to_lowercase() == folded).map(String::as_str).collect()
}

/// The rows of a `SELECT`, which messages call `origin`, its plan as it is written, and the sources that it names.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] for a `SELECT` that cannot be planned, writes, has a clause that the engine passes over,
/// or depends on more than the rows of its sources; for one over a source that is `late`, the error of that.
pub(super) async fn select(
    engine: &Engine,
    origin: &str,
    sql: &str,
    sources: &BTreeMap<String, Url>,
    late: &BTreeMap<String, Error>,
) -> Result<(DataFrame, LogicalPlan, Vec<String>)> {
    let refused = |cause: String, remedy: &str| {
        Error::bad_job(format!("{origin}: {cause}"), remedy.to_owned())
    };
    let shorter = "make the SELECT shorter, or write what it selects as Parquet";
    refuse_nested(sql).map_err(|cause| refused(cause, shorter))?;
    let state = engine.session.state();
    if let Some(error) = find_late(&state, sql, late) {
        return Err(error.clone());
    }
    let Planned { statement, plan } = match planned(&state, sql).await {
        Ok(planned) => planned,
        Err(error) => {
            let hint = suggestion(engine, &error, sources).await;
            let remedy =
                "correct the SELECT; it may use the names of its sources and must not write";
            let remedy = hint.map_or_else(|| remedy.to_owned(), |hint| format!("{hint}; {remedy}"));
            return Err(refused(error.strip_backtrace(), &remedy).caused_by(error));
        }
    };
    if let Statement::Statement(statement) = &statement {
        if let Some(clause) = find_ignored(statement) {
            let cause = format!("the engine passes over `{clause}`, and the rows would be others");
            return Err(refused(
                cause,
                "leave it out, or say the same with conditions under WHERE",
            ));
        }
        if let ControlFlow::Break(ambiguous) = statement.visit(&mut Ambiguous(sources)) {
            let known = spellings(&ambiguous, sources.keys()).join("\" and \"");
            return Err(refused(
                format!("`{ambiguous}` may be any of the sources \"{known}\""),
                "write the name of the source in double quotes",
            ));
        }
    }
    let internal = |error: DataFusionError| {
        refused(error.strip_backtrace(), "correct the SELECT").caused_by(error)
    };
    let references = state.resolve_table_references(&statement).map_err(internal)?;
    let named = references.iter().flat_map(|table| spellings(table.table(), sources.keys()));
    let named = named.map(str::to_owned).collect();
    let written = plan.clone();
    let plan = match steady(&state, plan).map_err(internal)? {
        Ok(plan) => plan,
        Err(Unsteady { cause, remedy }) => {
            return Err(refused(cause, &remedy));
        }
    };
    let what = format!("reading {origin}");
    if let Some(wrong) = epoch::find_wrong_unit(engine, &what, &plan).await? {
        let WrongUnit { integers, taken_for, instead } = wrong;
        return Err(refused(
            format!(
                "CAST takes the integers of `{integers}` for {taken_for}, and by their size they are not"
            ),
            &format!("write {instead} instead of the CAST"),
        ));
    }
    let frame = engine.session.execute_logical_plan(plan).await.map_err(internal)?;
    Ok((frame, written, named))
}

/// The error of the first late source that a `SELECT` names: it could not be planned.
fn find_late<'a>(
    state: &SessionState,
    sql: &str,
    late: &'a BTreeMap<String, Error>,
) -> Option<&'a Error> {
    let parse = |dialect: Dialect| state.sql_to_statement(sql, &dialect).ok();
    let usual = state.config().options().sql_parser.dialect;
    let statement = parse(usual).or_else(|| parse(Dialect::DuckDB)).filter(|_| !late.is_empty())?;
    let references = state.resolve_table_references(&statement).ok()?;
    references.iter().find_map(|table| {
        spellings(table.table(), late.keys()).into_iter().find_map(|name| late.get(name))
    })
}

/// A `SELECT` and its plan.
struct Planned {
    statement: Statement,
    plan: LogicalPlan,
}

/// Plans a query. What plain SQL does not have, such as `item -> item['tag']`, is tried as DuckDB writes it.
async fn planned(state: &SessionState, sql: &str) -> datafusion::error::Result<Planned> {
    let only_select =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let plan = async |dialect: Dialect| -> datafusion::error::Result<Planned> {
        let mut statement = state.sql_to_statement(sql, &dialect)?;
        if let Statement::Statement(statement) = &mut statement {
            write_fields_as_keys(statement);
            leave_out_limits_of_exists(statement);
        }
        let plan = state.statement_to_plan(statement.clone()).await?;
        only_select.verify_plan(&plan)?;
        Ok(Planned { statement, plan })
    };
    match plan(state.config().options().sql_parser.dialect).await {
        Err(error) => plan(Dialect::DuckDB).await.map_err(|_| error),
        planned => planned,
    }
}

/// Finds a name without quotes that is not the exact name of a source, where several differ by case alone.
struct Ambiguous<'a>(&'a BTreeMap<String, Url>);

impl Visitor for Ambiguous<'_> {
    type Break = String;

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<String> {
        let [part] = relation.0.as_slice() else { return ControlFlow::Continue(()) };
        let Some(part) = part.as_ident() else { return ControlFlow::Continue(()) };
        // Without quotes, SQL reads every name in lower case.
        let is_read_as_it_is =
            part.quote_style.is_some() || part.value == part.value.to_lowercase();
        let is_exact = is_read_as_it_is && self.0.contains_key(&part.value);
        match is_exact || spellings(&part.value, self.0.keys()).len() < 2 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(part.value.clone()),
        }
    }
}

/// What may help with a `SELECT` that cannot be planned.
async fn suggestion(
    engine: &Engine,
    error: &DataFusionError,
    sources: &BTreeMap<String, Url>,
) -> Option<String> {
    let text = error.strip_backtrace();
    // "table 'datafusion.public.name' not found"
    if let Some((_, rest)) = text.split_once("table '").filter(|_| text.contains("not found")) {
        let table = rest.split('\'').next().unwrap_or_default();
        let last = table.splitn(3, '.').last().unwrap_or_default();
        let dotted = sources.keys().find(|name| name.contains('.') && table.ends_with(*name));
        let spelled = || spellings(last, sources.keys()).first().copied();
        if let Some(name) = dotted.map(String::as_str).or_else(spelled) {
            return Some(format!("write the name of the source in double quotes: \"{name}\""));
        }
        let near = nearest(last, sources.keys().map(String::as_str))?;
        return Some(format!("did you mean `{near}`?"));
    }
    if ["Operator ->", "LongArrow", "json"].iter().any(|word| text.contains(word)) {
        return Some(
            "there are no functions for JSON: take a value out of its text with \
             regexp_match(column, '\"key\" *: *\"([^\"]*)\"')[1]"
                .to_owned(),
        );
    }
    // A function over a UUID, where none is needed.
    for name in sources.keys() {
        let table = engine.session.table_provider(TableReference::bare(name.as_str())).await;
        let schema = table.ok()?.schema();
        let uuid = schema.fields().iter().find(|field| *field.data_type() == UUID);
        if let Some(uuid) = uuid.filter(|_| text.contains("unction")) {
            return Some(select_uuid(uuid.name()));
        }
    }
    None
}
