//! The phrases that stand for topics.

use std::collections::{BTreeMap, BTreeSet};

use daachorse::DoubleArrayAhoCorasick;
use hashbrown::HashMap;

use super::fold::folded;
use crate::error::{Error, Result};
use crate::lists::Lists;

/// Weight for each topic.
type Weights = BTreeMap<u32, f64>;

/// Maximum length of a phrase, in bytes of its folded form: it bounds the phrases that end at one position of a text.
const MAX_PHRASE_BYTES: usize = 256;
/// Phrases of a smaller weight count only in context.
const SURE_WEIGHT: f64 = 0.5;
/// Languages are numbered in 8 bits, of which the first and the last number are reserved.
const MAX_LANGUAGES: usize = 254;
/// The language of phrases that apply in every language.
const ANY_LANGUAGE: u8 = 0;
/// The language of posts in a language without phrases.
const OTHER_LANGUAGE: u8 = u8::MAX;

/// A row of `topic_phrases`, its topic by number.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicPhrase {
    /// Number of the topic.
    pub topic: u32,
    /// The phrase, as written.
    pub phrase: String,
    /// Language in which it applies, BCP 47; `None` for every language.
    pub language: Option<String>,
    /// Certainty that it stands for the topic, above 0 and at most 1.
    pub weight: f64,
}

/// A topic that a phrase stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sense {
    /// Number of the topic.
    pub topic: u32,
    /// Certainty that the phrase stands for it, above 0 and at most 1.
    pub weight: f64,
}

/// A phrase in one language, or in every language.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    /// As written in the first of its rows.
    pub text: Box<str>,
    language: u8,
    /// Whether it counts only in a post with another phrase of a related topic: it is not certain of any topic, or stands
    /// for several unrelated ones.
    pub needs_context: bool,
}

/// Phrases, numbered in order of their folded form and language.
///
/// Memory: about 130 bytes for a phrase, and 60 for each character beyond the prefix that it shares with another.
pub struct Lexicon {
    pub(super) phrases: Vec<Phrase>,
    /// The topics of each phrase.
    pub(super) senses: Lists<Sense>,
    /// Finds spellings; each is a run of phrases in different languages.
    pub(super) automaton: Option<DoubleArrayAhoCorasick<u32>>,
    /// Phrases of each spelling.
    pub(super) spellings: Lists<u32>,
    /// Spellings without spaces, see [`spelling`](super::spelling), as tags are written.
    pub(super) joined: HashMap<Box<[u8]>, u32>,
    /// Languages by number, from 1.
    pub(super) languages: Vec<Box<str>>,
    /// Language of posts that state none.
    pub(super) default_language: u8,
}

impl Lexicon {
    /// A lexicon of `rows`, without the phrases in `stop` and those without a word. `ancestors` has the ancestors of each
    /// topic; topics that share one are related. A post that states no language is taken to be in `default_language`. Of
    /// several rows with one phrase and topic the largest weight counts.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for phrases longer than 256 bytes, more languages than 254 and more
    /// phrases than can be searched at once.
    pub fn new(
        rows: &[TopicPhrase],
        ancestors: &Lists<(u32, f64)>,
        stop: &BTreeSet<String>,
        default_language: &str,
    ) -> Result<Self> {
        let refused = |cause: String, remedy: &str| {
            Error::bad_input(format!("input `topic_phrases`: {cause}"), remedy)
                .in_table("topic_phrases")
        };
        let known = rows.iter().filter_map(|row| row.language.as_deref());
        let known: BTreeSet<String> = known.map(primary).collect();
        if known.len() > MAX_LANGUAGES {
            let cause = format!("phrases are in {} languages", known.len());
            return Err(refused(cause, "give at most 254, by their first subtags"));
        }
        let languages: Vec<Box<str>> = known.into_iter().map(Into::into).collect();
        let stop: BTreeSet<String> = stop.iter().map(|phrase| folded(phrase)).collect();

        // By folded form and language: the first of the texts in their order, and the weight for each topic.
        let mut by_spelling: BTreeMap<(String, u8), (&str, Weights)> = BTreeMap::new();
        let mut too_long = 0;
        for row in rows {
            let words = folded(&row.phrase);
            if words.len() <= 1 || stop.contains(&words) {
                continue;
            }
            too_long += u64::from(words.len() > MAX_PHRASE_BYTES);
            let language = row.language.as_deref();
            let language = language.map_or(ANY_LANGUAGE, |l| language_number(&languages, l));
            let entry = by_spelling.entry((words, language));
            let (text, senses) = entry.or_insert((&row.phrase, Weights::new()));
            *text = (*text).min(&row.phrase);
            let weight = senses.entry(row.topic).or_insert(0.0);
            *weight = weight.max(row.weight);
        }
        if too_long > 0 {
            let cause = format!("{too_long} phrases are longer than {MAX_PHRASE_BYTES} bytes");
            return Err(refused(cause, "shorten or remove them").in_column("phrase"));
        }
        let mut lexicon = Self {
            phrases: Vec::with_capacity(by_spelling.len()),
            senses: Lists::default(),
            automaton: None,
            spellings: Lists::default(),
            joined: HashMap::new(),
            default_language: language_number(&languages, default_language),
            languages,
        };
        let mut words: Vec<String> = Vec::new();
        let mut of_spelling = Vec::new();
        for ((spelling, language), (text, senses)) in by_spelling {
            if words.last() != Some(&spelling) {
                lexicon.end_spelling(&mut of_spelling);
                words.push(spelling);
            }
            of_spelling.push(lexicon.phrases.len() as u32);
            let topics: Vec<u32> = senses.keys().copied().collect();
            let is_unsure = senses.values().all(|weight| *weight < SURE_WEIGHT);
            let needs_context = is_unsure || !all_related(&topics, ancestors);
            lexicon.phrases.push(Phrase { text: text.into(), language, needs_context });
            lexicon.senses.push(senses.into_iter().map(|(topic, weight)| Sense { topic, weight }));
        }
        lexicon.end_spelling(&mut of_spelling);
        for (spelling, words) in (0..).zip(&words) {
            // Of two that differ only in spaces, the first has the joined form.
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

    fn end_spelling(&mut self, phrases: &mut Vec<u32>) {
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

    /// The topics of a phrase, sorted.
    pub fn senses(&self, phrase: u32) -> &[Sense] {
        self.senses.of(phrase as usize)
    }
}

/// Whether every two of the topics share an ancestor.
fn all_related(topics: &[u32], ancestors: &Lists<(u32, f64)>) -> bool {
    let of = |topic: &u32| ancestors.of(*topic as usize);
    topics
        .iter()
        .enumerate()
        .all(|(place, one)| topics[..place].iter().all(|other| share_ancestor(of(one), of(other))))
}

/// Whether two lists of ancestors, each sorted by topic, have a topic in common.
pub(crate) fn share_ancestor(one: &[(u32, f64)], other: &[(u32, f64)]) -> bool {
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

/// The number of a language among those with phrases.
pub(super) fn language_number(languages: &[Box<str>], language: &str) -> u8 {
    let place = languages.iter().position(|found| **found == primary(language));
    place.map_or(OTHER_LANGUAGE, |place| place as u8 + 1)
}

impl Phrase {
    pub(super) fn applies_in(&self, language: u8) -> bool {
        self.language == ANY_LANGUAGE || self.language == language
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_phrases_are_refused() {
        let long = "x".repeat(MAX_PHRASE_BYTES);
        let row = TopicPhrase { topic: 0, phrase: long, language: None, weight: 1.0 };
        let refused = Lexicon::new(&[row], &Lists::default(), &BTreeSet::new(), "en");
        let cause = refused.err().unwrap().cause;
        assert_eq!(cause, "input `topic_phrases`: 1 phrases are longer than 256 bytes");
    }
}
