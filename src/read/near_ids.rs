//! Ids of `consent` that no other input names, and that differ from one that is named only in how they are written.

use std::borrow::Cow;
use std::collections::HashMap;

use rayon::prelude::*;

use super::accounts::Accounts;
use super::consent::UnknownSubject;
use super::directory::Directory;

/// How an id is written differently, the plainest difference first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    Network,
    Spaces,
    Case,
    AtSign,
    Zeros,
    Decimal,
    Handle,
    Several,
}

impl Difference {
    pub(super) const ALL: [Self; 8] = [
        Self::Network,
        Self::Spaces,
        Self::Case,
        Self::AtSign,
        Self::Zeros,
        Self::Decimal,
        Self::Handle,
        Self::Several,
    ];

    /// In words that go on from "not found, likely because of".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Network => "the way the network is written",
            Self::Spaces => "spaces around the id",
            Self::Case => "upper and lower case",
            Self::AtSign => "a leading `@`",
            Self::Zeros => "leading zeros",
            Self::Decimal => "an ending `.0`",
            Self::Handle => "a handle in place of the account id",
            Self::Several => "several differences in how the id is written",
        }
    }
}

/// The difference of each of `unknown` from the account or person of the snapshot that is closest to it, if any is close.
pub(super) fn differences(
    unknown: &[UnknownSubject],
    directory: &Directory,
    accounts: Option<&Accounts>,
) -> Vec<Option<Difference>> {
    let mut found = vec![None; unknown.len()];
    if unknown.is_empty() {
        return found;
    }
    let wanted = Wanted::of(unknown);
    let on_network: Vec<Option<&Ids<'_>>> =
        directory.network_names().iter().map(|name| wanted.accounts.get(&*plain(name))).collect();
    let of_account = |number: u32| {
        let (network, name, id) = directory.account(number);
        let same = on_network[network as usize].and_then(|ids| ids.get(&*plain(id)));
        same.into_iter().flatten().map(move |(place, other_name, other_id)| {
            (*place, difference((other_name, other_id), (name, id)))
        })
    };
    let numbers = (0..directory.account_numbers() as u32).into_par_iter();
    let mut pairs: Vec<(u32, Difference)> = numbers.flat_map_iter(of_account).collect();
    for (account, handle) in accounts.into_iter().flat_map(Accounts::handles) {
        let network = directory.account(account).0;
        let same = on_network[network as usize].and_then(|ids| ids.get(&*plain(handle)));
        let places = same.into_iter().flatten().map(|(place, ..)| (*place, Difference::Handle));
        pairs.extend(places);
    }
    for id in directory.linked_person_ids() {
        let same = wanted.persons.get(&*plain(id)).into_iter().flatten();
        pairs.extend(same.map(|(place, _, other)| (*place, difference(("", other), ("", id)))));
    }
    for (place, difference) in pairs {
        let closest = &mut found[place as usize];
        *closest = Some(closest.map_or(difference, |before: Difference| before.min(difference)));
    }
    found
}

/// An id that is there.
#[derive(Clone, Copy)]
pub(super) struct KnownId<'a> {
    /// Empty for the id of a person.
    network: &'a str,
    pub(super) id: &'a str,
    /// What it is, where it is not what is looked for.
    instead: Option<&'static str>,
}

impl<'a> KnownId<'a> {
    pub(super) fn new(network: &'a str, id: &'a str) -> Self {
        Self { network, id, instead: None }
    }

    pub(super) fn handle(network: &'a str, id: &'a str) -> Self {
        Self { network, id, instead: Some(Difference::Handle.words()) }
    }

    /// Whether it is what is looked for: a person, or an account or post.
    pub(super) fn is_wanted(&self, of_persons: bool) -> bool {
        self.instead.is_none() && self.network.is_empty() == of_persons
    }

    /// An account where a person is looked for.
    pub(super) fn of_account(network: &'a str, id: &'a str, is_linked: bool) -> [Self; 2] {
        let linked = "the id of an account that `identities` links to a person";
        let alone = Some("an account id without its network in place of the person id");
        [
            Self { network, id, instead: is_linked.then_some(linked) },
            Self { network: "", id, instead: alone },
        ]
    }
}

/// What of `known` most likely differs from the ids that are looked for, (network, id), if any is close.
pub(super) fn likely_difference<'a>(
    wanted: impl Iterator<Item = (&'a str, &'a str)>,
    known: &[KnownId<'_>],
) -> Option<&'static str> {
    let mut by_id: HashMap<String, Vec<(&str, &str)>> = HashMap::new();
    for (network, id) in wanted {
        let mut add = |network, id| by_id.entry(plain(id).into()).or_default().push((network, id));
        add(network, id);
        // A person id may name an account.
        if let (true, Some((network, id))) = (network.is_empty(), id.split_once(':')) {
            add(network, id);
        }
    }
    let differences = known.iter().flat_map(|known| {
        let same = by_id.get(&*plain(known.id)).into_iter().flatten();
        let same = same.filter(|(network, _)| plain(network) == plain(known.network));
        same.filter_map(|wanted| match known.instead {
            Some(words) => Some((Difference::Several, words)),
            None if *wanted == (known.network, known.id) => None,
            None => {
                let difference = difference(*wanted, (known.network, known.id));
                Some((difference, difference.words()))
            }
        })
    });
    differences.min().map(|(_, words)| words)
}

/// Subjects by plain id: place, network and id as written.
type Ids<'a> = HashMap<String, Vec<(u32, &'a str, &'a str)>>;

/// The subjects to find.
#[derive(Default)]
struct Wanted<'a> {
    /// Accounts by plain network and id; a person id `network:account_id` is one too.
    accounts: HashMap<String, Ids<'a>>,
    persons: Ids<'a>,
}

impl<'a> Wanted<'a> {
    fn of(unknown: &'a [UnknownSubject]) -> Self {
        let mut wanted = Self::default();
        for (place, UnknownSubject { network, id }) in (0..).zip(unknown) {
            let account = match network {
                Some(network) => Some((&**network, &**id)),
                None => {
                    wanted.persons.entry(plain(id).into()).or_default().push((place, "", id));
                    id.split_once(':')
                }
            };
            if let Some((network, id)) = account {
                let ids = wanted.accounts.entry(plain(network).into()).or_default();
                ids.entry(plain(id).into()).or_default().push((place, network, id));
            }
        }
        wanted
    }
}

/// The id without what programs that handle ids commonly change: case, spaces around it, a leading `@`, leading zeros and the
/// `.0` of a number that was a float.
pub(super) fn plain(id: &str) -> Cow<'_, str> {
    let bare = without_zeros(without_decimal(without_at(trimmed(id))));
    match bare.chars().any(char::is_uppercase) {
        true => Cow::Owned(bare.to_lowercase()),
        false => Cow::Borrowed(bare),
    }
}

/// The id without spaces around it, visible or not.
pub(super) fn trimmed(id: &str) -> &str {
    id.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}'))
}

fn without_at(id: &str) -> &str {
    id.strip_prefix('@').unwrap_or(id)
}

fn without_decimal(id: &str) -> &str {
    let number = id.strip_suffix(".0").filter(|number| is_number(number));
    number.unwrap_or(id)
}

fn without_zeros(id: &str) -> &str {
    if !is_number(id) {
        return id;
    }
    let significant = id.trim_start_matches('0');
    if significant.is_empty() { "0" } else { significant }
}

fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// How two (network, id) with the same plain forms differ.
fn difference(one: (&str, &str), other: (&str, &str)) -> Difference {
    let ((network, one), (other_network, other)) = (one, other);
    if network != other_network {
        return if one == other { Difference::Network } else { Difference::Several };
    }
    let same = |of: fn(&str) -> &str| of(one) == of(other);
    if same(trimmed) {
        Difference::Spaces
    } else if one.to_lowercase() == other.to_lowercase() {
        Difference::Case
    } else if same(without_at) {
        Difference::AtSign
    } else if same(without_zeros) {
        Difference::Zeros
    } else if same(without_decimal) {
        Difference::Decimal
    } else {
        Difference::Several
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_names() {
        let of = |one: &str, other: &str| {
            assert_eq!(plain(one), plain(other), "{one} {other}");
            difference(("a", one), ("a", other))
        };
        assert_eq!(of(" u1\t", "u1"), Difference::Spaces);
        assert_eq!(of("U1", "u1"), Difference::Case);
        assert_eq!(of("u1", "@u1"), Difference::AtSign);
        assert_eq!(of("0071", "71"), Difference::Zeros);
        assert_eq!(of("1001.0", "1001"), Difference::Decimal);
        assert_eq!(of("@U1 ", "u1"), Difference::Several);
        assert_eq!(difference(("Twitter", "u1"), ("twitter", "u1")), Difference::Network);
        assert_eq!(difference(("Twitter", "U1"), ("twitter", "u1")), Difference::Several);
        assert_eq!((plain("000"), plain("x.0"), plain("@")), ("0".into(), "x.0".into(), "".into()));
    }
}
