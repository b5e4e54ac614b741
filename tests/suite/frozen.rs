//! Digests of every column of every published table, so that a change that should alter no value can show that it
//! altered none, and any other change names the columns that it altered.
//!
//! Covered are two consecutive days of the bundled sample and of a world with every input, and `validity` of that
//! world. A digest is of the values in row order. Columns that identify the run, the data or the program are excluded.
//!
//! When values are meant to change, write the digests again and review which columns differ. A renamed column keeps
//! its digest.
//!
//! ```console
//! $ RENOWN_BLESS=1 cargo test --test suite frozen
//! $ git diff tests/data/golden/frozen.json
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use renown::method::hex;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::binary::renown;
use crate::full_world::full_world;
use crate::parquet_files::in_repository;
use crate::sample_job::SampleJob;
use crate::world::{Published, Row, read, rows};

const GOLDEN: &str = "tests/data/golden/frozen.json";
/// Columns that identify the run, the data or the program, and those that hold a whole method file.
const EXCLUDED: [&str; 6] =
    ["run_id", "data_sha256", "method_sha256", "renown_version", "method", "profiles"];

/// The digest of each column of a table; `(rows)` is the number of its rows.
type Columns = BTreeMap<String, String>;
/// The tables of each run, which is named by its world and day.
type Runs = BTreeMap<String, BTreeMap<String, Columns>>;

fn digest_columns(rows: &[Row]) -> Columns {
    let mut hashes = BTreeMap::<&String, Sha256>::new();
    for (name, value) in rows.iter().flatten() {
        let hash = hashes.entry(name).or_default();
        hash.update(value.to_string());
        hash.update("\n");
    }
    hashes.retain(|name, _| !EXCLUDED.contains(&name.as_str()));
    let short = |hash: Sha256| hex(&hash.finalize())[..16].to_owned();
    let columns = hashes.into_iter().map(|(name, hash)| (name.clone(), short(hash)));
    columns.chain([("(rows)".to_owned(), rows.len().to_string())]).collect()
}

fn digest_tables(published: &Published) -> BTreeMap<String, Columns> {
    published.tables.iter().map(|(name, rows)| (name.clone(), digest_columns(rows))).collect()
}

async fn run_sample() -> Runs {
    let days = ["2018-08-31", "2018-09-01"];
    let job = SampleJob::new();
    job.edit(days[1], days[0]);
    let first = Published::of(&job.path("jobs/sample.toml"), 3, &[]).await.unwrap();
    job.edit(days[0], days[1]);
    let second = Published::of(&job.path("jobs/sample.toml"), 3, &[]).await.unwrap();
    let runs = days.iter().zip([first, second]);
    runs.map(|(day, run)| (format!("sample {day}"), digest_tables(&run))).collect()
}

async fn run_full_world() -> Runs {
    let folder = TempDir::new().unwrap();
    let first = full_world();
    let second = first.later(1);
    let mut runs = Runs::new();
    for (world, is_first) in [(&first, true), (&second, false)] {
        let published = world.run_in(folder.path()).await;
        let empty = published.tables.iter().filter(|(_, rows)| rows.is_empty());
        let empty: Vec<&str> = empty.map(|(table, _)| table.as_str()).collect();
        // A first run has no previous run to compare with.
        assert_eq!(empty, if is_first { vec!["changes"] } else { vec![] });
        runs.insert(format!("full world {}", world.day), digest_tables(&published));
    }
    let job = folder.path().join("job.toml");
    renown(&["validate", job.to_str().unwrap(), "--quiet"]).done();
    let files = fs::read_dir(folder.path().join(format!("out/validity/{}", second.day))).unwrap();
    let files = files.map(|file| file.unwrap().path());
    let validity: Vec<Row> = files.flat_map(|file| read(&file)).flat_map(rows).collect();
    let validity = BTreeMap::from([("validity".to_owned(), digest_columns(&validity))]);
    runs.insert(format!("full world {}, validated", second.day), validity);
    runs
}

/// Each digest by run, table and column.
fn flatten(runs: &Runs) -> BTreeMap<[&str; 3], &str> {
    let mut flat = BTreeMap::new();
    for (run, tables) in runs {
        for (table, columns) in tables {
            let named =
                columns.iter().map(|(column, of)| ([run, table, column.as_str()], of.as_str()));
            flat.extend(named);
        }
    }
    flat
}

/// One line for each column whose digest in `golden` is not that in `runs`.
fn differences(golden: &Runs, runs: &Runs) -> Vec<String> {
    let (golden, runs) = (flatten(golden), flatten(runs));
    let keys: BTreeSet<_> = golden.keys().chain(runs.keys()).collect();
    let line = |key: &[&str; 3]| {
        let what = match (golden.get(key), runs.get(key)) {
            (before, now) if before == now => return None,
            (Some(before), Some(now)) => format!("was {before}, is {now}"),
            (Some(_), None) => "is missing".to_owned(),
            (None, _) => "is new".to_owned(),
        };
        let [run, table, column] = key;
        Some(format!("{run}: {table}.{column} {what}"))
    };
    keys.into_iter().filter_map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn published_values_are_frozen() {
    let (mut runs, of_world) = tokio::join!(run_sample(), run_full_world());
    runs.extend(of_world);
    let path = in_repository(GOLDEN);
    if std::env::var_os("RENOWN_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&runs).unwrap();
        return fs::write(path, text + "\n").unwrap();
    }
    let golden: Runs = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let differences = differences(&golden, &runs);
    assert!(
        differences.is_empty(),
        "{} columns differ from {GOLDEN}; if that is intended, run this test with RENOWN_BLESS=1\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn digests_distinguish_values_types_and_orders() {
    let digest = |values: &[Value]| {
        let row = |value: &Value| Row::from_iter([("a".to_owned(), value.clone())]);
        let rows: Vec<Row> = values.iter().map(row).collect();
        digest_columns(&rows).remove("a").unwrap()
    };
    let values = [0.0.into(), (-0.0).into(), 0.into(), Value::Null, "".into(), "null".into()];
    let digests: BTreeSet<String> =
        values.iter().map(|value| digest(std::slice::from_ref(value))).collect();
    assert_eq!(digests.len(), values.len());
    assert_ne!(digest(&[1.into(), 2.into()]), digest(&[2.into(), 1.into()]));
}

#[test]
fn differences_name_run_table_and_column() {
    let runs = |score: &str, column: &str| -> Runs {
        let columns = [("score", score), (column, "1")];
        let columns = columns.map(|(name, digest)| (name.to_owned(), digest.to_owned()));
        let tables = BTreeMap::from([("scores".to_owned(), BTreeMap::from(columns))]);
        BTreeMap::from([("day".to_owned(), tables)])
    };
    assert!(differences(&runs("1", "a"), &runs("1", "a")).is_empty());
    let lines = differences(&runs("1", "a"), &runs("2", "b"));
    let expected = ["scores.a is missing", "scores.b is new", "scores.score was 1, is 2"]
        .map(|line| format!("day: {line}"));
    assert_eq!(lines, expected);
}
