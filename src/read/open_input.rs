//! Validation of the columns of an input against its contract: names and types.

use std::fmt::Display;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column as Qualified, ExprSchema};
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;

use super::column_names::{Mistaken, protects};
use super::conversions::conversion;
use super::daily_source::DailySource;
use super::files::{ColumnRules, InputTable, Listing};
use super::uuids::{self, UUID};
use crate::error::{Error, Help, Result};
use crate::job::MissingColumns;
use crate::model::Warning;
use crate::schema::{Column, Table, Type, UTC};
use crate::suggest::did_you_mean;

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
    /// The files behind it; none for a `SELECT`.
    pub(super) files: Option<InputTable>,
    /// Whether it is of the day of the snapshot alone.
    pub(super) is_daily: bool,
    /// The sources of that day that it selects from.
    pub(super) daily_sources: Vec<DailySource>,
    /// What the job says of columns that some files lack.
    pub(super) missing_columns: MissingColumns,
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
                || matches!(
                    found,
                    Decimal32(_, 0) | Decimal64(_, 0) | Decimal128(_, 0) | Decimal256(_, 0)
                )
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
        match self.files.as_ref().and_then(|files| files.only_path()) {
            Some(path) => error.in_file(&path),
            None => error,
        }
    }

    /// The files behind it, with the columns that are null in some; none for a `SELECT`.
    pub(super) fn listing(&self) -> Option<Listing> {
        self.files.as_ref().map(|files| files.listing(&|name| self.reads(name)))
    }

    /// Whether a column of this name is read.
    fn reads(&self, name: &str) -> bool {
        let is_custom = self.table.table == "accounts" && is_custom_measure(name);
        is_custom || self.table.columns.iter().any(|column| column.name == name)
    }

    /// Columns that are not the same in all files.
    fn drift(&self) -> Vec<Error> {
        let Some(files) = &self.files else { return vec![] };
        let optional = |name: &str| {
            let column = self.table.columns.iter().find(|column| column.name == name);
            column.is_none_or(|column| column.nullable)
        };
        let rules = ColumnRules { missing: Some(self.missing_columns), is_optional: &optional };
        let place = |error: Error| {
            let table = &self.table.table;
            error.within(format!("input `{table}`")).in_table(table)
        };
        files.violations(&|name| self.reads(name), rules).into_iter().map(place).collect()
    }

    /// The contract of this input, for the reader of an error.
    pub(super) fn contract(&self) -> Help {
        Help::Contract(self.table.table.clone())
    }

    /// Columns that cannot be read as the contract demands.
    pub(super) fn violations(&self) -> Result<Vec<Error>> {
        let found = self.frame.schema().columns();
        let names: Vec<&str> = found.iter().map(|q| q.name.as_str()).collect();
        let mut violations = self.drift();
        if !violations.is_empty() {
            // What is said of types and names would be said of one of several.
            return Ok(violations);
        }
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
                        DataType::Dictionary(_, values) if **values == UUID => {
                            uuids::as_text(cast(expr, UUID))
                        }
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

    /// Columns outside the contract, with what they are taken for.
    fn mistaken(&self) -> impl Iterator<Item = (String, Mistaken<'static>)> {
        let found = self.frame.schema().columns().into_iter().map(|column| column.name);
        let found: Vec<String> = found.collect();
        let table = self.table;
        let names = self.ignored().into_iter();
        names.filter_map(move |name| {
            let mistaken = Mistaken::of(&name, table, &found)?;
            Some((name, mistaken))
        })
    }

    /// Fields of structs outside the contract that are called like a column of it which is absent, with how SQL writes them.
    fn mistaken_fields(&self) -> Vec<(String, &'static Column)> {
        let schema = self.frame.schema();
        let found: Vec<String> = schema.columns().into_iter().map(|column| column.name).collect();
        let mut mistaken = Vec::new();
        for name in self.ignored() {
            // A name may be that of a field that was taken out of its struct.
            if let Some((_, field)) = name.rsplit_once('.')
                && let Some(Mistaken::Spelling(meant)) = Mistaken::of(field, self.table, &found)
            {
                mistaken.push((format!("\"{name}\""), meant));
            }
            let Ok(field) = schema.field_with_unqualified_name(&name) else { continue };
            let mut structs = vec![(name, field.data_type())];
            while let Some((path, kind)) = structs.pop() {
                let DataType::Struct(fields) = kind else { continue };
                for field in fields {
                    let path = format!("{path}['{}']", field.name());
                    match Mistaken::of(field.name(), self.table, &found) {
                        Some(Mistaken::Spelling(meant)) => mistaken.push((path, meant)),
                        _ => structs.push((path, field.data_type())),
                    }
                }
            }
        }
        mistaken
    }

    /// Columns outside the contract that are taken for an optional one: it would be passed over.
    fn near_names(&self) -> Vec<Error> {
        let refused = self.mistaken().filter_map(|(name, mistaken)| {
            let (cause, meant) = match mistaken {
                Mistaken::Spelling(meant) => {
                    (format!("column `{name}` is called `{}` in the contract", meant.name), meant)
                }
                Mistaken::Again(meant) => {
                    let cause = format!("columns `{}` and `{name}` may both be meant", meant.name);
                    let remedy = format!("select one of them as `{}` in a SELECT", meant.name);
                    return Some(self.violation(cause, remedy).in_column(&name));
                }
                Mistaken::TypingError(meant) => {
                    (format!("is column `{name}` `{}`?", meant.name), meant)
                }
                Mistaken::Plural(_) | Mistaken::Age => return None,
            };
            let remedy = format!("rename it `{}` in a SELECT, or leave it out", meant.name);
            Some(self.violation(cause, remedy).in_column(&name))
        });
        let fields = self.mistaken_fields().into_iter();
        let protecting = fields.filter(|(_, meant)| protects(self.table, meant));
        let in_structs = protecting.map(|(field, Column { name, .. })| {
            let cause = format!("field `{field}` is the column `{name}` in the contract");
            let remedy = format!("write {field} AS {name} in a SELECT, or leave it out");
            self.violation(cause, remedy).in_column(name)
        });
        refused.chain(in_structs).collect()
    }

    /// Columns outside the contract that may be meant for one of it.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let table = &self.table.table;
        let warnings = self.mistaken().filter_map(|(name, mistaken)| {
            let text = match mistaken {
                Mistaken::Plural(meant) => {
                    format!("column `{name}` is not read; the contract has `{}`", meant.name)
                }
                Mistaken::Age => format!(
                    "column `{name}` is not read, and may have ages; the contract has `birth_date` and `is_minor`"
                ),
                Mistaken::Spelling(_) | Mistaken::Again(_) | Mistaken::TypingError(_) => return None,
            };
            Some(Warning::new(table, text))
        });
        let fields = self.mistaken_fields().into_iter();
        let in_structs = fields.filter(|(_, meant)| !protects(self.table, meant));
        let in_structs = in_structs.map(|(field, meant)| {
            let text = format!("field `{field}` is not read; the contract has `{}`", meant.name);
            Warning::new(table, text)
        });
        warnings.chain(in_structs).collect()
    }

    /// Whether the input has a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.frame.schema().has_column_with_unqualified_name(column)
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
