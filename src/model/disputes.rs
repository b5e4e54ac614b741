//! Disputes: what people dispute of what is said of them.

use chrono::NaiveDate;

use crate::digest::{Digest, Digestible};

/// Something that a person disputes, not resolved yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dispute {
    /// Since which day, in UTC.
    pub since: NaiveDate,
    /// What is disputed.
    pub what: String,
}

impl Dispute {
    /// As the table `people` shows it: the day, and what is disputed.
    pub fn shown(&self) -> String {
        format!("{} {}", self.since, self.what).trim_end().to_owned()
    }
}

impl Digestible for Dispute {
    fn digest(&self, to: &mut Digest) {
        to.add(&self.shown()[..]);
    }
}
