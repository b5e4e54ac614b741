//! The topics of a run: those of the ontology, and tags that are topics of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::PostScope;
use crate::model::{PersonIndex, Posts, Refusals};
use crate::phrases::Vocabulary;

/// Minimum number of original posts with a tag for it to be a topic.
const MIN_POSTS: u32 = 2;

/// A topic of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicEntry {
    /// Id: that of the ontology, or `#` and the spelling of the tag.
    pub id: String,
    /// Name as it is shown.
    pub name: String,
    /// Number within the ontology; `None` for a tag.
    pub in_ontology: Option<u32>,
}

/// Topics, numbered in order of id.
#[derive(Default)]
pub struct Catalogue {
    entries: Vec<TopicEntry>,
    of_ontology: Vec<u32>,
    of_tag: Vec<Option<u32>>,
    refused: BTreeMap<PersonIndex, BTreeSet<u32>>,
    none: BTreeSet<u32>,
}

impl Catalogue {
    /// The topics of `vocabulary` and the tags of `posts` that are read, and who refuses which.
    pub(super) fn of(
        vocabulary: &Vocabulary,
        posts: &Posts,
        refusals: &Refusals,
        scope: PostScope<'_>,
    ) -> Self {
        let mut uses = vec![0_u32; posts.tag_names.len()];
        for post in posts.originals().filter(|post| scope.is_read(*post)) {
            posts.tags.of(post).iter().for_each(|tag| uses[*tag as usize] += 1);
        }
        let ontology = &vocabulary.ontology;
        let of_ontology = (0..).zip(ontology.topics()).map(|(number, topic)| TopicEntry {
            id: topic.id.clone(),
            name: topic.name.clone(),
            in_ontology: Some(number),
        });
        let mut entries: Vec<TopicEntry> = of_ontology.collect();
        let used = posts.tag_names.iter().zip(&uses).filter(|(_, uses)| **uses >= MIN_POSTS);
        entries.extend(used.map(|((spelling, name), _)| TopicEntry {
            id: format!("#{spelling}"),
            name: format!("#{name}"),
            in_ontology: None,
        }));
        // A stable sort: a topic of the ontology goes before a tag of its id.
        entries.sort_by(|one, other| one.id.cmp(&other.id));
        entries.dedup_by(|tag, topic| tag.id == topic.id);
        let mut catalogue = Self { entries, ..Self::default() };
        let number = |id: &str| catalogue.number(id);
        catalogue.of_ontology =
            ontology.topics().iter().filter_map(|topic| number(&topic.id)).collect();
        let of_tag = |(spelling, _): &(String, _)| catalogue.number(&format!("#{spelling}"));
        catalogue.of_tag = posts.tag_names.iter().map(of_tag).collect();
        // Many refuse the same few topics.
        let mut below: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for id in refusals.values().flatten() {
            below.entry(id).or_insert_with(|| match ontology.number(id) {
                Some(topic) => ontology
                    .with_descendants(topic)
                    .into_iter()
                    .map(|t| catalogue.of_ontology(t))
                    .collect(),
                None => catalogue.find_tag(id, posts).into_iter().collect(),
            });
        }
        let of_person = |(person, ids): (&PersonIndex, &BTreeSet<String>)| {
            (*person, ids.iter().flat_map(|id| below[id.as_str()].iter().copied()).collect())
        };
        catalogue.refused = refusals.iter().map(of_person).collect();
        catalogue
    }

    /// Number of topics.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no topic.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The topics by number.
    pub fn entries(&self) -> &[TopicEntry] {
        &self.entries
    }

    /// The number of the topic `id`.
    pub fn number(&self, id: &str) -> Option<u32> {
        let found = self.entries.binary_search_by(|entry| (*entry.id).cmp(id));
        found.ok().map(|number| number as u32)
    }

    /// The number here of a topic of the ontology.
    pub fn of_ontology(&self, topic: u32) -> u32 {
        self.of_ontology[topic as usize]
    }

    /// The number of a tag, if it is a topic.
    pub fn of_tag(&self, tag: u32) -> Option<u32> {
        self.of_tag[tag as usize]
    }

    /// The number of the tag that is refused as `#` and its spelling, if it is a topic.
    fn find_tag(&self, id: &str, posts: &Posts) -> Option<u32> {
        let spelled = id.strip_prefix('#')?;
        let tags = &posts.tag_names;
        let found = tags.binary_search_by(|(spelling, _)| spelling.as_str().cmp(spelled)).ok()?;
        self.of_tag(found as u32)
    }

    /// The topics that a person refuses, with all topics below them.
    pub fn refused_by(&self, person: PersonIndex) -> &BTreeSet<u32> {
        self.refused.get(&person).unwrap_or(&self.none)
    }
}
