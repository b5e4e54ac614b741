//! An edge list in Parquet, decoded to a graph.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::DataType;
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast as cast_as, ident};
use url::Url;

use super::ids::{Ids, held_id, is_text};
use super::phases::Phases;
use super::weights::{WeightColumn, held_weight};
use crate::engine::{Engine, in_blocks};
use crate::error::{Error, Result};
use crate::read::{ColumnRules, InputTable, PassedOver, widen};
use crate::suggest::did_you_mean;
use renown_graph::GraphError;
use renown_graph::csr::Csr;
use renown_graph::edges::{EdgeList, UnitWeight};
use renown_graph::relabel::{Vertices, relabel_by_out_degree};

/// Edges that are numbered at once, at least: texts are numbered in large batches.
const PART_ROWS: usize = 1 << 17;

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

/// The columns of an edge list, checked.
pub(super) struct Columns {
    /// Source, target and weight under the names 0, 1 and 2: source and target may be the same column.
    frame: DataFrame,
    /// Type of the ids.
    id_type: DataType,
    /// Type in which weights are decoded, if there are any.
    weight: Option<DataType>,
    /// Files that are not read.
    pub(super) passed_over: Vec<PassedOver>,
}

impl Columns {
    /// Opens the columns of an edge list.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for a missing column and for types that are no ids or weights.
    pub(super) async fn open(engine: &Engine, list: &EdgeSource) -> Result<Self> {
        let refused = |cause: String, remedy: &str| {
            Error::bad_input(format!("`{}`: {cause}", list.url), remedy)
        };
        let files = InputTable::open(engine, &list.url).await?;
        let is_used = |name: &str| list.columns().any(|column| column == name);
        let rules = ColumnRules { missing: None, is_optional: &|_| false };
        if let Some(violation) = files.violations(&is_used, rules).into_iter().next() {
            return Err(violation);
        }
        let (frame, passed_over) = (files.frame(engine)?, files.listing(&is_used).passed_over);
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
        if let Some(name) = list.weight.as_ref().filter(|_| !kinds[2].is_numeric()) {
            let cause = format!("column `{name}` is {}, not a number", kinds[2]);
            return Err(refused(cause, "name a numeric column"));
        }
        // One column may have gone through a tool that narrows or widens types.
        let is_id = |kind: &DataType| kind.is_integer() || is_text(kind);
        let wide = widen(&kinds[0], &kinds[1]);
        let Some(id_type) = wide.filter(|wide| kinds[0] == kinds[1] || is_id(wide)) else {
            let EdgeSource { source, target, .. } = list;
            let cause = format!("`{source}` is {}, `{target}` is {}", kinds[0], kinds[1]);
            return Err(refused(cause, "write both columns with the same type"));
        };
        if !is_id(&id_type) {
            let cause = format!("ids are {id_type}, neither integers nor text");
            return Err(refused(cause, "cast them to text or to integers"));
        }
        let weight = kinds.get(2).map(held_weight);
        let held = [held_id(&id_type), held_id(&id_type)].into_iter().chain(weight.clone());
        let cast = list.columns().zip(held).enumerate();
        let cast = cast.map(|(i, (name, held))| cast_as(ident(name), held).alias(i.to_string()));
        let frame = frame.select(cast.collect::<Vec<_>>()).map_err(Error::internal)?;
        Ok(Self { frame, id_type, weight, passed_over })
    }

    /// The graph, and the ids of its vertices. Edges are decoded on every core at once, and numbered as soon as they are
    /// decoded.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if there are no edges, for nulls, and for weights that are negative, no numbers or
    /// too large; [`crate::error::Kind::Unavailable`] if the store fails.
    pub(super) async fn graph(
        &self,
        list: &EdgeSource,
        phases: &mut Phases,
    ) -> Result<(Csr, VertexIds)> {
        match is_text(&self.id_type) {
            true => self.graph_of_ids::<Box<str>>(list, phases).await,
            false => self.graph_of_ids::<u64>(list, phases).await,
        }
    }

    async fn graph_of_ids<K: Ids>(
        &self,
        list: &EdgeSource,
        phases: &mut Phases,
    ) -> Result<(Csr, VertexIds)> {
        match self.weight {
            None => self.weighted_graph::<K, UnitWeight>(list, phases).await,
            Some(DataType::Float32) => self.weighted_graph::<K, f32>(list, phases).await,
            Some(_) => self.weighted_graph::<K, f64>(list, phases).await,
        }
    }

    async fn weighted_graph<K: Ids, W: WeightColumn>(
        &self,
        list: &EdgeSource,
        phases: &mut Phases,
    ) -> Result<(Csr, VertexIds)> {
        let what = format!("reading `{}`", list.url);
        let numbering = Arc::new(K::Numbering::default());
        let shared = Arc::clone(&numbering);
        let decode = move |block: &[RecordBatch]| decode_block::<K, W>(block, &shared);
        let (mut parts, mut nulls, mut rows) = (Vec::new(), [0; 3], 0);
        for block in in_blocks(&what, self.frame.clone(), PART_ROWS, decode).await? {
            nulls.iter_mut().zip(block.nulls).for_each(|(all, nulls)| *all += nulls);
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
                "leave these rows out, or fix them",
            ));
        }
        phases.end("read");
        let built = tokio::task::block_in_place(|| {
            let numbering = Arc::into_inner(numbering);
            let numbering = numbering.ok_or_else(|| Error::internal("ids are still read"))?;
            let Vertices { keys, ids: numbers } =
                relabel_by_out_degree(K::keys(numbering), &mut parts);
            let vertices = VertexIds { ids: K::array(keys, &self.id_type)?, vertices: numbers };
            let graph = Csr::from_edges(vertices.len(), parts);
            Ok((graph.map_err(|e| vertices.no_graph(list, e))?, vertices))
        });
        phases.end("build");
        built
    }
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
        W::add(batch, &mut weights)?;
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

    /// The error for edges of `list` that make no graph.
    fn no_graph(&self, list: &EdgeSource, error: GraphError) -> Error {
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
        Error::bad_input(format!("`{}`: {cause}", list.url), "fix or leave out these edges")
    }
}

/// The type of the values: a dictionary is a way to write a column, not another type.
fn plain(kind: &DataType) -> DataType {
    match kind {
        DataType::Dictionary(_, values) => values.as_ref().clone(),
        kind => kind.clone(),
    }
}
