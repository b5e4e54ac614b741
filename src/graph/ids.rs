//! Dense vertex ids: arbitrary ordered keys to `0..n`, whoever has most outgoing edges first.
//!
//! A propagation step reads the vector of the sources once an edge: those that are read most stand
//! together, and stay in cache. Equals are in order of their keys, so that ids depend on the *multiset*
//! of edges alone: neither their order, their division into parts nor the number of threads can
//! change them. Each part first numbers the keys of its own, which takes one look into a small table a
//! key; then the parts' keys, far fewer than edges, are merged.

use std::cmp::Reverse;
use std::hash::Hash;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::GraphError;

/// Edges of one part of an input: after [`Part::new`] over numbers of its own, after [`join`] over the
/// ids of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<K> {
    /// Distinct keys of both columns, ascending, with the part's number of each; empty once joined.
    keys: Vec<(K, u32)>,
    /// Edges that leave the key of each number; empty once joined.
    outgoing: Vec<u64>,
    /// Source of each edge, in input order.
    pub sources: Vec<u32>,
    /// Target of each edge, in input order. Length: that of `sources`.
    pub targets: Vec<u32>,
}

impl<K: Ord + Hash + Copy> Part<K> {
    /// The edges `sources[i] -> targets[i]`. Work is O(edges + k log k) for k distinct keys.
    ///
    /// # Errors
    ///
    /// - [`GraphError::LengthsDiffer`]: the columns are of different lengths.
    /// - [`GraphError::TooManyVertices`]: more than `u32::MAX` keys in this part.
    pub fn new(sources: &[K], targets: &[K]) -> Result<Self, GraphError> {
        let (expected, found) = (sources.len(), targets.len());
        if found != expected {
            return Err(GraphError::LengthsDiffer { column: "targets", expected, found });
        }
        let mut numbers: HashMap<K, u32> = HashMap::new();
        let mut number = |key: &K| {
            // Beyond the limit numbers repeat, and the part is refused below.
            let next = numbers.len() as u32;
            *numbers.entry(*key).or_insert(next)
        };
        let sources: Vec<u32> = sources.iter().map(&mut number).collect();
        let targets = targets.iter().map(&mut number).collect();
        check(numbers.len(), u32::MAX as usize)?;
        let mut outgoing = vec![0; numbers.len()];
        for source in &sources {
            outgoing[*source as usize] += 1;
        }
        let mut keys: Vec<(K, u32)> = numbers.into_iter().collect();
        keys.sort_unstable();
        Ok(Self { keys, outgoing, sources, targets })
    }

    /// The same edges over other keys; `key` must keep their order.
    pub fn map<L>(self, key: impl Fn(K) -> L) -> Part<L> {
        let Self { keys, outgoing, sources, targets } = self;
        let keys = keys.into_iter().map(|(own, number)| (key(own), number)).collect();
        Part { keys, outgoing, sources, targets }
    }
}

/// The vertices of a graph. Lengths: n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertices<K> {
    /// Distinct keys, ascending.
    pub keys: Vec<K>,
    /// The id of each key.
    pub ids: Vec<u32>,
}

/// Gives the edges of all `parts` the ids of the graph.
///
/// # Errors
///
/// - [`GraphError::TooManyVertices`]: more than `u32::MAX` distinct keys.
pub fn join<K>(parts: &mut [Part<K>]) -> Result<Vertices<K>, GraphError>
where
    K: Ord + Clone + Send + Sync,
{
    join_within(parts, u32::MAX as usize)
}

/// [`join`] with at most `limit` ≤ `u32::MAX` vertices.
fn join_within<K>(parts: &mut [Part<K>], limit: usize) -> Result<Vertices<K>, GraphError>
where
    K: Ord + Clone + Send + Sync,
{
    let own = |part: &Part<K>| part.keys.iter().map(|(key, _)| key.clone()).collect();
    let keys: Vec<K> = parts.par_iter().map(own).reduce(Vec::new, union);
    check(keys.len(), limit)?;
    let places: Vec<Vec<u32>> = parts.par_iter_mut().map(|part| part.places(&keys)).collect();
    let mut outgoing = vec![0; keys.len()];
    for (part, places) in parts.iter_mut().zip(&places) {
        for (place, count) in places.iter().zip(std::mem::take(&mut part.outgoing)) {
            outgoing[*place as usize] += count;
        }
    }
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.par_sort_unstable_by_key(|place| (Reverse(outgoing[*place as usize]), *place));
    let mut ids = vec![0; keys.len()];
    for (id, place) in (0..).zip(order) {
        ids[place as usize] = id;
    }
    parts.par_iter_mut().zip(places).for_each(|(part, mut places)| {
        places.iter_mut().for_each(|place| *place = ids[*place as usize]);
        for end in part.sources.iter_mut().chain(&mut part.targets) {
            *end = places[*end as usize];
        }
    });
    Ok(Vertices { keys, ids })
}

impl<K: Ord> Part<K> {
    /// The index into `keys`, which holds all of the part's, of each of the part's numbers.
    fn places(&mut self, keys: &[K]) -> Vec<u32> {
        let mut places = vec![0; self.keys.len()];
        let mut at = 0;
        for (key, number) in std::mem::take(&mut self.keys) {
            // In growing steps: between two of the part's keys lie few or many of the others'.
            let mut step = 1;
            while at + step < keys.len() && keys[at + step] <= key {
                at += step;
                step *= 2;
            }
            let end = keys.len().min(at + step);
            at += keys[at..end].partition_point(|other| *other < key);
            places[number as usize] = at as u32;
        }
        places
    }
}

fn check(vertices: usize, limit: usize) -> Result<(), GraphError> {
    match vertices > limit {
        true => Err(GraphError::TooManyVertices { vertices, limit }),
        false => Ok(()),
    }
}

/// The union of two ascending lists without duplicates.
fn union<K: Ord>(left: Vec<K>, right: Vec<K>) -> Vec<K> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let order = l.cmp(r);
        if order.is_ge() {
            all.extend(right.next());
        }
        if order.is_lt() {
            all.extend(left.next());
        } else if order.is_eq() {
            left.next();
        }
    }
    all.extend(left);
    all.extend(right);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_vertex_over_the_limit_is_refused() {
        let part = Part::new(&[10u64, 20, 10], &[20, 30, 30]).unwrap();
        assert_eq!(join_within(&mut [part.clone()], 3).unwrap().keys, [10, 20, 30]);
        assert_eq!(
            join_within(&mut [part], 2),
            Err(GraphError::TooManyVertices { vertices: 3, limit: 2 })
        );
    }
}
