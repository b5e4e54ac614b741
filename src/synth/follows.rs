//! Follows at the cutoff.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use rayon::prelude::*;

use super::population::NETWORKS;
use super::random::{Random, Stream};
use super::world::World;
use crate::error::Result;
use crate::schema::{self, Direction, UTC};

/// Accounts that one account follows on average, before duplicates are removed, and their spread in powers of e.
const MEAN: f64 = 5.0;
const SPREAD: f64 = 1.0;
/// Maximum number of accounts that one account follows.
const MAX: f64 = 2_000.0;
/// Share of them in the follower's community.
const WITHIN_CELL: f64 = 0.6;

/// Numbers of follows of one account, as its network reports them.
#[derive(Clone, Copy, Default)]
pub(super) struct FollowCounts {
    pub(super) followers: u32,
    pub(super) following: u32,
}

/// Numbers of follows of all accounts.
pub(super) struct Follows {
    /// Length: accounts.
    pub(super) counts: Vec<FollowCounts>,
}

impl Follows {
    /// Counts the rows of [`follows`], which are drawn twice so that they need no memory.
    pub(super) fn count(world: &World) -> Self {
        let accounts = world.population.accounts();
        let followers: Vec<AtomicU32> = (0..accounts).map(|_| AtomicU32::new(0)).collect();
        let count = |follower| {
            let followees = followees(world, follower);
            for followee in &followees {
                followers[*followee as usize].fetch_add(1, Ordering::Relaxed);
            }
            followees.len() as u32
        };
        let following: Vec<u32> = (0..accounts).into_par_iter().map(count).collect();
        let followers = followers.into_iter().map(AtomicU32::into_inner);
        let counts = followers
            .zip(&following)
            .map(|(followers, f)| FollowCounts { followers, following: *f });
        Self { counts: counts.collect() }
    }
}

/// The accounts that an account follows, ascending.
fn followees(world: &World, follower: u32) -> Vec<u32> {
    let population = &world.population;
    let mut random = Random::of(population.seed, Stream::Follows, follower.into());
    let mut followees: Vec<u32> = match population.level[follower as usize] {
        // Created only to follow the buyers.
        0 => {
            let place = population.cheaters.partition_point(|(actor, _)| *actor < follower);
            let group = population.cheaters.get(place);
            group.map_or(vec![], |(_, group)| population.groups[*group as usize].targets(follower))
        }
        _ => {
            let cell = population.cell(follower);
            let rate = MEAN * libm::exp(SPREAD * random.normal() - SPREAD * SPREAD / 2.0);
            let number = (rate + random.unit()).min(MAX) as u32;
            let mut one = |_| {
                let within = random.chance(WITHIN_CELL);
                world.attracted(follower, cell, within, &mut random)
            };
            (0..number).map(&mut one).collect()
        }
    };
    followees.sort_unstable();
    followees.dedup();
    followees.retain(|followee| *followee != follower);
    followees
}

/// Rows of `follows` by these followers.
pub(super) fn follows(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let population = &world.population;
    let mut random = Random::of(population.seed, Stream::Since, range.start);
    let [mut network, mut followers, mut followed] = [(); 3].map(|()| StringBuilder::new());
    let mut since = TimestampMicrosecondBuilder::new().with_timezone(UTC);
    for follower in range.map(|account| account as u32) {
        let id = population.account_id(follower).to_string();
        for followee in followees(world, follower) {
            let both = world.created_us(follower).max(world.created_us(followee));
            network.append_value(NETWORKS[population.network(follower)]);
            followers.append_value(&id);
            followed.append_value(population.account_id(followee).to_string());
            let later = random.unit() * (world.end_us - both) as f64;
            since.append_option(random.chance(0.8).then_some(both + later as i64));
        }
    }
    schema::table(Direction::Input, "follows")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("follower_id", Arc::new(followers.finish())),
        ("followee_id", Arc::new(followed.finish())),
        ("since", Arc::new(since.finish())),
    ])
}
