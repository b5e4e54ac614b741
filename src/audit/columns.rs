//! Columns of drafted tables by name and type.

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{Float64Type, Int64Type};

use crate::error::{Error, Result};

/// Rows of a table.
pub(super) fn count_rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

pub(super) fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef> {
    batch.column_by_name(name).ok_or_else(|| Error::internal(format!("no column `{name}`")))
}

pub(super) fn text<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    column(batch, name)?
        .as_string_opt()
        .ok_or_else(|| Error::internal(format!("column `{name}` is not text")))
}

/// The texts of a column, or of its lists.
pub(super) fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    match column(batch, name)?.as_list_opt::<i32>() {
        None => text(batch, name),
        Some(lists) => lists
            .values()
            .as_string_opt()
            .ok_or_else(|| Error::internal(format!("column `{name}` does not list texts"))),
    }
}

pub(super) fn float<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Float64Array> {
    column(batch, name)?
        .as_primitive_opt::<Float64Type>()
        .ok_or_else(|| Error::internal(format!("column `{name}` is not a floating-point number")))
}

/// The values of a column of counts, which has no nulls.
pub(super) fn counts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a [i64]> {
    let counts = column(batch, name)?.as_primitive_opt::<Int64Type>();
    let counts = counts.filter(|counts| counts.null_count() == 0);
    let counts =
        counts.ok_or_else(|| Error::internal(format!("column `{name}` is not a count")))?;
    Ok(counts.values())
}
