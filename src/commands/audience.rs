//! `renown audience`: people who write about a topic and do not yet react to a person.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::Table;
use datafusion::prelude::{Expr, ident, lit};
use serde::Serialize;

use super::context::Context;
use super::output_format::OutputFormat;
use super::run_selector::RunSelector;
use super::text_table::{align_right, headed, percent, text_or_unknown};
use crate::error::{Result, printable, printable_name};
use crate::number_format::{count, counted};
use crate::published::Run;
use crate::published::lookup;
use crate::published::rows::{EdgeRow, EvidenceRow, InterestRow};
use crate::published::table::of_person;

/// List people who write about a topic and do not yet react to a person
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    run: RunSelector,
    /// Person id, `network:account_id`, account id or display name
    person: String,
    /// Topic, including those below it: id or name
    #[arg(long)]
    topic: String,
    /// Number of people
    #[arg(short, default_value_t = 20, allow_negative_numbers = true)]
    n: usize,
    /// Format of the answer
    #[arg(long, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
}

pub(super) async fn execute(args: Args, context: &mut Context<'_>) -> Result<()> {
    let Args { run, person, topic, n, format } = args;
    let run = run.open(&context.engine).await?;
    let audience = find_audience(&run, &person, &topic, n).await?;
    context.answer(format, &audience, page)
}

/// People who write about a topic and do not react to a person, as far as the published tables show.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audience {
    /// The person.
    pub person_id: String,
    /// Id of the topic.
    pub topic_id: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// How many write about it.
    pub interested: usize,
    /// How many of them react to the person already.
    pub already_reacting: usize,
    /// The others, those who write about it most first.
    pub people: Vec<Interested>,
}

/// A person who writes about a topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interested {
    /// Id of the person.
    pub person_id: String,
    /// Name the person shows.
    pub display_name: Option<String>,
    /// Share of what the person writes that is about the topic or one below it, 0 to 1.
    pub expressed_share: f64,
    /// Posts about the one of these topics that has most.
    pub posts: u64,
}

/// The `limit` people who write most about the topic that `topic` names, without those that a table shows to react to the
/// person that `wanted` names: `influence_edges` holds the strongest few of either side, `topic_evidence` the first who
/// reacted to a post.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people or topics are meant, [`crate::error::Kind::BadInput`] if none is
/// or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn find_audience(run: &Run, wanted: &str, topic: &str, limit: usize) -> Result<Audience> {
    let person_id = run.person(wanted).await?.person_id;
    let topics = run.topics().await?;
    let topic = lookup::topic(&topics, topic)?;
    let within = topics.iter().filter(|other| other.lies_under(&topic.topic_id));
    let within: Vec<Expr> = within.map(|topic| lit(topic.topic_id.as_str())).collect();

    let mut reacting = BTreeSet::from([person_id.clone()]);
    let outgoing = ident("influencer_id").eq(lit(&*person_id));
    let edges: Vec<EdgeRow> = run.rows(|all| all.filter(outgoing)).await?;
    reacting.extend(edges.into_iter().map(|edge| edge.influenced_id));
    let posts: Vec<EvidenceRow> = run.rows(|all| all.filter(of_person(&person_id))).await?;
    reacting.extend(posts.into_iter().flat_map(|post| post.reactor_ids));

    let on_topic = ident("topic_id").in_list(within, false);
    let interests: Vec<InterestRow> = run.rows(|all| all.filter(on_topic)).await?;
    let mut by_person: BTreeMap<String, Vec<InterestRow>> = BTreeMap::new();
    for interest in interests {
        by_person.entry(interest.person_id.clone()).or_default().push(interest);
    }
    let interested = by_person.len();
    by_person.retain(|id, _| !reacting.contains(id));
    let mut found: Vec<Interested> = by_person
        .into_iter()
        .map(|(person_id, mut interests)| {
            // In a fixed order, as the sum is rounded.
            interests.sort_by(|one, other| one.topic_id.cmp(&other.topic_id));
            Interested {
                person_id,
                display_name: None,
                expressed_share: interests.iter().map(|interest| interest.expressed_share).sum(),
                posts: interests.iter().map(|interest| interest.posts).max().unwrap_or_default(),
            }
        })
        .collect();
    let others = found.len();
    found.sort_by(|one, other| other.expressed_share.total_cmp(&one.expressed_share));
    found.truncate(limit);
    let mut names = run.names(found.iter().map(|person| person.person_id.as_str())).await?;
    for person in &mut found {
        person.display_name = names.remove(&person.person_id);
    }
    Ok(Audience {
        person_id,
        topic_id: topic.topic_id.clone(),
        path: topic.path.clone(),
        interested,
        already_reacting: interested - others,
        people: found,
    })
}

/// The audience, those who write most about the topic first.
fn page(audience: &Audience) -> String {
    format!(
        "{} about {}; {} of them already react to {} or are that person; the others:\n{}\n",
        counted(audience.interested as u64, "person writes", "people write"),
        printable(&audience.path.join(" › ")),
        count(audience.already_reacting as u64),
        printable_name(&audience.person_id),
        people_table(&audience.people)
    )
}

fn people_table(people: &[Interested]) -> Table {
    let mut table = headed(&["", "name", "person", "writes about it", "posts"]);
    for (position, person) in (1..).zip(people) {
        table.add_row([
            format!("{position}"),
            text_or_unknown(person.display_name.as_deref()),
            printable_name(&person.person_id),
            percent(person.expressed_share),
            count(person.posts),
        ]);
    }
    align_right(&mut table, &[0, 3, 4]);
    table
}
