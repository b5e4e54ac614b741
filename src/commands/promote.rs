//! `renown promote`: a method that was compared scores from now on.

use chrono::Utc;

use super::context::Context;
use super::job_args::JobArgs;
use super::output_format::OutputFormat;
use crate::error::{Result, printable};
use crate::pipeline;
use crate::publish::promotion::Promotion;

/// Let a method that was compared for some nights score from the next night on
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    job: JobArgs,
    /// Who decides, as the output will say
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown")]
    by: String,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let job = args.job.load()?;
    let promotion = pipeline::promote(&context.engine, &job, args.by, Utc::now()).await?;
    context.answer(args.format, &promotion, page)
}

fn page(promotion: &Promotion) -> String {
    let Promotion { method_version, from, nights, by, .. } = promotion;
    format!(
        "method {} scores from the snapshot of {from} on, after {nights} nights of comparison ({})\n",
        printable(method_version),
        printable(by),
    )
}
