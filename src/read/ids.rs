//! Text ids as numbers: networks, accounts, persons and posts are numbered once, as their rows are decoded.
//!
//! Which id gets which number depends on the threads, so nothing that is published may depend on it: persons, vertices and
//! posts are sorted by their texts at the end.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::columns::texts;
use crate::error::{Error, Result};
use renown_graph::numbering::{NONE, Numbering, TooManyIds};

/// Minimum number of rows that are numbered at once: numbering is faster in large batches.
pub(super) const BLOCK_ROWS: usize = 1 << 18;

/// A key of an account or a post: the number of its network, and its id there.
pub(super) type NetworkId = (u32, Box<str>);

/// The ids read so far, with their numbers.
#[derive(Default)]
pub(super) struct Ids {
    networks: Numbering<Box<str>>,
    accounts: Numbering<NetworkId>,
    /// The `person_id`s of `identities`.
    persons: Numbering<Box<str>>,
    /// The posts of `posts`, and those that they refer to.
    pub(super) posts: Numbering<NetworkId>,
    /// Tags of posts that are not phrases, as written.
    pub(super) tags: Numbering<Box<str>>,
}

/// How a row refers to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PersonRef {
    /// By the number of one of their accounts.
    Account(u32),
    /// By a `person_id` of `identities`, as its number.
    Linked(u32),
    /// By `network:account_id`, the person id of an account without an identity, as the number of the account.
    Unlinked(u32),
    /// By an id that no other input has.
    Unknown,
}

pub(super) fn too_many(table: &str) -> impl Fn(TooManyIds) -> Error {
    move |e| Error::bad_input(format!("input `{table}`: {e}"), "split the job by network")
}

impl Ids {
    /// The number of the network of each row.
    pub(super) fn networks(&self, block: &[RecordBatch]) -> Result<Vec<u32>> {
        let mut numbered: HashMap<&str, u32> = HashMap::new();
        let mut numbers = Vec::new();
        for name in texts(block, "network")?.flatten() {
            let number = match numbered.get(name) {
                Some(number) => *number,
                None => {
                    let number = self.networks.number(&[name]).map_err(too_many("networks"))?[0];
                    numbered.insert(name, number);
                    number
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }

    /// The number of the account in the column of each row.
    pub(super) fn accounts(
        &self,
        block: &[RecordBatch],
        networks: &[u32],
        column: &str,
    ) -> Result<Vec<u32>> {
        let ids = texts(block, column)?.flatten();
        let keys: Vec<(u32, &str)> = networks.iter().copied().zip(ids).collect();
        self.accounts.number(&keys).map_err(too_many("accounts"))
    }

    /// The number of the person id of each row of `identities`.
    pub(super) fn persons(&self, block: &[RecordBatch]) -> Result<Vec<u32>> {
        let ids: Vec<&str> = texts(block, "person_id")?.flatten().collect();
        self.persons.number(&ids).map_err(too_many("identities"))
    }

    /// The number of each (network, account id), [`NONE`] where no row read before has it.
    pub(super) fn find_accounts(&self, keys: &[(&str, &str)]) -> Vec<u32> {
        let mut found: HashMap<&str, u32> = HashMap::new();
        let mut network =
            |name| *found.entry(name).or_insert_with(|| self.networks.find(&[name])[0]);
        let keys: Vec<(u32, &str)> = keys.iter().map(|(name, id)| (network(*name), *id)).collect();
        self.accounts.find(&keys)
    }

    /// The person that each id refers to.
    pub(super) fn find_persons(&self, ids: &[&str]) -> Vec<PersonRef> {
        let linked = self.persons.find(ids);
        // The name of a network has no colon; the id of an account may have one.
        let keys = ids.iter().map(|id| id.split_once(':').unwrap_or_default());
        let unlinked = self.find_accounts(&keys.collect::<Vec<_>>());
        let reference = |(linked, unlinked): (u32, u32)| match (linked, unlinked) {
            (NONE, NONE) => PersonRef::Unknown,
            (NONE, account) => PersonRef::Unlinked(account),
            (person, _) => PersonRef::Linked(person),
        };
        linked.into_iter().zip(unlinked).map(reference).collect()
    }

    /// The texts of all numbers.
    pub(super) fn into_texts(self) -> IdTexts {
        fn by_number<K: Send>(mut keys: Vec<(K, u32)>) -> Vec<K> {
            keys.par_sort_unstable_by_key(|(_, number)| *number);
            keys.into_iter().map(|(key, _)| key).collect()
        }
        let networks = by_number(self.networks.into_keys());
        let mut order: Vec<usize> = (0..networks.len()).collect();
        order.sort_unstable_by_key(|number| &networks[*number]);
        let mut network_places = vec![0; networks.len()];
        for (place, number) in (0..).zip(order) {
            network_places[number] = place;
        }
        IdTexts {
            networks,
            network_places,
            accounts: by_number(self.accounts.into_keys()),
            persons: by_number(self.persons.into_keys()),
            posts: self.posts.into_keys(),
            tags: self.tags.into_keys(),
        }
    }
}

/// The texts of [`Ids`], once all rows are read.
#[derive(Default)]
pub(super) struct IdTexts {
    /// Name of each network number.
    pub(super) networks: Vec<Box<str>>,
    /// Position of each network number among the sorted names.
    pub(super) network_places: Vec<u32>,
    /// Network and id of each account number.
    pub(super) accounts: Vec<NetworkId>,
    /// Person id of each number.
    pub(super) persons: Vec<Box<str>>,
    /// Posts with their numbers, in no order.
    pub(super) posts: Vec<(NetworkId, u32)>,
    /// Tags with their numbers, in no order.
    pub(super) tags: Vec<(Box<str>, u32)>,
}
