//! What was found, for people to read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::predictor::RANDOM;
use super::validity::{Difference, EVERYONE, MetricRow, Validity};
use crate::commands::bars::Bars;
use crate::commands::explain::{align_right, plain};
use crate::error::printable;

/// Places of the longest bar.
const WIDTH: usize = 10;

/// What was found, for people to read: every profile and the best simple count of each metric, then parts and topics; with
/// `bars` of what is at most 1.
pub fn render(validity: &Validity, bars: Option<Bars>) -> String {
    let mut page = format!("{} on {}", validity.methods.join(" beside "), validity.snapshot_date);
    if !validity.backtests_hours.is_empty() {
        let _ = write!(
            page,
            ": looked {} hours ahead from {} instants",
            validity.horizon_hours,
            validity.backtests_hours.len()
        );
    }
    let _ = writeln!(
        page,
        "; intervals of 95 % by {} draws of people (seed {})\n",
        validity.resamples, validity.seed
    );
    let several = validity.methods.len() > 1;
    let (whole, parts): (Vec<&MetricRow>, Vec<&MetricRow>) =
        validity.rows.iter().filter(|row| !is_tenth(row)).partition(|row| row.group_by == EVERYONE);
    page += &table(&whole, several, false, bars);
    let kept = ["spearman", "auc", "pairwise_auc", "observed_over_forecast"];
    let parts: Vec<&MetricRow> =
        parts.into_iter().filter(|row| kept.contains(&&*row.metric)).collect();
    if !parts.is_empty() {
        page += "\nby parts, and on topics (the mean over all topics first)\n\n";
        page += &table(&parts, several, true, bars);
    }
    page.push('\n');
    for note in &validity.notes {
        let _ = writeln!(page, "{}", printable(note));
    }
    page
}

/// Whether it is a bar of a histogram, for charts.
fn is_tenth(row: &MetricRow) -> bool {
    ["pit_", "forecast_", "observed_0", "observed_1"].iter().any(|own| row.metric.starts_with(own))
}

fn table(rows: &[&MetricRow], several: bool, parted: bool, bars: Option<Bars>) -> String {
    let mut table = plain();
    let mut header = vec!["target", "population"];
    header.extend(parted.then_some("part"));
    header.extend(["people", "metric", "predictor"]);
    header.extend(several.then_some("method"));
    header.push("value");
    header.extend(bars.map(|_| ""));
    header.extend(["95 %", "above the best count"]);
    header.extend(several.then_some("above the first method"));
    table.set_header(&header);
    // Of the counts the best one of each metric is shown, and chance.
    let named = |row: &MetricRow, predictor: &str| {
        let MetricRow { target, population, group_by, group_value, metric, .. } = row;
        [target, population, group_by, group_value, metric, predictor].map(str::to_owned)
    };
    let best = rows.iter().filter_map(|row| Some(named(row, &row.difference.as_ref()?.to)));
    let best: BTreeSet<[String; 6]> = best.collect();
    for row in rows {
        let is_shown = !row.is_baseline
            || (!parted && (row.predictor == RANDOM || best.contains(&named(row, &row.predictor))));
        if !is_shown {
            continue;
        }
        let mut cells = vec![printable(&row.target), row.population.clone()];
        if parted {
            cells.push(format!("{} {}", row.group_by, printable(&row.group_value)));
        }
        cells.extend([row.people.to_string(), row.metric.clone(), printable(&row.predictor)]);
        if several {
            cells.push(printable(&row.method_version));
        }
        cells.push(format!("{:.3}", row.value));
        let is_share =
            !row.metric.starts_with("calibration") && !row.metric.starts_with("observed");
        cells.extend(bars.map(|bars| bars.draw(if is_share { row.value } else { 0.0 }, WIDTH)));
        cells.push(between(row.interval));
        let above = |difference: &Option<Difference>, to: bool| {
            difference.as_ref().map_or(String::new(), |d| {
                let to = if to { format!(" {}", printable(&d.to)) } else { String::new() };
                format!("{:+.3} ({}){to}", d.value, between(d.interval))
            })
        };
        cells.push(above(&row.difference, true));
        if several {
            cells.push(above(&row.from_first, false));
        }
        table.add_row(cells);
    }
    let numbers = header.iter().enumerate();
    let numbers = numbers.filter(|(_, name)| ["people", "value"].contains(name));
    align_right(&mut table, &numbers.map(|(at, _)| at).collect::<Vec<_>>());
    format!("{table}\n")
}

fn between(interval: Option<(f64, f64)>) -> String {
    interval.map_or("–".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"))
}
