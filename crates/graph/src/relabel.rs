//! Vertices of a graph from numbers that were given in any order: those with most outgoing edges first.
//!
//! A propagation step reads the vector of the sources once per edge: the sources that are read most are
//! neighbours in memory and stay in cache. Vertices with equally many outgoing edges (counted up to `u32::MAX`) are in
//! order of their keys, so that ids depend on the *multiset* of edges alone: neither their order, their division into
//! lists nor the number of threads can change them.
//!
//! ```
//! use renown_graph::edges::{EdgeList, UnitWeight};
//! use renown_graph::relabel::relabel_by_out_degree;
//!
//! // "b" has number 0, "a" has 1, "c" has 2; the edges are b → a, c → a and c → b.
//! let keys = vec![("b", 0), ("a", 1), ("c", 2)];
//! let mut lists =
//!     [EdgeList { sources: vec![0, 2, 2], targets: vec![1, 1, 0], weights: vec![UnitWeight; 3] }];
//! let vertices = relabel_by_out_degree(keys, &mut lists);
//!
//! assert_eq!(vertices.keys, ["a", "b", "c"]);
//! assert_eq!(vertices.ids, [2, 1, 0]);
//! assert_eq!((&lists[0].sources[..], &lists[0].targets[..]), (&[1, 0, 0][..], &[2, 2, 1][..]));
//! ```

use rayon::prelude::*;

use crate::edges::{EdgeList, End, count_ends};

/// The vertices of a graph. Lengths: n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertices<K> {
    /// Distinct keys, ascending.
    pub keys: Vec<K>,
    /// The id of each key.
    pub ids: Vec<u32>,
}

/// Gives the vertices of `keys` their ids, and replaces the numbers in the edges of all `lists` by them.
///
/// `keys` are distinct, and their numbers, in any order, are those from 0 on.
///
/// # Panics
///
/// If an edge has a number that no key has.
pub fn relabel_by_out_degree<K, W>(
    mut keys: Vec<(K, u32)>,
    lists: &mut [EdgeList<W>],
) -> Vertices<K>
where
    K: Ord + Send + Sync,
    W: Send + Sync,
{
    keys.par_sort_unstable();
    let out_degree = count_ends(lists, End::Source, keys.len(), |source| source);
    let descending = |number: u32| u32::MAX - out_degree[number as usize];
    // One integer sorts faster than a pair.
    let mut order: Vec<u64> = keys
        .iter()
        .zip(0_u32..)
        .map(|((_, number), index)| u64::from(descending(*number)) << 32 | u64::from(index))
        .collect();
    order.par_sort_unstable();
    let (mut ids, mut id_of_number) = (vec![0; keys.len()], vec![0; keys.len()]);
    for (id, index) in (0..).zip(order.into_iter().map(|degree_and_index| degree_and_index as u32))
    {
        ids[index as usize] = id;
        id_of_number[keys[index as usize].1 as usize] = id;
    }
    lists.par_iter_mut().for_each(|list| {
        for end in list.sources.iter_mut().chain(&mut list.targets) {
            *end = id_of_number[*end as usize];
        }
    });
    Vertices { keys: keys.into_iter().map(|(key, _)| key).collect(), ids }
}
