//! The rows of `consent`: statements of accounts and persons, on being scored and on single topics.
//!
//! Of two statements of one account or person the later counts; of two at the same instant the refusal. A refusal counts
//! whenever it was made, a statement `opted_in` only before the cutoff.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::TimestampMicrosecondType;
use rayon::prelude::*;

use super::columns::{texts, uneven, values};
use super::directory::Directory;
use super::ids::{BLOCK_ROWS, Ids, PersonRef};
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::Result;
use crate::model::{ConsentCounts, PersonIndex, Refusals};
use crate::phrases::TopicFinder;
use renown_graph::numbering::NONE;

/// Whom a statement is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// An account or person that another input names.
    Named(PersonRef),
    /// One that no other input names, as its place in [`ConsentRows::unknown`].
    Unknown(u32),
}

/// One statement of one account or person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    subject: Subject,
    at_us: i64,
    refuses: bool,
    /// Place of the network in [`ConsentRows::networks`].
    network: u32,
}

/// An account or person that no other input names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct UnknownSubject {
    /// The network of an account; `None` for a person.
    pub(super) network: Option<Box<str>>,
    /// Id of the account or person.
    pub(super) id: Box<str>,
}

/// The rows of `consent` as read. A row that names both an account and a person is two statements.
#[derive(Default)]
pub(super) struct ConsentRows {
    /// Networks of statements, each once; `None` for those that name a person.
    networks: Vec<Option<Box<str>>>,
    /// Accounts and persons that no other input names, each once.
    unknown: Vec<UnknownSubject>,
    /// Statements on being scored.
    on_scoring: Vec<Statement>,
    /// Statements on single topics, with the topic as written.
    on_topics: Vec<(Statement, Box<str>)>,
    /// Rows `opted_in` at the cutoff or later, which are none of the above.
    pub(super) late: u64,
    /// Rows, late ones included.
    pub(super) rows_read: u64,
}

/// Rows of several blocks as one.
#[derive(Default)]
struct Joined {
    rows: ConsentRows,
    networks: HashMap<Option<Box<str>>, u32>,
    unknown: HashMap<UnknownSubject, u32>,
}

impl ConsentRows {
    /// Reads `consent`, after all other inputs that name accounts or persons.
    pub(super) async fn read(input: &ValidInput, cutoff_us: i64, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| Self::of_block(block, cutoff_us, &ids);
        let blocks = in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await?;
        let mut all = Joined::default();
        blocks.into_iter().for_each(|block| all.add(block));
        Ok(all.rows)
    }

    fn of_block(block: &[RecordBatch], cutoff_us: i64, ids: &Ids) -> Result<Self> {
        let networks = texts(block, "network")?;
        let accounts: Vec<Option<(&str, &str)>> = networks
            .zip(texts(block, "account_id")?)
            .map(|(network, id)| network.zip(id))
            .collect();
        let persons: Vec<Option<&str>> = texts(block, "person_id")?.collect();
        let found_accounts =
            ids.find_accounts(&accounts.iter().flatten().copied().collect::<Vec<_>>());
        let found_persons =
            ids.find_persons(&persons.iter().flatten().copied().collect::<Vec<_>>());
        let (mut found_accounts, mut found_persons) =
            (found_accounts.into_iter(), found_persons.into_iter());
        let mut rest = texts(block, "status")?
            .zip(values::<TimestampMicrosecondType>(block, "at")?)
            .zip(texts(block, "topic_id")?);
        let mut read = Joined::default();
        for (account, person) in accounts.iter().zip(&persons) {
            let ((status, at), topic) = rest.next().ok_or_else(uneven)?;
            let (at_us, refuses) = (at.ok_or_else(uneven)?, status != Some("opted_in"));
            let account = account.and_then(|(network, id)| {
                let number = found_accounts.next()?;
                let found = (number != NONE).then_some(PersonRef::Account(number));
                Some((Some(network), id, found))
            });
            let person = person.and_then(|id| {
                let found = Some(found_persons.next()?).filter(|f| *f != PersonRef::Unknown);
                Some((None, id, found))
            });
            read.rows.rows_read += 1;
            if !refuses && at_us >= cutoff_us {
                read.rows.late += 1;
                continue;
            }
            for (network, id, found) in account.into_iter().chain(person) {
                let subject = match found {
                    Some(found) => Subject::Named(found),
                    None => Subject::Unknown(read.unknown(UnknownSubject {
                        network: network.map(Into::into),
                        id: id.into(),
                    })),
                };
                let network = read.network(network.map(Into::into));
                let statement = Statement { subject, at_us, refuses, network };
                match topic {
                    None => read.rows.on_scoring.push(statement),
                    Some(topic) => read.rows.on_topics.push((statement, topic.into())),
                }
            }
        }
        Ok(read.rows)
    }

    /// Accounts and persons that no other input names, each once.
    pub(super) fn unknown(&self) -> &[UnknownSubject] {
        &self.unknown
    }

    /// Ids of persons who refuse, and whom no other input names.
    pub(super) fn unknown_persons(&self) -> BTreeSet<&str> {
        let person = |statement: &Statement| match statement.subject {
            Subject::Unknown(place) if statement.refuses => {
                let subject = &self.unknown[place as usize];
                subject.network.is_none().then_some(&*subject.id)
            }
            _ => None,
        };
        self.all().filter_map(person).collect()
    }

    fn all(&self) -> impl Iterator<Item = &Statement> {
        let topical = self.on_topics.iter().map(|(statement, _)| statement);
        self.on_scoring.iter().chain(topical)
    }

    /// Numbers of statements by place in [`Self::unknown`].
    pub(super) fn of_unknown(&self) -> Vec<u64> {
        let mut statements = vec![0; self.unknown.len()];
        for statement in self.all() {
            if let Subject::Unknown(place) = statement.subject {
                statements[place as usize] += 1;
            }
        }
        statements
    }

    /// The statements over the accounts and persons of a snapshot. `former` has the accounts that an unknown person had in
    /// an earlier run, by its place in [`Self::unknown`].
    pub(super) fn over<'a>(
        mut self,
        directory: &'a Directory,
        former: BTreeMap<u32, Vec<u32>>,
    ) -> Statements<'a> {
        self.on_scoring.par_sort_unstable();
        Statements { rows: self, directory, former }
    }
}

impl Joined {
    fn network(&mut self, network: Option<Box<str>>) -> u32 {
        let networks = &mut self.rows.networks;
        *self.networks.entry(network).or_insert_with_key(|network| {
            networks.push(network.clone());
            networks.len() as u32 - 1
        })
    }

    fn unknown(&mut self, subject: UnknownSubject) -> u32 {
        let unknown = &mut self.rows.unknown;
        *self.unknown.entry(subject).or_insert_with_key(|subject| {
            unknown.push(subject.clone());
            unknown.len() as u32 - 1
        })
    }

    fn add(&mut self, block: ConsentRows) {
        let ConsentRows { networks, unknown, on_scoring, on_topics, late, rows_read } = block;
        let networks: Vec<u32> = networks.into_iter().map(|name| self.network(name)).collect();
        let unknown: Vec<u32> = unknown.into_iter().map(|subject| self.unknown(subject)).collect();
        let renumbered = |statement: Statement| Statement {
            subject: match statement.subject {
                Subject::Unknown(place) => Subject::Unknown(unknown[place as usize]),
                named => named,
            },
            network: networks[statement.network as usize],
            ..statement
        };
        self.rows.on_scoring.extend(on_scoring.into_iter().map(renumbered));
        let on_topics = on_topics.into_iter().map(|(one, topic)| (renumbered(one), topic));
        self.rows.on_topics.extend(on_topics);
        self.rows.late += late;
        self.rows.rows_read += rows_read;
    }
}

/// The statements of `consent` over the accounts and persons of a snapshot.
pub(super) struct Statements<'a> {
    pub(super) rows: ConsentRows,
    directory: &'a Directory,
    /// Accounts that an unknown person had in an earlier run, by its place.
    former: BTreeMap<u32, Vec<u32>>,
}

impl Statements<'_> {
    /// The persons that a statement is about. A `person_id` that an account had before it was linked, or that a person had
    /// in an earlier run, is about those who have the accounts now.
    fn persons(&self, subject: Subject) -> impl Iterator<Item = u32> {
        let (named, former) = match subject {
            Subject::Named(PersonRef::Unlinked(account)) => {
                (Some(self.directory.person_of(account)), &[][..])
            }
            Subject::Named(reference) => (self.directory.person(reference), &[][..]),
            Subject::Unknown(place) => {
                (None, self.former.get(&place).map_or(&[][..], Vec::as_slice))
            }
        };
        let former = former.iter().map(|account| self.directory.person_of(*account));
        named.into_iter().chain(former).filter(|person| *person != NONE)
    }

    /// The statements of each network in numbers, in order of network.
    pub(super) fn counts(&self) -> Vec<ConsentCounts> {
        let mut counts = vec![ConsentCounts::default(); self.rows.networks.len()];
        for (counts, network) in counts.iter_mut().zip(&self.rows.networks) {
            counts.network = network.as_deref().map(str::to_owned);
        }
        for statement in self.rows.all() {
            let of_network = &mut counts[statement.network as usize];
            of_network.statements += 1;
            of_network.matched += u64::from(self.persons(statement.subject).next().is_some());
        }
        for of_subject in self.by_subject() {
            let Some(latest) = of_subject.last() else { continue };
            let of_network = &mut counts[latest.network as usize];
            of_network.refusing += u64::from(latest.refuses);
            of_network.ever_refused += u64::from(of_subject.iter().any(|one| one.refuses));
        }
        counts.sort_unstable_by(|one, other| one.network.cmp(&other.network));
        counts
    }

    /// The statements on being scored of each account and person, the latest last.
    fn by_subject(&self) -> impl Iterator<Item = &[Statement]> {
        self.rows.on_scoring.chunk_by(|one, other| one.subject == other.subject)
    }

    /// Network and id of the accounts, and ids of the persons, that refuse and whom no input has as somebody to score. Others
    /// may still name them.
    pub(super) fn refusing_strangers(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let latest = self.by_subject().filter_map(<[Statement]>::last);
        latest.filter(|latest| latest.refuses).filter_map(|latest| match latest.subject {
            Subject::Unknown(place) => {
                let UnknownSubject { network, id } = &self.rows.unknown[place as usize];
                Some((network.as_deref(), &**id))
            }
            // Only posts name it.
            Subject::Named(PersonRef::Account(account) | PersonRef::Unlinked(account))
                if self.directory.person_of(account) == NONE =>
            {
                let (_, network, id) = self.directory.account(account);
                Some((Some(network), id))
            }
            Subject::Named(_) => None,
        })
    }

    /// When whoever refuses said so last, in microseconds since 1970 (UTC).
    pub(super) fn refused_us(&self) -> impl Iterator<Item = i64> {
        let latest = self.by_subject().filter_map(<[Statement]>::last);
        latest.filter(|latest| latest.refuses).map(|latest| latest.at_us)
    }

    /// What all accounts and persons last said about being scored.
    pub(super) fn decisions(&self) -> Decisions {
        let mut decisions = Decisions {
            accounts: vec![Decision::None; self.directory.account_numbers()],
            persons: vec![Decision::None; self.directory.persons()],
        };
        for latest in self.by_subject().filter_map(<[Statement]>::last) {
            let said = if latest.refuses { Decision::Refused } else { Decision::OptedIn };
            match latest.subject {
                Subject::Named(PersonRef::Account(account)) => {
                    decisions.accounts[account as usize].add(said);
                }
                // The account had this id as a person before it was linked to others.
                Subject::Named(PersonRef::Unlinked(account))
                    if self.directory.is_linked(account) =>
                {
                    decisions.accounts[account as usize].add(said);
                }
                Subject::Named(reference) => {
                    if let Some(person) = self.directory.person(reference) {
                        decisions.persons[person as usize].add(said);
                    }
                }
                // That the person agreed says nothing of whom the accounts belong to now.
                Subject::Unknown(place) => {
                    for account in self.former.get(&place).into_iter().flatten() {
                        if latest.refuses {
                            decisions.accounts[*account as usize].add(said);
                        }
                    }
                }
            }
        }
        decisions
    }

    /// Number of statements on single topics.
    pub(super) fn on_topics(&self) -> u64 {
        self.rows.on_topics.len() as u64
    }

    /// Topics of statements that `finder` does not find, with the number of their rows, sorted.
    pub(super) fn unknown_topics(&self, finder: &TopicFinder<'_>) -> BTreeMap<&str, u64> {
        let mut rows: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, topic) in &self.rows.on_topics {
            *rows.entry(topic).or_default() += 1;
        }
        rows.retain(|topic, _| finder.ids(topic).is_empty());
        rows
    }

    /// The topics that persons refuse; `index_of` finds a scored person. A refusal of one account is one of its person.
    pub(super) fn refusals<'b>(
        &self,
        finder: &TopicFinder<'_>,
        indices_of: impl Fn(u32) -> &'b [PersonIndex],
    ) -> Refusals {
        let mut ids_of: HashMap<&str, Vec<String>> = HashMap::new();
        let mut latest: BTreeMap<(Subject, Vec<String>), Statement> = BTreeMap::new();
        for (statement, topic) in &self.rows.on_topics {
            let ids = ids_of.entry(topic).or_insert_with(|| finder.ids(topic));
            let entry = latest.entry((statement.subject, ids.clone())).or_insert(*statement);
            *entry = (*entry).max(*statement);
        }
        let mut refusals = Refusals::new();
        for ((subject, ids), statement) in latest {
            if !statement.refuses {
                continue;
            }
            for person in self.persons(subject).flat_map(&indices_of) {
                refusals.entry(*person).or_default().extend(ids.iter().cloned());
            }
        }
        refusals
    }
}

/// What an account or person last said about being scored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Nothing.
    None,
    /// They opted in.
    OptedIn,
    /// They opted out or were deleted.
    Refused,
}

impl Decision {
    /// Adds what was said under another name: a refusal holds.
    fn add(&mut self, said: Self) {
        if *self != Self::Refused {
            *self = said;
        }
    }
}

/// Decisions of all accounts and persons.
pub(super) struct Decisions {
    /// By account number.
    pub(super) accounts: Vec<Decision>,
    /// By person of the directory.
    pub(super) persons: Vec<Decision>,
}
