//! Where a `SELECT` fails over its rows because a value does not have the type that it is cast to: which value, in how many
//! rows. The engine names neither; this is asked only once a query has failed.

use arrow::array::{Array as _, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan};
use datafusion::prelude::Expr;

use super::ids::BLOCK_ROWS;
use super::uuids::UUID;
use crate::engine::in_blocks;
use crate::error::{Error, Help, Kind, OF_SQL, Result};

/// A cast that fails, or columns that no cast reads.
#[derive(Debug, Default, PartialEq)]
struct CastFault {
    /// The column of the `SELECT`, if the cast is all or part of one.
    column: Option<String>,
    /// What happened.
    cause: String,
    /// Number of rows.
    rows: Option<u64>,
    /// What to write instead.
    remedy: String,
}

/// One cast of a plan, with the rows that it is computed from.
struct Candidate {
    input: LogicalPlan,
    column: Option<String>,
    value: Expr,
    to: DataType,
}

/// `error`, which came of the rows of `frame`, with the value at fault where a cast in a `SELECT` of a user is to blame.
pub(super) async fn explain(frame: &DataFrame, origin: &str, error: Error) -> Error {
    // An error of a file names it.
    let is_of_rows = error.kind != Kind::Unavailable && error.place.file.is_none();
    let Some(table) = origin.strip_prefix(OF_SQL).filter(|_| is_of_rows) else { return error };
    match find(frame).await {
        Ok(Some(CastFault { column, cause, rows, remedy })) => {
            let cause = format!("input `{table}` ({origin}): {cause}");
            let mut explained = Error::bad_job(cause, remedy).in_table(table);
            explained.place.column = column;
            explained.place.rows = rows;
            explained.with_help(Help::Contract(table.to_owned())).caused_by(error)
        }
        _ => error.in_table(table),
    }
}

/// Why a query fails over its rows, as far as casts show it.
async fn find(frame: &DataFrame) -> Result<Option<CastFault>> {
    let (state, plan) = frame.clone().into_parts();
    for candidate in candidates(&plan).map_err(Error::internal)? {
        // Where the rows below fail too, another cast is at fault.
        if let Ok(Some(fault)) = test(&state, candidate).await {
            return Ok(Some(fault));
        }
    }
    Ok(uuid_columns(&plan).map_err(Error::internal)?.first().map(|column| CastFault {
        cause: format!("`{column}` holds UUIDs, which functions and casts do not take"),
        remedy: select_uuid(column),
        ..CastFault::default()
    }))
}

/// What to write where UUIDs are not taken.
pub(super) fn select_uuid(column: &str) -> String {
    format!("select `{column}` as it is, without a cast: a UUID is read as its text")
}

/// Columns of UUIDs in the tables that a plan reads.
fn uuid_columns(plan: &LogicalPlan) -> datafusion::error::Result<Vec<String>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let schema = scan.source.schema();
            let uuids = schema.fields().iter().filter(|field| *field.data_type() == UUID);
            found.extend(uuids.map(|field| field.name().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

fn candidates(plan: &LogicalPlan) -> datafusion::error::Result<Vec<Candidate>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        let [input] = &inputs[..] else { return Ok(TreeNodeRecursion::Continue) };
        node.apply_expressions(|whole| {
            let column = match whole {
                Expr::Alias(alias) => Some(alias.name.clone()),
                _ => None,
            };
            whole.apply(|expr| {
                if let Expr::Cast(Cast { expr: value, field, .. }) = expr
                    && is_own(value)?
                {
                    found.push(Candidate {
                        input: (*input).clone(),
                        column: column.clone(),
                        value: (**value).clone(),
                        to: field.data_type().clone(),
                    });
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Whether an expression has a value in each row of its input alone.
fn is_own(expr: &Expr) -> datafusion::error::Result<bool> {
    let is_elsewhere = |part: &Expr| {
        Ok(matches!(
            part,
            Expr::OuterReferenceColumn(..)
                | Expr::AggregateFunction(_)
                | Expr::WindowFunction(_)
                | Expr::LambdaVariable(_)
                | Expr::ScalarSubquery(_)
        ))
    };
    expr.exists(is_elsewhere).map(|is_elsewhere| !is_elsewhere)
}

async fn test(state: &SessionState, candidate: Candidate) -> Result<Option<CastFault>> {
    let Candidate { input, column, value, to } = candidate;
    let found = value.get_type(&merge_schema(&[&input])).map_err(Error::internal)?;
    // A constant by itself, without its type.
    let shown = match &value {
        Expr::Literal(constant, _) => format!("'{constant}'"),
        value => value.to_string(),
    };
    if found == UUID {
        return Ok(Some(CastFault {
            cause: format!("`{shown}` holds UUIDs, which are not cast to {to}"),
            column,
            rows: None,
            remedy: select_uuid(shown.rsplit('.').next().unwrap_or(&shown)),
        }));
    }
    let what = "finding the value at fault";
    let frame = DataFrame::new(state.clone(), input).select(vec![value.clone().alias("value")]);
    let frame = frame.map_err(|e| Error::engine(what, e))?;
    let wanted = to.clone();
    let failed = move |block: &[RecordBatch]| failed_in(block, &wanted);
    let (mut rows, mut first) = (0, None::<String>);
    for (some, least) in in_blocks(what, frame, BLOCK_ROWS, failed).await? {
        rows += some;
        first = [first, least].into_iter().flatten().min();
    }
    let Some(first) = first else { return Ok(None) };
    let (what, remedy) = match (&found, &to) {
        (DataType::Timestamp(_, None), DataType::Timestamp(_, Some(zone))) => {
            let kind = format!("Timestamp(Nanosecond, Some(\"{zone}\"))");
            let hour = "INTERVAL '1 hour'";
            (
                format!("does not exist in {zone}, or twice, where clocks change"),
                format!(
                    "read it with the offset of the hour before: coalesce(arrow_try_cast({shown}, '{kind}'), \
                     arrow_try_cast({shown} - {hour}, '{kind}') + {hour})"
                ),
            )
        }
        _ => (
            format!("is no {to}"),
            format!("fix the value, or make it missing with TRY_CAST({shown} AS …)"),
        ),
    };
    Ok(Some(CastFault {
        cause: match value {
            Expr::Literal(..) => format!("{shown} {what}"),
            _ => format!("`{first}` of `{shown}` {what}, in {rows} rows"),
        },
        column,
        rows: Some(rows),
        remedy,
    }))
}

/// How many values of a block are lost in a cast to `to`, and the least of them as text. The engine is not asked: it takes
/// some casts for ones that never fail.
fn failed_in(block: &[RecordBatch], to: &DataType) -> Result<(u64, Option<String>)> {
    let safe = CastOptions { safe: true, ..CastOptions::default() };
    let (mut rows, mut least) = (0, None::<String>);
    for batch in block {
        let values = batch.column(0);
        let cast = cast_with_options(values, to, &safe).map_err(Error::internal)?;
        let is_lost = |row: &usize| values.is_valid(*row) && cast.is_null(*row);
        let lost: Vec<usize> = (0..values.len()).filter(is_lost).collect();
        rows += lost.len() as u64;
        for row in lost {
            let text = array_value_to_string(values, row).map_err(Error::internal)?;
            if least.as_ref().is_none_or(|least| text < *least) {
                least = Some(text);
            }
        }
    }
    Ok((rows, least))
}
