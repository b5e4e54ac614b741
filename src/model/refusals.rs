//! Topics that people refuse to be known for.

use std::collections::{BTreeMap, BTreeSet};

/// Ids of the topics that each person refuses, by number of the person.
pub type Refusals = BTreeMap<u32, BTreeSet<String>>;
