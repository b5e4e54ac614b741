//! Commits, as readers and publishers look them up.

use chrono::NaiveDate;
use url::Url;

pub use super::commit_object::{
    Began, Commit, CommittedFile, CommittedTable, Of, Reason, number, path,
};
use super::history::CommitHistory;
use crate::error::{Error, Result};
use crate::storage::Stores;

/// The commit `number` below `output`, if it is there, with the tables that later rewrites gave it.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if an object is no commit, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn read(stores: &Stores, output: &Url, number: u64) -> Result<Option<Commit>> {
    CommitHistory::read(stores, output).await?.named(number).await
}

/// The newest commit below `output`, if there is any. Objects that are none are passed over: [`CommitHistory`] names them.
///
/// # Errors
/// As [`CommitHistory::read`].
pub async fn newest(stores: &Stores, output: &Url) -> Result<Option<Commit>> {
    Ok(CommitHistory::read(stores, output).await?.into_newest())
}

/// Every commit below `output` that is there, the newest first, each with the tables that later rewrites gave it.
///
/// # Errors
/// As [`CommitHistory::read`].
pub async fn all(stores: &Stores, output: &Url) -> Result<Vec<Commit>> {
    Ok(CommitHistory::read(stores, output).await?.all().await?.0)
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
    CommitHistory::read(stores, output).await?.of_day(Of::Runs, day).await
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
    CommitHistory::read(stores, output).await?.of_day(Of::Validations, day).await
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
    CommitHistory::read(stores, output).await?.of_day(Of::Attacks, day).await
}

/// The commit of a kind in force for `day`, if it is there, and what else a run, validation or attacks of that day have to know when
/// they are committed.
///
/// # Errors
/// As [`CommitHistory::begin`].
pub async fn begin(
    stores: &Stores,
    output: &Url,
    day: NaiveDate,
    of: Of,
) -> Result<(Option<Commit>, Began)> {
    CommitHistory::read(stores, output).await?.begin(of, day).await
}

/// The error for an output folder that holds no commit for the snapshot.
pub fn nothing_published(output: &Url) -> Error {
    Error::bad_input(
        format!("`{output}`: no run has been published there, or none of that day"),
        "run the job first, or check URL and snapshot",
    )
}
