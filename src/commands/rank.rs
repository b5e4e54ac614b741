//! `renown rank`: the graph core on its own, for any edge list in Parquet.

use std::sync::Arc;
use std::time::Instant;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringViewArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, UInt64Type};
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast as cast_as, ident};
use url::Url;

use crate::engine::{Engine, in_blocks};
use crate::error::{Error, Kind, Result, did_you_mean};
use crate::propagate::ranking_error;
use crate::publish::encode;
use crate::read::open;
use renown_graph::GraphError;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight, Weight};
use renown_graph::numbering::{IntegerNumbering, Numbering, TooManyIds};
use renown_graph::pagerank::{PageRank, RankError, Ranks};
use renown_graph::relabel::{Vertices, relabel_by_out_degree};

/// Edges that are numbered at once, at least: texts are numbered in large batches.
const PART_ROWS: usize = 1 << 17;

/// The sign bit of 64-bit integers.
const SIGN: u64 = 1 << 63;

/// Where edges are, and in which columns.
#[derive(Clone, Debug)]
pub struct EdgeSource {
    /// Parquet: one file or a folder.
    pub url: Url,
    /// Column of the vertex that an edge leaves.
    pub source: String,
    /// Column of the vertex that it enters, of the same type.
    pub target: String,
    /// Column of its weight; without one each edge counts 1.
    pub weight: Option<String>,
}

impl EdgeSource {
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

/// Ranks the vertices of `list` and writes `id`, `pagerank` (sorted by id, ranks summing to 1) to `out`.
/// Duplicate edges add up, self-loops stay; start, teleport and dangling mass are uniform.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for missing columns, ids that are neither integers nor text, nulls
/// and weights that are negative or no numbers; [`Kind::Usage`] for parameters out of
/// range or ranks that did not converge; [`crate::error::Kind::Unavailable`] if a store fails.
pub async fn rank(
    engine: &Engine,
    list: &EdgeSource,
    pagerank: &PageRank,
    out: &Url,
) -> Result<Report> {
    let mut phases = Phases { since: Instant::now(), seconds: vec![] };
    let columns = Columns::open(engine, list).await?;
    let (graph, named) = match is_text(&columns.kind) {
        true => columns.graph::<Box<str>>(list, &mut phases).await?,
        false => columns.graph::<u64>(list, &mut phases).await?,
    };
    let edges = graph.edges();
    let ranked = tokio::task::block_in_place(|| match graph.into_unweighted() {
        Ok(unweighted) => pagerank.run(&unweighted, None),
        Err(weighted) => pagerank.run(&weighted, None),
    });
    let Ranks { ranks, iterations, residual, bound } = ranked.map_err(refused_ranks)?;
    phases.end("rank");
    let Named { ids, vertices } = named;
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
    Ok(Report { vertices: vertices.len(), edges, iterations, residual, bound, seconds })
}

/// The words of [`ranking_error`]; damping and stop come from the command line here.
fn refused_ranks(error: RankError) -> Error {
    match ranking_error(error) {
        Error { kind: Kind::BadJob, cause, remedy, .. } => Error::new(Kind::Usage, cause, remedy),
        other => other,
    }
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
    /// Type in which weights are held, if there are any.
    weight: Option<DataType>,
}

impl Columns {
    async fn open(engine: &Engine, list: &EdgeSource) -> Result<Self> {
        let refused = |cause: String, remedy: &str| {
            Error::bad_input(format!("`{}`: {cause}", list.url), remedy)
        };
        let (frame, _) = open(engine, &list.url).await?;
        let found: Vec<String> = frame.schema().columns().into_iter().map(|c| c.name).collect();
        let mut kinds = Vec::new();
        for name in list.columns() {
            if !found.contains(name) {
                let near = did_you_mean(name, found.iter().map(String::as_str));
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
            let EdgeSource { source, target, .. } = list;
            let cause = format!("`{source}` is {kind}, `{target}` is {}", kinds[1]);
            return Err(refused(cause, "write both columns with the same type"));
        }
        if !kind.is_integer() && !is_text(&kind) {
            let cause = format!("ids are {kind}, neither integers nor text");
            return Err(refused(cause, "cast them to text or to integers"));
        }
        let weight = kinds.get(2).map(held_weight);
        let held = [held_id(&kind), held_id(&kind)].into_iter().chain(weight.clone());
        let own = list.columns().zip(held).enumerate();
        let own = own.map(|(i, (name, held))| cast_as(ident(name), held).alias(i.to_string()));
        let frame = frame.select(own.collect::<Vec<_>>()).map_err(Error::internal)?;
        Ok(Self { frame, kind, weight })
    }

    /// The graph, and who its vertices are. Edges are decoded on every core at once, and numbered as
    /// soon as they are decoded.
    async fn graph<K: Ids>(&self, list: &EdgeSource, phases: &mut Phases) -> Result<(Csr, Named)> {
        match self.weight {
            None => self.weighed::<K, UnitWeight>(list, phases).await,
            Some(DataType::Float32) => self.weighed::<K, f32>(list, phases).await,
            Some(_) => self.weighed::<K, f64>(list, phases).await,
        }
    }

    async fn weighed<K: Ids, W: Column>(
        &self,
        list: &EdgeSource,
        phases: &mut Phases,
    ) -> Result<(Csr, Named)> {
        let what = format!("reading `{}`", list.url);
        let numbering = Arc::new(K::Numbering::default());
        let shared = Arc::clone(&numbering);
        let decoded = move |block: &[RecordBatch]| decoded::<K, W>(block, &shared);
        let (mut parts, mut nulls, mut rows) = (Vec::new(), [0; 3], 0);
        for block in in_blocks(&what, self.frame.clone(), PART_ROWS, decoded).await? {
            nulls.iter_mut().zip(block.nulls).for_each(|(all, own)| *all += own);
            rows += block.rows;
            parts.extend(block.edges);
        }
        if rows == 0 {
            return Err(Error::bad_input(
                format!("`{}`: there are no edges", list.url),
                "name a file or folder that holds some",
            ));
        }
        if let Some((name, nulls)) = list.columns().zip(nulls).find(|(_, nulls)| *nulls > 0) {
            return Err(Error::bad_input(
                format!("`{}`: column `{name}` is null in {nulls} of {rows} rows", list.url),
                "leave these rows out, or mend them",
            ));
        }
        phases.end("read");
        let built = tokio::task::block_in_place(|| {
            let numbering = Arc::into_inner(numbering);
            let numbering = numbering.ok_or_else(|| Error::internal("ids are still read"))?;
            let Vertices { keys, ids: vertices } =
                relabel_by_out_degree(K::keys(numbering), &mut parts);
            let named = Named { ids: K::array(keys, &self.kind)?, vertices };
            let graph = Csr::from_edges(named.vertices.len(), parts);
            Ok((graph.map_err(|e| named.refused(list, e))?, named))
        });
        phases.end("build");
        built
    }
}

/// A block of edges.
struct Decoded<W> {
    /// The edges between numbers; none if there are nulls, which are only counted.
    edges: Option<EdgeList<W>>,
    /// Nulls in each column.
    nulls: [usize; 3],
    rows: usize,
}

fn decoded<K: Ids, W: Column>(
    block: &[RecordBatch],
    numbering: &K::Numbering,
) -> Result<Decoded<W>> {
    let column = |i: usize| block.iter().map(move |batch| batch.column(i));
    let rows = block.iter().map(RecordBatch::num_rows).sum();
    let mut nulls = [0; 3];
    for batch in block {
        nulls.iter_mut().zip(batch.columns()).for_each(|(all, own)| *all += own.null_count());
    }
    if nulls != [0; 3] {
        return Ok(Decoded { edges: None, nulls, rows });
    }
    let mut weights = Vec::with_capacity(rows);
    for batch in block {
        W::add(batch, &mut weights)?;
    }
    let [sources, targets] = [0, 1].map(|end| K::numbers(column(end), rows, numbering));
    Ok(Decoded {
        edges: Some(EdgeList { sources: sources?, targets: targets?, weights }),
        nulls,
        rows,
    })
}

/// Ids of vertices on their own.
trait Ids: Ord + Send + Sync + Sized + 'static {
    /// Who numbers them.
    type Numbering: Default + Send + Sync + 'static;

    /// Numbers for the `rows` ids in `columns`, of the type of [`held_id`] and without nulls.
    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Self::Numbering,
    ) -> Result<Vec<u32>>;

    /// All ids with their numbers.
    fn keys(numbering: Self::Numbering) -> Vec<(Self, u32)>;

    /// The ids in the type `kind`, in which they came.
    fn array(ids: Vec<Self>, kind: &DataType) -> Result<ArrayRef>;
}

/// Integers as keys in the same order: the sign bit of signed ones is flipped.
impl Ids for u64 {
    type Numbering = IntegerNumbering;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &IntegerNumbering,
    ) -> Result<Vec<u32>> {
        let (mut keys, mut numbers) = (Vec::new(), Vec::with_capacity(rows));
        for column in columns {
            keys.clear();
            if let Some(unsigned) = column.as_primitive_opt::<UInt64Type>() {
                keys.extend_from_slice(unsigned.values());
            } else {
                let signed = column.as_primitive_opt::<Int64Type>().ok_or_else(not_cast)?;
                keys.extend(signed.values().iter().map(|id| *id as u64 ^ SIGN));
            }
            numbering.number(&keys, &mut numbers).map_err(too_many)?;
        }
        Ok(numbers)
    }

    fn keys(numbering: IntegerNumbering) -> Vec<(u64, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<u64>, kind: &DataType) -> Result<ArrayRef> {
        let wide: ArrayRef = if kind.is_unsigned_integer() {
            Arc::new(UInt64Array::from(ids))
        } else {
            Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| (*id ^ SIGN) as i64)))
        };
        cast(&wide, kind).map_err(Error::internal)
    }
}

impl Ids for Box<str> {
    type Numbering = Numbering<Box<str>>;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Numbering<Box<str>>,
    ) -> Result<Vec<u32>> {
        let mut keys: Vec<&str> = Vec::with_capacity(rows);
        for column in columns {
            keys.extend(column.as_string_view_opt().ok_or_else(not_cast)?.iter().flatten());
        }
        numbering.number(&keys).map_err(too_many)
    }

    fn keys(numbering: Numbering<Box<str>>) -> Vec<(Self, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<Box<str>>, kind: &DataType) -> Result<ArrayRef> {
        let held: ArrayRef = Arc::new(StringViewArray::from_iter_values(&ids));
        cast(&held, kind).map_err(Error::internal)
    }
}

fn too_many(error: TooManyIds) -> Error {
    Error::bad_input(error.to_string(), "split the edges into graphs of their own")
}

fn not_cast() -> Error {
    Error::internal("a column of edges was not cast")
}

/// Weights as they are held once they are decoded.
trait Column: Weight + 'static {
    /// Adds the weights of a batch.
    fn add(batch: &RecordBatch, weights: &mut Vec<Self>) -> Result<()>;
}

impl Column for UnitWeight {
    fn add(batch: &RecordBatch, weights: &mut Vec<Self>) -> Result<()> {
        weights.extend(std::iter::repeat_n(Self, batch.num_rows()));
        Ok(())
    }
}

impl Column for f32 {
    fn add(batch: &RecordBatch, weights: &mut Vec<Self>) -> Result<()> {
        let column = batch.column(2).as_primitive_opt::<Float32Type>().ok_or_else(not_cast)?;
        weights.extend_from_slice(column.values());
        Ok(())
    }
}

impl Column for f64 {
    fn add(batch: &RecordBatch, weights: &mut Vec<Self>) -> Result<()> {
        let column = batch.column(2).as_primitive_opt::<Float64Type>().ok_or_else(not_cast)?;
        weights.extend_from_slice(column.values());
        Ok(())
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

    /// Why the edges of `list` make no graph.
    fn refused(&self, list: &EdgeSource, error: GraphError) -> Error {
        let cause = match error {
            GraphError::WeightTooLarge { from, to, weight }
            | GraphError::WeightTooSmall { from, to, weight } => {
                let (from, to) = (self.of(from), self.of(to));
                format!("the edge {from} -> {to} weighs {weight} in all, which 32 bits do not hold")
            }
            // Parts come in no order: the position says nothing.
            GraphError::BadWeight { weight, .. } => {
                format!("an edge weighs {weight}: weights are finite and not negative")
            }
            other => other.to_string(),
        };
        Error::bad_input(format!("`{}`: {cause}", list.url), "mend or leave out these edges")
    }
}

fn held_id(kind: &DataType) -> DataType {
    match kind {
        kind if is_text(kind) => DataType::Utf8View,
        kind if kind.is_unsigned_integer() => DataType::UInt64,
        _ => DataType::Int64,
    }
}

fn held_weight(kind: &DataType) -> DataType {
    match kind {
        DataType::Float32 => DataType::Float32,
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
