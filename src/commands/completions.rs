//! `renown completions`: completions of a shell.

use super::context::Context;
use crate::error::Result;

/// Print shell completions
#[derive(clap::Args)]
pub(super) struct Args {
    /// Shell to complete for
    shell: clap_complete::Shell,
}

pub(super) fn execute(
    args: Args,
    mut program: clap::Command,
    context: &mut Context<'_>,
) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut program, "renown", &mut text);
    context.print(&String::from_utf8_lossy(&text))
}
