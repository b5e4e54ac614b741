//! Validation of the columns of an input against its contract: names and types.

use std::fmt::Display;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column as Qualified, ExprSchema};
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;
use url::Url;

use super::conversions::conversion;
use super::sources::InputFile;
use super::uuids::{self, UUID};
use crate::error::{Error, Help, Result};
use crate::schema::{Column, Table, Type, UTC};
use crate::suggest::did_you_mean;

/// Maximum edit distance at which the name of a column is taken for a typing error of a name in the contract.
const MAX_TYPING_ERRORS: usize = 1;

/// Prefix of custom measures, columns in addition to those of the contract.
const CUSTOM_MEASURE: &str = "measure_";

/// Maximum number of custom measures.
const MAX_CUSTOM_MEASURES: usize = 100;

/// An input as opened.
#[derive(Clone)]
pub(super) struct OpenInput {
    pub(super) table: &'static Table,
    pub(super) frame: DataFrame,
    /// How the job names the input: a URL, or SQL of a key.
    pub(super) origin: String,
    /// Whether a column outside the contract is an error, as for a `SELECT`, which lists exactly what it means; else it is
    /// ignored.
    pub(super) closed: bool,
    /// The URL and the files behind it; none for a `SELECT`.
    pub(super) url: Option<Url>,
    pub(super) files: Vec<InputFile>,
}

/// The engine's type of a column.
pub(super) fn engine_type(kind: Type) -> DataType {
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
    fn text(kind: &DataType) -> bool {
        match kind {
            Dictionary(_, values) => text(values),
            plain => matches!(plain, Utf8 | LargeUtf8 | Utf8View),
        }
    }
    if let Dictionary(_, values) = found {
        return accepts(kind, values);
    }
    match kind {
        _ if *found == Null => true,
        Type::Id => {
            text(found)
                || found.is_integer()
                || matches!(found, Decimal128(_, 0) | Decimal256(_, 0))
                || *found == UUID
        }
        Type::Text => text(found),
        Type::Int64 => found.is_integer(),
        Type::Float64 => found.is_floating() || found.is_integer() || found.is_decimal(),
        Type::Boolean => *found == Boolean,
        Type::Date => matches!(found, Date32 | Date64),
        Type::Timestamp => matches!(found, Timestamp(_, _)),
        Type::TextList => match found {
            List(item)
            | LargeList(item)
            | ListView(item)
            | LargeListView(item)
            | FixedSizeList(item, _) => text(item.data_type()) || *item.data_type() == Null,
            _ => false,
        },
    }
}

impl OpenInput {
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

    /// Columns that cannot be read as the contract demands.
    pub(super) fn violations(&self) -> Result<Vec<Error>> {
        let found = self.frame.schema().columns();
        let names: Vec<&str> = found.iter().map(|q| q.name.as_str()).collect();
        let mut violations = Vec::new();
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                let violation = self.violation(
                    format!("two columns `{name}`"),
                    "give each column a different name",
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
                format!("{near}leave it out of the SELECT, or rename it"),
            );
            violations.push(violation.with_help(self.contract()).in_column(name));
        }
        Ok(violations)
    }

    /// The columns of the contract, in order and cast to the engine's types, and then the custom measures as 64-bit floats; a
    /// nullable column that is absent is null. The input must have no [`Self::violations`].
    pub(super) fn conform(&self) -> Result<DataFrame> {
        let found = self.frame.schema().columns();
        let mut selected = Vec::with_capacity(self.table.columns.len());
        for column in &self.table.columns {
            let wanted = engine_type(column.kind);
            let expr = match found.iter().find(|q| q.name == column.name) {
                Some(name) => {
                    let field = self.frame.schema().field_from_column(name);
                    let expr = Expr::Column(name.clone());
                    match field.map_err(Error::internal)?.data_type() {
                        as_is if *as_is == wanted => expr,
                        found if *found == UUID => uuids::as_text(expr),
                        _ => cast(expr, wanted),
                    }
                }
                None => lit(ScalarValue::try_from(&wanted).map_err(Error::internal)?),
            };
            selected.push(expr.alias(&column.name));
        }
        for custom in self.custom_measures() {
            let value = cast(Expr::Column(custom.clone()), DataType::Float64);
            selected.push(value.alias(custom.name));
        }
        self.frame.clone().select(selected).map_err(Error::internal)
    }

    /// The custom measures, sorted by name; only `accounts` has any.
    pub(super) fn custom_measures(&self) -> Vec<Qualified> {
        let found = self.frame.schema().columns().into_iter();
        let mut custom: Vec<Qualified> = found
            .filter(|column| self.table.table == "accounts" && is_custom_measure(&column.name))
            .collect();
        custom.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        custom
    }

    /// Custom measures that are not numbers, or too many.
    fn wrong_measures(&self) -> Result<Vec<Error>> {
        let custom = self.custom_measures();
        let mut violations = Vec::new();
        for name in &custom {
            let field = self.frame.schema().field_from_column(name).map_err(Error::internal)?;
            if !accepts(Type::Float64, field.data_type()) {
                let cause = format!(
                    "column `{}` is {}, a custom measure must be a number",
                    name.name,
                    field.data_type()
                );
                let remedy = "cast it in a SELECT, or rename it";
                violations.push(self.violation(cause, remedy).in_column(&name.name));
            }
        }
        if custom.len() > MAX_CUSTOM_MEASURES {
            let cause = format!(
                "{} columns `{CUSTOM_MEASURE}…`, renown reads at most {MAX_CUSTOM_MEASURES}",
                custom.len()
            );
            violations.push(self.violation(cause, "leave some out in a SELECT"));
        }
        Ok(violations)
    }

    /// Columns outside the contract whose names are a typing error away from an optional column: if `birthdate` were ignored
    /// where `birth_date` is meant, minors would be scored.
    fn near_names(&self) -> Vec<Error> {
        let found = self.frame.schema().columns();
        // A mandatory column is reported as missing by its own name.
        let optional = || self.table.columns.iter().filter(|c| c.nullable);
        let absent = || optional().filter(|c| !found.iter().any(|q| q.name == c.name));
        let mut violations = Vec::new();
        for name in self.ignored() {
            let is_near = |column: &&Column| {
                strsim::damerau_levenshtein(&name, &column.name) <= MAX_TYPING_ERRORS
            };
            if let Some(meant) = absent().find(is_near) {
                let violation = self.violation(
                    format!("is column `{name}` `{}`?", meant.name),
                    "rename it in a SELECT, or leave it out",
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
            format!("{near}rename a column in a SELECT"),
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
            match conversion(&column.name, field.data_type(), column.kind) {
                Some(sql) => format!(
                    "cast it in a SELECT, {sql} AS {}, or write the file with the contract's type",
                    column.name
                ),
                None => {
                    "cast it in a SELECT, or write the file with the contract's type".to_owned()
                }
            },
        );
        Ok(Some(violation.in_column(&column.name)))
    }

    /// Columns of integers that the contract has as times.
    pub(super) fn epoch_columns(&self) -> Vec<Qualified> {
        let found = self.frame.schema().columns().into_iter();
        let is_time = |name: &str| {
            self.table.columns.iter().any(|c| c.name == name && c.kind == Type::Timestamp)
        };
        let kind = |column: &Qualified| self.frame.schema().field_from_column(column);
        found
            .filter(|column| is_time(&column.name))
            .filter(|column| kind(column).is_ok_and(|field| field.data_type().is_integer()))
            .collect()
    }

    /// Columns that are neither in the contract nor custom measures; they are not read.
    pub(super) fn ignored(&self) -> Vec<String> {
        let found = self.frame.schema().columns().into_iter().map(|q| q.name);
        let custom = self.custom_measures();
        let read = |name: &String| {
            self.table.columns.iter().any(|c| c.name == *name)
                || custom.iter().any(|column| column.name == *name)
        };
        found.filter(|name| !read(name)).collect()
    }
}

/// Whether a column of this name is a custom measure.
pub(super) fn is_custom_measure(name: &str) -> bool {
    name.starts_with(CUSTOM_MEASURE)
}
