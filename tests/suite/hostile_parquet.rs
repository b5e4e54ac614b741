//! Parquet files that claim what their bytes cannot hold: refused as bad input, at once and without the memory that they ask for.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, Int64Array, StructArray};
use arrow::datatypes::Field;
use nix::sys::resource::{UsageWho, getrusage};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

use crate::binary::{Ended, program, renown};
use crate::on_threads;
use crate::parquet_files::batch;
use crate::raw_parquet::{
    BROTLI, BYTE_ARRAY, BYTES, Column, GZIP, INT64, PLAIN, Page, RawFile, STRUCT, Struct, ZSTD,
    group, leaf, varint, with_footer, without_rows,
};
use crate::world::{Published, World, reply};

/// Ranks the edges of a file.
fn rank(bytes: &[u8]) -> Ended {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("edges.parquet"), bytes).unwrap();
    renown(&["rank", &at("edges.parquet"), "--out", &at("ranks.parquet")])
}

#[track_caller]
fn refused(bytes: &[u8], words: &[&str]) {
    let begun = Instant::now();
    rank(bytes).refused(65, &[words, &["edges.parquet", "remedy: "]].concat());
    // A debug build, beside other tests: what is counted or allocated for takes minutes.
    assert!(begun.elapsed().as_secs() < 5, "{words:?}: {:?}", begun.elapsed());
}

/// The edges with a change.
fn edges(change: impl Fn(&mut RawFile)) -> Vec<u8> {
    let mut file = RawFile::edges(100);
    change(&mut file);
    file.bytes()
}

fn with_sources(change: impl Fn(&mut Column)) -> Vec<u8> {
    edges(|file| change(&mut file.columns[0]))
}

fn with_page(change: impl Fn(&mut Page)) -> Vec<u8> {
    with_sources(|column| change(&mut column.pages[0]))
}

#[test]
fn files_made_by_hand_are_read() {
    let shown = rank(&edges(|_| {})).done().stdout;
    assert!(shown.contains("edges      100\n"), "{shown}");
}

/// Arrow C++ gives the pages of values no place where there are none, and says that a dictionary without values is there.
#[test]
fn files_without_rows_are_no_damage() {
    let nothing = |has_dictionary: bool| {
        let page = Page { is_dictionary: true, ..Page::of(&[]) };
        let mut file = RawFile::edges(0);
        for column in &mut file.columns {
            column.pages = if has_dictionary { vec![page.clone()] } else { vec![] };
            column.data = Some(0);
            column.offset = (!has_dictionary).then_some(0);
        }
        file.bytes()
    };
    for has_dictionary in [true, false] {
        let folder = TempDir::new().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::create_dir(at("edges")).unwrap();
        fs::write(at("edges/0.parquet"), nothing(has_dictionary)).unwrap();
        fs::write(at("edges/1.parquet"), edges(|_| {})).unwrap();
        let ended = renown(&["rank", &at("edges"), "--out", &at("ranks.parquet")]).done();
        assert!(ended.stdout.contains("edges      100\n"), "{}", ended.stdout);
    }
    // With values they have a place.
    let file = with_sources(|column| column.data = Some(0));
    refused(&file, &["column `src` lies outside"]);
}

#[test]
fn nesting_has_a_limit() {
    let nested = |levels: usize| {
        let mut schema = vec![group("root", 3), leaf("src", INT64), leaf("dst", INT64)];
        schema.extend((1..levels).map(|_| group("g", 1)));
        schema.push(leaf("x", INT64));
        without_rows(&schema)
    };
    for levels in [101, 600, 100_000] {
        refused(&nested(levels), &["nested in more than 100 levels"]);
    }
    rank(&nested(100)).refused(65, &["there are no edges"]);
}

fn with_a_deep_column() -> Vec<u8> {
    let mut deep: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    for _ in 1..100 {
        let field = Arc::new(Field::new("g", deep.data_type().clone(), true));
        deep = Arc::new(StructArray::from(vec![(field, deep)]));
    }
    let ids = |ids: [i64; 3]| Arc::new(Int64Array::from(ids.to_vec())) as ArrayRef;
    let rows = batch(&[("src", ids([0, 1, 2])), ("deep", deep), ("dst", ids([1, 2, 0]))]);
    let mut bytes = Vec::new();
    // What Arrow says of its types may be nested less deeply.
    let options = ArrowWriterOptions::new().with_skip_arrow_metadata(true);
    let writer = ArrowWriter::try_new_with_options(&mut bytes, rows.schema(), options);
    let mut writer = writer.unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn a_column_of_100_levels_is_passed_over() {
    // Writing it takes more than the stack of a test.
    rank(&on_threads(1, with_a_deep_column)).done();
}

#[test]
fn columns_have_a_limit() {
    let wide = |columns: i64| {
        let mut schema = vec![group("root", columns + 2), leaf("src", INT64), leaf("dst", INT64)];
        schema.extend((0..columns).map(|column| leaf(&format!("c{column}"), INT64)));
        without_rows(&schema)
    };
    refused(&wide(100_000), &["100002 columns", "the most is 10000"]);
    rank(&wide(1_000)).refused(65, &["there are no edges"]);
}

#[test]
fn a_schema_that_is_no_tree_is_refused() {
    let sound = [group("root", 2), leaf("src", INT64), leaf("dst", INT64)];
    let with = |place: usize, element: Vec<u8>| {
        let mut schema = sound.to_vec();
        schema[place] = element;
        without_rows(&schema)
    };
    refused(&with(0, group("root", i64::from(i32::MAX))), &["2147483647 others, and 2 follow"]);
    refused(&with(0, group("root", 1)), &["one tree"]);
    refused(&with(0, group("root", -1)), &["-1 others"]);
    let long =
        Struct::default().i32(1, 7).i32(2, i64::from(i32::MAX)).i32(3, 0).text(4, "src").done();
    refused(&with(1, long), &["values of 2147483647 bytes"]);
}

#[test]
fn lists_longer_than_the_footer_are_refused() {
    let many = u64::from(u32::MAX >> 1);
    let schema = [group("root", 1), leaf("src", INT64)];
    let start = || Struct::default().i32(1, 2);
    for claims in [
        start().list_of(2, STRUCT, many, &schema),
        start().list(2, &schema).i64(3, 0).list_of(4, STRUCT, many, &[]),
        // In a field that no version of the format has.
        start().list(2, &schema).i64(3, 0).list(4, &[]).list_of(19, 9, 1_000, &[vec![0xf1; 64]]),
        start().list(2, &schema).i64(3, 0).list(4, &[]).list_of(19, 1, 4, &[vec![1; 4]]),
        start().list(2, &schema).i64(3, 0).list(4, &[]).field(19, BYTES, &varint(u64::MAX >> 1)),
    ] {
        refused(&with_footer(b"PAR1".to_vec(), &claims.done()), &["footer is damaged"]);
    }
    let mut levels = Struct::default();
    for _ in 0..10_000 {
        levels = Struct::default().child(1, levels);
    }
    let deep = start().list(2, &schema).i64(3, 0).list(4, &[]).child(19, levels).done();
    refused(&with_footer(b"PAR1".to_vec(), &deep), &["nested too deeply"]);
}

#[test]
fn a_field_twice_or_of_another_type_is_refused() {
    let schema = [group("root", 1), leaf("src", INT64)];
    let start = Struct::default().i32(1, 2).list(2, &schema);
    let as_text = start.clone().text(3, "0").list(4, &[]).done();
    refused(&with_footer(b"PAR1".to_vec(), &as_text), &["another type"]);
    let lacking = start.clone().i64(3, 0).done();
    refused(&with_footer(b"PAR1".to_vec(), &lacking), &["lacks a field"]);
    // A field with an id that is written out: 2 again.
    let mut twice = start.i64(3, 0).list(4, &[]).done();
    twice.pop();
    twice.extend([9, 4, 0x0c, 0]);
    refused(&with_footer(b"PAR1".to_vec(), &twice), &["twice"]);
}

#[test]
fn a_footer_longer_than_the_file_is_refused() {
    let mut bytes = edges(|_| {});
    let end = bytes.len();
    bytes[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    refused(&bytes, &["footer claims 4294967295 bytes"]);
    bytes[end - 4..].copy_from_slice(b"PARE");
    refused(&bytes, &["encrypted"]);
    bytes[end - 4..].copy_from_slice(b"PAR2");
    refused(&bytes, &["does not end with PAR1"]);
    refused(b"PAR1PAR1", &["no Parquet file"]);
    refused(b"PAR1\0\0\0\0PAR1", &["footer is damaged"]);
}

#[test]
fn rows_that_cannot_be_are_refused() {
    let rows = |rows: i64| {
        edges(|file| {
            (file.rows, file.group_rows) = (rows, rows);
            file.columns.iter_mut().for_each(|column| column.values = Some(rows));
        })
    };
    refused(&rows(1 << 40), &["1099511627776 rows in"]);
    refused(&rows(i64::MAX), &["9223372036854775807 rows in"]);
    refused(&rows(-1), &["-1 rows in"]);
    refused(&edges(|file| file.rows = 99), &["claims 99 rows", "have 100"]);
    refused(&edges(|file| file.group_rows = 99), &["100 values in 99 rows"]);
    refused(&with_sources(|column| column.values = Some(1 << 40)), &["values in 100 rows"]);
    refused(&with_sources(|column| column.values = Some(-1)), &["-1 values in 100 rows"]);
}

#[test]
fn sizes_and_places_that_cannot_be_are_refused() {
    for offset in [-1, 0, 3, 1 << 40, i64::MAX] {
        refused(&with_sources(|column| column.offset = Some(offset)), &["`src` lies outside"]);
    }
    for size in [-1, 1 << 40, i64::MAX] {
        refused(&with_sources(|column| column.size = Some(size)), &["outside"]);
    }
    for index in [(-1, 10), (4, -1), (4, i64::from(i32::MAX)), (i64::MAX, 10)] {
        refused(&with_sources(|column| column.index = Some(index)), &["outside"]);
    }
    refused(&with_sources(|column| column.index = Some((4, 100))), &["page index is damaged"]);
    // Both columns, or row groups without end, in the same bytes.
    refused(
        &edges(|file| file.columns[1].offset = file.columns[0].offset.or(Some(4))),
        &["same bytes"],
    );
    let often = edges(|file| (file.groups, file.rows) = (50, 5_000));
    refused(&often, &["same bytes"]);
    let without_rows = edges(|file| {
        (file.groups, file.rows, file.group_rows) = (40_000, 0, 0);
        file.columns.clear();
    });
    refused(&without_rows, &["more than 32767 row groups"]);
}

#[test]
fn pages_that_claim_too_much_are_refused() {
    let most = i64::from(i32::MAX);
    refused(&with_page(|page| page.unpacked = most), &["`src`", "2147483647 bytes of memory"]);
    refused(&with_page(|page| page.unpacked = 3 << 20), &["`src`", "1000 times its size"]);
    refused(&with_page(|page| page.packed = most), &["2147483647 bytes, and"]);
    refused(&with_page(|page| page.packed = -1), &["below 0"]);
    refused(&with_page(|page| page.unpacked = -1), &["below 0"]);
    let values = with_sources(|column| {
        column.values = Some(100);
        column.pages[0].values = most;
    });
    refused(&values, &["more than its 100 values"]);
    let negative = with_sources(|column| {
        column.values = Some(100);
        column.pages[0].values = -1;
    });
    refused(&negative, &["below 0"]);
    let dictionary = with_sources(|column| {
        let page = Page { is_dictionary: true, values: most, ..column.pages[0].clone() };
        column.pages.insert(0, page);
    });
    refused(&dictionary, &["dictionary of 800 bytes"]);
}

/// Zeros, a megabyte of them, in a few bytes.
fn zeros(codec: i64) -> Vec<u8> {
    let zeros = vec![0; 1 << 20];
    let mut packed = Vec::new();
    match codec {
        GZIP => {
            let mut writer =
                flate2::write::GzEncoder::new(&mut packed, flate2::Compression::fast());
            writer.write_all(&zeros).unwrap();
            writer.finish().unwrap();
        }
        _ => {
            let mut writer = brotli::CompressorWriter::new(&mut packed, 1 << 16, 1, 22);
            writer.write_all(&zeros).unwrap();
            writer.flush().unwrap();
        }
    }
    packed
}

#[test]
fn pages_that_decompress_to_more_than_they_claim_are_refused() {
    for codec in [GZIP, BROTLI] {
        let body = zeros(codec);
        let file = with_sources(|column| {
            column.codec = codec;
            column.pages = vec![Page::packed(body.clone(), 800, 100)];
        });
        refused(&file, &["more than the 800 bytes"]);
    }
}

#[test]
fn pages_that_compress_well_are_read() {
    let rows = 130_000;
    let zeros = || Arc::new(Int64Array::from(vec![0; rows])) as ArrayRef;
    let edges = batch(&[("src", zeros()), ("dst", zeros())]);
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_data_page_row_count_limit(rows)
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, edges.schema(), Some(properties)).unwrap();
    writer.write(&edges).unwrap();
    writer.close().unwrap();
    assert!(bytes.len() < 10_000, "more than 200 times its size");
    rank(&bytes).done();
}

/// Edges whose ids are texts, from these to short ones.
fn of_texts(texts: &[&str]) -> Vec<u8> {
    let column =
        |name: &str, texts| Column::of(name, BYTE_ARRAY, PLAIN, vec![Page::of_texts(texts)]);
    let rows = texts.len() as i64;
    let columns = vec![column("src", texts), column("dst", &vec!["x"; texts.len()])];
    RawFile { columns, rows, group_rows: rows, groups: 1 }.bytes()
}

#[test]
fn texts_have_a_limit() {
    let long = "x".repeat((16 << 20) + 16);
    refused(&of_texts(&[&long]), &["`src`", "text of more than 16777216 bytes"]);
    refused(&of_texts(&["a", &long, "b"]), &["text of 16777232 bytes"]);
    rank(&of_texts(&["a", &long[..1 << 20], "b"])).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_inputs_have_a_limit() {
    let folder = TempDir::new().unwrap();
    let post = |id: &str, text: String| crate::world::Post {
        network: "net".into(),
        id: id.into(),
        author: "a".into(),
        at: crate::world::CUTOFF - crate::world::HOUR,
        text: Some(text),
        ..Default::default()
    };
    let long = "x".repeat((16 << 20) + 1);
    let posts = vec![post("p0", "short".into()), post("p1", long), post("p2", "short".into())];
    let world =
        World { posts: Some(posts), events: vec![reply("net", "a", "b", 3)], ..World::default() };
    world.write(folder.path());
    let run = Published::of(&folder.path().join("job.toml"), 2, &[]).await;
    let error = run.map(|_| ()).unwrap_err();
    assert_eq!(error.place.column.as_deref(), Some("text"), "{error}");
    assert!(error.cause.contains("longer than 16777216 bytes in 1 of 3 rows"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_sets_how_large_a_page_may_be() {
    let folder = TempDir::new().unwrap();
    let events = (0..40).map(|i| reply("net", "a", &format!("b{i}"), i)).collect();
    World { events, ..World::default() }.write(folder.path());
    let job = folder.path().join("job.toml");
    let text = fs::read_to_string(&job).unwrap();
    let run = async |bytes: u64| {
        fs::write(&job, format!("{text}\n[reading]\nmax_page_bytes = {bytes}\n")).unwrap();
        Published::of(&job, 2, &[]).await.map(|_| ())
    };
    let error = run(50).await.unwrap_err();
    assert!(error.cause.contains("the most is 50, "), "{error}");
    assert!(error.place.file.is_some());
    run(64 << 20).await.unwrap();
}

/// Files of a few kilobytes that would take gigabytes or minutes.
fn worst() -> Vec<(&'static str, Vec<u8>)> {
    let deep: Vec<Vec<u8>> = (0..50_000).map(|_| group("g", 1)).chain([leaf("x", INT64)]).collect();
    let wide = [group("root", 100_000)].into_iter();
    let wide: Vec<Vec<u8>> =
        wide.chain((0..100_000).map(|i| leaf(&format!("c{i}"), INT64))).collect();
    let rows = edges(|file| {
        (file.rows, file.group_rows) = (1 << 40, 1 << 40);
        file.columns.iter_mut().for_each(|column| column.values = Some(1 << 40));
    });
    let page = with_sources(|column| {
        column.codec = ZSTD;
        column.pages[0].unpacked = i64::from(i32::MAX);
    });
    vec![
        ("deep", without_rows(&deep)),
        ("wide", without_rows(&wide)),
        ("rows", rows),
        ("page", page),
    ]
}

/// Run by [`hostile_files_take_neither_time_nor_memory`], which is the only parent of its processes.
#[test]
#[ignore = "run by another test"]
fn each_hostile_file_in_a_process() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, bytes) in worst() {
        fs::write(at("edges.parquet"), bytes).unwrap();
        let begun = Instant::now();
        let ended = program(&["rank", &at("edges.parquet"), "--out", &at("ranks.parquet")]);
        ended.refused(65, &["edges.parquet"]);
        let kilobytes = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
        assert!(kilobytes < 300 << 10, "{name}: {kilobytes} kB");
        assert!(begun.elapsed().as_secs() < 10, "{name}: {:?}", begun.elapsed());
    }
}

#[test]
fn hostile_files_take_neither_time_nor_memory() {
    let test = "hostile_parquet::each_hostile_file_in_a_process";
    let this = std::env::current_exe().unwrap();
    let ended =
        std::process::Command::new(this).args(["--ignored", "--exact", test]).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}
