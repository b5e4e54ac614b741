//! The people with the highest scores on a topic.

use comfy_table::Table;
use datafusion::prelude::{ident, lit};

use super::{Filter, arrange, bar};
use crate::commands::bars::Bars;
use crate::error::{Result, printable};
use crate::published::Run;
use crate::published::lookup::topic;
use crate::published::rows::{TableRow, TopicRow, TopicScoreRow};
use crate::published::table::{planned, rows};

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct OnTopic {
    /// Name the person shows.
    pub display_name: Option<String>,
    /// Name of the topic on which the person's forecast is highest, of the one named and all below it.
    pub topic: String,
    /// The score on it.
    pub score: TopicScoreRow,
}

/// A topic, and the people with scores on it.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicList {
    /// Names from a root down to the topic.
    pub path: Vec<String>,
    /// How many topics lie under it.
    pub below: usize,
    /// The people, the highest first.
    pub people: Vec<OnTopic>,
}

/// The `limit` people with the highest forecasts on the topic that `wanted` names or a topic below it, of those who pass the
/// filter; of equals the lower id first.
///
/// # Errors
/// [`crate::error::Kind::Usage`] if several topics are meant, [`crate::error::Kind::BadInput`] if none is or a file
/// cannot be read.
pub async fn on_topic(run: &Run, wanted: &str, filter: &Filter, limit: usize) -> Result<TopicList> {
    let name = TopicScoreRow::TABLE;
    let topics = run.topics().await?;
    let named = topic(&topics, wanted)?;
    let within: Vec<&TopicRow> =
        topics.iter().filter(|other| other.lies_under(&named.topic_id)).collect();
    let ids = within.iter().map(|topic| lit(topic.topic_id.as_str())).collect();
    let scores = run.table(name).await?;
    let columns: Vec<_> =
        scores.schema().fields().iter().map(|field| ident(field.name())).collect();
    // The highest of each person.
    let order = vec![
        ident("person_id").sort(true, false),
        ident("expected_reactors").sort(false, false),
        ident("topic_id").sort(true, false),
    ];
    let scores = scores
        .filter(ident("topic_id").in_list(ids, false))
        .and_then(|scores| scores.distinct_on(vec![ident("person_id")], columns, Some(order)));
    let people = run.table("people").await?;
    let highest = filter.highest(people, planned(name, scores)?, limit)?;
    let highest: Vec<TopicScoreRow> = rows(highest).await?;
    let names = run.names(highest.iter().map(|score| score.person_id.as_str())).await?;
    let line = |score: TopicScoreRow| {
        let topic = within.iter().find(|topic| topic.topic_id == score.topic_id);
        OnTopic {
            display_name: names.get(&score.person_id).cloned(),
            topic: topic.map_or_else(String::new, |topic| topic.name.clone()),
            score,
        }
    };
    let people = highest.into_iter().map(line).collect();
    Ok(TopicList { path: named.path.clone(), below: within.len() - 1, people })
}

/// The list as a table for people to read, with a bar at each score if bars are to be drawn.
pub fn render_on_topic(list: &TopicList, bars: Option<Bars>) -> String {
    let bar = bar(bars, list.people.iter().map(|p| p.score.score));
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_header([
        "",
        "name",
        "forecast people",
        "score",
        "",
        "topic",
        "position",
        "posts",
        "reactors",
        "negative",
    ]);
    for (position, OnTopic { display_name, topic, score }) in (1..).zip(&list.people) {
        table.add_row([
            format!("{position}"),
            printable(display_name.as_deref().unwrap_or(&score.person_id)),
            format!("{:.1}", score.expected_reactors),
            format!("{:.1}", score.score),
            bar(score.score),
            printable(topic),
            score.position.to_string(),
            score.posts.to_string(),
            score.reactors.to_string(),
            score
                .negative_share
                .map_or("–".to_owned(), |share| format!("{:.0} %", 100.0 * share)),
        ]);
    }
    arrange(&mut table, &[1, 5], 4, bars);
    table.to_string()
}
