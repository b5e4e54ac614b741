//! The program: parses the command line and runs its command.

use std::process::ExitCode;

use clap::Parser;
use renown::commands::{Cli, failure, process};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(refused) => return failure::refuse(&refused),
    };
    let logging = cli.logging();
    match logging.begin().and_then(|()| process::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(error, logging),
    }
}
