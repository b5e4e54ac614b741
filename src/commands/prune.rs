//! `renown prune`: removes what is kept no longer from an output folder.

use std::path::Path;

use chrono::Utc;
use clap::ArgGroup;
use comfy_table::Table;

use super::context::Context;
use super::output_format::OutputFormat;
use super::text_table::{UNKNOWN, align_right, headed};
use crate::error::{Result, printable};
use crate::job::{Retention, parse_url};
use crate::number_format::{count, counted};
use crate::publish::prune::{Pruned, Reason, Removal, prune};
use crate::storage::folder;

/// Remove superseded runs and expired days from an output folder
#[derive(clap::Args)]
#[command(group(ArgGroup::new("what").args(["keep_days", "superseded"]).required(true).multiple(true)))]
pub(super) struct Args {
    /// URL of the output folder
    url: String,
    /// Number of days to keep, the latest one published among them; older ones are removed with their logs, validations, attacks and
    /// refused runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_days: Option<u32>,
    /// Remove what another run of the same day has replaced, and files that no commit names
    #[arg(long)]
    superseded: bool,
    /// Hours in which nothing is removed after it was written or replaced
    #[arg(long, value_name = "HOURS", default_value_t = Retention::default_grace_hours())]
    grace_hours: u32,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { url, keep_days, superseded, grace_hours, dry_run, format } = args;
    let output = folder(&parse_url(Path::new(""), &url)?);
    let retention = Retention { keep_days, superseded, grace_hours };
    let stores = context.engine.stores.clone();
    let pruned = prune(&stores, &output, &retention, Utc::now(), dry_run).await?;
    context.answer(format, &pruned, page)
}

/// What is removed by day and table, and what stays for now.
fn page(pruned: &Pruned) -> String {
    let mut page = String::new();
    if !pruned.removed.is_empty() {
        page += &format!("{}\n\n", table(&pruned.removed));
    }
    page += &removed_line(pruned);
    if pruned.files_in_grace > 0 {
        page += &format!(
            "{} too young to be removed: written or replaced a short while ago\n",
            counted(pruned.files_in_grace, "file is", "files are")
        );
    }
    for day in &pruned.unreadable_days {
        page +=
            &format!("{day}: its commit cannot be read, so files that no other names are kept\n");
    }
    page
}

/// How much was removed, or would be.
pub(super) fn removed_line(pruned: &Pruned) -> String {
    let (files, bytes) = pruned.total();
    let removed = if pruned.dry_run { "would be removed" } else { "removed" };
    let days = pruned.first_kept_day.map_or_else(
        || "all days are kept".to_owned(),
        |day| format!("kept are days from {day} on"),
    );
    let files = counted(files, "file", "files");
    format!("{removed}: {files}, {} bytes; {days}\n", count(bytes))
}

fn table(removed: &[Removal]) -> Table {
    let mut table = headed(&["day", "table", "why", "files", "bytes"]);
    for Removal { snapshot_date, table: name, reason, files, bytes } in removed {
        let why = match reason {
            Reason::Superseded => "superseded",
            Reason::Unnamed => "of no commit",
            Reason::Expired => "expired",
            Reason::Unfinished => "unfinished",
        };
        table.add_row([
            snapshot_date.map_or_else(|| UNKNOWN.to_owned(), |day| day.to_string()),
            printable(name),
            why.to_owned(),
            count(*files),
            count(*bytes),
        ]);
    }
    align_right(&mut table, &[3, 4]);
    table
}
