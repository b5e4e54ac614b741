//! What became of the inputs, beside what was computed from them: `log.json` and `check` say the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::{Listing, PassedOver, TableVersion};
use super::freshness::NewestEvent;
use super::snapshot::Snapshot;
use crate::model::{Dropped, JoinRate, People, Warning};

/// What became of the inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputNotes {
    /// Columns that no contract names, by input.
    pub columns_not_read: BTreeMap<String, Vec<String>>,
    /// Files in the folders of inputs and sources that are not read, by why.
    pub files_not_read: BTreeMap<String, Vec<PassedOver>>,
    /// Versions of the tables with a log that were read, by input or source.
    pub table_versions: BTreeMap<String, TableVersion>,
    /// Columns that are null in the rows of some files, which lack them, by input or source: in how many of how many files.
    pub null_columns: BTreeMap<String, BTreeMap<String, [usize; 2]>>,
    /// The newest event of each input, among eligible people.
    pub newest_events: BTreeMap<String, NewestEvent>,
    /// Rows dropped, by rule.
    #[serde(alias = "drops")]
    pub dropped: Vec<Dropped>,
    /// What should be looked at.
    pub warnings: Vec<Warning>,
    /// How many rows find what they name in another input, by input.
    pub joins: BTreeMap<String, JoinRate>,
}

impl InputNotes {
    /// Of a snapshot whose inputs are open.
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut notes = Self {
            columns_not_read: snapshot.ignored.clone(),
            dropped: snapshot.drops.clone(),
            warnings: snapshot.warnings.clone(),
            ..Self::default()
        };
        notes.add_files(&snapshot.files);
        notes
    }

    /// Adds what became of the rows of eligible people; the cutoff is that of the snapshot.
    pub fn add_people(&mut self, people: &People, cutoff_us: i64) {
        self.newest_events = NewestEvent::by_input(cutoff_us, &people.newest_events());
        self.dropped.extend_from_slice(&people.drops);
        self.warnings.clone_from(&people.warnings);
        self.joins.clone_from(&people.joins);
    }

    /// Adds what is said of files.
    pub fn add_files(&mut self, listings: &BTreeMap<String, Listing>) {
        for (name, listing) in listings {
            if !listing.passed_over.is_empty() {
                self.files_not_read.insert(name.clone(), listing.passed_over.clone());
            }
            if !listing.null_columns.is_empty() {
                self.null_columns.insert(name.clone(), listing.null_columns.clone());
            }
            if let Some(version) = &listing.version {
                self.table_versions.insert(name.clone(), version.clone());
            }
        }
    }
}
