//! Outside judgements of people, which scores are measured against and never computed from.

use super::dropped::Dropped;
use crate::digest::{Digest, Digestible};

/// One truth of `ground_truth` about people who are scored.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelSet {
    /// Its name.
    pub name: String,
    /// Its judgements.
    pub form: Labels,
}

/// The judgements of a truth, each with its topic, or none where it is about influence as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Number and value of persons, in order of person and topic, each of which is there once; all values are
    /// finite.
    Graded(Vec<(u32, f64, Option<String>)>),
    /// Numbers of two different persons, the more influential one first, in order of both and of topic, each once.
    Pairwise(Vec<(u32, u32, Option<String>)>),
}

/// What `ground_truth` says of people who are scored.
#[derive(Debug, Default)]
pub struct LabelSets {
    /// The truths in order of name; one that is about nobody who is scored is empty.
    pub truths: Vec<LabelSet>,
    /// Rows dropped by rule.
    pub drops: Vec<Dropped>,
}

impl Digestible for LabelSet {
    fn digest(&self, to: &mut Digest) {
        let Self { name, form } = self;
        to.add(name);
        match form {
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
