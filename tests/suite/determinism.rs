//! The same rows, job and method give the same bytes, at any number of threads and files, in any order and with any type of
//! ids.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use fastrand::Rng;
use renown::publish::commit::Commit;

use crate::binary::program;
use crate::campaign::is_whole;
use crate::on_threads;
use crate::parquet_files::{in_repository, read, shuffled, write, write_in_groups, write_parts};
use crate::random_worlds::world;
use crate::sample_job::{SampleJob, TABLES};
use crate::world::run_job;

/// The objects that the sample publishes on `threads` threads, with inputs as `change` writes them.
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
fn assert_same(
    found: &BTreeMap<String, Vec<u8>>,
    expected: &BTreeMap<String, Vec<u8>>,
    what: &str,
) {
    let paths = |objects: &BTreeMap<String, Vec<u8>>| objects.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(found), paths(expected), "{what}");
    for (path, bytes) in found {
        assert!(*bytes == expected[path], "{path} differs: {what}");
    }
}

fn published_sample() -> BTreeMap<String, Vec<u8>> {
    let objects = SampleJob::after_run().published();
    let folders: Vec<_> = objects.keys().filter_map(|path| path.split('/').next()).collect();
    let expected = "accounts changes checks cohorts commits contributions influence_edges measures people runs scores topic_evidence topic_interests \
                    topic_posts topic_scores topics";
    assert_eq!(folders, expected.split(' ').collect::<Vec<_>>());
    objects
}

#[test]
fn threads_change_no_byte() {
    let expected = published_sample();
    for threads in ["1", "3", "8"] {
        let job = SampleJob::new();
        program(&["run", &job.file(), "--threads", threads]).done();
        assert_same(&job.published(), &expected, &format!("{threads} threads"));
    }
}

#[test]
fn the_order_of_rows_changes_no_byte() {
    let found = objects("3", |job, table, rows| {
        write(&job.input(table), &shuffled(&rows, &mut Rng::with_seed(21)));
    });
    assert_same(&found, &published_sample(), "shuffled");
}

#[test]
fn row_groups_change_no_byte() {
    let expected = published_sample();
    for rows_per_group in [100, 999] {
        let found = objects("2", |job, table, rows| {
            write_in_groups(&job.input(table), &rows, rows_per_group);
        });
        assert_same(&found, &expected, &format!("row groups of {rows_per_group}"));
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
    assert_same(&found, &published_sample(), "several files");
}

#[test]
fn duplicate_rows_change_no_byte() {
    let found = objects("2", |job, table, rows| {
        let folder = job.path(&format!("jobs/sample/{table}"));
        write_parts(&folder, &rows, 1);
        write(&folder.join("again.parquet"), &shuffled(&rows, &mut Rng::with_seed(23)));
        job.edit(&format!("\"sample/{table}.parquet\""), &format!("\"sample/{table}/\""));
    });
    assert_same(&found, &published_sample(), "rows given twice");
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

/// The whole: `RENOWN_CASES=1 cargo test --test suite text_ids`.
#[test]
fn text_ids_give_the_bytes_of_integer_ids_campaign() {
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let expected = published_sample();
    for kind in
        [dictionary, DataType::Utf8View, DataType::Utf8, DataType::LargeUtf8, DataType::Int32]
            .into_iter()
            .take(if is_whole() { 5 } else { 2 })
    {
        let found = objects("2", |job, table, rows| {
            write(&job.input(table), &with_ids_as(&rows, &kind));
        });
        assert_same(&found, &expected, &format!("ids as {kind}"));
    }
}

/// Guards against comparing empty outputs: one row less must change bytes.
#[test]
fn one_row_less_changes_bytes() {
    let found = objects("2", |job, table, rows| {
        let keep = rows.num_rows() - usize::from(table == "interactions");
        write(&job.input(table), &rows.slice(0, keep));
    });
    assert_ne!(found, published_sample());
}

/// Runs the job at `path` in process, on separate thread pools.
fn commit_on(path: &Path, threads: usize, partitions: usize) -> Commit {
    on_threads(threads, || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(threads).enable_all().build().unwrap();
        runtime.block_on(run_job(path, partitions, &[])).unwrap().1.commit
    })
}

/// The tables of the job at `path`, computed in process on separate thread pools.
fn tables_on(path: &Path, output: &Path, threads: usize, partitions: usize) -> Vec<Vec<u8>> {
    let _ = fs::remove_dir_all(output);
    let commit = commit_on(path, threads, partitions);
    let files = commit.tables.values().flat_map(|table| &table.files);
    files.map(|file| fs::read(output.join(&file.path)).unwrap()).collect()
}

/// The whole: `RENOWN_CASES=1 cargo test --test suite threads_partitions_and_orders`.
#[test]
fn threads_partitions_and_orders_together_change_no_byte_campaign() {
    let rng = &mut Rng::with_seed(24);
    let world = (0..)
        .map(|seed| world(&mut Rng::with_seed(seed)))
        .find(|w| w.events.len() > 60 && w.accounts.is_some() && w.posts.is_some() && w.top > 1)
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let plain = world.write(folder.path());
    let output = folder.path().join("out");
    let expected = tables_on(&plain, &output, 1, 1);
    let sample = SampleJob::new();
    let sample_path = sample.path("jobs/sample.toml");
    let sample_expected = tables_on(&sample_path, &sample.output(), 1, 1);
    for threads in [1, 2, 3, 8] {
        for partitions in [1, 3, 8] {
            if !is_whole() && ![(1, 8), (8, 3)].contains(&(threads, partitions)) {
                continue;
            }
            let mut inputs = String::new();
            for (name, rows) in world.tables() {
                let parts = rng.usize(1..6);
                let part = format!("{threads}-{partitions}/{name}");
                write_parts(&folder.path().join(&part), &shuffled(&rows, rng), parts);
                inputs += &format!("{name} = \"{part}/\"\n");
            }
            let job = world.write_job(folder.path(), &inputs);
            let what = format!("{threads} threads, {partitions} partitions");
            assert!(tables_on(&job, &output, threads, partitions) == expected, "{what}");
            for table in TABLES {
                write(&sample.input(table), &shuffled(&read(&sample.input(table)), rng));
            }
            let found = tables_on(&sample_path, &sample.output(), threads, partitions);
            assert!(found == sample_expected, "the sample on {what}");
        }
    }
}

/// Two days with profiles and seeds, so that every table has rows. The whole:
/// `RENOWN_CASES=1 cargo test --test suite two_days_with_profiles`.
#[test]
fn two_days_with_profiles_and_seeds_change_no_byte_campaign() {
    let rng = &mut Rng::with_seed(25);
    let first = (0..)
        .map(|seed| world(&mut Rng::with_seed(seed)))
        .find(|world| {
            let enough = world.events.len() > 60 && world.method.contains("\"reactors_decayed\"");
            enough && !world.seeds.is_empty() && world.profiles.matches("[[").count() > 1
        })
        .unwrap();
    let mut second = first.later(1);
    let others = first.events.iter().enumerate().filter(|(at, _)| at % 9 == 0);
    second.events.extend(others.map(|(at, event)| {
        let at = first.cutoff + 60_000_000 * at as i64;
        crate::world::Interaction { at, post: None, ..event.clone() }
    }));
    let mut expected: Option<Vec<Vec<u8>>> = None;
    let every = [(1, 1), (7, 2), (2, 3), (1, 8), (7, 1)];
    for &(threads, partitions) in &every[..if is_whole() { 5 } else { 2 }] {
        let folder = tempfile::tempdir().unwrap();
        let mut found = Vec::new();
        for world in [&first, &second] {
            let mut inputs = String::new();
            for (name, rows) in world.tables() {
                let part = format!("{}/{name}", world.day);
                let parts = rng.usize(1..6);
                write_parts(&folder.path().join(&part), &shuffled(&rows, rng), parts);
                inputs += &format!("{name} = \"{part}/\"\n");
            }
            let job = world.write_job(folder.path(), &inputs);
            let commit = commit_on(&job, threads, partitions);
            let rows = |table: &str| commit.tables[table].rows;
            assert!(rows("contributions") >= 3 * rows("scores"));
            assert_eq!(rows("changes") > 0, world.day == second.day);
            let files = commit.tables.values().flat_map(|table| &table.files);
            let output = folder.path().join("out");
            found.extend(files.map(|file| fs::read(output.join(&file.path)).unwrap()));
        }
        let expected = expected.get_or_insert_with(|| found.clone());
        assert!(found == *expected, "{threads} threads, {partitions} partitions");
    }
}

#[test]
fn two_days_of_the_sample_change_no_byte() {
    let days = |threads: &str, change: &mut dyn FnMut(&SampleJob)| {
        let job = SampleJob::new();
        job.edit("[output]", "[[profile]]\nname = \"a\"\nweights.reach = 0.5\n\n[output]");
        for day in ["2018-08-30", "2018-09-01"] {
            change(&job);
            job.run(&["--threads", threads, "--snapshot", day, "--quiet"]).done();
        }
        let changes = job.published().into_iter().filter(|(path, _)| path.starts_with("changes/"));
        assert_eq!(changes.count(), 2);
        let commit: Commit = serde_json::from_slice(&fs::read(job.commit(2)).unwrap()).unwrap();
        assert!(commit.tables["changes"].rows > 10, "{:?}", commit.tables["changes"]);
        job.published()
    };
    let expected = days("1", &mut |_| {});
    let rng = &mut Rng::with_seed(26);
    for threads in ["2", "7"] {
        let found = days(threads, &mut |job| {
            for table in TABLES {
                let rows = read(&job.input(table));
                write(&job.input(table), &shuffled(&rows, rng));
            }
        });
        assert_same(&found, &expected, &format!("two days on {threads} threads, shuffled"));
    }
}

/// SHA-256 of every table file of the sample, as its commit says, one a line.
#[test]
fn the_sample_matches_its_golden_digests() {
    let job = SampleJob::after_run();
    let commit: Commit = serde_json::from_slice(&fs::read(job.commit(1)).unwrap()).unwrap();
    let files = commit.tables.values().flat_map(|table| &table.files);
    let found: String = files.map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    let golden = in_repository("tests/data/golden/sample.sha256");
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(
        found == expected,
        "the tables of the sample have changed: if that is intended, raise the version of Renown, of \
         the method or of the table's contract, and write this to {}:\n{found}",
        golden.display()
    );
}
