//! Same rows, job and method: the same bytes, whatever the threads, files, order or types of ids.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use fastrand::Rng;

use crate::parquet_files::{read, shuffled, write, write_in_groups, write_parts};
use crate::sample_job::{SampleJob, TABLES};

/// The objects of the sample, computed on `threads` threads after `change` has had its inputs.
fn objects(
    threads: &str,
    change: impl Fn(&SampleJob, &str, RecordBatch),
) -> BTreeMap<String, Vec<u8>> {
    let job = SampleJob::new();
    for table in TABLES {
        change(&job, table, read(&job.input(table)));
    }
    job.run(&["--threads", threads]).done();
    job.published()
}

#[track_caller]
fn same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>, what: &str) {
    let paths = |objects: &BTreeMap<String, Vec<u8>>| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(found), paths(expected), "{what}");
    for (path, bytes) in found {
        assert!(*bytes == expected[path], "{path} differs: {what}");
    }
}

fn bundled() -> BTreeMap<String, Vec<u8>> {
    let objects = objects("1", |_, _, _| {});
    let folders: Vec<_> = objects.keys().filter_map(|path| path.split('/').next()).collect();
    assert_eq!(folders, ["commits", "influence_edges", "measures", "people", "runs", "scores"]);
    objects
}

#[test]
fn threads_change_no_byte() {
    let expected = bundled();
    for threads in ["2", "3", "8"] {
        let found = objects(threads, |_, _, _| {});
        same(&found, &expected, &format!("{threads} threads"));
    }
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let found = objects("3", |job, table, rows| {
        write(&job.input(table), &shuffled(&rows, &mut Rng::with_seed(21)));
    });
    same(&found, &bundled(), "shuffled");
}

#[test]
fn row_groups_change_no_byte() {
    let expected = bundled();
    for rows_per_group in [100, 999] {
        let found = objects("2", |job, table, rows| {
            write_in_groups(&job.input(table), &rows, rows_per_group);
        });
        same(&found, &expected, &format!("row groups of {rows_per_group}"));
    }
}

#[test]
fn several_files_change_no_byte() {
    let found = objects("3", |job, table, rows| {
        let folder = job.path(&format!("jobs/sample/{table}"));
        write_parts(&folder, &shuffled(&rows, &mut Rng::with_seed(22)), 7);
        fs::remove_file(job.input(table)).unwrap();
        job.edit(&format!("\"sample/{table}.parquet\""), &format!("\"sample/{table}\""));
    });
    same(&found, &bundled(), "several files");
}

#[test]
fn rows_given_twice_change_no_byte() {
    let found = objects("2", |job, table, rows| {
        let folder = job.path(&format!("jobs/sample/{table}"));
        write_parts(&folder, &rows, 1);
        write(&folder.join("again.parquet"), &shuffled(&rows, &mut Rng::with_seed(23)));
        job.edit(&format!("\"sample/{table}.parquet\""), &format!("\"sample/{table}/\""));
    });
    same(&found, &bundled(), "rows given twice");
}

/// The columns whose names end in `_id` as `kind`, which must be another type.
fn with_ids_as(rows: &RecordBatch, kind: &DataType) -> RecordBatch {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
        let id = field.name().ends_with("_id");
        let column = if id { cast(column, kind).unwrap() } else { Arc::clone(column) };
        (field.name().clone(), column, field.is_nullable())
    });
    let changed =
        RecordBatch::try_from_iter_with_nullable(columns.collect::<Vec<(_, ArrayRef, _)>>());
    let changed = changed.unwrap();
    assert_ne!(changed.schema().fields(), schema.fields());
    changed
}

#[test]
fn text_ids_give_the_bytes_of_integer_ids() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let expected = bundled();
    for kind in
        [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, DataType::Int32, dictionary]
    {
        let found = objects("2", |job, table, rows| {
            write(&job.input(table), &with_ids_as(&rows, &kind));
        });
        same(&found, &expected, &format!("ids as {kind}"));
    }
}

/// The same bytes must not come from reading nothing: one row less shows.
#[test]
fn a_row_less_changes_bytes() {
    let found = objects("2", |job, table, rows| {
        let keep = rows.num_rows() - usize::from(table == "interactions");
        write(&job.input(table), &rows.slice(0, keep));
    });
    assert_ne!(found, bundled());
}
