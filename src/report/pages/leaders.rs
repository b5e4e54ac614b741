//! The people at the top.

use maud::{Markup, html};

use crate::error::printable;
use crate::number_format::{fixed, number, signed};
use crate::report::run_report::{NamedPerson, RunReport};
use crate::report::widgets::figures::nothing;
use crate::report::widgets::interval;

pub(super) fn section(report: &RunReport) -> Markup {
    let Some(first) = report.leaders.first() else {
        return nothing("Nobody was scored.", "renown check JOB");
    };
    let highs = report.leaders.iter().filter_map(|person| person.score.score_high);
    let highest = highs.chain([first.score.score]).fold(2.0, f64::max);
    html! {
        p.says {
            (first.name) " is first, forecast to reach " (number(first.score.expected_reactors))
            " people who react" (printable(&report.reacting_by)) ". The bar is the 90 % prediction interval of the score; the largest contributions follow it."
        }
        ol.leaders { @for (position, person) in (1..).zip(&report.leaders) {
            li { (leader(report, position, person, highest)) }
        } }
    }
}

fn leader(report: &RunReport, position: usize, person: &NamedPerson, highest: f64) -> Markup {
    let score = &person.score;
    let ends = score.score_low.zip(score.score_high);
    let change = score.change_1d.filter(|change| change.abs() >= 0.05);
    html! {
        span.place { (position) }
        div.who {
            h3 {
                (person.name)
                @if score.flags.iter().any(|flag| flag == "disputed") { " (disputed)" }
            }
            p {
                (number(score.expected_reactors)) " people forecast" br;
                "above " (number(score.percentile.min(99.9))) " % of all"
            }
        }
        div.score {
            span.points { (fixed(score.score, 1)) }
            @if let (Some(change), Some(previous)) = (change, &report.previous) {
                span.change { (signed(change)) " since " (previous.snapshot_date.format("%-d %b")) }
            }
        }
        @if let Some(ends) = ends {
            div.span {
                (interval::draw(position, score.score, ends, highest))
                p { (fixed(ends.0, 1)) " to " (fixed(ends.1, 1)) }
            }
        }
        ul.why { @for row in &person.contributions {
            @let value = row.value.map(number).unwrap_or_default();
            li { span.number { (signed(row.points)) } " " (printable(&row.in_words(&value, &report.windows))) }
        } }
    }
}
