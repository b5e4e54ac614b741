//! The people who move others most on a topic.

use comfy_table::Table;
use datafusion::prelude::{ident, lit};
use serde::Deserialize;
use url::Url;

use super::{Filter, arrange, bar};
use crate::commands::bars::Bars;
use crate::engine::Engine;
use crate::error::{Error, Result, printable};
use crate::publish::commit::Commit;
use crate::published::{lookup, parsed, rows, table};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OnTopic {
    /// Id of the person.
    pub person_id: String,
    /// Name the person shows.
    pub display_name: Option<String>,
    /// The topic on which the person moves most people, of the one asked for and all below it.
    pub topic_id: String,
    /// Name of that topic.
    #[serde(default)]
    pub topic: String,
    /// Expected people on it in the horizon.
    pub expected_reactors: f64,
    /// Score on it, 1 to 100.
    pub score: f64,
    /// Place among those with a score on it.
    pub position: u64,
    /// Posts that count as evidence.
    pub posts: u64,
    /// Distinct people who reacted to them.
    pub reactors: u64,
    /// Share of negative reactions; none where no sentiment is known.
    pub negative_share: Option<f64>,
}

/// The topic that was asked for, and who moves people on it.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicList {
    /// Names from a root down to the topic.
    pub path: Vec<String>,
    /// How many topics lie under it.
    pub below: usize,
    /// The people, the highest first.
    pub people: Vec<OnTopic>,
}

/// The `most` people of those meant who move most others on `topic` or a topic below it; of equals the lower id
/// first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several topics are meant, [`crate::error::Kind::BadInput`] if none is or a file
/// cannot be read.
pub async fn on_topic(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    topic: &str,
    filter: &Filter,
    most: usize,
) -> Result<TopicList> {
    let plan = |e| Error::engine("reading the table `topic_scores`", e);
    let topics = lookup::topics(table(engine, output, commit, "topics").await?).await?;
    let asked = lookup::topic(&topics, topic)?;
    let within: Vec<&lookup::Topic> =
        topics.iter().filter(|other| other.lies_under(&asked.topic_id)).collect();
    let ids = within.iter().map(|topic| lit(topic.topic_id.as_str())).collect();
    let columns = [
        "person_id",
        "topic_id",
        "expected_reactors",
        "score",
        "position",
        "posts",
        "reactors",
        "negative_share",
    ];
    let scores = table(engine, output, commit, "topic_scores").await?;
    let scores = scores.filter(ident("topic_id").in_list(ids, false)).map_err(plan)?;
    let best = vec![
        ident("person_id").sort(true, false),
        ident("expected_reactors").sort(false, false),
        ident("topic_id").sort(true, false),
    ];
    let scores =
        scores.distinct_on(vec![ident("person_id")], columns.map(ident).into(), Some(best));
    let people = table(engine, output, commit, "people").await?;
    let scores = filter.highest(people, scores.map_err(plan)?, most)?;
    let found = rows("reading the table `topic_scores`", scores).await?;
    let mut people: Vec<OnTopic> =
        found.iter().map(|row| parsed("topic_scores", row)).collect::<Result<_>>()?;
    for person in &mut people {
        let own = within.iter().find(|topic| topic.topic_id == person.topic_id);
        person.topic = own.map_or_else(String::new, |topic| topic.name.clone());
    }
    Ok(TopicList { path: asked.path.clone(), below: within.len() - 1, people })
}

/// The list as a table for people to read, with a bar beside each score if bars are to be drawn.
pub fn render_on_topic(list: &TopicList, bars: Option<Bars>) -> String {
    let bar = bar(bars, list.people.iter().map(|p| p.score));
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header([
        "",
        "name",
        "expected people",
        "score",
        "",
        "topic",
        "place",
        "posts",
        "reactors",
        "negative",
    ]);
    for (place, p) in (1..).zip(&list.people) {
        table.add_row([
            format!("{place}"),
            printable(p.display_name.as_deref().unwrap_or(&p.person_id)),
            format!("{:.1}", p.expected_reactors),
            format!("{:.1}", p.score),
            bar(p.score),
            printable(&p.topic),
            p.position.to_string(),
            p.posts.to_string(),
            p.reactors.to_string(),
            p.negative_share.map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share)),
        ]);
    }
    arrange(&mut table, &[1, 5], 4, bars);
    table.to_string()
}
