//! The phrases that stand for topics.

use std::collections::{BTreeMap, BTreeSet};

use daachorse::DoubleArrayAhoCorasick;
use hashbrown::HashMap;

use super::fold::folded;
use crate::error::{Error, Result};
use crate::lists::Lists;

/// Weight for each topic.
type Weights = BTreeMap<u32, f64>;

/// Longest phrase, in bytes of its folded form: at any place of a text only so many can end.
const LONGEST: usize = 256;
/// Phrases of a smaller weight count in company alone.
const SURE: f64 = 0.5;
/// Languages are numbered in 8 bits, the first and the last number kept.
const MOST_LANGUAGES: usize = 254;
/// The language of phrases that hold in all.
const EVERY: u8 = 0;
/// The language of posts in one that no phrase is of.
const OTHER: u8 = u8::MAX;

/// A row of `topic_phrases`, its topic by number.
#[derive(Clone, Debug, PartialEq)]
pub struct Meaning {
    /// Number of the topic.
    pub topic: u32,
    /// The phrase as it is written.
    pub phrase: String,
    /// Language it holds in, BCP 47; none where it holds in every one.
    pub language: Option<String>,
    /// How surely it means the topic, above 0 and at most 1.
    pub weight: f64,
}

/// What a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sense {
    /// Number of the topic.
    pub topic: u32,
    /// How surely the phrase means it, above 0 and at most 1.
    pub weight: f64,
}

/// A phrase in one language, or in all.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// As it is written in the first of its rows.
    pub text: Box<str>,
    language: u8,
    /// Whether it counts only beside another phrase of the same branch: it is not sure of any topic, or stands
    /// for several that are no relatives.
    pub in_company: bool,
}

/// Phrases, numbered in order of their folded form and language.
///
/// Memory: about 130 bytes a phrase, and 60 for each character that no other phrase shares from the start.
pub struct Lexicon {
    pub(super) phrases: Vec<Phrase>,
    /// What each phrase stands for, by topic.
    pub(super) senses: Lists<Sense>,
    /// Finds the spellings, of which each is a run of phrases in different languages.
    pub(super) automaton: Option<DoubleArrayAhoCorasick<u32>>,
    /// Phrases of each spelling.
    pub(super) spellings: Lists<u32>,
    /// Spellings by [`spelling`](super::spelling), as tags have them.
    pub(super) joined: HashMap<Box<[u8]>, u32>,
    /// Languages by number, from 1.
    pub(super) languages: Vec<Box<str>>,
    /// Language of posts that state none.
    pub(super) usual: u8,
}

impl Lexicon {
    /// A lexicon of `meanings`, without the phrases of the list `stop` and those without a word; `branches` has
    /// the topics above each, by which it is told whether topics are relatives; posts that
    /// state no language are taken to be in `usual`. Of a phrase that is given twice for one topic the larger
    /// weight counts.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for phrases longer than 256 bytes, more languages than 254 and more
    /// phrases than can be searched at once.
    pub fn new(
        meanings: &[Meaning],
        branches: &Lists<(u32, f64)>,
        stop: &BTreeSet<String>,
        usual: &str,
    ) -> Result<Self> {
        let refused = |cause: String, remedy: &str| {
            Error::bad_input(format!("input `topic_phrases`: {cause}"), remedy)
                .in_table("topic_phrases")
        };
        let known = meanings.iter().filter_map(|meaning| meaning.language.as_deref());
        let known: BTreeSet<String> = known.map(primary).collect();
        if known.len() > MOST_LANGUAGES {
            let cause = format!("phrases are in {} languages", known.len());
            return Err(refused(cause, "give at most 254, by their first subtags"));
        }
        let languages: Vec<Box<str>> = known.into_iter().map(Into::into).collect();
        let stop: BTreeSet<String> = stop.iter().map(|phrase| folded(phrase)).collect();

        // By folded form and language: the first of the texts in their order, and the weight for each topic.
        let mut rows: BTreeMap<(String, u8), (&str, Weights)> = BTreeMap::new();
        let mut too_long = 0;
        for meaning in meanings {
            let words = folded(&meaning.phrase);
            if words.len() <= 1 || stop.contains(&words) {
                continue;
            }
            too_long += u64::from(words.len() > LONGEST);
            let language = meaning.language.as_deref().map_or(EVERY, |l| number(&languages, l));
            let row = rows.entry((words, language));
            let (text, senses) = row.or_insert((&meaning.phrase, Weights::new()));
            *text = (*text).min(&meaning.phrase);
            let weight = senses.entry(meaning.topic).or_insert(0.0);
            *weight = weight.max(meaning.weight);
        }
        if too_long > 0 {
            let cause = format!("{too_long} phrases are longer than {LONGEST} bytes");
            return Err(refused(cause, "shorten or remove them").in_column("phrase"));
        }
        let mut lexicon = Self {
            phrases: Vec::with_capacity(rows.len()),
            senses: Lists::default(),
            automaton: None,
            spellings: Lists::default(),
            joined: HashMap::new(),
            usual: number(&languages, usual),
            languages,
        };
        let mut words: Vec<String> = Vec::new();
        let mut of_spelling = Vec::new();
        for ((spelling, language), (text, senses)) in rows {
            if words.last() != Some(&spelling) {
                lexicon.spellings_end(&mut of_spelling);
                words.push(spelling);
            }
            of_spelling.push(lexicon.phrases.len() as u32);
            let topics: Vec<u32> = senses.keys().copied().collect();
            let unsure = senses.values().all(|weight| *weight < SURE);
            let in_company = unsure || !all_relatives(&topics, branches);
            lexicon.phrases.push(Phrase { text: text.into(), language, in_company });
            lexicon.senses.push(senses.into_iter().map(|(topic, weight)| Sense { topic, weight }));
        }
        lexicon.spellings_end(&mut of_spelling);
        for (spelling, words) in (0..).zip(&words) {
            // Two that differ in spaces alone: the first has the joined form.
            let joined = words.replace(' ', "").into_bytes().into();
            lexicon.joined.entry(joined).or_insert(spelling);
        }
        if !words.is_empty() {
            let automaton = DoubleArrayAhoCorasick::with_values(words.into_iter().zip(0..));
            let automaton =
                automaton.map_err(|e| refused(e.to_string(), "give fewer or shorter phrases"))?;
            lexicon.automaton = Some(automaton);
        }
        Ok(lexicon)
    }

    fn spellings_end(&mut self, phrases: &mut Vec<u32>) {
        if !phrases.is_empty() {
            self.spellings.push(phrases.drain(..));
        }
    }

    /// Number of phrases.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Whether there is no phrase.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// The phrases by number.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// What the phrase stands for, in order of topic.
    pub fn senses(&self, phrase: u32) -> &[Sense] {
        self.senses.of(phrase as usize)
    }
}

/// Whether any two of the topics have an ancestor in common.
fn all_relatives(topics: &[u32], branches: &Lists<(u32, f64)>) -> bool {
    let of = |topic: &u32| branches.of(*topic as usize);
    topics
        .iter()
        .enumerate()
        .all(|(place, one)| topics[..place].iter().all(|other| are_relatives(of(one), of(other))))
}

/// Whether two branches, each in order of topic, meet.
pub(crate) fn are_relatives(one: &[(u32, f64)], other: &[(u32, f64)]) -> bool {
    let mut other = other.iter().map(|(topic, _)| topic).peekable();
    one.iter().any(|(topic, _)| {
        while other.next_if(|above| *above < topic).is_some() {}
        other.peek() == Some(&topic)
    })
}

/// The first subtag of a language tag, in lower case.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

pub(super) fn number(languages: &[Box<str>], language: &str) -> u8 {
    let place = languages.iter().position(|known| **known == primary(language));
    place.map_or(OTHER, |place| place as u8 + 1)
}

impl Phrase {
    pub(super) fn holds_in(&self, language: u8) -> bool {
        self.language == EVERY || self.language == language
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_phrases_are_refused() {
        let long = "x".repeat(LONGEST);
        let meaning = Meaning { topic: 0, phrase: long, language: None, weight: 1.0 };
        let refused = Lexicon::new(&[meaning], &Lists::default(), &BTreeSet::new(), "en");
        let cause = refused.err().unwrap().cause;
        assert_eq!(cause, "input `topic_phrases`: 1 phrases are longer than 256 bytes");
    }
}
