//! Files cut off or damaged anywhere: a typed refusal or a result, and never a panic.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use parquet::arrow::ArrowWriter;
use renown::error::Kind;
use tempfile::TempDir;

use crate::cases;
use crate::world::{World, interactions, reply, run_job};

/// A job over one interactions file that may be damaged.
struct Victim {
    folder: TempDir,
    job: PathBuf,
    /// The file as it was written.
    whole: Vec<u8>,
    /// Where its footer begins.
    footer: usize,
}

impl Victim {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let events = [reply("a", "1", "2", 3), reply("a", "2", "3", 30), reply("a", "3", "1", 300)];
        // Only the columns that must be there: the footer is short, so that every bit gets its turn.
        let batch = interactions(&events).project(&[0, 1, 2, 3, 4]).unwrap();
        let mut whole = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut whole, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let length = whole[whole.len() - 8..whole.len() - 4].try_into().unwrap();
        let footer = whole.len() - 8 - u32::from_le_bytes(length) as usize;
        let inputs = "interactions = \"interactions.parquet\"\n";
        let job = World::default().write_job(folder.path(), inputs);
        Self { folder, job, whole, footer }
    }

    fn flipped(&self, byte: usize, bit: u8) -> Vec<u8> {
        let mut bytes = self.whole.clone();
        bytes[byte] ^= 1 << bit;
        bytes
    }

    /// What comes of the job over `bytes`: nothing if it is as it should be.
    async fn fault(&self, bytes: &[u8]) -> Option<(&'static str, String)> {
        fs::write(self.folder.path().join("interactions.parquet"), bytes).unwrap();
        let job = self.job.clone();
        let ended = tokio::spawn(async move { run_job(&job, 1, &[]).await }).await;
        let _ = fs::remove_dir_all(self.folder.path().join("out"));
        let error = match ended {
            Err(panicked) => return Some(("panic", panicked.to_string())),
            Ok(Ok(_)) => return None,
            Ok(Err(error)) => error,
        };
        let shown = error.to_string();
        match error.kind {
            Kind::BadInput if !shown.contains("interactions") => Some(("unnamed", shown)),
            Kind::BadInput | Kind::Unavailable => None,
            _ => Some(("kind", format!("{:?}: {shown}", error.kind))),
        }
    }

    async fn require(&self, damages: impl Iterator<Item = (String, Vec<u8>)>) {
        let (mut faults, mut counts) = (Vec::new(), BTreeMap::new());
        for (what, bytes) in damages {
            if let Some((sort, said)) = self.fault(&bytes).await {
                *counts.entry(sort).or_insert(0) += 1;
                faults.push(format!("{what}: {sort}: {said}"));
            }
        }
        faults.truncate(12);
        assert!(counts.is_empty(), "{counts:?}, the first of them:\n{}", faults.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_file_is_scored() {
    let victim = Victim::new();
    fs::write(victim.folder.path().join("interactions.parquet"), &victim.whole).unwrap();
    let (_, outcome) = run_job(Path::new(&victim.job), 1, &[]).await.unwrap();
    assert_eq!(outcome.commit.tables["people"].rows, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_footer_cut_at_any_byte_is_refused() {
    let victim = Victim::new();
    let cuts = victim.footer..victim.whole.len();
    victim.require(cuts.map(|at| (format!("cut at {at}"), victim.whole[..at].to_vec()))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "shows a bug: the Parquet reader panics on damaged metadata"]
async fn a_bit_flipped_in_the_footer_never_panics() {
    let victim = Victim::new();
    let bytes = victim.footer..victim.whole.len();
    let rng = &mut Rng::with_seed(1);
    // One bit of each byte, or as many as are asked for.
    let bits = cases(bytes.len()).div_ceil(bytes.len()).clamp(1, 8) as u8;
    let flips: Vec<_> = bytes
        .flat_map(|byte| {
            let first = rng.u8(..8);
            (0..bits).map(move |bit| (byte, (first + bit) % 8))
        })
        .collect();
    let flips = flips.into_iter();
    let damages = flips.map(|(byte, bit)| (format!("{byte}.{bit}"), victim.flipped(byte, bit)));
    victim.require(damages).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "shows a bug: the Parquet reader panics on damaged pages"]
async fn a_bit_flipped_in_the_pages_never_panics() {
    let victim = Victim::new();
    let mut rng = Rng::with_seed(2);
    let damages = (0..cases(200)).map(|_| {
        let (byte, bit) = (rng.usize(..victim.footer), rng.u8(..8));
        (format!("{byte}.{bit}"), victim.flipped(byte, bit))
    });
    victim.require(damages).await;
}
