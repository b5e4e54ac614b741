//! Who does what to whom, and when.

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

/// Share of all interactions in which a cheating group acts as one, where there are any.
const CHEATING: f64 = 0.02;
/// Of the other interactions, those between an active account and one of a few friends in its cell, in
/// either direction, so that people react in turn.
pub(super) const WITH_FRIENDS: f64 = 0.25;
/// Of them, those with anybody in the active account's cell, by attraction; the rest are with anybody on the network.
pub(super) const WITHIN_CELL: f64 = 0.45;
/// Friends of an account.
pub(super) const FRIENDS: u64 = 4;
/// Of them, follows, on every network; everything else is a reaction.
pub(super) const FOLLOWS: f64 = 0.04;

const FOLLOW: &str = "follow";
/// What people do beside following, by network, in shares.
const KINDS: [&[(&str, f64)]; NETWORKS.len()] = [
    &[("like", 0.61), ("repost", 0.17), ("reply", 0.14), ("mention", 0.05), ("quote", 0.03)],
    &[("like", 0.52), ("repost", 0.26), ("reply", 0.17), ("mention", 0.05)],
    &[("comment", 0.38), ("reply", 0.31), ("like", 0.26), ("accept", 0.05)],
];
/// Kinds that come with words, and so with a sentiment and mostly a post of their own.
const IN_WORDS: [&str; 5] = ["reply", "mention", "quote", "comment", "accept"];

/// The share of interactions that groups make.
pub(super) fn cheating(population: &Population) -> f64 {
    if population.cheaters.is_empty() { 0.0 } else { CHEATING }
}

/// Number `number` of the friends of an account: two accounts whose places in their cell sum to a constant.
/// It may be the account itself.
pub(super) fn friend(population: &Population, cell: usize, account: u32, number: u64) -> u32 {
    let Range { start, end } = population.of_cell(cell);
    let n = u64::from(end - start);
    let constant = hash(population.seed, Stream::Friends, cell as u64 * FRIENDS + number) % n;
    start + ((constant + n - u64::from(account - start)) % n) as u32
}

/// Whom an account turns to instead of itself: the next of its cell, or, if it is alone there, of its
/// network.
pub(super) fn neighbour(population: &Population, cell: usize, account: u32) -> u32 {
    let mut range = population.of_cell(cell);
    if range.len() == 1 {
        range = population.of_network(population.network(account));
    }
    if account + 1 == range.end { range.start } else { account + 1 }
}

impl World {
    /// Who reacts to whom, of the active account itself and those about it.
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

    /// Somebody of the actor's cell or network, by attraction; it may be the actor.
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

    /// How favourable a reaction to an account is: one in twenty draws mostly bad ones.
    fn sentiment(&self, target: u32, random: &mut Random) -> f64 {
        let person = self.population.person[target as usize];
        let liking = hash(self.population.seed, Stream::Liking, person.into());
        let disliked = liking.is_multiple_of(20);
        let mean = if disliked { -0.4 } else { 0.25 };
        let hundredths = libm::rint(100.0 * (mean + 0.35 * random.normal()));
        // Not −0, which is another value than 0 in a file.
        hundredths.clamp(-100.0, 100.0) / 100.0 + 0.0
    }
}

/// The time before or after the cutoff, and how many interactions fall into it.
pub(super) struct Period<'a> {
    pub(super) stream: Stream,
    pub(super) calendar: &'a Calendar,
    pub(super) rows: u64,
}

/// Rows of `interactions`, in order of time. Posts end with the snapshot: what comes after it reacts to the
/// last posts before.
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
        let in_words = IN_WORDS.contains(&kind);
        let on_post = !matches!(kind, FOLLOW | "mention");
        let post = if on_post { recent(world, target, published, &mut random) } else { None };
        let own = in_words && random.chance(0.7);
        let own = if own { recent(world, actor, published, &mut random) } else { None };
        let said = in_words && random.chance(0.8);

        network.append_value(NETWORKS[population.network(actor)]);
        append(&mut actors, Some(population.account_id(actor)));
        append(&mut targets, Some(population.account_id(target)));
        kinds.append_value(kind);
        at.append_value(period.calendar.at_us(x));
        append(&mut posts, post.map(|post| post_id(world, post)));
        append(&mut via, own.map(|post| post_id(world, post)));
        sentiments.append_option(said.then(|| world.sentiment(target, &mut random)));
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

/// Appends an id as text without a text of its own.
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
