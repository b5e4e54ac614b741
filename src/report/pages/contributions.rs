//! What scores are made of.

use maud::{Markup, html};

use crate::number_format::{count, fixed, signed_to};
use crate::published::describe::Windows;
use crate::report::privacy::MIN_PEOPLE;
use crate::report::run_report::RunReport;
use crate::report::summaries::{Part, quantile};
use crate::report::widgets::bars::{Bar, Bars};
use crate::report::widgets::figures::{Column, figure, nothing, table};
use crate::report::widgets::whiskers::{Whisker, Whiskers};

/// A column of `measures` in words.
fn measure(name: &str, windows: &Windows) -> String {
    match name {
        "level" => "the level of the network".to_owned(),
        "joined" => "a second network".to_owned(),
        _ => windows.sentence(name).replace("{} ", "").replace(" of {}", "").replace('_', " "),
    }
}

pub(super) fn section(report: &RunReport) -> Markup {
    let shown = report.parts.iter().filter(|(_, part)| !report.public || part.people >= MIN_PEOPLE);
    let mut shown: Vec<_> = shown.collect();
    if shown.is_empty() {
        return nothing("No measure added points for enough people.", "renown run JOB");
    }
    shown.sort_by_key(|(name, part)| (std::cmp::Reverse(part.size), *name));
    let all: i64 = shown.iter().map(|(_, part)| part.size).sum();
    let at =
        |part: &Part, share| quantile(&part.points, share).map_or(0.0, |bin| bin as f64 / 100.0);
    let whisker = |(name, part): &(&String, &Part)| {
        let (low, half, high) = (at(part, 0.25), at(part, 0.5), at(part, 0.75));
        Whisker {
            label: measure(name, &report.windows),
            value: half,
            interval: Some((low, high)),
            text: signed_to(half, 2),
            strong: true,
        }
    };
    let whiskers: Vec<Whisker> = shown.iter().map(whisker).collect();
    let share = |part: &Part| 100.0 * part.size as f64 / all.max(1) as f64;
    let bars: Vec<Bar> = shown
        .iter()
        .map(|(name, part)| Bar {
            label: measure(name, &report.windows),
            value: share(part),
            text: format!("{} %", fixed(share(part), 0)),
        })
        .collect();
    let (first, part) = shown[0];
    let says = format!(
        "The measure with the largest share of all points added or subtracted ({} %): {}.",
        fixed(share(part), 0),
        measure(first, &report.windows)
    );
    let about_points = "Of the people who have any of a measure: the dot is the median of its points, the line spans the middle half; \
                 compared with the method's reference person.";
    let columns = [
        Column::Text("measure"),
        Column::Number("people with any"),
        Column::Number("share of points, %"),
        Column::Number("first quartile"),
        Column::Number("median"),
        Column::Number("third quartile"),
    ];
    let row = |(name, part): &(&String, &Part)| {
        let points = [0.25, 0.5, 0.75].map(|share| fixed(at(part, share), 2));
        let [low, half, high] = points;
        vec![(*name).clone(), count(part.people), fixed(share(part), 1), low, half, high]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let numbers = table("Contributions by measure", &columns, &rows);
    let share_chart = Bars {
        name: "share-chart",
        title: "Share of points by measure",
        alt_text: &says,
        rows: &bars,
    };
    let points_chart = Whiskers {
        name: "points-chart",
        title: "Points by measure: median and quartiles",
        alt_text: about_points,
        rows: &whiskers,
        log: false,
        reference: Some((0.0, "no points")),
        across: "points",
    };
    html! { div.figures {
        (figure(&says, &share_chart.draw(), Some(&numbers)))
        (figure(about_points, &points_chart.draw(), None))
    } }
}
