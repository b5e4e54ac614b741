//! The tables of a run as Arrow batches, in the columns and the order of their contracts. Drafting computes nothing: every
//! value comes from a stage before.

mod batches;
mod checks;
mod draft;
mod people;
mod scores;
mod topics;

pub(crate) use batches::lists;
pub use draft::{Draft, DraftInputs, draft_tables};
