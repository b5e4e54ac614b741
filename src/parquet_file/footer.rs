//! Footers and page indexes: fetched, checked, decoded.

use std::ops::Range;

use bytes::Bytes;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::DecodeResult;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataPushDecoder,
    ParquetMetaDataReader, RowGroupMetaData,
};

use super::shapes::{
    COLUMN_INDEX, ENCRYPTION, FOOTER, NUM_CHILDREN, OFFSET_INDEX, ROW_GROUP, SCHEMA_ELEMENT, Shape,
    TYPE_LENGTH,
};
use super::thrift::{Checked, Cursor};
use super::tree::check_tree;
use crate::error::{Error, Result};

/// Bytes at the end of a file that are fetched at once: most footers and page indexes are in them.
const TAIL_BYTES: u64 = 512 << 10;

/// Bytes behind the footer: its length and a magic number.
const END_BYTES: u64 = 8;

/// Bytes of the magic number at the front.
const FRONT_BYTES: u64 = 4;

/// Longest footer. Decoded it takes several times as much memory.
const MAX_FOOTER_BYTES: u64 = 64 << 20;

/// Row groups of a file, at most: they are numbered with 16 bits.
const MAX_ROW_GROUPS: i64 = 32_767;

/// Bytes of a value of fixed length, at most.
const MAX_FIXED_BYTES: i64 = 16 << 20;

/// Rows, and values of a column, that a row group may have whatever its size: a run of equal values takes a few bytes.
const FREE_VALUES: u64 = 1 << 22;

/// Rows that a byte of a row group may stand for, beyond these.
const ROWS_PER_BYTE: u64 = 100_000;

/// Values of lists, beyond one a row, that a byte of their column may stand for: those of one row are decoded at once.
const LIST_VALUES_PER_BYTE: u64 = 1_000;

const ENCRYPTED: &str = "it is encrypted, and renown has no key";

/// Bytes between page indexes that are tolerated.
const INDEX_GAPS: u64 = 64 << 10;

/// The decoded footer of `file`, with its page indexes.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for a file that is no Parquet, is encrypted, or claims what its bytes cannot hold;
/// [`crate::error::Kind::Unavailable`] if the store fails.
pub async fn read_footer(
    store: &dyn ObjectStore,
    file: &ObjectMeta,
    path: &str,
) -> Result<ParquetMetaData> {
    let damaged = |cause: String| damaged(path, &cause);
    let tail =
        Part::fetch(store, file, path, file.size.saturating_sub(TAIL_BYTES)..file.size).await?;
    let range = footer_range(&tail, file.size).map_err(|cause| incomplete(path, &cause))?;
    let footer = match tail.slice(&range) {
        Some(bytes) => bytes,
        None => Part::fetch(store, file, path, range.clone()).await?.bytes,
    };
    check_shape(&footer).map_err(damaged)?;
    let metadata = ParquetMetaDataReader::decode_metadata(&footer);
    let metadata = metadata.map_err(|e| damaged(e.to_string()).caused_by(e))?;
    check_claims(&metadata, range.start).map_err(damaged)?;
    with_page_indexes(store, file, path, &tail, metadata).await
}

/// The error for a file whose bytes do not hold what they claim.
pub(super) fn damaged(path: &str, cause: &str) -> Error {
    let remedy = match cause {
        ENCRYPTED => {
            "write it without encryption; storage that encrypts whole objects is read as usual"
        }
        _ => "the file is damaged or malicious: write it again, or leave it out",
    };
    Error::bad_input(format!("`{path}`: {cause}"), remedy).in_file(path)
}

/// The error for a file without a footer that can be read.
fn incomplete(path: &str, cause: &str) -> Error {
    let mut error = damaged(path, cause);
    if cause != ENCRYPTED {
        error.remedy = "check that the file is complete Parquet, or leave it out".to_owned();
    }
    error
}

/// Some bytes of a file.
struct Part {
    start: u64,
    bytes: Bytes,
}

impl Part {
    async fn fetch(
        store: &dyn ObjectStore,
        file: &ObjectMeta,
        path: &str,
        range: Range<u64>,
    ) -> Result<Self> {
        let start = range.start;
        let bytes = store.get_range(&file.location, range.clone()).await;
        let what = || format!("reading `{path}`");
        let bytes = bytes.map_err(|error| Error::storage(&what(), error))?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(damaged(path, "it has become shorter while it was read"));
        }
        Ok(Self { start, bytes })
    }

    /// The bytes of a range of the file, if they are all here.
    fn slice(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = range.start.checked_sub(self.start)? as usize;
        let end = (range.end - self.start) as usize;
        (end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }
}

/// Where the footer lies.
fn footer_range(tail: &Part, size: u64) -> Checked<Range<u64>> {
    let end = size.checked_sub(END_BYTES).filter(|end| *end >= FRONT_BYTES);
    let end = end.ok_or_else(|| format!("it is no Parquet file: it has {size} bytes"))?;
    let last = tail.slice(&(end..size)).unwrap_or_default();
    let Some((&[a, b, c, d], magic)) = last.split_first_chunk::<4>() else {
        return Err("it is no Parquet file".to_owned());
    };
    match magic {
        b"PAR1" => {}
        b"PARE" => return Err(ENCRYPTED.to_owned()),
        _ => {
            return Err(
                "it is no Parquet file, or was cut short: it does not end with PAR1".to_owned()
            );
        }
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length > end - FRONT_BYTES {
        return Err(format!("its footer claims {length} bytes, and the file has {size}"));
    }
    if length > MAX_FOOTER_BYTES {
        return Err(format!("its footer has {length} bytes; the most is {MAX_FOOTER_BYTES}"));
    }
    Ok(end - length..end)
}

/// Refuses a footer that the decoder would allocate too much for, or read in another way.
fn check_shape(footer: &[u8]) -> Checked<()> {
    let (mut tree, mut children, mut row_groups) = (Vec::new(), 0, 0);
    let mut visit = |name: &'static str, id: i16, value: i64| -> Checked<()> {
        if name == SCHEMA_ELEMENT.name {
            match id {
                NUM_CHILDREN => children = value,
                TYPE_LENGTH if !(0..=MAX_FIXED_BYTES).contains(&value) => {
                    return Err(format!("a column has values of {value} bytes each"));
                }
                0 => tree.push(std::mem::take(&mut children)),
                _ => {}
            }
        } else if name == ENCRYPTION.name {
            return Err(ENCRYPTED.to_owned());
        } else if name == ROW_GROUP.name && id == 0 {
            row_groups += 1;
            if row_groups > MAX_ROW_GROUPS {
                return Err(format!("it has more than {MAX_ROW_GROUPS} row groups"));
            }
        }
        Ok(())
    };
    Cursor::new(footer).walk(&FOOTER, &mut visit).map_err(|cause| {
        match cause.starts_with("it ") {
            true => cause,
            false => format!("its footer is damaged: {cause}"),
        }
    })?;
    check_tree(&tree)
}

/// Refuses rows, sizes and offsets that cannot be; data and indexes end at `end`.
fn check_claims(metadata: &ParquetMetaData, end: u64) -> Checked<()> {
    let (mut rows, mut ranges) = (0_i64, Vec::new());
    for group in metadata.row_groups() {
        check_rows(group)?;
        rows = rows.checked_add(group.num_rows()).ok_or("its row groups have too many rows")?;
        for column in group.columns() {
            ranges.push(check_chunk(group, column, end)?);
        }
    }
    let claimed = metadata.file_metadata().num_rows();
    if claimed != rows {
        return Err(format!("it claims {claimed} rows, and its row groups have {rows}"));
    }
    ranges.retain(|range| range.start < range.end);
    ranges.sort_unstable_by_key(|range| range.start);
    match ranges.windows(2).any(|two| two[0].end > two[1].start) {
        true => Err("two of its columns lie in the same bytes".to_owned()),
        false => Ok(()),
    }
}

/// Refuses rows that the bytes of a row group cannot hold.
fn check_rows(group: &RowGroupMetaData) -> Checked<()> {
    let bytes = group.columns().iter().map(|column| column.compressed_size().max(0).unsigned_abs());
    let bytes = bytes.fold(0, u64::saturating_add);
    let rows = group.num_rows();
    let most = ROWS_PER_BYTE.saturating_mul(bytes).max(FREE_VALUES);
    if !u64::try_from(rows).is_ok_and(|rows| rows <= most) {
        return Err(format!("a row group claims {rows} rows in {bytes} bytes"));
    }
    Ok(())
}

/// The bytes of a column chunk, if what it claims can be.
fn check_chunk(
    group: &RowGroupMetaData,
    column: &ColumnChunkMetaData,
    end: u64,
) -> Checked<Range<u64>> {
    let name = || column.column_path().string();
    let within = |offset: i64, length: i64| {
        let range = u64::try_from(offset).ok().zip(u64::try_from(length).ok());
        let range = range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
        range.filter(|range| range.start >= FRONT_BYTES && range.end <= end)
    };
    if column.file_path().is_some_and(|path| !path.is_empty()) {
        return Err(format!("column `{}` lies in another file", name()));
    }
    let (rows, values) = (group.num_rows(), column.num_values());
    let is_flat = column.column_descr().max_rep_level() == 0;
    if column.uncompressed_size() < 0 {
        return Err(format!("column `{}` claims a size below 0", name()));
    }
    if values < rows || (is_flat && values != rows) {
        return Err(format!("column `{}` claims {values} values in {rows} rows", name()));
    }
    let bytes = column.compressed_size().max(0).unsigned_abs();
    let most = LIST_VALUES_PER_BYTE.saturating_mul(bytes).max(FREE_VALUES);
    if values.abs_diff(rows) > most {
        return Err(format!("column `{}` claims {values} values in {bytes} bytes", name()));
    }
    let data = column.data_page_offset();
    let start = column.dictionary_page_offset().unwrap_or(data);
    let outside = || format!("column `{}` lies outside the file's data", name());
    // Where there are no values writers have no place for them: Arrow C++ says 0.
    let is_empty = values == 0 && column.compressed_size() == 0 && start >= 0;
    let range = match is_empty {
        true => FRONT_BYTES..FRONT_BYTES,
        false => within(start, column.compressed_size()).ok_or_else(outside)?,
    };
    if data < start && values > 0 {
        return Err(outside());
    }
    let indexes = [
        (column.column_index_offset(), column.column_index_length()),
        (column.offset_index_offset(), column.offset_index_length()),
    ];
    for (offset, length) in indexes.into_iter().filter_map(|(offset, length)| offset.zip(length)) {
        within(offset, i64::from(length)).ok_or_else(outside)?;
    }
    Ok(range)
}

/// The page indexes of a footer with the shapes that they must have. Each lies within the file.
fn indexes(metadata: &ParquetMetaData) -> impl Iterator<Item = (Range<u64>, &'static Shape)> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let of = columns.flat_map(|column| {
        [
            (column.column_index_offset(), column.column_index_length(), &COLUMN_INDEX),
            (column.offset_index_offset(), column.offset_index_length(), &OFFSET_INDEX),
        ]
    });
    of.filter_map(|(offset, length, shape)| {
        let (start, length) = (offset?.unsigned_abs(), length?.unsigned_abs());
        Some((start..start + u64::from(length), shape))
    })
}

async fn with_page_indexes(
    store: &dyn ObjectStore,
    file: &ObjectMeta,
    path: &str,
    tail: &Part,
    metadata: ParquetMetaData,
) -> Result<ParquetMetaData> {
    let found: Vec<(Range<u64>, &Shape)> = indexes(&metadata).collect();
    let held: u64 = found.iter().map(|(range, _)| range.end - range.start).sum();
    let failed = |e: parquet::errors::ParquetError| damaged(path, &e.to_string()).caused_by(e);
    let decoder = ParquetMetaDataPushDecoder::try_new_with_metadata(file.size, metadata);
    let mut decoder = decoder.map_err(failed)?.with_page_index_policy(PageIndexPolicy::Optional);
    loop {
        let ranges = match decoder.try_decode().map_err(failed)? {
            DecodeResult::Data(metadata) => return Ok(metadata),
            DecodeResult::NeedsData(ranges) => ranges,
            DecodeResult::Finished => return Err(Error::internal("a footer is decoded twice")),
        };
        for range in ranges {
            let length = range.end.saturating_sub(range.start);
            if length > 2 * held + INDEX_GAPS {
                return Err(damaged(path, "its page indexes do not lie together"));
            }
            let bytes = match tail.slice(&range) {
                Some(bytes) => bytes,
                None => Part::fetch(store, file, path, range.clone()).await?.bytes,
            };
            let part = Part { start: range.start, bytes };
            for (index, shape) in &found {
                let Some(bytes) = part.slice(index) else { continue };
                let checked = Cursor::new(&bytes).walk(shape, &mut |_, _, _| Ok(()));
                checked
                    .map_err(|cause| damaged(path, &format!("a page index is damaged: {cause}")))?;
            }
            decoder.push_range(range, part.bytes).map_err(failed)?;
        }
    }
}
