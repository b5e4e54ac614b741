//! Which posts and interactions count.

/// Posts and interactions count that are at least so many whole hours old.
#[derive(Clone, Copy, Debug, Default)]
pub struct MinAges {
    /// Minimum age of posts.
    pub posts_hours: u32,
    /// Minimum age of interactions.
    pub interactions_hours: u32,
}
