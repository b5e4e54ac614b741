//! Who endorsed whom on what topic, and how much that counts.

use super::context::Context;
use crate::lists::Lists;
use crate::model::{Endorsement, PersonIndex};

/// Somebody who endorsed a person on a topic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endorser {
    /// Index of the topic.
    pub topic: u32,
    /// Who endorsed.
    pub giver: PersonIndex,
    /// Credit of the giver without vouches of the receiver, in units of [`CREDIT`](crate::model::CREDIT).
    pub credit: i64,
}

/// The people with credit who endorsed each person, in order of topic and giver: an endorsement on a topic is one on the topics
/// above it. Lists: persons.
pub(super) fn group_endorsers_by_person(context: &Context<'_>) -> Lists<Endorser> {
    let Context { people, vocabulary, catalogue, trust, vertices_of, .. } = context;
    let mut all: Vec<(PersonIndex, Endorser)> = Vec::new();
    for Endorsement { receiver, topic, giver } in &people.endorsements {
        let (receiver, giver) = (*receiver, *giver);
        let credit =
            trust.credit_among(vertices_of.of(giver.index()), vertices_of.of(receiver.index()));
        let Some(topic) = catalogue.number(topic).filter(|_| credit > 0) else { continue };
        if catalogue.refused_by(giver).contains(&topic) {
            continue;
        }
        match catalogue.entries()[topic as usize].in_ontology {
            None => all.push((receiver, Endorser { topic, giver, credit })),
            Some(topic) if vocabulary.is_excluded(topic) => {}
            Some(topic) => {
                let above = vocabulary.ancestors.of(topic as usize).iter();
                let above = above.map(|(above, _)| catalogue.of_ontology(*above));
                all.extend(above.map(|topic| (receiver, Endorser { topic, giver, credit })));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Lists::grouped(people.persons.len(), all.iter().copied())
}
