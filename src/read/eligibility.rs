//! Eligibility: who may be scored, by age and consent.
//!
//! A person with any account that refused, was deleted or belongs to a minor is ineligible with all accounts. So is, where
//! the job excludes the unknown, a person who cannot be shown to be eligible.

use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::BooleanArray;

use super::accounts::Accounts;
use super::consent::{Decision, Decisions};
use super::directory::Directory;
use crate::error::Result;
use crate::job::{Consent, ConsentRule};
use crate::model::IneligibleIds;
use renown_graph::numbering::NONE;

/// Which persons are eligible, and which of their accounts appear in the data that counts.
pub(super) struct Eligibility<'a> {
    directory: &'a Directory,
    /// Person of each account number, [`NONE`] where the person is ineligible or only posts name the account.
    eligible_person_of: Vec<u32>,
    /// Whether `accounts` lists the account, or it takes part in an interaction or follow among eligible people. Length:
    /// account numbers.
    appears: Vec<AtomicBool>,
    /// Whether each person is eligible, or why not.
    standings: Vec<Standing>,
    /// Whether the job asks for the age of each person, and no account has one.
    ageless: Vec<bool>,
    /// Whether each person opted in with all accounts.
    opted_in: Vec<bool>,
}

/// Whether a person is eligible, or the first reason why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Eligible,
    /// Opted out or deleted, or a minor.
    Refused,
    /// `accounts` lacks an account.
    NoRow,
    /// An age is asked for, and no account has one.
    NoAge,
    /// Not every account opted in, under `opt_in`.
    NoStatement,
}

impl Standing {
    /// The reasons, with the rule by which they are counted.
    pub(super) const REASONS: [(Self, &'static str, &'static str); 4] = [
        (Self::Refused, "accounts", "ineligible (opted out, minor, deleted)"),
        (Self::NoRow, "accounts", "ineligible (no row in `accounts`)"),
        (Self::NoAge, "accounts", "ineligible (age unknown)"),
        (Self::NoStatement, "consent", "ineligible (no statement)"),
    ];
}

/// The two ends of an interaction or follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pairing {
    /// At least one of the two is ineligible.
    NotScored,
    /// Two accounts of one person.
    SamePerson,
    /// Two different eligible people.
    Scored,
}

impl<'a> Eligibility<'a> {
    /// Decides who is eligible by the settings of the job; `decisions` is `None` for a job without consent.
    pub(super) fn decide(
        directory: &'a Directory,
        accounts: Option<&Accounts>,
        decisions: Option<&Decisions>,
        consent: &Consent,
    ) -> Result<Self> {
        let flags = |column| accounts.map(|accounts| accounts.flags(column)).transpose();
        let (minors, ages) = (flags("minor")?, flags("has_age")?);
        let row = |account: u32| accounts.and_then(|accounts| accounts.row(account));
        let has_flag = |flags: Option<&BooleanArray>, account: u32| match (flags, row(account)) {
            (Some(flags), Some(row)) => flags.value(row),
            _ => false,
        };
        let asks_row = consent.excludes_unknown() && accounts.is_some();
        let says = |account: u32, person: u32, decision: Decision| match decisions {
            Some(all) => (
                all.accounts[account as usize] == decision,
                all.persons[person as usize] == decision,
            ),
            None => (false, false),
        };
        let mut eligible_person_of = vec![NONE; directory.account_numbers()];
        let mut opted_in = Vec::with_capacity(directory.persons());
        let mut standings = Vec::with_capacity(directory.persons());
        let mut ageless = Vec::with_capacity(directory.persons());
        for person in 0..directory.persons() as u32 {
            let accounts = directory.accounts(person);
            let has = |account: u32, decision| {
                let (of_account, of_person) = says(account, person, decision);
                of_account || of_person
            };
            let refused =
                |account: &u32| has_flag(minors, *account) || has(*account, Decision::Refused);
            // Silence is not consent: every account needs a statement.
            let agrees = accounts.iter().all(|account| has(*account, Decision::OptedIn));
            let is_ageless =
                consent.asks_age && !accounts.iter().any(|account| has_flag(ages, *account));
            let standing = if accounts.iter().any(refused) {
                Standing::Refused
            } else if asks_row && accounts.iter().any(|account| row(*account).is_none()) {
                Standing::NoRow
            } else if consent.excludes_unknown() && is_ageless {
                Standing::NoAge
            } else if consent.rule == ConsentRule::OptIn && !agrees {
                Standing::NoStatement
            } else {
                Standing::Eligible
            };
            standings.push(standing);
            ageless.push(is_ageless);
            opted_in.push(agrees);
            if standing == Standing::Eligible {
                accounts.iter().for_each(|account| eligible_person_of[*account as usize] = person);
            }
        }
        let listed = (0..directory.account_numbers() as u32).map(|account| row(account).is_some());
        let appears = listed.map(AtomicBool::new).collect();
        Ok(Self { directory, eligible_person_of, appears, standings, ageless, opted_in })
    }

    /// Whether the person of an account is eligible.
    pub(super) fn is_eligible(&self, account: u32) -> bool {
        self.eligible_person_of[account as usize] != NONE
    }

    /// Whether the person of an account opted out, was deleted or is a minor.
    pub(super) fn has_refused(&self, account: u32) -> bool {
        let person = self.directory.person_of(account);
        person != NONE && self.standings[person as usize] == Standing::Refused
    }

    /// Whether an account appears.
    pub(super) fn appears(&self, account: u32) -> bool {
        self.appears[account as usize].load(Ordering::Relaxed)
    }

    /// Whether a person opted in with all accounts.
    pub(super) fn opted_in(&self, person: u32) -> bool {
        self.opted_in[person as usize]
    }

    /// Classifies an interaction or follow between two accounts; if both are eligible, both appear.
    pub(super) fn pair(&self, one: u32, other: u32) -> Pairing {
        let [one_person, other_person] =
            [one, other].map(|account| self.eligible_person_of[account as usize]);
        if one_person == NONE || other_person == NONE {
            return Pairing::NotScored;
        }
        for account in [one, other] {
            let appears = &self.appears[account as usize];
            // Most accounts have appeared before: a load shares the cache line with other threads, a store does not.
            if !appears.load(Ordering::Relaxed) {
                appears.store(true, Ordering::Relaxed);
            }
        }
        if one_person == other_person { Pairing::SamePerson } else { Pairing::Scored }
    }

    /// Counts the accounts that are left out, once all interactions and follows are paired.
    pub(super) fn count_left_out(&self, accounts: Option<&Accounts>) -> LeftOut {
        let mut counts = LeftOut::default();
        for account in 0..self.directory.account_numbers() as u32 {
            if self.directory.person_of(account) == NONE {
                continue;
            }
            let (eligible, appears) = (self.is_eligible(account), self.appears(account));
            counts.absent += u64::from(eligible && !appears);
            let unlisted = accounts.is_none_or(|accounts| accounts.row(account).is_none());
            counts.unlisted += u64::from(eligible && appears && unlisted);
            let ageless = self.ageless[self.directory.person_of(account) as usize];
            counts.ageless += u64::from(eligible && appears && ageless);
        }
        counts
    }

    /// The ids of the ineligible people and of their accounts, and of `strangers`, whom statements alone name: (network if it is
    /// an account, id).
    pub(super) fn ineligible_ids<'b>(
        &self,
        strangers: impl Iterator<Item = (Option<&'b str>, &'b str)>,
    ) -> IneligibleIds {
        let persons = (0_u32..).zip(&self.standings);
        let persons = persons.filter(|(_, standing)| **standing != Standing::Eligible);
        let ids = persons.flat_map(|(person, _)| {
            let accounts = self.directory.accounts(person).iter().map(|account| {
                let (_, network, id) = self.directory.account(*account);
                format!("{network}:{id}")
            });
            accounts.chain([self.directory.person_id(person).to_owned()])
        });
        let of_strangers = strangers.map(|(network, id)| match network {
            Some(network) => format!("{network}:{id}"),
            None => id.to_owned(),
        });
        ids.chain(of_strangers).collect()
    }

    /// Number of accounts of all people.
    pub(super) fn accounts(&self) -> u64 {
        let persons = 0..self.directory.persons() as u32;
        persons.map(|person| self.directory.accounts(person).len() as u64).sum()
    }

    /// Number of accounts of people of one standing.
    pub(super) fn count(&self, standing: Standing) -> u64 {
        let persons = (0_u32..).zip(&self.standings).filter(|(_, of)| **of == standing);
        persons.map(|(person, _)| self.directory.accounts(person).len() as u64).sum()
    }
}

/// Numbers of accounts.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Of eligible people, but only in `identities` or in interactions and follows with ineligible people.
    pub(super) absent: u64,
    /// Of scored people, but missing from `accounts`.
    pub(super) unlisted: u64,
    /// Of scored people whose age is asked for and unknown.
    pub(super) ageless: u64,
}
