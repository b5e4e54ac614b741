//! Who could be reached next: people who talk about a topic and do not yet react to somebody.

use std::collections::{BTreeMap, BTreeSet};

use comfy_table::{CellAlignment, Table};
use datafusion::prelude::{Expr, ident, lit};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::publish::commit::Commit;
use crate::published::{lookup, names, parsed, rows, table};

/// People interested in a topic who do not react to a person, as far as the published tables tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Audience {
    /// The person asked about.
    pub person_id: String,
    /// Id of the topic.
    pub topic_id: String,
    /// Names from a root down to it.
    pub path: Vec<String>,
    /// How many talk about it.
    pub interested: usize,
    /// How many of them react to the person already.
    pub reacting: usize,
    /// The others, those who talk about it most first.
    pub people: Vec<Interested>,
}

/// Somebody who talks about a topic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interested {
    /// Id of the person.
    pub person_id: String,
    /// Name the person shows.
    pub display_name: Option<String>,
    /// Share of what the person writes that is about the topic or one below it, 0 to 1.
    pub expressed_share: f64,
    /// Posts about one of them, the most on any.
    pub posts: u64,
}

#[derive(Deserialize)]
struct Interest {
    person_id: String,
    topic_id: String,
    expressed_share: f64,
    posts: u64,
}

#[derive(Deserialize)]
struct Ends {
    influenced_id: String,
}

/// The `most` people who talk most about `topic` and of whom no table says that they react to `person`:
/// `influence_edges` holds the strongest few of either side, `topic_evidence` the first who reacted to a post.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several people or topics are meant, [`crate::error::Kind::BadInput`] if none is
/// or a file cannot be read, [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn audience(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    person: &str,
    topic: &str,
    most: usize,
) -> Result<Audience> {
    let open = async |name: &str| table(engine, output, commit, name).await;
    let of = async |name: &str, condition: Expr| {
        let what = format!("reading the table `{name}`");
        let frame = open(name).await?.filter(condition).map_err(|e| Error::engine(&what, e))?;
        rows(&what, frame).await
    };
    let people = open("people").await?;
    let person_id = lookup::person(people.clone(), person).await?;
    let topics = lookup::topics(open("topics").await?).await?;
    let topic = lookup::topic(&topics, topic)?;
    let within = topics.iter().filter(|other| other.lies_under(&topic.topic_id));
    let within: Vec<Expr> = within.map(|topic| lit(topic.topic_id.as_str())).collect();

    let mut reacting = BTreeSet::from([person_id.clone()]);
    for row in of("influence_edges", ident("influencer_id").eq(lit(&*person_id))).await? {
        reacting.insert(parsed::<Ends>("influence_edges", &row)?.influenced_id);
    }
    for row in of("topic_evidence", ident("person_id").eq(lit(&*person_id))).await? {
        let ids = row.get("reactor_ids").and_then(|ids| ids.as_array()).into_iter().flatten();
        reacting.extend(ids.filter_map(|id| id.as_str()).map(str::to_owned));
    }
    let mut shares: BTreeMap<String, Vec<Interest>> = BTreeMap::new();
    for row in of("topic_interests", ident("topic_id").in_list(within, false)).await? {
        let interest: Interest = parsed("topic_interests", &row)?;
        shares.entry(interest.person_id.clone()).or_default().push(interest);
    }
    let interested = shares.len();
    shares.retain(|id, _| !reacting.contains(id));
    let mut found: Vec<Interested> = shares
        .into_iter()
        .map(|(person_id, mut own)| {
            // In a fixed order, as the sum is rounded.
            own.sort_by(|one, other| one.topic_id.cmp(&other.topic_id));
            Interested {
                person_id,
                display_name: None,
                expressed_share: own.iter().map(|interest| interest.expressed_share).sum(),
                posts: own.iter().map(|interest| interest.posts).max().unwrap_or_default(),
            }
        })
        .collect();
    let others = found.len();
    found.sort_by(|one, other| other.expressed_share.total_cmp(&one.expressed_share));
    found.truncate(most);
    let mut names = names(people, found.iter().map(|person| person.person_id.as_str())).await?;
    for person in &mut found {
        person.display_name = names.remove(&person.person_id);
    }
    Ok(Audience {
        person_id,
        topic_id: topic.topic_id.clone(),
        path: topic.path.clone(),
        interested,
        reacting: interested - others,
        people: found,
    })
}

/// The audience for people to read.
pub fn render(audience: &Audience) -> String {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header(["", "name", "person", "talks about it", "posts"]);
    for (place, p) in (1..).zip(&audience.people) {
        table.add_row([
            format!("{place}"),
            printable(p.display_name.as_deref().unwrap_or("–")),
            printable(&p.person_id),
            format!("{:.1} %", 100.0 * p.expressed_share),
            p.posts.to_string(),
        ]);
    }
    for at in [0, 3, 4] {
        if let Some(column) = table.column_mut(at) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!(
        "{} people talk about {}; {} of them are known to react to {} or are it, these are not\n{table}\n",
        audience.interested,
        printable(&audience.path.join(" › ")),
        audience.reacting,
        printable(&audience.person_id)
    )
}
