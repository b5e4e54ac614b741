//! `renown man`: the manual page, with a section for each command.

use std::io::Write as _;

use clap_mangen::Man;

use super::context::Context;
use crate::error::{Error, Result};

/// Print the manual page
#[derive(clap::Args)]
pub(super) struct Args {}

pub(super) fn execute(
    Args {}: Args,
    program: clap::Command,
    context: &mut Context<'_>,
) -> Result<()> {
    let mut page = Vec::new();
    write(program, &mut page).map_err(Error::internal)?;
    context.print(&String::from_utf8_lossy(&page))
}

fn write(mut program: clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    program.build();
    let main = Man::new(program.clone());
    // Without its list of subcommands, which names a separate page for each.
    main.render_title(page)?;
    main.render_name_section(page)?;
    main.render_synopsis_section(page)?;
    main.render_description_section(page)?;
    main.render_options_section(page)?;
    main.render_extra_section(page)?;
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = command.get_name();
        let man = Man::new(command.clone().display_name(format!("renown {name}")));
        writeln!(page, ".SH \"RENOWN {}\"", name.to_uppercase())?;
        man.render_synopsis_section(page)?;
        man.render_description_section(page)?;
        man.render_options_section(page)?;
    }
    Ok(())
}
