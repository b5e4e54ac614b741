//! Numbers for texts, given as they are decoded and shared by all threads.
//!
//! The keys of a batch are first put in order of shard, each of which fits a core's cache, and a shard's lock is taken
//! once for all of them (the partitioned hash join of Shatdal, Kant, Naughton 1994, *Cache Conscious Algorithms for
//! Relational Query Processing*, §4).

use std::convert::Infallible;
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::limit::{NONE, TooManyIds};

/// Tables among which keys are divided: few enough to divide a batch in one pass.
const SHARDS: usize = 256;

/// A key that borrows from a batch: a text, a number and a text (an id in one of several name spaces), or bytes of one
/// length (an integer that 64 bits do not hold).
pub trait Key: Copy + Hash {
    /// The key as it is stored; it hashes as the borrowed key does.
    type Owned: Hash + Send;
    /// A copy to store.
    fn into_owned(self) -> Self::Owned;
    /// Whether this is the stored key.
    fn equals(self, owned: &Self::Owned) -> bool;
}

impl Key for &str {
    type Owned = Box<str>;

    fn into_owned(self) -> Box<str> {
        self.into()
    }

    fn equals(self, owned: &Box<str>) -> bool {
        *self == **owned
    }
}

impl Key for (u32, &str) {
    type Owned = (u32, Box<str>);

    fn into_owned(self) -> (u32, Box<str>) {
        (self.0, self.1.into())
    }

    fn equals(self, owned: &(u32, Box<str>)) -> bool {
        self.0 == owned.0 && *self.1 == *owned.1
    }
}

impl<const N: usize> Key for [u8; N] {
    type Owned = Self;

    fn into_owned(self) -> Self {
        self
    }

    fn equals(self, owned: &Self) -> bool {
        self == *owned
    }
}

/// Numbers for texts, shared by all threads: a key gets the same number from each. Memory: 30 to 60 bytes and the text
/// per distinct key.
#[derive(Debug)]
pub struct Numbering<K> {
    shards: Vec<Mutex<HashTable<(K, u32)>>>,
    hasher: DefaultHashBuilder,
    /// Numbers given so far, or more once the limit was reached.
    given: AtomicUsize,
    limit: usize,
}

impl<K: Hash + Send> Default for Numbering<K> {
    fn default() -> Self {
        Self::with_limit(NONE as usize)
    }
}

impl<K: Hash + Send> Numbering<K> {
    /// Numbers for at most `limit` ≤ [`NONE`] keys.
    fn with_limit(limit: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: DefaultHashBuilder::default(),
            given: AtomicUsize::new(0),
            limit,
        }
    }

    /// The number of each key, in their order; new keys get the next numbers from 0 on, in any order. Work is linear; batches of
    /// 100,000 keys and more keep the tables in cache.
    ///
    /// # Errors
    ///
    /// [`TooManyIds`]: more than `u32::MAX` distinct keys.
    pub fn number<Q: Key<Owned = K>>(&self, keys: &[Q]) -> Result<Vec<u32>, TooManyIds> {
        self.visit(keys, |table, key| {
            let hash = self.hasher.hash_one(key);
            let rehash = |(owned, _): &(K, u32)| self.hasher.hash_one(owned);
            match table.entry(hash, |(owned, _)| key.equals(owned), rehash) {
                Entry::Occupied(found) => Ok(found.get().1),
                Entry::Vacant(free) => {
                    let next = self.given.fetch_add(1, Ordering::Relaxed);
                    if next >= self.limit {
                        return Err(TooManyIds { limit: self.limit });
                    }
                    free.insert((key.into_owned(), next as u32));
                    Ok(next as u32)
                }
            }
        })
    }

    /// The number of each key that has one, [`NONE`] for the others.
    pub fn find<Q: Key<Owned = K>>(&self, keys: &[Q]) -> Vec<u32> {
        let Ok(numbers) = self.visit(keys, |table, key| -> Result<u32, Infallible> {
            let found = table.find(self.hasher.hash_one(key), |(owned, _)| key.equals(owned));
            Ok(found.map_or(NONE, |(_, number)| *number))
        });
        numbers
    }

    /// What `visit` gives for each key in the table of its shard, in the order of `keys`.
    fn visit<Q: Key<Owned = K>, E>(
        &self,
        keys: &[Q],
        visit: impl Fn(&mut HashTable<(K, u32)>, Q) -> Result<u32, E>,
    ) -> Result<Vec<u32>, E> {
        // Bits that the table itself does not use: it has the highest as tags of its entries, and the lowest as their
        // places.
        let shard = |key: &Q| (self.hasher.hash_one(key) >> 40) as usize % SHARDS;
        let mut bounds = [0; SHARDS + 1];
        for key in keys {
            bounds[shard(key) + 1] += 1;
        }
        for shard in 0..SHARDS {
            bounds[shard + 1] += bounds[shard];
        }
        let Some(first) = keys.first() else { return Ok(vec![]) };
        let (mut next, mut by_shard) = (bounds, vec![(*first, 0_usize); keys.len()]);
        for (index, key) in keys.iter().enumerate() {
            let slot = &mut next[shard(key)];
            by_shard[*slot] = (*key, index);
            *slot += 1;
        }
        let mut numbers = vec![NONE; keys.len()];
        for (shard, bounds) in self.shards.iter().zip(bounds.windows(2)) {
            let mut table = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, index) in &by_shard[bounds[0]..bounds[1]] {
                numbers[*index] = visit(&mut table, *key)?;
            }
        }
        Ok(numbers)
    }

    /// All keys with their numbers, in any order.
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
        let numbering = Numbering::with_limit(3);
        let numbers = numbering.number(&["a", "b", "a", "c"]).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        assert_eq!(numbering.number(&["c", "b"]).unwrap(), [numbers[3], numbers[1]]);
        assert_eq!(numbering.number(&["b", "d"]), Err(TooManyIds { limit: 3 }));
        assert_eq!(numbering.number(&["e"]), Err(TooManyIds { limit: 3 }));
        assert_eq!(numbering.find(&["b", "e"]), [numbers[1], NONE]);
    }

    #[test]
    fn a_text_in_two_name_spaces_is_two_keys() {
        let numbering = Numbering::default();
        let numbers = numbering.number(&[(0, "a"), (1, "a"), (0, "a"), (0, "")]).unwrap();
        assert_eq!(numbers[0], numbers[2]);
        let mut keys = numbering.into_keys();
        keys.sort_unstable();
        let expected = [(0, ""), (0, "a"), (1, "a")].map(|(n, id)| (n, Box::from(id)));
        assert!(keys.iter().map(|(key, _)| key).eq(&expected));
    }
}
