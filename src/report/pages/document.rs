//! The document: head, navigation and sections.

use chrono::Duration;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{attacks, changes, contributions, leaders, run, scores, topics, validation};
use crate::error::printable;
use crate::method::ROLLING_ORIGIN;
use crate::number_format::{day, number};
use crate::report::attack_report::AttackReport;
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::RunReport;
use crate::report::validation_report::ValidationReport;

const STYLE: &str = include_str!("../style.css");
/// Nothing may be loaded and nothing run, whatever a name may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Everything that the page shows.
pub(crate) struct Document {
    /// Whether it names nobody and shows nothing of few people.
    pub public: bool,
    pub run: Option<RunReport>,
    pub validations: Vec<ValidationReport>,
    pub attacks: Option<AttackReport>,
}

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

pub(crate) fn render(document: &Document) -> Markup {
    let (job, date, head) = match (&document.run, document.validations.first()) {
        (Some(report), _) => {
            let (job, date) = (printable(&report.record.job), day(report.commit.snapshot_date));
            (job.clone(), date.clone(), run_head(report, &job, &date))
        }
        (None, Some(first)) => {
            let date = day(first.day());
            (first.name.clone(), date.clone(), validation_head(&first.name, &date))
        }
        (None, None) => match &document.attacks {
            Some(attacks) => {
                let date = day(attacks.commit.snapshot_date);
                (attacks.job.clone(), date.clone(), attacks_head(&attacks.job, &date))
            }
            None => Default::default(),
        },
    };
    let sections = sections(document);
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
                    nav aria-label="Sections" { ul { @for section in &sections {
                        li { a href={ "#" (section.id) } { (section.heading) } }
                        @for part in &section.parts {
                            li.part { a href={ "#" (part.id) } { (part.heading) } }
                        }
                    } } }
                    main id="content" { @for section in &sections {
                        section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                            h2 id={ (section.id) "-heading" } { (section.heading) }
                            (section.body)
                            @for part in &section.parts {
                                h3.part id=(part.id) { (part.heading) }
                                (part.body)
                            }
                        }
                    } }
                }
                footer { p {
                    "Made by Renown " (env!("CARGO_PKG_VERSION")) ". A forecast is not a cause."
                    @if document.public {
                        " This page names nobody and leaves out groups of fewer than " (MIN_PEOPLE) " people."
                    }
                } }
            }
        }
    }
}

/// The sections in order: the run, validations, attacks, and how the run went.
fn sections(document: &Document) -> Vec<Section> {
    let mut sections = vec![];
    if let Some(report) = &document.run {
        if !report.public {
            sections.push(section("people", "The people at the top", leaders::section(report)));
        }
        sections.extend([
            section("scores", "Distribution of scores", scores::section(report)),
            section("why", "What scores are made of", contributions::section(report)),
            section("changes", "What changed", changes::section(report)),
            section("topics", "Topics", topics::section(report)),
        ]);
        if document.validations.is_empty() {
            let missing = validation::missing(report.commit.snapshot_date);
            sections.push(section("validation", "Validation", missing));
        }
    }
    sections.extend(document.validations.iter().map(|of| {
        let mut whole = section(
            of.id("whole"),
            format!("Validation: {}, {}", of.name, validation::method(of)),
            validation::head(of),
        );
        let parts = validation::parts(of).into_iter();
        whole.parts = parts.map(|(id, heading, body)| section(of.id(id), heading, body)).collect();
        whole
    }));
    match (&document.attacks, &document.run) {
        (Some(report), _) => {
            sections.push(section("attacks", "Attacks", attacks::section(report)));
        }
        (None, Some(report)) => {
            let missing = attacks::missing(report.commit.snapshot_date);
            sections.push(section("attacks", "Attacks", missing));
        }
        (None, None) => {}
    }
    if let Some(report) = &document.run {
        sections.push(section("run", "The run", run::section(report)));
    }
    sections
}

fn run_head(report: &RunReport, job: &str, date: &str) -> Markup {
    let RunReport { commit, record, .. } = report;
    let days = number(f64::from(commit.horizon_hours) / 24.0);
    let first = commit.snapshot_date + Duration::days(1);
    let last = commit.snapshot_date + Duration::hours(i64::from(commit.horizon_hours));
    let passed = record.gates.iter().filter(|gate| gate.ends_with(": passed")).count();
    let facts: [(&str, Markup); 4] = [
        ("people scored", html! { (report.people(report.scores.people)) }),
        (
            "forecast people, median",
            html! {
                @if report.public && report.scores.people < MIN_PEOPLE { "–" }
                @else { (number(report.scores.expected(0.5))) }
            },
        ),
        ("days of the forecast", html! { (days) }),
        ("gates passed", html! { (passed) " of " (record.gates.len()) }),
    ];
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "Influence scores, " (date) }
        @for note in &report.notes { p.says { "Note: " (printable(note)) } }
        p.lead {
            "Each score is a forecast: how many distinct trusted people will react" (printable(&report.reacting_by)) " to a person from " (day(first)) " to " (day(last))
            ", by what was known at the end of " (date) " (UTC). Every 10 points are five times the people. "
            "A forecast is not a cause."
            @if record.fit().is_some_and(|fit| fit.target != ROLLING_ORIGIN) {
                " The method was fitted to labels: its scores order people, and their numbers of people are a scale, not a count."
            }
        }
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        dl.origin {
            div { dt { "job" } dd { (job) } }
            div { dt { "method" } dd { (printable(&record.method_version)) } }
            div { dt { "content of the method, SHA-256" } dd { code { (record.method_sha256) } } }
            div { dt { "run" } dd { code { (commit.run_id) } } }
            div { dt { "commit" } dd { (commit.number) } }
            div { dt { "scored by" } dd { "Renown " (record.renown_version) } }
            div { dt { "previous run" } dd {
                @match &report.previous { Some(previous) => (day(previous.snapshot_date)), None => "none" }
            } }
        }
    }
}

fn validation_head(job: &str, date: &str) -> Markup {
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "Validation, " (date) }
        p.lead {
            "Scores compared with what was observed after past dates and with outside labels, next to simple counts of the same \
            people that a score has to beat. Agreement does not prove that one is the cause of the other."
        }
    }
}

fn attacks_head(job: &str, date: &str) -> Markup {
    html! {
        p.eyebrow { "Renown · " (job) }
        h1 { "Attacks, " (date) }
        p.lead { "What attacks on the scores gain that were planted into a copy of the data, one target after the other." }
    }
}
