//! The contracts of `schemas/`: grain, key and columns of every table that is read or written.
//!
//! The TOML files are compiled in. Readers conform data to them, writers build batches with [`Table::batch`], which refuses
//! any other set of columns.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/schemas");
static TABLES: LazyLock<Result<Vec<Table>>> = LazyLock::new(parse_all);

/// Prefix of custom measures.
pub const CUSTOM_MEASURE: &str = "measure_";

/// Time zone of every timestamp.
pub const UTC: &str = "UTC";

/// Whether a table is read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A table that a job reads.
    Input,
    /// A table that a run publishes.
    Output,
}

/// Whether a stage reads or writes the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Input that jobs may name.
    Read,
    /// Output of every run.
    Published,
    /// Output of `validate`.
    Measured,
    /// Output of `attack`.
    Simulated,
    /// No stage reads or writes it yet.
    Reserved,
}

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// Text, or an integer of any width (kept exactly, as text).
    Id,
    /// UTF-8 text.
    Text,
    /// 64-bit signed integer.
    Int64,
    /// IEEE 754 binary64.
    Float64,
    /// True or false.
    Boolean,
    /// Calendar day.
    Date,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// List of UTF-8 texts.
    #[serde(rename = "list<text>")]
    TextList,
}

impl Type {
    /// The Arrow type in which this type is written.
    pub fn arrow(self) -> DataType {
        match self {
            Type::Id | Type::Text => DataType::Utf8,
            Type::Int64 => DataType::Int64,
            Type::Float64 => DataType::Float64,
            Type::Boolean => DataType::Boolean,
            Type::Date => DataType::Date32,
            Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Type::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
        }
    }

    /// Name of the type in the contracts.
    pub fn name(self) -> &'static str {
        match self {
            Type::Id => "id",
            Type::Text => "text",
            Type::Int64 => "int64",
            Type::Float64 => "float64",
            Type::Boolean => "boolean",
            Type::Date => "date",
            Type::Timestamp => "timestamp",
            Type::TextList => "list<text>",
        }
    }

    /// Name of the type in SQL (DuckDB and PostgreSQL).
    fn ddl(self) -> &'static str {
        match self {
            Type::Id | Type::Text => "VARCHAR",
            Type::Int64 => "BIGINT",
            Type::Float64 => "DOUBLE PRECISION",
            Type::Boolean => "BOOLEAN",
            Type::Date => "DATE",
            Type::Timestamp => "TIMESTAMP WITH TIME ZONE",
            Type::TextList => "VARCHAR[]",
        }
    }
}

/// One column of a contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name, unique within the table.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether values may be null; a nullable column of an input may be missing.
    pub nullable: bool,
    /// Unit of the values, empty where there is none.
    pub unit: String,
    /// What a value means.
    pub meaning: String,
    /// Declaration of the measure; only columns of `measures` have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measure: Option<Measure>,
    /// Allowed values, where there is a fixed set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<String>>,
}

/// What a measure is, how it is computed and whether the forecast may use it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Family of the measure.
    pub family: String,
    /// Phrase for explanations, with `{}` for the value; every measure that may enter the forecast has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// Formula in plain symbols.
    pub formula: String,
    /// `own` (defined by Renown), or works as `AUTHORS YEAR, *TITLE*, PLACE` and remarks, separated by `; `.
    pub source: String,
    /// `up` if one more reactor can never lower it, else `shown`.
    pub direction: String,
    /// Whether a method may give it a coefficient.
    pub forecast: bool,
    /// The reason for `direction` and `forecast`.
    pub why: String,
}

/// Contract of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Name.
    pub table: String,
    /// Version of the contract; it rises with every change of columns.
    pub version: u32,
    /// Whether it is in use.
    pub status: Status,
    /// What a row is.
    pub grain: String,
    /// Columns whose values together identify a row.
    pub key: Vec<String>,
    /// What the table means.
    pub meaning: String,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// Read or written, by the folder of the file.
    #[serde(skip_deserializing, default = "input")]
    pub direction: Direction,
}

fn input() -> Direction {
    Direction::Input
}

fn parse_all() -> Result<Vec<Table>> {
    let mut tables = Vec::new();
    for (folder, direction) in [("input", Direction::Input), ("output", Direction::Output)] {
        let folder = FILES
            .get_dir(folder)
            .ok_or_else(|| Error::internal(format!("schemas/{folder} is missing")))?;
        for file in folder.files() {
            let text =
                file.contents_utf8().ok_or_else(|| Error::internal("a contract is not UTF-8"))?;
            let mut table: Table = toml::from_str(text)
                .map_err(|e| Error::internal(format!("{}: {e}", file.path().display())))?;
            table.direction = direction;
            tables.push(table);
        }
    }
    tables.sort_by(|a, b| (a.direction as u8, &a.table).cmp(&(b.direction as u8, &b.table)));
    Ok(tables)
}

/// All contracts: inputs, then outputs, by name.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a contract that was compiled in does not parse.
pub fn tables() -> Result<&'static [Table]> {
    match &*TABLES {
        Ok(tables) => Ok(tables),
        Err(error) => Err(error.clone()),
    }
}

/// The contract of one table.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if there is none.
pub fn table(direction: Direction, name: &str) -> Result<&'static Table> {
    tables()?
        .iter()
        .find(|t| t.direction == direction && t.table == name)
        .ok_or_else(|| Error::internal(format!("no contract for table `{name}`")))
}

impl Table {
    /// Arrow schema of the table, with unit and meaning as field metadata.
    pub fn arrow(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|c| {
                Field::new(&c.name, c.kind.arrow(), c.nullable).with_metadata(HashMap::from([
                    ("unit".to_owned(), c.unit.clone()),
                    ("meaning".to_owned(), c.meaning.clone()),
                ]))
            })
            .collect();
        let metadata = HashMap::from([
            ("table".to_owned(), self.table.clone()),
            ("version".to_owned(), self.version.to_string()),
            ("grain".to_owned(), self.grain.clone()),
            ("key".to_owned(), self.key.join(",")),
        ]);
        Arc::new(Schema::new_with_metadata(fields, metadata))
    }

    /// Builds a batch of this table from columns in any order.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] unless the names are exactly those of the contract and every
    /// column has its type, its nullability and the same length.
    pub fn batch(&self, mut columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let place = columns
                .iter()
                .position(|(name, _)| *name == column.name)
                .ok_or_else(|| self.error(format!("column `{}` was not built", column.name)))?;
            arrays.push(columns.swap_remove(place).1);
        }
        if let Some((name, _)) = columns.first() {
            return Err(self.error(format!("column `{name}` is not in the contract")));
        }
        RecordBatch::try_new(self.arrow(), arrays).map_err(|e| self.error(e.to_string()))
    }

    /// Builds a batch of the table `measures`, with custom measures after the columns of the contract.
    ///
    /// # Errors
    /// As [`Table::batch`].
    pub fn batch_with_custom(
        &self,
        columns: Vec<(&str, ArrayRef)>,
        custom: Vec<(&str, ArrayRef)>,
    ) -> Result<RecordBatch> {
        let batch = self.batch(columns)?;
        let schema = batch.schema();
        let mut fields: Vec<FieldRef> = schema.fields().iter().cloned().collect();
        let meaning = "The column of this name of `accounts`, summed over the accounts of the person on the network.";
        fields.extend(custom.iter().map(|(name, _)| {
            let metadata = [("unit", ""), ("meaning", meaning)];
            let metadata = metadata.map(|(key, value)| (key.to_owned(), value.to_owned()));
            Arc::new(
                Field::new(*name, DataType::Float64, true).with_metadata(HashMap::from(metadata)),
            )
        }));
        let arrays =
            batch.columns().iter().cloned().chain(custom.into_iter().map(|(_, array)| array));
        let schema = Schema::new_with_metadata(fields, schema.metadata().clone());
        RecordBatch::try_new(Arc::new(schema), arrays.collect())
            .map_err(|e| self.error(e.to_string()))
    }

    fn error(&self, cause: String) -> Error {
        Error::internal(format!("table `{}`: {cause}", self.table))
    }

    /// The contract as text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let direction = match self.direction {
            Direction::Input => "input",
            Direction::Output => "output",
        };
        let status = match self.status {
            Status::Read => "read",
            Status::Published => "published",
            Status::Measured => "published by `validate`",
            Status::Simulated => "published by `attack`",
            Status::Reserved => "reserved: no stage uses it yet",
        };
        let _ = writeln!(out, "{} ({direction}, version {}, {status})", self.table, self.version);
        let _ = writeln!(out, "  {}", self.meaning);
        let _ = writeln!(out, "  grain: {}", self.grain);
        let _ = writeln!(out, "  key:   {}", self.key.join(", "));
        let width = self.columns.iter().map(|c| c.name.len()).max().unwrap_or(0);
        for c in &self.columns {
            let null = if c.nullable { "" } else { " not null" };
            let unit = if c.unit.is_empty() { String::new() } else { format!(" [{}]", c.unit) };
            let kind = format!("{}{null}", c.kind.name());
            let _ = writeln!(out, "  {:width$}  {kind:18} {}{unit}", c.name, c.meaning);
            if let Some(m) = &c.measure {
                let _ = writeln!(
                    out,
                    "  {:width$}  {:18} = {} ({})",
                    "", m.family, m.formula, m.source
                );
            }
        }
        out
    }

    /// The contract as `CREATE TABLE`.
    pub fn ddl(&self) -> String {
        let quoted = |text: &str| text.replace('\'', "''");
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|c| {
                let null = if c.nullable { "" } else { " NOT NULL" };
                format!("  \"{}\" {}{null}", c.name, c.kind.ddl())
            })
            .collect();
        // A nullable column cannot be part of a SQL primary key.
        let nullable_key = self.columns.iter().any(|c| c.nullable && self.key.contains(&c.name));
        let key = if nullable_key {
            String::new()
        } else {
            format!(",\n  PRIMARY KEY (\"{}\")", self.key.join("\", \""))
        };
        let mut out =
            format!("CREATE TABLE \"{}\" (\n{}{key}\n);\n", self.table, columns.join(",\n"));
        let _ =
            writeln!(out, "COMMENT ON TABLE \"{}\" IS '{}';", self.table, quoted(&self.meaning));
        for c in &self.columns {
            let unit = if c.unit.is_empty() { String::new() } else { format!(" [{}]", c.unit) };
            let _ = writeln!(
                out,
                "COMMENT ON COLUMN \"{}\".\"{}\" IS '{}{}';",
                self.table,
                c.name,
                quoted(&c.meaning),
                quoted(&unit)
            );
        }
        out
    }
}
