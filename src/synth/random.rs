//! Random numbers that are the same on every machine: xoshiro256++ for rows, a hash for single values.
//!
//! All draws use only additions, products, square roots and `libm`, whose bits depend on neither the platform nor the number
//! of threads.

use std::ops::Range;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// What random numbers are drawn for; the numbers of two purposes are independent.
#[derive(Clone, Copy)]
pub(super) enum Stream {
    People,
    Traits,
    Accounts,
    Posting,
    Cheats,
    Profiles,
    Names,
    Opened,
    Shown,
    Statements,
    Topics,
    CommunityTopics,
    Languages,
    Friends,
    Liking,
    Follows,
    Since,
    PostTimes,
    PostTexts,
    Past,
    Future,
    AccountIds,
    PostIds,
}

/// A generator of random numbers.
pub(super) struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The generator for one purpose and one item of it: a person, or a block of rows.
    pub(super) fn of(seed: u64, stream: Stream, item: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(hash(seed, stream, item)))
    }

    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Uniform in 0..n.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.split(n).0
    }

    /// Uniform in 0..n, and 32 bits that are independent of it.
    pub(super) fn split(&mut self, n: u64) -> (u64, u32) {
        let product = u128::from(self.bits()) * u128::from(n);
        ((product >> 64) as u64, (product >> 32) as u32)
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Standard normal (Box and Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        radius * libm::cos(std::f64::consts::TAU * self.unit())
    }

    /// One of `from`, with its weight as probability; the weights sum to 1.
    pub(super) fn one_of<'a, T: ?Sized>(&mut self, from: &[(&'a T, f64)]) -> &'a T {
        let mut left = self.unit();
        let mut last = from[0].0;
        for (value, weight) in from {
            last = value;
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    pub(super) fn choose<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The high 53 bits as a number in [0, 1).
pub(super) fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// 64 bits for one item of one purpose.
pub(super) fn hash(seed: u64, stream: Stream, item: u64) -> u64 {
    let stream = scramble(seed.wrapping_add((stream as u64 + 1).wrapping_mul(GOLDEN)));
    scramble(stream ^ scramble(item.wrapping_add(GOLDEN)))
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): different inputs have different outputs.
pub(super) fn scramble(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Draws from ranges of items by their weights in constant time (Walker 1977, tables after Vose 1991).
pub(super) struct Weighted {
    /// For each item the probability, in 2⁻³², that its slot gives the item itself, and the item that it gives otherwise.
    slots: Vec<(u32, u32)>,
}

impl Weighted {
    /// Tables for the ranges between consecutive `bounds`; draws are from one of these ranges.
    pub(super) fn new(weights: &[f64], bounds: &[u32]) -> Self {
        let mut slots: Vec<(u32, u32)> = (0..weights.len() as u32).map(|i| (u32::MAX, i)).collect();
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for range in bounds.windows(2).map(|ends| ends[0]..ends[1]) {
            let total: f64 = weights[usizes(&range)].iter().sum();
            if total <= 0.0 {
                continue;
            }
            let scale = f64::from(range.end - range.start) / total;
            let mut share: Vec<f64> = weights[usizes(&range)].iter().map(|w| w * scale).collect();
            for item in range.clone() {
                let is_small = share[(item - range.start) as usize] < 1.0;
                if is_small { small.push(item) } else { large.push(item) }
            }
            while let (Some(item), Some(giver)) = (small.pop(), large.last().copied()) {
                let (of_item, of_giver) =
                    ((item - range.start) as usize, (giver - range.start) as usize);
                slots[item as usize] = ((share[of_item] * 4_294_967_296.0) as u32, giver);
                share[of_giver] -= 1.0 - share[of_item];
                if share[of_giver] < 1.0 {
                    large.pop();
                    small.push(giver);
                }
            }
            small.clear();
            large.clear();
        }
        Self { slots }
    }

    /// One item of `range`.
    pub(super) fn draw(&self, range: &Range<u32>, random: &mut Random) -> u32 {
        let (slot, dice) = random.split(u64::from(range.end - range.start));
        let item = range.start + slot as u32;
        let (keep, other) = self.slots[item as usize];
        if dice < keep { item } else { other }
    }
}

/// A range of items as one of indices.
pub(super) fn usizes(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_follow_the_weights_within_their_range() {
        let weights = [1.0, 0.0, 3.0, 5.0, 0.5, 2.5];
        let drawn = Weighted::new(&weights, &[0, 3, 4, 6]);
        let mut random = Random::of(1, Stream::People, 0);
        for range in [0..3, 3..4, 4..6_u32] {
            let total: f64 = weights[usizes(&range)].iter().sum();
            let mut counts = [0_u32; 6];
            for _ in 0..40_000 {
                counts[drawn.draw(&range, &mut random) as usize] += 1;
            }
            for item in 0..6 {
                let inside = range.contains(&(item as u32));
                let expected = if inside { 40_000.0 * weights[item] / total } else { 0.0 };
                let off = (f64::from(counts[item]) - expected).abs();
                assert!(off <= 5.0 * expected.sqrt(), "{item}: {counts:?}");
            }
        }
    }
}
