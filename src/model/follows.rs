//! Follows between vertices, 12 bytes each.

use std::ops::Range;

use super::indices::VertexIndex;
use crate::digest::{Digest, Digestible};
use rayon::prelude::*;
use renown_graph::numbering::NONE;

/// One vertex follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Vertex that is followed.
    pub followee: VertexIndex,
    /// Vertex that follows.
    pub follower: VertexIndex,
    /// Hours, [`NONE`] where they are unknown: an `Option` would take 4 bytes more.
    pub(crate) since: u32,
}

impl Follow {
    /// Whole hours from the start of the follow to the cutoff; `None` where the start is unknown.
    pub fn since_hours(&self) -> Option<u32> {
        (self.since != NONE).then_some(self.since)
    }
}

/// Follows among different eligible people: sorted by (followee, follower), each pair once, with the earliest start
/// that any of its rows has. Memory: 12 bytes each.
pub struct Follows {
    pub(crate) rows: Vec<Follow>,
}

impl Follows {
    /// The follows as of `hours` whole hours before the cutoff, with ages at that time. Follows with an unknown start are
    /// included.
    pub fn as_of(&self, hours: u32) -> Self {
        let started = self.rows.par_iter().filter(|row| row.since >= hours);
        let rows = started.map(|row| match row.since {
            NONE => *row,
            since => Follow { since: since - hours, ..*row },
        });
        Self { rows: rows.collect() }
    }

    /// All follows.
    pub fn all(&self) -> &[Follow] {
        &self.rows
    }

    /// The follows whose followee is one of `vertices`, given as indices.
    pub fn of_followees(&self, vertices: Range<usize>) -> &[Follow] {
        let before = |v: usize| self.rows.partition_point(|row| row.followee.index() < v);
        &self.rows[before(vertices.start)..before(vertices.end)]
    }
}

impl Digestible for Follow {
    fn digest(&self, to: &mut Digest) {
        let Self { followee, follower, since } = self;
        [followee, follower].into_iter().for_each(|vertex| to.add(vertex));
        to.add(since);
    }
}

impl Digestible for Follows {
    fn digest(&self, to: &mut Digest) {
        let Self { rows } = self;
        to.add_rows(rows);
    }
}
