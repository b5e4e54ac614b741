//! Numbered, create-only commit objects.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::audit::{ATTACKS, VALIDITY};
use crate::error::{Error, Result};
use crate::storage::{Stores, below};

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

fn number_of_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json").filter(|digits| digits.len() == 20)?;
    digits.parse::<u64>().ok()
}

pub(super) fn object_url(output: &Url, number: u64) -> Result<Url> {
    below(output, &path(number))
}

/// The commit `number` below `output`, if it is there, with the tables that later rewrites gave it.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if an object is no commit, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn read(stores: &Stores, output: &Url, number: u64) -> Result<Option<Commit>> {
    let Some(commit) = stored(stores, &object_url(output, number)?).await? else { return Ok(None) };
    match newest(stores, output).await? {
        Some(newest) => overlaid(stores, output, &newest, commit).await.map(Some),
        None => Ok(Some(commit)),
    }
}

/// The commit object at `url` as it was created, if it is there.
pub(super) async fn stored(stores: &Stores, url: &Url) -> Result<Option<Commit>> {
    let Some(bytes) = stores.read(url).await? else { return Ok(None) };
    let commit: Commit = serde_json::from_slice(&bytes).map_err(|e| {
        let cause = format!("`{url}` is no commit of renown: {e}");
        Error::bad_input(cause, "check the URL").caused_by(e)
    })?;
    if ![FORMAT, FORMAT_OF_REWRITES].contains(&commit.format) {
        return Err(Error::bad_input(
            format!(
                "`{url}` has commit format {}, this renown reads up to {FORMAT_OF_REWRITES}",
                commit.format
            ),
            "use the version of renown that wrote it",
        ));
    }
    Ok(Some(commit))
}

/// `commit` with the tables that rewrites up to the commit `newest` gave it.
async fn overlaid(
    stores: &Stores,
    output: &Url,
    newest: &Commit,
    mut commit: Commit,
) -> Result<Commit> {
    if let Some(by) = newest.rewritten_in.get(&commit.number) {
        let tables = match *by == newest.number {
            true => newest.rewrites.get(&commit.number).cloned(),
            false => existing(stores, output, *by).await?.rewrites.remove(&commit.number),
        };
        let tables = tables.ok_or_else(|| {
            Error::bad_input(
                format!(
                    "commit {by} below `{output}` lacks the tables of commit {}",
                    commit.number
                ),
                "restore it from where it was kept",
            )
        })?;
        commit.tables.extend(tables);
        commit.tables_of = Some(*by);
    }
    Ok(commit)
}

/// The newest commit below `output`, if there is any.
///
/// # Errors
/// As [`read`].
pub async fn newest(stores: &Stores, output: &Url) -> Result<Option<Commit>> {
    match numbers(stores, output).await?.last() {
        Some(number) => existing(stores, output, *number).await.map(Some),
        None => Ok(None),
    }
}

/// Every commit below `output`, the newest first, each with the tables that later rewrites gave it.
///
/// # Errors
/// As [`read`].
pub async fn all(stores: &Stores, output: &Url) -> Result<Vec<Commit>> {
    let mut commits: Vec<Commit> = Vec::new();
    for number in numbers(stores, output).await?.into_iter().rev() {
        let mut commit = existing(stores, output, number).await?;
        if let Some(newest) = commits.first() {
            commit = overlaid(stores, output, newest, commit).await?;
        }
        commits.push(commit);
    }
    Ok(commits)
}

/// The numbers of the commits below `output`, rising.
async fn numbers(stores: &Stores, output: &Url) -> Result<Vec<u64>> {
    let objects = stores.list(&below(output, "commits/")?, ".json").await?;
    let folder = stores.resolve(&below(output, "commits/")?)?.1;
    let numbers = objects.iter().filter_map(|o| {
        // Other objects are not ours.
        let mut below = o.location.prefix_match(&folder)?;
        let name = below.next().filter(|_| below.next().is_none())?;
        number_of_name(name.as_ref())
    });
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// The commit of the run in force for `day`, or for the latest day if none is named.
///
/// # Errors
/// As [`read`].
pub async fn in_force(
    stores: &Stores,
    output: &Url,
    day: Option<NaiveDate>,
) -> Result<Option<Commit>> {
    of_day(stores, output, day, Of::Runs).await.map(|(commit, _)| commit)
}

/// The commit of the table `validity` in force for `day`, or for the latest day if none is named.
///
/// # Errors
/// As [`read`].
pub async fn validity_in_force(
    stores: &Stores,
    output: &Url,
    day: Option<NaiveDate>,
) -> Result<Option<Commit>> {
    of_day(stores, output, day, Of::Validations).await.map(|(commit, _)| commit)
}

/// The commit of the table `attacks` in force for `day`, or for the latest day if none is named.
///
/// # Errors
/// As [`read`].
pub async fn attacks_in_force(
    stores: &Stores,
    output: &Url,
    day: Option<NaiveDate>,
) -> Result<Option<Commit>> {
    of_day(stores, output, day, Of::Attacks).await.map(|(commit, _)| commit)
}

/// The commit of a kind in force for `day`, and what else a run, validation or attacks of that day have to know when they are
/// committed.
///
/// # Errors
/// As [`read`].
pub async fn begin(
    stores: &Stores,
    output: &Url,
    day: NaiveDate,
    of: Of,
) -> Result<(Option<Commit>, Began)> {
    of_day(stores, output, Some(day), of).await
}

async fn of_day(
    stores: &Stores,
    output: &Url,
    day: Option<NaiveDate>,
    of: Of,
) -> Result<(Option<Commit>, Began)> {
    let Some(newest) = newest(stores, output).await? else { return Ok((None, Began::default())) };
    let days = newest.in_force_of(of);
    let in_force = match day {
        Some(day) => days.get(&day).copied(),
        None => days.last_key_value().map(|(_, number)| *number),
    };
    let began = Began { in_force, newest: newest.number };
    let commit = match in_force {
        None => return Ok((None, began)),
        Some(number) if number == newest.number => newest,
        Some(number) => {
            let commit = existing(stores, output, number).await?;
            overlaid(stores, output, &newest, commit).await?
        }
    };
    Ok((Some(commit), began))
}

/// The commit `number` as it was created.
pub(super) async fn existing(stores: &Stores, output: &Url, number: u64) -> Result<Commit> {
    let url = object_url(output, number)?;
    let bad = |what: &str| {
        Error::bad_input(format!("commit `{url}` {what}"), "restore it from where it was kept")
    };
    let commit = stored(stores, &url).await?.ok_or_else(|| bad("is gone"))?;
    if commit.number != number {
        return Err(bad(&format!("says that it is number {}", commit.number)));
    }
    Ok(commit)
}

/// The error for an output folder that holds no commit for the snapshot.
pub fn nothing_published(output: &Url) -> Error {
    Error::bad_input(
        format!("`{output}`: no run has been published there, or none of that day"),
        "run the job first, or check URL and snapshot",
    )
}
