//! Topics that people refuse to be known for.

use std::collections::{BTreeMap, BTreeSet};

use super::indices::PersonIndex;

/// Ids of the topics that each person refuses.
pub type Refusals = BTreeMap<PersonIndex, BTreeSet<String>>;
