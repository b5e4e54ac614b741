//! Names of ineligible people in what eligible people publish: links, ids of posts, display names.
//!
//! A name is an account id, a handle or a person id of at least four characters. It counts as a whole token, whatever its case
//! and whether or not it is percent-encoded: between `/ ? & = #` and the like, or as some of the parts that `_ . - : @`
//! divide such a segment into. Many names are common words, and many numbers are ids of something else, so that
//!
//! - a name of letters alone counts only after `@`, or where an address names an account: as its first segment, after a word
//!   such as `users`, or as the value of a parameter;
//! - a number counts only from six digits on, and only in these places, beside another number, or from twelve digits on;
//!   in display names from six digits on. The id of a post that is a number names the post.
//!
//! An account id that is an address counts where another address begins with it.
//!
//! Names are kept as hashes: time and memory are linear in the names and in the texts.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};
use std::ops::Range;

use arrow::array::{Array, LargeStringArray};
use hashbrown::DefaultHashBuilder;
use percent_encoding::percent_decode_str;
use rayon::prelude::*;

use super::accounts::Accounts;
use super::directory::Directory;
use super::eligibility::Eligibility;
use renown_graph::numbering::NONE;

/// What stands in place of a name.
const REMOVED: &str = "[removed]";

const MIN_CHARACTERS: usize = 4;
const MIN_DIGITS: usize = 6;
/// Numbers of so many digits are ids of one account or post in all the world.
const UNIQUE_DIGITS: usize = 12;
/// Maximum number of parts of a segment that are a name together: a UUID has five.
const MAX_PARTS: usize = 8;

/// Words after which an address names an account.
const ACCOUNT_WORDS: &str = "account account_id accounts actor author authors by handle member members people person profile \
    profiles screen_name u uid user user_id userid username users";

/// Words that begin paths of addresses which name no account.
const PATH_WORDS: &str = "about article articles blog comments events explore forum groups hashtag home index issues media \
    news pages post posts questions search status video watch wiki";

/// Where a name is an account's, or whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Scope {
    /// On a network, by its number.
    Network(u32),
    /// A person id.
    Person,
    /// Any of these.
    Any,
}

/// The names of ineligible people.
pub(super) struct Mentions {
    names: HashSet<u64>,
    hasher: DefaultHashBuilder,
}

impl Mentions {
    /// The names of everyone who is ineligible, `None` if nobody is. `strangers` are network and id of accounts, and ids of
    /// persons, who refuse and are not among those to score.
    pub(super) fn of<'a>(
        directory: &Directory,
        eligibility: &Eligibility<'_>,
        accounts: Option<&Accounts>,
        strangers: impl Iterator<Item = (Option<&'a str>, &'a str)>,
    ) -> Option<Self> {
        let mut mentions = Self { names: HashSet::new(), hasher: DefaultHashBuilder::default() };
        let is_out = |account: u32| {
            directory.person_of(account) != NONE && !eligibility.is_eligible(account)
        };
        for account in (0..directory.account_numbers() as u32).filter(|account| is_out(*account)) {
            let (network, _, id) = directory.account(account);
            mentions.add(id, Scope::Network(network));
            mentions.add(directory.person_id(directory.person_of(account)), Scope::Person);
        }
        for (account, handle) in accounts.into_iter().flat_map(Accounts::handles) {
            if is_out(account) {
                let network = Scope::Network(directory.account(account).0);
                mentions.add(handle, network);
                // `user@host`, as networks of many hosts write it.
                if let Some((user, _)) = bare(handle).split_once('@') {
                    mentions.add(user, network);
                }
            }
        }
        let networks = directory.network_names();
        for (network, id) in strangers {
            if network.is_none() {
                mentions.add(id, Scope::Person);
            }
            // Persons may be called `network:account_id`. What another network calls them says nothing of these texts.
            let account = network.map(|network| (network, id)).or_else(|| id.split_once(':'));
            let number = |name: &str| (0..).zip(networks).find(|(_, known)| ***known == *name);
            if let Some((name, id)) = account
                && let Some((number, _)) = number(name)
            {
                mentions.add(id, Scope::Network(number));
            }
        }
        (!mentions.names.is_empty()).then_some(mentions)
    }

    fn add(&mut self, name: &str, scope: Scope) {
        let name = lower(bare(without_scheme(name.trim())));
        let is_short = is_number(&name) && name.len() < MIN_DIGITS;
        if name.chars().count() >= MIN_CHARACTERS && !is_short {
            for scope in [scope, Scope::Any] {
                let hash = self.hasher.hash_one((scope, name.as_str()));
                self.names.insert(hash);
            }
        }
    }

    fn is_name(&self, text: &str, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.names.contains(&self.hasher.hash_one((*scope, text))))
    }

    /// Whether a link names an ineligible person.
    pub(super) fn is_in_url(&self, url: &str) -> bool {
        !self.find_in_address(&lower(url), &[Scope::Any]).is_empty()
    }

    /// The id of a post of a network without names of ineligible people; `None` if it has none.
    pub(super) fn mask_post_id(&self, network: u32, id: &str) -> Option<String> {
        if is_number(id) {
            return None;
        }
        let scopes = [Scope::Network(network), Scope::Person];
        masked(id, &self.find_in_address(&lower(id), &scopes))
    }

    /// A display name without names of ineligible people; `None` if it has none.
    pub(super) fn mask_display_name(&self, name: &str) -> Option<String> {
        let text = lower(name);
        let scopes = [Scope::Any];
        // A name of several words is no token.
        if text.contains(char::is_whitespace) && self.is_name(bare(&text), &scopes) {
            return Some(REMOVED.to_owned());
        }
        let place = Place { in_name: true, ..Place::default() };
        let mut found = Vec::new();
        for word in segments(&text) {
            found.extend(self.find_in_segment(&text, word, place, &scopes));
        }
        masked(name, &found)
    }

    /// Where an address, or the id of a post, holds names: the longest beginning that is one, or else parts of segments.
    fn find_in_address(&self, text: &str, scopes: &[Scope]) -> Vec<Range<usize>> {
        let start = text.len() - without_scheme(text).len();
        let segments: Vec<Range<usize>> = segments(&text[start..])
            .map(|segment| start + segment.start..start + segment.end)
            .collect();
        for last in segments.iter().skip(1).take(MAX_PARTS).rev() {
            if self.is_name(bare(&text[start..last.end]), scopes) {
                return std::iter::once(start..last.end).collect();
            }
        }
        let numbers = segments.iter().flat_map(|segment| parts(text, segment.clone()));
        let has_numbers = numbers.filter(|part| is_number(&text[part.clone()])).count() > 1;
        let mut found = Vec::new();
        for (at, segment) in segments.iter().enumerate() {
            let before = at.checked_sub(1).map(|before| &text[segments[before].clone()]);
            let place = Place {
                // After the host, or in an id without one.
                is_first: at == usize::from(start > 0) || text[..segment.start].ends_with('='),
                is_account: before.is_some_and(|word| is_one_of(ACCOUNT_WORDS, word)),
                has_numbers,
                in_name: false,
            };
            found.extend(self.find_in_segment(text, segment.clone(), place, scopes));
        }
        found
    }

    /// Where a segment of a text holds names; all of it if it does once it is decoded.
    fn find_in_segment(
        &self,
        text: &str,
        segment: Range<usize>,
        place: Place,
        scopes: &[Scope],
    ) -> Vec<Range<usize>> {
        let encoded = &text[segment.clone()];
        if encoded.contains('%') {
            let decoded = percent_decode_str(encoded).decode_utf8_lossy();
            let decoded = lower(&decoded);
            let mut inner = segments(&decoded);
            if inner.any(|inner| !self.find_in_parts(&decoded, inner, place, scopes).is_empty()) {
                return vec![segment];
            }
        }
        self.find_in_parts(text, segment, place, scopes)
    }

    /// Where some of the parts of a segment are a name, the longest one at each place.
    fn find_in_parts(
        &self,
        text: &str,
        segment: Range<usize>,
        place: Place,
        scopes: &[Scope],
    ) -> Vec<Range<usize>> {
        let parts = parts(text, segment.clone());
        let (mut found, mut at) = (Vec::new(), 0);
        while at < parts.len() {
            let longest = parts.len().min(at + MAX_PARTS);
            let all = (at == 0 && longest < parts.len()).then_some(parts.len());
            let mut ends = all.into_iter().chain((at + 1..=longest).rev());
            let end = ends.find(|end| {
                let name = parts[at].start..parts[end - 1].end;
                let is_whole = at == 0 && *end == parts.len();
                self.is_name(&text[name.clone()], scopes)
                    && place.counts(
                        &text[segment.clone()],
                        &text[name.clone()],
                        name.start - segment.start,
                        is_whole,
                    )
            });
            at = match end {
                Some(end) => {
                    found.push(parts[at].start..parts[end - 1].end);
                    end
                }
                None => at + 1,
            };
        }
        found
    }
}

/// Masks the display names that hold a name of an ineligible person, and counts them.
pub(super) fn mask_display_names(names: &mut LargeStringArray, mentions: &Mentions) -> u64 {
    let masked: Vec<Option<String>> = (0..names.len())
        .into_par_iter()
        .map(|row| mentions.mask_display_name(names.is_valid(row).then(|| names.value(row))?))
        .collect();
    let number = masked.iter().flatten().count() as u64;
    if number > 0 {
        let shown = names.iter().zip(&masked).map(|(name, masked)| masked.as_deref().or(name));
        *names = shown.collect();
    }
    number
}

/// What the place of a segment says of it.
#[derive(Clone, Copy, Default)]
struct Place {
    /// It is the first segment of a path, or the value of a parameter.
    is_first: bool,
    /// It stands after a word that names accounts.
    is_account: bool,
    /// The address has several numbers.
    has_numbers: bool,
    /// It is a word of a display name.
    in_name: bool,
}

impl Place {
    /// Whether a name counts that begins at byte `start` of a segment, or is all of it but for signs around it.
    fn counts(self, segment: &str, name: &str, start: usize, is_whole: bool) -> bool {
        let is_mention =
            segment[..start].ends_with('@') || segment[start + name.len()..].starts_with('@');
        if is_number(name) {
            let is_sure = self.in_name || self.has_numbers || name.len() >= UNIQUE_DIGITS;
            is_sure || is_mention || (is_whole && self.is_account)
        } else if name.chars().all(char::is_alphabetic) {
            let is_place = self.is_account || (self.is_first && !is_one_of(PATH_WORDS, name));
            is_mention || (is_whole && is_place)
        } else {
            true
        }
    }
}

/// The runs of a text between spaces and the signs that divide addresses.
fn segments(text: &str) -> impl Iterator<Item = Range<usize>> {
    runs(text, 0..text.len(), |c| !c.is_whitespace() && !"/?&=#;,|()[]{}<>\"'`\\!*".contains(c))
}

/// The runs of letters and digits of a segment.
fn parts(text: &str, segment: Range<usize>) -> Vec<Range<usize>> {
    runs(text, segment, char::is_alphanumeric).collect()
}

/// The longest runs of characters within a range that are all as `belongs` says.
fn runs(
    text: &str,
    within: Range<usize>,
    belongs: impl Fn(char) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let rest = &text[at..within.end];
        let start = at + rest.find(&belongs)?;
        let rest = &text[start..within.end];
        let end = start + rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        at = end;
        Some(start..end)
    })
}

/// The text with the ranges, in order, replaced; `None` if there is none.
fn masked(text: &str, ranges: &[Range<usize>]) -> Option<String> {
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        masked += &text[at..range.start];
        masked += REMOVED;
        at = range.end;
    }
    masked += &text[at..];
    (!ranges.is_empty()).then_some(masked)
}

/// The text in lower case, each character with as many bytes as before, so that places stay where they are.
fn lower(text: &str) -> String {
    let lower = |c: char| {
        let mut small = c.to_lowercase();
        match (small.next(), small.next()) {
            (Some(small), None) if small.len_utf8() == c.len_utf8() => small,
            _ => c,
        }
    };
    text.chars().map(lower).collect()
}

/// The text without signs around it, such as a leading `@`.
fn bare(name: &str) -> &str {
    name.trim_matches(|c: char| !c.is_alphanumeric())
}

/// An address without `https://` and the like.
fn without_scheme(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => rest,
        _ => text,
    }
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(names: &[&str]) -> Mentions {
        let mut mentions =
            Mentions { names: HashSet::new(), hasher: DefaultHashBuilder::default() };
        names.iter().for_each(|name| mentions.add(name, Scope::Network(0)));
        mentions
    }

    #[test]
    fn links_name_people_by_whole_tokens() {
        let out = mentions(&[
            "jane_doe",
            "alice",
            "watch",
            "@Carol",
            "did:plc:ab12",
            "998877",
            "71",
            "carol.bsky.social",
            "https://host.example/users/al",
        ]);
        for url in [
            "https://x.com/jane_doe/status/1",
            "https://x.com/JANE_DOE",
            "https://x.com/a?ref=jane_doe&b=1",
            "https://x.com/a#jane_doe",
            "https://x.com/fans-of-jane_doe.html",
            "https://x.com/jane%5Fdoe",
            "https://x.com/alice/status/1",
            "https://x.com/users/alice",
            "https://medium.com/story/@alice",
            "https://x.com/story?by=carol",
            "https://bsky.app/profile/did:plc:ab12/post/3k",
            "https://bsky.app/profile/did%3Aplc%3Aab12",
            "at://did:plc:ab12/app.bsky.feed.post/3k",
            "https://carol.bsky.social/",
            "https://x.com/user/998877",
            "https://x.com/photos/998877/4455",
            "https://host.example/users/al/statuses/4",
            "mailto:alice@host.example",
        ] {
            assert!(out.is_in_url(url), "{url}");
        }
        for url in [
            "https://x.com/jane_doe2",
            "https://x.com/news/alice-in-wonderland",
            "https://x.com/watch?v=abc",
            "https://x.com/questions/998877",
            "https://x.com/user/71",
            "https://did.example/plc",
            "https://host.example/users/all",
            "",
            "://",
            "%%%",
        ] {
            assert!(!out.is_in_url(url), "{url}");
        }
    }

    #[test]
    fn ids_of_posts_name_people_of_their_network() {
        let out = mentions(&["jane_doe", "998877", "did:plc:ab12"]);
        let mask = |id: &str| out.mask_post_id(0, id);
        assert_eq!(mask("jane_doe/4").unwrap(), "[removed]/4");
        assert_eq!(mask("4-Jane_Doe").unwrap(), "4-[removed]");
        assert_eq!(mask("998877_123").unwrap(), "[removed]_123");
        assert_eq!(mask("at://did:plc:ab12/x/3k").unwrap(), "at://[removed]/x/3k");
        assert_eq!(mask("998877"), None);
        assert_eq!(mask("t3_998877"), None);
        assert_eq!(out.mask_post_id(1, "jane_doe/4"), None);
    }

    #[test]
    fn display_names_keep_common_words() {
        let out = mentions(&["jane_doe", "alice", "998877", "person 12"]);
        let mask = |name: &str| out.mask_display_name(name);
        assert_eq!(mask("Fan of @Alice ❤").unwrap(), "Fan of @[removed] ❤");
        assert_eq!(mask("not jane_doe, Jane_Doe!").unwrap(), "not [removed], [removed]!");
        assert_eq!(mask("ſ 998877").unwrap(), "ſ [removed]");
        assert_eq!(mask("Person 12").unwrap(), "[removed]");
        for name in ["Alice Smith", "İ ẞ alice", "jane doe", "1998877", ""] {
            assert_eq!(mask(name), None, "{name}");
        }
    }
}
