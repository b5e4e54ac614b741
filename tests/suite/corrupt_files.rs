//! Truncated files and files with flipped bits: a typed error or a result, never a panic and never an internal error. The
//! whole: `RENOWN_CASES=5000 cargo test --test suite corrupt_files`.

use std::fs;

use fastrand::Rng;
use renown::error::Kind;
use tempfile::TempDir;

use crate::campaign::{cases, is_whole};
use crate::world::{Published, World, reply};

struct CorruptFile {
    folder: TempDir,
    sound: Vec<u8>,
    footer: usize,
}

impl CorruptFile {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let events = (0..40).map(|i| reply("net", &format!("a{}", i % 7), &format!("b{i}"), i));
        World { events: events.collect(), ..World::default() }.write(folder.path());
        let sound = fs::read(folder.path().join("interactions.parquet")).unwrap();
        let length: [u8; 4] = sound[sound.len() - 8..sound.len() - 4].try_into().unwrap();
        let footer = sound.len() - 8 - u32::from_le_bytes(length) as usize;
        Self { folder, sound, footer }
    }

    /// Runs over the file as `bytes`; returns whether it was refused.
    async fn refused(&self, bytes: &[u8], what: &str) -> bool {
        fs::write(self.folder.path().join("interactions.parquet"), bytes).unwrap();
        let _ = fs::remove_dir_all(self.folder.path().join("out"));
        match Published::of(&self.folder.path().join("job.toml"), 2, &[]).await {
            Ok(_) => false,
            Err(error) => {
                assert!(
                    matches!(error.kind, Kind::BadInput | Kind::Unavailable),
                    "{what}: {error}"
                );
                assert!(error.cause.contains("interactions"), "{what}: {error}");
                true
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_truncated_anywhere_in_its_footer_is_refused_campaign() {
    let file = CorruptFile::new();
    assert!(!file.refused(&file.sound, "sound").await);
    let step = if is_whole() { 1 } else { 97 };
    for length in (file.footer..file.sound.len()).step_by(step) {
        let what = format!("cut to {length} bytes");
        assert!(file.refused(&file.sound[..length], &what).await, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn flipped_bits_end_in_a_typed_error_or_a_result_campaign() {
    let file = CorruptFile::new();
    let mut rng = Rng::with_seed(31);
    let mut refused = 0;
    for _ in cases(0, 40) {
        let mut bytes = file.sound.clone();
        // Most of them in the footer, which describes the rest of the file.
        let from = if rng.u8(..4) > 0 { file.footer } else { 0 };
        let (at, bit) = (rng.usize(from..bytes.len()), rng.u8(..8));
        bytes[at] ^= 1 << bit;
        let what = format!("bit {bit} of byte {at} flipped");
        refused += usize::from(file.refused(&bytes, &what).await);
    }
    assert!(refused > 0);
}
