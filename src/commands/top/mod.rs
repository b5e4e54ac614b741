//! `renown top`: the people with the highest scores of a published run, over everything or on a topic.

mod filter;
mod on_topic;
mod overall;

pub use filter::Filter;
pub use on_topic::{OnTopic, TopicList, highest_on_topic};
pub use overall::{TopPerson, highest, people_table};
pub(super) use overall::{flags, page};

use super::context::Context;
use super::run_selector::RunSelector;
use crate::error::Result;
use crate::method::profile::STANDARD;

/// List the people with the highest scores of a published run
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunSelector,
    /// Number of people
    #[arg(short, default_value_t = 20, allow_negative_numbers = true)]
    n: usize,
    /// Rank by the scores on this topic and those below it: id or name
    #[arg(long, conflicts_with = "profile")]
    topic: Option<String>,
    /// Profile of the scores
    #[arg(long, default_value = STANDARD)]
    profile: String,
    #[command(flatten)]
    filter: Filter,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { run, n, topic, profile, filter } = args;
    let run = run.open(&context.engine).await?;
    let bars = context.bars_next_to_numbers();
    let page = match topic {
        None => page(&run, &profile, &filter, n, bars).await?,
        Some(topic) => {
            let list = highest_on_topic(&run, &topic, &filter, n).await?;
            let record = run.record().await?;
            on_topic::page(run.commit(), &record, &list, bars)
        }
    };
    context.print_notes(run.notes())?;
    context.print(&page)
}
