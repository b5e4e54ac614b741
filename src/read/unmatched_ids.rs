//! Ids that no other input names, kept to see how they differ from those that are named.

use std::collections::BTreeSet;

/// Ids that are not found, as (network, id); a person id has an empty network. Only the smallest are kept: which they are does
/// not depend on the order of rows.
#[derive(Default)]
pub(super) struct UnmatchedIds(BTreeSet<(Box<str>, Box<str>)>);

impl UnmatchedIds {
    const MAX: usize = 100;

    pub(super) fn add(&mut self, network: &str, id: &str) {
        let is_full = self.0.len() >= Self::MAX;
        if is_full && self.0.last().is_some_and(|last| (&*last.0, &*last.1) <= (network, id)) {
            return;
        }
        self.0.insert((network.into(), id.into()));
        if self.0.len() > Self::MAX {
            self.0.pop_last();
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|(network, id)| self.add(&network, &id));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(network, id)| (&**network, &**id))
    }
}
