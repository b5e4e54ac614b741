//! Removing what is kept no longer: superseded runs, expired days, and what interrupted runs left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use futures::future::join_all;
use serde::Serialize;
use url::Url;

use super::commit::nothing_published;
use super::commit_object::{Commit, Of};
use super::history::CommitHistory;
use super::layout::{COMMITS, LOGS, Object, Place, REFUSED, log_path, objects, remove};
use super::marks::update_marks;
use crate::error::Result;
use crate::job::Retention;
use crate::schema::{self, Direction};
use crate::storage::{Leftover, Stores, below, leftovers, remove_leftover};

/// Objects that are removed at once.
const AT_ONCE: usize = 16;

/// What half files are listed as.
const UNFINISHED: &str = "unfinished";

/// Why something is kept no longer, in the order in which it is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Another run, validation or attacks of the day replaced it.
    Superseded,
    /// No commit names it, or none any more: a run that never ended left it, it was rewritten, or a removal was interrupted.
    Unnamed,
    /// Its day is older than those that are kept.
    Expired,
    /// It is half a file, left by a write that was stopped.
    Unfinished,
}

/// What is removed of one table, or of logs, commits or refused runs, of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Day of the snapshot; none for unfinished files.
    pub snapshot_date: Option<NaiveDate>,
    /// Name of the table, `logs`, `commits`, `refused` or `unfinished`.
    pub table: String,
    /// Why.
    pub reason: Reason,
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What was removed from an output folder, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// The folder.
    pub output: String,
    /// Whether it was looked at only, and nothing removed.
    pub dry_run: bool,
    /// The first day that is kept; none if all days are.
    pub first_kept_day: Option<NaiveDate>,
    /// By reason, day and table.
    pub removed: Vec<Removal>,
    /// Files that will be removed once nobody can be reading or writing them.
    pub files_in_grace: u64,
    /// Days of which nothing is removed that no commit names, as theirs cannot be read.
    pub unreadable_days: Vec<NaiveDate>,
}

impl Pruned {
    /// Files and bytes that are removed.
    pub fn total(&self) -> (u64, u64) {
        self.removed
            .iter()
            .fold((0, 0), |(files, bytes), removal| (files + removal.files, bytes + removal.bytes))
    }
}

/// An object that is kept no longer.
struct Doomed {
    path: String,
    size: u64,
    day: NaiveDate,
    table: String,
    reason: Reason,
}

/// Days for which refused runs are kept, whatever the retention: they are there to be looked at.
const REFUSED_DAYS: i64 = 30;

/// Removes what is left of refused runs that were kept more than 30 days before `now`, and counts the objects.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn expire_refused(stores: &Stores, output: &Url, now: DateTime<Utc>) -> Result<usize> {
    let mut expired = objects(stores, output, &format!("{REFUSED}/")).await?;
    expired.retain(|object| {
        let is_refused = matches!(Place::of(&object.path), Place::Refused { .. });
        is_refused && object.last_modified < now - TimeDelta::days(REFUSED_DAYS)
    });
    for object in &expired {
        remove(stores, output, &object.path).await?;
    }
    Ok(expired.len())
}

/// Removes from `output` what `retention` does not keep, or with `dry_run` finds it. What is in force within the kept days is never
/// removed, and nothing that was written or replaced within the time of grace before `now`. Commits go before the files that they
/// name, so that readers find a day whole or kept no longer; stopped anywhere, it goes on when it is called again.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if nothing was published there, or a damaged commit may name files that no other does;
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn prune(
    stores: &Stores,
    output: &Url,
    retention: &Retention,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Pruned> {
    if !dry_run {
        update_marks(stores, output, None).await?;
    }
    let history = CommitHistory::read(stores, output).await?;
    history.refuse_lost().await?;
    let grace = TimeDelta::hours(i64::from(retention.grace_hours));
    let before = now.checked_sub_signed(grace).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let objects = objects(stores, output, "").await?;
    let rules = Rules::of(&history, retention, before, &objects, output).await?;
    let (mut doomed, mut files_in_grace) = (vec![], 0);
    for object in &objects {
        let Some(found) = rules.judge(object) else { continue };
        match object.last_modified < before {
            true => doomed.push(found),
            false => files_in_grace += 1,
        }
    }
    let unfinished = leftovers(output, SystemTime::from(before))?;
    let pruned = Pruned {
        output: output.to_string(),
        dry_run,
        first_kept_day: rules.first_kept,
        removed: summarize(&doomed, &unfinished),
        files_in_grace,
        unreadable_days: rules.spared_days(&objects),
    };
    if !dry_run {
        remove_all(stores, output, doomed, before).await?;
        for leftover in &unfinished {
            remove_leftover(output, leftover)?;
        }
    }
    Ok(pruned)
}

/// What is kept.
struct Rules {
    superseded: bool,
    first_kept: Option<NaiveDate>,
    /// Names of folders that are tables.
    tables: BTreeSet<String>,
    /// The commits that can be read, by number: their days, and whether each is kept.
    commits: BTreeMap<u64, (NaiveDate, bool)>,
    /// Paths of files that commits name, and whether a kept one does.
    named: BTreeMap<String, bool>,
    /// Kept days of which a commit in force cannot be read.
    unreadable: BTreeSet<NaiveDate>,
    /// When the run in force of a day was published, where that was before the time of grace.
    published: BTreeMap<NaiveDate, DateTime<Utc>>,
}

impl Rules {
    async fn of(
        history: &CommitHistory,
        retention: &Retention,
        before: DateTime<Utc>,
        objects: &[Object],
        output: &Url,
    ) -> Result<Self> {
        let newest = history.newest().ok_or_else(|| nothing_published(output))?;
        let (commits, _) = history.all().await?;
        let latest = newest.in_force.last_key_value().map(|(day, _)| *day);
        let kept_before = retention.keep_days.map(|days| Days::new(u64::from(days.max(1) - 1)));
        let first_kept = latest
            .zip(kept_before)
            .map(|(latest, days)| latest.checked_sub_days(days).unwrap_or(NaiveDate::MIN));
        let is_kept_day = |day: NaiveDate| first_kept.is_none_or(|first| day >= first);
        let written = objects.iter().filter_map(|object| match Place::of(&object.path) {
            Place::Commit(number) => Some((number, object.last_modified)),
            _ => None,
        });
        let written: BTreeMap<u64, DateTime<Utc>> = written.collect();
        let is_recent = |number: u64| written.get(&number).is_none_or(|at| *at >= before);
        let is_kept = |commit: &Commit| {
            let (day, number) = (commit.snapshot_date, commit.number);
            let Some(of) = commit.of() else { return number == newest.number || is_recent(number) };
            let successor = newest.in_force_of(of).get(&day).copied();
            let is_in_force = successor == Some(number);
            number == newest.number
                || is_recent(number)
                || is_kept_day(day)
                    && (is_in_force || !retention.superseded || successor.is_none_or(is_recent))
        };
        let mut kept: BTreeSet<u64> =
            commits.iter().filter(|commit| is_kept(commit)).map(|commit| commit.number).collect();
        // A rewrite is kept for what it is of.
        let rewrites = newest.rewritten_in.iter().filter(|(of, _)| kept.contains(of));
        kept.extend(rewrites.map(|(_, by)| *by).collect::<Vec<_>>());
        let mut tables = BTreeSet::new();
        tables.extend(
            schema::tables()?
                .iter()
                .filter(|table| table.direction == Direction::Output)
                .map(|table| table.table.clone()),
        );
        let (mut of_number, mut named) = (BTreeMap::new(), BTreeMap::new());
        for commit in &commits {
            let kept = kept.contains(&commit.number);
            of_number.insert(commit.number, (commit.snapshot_date, kept));
            let log = log_path(commit.snapshot_date, &commit.run_id);
            let files = commit.tables.values().flat_map(|table| &table.files);
            for path in files.map(|file| file.path.clone()).chain([log]) {
                *named.entry(path).or_insert(false) |= kept;
            }
            tables.extend(commit.tables.keys().cloned());
        }
        let kinds = [Of::Runs, Of::Validations, Of::Attacks];
        let in_force = kinds.into_iter().flat_map(|of| newest.in_force_of(of));
        let lost =
            in_force.filter(|(day, number)| is_kept_day(**day) && !of_number.contains_key(number));
        let unreadable = lost.map(|(day, _)| *day).collect();
        let published = newest.in_force.iter().filter(|(_, number)| !is_recent(**number));
        let published = published.filter_map(|(day, number)| Some((*day, *written.get(number)?)));
        Ok(Self {
            superseded: retention.superseded,
            first_kept,
            tables,
            commits: of_number,
            named,
            unreadable,
            published: published.collect(),
        })
    }

    /// What becomes of an object, whatever its age: `None` if it is kept.
    fn judge(&self, object: &Object) -> Option<Doomed> {
        let doomed = |day: NaiveDate, table: &str, reason: Reason| {
            let (path, table) = (object.path.clone(), table.to_owned());
            Some(Doomed { path, size: object.size, day, table, reason })
        };
        let (day, folder) = match Place::of(&object.path) {
            Place::Commit(number) => {
                let (day, kept) = self.commits.get(&number).copied()?;
                let reason =
                    if self.is_expired(day) { Reason::Expired } else { Reason::Superseded };
                return if kept { None } else { doomed(day, COMMITS, reason) };
            }
            // Refused runs are of no commit.
            Place::Refused { day, .. } if self.is_expired(day) => {
                return doomed(day, REFUSED, Reason::Expired);
            }
            Place::Refused { day, .. } => {
                let is_over = self.published.get(&day).is_some_and(|at| object.last_modified < *at);
                let is_over = is_over && self.superseded;
                return if is_over { doomed(day, REFUSED, Reason::Superseded) } else { None };
            }
            Place::Log { day, .. } => (day, LOGS),
            Place::Table { table, day, .. } if self.tables.contains(table) => (day, table),
            Place::Table { .. } | Place::Receipt | Place::Promotion | Place::Other => return None,
        };
        let is_named = self.named.get(&object.path).copied();
        if is_named == Some(true) {
            return None;
        }
        if self.is_expired(day) {
            return doomed(day, folder, Reason::Expired);
        }
        let reason = if is_named.is_some() { Reason::Superseded } else { Reason::Unnamed };
        // What no commit names may be of the one that cannot be read.
        let may_be_lost = is_named.is_none() && self.unreadable.contains(&day);
        if self.superseded && !may_be_lost { doomed(day, folder, reason) } else { None }
    }

    /// The kept days of which a commit cannot be read, and of which there is something that no other names.
    fn spared_days(&self, objects: &[Object]) -> Vec<NaiveDate> {
        let is_spared = |unreadable: &&NaiveDate| {
            objects.iter().any(|object| match Place::of(&object.path) {
                Place::Table { table, day, .. } if self.tables.contains(table) => {
                    day == **unreadable && !self.named.contains_key(&object.path)
                }
                _ => false,
            })
        };
        self.unreadable.iter().filter(is_spared).copied().collect()
    }

    fn is_expired(&self, day: NaiveDate) -> bool {
        self.first_kept.is_some_and(|first| day < first)
    }
}

fn summarize(doomed: &[Doomed], unfinished: &[Leftover]) -> Vec<Removal> {
    let mut sums: BTreeMap<(Reason, Option<NaiveDate>, &str), (u64, u64)> = BTreeMap::new();
    let mut add = |reason, day, table, size: u64| {
        let (files, bytes) = sums.entry((reason, day, table)).or_default();
        *files += 1;
        *bytes += size;
    };
    for found in doomed {
        add(found.reason, Some(found.day), found.table.as_str(), found.size);
    }
    for leftover in unfinished {
        add(Reason::Unfinished, None, UNFINISHED, leftover.size);
    }
    let removal = |((reason, day, table), (files, bytes)): ((_, _, &str), _)| Removal {
        snapshot_date: day,
        table: table.to_owned(),
        reason,
        files,
        bytes,
    };
    sums.into_iter().map(removal).collect()
}

/// Removes what was found, by reason, commits first.
async fn remove_all(
    stores: &Stores,
    output: &Url,
    mut doomed: Vec<Doomed>,
    before: DateTime<Utc>,
) -> Result<()> {
    let step = |found: &Doomed| (found.reason, found.table != COMMITS);
    doomed.sort_by(|one, other| (step(one), &one.path).cmp(&(step(other), &other.path)));
    for step in doomed.chunk_by(|one, other| step(one) == step(other)) {
        for found in step.chunks(AT_ONCE) {
            // All are waited for: none goes on where one has failed and the caller has been told.
            let removals = found.iter().map(|found| remove_one(stores, output, found, before));
            join_all(removals).await.into_iter().collect::<Result<()>>()?;
        }
    }
    Ok(())
}

async fn remove_one(
    stores: &Stores,
    output: &Url,
    found: &Doomed,
    before: DateTime<Utc>,
) -> Result<()> {
    // A run that is published now may have found the bytes that it needs, and made them young.
    if found.table == COMMITS
        || stores.written_at(&below(output, &found.path)?).await?.is_some_and(|at| at < before)
    {
        remove(stores, output, &found.path).await?;
    }
    Ok(())
}
