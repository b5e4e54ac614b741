//! How long people are known on a network.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::digest::{Digest, Digestible};

/// Who is long-standing on a network: their reactions vouch for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Since which day, in days since 1970-01-01.
    pub since_days: i32,
    /// Whether the person is a founder: known since before the first night with trust.
    pub is_founder: bool,
}

/// Days of full credit that make a person long-standing in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FullCredit {
    /// The first of them, in days since 1970-01-01.
    pub since_days: i32,
    /// Days since then without full credit, or without a run.
    pub missed_days: i32,
}

/// How long a person is known on a network, as it is carried from night to night.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tenure {
    /// Since when the person is long-standing, if it is.
    pub standing: Option<Standing>,
    /// The days of full credit of a person who is not yet.
    pub full_credit: Option<FullCredit>,
}

/// What earlier runs published of how long the people of this one are known.
#[derive(Clone, Debug, Default)]
pub struct Tenures {
    /// Day of the last run before.
    pub day: Option<NaiveDate>,
    /// Networks whose founders are settled.
    pub networks: BTreeSet<String>,
    /// How long each vertex is known. Length: vertices.
    pub of_vertices: Vec<Tenure>,
}

impl Tenure {
    /// The longer one of two that are of the same person.
    #[must_use]
    pub fn longer(self, other: Self) -> Self {
        // A founder is known for longer than whoever is long-standing since the same day.
        let standings = [self.standing, other.standing].into_iter().flatten();
        let standing = standings.min_by_key(|own| (own.since_days, !own.is_founder));
        let days = [self.full_credit, other.full_credit].into_iter().flatten();
        let full_credit = days.min_by_key(|own| (own.since_days, own.missed_days));
        Self { standing, full_credit: full_credit.filter(|_| standing.is_none()) }
    }
}

impl Digestible for Tenure {
    fn digest(&self, to: &mut Digest) {
        let Self { standing, full_credit } = self;
        to.add(&standing.map(|own| own.since_days));
        to.add(&standing.map(|own| own.is_founder));
        to.add(&full_credit.map(|own| own.since_days));
        to.add(&full_credit.map(|own| own.missed_days));
    }
}

impl Digestible for Tenures {
    fn digest(&self, to: &mut Digest) {
        let Self { day, networks, of_vertices } = self;
        to.add(&day.map(|day| chrono::Datelike::num_days_from_ce(&day)));
        to.add(networks);
        to.add_rows(of_vertices);
    }
}
