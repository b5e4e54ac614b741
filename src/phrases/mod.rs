//! Topics and the phrases by which texts are known to be about them.
//!
//! An [`Ontology`] holds the topics and which lies under which, a [`Lexicon`] the phrases that stand for them;
//! [`Lexicon::finder`] tells which of them a post holds, and where. A [`Vocabulary`] is both as a job wants them.

mod fold;
mod lexicon;
mod ontology;
mod parts;
mod vocabulary;

pub use fold::folded;
pub(crate) use lexicon::are_relatives;
pub use lexicon::{
    Finder, Found, Hit, Lexicon, Meaning, Phrase, Places, Sense, TAG, TEXT, TITLE, URL,
};
pub use ontology::{Ontology, Topic};
pub use vocabulary::Vocabulary;

/// A tag as it is told from others: folded, without spaces.
pub fn spelling(tag: &str) -> String {
    folded(tag).replace(' ', "")
}
