//! What a commit says: numbered, create-only JSON objects.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::audit::{ATTACKS, VALIDITY};
use crate::error::Result;
use crate::storage::below;

/// Version of the commit format where no table was ever rewritten, which versions up to 0.10 read as well.
pub(super) const FORMAT: u32 = 1;
/// Version of it since tables were rewritten.
pub(super) const FORMAT_OF_REWRITES: u32 = 2;

/// One commit: the files of one run, one validation or the attacks of a day, and which commit is in force for each day. Or other
/// files for tables of earlier commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Version of this format.
    pub format: u32,
    /// Number of the commit, from 1.
    pub number: u64,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Id of the run, of the validation, or of the attacks.
    pub run_id: String,
    /// Hours that the forecast covers.
    pub horizon_hours: u32,
    /// Version of Renown that wrote it.
    pub renown_version: String,
    /// The tables of the run by name.
    pub tables: BTreeMap<String, CommittedTable>,
    /// For each day ever published, the number of the commit of the run in force.
    pub in_force: BTreeMap<NaiveDate, u64>,
    /// For each day whose scores were ever validated, the number of the commit of the table `validity` in force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub validity_in_force: BTreeMap<NaiveDate, u64>,
    /// For each day on whose scores attacks were ever simulated, the number of the commit of the table `attacks` in force.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attacks_in_force: BTreeMap<NaiveDate, u64>,
    /// Why it has other files for tables of earlier commits; `None` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The tables of earlier commits that have other files since any rewrite, by the number of the earlier commit and by name. Whoever
    /// needs them finds all that were ever rewritten of a commit in the newest rewrite of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rewrites: BTreeMap<u64, BTreeMap<String, CommittedTable>>,
    /// For each commit whose tables were ever rewritten, the number of the newest commit that has them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rewritten_in: BTreeMap<u64, u64>,
    /// Number of the newest commit that was made for a rewrite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rewrite: Option<u64>,
    /// Days whose run in force rests on one that another has replaced since; `None` where the version that wrote the newest run did
    /// not record them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale: Option<BTreeSet<NaiveDate>>,
    /// Those of which the table `runs` says so.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub marked_stale: BTreeSet<NaiveDate>,
    /// The commit that some of [`Commit::tables`] were taken from, where a rewrite gave it others than it was created with.
    #[serde(skip)]
    pub tables_of: Option<u64>,
}

/// Why tables of earlier commits are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A person has left.
    Forget,
    /// A day before them was run again.
    Stale,
    /// Files were damaged.
    Repair,
}

/// What was published when a run, a validation, attacks or a rewrite began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Began {
    /// Number of the commit of its kind that was in force for the day.
    pub in_force: Option<u64>,
    /// Number of the newest commit; 0 where there was none.
    pub newest: u64,
}

/// What commits are in force for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Runs.
    Runs,
    /// Validations: the table `validity`.
    Validations,
    /// Simulated attacks: the table `attacks`.
    Attacks,
}

/// One table of a commit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommittedTable {
    /// Version of its contract.
    pub version: u32,
    /// Rows in all files.
    pub rows: u64,
    /// Files in order of the key.
    pub files: Vec<CommittedFile>,
}

/// One file of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommittedFile {
    /// Path below the output folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Hex SHA-256 of its bytes.
    pub sha256: String,
}

impl Commit {
    /// Rows of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.values().map(|table| table.rows).sum()
    }

    /// The newest day before `day` that has a run in force, and the number of its commit.
    pub fn before(&self, day: NaiveDate) -> Option<(NaiveDate, u64)> {
        self.in_force.range(..day).next_back().map(|(day, number)| (*day, *number))
    }

    /// A commit that has no number yet.
    pub fn new(
        snapshot_date: NaiveDate,
        run_id: String,
        horizon_hours: u32,
        tables: BTreeMap<String, CommittedTable>,
    ) -> Self {
        Self {
            format: FORMAT,
            number: 0,
            snapshot_date,
            run_id,
            horizon_hours,
            renown_version: env!("CARGO_PKG_VERSION").into(),
            tables,
            in_force: BTreeMap::new(),
            validity_in_force: BTreeMap::new(),
            attacks_in_force: BTreeMap::new(),
            reason: None,
            rewrites: BTreeMap::new(),
            rewritten_in: BTreeMap::new(),
            last_rewrite: None,
            stale: None,
            marked_stale: BTreeSet::new(),
            tables_of: None,
        }
    }

    /// Whether it is of a run, not of a validation or of attacks, and no rewrite alone.
    pub fn is_of_run(&self) -> bool {
        !self.tables.contains_key(VALIDITY) && !self.is_of_attacks() && !self.is_rewrite()
    }

    /// Whether it has nothing but other files for tables of earlier commits.
    pub fn is_rewrite(&self) -> bool {
        self.reason.is_some() && self.tables.is_empty()
    }

    /// Whether it is of attacks.
    pub fn is_of_attacks(&self) -> bool {
        self.tables.contains_key(ATTACKS)
    }

    /// Whether the run in force for `day` is stale, as far as this commit, the newest, knows.
    pub fn is_stale(&self, day: NaiveDate) -> bool {
        self.stale.as_ref().is_some_and(|stale| stale.contains(&day))
    }

    /// What it is of; `None` for a rewrite.
    pub fn of(&self) -> Option<Of> {
        match (self.is_rewrite(), self.is_of_run(), self.is_of_attacks()) {
            (true, ..) => None,
            (_, true, _) => Some(Of::Runs),
            (_, _, true) => Some(Of::Attacks),
            (_, _, false) => Some(Of::Validations),
        }
    }

    /// The commits in force by day, of one kind.
    pub fn in_force_of(&self, of: Of) -> &BTreeMap<NaiveDate, u64> {
        match of {
            Of::Runs => &self.in_force,
            Of::Validations => &self.validity_in_force,
            Of::Attacks => &self.attacks_in_force,
        }
    }
}

/// Path of a commit below the output folder.
pub fn path(number: u64) -> String {
    format!("commits/{number:020}.json")
}

/// The number of the commit at `url`, if its name is that of a commit.
pub fn number(url: &Url) -> Option<u64> {
    url.path_segments()?.next_back().and_then(number_of_name)
}

pub(super) fn number_of_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json").filter(|digits| digits.len() == 20)?;
    digits.parse::<u64>().ok()
}

pub(super) fn object_url(output: &Url, number: u64) -> Result<Url> {
    below(output, &path(number))
}
