//! The table `runs` of stale days says that they are: its one row is written anew, under a new path, by one commit for all days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::concat_batches;
use bytes::Bytes;
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::commit_object::{Commit, CommittedTable};
use super::history::CommitHistory;
use super::{encode_rows, rewrite, stale};
use crate::error::{Error, Kind, Result};
use crate::method::hex;
use crate::storage::{Stores, below};

/// The table, and its column.
const TABLE: &str = "runs";
const COLUMN: &str = "stale";
/// Attempts where others publish meanwhile.
const ATTEMPTS: usize = 8;

/// Has the tables `runs` below `output` say which days are stale, where that has changed or an earlier attempt was interrupted. With
/// `renewed`, that day is found to rest on what is in force: it is stale no more, unless the day before it is. Returns whether it
/// was stale until now.
///
/// # Errors
/// [`Kind::Interrupted`] if others keep publishing, [`Kind::Unavailable`] if the store does not answer; readers go by the
/// commits until it is called again.
pub async fn update_marks(
    stores: &Stores,
    output: &Url,
    renewed: Option<NaiveDate>,
) -> Result<bool> {
    let mut attempt = 0;
    loop {
        let history = CommitHistory::read(stores, output).await?;
        attempt += 1;
        match mark(stores, output, &history, renewed).await {
            Err(error) if error.kind == Kind::Interrupted && attempt < ATTEMPTS => {}
            other => return other,
        }
    }
}

async fn mark(
    stores: &Stores,
    output: &Url,
    history: &CommitHistory,
    renewed: Option<NaiveDate>,
) -> Result<bool> {
    let Some(newest) = history.newest() else { return Ok(false) };
    let is_there: BTreeSet<NaiveDate> = history.days().map(|(day, _)| day).collect();
    let mut stale = stale::known(history).await?;
    // Of days that are kept no longer nothing is said.
    stale.retain(|day| is_there.contains(day));
    let before = |day| newest.before(day).map(|(before, _)| before);
    let renewed = renewed.filter(|day| {
        stale.contains(day) && before(*day).is_none_or(|before| !stale.contains(&before))
    });
    if let Some(day) = renewed {
        stale.remove(&day);
    }
    let changed = stale.symmetric_difference(&newest.marked_stale);
    let changed: Vec<NaiveDate> = changed.copied().filter(|day| is_there.contains(day)).collect();
    if changed.is_empty() && renewed.is_none() {
        return Ok(false);
    }
    let mut tables = BTreeMap::new();
    for day in changed {
        let Some(commit) = history.in_force(day).await? else { continue };
        if let Some(table) = marked(stores, output, &commit, stale.contains(&day)).await? {
            tables.insert(commit.number, BTreeMap::from([(TABLE.to_owned(), table)]));
        }
    }
    rewrite::commit_marks(stores, output, newest, tables, stale).await?;
    Ok(renewed.is_some())
}

/// The table `runs` of a commit with the mark. `None` where it is of an earlier version, or its file is not as it was committed:
/// then nobody reads it.
async fn marked(
    stores: &Stores,
    output: &Url,
    commit: &Commit,
    is_stale: bool,
) -> Result<Option<CommittedTable>> {
    let Some(table) = commit.tables.get(TABLE) else { return Ok(None) };
    let mut files = Vec::with_capacity(table.files.len());
    for file in &table.files {
        let Some(bytes) = stores.read(&below(output, &file.path)?).await? else { return Ok(None) };
        if hex(&Sha256::digest(&bytes)) != file.sha256 {
            return Ok(None);
        }
        let Some(marked) = with_mark(bytes.into(), is_stale)
            .map_err(|e| Error::undecodable(&format!("reading `{}`", file.path), e))?
        else {
            return Ok(None);
        };
        files.push(rewrite::store_file(stores, output, &file.path, marked).await?);
    }
    Ok(Some(CommittedTable { files, ..table.clone() }))
}

/// A file of the table with another mark, and the same metadata; `None` where an earlier version wrote it, without the column.
fn with_mark(
    bytes: Bytes,
    is_stale: bool,
) -> std::result::Result<Option<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
    let metadata = reader.metadata().file_metadata().key_value_metadata().cloned();
    // The writer adds its own.
    let is_ours = |pair: &KeyValue| pair.key.starts_with("renown.");
    let metadata = metadata.into_iter().flatten().filter(is_ours).collect();
    let schema = reader.schema().clone();
    let Ok(column) = schema.index_of(COLUMN) else { return Ok(None) };
    let batches = reader.build()?.collect::<std::result::Result<Vec<_>, _>>()?;
    let batch = concat_batches(&schema, &batches)?;
    let mut columns = batch.columns().to_vec();
    let marks: ArrayRef = Arc::new(BooleanArray::from(vec![is_stale; batch.num_rows()]));
    columns[column] = marks;
    let batch = RecordBatch::try_new(schema, columns)?;
    Ok(Some(encode_rows(TABLE, metadata, &batch)?))
}
