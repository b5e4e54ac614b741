//! Stage 8: the tables as files, then one commit that makes them visible.
//!
//! Below the output folder lie `TABLE/DAY/RUN-00000.parquet` (with a hash of its bytes behind the number where that path
//! was taken by others), `logs/DAY/RUN/log.json` and
//! `commits/NUMBER.json`. A table file is visible once a commit names it, never before; the newest commit
//! names the one in force for each day.

pub mod commit;
pub mod log;

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

use crate::audit::{Audited, Origin, Refused};
use crate::error::{Error, Result};
use crate::method::hex;
use crate::schema::{self, Direction};
use crate::storage::{Stores, below};
use commit::{Commit, CommittedFile, CommittedTable};

/// Digits of the number of a file among those of its table.
const NUMBER_DIGITS: usize = 5;
/// Hex digits of the hash in the name of a file whose usual path is taken; a multiple if such names are taken too.
const HASH_DIGITS: usize = 16;

/// Writes the audited tables and `log`, then commits them in place of the commit `before`, which was in
/// force for the day when the run began. Everything before the commit may fail or be repeated without
/// any reader seeing it.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take a file,
/// [`crate::error::Kind::Interrupted`] if another run of the day committed first.
pub async fn commit_tables(
    stores: &Stores,
    output: &Url,
    audited: Audited,
    log: &impl Serialize,
    before: Option<u64>,
) -> Result<Commit> {
    let (day, run_id) = (audited.origin().day, audited.origin().run_id.clone());
    let tables = write_tables(stores, output, &audited, "").await?;
    let text = serde_json::to_vec_pretty(log).map_err(Error::internal)?;
    stores.write(&below(output, &log_path(day, &run_id))?, text).await?;
    let commit = Commit::new(day, run_id, audited.horizon_hours(), tables);
    commit::create(stores, output, before, commit).await
}

/// Keeps tables that a check refused, with their log, below `refused/DAY/RUN/`, where no commit names them; the folder is returned.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take a file.
pub async fn keep_refused(
    stores: &Stores,
    output: &Url,
    refused: &Refused,
    log: &impl Serialize,
) -> Result<Url> {
    let tables = refused.tables();
    let folder = refused_path(tables.origin().day, &tables.origin().run_id);
    write_tables(stores, output, tables, &folder).await?;
    let text = serde_json::to_vec_pretty(log).map_err(Error::internal)?;
    stores.write(&below(output, &format!("{folder}log.json"))?, text).await?;
    below(output, &folder)
}

/// Writes the tables of a run below `folder` of the output.
async fn write_tables(
    stores: &Stores,
    output: &Url,
    audited: &Audited,
    folder: &str,
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
                let path = folder.to_owned() + &table_path(name, day, run_id, files.len());
                files.push(store_file(stores, output, path, file).await?);
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
    let Encoded { bytes, sha256 } = file;
    let size = bytes.len() as u64;
    let bytes = Bytes::from(bytes);
    if stores.create(&below(output, &path)?, bytes.clone()).await? {
        return Ok(CommittedFile { path, size, sha256 });
    }
    let stem = path.strip_suffix(".parquet").unwrap_or(&path);
    // A file of that name may have been damaged as well: then more of the hash makes another name.
    for digits in (HASH_DIGITS..=sha256.len()).step_by(HASH_DIGITS) {
        let path = format!("{stem}-{}.parquet", &sha256[..digits]);
        if stores.create(&below(output, &path)?, bytes.clone()).await? {
            return Ok(CommittedFile { path, size, sha256 });
        }
    }
    Err(Error::bad_input(
        format!("`{}` has other bytes than its name says", below(output, &path)?),
        "move it away, then run again",
    ))
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

/// Folder of a refused run below the output folder.
pub fn refused_path(day: NaiveDate, run_id: &str) -> String {
    format!("refused/{day}/{run_id}/")
}

/// A file of a table.
struct Encoded {
    bytes: Vec<u8>,
    sha256: String,
}

/// The files of some batches, encoded on every core.
fn encode_all(key: &[String], origin: &Origin, batches: &[RecordBatch]) -> Result<Vec<Encoded>> {
    let encoded = batches.par_iter().map(|batch| {
        let bytes = encode(key, Some(origin), batch)?;
        let sha256 = hex(&Sha256::digest(&bytes));
        Ok(Encoded { bytes, sha256 })
    });
    encoded.collect()
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
    let schema = batch.schema();
    let sorting = schema
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| key.contains(field.name()))
        .map(|(i, _)| SortingColumn { column_idx: i as i32, descending: false, nulls_first: true })
        .collect();
    let metadata = origin.map(|origin| {
        origin.metadata().map(|(key, value)| KeyValue::new(key.to_owned(), value)).collect()
    });
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
