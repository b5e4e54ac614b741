//! A published run with its log.

use url::Url;

use crate::engine::Engine;
use crate::error::{Kind, Result};
use crate::publish::commit::Commit;
use crate::publish::log::RunLog;
use crate::published::Run;

/// A published run with its log.
pub(super) struct LoggedRun {
    pub(super) commit: Commit,
    pub(super) log: RunLog,
}

impl LoggedRun {
    /// The run of a commit; `None` if its log is gone or of another version.
    pub(super) async fn of(engine: &Engine, output: &Url, commit: Commit) -> Result<Option<Self>> {
        match Run::open(engine, output, &commit)?.log().await {
            Ok(log) => Ok(log.map(|log| Self { commit, log })),
            Err(error) if error.kind == Kind::BadInput => Ok(None),
            Err(error) => Err(error),
        }
    }
}
