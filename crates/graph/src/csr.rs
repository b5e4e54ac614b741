//! A directed weighted graph in compressed sparse rows, pull direction: row = target.
//!
//! A vertex pulls from its in-neighbours, so that a propagation step writes every vertex once, from
//! one thread, in one order, and gives the same bits at any thread count.
//!
//! Two graphs built from the same edges in any order are equal to the bit: duplicates are summed in
//! order of (source, weight) in `f64` and rounded once to `f32`. By definition the graph *is* the
//! one with the rounded weights: totals, shares and ranks all refer to them.

use std::ops::Range;

use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::GraphError;
use crate::buckets::Buckets;
use crate::ids::counts;

/// Given edges per bucket: what is sorted at once stays in cache.
const EDGES_PER_BUCKET: u64 = 1 << 17;

/// A row of more edges than this is sorted by all threads: the row of a hub would hold up everyone.
const LONG_ROW: usize = 1 << 16;

/// Edges that are checked at once.
const CHECKED: usize = 1 << 14;

/// Most tasks that each look at every edge and keep those of their own vertices.
const MOST_SCANS: usize = 8;

/// Some edges of a graph. All lengths: edges of this part.
#[derive(Debug, Clone, Default)]
pub struct EdgePart<W> {
    /// Source of each edge.
    pub sources: Vec<u32>,
    /// Target of each edge.
    pub targets: Vec<u32>,
    /// Weight of each edge; [`One`] takes no memory.
    pub weights: Vec<W>,
}

/// The weight of every edge of a graph without weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct One;

impl From<One> for f64 {
    fn from(One: One) -> Self {
        1.0
    }
}

/// A weight as it is given, finite and not negative.
pub trait Weight: Copy + Default + Send + Sync + Into<f64> {
    /// Source and weight of an edge in one integer: edges are in order of both as integers are, which
    /// sort several times as fast.
    type Packed: Copy + Default + Ord + Send + Sync;
    /// The edge from `source` with this weight.
    fn pack(self, source: u32) -> Self::Packed;
    /// Source and weight of an edge.
    fn unpack(edge: Self::Packed) -> (u32, f64);
}

impl Weight for One {
    type Packed = u32;

    fn pack(self, source: u32) -> u32 {
        source
    }

    fn unpack(edge: u32) -> (u32, f64) {
        (edge, 1.0)
    }
}

impl Weight for f32 {
    type Packed = u64;

    fn pack(self, source: u32) -> u64 {
        u64::from(source) << 32 | u64::from(self.to_bits())
    }

    fn unpack(edge: u64) -> (u32, f64) {
        ((edge >> 32) as u32, f64::from(f32::from_bits(edge as u32)))
    }
}

impl Weight for f64 {
    type Packed = u128;

    fn pack(self, source: u32) -> u128 {
        u128::from(source) << 64 | u128::from(self.to_bits())
    }

    fn unpack(edge: u128) -> (u32, f64) {
        ((edge >> 64) as u32, f64::from_bits(edge as u64))
    }
}

/// Weights as a graph stores them.
pub trait Stored: Copy + Send + Sync + Into<f64> {}

impl<S: Copy + Send + Sync + Into<f64>> Stored for S {}

/// A directed graph with n vertices and m distinct edges, stored by target, with weights of type `S`:
/// `f32`, or [`One`] if every edge weighs 1.
///
/// | array | type | length | holds |
/// |---|---|---|---|
/// | `offsets` | `u64` | n + 1 | row t is `offsets[t]..offsets[t + 1]` of the next two |
/// | `sources` | `u32` | m | sources of a row's edges, ascending, without duplicates |
/// | `weights` | `S` | m | weight of each edge, finite, ≥ 0 |
/// | `out_weight` | `f64` | n | total weight of the edges that leave each vertex |
/// | `out_degree` | `u32` | n | how many edges leave each vertex |
///
/// That is 8 bytes per edge (4 without weights) and 20 per vertex. Self-loops and edges of weight 0 are
/// kept; a vertex whose total is 0 is *dangling*.
#[derive(Debug, Clone, PartialEq)]
pub struct Csr<S = f32> {
    offsets: Vec<u64>,
    sources: Vec<u32>,
    weights: Vec<S>,
    out_weight: Vec<f64>,
    out_degree: Vec<u32>,
}

impl Csr {
    /// Builds the graph of the edges of all `parts` over the vertices `0..vertices`.
    ///
    /// Edges given more than once are merged, and their weights (any unit) add up. Work is linear but
    /// for the sort inside each row. Memory while building, in bytes per given edge: 8 for the part, and
    /// 4, 8 or 16 for its weight ([`One`], `f32`, `f64`), then 8 more; as many as 16 at the end.
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
        parts: Vec<EdgePart<W>>,
    ) -> Result<Self, GraphError> {
        let limit = u32::MAX as usize;
        if vertices > limit {
            return Err(GraphError::TooManyVertices { limit });
        }
        let mut first = 0;
        for part in &parts {
            check(vertices, part, first)?;
            first += part.sources.len();
        }
        let blocks = Buckets::blocks(vertices);
        let per_block = counts(blocks, &parts, |part| &part.targets, |row| Buckets::block(*row));
        let per_block: Vec<u64> = per_block.into_iter().map(u64::from).collect();
        let buckets = Buckets::of(vertices, &per_block, EDGES_PER_BUCKET);
        let (offsets, sources, weights) = merged(vertices, &buckets, dealt(&buckets, parts))?;
        let (out_weight, out_degree) = outgoing(vertices, &sources, &weights);
        Ok(Self { offsets, sources, weights, out_weight, out_degree })
    }

    /// The same graph without its weights, if each is 1.
    pub fn unweighted(self) -> Result<Csr<One>, Self> {
        if self.weights.par_iter().any(|weight| *weight != 1.0) {
            return Err(self);
        }
        let Self { offsets, sources, weights, out_weight, out_degree } = self;
        Ok(Csr { offsets, sources, weights: vec![One; weights.len()], out_weight, out_degree })
    }
}

impl<S: Stored> Csr<S> {
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
    /// Summed over the rounded weights in order of target, the first by position first, hence with
    /// a relative error of at most (outdegree − 1) · 2⁻⁵³ to first order.
    pub fn out_weight(&self) -> &[f64] {
        &self.out_weight
    }

    /// Number of edges that leave each vertex, length n.
    pub fn out_degree(&self) -> &[u32] {
        &self.out_degree
    }

    /// The share of `source`'s outgoing weight that an edge of weight `weight` carries, in 0..=1.
    /// A dangling source shares nothing: 0.
    ///
    /// # Panics
    ///
    /// If `source` is not below [`Csr::vertices`].
    pub fn share(&self, source: u32, weight: S) -> f64 {
        let total = self.out_weight[source as usize];
        if total > 0.0 { weight.into() / total } else { 0.0 }
    }
}

/// Refuses columns, ids and weights that make no graph; `first` edges came before.
fn check<W: Weight>(vertices: usize, part: &EdgePart<W>, first: usize) -> Result<(), GraphError> {
    let EdgePart { sources, targets, weights } = part;
    let expected = sources.len();
    for (column, found) in [("targets", targets.len()), ("weights", weights.len())] {
        if found != expected {
            return Err(GraphError::LengthsDiffer { column, expected, found });
        }
    }
    let unknown = |vertex: u32| vertex as usize >= vertices;
    let bad = |weight: f64| !(weight.is_finite() && weight >= 0.0);
    // Sound edges are all looked at; where one is not, it is looked for.
    let unknown_ends = [sources, targets].into_iter().any(|ends| {
        ends.par_chunks(CHECKED).any(|ends| ends.iter().fold(false, |any, v| any | unknown(*v)))
    });
    if unknown_ends
        && let Some((row, (&source, &target))) = (sources.iter().zip(targets).enumerate())
            .find(|(_, (source, target))| unknown(**source) || unknown(**target))
    {
        let vertex = if unknown(source) { source } else { target };
        return Err(GraphError::UnknownVertex { row: first + row, vertex, vertices });
    }
    let bad_weights = weights
        .par_chunks(CHECKED)
        .any(|weights| weights.iter().fold(false, |any, w| any | bad((*w).into())));
    let mut weights = weights.iter().map(|weight| (*weight).into()).enumerate();
    if bad_weights && let Some((row, weight)) = weights.find(|(_, weight)| bad(*weight)) {
        return Err(GraphError::BadWeight { row: first + row, weight });
    }
    Ok(())
}

/// A part whose edges are in order of bucket.
struct Dealt<W> {
    /// Where each bucket begins and the last ends. Length: buckets + 1.
    bounds: Vec<usize>,
    edges: EdgePart<W>,
}

/// Puts the edges of each part in order of bucket.
fn dealt<W: Weight>(buckets: &Buckets, parts: Vec<EdgePart<W>>) -> Vec<Dealt<W>> {
    // A part is dealt into the memory of the one before: fresh memory costs more than the work.
    let in_turn = |room: &mut EdgePart<W>, part| {
        let dealt = deal(buckets, &part, std::mem::take(room));
        *room = part;
        dealt
    };
    parts.into_par_iter().map_init(EdgePart::default, in_turn).collect()
}

fn deal<W: Weight>(buckets: &Buckets, part: &EdgePart<W>, mut room: EdgePart<W>) -> Dealt<W> {
    let EdgePart { sources, targets, weights } = &mut room;
    sources.resize(part.sources.len(), 0);
    targets.resize(part.sources.len(), 0);
    weights.resize(part.sources.len(), W::default());
    let bounds = buckets.bounds(part.targets.iter().copied());
    let mut next = bounds.clone();
    let ends = part.targets.iter().zip(&part.sources);
    for ((target, source), weight) in ends.zip(&part.weights) {
        let slot = &mut next[buckets.of_row(*target)];
        (targets[*slot], sources[*slot], weights[*slot]) = (*target, *source, *weight);
        *slot += 1;
    }
    Dealt { bounds, edges: room }
}

/// Offsets, sources and weights of the graph of all edges, whose duplicates are merged.
type Rows = (Vec<u64>, Vec<u32>, Vec<f32>);

fn merged<W: Weight>(
    vertices: usize,
    buckets: &Buckets,
    dealt: Vec<Dealt<W>>,
) -> Result<Rows, GraphError> {
    let edges = |dealt: &Dealt<W>, bucket| dealt.bounds[bucket + 1] - dealt.bounds[bucket];
    let in_bucket = |bucket| dealt.iter().map(|dealt| edges(dealt, bucket)).sum::<usize>();
    let given: Vec<usize> = (0..buckets.rows.len()).map(in_bucket).collect();
    let all = given.iter().sum();
    // Touched by all threads: fresh memory is slower than what is then done in it.
    let mut sources: Vec<u32> = repeat_n(0, all).collect();
    let mut weights: Vec<f32> = repeat_n(0.0, all).collect();
    let (mut sources_left, mut weights_left) = (&mut sources[..], &mut weights[..]);
    let mut places = Vec::with_capacity(given.len());
    for (bucket, given) in given.iter().enumerate() {
        let (own_sources, own_weights);
        (own_sources, sources_left) = sources_left.split_at_mut(*given);
        (own_weights, weights_left) = weights_left.split_at_mut(*given);
        places.push((bucket, own_sources, own_weights));
    }
    let lengths = places.into_par_iter().map_init(Vec::new, |room, (bucket, sources, weights)| {
        let rows = &buckets.rows[bucket];
        let bounds = gather(bucket, rows, &dealt, room);
        merge_rows::<W>(rows, &bounds, room, sources, weights)
    });
    let lengths: Vec<Result<Vec<u32>, GraphError>> = lengths.collect();
    drop(dealt);
    // Of several faults the first is told, whichever is met first.
    let lengths = lengths.into_iter().collect::<Result<Vec<Vec<u32>>, GraphError>>()?;
    let mut offsets = Vec::with_capacity(vertices + 1);
    offsets.push(0);
    let (mut start, mut end) = (0, 0);
    for (given, lengths) in given.into_iter().zip(lengths) {
        let first = end;
        for length in lengths {
            end += length as usize;
            offsets.push(end as u64);
        }
        // Behind the rows of a bucket is as much room as it had duplicates: the next one moves up.
        sources.copy_within(start..start + end - first, first);
        weights.copy_within(start..start + end - first, first);
        start += given;
    }
    sources.truncate(end);
    weights.truncate(end);
    if end < all / 8 * 7 {
        sources.shrink_to_fit();
        weights.shrink_to_fit();
    }
    Ok((offsets, sources, weights))
}

/// The edges of a bucket by row, in `edges`; returns where each of its `rows` begins and the last ends.
fn gather<W: Weight>(
    bucket: usize,
    rows: &Range<usize>,
    dealt: &[Dealt<W>],
    edges: &mut Vec<W::Packed>,
) -> Vec<usize> {
    let own = |dealt: &Dealt<W>| dealt.bounds[bucket]..dealt.bounds[bucket + 1];
    let mut bounds = vec![0; rows.len() + 1];
    for part in dealt {
        for target in &part.edges.targets[own(part)] {
            bounds[*target as usize - rows.start + 1] += 1;
        }
    }
    for row in 0..rows.len() {
        bounds[row + 1] += bounds[row];
    }
    edges.resize(bounds[rows.len()], W::Packed::default());
    let mut next = bounds.clone();
    for part in dealt {
        let EdgePart { sources, targets, weights } = &part.edges;
        let ends = targets[own(part)].iter().zip(&sources[own(part)]);
        for ((target, source), weight) in ends.zip(&weights[own(part)]) {
            let slot = &mut next[*target as usize - rows.start];
            edges[*slot] = weight.pack(*source);
            *slot += 1;
        }
    }
    bounds
}

/// Sorts the rows of a bucket and merges their duplicates into the first of `sources` and `weights`; returns
/// the length of each row.
fn merge_rows<W: Weight>(
    rows: &Range<usize>,
    bounds: &[usize],
    edges: &mut [W::Packed],
    sources: &mut [u32],
    weights: &mut [f32],
) -> Result<Vec<u32>, GraphError> {
    let (mut lengths, mut end) = (Vec::with_capacity(rows.len()), 0);
    for (to, bounds) in rows.clone().zip(bounds.windows(2)) {
        let (start, row) = (end, &mut edges[bounds[0]..bounds[1]]);
        if row.len() > LONG_ROW {
            row.par_sort_unstable()
        } else {
            row.sort_unstable()
        }
        for same in row.chunk_by(|a, b| W::unpack(*a).0 == W::unpack(*b).0) {
            (sources[end], weights[end]) = merge::<W>(to as u32, same)?;
            end += 1;
        }
        lengths.push((end - start) as u32);
    }
    Ok(lengths)
}

/// Source and weight of an edge into `to` that is given once or more often; weights are summed in `f64`
/// and rounded once.
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

/// Total weight and number of the edges that leave each vertex, added up in row order: each task looks at
/// all edges and adds up those of its own sources.
fn outgoing(vertices: usize, sources: &[u32], weights: &[f32]) -> (Vec<f64>, Vec<u32>) {
    let (mut totals, mut degrees) = (vec![0.0; vertices], vec![0; vertices]);
    let length = vertices.div_ceil(rayon::current_num_threads().min(MOST_SCANS)).max(1);
    let own = totals.par_chunks_mut(length).zip(degrees.par_chunks_mut(length)).enumerate();
    own.for_each(|(task, (totals, degrees))| {
        for (&source, &weight) in sources.iter().zip(weights) {
            // What wraps around is no index either.
            let own = (source as usize).wrapping_sub(task * length);
            if let (Some(total), Some(degree)) = (totals.get_mut(own), degrees.get_mut(own)) {
                *total += f64::from(weight);
                *degree += 1;
            }
        }
    });
    (totals, degrees)
}
