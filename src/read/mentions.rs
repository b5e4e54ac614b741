//! Names of ineligible people in what eligible people publish: links, ids of posts, display names.
//!
//! A name is an account id, a handle or a person id. It counts as a whole token, whatever its case, its Unicode form and however
//! often it is percent-encoded: between `/ ? & = #` and the like, or as some of the parts that `_ . - : @` divide such a
//! segment into, as does a change to or from a script that is written without spaces (`@annさん`). Many names are common
//! words, and many numbers are ids of something else, so that
//!
//! - a name of letters alone counts only after `@`, or where an address names an account: as its first segment, as a sub-domain,
//!   after a word such as `users`, as the value of a parameter, or as the first part of the id of a post;
//! - a number counts only from six digits on, and only in these places, beside another number, or from twelve digits on;
//!   in display names from six digits on. The id of a post that is a number names the post;
//! - shorter names and numbers count only after `@`, or as all of a segment where an address names an account: as its first
//!   segment only from three characters on, and in ids of posts only if more follows.
//!
//! An account id that is an address counts where another address begins with it. A display name of several words counts within
//! longer ones, unless somebody eligible is called so too.
//!
//! Names are kept as hashes: time and memory are linear in the names and in the texts.

use std::borrow::Cow;
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
use super::mention_places::{
    Place, REMOVED, bare, is_number, lower, masked, parts, plain, segments, without_scheme,
};
use crate::error::Result;
use renown_graph::numbering::NONE;

/// Maximum number of parts of a segment that are a name together: a UUID has five.
const MAX_PARTS: usize = 8;
/// Maximum number of times that a name is percent-encoded.
const MAX_ENCODINGS: usize = 4;

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
#[derive(Default)]
pub(super) struct Mentions {
    names: HashSet<u64>,
    /// Display names of several words.
    display_names: HashSet<u64>,
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
    ) -> Result<Option<Self>> {
        let mut mentions = Self::default();
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
        if let Some(accounts) = accounts {
            let display_names = accounts.text("display_name")?;
            let rows = (0..directory.account_numbers() as u32).filter(|account| is_out(*account));
            for row in rows.filter_map(|account| accounts.row(account)) {
                if display_names.is_valid(row) {
                    mentions.add_display_name(display_names.value(row));
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
        Ok((!mentions.names.is_empty()).then_some(mentions))
    }

    fn add(&mut self, name: &str, scope: Scope) {
        let name = lower(&plain(name));
        let name = bare(without_scheme(&name));
        if !name.is_empty() {
            for scope in [scope, Scope::Any] {
                self.names.insert(self.hasher.hash_one((scope, name)));
            }
        }
    }

    fn add_display_name(&mut self, name: &str) {
        let text = lower(&plain(name));
        let words = parts(&text, 0..text.len());
        if words.len() > 1 {
            self.display_names.insert(self.hash_words(&text, &words));
        }
    }

    /// The hash of words of a text, whatever is between them.
    fn hash_words(&self, text: &str, words: &[Range<usize>]) -> u64 {
        let words: Vec<&str> = words.iter().map(|word| &text[word.clone()]).collect();
        self.hasher.hash_one(words)
    }

    fn is_name(&self, text: &str, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.names.contains(&self.hasher.hash_one((*scope, text))))
    }

    /// Whether a link names an ineligible person.
    pub(super) fn is_in_url(&self, url: &str) -> bool {
        !self.find_in_address(&lower(&plain(url)), &[Scope::Any]).is_empty()
    }

    /// The id of a post of a network without names of ineligible people; `None` if it has none.
    pub(super) fn mask_post_id(&self, network: u32, id: &str) -> Option<String> {
        if is_number(id) {
            return None;
        }
        let (id, scopes) = (plain(id), [Scope::Network(network), Scope::Person]);
        masked(&id, &self.find_in_address(&lower(&id), &scopes))
    }

    /// A display name without names of ineligible people; `None` if it has none. `common` are display names that do not count.
    fn mask_display_name(&self, name: &str, common: &HashSet<u64>) -> Option<String> {
        let name = plain(name);
        let text = lower(&name);
        let scopes = [Scope::Any];
        // A name of several words is no token.
        if text.contains(char::is_whitespace) && self.is_name(bare(&text), &scopes) {
            return Some(REMOVED.to_owned());
        }
        let place = Place { in_name: true, ..Place::default() };
        let mut found = self.find_display_names(&text, common);
        for word in segments(&text) {
            let within = self.find_in_segment(&text, word, place, &scopes);
            let is_new = |range: &Range<usize>| {
                !found.iter().any(|other| other.start < range.end && range.start < other.end)
            };
            let within: Vec<Range<usize>> = within.into_iter().filter(is_new).collect();
            found.extend(within);
        }
        found.sort_unstable_by_key(|range| range.start);
        masked(&name, &found)
    }

    /// The display names of ineligible people that others have too.
    fn common_names(&self, names: &LargeStringArray) -> HashSet<u64> {
        let names = names.iter().flatten().filter(|_| !self.display_names.is_empty());
        let hash = |name: &str| {
            let text = lower(&plain(name));
            self.hash_words(&text, &parts(&text, 0..text.len()))
        };
        names.map(hash).filter(|hash| self.display_names.contains(hash)).collect()
    }

    /// Where a display name holds others, the longest one at each place.
    fn find_display_names(&self, text: &str, common: &HashSet<u64>) -> Vec<Range<usize>> {
        let words = parts(text, 0..text.len());
        let (mut found, mut at) = (Vec::new(), 0);
        while at < words.len() && !self.display_names.is_empty() {
            let mut ends = (at + 2..=words.len().min(at + MAX_PARTS)).rev();
            let end = ends.find(|end| {
                let hash = self.hash_words(text, &words[at..*end]);
                self.display_names.contains(&hash) && !common.contains(&hash)
            });
            found.extend(end.map(|end| words[at].start..words[end - 1].end));
            at = end.unwrap_or(at + 1);
        }
        found
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
            let has_host = start > 0;
            let place = Place {
                // After the host, or in an id without one.
                is_first: at == usize::from(has_host) || text[..segment.start].ends_with('='),
                is_host: has_host && at == 0,
                begins_id: !has_host && at == 0,
                is_only: segments.len() == 1,
                has_numbers,
                ..Place::after(before)
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
        let mut decoded = Cow::Borrowed(&text[segment.clone()]);
        for _ in 0..MAX_ENCODINGS {
            if !decoded.contains('%') {
                break;
            }
            let inner = percent_decode_str(&decoded).decode_utf8_lossy();
            decoded = Cow::Owned(lower(&plain(&inner)));
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
    let common = mentions.common_names(names);
    let mask = |row: usize| {
        let name = names.is_valid(row).then(|| names.value(row))?;
        mentions.mask_display_name(name, &common)
    };
    let masked: Vec<Option<String>> = (0..names.len()).into_par_iter().map(mask).collect();
    let number = masked.iter().flatten().count() as u64;
    if number > 0 {
        let shown = names.iter().zip(&masked).map(|(name, masked)| masked.as_deref().or(name));
        *names = shown.collect();
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(names: &[&str]) -> Mentions {
        let mut mentions = Mentions::default();
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
            "bob",
            "u5",
            "李雷",
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
            "https://x.com/%256aane_doe",
            "https://x.com/ｊａｎｅ＿ｄｏｅ",
            "https://x.com/jane\u{200b}_doe",
            "https://alice.example.com/",
            "https://bob.example.com/",
            "https://x.com/@jane_doeさん",
            "https://x.com/@Bobさん",
            "https://x.com/bob",
            "https://x.com/李雷/1",
            "https://x.com/users/u5",
            "https://x.com/user/71",
        ] {
            assert!(out.is_in_url(url), "{url}");
        }
        for url in [
            "https://x.com/jane_doe2",
            "https://x.com/news/alice-in-wonderland",
            "https://x.com/watch?v=abc",
            "https://x.com/questions/998877",
            "https://x.com/71",
            "https://x.com/u5/1",
            "https://x.com/@bob_b",
            "https://x.com/a/bob",
            "https://watch.example.com/",
            "https://alice.com/",
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
        let out = mentions(&["jane_doe", "998877", "did:plc:ab12", "alice", "status", "u5", "71"]);
        let mask = |id: &str| out.mask_post_id(0, id);
        assert_eq!(mask("jane_doe/4").unwrap(), "[removed]/4");
        assert_eq!(mask("4-Jane_Doe").unwrap(), "4-[removed]");
        assert_eq!(mask("998877_123").unwrap(), "[removed]_123");
        assert_eq!(mask("at://did:plc:ab12/x/3k").unwrap(), "at://[removed]/x/3k");
        assert_eq!(mask("ALICE:0").unwrap(), "[removed]:0");
        assert_eq!(mask("%41lice-0").unwrap(), "[removed]");
        assert_eq!(mask("U5/4").unwrap(), "[removed]/4");
        assert_eq!(mask("71:4").unwrap(), "[removed]:4");
        for id in ["998877", "71", "u5", "4-alice", "status:4", "71_4", "post/71", "u5-4"] {
            assert_eq!(mask(id), None, "{id}");
        }
        assert_eq!(mask("t3_998877"), None);
        assert_eq!(out.mask_post_id(1, "jane_doe/4"), None);
    }

    #[test]
    fn display_names_keep_common_words() {
        let out = mentions(&["jane_doe", "alice", "998877", "person 12"]);
        let mask = |name: &str| out.mask_display_name(name, &HashSet::new());
        assert_eq!(mask("Fan of @Alice ❤").unwrap(), "Fan of @[removed] ❤");
        assert_eq!(mask("not jane_doe, Jane_Doe!").unwrap(), "not [removed], [removed]!");
        assert_eq!(mask("ſ 998877").unwrap(), "s [removed]");
        assert_eq!(mask("Person 12").unwrap(), "[removed]");
        for name in ["Alice Smith", "İ ẞ alice", "jane doe", "1998877", ""] {
            assert_eq!(mask(name), None, "{name}");
        }
    }
    #[test]
    fn display_names_within_others_count_unless_others_have_them() {
        let mut out = mentions(&["bob"]);
        out.add_display_name("Jane Canary");
        out.add_display_name("Maria Garcia");
        out.add_display_name("Cher");
        let before = [
            "Not Jane Canary!",
            "JANE_CANARY fan",
            "Maria Garcia",
            "Maria Garcia Lopez",
            "Cher fan",
            "@bobさん and bob",
        ];
        let mut names: LargeStringArray = before.iter().map(Some).collect();
        assert_eq!(mask_display_names(&mut names, &out), 3);
        let after: Vec<&str> = names.iter().flatten().collect();
        assert_eq!(after[..2], ["Not [removed]!", "[removed] fan"]);
        assert_eq!(after[2..5], before[2..5]);
        assert_eq!(after[5], "@[removed]さん and bob");
    }
}
