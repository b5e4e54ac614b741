//! Where a post holds phrases.

use memchr::{memchr2, memmem};

use super::fold::{Folded, parted, plain};
use super::lexicon::{Lexicon, number};
use super::parts::{Part, parts};
use crate::digest::{Digest, Digestible};

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

impl Digestible for Hit {
    fn digest(&self, to: &mut Digest) {
        let Self { phrase, places } = self;
        to.add(phrase);
        to.add(places);
    }
}

impl Lexicon {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::phrases::{Meaning, Ontology, Topic};

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
}
