//! `renown rank`: PageRank of the vertices of any edge list in Parquet.

mod edge_source;
mod ids;
mod phases;
mod weights;

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use url::Url;

pub use self::edge_source::EdgeSource;
use self::edge_source::{Columns, VertexIds};
use self::phases::Phases;
use super::context::Context;
use super::input_notes::describe_files;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::parse_url;
use crate::number_format::count;
use crate::propagate::ranking_error;
use crate::publish::encode;
use crate::read::PassedOver;
use renown_graph::pagerank::{PageRank, RankError, Ranks, Stop};

/// Maximum number of iterations towards a tolerance.
const MAX_ITERATIONS: u32 = 10_000;

/// Compute PageRank of the vertices of any edge list in Parquet
#[derive(clap::Args)]
pub(super) struct Args {
    /// Edge list in Parquet: URL or path of a file or folder
    edges: String,
    /// Column of the source vertex of an edge
    #[arg(long)]
    source: String,
    /// Column of the target vertex of an edge
    #[arg(long)]
    target: String,
    /// Column of the weight of an edge [default: every edge weighs 1]
    #[arg(long)]
    weight: Option<String>,
    /// Damping factor: share of its rank that a vertex passes on
    #[arg(long, default_value_t = 0.85, allow_negative_numbers = true)]
    damping: f64,
    #[command(flatten)]
    stop: StopArgs,
    /// Parquet file for the ranks: URL or path
    #[arg(long)]
    out: String,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct StopArgs {
    /// Number of iterations
    #[arg(long, allow_negative_numbers = true)]
    iterations: Option<u32>,
    /// Maximum L1 distance to the exact ranks, rounding included
    #[arg(long, allow_negative_numbers = true)]
    tolerance: Option<f64>,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let here = Path::new("");
    let stop = match args.stop.tolerance {
        Some(tolerance) => Stop::Tolerance { tolerance, max_iterations: MAX_ITERATIONS },
        None => Stop::Iterations(args.stop.iterations.unwrap_or_default()),
    };
    let pagerank = PageRank { damping: args.damping, stop, ..PageRank::default() };
    let edges = EdgeSource {
        url: parse_url(here, &args.edges)?,
        source: args.source,
        target: args.target,
        weight: args.weight,
    };
    let out = parse_url(here, &args.out)?;
    let report = rank_vertices(&context.engine, &edges, &pagerank, &out).await?;
    context.print(&page(&report))
}

/// What was ranked and how long it took.
#[derive(Clone, Debug)]
pub struct RankReport {
    /// Distinct ids.
    pub vertices: usize,
    /// Distinct (source, target) pairs.
    pub edges: usize,
    /// Iterations made.
    pub iterations: u32,
    /// L1 distance between the last two iterates.
    pub residual: f64,
    /// Certified L1 distance to the exact ranks.
    pub bound: f64,
    /// Files of the folder that are not read.
    pub passed_over: Vec<PassedOver>,
    /// Seconds of each phase.
    pub seconds: Vec<(&'static str, f64)>,
}

/// Ranks the vertices of `list` and writes `id`, `pagerank` (sorted by id, ranks summing to 1) to `out`.
/// Duplicate edges add up, self-loops stay; start, teleport and dangling mass are uniform.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing columns, ids that are neither integers nor text, nulls
/// and weights that are negative or no numbers; [`Kind::Usage`] for parameters out of
/// range or ranks that did not converge; [`crate::error::Kind::Unavailable`] if a store fails.
pub async fn rank_vertices(
    engine: &Engine,
    list: &EdgeSource,
    pagerank: &PageRank,
    out: &Url,
) -> Result<RankReport> {
    let mut phases = Phases::begin();
    let columns = Columns::open(engine, list).await?;
    let (graph, vertices) = columns.graph(list, &mut phases).await?;
    let edges = graph.edges();
    let ranked = tokio::task::block_in_place(|| match graph.into_unweighted() {
        Ok(unweighted) => pagerank.run(&unweighted, None),
        Err(weighted) => pagerank.run(&weighted, None),
    });
    let Ranks { ranks, iterations, residual, bound } = ranked.map_err(not_ranked)?;
    phases.end("rank");
    let VertexIds { ids, vertices } = vertices;
    let ranks = vertices.iter().map(|vertex| ranks[*vertex as usize]);
    let table = RecordBatch::try_from_iter([
        ("id", ids),
        ("pagerank", Arc::new(Float64Array::from_iter_values(ranks)) as ArrayRef),
    ])
    .map_err(Error::internal)?;
    let bytes = tokio::task::block_in_place(|| encode(&["id".into()], None, &table))?;
    engine.stores.write(out, bytes).await?;
    phases.end("write");
    let seconds = phases.seconds;
    let (vertices, passed_over) = (vertices.len(), columns.passed_over);
    Ok(RankReport { vertices, edges, iterations, residual, bound, passed_over, seconds })
}

/// The error for ranks that cannot be computed; damping and stop rule come from the command line here, not from a job.
fn not_ranked(error: RankError) -> Error {
    match ranking_error(error) {
        Error { kind: Kind::BadJob, cause, remedy, .. } => Error::new(Kind::Usage, cause, remedy),
        other => other,
    }
}

fn page(report: &RankReport) -> String {
    let mut page = format!(
        "vertices   {}\nedges      {}\niterations {}\nresidual   {:.3e}\nbound      {:.3e}\n",
        count(report.vertices as u64),
        count(report.edges as u64),
        report.iterations,
        report.residual,
        report.bound
    );
    page += &describe_files("edges", &report.passed_over);
    for (phase, seconds) in &report.seconds {
        page += &format!("{phase:<10} {seconds:.3} s\n");
    }
    page
}
