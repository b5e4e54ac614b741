//! Interactions between vertices, 20 bytes each.

use std::ops::Range;

use crate::digest::{Digest, Digestible};
use rayon::prelude::*;
/// Whether an interaction is for or against its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentiment {
    /// Not known.
    Unknown,
    /// Known, and zero or above.
    NotNegative,
    /// Below zero.
    Negative,
}

/// An interaction between two vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interaction {
    /// Vertex acted upon.
    pub target: u32,
    /// Vertex that acted.
    pub actor: u32,
    /// Index into [`Posts`](super::Posts), [`NONE`](renown_graph::numbering::NONE) where the post is not one of them.
    pub post: u32,
    /// Whole hours before the cutoff.
    pub age_hours: u32,
    /// Index into the method's kinds.
    pub kind: u8,
    /// Whether it is for or against the target.
    pub sentiment: Sentiment,
}

impl Interaction {
    /// Whether two interactions are of one actor with one target.
    pub fn same_pair(&self, other: &Self) -> bool {
        (self.target, self.actor) == (other.target, other.actor)
    }
}

/// Interactions between different people who may be scored, in order of (target, actor) and then of the rest,
/// so that the order follows from the rows alone.
pub struct Interactions {
    pub(crate) rows: Vec<Interaction>,
}

impl Interactions {
    /// None.
    pub fn none() -> Self {
        Self { rows: vec![] }
    }

    /// Those of the `window_hours` up to an instant so many whole hours before the cutoff, with their ages there.
    pub fn before(&self, hours: u32, window_hours: u32) -> Self {
        let ages = hours..hours.saturating_add(window_hours);
        let then = self.rows.par_iter().filter(|event| ages.contains(&event.age_hours));
        let then = then.map(|event| Interaction { age_hours: event.age_hours - hours, ..*event });
        Self { rows: then.collect() }
    }

    /// All of them.
    pub fn all(&self) -> &[Interaction] {
        &self.rows
    }

    /// Those of `actor` with `target`.
    pub fn of_pair(&self, target: u32, actor: u32) -> &[Interaction] {
        let before = |pair| self.rows.partition_point(|event| (event.target, event.actor) < pair);
        let from = before((target, actor));
        let same = |event: &Interaction| (event.target, event.actor) == (target, actor);
        &self.rows[from..from + self.rows[from..].iter().take_while(|event| same(event)).count()]
    }

    /// Those whose target is one of `vertices`.
    pub fn of_targets(&self, vertices: Range<usize>) -> &[Interaction] {
        let before = |v: usize| self.rows.partition_point(|event| (event.target as usize) < v);
        &self.rows[before(vertices.start)..before(vertices.end)]
    }
}

impl Digestible for Interaction {
    fn digest(&self, to: &mut Digest) {
        let Self { target, actor, post, age_hours, kind, sentiment } = self;
        [target, actor, post, age_hours].into_iter().for_each(|number| to.add(number));
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
