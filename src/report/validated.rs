//! A validation: what it is of, what to know before relying on it, and what it found.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::agreement::{Compared, FORESEEN};
use super::chart::{count, number};
use super::compared::baselines;
use super::measured::Validation;
use super::page::{day, nothing};
use super::{foreseen, grouped};
use crate::error::printable;
use crate::evaluate::{EVERYONE, FORWARD_TRUTHS, TOPIC};

/// What is said of a run that nothing was held against.
pub(super) fn missing(date: NaiveDate) -> Markup {
    nothing(
        "How right the scores of this day are has not been measured; to measure it:",
        &format!("renown validate JOB --snapshot {date}"),
    )
}

/// Version of the method that was validated.
pub(super) fn method(of: &Validation) -> String {
    of.rows().next().map_or("–".into(), |row| printable(&row.method_version))
}

/// What it is of, and what to know of it.
pub(super) fn head(of: &Validation) -> Markup {
    let Some(first) = of.rows().next() else {
        return html! { p.nothing { "Nothing could be measured that may be told here." } };
    };
    let mut truths: Vec<&str> = of.rows().map(|row| &*row.target).collect();
    truths.dedup();
    let people = of.rows().map(|row| row.people).max().unwrap_or_default();
    let mut facts =
        vec![("truths", count(truths.len() as u64)), ("people compared, at most", count(people))];
    let foreseen = of.rows().filter(|row| FORWARD_TRUTHS.contains(&&*row.target));
    if let Some(instants) = foreseen.map(|row| row.backtests).max() {
        facts.push(("instants in the past", count(instants)));
        facts.push(("days looked ahead", number(f64::from(of.commit.horizon_hours) / 24.0)));
    }
    let origin = [
        ("job", of.name.clone()),
        ("day", day(of.day())),
        ("method", method(of)),
        ("draws of the bootstrap", count(first.resamples)),
        ("seed", first.seed.to_string()),
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
        @if of.notes.is_empty() {
            p.nothing { "The log of the validation is gone, and with it what its truths are worth." }
        } @else {
            ul.notes { @for note in &of.notes { li { (note) } } }
        }
    }
}

/// Its parts, each with the name of its id and a heading; what it has nothing of is left out.
pub(super) fn parts(of: &Validation) -> Vec<(&'static str, &'static str, Markup)> {
    let all = Compared::all(of);
    let mut parts = vec![];
    if all.iter().any(|own| own.truth == FORESEEN) {
        parts.push(("forecast", "Forecast and outcome", foreseen::forecast(of)));
    }
    if all.iter().any(|own| own.group_by == EVERYONE) {
        parts.push(("baselines", "Beside simple counts", baselines(of, EVERYONE)));
        parts.push(("groups", "Groups", grouped::groups(of)));
    }
    if all.iter().any(|own| own.group_by == TOPIC) {
        parts.push(("topics", "On topics", grouped::on_topics(of)));
    }
    parts
}
