//! Tables of a run as frames, and frames as rows.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::options::ParquetReadOptions;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::SortExpr;
use datafusion::prelude::{Expr, ident, lit};
use futures::TryStreamExt;
use serde::Deserialize;
use url::Url;

use super::cells;
use super::earlier;
use super::rows::TableRow;
use crate::engine::{Engine, batches, guarded};
use crate::error::{Error, Kind, Result};
use crate::publish::commit::{self, Commit};
use crate::publish::integrity::{FileState, file_state};
use crate::storage::below;

/// What a query makes of a frame.
pub type Queried = datafusion::error::Result<DataFrame>;

/// The files of a run whose bytes have been compared with what its commit says: once for each is enough.
#[derive(Clone, Default)]
pub(super) struct Verified(Arc<Mutex<BTreeSet<String>>>);

impl Verified {
    fn paths(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, path: &str) -> bool {
        self.paths().contains(path)
    }

    fn add(&self, path: &str) {
        self.paths().insert(path.to_owned());
    }
}

/// The table `name` of a commit below `output`, whose files are as they were committed.
pub(super) async fn open(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    name: &str,
    verified: &Verified,
) -> Result<DataFrame> {
    let files = commit.tables.get(name).map(|t| t.files.as_slice()).unwrap_or_default();
    let mut urls = Vec::with_capacity(files.len());
    for file in files {
        let url = below(output, &file.path)?;
        if !verified.has(&file.path) {
            let state = file_state(&engine.stores, output, file).await?;
            let what = match state {
                FileState::Intact => None,
                FileState::Changed => Some("it has changed since: its SHA-256 is another"),
                FileState::Gone => Some("it is gone"),
            };
            if let Some(what) = what {
                refuse_rewritten(engine, output, commit).await?;
                return Err(Error::bad_input(
                    format!("`{url}`: commit {} names this file, and {what}", commit.number),
                    format!(
                        "run the job for {} again, which writes what is wrong anew, or restore the file",
                        commit.snapshot_date
                    ),
                )
                .in_file(&file.path));
            }
            verified.add(&file.path);
        }
        urls.push(url.to_string());
    }
    let frame = engine.session.read_parquet(urls, ParquetReadOptions::default()).await;
    let frame = frame.and_then(|frame| earlier::table(name, frame));
    frame.map_err(|e| Error::engine(&format!("reading table `{name}` of `{output}`"), e))
}

/// The error for a commit whose tables were rewritten after it was read: some of its files may be gone by now.
async fn refuse_rewritten(engine: &Engine, output: &Url, commit: &Commit) -> Result<()> {
    let newest = commit::newest(&engine.stores, output).await?;
    let by = newest.and_then(|newest| newest.rewritten_in.get(&commit.number).copied());
    match by.filter(|by| Some(*by) != commit.tables_of) {
        None => Ok(()),
        Some(by) => Err(Error::new(
            Kind::Interrupted,
            format!("tables of commit {} were rewritten meanwhile, by commit {by}", commit.number),
            "run again",
        )),
    }
}

/// The rows of a table `T::TABLE`, in the order of `frame` if it has one.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table has columns of another version, else as [`Error::engine`].
pub(crate) async fn rows<T: TableRow>(frame: DataFrame) -> Result<Vec<T>> {
    let what = reading(T::TABLE);
    let frame = selected::<T>(T::TABLE, frame)?;
    let mut rows = Vec::new();
    for batch in batches(&what, frame).await? {
        let read = cells::each(&batch, |row| rows.push(row));
        read.map_err(|e| other_version(T::TABLE, &e.to_string()))?;
    }
    Ok(rows)
}

/// Gives every row of a table `T::TABLE` to `see`, holding few of them in memory at a time.
///
/// # Errors
/// As [`rows`].
pub(crate) async fn each<T: TableRow>(
    frame: DataFrame,
    mut see: impl FnMut(T::Borrowed<'_>),
) -> Result<()> {
    let what = reading(T::TABLE);
    let frame = selected::<T>(T::TABLE, frame)?;
    let mut stream = guarded(&what, frame.execute_stream()).await?;
    while let Some(batch) = guarded(&what, stream.try_next()).await? {
        cells::each(&batch, &mut see).map_err(|e| other_version(T::TABLE, &e.to_string()))?;
    }
    Ok(())
}

/// The columns of a frame that are fields of `T`.
fn selected<'a, T: Deserialize<'a>>(name: &str, frame: DataFrame) -> Result<DataFrame> {
    let has = |column: &&&str| frame.schema().has_column_with_unqualified_name(column);
    let columns: Vec<Expr> =
        cells::fields::<T>().iter().filter(has).map(|column| ident(*column)).collect();
    if columns.is_empty() {
        return Err(other_version(name, "it has none of them"));
    }
    planned(name, frame.select(columns))
}

/// A query over the table `name`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the table does not have a column of it, else as [`Error::engine`].
pub(crate) fn planned(name: &str, query: Queried) -> Result<DataFrame> {
    query.map_err(|e| match e.find_root() {
        DataFusionError::SchemaError(missing, _) => other_version(name, &missing.to_string()),
        _ => Error::engine(&reading(name), e),
    })
}

/// What an error of the engine was met at.
pub(crate) fn reading(table: &str) -> String {
    format!("reading the table `{table}`")
}

/// The error for a table whose columns are not those that this version reads.
pub(crate) fn other_version(table: &str, detail: &str) -> Error {
    Error::bad_input(
        format!("the table `{table}` has columns of another version: {detail}"),
        "use the version of renown that wrote it",
    )
}

/// The rows of one person.
pub(crate) fn of_person(id: &str) -> Expr {
    ident("person_id").eq(lit(id))
}

/// The rows of some people.
pub(crate) fn of_people<'a>(ids: impl IntoIterator<Item = &'a str>) -> Expr {
    ident("person_id").in_list(ids.into_iter().map(lit).collect(), false)
}

/// The rows under one profile.
pub(crate) fn of_profile(name: &str) -> Expr {
    ident("profile").eq(lit(name))
}

/// An order by columns, the lowest first.
pub(crate) fn ascending(columns: &[&str]) -> Vec<SortExpr> {
    columns.iter().map(|column| ident(*column).sort(true, false)).collect()
}

/// The order of `top`: the highest forecast first, of equals the lower id.
pub(crate) fn highest_first() -> Vec<SortExpr> {
    vec![ident("expected_reactors").sort(false, false), ident("person_id").sort(true, false)]
}
