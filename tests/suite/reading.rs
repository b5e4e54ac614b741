//! What `docs/reading.md` says is read: each codec, encoding, page and type gives the bytes of the plain file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, NullArray, RecordBatch, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::NaiveDate;
use fastrand::Rng;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use parquet::file::properties::{
    EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterVersion,
};
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use renown::error::Kind;
use renown::schema::{self, Direction, Type};

use crate::binary::renown;
use crate::inputs::Folder;
use crate::parquet_files::in_repository;
use crate::raw_parquet::RawFile;
use crate::world::{
    Account, CUTOFF, Follow, HOUR, Interaction, Post, Published, World, account, interactions,
    of_account, reply, with, without, write,
};

const PAGE: &str = include_str!("../../docs/reading.md");

/// Names of tests in a text, as `module::test`.
fn named_tests(text: &str) -> Vec<(String, String)> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let names = quoted.filter_map(|name| name.split_once("::"));
    names
        .filter(|(module, test)| is_name(module) && is_name(test))
        .map(|(module, test)| (module.to_owned(), test.to_owned()))
        .collect()
}

#[test]
fn every_claim_of_the_page_names_a_test_that_exists() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| "));
    let claims: Vec<&str> = rows.filter(|row| !row.ends_with("| test |")).collect();
    assert!(claims.len() > 30, "{} claims", claims.len());
    for claim in claims {
        let (_, tests) = claim.trim_end_matches(" |").rsplit_once(" | ").unwrap();
        assert!(!named_tests(tests).is_empty(), "without a test: {claim}");
    }
    for (module, test) in named_tests(PAGE) {
        let path = in_repository(&format!("tests/suite/{module}.rs"));
        let source =
            std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let before = source
            .split(&format!("fn {test}("))
            .next()
            .filter(|before| before.len() < source.len());
        let before = before.unwrap_or_else(|| panic!("there is no test {module}::{test}"));
        let attribute = before.rsplit("\n\n").next().unwrap();
        assert!(attribute.contains("test"), "{module}::{test} is no test");
    }
    for page in ["README.md", "CONTRIBUTING.md"] {
        let text = std::fs::read_to_string(in_repository(page)).unwrap();
        assert!(text.contains("(docs/reading.md"), "{page} does not link to the page");
    }
}

/// `people` people whose ids are whole numbers from 1 on, `events` of them reacting, a post of each, and follows.
fn world(people: u32, events: u32) -> World {
    let rng = &mut Rng::with_seed(7);
    let id = |number: u32| (number % people + 1).to_string();
    let account = |number: u32| Account {
        name: Some(format!("Zoë {number}")),
        country: Some("DE".into()),
        automated: Some(number.is_multiple_of(5)),
        birth_date: NaiveDate::from_ymd_opt(1970 + number as i32 % 60, 2, 3),
        minor: number.is_multiple_of(7).then_some(false),
        followers: Some(i64::from(number % 100)),
        listed: Some(i64::from(number % 9)),
        verified: Some(number.is_multiple_of(3)),
        created: Some(CUTOFF - i64::from(number) * 24 * HOUR),
        points: Some(f64::from(number % 8) / 4.0),
        ..account("a", &id(number))
    };
    let post = |number: u32| Post {
        network: "a".into(),
        id: id(number),
        author: id(number / 2),
        at: CUTOFF - i64::from(number % 80 + 1) * 24 * HOUR,
        title: number.is_multiple_of(3).then(|| "On lobsters".into()),
        text: Some("About lobsters and #rust".into()),
        tags: vec![
            "lobsters".into(),
            if number.is_multiple_of(2) { "sea".into() } else { "rust".into() },
        ],
        parent: number.is_multiple_of(4).then(|| id(number + 1)),
        language: Some("en".into()),
        ..Post::default()
    };
    let event = |_| {
        let on = rng.u32(..people);
        Interaction {
            post: Some(id(on)),
            via: Some(rng.u32(1..100).to_string()),
            sentiment: Some([0.5, -0.25, 1.0, 0.0][rng.usize(..4)]),
            ..reply("a", &id(rng.u32(..people)), &id(on / 2), rng.i64(1..2_000))
        }
    };
    let events = (0..events).map(event).collect();
    let follow = |number: u32| Follow {
        network: "a".into(),
        follower: id(number),
        followee: id(number * 7 + 3),
        since: Some(CUTOFF - i64::from(number % 90 + 1) * 24 * HOUR),
    };
    World {
        consent_settings: "minimum_age = 18\n".into(),
        accounts: Some((0..people).map(account).collect()),
        consent: Some(
            (1..4).map(|hours| of_account("a", &hours.to_string(), "opted_out", hours)).collect(),
        ),
        posts: Some((0..people).map(post).collect()),
        events,
        follows: Some((0..people).map(follow).collect()),
        ..World::default()
    }
}

/// What a job over these tables publishes, each written below the folder of its name, which `write` is given.
async fn published(world: &World, write: impl Fn(&Path, &str, &RecordBatch)) -> Published {
    let folder = Folder::new();
    for (name, rows) in world.tables() {
        std::fs::create_dir_all(folder.path(name)).unwrap();
        write(&folder.path(name), name, &rows);
    }
    let inputs = world.tables().into_iter().map(|(name, _)| format!("{name} = \"{name}/\"\n"));
    let job = world.write_job(&folder.path(""), &inputs.collect::<String>());
    Published::of(&job, 2, &[]).await.unwrap_or_else(|e| panic!("{e}"))
}

async fn plain(world: &World) -> Published {
    let plain = published(world, |folder, _, rows| write(&folder.join("1.parquet"), rows)).await;
    assert!(!plain.tables["topic_interests"].is_empty() && plain.people().len() > 3);
    plain
}

/// Codecs by the names of the page.
fn codecs() -> [(&'static str, Compression); 7] {
    [
        ("none", Compression::UNCOMPRESSED),
        ("Snappy", Compression::SNAPPY),
        ("gzip", Compression::GZIP(GzipLevel::default())),
        ("Brotli", Compression::BROTLI(BrotliLevel::default())),
        ("LZ4_RAW", Compression::LZ4_RAW),
        ("LZ4", Compression::LZ4),
        ("Zstandard", Compression::ZSTD(ZstdLevel::default())),
    ]
}

const VERSIONS: [WriterVersion; 2] = [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0];

/// The encodings of values of a type, by the names of the format.
fn encodings(kind: &DataType) -> Vec<Encoding> {
    use Encoding::{
        BYTE_STREAM_SPLIT, DELTA_BINARY_PACKED, DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY, PLAIN,
        RLE,
    };
    match kind {
        DataType::Utf8 => vec![PLAIN, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY],
        DataType::Boolean => vec![PLAIN, RLE],
        DataType::Float64 => vec![PLAIN, BYTE_STREAM_SPLIT],
        _ => vec![PLAIN, DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT],
    }
}

/// Every way to lay out the rows of a file, with what its footer must then say.
fn layouts(rows: &RecordBatch) -> Vec<(String, WriterProperties, BTreeSet<String>)> {
    let mut layouts = Vec::new();
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let mut add = |name: String, properties: WriterPropertiesBuilder, says: &[String]| {
        let says = says.iter().cloned().collect();
        layouts.push((name, properties.build(), says));
    };
    for version in VERSIONS {
        for (name, codec) in codecs() {
            for dictionary in [true, false] {
                let properties = plain().set_writer_version(version).set_compression(codec);
                let name = format!("{name} {dictionary} {}", version.as_num());
                let codec = format!("{codec:?}").split('(').next().unwrap().to_owned();
                add(name, properties.set_dictionary_enabled(dictionary), &[codec]);
            }
        }
        for turn in 0..3 {
            let mut properties = plain().set_writer_version(version);
            let mut says = Vec::new();
            for field in rows.schema().fields() {
                let kind = match field.data_type() {
                    DataType::List(item) => item.data_type().clone(),
                    kind => kind.clone(),
                };
                let all = encodings(&kind);
                let encoding = all[turn % all.len()];
                says.push(encoding.to_string());
                let path = match field.data_type() {
                    DataType::List(_) => vec![field.name().clone(), "list".into(), "item".into()],
                    _ => vec![field.name().clone()],
                };
                properties = properties.set_column_encoding(path.into(), encoding);
            }
            add(format!("encodings {turn} {}", version.as_num()), properties, &says);
        }
        let properties = || plain().set_writer_version(version);
        add("rows one by one".into(), properties().set_max_row_group_row_count(Some(1)), &[]);
        add(
            "small pages".into(),
            properties().set_data_page_row_count_limit(2).set_write_batch_size(1),
            &[],
        );
        let small = properties().set_dictionary_enabled(true).set_dictionary_page_size_limit(16);
        add("a dictionary that is given up".into(), small.set_write_batch_size(1), &[]);
        let none = properties().set_statistics_enabled(EnabledStatistics::None);
        add("no statistics".into(), none.set_offset_index_disabled(true), &[]);
        let pages = properties().set_statistics_enabled(EnabledStatistics::Page);
        add("all statistics".into(), pages.set_write_page_header_statistics(true), &[]);
        add("Bloom filters".into(), properties().set_bloom_filter_enabled(true), &[]);
    }
    layouts
}

fn write_with(
    path: &Path,
    rows: &RecordBatch,
    properties: WriterProperties,
    has_arrow_schema: bool,
) {
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(!has_arrow_schema);
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new_with_options(file, rows.schema(), options).unwrap();
    writer.write(rows).unwrap();
    writer.close().unwrap();
}

/// Codecs and encodings that the footer of a file names.
fn stated(path: &Path) -> BTreeSet<String> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let groups = reader.metadata().row_groups().iter();
    let columns = groups.flat_map(|group| group.columns().iter());
    let stated = columns.flat_map(|column| {
        let codec = format!("{:?}", column.compression());
        let codec = codec.split('(').next().unwrap().to_owned();
        column.encodings().map(|encoding| encoding.to_string()).chain([codec]).collect::<Vec<_>>()
    });
    stated.collect()
}

/// A folder of files, each with some of the rows and written in another way: one that is misread changes the tables.
#[tokio::test(flavor = "multi_thread")]
async fn every_codec_encoding_and_page_is_read() {
    let world = world(300, 2_000);
    let other = published(&world, |folder, _, rows| {
        let layouts = layouts(rows);
        let share = rows.num_rows().div_ceil(layouts.len());
        for (number, (name, properties, says)) in layouts.into_iter().enumerate() {
            let first = (number * share).min(rows.num_rows());
            let part = rows.slice(first, share.min(rows.num_rows() - first));
            let path = folder.join(format!("{number}.parquet"));
            write_with(&path, &part, properties, number % 2 == 0);
            let stated = stated(&path);
            assert!(
                part.num_rows() == 0 || stated.is_superset(&says),
                "{name}: {says:?}, {stated:?}"
            );
        }
    })
    .await;
    assert_eq!(other.table_files(), plain(&world).await.table_files());
    for (codec, _) in codecs() {
        assert!(PAGE.contains(codec), "{codec}");
    }
    let kinds = [DataType::Utf8, DataType::Boolean, DataType::Float64, DataType::Int64];
    for encoding in kinds.iter().flat_map(encodings) {
        assert!(PAGE.contains(&format!("`{encoding}`")), "{encoding}");
    }
}

fn dictionary(key: DataType, values: DataType) -> DataType {
    DataType::Dictionary(Box::new(key), Box::new(values))
}

/// The types in which a column of a contract is read.
fn kinds(kind: Type) -> Vec<DataType> {
    use DataType::*;
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let integers = || vec![Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64];
    let decimals = |scale: i8| {
        vec![
            Decimal32(9, scale),
            Decimal64(15, scale),
            Decimal128(38, scale),
            Decimal256(60, scale),
        ]
    };
    let text = || {
        vec![
            Utf8,
            LargeUtf8,
            Utf8View,
            dictionary(Int8, Utf8),
            dictionary(UInt32, LargeUtf8),
            dictionary(Int64, Utf8),
        ]
    };
    match kind {
        Type::Id => [integers(), decimals(0), text(), vec![dictionary(Int32, Int64)]].concat(),
        Type::Text => text(),
        Type::Int64 => [integers(), vec![dictionary(Int32, Int16)]].concat(),
        Type::Float64 => [vec![Float16, Float32, Float64], decimals(3)].concat(),
        Type::Boolean => vec![Boolean],
        Type::Date => vec![Date32, Date64],
        Type::Timestamp => {
            let zones = [None, Some("UTC"), Some("+05:30"), Some("America/New_York")];
            let units = [Second, Millisecond, Microsecond, Nanosecond];
            let times = units.into_iter().flat_map(|unit| {
                zones.map(move |zone: Option<&str>| Timestamp(unit, zone.map(Into::into)))
            });
            let encoded = dictionary(Int32, Timestamp(Microsecond, Some("UTC".into())));
            times.chain([encoded]).collect()
        }
        Type::TextList => {
            let item = |kind| Arc::new(Field::new("item", kind, true));
            let element = Arc::new(Field::new("element", Utf8, true));
            vec![
                List(item(Utf8)),
                List(element),
                LargeList(item(LargeUtf8)),
                FixedSizeList(item(Utf8), 2),
                List(item(Utf8View)),
                List(item(dictionary(Int32, Utf8))),
            ]
        }
    }
}

/// A column in another type, with the same values.
fn in_type(column: &ArrayRef, kind: &DataType) -> ArrayRef {
    let values = match kind {
        // Numbers have no letters to be cast from.
        DataType::Dictionary(_, values) => cast(column, values).unwrap(),
        _ => Arc::clone(column),
    };
    let cast = cast(&values, kind).unwrap_or_else(|e| panic!("{kind}: {e}"));
    assert_eq!(cast.null_count(), column.null_count(), "{kind}");
    cast
}

/// All columns of all inputs at once, each in the next of the types of its kind, until all had their turn.
#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_read() {
    let world = world(60, 300);
    let plain = plain(&world).await;
    let contract = |table: &str, column: &str| {
        let table = schema::table(Direction::Input, table).unwrap();
        let column = table.columns.iter().find(|other| other.name == column);
        column.map_or(Type::Float64, |column| column.kind)
    };
    let turns = RefCell::new(BTreeMap::new());
    for _ in 0..6 {
        let other = published(&world, |folder, table, rows| {
            let schema = rows.schema();
            let columns = schema.fields().iter().zip(rows.columns()).map(|(field, column)| {
                let kind = contract(table, field.name());
                let (kinds, mut turns) = (kinds(kind), turns.borrow_mut());
                let turn = turns.entry(kind.name()).or_insert((0, kinds.len()));
                turn.0 += 1;
                (field.name().clone(), in_type(column, &kinds[turn.0 % kinds.len()]))
            });
            write(&folder.join("part"), &RecordBatch::try_from_iter(columns).unwrap());
        })
        .await;
        assert_eq!(other.table_files(), plain.table_files());
    }
    for (kind, (columns, kinds)) in turns.into_inner() {
        assert!(columns >= kinds, "{kind}: {columns} columns, {kinds} types");
    }
}

/// Writers that see no value often know no type.
#[tokio::test(flavor = "multi_thread")]
async fn columns_of_type_null_have_no_value() {
    let world = world(20, 100);
    let optional = |table: &str, column: &str| {
        let table = schema::table(Direction::Input, table).unwrap();
        let keys = &table.key;
        let column = table.columns.iter().find(|other| other.name == column);
        column.is_none_or(|column| column.nullable && !keys.contains(&column.name))
    };
    let read = async |is_null: bool| {
        let names = |rows: &RecordBatch| -> Vec<String> {
            rows.schema().fields().iter().map(|field| field.name().clone()).collect()
        };
        published(&world, |folder, table, rows| {
            let mut rows = rows.clone();
            // Without an age nobody is scored.
            for name in
                names(&rows).iter().filter(|name| optional(table, name) && *name != "birth_date")
            {
                let columns =
                    without(&rows, name).into_iter().map(|(name, column)| (name, column, true));
                let null: ArrayRef = Arc::new(NullArray::new(rows.num_rows()));
                let null = is_null.then(|| (name.clone(), null, true));
                rows = RecordBatch::try_from_iter_with_nullable(columns.chain(null)).unwrap();
            }
            write(&folder.join("1.parquet"), &rows);
        })
        .await
    };
    let (null, absent) = (read(true).await, read(false).await);
    assert_eq!(null.people(), absent.people());
    assert_eq!(null.tables["scores"], absent.tables["scores"]);
}

#[test]
fn other_codecs_are_refused() {
    const LZO: i64 = 3;
    let mut file = RawFile::edges(100);
    file.columns[0].codec = LZO;
    let folder = Folder::new();
    let path = folder.path("edges.parquet");
    std::fs::write(&path, file.bytes()).unwrap();
    let ended =
        renown(&["rank", path.to_str().unwrap(), "--out", folder.path("out").to_str().unwrap()]);
    ended.refused(65, &["edges.parquet", "LZO"]);
}

/// Columns of ids, by table.
const IDS: [(&str, &[&str]); 5] = [
    ("interactions", &["actor_id", "target_id", "post_id", "via_post_id"]),
    ("accounts", &["account_id"]),
    ("consent", &["account_id"]),
    ("posts", &["post_id", "author_id", "parent_post_id"]),
    ("follows", &["follower_id", "followee_id"]),
];

fn uuid(id: &str) -> String {
    let number: u128 = id.parse().unwrap();
    uuid::Uuid::from_u128(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
        .to_string()
}

/// The rows with their ids as UUIDs, in 16 bytes or as text.
fn with_uuids(table: &str, rows: &RecordBatch, kind: Option<&DataType>) -> RecordBatch {
    let (_, columns) = IDS.iter().find(|(name, _)| *name == table).unwrap();
    let mut rows = rows.clone();
    for name in *columns {
        let ids = rows[*name].as_string::<i32>().iter().map(|id| id.map(uuid)).collect::<Vec<_>>();
        let column: ArrayRef = match kind {
            None => Arc::new(StringArray::from(ids)),
            Some(kind) => {
                let bytes = |id: &Option<String>| {
                    id.as_deref().map(|id| *uuid::Uuid::parse_str(id).unwrap().as_bytes())
                };
                let bytes =
                    FixedSizeBinaryArray::try_from_sparse_iter_with_size(ids.iter().map(bytes), 16);
                cast(&bytes.unwrap(), kind).unwrap()
            }
        };
        rows = with(&rows, name, column);
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn uuids_of_all_inputs_are_read_as_text() {
    let world = world(60, 300);
    let publish = async |kind: Option<&DataType>| {
        let rows = |table: &str, rows: &RecordBatch| with_uuids(table, rows, kind);
        published(&world, |folder, table, plain| {
            write(&folder.join("1.parquet"), &rows(table, plain))
        })
        .await
    };
    let text = publish(None).await;
    assert!(text.people().len() > 3 && text.people()[0].len() > 30);
    let bytes = DataType::FixedSizeBinary(16);
    for kind in [bytes.clone(), dictionary(DataType::Int32, bytes)] {
        assert_eq!(publish(Some(&kind)).await.table_files(), text.table_files(), "{kind}");
    }
}

/// A file of interactions written value by value: ids and kinds annotated as `text`, times as INT96.
fn write_by_hand(path: &Path, text: &str, replies: &[(&str, &str, Int96)]) {
    let message = format!(
        "message m {{ required binary network (STRING); required binary actor_id {text}; required binary target_id {text}; \
         required binary kind (STRING); required int96 at; }}"
    );
    let message = Arc::new(parse_message_type(&message).unwrap());
    let file = File::create(path).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, message, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts: [Vec<&str>; 4] = [
        replies.iter().map(|_| "a").collect(),
        replies.iter().map(|reply| reply.0).collect(),
        replies.iter().map(|reply| reply.1).collect(),
        replies.iter().map(|_| "reply").collect(),
    ];
    for texts in texts {
        let values: Vec<ByteArray> = texts.into_iter().map(ByteArray::from).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&values, None, None).unwrap();
        column.close().unwrap();
    }
    let times: Vec<Int96> = replies.iter().map(|reply| reply.2).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int96Type>().write_batch(&times, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

/// Hours before the cutoff as Spark and Impala write times: nanoseconds of a day, and the Julian number of the day.
fn int96(hours: i64) -> Int96 {
    let (day, us) = (
        (CUTOFF - hours * HOUR).div_euclid(24 * HOUR),
        (CUTOFF - hours * HOUR).rem_euclid(24 * HOUR),
    );
    let (nanos, julian) = ((us * 1_000) as u64, (day + 2_440_588) as u32);
    let mut time = Int96::new();
    time.set_data(nanos as u32, (nanos >> 32) as u32, julian);
    time
}

const INTERACTIONS: &str = "interactions = \"interactions.parquet\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn times_of_int96_keep_all_years() {
    let replies = [("1", "2", 3), ("2", "3", 30), ("3", "1", 300), ("2", "1", 300)];
    let plain = replies.map(|(actor, target, hours)| Interaction {
        at: CUTOFF - hours * HOUR,
        ..reply("a", actor, target, 0)
    });
    let plain = Folder::with(&interactions(&plain)).run(INTERACTIONS).await.unwrap();
    // As nanoseconds since 1970 the years 9999 and 1 would be 1816 and 1754, or the other way round.
    let (never, long_ago) = (-70_000_000, 17_700_000);
    let mut rows = replies.map(|(actor, target, hours)| (actor, target, int96(hours))).to_vec();
    rows.extend([("3", "2", int96(never)), ("3", "2", int96(long_ago))]);
    let folder = Folder::new();
    write_by_hand(&folder.path("interactions.parquet"), "(STRING)", &rows);
    let published = folder.run(INTERACTIONS).await.unwrap();
    assert_eq!(published.table_files(), plain.table_files());
    assert_eq!(published.drops()[&("interactions", "after the cutoff")], "1");
    assert_eq!(published.drops()[&("interactions", "before the window")], "1");
}

/// Text that is not annotated as such is bytes: refused, with a SELECT that reads it.
#[tokio::test(flavor = "multi_thread")]
async fn text_has_to_say_that_it_is_text() {
    let rows = [("1", "2", int96(3)), ("2", "3", int96(30)), ("3", "1", int96(300))];
    let file = |annotation: &str| {
        let folder = Folder::new();
        write_by_hand(&folder.path("interactions.parquet"), annotation, &rows);
        folder
    };
    let plain = file("(STRING)").run(INTERACTIONS).await.unwrap();
    for annotation in ["(UTF8)", "(JSON)"] {
        let published = file(annotation).run(INTERACTIONS).await;
        let published = published.unwrap_or_else(|e| panic!("{annotation}: {e}"));
        assert_eq!(published.table_files(), plain.table_files(), "{annotation}");
    }
    for annotation in ["", "(ENUM)", "(BSON)"] {
        let folder = file(annotation);
        let words = ["column `actor_id` is Binary", "CAST(actor_id AS VARCHAR) AS actor_id"];
        folder.refused(INTERACTIONS, Kind::BadInput, &words).await;
        let select = "interactions = \"SELECT network, CAST(actor_id AS VARCHAR) AS actor_id, CAST(target_id AS VARCHAR) \
                      AS target_id, kind, at FROM raw\"\n[sources]\nraw = \"interactions.parquet\"\n";
        assert_eq!(folder.run(select).await.unwrap().people(), plain.people(), "{annotation}");
    }
}
