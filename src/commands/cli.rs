//! The command line: its global options, and every command by its arguments. Help, completions and the manual come from
//! these declarations.

use std::pin::Pin;

use clap::{CommandFactory, Parser, Subcommand};

use super::context::Context;
use super::logging::{LogFormat, Logging};
use super::{
    access, attack, audience, backfill, check, checks, completions, diff, exit, explain, fit,
    forget, man, methods, plan, promote, prune, rank, report, run, runs, schema, synth, top,
    topics, validate,
};
use crate::error::Result;

/// Heading of the options that every command has, in its help.
const GLOBAL: &str = "Global options";

/// Score how many people each person moves, from Parquet snapshots of social networks
#[derive(Parser)]
#[command(name = "renown", version, after_help = exit::CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Number of threads; results do not depend on it [default: all cores]
    #[arg(long, global = true, help_heading = GLOBAL, env = "RENOWN_THREADS", value_parser = clap::value_parser!(u16).range(1..), allow_negative_numbers = true)]
    threads: Option<u16>,
    /// Format of log lines on standard error [default: a progress bar on a terminal, else JSON for stages and text for errors]
    #[arg(long, global = true, help_heading = GLOBAL, value_enum)]
    log: Option<LogFormat>,
    /// Show only warnings and errors
    #[arg(long, global = true, help_heading = GLOBAL)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Backfill(backfill::Args),
    Fit(fit::Args),
    Validate(validate::Args),
    Attack(attack::Args),
    Top(top::Args),
    Topics(topics::Args),
    Rank(rank::Args),
    Methods(methods::Args),
    Schema(schema::Args),
    Check(check::Args),
    Plan(plan::Args),
    Runs(runs::Args),
    Prune(prune::Args),
    Checks(checks::Args),
    Promote(promote::Args),
    Synth(synth::Args),
    Completions(completions::Args),
    Man(man::Args),
    Explain(explain::Args),
    Report(report::Args),
    Diff(diff::Args),
    Audience(audience::Args),
    Access(access::Args),
    Forget(forget::Args),
}

impl Cli {
    /// Number of threads to work with.
    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    /// What is logged, and how.
    pub fn logging(&self) -> Logging {
        Logging { format: self.log, quiet: self.quiet }
    }

    /// Runs the command; its answer goes to the output of the context.
    ///
    /// # Errors
    /// Those of the command, of every [`crate::error::Kind`].
    pub async fn run(self, context: &mut Context<'_>) -> Result<()> {
        context.quiet = self.quiet;
        // Boxed: a command's future is large.
        let command: Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> = match self.command {
            Command::Run(args) => Box::pin(run::execute(args, context)),
            Command::Backfill(args) => Box::pin(backfill::execute(args, context)),
            Command::Fit(args) => Box::pin(fit::execute(args, context)),
            Command::Validate(args) => Box::pin(validate::execute(args, context)),
            Command::Attack(args) => Box::pin(attack::execute(args, context)),
            Command::Top(args) => Box::pin(top::execute(args, context)),
            Command::Topics(args) => Box::pin(topics::execute(args, context)),
            Command::Rank(args) => Box::pin(rank::execute(args, context)),
            Command::Methods(args) => return methods::execute(args, context),
            Command::Schema(args) => return schema::execute(args, context),
            Command::Check(args) => Box::pin(check::execute(args, context)),
            Command::Plan(args) => Box::pin(plan::execute(args, context)),
            Command::Runs(args) => Box::pin(runs::execute(args, context)),
            Command::Prune(args) => Box::pin(prune::execute(args, context)),
            Command::Checks(args) => Box::pin(checks::execute(args, context)),
            Command::Promote(args) => Box::pin(promote::execute(args, context)),
            Command::Synth(args) => Box::pin(synth::execute(args, context)),
            Command::Completions(args) => {
                return completions::execute(args, Self::command(), context);
            }
            Command::Man(args) => return man::execute(args, Self::command(), context),
            Command::Explain(args) => Box::pin(explain::execute(args, context)),
            Command::Report(args) => Box::pin(report::execute(args, context)),
            Command::Diff(args) => Box::pin(diff::execute(args, context)),
            Command::Audience(args) => Box::pin(audience::execute(args, context)),
            Command::Access(args) => Box::pin(access::execute(args, context)),
            Command::Forget(args) => Box::pin(forget::execute(args, context)),
        };
        command.await
    }
}
