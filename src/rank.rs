//! `renown rank`: the graph core on its own, for any edge list in Parquet.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringViewArray, UInt64Array,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, UInt64Type};
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast as cast_as, ident};
use futures::TryStreamExt;
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Kind, Result, nearest};
use crate::graph::GraphError;
use crate::graph::csr::{Csr, EdgePart};
use crate::graph::ids::{Part, Vertices, join};
use crate::propagate::not_ranked;
use crate::propagate::pagerank::{PageRank, Ranks};
use crate::publish::encode;
use crate::read::open;

/// Edges that are given numbers of their own at once, at least.
const PART_ROWS: usize = 1 << 20;

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

impl EdgeList {
    /// The columns by name: source, target and, if there is one, weight.
    fn columns(&self) -> impl Iterator<Item = &String> {
        [&self.source, &self.target].into_iter().chain(&self.weight)
    }
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
    let columns = Columns::open(engine, list).await?;
    let edges = columns.read(list).await?;
    phases.end("read");
    let (graph, Named { ids, vertices }) =
        tokio::task::block_in_place(|| columns.graph(edges, list))?;
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
    let ranks = vertices.iter().map(|vertex| ranks[*vertex as usize]);
    let table = RecordBatch::try_from_iter([
        ("id", ids),
        ("rank", Arc::new(Float64Array::from_iter_values(ranks)) as ArrayRef),
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

/// The columns of an edge list, found and of types that fit.
struct Columns {
    /// Source, target and weight under the names 0, 1 and 2: source and target may be the same column.
    frame: DataFrame,
    /// Type that the ids came in.
    kind: DataType,
}

impl Columns {
    async fn open(engine: &Engine, list: &EdgeList) -> Result<Self> {
        let refused = |cause: String, remedy: &str| {
            Error::bad_input(format!("`{}`: {cause}", list.url), remedy)
        };
        let (frame, _) = open(engine, &list.url).await?;
        let found: Vec<String> = frame.schema().columns().into_iter().map(|c| c.name).collect();
        let mut kinds = Vec::new();
        for name in list.columns() {
            if !found.contains(name) {
                let near = nearest(name, found.iter().map(String::as_str))
                    .map_or(String::new(), |near| format!("is it `{near}`? "));
                let remedy = format!("{near}the columns are {}", found.join(", "));
                return Err(refused(format!("there is no column `{name}`"), &remedy));
            }
            let field = frame.schema().field_with_unqualified_name(name);
            kinds.push(plain(field.map_err(Error::internal)?.data_type()));
        }
        let kind = kinds[0].clone();
        if let Some(name) = list.weight.as_ref().filter(|_| !kinds[2].is_numeric()) {
            let cause = format!("column `{name}` is {}, not a number", kinds[2]);
            return Err(refused(cause, "name a numeric column"));
        }
        if kinds[1] != kind {
            let EdgeList { source, target, .. } = list;
            let cause = format!("`{source}` is {kind}, `{target}` is {}", kinds[1]);
            return Err(refused(cause, "write both columns with the same type"));
        }
        if !kind.is_integer() && !is_text(&kind) {
            let cause = format!("ids are {kind}, neither integers nor text");
            return Err(refused(cause, "cast them to text or to integers"));
        }
        let held = [held_id(&kind), held_id(&kind), held_weight(kinds.get(2))];
        let own = list.columns().zip(held).enumerate();
        let own = own.map(|(i, (name, held))| cast_as(ident(name), held).alias(i.to_string()));
        let frame = frame.select(own.collect::<Vec<_>>()).map_err(Error::internal)?;
        Ok(Self { frame, kind })
    }

    /// Decodes the edges on every core at once; parts of them get numbers as soon as they are decoded.
    async fn read(&self, list: &EdgeList) -> Result<Vec<Decoded>> {
        let what = format!("reading `{}`", list.url);
        let streams =
            engine::guarded(&what, self.frame.clone().execute_stream_partitioned()).await?;
        let work = streams.into_iter().map(|mut stream| {
            let what = what.clone();
            tokio::spawn(async move {
                let (mut decoded, mut batches, mut rows) = (Vec::new(), Vec::new(), 0);
                while let Some(batch) = engine::guarded(&what, stream.try_next()).await? {
                    rows += batch.num_rows();
                    batches.push(batch);
                    if rows >= PART_ROWS {
                        decoded.push(Decoded::of(&std::mem::take(&mut batches))?);
                        rows = 0;
                    }
                }
                if rows > 0 {
                    decoded.push(Decoded::of(&batches)?);
                }
                Ok::<_, Error>(decoded)
            })
        });
        let mut decoded = Vec::new();
        for done in futures::future::join_all(work).await {
            decoded.extend(done.map_err(Error::internal)??);
        }
        let rows: usize = decoded.iter().map(|part| part.rows).sum();
        if rows == 0 {
            return Err(Error::bad_input(
                format!("`{}`: there are no edges", list.url),
                "name a file or folder that holds some",
            ));
        }
        for (i, name) in list.columns().enumerate() {
            let nulls: usize = decoded.iter().map(|part| part.nulls[i]).sum();
            if nulls > 0 {
                return Err(Error::bad_input(
                    format!("`{}`: column `{name}` is null in {nulls} of {rows} rows", list.url),
                    "leave these rows out, or mend them",
                ));
            }
        }
        Ok(decoded)
    }

    /// The graph, and who its vertices are.
    fn graph(&self, decoded: Vec<Decoded>, list: &EdgeList) -> Result<(Csr, Named)> {
        let (mut integers, mut texts, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for part in decoded {
            match part.edges {
                Edges::Integers(edges) => integers.push(edges),
                Edges::Texts(edges) => texts.push(edges),
                Edges::Nulls => return Err(Error::internal("nulls were passed over")),
            }
            weights.push(part.weights);
        }
        if is_text(&self.kind) {
            let Vertices { keys, ids } = join(&mut texts).map_err(|e| refused(list, &e))?;
            let texts_held: ArrayRef = Arc::new(StringViewArray::from_iter_values(&keys));
            let held = cast(&texts_held, &self.kind).map_err(Error::internal)?;
            let named = Named { ids: held, vertices: ids };
            Ok((build(list, &named, &texts, &weights)?, named))
        } else {
            let Vertices { keys, ids: vertices } =
                join(&mut integers).map_err(|e| refused(list, &e))?;
            let named = Named { ids: ids(&keys, &self.kind)?, vertices };
            Ok((build(list, &named, &integers, &weights)?, named))
        }
    }
}

/// Who the vertices of a graph are. Lengths: n.
struct Named {
    /// Ids in the type that they came in, ascending.
    ids: ArrayRef,
    /// The vertex of each id.
    vertices: Vec<u32>,
}

impl Named {
    /// The id of a vertex, for messages.
    fn of(&self, vertex: u32) -> String {
        let place = self.vertices.iter().position(|other| *other == vertex);
        let id = place.map(|place| array_value_to_string(&self.ids, place));
        id.and_then(|id| id.ok()).unwrap_or_default()
    }
}

/// Some edges as they were decoded.
struct Decoded {
    rows: usize,
    /// Nulls in each column.
    nulls: [usize; 3],
    edges: Edges,
    weights: Weights,
}

/// Edges over numbers of their own.
enum Edges {
    /// Ids are integers, held as 64-bit keys in the same order.
    Integers(Part<u64>),
    /// Ids are text.
    Texts(Part<String>),
    /// Some are null, and no graph is built.
    Nulls,
}

/// Weights in the width that they came in.
enum Weights {
    One,
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Decoded {
    fn of(batches: &[RecordBatch]) -> Result<Self> {
        let schema = batches[0].schema();
        let rows = concat_batches(&schema, batches).map_err(Error::internal)?;
        let mut nulls = [0; 3];
        for (nulls, column) in nulls.iter_mut().zip(rows.columns()) {
            *nulls = column.null_count();
        }
        let [source, target] = [0, 1].map(|i| rows.column(i));
        let edges = if nulls.iter().any(|nulls| *nulls > 0) {
            Edges::Nulls
        } else if let (Some(s), Some(t)) =
            (source.as_string_view_opt(), target.as_string_view_opt())
        {
            let (s, t): (Vec<&str>, Vec<&str>) =
                (s.iter().flatten().collect(), t.iter().flatten().collect());
            Edges::Texts(Part::new(&s, &t).map_err(Error::internal)?.map(str::to_owned))
        } else {
            Edges::Integers(Part::new(&keys(source)?, &keys(target)?).map_err(Error::internal)?)
        };
        let weights = match rows.columns().get(2) {
            None => Weights::One,
            Some(column) => match column.as_primitive_opt::<Float32Type>() {
                Some(single) => Weights::Single(single.values().to_vec()),
                None => Weights::Double(column.as_primitive::<Float64Type>().values().to_vec()),
            },
        };
        Ok(Self { rows: rows.num_rows(), nulls, edges, weights })
    }
}

fn refused(list: &EdgeList, cause: &dyn std::fmt::Display) -> Error {
    Error::bad_input(format!("`{}`: {cause}", list.url), "mend or leave out these edges")
}

/// The graph of edges that are joined.
fn build<K>(list: &EdgeList, named: &Named, parts: &[Part<K>], weights: &[Weights]) -> Result<Csr> {
    let ends = || parts.iter().map(|part| (&part.sources[..], &part.targets[..]));
    let single = ends().zip(weights).map(|((sources, targets), weights)| EdgePart {
        sources,
        targets,
        weights: if let Weights::Single(weights) = weights { Some(&weights[..]) } else { None },
    });
    let double = ends().zip(weights).map(|((sources, targets), weights)| EdgePart {
        sources,
        targets,
        weights: if let Weights::Double(weights) = weights { Some(&weights[..]) } else { None },
    });
    let built = match weights.first() {
        Some(Weights::Double(_)) => Csr::from_parts(named.ids.len(), &double.collect::<Vec<_>>()),
        _ => Csr::from_parts(named.ids.len(), &single.collect::<Vec<_>>()),
    };
    built.map_err(|e| match e {
        GraphError::WeightTooLarge { from, to, weight }
        | GraphError::WeightTooSmall { from, to, weight } => {
            let (from, to) = (named.of(from), named.of(to));
            let edge = format!("the edge {from} -> {to} weighs {weight} in all");
            refused(list, &format!("{edge}, which 32 bits do not hold"))
        }
        // Parts come in no order: the position says nothing.
        GraphError::BadWeight { weight, .. } => {
            refused(list, &format!("an edge weighs {weight}: weights are finite and not negative"))
        }
        other => refused(list, &other),
    })
}

fn held_id(kind: &DataType) -> DataType {
    match kind {
        kind if is_text(kind) => DataType::Utf8View,
        kind if kind.is_unsigned_integer() => DataType::UInt64,
        _ => DataType::Int64,
    }
}

fn held_weight(kind: Option<&DataType>) -> DataType {
    match kind {
        Some(DataType::Float32) => DataType::Float32,
        _ => DataType::Float64,
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

/// 64-bit integers as keys in the same order: the sign bit of signed ones is flipped.
fn keys(column: &ArrayRef) -> Result<Vec<u64>> {
    if let Some(unsigned) = column.as_primitive_opt::<UInt64Type>() {
        return Ok(unsigned.values().to_vec());
    }
    let signed = column.as_primitive_opt::<Int64Type>();
    let signed = signed.ok_or_else(|| Error::internal("ids were not cast"))?;
    Ok(signed.values().iter().map(|v| *v as u64 ^ SIGN).collect())
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
