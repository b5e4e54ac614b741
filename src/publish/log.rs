//! `log.json`: the record of a run, a validation or attacks, next to its tables. It is no table: times, memory and the machine may
//! differ between two runs that publish the same bytes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use super::commit_object::Commit;
use super::layout::log_path;
use crate::error::{Error, Result};
use crate::model::{LoggedCheck, LoggedConsent, SuppressedCount};
use crate::read::{InputFile, InputNotes};
use crate::storage::{Stores, below};

/// The files behind each input or source, by name.
pub type InputFiles = BTreeMap<String, Vec<InputFile>>;

/// The log of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunLog {
    /// Id of the run.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// Hash of the job, its method and the version of Renown.
    pub job_sha256: String,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Version of the method.
    pub method_version: String,
    /// Files that were read.
    pub inputs: InputFiles,
    /// What became of the inputs.
    #[serde(flatten)]
    pub notes: InputNotes,
    /// How the statements of `consent` met the accounts, by network; `None` in logs of earlier versions.
    #[serde(default)]
    pub consent: Option<Vec<LoggedConsent>>,
    /// The run that changes are explained against, if there is one.
    pub run_before: Option<RunBefore>,
    /// How exact ranks are.
    pub rank: RankLog,
    /// What the checks counted that may tell of ineligible people; `None` without an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<CheckLog>,
    /// Figures of the checks with those of the days before, by which later runs are judged; none in logs of earlier versions.
    #[serde(default)]
    pub figures: Vec<LoggedCheck>,
    /// The stages in the order in which they ended.
    pub stages: Vec<StageLog>,
    /// The machine that computed it.
    pub machine: Machine,
}

/// The log of a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationLog {
    /// Id of the validation.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Version of the first method.
    pub method_version: String,
    /// Files that were read; none if nothing was read.
    pub inputs: Option<InputFiles>,
    /// Backtest dates, in whole hours before the end of the snapshot, the latest first.
    #[serde(alias = "instants_hours")]
    pub backtests_hours: Vec<u32>,
    /// What to know before relying on the validation.
    pub notes: Vec<String>,
    /// The stages in the order in which they ended.
    pub stages: Vec<StageLog>,
}

/// The log of simulated attacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackLog {
    /// Id of the attacks.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// Day of the snapshot.
    pub snapshot_date: NaiveDate,
    /// Version of the method.
    pub method_version: String,
    /// Files that were read.
    pub inputs: InputFiles,
    /// What to know about the networks.
    pub notes: Vec<String>,
    /// The stages in the order in which they ended.
    pub stages: Vec<StageLog>,
}

/// The run that changes are explained against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBefore {
    /// Number of its commit.
    pub commit: u64,
    /// Day of its snapshot.
    pub snapshot_date: NaiveDate,
}

/// What the checks of a run counted that may tell of ineligible people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckLog {
    /// People that the last published run scored.
    pub people: u64,
    /// Of these, who is not scored now.
    pub lost: SuppressedCount,
    /// Of these, who is ineligible now.
    pub ineligible: SuppressedCount,
}

/// How exact ranks are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RankLog {
    /// Iterations, the maximum over the networks.
    pub iterations: u32,
    /// Certified L1 distance to the exact ranks, the maximum over the networks.
    pub bound: f64,
}

/// A stage that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageLog {
    /// Name of the stage.
    pub stage: String,
    /// Rows that went in.
    pub rows_in: u64,
    /// Rows that came out.
    pub rows_out: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Peak memory of the process up to the end of the stage, in bytes.
    pub peak_memory_bytes: u64,
}

/// The machine that computed a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Threads that compute.
    pub threads: usize,
}

impl Machine {
    /// The machine of this process.
    pub fn current() -> Self {
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            threads: rayon::current_num_threads(),
        }
    }
}

/// The log ([`RunLog`], [`ValidationLog`] or [`AttackLog`]) that was written with the tables of `commit` below `output`; `None` if the
/// file is gone.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if the file is no such log, [`crate::error::Kind::Unavailable`] if the store does not
/// answer.
pub async fn read<T: DeserializeOwned>(
    stores: &Stores,
    output: &Url,
    commit: &Commit,
) -> Result<Option<T>> {
    let url = below(output, &log_path(commit.snapshot_date, &commit.run_id))?;
    let Some(bytes) = stores.read(&url).await? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| {
        let cause = format!("`{url}` is no log of renown: {e}");
        Error::bad_input(cause, "use the version of renown that wrote it, or remove it")
            .caused_by(e)
    })
}
