//! Columns that are not read as they are: what the message proposes is run, and works.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array,
    ListArray, NullArray, RecordBatch, StructArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, UInt32Array, UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use renown::error::{Error, Kind};
use serde_json::json;

use crate::inputs::{Folder, select};
use crate::parquet_files::{batch, texts};
use crate::world::{CUTOFF, HOUR, account, accounts, instants, interactions, reply, with};

fn three() -> RecordBatch {
    let events = [reply("a", "1", "2", 3), reply("a", "2", "3", 30), reply("a", "3", "1", 300)];
    interactions(&events)
}

/// The expression that a remedy proposes for a column.
fn proposed(error: &Error, column: &str) -> String {
    let remedy = &error.remedy;
    let end = remedy.find(&format!(" AS {column}")).unwrap_or_else(|| panic!("{error}"));
    let start = ["in a SELECT, ", "write "]
        .iter()
        .filter_map(|words| Some(remedy[..end].find(words)? + words.len()));
    remedy[start.max().unwrap()..end].to_owned()
}

/// Whether a table with `values` in `column` is refused, and read with what the refusal proposes.
async fn is_read_as_proposed(
    table: &str,
    rows: &RecordBatch,
    column: &str,
    values: ArrayRef,
) -> String {
    let rows = with(rows, column, values);
    let folder = Folder::with(&three()).put("own.parquet", &rows);
    let beside = match table {
        "interactions" => String::new(),
        _ => "interactions = \"interactions.parquet\"\n".to_owned(),
    };
    let plain = format!("{beside}{table} = \"own.parquet\"\n");
    let words = [table, &format!("column `{column}` is"), "in a SELECT"];
    let error = folder.refused(&plain, Kind::BadInput, &words).await;
    let sql = proposed(&error, column);
    let job = format!(
        "{beside}{table} = '''SELECT * EXCLUDE ({column}), {sql} AS {column} FROM own'''\n[sources]\nown = \"own.parquet\"\n"
    );
    let published = folder.run(&job).await;
    published.unwrap_or_else(|e| panic!("{sql}: {e}"));
    sql
}

fn posts(hashtags: Option<ArrayRef>) -> RecordBatch {
    let mut columns = vec![
        ("network", texts(["a", "a"])),
        ("post_id", texts(["p", "q"])),
        ("author_id", texts(["1", "2"])),
        ("created_at", instants([CUTOFF - HOUR, CUTOFF - 2 * HOUR])),
    ];
    columns.extend(hashtags.map(|tags| ("hashtags", tags)));
    batch(&columns)
}

fn list(items: ArrayRef, lengths: [usize; 2]) -> ArrayRef {
    let field = Arc::new(Field::new("item", items.data_type().clone(), true));
    Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(lengths), items, None))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_proposed_conversion_is_read() {
    let at = |unit: i64| -> Vec<i64> { (1..4).map(|h| (CUTOFF - h * HOUR) / unit).collect() };
    let rows = three();
    let seconds = Int64Array::from(at(1_000_000));
    let as_u32: UInt32Array = at(1_000_000).into_iter().map(|second| second as u32).collect();
    let as_u64: UInt64Array = at(1_000).into_iter().map(|milli| milli as u64).collect();
    let user: ArrayRef = Arc::new(StructArray::from(vec![
        (
            Arc::new(Field::new("is_new", DataType::Boolean, true)),
            Arc::new(BooleanArray::from(vec![true; 3])) as ArrayRef,
        ),
        (Arc::new(Field::new("id", DataType::Utf8, true)), texts(["1", "2", "3"])),
    ]));
    let object_ids = [[1; 12], [2; 12], [3; 12]];
    let object_ids = FixedSizeBinaryArray::try_from_iter(object_ids.iter()).unwrap();
    let decimals: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]));
    let cases: [(&str, ArrayRef, &str); 12] = [
        ("actor_id", user, "actor_id['id']"),
        ("actor_id", Arc::new(object_ids), "encode(actor_id, 'hex')"),
        (
            "actor_id",
            cast(&decimals, &DataType::Decimal128(20, 2)).unwrap(),
            "CAST(actor_id AS DECIMAL(38, 0))",
        ),
        (
            "actor_id",
            cast(&texts(["1", "2", "3"]), &DataType::Binary).unwrap(),
            "CAST(actor_id AS VARCHAR)",
        ),
        ("at", Arc::new(seconds), "to_timestamp_seconds(at)"),
        ("at", Arc::new(Int64Array::from(at(1_000))), "to_timestamp_millis(at)"),
        ("at", Arc::new(Int64Array::from(at(1))), "to_timestamp_micros(at)"),
        ("at", Arc::new(as_u32), "to_timestamp_seconds(at)"),
        ("at", Arc::new(as_u64), "to_timestamp_millis(at)"),
        (
            "at",
            texts(["2026-03-30T10:00:00Z", "2026-03-30 10:00:00", "2026-03-30"]),
            "CAST(at AS TIMESTAMP)",
        ),
        ("actor_id", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])), "CAST(actor_id AS BIGINT)"),
        ("sentiment", texts(["0.5", "-1", "1"]), "CAST(sentiment AS DOUBLE)"),
    ];
    for (column, values, expected) in cases {
        assert_eq!(is_read_as_proposed("interactions", &rows, column, values).await, expected);
    }
    let rows = accounts(&[account("a", "1"), account("a", "2")]);
    let cases: [(&str, ArrayRef, &str); 5] = [
        ("birth_date", texts(["1980-01-31", "1990-12-01"]), "CAST(birth_date AS DATE)"),
        ("birth_date", instants([0, 1]), "CAST(birth_date AS DATE)"),
        ("is_minor", Arc::new(Int32Array::from(vec![0, 1])), "CAST(is_minor AS BOOLEAN)"),
        (
            "followers_count",
            Arc::new(Float64Array::from(vec![3.0, 4.0])),
            "CAST(followers_count AS BIGINT)",
        ),
        ("display_name", Arc::new(Int64Array::from(vec![3, 4])), "CAST(display_name AS VARCHAR)"),
    ];
    for (column, values, expected) in cases {
        assert_eq!(is_read_as_proposed("accounts", &rows, column, values).await, expected);
    }
    let tags: ArrayRef = Arc::new(StructArray::from(vec![
        (
            Arc::new(Field::new("start", DataType::Int64, true)),
            Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef,
        ),
        (Arc::new(Field::new("tag", DataType::Utf8, true)), texts(["x", "y", "z"])),
    ]));
    for (tags, expected) in [
        (texts(["[\"x\", \"y\"]", "[]"]), "string_to_array(translate(hashtags, '[]\" ', ''), ',')"),
        (list(tags, [2, 1]), "array_transform(hashtags, item -> item['tag'])"),
        (
            list(Arc::new(Int64Array::from(vec![1, 2, 3])), [1, 2]),
            "array_transform(hashtags, item -> CAST(item AS VARCHAR))",
        ),
    ] {
        let sql = is_read_as_proposed("posts", &posts(None), "hashtags", tags).await;
        assert_eq!(sql, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lambdas_are_written_as_duckdb_or_spark_write_them() {
    let tags: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("tag", DataType::Utf8, true)),
        texts(["x", "y", "z"]),
    )]));
    let folder = Folder::with(&three())
        .put("own.parquet", &posts(Some(list(tags, [2, 1]))))
        .put("plain.parquet", &posts(Some(list(texts(["x", "y", "z"]), [2, 1]))));
    let job = |tags: &str, from: &str| {
        format!(
            "interactions = \"interactions.parquet\"\n\
             posts = \"SELECT * EXCLUDE (hashtags), {tags} AS hashtags FROM {from}\"\n\
             [sources]\nown = \"own.parquet\"\nplain = \"plain.parquet\"\n"
        )
    };
    let plain = folder.run(&job("hashtags", "plain")).await.unwrap();
    for tags in [
        "array_transform(hashtags, h -> h['tag'])",
        "list_transform(hashtags, lambda h: h.tag)",
        "list_transform(hashtags, h -> h.tag)",
    ] {
        std::fs::remove_dir_all(folder.path("out")).unwrap();
        let published =
            folder.run(&job(tags, "own")).await.unwrap_or_else(|e| panic!("{tags}: {e}"));
        assert_eq!(published.table_files(), plain.table_files(), "{tags}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_every_kind_are_read() {
    let words = || texts(["x", "y", "z", "x"]);
    let encoded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fixed = DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Utf8, true)), 2);
    let plain = list(words(), [2, 2]);
    let nothing = list(texts([]), [0, 0]);
    let job = "interactions = \"interactions.parquet\"\nposts = \"posts.parquet\"\n";
    for (tags, same) in [
        (list(cast(&words(), &encoded).unwrap(), [2, 2]), &plain),
        (cast(&plain, &fixed).unwrap(), &plain),
        (list(cast(&words(), &DataType::LargeUtf8).unwrap(), [2, 2]), &plain),
        (list(Arc::new(NullArray::new(2)), [1, 1]), &nothing),
        (list(Arc::new(NullArray::new(0)), [0, 0]), &nothing),
    ] {
        let shown = tags.data_type().clone();
        let mut published = Vec::new();
        for tags in [tags, same.clone()] {
            let folder = Folder::with(&three()).put("posts.parquet", &posts(Some(tags)));
            published.push(folder.run(job).await.unwrap_or_else(|e| panic!("{shown}: {e}")));
        }
        assert_eq!(published[0].table_files(), published[1].table_files(), "{shown}");
        let has_topics = !published[0].tables["topic_interests"].is_empty();
        assert_eq!(has_topics, Arc::ptr_eq(same, &plain), "{shown}");
    }
}

fn uuids(numbers: [u8; 3]) -> ArrayRef {
    let bytes = numbers.map(|number| [number; 16]);
    Arc::new(FixedSizeBinaryArray::try_from_iter(bytes.iter()).unwrap())
}

/// As pyarrow writes a dictionary of UUIDs: plain, with a schema beside that of Parquet that calls it a dictionary.
#[tokio::test(flavor = "multi_thread")]
async fn uuids_that_were_a_dictionary_are_read_as_their_text() {
    let plain =
        with(&with(&three(), "actor_id", uuids([1, 2, 0xab])), "target_id", uuids([2, 1, 1]));
    let fields = plain.schema();
    let fields = fields.fields().iter().map(|field| match field.data_type() {
        DataType::FixedSizeBinary(_) => {
            let kind = DataType::Dictionary(
                Box::new(DataType::Int32),
                Box::new(field.data_type().clone()),
            );
            Arc::new(field.as_ref().clone().with_data_type(kind))
        }
        _ => Arc::clone(field),
    });
    let shown = encode_arrow_schema(&Schema::new(fields.collect::<Vec<_>>()));
    let pair = KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), shown);
    let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![pair]));
    let properties =
        properties.set_created_by("parquet-cpp-arrow version 21.0.0".to_owned()).build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let folder = Folder::with(&plain);
    let file = std::fs::File::create(folder.path("interactions.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new_with_options(file, plain.schema(), options).unwrap();
    writer.write(&plain).unwrap();
    writer.close().unwrap();
    let job = "interactions = \"interactions.parquet\"\n";
    let people = folder.run(job).await.unwrap().people();
    assert_eq!(people[0], "a:01010101-0101-0101-0101-010101010101");
    assert_eq!(people.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn uuids_are_read_as_their_text() {
    let rows =
        with(&with(&three(), "actor_id", uuids([1, 2, 0xab])), "target_id", uuids([2, 1, 1]));
    let folder = Folder::with(&rows);
    let people = [
        "a:01010101-0101-0101-0101-010101010101",
        "a:02020202-0202-0202-0202-020202020202",
        "a:abababab-abab-abab-abab-abababababab",
    ];
    let plain = "interactions = \"interactions.parquet\"\n";
    assert_eq!(folder.run(plain).await.unwrap().people(), people);
    let direct = std::fs::read_dir(folder.path("out")).unwrap().count();
    assert!(direct > 0);
    std::fs::remove_dir_all(folder.path("out")).unwrap();
    let selected = select("SELECT network, actor_id, target_id, kind, at FROM raw");
    assert_eq!(folder.run(&selected).await.unwrap().people(), people);
    std::fs::remove_dir_all(folder.path("out")).unwrap();
    // A cast or a function that does not take them says so.
    for id in ["CAST(actor_id AS VARCHAR)", "hex_of(actor_id)", "arrow_cast(actor_id, 'Utf8')"] {
        let sql = format!("SELECT network, {id} AS actor_id, target_id, kind, at FROM raw");
        let error = folder.run(&select(&sql)).await.err().expect(id);
        assert_eq!(error.kind, Kind::BadJob, "{error}");
        assert!(error.remedy.contains("select `actor_id` as it is"), "{id}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn integers_are_not_cast_to_times_of_another_unit() {
    let at = |unit: i64| -> Vec<i64> { (1..4).map(|h| (CUTOFF - h * HOUR) / unit).collect() };
    let nanos: Vec<i64> = at(1).into_iter().map(|micro| micro * 1_000).collect();
    let small: UInt32Array = at(1_000_000).into_iter().map(|second| second as u32).collect();
    let large: UInt64Array = at(1_000_000).into_iter().map(|second| second as u64).collect();
    let columns: [(ArrayRef, &str, &str); 6] = [
        // Of 64 bits SQL takes integers for seconds.
        (Arc::new(Int64Array::from(at(1_000_000))), "", "CAST(made AS TIMESTAMP)"),
        (Arc::new(Int64Array::from(at(1_000))), "for seconds", "to_timestamp_millis(made)"),
        (Arc::new(Int64Array::from(at(1))), "for seconds", "to_timestamp_micros(made)"),
        (Arc::new(Int64Array::from(nanos)), "for seconds", "to_timestamp_nanos(made)"),
        (Arc::new(small), "for nanoseconds", "to_timestamp_seconds(made)"),
        (Arc::new(large), "for nanoseconds", "to_timestamp_seconds(made)"),
    ];
    for (made, taken, instead) in columns {
        let folder = Folder::with(&with(&three(), "made", made));
        let with_time = |time: &str| {
            select(&format!("SELECT network, actor_id, target_id, kind, {time} AS at FROM raw"))
        };
        if !taken.is_empty() {
            let words = ["takes the integers of `raw.made`", taken, instead];
            folder.refused(&with_time("CAST(made AS TIMESTAMP)"), Kind::BadJob, &words).await;
        }
        let published = folder.run(&with_time(instead)).await;
        let published = published.unwrap_or_else(|e| panic!("{instead}: {e}"));
        assert_eq!(published.people().len(), 3, "{instead}");
        assert_eq!(published.drops()[&("interactions", "before the window")], "0", "{instead}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_a_cast_does_not_take_are_named() {
    let hour = |hour: i64| CUTOFF - 86_400_000_000 * 24 + hour * HOUR;
    // In New York clocks went from 2:00 to 3:00 on 8 March 2026.
    let local = TimestampMicrosecondArray::from(vec![hour(1), hour(2) + HOUR / 2, hour(4)]);
    let folder = Folder::with(&with(&three(), "made", Arc::new(local)));
    let with_time = |time: &str| {
        select(&format!("SELECT network, actor_id, target_id, kind, {time} AS at FROM raw"))
    };
    let gap = with_time("made AT TIME ZONE 'America/New_York'");
    let words = ["2026-03-08T02:30:00", "does not exist in America/New_York", "in 1 rows"];
    let error = folder.refused(&gap, Kind::BadJob, &words).await;
    assert_eq!(error.place.column.as_deref(), Some("at"));
    let (_, sql) = error.remedy.split_once("the hour before: ").unwrap();
    folder.run(&with_time(sql)).await.unwrap_or_else(|e| panic!("{sql}: {e}"));

    let folder = Folder::with(&with(&three(), "count", texts(["1", "x", "y"])));
    let sql = "SELECT network, CAST(count AS BIGINT) AS actor_id, target_id, kind, at FROM raw";
    let words = ["`x` of `raw.count` is no Int64, in 2 rows", "TRY_CAST"];
    let error = folder.refused(&select(sql), Kind::BadJob, &words).await;
    assert_eq!((error.place.column.as_deref(), error.place.rows), (Some("actor_id"), Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_beyond_the_types_of_the_contract_are_named() {
    let rows = accounts(&[account("a", "1"), account("a", "2")]);
    let counts: ArrayRef = Arc::new(UInt64Array::from(vec![3, u64::MAX]));
    let never: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![CUTOFF / 1_000 - 1, i64::MAX]));
    for (column, values, words) in [
        ("followers_count", counts, "is UInt64 and above 9223372036854775807 in 1 of 2 rows"),
        (
            "created_at",
            never.clone(),
            "is a time beyond the years -290307 to 294246 in 1 of 2 rows",
        ),
    ] {
        let folder = Folder::with(&three()).put("accounts.parquet", &with(&rows, column, values));
        let job = "interactions = \"interactions.parquet\"\naccounts = \"accounts.parquet\"\n";
        let error = folder.refused(job, Kind::BadInput, &[column, words]).await;
        assert_eq!((error.place.column.as_deref(), error.place.rows), (Some(column), Some(1)));
        let sql = proposed(&error, column);
        let job = format!(
            "interactions = \"interactions.parquet\"\naccounts = '''SELECT * EXCLUDE ({column}), {sql} AS {column} \
             FROM own'''\n[sources]\nown = \"accounts.parquet\"\n"
        );
        folder.run(&job).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
    // An event at the end of time is after the cutoff.
    let at =
        TimestampMillisecondArray::from(vec![CUTOFF / 1_000 - 1, CUTOFF / 1_000 - 2, i64::MAX]);
    let folder = Folder::with(&with(&three(), "at", Arc::new(at)));
    let published = folder.run("interactions = \"interactions.parquet\"\n").await.unwrap();
    assert_eq!(published.drops()[&("interactions", "after the cutoff")], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_taken_apart_as_the_message_says() {
    let payload = texts(["{\"to\": \"2\"}", "{\"x\":1,\"to\":\"3\"}", "{\"to\" : \"1\"}"]);
    let folder = Folder::with(&with(&three(), "payload", payload));
    let with_target = |target: &str| {
        select(&format!("SELECT network, actor_id, {target} AS target_id, kind, at FROM raw"))
    };
    for wrong in ["payload->>'to'", "json_extract(payload, '$.to')", "json_get_str(payload, 'to')"]
    {
        let words = ["there are no functions for JSON", "regexp_match"];
        folder.refused(&with_target(wrong), Kind::BadJob, &words).await;
    }
    let sql = "regexp_match(payload, '\"to\" *: *\"([^\"]*)\"')[1]";
    let published = folder.run(&with_target(sql)).await.unwrap();
    assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    assert_eq!(published.measures("a", "a:3")["reactors_90d"], json!(1));
}
