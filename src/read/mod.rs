//! Stages 1 and 2: from Parquet to the people who are eligible and their data.
//!
//! [`snapshot()`] opens every input and validates it against its contract; [`people()`] joins accounts into persons, removes
//! ineligible persons with all interactions from and to them, and gives the rest dense numbers. No score or measure is
//! computed before that.

mod account_stats;
mod accounts;
mod columns;
mod consent;
mod directory;
mod eligibility;
mod endorsements;
mod follows;
mod ground_truth;
mod identities;
mod ids;
mod input_opener;
mod interactions;
mod lists;
mod open_input;
mod people;
mod persons;
mod post_decoder;
mod posts;
mod row_filter;
mod row_rules;
mod scan_estimate;
mod snapshot;
mod sources;
mod sql_nesting;
mod validate;
mod violations;
mod vocabulary;

pub use ground_truth::{GroundTruth, label_sets, open_ground_truth};
pub use input_opener::select;
pub use people::people;
pub use scan_estimate::ScanEstimate;
pub use snapshot::{Snapshot, estimate_scans, snapshot};
pub use sources::{InputFile, Listing, open, refuse_changed_files};
pub use violations::Violations;
pub use vocabulary::vocabulary;
