//! Two published runs beside each other: who is in both, how their scores and places moved, and why.
//!
//! Everything comes from the published tables. The first people of a run are those that `top` lists: the most expected
//! people first, of equals the lower id.

mod compare;
mod groups;
mod movers;
mod page;
mod paired;

use chrono::NaiveDate;
use datafusion::dataframe::DataFrame;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

pub use compare::{Agreement, Bin, Moved, Overlap};
pub use groups::{Group, Grouping};
pub use movers::{Cause, Mover};
pub use page::render;

use crate::commands::top::no_profile;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::publish::commit::Commit;
use crate::published::{other_version, parsed, rows, table};
use paired::{Paired, Scores};

/// How many at the top are looked for in the other run.
const TOP: usize = 100;

/// A published run that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Published<'a> {
    /// Folder of the output.
    pub output: &'a Url,
    /// Its commit.
    pub commit: &'a Commit,
}

impl Published<'_> {
    async fn table(&self, engine: &Engine, name: &str) -> Result<DataFrame> {
        table(engine, self.output, self.commit, name).await
    }
}

/// What differs between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Profile whose scores are compared.
    pub profile: String,
    /// The run from which changes count.
    pub a: Run,
    /// The run to which they count.
    pub b: Run,
    /// Which of what made the two runs differs.
    pub differs: Differs,
    /// Who is in which run.
    pub people: People,
    /// How far the two runs order alike those who are in both.
    pub agreement: Agreement,
    /// By how much scores moved.
    pub moved: Moved,
    /// Those whose scores rose most, the most first; of equals the lower id.
    pub up: Vec<Mover>,
    /// Those whose scores fell most, the most first; of equals the lower id.
    pub down: Vec<Mover>,
    /// How scores moved in groups of people, by network, language and country.
    pub by: Vec<Grouping>,
}

/// One of the two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Run {
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
    /// The day of the snapshot.
    pub day: bool,
    /// The content of the method.
    pub method: bool,
    /// The forecast of the profile.
    pub forecast: bool,
    /// The version of Renown.
    pub renown_version: bool,
}

/// Who is in which run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct People {
    /// People in both runs.
    pub both: usize,
    /// People in the run A alone.
    pub only_a: usize,
    /// People in the run B alone.
    pub only_b: usize,
    /// Those of the first 100 of A who are not in B.
    pub gone_of_first_100: usize,
    /// Those of the first 100 of B who are not in A.
    pub new_in_first_100: usize,
}

/// The row of a table `runs`, as far as it is compared.
#[derive(Deserialize)]
struct Told {
    job: String,
    method_version: String,
    method_sha256: String,
    profiles: String,
}

/// Compares the runs `a` and `b` by the scores of `profile`, and names the `most` people whose scores moved most, half of
/// them up and half down.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if one of them has no such profile, [`crate::error::Kind::BadInput`] if nobody is in both,
/// a table is of another version or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn diff(
    engine: &Engine,
    a: Published<'_>,
    b: Published<'_>,
    profile: &str,
    most: usize,
) -> Result<Diff> {
    let of_run =
        |which: &'static str| move |error: Error| error.within(format_args!("run {which}"));
    let (run_a, forecast_a, of_a) = read(engine, a, profile).await.map_err(of_run("A"))?;
    let (run_b, forecast_b, of_b) = read(engine, b, profile).await.map_err(of_run("B"))?;
    let paired = Paired::of([of_a, of_b]);
    if paired.rows.is_empty() {
        return Err(Error::bad_input(
            "nobody is in both runs",
            "compare runs over the same accounts, linked to persons in the same way",
        ));
    }
    let by = groups::by(b.table(engine, "people").await?, &paired).await?;
    let (up, down) = movers::furthest(engine, [a, b], profile, &paired, most).await?;
    Ok(Diff {
        profile: profile.to_owned(),
        differs: Differs {
            day: run_a.snapshot_date != run_b.snapshot_date,
            method: run_a.method_sha256 != run_b.method_sha256,
            forecast: forecast_a != forecast_b,
            renown_version: run_a.renown_version != run_b.renown_version,
        },
        a: run_a,
        b: run_b,
        people: People {
            both: paired.rows.len(),
            only_a: paired.scores[0].len() - paired.rows.len(),
            only_b: paired.scores[1].len() - paired.rows.len(),
            gone_of_first_100: paired.alone_of_first(0, TOP),
            new_in_first_100: paired.alone_of_first(1, TOP),
        },
        agreement: compare::agreement(&paired),
        moved: compare::moved(&paired.changes),
        up,
        down,
        by,
    })
}

/// What is told of a run, the forecast of the profile and its scores.
async fn read(engine: &Engine, run: Published<'_>, profile: &str) -> Result<(Run, Value, Scores)> {
    let found = rows("reading the table `runs`", run.table(engine, "runs").await?).await?;
    let [row] = found.as_slice() else { return Err(other_version("runs")) };
    let told: Told = parsed("runs", row)?;
    let profiles: Vec<Value> = serde_json::from_str(&told.profiles).unwrap_or_default();
    let own = profiles.iter().find(|own| own["name"] == profile);
    let forecast = own.ok_or_else(|| no_profile(profile))?["forecast"].clone();
    let scores = Scores::of(run.table(engine, "scores").await?, profile).await?;
    let commit = run.commit;
    let run = Run {
        commit: commit.number,
        snapshot_date: commit.snapshot_date,
        run_id: commit.run_id.clone(),
        job: told.job,
        method_version: told.method_version,
        method_sha256: told.method_sha256,
        renown_version: commit.renown_version.clone(),
        horizon_hours: commit.horizon_hours,
        people: scores.len(),
    };
    Ok((run, forecast, scores))
}
