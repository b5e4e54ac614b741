//! `renown rank`: PageRank of the vertices of any edge list in Parquet.

mod edge_source;
mod id_types;
mod ids;
mod output;
mod phases;
mod seeds;
mod table;
mod weights;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use url::Url;

pub use self::edge_source::EdgeSource;
use self::edge_source::{EdgeGraph, EdgeTables, VertexIds};
use self::output::refuse_inputs;
use self::phases::Phases;
use super::context::Context;
use super::input_notes::describe_files;
use super::job_args::parse_variable;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result, printable};
use crate::job::{Input, parse_input, parse_url};
use crate::number_format::count;
use crate::propagate::ranking_error;
use crate::publish::encode;
use crate::read::PassedOver;
use renown_graph::pagerank::{PageRank, RankError, Ranks, Stop};
use renown_graph::perturbation::{of_rounded_teleport, of_rounded_weights};

/// Maximum number of iterations towards a tolerance.
const MAX_ITERATIONS: u32 = 10_000;

/// Compute PageRank of the vertices of any edge list in Parquet
#[derive(clap::Args)]
pub(super) struct Args {
    /// Edges in Parquet: URL or path of a file or folder, or a SELECT over the tables named with --from
    edges: String,
    /// Parquet under a name for SELECTs: URL or path of a file or folder; may be repeated
    #[arg(long, value_name = "NAME=URL", value_parser = parse_variable)]
    from: Vec<(String, String)>,
    /// Column of the source vertex of an edge [default: source, src or from]
    #[arg(long, value_name = "COLUMN", requires = "target")]
    source: Option<String>,
    /// Column of the target vertex of an edge [default: target, dst or to]
    #[arg(long, value_name = "COLUMN", requires = "source")]
    target: Option<String>,
    /// Column of the weight of an edge [default: every edge weighs 1]
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,
    /// Vertices that are ranked even if they have no edge: Parquet with the column id, or a SELECT
    #[arg(long, value_name = "IDS")]
    vertices: Option<String>,
    /// Personalised PageRank: Parquet with the column id and, if it has one, weight, or a SELECT; random jumps land on these
    /// vertices, by weight [default: on all vertices alike]
    #[arg(long, value_name = "IDS")]
    seeds: Option<String>,
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
#[group(multiple = false)]
struct StopArgs {
    /// Number of iterations, however far from the exact ranks
    #[arg(long, allow_negative_numbers = true)]
    iterations: Option<u32>,
    /// Maximum L1 distance to the exact ranks, by the last step; the printed bound includes rounding
    #[arg(long, default_value_t = 1e-9, allow_negative_numbers = true)]
    tolerance: f64,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let here = Path::new("");
    for (place, (name, _)) in args.from.iter().enumerate() {
        if args.from[..place].iter().any(|(other, _)| other == name) {
            let cause = format!("two tables are named `{name}` with --from");
            return Err(Error::new(Kind::Usage, cause, "give each table a name of its own"));
        }
    }
    let stop = match args.stop.iterations {
        Some(iterations) => Stop::Iterations(iterations),
        None => Stop::Tolerance { tolerance: args.stop.tolerance, max_iterations: MAX_ITERATIONS },
    };
    let pagerank = PageRank { damping: args.damping, stop, ..PageRank::default() };
    let input = |text: &String| parse_input(here, text);
    let sources = args.from.iter().map(|(name, url)| Ok((name.clone(), parse_url(here, url)?)));
    let edges = EdgeSource {
        edges: input(&args.edges)?,
        sources: sources.collect::<Result<_>>()?,
        ends: args.source.zip(args.target),
        weight: args.weight,
        vertices: args.vertices.as_ref().map(input).transpose()?,
        seeds: args.seeds.as_ref().map(input).transpose()?,
    };
    if !edges.sources.is_empty() && edges.inputs().all(|input| matches!(input, Input::Url(_))) {
        let cause = "tables are named with --from, and there is no SELECT over them";
        return Err(Error::new(Kind::Usage, cause, "give a SELECT, or leave --from out"));
    }
    let out = parse_url(here, &args.out)?;
    let report = rank_vertices(&context.engine, &edges, &pagerank, &out).await?;
    context.print(&page(&report))
}

/// What was ranked and how long it took.
#[derive(Clone, Debug)]
pub struct RankReport {
    /// Columns of source, target and, if there is one, weight.
    pub columns: Vec<String>,
    /// Distinct ids.
    pub vertices: usize,
    /// Vertices on which random jumps land; `None` if they land on all alike.
    pub seeds: Option<usize>,
    /// Distinct (source, target) pairs.
    pub edges: usize,
    /// Iterations made.
    pub iterations: u32,
    /// L1 distance between the last two iterates.
    pub residual: f64,
    /// Certified L1 distance to the exact ranks of the weights as 64-bit numbers, all rounding included.
    pub bound: f64,
    /// The part of it that rounding the sums of weights makes.
    pub bound_of_weights: f64,
    /// Files in the folders of tables and sources that are not read, by why.
    pub files_not_read: BTreeMap<String, Vec<PassedOver>>,
    /// Seconds of each phase.
    pub seconds: Vec<(&'static str, f64)>,
}

/// Ranks the vertices of `list` and writes `id`, `pagerank` (sorted by id, ranks summing to 1) to `out`.
/// Duplicate edges add up, self-loops stay; start, teleport and dangling mass are uniform, or follow the weights of the seeds.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing columns, ids that are neither integers nor text nor UUIDs, nulls,
/// weights that are negative or no numbers, and seeds that are no vertices; [`Kind::Usage`] for parameters out of
/// range, ranks that did not converge, and an output that would replace an input;
/// [`crate::error::Kind::Unavailable`] if a store fails.
pub async fn rank_vertices(
    engine: &Engine,
    list: &EdgeSource,
    pagerank: &PageRank,
    out: &Url,
) -> Result<RankReport> {
    let mut phases = Phases::begin();
    refuse_inputs(engine, list, out).await?;
    let tables = EdgeTables::open(engine, list).await?;
    let EdgeGraph { graph, vertices, teleport } = tables.graph(&mut phases).await?;
    let (edges, weight_rounding) = (graph.edges(), graph.weight_rounding());
    let jumps = teleport.as_ref().map(|(entries, _)| entries.as_slice());
    let ranked = tokio::task::block_in_place(|| graph.rank(pagerank, jumps));
    let Ranks { ranks, iterations, residual, bound } = ranked.map_err(not_ranked)?;
    let bound_of_weights = match weight_rounding > 0.0 {
        true => of_rounded_weights(pagerank.damping, weight_rounding),
        false => 0.0,
    };
    let bound_of_seeds = match &teleport {
        None => 0.0,
        Some((_, roundings)) => of_rounded_teleport(pagerank.damping, *roundings),
    };
    let seeds = jumps.map(|jumps| jumps.iter().filter(|share| **share > 0.0).count());
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
    let (files_not_read, seconds) = (tables.files_not_read(), phases.seconds);
    Ok(RankReport {
        columns: tables.columns,
        vertices: vertices.len(),
        seeds,
        edges,
        iterations,
        residual,
        bound: bound + bound_of_weights + bound_of_seeds,
        bound_of_weights,
        files_not_read,
        seconds,
    })
}

/// The error for ranks that cannot be computed; damping and stop rule come from the command line here, not from a job.
fn not_ranked(error: RankError) -> Error {
    match ranking_error(error) {
        Error { kind: Kind::BadJob, cause, remedy, .. } => Error::new(Kind::Usage, cause, remedy),
        other => other,
    }
}

fn page(report: &RankReport) -> String {
    let columns: Vec<String> = report.columns.iter().map(|name| printable(name)).collect();
    let columns = match columns.as_slice() {
        [source, target, weight] => format!("{source} -> {target}, weight {weight}"),
        ends => format!("{}, every edge weighs 1", ends.join(" -> ")),
    };
    let mut page = format!(
        "columns    {columns}\nvertices   {}\nedges      {}\n",
        count(report.vertices as u64),
        count(report.edges as u64),
    );
    for (table, passed_over) in &report.files_not_read {
        page += &describe_files(table, passed_over);
    }
    if let Some(seeds) = report.seeds {
        page += &format!("seeds      {}\n", count(seeds as u64));
    }
    page += &format!(
        "iterations {}\nresidual   {:.3e}\nbound      {:.3e}\n",
        report.iterations, report.residual, report.bound
    );
    if report.bound_of_weights > 0.0 {
        let part = report.bound_of_weights;
        page += &format!("           {part:.3e} of it for sums of weights that were rounded\n");
    }
    for (phase, seconds) in &report.seconds {
        page += &format!("{phase:<10} {seconds:.3} s\n");
    }
    page
}
