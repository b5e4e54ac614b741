//! Numbered, create-only commit objects.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use object_store::{PutMode, PutPayload};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::audit::{ATTACKS, VALIDITY};
use crate::error::{Error, Kind, Result};
use crate::method::hex;
use crate::storage::{Stores, below, sync};

/// Files that are read at once to see whether they have changed.
const FILES_AT_ONCE: usize = 8;

/// Version of the commit format.
const FORMAT: u32 = 1;

/// One commit: the files of one run, one validation or the attacks of a day, and which commit is in force for each day.
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
        }
    }

    /// Whether it is of a run, not of a validation or of attacks.
    pub fn is_of_run(&self) -> bool {
        !self.tables.contains_key(VALIDITY) && !self.is_of_attacks()
    }

    /// Whether it is of attacks.
    pub fn is_of_attacks(&self) -> bool {
        self.tables.contains_key(ATTACKS)
    }

    /// The commits in force by day, of runs, of validations or of attacks as this one is.
    fn in_force_of_its_kind(&mut self) -> &mut BTreeMap<NaiveDate, u64> {
        match (self.is_of_run(), self.is_of_attacks()) {
            (true, _) => &mut self.in_force,
            (_, true) => &mut self.attacks_in_force,
            (_, false) => &mut self.validity_in_force,
        }
    }
}

/// Path of a commit below the output folder.
pub fn path(number: u64) -> String {
    format!("commits/{number:020}.json")
}

fn parse_url(output: &Url, number: u64) -> Result<Url> {
    below(output, &path(number))
}

/// Reads the commit object at `url`, if it is there.
///
/// # Errors
/// [`Kind::BadInput`] if the object is no commit, [`Kind::Unavailable`] if the store does not answer.
pub async fn read(stores: &Stores, url: &Url) -> Result<Option<Commit>> {
    let Some(bytes) = stores.read(url).await? else { return Ok(None) };
    let commit: Commit = serde_json::from_slice(&bytes).map_err(|e| {
        let cause = format!("`{url}` is no commit of renown: {e}");
        Error::bad_input(cause, "check the URL").caused_by(e)
    })?;
    if commit.format != FORMAT {
        return Err(Error::bad_input(
            format!("`{url}` has commit format {}, this renown reads {FORMAT}", commit.format),
            "use the version of renown that wrote it",
        ));
    }
    Ok(Some(commit))
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

/// Every commit below `output`, the newest first.
///
/// # Errors
/// As [`read`].
pub async fn all(stores: &Stores, output: &Url) -> Result<Vec<Commit>> {
    let mut commits = Vec::new();
    for number in numbers(stores, output).await?.into_iter().rev() {
        commits.push(existing(stores, output, number).await?);
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
        let digits = name.as_ref().strip_suffix(".json").filter(|digits| digits.len() == 20)?;
        digits.parse::<u64>().ok()
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
    of_day(stores, output, day, |newest| &newest.in_force).await
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
    of_day(stores, output, day, |newest| &newest.validity_in_force).await
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
    of_day(stores, output, day, |newest| &newest.attacks_in_force).await
}

async fn of_day(
    stores: &Stores,
    output: &Url,
    day: Option<NaiveDate>,
    numbers: fn(&Commit) -> &BTreeMap<NaiveDate, u64>,
) -> Result<Option<Commit>> {
    let Some(newest) = newest(stores, output).await? else { return Ok(None) };
    let number = match day {
        Some(day) => numbers(&newest).get(&day).copied(),
        None => numbers(&newest).last_key_value().map(|(_, number)| *number),
    };
    match number {
        None => Ok(None),
        Some(number) if number == newest.number => Ok(Some(newest)),
        Some(number) => existing(stores, output, number).await.map(Some),
    }
}

async fn existing(stores: &Stores, output: &Url, number: u64) -> Result<Commit> {
    let url = parse_url(output, number)?;
    let bad = |what: &str| {
        Error::bad_input(format!("commit `{url}` {what}"), "restore it from where it was kept")
    };
    let commit = read(stores, &url).await?.ok_or_else(|| bad("is gone"))?;
    if commit.number != number {
        return Err(bad(&format!("says that it is number {}", commit.number)));
    }
    Ok(commit)
}

/// What has become of a file since it was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It has the bytes that were committed.
    Intact,
    /// It has others.
    Changed,
    /// It does not exist.
    Gone,
}

/// What has become of a file of a commit below `output`; all of it is read.
///
/// # Errors
/// [`Kind::Unavailable`] if the store does not answer.
pub async fn file_state(stores: &Stores, output: &Url, file: &CommittedFile) -> Result<FileState> {
    let url = below(output, &file.path)?;
    match stores.size(&url).await? {
        None => return Ok(FileState::Gone),
        Some(size) if size != file.size => return Ok(FileState::Changed),
        Some(_) => {}
    }
    Ok(match stores.sha256(&url).await? {
        None => FileState::Gone,
        Some(sha256) if hex(&sha256) == file.sha256 => FileState::Intact,
        Some(_) => FileState::Changed,
    })
}

/// Whether every file that `commit` names has the bytes that were committed.
///
/// # Errors
/// [`Kind::Unavailable`] if the store does not answer.
pub async fn intact(stores: &Stores, output: &Url, commit: &Commit) -> Result<bool> {
    let files: Vec<&CommittedFile> =
        commit.tables.values().flat_map(|table| &table.files).collect();
    for files in files.chunks(FILES_AT_ONCE) {
        let mut states = Vec::with_capacity(files.len());
        for file in files {
            let (stores, output, file) = (stores.clone(), output.clone(), (*file).clone());
            // Tasks of their own: hashing takes the cores, not the wait for a store.
            states.push(tokio::spawn(async move { file_state(&stores, &output, &file).await }));
        }
        for state in states {
            if state.await.map_err(Error::internal)?? != FileState::Intact {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether every file that `commit` names exists.
///
/// # Errors
/// [`Kind::Unavailable`] if the store does not answer.
pub async fn complete(stores: &Stores, output: &Url, commit: &Commit) -> Result<bool> {
    for file in commit.tables.values().flat_map(|table| &table.files) {
        if stores.size(&below(output, &file.path)?).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Creates the commit after the newest. `before` is the number that was in force for the day when the run or validation
/// began: another of the day that was committed since has won, while commits of other days only take numbers. If the answer
/// of the store is lost, the stored object decides.
///
/// # Errors
/// [`Kind::Interrupted`] if another run has won, [`Kind::Unavailable`] if the store does not take it.
pub async fn create(
    stores: &Stores,
    output: &Url,
    before: Option<u64>,
    mut commit: Commit,
) -> Result<Commit> {
    let mut newest = newest(stores, output).await?;
    loop {
        commit.number = newest.as_ref().map_or(1, |newest| newest.number.saturating_add(1));
        let all = newest
            .map(|all| (all.in_force, all.validity_in_force, all.attacks_in_force))
            .unwrap_or_default();
        (commit.in_force, commit.validity_in_force, commit.attacks_in_force) = all;
        let (day, number) = (commit.snapshot_date, commit.number);
        let now = commit.in_force_of_its_kind().insert(day, number);
        if let Some(now) = now.filter(|now| Some(*now) != before) {
            let winner = existing(stores, output, now).await?;
            return match winner.run_id == commit.run_id {
                true => Ok(winner),
                false => Err(published_first(&winner)),
            };
        }
        let url = parse_url(output, commit.number)?;
        let text = serde_json::to_vec_pretty(&commit).map_err(Error::internal)?;
        let (store, path) = stores.resolve(&url)?;
        let put = store.put_opts(&path, PutPayload::from(text), PutMode::Create.into()).await;
        let Err(error) = put else {
            sync(&url)?;
            return Ok(commit);
        };
        // Whoever took this number, or an earlier attempt of ours whose answer was lost.
        newest = read(stores, &url).await?;
        if newest.is_none() {
            return Err(Error::not_written(&url, error));
        }
    }
}

fn published_first(winner: &Commit) -> Error {
    Error::new(
        Kind::Interrupted,
        format!(
            "another run ({} of {}) published first, as commit {}",
            winner.run_id, winner.snapshot_date, winner.number
        ),
        "nothing of this run is visible; run again",
    )
}

/// The error for an output folder that holds no commit for the snapshot.
pub fn nothing_published(output: &Url) -> Error {
    Error::bad_input(
        format!("`{output}`: no run has been published there, or none of that day"),
        "run the job first, or check URL and snapshot",
    )
}
