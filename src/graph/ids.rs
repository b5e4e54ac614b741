//! Dense vertex ids: arbitrary ordered keys to `0..n`, in key order.
//!
//! The id of a key is its rank among the distinct keys, so that it depends on the *set* of keys
//! alone: neither the order of the edges nor the number of threads can change it.

use rayon::prelude::*;

use super::GraphError;

/// Edges over dense ids, and the keys that the ids stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenseIds<K> {
    /// Distinct keys of both columns, ascending. Length n; the vertex with id `i` is `keys[i]`.
    pub keys: Vec<K>,
    /// Source of each edge, an index into `keys`. Length m, in input order.
    pub sources: Vec<u32>,
    /// Target of each edge, an index into `keys`. Length m, in input order.
    pub targets: Vec<u32>,
}

/// Gives the keys of m edges dense ids.
///
/// `sources[i] -> targets[i]` is edge `i`. Work is O(m log m) by comparison sort and binary search;
/// memory beyond the result is one copy of both columns.
///
/// # Errors
///
/// - [`GraphError::LengthsDiffer`]: the columns are of different lengths.
/// - [`GraphError::TooManyVertices`]: more than `u32::MAX` distinct keys.
pub fn dense<K>(sources: &[K], targets: &[K]) -> Result<DenseIds<K>, GraphError>
where
    K: Ord + Copy + Send + Sync,
{
    dense_within(sources, targets, u32::MAX as usize)
}

/// [`dense`] with at most `limit` ≤ `u32::MAX` vertices.
fn dense_within<K>(sources: &[K], targets: &[K], limit: usize) -> Result<DenseIds<K>, GraphError>
where
    K: Ord + Copy + Send + Sync,
{
    if sources.len() != targets.len() {
        return Err(GraphError::LengthsDiffer {
            column: "targets",
            expected: sources.len(),
            found: targets.len(),
        });
    }
    let mut keys = [sources, targets].concat();
    keys.par_sort_unstable();
    keys.dedup();
    keys.shrink_to_fit();
    if keys.len() > limit {
        return Err(GraphError::TooManyVertices { vertices: keys.len(), limit });
    }
    // Every key is among `keys`, so the count of smaller ones is its index; it is below `limit`.
    let id = |key: &K| keys.partition_point(|other| other < key) as u32;
    let (sources, targets) =
        (sources.par_iter().map(id).collect(), targets.par_iter().map(id).collect());
    Ok(DenseIds { keys, sources, targets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_vertex_over_the_limit_is_refused() {
        let (sources, targets) = ([10u64, 20, 10], [20u64, 30, 30]);
        assert_eq!(dense_within(&sources, &targets, 3).unwrap().keys, [10, 20, 30]);
        assert_eq!(
            dense_within(&sources, &targets, 2),
            Err(GraphError::TooManyVertices { vertices: 3, limit: 2 })
        );
    }
}
