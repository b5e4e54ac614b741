//! A directed weighted graph in compressed sparse rows, pull direction: row = target.
//!
//! A vertex pulls from its in-neighbours, so that a propagation step writes every vertex once, from
//! one thread, in one order, and gives the same bits at any thread count.
//!
//! Two graphs built from the same edges in any order are equal to the bit: duplicates are summed in
//! order of (source, weight) in `f64` and rounded once to `f32`. By definition the graph *is* the
//! one with the rounded weights: totals, shares and ranks all refer to them.

use std::ops::Range;

use rayon::prelude::*;

use super::GraphError;

/// Edges per task where rows are sorted and merged, but for longer rows.
const EDGES_PER_TASK: usize = 1 << 16;

/// Most tasks that each look at every edge and keep those of their own rows.
const MOST_SCANS: usize = 8;

/// Some edges of a graph. All lengths: edges of this part.
#[derive(Debug, Clone, Copy)]
pub struct EdgePart<'a, W> {
    /// Source of each edge.
    pub sources: &'a [u32],
    /// Target of each edge.
    pub targets: &'a [u32],
    /// Weight of each edge; without weights each counts 1.
    pub weights: Option<&'a [W]>,
}

/// A weight as it is given, finite and not negative.
pub trait Weight: Copy + Send + Sync + Into<f64> {
    /// Source and weight of an edge in one integer: edges are in order of both as integers are, which
    /// sort several times as fast.
    type Packed: Copy + Default + Ord + Send + Sync;
    /// What an edge without a weight counts.
    const ONE: Self;
    /// The edge from `source` with this weight.
    fn pack(self, source: u32) -> Self::Packed;
    /// Source and weight of an edge.
    fn unpack(edge: Self::Packed) -> (u32, f64);
}

impl Weight for f32 {
    type Packed = u64;
    const ONE: Self = 1.0;

    fn pack(self, source: u32) -> u64 {
        u64::from(source) << 32 | u64::from(self.to_bits())
    }

    fn unpack(edge: u64) -> (u32, f64) {
        ((edge >> 32) as u32, f64::from(f32::from_bits(edge as u32)))
    }
}

impl Weight for f64 {
    type Packed = u128;
    const ONE: Self = 1.0;

    fn pack(self, source: u32) -> u128 {
        u128::from(source) << 64 | u128::from(self.to_bits())
    }

    fn unpack(edge: u128) -> (u32, f64) {
        ((edge >> 64) as u32, f64::from_bits(edge as u64))
    }
}

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
    /// Builds the graph of the edges `sources[i] -> targets[i]` over the vertices `0..vertices`: as
    /// [`Csr::from_parts`], all in one part.
    ///
    /// # Errors
    ///
    /// As [`Csr::from_parts`].
    pub fn from_edges(
        vertices: usize,
        sources: &[u32],
        targets: &[u32],
        weights: Option<&[f64]>,
    ) -> Result<Self, GraphError> {
        Self::from_parts(vertices, &[EdgePart { sources, targets, weights }])
    }

    /// Builds the graph of the edges of all `parts` over the vertices `0..vertices`.
    ///
    /// Edges given more than once are merged, and their weights (any unit) add up. Work is linear but
    /// for the sort inside each row. While building, 8 more bytes are held per given edge, or 16 with
    /// weights of 64 bits.
    ///
    /// # Errors
    ///
    /// - [`GraphError::TooManyVertices`]: more than `u32::MAX` vertices.
    /// - [`GraphError::LengthsDiffer`]: the columns of a part are of different lengths.
    /// - [`GraphError::UnknownVertex`]: an id that is not below `vertices`.
    /// - [`GraphError::BadWeight`]: a weight that is NaN, infinite or negative.
    /// - [`GraphError::WeightTooLarge`], [`GraphError::WeightTooSmall`]: a merged weight that no
    ///   finite `f32` holds, or that is positive and would round to 0.
    pub fn from_parts<W: Weight>(
        vertices: usize,
        parts: &[EdgePart<'_, W>],
    ) -> Result<Self, GraphError> {
        let limit = u32::MAX as usize;
        if vertices > limit {
            return Err(GraphError::TooManyVertices { vertices, limit });
        }
        let mut first = 0;
        for part in parts {
            check(vertices, part, first)?;
            first += part.sources.len();
        }
        let given = row_offsets(vertices, parts);
        let mut edges = scatter(&given, parts);
        let tasks = edges.len() / EDGES_PER_TASK + 1;
        let tasks = ranges(&given, tasks);
        sort_rows(&given, &mut edges, &tasks);
        let (offsets, sources, weights) = merge_rows::<W>(&given, &edges, &tasks)?;
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

/// Refuses columns, ids and weights that make no graph; `first` edges came before.
fn check<W: Weight>(
    vertices: usize,
    part: &EdgePart<'_, W>,
    first: usize,
) -> Result<(), GraphError> {
    let EdgePart { sources, targets, weights } = *part;
    let expected = sources.len();
    let lengths = [("targets", targets.len()), ("weights", weights.map_or(expected, <[W]>::len))];
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
        return Err(GraphError::UnknownVertex { row: first + row, vertex, vertices });
    }
    let weights = weights.unwrap_or_default().par_iter().map(|weight| (*weight).into()).enumerate();
    match weights.find_first(|(_, weight): &(usize, f64)| !(weight.is_finite() && *weight >= 0.0)) {
        Some((row, weight)) => Err(GraphError::BadWeight { row: first + row, weight }),
        None => Ok(()),
    }
}

/// Divides the rows that `offsets` bounds into `tasks` ranges of about as many edges.
fn ranges(offsets: &[u64], tasks: usize) -> Vec<Range<usize>> {
    let rows = offsets.len() - 1;
    let mut from = 0;
    let range = |task: usize| {
        let share = u128::from(offsets[rows]) * task as u128 / tasks as u128;
        let at = offsets.partition_point(|offset| u128::from(*offset) < share);
        let to = if task == tasks { rows } else { at.clamp(from, rows) };
        std::mem::replace(&mut from, to)..to
    };
    (1..=tasks).map(range).collect()
}

/// What `all`, an array over all edges, holds of each of `tasks`, which cover the rows in order.
fn cut<'a, T>(offsets: &[u64], all: &'a mut [T], tasks: &[Range<usize>]) -> Vec<&'a mut [T]> {
    let mut rest = all;
    let own = |rows: &Range<usize>| {
        let own;
        let length = (offsets[rows.end] - offsets[rows.start]) as usize;
        (own, rest) = std::mem::take(&mut rest).split_at_mut(length);
        own
    };
    tasks.iter().map(own).collect()
}

/// Where the rows of the given edges begin: length `vertices` + 1. Targets are below `vertices`.
fn row_offsets<W: Weight>(vertices: usize, parts: &[EdgePart<'_, W>]) -> Vec<u64> {
    let add = |mut counts: Vec<u64>, part: &EdgePart<'_, W>| {
        for &target in part.targets {
            counts[target as usize + 1] += 1;
        }
        counts
    };
    let none = || vec![0_u64; vertices + 1];
    let per_task = parts.len().div_ceil(rayon::current_num_threads().min(MOST_SCANS)).max(1);
    let counts = parts.par_chunks(per_task).map(|parts| parts.iter().fold(none(), add));
    let mut offsets = counts
        .reduce_with(|mut one, other| {
            one.par_iter_mut().zip(other).for_each(|(one, other)| *one += other);
            one
        })
        .unwrap_or_else(none);
    for row in 0..vertices {
        offsets[row + 1] += offsets[row];
    }
    offsets
}

/// The given edges by target. Each task looks at all edges and places those of its own rows.
fn scatter<W: Weight>(offsets: &[u64], parts: &[EdgePart<'_, W>]) -> Vec<W::Packed> {
    let mut edges = vec![W::Packed::default(); offsets[offsets.len() - 1] as usize];
    let tasks = ranges(offsets, rayon::current_num_threads().min(MOST_SCANS));
    tasks.par_iter().zip(cut(offsets, &mut edges, &tasks)).for_each(|(rows, own)| {
        let base = offsets[rows.start];
        let mut next: Vec<u64> = offsets[rows.clone()].iter().map(|offset| offset - base).collect();
        for part in parts {
            for (row, (&source, &target)) in part.sources.iter().zip(part.targets).enumerate() {
                let own_row = (target as usize).checked_sub(rows.start);
                if let Some(place) = own_row.and_then(|target| next.get_mut(target)) {
                    let weight = part.weights.map_or(W::ONE, |weights| weights[row]);
                    own[*place as usize] = weight.pack(source);
                    *place += 1;
                }
            }
        }
    });
    edges
}

/// Sorts each row by source and weight: `edges` holds the rows that `offsets` bounds.
fn sort_rows<T: Ord + Send>(offsets: &[u64], edges: &mut [T], tasks: &[Range<usize>]) {
    tasks.par_iter().zip(cut(offsets, edges, tasks)).for_each(|(rows, mut rest)| {
        for bounds in offsets[rows.start..=rows.end].windows(2) {
            let row;
            (row, rest) = rest.split_at_mut((bounds[1] - bounds[0]) as usize);
            // The row of a hub would otherwise hold up everyone.
            if row.len() > EDGES_PER_TASK { row.par_sort_unstable() } else { row.sort_unstable() }
        }
    });
}

/// Offsets, sources and weights of a [`Csr`].
type Rows = (Vec<u64>, Vec<u32>, Vec<f32>);

/// Merges the duplicates inside sorted rows; weights are summed in `f64` and rounded once.
fn merge_rows<W: Weight>(
    given: &[u64],
    edges: &[W::Packed],
    tasks: &[Range<usize>],
) -> Result<Rows, GraphError> {
    let same = |a: &W::Packed, b: &W::Packed| W::unpack(*a).0 == W::unpack(*b).0;
    let row = |to: usize| &edges[given[to] as usize..given[to + 1] as usize];
    let distinct = |to: usize| row(to).chunk_by(same).count() as u64;
    let mut offsets = vec![0];
    offsets.par_extend((0..given.len() - 1).into_par_iter().map(distinct));
    for to in 1..offsets.len() {
        offsets[to] += offsets[to - 1];
    }
    let length = offsets[offsets.len() - 1] as usize;
    let (mut sources, mut weights) = (vec![0; length], vec![0.0; length]);
    let fill = |((rows, sources), weights): ((&Range<usize>, &mut [u32]), &mut [f32])| {
        let merged = rows.clone().flat_map(|to| row(to).chunk_by(same).map(move |e| (to, e)));
        for ((source, weight), (to, duplicates)) in sources.iter_mut().zip(weights).zip(merged) {
            (*source, *weight) = merge::<W>(to as u32, duplicates)?;
        }
        Ok(())
    };
    let own = tasks.par_iter().zip(cut(&offsets, &mut sources, tasks));
    let own = own.zip(cut(&offsets, &mut weights, tasks));
    // Of several faults the first is told, whichever is met first.
    let done: Vec<Result<(), GraphError>> = own.map(fill).collect();
    done.into_iter().collect::<Result<(), GraphError>>()?;
    Ok((offsets, sources, weights))
}

/// Source and weight of an edge into `to` that is given once or more often.
fn merge<W: Weight>(to: u32, duplicates: &[W::Packed]) -> Result<(u32, f32), GraphError> {
    let from = W::unpack(duplicates[0]).0;
    let weight = duplicates.iter().fold(0.0, |sum, edge| sum + W::unpack(*edge).1);
    let rounded = weight as f32;
    if !rounded.is_finite() {
        return Err(GraphError::WeightTooLarge { from, to, weight });
    }
    if rounded == 0.0 && weight > 0.0 {
        return Err(GraphError::WeightTooSmall { from, to, weight });
    }
    Ok((from, rounded))
}

/// Total outgoing weight of each vertex, added up in row order: each task looks at all edges and adds up
/// those of its own sources.
fn out_weights(vertices: usize, sources: &[u32], weights: &[f32]) -> Vec<f64> {
    let mut totals = vec![0.0; vertices];
    let length = vertices.div_ceil(rayon::current_num_threads().min(MOST_SCANS)).max(1);
    totals.par_chunks_mut(length).enumerate().for_each(|(task, totals)| {
        for (&source, &weight) in sources.iter().zip(weights) {
            let own = (source as usize).checked_sub(task * length);
            if let Some(total) = own.and_then(|source| totals.get_mut(source)) {
                *total += f64::from(weight);
            }
        }
    });
    totals
}
