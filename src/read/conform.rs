//! Holding what a job reads against its contract: names, types, nulls, closed sets of values.

use std::fmt::Display;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column as Qualified, ExprSchema};
use datafusion::dataframe::DataFrame;
use datafusion::functions::string::octet_length;
use datafusion::prelude::{Expr, ident, lit};
use datafusion::scalar::ScalarValue;
use url::Url;

use super::sources::InputFile;
use crate::engine::count_if;
use crate::error::{Error, Help, Result, did_you_mean};
use crate::schema::{Column, Table, Type, UTC};

/// Letters by which the name of a column may differ from one of the contract and be taken for it.
const MOST_SLIPS: usize = 1;

/// What the names of measures begin with that the owner of the data brings, beside the columns of the contract.
const OWN_MEASURE: &str = "measure_";

/// Most measures of one's own.
const MOST_OWN_MEASURES: usize = 100;

/// Most bytes of an id.
const LONGEST_ID: i32 = 1_024;

/// An input as it was found.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) table: &'static Table,
    pub(super) frame: DataFrame,
    /// What people know the input as.
    pub(super) origin: String,
    /// Whether a column outside the contract is an error (a `SELECT` says exactly what it means);
    /// else it is passed over.
    pub(super) closed: bool,
    /// The URL and the files that it was found in; none for a `SELECT`.
    pub(super) url: Option<Url>,
    pub(super) files: Vec<InputFile>,
}

/// The type in which the engine holds a column.
fn engine_type(kind: Type) -> DataType {
    match kind {
        Type::Id | Type::Text => DataType::Utf8View,
        Type::TextList => DataType::new_list(DataType::Utf8View, true),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        other => other.arrow(),
    }
}

/// Whether a column of type `found` can be read as `kind` without loss.
fn accepts(kind: Type, found: &DataType) -> bool {
    use DataType::*;
    let text = |t: &DataType| matches!(t, Utf8 | LargeUtf8 | Utf8View);
    if let Dictionary(_, values) = found {
        return accepts(kind, values);
    }
    match kind {
        _ if *found == Null => true,
        Type::Id => {
            text(found)
                || found.is_integer()
                || matches!(found, Decimal128(_, 0) | Decimal256(_, 0))
        }
        Type::Text => text(found),
        Type::Int64 => found.is_integer(),
        Type::Float64 => found.is_floating() || found.is_integer() || found.is_decimal(),
        Type::Boolean => *found == Boolean,
        Type::Date => matches!(found, Date32 | Date64),
        Type::Timestamp => matches!(found, Timestamp(_, _)),
        Type::TextList => match found {
            List(item) | LargeList(item) | ListView(item) | LargeListView(item) => {
                text(item.data_type())
            }
            _ => false,
        },
    }
}

impl Opened {
    /// An error about this input; `cause` goes on from its name.
    pub(super) fn violation(&self, cause: impl Display, remedy: impl Into<String>) -> Error {
        let table = &self.table.table;
        let error = Error::bad_input(format!("input `{table}` ({}): {cause}", self.origin), remedy)
            .in_table(table);
        match self.files.as_slice() {
            [one] => error.in_file(&one.path),
            _ => error,
        }
    }

    /// The contract of this input, for the reader of an error.
    pub(super) fn contract(&self) -> Help {
        Help::Contract(self.table.table.clone())
    }

    /// All that keeps the columns from being read as the contract has them.
    pub(super) fn violations(&self) -> Result<Vec<Error>> {
        let found = self.frame.schema().columns();
        let names: Vec<&str> = found.iter().map(|q| q.name.as_str()).collect();
        let mut violations = Vec::new();
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                let violation = self.violation(
                    format!("two columns `{name}`"),
                    "give each column a name of its own",
                );
                violations.push(violation.in_column(name));
            }
        }
        for column in &self.table.columns {
            match found.iter().find(|q| q.name == column.name) {
                Some(name) => violations.extend(self.wrong_type(column, name)?),
                None if column.nullable => {}
                None => violations.push(self.missing(column, &names)),
            }
        }
        violations.extend(self.near_names());
        violations.extend(self.wrong_measures()?);
        if let (true, Some(name)) = (self.closed, self.ignored().first()) {
            let near = did_you_mean(name, self.table.columns.iter().map(|c| c.name.as_str()));
            let violation = self.violation(
                format!("column `{name}` is not in the contract"),
                format!("{near}leave it out of the SELECT, or name it so"),
            );
            violations.push(violation.with_help(self.contract()).in_column(name));
        }
        Ok(violations)
    }

    /// The columns of the contract, in order and cast to the engine's types, and then the measures of one's
    /// own, as 64-bit floats; a nullable column that is absent is null. The input must have no
    /// [`Self::violations`].
    pub(super) fn conform(&self) -> Result<DataFrame> {
        let found = self.frame.schema().columns();
        let mut selected = Vec::with_capacity(self.table.columns.len());
        for column in &self.table.columns {
            let wanted = engine_type(column.kind);
            let expr = match found.iter().find(|q| q.name == column.name) {
                Some(name) => {
                    let kind = self.frame.schema().field_from_column(name);
                    let as_is = *kind.map_err(Error::internal)?.data_type() == wanted;
                    let expr = Expr::Column(name.clone());
                    if as_is { expr } else { datafusion::prelude::cast(expr, wanted) }
                }
                None => lit(ScalarValue::try_from(&wanted).map_err(Error::internal)?),
            };
            selected.push(expr.alias(&column.name));
        }
        for own in self.custom_measures() {
            let value = datafusion::prelude::cast(Expr::Column(own.clone()), DataType::Float64);
            selected.push(value.alias(own.name));
        }
        self.frame.clone().select(selected).map_err(Error::internal)
    }

    /// The columns that are measures of one's own, in order of name; only `accounts` has any.
    fn custom_measures(&self) -> Vec<Qualified> {
        let found = self.frame.schema().columns().into_iter();
        let mut own: Vec<Qualified> = found
            .filter(|column| self.table.table == "accounts" && is_custom_measure(&column.name))
            .collect();
        own.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        own
    }

    /// Measures of one's own that are no numbers, or too many.
    fn wrong_measures(&self) -> Result<Vec<Error>> {
        let own = self.custom_measures();
        let mut violations = Vec::new();
        for name in &own {
            let field = self.frame.schema().field_from_column(name).map_err(Error::internal)?;
            if !accepts(Type::Float64, field.data_type()) {
                let cause = format!(
                    "column `{}` is {}, a measure of your own is a number",
                    name.name,
                    field.data_type()
                );
                let remedy = "cast it in a SELECT, or name it otherwise";
                violations.push(self.violation(cause, remedy).in_column(&name.name));
            }
        }
        if own.len() > MOST_OWN_MEASURES {
            let cause = format!(
                "{} columns `{OWN_MEASURE}…`, renown reads at most {MOST_OWN_MEASURES}",
                own.len()
            );
            violations.push(self.violation(cause, "leave some out in a SELECT"));
        }
        Ok(violations)
    }

    /// The rules that measures of one's own must obey.
    pub(super) fn measure_rules(&self) -> Result<Vec<RowRule>> {
        let finite = |own: Qualified| {
            let value = ident(&own.name);
            // NaN compares above every number, or below every one, by its sign.
            let wrong = value.clone().lt(lit(f64::MIN)).or(value.gt(lit(f64::MAX)));
            let words = format!("column `{}` is no finite number", own.name);
            Ok(RowRule { words, column: Some(own.name), broken: count_if(wrong)? })
        };
        self.custom_measures().into_iter().map(finite).collect()
    }

    /// Columns that are not read but for a slip are ones that may be absent: were `birthdate` passed
    /// over for `birth_date`, minors would be scored.
    fn near_names(&self) -> Vec<Error> {
        let found = self.frame.schema().columns();
        // One that must be there is missed all the same, by its own name.
        let optional = || self.table.columns.iter().filter(|c| c.nullable);
        let absent = || optional().filter(|c| !found.iter().any(|q| q.name == c.name));
        let mut violations = Vec::new();
        for name in self.ignored() {
            let slip = |c: &&Column| strsim::damerau_levenshtein(&name, &c.name) <= MOST_SLIPS;
            if let Some(meant) = absent().find(slip) {
                let violation = self.violation(
                    format!("is column `{name}` `{}`?", meant.name),
                    "name it so in a SELECT, or leave it out of one",
                );
                violations.push(violation.in_column(&name));
            }
        }
        violations
    }

    fn missing(&self, column: &Column, found: &[&str]) -> Error {
        let near = did_you_mean(&column.name, found.iter().copied());
        self.violation(
            format!("column `{}` is missing", column.name),
            format!("{near}name it so in a SELECT"),
        )
        .with_help(self.contract())
        .in_column(&column.name)
    }

    fn wrong_type(&self, column: &Column, name: &Qualified) -> Result<Option<Error>> {
        let field = self.frame.schema().field_from_column(name).map_err(Error::internal)?;
        if accepts(column.kind, field.data_type()) {
            return Ok(None);
        }
        let violation = self.violation(
            format!(
                "column `{}` is {}, the contract says {}",
                column.name,
                field.data_type(),
                column.kind.name()
            ),
            "cast it in a SELECT, or write the file with the contract's type",
        );
        Ok(Some(violation.in_column(&column.name)))
    }

    /// Columns that neither the contract names nor are measures of one's own; they are not read.
    pub(super) fn ignored(&self) -> Vec<String> {
        let found = self.frame.schema().columns().into_iter().map(|q| q.name);
        let own = self.custom_measures();
        let read = |name: &String| {
            self.table.columns.iter().any(|c| c.name == *name)
                || own.iter().any(|column| column.name == *name)
        };
        found.filter(|name| !read(name)).collect()
    }
}

/// Whether a column of this name is a measure of one's own.
pub(super) fn is_custom_measure(name: &str) -> bool {
    name.starts_with(OWN_MEASURE)
}

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

/// The rules that the contract of `table` states for its columns.
pub(super) fn rules(table: &Table) -> Result<Vec<RowRule>> {
    let mut rules = Vec::new();
    let mut rule = |column: &str, words: String, broken: Expr| {
        let broken = count_if(broken)?;
        let words = format!("column `{column}` {words}");
        rules.push(RowRule { words, column: Some(column.to_owned()), broken });
        Ok::<(), Error>(())
    };
    for column in &table.columns {
        let name = &column.name;
        if !column.nullable {
            rule(name, "is null".into(), ident(name).is_null())?;
        }
        // A closed set of values holds no empty text, and kinds are held against the method.
        let names = column.kind == Type::Text && column.name == "network";
        if column.kind == Type::Id || names {
            let length = octet_length().call(vec![ident(name)]);
            let wrong = length.clone().eq(lit(0)).or(length.gt(lit(LONGEST_ID)));
            rule(name, format!("is empty or longer than {LONGEST_ID} bytes"), wrong)?;
        }
        if let Some(values) = &column.values {
            let known = values.iter().map(|v| lit(v.as_str())).collect();
            let outside = ident(name).in_list(known, true);
            rule(name, format!("is none of {}", values.join(", ")), outside)?;
        }
    }
    Ok(rules)
}
