//! Topics and the phrases by which texts are known to be about them.
//!
//! An [`Ontology`] holds the topics and which lies under which, a [`Lexicon`] the phrases that stand for them;
//! [`Lexicon::finder`] tells which of them a post holds, and where. A [`Vocabulary`] is both as a job wants them.

mod finder;
mod fold;
mod lexicon;
mod ontology;
mod parts;
mod vocabulary;

pub use finder::{Finder, Found, Hit, Places, TAG, TEXT, TITLE, URL};
pub use fold::folded;
pub use lexicon::{Lexicon, Meaning, Phrase, Sense};
pub use ontology::{Ontology, Topic};
pub use vocabulary::Vocabulary;

/// A tag as it is told from others: folded, without spaces.
pub fn spelling(tag: &str) -> String {
    folded(tag).replace(' ', "")
}
