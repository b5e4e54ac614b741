//! Numbers for integer ids: one open-addressed table, filled by all threads at once. Threads wait for a lock
//! only while the table grows.
//!
//! Linear probing (Knuth, *The Art of Computer Programming*, vol. 3, §6.4). A key is claimed by exchanging
//! the number of its slot, so that every key can be stored. A thread that meets a slot between claim and number
//! waits for the two stores that this takes.

use std::hash::BuildHasher;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use hashbrown::DefaultHashBuilder;

use super::limit::{NONE, TooManyIds};

/// Number of a slot that no key has claimed.
const FREE: u32 = NONE;

/// Number of a slot whose key is being written.
const CLAIMED: u32 = NONE - 1;

/// Keys whose slots are loaded together, so that as many loads from memory are in flight at once.
const GROUP: usize = 16;

/// Keys for which slots are reserved at once; between two batches the table may grow.
const BATCH: usize = 1 << 12;

/// Slots of the first table.
const FIRST_SLOTS: usize = 1 << 17;

/// Numbers for integers, shared by all threads: a key gets the same number from each. Memory: 26 to 51 bytes per
/// distinct key, and half as much again while the table grows.
#[derive(Debug)]
pub struct IntegerNumbering {
    /// As many as a power of two. Threads that number keys share the lock; the one that lets the table grow does not.
    slots: RwLock<Vec<Slot>>,
    hasher: DefaultHashBuilder,
    /// Slots that are taken, or reserved for the keys of a batch.
    reserved: AtomicUsize,
    /// Numbers given so far, or more once the limit was reached.
    given: AtomicUsize,
    limit: usize,
}

#[derive(Debug)]
struct Slot {
    key: AtomicU64,
    /// Written after the key.
    number: AtomicU32,
}

impl Default for Slot {
    fn default() -> Self {
        Self { key: AtomicU64::new(0), number: AtomicU32::new(FREE) }
    }
}

impl Default for IntegerNumbering {
    fn default() -> Self {
        Self::with_limit(FIRST_SLOTS, CLAIMED as usize)
    }
}

impl IntegerNumbering {
    /// Numbers for at most `limit` ≤ [`CLAIMED`] keys, in `slots` slots at first.
    fn with_limit(slots: usize, limit: usize) -> Self {
        Self {
            slots: RwLock::new(free_slots(slots)),
            hasher: DefaultHashBuilder::default(),
            reserved: AtomicUsize::new(0),
            given: AtomicUsize::new(0),
            limit,
        }
    }

    /// Appends the number of each key to `numbers`, which holds some of them after an error. A new key gets the next
    /// number from 0 on.
    ///
    /// # Errors
    ///
    /// [`TooManyIds`]: 2³² − 1 or more distinct keys.
    pub fn number(&self, keys: &[u64], numbers: &mut Vec<u32>) -> Result<(), TooManyIds> {
        for batch in keys.chunks(BATCH) {
            let slots = self.reserve(batch.len());
            let mut new = 0;
            for group in batch.chunks(GROUP) {
                let (mut places, mut loaded) = ([0; GROUP], [FREE; GROUP]);
                for (place, key) in places.iter_mut().zip(group) {
                    *place = self.hasher.hash_one(key) as usize & (slots.len() - 1);
                }
                for (number, place) in loaded.iter_mut().zip(&places[..group.len()]) {
                    *number = slots[*place].number.load(Acquire);
                }
                for ((key, place), number) in group.iter().zip(places).zip(loaded) {
                    numbers.push(self.find_or_insert(&slots, *key, place, number, &mut new)?);
                }
            }
            self.reserved.fetch_sub(batch.len() - new, Relaxed);
        }
        Ok(())
    }

    /// The number of `key`, searched for from slot `place` on, which had `number` when it was loaded; `new` counts the
    /// numbers that are given.
    #[inline]
    fn find_or_insert(
        &self,
        slots: &[Slot],
        key: u64,
        mut place: usize,
        mut number: u32,
        new: &mut usize,
    ) -> Result<u32, TooManyIds> {
        loop {
            let slot = &slots[place];
            match number {
                FREE => match slot.number.compare_exchange(FREE, CLAIMED, Acquire, Acquire) {
                    Ok(_) => {
                        let next = self.given.fetch_add(1, Relaxed);
                        if next >= self.limit {
                            // Threads that wait for this slot must not wait for ever.
                            slot.number.store(FREE, Release);
                            return Err(TooManyIds { limit: self.limit });
                        }
                        slot.key.store(key, Relaxed);
                        slot.number.store(next as u32, Release);
                        *new += 1;
                        return Ok(next as u32);
                    }
                    Err(other) => number = other,
                },
                CLAIMED => {
                    std::hint::spin_loop();
                    number = slot.number.load(Acquire);
                }
                _ if slot.key.load(Relaxed) == key => return Ok(number),
                _ => {
                    place = (place + 1) & (slots.len() - 1);
                    number = slots[place].number.load(Acquire);
                }
            }
        }
    }

    /// The table, with as many free slots reserved for the caller as `keys`.
    fn reserve(&self, keys: usize) -> RwLockReadGuard<'_, Vec<Slot>> {
        loop {
            let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
            if self.reserved.fetch_add(keys, Relaxed) + keys <= max_taken(slots.len()) {
                return slots;
            }
            self.reserved.fetch_sub(keys, Relaxed);
            drop(slots);
            let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have been faster. No slot is reserved here, as no thread holds the lock for reading.
            while self.reserved.load(Relaxed) + keys > max_taken(slots.len()) {
                self.grow(&mut slots);
            }
        }
    }

    /// Doubles the slots. Keys are read in order of their old slots, and written to two regions in order.
    fn grow(&self, slots: &mut Vec<Slot>) {
        let mut grown = free_slots(slots.len() * 2);
        let last = grown.len() - 1;
        for mut slot in slots.drain(..) {
            if *slot.number.get_mut() == FREE {
                continue;
            }
            let mut place = self.hasher.hash_one(*slot.key.get_mut()) as usize & last;
            while *grown[place].number.get_mut() != FREE {
                place = (place + 1) & last;
            }
            grown[place] = slot;
        }
        *slots = grown;
    }

    /// All keys with their numbers, in any order.
    pub fn into_keys(self) -> Vec<(u64, u32)> {
        let slots = self.slots.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        let keys = slots.map(|slot| (slot.key.into_inner(), slot.number.into_inner()));
        keys.filter(|(_, number)| *number != FREE).collect()
    }
}

fn free_slots(slots: usize) -> Vec<Slot> {
    (0..slots).map(|_| Slot::default()).collect()
}

/// Most slots that may be taken: five of eight.
fn max_taken(slots: usize) -> usize {
    slots / 8 * 5
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(numbering: &IntegerNumbering, keys: &[u64]) -> Result<Vec<u32>, TooManyIds> {
        let mut numbers = Vec::new();
        numbering.number(keys, &mut numbers).map(|()| numbers)
    }

    #[test]
    fn one_key_over_the_limit_is_refused() {
        let numbering = IntegerNumbering::with_limit(8, 3);
        assert_eq!(number(&numbering, &[0, u64::MAX, 0, 30]).unwrap(), [0, 1, 0, 2]);
        assert_eq!(number(&numbering, &[30, u64::MAX]).unwrap(), [2, 1]);
        assert_eq!(number(&numbering, &[20, 40]), Err(TooManyIds { limit: 3 }));
        assert_eq!(number(&numbering, &[50]), Err(TooManyIds { limit: 3 }));
        assert_eq!(number(&numbering, &[30]).unwrap(), [2]);
    }

    #[test]
    fn threads_agree_while_the_table_grows() {
        let numbering = IntegerNumbering::with_limit(8, 1 << 20);
        // Each key in each of eight threads, in a different order.
        let keys = move |thread: u64| -> Vec<u64> {
            let of = |i: u64| (i * (2 * thread + 1) % 50_000).wrapping_mul(u64::MAX / 50_000);
            (0..50_000).map(of).collect()
        };
        let numbers: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let numbering = &numbering;
            let thread = |t| scope.spawn(move || number(numbering, &keys(t)).unwrap());
            let threads: Vec<_> = (0..8).map(thread).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let mut given = numbering.into_keys();
        given.sort_unstable();
        let mut distinct: Vec<u64> = keys(0);
        distinct.sort_unstable();
        assert!(given.iter().map(|(key, _)| *key).eq(distinct));
        for (thread, numbers) in (0..).zip(numbers) {
            for (key, number) in keys(thread).into_iter().zip(numbers) {
                assert_eq!(given[given.binary_search_by_key(&key, |g| g.0).unwrap()].1, number);
            }
        }
        let mut all: Vec<u32> = given.into_iter().map(|(_, number)| number).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..50_000));
    }
}
