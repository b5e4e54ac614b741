//! `renown rank`: the graph core on its own, for any edge list in Parquet.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringViewArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use arrow::util::display::array_value_to_string;
use datafusion::prelude::{cast as cast_as, ident};
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Kind, Result, nearest};
use crate::graph::GraphError;
use crate::graph::csr::Csr;
use crate::graph::ids::{DenseIds, dense};
use crate::propagate::not_ranked;
use crate::propagate::pagerank::{PageRank, Ranks};
use crate::publish::encode;
use crate::read::open;

/// The sign bit of 64-bit integers.
const SIGN: u64 = 1 << 63;

/// Where edges are, and in which columns.
#[derive(Clone, Debug)]
pub struct EdgeList {
    /// Parquet: one file or a folder.
    pub url: Url,
    /// Column of the vertex that an edge leaves.
    pub source: String,
    /// Column of the vertex that it enters, of the same type.
    pub target: String,
    /// Column of its weight; without one each edge counts 1.
    pub weight: Option<String>,
}

/// What was ranked and how long it took.
#[derive(Clone, Debug)]
pub struct Report {
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
    /// Seconds of each phase.
    pub seconds: Vec<(&'static str, f64)>,
}

/// Ranks the vertices of `list` and writes `id`, `rank` (sorted by id, ranks summing to 1) to `out`.
/// Duplicate edges add up, self-loops stay; start, teleport and dangling mass are uniform.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing columns, ids that are neither integers nor text, nulls
/// and weights that are negative or no numbers; [`Kind::Usage`] for parameters out of
/// range or ranks that did not converge; [`crate::error::Kind::Unavailable`] if a store fails.
pub async fn rank(
    engine: &Engine,
    list: &EdgeList,
    pagerank: &PageRank,
    out: &Url,
) -> Result<Report> {
    let mut phases = Phases { since: Instant::now(), seconds: vec![] };
    let edges = Edges::read(engine, list).await?;
    phases.end("read");
    let (graph, ids) = tokio::task::block_in_place(|| edges.graph(list))?;
    phases.end("build");
    let ranked =
        tokio::task::block_in_place(|| pagerank.run(&graph, None)).map_err(
            |e| match not_ranked(e) {
                Error { kind: Kind::BadJob, cause, remedy, .. } => {
                    Error::new(Kind::Usage, cause, remedy)
                }
                other => other,
            },
        )?;
    phases.end("rank");
    let Ranks { ranks, iterations, residual, bound } = ranked;
    let table = RecordBatch::try_from_iter([
        ("id", ids),
        ("rank", Arc::new(Float64Array::from(ranks)) as ArrayRef),
    ])
    .map_err(Error::internal)?;
    let bytes = tokio::task::block_in_place(|| encode(&["id".into()], &table))?;
    engine.stores.write(out, bytes).await?;
    phases.end("write");
    Ok(Report {
        vertices: graph.vertices(),
        edges: graph.edges(),
        iterations,
        residual,
        bound,
        seconds: phases.seconds,
    })
}

struct Phases {
    since: Instant,
    seconds: Vec<(&'static str, f64)>,
}

impl Phases {
    fn end(&mut self, phase: &'static str) {
        self.seconds.push((phase, self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

/// The columns of an edge list. All lengths: edges as given.
struct Edges {
    sources: ArrayRef,
    targets: ArrayRef,
    weights: Option<Float64Array>,
    /// Type that the ids came in.
    kind: DataType,
}

impl Edges {
    async fn read(engine: &Engine, list: &EdgeList) -> Result<Self> {
        let what = format!("reading `{}`", list.url);
        let (frame, _) = open(engine, &list.url).await?;
        let found: Vec<String> = frame.schema().columns().into_iter().map(|c| c.name).collect();
        let mut names = vec![&list.source, &list.target];
        names.extend(&list.weight);
        for name in &names {
            if !found.contains(name) {
                let near = nearest(name, found.iter().map(String::as_str))
                    .map_or(String::new(), |near| format!("is it `{near}`? "));
                return Err(Error::bad_input(
                    format!("`{}`: there is no column `{name}`", list.url),
                    format!("{near}the columns are {}", found.join(", ")),
                ));
            }
        }
        let kinds = names
            .iter()
            .map(|name| {
                let field = frame.schema().field_with_unqualified_name(name);
                field.map(|f| plain(f.data_type())).map_err(Error::internal)
            })
            .collect::<Result<Vec<_>>>()?;
        // Under names of our own: source and target may be the same column.
        let own = names.iter().zip(&kinds).enumerate().map(|(i, (name, kind))| {
            let held = if is_text(kind) { DataType::Utf8View } else { kind.clone() };
            cast_as(ident(*name), held).alias(i.to_string())
        });
        let frame = frame.select(own.collect::<Vec<_>>()).map_err(|e| Error::engine(&what, &e))?;
        let rows = engine::rows(&what, frame).await?;
        if rows.num_rows() == 0 {
            return Err(Error::bad_input(
                format!("`{}`: there are no edges", list.url),
                "name a file or folder that holds some",
            ));
        }
        for (column, name) in rows.columns().iter().zip(&names) {
            if column.null_count() > 0 {
                return Err(Error::bad_input(
                    format!(
                        "`{}`: column `{name}` is null in {} of {} rows",
                        list.url,
                        column.null_count(),
                        rows.num_rows()
                    ),
                    "leave these rows out, or mend them",
                ));
            }
        }
        let weights = match &list.weight {
            None => None,
            Some(name) => Some(numbers(rows.column(2), list, name)?),
        };
        let [source, target] = [0, 1].map(|i| Arc::clone(rows.column(i)));
        let [source_kind, target_kind] = [0, 1].map(|i| kinds[i].clone());
        if source_kind != target_kind {
            return Err(Error::bad_input(
                format!(
                    "`{}`: `{}` is {source_kind}, `{}` is {target_kind}",
                    list.url, list.source, list.target
                ),
                "write both columns with the same type",
            ));
        }
        Ok(Self { sources: source, targets: target, weights, kind: source_kind })
    }

    /// The graph, and the id of each vertex in the type that the ids came in.
    fn graph(self, list: &EdgeList) -> Result<(Csr, ArrayRef)> {
        let kind = &self.kind;
        let refused = |e: &dyn std::fmt::Display| {
            Error::bad_input(format!("`{}`: {e}", list.url), "mend or leave out these edges")
        };
        let weights = self.weights.as_ref().map(|w| &w.values()[..]);
        let build = |ids: &ArrayRef, s: &[u32], t: &[u32]| {
            let name = |v: u32| array_value_to_string(ids, v as usize).unwrap_or_default();
            Csr::from_edges(ids.len(), s, t, weights).map_err(|e| match e {
                GraphError::WeightTooLarge { from, to, weight }
                | GraphError::WeightTooSmall { from, to, weight } => refused(&format!(
                    "the edge {} -> {} weighs {weight} in all, which 32 bits do not hold",
                    name(from),
                    name(to)
                )),
                other => refused(&other),
            })
        };
        if kind.is_integer() {
            let (sources, targets) = (keys(&self.sources)?, keys(&self.targets)?);
            let DenseIds { keys, sources, targets } =
                dense(&sources, &targets).map_err(|e| refused(&e))?;
            let ids = ids(&keys, kind)?;
            Ok((build(&ids, &sources, &targets)?, ids))
        } else if is_text(kind) {
            let (sources, targets) = (self.sources.as_string_view(), self.targets.as_string_view());
            let (sources, targets): (Vec<&str>, Vec<&str>) =
                (sources.iter().flatten().collect(), targets.iter().flatten().collect());
            let DenseIds { keys, sources, targets } =
                dense(&sources, &targets).map_err(|e| refused(&e))?;
            let ids: ArrayRef = Arc::new(StringViewArray::from_iter_values(&keys));
            let ids = cast(&ids, kind).map_err(Error::internal)?;
            Ok((build(&ids, &sources, &targets)?, ids))
        } else {
            Err(Error::bad_input(
                format!("`{}`: ids are {kind}, neither integers nor text", list.url),
                "cast them to text or to integers",
            ))
        }
    }
}

/// A dictionary is a way to write a column, not a type of its own: the type of its values.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        kind => kind.clone(),
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Integers of any width as 64-bit keys in the same order: the sign bit of signed ones is flipped.
fn keys(column: &ArrayRef) -> Result<Vec<u64>> {
    if column.data_type().is_unsigned_integer() {
        let wide = cast(column, &DataType::UInt64).map_err(Error::internal)?;
        return Ok(wide.as_primitive::<UInt64Type>().values().to_vec());
    }
    let wide = cast(column, &DataType::Int64).map_err(Error::internal)?;
    Ok(wide.as_primitive::<Int64Type>().values().iter().map(|v| *v as u64 ^ SIGN).collect())
}

/// Keys as integers of the type they came in.
fn ids(keys: &[u64], kind: &DataType) -> Result<ArrayRef> {
    let wide: ArrayRef = if kind.is_unsigned_integer() {
        Arc::new(UInt64Array::from(keys.to_vec()))
    } else {
        Arc::new(Int64Array::from_iter_values(keys.iter().map(|k| (*k ^ SIGN) as i64)))
    };
    cast(&wide, kind).map_err(Error::internal)
}

fn numbers(column: &ArrayRef, list: &EdgeList, name: &str) -> Result<Float64Array> {
    if !column.data_type().is_numeric() {
        return Err(Error::bad_input(
            format!("`{}`: column `{name}` is {}, not a number", list.url, column.data_type()),
            "name a numeric column",
        ));
    }
    let cast = cast(column, &DataType::Float64).map_err(Error::internal)?;
    Ok(cast.as_primitive::<Float64Type>().clone())
}
