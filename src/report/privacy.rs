//! What a page that names nobody leaves out.

/// Minimum number of people of a group that such a page shows.
pub(super) const MIN_PEOPLE: u64 = 20;
