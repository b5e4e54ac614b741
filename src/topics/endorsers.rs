//! Who endorsed whom on what topic.

use super::context::Context;
use crate::lists::Lists;
use crate::model::{Endorsement, PersonIndex};

/// The trusted people who endorsed each person, as (topic, giver) in order: an endorsement on a topic is one on the topics
/// above it. Lists: persons.
pub(super) fn group_endorsers_by_person(context: &Context<'_>) -> Lists<(u32, PersonIndex)> {
    let Context { people, vocabulary, catalogue, trust, .. } = context;
    let mut trusted = vec![false; people.persons.len()];
    for (vertex, person) in people.persons.by_vertex() {
        trusted[person.index()] |= trust.is_trusted(vertex);
    }
    let mut all: Vec<(PersonIndex, (u32, PersonIndex))> = Vec::new();
    for Endorsement { receiver, topic, giver } in &people.endorsements {
        if !trusted[giver.index()] {
            continue;
        }
        let Some(topic) = catalogue.number(topic) else { continue };
        if catalogue.refused_by(*giver).contains(&topic) {
            continue;
        }
        match catalogue.entries()[topic as usize].in_ontology {
            None => all.push((*receiver, (topic, *giver))),
            Some(topic) if vocabulary.is_excluded(topic) => {}
            Some(topic) => {
                let above = vocabulary.ancestors.of(topic as usize).iter();
                let above = above.map(|(above, _)| catalogue.of_ontology(*above));
                all.extend(above.map(|topic| (*receiver, (topic, *giver))));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Lists::grouped(people.persons.len(), all.iter().copied())
}
