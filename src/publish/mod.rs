//! Stage 8: the tables as files, then one commit that makes them visible.
//!
//! Below the output folder lie `TABLE/DAY/RUN-00000.parquet` (with a hash of its bytes behind the number where that path
//! was taken by others), `logs/DAY/RUN/log.json` and
//! `commits/NUMBER.json`. A table file is visible once a commit names it, never before; the newest commit
//! names the one in force for each day.

pub mod commit;
mod commit_object;
pub mod create;
pub mod history;
pub mod integrity;
pub mod log;
pub mod marks;
pub mod prune;
pub mod rewrite;
pub mod stale;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use bytes::Bytes;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::audit::{Audited, Origin};
use crate::error::{Error, Result};
use crate::method::hex;
use crate::schema::{self, Direction};
use crate::storage::{Creation, Stores, below};
use commit::{Began, Commit, CommittedFile, CommittedTable};

/// Digits of the number of a file among those of its table.
const NUMBER_DIGITS: usize = 5;
/// Hex digits of the hash in the name of a file whose usual path is taken; a multiple if such names are taken too.
const HASH_DIGITS: usize = 16;

/// Writes the audited tables and `log`, then commits them in place of what was in force for the day when the run began.
/// Everything before the commit may fail or be repeated without any reader seeing it.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take a file,
/// [`crate::error::Kind::Interrupted`] if another run of the day committed first, or a rewrite.
pub async fn commit_tables(
    stores: &Stores,
    output: &Url,
    audited: Audited,
    log: &impl Serialize,
    began: Began,
) -> Result<Commit> {
    let (day, run_id) = (audited.origin().day, audited.origin().run_id.clone());
    let mut tables = BTreeMap::new();
    for (name, batches) in audited.tables() {
        let table = schema::table(Direction::Output, name)?;
        let mut files = Vec::new();
        // As many files at once as there are cores to encode them, and no more in memory.
        for batches in batches.chunks(rayon::current_num_threads()) {
            let encoded: Vec<Encoded> =
                tokio::task::block_in_place(|| encode_all(&table.key, audited.origin(), batches))?;
            for file in encoded {
                let path = table_path(name, day, &run_id, files.len());
                files.push(store_file(stores, output, path, file).await?);
            }
        }
        let rows = batches.iter().map(|b| b.num_rows() as u64).sum();
        tables.insert((*name).to_owned(), CommittedTable { version: table.version, rows, files });
    }
    let text = serde_json::to_vec_pretty(log).map_err(Error::internal)?;
    stores.write(&below(output, &log_path(day, &run_id))?, text).await?;
    let commit = Commit::new(day, run_id, audited.horizon_hours(), tables);
    create::commit(stores, output, began, commit).await
}

/// Stores a file of a table at `path`, or under a name that holds its hash if `path` has other bytes: a commit
/// may name those, as it does where the file of a run was damaged and the run is made again.
async fn store_file(
    stores: &Stores,
    output: &Url,
    path: String,
    file: Encoded,
) -> Result<CommittedFile> {
    if keep(stores, output, &path, &file.bytes).await? {
        return Ok(file.committed(path));
    }
    store_by_hash(stores, output, &path, &file).await
}

/// Stores a file beside `path`, under a name that holds its hash.
async fn store_by_hash(
    stores: &Stores,
    output: &Url,
    path: &str,
    file: &Encoded,
) -> Result<CommittedFile> {
    let Encoded { bytes, sha256 } = file;
    let stem = path.strip_suffix(".parquet").unwrap_or(path);
    // A file of that name may have been damaged as well: then more of the hash makes another name.
    for digits in (HASH_DIGITS..=sha256.len()).step_by(HASH_DIGITS) {
        let path = format!("{stem}-{}.parquet", &sha256[..digits]);
        if keep(stores, output, &path, bytes).await? {
            return Ok(file.committed(path));
        }
    }
    Err(Error::bad_input(
        format!("`{}` has other bytes than its name says", below(output, path)?),
        "move it away, then run again",
    ))
}

/// Has a file with these bytes at `path`; `false` if others are there. A file of an earlier attempt is written over with the
/// same bytes, so that it is as young as its commit: what no commit names is removed by its age.
async fn keep(stores: &Stores, output: &Url, path: &str, bytes: &Bytes) -> Result<bool> {
    let url = below(output, path)?;
    let created = stores.create(&url, bytes.clone()).await?;
    if created == Creation::Same {
        stores.write(&url, bytes.to_vec()).await?;
    }
    Ok(created != Creation::Other)
}

/// Path of a file of a table below the output folder.
pub fn table_path(table: &str, day: NaiveDate, run_id: &str, number: usize) -> String {
    format!("{table}/{day}/{run_id}-{number:0NUMBER_DIGITS$}.parquet")
}

/// The run that the name of a table file says that it belongs to; `None` if it is no name of a table file.
pub fn run_of_file(file: &str) -> Option<&str> {
    let are_digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let is_hash = |text: &str| {
        (HASH_DIGITS..=64).step_by(HASH_DIGITS).any(|digits| digits == text.len())
            && are_digits(text)
    };
    let stem = file.strip_suffix(".parquet")?;
    let (front, last) = stem.rsplit_once('-')?;
    let (run_id, number) = match is_hash(last) {
        true => front.rsplit_once('-')?,
        false => (front, last),
    };
    let is_number = number.len() == NUMBER_DIGITS && are_digits(number);
    (is_number && !run_id.is_empty()).then_some(run_id)
}

/// Path of the log of a run below the output folder.
pub fn log_path(day: NaiveDate, run_id: &str) -> String {
    format!("logs/{day}/{run_id}/log.json")
}

/// A file of a table.
struct Encoded {
    bytes: Bytes,
    sha256: String,
}

impl Encoded {
    fn of(bytes: Vec<u8>) -> Self {
        Self { sha256: hex(&Sha256::digest(&bytes)), bytes: bytes.into() }
    }

    fn committed(&self, path: String) -> CommittedFile {
        let Self { bytes, sha256 } = self;
        CommittedFile { path, size: bytes.len() as u64, sha256: sha256.clone() }
    }
}

/// The files of some batches, encoded on every core.
fn encode_all(key: &[String], origin: &Origin, batches: &[RecordBatch]) -> Result<Vec<Encoded>> {
    batches.par_iter().map(|batch| encode(key, Some(origin), batch).map(Encoded::of)).collect()
}

/// Bytes that the files of the output table `name` of this `origin` take once they are published.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if they cannot be encoded.
pub fn encoded_bytes(name: &str, origin: &Origin, batches: &[RecordBatch]) -> Result<u64> {
    let table = schema::table(Direction::Output, name)?;
    let bytes = |batch| Ok(encode(&table.key, Some(origin), batch)?.len() as u64);
    batches.par_iter().map(bytes).sum()
}

/// One Parquet file, zstd, of rows that are sorted by the columns of `key`; its metadata name their origin.
pub(crate) fn encode(
    key: &[String],
    origin: Option<&Origin>,
    batch: &RecordBatch,
) -> Result<Vec<u8>> {
    let metadata = origin.map(|origin| {
        origin.metadata().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect()
    });
    encode_with(key, metadata, batch)
}

/// The file of rows of the output table `name` that stands in the place of another, whose `metadata` it keeps.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if they cannot be encoded.
pub(crate) fn encode_rows(
    name: &str,
    metadata: Vec<KeyValue>,
    batch: &RecordBatch,
) -> Result<Vec<u8>> {
    // Files of tables that have no contract any more are in no known order.
    let key = schema::table(Direction::Output, name).map(|table| table.key.clone());
    encode_with(&key.unwrap_or_default(), Some(metadata), batch)
}

/// As [`encode`], with these metadata of the file.
fn encode_with(
    key: &[String],
    metadata: Option<Vec<KeyValue>>,
    batch: &RecordBatch,
) -> Result<Vec<u8>> {
    let schema = batch.schema();
    let sorting = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| key.contains(field.name()))
        .map(|(i, _)| SortingColumn { column_idx: i as i32, descending: false, nulls_first: true })
        .collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_sorting_columns(Some(sorting))
        .set_key_value_metadata(metadata)
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new_with_options(&mut bytes, schema, options).map_err(Error::internal)?;
    writer.write(batch).map_err(Error::internal)?;
    writer.close().map_err(Error::internal)?;
    Ok(bytes)
}
