//! Rows outside the window do not count, and of row groups before it only the times are decoded: statistics may be wrong.

use std::fs;

use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use tempfile::TempDir;

use crate::parquet_files::write_in_groups;
use crate::world::{CUTOFF, Interaction, Published, World, interactions, reply, with, write};

/// A dictionary of times is read as a column of times.
#[tokio::test(flavor = "multi_thread")]
async fn dictionary_encoded_times_are_limited_to_the_window() {
    let old = reply("a", "9", "2", 9_000);
    let late = Interaction { at: CUTOFF + 1, ..reply("a", "8", "2", 0) };
    let events = [reply("a", "1", "2", 5), old, late];
    let world = World::default();
    let folder = TempDir::new().unwrap();
    let job = world.write_job(folder.path(), "interactions = \"interactions.parquet\"\n");
    let batch = interactions(&events);
    let kind =
        DataType::Dictionary(Box::new(DataType::Int32), Box::new(batch["at"].data_type().clone()));
    let batch = with(&batch, "at", cast(&batch["at"], &kind).unwrap());
    write(&folder.path().join("interactions.parquet"), &batch);
    assert_eq!(Published::of(&job, 2, &[]).await.unwrap().people(), ["a:1", "a:2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn row_groups_from_before_the_window_are_not_decoded_but_for_their_times() {
    let folder = TempDir::new().unwrap();
    let world = World::default();
    // Two years, an event an hour, in row groups of 100 hours.
    let events: Vec<Interaction> =
        (0..17_520).rev().map(|hours| reply("a", "1", "2", hours)).collect();
    let job = world.write_job(folder.path(), "interactions = \"interactions.parquet\"\n");
    let path = folder.path().join("interactions.parquet");
    write_in_groups(&path, &interactions(&events), 100);
    let sound = Published::of(&job, 2, &[]).await.unwrap();

    // The data of every row group that ends before the history, a year, overwritten but for its times.
    let mut bytes = fs::read(&path).unwrap();
    let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
    let old = (17_520 - 365 * 24) / 100;
    for group in reader.metadata().row_groups().iter().take(old) {
        for column in group.columns().iter().filter(|column| column.column_path().string() != "at")
        {
            let (start, length) = column.byte_range();
            bytes[start as usize..(start + length) as usize].fill(0xff);
        }
    }
    fs::write(&path, &bytes).unwrap();
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let damaged = Published::of(&job, 2, &[]).await.unwrap();
    assert_eq!(sound.commit, damaged.commit);
    assert_eq!(sound.measures("a", "a:2")["reactions_90d"], 2_160);

    // If it were decoded, the damage would be an error.
    let young = reader.metadata().row_group(old + 2).column(4).byte_range();
    bytes[young.0 as usize..(young.0 + young.1) as usize].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    assert!(Published::of(&job, 2, &[]).await.is_err());
}
