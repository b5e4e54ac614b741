//! Writing and reading Parquet files of tests.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array};
use arrow::compute::{cast, concat_batches, take_record_batch};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type};
use fastrand::Rng;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

/// A file of the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A batch from columns by name; nullable where a column holds nulls.
pub fn batch(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(columns.iter().cloned()).unwrap()
}

pub fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

pub fn write(path: &Path, batch: &RecordBatch) {
    write_in_groups(path, batch, batch.num_rows().max(1));
}

/// Writes row groups of `rows` rows, and the folders above the file.
pub fn write_in_groups(path: &Path, batch: &RecordBatch, rows: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Writes consecutive parts of the rows to as many files below `folder`.
pub fn write_parts(folder: &Path, batch: &RecordBatch, parts: usize) {
    std::fs::create_dir_all(folder).unwrap();
    let length = batch.num_rows().div_ceil(parts);
    for part in 0..parts {
        let first = (part * length).min(batch.num_rows());
        let rows = batch.slice(first, length.min(batch.num_rows() - first));
        // File names are in the opposite order of the rows.
        write(&folder.join(format!("part-{}.parquet", parts - part)), &rows);
    }
}

pub fn read(path: &Path) -> RecordBatch {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// The rows in another order.
pub fn shuffled(batch: &RecordBatch, rng: &mut Rng) -> RecordBatch {
    let mut order: Vec<u32> = (0..batch.num_rows() as u32).collect();
    rng.shuffle(&mut order);
    take_record_batch(batch, &UInt32Array::from(order)).unwrap()
}

fn values<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
    kind: &DataType,
) -> Vec<T::Native> {
    let column = cast(&batch[name], kind).unwrap();
    assert_eq!(column.null_count(), 0, "{name}");
    column.as_primitive::<T>().values().to_vec()
}

pub fn integers(batch: &RecordBatch, name: &str) -> Vec<i64> {
    values::<Int64Type>(batch, name, &DataType::Int64)
}

pub fn numbers(batch: &RecordBatch, name: &str) -> Vec<f64> {
    values::<Float64Type>(batch, name, &DataType::Float64)
}

pub fn strings(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = cast(&batch[name], &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
}
