//! Stage 1 and 2: from Parquet to the rows that may be scored.
//!
//! [`snapshot()`] opens every input and checks it against its contract; [`people()`] joins accounts
//! into persons, removes who may not be scored with everything from or to them, and gives the rest
//! dense numbers. Nothing is computed about anybody before that.

mod census;
mod check;
mod conform;
mod events;
mod faults;
mod follows;
mod footers;
mod ids;
mod members;
mod people;
mod persons;
mod posts;
mod profiles;
mod refusals;
mod seeds;
mod snapshot;
mod sources;
mod truths;
mod vocabulary;
mod vouches;

pub use events::{Event, Events, Sentiment};
pub use faults::Faults;
pub use follows::{Follow, Follows};
pub use footers::Reading;
pub use people::{People, people};
pub use persons::Persons;
pub use posts::Posts;
pub use profiles::Profiles;
pub use refusals::Refusals;
pub use seeds::seeds;
pub(crate) use snapshot::MEASURE_HOURS;
pub use snapshot::{Snapshot, reading, snapshot};
pub use sources::{InputFile, Listed, open, unchanged};
pub use truths::{Form, GroundTruth, Truth, Truths, ground_truth, truths};
pub use vocabulary::vocabulary;
pub use vouches::Vouch;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::printable;

/// Rows that a rule dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// Input table.
    pub table: String,
    /// Why the rows were dropped.
    pub rule: String,
    /// How many. Where the rule concerns people who may not be scored, small counts are shown as
    /// "fewer than 11".
    pub rows: String,
}

impl Dropped {
    fn exact(table: &str, rule: &str, rows: u64) -> Self {
        Self { table: table.into(), rule: rule.into(), rows: rows.to_string() }
    }

    /// A count that could point at single people: below 11 it is not told.
    fn suppressed(table: &str, rule: &str, rows: u64) -> Self {
        let rows = if rows < 11 { "fewer than 11".into() } else { rows.to_string() };
        Self { table: table.into(), rule: rule.into(), rows }
    }
}

/// What was dropped or not read, as lines; rules that met no row are left out.
pub fn notes(drops: &[Dropped], ignored: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let met = drops.iter().filter(|d| d.rows != "0");
    let drops = met.map(|d| format!("{}: {} rows: {}", d.table, d.rows, d.rule));
    let columns = ignored.iter();
    let columns =
        columns.map(|(t, names)| format!("{t}: not read: {}", printable(&names.join(", "))));
    drops.chain(columns).collect()
}

/// Microseconds in an hour.
pub(crate) const HOUR_US: i64 = 3_600_000_000;

/// Whole hours from `at_us` to the last instant before the cutoff, so that a window of n hours is 0..n.
/// `None` for what is not before the cutoff.
fn hours_before(cutoff_us: i64, at_us: i64) -> Option<u32> {
    if at_us >= cutoff_us {
        return None;
    }
    // All hours of 64-bit microseconds are fewer than 2^32.
    u32::try_from((cutoff_us - 1).saturating_sub(at_us) / HOUR_US).ok()
}
