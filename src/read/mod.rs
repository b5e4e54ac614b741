//! Stage 1 and 2: from Parquet to the rows that may be scored.
//!
//! [`snapshot()`] opens every input and checks it against its contract; [`people()`] joins accounts
//! into persons, removes who may not be scored with everything from or to them, and gives the rest
//! dense numbers. Nothing is computed about anybody before that.

mod account_stats;
mod accounts;
mod check;
mod conform;
mod eligibility;
mod endorsements;
mod faults;
mod follows;
mod footers;
mod ids;
mod interactions;
mod labels;
mod people;
mod posts;
mod refusals;
mod snapshot;
mod sources;
mod vocabulary;

pub use faults::Faults;
pub use footers::Reading;
pub use labels::{GroundTruth, ground_truth, truths};
pub use people::people;
pub use snapshot::{Snapshot, reading, snapshot};
pub use sources::{InputFile, Listed, open, unchanged};
pub use vocabulary::vocabulary;

use std::collections::BTreeMap;

use crate::error::printable;
use crate::model::Dropped;

/// What was dropped or not read, as lines; rules that met no row are left out.
pub fn notes(drops: &[Dropped], ignored: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let met = drops.iter().filter(|d| d.rows != "0");
    let drops = met.map(|d| format!("{}: {} rows: {}", d.table, d.rows, d.rule));
    let columns = ignored.iter();
    let columns =
        columns.map(|(t, names)| format!("{t}: not read: {}", printable(&names.join(", "))));
    drops.chain(columns).collect()
}
