//! Endorsements: who endorsed whom on which topic.

use super::indices::PersonIndex;
use crate::digest::{Digest, Digestible};

/// One person endorses another on a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endorsement {
    /// The endorsed person.
    pub receiver: PersonIndex,
    /// Id of the topic.
    pub topic: String,
    /// The endorsing person.
    pub giver: PersonIndex,
}

impl Digestible for Endorsement {
    fn digest(&self, to: &mut Digest) {
        let Self { receiver, topic, giver } = self;
        to.add(receiver);
        to.add(topic);
        to.add(giver);
    }
}
