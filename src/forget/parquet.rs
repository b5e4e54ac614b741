//! The rows of a Parquet file, and the same file without one person.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, concat_batches, filter, filter_record_batch};
use arrow::datatypes::{DataType, FieldRef, Schema};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;

use super::traces::{Holds, Traces};
use crate::engine::caught;
use crate::error::{Error, Result};

/// The key under which the writer keeps the types of columns.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// What is in a file.
pub(super) struct Decoded {
    /// All rows.
    pub rows: RecordBatch,
    /// What the file says about itself, but for the types of its columns.
    pub metadata: Vec<KeyValue>,
}

/// Decodes the file at `path`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if it is no Parquet file or damaged.
pub(super) fn decode(path: &str, bytes: Bytes) -> Result<Decoded> {
    let what = format!("reading `{path}`");
    let read = || -> std::result::Result<Decoded, Box<dyn std::error::Error + Send + Sync>> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let metadata = builder.metadata().file_metadata().key_value_metadata().cloned();
        let schema = Arc::new(Schema::new(builder.schema().fields().clone()));
        let batches = builder
            .build()?
            .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch?.columns().to_vec()));
        let rows = concat_batches(&schema, &batches.collect::<std::result::Result<Vec<_>, _>>()?)?;
        let mut metadata = metadata.unwrap_or_default();
        metadata.retain(|pair| pair.key != ARROW_SCHEMA);
        Ok(Decoded { rows, metadata })
    };
    match caught(read) {
        Ok(decoded) => decoded.map_err(|e| {
            let remedy = "restore the file, or delete it, then repeat";
            Error::bad_input(format!("{what}: {e}"), remedy).caused_by(e).in_file(path)
        }),
        Err(panic) => Err(Error::undecodable(&what, panic).in_file(path)),
    }
}

/// What is left of a file.
pub(super) struct Cut {
    /// The rows that stay.
    pub rows: RecordBatch,
    /// How many were removed.
    pub removed: u64,
    /// How many lists of rows that stay have lost something.
    pub shortened: u64,
}

/// `rows` without the rows that name a person in a text, and without the person in lists of the others; `None` if there is nothing to remove.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the columns do not fit together again.
pub(super) fn cut(rows: &RecordBatch, traces: &Traces) -> Result<Option<Cut>> {
    let mut stays = vec![true; rows.num_rows()];
    let mut columns = rows.columns().to_vec();
    let mut is_shorter = vec![vec![]; columns.len()];
    let schema = rows.schema();
    for (index, field) in schema.fields().iter().enumerate() {
        let holds = Holds::of(field.name());
        if holds == Holds::Account {
            remove_accounts(rows, field, traces, &mut stays)?;
        } else if let Some(list) = columns[index].as_list_opt::<i32>()
            && let Some(texts) = as_texts(list.values())?
        {
            let found = |text: Option<&str>| text.is_some_and(|text| traces.are_in(holds, text));
            let keep: Vec<bool> = texts.iter().map(|text| !found(text)).collect();
            if let Some((shorter, of_rows)) = without(list, &keep)? {
                (columns[index], is_shorter[index]) = (Arc::new(shorter), of_rows);
            }
        } else {
            for (row, stays) in stays.iter_mut().enumerate() {
                *stays &= !holds_anywhere(&columns[index], row, holds, traces)?;
            }
        }
    }
    let removed = stays.iter().filter(|stays| !**stays).count() as u64;
    let lost = |of_rows: &Vec<bool>| of_rows.iter().zip(&stays).filter(|(l, s)| **l && **s).count();
    let shortened = is_shorter.iter().map(lost).sum::<usize>() as u64;
    if removed == 0 && shortened == 0 {
        return Ok(None);
    }
    let all = RecordBatch::try_new(schema, columns).map_err(Error::internal)?;
    let rows = filter_record_batch(&all, &BooleanArray::from(stays)).map_err(Error::internal)?;
    Ok(Some(Cut { rows, removed, shortened }))
}

/// Removes the rows of accounts of the person, whose network is in another column.
fn remove_accounts(
    rows: &RecordBatch,
    field: &FieldRef,
    traces: &Traces,
    stays: &mut [bool],
) -> Result<()> {
    let column = |name: &str| rows.column_by_name(name).map_or(Ok(None), as_texts);
    let (Some(networks), Some(ids)) = (column("network")?, column(field.name())?) else {
        return Ok(());
    };
    for ((network, id), stays) in networks.iter().zip(&ids).zip(stays) {
        *stays &= !network.zip(id).is_some_and(|(network, id)| traces.is_account(network, id));
    }
    Ok(())
}

/// The lists without the items that are not kept, and which lists are shorter; `None` if all are kept.
fn without(list: &ListArray, keep: &[bool]) -> Result<Option<(ListArray, Vec<bool>)>> {
    let DataType::List(item) = list.data_type() else { return Ok(None) };
    let (mut lengths, mut is_shorter) = (Vec::new(), Vec::new());
    let mut kept = vec![false; keep.len()];
    for (row, ends) in list.value_offsets().windows(2).enumerate() {
        let items = ends[0] as usize..ends[1] as usize;
        let left =
            if list.is_null(row) { 0 } else { keep[items.clone()].iter().filter(|k| **k).count() };
        if !list.is_null(row) {
            kept[items.clone()].copy_from_slice(&keep[items.clone()]);
        }
        is_shorter.push(!list.is_null(row) && left < items.len());
        lengths.push(left);
    }
    if !is_shorter.contains(&true) {
        return Ok(None);
    }
    let values = filter(list.values(), &BooleanArray::from(kept)).map_err(Error::internal)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    let shorter = ListArray::try_new(Arc::clone(item), offsets, values, list.nulls().cloned());
    Ok(Some((shorter.map_err(Error::internal)?, is_shorter)))
}

/// The values of a column of texts, in whatever way they are encoded; `None` if it has others.
pub(super) fn as_texts(column: &ArrayRef) -> Result<Option<StringArray>> {
    let is_text =
        |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let is_text = match column.data_type() {
        DataType::Dictionary(_, value) => is_text(value),
        other => is_text(other),
    };
    if !is_text {
        return Ok(None);
    }
    let texts = cast(column, &DataType::Utf8).map_err(Error::internal)?;
    Ok(Some(texts.as_string::<i32>().clone()))
}

/// Whether a value holds the person: a text, or any text within a list or a struct.
fn holds_anywhere(column: &ArrayRef, row: usize, holds: Holds, traces: &Traces) -> Result<bool> {
    if column.is_null(row) {
        return Ok(false);
    }
    if let Some(texts) = column.as_string_opt::<i32>() {
        return Ok(traces.are_in(holds, texts.value(row)));
    }
    if let Some(texts) = as_texts(&column.slice(row, 1))? {
        return Ok(traces.are_in(holds, texts.value(0)));
    }
    if let Some(list) = column.as_list_opt::<i32>() {
        let items = list.value(row);
        for item in 0..items.len() {
            if holds_anywhere(&items, item, holds, traces)? {
                return Ok(true);
            }
        }
    } else if let Some(parts) = column.as_struct_opt() {
        for (name, part) in parts.column_names().into_iter().zip(parts.columns()) {
            if holds_anywhere(part, row, Holds::of(name), traces)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ListBuilder, StringBuilder};

    use super::*;

    #[test]
    fn rows_of_others_lose_the_person_in_their_lists_alone() {
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("p"), Some("q")]);
        lists.append_null();
        lists.append_value([Some("p")]);
        lists.append_value([None::<&str>; 0]);
        let texts = |all: [&str; 4]| Arc::new(StringArray::from(all.to_vec())) as ArrayRef;
        let rows = RecordBatch::try_from_iter_with_nullable([
            ("person_id", texts(["a", "b", "c", "p"]), true),
            ("reactor_ids", Arc::new(lists.finish()) as ArrayRef, true),
        ])
        .unwrap();
        let traces = Traces::new(["p".to_owned()].into(), [].into());
        let left = cut(&rows, &traces).unwrap().unwrap();
        assert_eq!((left.removed, left.shortened), (1, 2));
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("q")]);
        lists.append_null();
        lists.append_value([None::<&str>; 0]);
        assert_eq!(left.rows.column(1).as_list::<i32>(), &lists.finish());
        assert!(cut(&left.rows, &traces).unwrap().is_none());
    }
}
