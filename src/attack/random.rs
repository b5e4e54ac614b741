//! Random draws of attacks, the same on every machine: each attack on each target has a generator of its own, seeded by a hash
//! of what it is drawn for.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use crate::digest::Digest;
use crate::model::VertexIndex;

/// The random seed of all attacks.
pub(super) const SEED: u32 = 1;

/// A generator of random numbers.
pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The generator for an attack on a network, by its name, on the target of this number.
    pub fn of(network: &str, attack: &str, target: usize) -> Self {
        let mut digest = Digest::default();
        digest.add(&SEED);
        digest.add(network);
        digest.add(attack);
        digest.add(&target);
        Self(Xoshiro256PlusPlus::from_seed(digest.finish()))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform in 0..n.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.0.next_u64()) * n as u128) >> 64) as usize
    }

    /// So many of `pool`: different ones, if it holds as many.
    pub fn choose(&mut self, mut pool: Vec<VertexIndex>, n: usize) -> Vec<VertexIndex> {
        match pool.len() {
            0 => vec![],
            all if n > all => (0..n).map(|_| pool[self.below(all)]).collect(),
            all => {
                for at in 0..n {
                    let other = at + self.below(all - at);
                    pool.swap(at, other);
                }
                pool.truncate(n);
                pool
            }
        }
    }
}
