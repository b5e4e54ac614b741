//! Fields of the parameters of lambdas: `lambda tag: tag.text`, as DuckDB writes it, is read as `tag['text']`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Statement, Subscript, Value, VisitMut, VisitorMut,
};

/// Writes every field of a parameter in the form that the planner knows.
pub(super) fn write_fields_as_keys(statement: &mut Statement) {
    // It does not break.
    let _: ControlFlow<()> = statement.visit(&mut Fields::default());
}

/// The parameters of the lambdas around an expression.
#[derive(Default)]
struct Fields(Vec<String>);

impl VisitorMut for Fields {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Lambda(lambda) = expr {
            self.0.extend(lambda.params.iter().map(|param| param.name.value.clone()));
        }
        if let Expr::CompoundIdentifier(names) = expr
            && let [first, fields @ ..] = names.as_slice()
            && self.0.contains(&first.value)
        {
            let key = |name: &str| Expr::value(Value::SingleQuotedString(name.to_owned()));
            let access_chain = fields
                .iter()
                .map(|field| AccessExpr::Subscript(Subscript::Index { index: key(&field.value) }));
            let access_chain = access_chain.collect();
            let root = Box::new(Expr::Identifier(first.clone()));
            *expr = Expr::CompoundFieldAccess { root, access_chain };
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Lambda(lambda) = expr {
            self.0.truncate(self.0.len().saturating_sub(lambda.params.len()));
        }
        ControlFlow::Continue(())
    }
}
