//! Topics and the phrases by which texts are known to be about them.
//!
//! An [`Ontology`] holds the topics and which lies under which, a [`Lexicon`] the phrases that stand for them;
//! [`Lexicon::find`] tells which of them a post holds, and where.

mod fold;
mod lexicon;
mod ontology;
mod parts;

pub use fold::folded;
pub use lexicon::{Finder, Hit, Lexicon, Meaning, Phrase, Places, Sense, TAG, TEXT, TITLE, URL};
pub use ontology::{Ontology, Topic};
