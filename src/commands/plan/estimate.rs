//! How large a run would get: from the rows in the footers, or from a previous run.

use std::collections::BTreeMap;

use serde::Serialize;

use super::logged_run::LoggedRun;
use crate::model::Follow;
use crate::read::{InputFile, Listing, ScanEstimate};

/// How large a run would get.
#[derive(Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// What it is estimated from.
    pub basis: String,
    /// People on their networks.
    pub vertices: u64,
    /// Pairs of people of whom one gives the other attention.
    pub edges: u64,
    /// Peak memory, in bytes.
    pub memory_bytes: u64,
    /// Bytes of all tables.
    pub output_bytes: u64,
    /// Wall-clock seconds; only estimated from a previous run.
    pub seconds: Option<f64>,
}

/// Bytes of memory of each file that is listed.
const FILE: u64 = 45_000;
/// Bytes of memory while ids are numbered and interactions sorted: of the process, and of each vertex,
/// interaction and post. All constants are fitted to five runs of .75 to 75 million interactions among
/// 116,000 to 2.3 million accounts; how well they hold is in `benches/RESULTS.md`.
const SORTED: [u64; 4] = [300_000_000, 700, 75, 100];
/// Bytes of memory of each follow; while they are gathered they are held twice.
const FOLLOW: u64 = size_of::<Follow>() as u64;
/// Bytes of memory while the tables are drafted: of the process, and of each vertex, row of `influence_edges` and post.
const TABLES: [u64; 4] = [339_000_000, 2_400, 138, 291];
/// Bytes of the tables for each vertex and each row of `influence_edges`.
const OUTPUT: [u64; 2] = [540, 39];

impl Estimate {
    /// From the rows to be scanned.
    pub(super) fn from_rows(reads: &BTreeMap<String, ScanEstimate>, top: u32) -> Self {
        let rows = |table: &str| reads.get(table).map(|reading| reading.rows);
        let edges = rows("interactions").unwrap_or_default();
        let follows = rows("follows").unwrap_or_default();
        let pairs = edges.saturating_add(follows);
        let vertices = rows("accounts").unwrap_or_else(|| pairs.saturating_mul(2));
        // Of few pairs nearly all are among the strongest of a person, of many only those.
        let strongest = vertices.saturating_mul(2 * u64::from(top));
        let published = (edges as f64 * strongest as f64
            / edges.saturating_add(strongest).max(1) as f64) as u64;
        let sum = |base: u64, counts: &[u64], costs: &[u64]| {
            let costs = counts.iter().zip(costs).map(|(count, cost)| count.saturating_mul(*cost));
            costs.fold(base, u64::saturating_add)
        };
        let posts = rows("posts").unwrap_or_default();
        let sorted = sum(SORTED[0], &[vertices, edges, posts], &SORTED[1..]);
        let sorted = sum(sorted, &[follows], &[2 * FOLLOW]);
        let tables = sum(TABLES[0], &[vertices, published, posts], &TABLES[1..]);
        let tables = sum(tables, &[follows], &[FOLLOW]);
        let files: u64 = reads.values().map(|reading| reading.files as u64).sum();
        let basis = match reads.contains_key("accounts") {
            true => {
                "the rows in the footers, as if every interaction were between another pair of people"
            }
            false => {
                "the rows in the footers, as an upper limit: without `accounts` every interaction or follow may be between two \
                 other people"
            }
        };
        Self {
            basis: basis.to_owned(),
            vertices,
            edges,
            memory_bytes: sum(sorted.max(tables), &[files], &[FILE]),
            output_bytes: sum(0, &[vertices, published], &OUTPUT),
            seconds: None,
        }
    }

    /// From a previous run, by the bytes of its input files and of those that the job names. `None` if it had none.
    pub(super) fn scaled(previous: &LoggedRun, files: &BTreeMap<String, Listing>) -> Option<Self> {
        let bytes = |files: &[InputFile]| files.iter().map(|file| file.size).sum::<u64>();
        let then: u64 = previous.log.inputs.values().map(|files| bytes(files)).sum();
        let now: u64 = files.values().map(|listed| bytes(&listed.files)).sum();
        let ratio = (then > 0).then(|| now as f64 / then as f64)?;
        let scale = |count: u64| (count as f64 * ratio).round() as u64;
        let LoggedRun { commit, log } = previous;
        let edges = log.stages.iter().find(|stage| stage.stage == "attention")?.rows_out;
        let tables = commit.tables.values();
        let output = tables.flat_map(|table| &table.files).map(|file| file.size).sum();
        let peak = log.stages.iter().map(|stage| stage.peak_memory_bytes).max()?;
        Some(Self {
            basis: format!(
                "the run of {} (commit {}), scaled by {ratio:.3}, the ratio of the bytes of input files",
                commit.snapshot_date, commit.number
            ),
            vertices: scale(commit.tables.get("measures")?.rows),
            edges: scale(edges),
            memory_bytes: scale(peak),
            output_bytes: scale(output),
            seconds: Some(log.stages.iter().map(|stage| stage.seconds).sum::<f64>() * ratio),
        })
    }
}
