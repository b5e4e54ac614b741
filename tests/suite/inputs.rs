//! What a job may read and what it refuses: the kind of error, and its words.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int8Array, Int32Array,
    Int64Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, TimeUnit};
use fastrand::Rng;
use renown::error::{Error, Kind, Result};
use serde_json::json;
use tempfile::TempDir;

use crate::random_worlds::world;
use crate::sample_job::SampleJob;
use crate::world::{
    CUTOFF, HOUR, Interaction, Post, Published, World, account, accounts, identity, interactions,
    of_account, reply, run_job, text, with, without, write,
};

/// A folder with inputs and a job; its name has a space and a non-ASCII letter.
pub struct Folder(TempDir);

const PLAIN: &str = "interactions = \"interactions.parquet\"\n";

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("job in Köln ").tempdir().unwrap())
    }

    /// A folder that holds `interactions.parquet`.
    pub fn with(interactions: &RecordBatch) -> Self {
        Self::new().put("interactions.parquet", interactions)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(self, name: &str, batch: &RecordBatch) -> Self {
        write(&self.path(name), batch);
        self
    }

    pub async fn run(&self, inputs: &str) -> Result<Published> {
        self.run_set(inputs, &[]).await
    }

    pub async fn run_set(&self, inputs: &str, set: &[(&str, &str)]) -> Result<Published> {
        let job = World::default().write_job(self.0.path(), inputs);
        Published::of(&job, 2, set).await
    }

    /// Requires that the run is refused with all of `words`, and nothing published.
    pub async fn refused(&self, inputs: &str, kind: Kind, words: &[&str]) -> Error {
        let error = self.run(inputs).await.err().expect("the input is refused");
        assert_error(&error, kind, words);
        assert!(!self.path("out").exists(), "something was written");
        error
    }
}

pub fn assert_error(error: &Error, kind: Kind, words: &[&str]) {
    let shown = error.to_string();
    assert_eq!(error.kind, kind, "{shown}");
    assert!(!error.remedy.is_empty() && shown.contains("\nremedy: "), "{shown}");
    for word in words {
        assert!(shown.contains(word), "no `{word}` in: {shown}");
    }
}

/// Three replies between three people.
fn three_replies() -> Vec<Interaction> {
    vec![reply("a", "1", "2", 3), reply("a", "2", "3", 30), reply("a", "3", "1", 300)]
}

/// Requires that [`three_replies`] with one column replaced is refused.
async fn refused_column(name: &str, column: ArrayRef, words: &[&str]) {
    let batch = with(&interactions(&three_replies()), name, column);
    Folder::with(&batch).refused(PLAIN, Kind::BadInput, words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_files_and_files_of_other_formats_are_refused() {
    let folder = Folder::new();
    let nothing = ["interactions.parquet", "no Parquet file found", "check the path"];
    folder.refused(PLAIN, Kind::BadInput, &nothing).await;
    fs::create_dir(folder.path("empty")).unwrap();
    let empty = "interactions = \"empty/\"\n";
    folder.refused(empty, Kind::BadInput, &["/empty/", "no Parquet file found"]).await;
    fs::write(folder.path("empty/notes.txt"), "no data").unwrap();
    folder.refused(empty, Kind::BadInput, &["no Parquet file found", "notes.txt"]).await;
    for bytes in ["this is no Parquet file at all", "PAR1 but the end is missing", "x"] {
        fs::write(folder.path("interactions.parquet"), bytes).unwrap();
        let words = ["interactions.parquet", "check that the file is complete"];
        folder.refused(PLAIN, Kind::BadInput, &words).await;
    }
    let unknown = "interactions = \"ftp://host/x.parquet\"\n";
    folder.refused(unknown, Kind::BadJob, &["`ftp` is not supported", "use one of file"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_file_is_refused() {
    let folder = Folder::with(&interactions(&three_replies()));
    let path = folder.path("interactions.parquet");
    let bytes = fs::read(&path).unwrap();
    // The pages are damaged, the footer is whole.
    let mut damaged = bytes.clone();
    damaged[4..200].fill(0xff);
    fs::write(&path, damaged).unwrap();
    folder.refused(PLAIN, Kind::BadInput, &["interactions.parquet"]).await;
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    folder.refused(PLAIN, Kind::BadInput, &["interactions.parquet"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_in_a_folder_is_named() {
    let folder = Folder::new().put("in/part-0.parquet", &interactions(&three_replies()));
    fs::write(folder.path("in/part-1.parquet"), "this is no Parquet file at all").unwrap();
    let inputs = "interactions = \"in/\"\n";
    folder.refused(inputs, Kind::BadInput, &["part-1.parquet"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_columns_name_the_nearest() {
    for (name, other) in [("actor_id", "actor_ld"), ("kind", "kinds"), ("at", "At")] {
        let batch = interactions(&three_replies());
        let mut columns = without(&batch, name);
        columns.push((other.into(), batch[name].clone()));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let missing = format!("column `{name}` is missing");
        let words = [
            "`interactions`",
            "interactions.parquet",
            &missing,
            &format!("did you mean `{other}`?"),
        ];
        Folder::with(&batch).refused(PLAIN, Kind::BadInput, &words).await;
    }
    // Nullable columns may be missing, and other columns are ignored.
    let mut columns = without(&interactions(&three_replies()), "sentiment");
    columns.retain(|(name, _)| !name.contains("post_id"));
    columns.push(("shoe_size".into(), text(["44", "45", "46"])));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    assert_eq!(Folder::with(&batch).run(PLAIN).await.unwrap().people().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_types_name_the_expected_type() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let words = ["column `actor_id` is Float64, the contract says id", "cast it in a SELECT"];
    refused_column("actor_id", floats.clone(), &words).await;
    refused_column("at", ints.clone(), &["`at` is Int64, the contract says timestamp"]).await;
    refused_column("kind", ints.clone(), &["`kind` is Int64, the contract says text"]).await;
    refused_column("network", floats, &["`network` is Float64, the contract says text"]).await;
    let words = ["`sentiment` is Utf8", "the contract says float64"];
    refused_column("sentiment", text(["1", "0", "x"]), &words).await;
    let fraction = Decimal128Array::from(vec![10, 20, 30]).with_precision_and_scale(20, 1);
    refused_column("actor_id", Arc::new(fraction.unwrap()), &["`actor_id` is Decimal"]).await;
    let bytes = cast(&text(["1", "2", "3"]), &DataType::Binary).unwrap();
    refused_column("actor_id", bytes, &["`actor_id` is Binary"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nulls_in_keys_are_counted() {
    let holes: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None, Some("a")]));
    for name in ["network", "actor_id", "target_id", "kind"] {
        let words = [&*format!("column `{name}` is null in 1 of 3 rows"), "fix these rows"];
        refused_column(name, holes.clone(), &words).await;
    }
    let never: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![Some(CUTOFF), None, None]));
    refused_column("at", never, &["column `at` is null in 2 of 3 rows"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_ids_are_refused() {
    for name in ["network", "actor_id"] {
        refused_column(name, text(["a", "", "a"]), &[&format!("column `{name}` is")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_unknown_to_the_method_are_refused() {
    let words = [
        "kind `replly` in 2 rows",
        "`standard-5`",
        "did you mean `reply`?",
        "2 unknown kinds in all",
    ];
    refused_column("kind", text(["replly", "poke!", "replly"]), &["2 unknown kinds in all"]).await;
    refused_column("kind", text(["replly", "zap", "replly"]), &words).await;
    refused_column("kind", text(["Reply", "reply", "reply"]), &["kind `Reply` in 1 rows"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentiment_outside_minus_one_to_one_is_refused() {
    let column = |value: f64| -> ArrayRef { Arc::new(Float64Array::from(vec![1.0, value, -1.0])) };
    for bad in [1.000_001, -1.000_001, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let words = ["column `sentiment` is outside -1..1 in 1 of 3 rows"];
        refused_column("sentiment", column(bad), &words).await;
    }
    let batch = with(&interactions(&three_replies()), "sentiment", column(-0.5));
    let published = Folder::with(&batch).run(PLAIN).await.unwrap();
    assert_eq!(published.measures("a", "a:3")["negative_share"], json!(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn contradictory_rows_are_refused() {
    let mut two = [account("a", "1"), account("a", "1")];
    two[1].name = Some("Ann".into());
    let events = three_replies();
    let folder = Folder::with(&interactions(&events)).put("accounts.parquet", &accounts(&two));
    let inputs = format!("{PLAIN}accounts = \"accounts.parquet\"\n");
    let words = ["`accounts`", "1 accounts have two rows", "keep one row"];
    folder.refused(&inputs, Kind::BadInput, &words).await;

    let identities = Some(vec![identity("a", "1", "p"), identity("a", "1", "q")]);
    let error = run_error(World { identities, events: events.clone(), ..World::default() }).await;
    assert_error(
        &error,
        Kind::BadInput,
        &["`identities`", "1 accounts are linked to more than one person"],
    );

    let post = |author: &str| Post {
        network: "a".into(),
        id: "p".into(),
        author: author.into(),
        at: CUTOFF - HOUR,
        ..Post::default()
    };
    let posts = Some(vec![post("1"), post("2")]);
    let error = run_error(World { posts, events, ..World::default() }).await;
    assert_error(&error, Kind::BadInput, &["`posts`", "1 posts have two rows", "keep one row"]);

    let events = vec![reply("a:b", "1", "2", 3)];
    let error = run_error(World { events, ..World::default() }).await;
    assert_error(
        &error,
        Kind::BadInput,
        &["the network of 2 accounts contains `:`", "in a SELECT"],
    );
}

async fn run_error(world: World) -> Error {
    let folder = TempDir::new().unwrap();
    let job = world.write(folder.path());
    Published::of(&job, 2, &[]).await.err().expect("the input is refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_statements_need_a_subject_and_a_known_status() {
    let statement = |status: &str, network: Option<&str>| crate::world::Statement {
        network: network.map(str::to_owned),
        id: Some("1".into()),
        status: status.into(),
        at: CUTOFF,
        ..Default::default()
    };
    let with =
        |consent| World { consent: Some(consent), events: three_replies(), ..World::default() };
    let without_subject = with(vec![statement("opted_in", None), statement("opted_in", Some("a"))]);
    let words =
        ["`consent`", "column `network` is null where `account_id` is given in 1 of 2 rows"];
    assert_error(&run_error(without_subject).await, Kind::BadInput, &words);
    let words = ["column `status` is not one of opted_in, opted_out, deleted in 1 of 1 rows"];
    let unknown = with(vec![statement("maybe", Some("a"))]);
    assert_error(&run_error(unknown).await, Kind::BadInput, &words);
}

/// One `[inputs]` entry of SQL over the source `raw`.
pub fn select(sql: &str) -> String {
    format!("interactions = '''{sql}'''\n[sources]\nraw = \"interactions.parquet\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_must_not_write() {
    let folder = Folder::with(&interactions(&three_replies()));
    let out = folder.path("stolen.parquet");
    for sql in [
        "SELECT * INTO copy FROM raw".to_owned(),
        "SELECT * FROM raw; DROP TABLE raw".to_owned(),
        "INSERT INTO raw SELECT * FROM raw".to_owned(),
        "CREATE TABLE copy AS SELECT * FROM raw".to_owned(),
        format!("COPY (SELECT * FROM raw) TO '{}'", out.display()),
        "WITH copy AS (SELECT * FROM raw) INSERT INTO raw SELECT * FROM copy".to_owned(),
        format!("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '{}'", out.display()),
        "SET datafusion.execution.batch_size = 1".to_owned(),
        "DROP TABLE raw".to_owned(),
    ] {
        assert!(folder.run(&select(&sql)).await.is_err(), "{sql}");
        assert!(!out.exists() && !folder.path("out").exists(), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_that_writes_is_refused_with_the_reason() {
    let folder = Folder::with(&interactions(&three_replies()));
    let words = ["inputs.interactions", "must not write"];
    for sql in ["SELECT * INTO copy FROM raw", "SELECT * FROM raw; DROP TABLE raw"] {
        folder.refused(&select(sql), Kind::BadJob, &words).await;
    }
    // These are taken for paths of files.
    for sql in ["INSERT INTO raw SELECT * FROM raw", "COPY raw TO 'x.parquet'", "DROP TABLE raw"] {
        folder.refused(&select(sql), Kind::BadJob, &words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_that_fails_says_where() {
    let folder = Folder::with(&interactions(&three_replies()));
    for (sql, kind, words) in [
        ("SELECT * FROM row", Kind::BadJob, "row"),
        ("SELECT nobody FROM raw", Kind::BadJob, "nobody"),
        ("SELECT FROM WHERE", Kind::BadJob, "inputs.interactions"),
        ("SELECT *, 1 AS actor FROM raw", Kind::BadInput, "did you mean `actor_id`?"),
        ("SELECT *, 'x' AS shoe_size FROM raw", Kind::BadInput, "leave it out of the SELECT"),
        ("SELECT network, actor_id FROM raw", Kind::BadInput, "column `target_id` is missing"),
    ] {
        folder.refused(&select(sql), kind, &[words, "interactions"]).await;
    }
    // An error that shows only when rows are read.
    let casts = "SELECT network, CAST(kind AS BIGINT) AS actor_id, target_id, kind, at FROM raw";
    folder.refused(&select(casts), Kind::BadJob, &["inputs.interactions"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_with_two_columns_of_one_name_is_refused() {
    // It is not clear which `at` is meant.
    let folder = Folder::with(&interactions(&three_replies()));
    let sql = "SELECT x.*, y.at FROM raw x JOIN raw y ON x.actor_id = y.target_id";
    assert!(folder.run(&select(sql)).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_may_begin_with_a_comment_or_a_bracket() {
    let folder = Folder::with(&interactions(&three_replies()));
    let mut refused = Vec::new();
    for sql in [
        "select * from raw",
        "\n  WITH x AS (SELECT * FROM raw) SELECT * FROM x",
        "SELECT* FROM raw",
        "(SELECT * FROM raw)",
        "-- everything\nSELECT * FROM raw",
        "/* everything */ SELECT * FROM raw",
    ] {
        refused.extend(folder.run(&select(sql)).await.is_err().then_some(sql));
    }
    assert!(refused.is_empty(), "{refused:#?} were refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_cannot_use_the_clock_or_random_numbers() {
    // The wall clock never reaches an output, and the same rows give the same bytes.
    let folder = Folder::with(&interactions(&three_replies()));
    let mut run = Vec::new();
    for sql in [
        "SELECT network, actor_id, target_id, kind, now() AS at FROM raw",
        "SELECT network, CAST(now() AS TEXT) AS actor_id, target_id, kind, at FROM raw",
        "SELECT network, uuid() AS actor_id, target_id, kind, at FROM raw",
        "SELECT * FROM raw WHERE random() < 2",
    ] {
        run.extend(folder.run(&select(sql)).await.is_ok().then_some(sql));
    }
    assert!(run.is_empty(), "{run:#?} were run");
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_over_sources_gives_the_same_tables_as_a_file() {
    let mut events = three_replies();
    events.push(Interaction { kind: "like".into(), ..reply("b", "1", "2", 7) });
    let direct = Folder::with(&interactions(&events)).run(PLAIN).await.unwrap();

    let names = RecordBatch::try_from_iter([
        ("number", Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef),
        ("key", text(["n1", "n2", "n3"])),
    ])
    .unwrap();
    let keyed = |column: &ArrayRef| -> ArrayRef {
        let keys: Vec<String> =
            column.as_string::<i32>().iter().map(|id| format!("n{}", id.unwrap())).collect();
        text(keys.iter().map(String::as_str))
    };
    let replies = interactions(&events[..3]);
    let replies = with(&replies, "actor_id", keyed(&replies["actor_id"]));
    let folder = Folder::new()
        .put("Raw/names.parquet", &names)
        .put("Raw/replies/2026-03-31.parquet", &replies)
        .put("Raw/likes.parquet", &interactions(&events[3..]));
    let job = r#"interactions = """
        WITH replied AS (SELECT network, number, target_id, at FROM replies
                     JOIN names ON replies.actor_id = names.key)
        SELECT network, number AS actor_id, target_id, 'reply' AS kind, at FROM replied
        UNION ALL
        SELECT network, CAST(actor_id AS INT), target_id, kind, at FROM likes WHERE at < '{snapshot}T23:00:00Z'
        """
        [sources]
        names = "${lake}/names.parquet"
        replies = "${lake}/replies/{snapshot}.parquet"
        likes = "${lake}/likes.parquet""#;
    for lake in [folder.path("Raw").display().to_string(), "Raw".into(), "./x/../Raw".into()] {
        let published = folder.run_set(job, &[("lake", &lake)]).await.unwrap();
        assert_eq!(published.table_files(), direct.table_files(), "{lake}");
    }
}

/// The people of [`three_replies`] with its ids given in a column of another type.
async fn people_by_id(ids: ArrayRef) -> Vec<String> {
    let batch = interactions(&three_replies());
    let batch = with(&batch, "actor_id", ids);
    let batch = with(&batch, "target_id", text(["x", "x", "x"]));
    let folder = Folder::with(&batch);
    let people = folder.run(PLAIN).await.unwrap_or_else(|e| panic!("{e}")).people();
    people.into_iter().filter_map(|p| Some(p.strip_prefix("a:")?.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_every_type_are_kept_exactly() {
    let unsigned = UInt64Array::from(vec![u64::MAX, i64::MAX as u64 + 1, 7]);
    let expected = ["18446744073709551615", "7", "9223372036854775808", "x"];
    assert_eq!(people_by_id(Arc::new(unsigned)).await, expected);
    let tiny = Int8Array::from(vec![-128, 0, 127]);
    assert_eq!(people_by_id(Arc::new(tiny)).await, ["-128", "0", "127", "x"]);
    let large = 12_345_678_901_234_567_890_i128;
    let decimal = Decimal128Array::from(vec![large, -large, 0]).with_precision_and_scale(20, 0);
    let expected = ["-12345678901234567890", "0", "12345678901234567890", "x"];
    assert_eq!(people_by_id(Arc::new(decimal.unwrap())).await, expected);
    let texts = ["did:plc:ü", "007", " 7 "];
    assert_eq!(people_by_id(text(texts)).await, [" 7 ", "007", "did:plc:ü", "x"]);
    for kind in [DataType::LargeUtf8, DataType::Utf8View] {
        let column = cast(&text(texts), &kind).unwrap();
        assert_eq!(people_by_id(column).await, [" 7 ", "007", "did:plc:ü", "x"]);
    }
    let encoded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let column = cast(&text(texts), &encoded).unwrap();
    assert_eq!(people_by_id(column).await, [" 7 ", "007", "did:plc:ü", "x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_in_a_dictionary_of_integers_are_kept() {
    let encoded = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int64));
    let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 1]));
    let column = cast(&column, &encoded).unwrap();
    assert_eq!(people_by_id(column).await, ["1", "2", "x"]);
}

/// A random world of interactions only, with many of them in a long window.
fn busy() -> World {
    let mut worlds = (0..).map(|seed| world(&mut Rng::with_seed(seed)));
    let busy =
        |w: &World| w.events.len() > 60 && w.top > 1 && w.method.contains("window_hours = 2160");
    let world = worlds.find(busy).unwrap();
    World { accounts: None, identities: None, posts: None, ..world }
}

/// What a random world publishes with its interactions in files that `put` writes.
async fn tables_of(put: impl Fn(&Path, &RecordBatch), inputs: &str) -> Published {
    let world = busy();
    let folder = Folder::new();
    put(folder.0.path(), &interactions(&world.events));
    let job = world.write_job(folder.0.path(), inputs);
    Published::of(&job, 5, &[]).await.unwrap_or_else(|e| panic!("{inputs}: {e}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn files_folders_and_partitions_give_the_same_bytes() {
    let one =
        tables_of(|folder, all| write(&folder.join("interactions.parquet"), all), PLAIN).await;
    assert!(one.tables["influence_edges"].len() > 3);
    let several = |folder: &Path, all: &RecordBatch| {
        let (half, n) = (all.num_rows() / 2, all.num_rows());
        write(&folder.join("in/z.parquet"), &all.slice(0, half));
        write(&folder.join("in/a.parquet"), &all.slice(half, n - half));
        write(&folder.join("in/none.parquet"), &all.slice(0, 0));
        fs::write(folder.join("in/_SUCCESS"), "").unwrap();
        fs::write(folder.join("in/.z.parquet.crc"), "crc").unwrap();
    };
    for inputs in ["interactions = \"in/\"\n", "interactions = \"in\"\n"] {
        assert_eq!(tables_of(several, inputs).await.files.keys().len(), one.files.len());
        assert_eq!(tables_of(several, inputs).await.table_files(), one.table_files());
    }
    let backwards = |folder: &Path, all: &RecordBatch| {
        let rows: Vec<_> = (0..all.num_rows()).rev().map(|row| all.slice(row, 1)).collect();
        let all = concat_batches(&all.schema(), &rows).unwrap();
        write(&folder.join("interactions.parquet"), &all);
    };
    assert_eq!(tables_of(backwards, PLAIN).await.table_files(), one.table_files());
    let hive = |folder: &Path, all: &RecordBatch| {
        let networks = all["network"].as_string::<i32>().clone();
        for row in 0..all.num_rows() {
            let network = networks.value(row);
            let path = format!("in/dt=2026-01-01/network={network}/{row}.parquet");
            let columns = without(&all.slice(row, 1), "network");
            write(&folder.join(path), &RecordBatch::try_from_iter(columns).unwrap());
        }
    };
    let inputs = "interactions = \"in/\"\n";
    assert_eq!(tables_of(hive, inputs).await.table_files(), one.table_files());
    let dated = |folder: &Path, all: &RecordBatch| {
        write(&folder.join("dt=2026-03-31/x.parquet"), all);
        write(&folder.join("dt=2026-03-30/x.parquet"), &all.slice(0, 1));
    };
    let inputs = "interactions = \"dt={snapshot}/\"\n";
    assert_eq!(tables_of(dated, inputs).await.table_files(), one.table_files());
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_within_a_folder_are_read_or_refused() {
    let nested = |folder: &Folder| {
        write(&folder.path("in/2026/part.parquet"), &interactions(&three_replies()[1..]));
    };
    let folder = Folder::new().put("in/part.parquet", &interactions(&three_replies()[..1]));
    nested(&folder);
    match folder.run("interactions = \"in/\"\n").await {
        Ok(published) => {
            assert_eq!(published.people().len(), 3, "a file was ignored silently")
        }
        Err(error) => assert_error(&error, Kind::BadInput, &["in/"]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_files_are_refused() {
    // Writers keep unfinished files under names that begin with `_` or `.`.
    for hidden in ["in/_part.parquet", "in/.part.parquet", "in/_temporary/part.parquet"] {
        let folder = Folder::new()
            .put("in/part.parquet", &interactions(&three_replies()[..1]))
            .put(hidden, &interactions(&three_replies()[1..]));
        let words = [hidden.trim_start_matches("in/"), "unfinished write"];
        folder.refused("interactions = \"in/\"\n", Kind::BadInput, &words).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_do_not_fit_together_are_bad_input() {
    let folder = Folder::new()
        .put("in/dt=1/part.parquet", &interactions(&three_replies()[..1]))
        .put("in/network=b/part.parquet", &interactions(&three_replies()[1..]));
    let Err(error) = folder.run("interactions = \"in/\"\n").await else { return };
    assert_error(&error, Kind::BadInput, &["in/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_with_different_types_in_one_folder_are_bad_input() {
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let other = with(&interactions(&three_replies()), "actor_id", ints);
    let folder = Folder::new()
        .put("in/a.parquet", &interactions(&three_replies()))
        .put("in/b.parquet", &other);
    folder.refused("interactions = \"in/\"\n", Kind::BadInput, &["actor_id", "in/"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_value_is_null() {
    let columns =
        RecordBatch::try_from_iter(without(&interactions(&three_replies()), "network")).unwrap();
    let folder = Folder::new().put("in/network=__HIVE_DEFAULT_PARTITION__/x.parquet", &columns);
    let words = ["column `network` is null"];
    folder.refused("interactions = \"in/\"\n", Kind::BadInput, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn escaped_characters_of_a_partition_are_read() {
    // Writers of Hive folders escape what a path cannot hold.
    let columns =
        RecordBatch::try_from_iter(without(&interactions(&three_replies()), "actor_id")).unwrap();
    let folder = Folder::new().put("in/actor_id=did%3Aplc%2Fx/x.parquet", &columns);
    let people = folder.run("interactions = \"in/\"\n").await.unwrap().people();
    assert!(people.contains(&"a:did:plc/x".to_owned()), "{people:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_every_unit_and_zone_give_the_same_tables() {
    let world = busy();
    // Whole seconds, which every unit holds.
    let events: Vec<Interaction> = world
        .events
        .iter()
        .map(|e| Interaction { at: e.at / 1_000_000 * 1_000_000, ..e.clone() })
        .collect();
    let batch = interactions(&events);
    let mut first: Option<Published> = None;
    let units =
        [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];
    for unit in units {
        for zone in [None, Some("UTC"), Some("+05:30"), Some("America/New_York")] {
            let kind = DataType::Timestamp(unit, zone.map(Into::into));
            let at = cast(&batch["at"], &DataType::Timestamp(unit, Some("UTC".into()))).unwrap();
            // The same instants in another zone; times without a zone are in UTC.
            let at = arrow::array::make_array(
                at.to_data().into_builder().data_type(kind.clone()).build().unwrap(),
            );
            let folder = Folder::with(&with(&batch, "at", at));
            let job = world.write_job(folder.0.path(), PLAIN);
            let published =
                Published::of(&job, 2, &[]).await.unwrap_or_else(|e| panic!("{kind}: {e}"));
            match &first {
                None => first = Some(published),
                Some(first) => assert_eq!(published.table_files(), first.table_files(), "{kind}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_event_counts_once_and_is_reported() {
    let mut events = three_replies();
    for _ in 0..3 {
        events.push(events[0].clone());
    }
    events.push(Interaction { via: Some("v".into()), ..events[0].clone() });
    events.push(reply("a", "2", "2", 1));
    events.push(reply("a", "1", "2", 24 * 400));
    events.push(reply("a", "1", "2", -5));
    let world = World { events, ..World::default() };
    let published = world.run().await;
    assert_eq!(published.measures("a", "a:2")["reactions_90d"], json!(2));
    let drops = published.drops();
    assert_eq!(drops[&("interactions", "duplicate rows")], "3");
    assert_eq!(drops[&("interactions", "between accounts of one person")], "1");
    assert_eq!(drops[&("interactions", "before the window")], "1");
    assert_eq!(drops[&("interactions", "after the cutoff")], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_post_ids_are_counted() {
    // Unknown ids are refused or counted, never ignored silently.
    let event = Interaction { post: Some("nowhere".into()), ..reply("a", "1", "2", 3) };
    let world = World { posts: Some(vec![]), events: vec![event], ..World::default() };
    let published = world.run().await;
    let counted = published
        .drops()
        .keys()
        .any(|(table, rule)| *table == "interactions" && rule.contains("post"));
    assert!(counted, "{:?}", published.drops());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rerun_does_nothing_and_says_so() {
    let folder = Folder::with(&interactions(&three_replies()));
    let first = folder.run(PLAIN).await.unwrap();
    let again = folder.run(PLAIN).await.unwrap();
    assert!(!first.outcome.already && again.outcome.already);
    assert_eq!(first.commit, again.commit);
    assert_eq!(first.files, again.files);
    // Other rows are another run of the same day, which is then in force.
    let folder = folder.put("interactions.parquet", &interactions(&three_replies()[..2]));
    let other = folder.run(PLAIN).await.unwrap();
    assert_eq!((other.commit.number, other.outcome.already), (2, false));
    assert_ne!(other.commit.run_id, first.commit.run_id);
    assert_eq!(other.commit.in_force.into_values().collect::<Vec<_>>(), [2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_snapshot_is_refused_and_one_person_is_scored() {
    // An empty snapshot is usually a late one.
    let words = ["`interactions`", "in the 2160 hours before the end of", "has arrived"];
    assert_error(&run_error(World::default()).await, Kind::BadInput, &words);
    // The error does not reveal whether people who did not agree met.
    let consent = Some(vec![of_account("a", "1", "opted_in", 1)]);
    let refused = World { rule: "opt_in", consent, events: three_replies(), ..World::default() };
    assert_error(&run_error(refused).await, Kind::BadInput, &words);

    let empty = World {
        accounts: Some(vec![account("a", "1")]),
        identities: Some(vec![]),
        consent: Some(vec![]),
        posts: Some(vec![]),
        events: vec![reply("a", "1", "1", 3)],
        ..World::default()
    };
    let published = empty.run().await;
    assert_eq!(published.people(), ["a:1"]);
    let score = published.score("a:1");
    assert_eq!((&score["percentile"], &score["true_reach"]), (&json!(50.0), &json!(0.0)));
    assert!((published.measures("a", "a:1")["pagerank"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let alone = World { events: vec![reply("a", "1", "1", 3)], ..World::default() };
    assert_eq!(alone.run().await.people(), ["a:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_misspelled_optional_column_is_refused() {
    // If `birthdate` were ignored, a minor would be scored.
    let accounts = RecordBatch::try_from_iter([
        ("network", text(["a"])),
        ("account_id", text(["1"])),
        ("birthdate", text(["2020-01-01"])),
    ]);
    let folder = Folder::new()
        .put("accounts.parquet", &accounts.unwrap())
        .put("events.parquet", &interactions(&three_replies()));
    let inputs = "accounts = \"accounts.parquet\"\ninteractions = \"events.parquet\"\n";
    let words = ["input `accounts`", "column `birthdate` is called `birth_date` in the contract"];
    folder.refused(inputs, Kind::BadInput, &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protecting_column_in_a_struct_or_in_two_spellings_is_refused() {
    let flags = || Arc::new(BooleanArray::from(vec![true])) as ArrayRef;
    let field = |name: &str| Arc::new(Field::new(name, DataType::Boolean, true));
    let user = |name: &str| Arc::new(StructArray::from(vec![(field(name), flags())])) as ArrayRef;
    let accounts = |more: Vec<(&str, ArrayRef)>| {
        let keys = [("network", text(["a"])), ("account_id", text(["1"]))];
        let accounts = RecordBatch::try_from_iter(keys.into_iter().chain(more)).unwrap();
        Folder::new()
            .put("accounts.parquet", &accounts)
            .put("events.parquet", &interactions(&three_replies()))
    };
    let inputs = "accounts = \"accounts.parquet\"\ninteractions = \"events.parquet\"\n";
    for (columns, words) in [
        (vec![("user", user("isMinor"))], "write user['isMinor'] AS is_minor in a SELECT"),
        (vec![("user.is_minor", flags())], "write \"user.is_minor\" AS is_minor in a SELECT"),
        (
            vec![("is_minor", flags()), ("isMinor", flags())],
            "columns `is_minor` and `isMinor` may both be meant",
        ),
    ] {
        accounts(columns).refused(inputs, Kind::BadInput, &[words]).await;
    }
    let warned = async |columns| {
        let published = accounts(columns).run(inputs).await.unwrap();
        let mut warnings = published.outcome.notes.warnings.into_iter();
        warnings.any(|warning| warning.text.contains("is not read"))
    };
    assert!(warned(vec![("minor_flag", flags())]).await);
    assert!(warned(vec![("user", user("country"))]).await);
    assert!(!warned(vec![("user", user("verified"))]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_statements_about_unknown_accounts_are_counted() {
    let unknown = vec![of_account("A", "1", "opted_out", 1)];
    let world = World { consent: Some(unknown), events: three_replies(), ..World::default() };
    let folder = TempDir::new().unwrap();
    let (_, outcome) = run_job(&world.write(folder.path()), 2, &[]).await.unwrap();
    assert!(
        outcome.notes.dropped.iter().any(|d| d.table == "consent" && d.rows == "fewer than 11")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn limit_without_order_is_refused() {
    let folder = Folder::new().put("raw.parquet", &interactions(&three_replies()));
    let inputs =
        |sql: &str| format!("interactions = \"{sql}\"\n[sources]\nraw = \"raw.parquet\"\n");
    let words = ["LIMIT without ORDER BY"];
    folder.refused(&inputs("SELECT * FROM raw LIMIT 2"), Kind::BadJob, &words).await;
    let ordered = inputs("SELECT * FROM raw ORDER BY at, actor_id, target_id LIMIT 2");
    folder.run(&ordered).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn text_is_not_accepted_as_time() {
    let words = ["`at` is Utf8", "the contract says timestamp", "cast it in a SELECT"];
    refused_column("at", text(["2026-03-30", "2026-03-30", "yesterday"]), &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_before_1970_are_accepted() {
    let mut events = three_replies();
    events.push(Interaction { at: -1, ..reply("a", "1", "3", 0) });
    events.push(Interaction { at: -62_135_596_800_000_000, ..reply("a", "1", "3", 0) });
    let published = World { events, ..World::default() }.run().await;
    assert_eq!(published.drops()[&("interactions", "before the window")], "2");
    assert_eq!(published.measures("a", "a:3")["reactors_90d"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn awkward_ids_are_kept_exactly_through_all_tables() {
    let long = "x".repeat(1_024);
    let ids = ["a b", " ", "O'Neil", "\"q\"", "😀", "e\u{301}", "\\", "%2F", "NULL", &long];
    let events = ids.iter().zip(ids.iter().cycle().skip(1)).map(|(a, t)| reply("a", a, t, 3));
    let settings = "[reading]\nnot_missing = [\"NULL\"]\n".into();
    let published = World { events: events.collect(), settings, ..World::default() }.run().await;
    let mut expected: Vec<String> = ids.iter().map(|id| format!("a:{id}")).collect();
    expected.sort();
    assert_eq!(published.people(), expected);
    for (table, column) in
        [("scores", "person_id"), ("measures", "person_id"), ("influence_edges", "influenced_id")]
    {
        let mut found: Vec<&str> =
            published.tables[table].iter().map(|row| row[column].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_1025_bytes_is_refused() {
    let long = "x".repeat(1_025);
    let words = ["column `actor_id` is empty or longer than 1024 bytes in 1 of 3 rows"];
    refused_column("actor_id", text(["1", &long, "3"]), &words).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn circular_identities_are_two_people() {
    // A person_id is only a name: it is not resolved to the account of that name.
    let identities = vec![identity("a", "1", "a:2"), identity("a", "2", "a:1")];
    let world = World { identities: Some(identities), events: three_replies(), ..World::default() };
    let published = world.run().await;
    assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    // Account 2 is person a:1; account 1 replied to it.
    assert_eq!(published.measures("a", "a:1")["reactors_90d"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_linked_to_several_people_are_refused() {
    let pairs = ["1", "2"].map(|id| ["p", "q"].map(|person| identity("a", id, person)));
    let identities = Some(pairs.into_iter().flatten().collect());
    let error = run_error(World { identities, events: three_replies(), ..World::default() }).await;
    assert_error(&error, Kind::BadInput, &["2 accounts are linked to more than one person"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_in_which_everyone_opted_out_is_refused() {
    let consent = ["1", "2", "3"].map(|id| of_account("a", id, "opted_out", 1)).into();
    let world = World { consent: Some(consent), events: three_replies(), ..World::default() };
    let words = ["no interaction among eligible people", "has arrived, and `consent`"];
    assert_error(&run_error(world).await, Kind::BadInput, &words);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_given_twice_shows_its_line() {
    let folder = Folder::with(&interactions(&three_replies()));
    let twice = format!("{PLAIN}{PLAIN}");
    folder.refused(&twice, Kind::BadJob, &["job.toml:", "duplicate key"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_cannot_be_written_is_a_setting_to_correct() {
    let folder = Folder::with(&interactions(&three_replies()));
    // A file stands where the folder should be.
    fs::write(folder.path("out"), "in the way").unwrap();
    let error = folder.run(PLAIN).await.err().expect("it cannot be written");
    assert_error(&error, Kind::BadJob, &["/out/", "something else is in the way"]);
    assert_eq!(fs::read(folder.path("out")).unwrap(), b"in the way");
}

/// Constants for columns that a source lacks; DataFusion's planner uses that they are constant.
#[test]
fn constants_in_a_select_give_the_same_bytes() {
    let plain = SampleJob::after_run();
    let job = SampleJob::new();
    let network = "'quantum.stackexchange' AS network";
    let events = format!("{network}, actor_id, target_id, at, post_id, via_post_id");
    let selects = [
        ("accounts", format!("SELECT * EXCLUDE (network), {network} FROM raw_accounts")),
        ("posts", format!("SELECT * EXCLUDE (network), {network} FROM raw_posts")),
        (
            "interactions",
            format!(
                "SELECT {events}, 'comment' AS kind FROM raw_interactions WHERE kind = 'comment' \
                 UNION ALL SELECT {events}, kind FROM raw_interactions WHERE kind <> 'comment'"
            ),
        ),
    ];
    let mut sources = String::from("[sources]\n");
    for (table, select) in selects {
        sources.push_str(&format!("raw_{table} = \"sample/{table}/\"\n"));
        job.edit(&format!("\"sample/{table}.parquet\""), &format!("\"{select}\""));
        let rows = crate::parquet_files::read(&job.input(table));
        crate::parquet_files::write_parts(&job.path(&format!("jobs/sample/{table}")), &rows, 5);
    }
    job.edit("[inputs]", &format!("{sources}\n[inputs]"));
    for threads in ["1", "2", "8"] {
        job.run(&["--threads", threads]).done();
        assert!(job.published() == plain.published(), "{threads} threads");
        std::fs::remove_dir_all(job.output()).unwrap();
    }
}
