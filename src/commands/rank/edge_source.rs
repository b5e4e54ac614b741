//! An edge list, decoded to a graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;
use rayon::prelude::*;
use url::Url;

use super::id_types::{Held, common_type, is_id};
use super::ids::Ids;
use super::phases::Phases;
use super::seeds::Seeds;
use super::table::{ID, Table};
use super::weights::WeightColumn;
use crate::engine::{Engine, in_blocks};
use crate::error::{Error, Result};
use crate::job::Input;
use crate::read::PassedOver;
use renown_graph::GraphError;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight};
use renown_graph::pagerank::{PageRank, RankError, Ranks};
use renown_graph::relabel::{Vertices, relabel_by_out_degree};
use renown_graph::scale::scale_out_weights;

/// Edges that are numbered at once, at least: texts are numbered in large batches.
const PART_ROWS: usize = 1 << 17;

/// What is ranked, and from where.
#[derive(Clone, Debug)]
pub struct EdgeSource {
    /// Edges: Parquet, or a SELECT over `sources`.
    pub edges: Input,
    /// Parquet by the names that a SELECT uses.
    pub sources: BTreeMap<String, Url>,
    /// Columns of the vertices that an edge leaves and enters; `None` for a pair with usual names.
    pub ends: Option<(String, String)>,
    /// Column of the weight of an edge; without one each edge counts 1.
    pub weight: Option<String>,
    /// A table with the column `id`: vertices that are ranked even if they have no edge.
    pub vertices: Option<Input>,
    /// A table with the columns `id` and, if there is one, `weight`: the vertices on which random jumps land.
    pub seeds: Option<Input>,
}

impl EdgeSource {
    /// The tables that are read.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Input> {
        [&self.edges].into_iter().chain(&self.vertices).chain(&self.seeds)
    }
}

/// The tables of an edge list, their columns checked.
pub(super) struct EdgeTables {
    edges: Table,
    /// Source, target and weight under the names 0, 1 and 2.
    frame: DataFrame,
    /// Names of these columns.
    pub(super) columns: Vec<String>,
    /// Type of weights as they are decoded, if there are any.
    weight: Option<DataType>,
    /// The ids of listed vertices, under the name 0.
    vertices: Option<(Table, DataFrame)>,
    seeds: Option<Seeds>,
    /// Type of the ids that are written.
    id_type: DataType,
    /// How ids are held until then.
    held: Held,
}

impl EdgeTables {
    /// Files that are not read, by table or source.
    pub(super) fn files_not_read(&self) -> BTreeMap<String, Vec<PassedOver>> {
        let others = self.vertices.iter().map(|(table, _)| table);
        let others = others.chain(self.seeds.iter().map(Seeds::table));
        let tables = [&self.edges].into_iter().chain(others);
        tables.flat_map(|table| table.files_not_read.clone()).collect()
    }

    /// Opens the tables of an edge list.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for a missing column and for types that are no ids or weights, or that have no type
    /// in common.
    pub(super) async fn open(engine: &Engine, source: &EdgeSource) -> Result<Self> {
        let edges = Table::open(engine, "edges", &source.edges, &source.sources).await?;
        let named = source.ends.as_ref().map(|(source, target)| (source.as_str(), target.as_str()));
        let (from, to) = edges.ends(named)?;
        let mut ids = IdTypes::of(&edges, &from)?;
        ids.join(&edges, &to)?;
        let weight = source.weight.as_deref().map(|name| edges.weight_type(name)).transpose()?;
        let mut vertices = None;
        if let Some(input) = &source.vertices {
            let table = Table::open(engine, "vertices", input, &source.sources).await?;
            ids.join(&table, ID)?;
            vertices = Some(table);
        }
        let id_type = ids.kind.clone();
        let mut seeds = None;
        if let Some(input) = &source.seeds {
            let table = Table::open(engine, "seeds", input, &source.sources).await?;
            ids.join(&table, ID)?;
            seeds = Some(table);
        }
        let held = Held::of(&ids.kind);
        let id_column = |table: &Table, name: &String| -> Result<(String, DataType)> {
            Ok((name.clone(), held.cast_type(&table.value_type(name)?)))
        };
        let mut columns = vec![id_column(&edges, &from)?, id_column(&edges, &to)?];
        columns.extend(source.weight.clone().zip(weight.clone()));
        let listed = |table: Table| -> Result<(Table, DataFrame)> {
            let frame = table.select(&[id_column(&table, &ID.to_owned())?])?;
            Ok((table, frame))
        };
        let vertices = vertices.map(listed).transpose()?;
        let seed_ids = |table: Table| {
            let ids = id_column(&table, &ID.to_owned())?;
            Seeds::of(table, ids)
        };
        let seeds = seeds.map(seed_ids).transpose()?;
        let frame = edges.select(&columns)?;
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        Ok(Self { edges, frame, columns, weight, vertices, seeds, id_type, held })
    }

    /// The graph, the ids of its vertices, and the teleport vector that the seeds make, if there are any. Edges are decoded
    /// on every core at once, and numbered as soon as they are decoded.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if there are no edges, for nulls, for weights that are negative or no numbers, and
    /// for seeds that are no vertices; [`crate::error::Kind::Unavailable`] if the store fails.
    pub(super) async fn graph(&self, phases: &mut Phases) -> Result<EdgeGraph> {
        match self.held {
            Held::Text => self.graph_of_ids::<Box<str>>(phases).await,
            Held::Signed | Held::Unsigned => self.graph_of_ids::<u64>(phases).await,
            Held::Wide => self.graph_of_ids::<[u8; 16]>(phases).await,
            Held::Widest => self.graph_of_ids::<[u8; 32]>(phases).await,
        }
    }

    async fn graph_of_ids<K: Ids>(&self, phases: &mut Phases) -> Result<EdgeGraph> {
        match self.weight {
            None => self.weighted_graph::<K, UnitWeight>(phases).await,
            Some(DataType::Float32) => self.weighted_graph::<K, f32>(phases).await,
            Some(_) => self.weighted_graph::<K, f64>(phases).await,
        }
    }

    async fn weighted_graph<K: Ids, W: WeightColumn>(
        &self,
        phases: &mut Phases,
    ) -> Result<EdgeGraph> {
        let numbering = Arc::new(K::Numbering::default());
        let mut parts = self.edges::<K, W>(&numbering).await?;
        if let Some((table, frame)) = &self.vertices {
            number_listed::<K>(table, frame, &numbering).await?;
        }
        let seeds = match &self.seeds {
            Some(seeds) => Some(seeds.read::<K>().await?),
            None => None,
        };
        phases.end("read");
        let built = tokio::task::block_in_place(|| {
            let numbering = Arc::into_inner(numbering);
            let numbering = numbering.ok_or_else(|| Error::internal("ids are still read"))?;
            let Vertices { keys, ids: numbers } =
                relabel_by_out_degree(K::keys(numbering), &mut parts);
            let teleport = seeds.map(|seeds| seeds.teleport(&keys, &numbers)).transpose()?;
            let ids = K::array(keys, self.held, &self.id_type)?;
            let vertices = VertexIds { ids, vertices: numbers };
            scale_out_weights(vertices.len(), &mut parts);
            let graph = Weighted::of(vertices.len(), parts);
            let graph = graph.map_err(|e| vertices.no_graph(&self.edges, e))?;
            Ok(EdgeGraph { graph, vertices, teleport })
        });
        phases.end("build");
        built
    }

    /// The edges between numbers, in several parts.
    async fn edges<K: Ids, W: WeightColumn>(
        &self,
        numbering: &Arc<K::Numbering>,
    ) -> Result<Vec<EdgeList<W>>> {
        let what = format!("reading {}", self.edges.origin);
        let shared = Arc::clone(numbering);
        let origin = self.edges.origin.clone();
        let decode = move |block: &[RecordBatch]| {
            decode_block::<K, W>(block, &shared).map_err(|error| error.within(&origin))
        };
        let (mut parts, mut nulls, mut rows) = (Vec::new(), [0; 3], 0);
        for block in in_blocks(&what, self.frame.clone(), PART_ROWS, decode).await? {
            nulls.iter_mut().zip(block.nulls).for_each(|(all, nulls)| *all += nulls);
            rows += block.rows;
            parts.extend(block.edges);
        }
        if rows == 0 {
            let remedy = "name a file or folder that holds some";
            return Err(self.edges.refused("there are no edges".to_owned(), remedy));
        }
        self.edges.refuse_nulls(&self.columns, &nulls, rows)?;
        // Without links every vertex would have the same rank. A weight that is none is refused later.
        if parts.par_iter().all(|part| part.weights.iter().all(|weight| (*weight).into() == 0.0)) {
            let cause = "the weights of all edges are 0".to_owned();
            return Err(self.edges.refused(cause, "name a column with weights above 0"));
        }
        Ok(parts)
    }
}

/// A graph in as many bits as its weights need.
pub(super) enum Weighted {
    /// 32 bits hold all given weights.
    Narrow(Csr),
    Wide(Csr<f64>),
}

impl Weighted {
    fn of<W: WeightColumn>(
        vertices: usize,
        parts: Vec<EdgeList<W>>,
    ) -> std::result::Result<Self, GraphError> {
        let is_narrow = |weight: &W| {
            let weight: f64 = (*weight).into();
            f64::from(weight as f32) == weight
        };
        // What is no weight is refused either way.
        match parts.par_iter().all(|part| part.weights.iter().all(is_narrow)) {
            true => Csr::from_edges(vertices, parts).map(Self::Narrow),
            false => Csr::from_edges_in_f64(vertices, parts).map(Self::Wide),
        }
    }

    pub(super) fn edges(&self) -> usize {
        match self {
            Self::Narrow(graph) => graph.edges(),
            Self::Wide(graph) => graph.edges(),
        }
    }

    pub(super) fn weight_rounding(&self) -> f64 {
        match self {
            Self::Narrow(graph) => graph.weight_rounding(),
            Self::Wide(graph) => graph.weight_rounding(),
        }
    }

    /// Ranks of its vertices.
    pub(super) fn rank(
        self,
        pagerank: &PageRank,
        teleport: Option<&[f64]>,
    ) -> std::result::Result<Ranks, RankError> {
        match self {
            Self::Wide(graph) => pagerank.run(&graph, teleport),
            Self::Narrow(graph) => match graph.into_unweighted() {
                Ok(unweighted) => pagerank.run(&unweighted, teleport),
                Err(weighted) => pagerank.run(&weighted, teleport),
            },
        }
    }
}

/// A graph with what belongs to its vertices.
pub(super) struct EdgeGraph {
    pub(super) graph: Weighted,
    pub(super) vertices: VertexIds,
    /// Where a random jump lands, and how many roundings its entries passed.
    pub(super) teleport: Option<(Vec<f64>, usize)>,
}

/// The type that the ids of several columns have in common.
struct IdTypes {
    kind: DataType,
    /// The first column, for messages.
    first: String,
}

impl IdTypes {
    fn of(table: &Table, column: &str) -> Result<Self> {
        Ok(Self { kind: id_type(table, column)?, first: column.to_owned() })
    }

    /// Widens the type so that it holds the ids of another column.
    fn join(&mut self, table: &Table, column: &str) -> Result<()> {
        let kind = id_type(table, column)?;
        let Some(common) = common_type(&self.kind, &kind) else {
            let cause = format!("`{}` is {}, `{column}` is {kind}", self.first, self.kind);
            return Err(table
                .refused(cause, "write both columns as numbers, or both as text")
                .in_column(column));
        };
        self.kind = common;
        Ok(())
    }
}

fn id_type(table: &Table, column: &str) -> Result<DataType> {
    let kind = table.value_type(column)?;
    if is_id(&kind) {
        return Ok(kind);
    }
    let cause = format!("ids in `{column}` are {kind}, neither integers nor text nor UUIDs");
    let remedy = "cast them to text or to integers, in a SELECT or in the file";
    Err(table.refused(cause, remedy).in_column(column))
}

/// Numbers the ids of a list of vertices.
async fn number_listed<K: Ids>(
    table: &Table,
    frame: &DataFrame,
    numbering: &Arc<K::Numbering>,
) -> Result<()> {
    let what = format!("reading {}", table.origin);
    let shared = Arc::clone(numbering);
    let number = move |block: &[RecordBatch]| {
        let ids = || block.iter().map(|batch| batch.column(0));
        let rows = block.iter().map(RecordBatch::num_rows).sum::<usize>();
        let nulls = ids().map(|ids| ids.null_count()).sum::<usize>();
        if nulls == 0 {
            K::numbers(ids(), rows, &shared)?;
        }
        Ok((nulls, rows))
    };
    let counts = in_blocks(&what, frame.clone(), PART_ROWS, number).await?;
    let (nulls, rows) = counts.iter().fold((0, 0), |all, of| (all.0 + of.0, all.1 + of.1));
    table.refuse_nulls(&[ID.to_owned()], &[nulls], rows)
}

/// A block of edges.
struct DecodedBlock<W> {
    /// The edges between numbers; none if there are nulls, which are only counted.
    edges: Option<EdgeList<W>>,
    /// Nulls in each column.
    nulls: [usize; 3],
    rows: usize,
}

fn decode_block<K: Ids, W: WeightColumn>(
    block: &[RecordBatch],
    numbering: &K::Numbering,
) -> Result<DecodedBlock<W>> {
    let column = |i: usize| block.iter().map(move |batch| batch.column(i));
    let rows = block.iter().map(RecordBatch::num_rows).sum();
    let mut nulls = [0; 3];
    for batch in block {
        nulls.iter_mut().zip(batch.columns()).for_each(|(all, column)| *all += column.null_count());
    }
    if nulls != [0; 3] {
        return Ok(DecodedBlock { edges: None, nulls, rows });
    }
    let mut weights = Vec::with_capacity(rows);
    for batch in block {
        W::add(batch.columns().get(2), batch.num_rows(), &mut weights)?;
    }
    let [sources, targets] = [0, 1].map(|end| K::numbers(column(end), rows, numbering));
    Ok(DecodedBlock {
        edges: Some(EdgeList { sources: sources?, targets: targets?, weights }),
        nulls,
        rows,
    })
}

/// The ids of the vertices of a graph. Lengths: n.
pub(super) struct VertexIds {
    /// Ids in their own type, ascending.
    pub(super) ids: ArrayRef,
    /// The vertex of each id.
    pub(super) vertices: Vec<u32>,
}

impl VertexIds {
    fn len(&self) -> usize {
        self.vertices.len()
    }

    /// The id of a vertex, for messages.
    fn of(&self, vertex: u32) -> String {
        let index = self.vertices.iter().position(|other| *other == vertex);
        let id = index.map(|index| array_value_to_string(&self.ids, index));
        id.and_then(|id| id.ok()).unwrap_or_default()
    }

    /// The error for edges of `table` that make no graph.
    fn no_graph(&self, table: &Table, error: GraphError) -> Error {
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
        table.refused(cause, "fix or leave out these edges")
    }
}
