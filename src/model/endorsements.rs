//! Endorsements: who endorsed whom on which topic.

use crate::digest::{Digest, Digestible};

/// One person endorses another on a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endorsement {
    /// Number of the endorsed person.
    pub receiver: u32,
    /// Id of the topic.
    pub topic: String,
    /// Number of the endorsing person.
    pub giver: u32,
}

impl Digestible for Endorsement {
    fn digest(&self, to: &mut Digest) {
        let Self { receiver, topic, giver } = self;
        to.add(receiver);
        to.add(topic);
        to.add(giver);
    }
}
