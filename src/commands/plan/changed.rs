//! What has changed since a day was published.

use std::collections::BTreeMap;

use super::logged_run::LoggedRun;
use crate::engine::Engine;
use crate::error::Result;
use crate::job::Job;
use crate::pipeline::run_id::job_sha256;
use crate::publish::commit::{self, Commit};
use crate::publish::integrity;
use crate::read::{InputFile, Listing, ScanEstimate};

/// Whether a run is needed although the day has been published by `commit`, and why.
pub(super) async fn since_commit(
    engine: &Engine,
    job: &Job,
    commit: Commit,
    reads: &BTreeMap<String, ScanEstimate>,
    files: &BTreeMap<String, Listing>,
) -> Result<(bool, String)> {
    let (number, snapshot_date) = (commit.number, commit.snapshot_date);
    let stores = &engine.stores;
    if !integrity::intact(stores, &job.output, &commit).await? {
        return Ok((true, format!("files of commit {number} are gone or have changed")));
    }
    let Some(LoggedRun { commit, log }) = LoggedRun::of(engine, &job.output, commit).await? else {
        return Ok((true, format!("commit {number} has no log that this renown reads")));
    };
    if log.job_sha256 != job_sha256(job, commit.snapshot_date)? {
        return Ok((true, format!("job, method or renown have changed since commit {number}")));
    }
    let newest = commit::newest(stores, &job.output).await?;
    let before = newest.and_then(|newest| newest.before(snapshot_date));
    if log.run_before.as_ref().map(|run| run.commit) != before.map(|(_, number)| number) {
        return Ok((true, format!("the previous run has changed since commit {number}")));
    }
    // Files of other days, and sources that only label sets name, are not read.
    let is_read = |file: &InputFile| reads.values().any(|scan| scan.scanned.contains(&file.path));
    let same = |name: &str, listed: &Listing| {
        let Some(logged) = log.inputs.get(name) else { return false };
        let is_listed = |file: &InputFile| listed.files.contains(file);
        // A file without an entity tag may have changed although size and time have not.
        let is_logged = |file: &InputFile| file.e_tag.is_some() && logged.contains(file);
        let is_new = |file: &InputFile| !logged.iter().any(|other| other.path == file.path);
        logged.iter().all(is_listed)
            && listed.files.iter().all(|file| is_logged(file) || is_new(file) && !is_read(file))
    };
    let changed = files.iter().filter(|(name, listed)| !same(name, listed));
    let changed: Vec<&str> = changed.map(|(name, _)| name.as_str()).collect();
    Ok(match changed.is_empty() {
        true => (false, format!("these files, job and method are published as commit {number}")),
        false => (true, format!("changed since commit {number}: {}", changed.join(", "))),
    })
}
