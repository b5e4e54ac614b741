//! The commits below an output folder as they are found there: some may be gone with the days that they were of, others damaged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::commit_object::{
    Began, Commit, CommittedTable, FORMAT, FORMAT_OF_REWRITES, Of, object_url,
};
use super::layout::{Place, objects};
use crate::error::{Error, Result, printable};
use crate::storage::{Stores, shown};

/// How far the number of a commit may lie beyond the one before it. A commit a minute takes two years to get there; a
/// number beyond is none that a run has given.
const MAX_AHEAD: u64 = 1_000_000;

/// An object among the commits that is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DamagedCommit {
    /// Its path within the store.
    pub path: String,
    /// The number in its name.
    pub number: u64,
    /// What is wrong with it.
    pub why: String,
    /// Whether its number is one that no run gives.
    pub is_absurd: bool,
}

impl DamagedCommit {
    /// One line that says what it is, and that it is passed over.
    pub fn describe(&self) -> String {
        format!(
            "`{}` {}: it is passed over, and the commit before it counts; restore it, or move it away",
            printable(&self.path),
            self.why
        )
    }
}

/// The commits below an output folder, as one listing found them.
#[derive(Clone, Debug)]
pub struct CommitHistory {
    stores: Stores,
    output: Url,
    /// Numbers of the objects, but for absurd ones.
    numbers: BTreeSet<u64>,
    newest: Option<Commit>,
    damaged: Vec<DamagedCommit>,
}

/// What an object among the commits holds.
enum Content {
    Commit(Box<Commit>),
    /// No commit; why.
    Damaged(String),
    Gone,
}

impl CommitHistory {
    /// Lists the commits below `output` and reads the newest that is one.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if it is of a later format, [`crate::error::Kind::Unavailable`] if the store does not
    /// answer.
    pub async fn read(stores: &Stores, output: &Url) -> Result<Self> {
        let mut numbers = list_numbers(stores, output).await?;
        let mut history = Self {
            stores: stores.clone(),
            output: output.clone(),
            numbers: BTreeSet::new(),
            newest: None,
            damaged: vec![],
        };
        let mut last = 0_u64;
        let within = numbers.iter().take_while(|number| {
            let is_near = number.saturating_sub(last) <= MAX_AHEAD;
            last = **number;
            is_near
        });
        let absurd = numbers.split_off(within.count());
        for number in absurd.into_iter().rev() {
            let why = match history.content(number).await? {
                Content::Gone => continue,
                Content::Damaged(why) => format!("{why}, and has a number that no run gives"),
                Content::Commit(_) => "has a number that no run gives".to_owned(),
            };
            history.add_damaged(number, why, true)?;
        }
        while let Some(number) = numbers.last().copied() {
            match history.content(number).await? {
                Content::Commit(commit) => {
                    history.newest = Some(*commit);
                    break;
                }
                Content::Damaged(why) => history.add_damaged(number, why, false)?,
                Content::Gone => {}
            }
            numbers.pop();
        }
        history.numbers = numbers.into_iter().collect();
        Ok(history)
    }

    fn add_damaged(&mut self, number: u64, why: String, is_absurd: bool) -> Result<()> {
        let url = object_url(&self.output, number)?;
        let path = shown(&url, &self.stores.resolve(&url)?.1);
        self.damaged.push(DamagedCommit { path, number, why, is_absurd });
        Ok(())
    }

    /// Whether a commit of this number was listed.
    pub fn has(&self, number: u64) -> bool {
        self.numbers.contains(&number)
    }

    /// The newest commit.
    pub fn newest(&self) -> Option<&Commit> {
        self.newest.as_ref()
    }

    /// The newest commit alone.
    pub fn into_newest(self) -> Option<Commit> {
        self.newest
    }

    /// Objects with greater numbers than the newest commit that are none, the greatest first.
    pub fn damaged(&self) -> &[DamagedCommit] {
        &self.damaged
    }

    /// The commit of a number, with the tables that later rewrites gave it; `None` if it is gone or damaged.
    ///
    /// # Errors
    /// As [`CommitHistory::read`]; [`crate::error::Kind::BadInput`] if a rewrite of it is gone or damaged.
    pub async fn commit(&self, number: u64) -> Result<Option<Commit>> {
        if let Some(newest) = self.newest.as_ref().filter(|newest| newest.number == number) {
            return Ok(Some(newest.clone()));
        }
        if !self.has(number) {
            return Ok(None);
        }
        match self.content(number).await? {
            Content::Commit(commit) => self.overlaid(*commit).await.map(Some),
            Content::Damaged(_) | Content::Gone => Ok(None),
        }
    }

    /// As [`CommitHistory::commit`], of a number that a reader names: whatever the number.
    ///
    /// # Errors
    /// As [`CommitHistory::commit`], and [`crate::error::Kind::BadInput`] if the object is no commit.
    pub(super) async fn named(&self, number: u64) -> Result<Option<Commit>> {
        match self.content(number).await? {
            Content::Commit(commit) => self.overlaid(*commit).await.map(Some),
            Content::Gone => Ok(None),
            Content::Damaged(why) => {
                let url = object_url(&self.output, number)?;
                Err(Error::bad_input(format!("`{url}` {why}"), "check the URL, or restore it"))
            }
        }
    }

    async fn overlaid(&self, mut commit: Commit) -> Result<Commit> {
        if let Some((by, tables)) = self.rewritten(commit.number).await? {
            commit.tables.extend(tables);
            commit.tables_of = Some(by);
        }
        Ok(commit)
    }

    /// The tables that rewrites gave the commit `number`, and the newest rewrite, which has them all; `None` if it has those that it
    /// was created with.
    ///
    /// # Errors
    /// As [`CommitHistory::commit`].
    pub(super) async fn rewritten(
        &self,
        number: u64,
    ) -> Result<Option<(u64, BTreeMap<String, CommittedTable>)>> {
        let Some(newest) = &self.newest else { return Ok(None) };
        let Some(by) = newest.rewritten_in.get(&number).copied() else { return Ok(None) };
        let tables = match by == newest.number {
            true => newest.rewrites.get(&number).cloned(),
            false => match self.content(by).await? {
                Content::Commit(mut rewrite) => rewrite.rewrites.remove(&number),
                Content::Damaged(_) | Content::Gone => None,
            },
        };
        let tables = tables.ok_or_else(|| {
            let url = &self.output;
            Error::bad_input(
                format!("commit {by} below `{url}`, which rewrote tables of commit {number}, is gone or lacks them"),
                "restore it from where it was kept",
            )
        })?;
        Ok(Some((by, tables)))
    }

    /// The commit of the run in force for `day`; `None` if there is none, or it is gone or damaged.
    ///
    /// # Errors
    /// As [`CommitHistory::read`].
    pub async fn in_force(&self, day: NaiveDate) -> Result<Option<Commit>> {
        let number = self.newest.as_ref().and_then(|newest| newest.in_force.get(&day));
        match number {
            Some(number) => self.commit(*number).await,
            None => Ok(None),
        }
    }

    /// The days of which a run is in force and there, with the numbers of their commits.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = (NaiveDate, u64)> + '_ {
        let in_force = self.newest.iter().flat_map(|newest| &newest.in_force);
        let listed = in_force.filter(|(_, number)| self.has(**number));
        listed.map(|(day, number)| (*day, *number))
    }

    /// The run that was published last, whatever its day, of those that are there.
    ///
    /// # Errors
    /// As [`CommitHistory::read`].
    pub async fn last_run(&self) -> Result<Option<Commit>> {
        // The newest commit may be of a validation.
        let mut numbers: Vec<u64> = self.days().map(|(_, number)| number).collect();
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            if let Some(commit) = self.commit(number).await? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    /// The commit of a kind in force for `day`, or for the latest day if none is named; `None` if nothing was published.
    ///
    /// # Errors
    /// As [`CommitHistory::commit`]; [`crate::error::Kind::BadInput`] if the day is kept no longer.
    pub async fn of_day(&self, of: Of, day: Option<NaiveDate>) -> Result<Option<Commit>> {
        let Some(newest) = &self.newest else { return Ok(None) };
        let days = newest.in_force_of(of);
        let found = match day {
            Some(day) => days.get_key_value(&day),
            None => days.last_key_value(),
        };
        let Some((day, number)) = found else { return Ok(None) };
        match self.commit(*number).await? {
            Some(commit) => Ok(Some(commit)),
            None => Err(self.kept_no_longer(*day, *number)),
        }
    }

    /// The commit of a kind in force for `day`, if it is there, and what else a run, validation or attacks of that day have to know
    /// when they are committed.
    ///
    /// # Errors
    /// As [`CommitHistory::commit`] and [`CommitHistory::refuse_lost`].
    pub async fn begin(&self, of: Of, day: NaiveDate) -> Result<(Option<Commit>, Began)> {
        self.refuse_lost().await?;
        let Some(newest) = &self.newest else { return Ok((None, Began::default())) };
        let in_force = newest.in_force_of(of).get(&day).copied();
        let commit = match in_force {
            Some(number) => self.commit(number).await?,
            None => None,
        };
        Ok((commit, Began { in_force, newest: newest.number }))
    }

    fn kept_no_longer(&self, day: NaiveDate, number: u64) -> Error {
        let output = &self.output;
        Error::bad_input(
            format!("`{output}`: {day} is kept no longer: its commit {number} is gone, or damaged"),
            "name another day, run the job for this one again, or restore the commit",
        )
    }

    /// What to know of what a reader of `commit` sees: damaged objects that are passed over, and whether its day is stale.
    pub fn notes(&self, commit: &Commit) -> Vec<String> {
        let mut notes: Vec<String> = self.damaged.iter().map(DamagedCommit::describe).collect();
        let day = commit.snapshot_date;
        let Some(newest) = &self.newest else { return notes };
        let is_in_force = newest.in_force.get(&day) == Some(&commit.number);
        if is_in_force && newest.is_stale(day) {
            let first = newest.stale.iter().flatten().next().unwrap_or(&day);
            notes.push(format!(
                "the run of {day} is stale: one that it rests on has been replaced since; run the job again for {first} and \
                 each day after it, in order"
            ));
        }
        notes
    }

    /// Every commit that is there, the newest first, and the objects that are none.
    ///
    /// # Errors
    /// As [`CommitHistory::read`].
    pub async fn all(&self) -> Result<(Vec<Commit>, Vec<DamagedCommit>)> {
        let mut commits: Vec<Commit> = self.newest.iter().cloned().collect();
        let mut found = self.clone();
        let older = self.numbers.iter().rev().skip(usize::from(self.newest.is_some()));
        for number in older {
            match self.content(*number).await? {
                Content::Commit(commit) => commits.push(self.overlaid(*commit).await?),
                Content::Damaged(why) => found.add_damaged(*number, why, false)?,
                Content::Gone => {}
            }
        }
        Ok((commits, found.damaged))
    }

    /// Refuses to publish after a damaged object with a number that a run gives: what is published next would rest on the
    /// state before it for ever.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] that names the object.
    pub fn refuse_torn(&self) -> Result<()> {
        let torn = self.damaged.iter().find(|damaged| !damaged.is_absurd);
        torn.map_or(Ok(()), |torn| {
            Err(Error::bad_input(
                format!(
                    "`{}` {}: what it published would be lost for good if anything were published after it",
                    printable(&torn.path),
                    torn.why
                ),
                "restore it; or move it away, and run the job again for the day that it was of",
            ))
        })
    }

    /// Refuses to publish upon a history whose end may be lost: as [`CommitHistory::refuse_torn`], and where an object with a number
    /// that no run gives may have named files that no commit names.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] that names the object, [`crate::error::Kind::Unavailable`] if the store does not
    /// answer.
    pub async fn refuse_lost(&self) -> Result<()> {
        self.refuse_torn()?;
        let Some(damaged) = self.damaged.first() else { return Ok(()) };
        let unnamed = self.unnamed_runs().await?;
        let Some((day, run_id)) = unnamed.first() else { return Ok(()) };
        Err(Error::bad_input(
            format!(
                "`{}` {}, and no commit names the files of the run {run_id} of {day}: it may have been theirs",
                printable(&damaged.path),
                damaged.why
            ),
            format!("move it away, then run the job for {day} again"),
        ))
    }

    /// The runs whose log was written after the newest commit, and that no commit is of.
    async fn unnamed_runs(&self) -> Result<Vec<(NaiveDate, String)>> {
        let since = match &self.newest {
            Some(newest) => {
                self.stores.written_at(&object_url(&self.output, newest.number)?).await?
            }
            None => None,
        };
        let logs = objects(&self.stores, &self.output, "logs/").await?;
        let recent = logs.iter().filter(|log| since.is_none_or(|since| log.last_modified > since));
        let runs = recent.filter_map(|log| match Place::of(&log.path) {
            Place::Log { day, run_id } => Some((day, run_id.to_owned())),
            _ => None,
        });
        let runs: Vec<(NaiveDate, String)> = runs.collect();
        if runs.is_empty() {
            return Ok(runs);
        }
        let (commits, _) = self.all().await?;
        let is_named = |(day, run_id): &(NaiveDate, String)| {
            commits.iter().any(|c| c.run_id == *run_id && c.snapshot_date == *day)
        };
        Ok(runs.into_iter().filter(|run| !is_named(run)).collect())
    }

    async fn content(&self, number: u64) -> Result<Content> {
        let url = object_url(&self.output, number)?;
        let Some(bytes) = self.stores.read(&url).await? else { return Ok(Content::Gone) };
        Ok(match parse(&url, &bytes)? {
            Ok(commit) if commit.number != number => {
                Content::Damaged(format!("says that it is number {}", commit.number))
            }
            Ok(commit) => Content::Commit(commit),
            Err(why) => Content::Damaged(why),
        })
    }
}

/// The commit that the object at `url` holds, or why it holds none.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if it is of a later format, which this version of Renown must not pass over.
pub(super) fn parse(url: &Url, bytes: &[u8]) -> Result<std::result::Result<Box<Commit>, String>> {
    if bytes.is_empty() {
        return Ok(Err("is empty".to_owned()));
    }
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(e) => return Ok(Err(format!("is no commit of renown: {e}"))),
    };
    if let Some(format) = value.get("format").and_then(Value::as_u64)
        && ![FORMAT, FORMAT_OF_REWRITES].map(u64::from).contains(&format)
    {
        return Err(Error::bad_input(
            format!(
                "`{url}` has commit format {format}, this renown reads up to {FORMAT_OF_REWRITES}"
            ),
            "use the version of renown that wrote it",
        ));
    }
    Ok(serde_json::from_value(value).map_err(|e| format!("is no commit of renown: {e}")))
}

/// The numbers of the objects among the commits below `output`, rising.
async fn list_numbers(stores: &Stores, output: &Url) -> Result<Vec<u64>> {
    let objects = objects(stores, output, "commits/").await?;
    let numbers = objects.iter().filter_map(|object| match Place::of(&object.path) {
        Place::Commit(number) => Some(number),
        // Other objects are not ours.
        _ => None,
    });
    let mut numbers: Vec<u64> = numbers.collect();
    numbers.sort_unstable();
    Ok(numbers)
}
