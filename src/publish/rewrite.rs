//! Other files for tables of earlier commits. A table is rewritten under a new path, and one commit of all rewritten tables makes
//! them visible at once: a reader sees every table as it was, or every table as it is now.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use url::Url;

use super::commit_object::{Began, Commit, CommittedFile, CommittedTable, Reason};
use super::layout::first_path;
use super::{Encoded, create, store_by_hash};
use crate::digest::Digest;
use crate::error::Result;
use crate::method::hex;
use crate::storage::Stores;

/// Tables by the number of the commit that they belong to and by name.
pub type Rewritten = BTreeMap<u64, BTreeMap<String, CommittedTable>>;

/// Stores `bytes` in place of the table file at `path`, under a new path. No reader sees it before a commit names it.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not take it.
pub async fn store_file(
    stores: &Stores,
    output: &Url,
    path: &str,
    bytes: Vec<u8>,
) -> Result<CommittedFile> {
    store_by_hash(stores, output, &first_path(path), &Encoded::of(bytes)).await
}

/// Commits `tables` in place of those that the commits before `began.newest` have, all at once, where nothing was committed since.
/// The files that had their place stay where they are.
///
/// # Errors
/// [`crate::error::Kind::Interrupted`] if a commit was created meanwhile, [`crate::error::Kind::Unavailable`] if the store does not
/// take this one, [`crate::error::Kind::BadInput`] if nothing was published below `output`.
pub async fn commit(
    stores: &Stores,
    output: &Url,
    newest: &Commit,
    reason: Reason,
    tables: Rewritten,
) -> Result<Commit> {
    let began = Began { in_force: None, newest: newest.number };
    create::commit(stores, output, began, rewriting(newest, reason, tables)?).await
}

/// As [`commit`], of tables `runs` that say which days are `stale`.
///
/// # Errors
/// As [`commit`].
pub(super) async fn commit_marks(
    stores: &Stores,
    output: &Url,
    newest: &Commit,
    tables: Rewritten,
    stale: BTreeSet<NaiveDate>,
) -> Result<Commit> {
    let began = Began { in_force: None, newest: newest.number };
    let mut commit = rewriting(newest, Reason::Stale, tables)?;
    commit.marked_stale.clone_from(&stale);
    commit.stale = Some(stale);
    create::commit(stores, output, began, commit).await
}

/// A commit after `newest` that has nothing but `tables` in place of others.
fn rewriting(newest: &Commit, reason: Reason, tables: Rewritten) -> Result<Commit> {
    let mut digest = Digest::default();
    digest.add_settings(&(newest.number, reason, &tables))?;
    let id = hex(&digest.finish());
    let mut commit = Commit::new(newest.snapshot_date, id, newest.horizon_hours, BTreeMap::new());
    (commit.reason, commit.rewrites) = (Some(reason), tables);
    Ok(commit)
}
