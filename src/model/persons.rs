//! Persons and their indices.

use std::ops::Range;

use arrow::array::{Array, LargeStringArray};
use rayon::prelude::*;

use super::indices::{NetworkIndex, PersonIndex, VertexIndex};
use super::ineligible_ids::IneligibleIds;
use crate::digest::{Digest, Digestible};
use crate::lists::Lists;

/// Persons, their accounts and their vertices.
///
/// Persons are in order of `ids`. A *vertex* is a person on one network; vertices are in order of (network, person), so that
/// each network is one range of them.
pub struct Persons {
    /// Person ids, sorted; a person without an identity is `network:account_id`. Length: persons.
    pub ids: LargeStringArray,
    /// First display name among the person's accounts. Length: persons.
    pub display_names: LargeStringArray,
    /// First country among the person's accounts. Length: persons.
    pub countries: LargeStringArray,
    /// First language among the person's accounts. Length: persons.
    pub languages: LargeStringArray,
    /// Whether any account is marked as automated. Length: persons.
    pub automated: Vec<bool>,
    /// Whether the person opted in with every account, whatever the job's rule; without a statement they did not.
    /// Length: persons.
    pub opted_in: Vec<bool>,
    /// Names of the networks, sorted.
    pub networks: Vec<String>,
    /// Network of each account, sorted by (person, network, account id). Length: accounts.
    pub account_networks: Vec<NetworkIndex>,
    /// Id of each account. Length: accounts.
    pub account_ids: LargeStringArray,
    /// Whether each account is proven to be the person's: others bring no standing. Length: accounts.
    pub account_proven: Vec<bool>,
    /// Handle of each account, where `accounts` states one. Length: accounts.
    pub account_handles: LargeStringArray,
    /// The accounts of person p are `account_offsets[p]..account_offsets[p + 1]`.
    pub account_offsets: Vec<usize>,
    /// Person of each vertex. Length: vertices.
    pub vertex_persons: Vec<PersonIndex>,
    /// The vertices of network n are `network_offsets[n]..network_offsets[n + 1]`.
    pub network_offsets: Vec<usize>,
    /// Who is not scored, gives no labels, and was scored by the last run no longer.
    pub ineligible: IneligibleIds,
}

impl Persons {
    /// So many persons of one network, one vertex each, without accounts and names: what a graph of them takes.
    pub fn unnamed(network: String, persons: usize) -> Self {
        let nothing = || LargeStringArray::new_null(persons);
        Self {
            ids: nothing(),
            display_names: nothing(),
            countries: nothing(),
            languages: nothing(),
            automated: vec![false; persons],
            opted_in: vec![false; persons],
            networks: vec![network],
            account_networks: vec![],
            account_ids: LargeStringArray::new_null(0),
            account_proven: vec![],
            account_handles: LargeStringArray::new_null(0),
            account_offsets: vec![0; persons + 1],
            vertex_persons: (0..persons).map(PersonIndex::new).collect(),
            network_offsets: vec![0, persons],
            ineligible: IneligibleIds::default(),
        }
    }

    /// Number of persons.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no person is eligible.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Number of vertices, (network, person) pairs.
    pub fn vertices(&self) -> usize {
        self.vertex_persons.len()
    }

    /// The person of each vertex, in order of vertex.
    pub fn by_vertex(&self) -> impl Iterator<Item = (VertexIndex, PersonIndex)> + Clone {
        let persons = self.vertex_persons.iter().enumerate();
        persons.map(|(vertex, person)| (VertexIndex::new(vertex), *person))
    }

    /// The person of a vertex.
    pub fn person_of(&self, vertex: VertexIndex) -> PersonIndex {
        self.vertex_persons[vertex.index()]
    }

    /// Where the vertices of a network stand in arrays over all vertices.
    pub fn network(&self, network: NetworkIndex) -> Range<usize> {
        self.network_offsets[network.index()]..self.network_offsets[network.index() + 1]
    }

    /// The network of a vertex.
    pub fn network_of(&self, vertex: VertexIndex) -> NetworkIndex {
        let vertex = vertex.index();
        NetworkIndex::new(self.network_offsets.partition_point(|start| *start <= vertex) - 1)
    }

    /// The name of the network of a vertex.
    pub fn network_name(&self, vertex: VertexIndex) -> &str {
        &self.networks[self.network_of(vertex).index()]
    }

    /// The vertices of each person, ascending. Lists: persons.
    pub fn vertices_by_person(&self) -> Lists<VertexIndex> {
        Lists::grouped(self.len(), self.by_vertex().map(|(vertex, person)| (person, vertex)))
    }

    /// Sum of a vertex value over the networks of each person, in order of network; `values` has the length of vertices.
    /// Length: persons.
    pub fn sum_by_person(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.len()];
        for (person, value) in self.vertex_persons.iter().zip(values) {
            sums[person.index()] += value;
        }
        sums
    }

    /// Where the accounts of a person stand in arrays over all accounts.
    pub fn accounts(&self, person: PersonIndex) -> Range<usize> {
        self.account_offsets[person.index()]..self.account_offsets[person.index() + 1]
    }

    /// The vertex of a person on a network where it has an account.
    pub fn vertex(&self, network: NetworkIndex, person: PersonIndex) -> Option<VertexIndex> {
        let range = self.network(network);
        let at = self.vertex_persons[range.clone()].binary_search(&person).ok()?;
        Some(VertexIndex::new(range.start + at))
    }

    /// All accounts with their persons, in order of (network, account id).
    pub fn accounts_by_id(&self) -> Vec<(usize, PersonIndex)> {
        let persons = (0..self.len()).map(PersonIndex::new);
        let mut all: Vec<(usize, PersonIndex)> = persons
            .flat_map(|person| self.accounts(person).map(move |account| (account, person)))
            .collect();
        all.par_sort_unstable_by_key(|(account, _)| {
            (self.account_networks[*account], self.account_ids.value(*account))
        });
        all
    }

    /// The name of the network of an account.
    pub fn account_network(&self, account: usize) -> &str {
        &self.networks[self.account_networks[account].index()]
    }
}

/// Who agreed to be scored is left out: cohorts alone show it, and a run digests it where it has any.
impl Digestible for Persons {
    fn digest(&self, to: &mut Digest) {
        let Self {
            ids,
            display_names,
            countries,
            languages,
            automated,
            opted_in: _,
            networks,
            account_networks,
            account_ids,
            // It acts through how long people are known.
            account_proven: _,
            account_handles,
            account_offsets,
            // These follow from the accounts.
            vertex_persons: _,
            network_offsets: _,
            // No table shows it.
            ineligible: _,
        } = self;
        [ids, display_names, countries, languages].into_iter().for_each(|texts| to.add(texts));
        to.add(automated);
        to.add(networks);
        to.add(account_networks);
        to.add(account_ids);
        to.add(account_handles);
        to.add(account_offsets);
    }
}
