//! The vocabulary of a job: an ontology and its phrases, with the changes of the job.

use std::collections::{BTreeMap, BTreeSet};

use super::finder::Hit;
use super::lexicon::{Lexicon, Sense, TopicPhrase, share_ancestor};
use super::ontology::{Ontology, Topic};
use super::{folded, spelling};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::job::Topics;
use crate::lists::Lists;
use crate::suggest::did_you_mean;

/// Damping of the roll-up that limits the ancestors by which topics are related: eight generations, fewer where topics have
/// several parents.
const RELATED_DAMPING: f64 = 0.5;

/// An ontology with its phrases, changed as a job demands.
pub struct Vocabulary {
    /// The topics.
    pub ontology: Ontology,
    /// The phrases that stand for them.
    pub lexicon: Lexicon,
    /// Whether each topic is excluded, by itself or as a descendant. Its phrases are still found, so that they hide shorter ones.
    excluded: Vec<bool>,
    /// The ancestors of each topic with itself, sorted: topics that share one are related.
    pub ancestors: Lists<(u32, f64)>,
    /// Whether tags that are not phrases are topics.
    pub tags: bool,
    /// Tags that are not topics, as [`spelling`]: those that the job stops, and the names and phrases of excluded topics.
    pub stop_tags: BTreeSet<String>,
    /// Hash of all of it.
    pub sha256: [u8; 32],
}

impl Vocabulary {
    /// The vocabulary of `ontology` and `phrases` with the settings of a job. The name of a topic without phrases is its only
    /// phrase.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for a change of an unknown topic, and those of [`Lexicon::new`].
    pub fn new(ontology: Ontology, mut phrases: Vec<TopicPhrase>, job: &Topics) -> Result<Self> {
        let mut has_phrases = vec![false; ontology.len()];
        phrases.iter().for_each(|phrase| has_phrases[phrase.topic as usize] = true);
        let certain =
            |topic: u32, phrase: String| TopicPhrase { topic, phrase, language: None, weight: 1.0 };
        for (topic, has_phrases) in (0..).zip(has_phrases) {
            if !has_phrases {
                phrases.push(certain(topic, ontology.topics()[topic as usize].name.clone()));
            }
        }
        let mut dropped: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        let mut excluded = vec![false; ontology.len()];
        for (id, change) in &job.change {
            let topic = ontology.number(id).ok_or_else(|| unknown(&ontology, id))?;
            phrases.extend(change.add.iter().map(|phrase| certain(topic, phrase.clone())));
            dropped.insert(topic, change.drop.iter().map(|phrase| folded(phrase)).collect());
            if change.off {
                let topics = ontology.with_descendants(topic).into_iter();
                topics.for_each(|topic| excluded[topic as usize] = true);
            }
        }
        let allowed = |category: &str| job.special_categories.contains(category);
        for (topic, excluded) in (0..).zip(&mut excluded) {
            *excluded |= ontology.special_categories(topic).any(|category| !allowed(category));
        }
        let mut stop_tags: BTreeSet<String> = job.stop.iter().map(|tag| spelling(tag)).collect();
        if job.tags {
            // Before phrases are dropped, and in any language: as a tag each tells the same of a person.
            let rows = phrases.iter().filter(|row| excluded[row.topic as usize]);
            stop_tags.extend(rows.map(|row| spelling(&row.phrase)));
            let topics = ontology.topics().iter().zip(&excluded).filter(|(_, excluded)| **excluded);
            stop_tags
                .extend(topics.flat_map(|(topic, _)| [spelling(&topic.name), spelling(&topic.id)]));
        }
        phrases.retain(|row| {
            let dropped = dropped.get(&row.topic);
            !dropped.is_some_and(|dropped| dropped.contains(&folded(&row.phrase)))
        });
        phrases.sort_by(|one, other| {
            let key = |row: &TopicPhrase| (row.topic, row.weight.to_bits());
            key(one)
                .cmp(&key(other))
                .then_with(|| (&one.phrase, &one.language).cmp(&(&other.phrase, &other.language)))
        });
        phrases.dedup();
        let sha256 = digest(&ontology, &phrases, &excluded);
        let ancestors = ontology.roll_up(RELATED_DAMPING);
        Ok(Self {
            lexicon: Lexicon::new(&phrases, &ancestors, &job.stop, &job.language)?,
            ancestors,
            ontology,
            excluded,
            tags: job.tags,
            stop_tags,
            sha256,
        })
    }

    /// Whether `topic` is excluded.
    pub fn is_excluded(&self, topic: u32) -> bool {
        self.excluded[topic as usize]
    }

    /// The topics that the phrases of a post stand for, sorted by phrase and topic, without excluded ones. A phrase that needs
    /// context stands only for topics that are related to one of another phrase of the post.
    pub fn senses_in_context<'a>(
        &'a self,
        hits: &'a [Hit],
    ) -> impl Iterator<Item = (Hit, Sense)> + 'a {
        let is_included = |sense: &&Sense| !self.is_excluded(sense.topic);
        let senses = move |hit: &Hit| self.lexicon.senses(hit.phrase).iter().filter(is_included);
        hits.iter().flat_map(move |hit| {
            let needs_context = self.lexicon.phrases()[hit.phrase as usize].needs_context;
            let has_context = move |sense: &&Sense| {
                let ancestors = self.ancestors.of(sense.topic as usize);
                let others = hits.iter().filter(|other| other.phrase != hit.phrase);
                let mut others = others.flat_map(senses);
                others
                    .any(|other| share_ancestor(ancestors, self.ancestors.of(other.topic as usize)))
            };
            let kept = senses(hit).filter(move |sense| !needs_context || has_context(sense));
            kept.map(|sense| (*hit, *sense))
        })
    }

    /// Whether no post can have a topic.
    pub fn is_empty(&self) -> bool {
        self.lexicon.is_empty() && !self.tags
    }
}

fn unknown(ontology: &Ontology, id: &str) -> Error {
    let topics = ontology.topics();
    let by_name = topics.iter().find(|topic| topic.name.eq_ignore_ascii_case(id));
    let near = match by_name {
        Some(topic) => did_you_mean(&topic.id, [topic.id.as_str()]),
        None => did_you_mean(id, topics.iter().map(|topic| topic.id.as_str())),
    };
    Error::bad_job(
        format!("`topics.change` names a topic `{id}` that is not in the ontology"),
        format!("{near}give its topic_id"),
    )
}

/// The digest of the topics that posts can have; special categories act only through the excluded topics.
fn digest(ontology: &Ontology, phrases: &[TopicPhrase], excluded: &[bool]) -> [u8; 32] {
    let mut digest = Digest::default();
    for (number, (topic, excluded)) in (0..).zip(ontology.topics().iter().zip(excluded)) {
        let Topic { id, name, special_category: _ } = topic;
        digest.add(id);
        digest.add(name);
        digest.add(excluded);
        digest.add(ontology.parents(number));
    }
    for TopicPhrase { topic, phrase, language, weight } in phrases {
        digest.add(topic);
        digest.add(phrase);
        digest.add(language);
        digest.add(weight);
    }
    digest.finish()
}
