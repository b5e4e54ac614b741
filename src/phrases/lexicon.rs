//! The phrases that stand for topics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::fold::{folded, turkic};
use super::languages::{is_turkic, language};
use super::spellings::Spellings;
use crate::error::{Error, Result};
use crate::lists::Lists;

/// Weight for each topic.
type Weights = BTreeMap<u32, f64>;

/// Maximum length of a phrase, in bytes of its folded form: it bounds the phrases that end at one position of a text.
const MAX_PHRASE_BYTES: usize = 256;
/// Phrases of a smaller weight count only in context.
const SURE_WEIGHT: f64 = 0.5;
/// Languages are numbered in 8 bits, of which the first and the last two numbers are reserved.
const MAX_LANGUAGES: usize = 253;
/// The language of phrases that apply in every language.
const ANY_LANGUAGE: u8 = 0;
/// The language of posts in a language without phrases.
const OTHER_LANGUAGE: u8 = u8::MAX;
/// The language of posts in Turkish or Azerbaijani, if that has no phrases.
const TURKIC_LANGUAGE: u8 = u8::MAX - 1;

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
    pub(super) spellings: Spellings,
    /// The spellings of phrases that apply in Turkish or Azerbaijani, made when a post in one of these is met.
    turkic: OnceLock<Spellings>,
    /// Further ways in which phrases that apply there are written, that may differ in Turkish spelling.
    turkic_texts: Vec<(u32, Box<str>)>,
    /// How many rows have a phrase without a word, which no post can have.
    pub never_found: u64,
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
    /// [`crate::error::Kind::BadInput`] for phrases longer than 256 bytes, more languages than 253 and more
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
        let known: BTreeSet<String> = known.filter_map(language).collect();
        if known.len() > MAX_LANGUAGES {
            let cause = format!("phrases are in {} languages", known.len());
            return Err(refused(cause, "give at most 253, by their first subtags"));
        }
        let languages: Vec<Box<str>> = known.into_iter().map(Into::into).collect();
        let stop: BTreeSet<String> = stop.iter().map(|phrase| folded(phrase)).collect();

        // By folded form and language: the texts, of which the first is shown, and the weight for each topic.
        let mut by_spelling: BTreeMap<(String, u8), (BTreeSet<&str>, Weights)> = BTreeMap::new();
        let (mut too_long, mut never_found) = (0, 0);
        for row in rows {
            let words = folded(&row.phrase);
            if words.len() <= 1 || stop.contains(&words) {
                never_found += u64::from(words.len() <= 1);
                continue;
            }
            too_long += u64::from(words.len() > MAX_PHRASE_BYTES);
            // A row whose language is none applies in every language.
            let language = row.language.as_deref().and_then(language);
            let language = language.map_or(ANY_LANGUAGE, |l| language_number(&languages, &l));
            let entry = by_spelling.entry((words, language));
            let (texts, senses) = entry.or_default();
            texts.insert(&row.phrase);
            let weight = senses.entry(row.topic).or_insert(0.0);
            *weight = weight.max(row.weight);
        }
        if too_long > 0 {
            let cause = format!("{too_long} phrases are longer than {MAX_PHRASE_BYTES} bytes");
            return Err(refused(cause, "shorten or remove them").in_column("phrase"));
        }
        let default_language = language(default_language);
        let default_language =
            default_language.map_or(OTHER_LANGUAGE, |l| language_number(&languages, &l));
        let mut lexicon = Self {
            phrases: Vec::with_capacity(by_spelling.len()),
            senses: Lists::default(),
            spellings: Spellings::default(),
            turkic: OnceLock::new(),
            turkic_texts: vec![],
            never_found,
            default_language,
            languages,
        };
        let mut by_form: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for ((spelling, language), (texts, senses)) in by_spelling {
            let phrase = lexicon.phrases.len() as u32;
            by_form.entry(spelling).or_default().push(phrase);
            let topics: Vec<u32> = senses.keys().copied().collect();
            let is_unsure = senses.values().all(|weight| *weight < SURE_WEIGHT);
            let needs_context = is_unsure || !all_related(&topics, ancestors);
            let mut texts = texts.into_iter();
            let text = texts.next().unwrap_or_default().into();
            lexicon.phrases.push(Phrase { text, language, needs_context });
            lexicon.senses.push(senses.into_iter().map(|(topic, weight)| Sense { topic, weight }));
            if lexicon.applies_in_turkic(phrase) {
                let differ = texts.filter(|text| text.contains(['I', 'i', 'ı', 'İ']));
                lexicon.turkic_texts.extend(differ.map(|text| (phrase, text.into())));
            }
        }
        lexicon.spellings =
            Spellings::new(by_form).map_err(|e| refused(e, "give fewer or shorter phrases"))?;
        Ok(lexicon)
    }

    /// Whether a phrase applies in Turkish or Azerbaijani.
    fn applies_in_turkic(&self, phrase: u32) -> bool {
        let language = self.phrases[phrase as usize].language;
        language == ANY_LANGUAGE || self.is_turkic(language)
    }

    /// Whether posts in this language are spelled as in Turkish.
    pub(super) fn is_turkic(&self, language: u8) -> bool {
        let code = usize::from(language).checked_sub(1).and_then(|at| self.languages.get(at));
        language == TURKIC_LANGUAGE || code.is_some_and(|code| is_turkic(code))
    }

    /// The spellings of phrases in posts in Turkish or Azerbaijani: as in these, and as people write foreign words there in
    /// capitals (LINUX, of which each I is no ı).
    pub(super) fn turkic(&self) -> &Spellings {
        self.turkic.get_or_init(|| {
            let first = (0..).zip(&self.phrases).map(|(number, phrase)| (number, &phrase.text));
            let more = self.turkic_texts.iter().map(|(number, text)| (*number, text));
            let mut by_form: BTreeMap<String, Vec<u32>> = BTreeMap::new();
            for (phrase, text) in first.chain(more).filter(|(p, _)| self.applies_in_turkic(*p)) {
                for written in [text.to_string(), text.to_uppercase()] {
                    let phrases = by_form.entry(folded(&turkic(&written))).or_default();
                    if !phrases.contains(&phrase) {
                        phrases.push(phrase);
                    }
                }
            }
            by_form.values_mut().for_each(|phrases| phrases.sort_unstable());
            // As many as are searched already, or twice as many: what cannot be searched is not found.
            Spellings::new(by_form).unwrap_or_default()
        })
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

/// The number of a language, by its code, among those with phrases.
pub(super) fn language_number(languages: &[Box<str>], language: &str) -> u8 {
    match languages.iter().position(|found| **found == *language) {
        Some(place) => place as u8 + 1,
        None if is_turkic(language) => TURKIC_LANGUAGE,
        None => OTHER_LANGUAGE,
    }
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
