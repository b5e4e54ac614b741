//! The rows of `consent`: statements of accounts and persons, on being scored and on single topics.
//!
//! Of two statements of one account or person the later counts, whenever it was made; of two at the same instant the
//! refusal.

use std::collections::BTreeMap;
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
use crate::model::{PersonIndex, Refusals};
use renown_graph::numbering::NONE;

/// One statement of one account or person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    subject: PersonRef,
    at_us: i64,
    refuses: bool,
}

/// The rows of `consent` as read. A row that names both an account and a person is two statements.
#[derive(Default)]
pub(super) struct ConsentRows {
    /// Statements on being scored.
    on_scoring: Vec<Statement>,
    /// Statements on single topics, with the id of the topic.
    on_topics: Vec<(Statement, Box<str>)>,
}

impl ConsentRows {
    /// Reads `consent`, after all other inputs that name accounts or persons.
    pub(super) async fn read(input: &ValidInput, ids: &Arc<Ids>) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let ids = Arc::clone(ids);
        let block = move |block: &[RecordBatch]| Self::of_block(block, &ids);
        let blocks = in_blocks(&what, input.frame.clone(), BLOCK_ROWS, block).await?;
        let mut all = Self::default();
        for block in blocks {
            all.on_scoring.extend(block.on_scoring);
            all.on_topics.extend(block.on_topics);
        }
        Ok(all)
    }

    fn of_block(block: &[RecordBatch], ids: &Ids) -> Result<Self> {
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
        let mut rows = Self::default();
        for (account, person) in accounts.iter().zip(&persons) {
            let ((status, at), topic) = rest.next().ok_or_else(uneven)?;
            let (at_us, refuses) = (at.ok_or_else(uneven)?, status != Some("opted_in"));
            let account = account.and_then(|_| found_accounts.next()).map(|number| match number {
                NONE => PersonRef::Unknown,
                number => PersonRef::Account(number),
            });
            let person = person.and_then(|_| found_persons.next());
            for subject in account.into_iter().chain(person) {
                let statement = Statement { subject, at_us, refuses };
                match topic {
                    None => rows.on_scoring.push(statement),
                    Some(topic) => rows.on_topics.push((statement, topic.into())),
                }
            }
        }
        Ok(rows)
    }

    /// Number of statements whose account or person no other input names.
    pub(super) fn unmatched(&self, directory: &Directory) -> u64 {
        let topical = self.on_topics.par_iter().map(|(statement, _)| statement);
        let all = self.on_scoring.par_iter().chain(topical);
        all.filter(|statement| directory.person(statement.subject).is_none()).count() as u64
    }

    /// The latest statement on being scored of each account and person.
    pub(super) fn decisions(&mut self, directory: &Directory) -> Decisions {
        let mut decisions = Decisions {
            accounts: vec![Decision::None; directory.account_numbers()],
            persons: vec![Decision::None; directory.persons()],
        };
        self.on_scoring.par_sort_unstable();
        for of_subject in self.on_scoring.chunk_by(|one, other| one.subject == other.subject) {
            let latest = of_subject[of_subject.len() - 1];
            let decision = if latest.refuses { Decision::Refused } else { Decision::OptedIn };
            match (latest.subject, directory.person(latest.subject)) {
                (PersonRef::Account(account), _) => decisions.accounts[account as usize] = decision,
                (_, Some(person)) => decisions.persons[person as usize] = decision,
                (_, None) => {}
            }
        }
        decisions
    }

    /// The topics that persons refuse; `scored` finds a scored person. A refusal of one account is one of its person.
    pub(super) fn refusals(self, scored: impl Fn(PersonRef) -> Option<PersonIndex>) -> Refusals {
        let mut latest: BTreeMap<(PersonRef, Box<str>), Statement> = BTreeMap::new();
        for (statement, topic) in self.on_topics {
            let entry = latest.entry((statement.subject, topic)).or_insert(statement);
            *entry = (*entry).max(statement);
        }
        let mut refusals = Refusals::new();
        for ((subject, topic), statement) in latest {
            if let (true, Some(person)) = (statement.refuses, scored(subject)) {
                refusals.entry(person).or_default().insert(topic.into());
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

/// Decisions of all accounts and persons.
pub(super) struct Decisions {
    /// By account number.
    pub(super) accounts: Vec<Decision>,
    /// By person of the directory.
    pub(super) persons: Vec<Decision>,
}
