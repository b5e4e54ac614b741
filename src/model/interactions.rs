//! Interactions between vertices, 20 bytes each.

use std::ops::Range;

use super::indices::{OrNone, PostIndex, VertexIndex};
use crate::digest::{Digest, Digestible};
use rayon::prelude::*;

/// Whether an interaction is for or against its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentiment {
    /// The input has none.
    Unknown,
    /// Zero or above.
    NotNegative,
    /// Below zero.
    Negative,
}

/// An interaction between two vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interaction {
    /// Vertex acted upon.
    pub target: VertexIndex,
    /// Vertex that acted.
    pub actor: VertexIndex,
    /// The post that it is about; none where `posts` lacks it.
    pub post: OrNone<PostIndex>,
    /// Whole minutes before the cutoff.
    pub age_minutes: u32,
    /// Index into the method's kinds.
    pub kind: u8,
    /// Whether it is for or against the target.
    pub sentiment: Sentiment,
}

impl Interaction {
    /// Whole hours before the cutoff.
    pub fn age_hours(&self) -> u32 {
        self.age_minutes / 60
    }

    /// Whether two interactions have the same actor and the same target.
    pub fn same_pair(&self, other: &Self) -> bool {
        (self.target, self.actor) == (other.target, other.actor)
    }
}

/// Rows in any order.
impl FromIterator<Interaction> for Interactions {
    fn from_iter<I: IntoIterator<Item = Interaction>>(rows: I) -> Self {
        let mut rows: Vec<Interaction> = rows.into_iter().collect();
        rows.par_sort_unstable();
        Self { rows }
    }
}

/// Interactions between different eligible people, sorted by (target, actor) and then by all other fields, so that the
/// order depends on the rows alone.
#[derive(Default)]
pub struct Interactions {
    pub(crate) rows: Vec<Interaction>,
}

impl Interactions {
    /// The interactions that were `ages_hours` old so many whole `hours` before the cutoff, with ages at that time.
    pub fn as_of(&self, hours: u32, ages_hours: Range<u32>) -> Self {
        let ages = hours.saturating_add(ages_hours.start)..hours.saturating_add(ages_hours.end);
        let inside = self.rows.par_iter().filter(|event| ages.contains(&event.age_hours()));
        let at_that_time = |event: &Interaction| Interaction {
            age_minutes: event.age_minutes - 60 * hours,
            ..*event
        };
        Self { rows: inside.map(at_that_time).collect() }
    }

    /// Those of [`Self::as_of`] whose targets are `targets`, which ascend.
    pub fn of_targets_as_of(
        &self,
        targets: &[VertexIndex],
        hours: u32,
        ages_hours: Range<u32>,
    ) -> Self {
        let ages = hours.saturating_add(ages_hours.start)..hours.saturating_add(ages_hours.end);
        let inside = targets.par_iter().flat_map_iter(|target| {
            self.of_target(*target).iter().filter(|event| ages.contains(&event.age_hours()))
        });
        let at_that_time = |event: &Interaction| Interaction {
            age_minutes: event.age_minutes - 60 * hours,
            ..*event
        };
        Self { rows: inside.map(at_that_time).collect() }
    }

    /// Those of the `hours` that end so many whole hours before the cutoff, without a copy.
    pub fn window(&self, as_of_hours: u32, hours: u32) -> Window<'_> {
        Window { interactions: self, as_of_hours, hours }
    }

    /// These and `older` ones: one pass over both.
    #[must_use]
    pub fn joined(self, older: Self) -> Self {
        if older.rows.is_empty() {
            return self;
        }
        let mut rows = Vec::with_capacity(self.rows.len() + older.rows.len());
        let mut rest = older.rows.as_slice();
        for event in &self.rows {
            while let [next, after @ ..] = rest
                && next < event
            {
                rows.push(*next);
                rest = after;
            }
            rows.push(*event);
        }
        rows.extend_from_slice(rest);
        Self { rows }
    }

    /// These and `more`, which are sorted as these are: one pass over both. Memory: a copy.
    pub fn merged(&self, more: &[Interaction]) -> Self {
        let mut rows = Vec::with_capacity(self.rows.len() + more.len());
        let mut rest = self.rows.as_slice();
        for event in more {
            let (before, after) = rest.split_at(rest.partition_point(|row| row <= event));
            rows.extend_from_slice(before);
            rows.push(*event);
            rest = after;
        }
        rows.extend_from_slice(rest);
        Self { rows }
    }

    /// All interactions.
    pub fn all(&self) -> &[Interaction] {
        &self.rows
    }

    /// The interactions of `actor` with `target`.
    pub fn of_pair(&self, target: VertexIndex, actor: VertexIndex) -> &[Interaction] {
        let before = |pair| self.rows.partition_point(|event| (event.target, event.actor) < pair);
        let from = before((target, actor));
        let same = |event: &Interaction| (event.target, event.actor) == (target, actor);
        &self.rows[from..from + self.rows[from..].iter().take_while(|event| same(event)).count()]
    }

    /// Takes the interactions with `target` off the front of `events`, which begin with its own or a later one's.
    pub fn take_target<'a>(
        events: &mut &'a [Interaction],
        target: VertexIndex,
    ) -> &'a [Interaction] {
        let (own, rest) = events.split_at(events.partition_point(|event| event.target <= target));
        *events = rest;
        own
    }

    /// The interactions with `target`.
    pub fn of_target(&self, target: VertexIndex) -> &[Interaction] {
        self.of_targets(target.index()..target.index() + 1)
    }

    /// The interactions whose target is one of `vertices`, given as indices.
    pub fn of_targets(&self, vertices: Range<usize>) -> &[Interaction] {
        let before = |v: usize| self.rows.partition_point(|event| event.target.index() < v);
        &self.rows[before(vertices.start)..before(vertices.end)]
    }
}

/// Interactions of a span of time that ends at an instant.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    interactions: &'a Interactions,
    as_of_hours: u32,
    hours: u32,
}

impl<'a> Window<'a> {
    /// Interactions of all times, the ones of the span among them.
    pub fn interactions(&self) -> &'a Interactions {
        self.interactions
    }

    /// Whole minutes before the instant; none of what is not in the span.
    pub fn age_minutes(&self, event: &Interaction) -> Option<u32> {
        let minutes = event.age_minutes.checked_sub(60 * self.as_of_hours)?;
        (minutes / 60 < self.hours).then_some(minutes)
    }

    /// Whole hours before the instant; none of what is not in the span.
    pub fn age_hours(&self, event: &Interaction) -> Option<u32> {
        self.age_minutes(event).map(|minutes| minutes / 60)
    }
}

impl Digestible for Interaction {
    fn digest(&self, to: &mut Digest) {
        let Self { target, actor, post, age_minutes, kind, sentiment } = self;
        [target, actor].into_iter().for_each(|vertex| to.add(vertex));
        to.add(post);
        to.add(age_minutes);
        to.add(kind);
        to.add(&(*sentiment as u8));
    }
}

impl Digestible for Interactions {
    fn digest(&self, to: &mut Digest) {
        let Self { rows } = self;
        to.add_rows(rows);
    }
}
