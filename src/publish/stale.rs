//! Days whose runs rest on a run that is in force no more: what is known of people is carried from day to day, and changes
//! are explained against the day before.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use chrono::NaiveDate;

use super::commit_object::{Began, Commit};
use super::history::CommitHistory;
use crate::error::Result;

/// Has `commit`, a run that began as `began` says and follows the newest of `history`, say which days are stale: all later ones if
/// it is another run of its day than before, and its own if the day before it is stale, or was run again meanwhile.
pub(super) async fn update(
    history: &CommitHistory,
    commit: &mut Commit,
    began: Began,
) -> Result<()> {
    let mut stale = known(history).await?;
    let was = match began.in_force {
        Some(number) => history.commit(number).await?,
        None => None,
    };
    let day = commit.snapshot_date;
    if was.is_none_or(|was| was.run_id != commit.run_id) {
        let later = commit.in_force.range((Excluded(day), Unbounded));
        stale.extend(later.filter(|(_, number)| history.has(**number)).map(|(day, _)| *day));
    }
    let is_stale = match commit.before(day) {
        Some((before, number)) => {
            stale.contains(&before)
                || number > began.newest && is_other_run(history, day, number, began).await?
        }
        None => false,
    };
    match is_stale {
        true => stale.insert(day),
        false => stale.remove(&day),
    };
    commit.marked_stale.remove(&day);
    commit.stale = Some(stale);
    Ok(())
}

/// Whether the commit `number` is of another run than the one that was in force for the day before `day` at the beginning.
async fn is_other_run(
    history: &CommitHistory,
    day: NaiveDate,
    number: u64,
    began: Began,
) -> Result<bool> {
    let newest_then = history.commit(began.newest).await?;
    let then = match newest_then.and_then(|newest| newest.before(day)) {
        Some((_, number)) => history.commit(number).await?,
        None => None,
    };
    let now = history.commit(number).await?;
    let identity = |commit: Option<Commit>| commit.map(|c| (c.snapshot_date, c.run_id));
    Ok(identity(then) != identity(now))
}

/// The stale days of an output folder.
///
/// # Errors
/// As [`CommitHistory::commit`].
pub(super) async fn known(history: &CommitHistory) -> Result<BTreeSet<NaiveDate>> {
    let Some(newest) = history.newest() else { return Ok(BTreeSet::new()) };
    match &newest.stale {
        Some(stale) => Ok(stale.clone()),
        None => Ok(of_earlier_version(&history.all().await?.0)),
    }
}

/// The stale days by the commits of versions that did not record them, the newest first: a run is stale if any earlier day
/// has another run in force than when it was published.
pub fn of_earlier_version(commits: &[Commit]) -> BTreeSet<NaiveDate> {
    let Some(newest) = commits.first() else { return BTreeSet::new() };
    let run_ids: BTreeMap<u64, &str> =
        commits.iter().map(|commit| (commit.number, commit.run_id.as_str())).collect();
    let is_in_force =
        |commit: &&Commit| newest.in_force.get(&commit.snapshot_date) == Some(&commit.number);
    let is_stale = |commit: &&Commit| {
        newest.in_force.range(..commit.snapshot_date).any(|(day, number)| {
            let then = commit.in_force.get(day);
            let run_id = |number: &u64| run_ids.get(number);
            then != Some(number) && then.and_then(run_id) != run_id(number)
        })
    };
    let in_force = commits.iter().filter(is_in_force);
    in_force.filter(is_stale).map(|commit| commit.snapshot_date).collect()
}
