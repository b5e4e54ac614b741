//! Which accounts are one person: the section `[people]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which accounts are one person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PeopleRule {
    /// Accounts that `identities` links to a person without saying in `proof` how that was proven.
    pub unproven: UnprovenRule,
}

/// What is done with a link that nobody has proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnprovenRule {
    /// Each account is scored as a person of its own: else whoever can write a link gains the audience of another. What one of the
    /// linked accounts refuses holds for all of them.
    #[default]
    Separate,
    /// They are one person.
    Link,
}
