//! The page.

use chrono::{Duration, NaiveDate};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::{count, number};
use super::{FEWEST, Page, Told, changed, course, on_topics, scored, validated};
use crate::error::printable;
use crate::method::ROLLING_ORIGIN;

const STYLE: &str = include_str!("style.css");
/// Nothing may be loaded and nothing run, whatever a name may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// A section, or a part of one.
struct Section {
    id: String,
    heading: String,
    body: Markup,
    parts: Vec<Section>,
}

fn section(id: impl Into<String>, heading: impl Into<String>, body: Markup) -> Section {
    Section { id: id.into(), heading: heading.into(), body, parts: vec![] }
}

pub(super) fn page(page: &Page) -> Markup {
    let (job, date, head) = match (&page.run, page.validations.first()) {
        (Some(told), _) => {
            let (job, date) = (printable(&told.run.job), day(told.commit.snapshot_date));
            (job.clone(), date.clone(), head(told, &job, &date))
        }
        (None, Some(first)) => {
            let date = day(first.day());
            (first.name.clone(), date.clone(), head_of_validation(&first.name, &date))
        }
        (None, None) => Default::default(),
    };
    let sections = sections(page);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (job) ", " (date) " – Renown" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header { (head) }
                div.columns {
                    nav aria-label="Sections" { ul { @for own in &sections {
                        li { a href={ "#" (own.id) } { (own.heading) } }
                        @for part in &own.parts { li.part { a href={ "#" (part.id) } { (part.heading) } } }
                    } } }
                    main id="content" { @for own in &sections {
                        section id=(own.id) aria-labelledby={ (own.id) "-heading" } {
                            h2 id={ (own.id) "-heading" } { (own.heading) }
                            (own.body)
                            @for part in &own.parts {
                                h3.part id=(part.id) { (part.heading) }
                                (part.body)
                            }
                        }
                    } }
                }
                footer { p {
                    "Made by Renown " (env!("CARGO_PKG_VERSION")) ". A forecast is not a cause."
                    @if page.public { " This page names nobody and leaves out groups of fewer than " (FEWEST) " people." }
                } }
            }
        }
    }
}

/// What there is to tell, in order: the run, how right scores are, and how the run went.
fn sections(page: &Page) -> Vec<Section> {
    let mut sections = vec![];
    if let Some(told) = &page.run {
        if !told.public {
            sections.push(section("people", "The people at the top", scored::leaders(told)));
        }
        sections.extend([
            section("scores", "How scores are spread", scored::scores(told)),
            section("why", "What scores are made of", scored::parts(told)),
            section("changes", "What changed", changed::changes(told)),
            section("topics", "Topics", on_topics::topics(told)),
        ]);
        if page.validations.is_empty() {
            let missing = validated::missing(told.commit.snapshot_date);
            sections.push(section("validation", "How right scores are", missing));
        }
    }
    sections.extend(page.validations.iter().map(|of| {
        let mut own = section(
            of.id("whole"),
            format!("How right: {}, {}", of.name, validated::method(of)),
            validated::head(of),
        );
        let parts = validated::parts(of).into_iter();
        own.parts = parts.map(|(id, heading, body)| section(of.id(id), heading, body)).collect();
        own
    }));
    if let Some(told) = &page.run {
        sections.push(section("run", "The run itself", course::run(told)));
    }
    sections
}

/// A day as people write it.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// A count of people; a page that names nobody does not tell small ones.
pub(super) fn of_people(told: &Told, people: u64) -> String {
    if told.public && people < FEWEST { format!("fewer than {FEWEST}") } else { count(people) }
}

fn head(told: &Told, job: &str, date: &str) -> Markup {
    let (commit, run) = (&told.commit, &told.run);
    let days = number(f64::from(commit.horizon_hours) / 24.0);
    let first = commit.snapshot_date + Duration::days(1);
    let last = commit.snapshot_date + Duration::hours(i64::from(commit.horizon_hours));
    let facts: [(&str, Markup); 4] = [
        ("people scored", html! { (of_people(told, told.scores.people)) }),
        (
            "people expected, median",
            html! {
                @if told.public && told.scores.people < FEWEST { "–" } @else { (number(told.scores.expected(0.5))) }
            },
        ),
        ("days looked ahead", html! { (days) }),
        (
            "gates passed",
            html! {
                (run.gates.iter().filter(|gate| gate.ends_with(": passed")).count()) " of " (run.gates.len())
            },
        ),
    ];
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "Who moves people, " (date) }
        p.lead {
            "Each score says how many different people are expected to react to somebody from " (day(first)) " to "
            (day(last)) ", by what was known at the end of " (date) " (UTC). Every 10 points are five times the people. "
            "A score is a forecast, and a forecast is not a cause."
            @if run.fit().is_some_and(|fit| fit.target != ROLLING_ORIGIN) {
                " The method was fitted to judgements: its scores order people, and the people they speak of are a scale."
            }
        }
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        dl.origin {
            div { dt { "job" } dd { (job) } }
            div { dt { "method" } dd { (printable(&run.method_version)) } }
            div { dt { "content of the method, SHA-256" } dd { code { (run.method_sha256) } } }
            div { dt { "run" } dd { code { (commit.run_id) } } }
            div { dt { "commit" } dd { (commit.number) } }
            div { dt { "scored by" } dd { "Renown " (run.renown_version) } }
            div { dt { "run before" } dd {
                @match &told.before { Some(before) => (day(before.snapshot_date)), None => "none" }
            } }
        }
    }
}

fn head_of_validation(job: &str, date: &str) -> Markup {
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "How right scores are, " (date) }
        p.lead {
            "Scores beside what came after instants in the past, and beside what others judged, each next to simple counts of \
            the same people that a score has to beat. That both agree is no proof that one is the cause of the other."
        }
    }
}

/// What is said where there is nothing to show, with the command that would change that.
pub(super) fn nothing(why: &str, command: &str) -> Markup {
    html! { p.nothing { (why) " " code { (command) } } }
}

/// A chart below the sentence that says what one sees, with its numbers.
pub(super) fn figure(sentence: &str, chart: &Markup, numbers: Option<&Markup>) -> Markup {
    html! {
        figure {
            figcaption { (sentence) }
            (chart)
            @if let Some(numbers) = numbers { details { summary { "The numbers" } (numbers) } }
        }
    }
}

/// A column of a table.
pub(super) enum Column<'a> {
    Text(&'a str),
    Number(&'a str),
}

/// A table that scrolls within itself where it is wide; the first cell of a row is its head.
pub(super) fn table(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { @match column {
                    Column::Text(name) => th scope="col" { (name) },
                    Column::Number(name) => th.number scope="col" { (name) },
                } } } }
                tbody { @for row in rows { tr { @for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
                    @match (at, column) {
                        (0, Column::Number(_)) => th.number scope="row" { (cell) },
                        (0, _) => th scope="row" { (cell) },
                        (_, Column::Number(_)) => td.number { (cell) },
                        (_, Column::Text(_)) => td { (cell) },
                    }
                } } } }
            }
        }
    }
}
