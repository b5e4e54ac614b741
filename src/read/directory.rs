//! All accounts that the inputs name, grouped into persons.
//!
//! Accounts with one `person_id` in `identities` are one person; an account without an identity is a person of its own,
//! with the id `network:account_id`.

use arrow::array::{LargeStringArray, LargeStringBuilder};
use rayon::prelude::*;

use super::accounts::Accounts;
use super::identities::Identities;
use super::ids::{NetworkId, PersonRef};
use crate::error::Error;
use crate::lists::Lists;
use renown_graph::numbering::NONE;

/// The accounts of a snapshot, grouped into persons; persons are numbered in order of their ids.
pub(super) struct Directory {
    /// Name of each network number.
    networks: Vec<Box<str>>,
    /// Network and id of each account number.
    accounts: Vec<NetworkId>,
    /// Person of each account number, [`NONE`] for accounts that only posts name.
    person_of: Vec<u32>,
    /// Whether `identities` has the account. Length: account numbers.
    linked: Vec<bool>,
    /// Person of each number of a person id of `identities`.
    linked_persons: Vec<u32>,
    /// Person ids, in the order before sorting.
    ids: LargeStringArray,
    /// Index into `ids` of each person.
    order: Vec<u32>,
    /// The account numbers of each person, sorted by (network, account id). Lists: persons.
    of_person: Lists<u32>,
}

/// What accounts are called: the texts of networks, accounts and persons by number.
pub(super) struct AccountTexts {
    pub(super) networks: Vec<Box<str>>,
    pub(super) accounts: Vec<NetworkId>,
    pub(super) persons: Vec<Box<str>>,
}

impl Directory {
    /// Groups the accounts that `accounts`, `identities`, or an interaction or follow (`observed`, by account number) name.
    /// `network_places` are the positions of the networks among their sorted names.
    pub(super) fn new(
        texts: AccountTexts,
        network_places: &[u32],
        accounts: Option<&Accounts>,
        identities: Option<&Identities>,
        observed: &[bool],
    ) -> Self {
        let AccountTexts { networks, accounts: keys, persons } = texts;
        let linked_person = |account: usize| identities.map_or(NONE, |i| i.person_of[account]);
        let linked: Vec<bool> =
            (0..keys.len()).map(|account| linked_person(account) != NONE).collect();
        let belongs = |account: usize| {
            let is_listed = || accounts.is_some_and(|all| all.row(account as u32).is_some());
            observed[account] || linked[account] || is_listed()
        };

        let mut ids = LargeStringBuilder::new();
        persons.iter().for_each(|id| ids.append_value(id));
        let (mut index_of, mut next) = (vec![NONE; keys.len()], persons.len() as u32);
        for (account, (network, id)) in keys.iter().enumerate() {
            if linked[account] {
                index_of[account] = linked_person(account);
            } else if belongs(account) {
                ids.append_value(format!("{}:{id}", networks[*network as usize]));
                index_of[account] = next;
                next += 1;
            }
        }
        let ids = ids.finish();
        let mut order: Vec<u32> = (0..next).collect();
        order.par_sort_unstable_by_key(|index| ids.value(*index as usize));
        let mut place_of = vec![0; order.len()];
        for (place, index) in (0..).zip(&order) {
            place_of[*index as usize] = place;
        }

        let person = |index: u32| if index == NONE { NONE } else { place_of[index as usize] };
        let person_of: Vec<u32> = index_of.into_iter().map(person).collect();
        let pairs = person_of.iter().copied().zip(0_u32..).filter(|(person, _)| *person != NONE);
        let mut of_person = Lists::grouped(order.len(), pairs);
        of_person.sort_each_by_key(|account| {
            let (network, id) = &keys[*account as usize];
            (network_places[*network as usize], id)
        });
        let linked_persons = place_of[..persons.len()].to_vec();
        Self { networks, accounts: keys, person_of, linked, linked_persons, ids, order, of_person }
    }

    /// Number of account numbers.
    pub(super) fn account_numbers(&self) -> usize {
        self.accounts.len()
    }

    /// Number of network numbers.
    pub(super) fn networks(&self) -> usize {
        self.networks.len()
    }

    /// Number of persons.
    pub(super) fn persons(&self) -> usize {
        self.order.len()
    }

    /// The id of a person.
    pub(super) fn person_id(&self, person: u32) -> &str {
        self.ids.value(self.order[person as usize] as usize)
    }

    /// The account numbers of a person, sorted by (network, account id).
    pub(super) fn accounts(&self, person: u32) -> &[u32] {
        self.of_person.of(person as usize)
    }

    /// The person of an account, [`NONE`] where only posts name it.
    pub(super) fn person_of(&self, account: u32) -> u32 {
        self.person_of[account as usize]
    }

    /// Whether `identities` has an account.
    pub(super) fn is_linked(&self, account: u32) -> bool {
        self.linked[account as usize]
    }

    /// The person ids of `identities`, in no order.
    pub(super) fn linked_person_ids(&self) -> impl Iterator<Item = &str> {
        (0..self.linked_persons.len()).map(|number| self.ids.value(number))
    }

    /// The names of all networks by number.
    pub(super) fn network_names(&self) -> &[Box<str>] {
        &self.networks
    }

    /// Number and name of the network of an account, and its id.
    pub(super) fn account(&self, account: u32) -> (u32, &str, &str) {
        let (network, id) = &self.accounts[account as usize];
        (*network, &self.networks[*network as usize], id)
    }

    /// The person that a row refers to.
    pub(super) fn person(&self, reference: PersonRef) -> Option<u32> {
        let person = match reference {
            PersonRef::Account(account) => self.person_of(account),
            PersonRef::Linked(number) => self.linked_persons[number as usize],
            PersonRef::Unlinked(account) if !self.is_linked(account) => self.person_of(account),
            PersonRef::Unlinked(_) | PersonRef::Unknown => NONE,
        };
        (person != NONE).then_some(person)
    }

    /// Violations that concern persons: ids used twice, and networks that make ids ambiguous. `interaction_source` is the
    /// input that names interacting accounts.
    pub(super) fn violations(&self, interaction_source: &str) -> Vec<Error> {
        let is_linked =
            |person: u32| (self.order[person as usize] as usize) < self.linked_persons.len();
        let same_id = |one: u32, other: u32| self.person_id(one) == self.person_id(other);
        let borrowed = (1..self.persons() as u32).filter(|other| {
            same_id(other - 1, *other) && is_linked(other - 1) != is_linked(*other)
        });
        let borrowed = borrowed.count() as u64;
        let with_colon: Vec<bool> = self.networks.iter().map(|name| name.contains(':')).collect();
        let colon = (0..self.persons() as u32).flat_map(|person| self.accounts(person));
        let colon = colon.filter(|account| with_colon[self.account(**account).0 as usize]);
        let colon = colon.count() as u64;
        let mut violations = Vec::new();
        if borrowed > 0 {
            let cause = format!(
                "input `identities`: {borrowed} person_ids are `network:account_id` of an account without an identity"
            );
            let remedy =
                "add a row that links that account to the person, or use another person_id";
            let violation = Error::bad_input(cause, remedy).in_table("identities");
            violations.push(violation.in_column("person_id").in_rows(borrowed));
        }
        if colon > 0 {
            let cause = format!(
                "input `{interaction_source}`: the network of {colon} accounts contains `:`, which separates network \
                 and account in ids"
            );
            let remedy = "use a name without it, in a SELECT";
            let violation = Error::bad_input(cause, remedy).in_table(interaction_source);
            violations.push(violation.in_column("network").in_rows(colon));
        }
        violations
    }
}
