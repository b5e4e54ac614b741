//! What does not stop a run, and should be looked at.

use serde::{Deserialize, Serialize};

/// What does not stop a run, and should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Input table.
    pub table: String,
    /// What was found, and what to do.
    pub text: String,
}

impl Warning {
    /// A warning about an input.
    pub(crate) fn new(table: &str, text: impl Into<String>) -> Self {
        Self { table: table.into(), text: text.into() }
    }
}
