//! Tables of published runs, read back.

pub(crate) mod lookup;
pub mod previous;

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::options::ParquetReadOptions;
use datafusion::prelude::{ident, lit};
use futures::TryStreamExt;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Result};
use crate::publish::commit::Commit;
use crate::storage::below;

/// A row by the names of its columns, in their order.
pub type Row = Map<String, Value>;

/// One table of a committed run below `output`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] or [`crate::error::Kind::Unavailable`] if its files cannot be read.
pub async fn table(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    name: &str,
) -> Result<DataFrame> {
    engine.connect(output)?;
    let files = commit.tables.get(name).map(|t| t.files.as_slice()).unwrap_or_default();
    let mut urls = Vec::with_capacity(files.len());
    for file in files {
        let url = below(output, &file.path)?;
        // The engine passes over a file that is not there.
        if engine.stores.size(&url).await? != Some(file.size) {
            return Err(Error::bad_input(
                format!(
                    "`{url}`: commit {} names this file, and it is gone or changed",
                    commit.number
                ),
                "restore it, or run the job again from its inputs",
            ));
        }
        urls.push(url.to_string());
    }
    engine
        .session
        .read_parquet(urls, ParquetReadOptions::default())
        .await
        .map_err(|e| Error::engine(&format!("reading table `{name}` of `{output}`"), e))
}

/// All rows of a query.
///
/// # Errors
/// As [`Error::engine`], said to have happened while doing `what`.
pub(crate) async fn rows(what: &str, frame: DataFrame) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for batch in engine::batches(what, frame).await? {
        let schema = batch.schema();
        for row in 0..batch.num_rows() {
            let columns = schema.fields().iter().zip(batch.columns());
            let cells =
                columns.map(|(field, column)| Ok((field.name().clone(), cell(column, row)?)));
            rows.push(cells.collect::<Result<Row>>()?);
        }
    }
    Ok(rows)
}

/// A row of the table `name` as what it is read into.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table has columns of another version.
pub(crate) fn parsed<T: DeserializeOwned>(name: &str, row: &Row) -> Result<T> {
    serde_json::from_value(Value::Object(row.clone())).map_err(|e| {
        let mut error = other_version(name);
        error.cause = format!("{}: {e}", error.cause);
        error.caused_by(e)
    })
}

/// What is said of a table `name` whose columns are not those that this version reads.
pub(crate) fn other_version(name: &str) -> Error {
    Error::bad_input(
        format!("the table `{name}` has columns of another version"),
        "use the version of renown that wrote it",
    )
}

/// Some columns of a table `name`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table does not have them, else as [`Error::engine`].
pub(crate) fn selected(name: &str, frame: DataFrame, columns: &[&str]) -> Result<DataFrame> {
    let has = |name: &&str| frame.schema().has_column_with_unqualified_name(name);
    if !columns.iter().all(has) {
        return Err(other_version(name));
    }
    let columns: Vec<_> = columns.iter().map(|name| ident(*name)).collect();
    frame.select(columns).map_err(|e| Error::engine(&format!("reading the table `{name}`"), e))
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

/// One row of the table `people`, as far as it says who somebody is.
pub(crate) struct Known<'a> {
    /// Person id.
    pub id: &'a str,
    /// Display name.
    pub name: Option<&'a str>,
    /// Accounts, each `network:account_id`.
    pub accounts: Vec<&'a str>,
}

/// Shows every row of a table `people` to `see`, holding few of them in memory at a time.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table has other columns, else as [`Error::engine`].
pub(crate) async fn each_person(people: DataFrame, mut see: impl FnMut(&Known<'_>)) -> Result<()> {
    let failed = |e| Error::engine("reading the table `people`", e);
    let unlike = || other_version("people");
    let frame = selected("people", people, &["person_id", "display_name", "accounts"])?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let text = |column: usize| batch.column(column).as_string_opt::<i32>().ok_or_else(unlike);
        let (ids, names) = (text(0)?, text(1)?);
        let lists = batch.column(2).as_list_opt::<i32>().ok_or_else(unlike)?;
        for row in 0..batch.num_rows() {
            let list = lists.value(row);
            let accounts = list.as_string_opt::<i32>().ok_or_else(unlike)?.iter().flatten();
            see(&Known {
                id: ids.value(row),
                name: names.is_valid(row).then(|| names.value(row)),
                accounts: accounts.collect(),
            });
        }
    }
    Ok(())
}

/// The names that the people `ids` show, by id; those without a name are left out.
///
/// # Errors
/// As [`each_person`].
pub(crate) async fn names<'a>(
    people: DataFrame,
    ids: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, String>> {
    let named = people.filter(ident("person_id").in_list(ids.map(lit).collect(), false));
    let named = named.map_err(|e| Error::engine("reading the table `people`", e))?;
    let mut names = BTreeMap::new();
    each_person(named, |p| {
        names.extend(p.name.map(|name| (p.id.to_owned(), name.to_owned())));
    })
    .await?;
    Ok(names)
}

/// The network's own id of an account `network:account_id`; names of networks hold no `:`.
pub(crate) fn bare(account: &str) -> &str {
    account.split_once(':').map_or(account, |(_, id)| id)
}
