//! What is left to do once a run is published: what it keeps no longer goes.

use std::time::{Duration, SystemTime};

use chrono::Utc;

use crate::error::Result;
use crate::job::{Job, Retention};
use crate::publish::prune::{Pruned, expire_refused, prune};
use crate::storage::{Stores, leftovers, remove_leftover};

/// Removes refused runs that have expired, what the retention of a job does not keep, and half files that stopped writes left a day ago or earlier. `None` if
/// the job keeps everything.
///
/// # Errors
/// As [`prune`]; what has been published stays published.
pub async fn apply_retention(stores: &Stores, job: &Job) -> Result<Option<Pruned>> {
    let expired = expire_refused(stores, &job.output, Utc::now()).await?;
    if expired > 0 {
        tracing::info!(objects = expired, "removed refused runs that have expired");
    }
    if let Some(retention) = &job.retention {
        return prune(stores, &job.output, retention, Utc::now(), false).await.map(Some);
    }
    let hours = u64::from(Retention::default_grace_hours());
    let before = SystemTime::now().checked_sub(Duration::from_secs(hours * 3_600));
    for leftover in leftovers(&job.output, before.unwrap_or(SystemTime::UNIX_EPOCH))? {
        remove_leftover(&job.output, &leftover)?;
        tracing::info!(file = leftover.path, bytes = leftover.size, "removed half a file");
    }
    Ok(None)
}
