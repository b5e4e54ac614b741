//! Interactions: actor, target, kind, time and post.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Builder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};

use super::calendar::Calendar;
use super::population::{Cheat, NETWORKS, Population};
use super::posts::{post_id, recent};
use super::random::{Random, Stream, hash};
use super::world::World;
use crate::error::Result;
use crate::schema::{self, Direction, UTC};

/// Share of all interactions that cheating groups make, if there are any groups.
const CHEATING: f64 = 0.02;
/// Of the other interactions, the share between an active account and one of a few friends in its cell, in either direction,
/// so that reactions are mutual.
pub(super) const WITH_FRIENDS: f64 = 0.25;
/// Of them, the share with any account of the active account's cell, by attraction; the rest are with any account of the
/// network.
pub(super) const WITHIN_CELL: f64 = 0.45;
/// Friends of an account.
pub(super) const FRIENDS: u64 = 4;
/// Of them, the share of follows, on every network; all others are reactions.
pub(super) const FOLLOWS: f64 = 0.04;

const FOLLOW: &str = "follow";
/// Shares of the kinds of reaction, by network.
const KINDS: [&[(&str, f64)]; NETWORKS.len()] = [
    &[("like", 0.61), ("repost", 0.17), ("reply", 0.14), ("mention", 0.05), ("quote", 0.03)],
    &[("like", 0.52), ("repost", 0.26), ("reply", 0.17), ("mention", 0.05)],
    &[("comment", 0.38), ("reply", 0.31), ("like", 0.26), ("accept", 0.05)],
];
/// Kinds with words, which have a sentiment and mostly a reacting post.
const WITH_WORDS: [&str; 5] = ["reply", "mention", "quote", "comment", "accept"];

/// The share of interactions that groups make.
pub(super) fn cheating(population: &Population) -> f64 {
    if population.cheaters.is_empty() { 0.0 } else { CHEATING }
}

/// Friend number `number` of an account: two accounts are friends if their positions in the cell sum to a constant. It may
/// be the account itself.
pub(super) fn friend(population: &Population, cell: usize, account: u32, number: u64) -> u32 {
    let Range { start, end } = population.of_cell(cell);
    let n = u64::from(end - start);
    let constant = hash(population.seed, Stream::Friends, cell as u64 * FRIENDS + number) % n;
    start + ((constant + n - u64::from(account - start)) % n) as u32
}

/// The account that takes the place of an account as its own target: the next of its cell, or of its network if it is alone
/// in the cell.
pub(super) fn neighbour(population: &Population, cell: usize, account: u32) -> u32 {
    let mut range = population.of_cell(cell);
    if range.len() == 1 {
        range = population.of_network(population.network(account));
    }
    if account + 1 == range.end { range.start } else { account + 1 }
}

impl World {
    /// Actor and target of a reaction that involves the active account.
    pub(super) fn reaction(&self, active: u32, random: &mut Random) -> (u32, u32) {
        let population = &self.population;
        let cell = population.cell(active);
        let x = random.unit();
        let (actor, target) = if x < WITH_FRIENDS {
            let friend = friend(population, cell, active, random.below(FRIENDS));
            if random.chance(0.5) { (active, friend) } else { (friend, active) }
        } else {
            (active, self.attracted(active, cell, x < WITH_FRIENDS + WITHIN_CELL, random))
        };
        if target == actor { (actor, neighbour(population, cell, actor)) } else { (actor, target) }
    }

    /// An account of the actor's cell or network, by attraction; it may be the actor.
    pub(super) fn attracted(
        &self,
        actor: u32,
        cell: usize,
        within_cell: bool,
        random: &mut Random,
    ) -> u32 {
        let population = &self.population;
        if within_cell {
            return population.in_cell.draw(&population.of_cell(cell), random);
        }
        population.in_network.draw(&population.of_network(population.network(actor)), random)
    }

    /// One interaction: actor, target, kind.
    fn interaction(&self, random: &mut Random) -> (u32, u32, &'static str) {
        let population = &self.population;
        if random.chance(cheating(population)) {
            let (actor, group) =
                population.cheaters[random.below(population.cheaters.len() as u64) as usize];
            let group = &population.groups[group as usize];
            let targets = group.targets(actor);
            let target = targets[random.below(targets.len() as u64) as usize];
            let kind = match group.cheat {
                Cheat::Ring => random.one_of(KINDS[population.network(actor)]),
                Cheat::Pod => "like",
                Cheat::Farm => FOLLOW,
            };
            return (actor, target, kind);
        }
        let active = population.by_activity.draw(&(0..population.accounts()), random);
        let (actor, target) = self.reaction(active, random);
        let kind = match random.chance(FOLLOWS) {
            true => FOLLOW,
            false => random.one_of(KINDS[population.network(actor)]),
        };
        (actor, target, kind)
    }

    /// Sentiment of a reaction to an account: one person in twenty draws mostly negative ones.
    fn sentiment(&self, target: u32, random: &mut Random) -> f64 {
        let person = self.population.person[target as usize];
        let liking = hash(self.population.seed, Stream::Liking, person.into());
        let disliked = liking.is_multiple_of(20);
        let mean = if disliked { -0.4 } else { 0.25 };
        let hundredths = libm::rint(100.0 * (mean + 0.35 * random.normal()));
        // −0 becomes 0: they are different values in a file.
        hundredths.clamp(-100.0, 100.0) / 100.0 + 0.0
    }
}

/// The time before or after the cutoff, and its number of interactions.
pub(super) struct Period<'a> {
    pub(super) stream: Stream,
    pub(super) calendar: &'a Calendar,
    pub(super) rows: u64,
}

/// Rows of `interactions`, in order of time. Posts end with the snapshot: later interactions react to the last posts before
/// its end.
pub(super) fn interactions(
    world: &World,
    period: &Period<'_>,
    range: Range<u64>,
) -> Result<RecordBatch> {
    let population = &world.population;
    let mut random = Random::of(population.seed, period.stream, range.start);
    let [mut network, mut actors, mut targets, mut kinds, mut posts, mut via] =
        [(); 6].map(|()| StringBuilder::with_capacity(range.clone().count(), 0));
    let mut at = TimestampMicrosecondBuilder::new().with_timezone(UTC);
    let mut sentiments = Float64Builder::new();
    for row in range {
        let x = (row as f64 + random.unit()) / period.rows as f64;
        let published = if matches!(period.stream, Stream::Future) { 1.0 } else { x };
        let (actor, target, kind) = world.interaction(&mut random);
        let with_words = WITH_WORDS.contains(&kind);
        let on_post = !matches!(kind, FOLLOW | "mention");
        let post = if on_post { recent(world, target, published, &mut random) } else { None };
        let has_via = with_words && random.chance(0.7);
        let via_post = if has_via { recent(world, actor, published, &mut random) } else { None };
        let has_sentiment = with_words && random.chance(0.8);

        network.append_value(NETWORKS[population.network(actor)]);
        append(&mut actors, Some(population.account_id(actor)));
        append(&mut targets, Some(population.account_id(target)));
        kinds.append_value(kind);
        at.append_value(period.calendar.at_us(x));
        append(&mut posts, post.map(|post| post_id(world, post)));
        append(&mut via, via_post.map(|post| post_id(world, post)));
        sentiments.append_option(has_sentiment.then(|| world.sentiment(target, &mut random)));
    }
    schema::table(Direction::Input, "interactions")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("actor_id", Arc::new(actors.finish())),
        ("target_id", Arc::new(targets.finish())),
        ("kind", Arc::new(kinds.finish())),
        ("at", Arc::new(at.finish())),
        ("post_id", Arc::new(posts.finish())),
        ("via_post_id", Arc::new(via.finish())),
        ("sentiment", Arc::new(sentiments.finish())),
    ])
}

/// Appends an id as text without allocating.
fn append(to: &mut StringBuilder, id: Option<u64>) {
    let Some(mut id) = id else {
        return to.append_null();
    };
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (id % 10) as u8;
        id /= 10;
        if id == 0 {
            break;
        }
    }
    // Digits are UTF-8.
    to.append_value(str::from_utf8(&digits[first..]).unwrap_or_default());
}
