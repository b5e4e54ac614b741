//! Who endorsed whom on what topic.

use crate::digest::{Digest, Digestible};

/// Somebody's word that somebody else knows about a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endorsement {
    /// Number of the person it is about.
    pub receiver: u32,
    /// Id of the topic.
    pub topic: String,
    /// Number of the person who gave it.
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
