//! The day before a run, on which it rests: what is known of people is carried from there, and changes are explained against it.

use chrono::NaiveDate;
use url::Url;

use crate::error::{Error, Result};
use crate::publish::commit::Commit;
use crate::publish::history::CommitHistory;
use crate::publish::integrity;
use crate::storage::Stores;

/// Refuses a run of `day` if what was published of the day before it is kept no longer: people would be new who have been known
/// for long. Of the day before a new last one, files may be gone: earlier ones count then.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if it is gone, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn refuse_lost_day_before(
    stores: &Stores,
    output: &Url,
    history: &CommitHistory,
    day: NaiveDate,
) -> Result<()> {
    let Some(newest) = history.newest() else { return Ok(()) };
    let Some((before, number)) = newest.before(day) else { return Ok(()) };
    let is_last = newest.in_force.last_key_value().is_some_and(|(last, _)| *last < day);
    let is_there = match history.commit(number).await? {
        None => false,
        Some(commit) => is_last || integrity::complete(stores, output, &commit).await?,
    };
    if is_there {
        return Ok(());
    }
    let first = history.days().map(|(kept, _)| kept).find(|kept| *kept > before);
    let remedy = match first {
        Some(first) => format!(
            "run a day after {first}, the first after it that is kept; or restore commit {number} with its files"
        ),
        None => format!("restore commit {number} with its files, or publish to another folder"),
    };
    Err(Error::bad_job(
        format!(
            "`{output}`: a run of {day} rests on the one of {before}, the last before it, and that is kept no longer"
        ),
        remedy,
    ))
}

/// What to know of the day before a run of `day`, if it is stale.
pub(super) fn stale_day_before(newest: &Commit, day: NaiveDate) -> Option<String> {
    let (before, _) = newest.before(day)?;
    newest.is_stale(before).then(|| {
        format!(
            "this run rests on the one of {before}, which is stale: run the job for {before} again, then for {day}"
        )
    })
}
