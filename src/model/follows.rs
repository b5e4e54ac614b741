//! Who follows whom, 12 bytes a pair.

use std::ops::Range;

use crate::digest::{Digest, Digestible};
use rayon::prelude::*;
use renown_graph::numbering::NONE;

/// That one vertex follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Vertex that is followed.
    pub followee: u32,
    /// Vertex that follows.
    pub follower: u32,
    /// Hours, [`NONE`] where they are not known: an option would take 4 bytes more.
    pub(crate) since: u32,
}

impl Follow {
    /// Whole hours from the beginning to the cutoff, if it is known when it began.
    pub fn since_hours(&self) -> Option<u32> {
        (self.since != NONE).then_some(self.since)
    }
}

/// Who follows whom among different people who may be scored: in order of (followee, follower), each pair once,
/// with the earliest beginning that any of its rows states. Memory: 12 bytes each.
pub struct Follows {
    pub(crate) rows: Vec<Follow>,
}

impl Follows {
    /// Those that had begun so many whole hours before the cutoff, with ages as they were then; of which it is not known
    /// when they began are among them.
    pub fn before(&self, hours: u32) -> Self {
        let then = self.rows.par_iter().filter(|row| row.since >= hours);
        let then = then.map(|row| match row.since {
            NONE => *row,
            since => Follow { since: since - hours, ..*row },
        });
        Self { rows: then.collect() }
    }

    /// All of them.
    pub fn all(&self) -> &[Follow] {
        &self.rows
    }

    /// Those whose followee is one of `vertices`.
    pub fn of_followees(&self, vertices: Range<usize>) -> &[Follow] {
        let before = |v: usize| self.rows.partition_point(|row| (row.followee as usize) < v);
        &self.rows[before(vertices.start)..before(vertices.end)]
    }
}

impl Digestible for Follow {
    fn digest(&self, to: &mut Digest) {
        let Self { followee, follower, since } = self;
        [followee, follower, since].into_iter().for_each(|number| to.add(number));
    }
}

impl Digestible for Follows {
    fn digest(&self, to: &mut Digest) {
        let Self { rows } = self;
        to.add_rows(rows);
    }
}
