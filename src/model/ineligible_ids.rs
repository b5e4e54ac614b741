//! The ids of ineligible people, to recognise them where a text may name anybody.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Hashes of ids: an id can be recognised and none can be read. They last as long as the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IneligibleIds {
    /// Sorted.
    hashes: Vec<u64>,
}

impl IneligibleIds {
    /// Whether it has an id: a person's, or an account's as `network:account_id`.
    pub fn contains(&self, id: &str) -> bool {
        self.hashes.binary_search(&hash(id)).is_ok()
    }
}

impl<T: AsRef<str>> FromIterator<T> for IneligibleIds {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        let mut hashes: Vec<u64> = ids.into_iter().map(|id| hash(id.as_ref())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
