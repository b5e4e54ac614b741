//! Eligibility: who may be scored, by age and consent.
//!
//! A person with any account that refused, was deleted or belongs to a minor is ineligible with all accounts.

use std::sync::atomic::{AtomicBool, Ordering};

use super::accounts::Accounts;
use super::consent::{Decision, Decisions};
use super::directory::Directory;
use crate::error::Result;
use crate::job::ConsentRule;
use renown_graph::numbering::NONE;

/// Which persons are eligible, and which of their accounts appear in the data that counts.
pub(super) struct Eligibility<'a> {
    directory: &'a Directory,
    /// Person of each account number, [`NONE`] where the person is ineligible or only posts name the account.
    eligible_person_of: Vec<u32>,
    /// Whether `accounts` lists the account, or it takes part in an interaction or follow among eligible people. Length:
    /// account numbers.
    appears: Vec<AtomicBool>,
    /// Whether each person opted in with all accounts.
    opted_in: Vec<bool>,
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
    /// Decides who is eligible under `rule`; `decisions` is `None` for a job without consent.
    pub(super) fn decide(
        directory: &'a Directory,
        accounts: Option<&Accounts>,
        decisions: Option<&Decisions>,
        rule: ConsentRule,
    ) -> Result<Self> {
        let minors = accounts.map(|accounts| accounts.flags("minor")).transpose()?;
        let row = |account: u32| accounts.and_then(|accounts| accounts.row(account));
        let is_minor = |account: u32| match (minors, row(account)) {
            (Some(minors), Some(row)) => minors.value(row),
            _ => false,
        };
        let says = |account: u32, person: u32, decision: Decision| match decisions {
            Some(all) => (
                all.accounts[account as usize] == decision,
                all.persons[person as usize] == decision,
            ),
            None => (false, false),
        };
        let mut eligible_person_of = vec![NONE; directory.account_numbers()];
        let mut opted_in = Vec::with_capacity(directory.persons());
        for person in 0..directory.persons() as u32 {
            let accounts = directory.accounts(person);
            let has = |account: u32, decision| {
                let (of_account, of_person) = says(account, person, decision);
                of_account || of_person
            };
            let excluded = |account: &u32| is_minor(*account) || has(*account, Decision::Refused);
            // Silence is not consent: every account needs a statement.
            let agrees = accounts.iter().all(|account| has(*account, Decision::OptedIn));
            let is_eligible = !accounts.iter().any(excluded)
                && match rule {
                    ConsentRule::OptOut => true,
                    ConsentRule::OptIn => agrees,
                };
            opted_in.push(agrees);
            if is_eligible {
                accounts.iter().for_each(|account| eligible_person_of[*account as usize] = person);
            }
        }
        let listed = (0..directory.account_numbers() as u32).map(|account| row(account).is_some());
        let appears = listed.map(AtomicBool::new).collect();
        Ok(Self { directory, eligible_person_of, appears, opted_in })
    }

    /// Whether the person of an account is eligible.
    pub(super) fn is_eligible(&self, account: u32) -> bool {
        self.eligible_person_of[account as usize] != NONE
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
            counts.ineligible += u64::from(!eligible);
            counts.absent += u64::from(eligible && !appears);
            let unlisted = accounts.is_none_or(|accounts| accounts.row(account).is_none());
            counts.unlisted += u64::from(eligible && appears && unlisted);
        }
        counts
    }
}

/// Numbers of accounts.
#[derive(Default)]
pub(super) struct LeftOut {
    /// Of ineligible people.
    pub(super) ineligible: u64,
    /// Of eligible people, but only in `identities` or in interactions and follows with ineligible people.
    pub(super) absent: u64,
    /// Of scored people, but missing from `accounts`.
    pub(super) unlisted: u64,
}
