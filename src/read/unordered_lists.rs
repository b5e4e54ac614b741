//! Lists whose order nobody reads: they need none.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::Expr;

/// The names of aggregates that make lists without an order, and that nothing reads but functions for which it makes no
/// difference, such as `cardinality(array_agg(x))`.
pub(super) fn lists_in_any_order(plan: &LogicalPlan) -> Result<BTreeSet<String>> {
    let mut lists = BTreeSet::new();
    // How often each column is read by other functions.
    let mut reads = BTreeMap::<String, isize>::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node {
            let is_list = |expr: &&Expr| {
                matches!(expr, Expr::AggregateFunction(call) if call.func.name() == "array_agg")
            };
            let made = aggregate.aggr_expr.iter().filter(is_list);
            lists.extend(made.map(|expr| expr.schema_name().to_string()));
        }
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                match expr {
                    Expr::Column(column) | Expr::OuterReferenceColumn(_, column) => {
                        *reads.entry(column.name.clone()).or_default() += 1;
                    }
                    Expr::ScalarFunction(call) => {
                        if let [Expr::Column(list), rest @ ..] = &call.args[..]
                            && takes_any_order(call.func.name(), rest)
                        {
                            // The column is met once more, below.
                            *reads.entry(list.name.clone()).or_default() -= 1;
                        }
                    }
                    _ => {}
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    lists.retain(|name| reads.get(name).is_none_or(|reads| *reads == 0));
    Ok(lists)
}

/// Whether a function gives the same for the items of its first argument in any order; `rest` are its others.
fn takes_any_order(name: &str, rest: &[Expr]) -> bool {
    match name {
        // With a dimension, the length of the first item.
        "array_length" => rest.is_empty(),
        "cardinality" | "empty" | "array_sort" | "array_has" | "array_has_all"
        | "array_has_any" => true,
        _ => false,
    }
}
