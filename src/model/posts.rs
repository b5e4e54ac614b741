//! Posts with the phrases found in them.

use std::ops::Range;

use arrow::array::LargeStringArray;

use super::indices::{OrNone, PostIndex, VertexIndex};
use crate::digest::{Digest, Digestible};
use crate::lists::Lists;
use crate::phrases::Hit;

/// Age of a post that is published after the date that people are looked at as of.
pub const NOT_YET: u32 = u32::MAX;

/// Posts of eligible people: original posts, then reposts, each part sorted by (network, post id). All lengths: posts.
pub struct Posts {
    /// Number of original posts.
    pub originals: usize,
    /// Vertex of each post's author.
    pub authors: Vec<VertexIndex>,
    /// Id of each post on its network.
    pub ids: LargeStringArray,
    /// When each was published, in microseconds since 1970 (UTC).
    pub at_us: Vec<i64>,
    /// Whole hours before the cutoff, or, in a backtest, before its date; [`NOT_YET`] after it.
    pub age_hours: Vec<u32>,
    /// The post that each replies to, quotes or reposts; none for the others.
    pub parents: Vec<OrNone<PostIndex>>,
    /// Phrases of each post.
    pub hits: Lists<Hit>,
    /// Tags of each post that are not phrases, as indices into `tag_names`.
    pub tags: Lists<u32>,
    /// URLs of each post, as written.
    pub urls: Lists<Box<str>>,
    /// Tags, sorted by spelling: the spelling, and the first way of writing it.
    pub tag_names: Vec<(String, Box<str>)>,
}

impl Posts {
    /// Indices of the original posts.
    pub fn originals(&self) -> Range<usize> {
        0..self.originals
    }

    /// Whether a post is original, and not a repost.
    pub fn is_original(&self, post: PostIndex) -> bool {
        post.index() < self.originals
    }

    /// The author of a post.
    pub fn author(&self, post: PostIndex) -> VertexIndex {
        self.authors[post.index()]
    }
}

/// Posts digest by what was found in them: other texts with the same phrases give the same tables.
impl Digestible for Posts {
    fn digest(&self, to: &mut Digest) {
        let Self {
            originals,
            authors,
            ids,
            at_us,
            age_hours: _,
            parents,
            hits,
            tags,
            urls,
            tag_names,
        } = self;
        to.add(originals);
        to.add_parts(authors.len(), |to, post| {
            to.add(ids.value(post));
            to.add(&authors[post]);
            to.add(&at_us[post]);
            to.add(&parents[post]);
            to.add(hits.of(post));
            to.add(tags.of(post));
            to.add(urls.of(post));
        });
        to.add(tag_names);
    }
}
