//! Tables that `rank` reads: Parquet, or a SELECT over Parquet.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast, ident};
use url::Url;

use super::id_types::plain;
use super::weights::held_weight;
use crate::engine::Engine;
use crate::error::{Error, Help, OF_SELECT, Result};
use crate::job::Input;
use crate::job::MissingColumns;
use crate::read::{ColumnRules, InputTable, PassedOver, Sources, Violations};
use crate::suggest::did_you_mean;

/// The column of ids in lists of vertices and seeds.
pub(super) const ID: &str = "id";

/// A table as opened.
pub(super) struct Table {
    /// What it is called in messages.
    pub(super) origin: String,
    frame: DataFrame,
    /// Names of its columns.
    columns: Vec<String>,
    /// The files behind it; none for a SELECT.
    files: Option<InputTable>,
    /// Files that are not read, by table or source.
    pub(super) files_not_read: BTreeMap<String, Vec<PassedOver>>,
}

impl Table {
    /// Opens the table that `input` names; a SELECT is over `sources`.
    pub(super) async fn open(
        engine: &Engine,
        what: &str,
        input: &Input,
        sources: &BTreeMap<String, Url>,
    ) -> Result<Self> {
        let mut files_not_read = BTreeMap::new();
        let (origin, frame, files) = match input {
            Input::Url(url) => {
                let files = InputTable::open(engine, url).await?;
                let passed_over = files.listing(&|_| false).passed_over;
                files_not_read.insert(what.to_owned(), passed_over);
                (format!("`{url}`"), files.frame(engine)?, Some(files))
            }
            Input::Sql(sql) => {
                let origin = format!("{OF_SELECT}{what}");
                let violations = &mut Violations::stop_at_first();
                let missing = MissingColumns::Refuse;
                let sources = Sources::open(engine, sources, |_| None, missing, violations).await?;
                for (name, listing) in sources.listings() {
                    files_not_read.insert(format!("sources.{name}"), listing.passed_over);
                }
                let frame = Box::pin(sources.select(&origin, sql)).await?.frame;
                (origin, frame, None)
            }
        };
        let columns = frame.schema().columns().into_iter().map(|column| column.name).collect();
        Ok(Self { origin, frame, columns, files, files_not_read })
    }

    /// An error about this table; `cause` goes on from its name.
    pub(super) fn refused(&self, cause: String, remedy: &str) -> Error {
        Error::bad_input(format!("{}: {cause}", self.origin), remedy)
    }

    /// The names of source and target: those that are given, or the only pair with usual names.
    pub(super) fn ends(&self, named: Option<(&str, &str)>) -> Result<(String, String)> {
        const PAIRS: [(&str, &str); 3] = [("source", "target"), ("src", "dst"), ("from", "to")];
        if let Some((source, target)) = named {
            if source == target {
                let cause = format!(
                    "`{source}` is both source and target: every vertex would be linked to itself alone"
                );
                return Err(self.refused(cause, "name two columns").in_column(source));
            }
            return Ok((source.to_owned(), target.to_owned()));
        }
        let find =
            |name: &str| self.columns.iter().find(|column| column.eq_ignore_ascii_case(name));
        let pairs: Vec<(&String, &String)> =
            PAIRS.iter().filter_map(|(source, target)| find(source).zip(find(target))).collect();
        match pairs.as_slice() {
            [(source, target)] => Ok(((*source).clone(), (*target).clone())),
            found => {
                let cause = match found.len() {
                    0 => "no two columns are called source and target, src and dst, or from and to",
                    _ => "several pairs of columns may be source and target",
                };
                let columns = format!("the columns are {}", self.columns.join(", "));
                Err(self.refused(cause.to_owned(), &columns).with_help(Help::EdgeColumns))
            }
        }
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| column == name)
    }

    /// The type of the values of a column.
    pub(super) fn value_type(&self, name: &str) -> Result<DataType> {
        let columns = || self.columns.join(", ");
        match self.columns.iter().filter(|column| *column == name).count() {
            0 => {
                let near = did_you_mean(name, self.columns.iter().map(String::as_str));
                let remedy = format!("{near}the columns are {}", columns());
                Err(self.refused(format!("there is no column `{name}`"), &remedy).in_column(name))
            }
            1 => {
                let field = self.frame.schema().field_with_unqualified_name(name);
                Ok(plain(field.map_err(Error::internal)?.data_type()).clone())
            }
            _ => {
                let remedy = "give each column a different name";
                Err(self
                    .refused(format!("two columns are called `{name}`"), remedy)
                    .in_column(name))
            }
        }
    }

    /// The type in which the weights of a column are decoded.
    pub(super) fn weight_type(&self, column: &str) -> Result<DataType> {
        let kind = self.value_type(column)?;
        if kind.is_numeric() {
            return Ok(held_weight(&kind));
        }
        let cause = format!("column `{column}` is {kind}, not a number");
        Err(self.refused(cause, "name a numeric column").in_column(column))
    }

    /// Refuses nulls in `columns`, counted over `rows` rows.
    pub(super) fn refuse_nulls(
        &self,
        columns: &[String],
        nulls: &[usize],
        rows: usize,
    ) -> Result<()> {
        let found = columns.iter().zip(nulls).find(|(_, nulls)| **nulls > 0);
        let Some((name, nulls)) = found else { return Ok(()) };
        let cause = format!("column `{name}` is null in {nulls} of {rows} rows");
        let refused = self.refused(cause, "leave these rows out, or fix them");
        Err(refused.in_column(name).in_rows(*nulls as u64))
    }

    /// The columns with the types to which they are cast, under the names 0, 1 and so on: one column may be named twice.
    pub(super) fn select(&self, columns: &[(String, DataType)]) -> Result<DataFrame> {
        let is_used = |name: &str| columns.iter().any(|(column, _)| column == name);
        let rules = ColumnRules { missing: None, is_optional: &|_| false };
        let files = self.files.as_ref();
        let violations = files.map(|files| files.violations(&is_used, rules)).unwrap_or_default();
        if let Some(violation) = violations.into_iter().next() {
            return Err(violation);
        }
        let selected = columns
            .iter()
            .enumerate()
            .map(|(place, (name, kind))| cast(ident(name), kind.clone()).alias(place.to_string()));
        self.frame.clone().select(selected.collect::<Vec<_>>()).map_err(Error::internal)
    }
}
