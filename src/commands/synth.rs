//! `renown synth`: a synthetic snapshot with its truth.

use std::path::Path;

use chrono::NaiveDate;

use super::context::Context;
use crate::error::Result;
use crate::job::parse_url;
use crate::number_format::count;
use crate::storage::folder;
use crate::synth::{self, Parameters};

/// Write a synthetic snapshot with the true parameters of every person
#[derive(clap::Args)]
pub(super) struct Args {
    /// Number of people
    #[arg(long, allow_negative_numbers = true)]
    people: u32,
    /// Number of interactions, over 126 days
    #[arg(long, allow_negative_numbers = true)]
    interactions: u64,
    /// Number of posts, over the same days
    #[arg(long, allow_negative_numbers = true)]
    posts: u32,
    /// Random seed; the same seed gives the same bytes
    #[arg(long, allow_negative_numbers = true)]
    seed: u64,
    /// Empty folder to write to: URL or path
    #[arg(long)]
    out: String,
    /// Date of the snapshot
    #[arg(long, value_name = "YYYY-MM-DD", default_value = "2026-11-21")]
    snapshot: NaiveDate,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { people, interactions, posts, seed, out, snapshot } = args;
    let out = folder(&parse_url(Path::new(""), &out)?);
    let group = synth::GROUP;
    let parameters = Parameters { people, interactions, posts, seed, snapshot, group };
    let tables = synth::write_world(&context.engine.stores, &parameters, &out).await?;
    if context.quiet {
        return Ok(());
    }
    let people = count(u64::from(people));
    let mut page = format!("a synthetic world of {people} people on {snapshot}: {out}\n");
    for (name, rows) in tables {
        page += &format!("  {name:<16} {:>13} rows\n", count(rows));
    }
    page += "run it with its job.toml\n";
    context.print(&page)
}
