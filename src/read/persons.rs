//! Persons and their numbers.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, LargeStringArray, RecordBatch, StringViewBuilder, UInt32Array,
};

use crate::error::{Error, Result};

/// Persons, their accounts and their vertices, numbered.
///
/// Persons are numbered in order of `ids`. A *vertex* is a person on one network; vertices are
/// numbered in order of (network, person), so that each network is one range of them.
pub struct Persons {
    /// Person ids, sorted; a person without an identity is `network:account_id`. Length: persons.
    pub ids: LargeStringArray,
    /// First display name among the person's accounts. Length: persons.
    pub display_names: LargeStringArray,
    /// First country among the person's accounts. Length: persons.
    pub countries: LargeStringArray,
    /// First language among the person's accounts. Length: persons.
    pub languages: LargeStringArray,
    /// Whether any account says that it is automated. Length: persons.
    pub automated: Vec<bool>,
    /// Names of the networks, sorted.
    pub networks: Vec<String>,
    /// Network of each account, in order of (person, network, account id). Length: accounts.
    pub account_networks: Vec<u32>,
    /// Id of each account. Length: accounts.
    pub account_ids: LargeStringArray,
    /// The accounts of person p are `account_offsets[p]..account_offsets[p + 1]`.
    pub account_offsets: Vec<usize>,
    /// Person of each vertex. Length: vertices.
    pub vertex_persons: Vec<u32>,
    /// The vertices of network n are `network_offsets[n]..network_offsets[n + 1]`.
    pub network_offsets: Vec<usize>,
}

impl Persons {
    /// Number of persons.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nobody may be scored.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of vertices, (network, person) pairs.
    pub fn vertices(&self) -> usize {
        self.vertex_persons.len()
    }

    /// The vertices of network `n`.
    pub fn network(&self, n: usize) -> Range<usize> {
        self.network_offsets[n]..self.network_offsets[n + 1]
    }

    /// The accounts of person `p`.
    pub fn accounts(&self, p: usize) -> Range<usize> {
        self.account_offsets[p]..self.account_offsets[p + 1]
    }
}

impl Persons {
    /// The table (network, account_id) → vertex.
    pub(super) fn vertex_of_accounts(&self) -> Result<RecordBatch> {
        let mut networks = StringViewBuilder::new().with_deduplicate_strings();
        let mut accounts = StringViewBuilder::new();
        let mut vertices = Vec::with_capacity(self.account_networks.len());
        for person in 0..self.len() {
            for account in self.accounts(person) {
                let network = self.account_networks[account] as usize;
                let range = self.network(network);
                let at = self.vertex_persons[range.clone()].binary_search(&(person as u32));
                let at = at.map_err(|_| Error::internal("an account without vertex"))?;
                networks.append_value(&self.networks[network]);
                accounts.append_value(self.account_ids.value(account));
                vertices.push((range.start + at) as u32);
            }
        }
        RecordBatch::try_from_iter([
            ("network", Arc::new(networks.finish()) as ArrayRef),
            ("account_id", Arc::new(accounts.finish()) as ArrayRef),
            ("vertex", Arc::new(UInt32Array::from(vertices)) as ArrayRef),
        ])
        .map_err(Error::internal)
    }
}
