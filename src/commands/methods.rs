//! `renown methods`: the methods section of a paper.

use std::path::PathBuf;

use super::context::Context;
use super::job_args::JobArgs;
use crate::docs::methods::methods_page;
use crate::error::Result;

/// Write the methods section of a paper about a job's scores, in Markdown
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Method file to describe instead of the job's
    #[arg(long, value_name = "METHOD.toml")]
    method: Option<PathBuf>,
}

pub(super) fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let job = args.job.load_with_method(args.method.as_deref())?;
    context.print(&methods_page(&job)?)
}
