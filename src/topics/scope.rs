//! Which posts have topics as of a date.

use crate::method::Method;
use crate::model::{NOT_YET, Posts};

/// The posts that a run of the date reads, those of the method's window, and, to compare with what followed, later ones. What
/// phrases weigh follows from those that are read alone.
#[derive(Clone, Copy)]
pub(super) struct PostScope<'a> {
    ages: &'a [u32],
    window_hours: u32,
    with_later: bool,
}

impl<'a> PostScope<'a> {
    /// Those that a run reads. At the end of a snapshot they are all posts.
    pub fn read(posts: &'a Posts, method: &Method) -> Self {
        Self { ages: &posts.age_hours, window_hours: method.window_hours(), with_later: false }
    }

    /// And later ones.
    pub fn with_later(self) -> Self {
        Self { with_later: true, ..self }
    }

    /// Whether a run of the date reads a post.
    pub fn is_read(&self, post: usize) -> bool {
        self.ages[post] < self.window_hours
    }

    /// Whether a post has topics.
    pub fn holds(&self, post: usize) -> bool {
        self.is_read(post) || (self.with_later && self.ages[post] == NOT_YET)
    }
}
