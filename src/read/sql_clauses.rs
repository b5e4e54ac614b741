//! Clauses of SQL that parse and that the engine then passes over: a query with one would give other rows than it says. And
//! clauses that change nothing.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArguments, GroupByExpr, LimitClause, OrderBy, OrderByKind, Query,
    Select, Statement, TableAlias, TableFactor, Value, Visit, VisitMut, Visitor, VisitorMut,
};

/// The first clause of `statement` that DataFusion 55 parses and does not plan, as people write it.
pub(super) fn find_ignored(statement: &Statement) -> Option<String> {
    match statement.visit(&mut Clauses) {
        ControlFlow::Break(clause) => Some(clause),
        ControlFlow::Continue(()) => None,
    }
}

struct Clauses;

type Found = ControlFlow<String>;

/// Breaks with the first of the clauses that is there.
fn first<const N: usize>(clauses: [(bool, &str); N]) -> Found {
    match clauses.iter().find(|(is_there, _)| *is_there) {
        Some((_, clause)) => ControlFlow::Break((*clause).to_owned()),
        None => ControlFlow::Continue(()),
    }
}

fn has_index(alias: &Option<TableAlias>) -> bool {
    alias.as_ref().is_some_and(|alias| alias.at.is_some())
}

fn has_fill(order: &Option<OrderBy>) -> bool {
    matches!(order, Some(OrderBy { kind: OrderByKind::Expressions(keys), .. })
        if keys.iter().any(|key| key.with_fill.is_some()))
}

impl Visitor for Clauses {
    type Break = String;

    fn pre_visit_query(&mut self, query: &Query) -> Found {
        first([
            (!query.locks.is_empty(), "FOR UPDATE"),
            (query.for_clause.is_some(), "FOR XML/JSON"),
            (query.settings.is_some(), "SETTINGS"),
            (query.format_clause.is_some(), "FORMAT"),
            (has_fill(&query.order_by), "WITH FILL"),
        ])
    }

    fn pre_visit_select(&mut self, select: &Select) -> Found {
        let modifiers = match &select.group_by {
            GroupByExpr::All(modifiers) | GroupByExpr::Expressions(_, modifiers) => modifiers,
        };
        first([
            (select.prewhere.is_some(), "PREWHERE"),
            (!select.connect_by.is_empty(), "CONNECT BY"),
            (select.value_table_mode.is_some(), "SELECT AS STRUCT/VALUE"),
            (select.select_modifiers.is_some(), "modifiers of SELECT"),
            (select.exclude.is_some(), "EXCLUDE after the columns"),
            (!modifiers.is_empty(), "GROUP BY … WITH"),
        ])
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Found {
        match factor {
            TableFactor::Table {
                alias,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
                ..
            } => first([
                (sample.is_some(), "TABLESAMPLE"),
                (version.is_some(), "FOR SYSTEM_TIME/VERSION AS OF"),
                (*with_ordinality, "WITH ORDINALITY"),
                (!partitions.is_empty(), "PARTITION"),
                (json_path.is_some(), "a path after the table"),
                (!with_hints.is_empty() || !index_hints.is_empty(), "hints of a table"),
                (has_index(alias), "AT"),
            ]),
            TableFactor::Derived { sample, alias, .. } => {
                first([(sample.is_some(), "TABLESAMPLE"), (has_index(alias), "AT")])
            }
            TableFactor::Function { with_ordinality, alias, .. } => {
                first([(*with_ordinality, "WITH ORDINALITY"), (has_index(alias), "AT")])
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> Found {
        match expr {
            Expr::Function(Function { name, parameters, .. }) => {
                let is_there = !matches!(parameters, FunctionArguments::None);
                first([(is_there, &*format!("{name}(…)(…)"))])
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

/// Leaves the LIMIT and the ORDER BY out of `EXISTS (SELECT … LIMIT 1)`: whether there are rows does not depend on which of
/// them come first.
pub(super) fn leave_out_limits_of_exists(statement: &mut Statement) {
    // It does not break.
    let _: ControlFlow<()> = statement.visit(&mut Exists);
}

struct Exists;

impl VisitorMut for Exists {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Exists { subquery, .. } = expr
            && takes_some(&subquery.limit_clause)
        {
            (subquery.limit_clause, subquery.order_by) = (None, None);
        }
        ControlFlow::Continue(())
    }
}

/// Whether it is a LIMIT of one or more rows, and nothing else.
fn takes_some(clause: &Option<LimitClause>) -> bool {
    match clause {
        Some(LimitClause::LimitOffset {
            limit: Some(Expr::Value(limit)),
            offset: None,
            limit_by,
        }) => {
            let rows = match &limit.value {
                Value::Number(rows, _) => rows.parse::<u64>().ok(),
                _ => None,
            };
            limit_by.is_empty() && rows.is_some_and(|rows| rows > 0)
        }
        _ => false,
    }
}
