//! Observed against forecast numbers of people.

use maud::{Markup, html};

use super::comparison::{Comparison, FORECAST_TARGET, POPULATIONS, ends, population};
use crate::evaluate::{EVERYONE, METRICS};
use crate::method::profile::STANDARD;
use crate::number_format::{count, fixed, number, precise};
use crate::published::evaluation_rows::ValidityRow;
use crate::report::privacy::MIN_PEOPLE;
use crate::report::validation_report::ValidationReport;
use crate::report::widgets::calibration::{Calibration, Decile};
use crate::report::widgets::figures::{Column, figure, nothing, table};
use crate::report::widgets::histogram::{Bin, Histogram};

/// Forecast and observed numbers by decile, and where the observed lay within the forecast distributions: of the population
/// that has most deciles, since many people with one forecast form a single one.
pub(super) fn section(of: &ValidationReport) -> Markup {
    let row = |population: &str, metric: &str| {
        let comparison = Comparison { target: FORECAST_TARGET, population, group_by: EVERYONE };
        let mut rows = comparison.rows(of, metric).into_iter();
        // Deciles of few people are shown only where people are named.
        rows.find(|row| row.predictor == STANDARD && of.may_show(row, 10 * MIN_PEOPLE))
    };
    let deciles = |who: &str| -> Vec<Decile> {
        let decile = |at: usize| {
            let forecast = row(who, &format!("forecast_{at:02}"))?;
            let observed = row(who, &format!("observed_{at:02}"))?;
            let (forecast, interval) = (forecast.value, observed.interval());
            Some(Decile { forecast, observed: observed.value, interval })
        };
        (1..=10).filter_map(decile).collect()
    };
    // The last of equals is the largest.
    let who = POPULATIONS.into_iter().rev().max_by_key(|who| deciles(who).len()).unwrap_or("all");
    let pit_bin = |at: usize| {
        let row = row(who, &format!("pit_{at:02}"))?;
        let (from, to) = (at as f64 * 10.0 - 10.0, at as f64 * 10.0);
        let percent = |(low, high)| (100.0 * low, 100.0 * high);
        Some(Bin { from, to, value: 100.0 * row.value, interval: row.interval().map(percent) })
    };
    let (deciles, bins): (Vec<Decile>, Vec<Bin>) =
        (deciles(who), (1..=10).filter_map(pit_bin).collect());
    if deciles.is_empty() && bins.is_empty() {
        return nothing(
            "The scores of this day forecast no number of people, or too few people were compared; to validate again:",
            &format!("renown validate JOB --snapshot {}", of.day()),
        );
    }
    let compared = row(who, "observed_over_forecast");
    html! {
        p.says {
            "On " (compared.map_or(0, |row| row.backtests)) " backtest dates the same method forecast as it does today; these are \
            the observed numbers of " (population(who))
            @if let Some(row) = compared { " (" (count(row.people)) " people)" }
            "."
        }
        div.figures {
            @if !deciles.is_empty() { (by_decile(of, &deciles, &calibration(|metric| row(who, metric)), compared)) }
            @if !bins.is_empty() { (pit(of, &bins, row(who, "coverage_90"))) }
        }
    }
}

/// Metrics of calibration, with their ideal values.
fn calibration<'a>(row: impl Fn(&str) -> Option<&'a ValidityRow>) -> Markup {
    let metrics = [
        ("observed_over_forecast", "observed / forecast"),
        ("calibration_slope", "calibration slope"),
        ("calibration_intercept", "calibration intercept"),
        ("coverage_90", "coverage of the 90 % prediction interval"),
        ("brier_any", "Brier score of any reaction"),
        ("log_score", "mean log score"),
    ];
    let cells = |(name, words): (&str, &str)| {
        let row = row(name)?;
        let [low, high] = ends(row.interval(), |end| precise(end, 3));
        let ideal =
            METRICS.iter().find(|metric| metric.name == name).map_or("", |metric| metric.ideal);
        Some(vec![words.to_owned(), precise(row.value, 3), low, high, ideal.to_owned()])
    };
    let rows: Vec<Vec<String>> = metrics.into_iter().filter_map(cells).collect();
    let columns = [
        Column::Text("metric"),
        Column::Number("value"),
        Column::Number("from"),
        Column::Number("to"),
        Column::Text("ideal"),
    ];
    table("Calibration", &columns, &rows)
}

fn by_decile(
    of: &ValidationReport,
    deciles: &[Decile],
    calibration_table: &Markup,
    ratio: Option<&ValidityRow>,
) -> Markup {
    let held = |decile: &&Decile| {
        decile.interval.is_some_and(|(low, high)| (low..=high).contains(&decile.forecast))
    };
    let held = deciles.iter().filter(held).count();
    let mut says = String::new();
    if let Some(ratio) = ratio {
        says = format!(
            "Observed / forecast: {} ({}). ",
            fixed(ratio.value, 2),
            ratio.interval().map_or("no interval".into(), |(low, high)| format!(
                "95 % interval {} to {}",
                fixed(low, 2),
                fixed(high, 2)
            ))
        );
    }
    says.push_str(&format!(
        "In {held} of {} deciles, from the lowest forecasts to the highest, the forecast lies within the 95 % interval of the \
         observed mean. A dot on the broken line is an exact forecast.",
        deciles.len()
    ));
    let rows = (1..).zip(deciles).map(|(at, decile)| {
        let [low, high] = ends(decile.interval, number);
        vec![at.to_string(), number(decile.forecast), number(decile.observed), low, high]
    });
    let columns = ["decile", "forecast, mean", "observed, mean", "from", "to"].map(Column::Number);
    let chart = Calibration {
        name: &of.id("calibration-chart"),
        title: "Observed people by forecast people",
        alt_text: &says,
        deciles,
    };
    let numbers =
        table("Forecast and observed people by decile", &columns, &rows.collect::<Vec<_>>());
    figure(&says, &chart.draw(), Some(&html! { (numbers) (calibration_table) }))
}

fn pit(of: &ValidationReport, bins: &[Bin], coverage: Option<&ValidityRow>) -> Markup {
    let mut says = String::new();
    if let Some(coverage) = coverage {
        says = format!(
            "The 90 % prediction interval contained the observed number for {} % of people. ",
            fixed(100.0 * coverage.value, 0)
        );
    }
    says.push_str(
        "A flat histogram is calibrated: more at the left means forecasts too high, more at the right too low, more at both \
         ends intervals too narrow.",
    );
    let rows: Vec<Vec<String>> = (1..)
        .zip(bins)
        .map(|(at, bin): (u32, &Bin)| {
            let [low, high] = ends(bin.interval, |end| fixed(end, 1));
            vec![at.to_string(), fixed(bin.value, 1), low, high]
        })
        .collect();
    let columns =
        ["decile of the forecast distribution", "people, %", "from", "to"].map(Column::Number);
    let chart = Histogram {
        name: &of.id("pit-chart"),
        title: "PIT histogram: flat = calibrated",
        alt_text: &says,
        bins,
        log: false,
        line: Some((10.0, "calibrated")),
        across: "probability integral transform, %",
        upward: "people, %",
    };
    figure(&says, &chart.draw(), Some(&table("Probability integral transform", &columns, &rows)))
}
