//! A synthetic snapshot of several networks, with the ground truth that real snapshots lack.
//!
//! Written are the input tables `accounts`, `identities`, `consent`, `follows`, `posts` and `interactions` of a snapshot, a
//! job that reads them, and two folders that no job may read: `truth`, one row per person, and `future`, the interactions
//! of the 28 days after the cutoff.
//!
//! # The model
//!
//! People belong to communities, whose sizes fall as rank^-0.8, and are on one network or more; a *cell* is a community on
//! a network. Each account acts at a log-normal rate and attracts at a Pareto rate (exponent 1.4); the two are nearly
//! independent. An interaction has an active account, drawn by activity, and another: with probability .25 one of four
//! friends in its cell, where each acts on the other in half of the cases, with .45 an account of the cell and with .30 of
//! the network, both drawn by attraction; no account is its own target. Interactions are independent of one another and
//! spread over the days by hour and weekday. Posts are allotted by activity and attraction; their words are random, with
//! phrases of the author's topics, mostly those of the community, among them. About one account in a hundred, more in small
//! worlds, cheats, in rings, pods and farms of bought follows, which make a fiftieth of the interactions.
//!
//! Everything is drawn from the seed and the position of the row group, so that the bytes depend on neither threads nor
//! platform. Memory: flat arrays over accounts.

mod calendar;
mod events;
mod follows;
mod parameters;
mod population;
mod posts;
mod profiles;
mod random;
mod topics;
mod truth;
mod vocabulary;
mod world;
mod write;

use std::fmt::Write as _;

use url::Url;

use self::events::{Period, interactions};
use self::follows::Follows;
use self::random::Stream;
use self::truth::Expected;
use self::world::World;
use self::write::Out;
use crate::error::{Error, Kind, Result};
use crate::storage::{Stores, below, folder};
pub use parameters::{DAYS, FUTURE_DAYS, GROUP, Parameters};

/// How many times fewer accounts or posts a row group has, because their rows are wider.
const WIDER: u64 = 4;
/// The file that runs a world; it is written last.
const JOB: &str = "job.toml";
/// The tables that a job reads.
const INPUTS: [&str; 8] = [
    "accounts",
    "identities",
    "consent",
    "follows",
    "posts",
    "interactions",
    "topics",
    "topic_phrases",
];

/// Writes a synthetic world below `out`, which must be empty; returns the rows of each folder.
///
/// # Errors
/// [`Kind::Usage`] for parameters out of range and for a folder that is not empty, [`Kind::Unavailable`] if the store
/// fails.
pub async fn write_world(
    stores: &Stores,
    parameters: &Parameters,
    out: &Url,
) -> Result<Vec<(&'static str, u64)>> {
    parameters.check()?;
    let out = &folder(out);
    let found = stores.list(out, "").await?;
    if let Some(first) = found.first() {
        return Err(Error::new(
            Kind::Usage,
            format!("`{out}` is not empty: it contains `{}`", first.location),
            "give an empty folder: a world is not mixed with other files",
        ));
    }
    let (world, follows, expected) = tokio::task::block_in_place(|| {
        let world = World::new(parameters)?;
        let follows = Follows::count(&world);
        let expected = Expected::new(&world, parameters.future());
        Ok::<_, Error>((world, follows, expected))
    })?;
    let (world, follows) = (&world, &follows);
    let accounts = u64::from(world.population.accounts());
    let past =
        &Period { stream: Stream::Past, calendar: &world.past, rows: parameters.interactions };
    let future =
        &Period { stream: Stream::Future, calendar: &world.future, rows: parameters.future() };

    let to = Out { stores, url: out };
    let (posts, topics) = (u64::from(parameters.posts), world.topics.len() as u64);
    let (group, wide) = (parameters.group.max(1), parameters.group.div_ceil(WIDER).max(1));
    let rows = vec![
        to.write("accounts", accounts, wide, |range| profiles::accounts(world, follows, range))
            .await?,
        to.write("identities", accounts, wide, |range| profiles::identities(world, range)).await?,
        to.write("consent", accounts, wide, |range| profiles::consent(world, range)).await?,
        to.write("follows", accounts, wide, |range| follows::follows(world, range)).await?,
        to.write("topics", topics, topics, |range| topics::rows(world, range)).await?,
        to.write("topic_phrases", topics, topics, |range| topics::phrases(world, range)).await?,
        to.write("posts", posts, wide, |range| posts::posts(world, range)).await?,
        to.write("interactions", past.rows, group, |range| interactions(world, past, range))
            .await?,
        to.write("future", future.rows, group, |range| interactions(world, future, range)).await?,
        to.write("truth", accounts, wide, |range| truth::truth(world, &expected, range)).await?,
    ];
    stores.write(&below(out, JOB)?, job(parameters, out).into_bytes()).await?;
    Ok(rows)
}

/// The job that runs the world. Paths in it are relative on this machine: the folder may be moved.
fn job(parameters: &Parameters, out: &Url) -> String {
    let base = if out.scheme() == "file" { "" } else { out.as_str() };
    let Parameters { people, interactions, posts, seed, snapshot, .. } = parameters;
    let mut job = format!(
        "# A synthetic world of {people} people, {interactions} interactions and {posts} posts, from the seed {seed}\n\
         [job]\nname     = \"synth-{seed}\"\nsnapshot = {snapshot}\n\n[inputs]\n"
    );
    for table in INPUTS {
        let _ = writeln!(job, "{table:<13} = \"{base}{table}/\"");
    }
    let _ = write!(job, "\n[output]\nurl = \"{base}run-output/\"\n");
    job
}
