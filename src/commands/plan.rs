//! What a run of a job would do, told without reading a row: from listings, footers and the log of the
//! run before.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use url::Url;

use crate::engine::Engine;
use crate::error::{Kind, Result, printable};
use crate::job::{Job, no_snapshot};
use crate::model::Follow;
use crate::pipeline::run_id::job_sha256;
use crate::publish::commit::{self, Commit};
use crate::publish::log::RunLog;
use crate::publish::{log_path, table_path};
use crate::published::Run;
use crate::read::{self, InputFile, Listing, ScanEstimate};
use crate::schema::{self, Status};

/// What a run would do.
#[derive(Debug, Serialize)]
pub struct Plan {
    /// Name of the job.
    pub job: String,
    /// Day that would be scored.
    pub snapshot_date: NaiveDate,
    /// Whether there is anything to do, as far as that can be told without reading rows.
    pub to_do: bool,
    /// Why there is, or is not.
    pub because: String,
    /// What one pass over each input would read; a run makes several.
    pub reads: BTreeMap<String, ScanEstimate>,
    /// How large it would get.
    pub estimate: Estimate,
    /// Folder that would be written to.
    pub output: String,
    /// Paths below it that would be written, the commit last; `RUN` stands for the id of the run.
    pub writes: Vec<String>,
    /// Number of the commit that would be replaced.
    pub in_place_of: Option<u64>,
}

/// How large a run would get.
#[derive(Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// What it is told from.
    pub from: String,
    /// People on their networks.
    pub vertices: u64,
    /// Pairs of people of whom one pays the other attention.
    pub edges: u64,
    /// Most memory held at once, in bytes.
    pub memory_bytes: u64,
    /// Bytes of all tables.
    pub output_bytes: u64,
    /// Wall-clock seconds; known from a run before alone.
    pub seconds: Option<f64>,
}

/// A run that was published, with what it wrote down.
struct Before {
    commit: Commit,
    log: RunLog,
}

/// Plans a run of `job`. No row is read and nothing is written.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if no snapshot is named; those of a run that files, footers and the job
/// show; [`crate::error::Kind::Unavailable`] if a store does not answer.
pub async fn plan(engine: &Engine, job: &Job) -> Result<Plan> {
    let day = job.snapshot.ok_or_else(no_snapshot)?;
    let (reads, files) = read::estimate_scans(engine, job, day).await?;
    let stores = &engine.stores;
    let newest = commit::newest(stores, &job.output).await?;
    let standing = commit::in_force(stores, &job.output, Some(day)).await?;
    let in_place_of = standing.as_ref().map(|commit| commit.number);
    let latest = commit::in_force(stores, &job.output, None).await?;
    let latest = match latest {
        Some(commit) => before(engine, &job.output, commit).await?,
        None => None,
    };
    let scaled = latest.and_then(|before| Estimate::scaled(&before, &files));
    let estimate = scaled.unwrap_or_else(|| Estimate::from_rows(&reads, job.influence.top));
    let (to_do, because) = match standing {
        None => (true, format!("no run of {day} has been published")),
        Some(commit) => reason(engine, job, commit, &files).await?,
    };
    let number = newest.map_or(1, |newest| newest.number.saturating_add(1));
    let published = schema::tables()?.iter().filter(|table| table.status == Status::Published);
    let mut writes: Vec<String> =
        published.map(|table| table_path(&table.table, day, "RUN", 0)).collect();
    writes.extend([log_path(day, "RUN"), commit::path(number)]);
    Ok(Plan {
        job: job.name.clone(),
        snapshot_date: day,
        to_do,
        because,
        reads,
        estimate,
        output: job.output.to_string(),
        writes,
        in_place_of,
    })
}

/// The run of a commit with its log; `None` if that is gone, or of a version that wrote another one.
async fn before(engine: &Engine, output: &Url, commit: Commit) -> Result<Option<Before>> {
    match Run::open(engine, output, &commit)?.log().await {
        Ok(log) => Ok(log.map(|log| Before { commit, log })),
        Err(error) if error.kind == Kind::BadInput => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether anything has changed since `commit`, and what.
async fn reason(
    engine: &Engine,
    job: &Job,
    commit: Commit,
    files: &BTreeMap<String, Listing>,
) -> Result<(bool, String)> {
    let (number, snapshot_date) = (commit.number, commit.snapshot_date);
    let stores = &engine.stores;
    if !commit::intact(stores, &job.output, &commit).await? {
        return Ok((true, format!("files of commit {number} are gone")));
    }
    let Some(Before { commit, log }) = before(engine, &job.output, commit).await? else {
        return Ok((true, format!("commit {number} has no log that this renown reads")));
    };
    if log.job_sha256 != job_sha256(job, commit.snapshot_date)? {
        return Ok((true, format!("job, method or renown have changed since commit {number}")));
    }
    let newest = commit::newest(stores, &job.output).await?;
    let before = newest.and_then(|newest| newest.before(snapshot_date));
    if log.run_before.as_ref().map(|run| run.commit) != before.map(|(_, number)| number) {
        return Ok((true, format!("the run before has changed since commit {number}")));
    }
    // Without a mark of its version a file may have changed unseen.
    let same = |name: &str, listed: &Listing| {
        log.inputs.get(name) == Some(&listed.files)
            && listed.files.iter().all(|file| file.e_tag.is_some())
    };
    let changed = files.iter().filter(|(name, listed)| !same(name, listed));
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    Ok(match changed.is_empty() {
        true => (false, format!("these files, job and method were published as commit {number}")),
        false => (true, format!("changed since commit {number}: {}", changed.join(", "))),
    })
}

/// Bytes of memory of each file that is listed.
const FILE: u64 = 45_000;
/// Bytes of memory while ids are numbered and interactions sorted: of the process, and of each vertex,
/// interaction and post. All constants are fitted to five runs of .75 to 75 million interactions among
/// 116,000 to 2.3 million accounts; how well they hold is in `benches/RESULTS.md`.
const SORTED: [u64; 4] = [300_000_000, 700, 75, 100];
/// Bytes of memory of each follow; while they are gathered they are held twice.
const FOLLOW: u64 = size_of::<Follow>() as u64;
/// Bytes of memory while the tables stand: of the process, and of each vertex, row of `influence_edges` and post.
const TABLES: [u64; 4] = [339_000_000, 1_740, 138, 291];
/// Bytes of the tables for each vertex and each row of `influence_edges`.
const OUTPUT: [u64; 2] = [95, 39];

impl Estimate {
    /// From the rows to be scanned, as `from` says.
    fn from_rows(reads: &BTreeMap<String, ScanEstimate>, top: u32) -> Self {
        let rows = |table: &str| reads.get(table).map(|reading| reading.rows);
        let edges = rows("interactions").unwrap_or_default();
        let follows = rows("follows").unwrap_or_default();
        let met = edges.saturating_add(follows);
        let vertices = rows("accounts").unwrap_or_else(|| met.saturating_mul(2));
        // Of few pairs nearly all are among somebody's strongest, of many the strongest alone.
        let strongest = vertices.saturating_mul(2 * u64::from(top));
        let published = (edges as f64 * strongest as f64
            / edges.saturating_add(strongest).max(1) as f64) as u64;
        let sum = |own: u64, counts: &[u64], costs: &[u64]| {
            let costs = counts.iter().zip(costs).map(|(count, cost)| count.saturating_mul(*cost));
            costs.fold(own, u64::saturating_add)
        };
        let posts = rows("posts").unwrap_or_default();
        let sorted = sum(SORTED[0], &[vertices, edges, posts], &SORTED[1..]);
        let sorted = sum(sorted, &[follows], &[2 * FOLLOW]);
        let tables = sum(TABLES[0], &[vertices, published, posts], &TABLES[1..]);
        let tables = sum(tables, &[follows], &[FOLLOW]);
        let files: u64 = reads.values().map(|reading| reading.files as u64).sum();
        let from = match reads.contains_key("accounts") {
            true => {
                "the rows in the footers, as if each interaction were of another pair of people"
            }
            false => {
                "the rows in the footers, at most: without `accounts` each interaction or follow may be \
                 between two people of its own"
            }
        };
        Self {
            from: from.to_owned(),
            vertices,
            edges,
            memory_bytes: sum(sorted.max(tables), &[files], &[FILE]),
            output_bytes: sum(0, &[vertices, published], &OUTPUT),
            seconds: None,
        }
    }

    /// From a run before, by the bytes of the files that the job names. `None` if it names none.
    fn scaled(before: &Before, files: &BTreeMap<String, Listing>) -> Option<Self> {
        let bytes = |files: &[InputFile]| files.iter().map(|file| file.size).sum::<u64>();
        let then: u64 = before.log.inputs.values().map(|files| bytes(files)).sum();
        let now: u64 = files.values().map(|listed| bytes(&listed.files)).sum();
        let ratio = (then > 0).then(|| now as f64 / then as f64)?;
        let scale = |count: u64| (count as f64 * ratio).round() as u64;
        let Before { commit, log } = before;
        let edges = log.stages.iter().find(|stage| stage.stage == "attention")?.rows_out;
        let tables = commit.tables.values();
        let output = tables.flat_map(|table| &table.files).map(|file| file.size).sum();
        let peak = log.stages.iter().map(|stage| stage.peak_memory_bytes).max()?;
        Some(Self {
            from: format!(
                "the run of {} (commit {}), by the bytes of its input files: {ratio:.3} times as many",
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

/// The plan for people to read.
pub fn render(plan: &Plan) -> String {
    let mut reads = Table::new();
    reads.load_preset(comfy_table::presets::NOTHING);
    reads.set_header(["input", "files", "row groups", "rows", "MB"]);
    for (table, reading) in &plan.reads {
        reads.add_row([
            table.clone(),
            reading.files.to_string(),
            format!("{}/{}", reading.row_groups, reading.row_groups_found),
            reading.rows.to_string(),
            format!("{:.1}", reading.bytes as f64 / 1e6),
        ]);
    }
    for column in reads.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let verdict = if plan.to_do { "to do" } else { "nothing to do" };
    let estimate = &plan.estimate;
    let mut out = format!(
        "{} on {}: {verdict}: {}\n\nwould read in one pass, after pruning by time and statistics\n{reads}\n\n\
         estimates from {}\n",
        printable(&plan.job),
        plan.snapshot_date,
        plan.because,
        estimate.from
    );
    let seconds = estimate.seconds.map(|s| format!("{s:.1} s"));
    let lines = [
        ("vertices", Some(estimate.vertices.to_string())),
        ("edges", Some(estimate.edges.to_string())),
        ("memory", Some(format!("{:.0} MB", estimate.memory_bytes as f64 / 1e6))),
        ("output", Some(format!("{:.1} MB", estimate.output_bytes as f64 / 1e6))),
        ("time", seconds),
    ];
    for (name, value) in lines {
        if let Some(value) = value {
            out.push_str(&format!("  {name:<9} {value:>12}\n"));
        }
    }
    out.push_str(&format!("\nwould write to {}\n", plan.output));
    for path in &plan.writes {
        out.push_str(&format!("  {path}\n"));
    }
    if let Some(number) = plan.in_place_of {
        out.push_str(&format!("  in place of commit {number}\n"));
    }
    out
}
