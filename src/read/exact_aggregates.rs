//! Aggregates whose results would depend on the order of rows for their rounding or their comparisons, computed exactly.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema};
use datafusion::error::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, Sort as SortKey};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Aggregate, ExprSchemable, LogicalPlan, Projection};
use datafusion::prelude::{Expr, cast};

/// Whether an aggregate is the average of integers, which is exact as a quotient of integer sums.
pub(super) fn is_integer_average(name: &str, result: &DataType, argument: &DataType) -> bool {
    name == "avg" && result.is_floating() && argument.is_integer()
}

/// Whether an aggregate is the least or greatest of floating-point numbers: the engine takes NaN for neither less nor
/// greater, and 0 for equal to -0, so that whichever comes first stays.
pub(super) fn is_float_extreme(name: &str, result: &DataType) -> bool {
    matches!(name, "min" | "max") && result.is_floating()
}

/// The least or greatest of floating-point numbers as the first in their total order.
pub(super) fn ordered_extremes(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Aggregate(_) = &node else { return Ok(Transformed::no(node)) };
    let (names, schema) = (NamePreserver::new(&node), merge_schema(&node.inputs()));
    node.map_expressions(|expr| {
        // The nodes above know the result by its name.
        let name = names.save(&expr);
        let ordered = expr.transform_up(|expr| ordered_extreme(expr, &schema))?;
        Ok(ordered.update_data(|expr| name.restore(expr)))
    })
}

fn ordered_extreme(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::AggregateFunction(call) = &expr else { return Ok(Transformed::no(expr)) };
    let AggregateFunctionParams { args, filter, .. } = &call.params;
    match args.first() {
        Some(value) if is_float_extreme(call.func.name(), &expr.get_type(schema)?) => {
            let order = SortKey::new(value.clone(), call.func.name() == "min", false);
            let (value, filter) = (vec![value.clone()], filter.clone());
            let first = first_value_udaf();
            let first = AggregateFunction::new_udf(first, value, false, filter, vec![order], None);
            Ok(Transformed::yes(Expr::AggregateFunction(first)))
        }
        _ => Ok(Transformed::no(expr)),
    }
}

/// An aggregation in which averages of integers are quotients of sums and counts: sums of floating-point numbers beyond
/// 2⁵³ are rounded in the order of rows.
pub(super) fn exact_averages(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Aggregate(aggregate) = node else { return Ok(Transformed::no(node)) };
    let schema = aggregate.input.schema();
    let mut aggregates = Vec::new();
    // For each aggregate the sum and count that its average is made of.
    let mut parts = Vec::new();
    for expr in &aggregate.aggr_expr {
        let call = match expr.clone().unalias_nested().data {
            Expr::AggregateFunction(call) => call,
            _ => return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate))),
        };
        let argument = call.params.args.first().map(|value| value.get_type(schema)).transpose()?;
        let result = expr.get_type(schema)?;
        if !argument.is_some_and(|kind| is_integer_average(call.func.name(), &result, &kind)) {
            aggregates.push(expr.clone());
            parts.push(None);
            continue;
        }
        let AggregateFunctionParams { args, distinct, filter, .. } = call.params;
        let of = |func, args| {
            let call =
                AggregateFunction::new_udf(func, args, distinct, filter.clone(), vec![], None);
            Expr::AggregateFunction(call)
        };
        let name = expr.schema_name().to_string();
        let names = [format!("{name} as sum"), format!("{name} as count")];
        let exact = args.iter().map(|arg| cast(arg.clone(), DataType::Decimal128(20, 0))).collect();
        aggregates.push(of(sum_udaf(), exact).alias(&names[0]));
        aggregates.push(of(count_udaf(), args).alias(&names[1]));
        parts.push(Some(names));
    }
    if parts.iter().all(Option::is_none) {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let Aggregate { input, group_expr, schema, .. } = aggregate;
    let columns = schema.columns();
    let groups = columns.len().saturating_sub(parts.len());
    let number = |name: &String| cast(Expr::Column(Column::from_name(name)), DataType::Float64);
    let exprs = columns.into_iter().enumerate().map(|(at, column)| {
        let part = at.checked_sub(groups).and_then(|at| parts.get(at)?.as_ref());
        match part {
            Some([sum, count]) => (number(sum) / number(count)).alias(column.name),
            None => Expr::Column(column),
        }
    });
    let exprs = exprs.collect();
    let exact = LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, aggregates)?);
    let named = Projection::try_new_with_schema(exprs, Arc::new(exact), schema)?;
    Ok(Transformed::yes(LogicalPlan::Projection(named)))
}
