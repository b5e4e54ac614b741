//! Edges as they are given: columns of sources, targets and weights.

use rayon::prelude::*;

/// Most arrays of counts that are filled at the same time, one by each task.
const MAX_COUNTING_TASKS: usize = 8;

/// Some edges of a graph, as columns of equal length.
#[derive(Debug, Clone, Default)]
pub struct EdgeList<W> {
    /// Source of each edge.
    pub sources: Vec<u32>,
    /// Target of each edge.
    pub targets: Vec<u32>,
    /// Weight of each edge; [`UnitWeight`] takes no memory.
    pub weights: Vec<W>,
}

/// The weight of every edge of a graph without weights: 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitWeight;

impl From<UnitWeight> for f64 {
    fn from(UnitWeight: UnitWeight) -> Self {
        1.0
    }
}

/// A weight as it is given: [`UnitWeight`], or an `f32` or `f64` that is finite and not negative.
pub trait Weight: Copy + Default + Send + Sync + Into<f64> {
    /// Source and weight of an edge in one integer. The order of these integers is that of (source, weight),
    /// and integers sort several times as fast as pairs.
    type Packed: Copy + Default + Ord + Send + Sync;
    /// The edge from `source` with this weight.
    fn pack(self, source: u32) -> Self::Packed;
    /// Source and weight of an edge.
    fn unpack(edge: Self::Packed) -> (u32, f64);
    /// The weight nearest to `weight`; every weight of a graph without weights is 1.
    fn nearest(weight: f64) -> Self;
}

impl Weight for UnitWeight {
    type Packed = u32;

    fn pack(self, source: u32) -> u32 {
        source
    }

    fn unpack(edge: u32) -> (u32, f64) {
        (edge, 1.0)
    }

    fn nearest(_: f64) -> Self {
        Self
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

    fn nearest(weight: f64) -> Self {
        weight as Self
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

    fn nearest(weight: f64) -> Self {
        weight
    }
}

/// What the weights of merged edges are rounded to, once: `f32` or `f64`.
pub trait MergedWeight: Copy + Default + Send + Sync + Into<f64> {
    /// The number nearest to `weight`.
    fn rounded(weight: f64) -> Self;
}

impl MergedWeight for f32 {
    fn rounded(weight: f64) -> Self {
        weight as Self
    }
}

impl MergedWeight for f64 {
    fn rounded(weight: f64) -> Self {
        weight
    }
}

/// Which end of an edge.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Source,
    Target,
}

impl End {
    fn column<W>(self, list: &EdgeList<W>) -> &[u32] {
        match self {
            Self::Source => &list.sources,
            Self::Target => &list.targets,
        }
    }
}

/// How many edges have their `end` in each of `groups` groups, at most `u32::MAX`; `group_of` gives the
/// group of a vertex.
pub(crate) fn count_ends<W: Sync>(
    lists: &[EdgeList<W>],
    end: End,
    groups: usize,
    group_of: impl Fn(u32) -> u32 + Sync,
) -> Vec<u32> {
    let tasks = rayon::current_num_threads().min(MAX_COUNTING_TASKS);
    let count = |lists: &[EdgeList<W>]| {
        let mut counts = vec![0_u32; groups];
        for vertex in lists.iter().flat_map(|list| end.column(list)) {
            let count = &mut counts[group_of(*vertex) as usize];
            *count = count.saturating_add(1);
        }
        counts
    };
    let per_task = lists.len().div_ceil(tasks).max(1);
    let total = lists.par_chunks(per_task).map(count).reduce_with(|mut total, other| {
        total.par_iter_mut().zip(other).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        total
    });
    total.unwrap_or_else(|| vec![0; groups])
}
