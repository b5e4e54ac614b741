//! Topics that people refuse to be known for.

use std::collections::{BTreeMap, BTreeSet};

use super::indices::PersonIndex;

/// Ids of the topics that each person refuses: those of the ontology, and `#` with the spelling of a tag.
pub type Refusals = BTreeMap<PersonIndex, BTreeSet<String>>;
