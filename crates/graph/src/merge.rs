//! Edges in any order to sorted rows without duplicates.
//!
//! Each list is put in order of bucket (rows whose edges fit a core's cache), then each bucket is put in order of
//! row, its rows are sorted by (source, weight), and duplicates are merged. Rows come out in the same bits
//! whatever the division into lists, the order of the edges or the number of threads.

use std::ops::Range;

use rayon::iter::repeat_n;
use rayon::prelude::*;

use crate::GraphError;
use crate::buckets::Buckets;
use crate::edges::{EdgeList, End, MergedWeight, Weight, count_ends};

/// Given edges per bucket: what is sorted at once stays in cache.
const EDGES_PER_BUCKET: u64 = 1 << 17;

/// A row of more edges than this is sorted by all threads: one thread at the row of a hub would hold up the others.
const LONG_ROW: usize = 1 << 16;

/// Most tasks that each read every edge and add up those of their range of sources.
const MAX_SCANS: usize = 8;

/// Offsets (length: vertices + 1), sources and weights (length: edges) of a graph, by (target, source).
pub(crate) struct Rows<S> {
    pub offsets: Vec<u64>,
    pub sources: Vec<u32>,
    pub weights: Vec<S>,
    /// Largest rounding of a merged weight, as [`Merged::rounding`].
    pub rounding: f64,
}

/// A list whose edges are in order of bucket.
struct Bucketed<W> {
    /// Where each bucket begins and the last ends. Length: buckets + 1.
    bounds: Vec<usize>,
    edges: EdgeList<W>,
}

impl<W> Bucketed<W> {
    fn range(&self, bucket: usize) -> Range<usize> {
        self.bounds[bucket]..self.bounds[bucket + 1]
    }
}

/// The rows of the edges of all `lists`, whose duplicates are merged.
pub(crate) fn merge_rows<W: Weight, S: MergedWeight>(
    vertices: usize,
    lists: Vec<EdgeList<W>>,
) -> Result<Rows<S>, GraphError> {
    let blocks = Buckets::blocks(vertices);
    let per_block = count_ends(&lists, End::Target, blocks, Buckets::block_of);
    let per_block: Vec<u64> = per_block.into_iter().map(u64::from).collect();
    let buckets = Buckets::divide(vertices, &per_block, EDGES_PER_BUCKET);
    let lists = into_buckets(&buckets, lists);
    let given_in = |bucket| lists.iter().map(|list| list.range(bucket).len()).sum::<usize>();
    let given: Vec<usize> = (0..buckets.rows.len()).map(given_in).collect();
    let total = given.iter().sum();
    // Written by all threads: touching fresh memory takes longer than what is then done in it.
    let mut sources: Vec<u32> = repeat_n(0, total).collect();
    let mut weights: Vec<S> = repeat_n(S::default(), total).collect();
    let (mut sources_left, mut weights_left) = (&mut sources[..], &mut weights[..]);
    let mut outputs = Vec::with_capacity(given.len());
    for (bucket, given) in given.iter().enumerate() {
        let (bucket_sources, bucket_weights);
        (bucket_sources, sources_left) = sources_left.split_at_mut(*given);
        (bucket_weights, weights_left) = weights_left.split_at_mut(*given);
        outputs.push((bucket, bucket_sources, bucket_weights));
    }
    let merge = |buffer: &mut Vec<W::Packed>, (bucket, sources, weights)| {
        let rows = &buckets.rows[bucket];
        let bounds = gather_rows(bucket, rows, &lists, buffer);
        merge_bucket::<W, S>(rows, &bounds, buffer, sources, weights)
    };
    let lengths = outputs.into_par_iter().map_init(Vec::new, merge);
    let lengths: Vec<Result<(Vec<u32>, f64), GraphError>> = lengths.collect();
    drop(lists);
    // Of several errors the first one by bucket is returned, whichever thread was faster.
    let lengths = lengths.into_iter().collect::<Result<Vec<_>, GraphError>>()?;
    let rounding = lengths.iter().fold(0.0, |most: f64, (_, rounding)| most.max(*rounding));
    let mut offsets = Vec::with_capacity(vertices + 1);
    offsets.push(0);
    let (mut start, mut end) = (0, 0);
    for (given, (lengths, _)) in given.into_iter().zip(lengths) {
        let first = end;
        for length in lengths {
            end += length as usize;
            offsets.push(end as u64);
        }
        // Behind the rows of a bucket is as much space as it had duplicates: the next one moves up.
        sources.copy_within(start..start + end - first, first);
        weights.copy_within(start..start + end - first, first);
        start += given;
    }
    sources.truncate(end);
    weights.truncate(end);
    if end < total / 8 * 7 {
        sources.shrink_to_fit();
        weights.shrink_to_fit();
    }
    Ok(Rows { offsets, sources, weights, rounding })
}

/// Puts the edges of each list in order of bucket.
fn into_buckets<W: Weight>(buckets: &Buckets, lists: Vec<EdgeList<W>>) -> Vec<Bucketed<W>> {
    // A list is written into the memory of the one before: fresh memory costs more than the work.
    let reuse = |memory: &mut EdgeList<W>, list| {
        let bucketed = into_buckets_of_one(buckets, &list, std::mem::take(memory));
        *memory = list;
        bucketed
    };
    lists.into_par_iter().map_init(EdgeList::default, reuse).collect()
}

fn into_buckets_of_one<W: Weight>(
    buckets: &Buckets,
    list: &EdgeList<W>,
    mut memory: EdgeList<W>,
) -> Bucketed<W> {
    let EdgeList { sources, targets, weights } = &mut memory;
    sources.resize(list.sources.len(), 0);
    targets.resize(list.sources.len(), 0);
    weights.resize(list.sources.len(), W::default());
    let bounds = buckets.bounds(list.targets.iter().copied());
    let mut next = bounds.clone();
    let ends = list.targets.iter().zip(&list.sources);
    for ((target, source), weight) in ends.zip(&list.weights) {
        let slot = &mut next[buckets.bucket_of(*target)];
        (targets[*slot], sources[*slot], weights[*slot]) = (*target, *source, *weight);
        *slot += 1;
    }
    Bucketed { bounds, edges: memory }
}

/// Puts the edges of a bucket into `edges` by row; returns where each of its `rows` begins and the last ends.
fn gather_rows<W: Weight>(
    bucket: usize,
    rows: &Range<usize>,
    lists: &[Bucketed<W>],
    edges: &mut Vec<W::Packed>,
) -> Vec<usize> {
    let mut bounds = vec![0; rows.len() + 1];
    for list in lists {
        for target in &list.edges.targets[list.range(bucket)] {
            bounds[*target as usize - rows.start + 1] += 1;
        }
    }
    for row in 0..rows.len() {
        bounds[row + 1] += bounds[row];
    }
    edges.resize(bounds[rows.len()], W::Packed::default());
    let mut next = bounds.clone();
    for list in lists {
        let EdgeList { sources, targets, weights } = &list.edges;
        let range = list.range(bucket);
        let ends = targets[range.clone()].iter().zip(&sources[range.clone()]);
        for ((target, source), weight) in ends.zip(&weights[range]) {
            let slot = &mut next[*target as usize - rows.start];
            edges[*slot] = weight.pack(*source);
            *slot += 1;
        }
    }
    bounds
}

/// Sorts the rows of a bucket and merges their duplicates into the front of `sources` and `weights`; returns the
/// length of each row, and the largest rounding of a merged weight.
fn merge_bucket<W: Weight, S: MergedWeight>(
    rows: &Range<usize>,
    bounds: &[usize],
    edges: &mut [W::Packed],
    sources: &mut [u32],
    weights: &mut [S],
) -> Result<(Vec<u32>, f64), GraphError> {
    let (mut lengths, mut end, mut most) = (Vec::with_capacity(rows.len()), 0, 0.0_f64);
    for (target, bounds) in rows.clone().zip(bounds.windows(2)) {
        let (start, row) = (end, &mut edges[bounds[0]..bounds[1]]);
        if row.len() > LONG_ROW {
            row.par_sort_unstable()
        } else {
            row.sort_unstable()
        }
        for duplicates in row.chunk_by(|a, b| W::unpack(*a).0 == W::unpack(*b).0) {
            let merged = merge_duplicates::<W, S>(target as u32, duplicates)?;
            (sources[end], weights[end]) = (merged.source, merged.weight);
            most = most.max(merged.rounding);
            end += 1;
        }
        lengths.push((end - start) as u32);
    }
    Ok((lengths, most))
}

/// An edge whose duplicates are merged.
struct Merged<S> {
    source: u32,
    weight: S,
    /// |weight − exact sum of the given weights| as a share of that sum, or of the smallest normal `f32` where the sum is
    /// smaller.
    rounding: f64,
}

/// An edge into `to` that is given once or more often; weights are summed in `f64` and rounded once.
fn merge_duplicates<W: Weight, S: MergedWeight>(
    to: u32,
    edges: &[W::Packed],
) -> Result<Merged<S>, GraphError> {
    let (from, mut weight) = W::unpack(edges[0]);
    let mut lost = 0.0;
    for edge in &edges[1..] {
        let (next, sum) = (W::unpack(*edge).1, weight + W::unpack(*edge).1);
        // What this addition rounds away, exactly (Knuth, *The Art of Computer Programming*, vol. 2, §4.2.2).
        let part = sum - weight;
        lost += ((weight - (sum - part)) + (next - part)).abs();
        weight = sum;
    }
    // Of a weight of −0, too, the sum is 0.
    let stored = S::rounded(0.0 + weight);
    let rounded: f64 = stored.into();
    if !rounded.is_finite() {
        return Err(GraphError::WeightTooLarge { from, to, weight });
    }
    if rounded == 0.0 && weight > 0.0 {
        return Err(GraphError::WeightTooSmall { from, to, weight });
    }
    let rounding = (weight - rounded).abs() + lost;
    let rounding = rounding / weight.max(f64::from(f32::MIN_POSITIVE));
    Ok(Merged { source: from, weight: stored, rounding })
}

/// Total weight and number of the edges that leave each vertex, added up in row order: each task reads all edges
/// and adds up those of its range of sources.
pub(crate) fn out_totals<S: MergedWeight>(
    vertices: usize,
    sources: &[u32],
    weights: &[S],
) -> (Vec<f64>, Vec<u32>) {
    let (mut totals, mut degrees) = (vec![0.0; vertices], vec![0; vertices]);
    let per_task = vertices.div_ceil(rayon::current_num_threads().min(MAX_SCANS)).max(1);
    let tasks = totals.par_chunks_mut(per_task).zip(degrees.par_chunks_mut(per_task)).enumerate();
    tasks.for_each(|(task, (totals, degrees))| {
        for (&source, &weight) in sources.iter().zip(weights) {
            // A source below the range wraps around to a number that is no index either.
            let index = (source as usize).wrapping_sub(task * per_task);
            if let (Some(total), Some(degree)) = (totals.get_mut(index), degrees.get_mut(index)) {
                *total += weight.into();
                *degree += 1;
            }
        }
    });
    (totals, degrees)
}
