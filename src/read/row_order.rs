//! The same rows give the same answer, whatever files and threads they come from: what a `SELECT` takes from the order of
//! rows is given a total order, or refused.
//!
//! Rows that tie under an `ORDER BY` come in any order. [`steady`] appends all columns of what is sorted as further sort keys,
//! so that rows that tie are alike in all of them and it makes no difference which comes first. They are all columns, not
//! only those that the query goes on to use: a table of WITH that is used twice, each time for other columns, holds the same
//! rows both times. Where there is no `ORDER BY` to add to, or where further keys would change the meaning, the query is
//! refused with what to write instead.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::expr::{
    AggregateFunction, AggregateFunctionParams, NullTreatment, Sort as SortKey, WindowFunction,
    WindowFunctionParams,
};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::type_coercion::is_datetime;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Distinct, ExprSchemable, LogicalPlan, Projection, Sort, Volatility, Window, WindowFrame,
    WindowFrameBound, WindowFrameUnits,
};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::replace_distinct_aggregate::ReplaceDistinctWithAggregate;
use datafusion::prelude::Expr;
use datafusion::scalar::ScalarValue;

use super::exact_aggregates::{
    exact_averages, is_float_extreme, is_integer_average, ordered_extremes,
};
use super::unordered_lists::lists_in_any_order;

/// Why a `SELECT` would not give the same rows each time, or none, and what to write instead.
#[derive(Debug, PartialEq)]
pub(super) struct Unsteady {
    /// What depends on more than the rows, and on what.
    pub(super) cause: String,
    /// What to write instead.
    pub(super) remedy: String,
}

/// How the result of a function depends on the order of its rows.
#[derive(Debug, PartialEq)]
enum Dependence {
    /// Not at all.
    None,
    /// Through rows that tie: with further sort keys, it does not.
    OnTies,
    /// It is the average of integers, which is exact as a quotient of integer sums.
    IntegerAverage,
    /// It is the least or greatest of floating-point numbers.
    FloatExtreme,
    /// In a way that further keys do not help.
    Unsteady(Unsteady),
}

use Dependence::{FloatExtreme, IntegerAverage, OnTies};

/// `plan` with a total order wherever its result depends on the order of rows; plans in which nothing does come back as they
/// are.
pub(super) fn steady(
    state: &SessionState,
    plan: LogicalPlan,
) -> Result<std::result::Result<LogicalPlan, Unsteady>> {
    let mut found = Vec::new();
    let lists = lists_in_any_order(&plan)?;
    plan.apply_with_subqueries(|node| {
        found.extend(of_node(node));
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| {
            if lists.contains(&expr.schema_name().to_string()) {
                return Ok(TreeNodeRecursion::Continue);
            }
            expr.apply(|expr| {
                found.extend(of_expr(expr, &schema)?);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let has = |wanted: &Dependence| found.contains(wanted);
    let (ties, averages, extremes) = (has(&OnTies), has(&IntegerAverage), has(&FloatExtreme));
    let unsteady = found.into_iter().find_map(|dependence| match dependence {
        Dependence::Unsteady(unsteady) => Some(unsteady),
        _ => None,
    });
    if let Some(unsteady) = unsteady {
        return Ok(Err(unsteady));
    }
    let plan = match averages {
        true => plan.transform_up_with_subqueries(exact_averages)?.data,
        false => plan,
    };
    let plan = match ties {
        true => with_keys(state, plan)?,
        false => plan,
    };
    let plan = match extremes {
        true => plan.transform_up_with_subqueries(ordered_extremes)?.data,
        false => plan,
    };
    Ok(Ok(plan))
}

/// How a node depends on the order of its input, its expressions aside.
fn of_node(node: &LogicalPlan) -> Option<Dependence> {
    match node {
        LogicalPlan::Limit(limit) if limit.input.max_rows().is_none_or(|rows| rows > 1) => {
            Some(match is_sorted(&limit.input) {
                true => OnTies,
                false => unsteady(
                    "LIMIT without ORDER BY takes whichever rows come first",
                    "give the SELECT with the LIMIT an ORDER BY",
                ),
            })
        }
        LogicalPlan::Distinct(Distinct::On(distinct)) => Some(match distinct.sort_expr {
            Some(_) => OnTies,
            None => unsteady(
                "DISTINCT ON without ORDER BY keeps whichever row comes first",
                "add ORDER BY with the columns of DISTINCT ON and then those that decide which row is kept",
            ),
        }),
        _ => None,
    }
}

/// Whether the rows of `plan` come in the order of an `ORDER BY`.
fn is_sorted(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(projection) => is_sorted(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_sorted(&alias.input),
        LogicalPlan::Distinct(Distinct::On(distinct)) => distinct.sort_expr.is_some(),
        _ => false,
    }
}

fn of_expr(expr: &Expr, schema: &DFSchema) -> Result<Option<Dependence>> {
    let changes = |name: &str, volatility| {
        (volatility != Volatility::Immutable).then(|| {
            unsteady(
                &format!("`{name}` gives another result each time"),
                "leave it out; `{snapshot}` is the date of the snapshot",
            )
        })
    };
    Ok(match expr {
        Expr::ScalarFunction(call) => changes(call.func.name(), call.func.signature().volatility),
        Expr::HigherOrderFunction(call) => {
            changes(call.func.name(), call.func.signature().volatility)
        }
        Expr::AggregateFunction(call) => Some(of_aggregate(expr, call, schema)?),
        Expr::WindowFunction(call) => Some(of_window(expr, call, schema)?),
        _ => None,
    })
}

fn of_aggregate(expr: &Expr, call: &AggregateFunction, schema: &DFSchema) -> Result<Dependence> {
    let (name, params) = (call.func.name(), &call.params);
    let numbers = || Ok((expr.get_type(schema)?, params.args.first()));
    let dependence = of_aggregate_name(name, numbers, schema)?;
    Ok(match dependence {
        OnTies if params.order_by.is_empty() => {
            let first = params.args.first().map_or_else(String::new, ToString::to_string);
            // The planner makes one of the other.
            if name == "nth_value" {
                return Ok(unsteady(
                    &format!(
                        "an item of `array_agg({first})`, or `nth_value`, without ORDER BY depends on the order of rows"
                    ),
                    &format!(
                        "write an order within it: (array_agg({first} ORDER BY …))[…], such as ORDER BY {first}; an \
                         ORDER BY in the FROM does not count"
                    ),
                ));
            }
            unsteady(
                &format!("`{name}` without ORDER BY depends on the order of rows"),
                &format!(
                    "write an order within it: {name}(… ORDER BY …), such as ORDER BY {first}"
                ),
            )
        }
        other => other,
    })
}

/// How an aggregate of this name depends on the order of rows; `numbers` are the type of its result and its first argument.
fn of_aggregate_name<'a>(
    name: &str,
    numbers: impl FnOnce() -> Result<(DataType, Option<&'a Expr>)>,
    schema: &DFSchema,
) -> Result<Dependence> {
    Ok(match name {
        "min" | "max" => match is_float_extreme(name, &numbers()?.0) {
            true => FloatExtreme,
            false => Dependence::None,
        },
        "count" | "bool_and" | "bool_or" | "bit_and" | "bit_or" | "bit_xor" | "median"
        | "percentile_cont" | "grouping" => Dependence::None,
        "first_value" | "last_value" | "nth_value" | "array_agg" | "string_agg" => OnTies,
        "any_value" => unsteady(
            "`any_value` takes whichever row comes first",
            "write min(…), or first_value(… ORDER BY …)",
        ),
        "sum" | "avg" => {
            let (result, argument) = numbers()?;
            let argument = argument.map(|argument| argument.get_type(schema)).transpose()?;
            match argument {
                _ if !result.is_floating() => Dependence::None,
                Some(kind) if is_integer_average(name, &result, &kind) => IntegerAverage,
                _ => unsteady(
                    &format!(
                        "`{name}` of floating-point numbers depends on the order in which they are added"
                    ),
                    &format!("add exact numbers: {name}(CAST(… AS DECIMAL(38, 9)))"),
                ),
            }
        }
        other => unsteady(
            &format!("`{other}` depends on the order in which rows are taken in"),
            "compute it from count, min, max, median, and sums of integers or DECIMAL, or before the files are written",
        ),
    })
}

fn of_window(expr: &Expr, call: &WindowFunction, schema: &DFSchema) -> Result<Dependence> {
    let WindowFunctionParams { args, order_by, window_frame: frame, null_treatment, .. } =
        &call.params;
    let name = call.fun.name();
    if let (WindowFrameUnits::Range, Some(key)) = (frame.units, order_by.first()) {
        let kind = key.expr.get_type(schema)?;
        if !has_ranges(&kind) {
            let key = &key.expr;
            return Ok(Dependence::Unsteady(Unsteady {
                cause: format!("the engine does not order a window by `{key}`, which is {kind}"),
                remedy: match kind {
                    DataType::Struct(fields) => {
                        let parts = fields.iter().map(|field| format!("{key}['{}']", field.name()));
                        format!("order by its fields: {}", parts.collect::<Vec<_>>().join(", "))
                    }
                    _ => "order by another column, or by a part or a text of this one".to_owned(),
                },
            }));
        }
    }
    let starts_at_first = frame.start_bound.is_unbounded();
    let is_whole = starts_at_first && frame.end_bound.is_unbounded();
    // Rows that tie are in such a frame together, or not at all; further keys would part them.
    let holds_ties = frame.units != WindowFrameUnits::Rows && !is_whole;
    let in_frame = |name: &str| match holds_ties {
        false => OnTies,
        true => unsteady(
            &format!("`{name}` over this window depends on the order of rows that tie"),
            "name the frame by rows: ROWS BETWEEN … AND …, such as ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        ),
    };
    let dependence = match name {
        "rank" | "dense_rank" | "percent_rank" | "cume_dist" => Dependence::None,
        "row_number" | "ntile" | "lag" | "lead" => OnTies,
        "first_value" if starts_at_first && *null_treatment != Some(NullTreatment::IgnoreNulls) => {
            OnTies
        }
        "first_value" | "last_value" | "nth_value" => in_frame(name),
        _ => {
            let numbers = || Ok((expr.get_type(schema)?, args.first()));
            match of_aggregate_name(name, numbers, schema)? {
                Dependence::None if is_whole || holds_ties => Dependence::None,
                Dependence::None => OnTies,
                OnTies => in_frame(name),
                IntegerAverage => unsteady(
                    "`avg` over a window adds floating-point numbers, in the order of rows",
                    "write CAST(sum(…) OVER (…) AS DOUBLE) / count(…) OVER (…)",
                ),
                FloatExtreme => unsteady(
                    &format!(
                        "`{name}` of floating-point numbers over a window depends on the order of rows where one is NaN or -0"
                    ),
                    &format!("compare exact numbers: {name}(CAST(… AS DECIMAL(38, 9))) OVER (…)"),
                ),
                refused => refused,
            }
        }
    };
    Ok(match dependence {
        OnTies if order_by.is_empty() => unsteady(
            &format!("`{name}` over a window without ORDER BY depends on the order of rows"),
            &format!("write {name}(…) OVER (… ORDER BY …)"),
        ),
        other => other,
    })
}

/// Whether the engine finds the rows that are equal to one in a column of this type, as a window without ROWS asks for.
fn has_ranges(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, values) => has_ranges(values),
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => true,
        DataType::Boolean | DataType::Null => true,
        kind => kind.is_numeric() || kind.is_string() || is_datetime(kind),
    }
}

fn unsteady(cause: &str, remedy: &str) -> Dependence {
    let cause = format!("{cause}; the same rows must give the same tables");
    Dependence::Unsteady(Unsteady { cause, remedy: remedy.to_owned() })
}

/// The plan with all columns of what it sorts as further sort keys. No rule that leaves out columns may run before.
fn with_keys(state: &SessionState, plan: LogicalPlan) -> Result<LogicalPlan> {
    let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {})?;
    let distinct = ReplaceDistinctWithAggregate::new();
    let plan = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Distinct(Distinct::On(_)) => distinct.rewrite(node, state),
        other => Ok(Transformed::no(other)),
    })?;
    let plan = plan.data.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Sort(sort) => {
            let keys = extended(sort.expr, sort.input.schema());
            Ok(Transformed::yes(LogicalPlan::Sort(Sort { expr: keys, ..sort })))
        }
        LogicalPlan::Window(_) | LogicalPlan::Aggregate(_) => {
            let (names, schema) = (NamePreserver::new(&node), merge_schema(&node.inputs()));
            let keyed = node.map_expressions(|expr| {
                // The nodes above know the result by the name that it has without the keys.
                let name = names.save(&expr);
                let keyed = expr.transform_up(|expr| keyed(expr, &schema))?;
                Ok(keyed.update_data(|expr| name.restore(expr)))
            })?;
            keyed.transform_data(|node| match node {
                LogicalPlan::Window(window) => sorted_alike(window).map(Transformed::yes),
                other => Ok(Transformed::no(other)),
            })
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(plan.data)
}

/// The window functions that got further keys apart from the others: the engine sorts once for each node.
fn sorted_alike(window: Window) -> Result<LogicalPlan> {
    let count = |expr: &Expr| match expr.clone().unalias_nested().data {
        Expr::WindowFunction(call) => call.params.order_by.len(),
        _ => 0,
    };
    let most = window.window_expr.iter().map(count).max();
    let is_keyed = |expr: &Expr| Some(count(expr)) == most;
    let (keyed, others): (Vec<_>, Vec<_>) = window.window_expr.iter().cloned().partition(is_keyed);
    if others.is_empty() {
        return Ok(LogicalPlan::Window(window));
    }
    let keyed = LogicalPlan::Window(Window::try_new(keyed, window.input)?);
    // Rows in the order of all keys are in the order of the first.
    let both = LogicalPlan::Window(Window::try_new(others, Arc::new(keyed))?);
    let columns = window.schema.columns().into_iter().map(Expr::Column).collect();
    let named = Projection::try_new_with_schema(columns, Arc::new(both), window.schema)?;
    Ok(LogicalPlan::Projection(named))
}

/// A function with further keys where it needs them.
fn keyed(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    if of_expr(&expr, schema)? != Some(OnTies) {
        return Ok(Transformed::no(expr));
    }
    Ok(Transformed::yes(match expr {
        Expr::WindowFunction(mut call) => {
            let keys = std::mem::take(&mut call.params.order_by);
            call.params.order_by = extended(keys, schema);
            call.params.window_frame = by_rows(call.params.window_frame);
            Expr::WindowFunction(call)
        }
        Expr::AggregateFunction(mut call) => {
            let AggregateFunctionParams { args, distinct, order_by, .. } = &mut call.params;
            let keys = std::mem::take(order_by);
            *order_by = match distinct {
                false => extended(keys, schema),
                // Distinct values are told apart by nothing but themselves.
                true => appended(keys, args.iter().filter(|arg| !is_literal(arg)).cloned()),
            };
            Expr::AggregateFunction(call)
        }
        other => other,
    }))
}

/// The same frame of rows of which no two tie. By rows, the engine does not compare their keys, which it cannot do for some
/// types.
fn by_rows(frame: WindowFrame) -> WindowFrame {
    let all = || ScalarValue::UInt64(None);
    let end = match &frame.end_bound {
        WindowFrameBound::CurrentRow => WindowFrameBound::CurrentRow,
        end if end.is_unbounded() => WindowFrameBound::Following(all()),
        _ => return frame,
    };
    match frame.start_bound.is_unbounded() {
        true => {
            WindowFrame::new_bounds(WindowFrameUnits::Rows, WindowFrameBound::Preceding(all()), end)
        }
        false => frame,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}

/// `keys` and then all columns of `schema`, by name: files may have them in any order.
fn extended(keys: Vec<SortKey>, schema: &DFSchema) -> Vec<SortKey> {
    let mut columns = schema.columns();
    columns.sort_unstable_by(|one, other| {
        (&one.name, &one.relation).cmp(&(&other.name, &other.relation))
    });
    appended(keys, columns.into_iter().map(Expr::Column))
}

fn appended(mut keys: Vec<SortKey>, more: impl Iterator<Item = Expr>) -> Vec<SortKey> {
    for expr in more {
        if !keys.iter().any(|key| key.expr == expr) {
            keys.push(SortKey::new(expr, true, true));
        }
    }
    keys
}
