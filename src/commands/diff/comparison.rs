//! Two published runs compared: who is in both, how their scores and positions changed, and why.
//!
//! Everything comes from the published tables. The top of a run is what `top` lists: the highest forecasts first, of equal
//! ones the lower id.

use chrono::NaiveDate;
use serde::Serialize;

use super::agreement::{self, Agreement};
use super::groups::{self, Grouping};
use super::movers::{self, Mover};
use super::paired::{Paired, Scores};
use super::score_changes::{self, ChangeSummary};
use crate::error::{Error, Result};
use crate::method::Forecast;
use crate::published::Run;
use crate::published::run::no_profile;

/// How many people at the top are looked for in the other run.
const TOP: usize = 100;

/// What differs between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Profile whose scores are compared.
    pub profile: String,
    /// The run from which changes count.
    pub a: ComparedRun,
    /// The run to which they count.
    pub b: ComparedRun,
    /// Which of what made the two runs differs.
    pub differs: Differs,
    /// How many people are in which run.
    pub people: PeopleCounts,
    /// How far the two runs agree on the order of those who are in both.
    pub agreement: Agreement,
    /// The distribution of score changes.
    pub score_changes: ChangeSummary,
    /// The people whose scores rose most, the most first; of equals the lower id.
    pub up: Vec<Mover>,
    /// The people whose scores fell most, the most first; of equals the lower id.
    pub down: Vec<Mover>,
    /// How scores changed in groups of people, by network, language and country.
    pub groupings: Vec<Grouping>,
}

/// One of the two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedRun {
    /// Number of its commit.
    pub commit: u64,
    /// Day of its snapshot.
    pub snapshot_date: NaiveDate,
    /// Id of the run.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// Version of the method.
    pub method_version: String,
    /// SHA-256 of the method's content.
    pub method_sha256: String,
    /// Version of Renown that made it.
    pub renown_version: String,
    /// Hours that its forecast covers.
    pub horizon_hours: u32,
    /// People with a score.
    pub people: usize,
}

/// Which of what made two runs differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// The date of the snapshot.
    pub snapshot_date: bool,
    /// The content of the method.
    pub method: bool,
    /// The forecast of the profile.
    pub forecast: bool,
    /// The version of Renown.
    pub renown_version: bool,
}

/// How many people are in which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeopleCounts {
    /// People in both runs.
    pub both: usize,
    /// People in the run A alone.
    pub only_a: usize,
    /// People in the run B alone.
    pub only_b: usize,
    /// People in the top 100 of A who are not in B.
    pub left_top_100: usize,
    /// People in the top 100 of B who are not in A.
    pub entered_top_100: usize,
}

/// Compares the runs `a` and `b` by the scores of `profile`, and names the `limit` people whose scores changed most, half of
/// them up and half down.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if one of them has no such profile, [`crate::error::Kind::BadInput`] if no one is in both,
/// a table is of another version or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn compare_runs(a: &Run, b: &Run, profile: &str, limit: usize) -> Result<Diff> {
    let of_run =
        |which: &'static str| move |error: Error| error.within(format_args!("run {which}"));
    let (run_a, forecast_a, of_a) = read(a, profile).await.map_err(of_run("A"))?;
    let (run_b, forecast_b, of_b) = read(b, profile).await.map_err(of_run("B"))?;
    let paired = Paired::of([of_a, of_b]);
    if paired.rows.is_empty() {
        return Err(Error::bad_input(
            "no one is in both runs",
            "compare runs over the same accounts, linked to persons in the same way",
        ));
    }
    let groupings = groups::group_changes(b, &paired).await?;
    let (up, down) = movers::select_movers([a, b], profile, &paired, limit).await?;
    Ok(Diff {
        profile: profile.to_owned(),
        differs: Differs {
            snapshot_date: run_a.snapshot_date != run_b.snapshot_date,
            method: run_a.method_sha256 != run_b.method_sha256,
            forecast: forecast_a != forecast_b,
            renown_version: run_a.renown_version != run_b.renown_version,
        },
        a: run_a,
        b: run_b,
        people: PeopleCounts {
            both: paired.rows.len(),
            only_a: paired.scores[0].len() - paired.rows.len(),
            only_b: paired.scores[1].len() - paired.rows.len(),
            left_top_100: paired.alone_of_first(0, TOP),
            entered_top_100: paired.alone_of_first(1, TOP),
        },
        agreement: agreement::agreement(&paired),
        score_changes: score_changes::summarise(&paired.changes),
        up,
        down,
        groupings,
    })
}

/// The record of a run, the forecast of the profile and its scores.
async fn read(run: &Run, profile: &str) -> Result<(ComparedRun, Forecast, Scores)> {
    let record = run.record().await?;
    let forecast = record.profile(profile).ok_or_else(|| no_profile(profile))?.forecast;
    let scores = Scores::of(run, profile).await?;
    let commit = run.commit();
    let run = ComparedRun {
        commit: commit.number,
        snapshot_date: commit.snapshot_date,
        run_id: commit.run_id.clone(),
        job: record.job,
        method_version: record.method_version,
        method_sha256: record.method_sha256,
        renown_version: commit.renown_version.clone(),
        horizon_hours: commit.horizon_hours,
        people: scores.len(),
    };
    Ok((run, forecast, scores))
}
