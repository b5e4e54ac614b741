//! The phrases that stand for topics, and where a post holds them.

use std::collections::{BTreeMap, BTreeSet};

use daachorse::DoubleArrayAhoCorasick;
use hashbrown::HashMap;
use memchr::{memchr2, memmem};

use super::fold::{Folded, folded, parted, plain};
use super::parts::{Part, parts};
use crate::error::{Error, Result};
use crate::lists::Lists;

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

/// Where a phrase was found: any of the constants.
pub type Places = u8;

/// In the title.
pub const TITLE: Places = 1;
/// In a tag.
pub const TAG: Places = 2;
/// In the text.
pub const TEXT: Places = 4;
/// In an address.
pub const URL: Places = 8;

/// A phrase of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Number of the phrase.
    pub phrase: u32,
    /// Everywhere it stands.
    pub places: Places,
}

/// Phrases, numbered in order of their folded form and language.
///
/// Memory: about 130 bytes a phrase, and 60 for each character that no other phrase shares from the start.
pub struct Lexicon {
    phrases: Vec<Phrase>,
    /// What each phrase stands for, by topic.
    senses: Lists<Sense>,
    /// Finds the spellings, of which each is a run of phrases in different languages.
    automaton: Option<DoubleArrayAhoCorasick<u32>>,
    /// Phrases of each spelling.
    spellings: Lists<u32>,
    /// Spellings by [`spelling`], as tags have them.
    joined: HashMap<Box<[u8]>, u32>,
    /// Languages by number, from 1.
    languages: Vec<Box<str>>,
    /// Language of posts that state none.
    usual: u8,
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

        // By folded form, language and topic; equal texts in order, so that the first is the same always.
        let mut rows: BTreeMap<(String, u8), BTreeMap<u32, f64>> = BTreeMap::new();
        let mut texts: BTreeMap<(String, u8), &str> = BTreeMap::new();
        let mut too_long = 0;
        for meaning in meanings {
            let words = folded(&meaning.phrase);
            if words.len() <= 1 || stop.contains(&words) {
                continue;
            }
            too_long += u64::from(words.len() > LONGEST);
            let language = meaning.language.as_deref().map_or(EVERY, |l| number(&languages, l));
            let key = (words, language);
            let text = texts.entry(key.clone()).or_insert(&meaning.phrase);
            *text = (*text).min(&meaning.phrase);
            let weight = rows.entry(key).or_default().entry(meaning.topic).or_insert(0.0);
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
        for ((key, text), senses) in texts.into_iter().zip(rows.into_values()) {
            let (spelling, language) = key;
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

    /// Looks for phrases in posts, one after the other; addresses, and tags that are no phrases, if it `keeps` them.
    pub fn finder(&self, keeps: bool) -> Finder<'_> {
        Finder {
            lexicon: self,
            language: self.usual,
            matches: vec![],
            keeps,
            found: Found::default(),
            joined: vec![],
            parted: String::new(),
        }
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

fn number(languages: &[Box<str>], language: &str) -> u8 {
    let place = languages.iter().position(|known| **known == primary(language));
    place.map_or(OTHER, |place| place as u8 + 1)
}

/// A spelling in a folded text.
struct Match {
    start: usize,
    end: usize,
    spelling: u32,
}

/// What a post holds.
#[derive(Debug, Default)]
pub struct Found {
    /// Its phrases, each once and in order.
    pub hits: Vec<Hit>,
    /// Its tags that are none, as they are written.
    pub tags: Vec<String>,
    /// Its addresses, as they are written.
    pub urls: Vec<String>,
}

/// Looks for the phrases of a [`Lexicon`] in the parts of a post.
pub struct Finder<'a> {
    lexicon: &'a Lexicon,
    language: u8,
    matches: Vec<Match>,
    keeps: bool,
    found: Found,
    /// A tag by its [`spelling`](super::spelling), and as its words.
    joined: Vec<u8>,
    parted: String,
}

impl Finder<'_> {
    /// Sets the language of the post, BCP 47.
    pub fn language(&mut self, language: Option<&str>) {
        self.language =
            language.map_or(self.lexicon.usual, |own| number(&self.lexicon.languages, own));
    }

    /// Looks at the title.
    pub fn title(&mut self, title: &str) {
        self.written(title, TITLE);
    }

    /// Looks at the text.
    pub fn text(&mut self, text: &str) {
        self.written(text, TEXT);
    }

    fn written(&mut self, text: &str, place: Places) {
        parts(text, |part| match part {
            Part::Words(words) => self.words(words, place),
            Part::Tag(tag) => self.tag(tag),
            Part::Url(url) => self.url(url),
        });
    }

    /// Looks at a tag: as a whole, and if that is no phrase at its words, parted at case and digits.
    pub fn tag(&mut self, tag: &str) {
        let tag = tag.trim_start_matches('#');
        self.joined.clear();
        self.joined.extend(Folded::of(&plain(tag)).filter(|byte| *byte != b' '));
        if self.joined.is_empty() {
            return;
        }
        match self.lexicon.joined.get(self.joined.as_slice()) {
            Some(spelling) => self.hit(*spelling, TAG),
            None => {
                // A single word is no phrase, as has just been seen.
                if !tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
                    parted(tag, &mut self.parted);
                    let parted = std::mem::take(&mut self.parted);
                    self.words(&parted, TAG);
                    self.parted = parted;
                }
                if self.keeps {
                    self.found.tags.push(tag.to_owned());
                }
            }
        }
    }

    /// Looks at host and path of an address.
    pub fn url(&mut self, url: &str) {
        let start = memmem::find(url.as_bytes(), b"://").map_or(0, |scheme| scheme + 3);
        let end = memchr2(b'?', b'#', url.as_bytes()).unwrap_or(url.len()).max(start);
        self.words(&url[start..end], URL);
        if self.keeps {
            self.found.urls.push(url.to_owned());
        }
    }

    /// Of the phrases that overlap the leftmost counts, of those the longest.
    fn words(&mut self, text: &str, place: Places) {
        let Some(automaton) = &self.lexicon.automaton else { return };
        let text = plain(text);
        let (lexicon, language) = (self.lexicon, self.language);
        let holds = |spelling: u32| {
            let phrases = lexicon.spellings.of(spelling as usize).iter();
            phrases.into_iter().any(|phrase| lexicon.phrases[*phrase as usize].holds_in(language))
        };
        for found in automaton.find_overlapping_iter_from_iter(Folded::of(&text)) {
            let (start, end, spelling) = (found.start(), found.end(), found.value());
            if holds(spelling) {
                self.matches.push(Match { start, end, spelling });
            }
        }
        self.matches.sort_unstable_by_key(|found| (found.start, std::cmp::Reverse(found.end)));
        let matches = std::mem::take(&mut self.matches);
        let mut taken = 0;
        for found in &matches {
            // Neighbours share the space between them.
            if found.start + 1 >= taken {
                taken = found.end;
                self.hit(found.spelling, place);
            }
        }
        self.matches = matches;
        self.matches.clear();
    }

    fn hit(&mut self, spelling: u32, places: Places) {
        let phrases = self.lexicon.spellings.of(spelling as usize).iter().copied();
        let holds = |phrase: &u32| self.lexicon.phrases[*phrase as usize].holds_in(self.language);
        self.found.hits.extend(phrases.filter(holds).map(|phrase| Hit { phrase, places }));
    }

    /// Ends the post, and adds what it holds to `found`.
    pub fn end(&mut self, found: &mut Found) {
        let own = &mut self.found;
        own.hits.sort_unstable();
        for of_phrase in own.hits.chunk_by(|one, other| one.phrase == other.phrase) {
            let places = of_phrase.iter().fold(0, |places, hit| places | hit.places);
            found.hits.push(Hit { phrase: of_phrase[0].phrase, places });
        }
        own.hits.clear();
        found.tags.append(&mut own.tags);
        found.urls.append(&mut own.urls);
    }
}

impl Phrase {
    fn holds_in(&self, language: u8) -> bool {
        self.language == EVERY || self.language == language
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrases::{Ontology, Topic};

    fn lexicon(phrases: &[(u32, &str, Option<&str>, f64)], stop: &[&str]) -> Lexicon {
        let topic = |id: u32| {
            let id = format!("{id:03}");
            Topic { name: id.clone(), id, special_category: None }
        };
        let ontology = Ontology::new((0..20).map(topic).collect(), &[]).unwrap();
        let meaning =
            |(topic, phrase, language, weight): &(u32, &str, Option<&str>, f64)| Meaning {
                topic: *topic,
                phrase: (*phrase).to_owned(),
                language: language.map(str::to_owned),
                weight: *weight,
            };
        let meanings: Vec<Meaning> = phrases.iter().map(meaning).collect();
        let stop = stop.iter().map(|phrase| (*phrase).to_owned()).collect();
        Lexicon::new(&meanings, &ontology.roll_up(0.5), &stop, "en").unwrap()
    }

    /// The phrases of a post with their places, and its other tags.
    fn find(lexicon: &Lexicon, see: impl Fn(&mut Finder<'_>)) -> (Vec<(String, u8)>, Vec<String>) {
        let mut finder = lexicon.finder(true);
        // The same finder looks at another post before.
        finder.text("new york new york");
        finder.tag("x");
        finder.end(&mut Found::default());
        see(&mut finder);
        let mut found = Found::default();
        finder.end(&mut found);
        let Found { hits, tags, .. } = found;
        let text =
            |hit: &Hit| (lexicon.phrases()[hit.phrase as usize].text.to_string(), hit.places);
        (hits.iter().map(text).collect(), tags)
    }

    fn in_text(lexicon: &Lexicon, text: &str) -> Vec<String> {
        find(lexicon, |finder| finder.text(text)).0.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn the_longest_phrase_at_boundaries_of_words_counts() {
        let phrases =
            ["New York", "New York Times", "york", "Times Square", "C++", "東京", "京都", "art"];
        let rows: Vec<_> = (0..).zip(phrases).map(|(topic, p)| (topic, p, None, 1.0)).collect();
        let lexicon = lexicon(&rows, &[]);
        for (text, found) in [
            ("NEW-YORK!", &["New York"][..]),
            ("new yorker", &[]),
            ("the New York Times Square", &["New York Times"]),
            ("new york times, Times Square", &["New York Times", "Times Square"]),
            ("york york new york", &["New York", "york"]),
            ("Party art; artful", &["art"]),
            ("c++ c+ c", &["C++"]),
            ("東京都", &["東京"]),
            ("京都の東京", &["京都", "東京"]),
            ("New York", &["New York"]),
            ("new\u{200b} yor\u{ad}k", &["New York"]),
            ("", &[]),
        ] {
            assert_eq!(in_text(&lexicon, text), found, "{text}");
        }
    }

    #[test]
    fn parts_of_a_post_are_told_apart() {
        let rows =
            [(0, "machine learning", None, 1.0), (1, "rust", None, 1.0), (2, "example", None, 1.0)];
        let lexicon = lexicon(&rows, &[]);
        let found = find(&lexicon, |finder| {
            finder.title("Rust");
            finder.text("#MachineLearning in #RustConf2018 https://www.example.org/machine-learning?rust @rust");
            finder.tag("rust");
            finder.tag("machine-learning");
            finder.tag("!");
            finder.tag("Other Tag");
        });
        let expected = [("example", URL), ("machine learning", TAG | URL), ("rust", TITLE | TAG)];
        let expected = expected.map(|(text, places)| (text.to_owned(), places));
        assert_eq!(found.0, expected);
        assert_eq!(found.1, ["RustConf2018", "Other Tag"]);
    }

    #[test]
    fn phrases_hold_in_their_language() {
        let rows = [
            (0, "gift", Some("en"), 1.0),
            (1, "Gift", Some("de-AT"), 1.0),
            (2, "gift", Some("sv"), 1.0),
            (3, "gifts", None, 1.0),
        ];
        let lexicon = lexicon(&rows, &[]);
        let topics = |language: Option<&str>| {
            let mut found = Found::default();
            let mut finder = lexicon.finder(false);
            finder.language(language);
            finder.text("Gift gifts");
            finder.end(&mut found);
            let topic = |hit: &Hit| lexicon.senses(hit.phrase)[0].topic;
            found.hits.iter().map(topic).collect::<Vec<_>>()
        };
        assert_eq!(topics(Some("en-GB")), [0, 3]);
        assert_eq!(topics(Some("DE")), [1, 3]);
        assert_eq!(topics(Some("fr")), [3]);
        assert_eq!(topics(None), [0, 3]);
    }

    #[test]
    fn doubtful_phrases_need_company() {
        let rows = [
            (0, "sure", None, 0.5),
            (1, "unsure", None, 0.4),
            (2, "two", None, 1.0),
            (3, "two", None, 1.0),
            (4, "stop", None, 1.0),
            (5, "…", None, 1.0),
        ];
        let lexicon = lexicon(&rows, &["STOP!"]);
        let told: Vec<_> = lexicon.phrases().iter().map(|p| (&*p.text, p.in_company)).collect();
        assert_eq!(told, [("sure", false), ("two", true), ("unsure", true)]);
        assert_eq!(lexicon.senses(1).len(), 2);
    }

    /// Against looking at every run of words.
    #[test]
    fn random_texts_hold_what_their_words_say() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let words = |random: &mut fastrand::Rng, most: usize| -> Vec<&str> {
                (0..random.usize(1..most))
                    .map(|_| random.choice(["a", "b", "c"]).unwrap())
                    .collect()
            };
            let phrases: BTreeSet<String> =
                (0..random.usize(1..8)).map(|_| words(&mut random, 4).join(" ")).collect();
            let rows: Vec<_> =
                (0..).zip(&phrases).map(|(t, p)| (t, p.as_str(), None, 1.0)).collect();
            let lexicon = lexicon(&rows, &[]);
            let text = words(&mut random, 12);
            let (mut expected, mut at) = (BTreeSet::new(), 0);
            while at < text.len() {
                let longest = (at + 1..=text.len()).rev().map(|end| text[at..end].join(" "));
                let found = longest.into_iter().find(|run| phrases.contains(run));
                at += found.as_ref().map_or(1, |found| found.split(' ').count());
                expected.extend(found);
            }
            let found: BTreeSet<String> = in_text(&lexicon, &text.join(" ")).into_iter().collect();
            assert_eq!(found, expected, "{text:?} {phrases:?}");
        }
    }

    #[test]
    fn no_phrases_find_nothing() {
        let lexicon = lexicon(&[], &[]);
        assert!(lexicon.is_empty());
        assert_eq!(find(&lexicon, |finder| finder.text("#a")).1, ["a"]);
    }

    #[test]
    fn long_phrases_are_refused() {
        let long = "x".repeat(LONGEST);
        let meaning = Meaning { topic: 0, phrase: long, language: None, weight: 1.0 };
        let refused = Lexicon::new(&[meaning], &Lists::default(), &BTreeSet::new(), "en");
        let cause = refused.err().unwrap().cause;
        assert_eq!(cause, "input `topic_phrases`: 1 phrases are longer than 256 bytes");
    }
}
