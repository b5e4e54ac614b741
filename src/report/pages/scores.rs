//! The distribution of scores and styles.

use maud::{Markup, html};

use super::bins::{LEFT_OUT, bars, bin_rows};
use crate::error::printable;
use crate::method::points;
use crate::number_format::{capital, count, fixed, number};
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::RunReport;
use crate::report::widgets::figures::{Column, figure, nothing, table};
use crate::report::widgets::histogram::Histogram;
use crate::score::style::NAMES;

pub(super) fn section(report: &RunReport) -> Markup {
    let summary = &report.scores;
    if report.public && summary.people < MIN_PEOPLE {
        return html! { p.nothing { "Fewer than " (MIN_PEOPLE) " people were scored." } };
    }
    let (bins, left_out) = bars(report, &summary.scores);
    // Of few people there are too few above the highest shares.
    let shares = [(0.5, "half of the people"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %")];
    let is_shown = |(share, _): &&(f64, &str)| {
        (1.0 - share) * summary.people as f64 >= MIN_PEOPLE as f64 || *share == 0.5
    };
    let quantiles: Vec<(String, &str)> = shares
        .iter()
        .filter(is_shown)
        .map(|(share, who)| (number(summary.expected(*share)), *who))
        .collect();
    // Of equal numbers the one that holds for most people.
    let is_last = |next: &usize| {
        quantiles.get(*next).is_none_or(|following| following.0 != quantiles[next - 1].0)
    };
    let clauses = (1..=quantiles.len()).filter(is_last).map(|next| {
        let (people, who) = &quantiles[next - 1];
        format!("{who} have a forecast of at most {people}")
    });
    let mut says = capital(&clauses.collect::<Vec<_>>().join(", "));
    says.push_str(&format!(" people who react{}.", printable(&report.reacting_by)));
    if !report.public {
        let (score, people) = summary.highest;
        says.push_str(&format!(
            " The highest score is {}: a forecast of {} people.",
            fixed(score, 1),
            number(people)
        ));
    }
    if left_out {
        says.push_str(LEFT_OUT);
    }
    let chart = Histogram {
        name: "scores-chart",
        title: "People by score",
        alt_text: &says,
        bins: &bins,
        log: true,
        line: None,
        across: "score, points",
        upward: "people, on a logarithmic scale",
    };
    let columns =
        [Column::Number("score from"), Column::Number("to below"), Column::Number("people")];
    let numbers = table("People by score", &columns, &bin_rows(&bins));
    let row = |(share, _): &(f64, &str)| {
        let people = summary.expected(*share);
        vec![number(100.0 * share), number(people), fixed(points(people), 1)]
    };
    let mut steps: Vec<Vec<String>> = shares.iter().filter(is_shown).map(row).collect();
    if !report.public {
        steps.push(vec!["100".into(), number(summary.highest.1), fixed(summary.highest.0, 1)]);
    }
    let columns = [
        Column::Number("percentile"),
        Column::Number("forecast people, at most"),
        Column::Number("score"),
    ];
    html! {
        div.figures {
            @if bins.is_empty() {
                p.nothing { "No bar has enough people to be shown here." }
            } @else {
                (figure(&says, &chart.draw(), Some(&numbers)))
            }
            (table("Quantiles of the forecast", &columns, &steps))
        }
        (flags(report))
        (styles(report))
    }
}

/// How many people's scores have each flag.
fn flags(report: &RunReport) -> Markup {
    let flags = report.scores.flags.iter();
    let rows: Vec<Vec<String>> =
        flags.map(|(flag, people)| vec![printable(flag), report.people(*people)]).collect();
    let columns = [Column::Text("flag"), Column::Number("people")];
    html! { @if !rows.is_empty() {
        div.figures { (table("What to know before relying on scores", &columns, &rows)) }
        p.says { "What each flag means is in the column " code { "flags" } " of " code { "renown schema scores" } "." }
        @if let Some(people) = report.scores.flags.get("short_history") {
            p.says {
                "The data of a network cover less than one horizon for " (report.people(*people))
                " people (short_history): sums are scaled up from few days, which neither forecast nor interval knows."
            }
        }
    } }
}

/// The matrix of styles: a table whose cells are the darker the more people.
fn styles(report: &RunReport) -> Markup {
    let styles = &report.scores.styles;
    let all: u64 = styles.iter().sum();
    let Some((most_common, people)) =
        (0..16).map(|at| (at, styles[at])).rev().max_by_key(|style| style.1).filter(|_| all > 0)
    else {
        return nothing(
            "Styles are unknown: they need posts about topics, the input `posts` and [topics] of the job:",
            "renown schema job",
        );
    };
    if report.public && people < MIN_PEOPLE {
        return html! { p.nothing { "No style is shared by " (MIN_PEOPLE) " people or more." } };
    }
    let percent = number(100.0 * people as f64 / all as f64);
    let columns = [
        "listens, casual",
        "listens, consistent",
        "participates, casual",
        "participates, consistent",
    ];
    let rows = ["shares, broad", "shares, focused", "creates, broad", "creates, focused"];
    let shade = |people: u64| match libm::sqrt(people as f64 / styles[most_common] as f64) {
        _ if people == 0 || (report.public && people < MIN_PEOPLE) => "s0",
        share if share < 0.34 => "s1",
        share if share < 0.67 => "s2",
        _ => "s3",
    };
    html! {
        figure {
            figcaption {
                "The most common style is " strong { (NAMES[most_common]) }
                // With all of them shown, few could be found by subtraction.
                @if !report.public {
                    ": " (percent) " % of the " (count(all)) " people whose style is known, those with posts about topics"
                }
                "."
            }
            div.scroll role="region" aria-label="People by style" tabindex="0" {
                table.matrix {
                    caption { "People by style" }
                    thead { tr { td {} @for column in columns { th scope="col" { (column) } } } }
                    tbody { @for (row, name) in rows.iter().enumerate() { tr {
                        th scope="row" { (name) }
                        @for at in 4 * row..4 * row + 4 {
                            td class=(shade(styles[at])) { b { (report.people(styles[at])) } " " (NAMES[at]) }
                        }
                    } } }
                }
            }
        }
    }
}
