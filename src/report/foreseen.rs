//! What was forecast beside what came.

use maud::{Markup, html};

use super::FEWEST;
use super::agreement::{Compared, FORESEEN, POPULATIONS, ends, population};
use super::chart::{count, fixed, number};
use super::histogram::{Bin, Histogram};
use super::measured::{Measured, Validation};
use super::page::{Column, figure, nothing, table};
use super::reliability::{Reliability, Tenth};
use crate::evaluate::{EVERYONE, METRICS};
use crate::method::profile::STANDARD;

/// Forecast beside outcome, and where outcomes lay within what was forecast: of the population that is parted most finely,
/// as of many people with one forecast a single part is made.
pub(super) fn forecast(of: &Validation) -> Markup {
    let own = |population: &str, metric: &str| {
        let compared = Compared { truth: FORESEEN, population, group_by: EVERYONE };
        let mut rows = compared.rows(of, metric).into_iter();
        // Parts of few people are told only where people are named.
        rows.find(|row| row.predictor == STANDARD && of.may_tell(row, 10 * FEWEST))
    };
    let tenths = |who: &str| -> Vec<Tenth> {
        let tenth = |at: usize| {
            let forecast = own(who, &format!("forecast_{at:02}"))?;
            let observed = own(who, &format!("observed_{at:02}"))?;
            let (forecast, interval) = (forecast.value, observed.interval());
            Some(Tenth { forecast, observed: observed.value, interval })
        };
        (1..=10).filter_map(tenth).collect()
    };
    // The last of equals is the largest.
    let who = POPULATIONS.into_iter().rev().max_by_key(|who| tenths(who).len()).unwrap_or("all");
    let pit = |at: usize| {
        let row = own(who, &format!("pit_{at:02}"))?;
        let (from, to) = (at as f64 * 10.0 - 10.0, at as f64 * 10.0);
        let percent = |(low, high)| (100.0 * low, 100.0 * high);
        Some(Bin { from, to, value: 100.0 * row.value, interval: row.interval().map(percent) })
    };
    let (tenths, bins): (Vec<Tenth>, Vec<Bin>) = (tenths(who), (1..=10).filter_map(pit).collect());
    if tenths.is_empty() && bins.is_empty() {
        return nothing(
            "The scores of this day foresee no number of people, or too few people were compared; to measure it anew:",
            &format!("renown validate JOB --snapshot {}", of.day()),
        );
    }
    let compared = own(who, "observed_over_forecast");
    html! {
        p.says {
            "From " (compared.map_or(0, |row| row.backtests)) " instants in the past the same method looked ahead as it does \
            today, and this is what came, of " (population(who))
            @if let Some(row) = compared { " (" (count(row.people)) " people)" }
            "."
        }
        div.figures {
            @if !tenths.is_empty() { (reliability(of, &tenths, &calibration(|metric| own(who, metric)), compared)) }
            @if !bins.is_empty() { (transform(of, &bins, own(who, "coverage_90"))) }
        }
    }
}

/// What says in one number each how right forecasts were, with the number that right ones have.
fn calibration<'a>(own: impl Fn(&str) -> Option<&'a Measured>) -> Markup {
    let metrics = [
        ("observed_over_forecast", "people who came for each who was forecast"),
        ("calibration_slope", "calibration slope"),
        ("calibration_intercept", "calibration intercept"),
        ("coverage_90", "share within the 90 % interval"),
        ("brier_any", "Brier score of whether anybody comes"),
    ];
    let row = |(name, words): (&str, &str)| {
        let row = own(name)?;
        let [low, high] = ends(row.interval(), |end| fixed(end, 3));
        let right = METRICS.iter().find(|own| own.name == name).map_or("", |own| own.right);
        Some(vec![words.to_owned(), fixed(row.value, 3), low, high, right.to_owned()])
    };
    let rows: Vec<Vec<String>> = metrics.into_iter().filter_map(row).collect();
    let columns = [
        Column::Text("of all forecasts"),
        Column::Number("value"),
        Column::Number("from"),
        Column::Number("to"),
        Column::Text("right would be"),
    ];
    table("Calibration", &columns, &rows)
}

fn reliability(
    of: &Validation,
    tenths: &[Tenth],
    calibration: &Markup,
    ratio: Option<&Measured>,
) -> Markup {
    let held = |tenth: &&Tenth| {
        tenth.interval.is_some_and(|(low, high)| (low..=high).contains(&tenth.forecast))
    };
    let held = tenths.iter().filter(held).count();
    let mut says = String::new();
    if let Some(ratio) = ratio {
        says = format!(
            "For each person who was forecast, {} came ({}). ",
            fixed(ratio.value, 2),
            ratio.interval().map_or("no interval".into(), |(low, high)| format!(
                "95 of 100 draws: {} to {}",
                fixed(low, 2),
                fixed(high, 2)
            ))
        );
    }
    says.push_str(&format!(
        "Of {} parts of the people, from the lowest forecasts to the highest, the forecast lies within the interval of what \
         came in {held}. A dot on the broken line is a forecast that was right.",
        tenths.len()
    ));
    let rows = (1..).zip(tenths).map(|(at, tenth)| {
        let [low, high] = ends(tenth.interval, number);
        vec![at.to_string(), number(tenth.forecast), number(tenth.observed), low, high]
    });
    let columns =
        ["part of the people", "forecast, mean", "came, mean", "from", "to"].map(Column::Number);
    let chart = Reliability {
        name: &of.id("reliability-chart"),
        title: "People who came, by people who were forecast",
        told: &says,
        tenths,
    };
    let numbers = table("What was forecast and what came", &columns, &rows.collect::<Vec<_>>());
    figure(&says, &chart.draw(), Some(&html! { (numbers) (calibration) }))
}

fn transform(of: &Validation, bins: &[Bin], coverage: Option<&Measured>) -> Markup {
    let mut says = String::new();
    if let Some(coverage) = coverage {
        says = format!(
            "The 90 % interval held what came for {} of 100 people. ",
            fixed(100.0 * coverage.value, 0)
        );
    }
    says.push_str(
        "Were the forecast right in every way, all bars would end at the broken line: more at the left means forecasts too \
         high, more at the right too low, more at both ends too sure.",
    );
    let rows: Vec<Vec<String>> = (1..)
        .zip(bins)
        .map(|(at, bin): (u32, &Bin)| {
            let [low, high] = ends(bin.interval, |end| fixed(end, 1));
            vec![at.to_string(), fixed(bin.value, 1), low, high]
        })
        .collect();
    let columns = ["tenth of the forecast", "people, %", "from", "to"].map(Column::Number);
    let chart = Histogram {
        name: &of.id("pit-chart"),
        title: "Where what came lay within what was forecast",
        told: &says,
        bins,
        log: false,
        line: Some((10.0, "right in every way")),
        across: "place within the forecast, %",
        upward: "people, %",
    };
    figure(&says, &chart.draw(), Some(&table("Probability integral transform", &columns, &rows)))
}
