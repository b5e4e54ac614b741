//! All eligible people with their data.

use std::collections::BTreeMap;

use super::account_stats::AccountStats;
use super::consent_counts::ConsentCounts;
use super::disputes::Dispute;
use super::dropped::Dropped;
use super::endorsements::Endorsement;
use super::follows::{Follow, Follows};
use super::indices::PersonIndex;
use super::interactions::Interactions;
use super::join_rate::JoinRate;
use super::newest_events::{NetworkEvents, NewestEvents};
use super::persons::Persons;
use super::posts::Posts;
use super::refusals::Refusals;
use super::warning::Warning;
use crate::digest::{Digest, Digestible};
use rayon::prelude::*;

/// All eligible people with their data: the result of reading a snapshot.
pub struct People {
    /// The persons, their accounts and their vertices.
    pub persons: Persons,
    /// Interactions among them within the window.
    pub interactions: Interactions,
    /// Older interactions among them, as far as the forecast looks back, or the search for founders.
    pub earlier: Interactions,
    /// Minutes of the past that the data of each network cover. Length: networks.
    pub covered_minutes: Vec<u32>,
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
    /// Whole hours from the newest of them to the cutoff; `None` if none has a time.
    pub endorsed_hours: Option<u32>,
    /// What they dispute of what is said of them.
    pub disputes: BTreeMap<PersonIndex, Vec<Dispute>>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
    /// How the statements of `consent` meet these accounts and those of ineligible people, by network.
    pub consent: Vec<ConsentCounts>,
    /// Whole hours before the cutoff at which whoever refuses said so last.
    pub refused_hours: Vec<u32>,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
    /// How many rows find what they name in another input, by input.
    pub joins: BTreeMap<String, JoinRate>,
}

impl People {
    /// People who only interact: without posts, follows, and whatever else is said of them.
    pub fn interacting(persons: Persons, interactions: Interactions) -> Self {
        let covered_minutes = vec![u32::MAX; persons.networks.len()];
        let account_stats = AccountStats {
            followers: vec![],
            listed: vec![],
            verified: vec![],
            created_hours: vec![],
            custom: vec![],
        };
        Self {
            persons,
            interactions,
            earlier: Interactions::default(),
            covered_minutes,
            account_stats,
            follows: None,
            posts: None,
            refusals: Refusals::new(),
            endorsements: vec![],
            endorsed_hours: None,
            disputes: BTreeMap::new(),
            drops: vec![],
            consent: vec![],
            refused_hours: vec![],
            warnings: vec![],
            joins: BTreeMap::new(),
        }
    }

    /// Hours from the first interaction to the cutoff.
    pub fn history_hours(&self) -> u32 {
        let all = self.interactions.all().iter().chain(self.earlier.all());
        let first = all.map(|event| event.age_hours()).max();
        first.map_or(0, |hours| hours + 1)
    }

    /// The interactions of the `window_hours` that end `hours` whole hours before the cutoff, with ages at that time.
    pub fn interactions_as_of(&self, hours: u32, window_hours: u32) -> Interactions {
        let within = self.interactions.as_of(hours, 0..window_hours);
        within.joined(self.earlier.as_of(hours, 0..window_hours))
    }

    /// The newest event of each input.
    pub fn newest_events(&self) -> NewestEvents {
        let follows = self.follows.as_ref().map(Follows::all).unwrap_or_default();
        NewestEvents {
            interactions: self.interactions.all().par_iter().map(|event| event.age_hours()).min(),
            posts: self.posts.as_ref().and_then(|posts| posts.age_hours.iter().copied().min()),
            endorsements: self.endorsed_hours,
            follows: follows.par_iter().filter_map(Follow::since_hours).min(),
        }
    }
}

impl People {
    /// The newest event of each network in the input `table`, steady if it has events in spans of `span_hours`; none for inputs
    /// whose events are of no network.
    pub fn events_by_network(&self, table: &str, span_hours: u32) -> Vec<NetworkEvents> {
        match table {
            "interactions" => {
                let events = self.interactions.all().par_iter();
                let events = events.map(|event| (event.target, event.age_hours()));
                NetworkEvents::of_each(&self.persons, span_hours, events)
            }
            "posts" => self.posts.as_ref().map_or_else(Vec::new, |posts| {
                let events = posts.authors.par_iter().copied();
                let events = events.zip(posts.age_hours.par_iter().copied());
                NetworkEvents::of_each(&self.persons, span_hours, events)
            }),
            _ => vec![],
        }
    }
}

/// Refusals of topics are left out, as a run digests them where it reads posts, so are the time of the newest endorsement and disputes,
/// which it digests where there are any, and what no table shows.
impl Digestible for People {
    fn digest(&self, to: &mut Digest) {
        let Self {
            persons,
            interactions,
            earlier,
            // It follows from those and the method.
            covered_minutes: _,
            account_stats,
            follows,
            posts,
            refusals: _,
            endorsements,
            endorsed_hours: _,
            disputes: _,
            drops: _,
            consent: _,
            refused_hours: _,
            warnings: _,
            joins: _,
        } = self;
        to.add(persons);
        to.add(account_stats);
        to.add(posts);
        to.add(interactions);
        to.add(earlier);
        to.add(endorsements);
        to.add(follows);
    }
}
