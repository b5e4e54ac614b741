//! `renown audience`: people who write about a topic and do not yet react to a person.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::Table;
use datafusion::prelude::{Expr, ident, lit};
use serde::Serialize;

use super::context::Context;
use super::output_format::OutputFormat;
use super::run_selector::RunSelector;
use super::text_table::{
    align_right, forecast_people, headed, number_or_unknown, percent, text_or_unknown,
};
use crate::error::{Result, printable, printable_name};
use crate::number_format::{count, counted};
use crate::published::Run;
use crate::published::lookup;
use crate::published::rows::{CreditRow, EdgeRow, EvidenceRow, InterestRow, TableRow};
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
    context.answer_about(run.notes(), format, &audience, page)
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
    /// Sum of their credit; none in a run of an earlier version.
    pub interested_credit: Option<f64>,
    /// How many of them react to the person already, or are that person.
    pub already_reacting: usize,
    /// The others, by how much they write about it times their credit, the most first.
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
    /// How much the person's attention to others counts, 0 to 1: the most on any network. None in a run of an earlier version.
    pub credit: Option<f64>,
}

/// The `limit` people who write most about the topic that `topic` names and whose attention counts, without those that a table shows to react to the
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
    let credits = credit_of(run, &by_person).await?;
    let credit = |id: &str| credits.as_ref().map(|all| all.get(id).copied().unwrap_or(0.0));
    // In the order of ids, as sums are rounded.
    let interested_credit = credits.as_ref().map(|all| all.values().sum());
    by_person.retain(|id, _| !reacting.contains(id));
    let mut found: Vec<Interested> = by_person
        .into_iter()
        .map(|(person_id, mut interests)| {
            // In a fixed order, as the sum is rounded.
            interests.sort_by(|one, other| one.topic_id.cmp(&other.topic_id));
            Interested {
                display_name: None,
                expressed_share: interests.iter().map(|interest| interest.expressed_share).sum(),
                posts: interests.iter().map(|interest| interest.posts).max().unwrap_or_default(),
                credit: credit(&person_id),
                person_id,
            }
        })
        .collect();
    let others = found.len();
    let weight = |person: &Interested| {
        (person.expressed_share * person.credit.unwrap_or(1.0), person.expressed_share)
    };
    found.sort_by(|one, other| {
        let ((one, share), (other, other_share)) = (weight(one), weight(other));
        other.total_cmp(&one).then(other_share.total_cmp(&share))
    });
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
        interested_credit,
        already_reacting: interested - others,
        people: found,
    })
}

/// The credit of each of `people`: the most on any network, and nothing in a run of an earlier version.
async fn credit_of(
    run: &Run,
    people: &BTreeMap<String, Vec<InterestRow>>,
) -> Result<Option<BTreeMap<String, f64>>> {
    if !run.has(CreditRow::<String>::TABLE) {
        return Ok(None);
    }
    let mut credits: BTreeMap<String, f64> = BTreeMap::new();
    let see = |row: CreditRow<&str>| {
        if people.contains_key(row.person_id) {
            let most = credits.entry(row.person_id.to_owned()).or_default();
            *most = most.max(row.credit);
        }
    };
    run.each::<CreditRow>(Ok, see).await?;
    Ok(Some(credits))
}

/// The audience, those who write most about the topic and count most first.
fn page(audience: &Audience) -> String {
    let Audience {
        person_id, path, interested, interested_credit, already_reacting, people, ..
    } = audience;
    let credit = interested_credit
        .map_or_else(String::new, |credit| format!(", who count as {}", forecast_people(credit)));
    format!(
        "{} about {}{credit}; {} of them already react to {} or are that person; the others:\n{}\n",
        counted(*interested as u64, "person writes", "people write"),
        printable(&path.join(" › ")),
        count(*already_reacting as u64),
        printable_name(person_id),
        people_table(people)
    )
}

fn people_table(people: &[Interested]) -> Table {
    let mut table = headed(&["", "name", "person", "writes about it", "posts", "credit"]);
    for (position, person) in (1..).zip(people) {
        table.add_row([
            format!("{position}"),
            text_or_unknown(person.display_name.as_deref()),
            printable_name(&person.person_id),
            percent(person.expressed_share),
            count(person.posts),
            number_or_unknown(person.credit),
        ]);
    }
    align_right(&mut table, &[0, 3, 4, 5]);
    table
}
