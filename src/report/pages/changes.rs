//! What changed since the previous run, and why.

use maud::{Markup, html};

use super::bins::{LEFT_OUT, bars, bin_rows};
use crate::error::printable;
use crate::number_format::{count, day, fixed, number, signed};
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::{NamedPerson, RunReport};
use crate::report::summaries::Cause;
use crate::report::widgets::bars::{Bar, Bars};
use crate::report::widgets::figures::{Column, figure, nothing, table};
use crate::report::widgets::histogram::Histogram;

/// A cause in words.
fn describe(name: &str) -> String {
    match name {
        "method" => "a new version of the method".into(),
        "decay" => "decay: the same reactions, older".into(),
        "new_posts" => "new posts".into(),
        "audience" => "what the audience did".into(),
        "trust_and_others" => "the credit that people have now, and what others did".into(),
        other => other.replace('_', " "),
    }
}

pub(super) fn section(report: &RunReport) -> Markup {
    let date = report.commit.snapshot_date;
    let Some(previous) = &report.previous else {
        let day_before = date.pred_opt().unwrap_or(date);
        let why =
            "There is no previous run to compare with; run the day before and then this one again:";
        return nothing(why, &format!("renown run JOB --snapshot {day_before}"));
    };
    let summary = &report.scores;
    let moved: u64 = summary.moved.values().sum();
    let compared = moved + summary.unmoved;
    let mut says = match compared {
        0 => "Nobody who is scored now had a score before.".to_owned(),
        _ => format!(
            "Since {}, {} of {} people’s scores changed by 0.05 points or more.",
            day(previous.snapshot_date),
            report.people(moved),
            report.people(compared)
        ),
    };
    let other = |method: &&String| **method != report.record.method_version;
    if let Some(method) = report.previous_method.as_ref().filter(other) {
        says.push_str(&format!(" The method was {} then.", printable(method)));
    }
    if summary.people > compared {
        let word = report.people(summary.people - compared);
        says.push_str(&format!(" {word} had no score then."));
    }
    let (bins, left_out) = bars(report, &summary.moved);
    if left_out {
        says.push_str(LEFT_OUT);
    }
    let chart = Histogram {
        name: "moves-chart",
        title: "People by points gained or lost",
        alt_text: &says,
        bins: &bins,
        log: true,
        line: None,
        across: "points gained or lost",
        upward: "people, on a logarithmic scale",
    };
    let columns =
        [Column::Number("points from"), Column::Number("to below"), Column::Number("people")];
    let numbers = table("People by points gained or lost", &columns, &bin_rows(&bins));
    html! {
        div.figures {
            @if bins.is_empty() { p.says { (says) } } @else { (figure(&says, &chart.draw(), Some(&numbers))) }
            (causes(report, compared))
        }
        @if !report.public { div.figures {
            @for (people, heading) in report.movers.iter().zip(["Rose most", "Fell most"]) { (movers(people, heading)) }
        } }
    }
}

fn causes(report: &RunReport, compared: u64) -> Markup {
    let shown =
        report.causes.iter().filter(|(_, cause)| !report.public || cause.people >= MIN_PEOPLE);
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by_key(|(name, cause)| (std::cmp::Reverse(cause.size), *name));
    let Some((first, largest)) = shown.first() else {
        return html! { p.says { "No cause changed the scores of enough people to be shown." } };
    };
    let all: i64 = shown.iter().map(|(_, cause)| cause.size).sum();
    let says = format!(
        "The largest cause is {}: {} % of all points gained and lost. Bars show the mean change by each cause.",
        describe(first),
        fixed(100.0 * largest.size as f64 / all.max(1) as f64, 0)
    );
    let mean = |cause: &Cause, people: u64| cause.size as f64 / 1e6 / people.max(1) as f64;
    let bars: Vec<Bar> = shown
        .iter()
        .map(|(name, cause)| Bar {
            label: describe(name),
            value: mean(cause, compared),
            text: format!("{} points", number(mean(cause, compared))),
        })
        .collect();
    let chart = Bars {
        name: "causes-chart",
        title: "Mean change per person, by cause",
        alt_text: &says,
        rows: &bars,
    };
    let columns = [
        Column::Text("cause"),
        Column::Number("people changed"),
        Column::Number("mean points of all, without sign"),
        Column::Number("of those changed"),
        Column::Number("sum of points"),
    ];
    let row = |(name, cause): &(&String, &Cause)| {
        vec![
            (*name).clone(),
            count(cause.people),
            number(mean(cause, compared)),
            number(mean(cause, cause.people)),
            fixed(cause.sum as f64 / 1e6, 2),
        ]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    figure(&says, &chart.draw(), Some(&table("Changes by cause", &columns, &rows)))
}

fn movers(people: &[NamedPerson], heading: &str) -> Markup {
    let row = |person: &NamedPerson| {
        let changes = person.changes.iter();
        let causes = changes
            .map(|change| format!("{} {}", change.cause.replace('_', " "), signed(change.points)));
        vec![
            person.name.clone(),
            person.score.change_1d.map_or(String::new(), signed),
            fixed(person.score.score, 1),
            causes.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<Vec<String>> = people.iter().map(row).collect();
    let columns = [
        Column::Text("name"),
        Column::Number("points"),
        Column::Number("score now"),
        Column::Text("why"),
    ];
    html! {
        @if rows.is_empty() { p.says { (heading) ": nobody by 0.05 points or more." } }
        @else { (table(heading, &columns, &rows)) }
    }
}
