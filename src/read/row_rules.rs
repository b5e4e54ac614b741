//! Rules that the rows of an input must obey, as aggregates that count the rows that break them.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ExprSchema as _;
use datafusion::functions::string::octet_length;
use datafusion::prelude::{Expr, ident, lit, try_cast};

use super::open_input::{OpenInput, engine_type};
use crate::engine::count_if;
use crate::error::{Error, Result};
use crate::schema::{Table, Type};

/// Maximum length of an id, in bytes.
const MAX_ID_BYTES: i32 = 1_024;

/// Maximum length of any other text, in bytes.
const MAX_TEXT_BYTES: i32 = 16 << 20;

/// A rule that rows must obey.
#[derive(Clone)]
pub(super) struct RowRule {
    /// How a row breaks it, in words.
    pub(super) words: String,
    /// The column concerned, if it is one.
    pub(super) column: Option<String>,
    /// Number of rows that break it, as an aggregate.
    pub(super) broken: Expr,
}

impl RowRule {
    /// A rule for one column; `words` goes on from its name.
    fn of_column(column: &str, words: &str, is_broken: Expr) -> Result<Self> {
        let words = format!("column `{column}` {words}");
        Ok(Self { words, column: Some(column.to_owned()), broken: count_if(is_broken)? })
    }
}

/// The rules that the contract of `table` states for its columns.
pub(super) fn contract_rules(table: &Table) -> Result<Vec<RowRule>> {
    let mut rules = Vec::new();
    for column in &table.columns {
        let name = &column.name;
        if !column.nullable {
            rules.push(RowRule::of_column(name, "is null", ident(name).is_null())?);
        }
        // A closed set of values has no empty text, and kinds are compared with the method.
        let is_network = column.kind == Type::Text && column.name == "network";
        if column.kind == Type::Id || is_network {
            let length = octet_length().call(vec![ident(name)]);
            let is_wrong = length.clone().eq(lit(0)).or(length.gt(lit(MAX_ID_BYTES)));
            let words = format!("is empty or longer than {MAX_ID_BYTES} bytes");
            rules.push(RowRule::of_column(name, &words, is_wrong)?);
        } else if column.kind == Type::Text && column.values.is_none() {
            let is_long = octet_length().call(vec![ident(name)]).gt(lit(MAX_TEXT_BYTES));
            let words = format!("is longer than {MAX_TEXT_BYTES} bytes");
            rules.push(RowRule::of_column(name, &words, is_long)?);
        }
        if let Some(values) = &column.values {
            let allowed = values.iter().map(|value| lit(value.as_str())).collect();
            let words = format!("is not one of {}", values.join(", "));
            rules.push(RowRule::of_column(name, &words, ident(name).in_list(allowed, true))?);
        }
    }
    Ok(rules)
}

/// Rules for values that the type of a column holds and the engine's type does not, over the columns as they were opened;
/// each with the expression that leaves such values out.
pub(super) fn misfit_rules(input: &OpenInput) -> Result<Vec<(RowRule, String)>> {
    use DataType::{Timestamp, UInt64};
    use TimeUnit::{Millisecond, Second};
    let (schema, mut rules) = (input.frame.schema(), Vec::new());
    let found = schema.columns();
    for column in &input.table.columns {
        let Some(name) = found.iter().find(|q| q.name == column.name) else { continue };
        let field = schema.field_from_column(name).map_err(Error::internal)?;
        let n = &column.name;
        let (words, sql) = match (column.kind, field.data_type()) {
            (Type::Int64, UInt64) => {
                (format!("is UInt64 and above {}", i64::MAX), format!("TRY_CAST({n} AS BIGINT)"))
            }
            (Type::Timestamp, Timestamp(Second | Millisecond, _)) => (
                "is a time beyond the years -290307 to 294246".to_owned(),
                format!("arrow_try_cast({n}, 'Timestamp(Microsecond, None)')"),
            ),
            _ => continue,
        };
        let (value, wanted) = (Expr::Column(name.clone()), engine_type(column.kind));
        let is_lost = value.clone().is_not_null().and(try_cast(value, wanted).is_null());
        rules.push((RowRule::of_column(n, &words, is_lost)?, sql));
    }
    Ok(rules)
}

/// The rules of `accounts` that its columns alone do not state.
pub(super) fn account_rules(accounts: &OpenInput) -> Result<Vec<RowRule>> {
    let mut rules = Vec::new();
    for column in accounts.custom_measures() {
        let words = "is not a finite number";
        rules.push(RowRule::of_column(&column.name, words, is_not_finite(&column.name))?);
    }
    for column in ["followers_count", "listed_count"] {
        rules.push(RowRule::of_column(column, "is below 0", ident(column).lt(lit(0_i64)))?);
    }
    Ok(rules)
}

/// The rules of `consent` and `disputes` that their columns alone do not state.
pub(super) fn naming_rules() -> Result<Vec<RowRule>> {
    let given = |column: &str| ident(column).is_not_null();
    let missing = |column: &str| ident(column).is_null();
    let names_nobody = missing("account_id").and(missing("person_id"));
    let rules = [
        (
            Some("network"),
            "column `network` is null where `account_id` is given",
            given("account_id").and(missing("network")),
        ),
        (
            Some("account_id"),
            "column `account_id` is null where `network` is given and `person_id` is not",
            names_nobody.clone().and(given("network")),
        ),
        (
            None,
            "neither `network` and `account_id` nor `person_id` is given",
            names_nobody.and(missing("network")),
        ),
    ];
    let rule = |(column, words, is_broken): (Option<&str>, &str, Expr)| {
        let column = column.map(str::to_owned);
        Ok(RowRule { words: words.to_owned(), column, broken: count_if(is_broken)? })
    };
    rules.into_iter().map(rule).collect()
}

/// The rules of `interactions` that its columns alone do not state.
pub(super) fn interaction_rules() -> Result<Vec<RowRule>> {
    let sentiment = ident("sentiment");
    // NaN compares above every number.
    let is_outside = sentiment.clone().lt(lit(-1.0)).or(sentiment.gt(lit(1.0)));
    Ok(vec![RowRule::of_column("sentiment", "is outside -1..1", is_outside)?])
}

/// The rules of `ground_truth` that its columns alone do not state.
pub(super) fn label_rules() -> Result<Vec<RowRule>> {
    let form = |form: &str| ident("form").eq(lit(form));
    let (value, loser) = (ident("value"), ident("loser_id"));
    let rules: [(&str, &str, Expr); 7] = [
        ("value", "is null where `form` is graded", form("graded").and(value.clone().is_null())),
        ("value", "is set where `form` is pairwise", form("pairwise").and(value.is_not_null())),
        ("value", "is not a finite number", is_not_finite("value")),
        (
            "loser_id",
            "is set where `form` is graded",
            form("graded").and(loser.clone().is_not_null()),
        ),
        (
            "loser_id",
            "is null where `form` is pairwise",
            form("pairwise").and(loser.clone().is_null()),
        ),
        ("loser_id", "is the same as `person_id`", ident("person_id").eq(loser)),
        (
            "weight",
            "is not above 0 and at most 1000000",
            // NaN compares above every number, or below every one, by its sign.
            ident("weight").lt_eq(lit(0.0)).or(ident("weight").gt(lit(1e6))),
        ),
    ];
    let rule = |(column, words, is_broken): (&str, &str, Expr)| {
        RowRule::of_column(column, words, is_broken)
    };
    rules.into_iter().map(rule).collect()
}

fn is_not_finite(column: &str) -> Expr {
    // NaN compares above every number, or below every one, by its sign.
    ident(column).lt(lit(f64::MIN)).or(ident(column).gt(lit(f64::MAX)))
}
