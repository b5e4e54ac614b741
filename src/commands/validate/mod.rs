//! `renown validate`: how accurate the scores of a job are.

mod page;

use std::path::{Path, PathBuf};

use super::context::Context;
use super::job_args::JobArgs;
use super::output_format::OutputFormat;
use crate::error::Result;
use crate::evaluate;
use crate::job::Job;

/// Measure how accurate scores are and publish the table `validity`
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Method file to validate instead of the job's; repeat it to compare others with the first; nothing is published
    #[arg(long, value_name = "METHOD.toml")]
    method: Vec<PathBuf>,
    /// Compare ranks with so many random graphs with the same degrees, and as many resamples of actors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    null_models: Option<u32>,
    /// Measure, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { job, method, null_models, dry_run, format } = args;
    let under = |method: Option<&Path>| job.load_with_method(method);
    let mut jobs: Vec<Job> = match method.is_empty() {
        true => vec![under(None)?],
        false => method.iter().map(|path| under(Some(path))).collect::<Result<_>>()?,
    };
    if let Some(null_models) = null_models {
        jobs.iter_mut().for_each(|job| job.validate.null_models = null_models);
    }
    let mut progress = context.progress(evaluate::stages(&jobs[0]));
    let validity = evaluate::validate(&context.engine, &jobs, &mut progress).await;
    progress.finish();
    let validity = validity?;
    let (bars, signs) = (context.bars_next_to_numbers(), context.bars.shows_signs());
    context.answer(format, &validity, |validity| page::page(validity, bars, signs))?;
    if dry_run || !method.is_empty() {
        return Ok(());
    }
    let output = &jobs[0].output;
    let commit = evaluate::publish_validity(&context.engine, &jobs[0], &validity).await?;
    match format {
        OutputFormat::Text => {
            context.print(&format!("table `validity`: commit {} of {output}\n", commit.number))
        }
        OutputFormat::Json => Ok(()),
    }
}
