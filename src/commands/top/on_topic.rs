//! The people with the highest scores on a topic.

use comfy_table::Table;
use datafusion::prelude::{ident, lit};

use super::filter::Filter;
use super::overall::BAR_WIDTH;
use crate::commands::text_bars::Bars;
use crate::commands::text_table::{
    UNKNOWN, align_right, bar, forecast_people, headed, hide, percent,
};
use crate::error::{Result, printable, printable_name};
use crate::method::profile::STANDARD;
use crate::number_format::{count, fixed};
use crate::publish::commit::Commit;
use crate::published::Run;
use crate::published::lookup::topic;
use crate::published::rows::{RunRow, TableRow, TopicRow, TopicScoreRow};
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
pub async fn highest_on_topic(
    run: &Run,
    wanted: &str,
    filter: &Filter,
    limit: usize,
) -> Result<TopicList> {
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

/// The list as a page.
pub(super) fn page(
    commit: &Commit,
    record: &RunRow,
    list: &TopicList,
    bars: Option<Bars>,
) -> String {
    let below = match list.below {
        0 => String::new(),
        1 => " and the topic below it".to_owned(),
        n => format!(" and the {n} topics below it"),
    };
    format!(
        "top {} on {}{below} on {}; forecast: {}\n{}\n",
        list.people.len(),
        printable(&list.path.join(" › ")),
        commit.snapshot_date,
        record.forecast_in_words(STANDARD, " to posts about it", commit.horizon_hours),
        people_table(&list.people, bars)
    )
}

fn people_table(people: &[OnTopic], bars: Option<Bars>) -> Table {
    let largest = people.iter().map(|person| person.score.score).fold(1.0, f64::max);
    let mut table = headed(&[
        "",
        "name",
        "forecast (people)",
        "score",
        "",
        "topic",
        "position",
        "posts",
        "reactors",
        "negative",
    ]);
    for (position, OnTopic { display_name, topic, score }) in (1..).zip(people) {
        table.add_row([
            format!("{position}"),
            printable_name(display_name.as_deref().unwrap_or(&score.person_id)),
            forecast_people(score.expected_reactors),
            fixed(score.score, 1),
            bar(bars, score.score, largest, BAR_WIDTH),
            printable(topic),
            count(score.position),
            count(score.posts),
            count(score.reactors),
            score.negative_share.map_or_else(|| UNKNOWN.to_owned(), percent),
        ]);
    }
    align_right(&mut table, &[0, 2, 3, 6, 7, 8, 9]);
    if bars.is_none() {
        hide(&mut table, 4);
    }
    table
}
