//! Posts: ordinary words, with phrases of the author's topics among them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field};

use super::population::NETWORKS;
use super::random::{Random, Stream, hash, scramble, unit};
use super::vocabulary::of_person;
use super::world::World;
use crate::error::Result;
use crate::schema::{self, Direction, UTC};

const KINDS: [(&str, f64); 4] =
    [("original", 0.74), ("reply", 0.16), ("quote", 0.05), ("repost", 0.05)];
/// Chances of no, one, two or three phrases in a post.
const PHRASES: [(&u32, f64); 4] = [(&0, 0.35), (&1, 0.40), (&2, 0.18), (&3, 0.07)];

/// Id of a post on its network.
pub(super) fn post_id(world: &World, post: u32) -> u64 {
    scramble(hash(world.population.seed, Stream::PostIds, 0).wrapping_add(post.into()))
}

/// The share of all events of the snapshot before an author's post number `k` of `n`: the posts of an author are in order,
/// one in each n-th of the events.
fn moment(world: &World, first: u32, k: u32, n: u32) -> f64 {
    let within = unit(hash(world.population.seed, Stream::PostTimes, u64::from(first + k)));
    (f64::from(k) + within) / f64::from(n)
}

/// A post of `author` before the moment `x`, one of the latest, if there is any.
pub(super) fn recent(world: &World, author: u32, x: f64, random: &mut Random) -> Option<u32> {
    let posts = world.population.of_author(author);
    let n = posts.end - posts.start;
    let part = ((x * f64::from(n)) as u32).min(n.checked_sub(1)?);
    let early = moment(world, posts.start, part, n) > x;
    let latest = if early { part.checked_sub(1)? } else { part };
    // Half of the reactions go to the latest post, half of the rest to the one before …
    let back = random.bits().trailing_zeros();
    Some(posts.start + latest.saturating_sub(back))
}

/// Rows of `posts`.
pub(super) fn posts(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let population = &world.population;
    let mut random = Random::of(population.seed, Stream::PostTexts, range.start);
    let [mut network, mut id, mut author, mut title, mut text, mut language, mut kind, mut parent] =
        [(); 8].map(|()| StringBuilder::new());
    let list = || {
        let item = Field::new("item", DataType::Utf8, false);
        ListBuilder::new(StringBuilder::new()).with_field(item)
    };
    let (mut hashtags, mut urls) = (list(), list());
    let mut at = TimestampMicrosecondBuilder::new().with_timezone(UTC);
    let mut writer =
        population.posts.partition_point(|first| u64::from(*first) <= range.start) as u32 - 1;
    let mut topics = of_person(population, &world.topics, population.person[writer as usize]);
    for post in range.map(|post| post as u32) {
        while post >= population.of_author(writer).end {
            writer += 1;
            topics.clear();
        }
        if topics.is_empty() {
            topics = of_person(population, &world.topics, population.person[writer as usize]);
        }
        let posts = population.of_author(writer);
        let x = moment(world, posts.start, post - posts.start, posts.end - posts.start);
        let on = NETWORKS[population.network(writer)];
        network.append_value(on);
        id.append_value(post_id(world, post).to_string());
        author.append_value(population.account_id(writer).to_string());
        at.append_value(world.past.at_us(x));
        language.append_option(random.chance(0.9).then_some("en"));

        let word = random.one_of(&KINDS);
        kind.append_option((word != "original" || random.chance(0.5)).then_some(word));
        // An account that the author reacts to, or else one that reacts to the author.
        let other = (word != "original").then(|| {
            let (actor, target) = world.reaction(writer, &mut random);
            if actor == writer { target } else { actor }
        });
        let other = other.and_then(|other| recent(world, other, x, &mut random));
        parent.append_option(other.map(|other| post_id(world, other).to_string()));

        let (name, phrases) = &world.topics[topics[random.below(topics.len() as u64) as usize]];
        let mentioned = *random.one_of(&PHRASES);
        text.append_value(random_text(world, phrases, mentioned, &mut random));
        title.append_option((on == "forum").then(|| headline(world, &mut random)));
        if mentioned > 0 && random.chance(0.4) {
            hashtags.values().append_value(name.replace('-', ""));
            hashtags.append(true);
        } else {
            hashtags.append(random.chance(0.5));
        }
        let linked = random.chance(0.08);
        if linked {
            urls.values().append_value(format!("https://{name}.example/{}", random.below(1_000)));
        }
        urls.append(linked);
    }
    schema::table(Direction::Input, "posts")?.batch(vec![
        ("network", Arc::new(network.finish()) as ArrayRef),
        ("post_id", Arc::new(id.finish())),
        ("author_id", Arc::new(author.finish())),
        ("created_at", Arc::new(at.finish())),
        ("title", Arc::new(title.finish())),
        ("text", Arc::new(text.finish())),
        ("hashtags", Arc::new(hashtags.finish())),
        ("urls", Arc::new(urls.finish())),
        ("language", Arc::new(language.finish())),
        ("kind", Arc::new(kind.finish())),
        ("parent_post_id", Arc::new(parent.finish())),
    ])
}

/// 8 to 25 words, with `mentioned` of `phrases` at random places among them.
fn random_text(world: &World, phrases: &[String], mentioned: u32, random: &mut Random) -> String {
    let length = 8 + random.below(18);
    let mut left = u64::from(mentioned);
    let mut text = String::with_capacity(160);
    for place in 0..length {
        if place > 0 {
            text.push(' ');
        }
        // Each set of places is as likely as any other.
        if left > 0 && random.below(length - place) < left {
            text.push_str(&phrases[random.below(phrases.len() as u64) as usize]);
            text.push(' ');
            left -= 1;
        }
        text.push_str(random.choose(&world.words));
    }
    text
}

/// 4 to 8 words.
fn headline(world: &World, random: &mut Random) -> String {
    let length = 4 + random.below(5);
    let words: Vec<&str> = (0..length).map(|_| random.choose(&world.words)).collect();
    words.join(" ")
}
