//! Columns of record batches, by name and type.

use arrow::array::{Array, BooleanArray, ListArray, PrimitiveArray, RecordBatch, StringViewArray};
use arrow::datatypes::{ArrowPrimitiveType, TimestampMicrosecondType};

use crate::error::{Error, Result};

/// A column of a batch.
fn column<'a, T: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Result<&'a T> {
    let column = batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref());
    column.ok_or_else(|| Error::internal(format!("column `{name}` has another type")))
}

pub(super) fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringViewArray> {
    column(batch, name)
}

pub(super) fn flags<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a BooleanArray> {
    column(batch, name)
}

pub(super) fn list<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ListArray> {
    column(batch, name)
}

pub(super) fn numbers<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<&'a PrimitiveArray<T>> {
    column(batch, name)
}

/// A column of each batch of a block.
fn columns<'a, T: Array + 'static>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = &'a T> + use<'a, T>> {
    let columns: Result<Vec<&T>> = block.iter().map(|batch| column(batch, name)).collect();
    Ok(columns?.into_iter())
}

/// The texts of a column over all rows of a block.
pub(super) fn texts<'a>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = Option<&'a str>> + use<'a>> {
    Ok(columns::<StringViewArray>(block, name)?.flat_map(StringViewArray::iter))
}

/// The numbers of a column over all rows of a block.
pub(super) fn values<'a, T: ArrowPrimitiveType>(
    block: &'a [RecordBatch],
    name: &str,
) -> Result<impl Iterator<Item = Option<T::Native>> + use<'a, T>> {
    Ok(columns::<PrimitiveArray<T>>(block, name)?.flat_map(|column| column.iter()))
}

/// The times of a column over all rows of a block, in microseconds since 1970; there are no nulls.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for a time that is not before `end_us`: the engine was asked to leave those rows out, and
/// what is computed from the age of a row relies on it.
pub(super) fn times_before(block: &[RecordBatch], name: &str, end_us: i64) -> Result<Vec<i64>> {
    let mut times = Vec::with_capacity(block.iter().map(RecordBatch::num_rows).sum());
    for at in values::<TimestampMicrosecondType>(block, name)? {
        times.push(at.ok_or_else(uneven)?);
    }
    let late = times.iter().filter(|at| **at >= end_us).count() as u64;
    if late > 0 {
        return Err(Error::bad_input(
            format!(
                "column `{name}` lies after the cutoff in {late} rows, which were to be left out"
            ),
            "if the files are not being written meanwhile, report this as a bug in renown",
        )
        .in_column(name)
        .in_rows(late));
    }
    Ok(times)
}

/// The columns of a block differ in length, which no reader should let happen.
pub(super) fn uneven() -> Error {
    Error::internal("the columns of an input differ in length")
}
