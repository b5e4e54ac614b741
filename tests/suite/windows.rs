//! What lies before the window is not decoded.

use std::fs;

use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use tempfile::TempDir;

use crate::parquet_files::write_in_groups;
use crate::world::{Event, Published, World, interactions, reply};

#[tokio::test(flavor = "multi_thread")]
async fn row_groups_from_before_the_window_are_not_decoded() {
    let folder = TempDir::new().unwrap();
    let world = World::default();
    // Two years, an event an hour, in row groups of 100 hours.
    let events: Vec<Event> = (0..17_520).rev().map(|hours| reply("a", "1", "2", hours)).collect();
    let job = world.write_job(folder.path(), "interactions = \"interactions.parquet\"\n");
    let path = folder.path().join("interactions.parquet");
    write_in_groups(&path, &interactions(&events), 100);
    let sound = Published::of(&job, 2, &[]).await.unwrap();

    // The data of every row group that ends before the window, overwritten.
    let mut bytes = fs::read(&path).unwrap();
    let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
    let old = (17_520 - 2_160) / 100;
    for group in reader.metadata().row_groups().iter().take(old) {
        for column in group.columns() {
            let (start, length) = column.byte_range();
            bytes[start as usize..(start + length) as usize].fill(0xff);
        }
    }
    fs::write(&path, &bytes).unwrap();
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    let damaged = Published::of(&job, 2, &[]).await.unwrap();
    assert_eq!(sound.commit, damaged.commit);
    assert_eq!(sound.measures("a", "a:2")["reactions_90d"], 2_160);

    // Were it read, the damage would be seen.
    let young = reader.metadata().row_group(old + 2).column(4).byte_range();
    bytes[young.0 as usize..(young.0 + young.1) as usize].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    assert!(Published::of(&job, 2, &[]).await.is_err());
}
