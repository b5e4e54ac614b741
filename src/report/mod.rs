//! A published run and validations as one page for people who would rather look than read: HTML that loads nothing and runs
//! nothing.

mod agreement;
mod bars;
mod changed;
mod chart;
mod compared;
mod counted;
mod course;
mod foreseen;
mod grouped;
mod histogram;
mod interval;
mod measured;
mod on_topics;
mod page;
mod read;
mod reliability;
mod scored;
mod validated;
mod whiskers;

use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use crate::engine::Engine;
use crate::error::{Error, Help, Kind, Result};
use crate::publish::commit::{self, Commit};
use crate::publish::log::{self, RunLog};
use crate::published::table;
use measured::Validation;

/// Fewest people that a page which names nobody says anything of.
const FEWEST: u64 = 20;

/// Everything that the page tells.
struct Page {
    /// Whether it names nobody and tells of no few people.
    public: bool,
    run: Option<Told>,
    validations: Vec<Validation>,
}

/// What it tells of a run.
struct Told {
    public: bool,
    commit: Commit,
    run: read::Run,
    log: Option<RunLog>,
    before: Option<Commit>,
    /// Version of its method; none if its files are gone.
    method_before: Option<String>,
    scores: counted::Scores,
    leaders: Vec<read::Person>,
    parts: BTreeMap<String, counted::Part>,
    causes: BTreeMap<String, counted::Cause>,
    /// Who rose and who fell most.
    movers: [Vec<read::Person>; 2],
    topics: Vec<read::OnTopic>,
}

/// The page about commits, each with its output folder: the run that is among them, and validations in order, those of the
/// days of runs after them. With `public` it names nobody and leaves out groups of fewer than 20 people. The same commits
/// give the same bytes.
///
/// # Errors
/// [`Kind::Usage`] for two runs; [`Kind::BadInput`] or [`Kind::Unavailable`] if files cannot be read.
pub async fn report(engine: &Engine, commits: &[(Url, Commit)], public: bool) -> Result<String> {
    let mut run: Option<(&Url, &Commit)> = None;
    let mut validations: Vec<Validation> = vec![];
    for (output, commit) in commits {
        let mut own = Some(commit.clone());
        if commit.is_of_run() {
            let (first_output, first) = *run.get_or_insert((output, commit));
            if first.run_id != commit.run_id {
                return Err(two_runs((first_output, first), (output, commit)));
            }
            let day = Some(commit.snapshot_date);
            own = commit::validity_in_force(&engine.stores, output, day).await?;
        }
        // What two targets have in common is shown once.
        own = own.filter(|own| validations.iter().all(|other| other.commit.run_id != own.run_id));
        if let Some(own) = own {
            let place = validations.len() + 1;
            validations.push(measured::validation(engine, (output, own), place, public).await?);
        }
    }
    let run = match run {
        Some((output, commit)) => Some(told(engine, output, commit, public).await?),
        None => None,
    };
    Ok(page::page(&Page { public, run, validations }).into_string())
}

fn two_runs(first: (&Url, &Commit), second: (&Url, &Commit)) -> Error {
    let [one, other] = [first, second].map(|(output, commit)| {
        format!("commit {} of `{output}` ({})", commit.number, commit.snapshot_date)
    });
    Error::new(
        Kind::Usage,
        format!("{one} and {other} are two runs, and a page is of one"),
        "compare them as two runs, or name the commit of a validation",
    )
    .with_help(Help::Comparison)
}

/// What there is to tell of a run.
async fn told(engine: &Engine, output: &Url, commit: &Commit, public: bool) -> Result<Told> {
    let open = async |name: &str| table(engine, output, commit, name).await;
    let has = |name: &str| commit.tables.get(name).is_some_and(|table| table.rows > 0);
    let scores = counted::standard("scores", open("scores").await?)?;
    let log: Option<RunLog> = log::read(&engine.stores, output, commit).await?;
    let before = read::before(engine, output, commit, log.as_ref()).await?;
    let mut method_before = None;
    if let Some(before) = &before {
        method_before = read::run(engine, output, before).await.ok().map(|run| run.method_version);
    }
    let (mut parts, mut causes) = Default::default();
    if has("contributions") {
        parts = counted::parts(open("contributions").await?).await?;
    }
    if before.is_some() && has("changes") {
        causes = counted::causes(open("changes").await?).await?;
    }
    let mut topics = vec![];
    if has("topics") {
        topics = read::topics(engine, output, commit, public).await?;
    }
    let (mut leaders, mut movers) = Default::default();
    if !public {
        leaders = read::leaders(engine, output, commit, &scores).await?;
        if !causes.is_empty() {
            movers = read::movers(engine, output, commit, &scores).await?;
        }
    }
    Ok(Told {
        public,
        commit: commit.clone(),
        run: read::run(engine, output, commit).await?,
        log,
        before,
        method_before,
        scores: counted::scores(&scores).await?,
        leaders,
        parts,
        causes,
        movers,
        topics,
    })
}

/// Writes `page` to the local path `out`, over what may be there: whoever reads it sees the old or the new one, whole.
///
/// # Errors
/// [`Kind::Unavailable`] if the disk does not take it.
pub fn write(out: &Path, page: &str) -> Result<()> {
    let failed = |e: std::io::Error| {
        let cause = format!("writing `{}`: {e}", out.display());
        Error::new(Kind::Unavailable, cause, "check the path").caused_by(e)
    };
    let name = out.file_name().ok_or_else(|| failed(std::io::ErrorKind::IsADirectory.into()))?;
    let beside = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let beside = out.with_file_name(beside);
    let written = std::fs::write(&beside, page)
        .and_then(|()| std::fs::File::open(&beside)?.sync_all())
        .and_then(|()| std::fs::rename(&beside, out));
    written.map_err(|e| {
        // What is left of it is of no use, and the first fault is the one to tell.
        let _ = std::fs::remove_file(&beside);
        failed(e)
    })
}
