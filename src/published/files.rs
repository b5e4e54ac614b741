//! Files of tables by their names, whether or not a commit names them, and their rows with every column that they have.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::array_value_to_string;
use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::options::ParquetReadOptions;
use datafusion::functions_nested::expr_fn::array_has;
use datafusion::prelude::{Expr, ident, lit};
use serde_json::{Map, Value};
use url::Url;

use super::rows::PersonNames;
use super::table::each;
use crate::audit::{ATTACKS, VALIDITY};
use crate::engine::{Engine, batches};
use crate::error::{Error, Result};
use crate::publish::commit::{Commit, CommittedFile};
use crate::publish::integrity::{FileState, file_state};
use crate::publish::{Object, Place, objects};
use crate::schema::{self, Direction};
use crate::storage::below;

/// A row by the names of its columns, in their order.
pub type RawRow = Map<String, Value>;

/// Columns of published tables that name a person.
const PERSON_COLUMNS: [&str; 3] = ["person_id", "influencer_id", "influenced_id"];
/// The column that names several.
const PEOPLE_COLUMN: &str = "reactor_ids";

/// A file of a table, `TABLE/DAY/RUN-00000.parquet`, or of a refused run, `refused/DAY/RUN/TABLE-00000.parquet`.
pub(crate) struct TableFile {
    /// Path below the output folder.
    pub path: String,
    /// Name of the table.
    pub table: String,
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// Id of the run.
    pub run_id: String,
    /// Whether the run was refused.
    pub is_refused: bool,
    frame: Result<DataFrame>,
}

/// The table files below `output` by path, which have the bytes that any of `commits` names, and the Parquet files that have other names.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub(crate) async fn table_files(
    engine: &Engine,
    output: &Url,
    commits: &[Commit],
) -> Result<(Vec<TableFile>, Vec<String>)> {
    engine.connect(output)?;
    let named = commits.iter().flat_map(|commit| commit.tables.values());
    let committed: BTreeMap<&str, &CommittedFile> =
        named.flat_map(|table| &table.files).map(|file| (file.path.as_str(), file)).collect();
    let (mut files, mut others) = (Vec::new(), Vec::new());
    let all = objects(&engine.stores, output, "").await?.into_iter();
    for object in all.filter(|object| object.path.ends_with(".parquet")) {
        let (table, day, run_id, is_refused) = match Place::of(&object.path) {
            // They hold no person, and are of no run.
            Place::Table { table: VALIDITY | ATTACKS, .. } => continue,
            Place::Table { table, day, run_id } => {
                (table.to_owned(), day, run_id.to_owned(), false)
            }
            Place::Refused { table: Some(table), day, run_id } => {
                (table.to_owned(), day, run_id.to_owned(), true)
            }
            _ => {
                others.push(object.path);
                continue;
            }
        };
        let path = object.path.clone();
        let frame = match committed.get(path.as_str()) {
            Some(file) if file_state(&engine.stores, output, file).await? != FileState::Intact => {
                let cause = format!("`{path}` has changed since it was committed");
                Err(Error::bad_input(cause, "restore it, or delete it"))
            }
            _ => open(engine, output, &object).await,
        };
        files.push(TableFile { path, table, day, run_id, is_refused, frame });
    }
    Ok((files, others))
}

async fn open(engine: &Engine, output: &Url, object: &Object) -> Result<DataFrame> {
    let path = &object.path;
    // The engine passes over an empty file.
    if object.size == 0 {
        return Err(Error::bad_input(format!("`{path}` is empty"), "restore it, or delete it"));
    }
    let url = below(output, path)?.to_string();
    let frame = engine.session.read_parquet(url, ParquetReadOptions::default()).await;
    frame.map_err(|e| Error::engine(&format!("reading `{path}`"), e))
}

impl TableFile {
    /// The rows that name any of the people `ids`.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if the file cannot be read, or lacks a column that names people.
    pub(crate) async fn rows_of(&self, ids: &BTreeSet<String>) -> Result<Vec<RawRow>> {
        let what = format!("reading `{}`", self.path);
        let frame = self.frame.clone()?;
        let has = |name: &str| frame.schema().has_column_with_unqualified_name(name);
        if let Ok(contract) = schema::table(Direction::Output, &self.table)
            && let Some(lost) =
                contract.columns.iter().find(|c| names_people(&c.name) && !has(&c.name))
        {
            return Err(Error::bad_input(
                format!("{what}: column `{}` is missing", lost.name),
                "restore the file, or delete it",
            ));
        }
        let ids: Vec<Expr> = ids.iter().map(lit).collect();
        let named = PERSON_COLUMNS.into_iter().filter(|name| has(name));
        let mut named: Vec<Expr> =
            named.map(|name| ident(name).in_list(ids.clone(), false)).collect();
        if has(PEOPLE_COLUMN) {
            named.extend(ids.into_iter().map(|id| array_has(ident(PEOPLE_COLUMN), id)));
        }
        let named = named.into_iter().reduce(Expr::or);
        // The table `runs` names nobody.
        let Some(named) = named else { return Ok(Vec::new()) };
        let frame = frame.filter(named).map_err(|e| Error::engine(&what, e))?;
        raw_rows(&what, frame).await
    }

    /// Gives every person of a file of the table `people` to `see`.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if the file cannot be read, or has columns of another version.
    pub(crate) async fn each_person(&self, see: impl FnMut(PersonNames<&str>)) -> Result<()> {
        each::<PersonNames>(self.frame.clone()?, see).await
    }
}

/// Whether a column of this name names people.
fn names_people(column: &str) -> bool {
    PERSON_COLUMNS.contains(&column) || column == PEOPLE_COLUMN
}

/// All rows of a query.
///
/// # Errors
/// As [`Error::engine`], said to have happened while doing `what`.
async fn raw_rows(what: &str, frame: DataFrame) -> Result<Vec<RawRow>> {
    let mut rows = Vec::new();
    for batch in batches(what, frame).await? {
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let columns = schema.fields().iter().zip(batch.columns());
            let cells =
                columns.map(|(field, column)| Ok((field.name().clone(), cell(column, row)?)));
            rows.push(cells.collect::<Result<RawRow>>()?);
        }
    }
    Ok(rows)
}

/// Days and times become texts; a number that JSON does not have becomes null.
fn cell(column: &ArrayRef, row: usize) -> Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::List(_) => {
            let list = column.as_list::<i32>().value(row);
            let items = (0..list.len()).map(|item| cell(&list, item));
            Value::Array(items.collect::<Result<_>>()?)
        }
        _ => array_value_to_string(column, row).map_err(Error::internal)?.into(),
    })
}
