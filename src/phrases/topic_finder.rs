//! Topics by what people write for them.

use std::collections::BTreeMap;

use super::spelling;
use super::vocabulary::Vocabulary;
use crate::suggest::did_you_mean;

/// Finds the topics that a text may mean: the topic of this id, or else all whose id or name is spelled so, as tags are
/// compared.
pub struct TopicFinder<'a> {
    vocabulary: &'a Vocabulary,
    by_spelling: BTreeMap<String, Vec<u32>>,
}

impl<'a> TopicFinder<'a> {
    /// A finder of the topics of `vocabulary`.
    pub fn new(vocabulary: &'a Vocabulary) -> Self {
        let mut by_spelling: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (number, topic) in (0..).zip(vocabulary.ontology.topics()) {
            for text in [&topic.id, &topic.name] {
                let topics = by_spelling.entry(spelling(text)).or_default();
                if topics.last() != Some(&number) {
                    topics.push(number);
                }
            }
        }
        // Texts without a letter or digit are all spelled alike.
        by_spelling.remove("");
        Self { vocabulary, by_spelling }
    }

    /// The ids of the topics that `text` may mean, sorted. One that begins with `#` may be a tag too, whether or not a post
    /// has it. Empty if there is no such topic.
    pub fn ids(&self, text: &str) -> Vec<String> {
        let ontology = &self.vocabulary.ontology;
        if ontology.number(text).is_some() {
            return vec![text.to_owned()];
        }
        let spelled = spelling(text);
        let found = self.by_spelling.get(&spelled).into_iter().flatten();
        let mut ids: Vec<String> =
            found.map(|topic| ontology.topics()[*topic as usize].id.clone()).collect();
        if self.vocabulary.tags && text.starts_with('#') && !spelled.is_empty() {
            ids.push(format!("#{spelled}"));
        }
        ids.sort_unstable();
        ids
    }

    /// "did you mean `…`? " with the id or name closest to `text`; a tag where all texts may be tags.
    pub fn did_you_mean(&self, text: &str) -> String {
        let topics = self.vocabulary.ontology.topics().iter();
        let near = did_you_mean(text, topics.flat_map(|t| [t.id.as_str(), t.name.as_str()]));
        match near.is_empty() && self.vocabulary.tags {
            true => format!("did you mean the tag `#{text}`? "),
            false => near,
        }
    }
}
