//! Columns of times that lie in 1970 or far ahead: the message names the span, and the SELECT that it proposes works.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, RecordBatch, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use renown::error::{Error, Kind};
use tempfile::TempDir;

use crate::binary::renown;
use crate::world::{
    CUTOFF, HOUR, Post, Published, Statement, World, account, accounts, follow, follows,
    interactions, of_account, reply, text, with, write,
};

const UNITS: [(&str, i64); 4] = [
    ("seconds", 1_000_000),
    ("milliseconds", 1_000),
    ("microseconds", 1),
    // Of a nanosecond there are a thousand in a microsecond.
    ("nanoseconds", 0),
];

/// Microseconds since 1970 as integers of a unit.
fn integers(times: &[i64], unit: usize) -> Vec<i64> {
    let integer = |us: &i64| if unit == 3 { us * 1_000 } else { us / UNITS[unit].1 };
    times.iter().map(integer).collect()
}

/// Integers as a column of times of a unit.
fn column(integers: Vec<i64>, unit: usize) -> ArrayRef {
    match unit {
        0 => Arc::new(TimestampSecondArray::from(integers)),
        1 => Arc::new(TimestampMillisecondArray::from(integers).with_timezone("UTC")),
        2 => Arc::new(TimestampMicrosecondArray::from(integers)),
        _ => Arc::new(TimestampNanosecondArray::from(integers)),
    }
}

struct Written {
    folder: TempDir,
    job: PathBuf,
}

impl Written {
    /// A job that reads `batch` as `table`, with interactions if that is another one.
    fn new(table: &str, batch: &RecordBatch) -> Self {
        let folder = TempDir::new().unwrap();
        let events: Vec<_> = (1..=4).map(|hours| reply("a", "1", "2", hours)).collect();
        write(&folder.path().join("interactions.parquet"), &interactions(&events));
        write(&folder.path().join(format!("{table}.parquet")), batch);
        let mut written = Self { folder, job: PathBuf::new() };
        written.read(table, &format!("{table}.parquet"), "");
        written
    }

    fn read(&mut self, table: &str, input: &str, more: &str) {
        let other = match table {
            "interactions" => "",
            _ => "interactions = \"interactions.parquet\"\n",
        };
        let inputs = format!("{other}{table} = '''{input}'''\n{more}");
        self.job = World::default().write_job(self.folder.path(), &inputs);
    }

    async fn refused(&self, table: &str, column: &str, words: &[&str]) -> Error {
        let error = Published::of(&self.job, 2, &[]).await.err().expect("refused");
        assert_eq!(error.kind, Kind::BadInput, "{error}");
        assert_eq!(error.place.table.as_deref(), Some(table), "{error}");
        assert_eq!(error.place.column.as_deref(), Some(column), "{error}");
        for words in words {
            assert!(error.to_string().contains(words), "no `{words}` in: {error}");
        }
        error
    }
}

/// Every unit taken for every other: where the result lies in 1970 or far ahead, the proposed SELECT gives the right times.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_unit_is_named_with_the_span_and_a_select_that_works() {
    let times: Vec<i64> = (1..=4).map(|hours| CUTOFF - hours * HOUR).collect();
    let events: Vec<_> = (1..=4).map(|hours| reply("a", "1", "2", hours)).collect();
    let batch = interactions(&events);
    let mut tried = 0;
    for (meant, (words, _)) in UNITS.iter().enumerate() {
        for (taken, _) in UNITS.iter().enumerate().filter(|(taken, _)| *taken != meant) {
            // Milliseconds taken for seconds and the like: beyond what microseconds hold is another message.
            if meant == 3 && taken < 2 || meant == 2 && taken == 0 {
                continue;
            }
            let wrong = with(&batch, "at", column(integers(&times, meant), taken));
            let mut written = Written::new("interactions", &wrong);
            let error = written
                .refused("interactions", "at", &["in 4 of 4 rows", "wrong unit?", words])
                .await;
            let place = if taken > meant { "lies in 1970" } else { "ten years after the cutoff" };
            assert!(error.cause.contains(place), "{error}");
            assert_eq!(error.place.rows, Some(4));
            let start = error.remedy.find("write ").unwrap() + "write ".len();
            let end = error.remedy.find(" AS at").unwrap();
            let sql =
                format!("SELECT * EXCLUDE (at), {} AS at FROM raw", &error.remedy[start..end]);
            written.read("interactions", &sql, "[sources]\nraw = \"interactions.parquet\"\n");
            let published = Published::of(&written.job, 2, &[]).await;
            let published = published.unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert_eq!(published.people(), ["a:1", "a:2"], "{sql}");
            tried += 1;
        }
    }
    assert_eq!(tried, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_input_with_times_is_checked() {
    let span = "from 1970-01-01 00:00:00 to 1970-01-01 00:00:00";
    let zeros = |rows: usize| column(vec![0; rows], 2);
    let list = [account("a", "1"), account("a", "2")];
    let of_accounts = with(&accounts(&list), "created_at", zeros(2));
    let endorsements = RecordBatch::try_from_iter([
        ("giver_id", text(["a:1"])),
        ("receiver_id", text(["a:2"])),
        ("topic_id", text(["#x"])),
        ("at", zeros(1)),
    ]);
    let posts = RecordBatch::try_from_iter([
        ("network", text(["a"])),
        ("post_id", text(["p"])),
        ("author_id", text(["1"])),
        ("created_at", zeros(1)),
    ]);
    let follows = with(&follows(&[follow("a", "1", "2", Some(1))]), "since", zeros(1));
    for (table, name, batch) in [
        ("accounts", "created_at", of_accounts),
        ("endorsements", "at", endorsements.unwrap()),
        ("posts", "created_at", posts.unwrap()),
        ("follows", "since", follows),
    ] {
        let written = Written::new(table, &batch);
        let error = written.refused(table, name, &["lies in 1970", span]).await;
        // A time of nothing shows no unit.
        assert!(error.remedy.contains("leave the rows out"), "{error}");
    }
    let folder = TempDir::new().unwrap();
    let early = Statement { at: 0, ..of_account("a", "1", "opted_out", 0) };
    let world = World {
        events: vec![reply("a", "1", "2", 1), reply("a", "2", "3", 1)],
        consent: Some(vec![early]),
        ..World::default()
    };
    let job = world.write(folder.path());
    let checked = renown(&["check", job.to_str().unwrap()]);
    checked.refused(65, &["1 violation"]).stdout.find("lies in 1970").unwrap();
}

/// Half of the rows is not most of them, and missing times count for neither side.
#[tokio::test(flavor = "multi_thread")]
async fn a_minority_of_strange_times_passes() {
    let since = [Some(0), Some(CUTOFF - HOUR), None, None];
    let rows = ["1", "2", "3", "4"].map(|id| follow("a", id, "5", None));
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(since.to_vec()));
    let batch = with(&follows(&rows), "since", times);
    let written = Written::new("follows", &batch);
    assert_eq!(Published::of(&written.job, 2, &[]).await.unwrap().people().len(), 5);
    let since = [Some(0), None, None, None];
    let times: ArrayRef = Arc::new(TimestampMicrosecondArray::from(since.to_vec()));
    let written = Written::new("follows", &with(&batch, "since", times));
    written.refused("follows", "since", &["in 1 of 1 rows with a time"]).await;
}

/// Of a table that is kept for years most rows are from before the window: that is no reason to warn unless all of them are.
#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_drops_most_rows_warns() {
    async fn warned(world: &World) -> Vec<String> {
        let warnings = world.run().await.outcome.notes.warnings.into_iter();
        warnings.map(|warning| format!("{}: {}", warning.table, warning.text)).collect()
    }
    let post = |n: i64| Post {
        network: "a".into(),
        id: n.to_string(),
        author: "1".into(),
        at: CUTOFF - (5_000 + n) * HOUR,
        ..Post::default()
    };
    let mut old = World { posts: Some((0..30).map(post).collect()), ..World::default() };
    old.events = (0..30).map(|n| reply("a", "1", "2", 5_000 + n)).collect();
    old.events.push(reply("a", "1", "2", 1));
    assert_eq!(warned(&old).await, ["posts: one rule drops more than half: before the window"]);
    old.posts.as_mut().unwrap().push(Post { at: CUTOFF - HOUR, ..post(99) });
    assert_eq!(warned(&old).await, [""; 0]);

    let mut twice = World { events: vec![reply("a", "1", "2", 1); 40], ..World::default() };
    let expected = "interactions: one rule drops more than half: duplicate rows";
    assert_eq!(warned(&twice).await, [expected]);
    twice.events.truncate(1);
    twice.events.extend((0..30).map(|n| reply("a", "1", "2", -n)));
    let expected = "interactions: one rule drops more than half: after the cutoff";
    assert_eq!(warned(&twice).await, [expected]);
    // Half of the rows is not most, by what is shown of their number: 10 of 20, and of 11.
    twice.events.truncate(1);
    twice.events.extend((0..10).map(|n| reply("a", "1", "2", -1 - n)));
    assert_eq!(warned(&twice).await, [""; 0]);
}
