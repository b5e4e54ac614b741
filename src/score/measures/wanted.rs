//! Which measures are computed: all of them by a run, and those that are compared by a backtest.

use std::collections::BTreeSet;

/// Which measures are computed.
#[derive(Clone, Copy, Default)]
pub struct Wanted<'a>(Option<&'a BTreeSet<String>>);

impl<'a> Wanted<'a> {
    /// All measures.
    pub fn all() -> Self {
        Self(None)
    }

    /// The measures of these names.
    pub fn only(names: &'a BTreeSet<String>) -> Self {
        Self(Some(names))
    }

    /// Whether a measure is computed.
    pub fn has(self, name: &str) -> bool {
        self.0.is_none_or(|names| names.contains(name))
    }

    /// Whether any of these measures is computed.
    pub fn has_any(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }
}
