//! The sections of the page, and the document around them.

mod attacks;
mod bins;
mod changes;
mod contributions;
pub(super) mod document;
mod leaders;
mod run;
mod scores;
mod topics;
mod validation;
