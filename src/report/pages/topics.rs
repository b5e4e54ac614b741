//! What posts are about, and the highest forecasts on it.

use maud::{Markup, html};

use crate::error::printable;
use crate::number_format::{count, in_steps, number};
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::{RunReport, TopicLeaders};
use crate::report::widgets::bars::{Bar, Bars};
use crate::report::widgets::figures::{Column, nothing, table};

pub(super) fn section(report: &RunReport) -> Markup {
    let shown = report.topics.iter().filter(|leaders| {
        !report.public || leaders.topic.reactors.is_some_and(|reactors| reactors >= MIN_PEOPLE)
    });
    let shown: Vec<_> = shown.collect();
    let all = report.commit.tables.get("topics").map_or(0, |table| table.rows);
    let Some(first) = shown.first() else {
        return match all {
            0 => nothing(
                "No post is about a topic: give the job the input `posts` and a section [topics]:",
                "renown schema job",
            ),
            _ => html! { p.nothing { "No topic has " (MIN_PEOPLE) " reactors or more." } },
        };
    };
    let path = |leaders: &TopicLeaders| printable(&leaders.topic.path.join(" › "));
    let says = format!(
        "Posts are about {} topics. The one with most reactors is {}: {} people reacted to {} posts. {} enough evidence for a \
         score on it.",
        count(all),
        path(first),
        in_steps(first.topic.reactors),
        in_steps(first.topic.posts),
        match first.topic.people {
            Some(people) => format!("{} people have", report.people(people)),
            None => "Fewer than 11 people have".to_owned(),
        }
    );
    let mut columns = vec![
        Column::Text("topic"),
        Column::Number("people with a score"),
        Column::Number("reactors"),
        Column::Number("posts"),
    ];
    if !report.public {
        columns.push(Column::Text("highest forecasts, people"));
    }
    let row = |leaders: &&TopicLeaders| {
        let people =
            leaders.people.iter().map(|(name, people)| format!("{name} ({})", number(*people)));
        vec![
            path(leaders),
            leaders.topic.people.map_or_else(|| in_steps(None), |people| report.people(people)),
            in_steps(leaders.topic.reactors),
            in_steps(leaders.topic.posts),
            people.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let bars: Vec<Bar> = shown
        .iter()
        .map(|leaders| Bar {
            label: path(leaders),
            value: leaders.topic.reactors.unwrap_or_default() as f64,
            text: format!("{} people", in_steps(leaders.topic.reactors)),
        })
        .collect();
    let chart =
        Bars { name: "topics-chart", title: "Reactors by topic", alt_text: &says, rows: &bars };
    html! {
        p.says { (says) }
        div.figures.uneven {
            figure { (chart.draw()) }
            (table("Topics with most reactors", &columns, &rows))
        }
    }
}
