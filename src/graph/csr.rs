//! A directed weighted graph in compressed sparse rows, pull direction: row = target.
//!
//! A vertex pulls from its in-neighbours, so that a propagation step writes every vertex once, from
//! one thread, in one order, and gives the same bits at any thread count.
//!
//! Two graphs built from the same edges in any order are equal to the bit: duplicates are summed in
//! order of (source, weight) in `f64` and rounded once to `f32`. By definition the graph *is* the
//! one with the rounded weights: totals, shares and ranks all refer to them.

use rayon::prelude::*;

use super::GraphError;

/// Rows per task of the parallel sort inside rows.
const ROWS_PER_TASK: usize = 4096;

/// A directed weighted graph with n vertices and m distinct edges, stored by target.
///
/// | array | type | length | holds |
/// |---|---|---|---|
/// | `offsets` | `u64` | n + 1 | row t is `offsets[t]..offsets[t + 1]` of the next two |
/// | `sources` | `u32` | m | sources of a row's edges, ascending, without duplicates |
/// | `weights` | `f32` | m | weight of each edge, finite, ≥ 0 |
/// | `out_weight` | `f64` | n | total weight of the edges that leave each vertex |
///
/// That is 8 bytes per edge and 16 per vertex. Self-loops and edges of weight 0 are kept; a vertex
/// whose total is 0 is *dangling*.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr {
    offsets: Vec<u64>,
    sources: Vec<u32>,
    weights: Vec<f32>,
    out_weight: Vec<f64>,
}

impl Csr {
    /// Builds the graph of the edges `sources[i] -> targets[i]` over the vertices `0..vertices`.
    ///
    /// Edge `i` weighs `weights[i]` (any unit), or 1 where there are no weights; edges given more
    /// than once are merged, and their weights add up. Work is linear but for the sort inside each
    /// row. While building, 16 more bytes are held per given edge.
    ///
    /// # Errors
    ///
    /// - [`GraphError::TooManyVertices`]: more than `u32::MAX` vertices.
    /// - [`GraphError::LengthsDiffer`]: the columns are of different lengths.
    /// - [`GraphError::UnknownVertex`]: an id that is not below `vertices`.
    /// - [`GraphError::BadWeight`]: a weight that is NaN, infinite or negative.
    /// - [`GraphError::WeightTooLarge`], [`GraphError::WeightTooSmall`]: a merged weight that no
    ///   finite `f32` holds, or that is positive and would round to 0.
    pub fn from_edges(
        vertices: usize,
        sources: &[u32],
        targets: &[u32],
        weights: Option<&[f64]>,
    ) -> Result<Self, GraphError> {
        check(vertices, sources, targets, weights)?;
        let given = row_offsets(vertices, targets);
        let mut edges = scatter(&given, sources, targets, weights);
        sort_rows(&given, &mut edges);
        let (offsets, sources, weights) = merge_rows(&given, &edges)?;
        let out_weight = out_weights(vertices, &sources, &weights);
        Ok(Self { offsets, sources, weights, out_weight })
    }

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
    pub fn row(&self, target: usize) -> (&[u32], &[f32]) {
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
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// Total weight of the edges that leave each vertex, length n; 0 where dangling.
    ///
    /// Summed over the rounded weights in order of target, the first by position first, hence with
    /// a relative error of at most (outdegree − 1) · 2⁻⁵³ to first order.
    pub fn out_weight(&self) -> &[f64] {
        &self.out_weight
    }

    /// The share of `source`'s outgoing weight that an edge of weight `weight` carries, in 0..=1.
    /// A dangling source shares nothing: 0.
    ///
    /// # Panics
    ///
    /// If `source` is not below [`Csr::vertices`].
    pub fn share(&self, source: u32, weight: f32) -> f64 {
        let total = self.out_weight[source as usize];
        if total > 0.0 { f64::from(weight) / total } else { 0.0 }
    }
}

/// Refuses columns, ids and weights that make no graph.
fn check(
    vertices: usize,
    sources: &[u32],
    targets: &[u32],
    weights: Option<&[f64]>,
) -> Result<(), GraphError> {
    let limit = u32::MAX as usize;
    if vertices > limit {
        return Err(GraphError::TooManyVertices { vertices, limit });
    }
    let expected = sources.len();
    let lengths = [("targets", targets.len()), ("weights", weights.map_or(expected, <[f64]>::len))];
    for (column, found) in lengths {
        if found != expected {
            return Err(GraphError::LengthsDiffer { column, expected, found });
        }
    }
    let unknown = |vertex: u32| vertex as usize >= vertices;
    let ends = sources.par_iter().zip(targets).enumerate();
    if let Some((row, (&source, &target))) =
        ends.find_first(|(_, (source, target))| unknown(**source) || unknown(**target))
    {
        let vertex = if unknown(source) { source } else { target };
        return Err(GraphError::UnknownVertex { row, vertex, vertices });
    }
    let weights = weights.unwrap_or_default().par_iter().enumerate();
    match weights.find_first(|(_, weight)| !(weight.is_finite() && **weight >= 0.0)) {
        Some((row, &weight)) => Err(GraphError::BadWeight { row, weight }),
        None => Ok(()),
    }
}

/// Where the rows of the given edges begin: length `vertices` + 1. Targets are below `vertices`.
fn row_offsets(vertices: usize, targets: &[u32]) -> Vec<u64> {
    let mut offsets = vec![0; vertices + 1];
    for &target in targets {
        offsets[target as usize + 1] += 1;
    }
    for target in 0..vertices {
        offsets[target + 1] += offsets[target];
    }
    offsets
}

/// The given edges as (source, weight), by target.
fn scatter(
    offsets: &[u64],
    sources: &[u32],
    targets: &[u32],
    weights: Option<&[f64]>,
) -> Vec<(u32, f64)> {
    let mut next = offsets.to_vec();
    let mut edges = vec![(0, 1.0); sources.len()];
    for (row, (&source, &target)) in sources.iter().zip(targets).enumerate() {
        let place = &mut next[target as usize];
        edges[*place as usize] = (source, weights.map_or(1.0, |weights| weights[row]));
        *place += 1;
    }
    edges
}

/// Sorts each row by (source, weight): `edges` holds the rows that `offsets` bounds.
fn sort_rows(offsets: &[u64], edges: &mut [(u32, f64)]) {
    let rows = offsets.len() - 1;
    if rows > ROWS_PER_TASK {
        let middle = rows / 2;
        let (left, right) = edges.split_at_mut((offsets[middle] - offsets[0]) as usize);
        rayon::join(
            || sort_rows(&offsets[..=middle], left),
            || sort_rows(&offsets[middle..], right),
        );
        return;
    }
    let mut rest = edges;
    for bounds in offsets.windows(2) {
        let row;
        (row, rest) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
        // Sequential for all but the rows of hubs, which would otherwise hold up everyone.
        row.par_sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    }
}

/// Offsets, sources and weights of a [`Csr`].
type Rows = (Vec<u64>, Vec<u32>, Vec<f32>);

/// Merges the duplicates inside sorted rows; weights are summed in `f64` and rounded once.
fn merge_rows(given: &[u64], edges: &[(u32, f64)]) -> Result<Rows, GraphError> {
    let mut offsets = Vec::with_capacity(given.len());
    let mut sources = Vec::with_capacity(edges.len());
    let mut weights = Vec::with_capacity(edges.len());
    offsets.push(0);
    for (to, bounds) in given.windows(2).enumerate() {
        let row = &edges[bounds[0] as usize..bounds[1] as usize];
        for duplicates in row.chunk_by(|a, b| a.0 == b.0) {
            let (from, to) = (duplicates[0].0, to as u32);
            let weight = duplicates.iter().fold(0.0, |sum, edge| sum + edge.1);
            let rounded = weight as f32;
            if !rounded.is_finite() {
                return Err(GraphError::WeightTooLarge { from, to, weight });
            }
            if rounded == 0.0 && weight > 0.0 {
                return Err(GraphError::WeightTooSmall { from, to, weight });
            }
            sources.push(from);
            weights.push(rounded);
        }
        offsets.push(sources.len() as u64);
    }
    sources.shrink_to_fit();
    weights.shrink_to_fit();
    Ok((offsets, sources, weights))
}

/// Total outgoing weight of each vertex, added up in row order.
fn out_weights(vertices: usize, sources: &[u32], weights: &[f32]) -> Vec<f64> {
    let mut totals = vec![0.0; vertices];
    for (&source, &weight) in sources.iter().zip(weights) {
        totals[source as usize] += f64::from(weight);
    }
    totals
}
