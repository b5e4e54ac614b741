//! A directed weighted graph in compressed sparse rows, pull direction: row = target.
//!
//! A vertex pulls from its in-neighbours, so that a propagation step writes every vertex once, from
//! one thread, in one order, and gives the same bits at any thread count.
//!
//! Two graphs built from the same edges in any order are equal to the bit: duplicates are summed in
//! order of (source, weight) in `f64` and rounded once to `f32`. By definition the graph *is* the
//! one with the rounded weights: totals, transition probabilities and ranks all refer to them.
//!
//! ```
//! use renown_graph::csr::Csr;
//! use renown_graph::edges::EdgeList;
//!
//! // 0 → 1 is given twice: its weights add up.
//! let edges =
//!     EdgeList { sources: vec![0, 2, 0, 0], targets: vec![1, 1, 1, 2], weights: vec![1.5, 4.0, 0.5, 2.0] };
//! let graph = Csr::from_edges(3, vec![edges])?;
//!
//! assert_eq!((graph.vertices(), graph.edges()), (3, 3));
//! assert_eq!(graph.row(1), (&[0, 2][..], &[2.0, 4.0][..]));
//! assert_eq!(graph.out_weight(), [4.0, 0.0, 4.0]);
//! assert_eq!(graph.transition_probability(0, 2.0), 0.5);
//! # Ok::<(), renown_graph::GraphError>(())
//! ```

use rayon::prelude::*;

use crate::GraphError;
use crate::edges::{EdgeList, MergedWeight, UnitWeight, Weight};
use crate::merge::{self, Rows};

/// Edges that are checked at once.
const EDGES_PER_CHECK: usize = 1 << 14;

/// Weights as a graph stores them: `f32`, `f64`, or [`UnitWeight`].
pub trait StoredWeight: Copy + Send + Sync + Into<f64> {}

impl<S: Copy + Send + Sync + Into<f64>> StoredWeight for S {}

/// A directed graph with n vertices and m distinct edges, stored by target, with weights of type `S`:
/// `f32` (or `f64`), or [`UnitWeight`] if every edge weighs 1.
///
/// | array | type | length | holds |
/// |---|---|---|---|
/// | `offsets` | `u64` | n + 1 | row t is `offsets[t]..offsets[t + 1]` of the next two |
/// | `sources` | `u32` | m | sources of a row's edges, ascending, without duplicates |
/// | `weights` | `S` | m | weight of each edge, finite, ≥ 0 |
/// | `out_weight` | `f64` | n | total weight of the edges that leave each vertex |
/// | `out_degree` | `u32` | n | how many edges leave each vertex |
///
/// That is 8 bytes per edge (4 without weights) and 20 per vertex; and one number, the largest rounding of a weight.
/// Self-loops and edges of weight 0 are
/// kept; a vertex whose total is 0 is *dangling*.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr<S = f32> {
    offsets: Vec<u64>,
    sources: Vec<u32>,
    weights: Vec<S>,
    out_weight: Vec<f64>,
    out_degree: Box<[u32]>,
    weight_rounding: f64,
}

impl Csr {
    /// Builds the graph of the edges of all `lists` over the vertices `0..vertices`.
    ///
    /// Edges given more than once are merged, and their weights (any unit) add up. Work is linear but
    /// for the sort inside each row. Memory while building, in bytes per given edge: 8 for the lists and
    /// 0, 4 or 8 for their weights ([`UnitWeight`], `f32`, `f64`), and 8 for the rows.
    ///
    /// # Errors
    ///
    /// - [`GraphError::TooManyVertices`]: more than `u32::MAX` vertices.
    /// - [`GraphError::LengthsDiffer`]: the columns of a list are of different lengths.
    /// - [`GraphError::UnknownVertex`]: an id that is not below `vertices`.
    /// - [`GraphError::BadWeight`]: a weight that is NaN, infinite or negative.
    /// - [`GraphError::WeightTooLarge`], [`GraphError::WeightTooSmall`]: a merged weight that no
    ///   finite `f32` holds, or that is positive and would round to 0.
    pub fn from_edges<W: Weight>(
        vertices: usize,
        lists: Vec<EdgeList<W>>,
    ) -> Result<Self, GraphError> {
        Self::build(vertices, lists)
    }

    /// The same graph without stored weights, 4 bytes less per edge.
    ///
    /// # Errors
    ///
    /// Gives the graph back if any weight is not 1.
    pub fn into_unweighted(self) -> Result<Csr<UnitWeight>, Self> {
        if self.weights.par_iter().any(|weight| *weight != 1.0) {
            return Err(self);
        }
        let Self { offsets, sources, weights, out_weight, out_degree, weight_rounding } = self;
        let weights = vec![UnitWeight; weights.len()];
        Ok(Csr { offsets, sources, weights, out_weight, out_degree, weight_rounding })
    }
}

impl Csr<f64> {
    /// As [`Csr::from_edges`], with weights that are not rounded to `f32`: 4 bytes more per edge.
    ///
    /// # Errors
    ///
    /// As [`Csr::from_edges`]; a merged weight must be finite.
    pub fn from_edges_in_f64<W: Weight>(
        vertices: usize,
        lists: Vec<EdgeList<W>>,
    ) -> Result<Self, GraphError> {
        Self::build(vertices, lists)
    }
}

impl<S: MergedWeight> Csr<S> {
    fn build<W: Weight>(vertices: usize, lists: Vec<EdgeList<W>>) -> Result<Self, GraphError> {
        let limit = u32::MAX as usize;
        if vertices > limit {
            return Err(GraphError::TooManyVertices { limit });
        }
        let mut first = 0;
        for list in &lists {
            check(vertices, list, first)?;
            first += list.sources.len();
        }
        let Rows { offsets, sources, weights, rounding: weight_rounding } =
            merge::merge_rows(vertices, lists)?;
        let (out_weight, out_degree) = merge::out_totals(vertices, &sources, &weights);
        let out_degree = out_degree.into_boxed_slice();
        Ok(Self { offsets, sources, weights, out_weight, out_degree, weight_rounding })
    }
}

impl<S: StoredWeight> Csr<S> {
    /// Number of vertices, n. At most `u32::MAX`.
    pub fn vertices(&self) -> usize {
        self.out_weight.len()
    }

    /// Number of distinct edges, m.
    pub fn edges(&self) -> usize {
        self.sources.len()
    }

    /// The edges into `target`: their sources, ascending, and their weights, of equal length.
    ///
    /// # Panics
    ///
    /// If `target` is not below [`Csr::vertices`].
    #[inline]
    pub fn row(&self, target: usize) -> (&[u32], &[S]) {
        let row = self.offsets[target] as usize..self.offsets[target + 1] as usize;
        (&self.sources[row.clone()], &self.weights[row])
    }

    /// Row boundaries, length n + 1, ascending from 0 to m.
    pub fn offsets(&self) -> &[u64] {
        &self.offsets
    }

    /// Source of every edge, length m, by (target, source).
    pub fn sources(&self) -> &[u32] {
        &self.sources
    }

    /// Weight of every edge, length m, in the order of [`Csr::sources`].
    pub fn weights(&self) -> &[S] {
        &self.weights
    }

    /// Total weight of the edges that leave each vertex, length n; 0 where dangling.
    ///
    /// Summed over the rounded weights in order of target, hence with a relative error of at most
    /// (outdegree − 1) · 2⁻⁵³ to first order.
    pub fn out_weight(&self) -> &[f64] {
        &self.out_weight
    }

    /// Number of edges that leave each vertex, length n.
    pub fn out_degree(&self) -> &[u32] {
        &self.out_degree
    }

    /// How far merging and rounding moved weights: for every vertex with edges of weight ≥ 1,
    /// Σ |weight − exact sum of the given weights| over its out-edges is at most this share of their exact total, to first
    /// order. 0 if all weights are exact; else up to 2⁻²⁴.
    pub fn weight_rounding(&self) -> f64 {
        self.weight_rounding
    }

    /// P(s→t) = w / W_s: the share of `source`'s outgoing weight that an edge of weight `weight` carries,
    /// in 0..=1. A dangling source passes nothing on: 0.
    ///
    /// # Panics
    ///
    /// If `source` is not below [`Csr::vertices`].
    pub fn transition_probability(&self, source: u32, weight: S) -> f64 {
        let total = self.out_weight[source as usize];
        if total > 0.0 { weight.into() / total } else { 0.0 }
    }
}

/// Refuses columns, ids and weights that make no graph; `first` edges stand in the lists before.
fn check<W: Weight>(vertices: usize, list: &EdgeList<W>, first: usize) -> Result<(), GraphError> {
    let EdgeList { sources, targets, weights } = list;
    let expected = sources.len();
    for (column, found) in [("targets", targets.len()), ("weights", weights.len())] {
        if found != expected {
            return Err(GraphError::LengthsDiffer { column, expected, found });
        }
    }
    let is_unknown = |vertex: u32| vertex as usize >= vertices;
    let is_bad = |weight: f64| !(weight.is_finite() && weight >= 0.0);
    // All edges are checked in parallel and without branches; only if one is at fault is the first one searched for.
    let any_unknown = [sources, targets].into_iter().any(|ends| {
        let any = |ends: &[u32]| ends.iter().fold(false, |any, v| any | is_unknown(*v));
        ends.par_chunks(EDGES_PER_CHECK).any(any)
    });
    if any_unknown
        && let Some((row, (&source, &target))) = (sources.iter().zip(targets).enumerate())
            .find(|(_, (source, target))| is_unknown(**source) || is_unknown(**target))
    {
        let vertex = if is_unknown(source) { source } else { target };
        return Err(GraphError::UnknownVertex { row: first + row, vertex, vertices });
    }
    let any_bad = weights
        .par_chunks(EDGES_PER_CHECK)
        .any(|weights| weights.iter().fold(false, |any, w| any | is_bad((*w).into())));
    let mut weights = weights.iter().map(|weight| (*weight).into()).enumerate();
    if any_bad && let Some((row, weight)) = weights.find(|(_, weight)| is_bad(*weight)) {
        return Err(GraphError::BadWeight { row: first + row, weight });
    }
    Ok(())
}
