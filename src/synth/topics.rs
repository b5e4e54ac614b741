//! What people write about.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use super::World;
use super::population::Population;
use super::random::{Random, Stream};
use crate::error::{Error, Result};
use crate::schema::{self, Direction};

/// A topic with the phrases that stand for it.
pub(super) type Topic = (String, Vec<String>);

/// Share of a person's topics that are those of its community.
const OF_COMMUNITY: f64 = 0.85;
/// Topics of a community.
const COMMUNITY_TOPICS: u64 = 3;

/// The bundled topics by name.
pub(super) fn topics() -> Result<Vec<Topic>> {
    let topics: BTreeMap<String, Vec<String>> =
        toml::from_str(include_str!("topics.toml")).map_err(Error::internal)?;
    Ok(topics.into_iter().collect())
}

/// The one to three topics of a person, as indices into `topics`, ascending.
pub(super) fn of_person(population: &Population, topics: &[Topic], person: u32) -> Vec<usize> {
    let all = topics.len() as u64;
    let community = u64::from(population.community(person));
    let mut random = Random::of(population.seed, Stream::Topics, person.into());
    let number = 1 + random.below(3);
    let mut own: Vec<usize> = (0..number)
        .map(|_| {
            if !random.chance(OF_COMMUNITY) {
                return random.below(all) as usize;
            }
            let item = community * COMMUNITY_TOPICS + random.below(COMMUNITY_TOPICS);
            Random::of(population.seed, Stream::CommunityTopics, item).below(all) as usize
        })
        .collect();
    own.sort_unstable();
    own.dedup();
    own
}

fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(texts.map(Some).collect::<StringArray>())
}

/// Rows of `topics`.
pub(super) fn rows(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let topics = &world.topics[range.start as usize..range.end as usize];
    let names: Vec<String> = topics.iter().map(|(name, _)| name.replace('-', " ")).collect();
    let no_category: StringArray = topics.iter().map(|_| None::<&str>).collect();
    schema::table(Direction::Input, "topics")?.batch(vec![
        ("topic_id", texts(topics.iter().map(|(name, _)| name.as_str()))),
        ("name", texts(names.iter().map(String::as_str))),
        ("special_category", Arc::new(no_category)),
    ])
}

/// Rows of `topic_phrases`: those of some topics.
pub(super) fn phrases(world: &World, range: Range<u64>) -> Result<RecordBatch> {
    let topics = &world.topics[range.start as usize..range.end as usize];
    let pairs = || {
        topics.iter().flat_map(|(name, phrases)| {
            phrases.iter().map(move |phrase| (name.as_str(), phrase.as_str()))
        })
    };
    let any_language: StringArray = pairs().map(|_| None::<&str>).collect();
    let sure: Float64Array = pairs().map(|_| None).collect();
    schema::table(Direction::Input, "topic_phrases")?.batch(vec![
        ("topic_id", texts(pairs().map(|(name, _)| name))),
        ("phrase", texts(pairs().map(|(_, phrase)| phrase))),
        ("language", Arc::new(any_language)),
        ("weight", Arc::new(sure)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_words_make_no_phrase() {
        let words: Vec<&str> = crate::synth::posts::words();
        for (name, phrases) in topics().unwrap() {
            assert!((2..=4).contains(&phrases.len()), "{name}");
            for phrase in phrases {
                let ordinary = phrase.split(' ').all(|word| words.contains(&word));
                assert!(!ordinary, "{name}: {phrase}");
            }
        }
    }
}
