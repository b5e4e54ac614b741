//! By what a person is found: ids and accounts where a column names people, and the same within any other text where they are so
//! distinctive that they can mean nobody else.

use std::collections::BTreeSet;

use memchr::memmem;

/// Shortest id that is looked for within texts, unless it names its network.
const MIN_LENGTH: usize = 6;
/// Fewest digits of an id that is looked for within texts; words of the language or of Renown have fewer.
const MIN_DIGITS: usize = 3;

/// By what a person is found.
#[derive(Clone, Debug, Default)]
pub(super) struct Traces {
    /// Person ids.
    pub ids: BTreeSet<String>,
    /// Accounts, each `network:account_id`.
    pub accounts: BTreeSet<String>,
    /// Handles in lower case, which are segments of addresses.
    handles: BTreeSet<String>,
    /// What is looked for within texts.
    tokens: BTreeSet<String>,
}

/// What a column may hold, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Ids of people or accounts, each a whole value.
    People,
    /// Ids of accounts, each with its network in another column.
    Account,
    /// Words of the job, of the method, of an ontology or of Renown.
    Vocabulary,
    /// Anything else.
    Anything,
}

impl Holds {
    /// What a column of this name may hold; a column that no contract knows may hold anything.
    pub(super) fn of(column: &str) -> Self {
        const VOCABULARY: [&str; 38] = [
            "ancestors",
            "attack",
            "baseline",
            "cause",
            "check",
            "cohort",
            "country",
            "finding",
            "flags",
            "gates",
            "group_by",
            "job",
            "judged_by",
            "language",
            "measure",
            "method",
            "metric",
            "name",
            "network",
            "networks",
            "path",
            "population",
            "predictor",
            "profile",
            "profiles",
            "rows",
            "rule",
            "run_id",
            "scored_by",
            "style",
            "subject",
            "table",
            "target",
            "topic_id",
            "trust_networks",
            "unit",
            "variant",
            "verdict",
        ];
        match column {
            "account_id" => Self::Account,
            "accounts" | "examples" | "influencer_id" | "influenced_id" | "reactor_ids" => {
                Self::People
            }
            _ if column.ends_with("person_id") || column.ends_with("person_ids") => Self::People,
            _ if column.ends_with("_version") || column.ends_with("_sha256") => Self::Vocabulary,
            _ if VOCABULARY.contains(&column) => Self::Vocabulary,
            _ => Self::Anything,
        }
    }
}

impl Traces {
    pub(super) fn new(ids: BTreeSet<String>, accounts: BTreeSet<String>) -> Self {
        let bare = accounts.iter().filter_map(|account| account.split_once(':')).map(|(_, id)| id);
        let all = ids.iter().chain(&accounts).map(String::as_str).chain(bare);
        let tokens = all.filter(|text| is_distinctive(text)).map(str::to_owned).collect();
        Self { ids, accounts, handles: BTreeSet::new(), tokens }
    }

    /// Adds a handle of the person.
    pub(super) fn add_handle(&mut self, handle: &str) {
        let handle = handle.trim_start_matches('@').to_lowercase();
        if !handle.is_empty() {
            self.handles.insert(handle);
        }
    }

    /// Whether a value of a column of people is an id or account of the person.
    pub(super) fn is_person(&self, value: &str) -> bool {
        self.ids.contains(value) || self.accounts.contains(value)
    }

    /// Whether the account `id` of a network is one of the person's.
    pub(super) fn is_account(&self, network: &str, id: &str) -> bool {
        self.accounts.contains(&format!("{network}:{id}"))
    }

    /// Whether a value of a column that may hold anything holds the person.
    pub(super) fn occur_in(&self, text: &str) -> bool {
        self.tokens.iter().any(|token| has_token(text.as_bytes(), token.as_bytes()))
            || self.is_in_address(text)
    }

    /// Whether a segment of an address is a handle or an account id of the person.
    fn is_in_address(&self, text: &str) -> bool {
        let mut addresses = text.split_whitespace().filter_map(|word| word.split_once("://"));
        addresses.any(|(_, address)| {
            let segments = address.split(['/', '?', '#', '&', '=']).skip(1);
            let mut segments =
                segments.map(|segment| segment.trim_start_matches('@').to_lowercase());
            segments.any(|segment| self.handles.contains(&segment))
        })
    }

    /// Whether a value holds the person, in a column of this name.
    pub(super) fn are_in(&self, holds: Holds, value: &str) -> bool {
        match holds {
            Holds::People => self.is_person(value),
            // Which network it is of is known by the row.
            Holds::Account | Holds::Vocabulary => false,
            Holds::Anything => self.occur_in(value),
        }
    }
}

/// Whether a text can mean nobody else: it names its network or server, or is long and has digits.
fn is_distinctive(text: &str) -> bool {
    let named = text.split_once([':', '@']);
    if named.is_some_and(|(front, back)| !front.is_empty() && !back.is_empty()) {
        return true;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    text.len() >= MIN_LENGTH && digits >= MIN_DIGITS
}

/// Whether `token` occurs in `text` and is no part of a longer id.
fn has_token(text: &[u8], token: &[u8]) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_-@".contains(&byte);
    // A full stop ends a sentence, or goes on with an id or a number.
    let goes_on = |next: Option<u8>, after: Option<u8>| match next {
        Some(b'.') => after.is_some_and(|byte| byte.is_ascii_alphanumeric()),
        next => next.is_some_and(is_part),
    };
    memmem::find_iter(text, token).any(|start| {
        let at = |place: Option<usize>| place.and_then(|place| text.get(place).copied());
        let end = start + token.len();
        let before = goes_on(at(start.checked_sub(1)), at(start.checked_sub(2)));
        !before && !goes_on(at(Some(end)), at(Some(end + 1)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces() -> Traces {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        let mut traces = Traces::new(texts(&["p1", "net:ann"]), texts(&["net:ann", "b:783214"]));
        traces.add_handle("@Ann_K");
        traces
    }

    #[test]
    fn ids_are_whole_values_where_people_are_named() {
        let traces = traces();
        for (value, expected) in [
            ("p1", true),
            ("net:ann", true),
            ("net:ann.b", false),
            ("p10", false),
            ("783214", false),
        ] {
            assert_eq!(traces.are_in(Holds::of("person_id"), value), expected, "{value}");
        }
        assert!(traces.is_account("b", "783214") && !traces.is_account("net", "783214"));
    }

    #[test]
    fn distinctive_ids_are_found_within_texts_and_no_parts_of_others() {
        let traces = traces();
        for (text, expected) in [
            ("post/783214/9", true),
            ("net:ann.", true),
            ("(net:ann)", true),
            ("net:ann.b", false),
            ("net:anna", false),
            ("0.783214", false),
            ("1783214", false),
            ("783214-2", false),
            ("p1", false),
            ("https://x.example/ann_k/status/1", true),
            ("https://m.example/@ann_k", true),
            ("https://ann_k.example/", false),
            ("ann_k", false),
        ] {
            assert_eq!(traces.are_in(Holds::of("urls"), text), expected, "{text}");
        }
        assert!(!traces.are_in(Holds::of("method"), "net:ann"));
        assert!(traces.are_in(Holds::of("examples"), "p1"));
        assert!(!traces.are_in(Holds::of("rows"), "783214"));
    }
}
