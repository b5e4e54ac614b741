//! A validation: what it is of, what to know before relying on it, and what it found.

mod baselines;
mod comparison;
mod forecast;
mod groups;
mod ranks;

use chrono::NaiveDate;
use maud::{Markup, html};

use self::comparison::{Comparison, FORECAST_TARGET};
use crate::error::printable;
use crate::evaluate::{EVERYONE, FUTURE_TARGETS, TOPIC, verdicts};
use crate::number_format::{capital, count, day, number};
use crate::report::validation_report::ValidationReport;
use crate::report::widgets::figures::nothing;

/// The notice of a run that was not validated.
pub(super) fn missing(date: NaiveDate) -> Markup {
    nothing(
        "The scores of this day were not validated; to validate them:",
        &format!("renown validate JOB --snapshot {date}"),
    )
}

/// Version of the method that was validated.
pub(super) fn method(of: &ValidationReport) -> String {
    of.rows().next().map_or("–".into(), |row| printable(&row.method_version))
}

/// What it is of, and its notes.
pub(super) fn head(of: &ValidationReport) -> Markup {
    let Some(first) = of.rows().next() else {
        return html! { p.nothing { "Nothing was measured of enough people to be shown here." } };
    };
    let mut targets: Vec<&str> = of.rows().map(|row| &*row.target).collect();
    targets.dedup();
    let people = of.rows().map(|row| row.people).max().unwrap_or_default();
    let mut facts =
        vec![("targets", count(targets.len() as u64)), ("people compared, maximum", count(people))];
    let forecasts = of.rows().filter(|row| FUTURE_TARGETS.contains(&&*row.target));
    if let Some(backtests) = forecasts.map(|row| row.backtests).max() {
        facts.push(("backtests", count(backtests)));
        facts.push(("days of the forecast", number(f64::from(of.commit.horizon_hours) / 24.0)));
    }
    let origin = [
        ("job", of.name.clone()),
        ("day", day(of.day())),
        ("method", method(of)),
        ("bootstrap resamples", count(first.resamples)),
        ("random seed", first.seed.to_string()),
        ("commit", of.commit.number.to_string()),
        ("validated by", format!("Renown {}", printable(&of.commit.renown_version))),
    ];
    let hashes = [
        ("content of the method, SHA-256", &first.method_sha256),
        ("data, SHA-256", &first.data_sha256),
    ];
    html! {
        dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
        dl.origin {
            @for (name, value) in origin { div { dt { (name) } dd { (value) } } }
            @for (name, value) in hashes { div { dt { (name) } dd { code { (value) } } } }
        }
        (verdict_lines(of))
        @if of.notes.is_empty() {
            p.nothing { "The log of the validation is gone, and with it the notes on its targets." }
        } @else {
            ul.notes { @for note in &of.notes { li { (note) } } }
        }
    }
}

/// Whether the scores are right by each target, a line each.
fn verdict_lines(of: &ValidationReport) -> Markup {
    let verdicts = verdicts(of.rows());
    html! { @if !verdicts.is_empty() { ul.verdicts { @for verdict in &verdicts { li {
        strong { (capital(&comparison::target(&verdict.target))) }
        ", " (if verdict.group_by == EVERYONE { comparison::population(&verdict.population) } else { "the mean over topics" })
        @for (at, (grade, words)) in verdict.parts().into_iter().enumerate() {
            (if at == 0 { ": " } else { "; " }) span role="img" aria-label=(grade.word()) { (grade.sign()) } " " (printable(&words))
        }
    } } } } }
}

/// Its parts, each with the name of its id and a heading; empty ones are left out.
pub(super) fn parts(of: &ValidationReport) -> Vec<(&'static str, &'static str, Markup)> {
    let all = Comparison::all(of);
    let mut parts = vec![];
    if all.iter().any(|comparison| comparison.target == FORECAST_TARGET) {
        parts.push(("forecast", "Forecast and outcome", forecast::section(of)));
    }
    if all.iter().any(|comparison| comparison.group_by == EVERYONE) {
        parts.push(("baselines", "Scores and baselines", baselines::section(of, EVERYONE)));
        parts.push(("groups", "Groups", groups::section(of)));
    }
    if !ranks::compared(of).is_empty() {
        parts.push(("ranks", "Ranks and random graphs", ranks::section(of)));
    }
    if all.iter().any(|comparison| comparison.group_by == TOPIC) {
        parts.push(("topics", "Scores on topics", groups::on_topics(of)));
    }
    parts
}
