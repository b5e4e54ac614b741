//! Folders as writers leave them: files under any name, columns that changed from file to file, and what is no data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use renown::engine::Engine;
use renown::error::{Error, Kind, Result};
use renown::job::Job;
use renown::pipeline::progress::Progress;
use renown::pipeline::run;
use renown::storage::Stores;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::binary::renown;
use crate::parquet_files::texts;
use crate::rank_command::Ranking;
use crate::world::{Published, World, interactions, reply, with, without, write};

const FOLDER: &str = "interactions = \"in/\"\n";
const SELECT: &str = "interactions = \"SELECT * FROM raw\"\n[sources]\nraw = \"in/\"\n";

/// Twelve replies.
fn events() -> RecordBatch {
    let ids = ["1", "22", "333", "4444"];
    let replies = (0..12).map(|i| reply("a", ids[i % 4], ids[(i / 4 + i + 1) % 4], 3 + i as i64));
    let mut replies: Vec<_> = replies.collect();
    replies.iter_mut().for_each(|reply| reply.sentiment = Some(0.5));
    interactions(&replies)
}

/// A folder with a job whose inputs lie below `in/`.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn put(self, name: &str, batch: &RecordBatch) -> Self {
        write(&self.path(name), batch);
        self
    }

    fn put_text(self, name: &str, text: &str) -> Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
        self
    }

    fn job(&self, inputs: &str) -> PathBuf {
        World::default().write_job(self.0.path(), inputs)
    }

    async fn run(&self, inputs: &str) -> Result<Published> {
        let _ = fs::remove_dir_all(self.path("out"));
        Published::of(&self.job(inputs), 3, &[]).await
    }

    async fn refused(&self, inputs: &str, words: &[&str]) -> Error {
        let error = self.run(inputs).await.err().expect("it is refused");
        assert_eq!(error.kind, Kind::BadInput, "{error}");
        for word in words {
            assert!(error.to_string().contains(word), "no `{word}` in: {error}");
        }
        error
    }

    /// The report of `check` on a folder of interactions.
    fn check(&self) -> Value {
        let job = self.job(FOLDER);
        let ended = renown(&["check", job.to_str().unwrap(), "--format", "json"]).done();
        serde_json::from_str(&ended.stdout).unwrap()
    }
}

/// The tables of all rows in one file.
async fn expected(all: &RecordBatch) -> Published {
    Folder::new().put("in/all.parquet", all).run(FOLDER).await.unwrap()
}

/// Marks of table formats, in the folder of the table.
const MARKS: [(&str, &str); 10] = [
    ("_delta_log/00000000000000000000.json", "Delta"),
    ("_delta_log/00000000000000000010.checkpoint.parquet", "Delta"),
    (".hoodie/hoodie.properties", "Hudi"),
    ("dt=1/.hoodie_partition_metadata", "Hudi"),
    ("metadata/v1.metadata.json", "Iceberg"),
    ("metadata/00000-5f2c.metadata.json", "Iceberg"),
    ("metadata/version-hint.text", "Iceberg"),
    ("metadata/snap-5735-1-5f2c.avro", "Iceberg"),
    ("metadata/5f2c-m0.avro", "Iceberg"),
    ("snapshot/snapshot-3", "Paimon"),
];

/// Files that the log of a table no longer names must not come back.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_format_are_not_read_as_plain_parquet() {
    for (mark, format) in MARKS {
        let folder = Folder::new()
            .put("in/dt=1/part-0.parquet", &events())
            .put_text(&format!("in/{mark}"), "{}");
        let words = [format, "deleted or replaced"];
        // With the feature, the folder of a Delta table is read.
        if !(cfg!(feature = "delta") && format == "Delta") {
            folder.refused(FOLDER, &words).await;
            folder.refused(SELECT, &words).await;
        }
        if mark.starts_with("dt=1/") {
            folder.refused("interactions = \"in/dt=1/\"\n", &words).await;
        }
        // A part of a table is no better.
        if !mark.starts_with("dt=1/") {
            folder.refused("interactions = \"in/dt=1/\"\n", &words).await;
            folder.refused("interactions = \"in/dt=1/part-0.parquet\"\n", &words).await;
        }
        // Nor is a folder of tables.
        let around = Folder::new()
            .put("in/tweets/part-0.parquet", &events())
            .put_text(&format!("in/tweets/{mark}"), "{}");
        around.refused(FOLDER, &["tweets", format]).await;
    }
    let metadata = Folder::new()
        .put("in/part-0.parquet", &events())
        .put_text("in/metadata/notes.json", "{}")
        .put_text("other/_delta_log/00000000000000000000.json", "{}");
    metadata.run(FOLDER).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_folders_and_files_tell_of_a_table_too() {
    for (file, format) in [
        ("base_0000002/bucket_00000.parquet", "Hive ACID"),
        ("dt=1/delta_0000003_0000003_0000/000000_0", "Hive ACID"),
        ("delta_0000003_0000003_v0000042/000000_0.parquet", "Hive ACID"),
        ("delete_delta_4_4/part.parquet", "Hive ACID"),
        ("base_2/bucket_00000", "Hive ACID"),
        ("ducklake-0199c2a4-delete.parquet", "DuckLake"),
        ("dt=1/ducklake-0199c2a4.parquet", "DuckLake"),
    ] {
        let folder =
            Folder::new().put("in/a.parquet", &events()).put(&format!("in/{file}"), &events());
        let shown = format!("`{}", folder.shown("in"));
        let words = [format, "deleted or replaced", "export", &shown];
        folder.refused(FOLDER, &words).await;
        folder.refused(SELECT, &words).await;
        let alone = format!("interactions = \"in/{file}\"\n");
        folder.refused(&alone, &[format, "it is part of"]).await;
    }
    let paimon = Folder::new()
        .put("in/bucket-0/data-1.parquet", &events())
        .put_text("in/snapshot/LATEST", "1");
    paimon.refused(FOLDER, &["Paimon", "export"]).await;
    let schema = Folder::new().put("in/a.parquet", &events()).put_text("in/schema/schema-0", "{}");
    schema.refused(FOLDER, &["Paimon"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_folders_with_like_names_are_read() {
    for file in [
        "base_x=1/part.parquet",
        "delta_1_2=3/part.parquet",
        "base_1/part.parquet",
        "delta_2026_03/part.parquet",
        "delta_20260331_20260401/part.parquet",
        "snapshot/snapshot-1.parquet",
        "snapshot/2026-03-31/part.parquet",
        "schema/part.parquet",
        "bucket-0/part.parquet",
        "lake-delete.parquet",
        "metadata/part-m0.parquet",
    ] {
        let folder = Folder::new().put(&format!("in/{file}"), &events());
        let run = folder.put_text("in/snapshot/LATEST.txt", "1").run(FOLDER).await;
        run.unwrap_or_else(|error| panic!("{file}: {error}"));
    }
}

/// A link in an ordinary folder to a file of a table is no way round its log.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn links_into_a_table_are_followed() {
    use std::os::unix::fs::symlink;
    for (mark, format) in [
        ("_delta_log/00000000000000000000.json", "Delta"),
        (".hoodie/hoodie.properties", "Hudi"),
        ("metadata/v1.metadata.json", "Iceberg"),
    ] {
        let folder = Folder::new()
            .put("table/dt=1/part-0.parquet", &events())
            .put_text(&format!("table/{mark}"), "{}");
        fs::create_dir(folder.path("in")).unwrap();
        symlink(folder.path("table/dt=1/part-0.parquet"), folder.path("in/a.parquet")).unwrap();
        symlink(folder.path("table/dt=1"), folder.path("day")).unwrap();
        let words = ["a link leads to", format];
        folder.refused(FOLDER, &words).await;
        folder.refused("interactions = \"in/a.parquet\"\n", &words).await;
        folder.refused("interactions = \"day/\"\n", &words).await;
    }
    let plain = Folder::new().put("data/a.parquet", &events());
    symlink(plain.path("data"), plain.path("in")).unwrap();
    plain.run(FOLDER).await.unwrap();
    // A link to itself is a mistake, not a fault that passes.
    fs::remove_file(plain.path("in")).unwrap();
    symlink("in", plain.path("in")).unwrap();
    let error = plain.run("interactions = \"in\"\n").await.err().unwrap();
    assert_eq!(error.kind, Kind::BadJob, "{error}");
    assert!(error.remedy.contains("a link leads to itself"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_names_a_path_that_can_be_pasted() {
    let folder = Folder::new().put("in/a.parquet", &events()).put_text("in/b.parquet", "");
    let error = folder.refused(FOLDER, &[]).await;
    assert_eq!(error.place.file.as_deref(), Some(folder.shown("in/b.parquet").as_str()));
    fs::write(folder.path("in/b.parquet"), "PAR1").unwrap();
    let shown = format!("`{}`", folder.shown("in/b.parquet"));
    folder.refused(FOLDER, &[&shown]).await;
    fs::remove_file(folder.path("in/b.parquet")).unwrap();
    let dated =
        ["in/2026-03-30/", "in/20260330/"].map(|path| format!("interactions = \"{path}\"\n"));
    folder.refused(&dated[0], &["`{snapshot}` in place of a date"]).await;
    folder.refused(&dated[1], &["`{snapshot:%Y%m%d}` in place of a date"]).await;
}

#[test]
fn rank_does_not_read_tables_of_a_format() {
    let sound = Ranking::of_pairs(&[(0, 1), (1, 2), (2, 0)]);
    for (mark, format) in MARKS {
        if cfg!(feature = "delta") && format == "Delta" {
            continue;
        }
        let folder = Folder::new().put_text(&format!("edges/{mark}"), "{}");
        fs::copy(&sound.edges, folder.path("edges/part-0.parquet")).unwrap();
        let ranking = Ranking::of(&folder.path("edges"));
        ranking.refused(&["--iterations", "3"], 65, &[format]);
    }
}

fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A folder with Parquet under seven names, one of them in a folder of its own, and much else.
fn odd_names(all: &RecordBatch) -> Folder {
    let names = [
        "part-00000",
        "b.PARQUET",
        "c.parq",
        "d.snappy",
        "e.parquet.snappy",
        "20260331_000_x/bucket-0",
        "g.parquet",
    ];
    let mut folder = Folder::new();
    for (i, name) in names.iter().enumerate() {
        let rows = if i < 6 { all.slice(2 * i, 2) } else { all.slice(0, 0) };
        folder = folder.put(&format!("in/{name}"), &rows);
    }
    let folder = folder
        .put_text("in/_SUCCESS", "")
        .put_text("in/.g.parquet.crc", "crc of the file")
        .put_text("in/notes.csv", "network,actor_id\n")
        .put_text("in/empty", "");
    std::os::unix::fs::symlink("nowhere", folder.path("in/dangling.parquet")).unwrap();
    fifo(&folder.path("in/pipe.parquet"));
    // The footers of all files, as Spark and Dask write them.
    fs::copy(folder.path("in/g.parquet"), folder.path("in/_metadata")).unwrap();
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn parquet_is_read_under_any_name_and_the_rest_is_named() {
    let all = events();
    let folder = odd_names(&all);
    let published = folder.run(FOLDER).await.unwrap();
    assert_eq!(published.table_files(), expected(&all).await.table_files());
    let log = published.log();
    assert_eq!(log["inputs"]["interactions"].as_array().unwrap().len(), 7);
    let expected = [
        ("empty", "empty"),
        ("hidden", ".g.parquet.crc"),
        ("links whose target does not exist", "dangling.parquet"),
        ("neither files nor folders", "pipe.parquet"),
        ("not Parquet", "notes.csv"),
        ("summaries of other files", "_metadata"),
    ];
    let not_read = &published.outcome.notes.files_not_read["interactions"];
    let not_read = not_read.iter().map(|kind| (&*kind.reason, &*kind.first[0]));
    assert_eq!(not_read.collect::<Vec<_>>(), expected);
    let hidden = json!({"reason": "hidden", "files": 2, "first": [".g.parquet.crc", "_SUCCESS"]});
    assert_eq!(log["files_not_read"]["interactions"][1], hidden);
    assert_eq!(folder.check()["files_not_read"]["interactions"][1], hidden);
    let job = folder.job(FOLDER);
    let summary = renown(&["run", job.to_str().unwrap()]).done().stdout;
    for words in [
        "interactions: 2 files not read: hidden, such as `.g.parquet.crc`\n",
        "interactions: 1 file not read: not Parquet, such as `notes.csv`\n",
        "interactions: 1 file not read: neither files nor folders, such as `pipe.parquet`\n",
    ] {
        assert!(summary.contains(words), "no `{words}` in: {summary}");
    }
}

#[test]
fn rank_reads_parquet_under_any_name() {
    let sound = Ranking::of_pairs(&[(0, 1), (1, 2), (2, 0)]);
    let folder = Folder::new().put_text("edges/readme.txt", "edges of a small graph");
    for name in ["a.parquet", "b.parq", "c"] {
        fs::copy(&sound.edges, folder.path(&format!("edges/{name}"))).unwrap();
    }
    let ended = Ranking::of(&folder.path("edges")).run(&["--iterations", "3"]).done();
    let words = "edges: 1 file not read: not Parquet, such as `readme.txt`\n";
    assert!(ended.stdout.contains(words), "{}", ended.stdout);
    // Three times the same edges: three pairs.
    assert!(ended.stdout.contains("edges      3\n"), "{}", ended.stdout);
}

/// A pipe that nobody writes to would be waited for for ever.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused_at_once() {
    let folder = Folder::new();
    fifo(&folder.path("in/pipe.parquet"));
    let pipe = "interactions = \"in/pipe.parquet\"\n";
    folder.refused(pipe, &["pipe.parquet", "is a FIFO"]).await;
    folder.refused(FOLDER, &["no Parquet file found", "pipe.parquet"]).await;
    folder.refused("interactions = \"/dev/null\"\n", &["is a device"]).await;
    std::os::unix::fs::symlink("nowhere", folder.path("in/link.parquet")).unwrap();
    let link = "interactions = \"in/link.parquet\"\n";
    folder.refused(link, &["is a link whose target does not exist"]).await;
    std::os::unix::fs::symlink("..", folder.path("in/above")).unwrap();
    folder.refused(FOLDER, &["the link `above", "leads to a folder above it"]).await;
}

/// Tools that show buckets as folders write objects without bytes for them.
#[tokio::test(flavor = "multi_thread")]
async fn markers_of_folders_are_no_files() {
    let folder = Folder::new().put("all.parquet", &events());
    let bytes = fs::read(folder.path("all.parquet")).unwrap();
    let store = Arc::new(InMemory::new());
    for (path, bytes) in [
        ("lake/in", vec![]),
        ("lake/in/day.parquet", vec![]),
        ("lake/in/day.parquet/part-0.parquet", bytes),
    ] {
        store.put(&path.into(), bytes.into()).await.unwrap();
    }
    let job = folder.job("interactions = \"memory:///lake/in/\"\n");
    let stores = Stores::default();
    stores.register(Url::parse("memory:///").unwrap(), store as Arc<dyn ObjectStore>);
    let engine = Engine::new(stores, 2);
    let job = Job::load(&job, &[], None).unwrap();
    let outcome = run(&engine, &job, &mut Progress::silent()).await.unwrap();
    assert!(outcome.notes.files_not_read.is_empty());
}

/// All rows in two files, the second with the column `name` in the type `kind`.
fn two_types(all: &RecordBatch, name: &str, kinds: [&DataType; 2]) -> Folder {
    let of = |rows: RecordBatch, kind: &DataType| {
        let column = cast(&rows[name], kind).unwrap();
        assert_eq!(column.null_count(), rows[name].null_count(), "{name} as {kind}");
        with(&rows, name, column)
    };
    Folder::new()
        .put("in/1.parquet", &of(all.slice(0, 5), kinds[0]))
        .put("in/2.parquet", &of(all.slice(5, all.num_rows() - 5), kinds[1]))
}

fn zoned(unit: TimeUnit, zone: Option<&str>) -> DataType {
    DataType::Timestamp(unit, zone.map(Into::into))
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_were_widened_are_read_as_one() {
    use DataType::{Decimal128, Float32, Float64, Int32, Int64, LargeUtf8, UInt64, Utf8, Utf8View};
    use TimeUnit::{Microsecond, Nanosecond, Second};
    let all = events();
    let plain = expected(&all).await;
    let dictionary = DataType::Dictionary(Box::new(Int32), Box::new(Utf8));
    for (name, one, other) in [
        ("actor_id", Int32, Int64),
        ("actor_id", UInt64, Int64),
        ("actor_id", Decimal128(38, 0), Decimal128(20, 0)),
        ("actor_id", Int64, Decimal128(12, 0)),
        ("actor_id", Utf8, LargeUtf8),
        ("kind", Utf8View, LargeUtf8),
        ("kind", dictionary, Utf8),
        ("sentiment", Float32, Float64),
        ("sentiment", Decimal128(4, 2), Decimal128(10, 1)),
        ("sentiment", DataType::Float16, Float64),
        ("at", zoned(Microsecond, Some("UTC")), zoned(Nanosecond, Some("UTC"))),
        ("at", zoned(Microsecond, None), zoned(Second, Some("UTC"))),
        ("at", zoned(Nanosecond, Some("+02:00")), zoned(Microsecond, Some("America/New_York"))),
    ] {
        for kinds in [[&one, &other], [&other, &one]] {
            let folder = two_types(&all, name, kinds);
            for inputs in [FOLDER, SELECT] {
                let published =
                    folder.run(inputs).await.unwrap_or_else(|e| panic!("{name} {kinds:?}: {e}"));
                assert_eq!(published.table_files(), plain.table_files(), "{name} {kinds:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_cannot_be_read_as_one_are_named_with_both_types() {
    use DataType::{Binary, Int64, Utf8};
    let all = events();
    for (name, one, other) in
        [("actor_id", Utf8, Int64), ("kind", Utf8, Binary), ("target_id", Int64, DataType::Float64)]
    {
        let folder = two_types(&all, name, [&one, &other]);
        let words = [
            &*format!("column `{name}` is {one} in `"),
            &*format!("in/1.parquet` and is {other} in `"),
            "in/2.parquet`",
        ];
        for inputs in [FOLDER, SELECT] {
            let error = folder.refused(inputs, &words).await;
            assert_eq!(error.place.column.as_deref(), Some(name));
            assert!(error.place.file.unwrap().ends_with("in/2.parquet"));
        }
    }
    // What is not read does not matter.
    let extra = |column: ArrayRef, from, rows| with(&all.slice(from, rows), "payload", column);
    let folder = Folder::new()
        .put("in/1.parquet", &extra(texts(["x"; 5]), 0, 5))
        .put("in/2.parquet", &extra(Arc::new(Int64Array::from(vec![1; 7])), 5, 7));
    let published = folder.run(FOLDER).await.unwrap();
    assert_eq!(published.table_files(), expected(&all).await.table_files());
    let chosen = SELECT.replace('*', "* EXCLUDE (payload)");
    folder.run(&chosen).await.unwrap();
    folder.refused(SELECT, &["source `raw`", "column `payload` is Utf8"]).await;
}

/// Writers that know no values guess the types of their columns, or leave them out.
#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_a_file_without_rows_do_not_matter() {
    let all = events();
    let none = with(
        &all.slice(0, 0),
        "actor_id",
        cast(&all.slice(0, 0)["at"], &DataType::Date32).unwrap(),
    );
    let none = RecordBatch::try_from_iter(without(&none, "kind")).unwrap();
    let folder = Folder::new().put("in/1.parquet", &none).put("in/2.parquet", &all);
    let published = folder.run(FOLDER).await.unwrap();
    assert_eq!(published.table_files(), expected(&all).await.table_files());
    assert_eq!(published.log()["inputs"]["interactions"].as_array().unwrap().len(), 2);
}

/// A year in nanoseconds that another file has in microseconds: what does not fit is refused, not changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_nanoseconds_do_not_hold_is_refused_with_its_file() {
    let all = events();
    let far = 253_402_300_799_000_000;
    let at = arrow::array::TimestampMicrosecondArray::from(vec![far; 5]).with_timezone("UTC");
    let nanoseconds = cast(&all.slice(5, 7)["at"], &zoned(TimeUnit::Nanosecond, Some("UTC")));
    let folder = Folder::new()
        .put("in/1.parquet", &with(&all.slice(0, 5), "at", Arc::new(at)))
        .put("in/2.parquet", &with(&all.slice(5, 7), "at", nanoseconds.unwrap()));
    folder.refused(FOLDER, &["in/1.parquet"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_differ_in_case_between_files_are_refused() {
    let all = events();
    let renamed = |rows: RecordBatch| {
        let mut columns = without(&rows, "kind");
        columns.push(("Kind".into(), Arc::clone(&rows["kind"])));
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let folder = Folder::new()
        .put("in/1.parquet", &renamed(all.slice(0, 5)))
        .put("in/2.parquet", &all.slice(5, 7));
    let words = ["column `kind` is spelled `kind` in `", "in/2.parquet`", "`Kind` in `"];
    folder.refused(FOLDER, &words).await;
    folder.refused(SELECT, &["source `raw`", "is spelled"]).await;
    // Nulls in place of a column would hide it.
    let nulls = format!("{FOLDER}[reading]\nmissing_columns = \"null\"\n");
    folder.refused(&nulls, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_some_files_lack_are_refused_or_null() {
    let all = events();
    let lacking =
        |rows: RecordBatch, name: &str| RecordBatch::try_from_iter(without(&rows, name)).unwrap();
    let folder = Folder::new()
        .put("in/1.parquet", &all.slice(0, 5))
        .put("in/2.parquet", &lacking(all.slice(5, 4), "sentiment"))
        .put("in/3.parquet", &lacking(all.slice(9, 3), "sentiment"));
    let words = ["column `sentiment` is missing in 2 of 3 files", "in/2.parquet`", "[reading]"];
    for inputs in [FOLDER, SELECT] {
        let error = folder.refused(inputs, &words).await;
        assert_eq!(error.place.column.as_deref(), Some("sentiment"));
    }
    folder.run(&SELECT.replace('*', "* EXCLUDE (sentiment)")).await.unwrap();
    let key = "[reading]\nmissing_columns = \"null\"\n";
    let published = folder.run(&format!("{FOLDER}{key}")).await.unwrap();
    assert_eq!(published.outcome.notes.null_columns["interactions"]["sentiment"], [2, 3]);
    let job = folder.job(&format!("{FOLDER}{key}"));
    let summary = renown(&["check", job.to_str().unwrap()]).done().stdout;
    let words = "interactions: column `sentiment` is missing in 2 of 3 files: null there\n";
    assert!(summary.contains(words), "{summary}");
    // A column that must be there is never null.
    let folder = Folder::new()
        .put("in/1.parquet", &all.slice(0, 5))
        .put("in/2.parquet", &lacking(all.slice(5, 7), "kind"));
    let words = ["column `kind` is missing in 1 of 2 files", "in/2.parquet`"];
    folder.refused(FOLDER, &words).await;
    folder.refused(&format!("{FOLDER}{key}"), &["column `kind` is null in 7 of 12 rows"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_column_that_is_new_is_read() {
    let all = events();
    let without_sentiment =
        |rows: RecordBatch| RecordBatch::try_from_iter(without(&rows, "sentiment")).unwrap();
    let folder = Folder::new()
        .put("in/dt=2026-03-30/x.parquet", &without_sentiment(all.slice(0, 5)))
        .put("in/dt=2026-03-31/x.parquet", &all.slice(5, 7));
    let published = folder.run(FOLDER).await.unwrap();
    assert_eq!(published.outcome.notes.null_columns["interactions"]["sentiment"], [1, 2]);
    // By the time of writing too, whatever the names are.
    let folder = Folder::new().put("in/z.parquet", &without_sentiment(all.slice(0, 5)));
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options()
        .append(true)
        .open(folder.path("in/z.parquet"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    let folder = folder.put("in/a.parquet", &all.slice(5, 7));
    folder.run(FOLDER).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cut_off_is_named_also_in_an_escaped_partition() {
    let all = events();
    let folder = Folder::new()
        .put("in/dt=2024-01-01 10%3A00%3A00/a.parquet", &all.slice(0, 5))
        .put("in/dt=2024-01-01 11%3A00%3A00/b.parquet", &all.slice(5, 7));
    folder.run(FOLDER).await.unwrap();
    let path = folder.path("in/dt=2024-01-01 11%3A00%3A00/b.parquet");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    let error = folder.refused(FOLDER, &["b.parquet", "check that the file is complete"]).await;
    assert!(error.place.file.unwrap().ends_with("11%3A00%3A00/b.parquet"));
}

/// Whether they are read or not: a query could not tell them apart.
#[tokio::test(flavor = "multi_thread")]
async fn two_columns_of_one_name_are_refused() {
    let all = events();
    for name in ["payload", "kind"] {
        let mut columns = without(&all, "").into_iter().collect::<Vec<_>>();
        columns
            .extend([("payload".into(), all["kind"].clone()), (name.into(), all["kind"].clone())]);
        let fields =
            columns.iter().map(|(name, column)| Field::new(name, column.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let rows =
            RecordBatch::try_new(schema, columns.into_iter().map(|(_, column)| column).collect());
        let folder = Folder::new().put("in/1.parquet", &all).put("in/2.parquet", &rows.unwrap());
        let words = ["in/2.parquet` has two columns", &format!("`{name}`")];
        for inputs in [FOLDER, SELECT] {
            let error = folder.refused(inputs, &words).await;
            assert_eq!(error.place.column.as_deref(), Some(name));
        }
    }
}

/// What has no log has no versions.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_plain_parquet_is_a_mistake_in_the_job() {
    let folder = Folder::new().put("in/1.parquet", &events());
    for url in ["in/?version=3", "in/1.parquet?version=3"] {
        let error = folder.run(&format!("interactions = \"{url}\"\n")).await.err().unwrap();
        assert_eq!(error.kind, Kind::BadJob, "{error}");
        assert!(error.cause.contains("?version=3"), "{error}");
    }
}

/// Values as edges whose two columns have the types `kinds`.
fn edges(kinds: [&DataType; 2]) -> Ranking {
    let ids: ArrayRef = Arc::new(Int32Array::from(vec![0, 1, 2, 2]));
    let others: ArrayRef = Arc::new(Int32Array::from(vec![1, 2, 0, 1]));
    let columns = [cast(&ids, kinds[0]).unwrap(), cast(&others, kinds[1]).unwrap()];
    Ranking::of_columns(&[("src", Arc::clone(&columns[0])), ("dst", Arc::clone(&columns[1]))])
}

#[test]
fn rank_widens_ids() {
    use DataType::{Int32, Int64, LargeUtf8, Utf8, Utf8View};
    let ids = |ranking: &Ranking| {
        ranking.run(&["--iterations", "3"]).done();
        Arc::clone(&crate::parquet_files::read(&ranking.out())["id"])
    };
    assert_eq!(*ids(&edges([&Int32, &Int64])), Int64Array::from(vec![0, 1, 2]));
    assert_eq!(ids(&edges([&Utf8, &LargeUtf8])).as_string::<i64>().value(2), "2");
    assert_eq!(ids(&edges([&Utf8View, &Utf8])).len(), 3);
    edges([&Utf8, &Int64]).refused(&["--iterations", "3"], 65, &["`src` is Utf8, `dst` is Int64"]);

    let folder = Folder::new();
    fs::create_dir(folder.path("edges")).unwrap();
    for (name, kind) in [("1", Int32), ("2", Int64)] {
        let file = folder.path(&format!("edges/{name}.parquet"));
        fs::copy(edges([&kind, &kind]).edges, file).unwrap();
    }
    let ranking = Ranking::of(&folder.path("edges"));
    assert_eq!(*ids(&ranking), Int64Array::from(vec![0, 1, 2]));
    fs::copy(edges([&Utf8, &Utf8]).edges, folder.path("edges/3.parquet")).unwrap();
    let words = ["column `dst` is Int32 in `", "edges/1.parquet` and is Utf8 in `"];
    Ranking::of(&folder.path("edges")).refused(&["--iterations", "3"], 65, &words);
}
