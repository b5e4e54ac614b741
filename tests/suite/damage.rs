//! Damage that the format cannot show by itself: pages against their checksums, statistics against their rows, published files
//! against what was committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::{
    FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use renown::error::Kind;
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::batch;
use crate::rank_command::Ranking;
use crate::world::{CUTOFF, HOUR, Published, World, interactions, reply, write};

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The end of a varint that begins at `at`.
fn after_varint(bytes: &[u8], at: usize) -> usize {
    at + 1 + bytes[at..].iter().take_while(|byte| **byte >= 0x80).count()
}

/// A file of one column and one page, in whose header stands `crc`, or the checksum of the page if it is `None`.
fn with_checksum(path: &Path, crc: Option<u32>) {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..40));
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    let (rows, mut bytes) = (batch(&[("src", ids)]), Vec::new());
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();

    let length = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
    let footer = bytes.len() - 8 - length;
    let metadata = ParquetMetaDataReader::decode_metadata(&bytes[footer..][..length]).unwrap();
    // The header of the page: kind, size, size as stored, each after a byte for its number and type; then the struct of the
    // page, to which there were two numbers to go.
    let mut at = 4;
    for _ in 0..3 {
        assert_eq!(bytes[at], 0x15);
        at = after_varint(&bytes, at + 1);
    }
    assert_eq!(bytes[at], 0x2c);
    let page = footer - 40 * 8..footer;
    let crc = crc.unwrap_or_else(|| crc32(&bytes[page])) as i32;
    let zigzag = (i64::from(crc) << 1 ^ i64::from(crc) >> 63) as u64;
    let field = [vec![0x15], varint(zigzag), vec![0x1c]].concat();
    let more = field.len() as i64 - 1;
    let mut whole = [&bytes[..at], &field, &bytes[at + 1..footer]].concat();

    let group = metadata.row_group(0).clone();
    let column = group.column(0).clone();
    let sizes = (column.compressed_size() + more, column.uncompressed_size() + more);
    let column = column
        .into_builder()
        .set_total_compressed_size(sizes.0)
        .set_total_uncompressed_size(sizes.1)
        .build()
        .unwrap();
    let total = group.total_byte_size() + more;
    let group = group
        .into_builder()
        .set_column_metadata(vec![column])
        .set_total_byte_size(total)
        .build()
        .unwrap();
    let of_file: FileMetaData = metadata.file_metadata().clone();
    let metadata = ParquetMetaDataBuilder::new(of_file).add_row_group(group).build();
    ParquetMetaDataWriter::new(&mut whole, &metadata).finish().unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, whole).unwrap();
}

#[test]
fn pages_are_held_against_their_checksums() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join("edges").join(name);
    let edges = format!("edges={}", folder.path().join("edges").display());
    let ranks = folder.path().join("ranks.parquet").display().to_string();
    let select = "SELECT src, src + 1 AS dst FROM edges";
    let rank = || renown(&["rank", select, "--from", &edges, "--out", &ranks]);
    with_checksum(&file("a.parquet"), None);
    rank().done();
    with_checksum(&file("b.parquet"), Some(7));
    rank().refused(65, &["b.parquet", "checksum"]);
}

/// A file whose statistics of `at` say that it lies long before the window.
fn write_lies(path: &Path) {
    let events: Vec<_> = (0..9).map(|i| reply("a", "1", "2", i)).collect();
    write(path, &interactions(&events));
    let mut bytes = fs::read(path).unwrap();
    let data = events.len() * 8;
    for event in &events {
        let (truth, lie) = (event.at.to_le_bytes(), (event.at - 9_000 * HOUR).to_le_bytes());
        // Behind the values themselves come the indices of pages and the footer.
        for at in data..bytes.len() - 8 {
            let is_said = bytes[at..at + 8] == truth
                && [events[0].at, events[8].at].contains(&event.at)
                && at > bytes.len() / 2;
            if is_said {
                bytes[at..at + 8].copy_from_slice(&lie);
            }
        }
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_that_hide_rows_are_found_out() {
    let folder = TempDir::new().unwrap();
    let world = World::default();
    write(&folder.path().join("in/a.parquet"), &interactions(&[reply("a", "3", "1", 5)]));
    for inputs in [
        "interactions = \"in/\"\n",
        "interactions = \"SELECT * FROM raw WHERE kind = 'reply'\"\n[sources]\nraw = \"in/\"\n",
    ] {
        let job = world.write_job(folder.path(), inputs);
        let _ = fs::remove_file(folder.path().join("in/b.parquet"));
        let _ = fs::remove_dir_all(folder.path().join("out"));
        Published::of(&job, 2, &[]).await.unwrap();
        write_lies(&folder.path().join("in/b.parquet"));
        let error = Published::of(&job, 2, &[]).await.err().expect("rows are missed");
        assert_eq!(error.kind, Kind::BadInput);
        let words = "by them 1 rows are read, and 10 are in the window";
        assert!(error.cause.contains(words), "{error}");
        if inputs.contains("= \"in/\"\n") && !inputs.contains("SELECT") {
            assert!(error.place.file.as_ref().unwrap().ends_with("in/b.parquet"), "{error}");
        }
    }
}

/// What a `SELECT` over all rows gives is one row, whose time decides whether it counts.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_aggregates_everything_obeys_the_window() {
    let folder = TempDir::new().unwrap();
    write(&folder.path().join("raw.parquet"), &interactions(&[reply("a", "1", "2", 5)]));
    write(&folder.path().join("more.parquet"), &interactions(&[reply("a", "3", "4", 5)]));
    let world = World::default();
    let run = async |at: i64| {
        let select = format!(
            "SELECT 'a' AS network, CAST(count(*) AS TEXT) AS actor_id, 'x' AS target_id, 'reply' AS kind, \
             to_timestamp_micros({at}) AS at FROM raw UNION ALL SELECT network, actor_id, target_id, kind, at FROM more"
        );
        let inputs = format!(
            "interactions = \"{select}\"\n[sources]\nraw = \"raw.parquet\"\nmore = \"more.parquet\"\n"
        );
        let _ = fs::remove_dir_all(folder.path().join("out"));
        let job = world.write_job(folder.path(), &inputs);
        let published = Published::of(&job, 2, &[]).await.unwrap();
        let drops = published.drops();
        let counts = ["before the window", "after the cutoff"]
            .map(|rule| drops[&("interactions", rule)].to_owned());
        (published.people(), counts)
    };
    let both = ["a:1", "a:3", "a:4", "a:x"].map(str::to_owned).to_vec();
    let one = ["a:3", "a:4"].map(str::to_owned).to_vec();
    let counts = |counts: [&str; 2]| counts.map(str::to_owned);
    assert_eq!(run(CUTOFF - HOUR).await, (both, counts(["0", "0"])));
    assert_eq!(run(CUTOFF + HOUR).await, (one.clone(), counts(["0", "1"])));
    assert_eq!(run(CUTOFF - 9_000 * HOUR).await, (one, counts(["1", "0"])));
}

#[test]
fn an_encrypted_file_is_said_to_be_encrypted() {
    let ranking = Ranking::of_pairs(&[(0, 1), (1, 0)]);
    let plain = fs::read(&ranking.edges).unwrap();
    let words = ["edges.parquet", "is encrypted"];
    // An encrypted footer.
    let mut bytes = plain.clone();
    let end = bytes.len() - 1;
    (bytes[3], bytes[end]) = (b'E', b'E');
    fs::write(&ranking.edges, &bytes).unwrap();
    ranking.refused(&["--iterations", "3"], 65, &words);
    // A plain footer that names an algorithm: a field more at its end, after that of the order of columns.
    let (footer, tail) = plain.split_at(plain.len() - 8);
    let length = u32::from_le_bytes(tail[..4].try_into().unwrap()) + 4;
    let (last, footer) = footer.split_last().unwrap();
    assert_eq!(*last, 0, "the end of a struct");
    let algorithm = [0x1c, 0x1c, 0, 0, 0];
    let bytes = [footer, &algorithm, &length.to_le_bytes(), b"PAR1"].concat();
    fs::write(&ranking.edges, bytes).unwrap();
    ranking.refused(&["--iterations", "3"], 65, &words);
}

/// A run with one bit of a file of `table` flipped.
struct Flipped {
    folder: TempDir,
    job: String,
    file: PathBuf,
    sound: Vec<u8>,
}

impl Flipped {
    async fn of(table: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let events = (0..40).map(|i| reply("a", &format!("{}", i % 5), &format!("{}", i % 7), i));
        let world = World { events: events.collect(), ..World::default() };
        let job = world.write(folder.path());
        let published = Published::of(&job, 2, &[]).await.unwrap();
        let file = &published.commit.tables[table].files[0].path;
        let file = folder.path().join("out").join(file);
        let sound = fs::read(&file).unwrap();
        let flipped = Self { folder, job: job.display().to_string(), file, sound };
        flipped.flip();
        flipped
    }

    /// Flips a bit in the middle of the file; its size stays.
    fn flip(&self) {
        let mut bytes = fs::read(&self.file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&self.file, bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_file_is_held_against_its_hash_where_it_is_read() {
    let flipped = Flipped::of("scores").await;
    let name = flipped.file.file_name().unwrap().to_str().unwrap();
    let job = &*flipped.job;
    for args in [&["top", job][..], &["explain", job, "a:1"], &["diff", job, job]] {
        renown(args).refused(65, &[name, "it has changed since"]);
    }
    fs::write(&flipped.file, &flipped.sound).unwrap();
    renown(&["top", job]).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_run_is_published_again() {
    for table in ["scores", "topics", "runs"] {
        let mut flipped = Flipped::of(table).await;
        let job = flipped.job.clone();
        // The names that the rewritten file has may be damaged too.
        for number in 2..5 {
            assert!(
                renown(&["plan", &job]).done().stdout.contains("a run is needed: files of commit")
            );
            let ended = renown(&["run", &job]).done();
            assert!(!ended.stdout.contains("nothing to do"), "{}", ended.stdout);
            let ended = renown(&["run", &job]).done();
            let words = format!("published as commit {number}\n");
            assert!(ended.stdout.contains(&words), "{}", ended.stdout);
            let commit = flipped.folder.path().join(format!("out/commits/{number:020}.json"));
            let commit: serde_json::Value =
                serde_json::from_slice(&fs::read(commit).unwrap()).unwrap();
            let path = commit["tables"][table]["files"][0]["path"].as_str().unwrap();
            flipped.file = flipped.folder.path().join("out").join(path);
            assert_eq!(fs::read(&flipped.file).unwrap(), flipped.sound);
            renown(&["top", &job]).done();
            flipped.flip();
        }
    }
}

/// What a day is explained against must be what was published.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_run_of_the_day_before_is_refused() {
    let flipped = Flipped::of("measures").await;
    let next = ["--snapshot", "2026-04-01"];
    let run = |more: &[&str]| renown(&[&["run", &flipped.job, "--quiet"], more].concat());
    let ended = run(&next).refused(65, &["it has changed since", "for 2026-03-31 again"]);
    assert!(ended.stderr.contains("measures/2026-03-31"), "{}", ended.stderr);
    run(&[]).done();
    run(&next).done();
    // A day that is kept no longer explains nothing.
    let flipped = Flipped::of("measures").await;
    fs::remove_file(&flipped.file).unwrap();
    renown(&["run", &flipped.job, "--quiet", "--snapshot", "2026-04-01"]).done();
}

/// Rows of the file of a table that cannot be relied on are not shown as those of a person.
#[tokio::test(flavor = "multi_thread")]
async fn access_names_files_that_have_changed() {
    let flipped = Flipped::of("scores").await;
    let out = flipped.folder.path().join("out").display().to_string();
    let ended = renown(&["access", &out, "a:1", "--format", "json"]);
    let all = format!("{}{}", ended.stdout, ended.stderr);
    assert!(all.contains("has changed since it was committed"), "{all}");
}
