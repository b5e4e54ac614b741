//! Labels of people from outside, for validation and fitting; scores are never computed from them.

use super::dropped::Dropped;
use super::indices::PersonIndex;
use super::join_rate::JoinRate;
use super::warning::Warning;
use crate::digest::{Digest, Digestible};

/// One label set of `ground_truth`, restricted to scored people.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSet {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
}

/// Labels, each with its topic, or `None` for influence in general.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// (person, value, topic), sorted by person and topic, each pair once; all values are finite.
    Graded(Vec<(PersonIndex, f64, Option<String>)>),
    /// (more influential person, other person, topic), the two different, sorted, each once.
    Pairwise(Vec<(PersonIndex, PersonIndex, Option<String>)>),
}

/// The labels of `ground_truth` about scored people.
#[derive(Debug, Default)]
pub struct LabelSets {
    /// The label sets, sorted by name; one without any scored person is empty.
    pub sets: Vec<LabelSet>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
    /// How many labels are about scored people; `None` if there are no labels.
    pub join: Option<JoinRate>,
}

impl LabelSets {
    /// What should be looked at.
    pub fn warnings(&self) -> Vec<Warning> {
        Dropped::warnings(&self.drops)
    }
}

impl Digestible for LabelSet {
    fn digest(&self, to: &mut Digest) {
        let Self { name, labels } = self;
        to.add(name);
        match labels {
            Labels::Graded(rows) => {
                to.add("graded");
                to.add(rows);
            }
            Labels::Pairwise(rows) => {
                to.add("pairwise");
                to.add(rows);
            }
        }
    }
}
