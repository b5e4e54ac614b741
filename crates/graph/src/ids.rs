//! Dense vertex ids: arbitrary ordered keys to `0..n`, whoever has most outgoing edges first (2³² and
//! more of them count as 2³² − 1).
//!
//! A propagation step reads the vector of the sources once an edge: those that are read most stand
//! together, and stay in cache. Equals are in order of their keys, so that ids depend on the *multiset*
//! of edges alone: neither their order, their division into parts nor the number of threads can
//! change them.

use rayon::prelude::*;

use super::csr::EdgePart;

/// Most tasks that each count into an array of their own.
const MOST_COUNTS: usize = 8;

/// The vertices of a graph. Lengths: n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertices<K> {
    /// Distinct keys, ascending.
    pub keys: Vec<K>,
    /// The id of each key.
    pub ids: Vec<u32>,
}

/// Gives the edges of all `parts`, which are between the numbers of `keys`, the ids of the graph.
///
/// `keys` are distinct, and their numbers, in any order, those from 0 on.
pub fn join<K, W>(mut keys: Vec<(K, u32)>, parts: &mut [EdgePart<W>]) -> Vertices<K>
where
    K: Ord + Send + Sync,
    W: Send + Sync,
{
    keys.par_sort_unstable();
    let outgoing = counts(keys.len(), parts, |part| &part.sources, |source| *source);
    let places = keys.iter().zip(0_u32..);
    let fewer = |number: u32| u32::MAX - outgoing[number as usize];
    // One integer sorts faster than two.
    let mut order: Vec<u64> = places
        .map(|((_, number), place)| u64::from(fewer(*number)) << 32 | u64::from(place))
        .collect();
    order.par_sort_unstable();
    let (mut ids, mut id_of_number) = (vec![0; keys.len()], vec![0; keys.len()]);
    for (id, place) in (0..).zip(order.into_iter().map(|fewer_place| fewer_place as u32)) {
        ids[place as usize] = id;
        id_of_number[keys[place as usize].1 as usize] = id;
    }
    parts.par_iter_mut().for_each(|part| {
        for end in part.sources.iter_mut().chain(&mut part.targets) {
            *end = id_of_number[*end as usize];
        }
    });
    Vertices { keys: keys.into_iter().map(|(key, _)| key).collect(), ids }
}

/// How many of the `ends` of the edges are `of` each of the groups below `groups`, 2³² − 1 at most.
pub(super) fn counts<W: Sync>(
    groups: usize,
    parts: &[EdgePart<W>],
    ends: impl Fn(&EdgePart<W>) -> &[u32] + Sync,
    of: impl Fn(&u32) -> u32 + Sync,
) -> Vec<u32> {
    let per_task = parts.len().div_ceil(rayon::current_num_threads().min(MOST_COUNTS)).max(1);
    let count = |parts: &[EdgePart<W>]| {
        let mut counts = vec![0_u32; groups];
        for end in parts.iter().flat_map(&ends) {
            let count = &mut counts[of(end) as usize];
            *count = count.saturating_add(1);
        }
        counts
    };
    let added = parts.par_chunks(per_task).map(count).reduce_with(|mut one, other| {
        one.par_iter_mut().zip(other).for_each(|(one, other)| *one = one.saturating_add(other));
        one
    });
    added.unwrap_or_else(|| vec![0; groups])
}
