//! Finds the phrases of a post.

use std::borrow::Cow;

use memchr::{memchr2, memmem};

use super::fold::{Folded, normalize, split_words, turkic};
use super::languages::language;
use super::lexicon::{Lexicon, language_number};
use super::spellings::Spellings;
use super::text_parts::{Part, for_each_part};
use crate::digest::{Digest, Digestible};

/// Where a phrase was found: a union of the constants.
pub type Places = u8;

/// In the title.
pub const TITLE: Places = 1;
/// In a tag.
pub const TAG: Places = 2;
/// In the text.
pub const TEXT: Places = 4;
/// In a URL.
pub const URL: Places = 8;

/// A phrase of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// Number of the phrase.
    pub phrase: u32,
    /// Everywhere it was found.
    pub places: Places,
}

impl Digestible for Hit {
    fn digest(&self, to: &mut Digest) {
        let Self { phrase, places } = self;
        to.add(phrase);
        to.add(places);
    }
}

impl Lexicon {
    /// A finder for posts, one after the other. It extracts URLs, and tags that are not phrases, if `extract_all`.
    pub fn finder(&self, extract_all: bool) -> Finder<'_> {
        Finder {
            lexicon: self,
            language: self.default_language,
            matches: vec![],
            extract_all,
            extracted: Extracted::default(),
            joined: vec![],
            words: String::new(),
        }
    }
}

/// A spelling in a folded text.
struct Match {
    start: usize,
    end: usize,
    spelling: u32,
}

/// What was found in a post.
#[derive(Debug, Default)]
pub struct Extracted {
    /// Its phrases, sorted, each once.
    pub hits: Vec<Hit>,
    /// Its tags that are not phrases, as written.
    pub tags: Vec<String>,
    /// Its URLs, as written.
    pub urls: Vec<String>,
}

/// Finds the phrases of a [`Lexicon`] in the parts of a post.
pub struct Finder<'a> {
    lexicon: &'a Lexicon,
    language: u8,
    matches: Vec<Match>,
    extract_all: bool,
    extracted: Extracted,
    /// The [`spelling`](super::spelling) of a tag.
    joined: Vec<u8>,
    /// The words of a tag.
    words: String,
}

impl<'a> Finder<'a> {
    /// Sets the language of the post, BCP 47 or nearly so; a tag that names no language counts as none.
    pub fn set_language(&mut self, tag: Option<&str>) {
        self.language = match tag.and_then(language) {
            Some(language) => language_number(&self.lexicon.languages, &language),
            None => self.lexicon.default_language,
        };
    }

    /// The spellings of phrases in the language of the post.
    fn spellings(&self) -> &'a Spellings {
        match self.lexicon.is_turkic(self.language) {
            true => self.lexicon.turkic(),
            false => &self.lexicon.spellings,
        }
    }

    /// A text as the language of the post folds it first.
    fn in_language<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.lexicon.is_turkic(self.language) { turkic(text) } else { Cow::Borrowed(text) }
    }

    /// Searches the title.
    pub fn add_title(&mut self, title: &str) {
        self.search_text(title, TITLE);
    }

    /// Searches the text.
    pub fn add_text(&mut self, text: &str) {
        self.search_text(text, TEXT);
    }

    fn search_text(&mut self, text: &str, place: Places) {
        for_each_part(text, |part| match part {
            Part::Words(words) => self.search_words(words, place),
            Part::Tag(tag) => self.add_tag(tag),
            Part::Url(url) => self.add_url(url),
        });
    }

    /// Searches a tag: as a whole, and if that is not a phrase, its words, split at case and digits.
    pub fn add_tag(&mut self, tag: &str) {
        let tag = tag.trim_start_matches('#');
        self.joined.clear();
        let plain = self.in_language(tag);
        self.joined.extend(Folded::of(&normalize(&plain)).filter(|byte| *byte != b' '));
        if self.joined.is_empty() {
            return;
        }
        match self.spellings().joined.get(self.joined.as_slice()) {
            Some(spelling) => self.add_hits(*spelling, TAG),
            None => {
                // A single word is not a phrase, because the tag as a whole is not.
                if !tag.bytes().all(|byte| byte.is_ascii_lowercase()) {
                    split_words(tag, &mut self.words);
                    let words = std::mem::take(&mut self.words);
                    self.search_words(&words, TAG);
                    self.words = words;
                }
                if self.extract_all {
                    self.extracted.tags.push(tag.to_owned());
                }
            }
        }
    }

    /// Searches host and path of a URL.
    pub fn add_url(&mut self, url: &str) {
        let start = memmem::find(url.as_bytes(), b"://").map_or(0, |scheme| scheme + 3);
        let end = memchr2(b'?', b'#', url.as_bytes()).unwrap_or(url.len()).max(start);
        self.search_words(&url[start..end], URL);
        if self.extract_all {
            self.extracted.urls.push(url.to_owned());
        }
    }

    /// Of overlapping phrases the leftmost counts, of several there the longest.
    fn search_words(&mut self, text: &str, place: Places) {
        let spellings = self.spellings();
        let Some(automaton) = &spellings.automaton else { return };
        let text = self.in_language(text);
        let text = normalize(&text);
        let (lexicon, language) = (self.lexicon, self.language);
        let applies = |spelling: u32| {
            let phrases = spellings.phrases.of(spelling as usize).iter();
            phrases.into_iter().any(|phrase| lexicon.phrases[*phrase as usize].applies_in(language))
        };
        for found in automaton.find_overlapping_iter_from_iter(Folded::of(&text)) {
            let (start, end, spelling) = (found.start(), found.end(), found.value());
            if applies(spelling) {
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
                self.add_hits(found.spelling, place);
            }
        }
        self.matches = matches;
        self.matches.clear();
    }

    fn add_hits(&mut self, spelling: u32, places: Places) {
        let phrases = self.spellings().phrases.of(spelling as usize).iter().copied();
        let applies =
            |phrase: &u32| self.lexicon.phrases[*phrase as usize].applies_in(self.language);
        self.extracted.hits.extend(phrases.filter(applies).map(|phrase| Hit { phrase, places }));
    }

    /// Ends the post, and adds what was found in it to `extracted`.
    pub fn finish_post(&mut self, extracted: &mut Extracted) {
        let post = &mut self.extracted;
        post.hits.sort_unstable();
        for of_phrase in post.hits.chunk_by(|one, other| one.phrase == other.phrase) {
            let places = of_phrase.iter().fold(0, |places, hit| places | hit.places);
            extracted.hits.push(Hit { phrase: of_phrase[0].phrase, places });
        }
        post.hits.clear();
        extracted.tags.append(&mut post.tags);
        extracted.urls.append(&mut post.urls);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::phrases::{Ontology, Topic, TopicPhrase};

    fn lexicon(phrases: &[(u32, &str, Option<&str>, f64)], stop: &[&str]) -> Lexicon {
        let topic = |id: u32| {
            let id = format!("{id:03}");
            Topic { name: id.clone(), id, special_category: None }
        };
        let ontology = Ontology::new((0..20).map(topic).collect(), &[]).unwrap();
        let row =
            |(topic, phrase, language, weight): &(u32, &str, Option<&str>, f64)| TopicPhrase {
                topic: *topic,
                phrase: (*phrase).to_owned(),
                language: language.map(str::to_owned),
                weight: *weight,
            };
        let rows: Vec<TopicPhrase> = phrases.iter().map(row).collect();
        let stop = stop.iter().map(|phrase| (*phrase).to_owned()).collect();
        Lexicon::new(&rows, &ontology.roll_up(0.5), &stop, "en").unwrap()
    }

    /// The phrases of a post with their places, and its other tags.
    fn find(lexicon: &Lexicon, add: impl Fn(&mut Finder<'_>)) -> (Vec<(String, u8)>, Vec<String>) {
        let mut finder = lexicon.finder(true);
        // The same finder has searched another post before.
        finder.add_text("new york new york");
        finder.add_tag("x");
        finder.finish_post(&mut Extracted::default());
        add(&mut finder);
        let mut extracted = Extracted::default();
        finder.finish_post(&mut extracted);
        let Extracted { hits, tags, .. } = extracted;
        let text =
            |hit: &Hit| (lexicon.phrases()[hit.phrase as usize].text.to_string(), hit.places);
        (hits.iter().map(text).collect(), tags)
    }

    fn in_text(lexicon: &Lexicon, text: &str) -> Vec<String> {
        find(lexicon, |finder| finder.add_text(text)).0.into_iter().map(|(text, _)| text).collect()
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
    fn parts_of_a_post_are_distinguished() {
        let rows =
            [(0, "machine learning", None, 1.0), (1, "rust", None, 1.0), (2, "example", None, 1.0)];
        let lexicon = lexicon(&rows, &[]);
        let found = find(&lexicon, |finder| {
            finder.add_title("Rust");
            finder.add_text("#MachineLearning in #RustConf2018 https://www.example.org/machine-learning?rust @rust");
            finder.add_tag("rust");
            finder.add_tag("machine-learning");
            finder.add_tag("!");
            finder.add_tag("Other Tag");
        });
        let expected = [("example", URL), ("machine learning", TAG | URL), ("rust", TITLE | TAG)];
        let expected = expected.map(|(text, places)| (text.to_owned(), places));
        assert_eq!(found.0, expected);
        assert_eq!(found.1, ["RustConf2018", "Other Tag"]);
    }

    #[test]
    fn phrases_match_only_in_their_language() {
        let rows = [
            (0, "gift", Some("en"), 1.0),
            (1, "Gift", Some("de-AT"), 1.0),
            (2, "gift", Some("sv"), 1.0),
            (3, "gifts", None, 1.0),
        ];
        let lexicon = lexicon(&rows, &[]);
        let topics = |language: Option<&str>| {
            let mut extracted = Extracted::default();
            let mut finder = lexicon.finder(false);
            finder.set_language(language);
            finder.add_text("Gift gifts");
            finder.finish_post(&mut extracted);
            let topic = |hit: &Hit| lexicon.senses(hit.phrase)[0].topic;
            extracted.hits.iter().map(topic).collect::<Vec<_>>()
        };
        assert_eq!(topics(Some("en-GB")), [0, 3]);
        assert_eq!(topics(Some("DE")), [1, 3]);
        assert_eq!(topics(Some("fr")), [3]);
        assert_eq!(topics(None), [0, 3]);
    }

    #[test]
    fn uncertain_phrases_need_context() {
        let rows = [
            (0, "sure", None, 0.5),
            (1, "unsure", None, 0.4),
            (2, "two", None, 1.0),
            (3, "two", None, 1.0),
            (4, "stop", None, 1.0),
            (5, "…", None, 1.0),
        ];
        let lexicon = lexicon(&rows, &["STOP!"]);
        let phrases: Vec<_> =
            lexicon.phrases().iter().map(|p| (&*p.text, p.needs_context)).collect();
        assert_eq!(phrases, [("sure", false), ("two", true), ("unsure", true)]);
        assert_eq!(lexicon.senses(1).len(), 2);
    }

    /// Compared with a search of every run of words.
    #[test]
    fn random_texts_have_the_phrases_of_their_words() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..500 {
            let words = |random: &mut fastrand::Rng, max: usize| -> Vec<&str> {
                (0..random.usize(1..max)).map(|_| random.choice(["a", "b", "c"]).unwrap()).collect()
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
    fn without_phrases_nothing_is_found() {
        let lexicon = lexicon(&[], &[]);
        assert!(lexicon.is_empty());
        assert_eq!(find(&lexicon, |finder| finder.add_text("#a")).1, ["a"]);
    }
}
