//! How many keys can be numbered.

/// The number of no key.
pub const NONE: u32 = u32::MAX;

/// There are more distinct keys than 32-bit numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are more ids than the {limit} that can be numbered")]
pub struct TooManyIds {
    /// The most that are accepted.
    pub limit: usize,
}
