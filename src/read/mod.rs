//! Stages 1 and 2: from Parquet to the people who are eligible and their data.
//!
//! [`snapshot()`] opens every input and validates it against its contract; [`people()`] joins accounts into persons, removes
//! ineligible persons with all interactions from and to them, and gives the rest dense numbers. No score or measure is
//! computed before that.

mod account_stats;
mod accounts;
mod cast_faults;
mod column_names;
mod columns;
mod consent;
mod consent_checks;
mod consent_report;
mod conversions;
mod daily_source;
mod directory;
mod disputes;
mod eligibility;
mod endorsements;
mod epoch;
mod exact_aggregates;
mod files;
mod follows;
mod freshness;
mod ground_truth;
mod identities;
mod ids;
mod input_notes;
mod input_opener;
mod interactions;
mod joins;
mod lists;
mod mention_places;
mod mentions;
mod missing_values;
mod near_ids;
mod network_checks;
mod open_input;
mod people;
mod persons;
mod post_decoder;
mod posts;
mod row_counts;
mod row_filter;
mod row_order;
mod row_rules;
mod scan_estimate;
mod select;
mod snapshot;
mod sources;
mod sql_clauses;
mod sql_lambdas;
mod sql_nesting;
mod time_units;
mod unmatched_ids;
mod unordered_lists;
mod uuids;
mod validate;
mod violations;
mod vocabulary;

pub(crate) use files::{ColumnRules, InputTable};
pub use files::{InputFile, Listing, PassedOver, TableVersion, refuse_changed_files};
pub use freshness::{AgeLimits, NewestEvent};
pub use ground_truth::{GroundTruth, label_sets, open_ground_truth};
pub use input_notes::InputNotes;
pub use people::{PeopleRows, people};
pub use scan_estimate::ScanEstimate;
pub use snapshot::{Snapshot, estimate_scans, snapshot};
pub(crate) use sources::Sources;
pub use violations::Violations;
pub use vocabulary::vocabulary;
