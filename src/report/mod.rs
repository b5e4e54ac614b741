//! A published run as one page for people who would rather look than read: HTML that loads nothing and runs nothing.

mod agreement;
mod bars;
mod changed;
mod chart;
mod course;
mod histogram;
mod interval;
mod on_topics;
mod page;
mod read;
mod reliability;
mod scored;
mod whiskers;

use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use crate::committed::table;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::publish::commit::{self, Commit};

/// Fewest people that a page which names nobody says anything of.
const FEWEST: u64 = 20;

/// Everything that the page tells.
struct Told {
    /// Whether it names nobody and tells of no few people.
    public: bool,
    commit: Commit,
    run: read::Run,
    log: Option<read::Log>,
    before: Option<Commit>,
    /// Version of its method; none if its files are gone.
    method_before: Option<String>,
    scores: read::Scores,
    leaders: Vec<read::Person>,
    parts: BTreeMap<String, read::Part>,
    causes: BTreeMap<String, read::Cause>,
    /// Who rose and who fell most.
    movers: [Vec<read::Person>; 2],
    topics: Vec<read::OnTopic>,
    validity: Vec<read::Measured>,
}

/// The page about the committed run below `output`; with `public` it names nobody and leaves out groups of fewer than
/// 20 people. The same run gives the same bytes.
///
/// # Errors
/// [`Kind::BadInput`] or [`Kind::Unavailable`] if its files cannot be read.
pub async fn report(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    public: bool,
) -> Result<String> {
    if !commit.is_of_run() {
        return Err(Error::bad_input(
            format!("commit {} of `{output}` is of a validation", commit.number),
            "name the output folder or the commit of a run",
        ));
    }
    let open = async |name: &str| table(engine, output, commit, name).await;
    let has = |name: &str| commit.tables.get(name).is_some_and(|table| table.rows > 0);
    let scores = read::standard("scores", open("scores").await?)?;
    let log = read::log(engine, output, commit).await?;
    let before = read::before(engine, output, commit, log.as_ref()).await?;
    let mut method_before = None;
    if let Some(before) = &before {
        method_before = read::run(engine, output, before).await.ok().map(|run| run.method_version);
    }
    let (mut parts, mut causes) = Default::default();
    if has("contributions") {
        parts = read::parts(open("contributions").await?).await?;
    }
    if before.is_some() && has("changes") {
        causes = read::causes(open("changes").await?).await?;
    }
    let mut topics = vec![];
    if has("topics") {
        topics = read::topics(engine, output, commit, public).await?;
    }
    let day = Some(commit.snapshot_date);
    let mut validity = vec![];
    if let Some(own) = commit::validity_in_force(&engine.stores, output, day).await? {
        validity = read::validity(engine, output, &own).await?;
    }
    let (mut leaders, mut movers) = Default::default();
    if !public {
        leaders = read::leaders(engine, output, commit, &scores).await?;
        if !causes.is_empty() {
            movers = read::movers(engine, output, commit, &scores).await?;
        }
    }
    let told = Told {
        public,
        commit: commit.clone(),
        run: read::run(engine, output, commit).await?,
        log,
        before,
        method_before,
        scores: read::scores(&scores).await?,
        leaders,
        parts,
        causes,
        movers,
        topics,
        validity,
    };
    Ok(page::page(&told).into_string())
}

/// Writes `page` to the local path `out`, over what may be there: whoever reads it sees the old or the new one, whole.
///
/// # Errors
/// [`Kind::Unavailable`] if the disk does not take it.
pub fn write(out: &Path, page: &str) -> Result<()> {
    let failed = |e: std::io::Error| {
        let cause = format!("writing `{}`: {e}", out.display());
        Error::new(Kind::Unavailable, cause, "check the path of --out")
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
