//! Dense vertex ids: arbitrary ordered keys to `0..n`, whoever has most outgoing edges first.
//!
//! A propagation step reads the vector of the sources once an edge: those that are read most stand
//! together, and stay in cache. Equals are in order of their keys, so that ids depend on the *multiset*
//! of edges alone: neither their order, their division into parts nor the number of threads can
//! change them.
//!
//! Keys are numbered as they are decoded, in tables that all threads share: [`Numbering`] first deals
//! the keys of a batch to shards, each of which fits a core's cache, and takes a shard's lock once for
//! all of them (the partitioned hash join of Shatdal, Kant, Naughton 1994, *Cache Conscious Algorithms
//! for Relational Query Processing*, §4). These first numbers are in no order; [`Numbering::finish`]
//! replaces them by the ids.

use std::cmp::Reverse;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::prelude::*;

use super::GraphError;
use super::csr::EdgePart;

/// Tables that keys are dealt to: few enough to be dealt in one pass, and each a 256th of all.
const SHARDS: usize = 256;

/// Most tasks that each count into an array of their own.
const MOST_COUNTS: usize = 8;

/// A key as it stands in a batch: an integer, or a text of the batch.
pub trait Key: Copy + Hash {
    /// The key on its own; equal ones hash alike, and like the key.
    type Owned: Ord + Hash + Send + Sync;
    /// The key on its own.
    fn own(self) -> Self::Owned;
    /// Whether it is `owned`.
    fn is(self, owned: &Self::Owned) -> bool;
}

impl Key for u64 {
    type Owned = u64;

    fn own(self) -> u64 {
        self
    }

    fn is(self, owned: &u64) -> bool {
        self == *owned
    }
}

impl Key for &str {
    type Owned = Box<str>;

    fn own(self) -> Box<str> {
        self.into()
    }

    fn is(self, owned: &Box<str>) -> bool {
        *self == **owned
    }
}

/// Numbers for keys, the same for all threads. Memory: 20 to 40 bytes per distinct integer key, 30 to 60
/// and the text per distinct text.
#[derive(Debug)]
pub struct Numbering<K> {
    shards: Vec<Mutex<HashTable<(K, u32)>>>,
    hasher: DefaultHashBuilder,
    /// Numbers given so far, or more once the limit was met.
    given: AtomicUsize,
    limit: usize,
}

/// The vertices of a graph. Lengths: n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertices<K> {
    /// Distinct keys, ascending.
    pub keys: Vec<K>,
    /// The id of each key.
    pub ids: Vec<u32>,
}

impl<K: Ord + Hash + Send + Sync> Default for Numbering<K> {
    fn default() -> Self {
        Self::within(u32::MAX as usize)
    }
}

impl<K: Ord + Hash + Send + Sync> Numbering<K> {
    /// Numbers for at most `limit` ≤ `u32::MAX` keys.
    fn within(limit: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: DefaultHashBuilder::default(),
            given: AtomicUsize::new(0),
            limit,
        }
    }

    /// The number of each key. Work is linear; batches of 100,000 keys and more keep the tables in
    /// cache.
    ///
    /// # Errors
    ///
    /// - [`GraphError::TooManyVertices`]: more than `u32::MAX` distinct keys.
    pub fn number<Q: Key<Owned = K>>(&self, keys: &[Q]) -> Result<Vec<u32>, GraphError> {
        // Neither the highest bits, by which a table tells its entries apart, nor the lowest, by which
        // it places them.
        let shard = |key: &Q| (self.hasher.hash_one(key) >> 40) as usize % SHARDS;
        let mut bounds = [0; SHARDS + 1];
        for key in keys {
            bounds[shard(key) + 1] += 1;
        }
        for shard in 0..SHARDS {
            bounds[shard + 1] += bounds[shard];
        }
        let Some(first) = keys.first() else { return Ok(vec![]) };
        let (mut next, mut dealt) = (bounds, vec![(*first, 0_usize); keys.len()]);
        for (place, key) in keys.iter().enumerate() {
            let slot = &mut next[shard(key)];
            dealt[*slot] = (*key, place);
            *slot += 1;
        }
        let mut numbers = vec![0; keys.len()];
        for (shard, bounds) in self.shards.iter().zip(bounds.windows(2)) {
            let mut table = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, place) in &dealt[bounds[0]..bounds[1]] {
                numbers[*place] = self.number_in(&mut table, *key)?;
            }
        }
        Ok(numbers)
    }

    fn number_in<Q: Key<Owned = K>>(
        &self,
        table: &mut HashTable<(K, u32)>,
        key: Q,
    ) -> Result<u32, GraphError> {
        let hash = self.hasher.hash_one(key);
        let rehash = |(owned, _): &(K, u32)| self.hasher.hash_one(owned);
        match table.entry(hash, |(owned, _)| key.is(owned), rehash) {
            Entry::Occupied(found) => Ok(found.get().1),
            Entry::Vacant(free) => {
                let next = self.given.fetch_add(1, Ordering::Relaxed);
                if next >= self.limit {
                    return Err(GraphError::TooManyVertices { limit: self.limit });
                }
                free.insert((key.own(), next as u32));
                Ok(next as u32)
            }
        }
    }

    /// Gives the edges of all `parts`, which are between numbers, the ids of the graph.
    pub fn finish<W: Send + Sync>(self, parts: &mut [EdgePart<W>]) -> Vertices<K> {
        let tables = self.shards.into_iter();
        let tables = tables.map(|table| table.into_inner().unwrap_or_else(PoisonError::into_inner));
        let mut keys: Vec<(K, u32)> = tables.flatten().collect();
        keys.par_sort_unstable();
        let outgoing = counts(keys.len(), parts, |part| &part.sources, |source| *source);
        let places = keys.iter().zip(0_u32..);
        let mut order: Vec<(Reverse<u64>, u32)> = places
            .map(|((_, number), place)| (Reverse(outgoing[*number as usize]), place))
            .collect();
        order.par_sort_unstable();
        let (mut ids, mut id_of_number) = (vec![0; keys.len()], vec![0; keys.len()]);
        for (id, (_, place)) in (0..).zip(order) {
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
}

/// How many of the `ends` of the edges are `of` each of the groups below `groups`.
pub(super) fn counts<W: Sync>(
    groups: usize,
    parts: &[EdgePart<W>],
    ends: impl Fn(&EdgePart<W>) -> &[u32] + Sync,
    of: impl Fn(&u32) -> u32 + Sync,
) -> Vec<u64> {
    let per_task = parts.len().div_ceil(rayon::current_num_threads().min(MOST_COUNTS)).max(1);
    let count = |parts: &[EdgePart<W>]| {
        let mut counts = vec![0_u64; groups];
        parts.iter().flat_map(&ends).for_each(|end| counts[of(end) as usize] += 1);
        counts
    };
    let added = parts.par_chunks(per_task).map(count).reduce_with(|mut one, other| {
        one.par_iter_mut().zip(other).for_each(|(one, other)| *one += other);
        one
    });
    added.unwrap_or_else(|| vec![0; groups])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_over_the_limit_is_refused() {
        let numbering = Numbering::within(3);
        let numbers = numbering.number(&[10_u64, 20, 10, 30]).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        assert_eq!(numbering.number(&[30, 20]).unwrap(), [numbers[3], numbers[1]]);
        let refused = Err(GraphError::TooManyVertices { limit: 3 });
        assert_eq!(numbering.number(&[20, 40]), refused);
        assert_eq!(numbering.number(&[50]), refused);
    }
}
