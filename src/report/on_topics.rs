//! What posts are about, and who moves others on it.

use maud::{Markup, html};

use super::bars::{Bar, Bars};
use super::chart::{count, number};
use super::page::{Column, nothing, of_people, table};
use super::read::OnTopic;
use super::{FEWEST, Told};
use crate::error::printable;

pub(super) fn topics(told: &Told) -> Markup {
    let shown = told.topics.iter().filter(|own| !told.public || own.topic.reactors >= FEWEST);
    let shown: Vec<_> = shown.collect();
    let all = told.commit.tables.get("topics").map_or(0, |table| table.rows);
    let Some(first) = shown.first() else {
        return match all {
            0 => nothing(
                "No post was about a topic: give the job the input `posts`, and [topics] as this says:",
                "renown schema job",
            ),
            _ => html! { p.nothing { "No topic drew " (FEWEST) " people or more." } },
        };
    };
    let path = |own: &OnTopic| printable(&own.topic.path.join(" › "));
    let says = format!(
        "Posts are about {} topics. Most people reacted on {}: {} to {} posts. For a score on it there is evidence enough \
         for {}.",
        count(all),
        path(first),
        count(first.topic.reactors),
        count(first.topic.posts),
        match first.topic.people {
            1 if !told.public => "1 person".to_owned(),
            people => format!("{} people", of_people(told, people)),
        }
    );
    let mut columns = vec![
        Column::Text("topic"),
        Column::Number("people with a score"),
        Column::Number("who reacted"),
        Column::Number("posts"),
    ];
    if !told.public {
        columns.push(Column::Text("who moves most, and how many"));
    }
    let row = |own: &&OnTopic| {
        let people =
            own.people.iter().map(|(name, people)| format!("{name} ({})", number(*people)));
        vec![
            path(own),
            of_people(told, own.topic.people),
            count(own.topic.reactors),
            count(own.topic.posts),
            people.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let bars: Vec<Bar> = shown
        .iter()
        .map(|own| Bar {
            label: path(own),
            value: own.topic.reactors as f64,
            text: format!("{} people", count(own.topic.reactors)),
        })
        .collect();
    let chart = Bars {
        name: "topics-chart",
        title: "People who reacted, by topic",
        told: &says,
        rows: &bars,
    };
    html! {
        p.says { (says) }
        div.figures.uneven {
            figure { (chart.draw()) }
            (table("Topics that most people reacted to", &columns, &rows))
        }
    }
}
