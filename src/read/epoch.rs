//! Times that are counted in integers since 1970: by their size it shows which unit they have.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Float64Type, TimeUnit};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{max, min};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{ExprSchemable, LogicalPlan};
use datafusion::prelude::{Expr, cast};

use crate::engine::{self, Engine};
use crate::error::{Error, Result};

/// A `CAST` of integers to timestamps that takes them for another unit than they have.
#[derive(Debug, PartialEq)]
pub(super) struct WrongUnit {
    /// What is cast.
    pub(super) integers: String,
    /// The unit that the cast takes them for.
    pub(super) taken_for: &'static str,
    /// What to write instead.
    pub(super) instead: String,
}

/// The unit of integers whose largest is `largest`: seconds up to the year 5138, and so on by thousands.
fn unit_of(largest: f64) -> TimeUnit {
    match largest {
        ..1e11 => TimeUnit::Second,
        ..1e14 => TimeUnit::Millisecond,
        ..1e17 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// The name of a unit, and the function that reads integers in it.
pub(super) fn words(unit: TimeUnit) -> (&'static str, &'static str) {
    match unit {
        TimeUnit::Second => ("seconds", "to_timestamp_seconds"),
        TimeUnit::Millisecond => ("milliseconds", "to_timestamp_millis"),
        TimeUnit::Microsecond => ("microseconds", "to_timestamp_micros"),
        TimeUnit::Nanosecond => ("nanoseconds", "to_timestamp_nanos"),
    }
}

/// What to write to read the integers of a column as times, by the largest of them.
///
/// # Errors
/// As [`engine::rows`].
pub(super) async fn conversion(
    what: &str,
    frame: DataFrame,
    column: Expr,
    name: &str,
) -> Result<String> {
    let largest = largest(what, frame, column).await?;
    Ok(format!("{}({name})", words(unit_of(largest.unwrap_or(0.0))).1))
}

/// The first cast of integers to timestamps in `plan` that takes them for another unit than their size shows. Rows are read
/// only where there is such a cast.
///
/// # Errors
/// As [`engine::rows`].
pub(super) async fn find_wrong_unit(
    engine: &Engine,
    what: &str,
    plan: &LogicalPlan,
) -> Result<Option<WrongUnit>> {
    for (input, integers, unit) in casts(plan).map_err(Error::internal)? {
        let frame = DataFrame::new(engine.session.state(), input);
        let kind = integers.get_type(frame.schema()).map_err(Error::internal)?;
        let shown = integers.to_string();
        let largest = largest(what, frame, integers).await?;
        // The engine casts no unsigned integers, of whatever size.
        let meant = match largest {
            Some(largest) => unit_of(largest),
            None if kind.is_unsigned_integer() => TimeUnit::Second,
            None => continue,
        };
        if meant != unit || kind.is_unsigned_integer() {
            let name = shown.rsplit('.').next().filter(|_| is_plain(&shown)).unwrap_or(&shown);
            return Ok(Some(WrongUnit {
                taken_for: words(unit).0,
                instead: format!("{}({name})", words(meant).1),
                integers: shown,
            }));
        }
    }
    Ok(None)
}

fn is_plain(column: &str) -> bool {
    column.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
}

/// Integers that are cast to timestamps, with the unit and the rows that they are computed from.
fn casts(plan: &LogicalPlan) -> datafusion::error::Result<Vec<(LogicalPlan, Expr, TimeUnit)>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        let schema = merge_schema(&inputs);
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let (Expr::Cast(Cast { expr: inner, field, .. }), [input]) = (expr, &inputs[..])
                else {
                    return Ok(TreeNodeRecursion::Continue);
                };
                let DataType::Timestamp(unit, _) = field.data_type() else {
                    return Ok(TreeNodeRecursion::Continue);
                };
                // What an outer query gives, or a function over several rows, has no values of its own here.
                let is_own = !inner.exists(|part| {
                    Ok(matches!(
                        part,
                        Expr::OuterReferenceColumn(..)
                            | Expr::AggregateFunction(_)
                            | Expr::WindowFunction(_)
                            | Expr::LambdaVariable(_)
                    ))
                })?;
                let is_integer = inner.get_type(&schema).is_ok_and(|kind| kind.is_integer());
                if is_own && is_integer && !matches!(**inner, Expr::Literal(..)) {
                    found.push(((*input).clone(), (**inner).clone(), *unit));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// The largest size of the integers; `None` if there are none but zeros.
async fn largest(what: &str, frame: DataFrame, integers: Expr) -> Result<Option<f64>> {
    let number = || cast(integers.clone(), DataType::Float64);
    let ends = vec![max(number()).alias("largest"), min(number()).alias("least")];
    let frame = frame.aggregate(vec![], ends).map_err(|e| Error::engine(what, e))?;
    let row = engine::rows(what, frame).await?;
    let ends = row.columns().iter().filter_map(|end| end.as_primitive_opt::<Float64Type>());
    let sizes = ends.flat_map(|end| end.iter().flatten()).map(f64::abs);
    Ok(sizes.max_by(f64::total_cmp).filter(|largest| *largest > 0.0))
}
