//! Stage 8: the tables as files, then one commit that makes them visible.
//!
//! Below the output folder lie `TABLE/DAY/RUN-00000.parquet` (with a hash of its bytes behind the number where that path
//! was taken by others), `logs/DAY/RUN/log.json` and `commits/NUMBER.json`; what checks refused lies in
//! `refused/DAY/RUN/`. A table file is visible once a commit names it, never before; the newest commit
//! names the one in force for each day.

pub mod commit;
mod commit_object;
pub mod create;
pub mod history;
pub mod integrity;
mod layout;
pub mod log;
pub mod marks;
pub mod promotion;
pub mod prune;
pub mod rewrite;
pub mod stale;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::WriterProperties;
use rayon::prelude::*;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::Url;

use crate::audit::{Audited, Origin, Refused};
use crate::error::{Error, Result};
use crate::method::hex;
use crate::schema::{self, Direction};
use crate::storage::{Creation, Stores, below};
use commit::{Began, Commit, CommittedFile, CommittedTable};
use layout::{HASH_DIGITS, refused_log_path, refused_table_path};
pub use layout::{
    Object, Place, RECEIPTS, log_path, objects, refused_folder, remove, run_of_file, table_path,
};

/// Where the tables of a run go.
#[derive(Clone, Copy)]
enum Destination {
    /// Where a commit names them.
    Published,
    /// Below `refused/`, where no commit does.
    Refused,
}

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
    let tables = write_tables(stores, output, &audited, Destination::Published).await?;
    let text = serde_json::to_vec_pretty(log).map_err(Error::internal)?;
    stores.write(&below(output, &log_path(day, &run_id))?, text).await?;
    let commit = Commit::new(day, run_id, audited.horizon_hours(), tables);
    create::commit(stores, output, began, commit).await
}

/// Keeps tables that a check refused, with their log, below `refused/DAY/RUN/`, where no commit names them; the folder is returned.
/// Where tables were rewritten since the run began, it may hold who has left meanwhile, and nothing is kept.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take a file, [`crate::error::Kind::Interrupted`] after a rewrite.
pub async fn keep_refused(
    stores: &Stores,
    output: &Url,
    refused: &Refused,
    log: &impl Serialize,
    began: Began,
) -> Result<Url> {
    let tables = refused.tables();
    let (day, run_id) = (tables.origin().day, &tables.origin().run_id);
    write_tables(stores, output, tables, Destination::Refused).await?;
    let text = serde_json::to_vec_pretty(log).map_err(Error::internal)?;
    stores.write(&below(output, &refused_log_path(day, run_id))?, text).await?;
    let folder = refused_folder(day, run_id);
    // Whoever leaves after this finds the files.
    let newest = commit::newest(stores, output).await?;
    if let Some(Err(rewritten)) = newest.map(|newest| create::refuse_rewritten(&newest, began)) {
        for object in objects(stores, output, &folder).await? {
            remove(stores, output, &object.path).await?;
        }
        return Err(rewritten);
    }
    below(output, &folder)
}

/// Writes the tables of a run.
async fn write_tables(
    stores: &Stores,
    output: &Url,
    audited: &Audited,
    destination: Destination,
) -> Result<BTreeMap<String, CommittedTable>> {
    let (day, run_id) = (audited.origin().day, &audited.origin().run_id);
    let mut tables = BTreeMap::new();
    for (name, batches) in audited.tables() {
        let table = schema::table(Direction::Output, name)?;
        let mut files = Vec::new();
        // As many files at once as there are cores to encode them, and no more in memory.
        for batches in batches.chunks(rayon::current_num_threads()) {
            let encoded: Vec<Encoded> =
                tokio::task::block_in_place(|| encode_all(&table.key, audited.origin(), batches))?;
            for file in encoded {
                let number = files.len();
                files.push(match destination {
                    Destination::Published => {
                        let path = table_path(name, day, run_id, number);
                        store_file(stores, output, path, file).await?
                    }
                    // What the same run left there before is written over: nobody reads it meanwhile.
                    Destination::Refused => {
                        let path = refused_table_path(name, day, run_id, number);
                        stores.write(&below(output, &path)?, file.bytes.to_vec()).await?;
                        file.committed(path)
                    }
                });
            }
        }
        let rows = batches.iter().map(|b| b.num_rows() as u64).sum();
        tables.insert((*name).to_owned(), CommittedTable { version: table.version, rows, files });
    }
    Ok(tables)
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
