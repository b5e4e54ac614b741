//! Numbers for ids, given as they are decoded and shared by all threads: [`Numbering`] for texts,
//! [`Integers`] for integers.
//!
//! [`Numbering`] first deals the keys of a batch to shards, each of which fits a core's cache, and takes
//! a shard's lock once for all of them (the partitioned hash join of Shatdal, Kant, Naughton 1994,
//! *Cache Conscious Algorithms for Relational Query Processing*, §4). Which key gets which number
//! depends on the threads: whoever publishes something puts the keys in order first.

mod integers;

use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
pub use integers::Integers;

/// Tables that keys are dealt to: few enough to be dealt in one pass, and each a 256th of all.
const SHARDS: usize = 256;

/// The number of no key.
pub const NONE: u32 = u32::MAX;

/// A key as it stands in a batch: a text of the batch, or such a text on a network.
pub trait Key: Copy + Hash {
    /// The key on its own; equal ones hash alike, and like the key.
    type Owned: Hash + Send;
    /// The key on its own.
    fn own(self) -> Self::Owned;
    /// Whether it is `owned`.
    fn is(self, owned: &Self::Owned) -> bool;
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

impl Key for (u32, &str) {
    type Owned = (u32, Box<str>);

    fn own(self) -> (u32, Box<str>) {
        (self.0, self.1.into())
    }

    fn is(self, owned: &(u32, Box<str>)) -> bool {
        self.0 == owned.0 && *self.1 == *owned.1
    }
}

/// There are more keys than 32 bits number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are more ids than the {limit} that can be numbered")]
pub struct TooMany {
    /// The most that are accepted.
    pub limit: usize,
}

/// Numbers for texts, the same for all threads. Memory: 30 to 60 bytes and the text per distinct key.
#[derive(Debug)]
pub struct Numbering<K> {
    shards: Vec<Mutex<HashTable<(K, u32)>>>,
    hasher: DefaultHashBuilder,
    /// Numbers given so far, or more once the limit was met.
    given: AtomicUsize,
    limit: usize,
}

impl<K: Hash + Send> Default for Numbering<K> {
    fn default() -> Self {
        Self::within(NONE as usize)
    }
}

impl<K: Hash + Send> Numbering<K> {
    /// Numbers for at most `limit` ≤ [`NONE`] keys.
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
    /// [`TooMany`]: more than `u32::MAX` distinct keys.
    pub fn number<Q: Key<Owned = K>>(&self, keys: &[Q]) -> Result<Vec<u32>, TooMany> {
        self.each(keys, |table, key| {
            let hash = self.hasher.hash_one(key);
            let rehash = |(owned, _): &(K, u32)| self.hasher.hash_one(owned);
            match table.entry(hash, |(owned, _)| key.is(owned), rehash) {
                Entry::Occupied(found) => Ok(found.get().1),
                Entry::Vacant(free) => {
                    let next = self.given.fetch_add(1, Ordering::Relaxed);
                    if next >= self.limit {
                        return Err(TooMany { limit: self.limit });
                    }
                    free.insert((key.own(), next as u32));
                    Ok(next as u32)
                }
            }
        })
    }

    /// The number of each key that has one, [`NONE`] for the others.
    pub fn find<Q: Key<Owned = K>>(&self, keys: &[Q]) -> Vec<u32> {
        let Ok(numbers) = self.each(keys, |table, key| -> Result<u32, Infallible> {
            let found = table.find(self.hasher.hash_one(key), |(owned, _)| key.is(owned));
            Ok(found.map_or(NONE, |(_, number)| *number))
        });
        numbers
    }

    /// What `look` gives for each key in the table of its shard.
    fn each<Q: Key<Owned = K>, E>(
        &self,
        keys: &[Q],
        look: impl Fn(&mut HashTable<(K, u32)>, Q) -> Result<u32, E>,
    ) -> Result<Vec<u32>, E> {
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
        let mut numbers = vec![NONE; keys.len()];
        for (shard, bounds) in self.shards.iter().zip(bounds.windows(2)) {
            let mut table = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, place) in &dealt[bounds[0]..bounds[1]] {
                numbers[*place] = look(&mut table, *key)?;
            }
        }
        Ok(numbers)
    }

    /// All keys with their numbers, in no order.
    pub fn into_keys(self) -> Vec<(K, u32)> {
        let tables = self.shards.into_iter();
        let tables = tables.map(|table| table.into_inner().unwrap_or_else(PoisonError::into_inner));
        tables.flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_over_the_limit_is_refused() {
        let numbering = Numbering::within(3);
        let numbers = numbering.number(&["a", "b", "a", "c"]).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        assert_eq!(numbering.number(&["c", "b"]).unwrap(), [numbers[3], numbers[1]]);
        assert_eq!(numbering.number(&["b", "d"]), Err(TooMany { limit: 3 }));
        assert_eq!(numbering.number(&["e"]), Err(TooMany { limit: 3 }));
        assert_eq!(numbering.find(&["b", "e"]), [numbers[1], NONE]);
    }

    #[test]
    fn a_text_on_two_networks_is_two_keys() {
        let numbering = Numbering::default();
        let numbers = numbering.number(&[(0, "a"), (1, "a"), (0, "a"), (0, "")]).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        let mut keys = numbering.into_keys();
        keys.sort_unstable();
        let expected = [(0, ""), (0, "a"), (1, "a")].map(|(n, id)| (n, Box::from(id)));
        assert!(keys.iter().map(|(key, _)| key).eq(&expected));
    }
}
