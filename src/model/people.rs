//! All eligible people with their data.

use std::collections::BTreeMap;

use super::account_stats::AccountStats;
use super::consent_counts::ConsentCounts;
use super::dropped::Dropped;
use super::endorsements::Endorsement;
use super::follows::Follows;
use super::interactions::Interactions;
use super::join_rate::JoinRate;
use super::persons::Persons;
use super::posts::Posts;
use super::refusals::Refusals;
use super::warning::Warning;
use crate::digest::{Digest, Digestible};

/// All eligible people with their data: the result of reading a snapshot.
pub struct People {
    /// The persons, their accounts and their vertices.
    pub persons: Persons,
    /// Interactions among them within the window.
    pub interactions: Interactions,
    /// Statistics that their accounts report.
    pub account_stats: AccountStats,
    /// Follows among them, if the job has follows.
    pub follows: Option<Follows>,
    /// Their posts within the window, if the job has posts.
    pub posts: Option<Posts>,
    /// Topics that persons refuse.
    pub refusals: Refusals,
    /// Endorsements among them.
    pub endorsements: Vec<Endorsement>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
    /// How the statements of `consent` meet these accounts and those of ineligible people, by network.
    pub consent: Vec<ConsentCounts>,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
    /// How many rows find what they name in another input, by input.
    pub joins: BTreeMap<String, JoinRate>,
}

impl People {
    /// Hours from the first interaction to the cutoff.
    pub fn history_hours(&self) -> u32 {
        let first = self.interactions.all().iter().map(|event| event.age_hours).max();
        first.map_or(0, |hours| hours + 1)
    }
}

/// Refusals of topics are left out, as a run digests them where it reads posts, and so is what no table shows.
impl Digestible for People {
    fn digest(&self, to: &mut Digest) {
        let Self {
            persons,
            interactions,
            account_stats,
            follows,
            posts,
            refusals: _,
            endorsements,
            drops: _,
            consent: _,
            warnings: _,
            joins: _,
        } = self;
        to.add(persons);
        to.add(account_stats);
        to.add(posts);
        to.add(interactions);
        to.add(endorsements);
        to.add(follows);
    }
}
