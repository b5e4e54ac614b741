//! `renown report`: a run, validations or both as an HTML page.

use std::path::PathBuf;

use super::context::Context;
use super::job_args::JobSettings;
use super::local_file;
use super::run_selector::{RunSelector, shared_snapshot, shared_variables};
use crate::error::Result;
use crate::number_format::count;
use crate::report;

/// Write a published run, validations or both as an HTML page with charts
#[derive(clap::Args)]
pub(super) struct Args {
    /// Job files, or URLs of output folders or commits: at most one run, and validations in the order in which they are shown
    #[arg(required = true, value_name = "RUN|VALIDATION")]
    runs: Vec<String>,
    /// HTML file to write; an existing file is replaced
    #[arg(long, value_name = "PAGE.html")]
    out: PathBuf,
    /// Omit names, and groups of fewer than 20 people
    #[arg(long)]
    public: bool,
    #[command(flatten)]
    settings: JobSettings,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { runs, out, public, settings } = args;
    local_file::refuse_unwritable(&out)?;
    let mut commits = vec![];
    for run in &runs {
        let settings = JobSettings {
            snapshot: shared_snapshot(run, &runs, settings.snapshot),
            set: shared_variables(run, &runs, &settings.set),
        };
        let selector = RunSelector { run: run.clone(), settings };
        commits.push(selector.run_or_validation(&context.engine.stores).await?);
    }
    let page = report::render(&context.engine, &commits, public).await?;
    local_file::replace(&out, &page)?;
    let bytes = count(page.len() as u64);
    context.print(&format!("written to {}, {bytes} bytes\n", out.display()))
}
