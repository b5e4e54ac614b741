//! All that decides what a post is taken to be about.

use std::collections::{BTreeMap, BTreeSet};

use super::finder::Hit;
use super::lexicon::{Lexicon, Meaning, Sense, are_relatives};
use super::ontology::{Ontology, Topic};
use super::{folded, spelling};
use crate::digest::Digest;
use crate::error::{Error, Result, did_you_mean};
use crate::job::Topics;
use crate::lists::Lists;

/// Damping up to which ancestors make topics relatives: eight generations, fewer where there are several parents.
const WITHIN_BRANCH: f64 = 0.5;

/// An ontology with its phrases, changed as a job says.
pub struct Vocabulary {
    /// The topics.
    pub ontology: Ontology,
    /// The phrases that stand for them.
    pub lexicon: Lexicon,
    /// Topics that are left out, by number; what lies under one is left out too. Their phrases are found and mean
    /// nothing.
    off: Vec<bool>,
    /// The topics above each, itself one of them: topics whose branches meet are relatives.
    pub branches: Lists<(u32, f64)>,
    /// Whether tags that are no phrase are topics of their own.
    pub tags: bool,
    /// Tags that are none, as [`spelling`].
    pub stop_tags: BTreeSet<String>,
    /// Hash of all of it.
    pub sha256: [u8; 32],
}

impl Vocabulary {
    /// The vocabulary of `ontology` and `meanings` under the settings of a job. Topics without a row among the
    /// meanings are known by their names.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for a change of a topic that is not there, and those of [`Lexicon::new`].
    pub fn new(ontology: Ontology, mut meanings: Vec<Meaning>, job: &Topics) -> Result<Self> {
        let mut named = vec![true; ontology.len()];
        meanings.iter().for_each(|meaning| named[meaning.topic as usize] = false);
        let everywhere =
            |topic: u32, phrase: String| Meaning { topic, phrase, language: None, weight: 1.0 };
        for (topic, named) in (0..).zip(named) {
            if named {
                meanings.push(everywhere(topic, ontology.topics()[topic as usize].name.clone()));
            }
        }
        let mut dropped: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
        let mut off = vec![false; ontology.len()];
        for (id, change) in &job.change {
            let topic = ontology.number(id).ok_or_else(|| unknown(&ontology, id))?;
            meanings.extend(change.add.iter().map(|phrase| everywhere(topic, phrase.clone())));
            dropped.insert(topic, change.drop.iter().map(|phrase| folded(phrase)).collect());
            if change.off {
                ontology.below(topic).into_iter().for_each(|topic| off[topic as usize] = true);
            }
        }
        meanings.retain(|meaning| {
            let dropped = dropped.get(&meaning.topic);
            !dropped.is_some_and(|dropped| dropped.contains(&folded(&meaning.phrase)))
        });
        meanings.sort_by(|one, other| {
            let key = |meaning: &Meaning| (meaning.topic, meaning.weight.to_bits());
            key(one)
                .cmp(&key(other))
                .then_with(|| (&one.phrase, &one.language).cmp(&(&other.phrase, &other.language)))
        });
        meanings.dedup();
        let allowed = |category: &str| job.special_categories.contains(category);
        for (topic, off) in (0..).zip(&mut off) {
            *off |= ontology.special_categories(topic).any(|category| !allowed(category));
        }
        let sha256 = digest(&ontology, &meanings, &off);
        let branches = ontology.roll_up(WITHIN_BRANCH);
        Ok(Self {
            lexicon: Lexicon::new(&meanings, &branches, &job.stop, &job.language)?,
            branches,
            ontology,
            off,
            tags: job.tags,
            stop_tags: job.stop.iter().map(|tag| spelling(tag)).collect(),
            sha256,
        })
    }

    /// Whether `topic` is left out.
    pub fn is_off(&self, topic: u32) -> bool {
        self.off[topic as usize]
    }

    /// What the phrases of a post mean, in order of phrase and topic. Topics that are left out are not meant, and by
    /// a phrase that needs company those alone of whose branch another phrase of the post is.
    pub fn meant<'a>(&'a self, hits: &'a [Hit]) -> impl Iterator<Item = (Hit, Sense)> + 'a {
        let on = |sense: &&Sense| !self.is_off(sense.topic);
        let senses = move |hit: &Hit| self.lexicon.senses(hit.phrase).iter().filter(on);
        hits.iter().flat_map(move |hit| {
            let in_company = self.lexicon.phrases()[hit.phrase as usize].in_company;
            let has_company = move |sense: &&Sense| {
                let own = self.branches.of(sense.topic as usize);
                let others = hits.iter().filter(|other| other.phrase != hit.phrase);
                let mut others = others.flat_map(senses);
                others.any(|other| are_relatives(own, self.branches.of(other.topic as usize)))
            };
            let meant = senses(hit).filter(move |sense| !in_company || has_company(sense));
            meant.map(|sense| (*hit, *sense))
        })
    }

    /// Whether no post can be about anything.
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

/// Of the ontology what posts can be about; special categories show in what is left out.
fn digest(ontology: &Ontology, meanings: &[Meaning], off: &[bool]) -> [u8; 32] {
    let mut digest = Digest::default();
    for (number, (topic, off)) in (0..).zip(ontology.topics().iter().zip(off)) {
        let Topic { id, name, special_category: _ } = topic;
        digest.add(id);
        digest.add(name);
        digest.add(off);
        digest.add(ontology.parents(number));
    }
    for Meaning { topic, phrase, language, weight } in meanings {
        digest.add(topic);
        digest.add(phrase);
        digest.add(language);
        digest.add(weight);
    }
    digest.finish()
}
