//! Topics, and the phrases that stand for them in texts.
//!
//! An [`Ontology`] has the topics and their parents, a [`Lexicon`] the phrases that stand for them; [`Lexicon::finder`] finds
//! the phrases of a post. A [`Vocabulary`] is both, with the settings of a job.

mod finder;
mod fold;
mod languages;
mod lexicon;
mod ontology;
mod particles;
mod spellings;
mod text_parts;
mod topic_finder;
mod vocabulary;

pub use finder::{Extracted, Finder, Hit, Places, TAG, TEXT, TITLE, URL};
pub use fold::folded;
pub use languages::language;
pub use lexicon::{Lexicon, Phrase, Sense, TopicPhrase};
pub use ontology::{Ontology, Topic};
pub use topic_finder::TopicFinder;
pub use vocabulary::Vocabulary;

/// The form by which tags are compared: folded, without spaces.
pub fn spelling(tag: &str) -> String {
    folded(tag).replace(' ', "")
}
