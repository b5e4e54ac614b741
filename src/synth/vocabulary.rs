//! Topics of people, phrases of topics, and ordinary words.

use std::collections::BTreeMap;

use super::population::Population;
use super::random::{Random, Stream};
use crate::error::{Error, Result};

/// A topic with the phrases that stand for it.
pub(super) type Topic = (String, Vec<String>);

/// Share of a person's topics that are topics of the community.
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
    let mut topics_of_person: Vec<usize> = (0..number)
        .map(|_| {
            if !random.chance(OF_COMMUNITY) {
                return random.below(all) as usize;
            }
            let item = community * COMMUNITY_TOPICS + random.below(COMMUNITY_TOPICS);
            Random::of(population.seed, Stream::CommunityTopics, item).below(all) as usize
        })
        .collect();
    topics_of_person.sort_unstable();
    topics_of_person.dedup();
    topics_of_person
}

/// The ordinary words.
pub(super) fn words() -> Vec<&'static str> {
    include_str!("words.txt").split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_words_form_no_phrase() {
        let words = words();
        for (name, phrases) in topics().unwrap() {
            assert!((2..=4).contains(&phrases.len()), "{name}");
            for phrase in phrases {
                let ordinary = phrase.split(' ').all(|word| words.contains(&word));
                assert!(!ordinary, "{name}: {phrase}");
            }
        }
    }
}
