//! `renown topics`: the topics of a published run.

use std::cmp::Reverse;

use comfy_table::Table;

use super::context::Context;
use super::run_selector::RunSelector;
use super::text_table::{align_right, headed};
use crate::error::{Result, printable};
use crate::number_format::in_steps;
use crate::published::rows::TopicRow;

/// List the topics that posts of a published run are about
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunSelector,
    /// Only topics whose name contains this word
    #[arg(long, value_name = "WORD")]
    search: Option<String>,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let run = args.run.open(&context.engine).await?;
    let mut topics = run.topics().await?;
    if let Some(word) = args.search.map(|word| word.to_lowercase()) {
        topics.retain(|topic| topic.name.to_lowercase().contains(&word));
    }
    // Equal ones stay in order of id: the sort is stable.
    topics.sort_by_key(|topic| Reverse((topic.people, topic.reactors, topic.posts)));
    context.print_notes(run.notes())?;
    context.print(&format!("{}\n", page(&topics)))
}

/// The topics as a table, those with most people first.
fn page(topics: &[TopicRow]) -> Table {
    let mut table = headed(&["topic", "id", "people", "posts", "reactors"]);
    for topic in topics {
        table.add_row([
            printable(&topic.path.join(" › ")),
            printable(&topic.topic_id),
            in_steps(topic.people),
            in_steps(topic.posts),
            in_steps(topic.reactors),
        ]);
    }
    align_right(&mut table, &[2, 3, 4]);
    table
}
