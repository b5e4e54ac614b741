//! What was last published to an output, held against a job that is about to publish there.

use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::Job;
use crate::publish::history::CommitHistory;
use crate::published::Run;

/// Refuses to publish where the last run is of another job, unless the output is declared to be shared, or where the method
/// has another content under the same version; limits of checks may change.
///
/// # Errors
/// [`Kind::BadJob`] for either, [`Kind::Unavailable`] if the store does not answer.
pub async fn refuse_output_conflicts(engine: &Engine, job: &Job) -> Result<()> {
    let (stores, output) = (&engine.stores, &job.output);
    let last = CommitHistory::read(stores, output).await?.last_run().await?;
    let Some(commit) = last else { return Ok(()) };
    let record = match Run::open(engine, output, &commit)?.record().await {
        Ok(record) => record,
        // Its files are gone or of another version: nothing is known of it.
        Err(error) if error.kind == Kind::BadInput => return Ok(()),
        Err(error) => return Err(error),
    };
    if record.job != job.name && !job.shared_output {
        return Err(Error::bad_job(
            format!(
                "`{output}` holds runs of the job `{}` (commit {}), and this job is `{}`",
                record.job, commit.number, job.name
            ),
            "publish to a folder of its own, or set `shared = true` under [output] if both jobs are meant to publish there",
        ));
    }
    let same_version = |method: &crate::method::Method| method.version == job.method.version;
    if record.method().filter(same_version).is_some_and(|method| !method.scores_like(&job.method)) {
        return Err(Error::bad_job(
            format!(
                "the method `{}` has changed since commit {} of `{output}` and still has the same version",
                job.method.version, commit.number
            ),
            "give the changed method another `version`, so that readers see which scores are comparable, or restore the file",
        ));
    }
    Ok(())
}
