//! The persons who are scored, with their accounts and vertices over dense indices.

use std::borrow::Cow;

use arrow::array::{Array, LargeStringArray, LargeStringBuilder};

use super::accounts::Accounts;
use super::directory::Directory;
use super::eligibility::Eligibility;
use super::ids::PersonRef;
use crate::error::Result;
use crate::job::UnprovenRule;
use crate::lists::Lists;
use crate::model::{IneligibleIds, NetworkIndex, OrNone, PersonIndex, Persons, VertexIndex};
use renown_graph::numbering::NONE;

/// The scored persons, and how to find them.
pub(super) struct NumberedPersons {
    pub(super) persons: Persons,
    /// Vertex of each account number; none for accounts that are not scored.
    pub(super) vertex_of: Vec<OrNone<VertexIndex>>,
    /// Account number of each account of `persons`.
    pub(super) accounts: Vec<u32>,
    /// The scored persons that each person of the directory is: several where its accounts are not proven to be one person's.
    /// Lists: persons of the directory.
    indices_of: Lists<PersonIndex>,
    /// Accounts that are persons of their own though `identities` links them to another.
    pub(super) separated: u64,
}

impl NumberedPersons {
    /// The eligible persons with an account that appears, in order of their ids; one that is linked to others and
    /// not proven to be theirs is treated by the rule `unproven`.
    pub(super) fn new(
        directory: &Directory,
        eligibility: &Eligibility<'_>,
        listed: Option<&Accounts>,
        unproven: UnprovenRule,
        is_proven: impl Fn(u32) -> bool,
    ) -> Result<Self> {
        let is_separate = |account: u32| unproven == UnprovenRule::Separate && !is_proven(account);
        let scored = Scored::of(directory, eligibility, is_separate);
        let separated = scored.iter().filter(|own| own.is_separate).count() as u64;
        let (mut ids, mut opted_in) = (LargeStringBuilder::new(), Vec::new());
        let (mut accounts, mut account_offsets) = (Vec::new(), vec![0]);
        for own in &scored {
            ids.append_value(&own.id);
            opted_in.push(eligibility.opted_in(own.person));
            accounts.extend(&own.accounts);
            account_offsets.push(accounts.len());
        }
        let indices = scored.iter().map(|own| own.person).zip((0..).map(PersonIndex::new));
        let indices_of = Lists::grouped(directory.persons(), indices);
        let networks = Networks::of(directory, &accounts);
        let account_networks: Vec<NetworkIndex> =
            accounts.iter().map(|account| networks.index(directory, *account)).collect();
        let vertices = Vertices::of(networks.names.len(), &account_networks, &account_offsets);
        let mut vertex_of = vec![OrNone::NONE; directory.account_numbers()];
        for (account, vertex) in accounts.iter().zip(vertices.of_accounts) {
            vertex_of[*account as usize] = Some(vertex).into();
        }
        let profiles = Profiles { accounts: &accounts, offsets: &account_offsets, listed };
        let account_ids = accounts.iter().map(|account| directory.account(*account).2);
        let persons = Persons {
            ids: ids.finish(),
            display_names: profiles.first_text("display_name")?,
            countries: profiles.first_text("country")?,
            languages: profiles.first_text("language")?,
            automated: profiles.any("is_automated")?,
            opted_in,
            networks: networks.names,
            account_networks,
            account_ids: LargeStringArray::from_iter_values(account_ids),
            // One that stands alone is its person.
            account_proven: accounts
                .iter()
                .map(|account| unproven == UnprovenRule::Separate || is_proven(*account))
                .collect(),
            account_handles: profiles.handles(),
            account_offsets,
            vertex_persons: vertices.persons,
            network_offsets: vertices.network_offsets,
            ineligible: IneligibleIds::default(),
        };
        Ok(Self { persons, vertex_of, accounts, indices_of, separated })
    }

    /// The scored person that a row refers to. An account that is not scored itself refers to no one.
    pub(super) fn find(&self, directory: &Directory, reference: PersonRef) -> Option<PersonIndex> {
        match reference {
            PersonRef::Account(account) => {
                let vertex = self.vertex_of[account as usize].get()?;
                Some(self.persons.person_of(vertex))
            }
            // Of a person whose accounts are several the one that has its id.
            _ => {
                let person = directory.person(reference)?;
                let has_id = |index: &&PersonIndex| {
                    self.persons.ids.value(index.index()) == directory.person_id(person)
                };
                self.indices_of(person).iter().find(has_id).copied()
            }
        }
    }

    /// The scored persons that a person of the directory is.
    pub(super) fn indices_of(&self, person: u32) -> &[PersonIndex] {
        self.indices_of.of(person as usize)
    }
}

/// A person to score.
struct Scored<'a> {
    id: Cow<'a, str>,
    /// The person of the directory.
    person: u32,
    /// Account numbers, sorted by (network, account id).
    accounts: Vec<u32>,
    /// Whether it is an account that is linked to others without proof.
    is_separate: bool,
}

impl<'a> Scored<'a> {
    /// The eligible persons with an account that appears, in order of their ids.
    fn of(
        directory: &'a Directory,
        eligibility: &Eligibility<'_>,
        is_separate: impl Fn(u32) -> bool,
    ) -> Vec<Self> {
        let mut all = Vec::with_capacity(directory.persons());
        let mut any_separate = false;
        for person in 0..directory.persons() as u32 {
            let appearing = directory.accounts(person).iter().copied();
            let appearing =
                appearing.filter(|a| eligibility.is_eligible(*a) && eligibility.appears(*a));
            let (separate, accounts): (Vec<u32>, Vec<u32>) =
                appearing.partition(|a| is_separate(*a));
            any_separate |= !separate.is_empty();
            if !accounts.is_empty() {
                let id = Cow::Borrowed(directory.person_id(person));
                all.push(Self { id, person, accounts, is_separate: false });
            }
            all.extend(separate.into_iter().map(|account| {
                let (_, network, id) = directory.account(account);
                let id = Cow::Owned(format!("{network}:{id}"));
                Self { id, person, accounts: vec![account], is_separate: true }
            }));
        }
        if any_separate {
            all.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        }
        all
    }
}

/// The networks with scored accounts.
struct Networks {
    /// Names, sorted.
    names: Vec<String>,
    /// Index into `names` of each network number.
    index_of: Vec<u32>,
}

impl Networks {
    fn of(directory: &Directory, accounts: &[u32]) -> Self {
        let mut used: Vec<(&str, u32)> = Vec::new();
        let mut is_used = vec![false; directory.networks()];
        for account in accounts {
            let (number, name, _) = directory.account(*account);
            if !std::mem::replace(&mut is_used[number as usize], true) {
                used.push((name, number));
            }
        }
        used.sort_unstable();
        let mut index_of = vec![NONE; is_used.len()];
        for (index, (_, number)) in (0..).zip(&used) {
            index_of[*number as usize] = index;
        }
        Self { names: used.into_iter().map(|(name, _)| name.to_owned()).collect(), index_of }
    }

    fn index(&self, directory: &Directory, account: u32) -> NetworkIndex {
        NetworkIndex::new(self.index_of[directory.account(account).0 as usize] as usize)
    }
}

/// Vertices, (network, person) pairs in this order.
struct Vertices {
    /// Person of each vertex.
    persons: Vec<PersonIndex>,
    /// The vertices of network n are `network_offsets[n]..network_offsets[n + 1]`.
    network_offsets: Vec<usize>,
    /// Vertex of each account.
    of_accounts: Vec<VertexIndex>,
}

impl Vertices {
    /// The accounts of person p are `account_offsets[p]..account_offsets[p + 1]`, sorted by network.
    fn of(networks: usize, account_networks: &[NetworkIndex], account_offsets: &[usize]) -> Self {
        let mut by_network: Vec<Vec<PersonIndex>> = vec![vec![]; networks];
        let mut place_of = Vec::with_capacity(account_networks.len());
        let all = (0..).map(PersonIndex::new);
        for (person, ends) in all.zip(account_offsets.windows(2)) {
            for network in &account_networks[ends[0]..ends[1]] {
                let persons = &mut by_network[network.index()];
                if persons.last() != Some(&person) {
                    persons.push(person);
                }
                place_of.push(persons.len() - 1);
            }
        }
        let mut network_offsets = vec![0];
        for persons in &by_network {
            network_offsets.push(network_offsets[network_offsets.len() - 1] + persons.len());
        }
        let vertex = |(network, place): (&NetworkIndex, usize)| {
            VertexIndex::new(network_offsets[network.index()] + place)
        };
        let of_accounts = account_networks.iter().zip(place_of).map(vertex).collect();
        Self { persons: by_network.concat(), network_offsets, of_accounts }
    }
}

/// What `accounts` says about the accounts of each person.
struct Profiles<'a> {
    /// Account numbers of all persons, one after the other.
    accounts: &'a [u32],
    /// The accounts of person p are `offsets[p]..offsets[p + 1]`.
    offsets: &'a [usize],
    listed: Option<&'a Accounts>,
}

impl Profiles<'_> {
    /// The rows of each person's accounts that `accounts` lists.
    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let row = |account: &u32| self.listed.and_then(|listed| listed.row(*account));
        self.offsets
            .windows(2)
            .map(move |ends| self.accounts[ends[0]..ends[1]].iter().filter_map(row))
    }

    /// The first text of each person that is not empty.
    fn first_text(&self, column: &str) -> Result<LargeStringArray> {
        let Some(listed) = self.listed else {
            return Ok(std::iter::repeat_n(None::<&str>, self.offsets.len() - 1).collect());
        };
        let texts = listed.text(column)?;
        let is_set = |row: &usize| texts.is_valid(*row) && !texts.value(*row).is_empty();
        let first = self.rows().map(|mut rows| rows.find(is_set).map(|row| texts.value(row)));
        Ok(first.collect())
    }

    /// The handle of each account; of several the first in the order of texts.
    fn handles(&self) -> LargeStringArray {
        let numbers = self.accounts.iter().max().map_or(0, |last| *last as usize + 1);
        let mut handle_of: Vec<Option<&str>> = vec![None; numbers];
        for (account, handle) in self.listed.iter().flat_map(|listed| listed.handles()) {
            if let Some(first) = handle_of.get_mut(account as usize)
                && !handle.is_empty()
                && first.is_none_or(|first| handle < first)
            {
                *first = Some(handle);
            }
        }
        self.accounts.iter().map(|account| handle_of[*account as usize]).collect()
    }

    /// Whether any account of each person has the flag.
    fn any(&self, column: &str) -> Result<Vec<bool>> {
        let Some(listed) = self.listed else { return Ok(vec![false; self.offsets.len() - 1]) };
        let flags = listed.flags(column)?;
        Ok(self.rows().map(|mut rows| rows.any(|row| flags.value(row))).collect())
    }
}
