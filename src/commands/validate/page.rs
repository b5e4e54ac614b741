//! A validation as a page.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::commands::text_bars::Bars;
use crate::commands::text_table::{UNKNOWN, align_right, headed};
use crate::error::printable;
use crate::evaluate::{
    CONCORDANCE, Difference, EVERYONE, Grade, MetricRow, RANDOM, Validity, Verdict,
};
use crate::number_format::{count, precise, signed_precise};

/// Characters of the longest bar.
const BAR_WIDTH: usize = 10;
/// Metrics that are shown of groups and topics.
const GROUP_METRICS: [&str; 3] = [CONCORDANCE, "pairwise_accuracy", "observed_over_forecast"];
/// Beginnings of the names of metrics that are the bins of a histogram, for charts.
const BINS: [&str; 4] = ["pit_", "forecast_", "observed_0", "observed_1"];
/// Beginnings of the names of metrics of ranks in random graphs and resamples.
const NULL_MODELS: [&str; 2] = ["null_", "stability_"];

/// Verdicts, then every profile and the best baseline of each metric, and by concordance all that the score does not beat, then
/// groups and topics; with `bars` of metrics that are at most 1, and verdicts in words unless the terminal shows `signs`.
pub(super) fn page(validity: &Validity, bars: Option<Bars>, signs: bool) -> String {
    let mut page =
        format!("{} on {}", validity.methods.join(" compared with "), validity.snapshot_date);
    match validity.backtests_hours.len() {
        0 => {}
        backtests => {
            let hours = count(u64::from(validity.horizon_hours));
            let s = if backtests == 1 { "" } else { "s" };
            let _ = write!(page, ": {backtests} backtest{s}, each over {hours} hours");
        }
    }
    let _ = writeln!(
        page,
        "; 95 % confidence intervals, of concordance by the influence of each person, else from {} bootstrap resamples of people \
         (seed {})\n",
        count(u64::from(validity.resamples)),
        validity.seed
    );
    let several_methods = validity.methods.len() > 1;
    for verdict in &validity.verdicts {
        let _ = writeln!(page, "{}", line(verdict, several_methods, signs));
    }
    if !validity.verdicts.is_empty() {
        page.push('\n');
    }
    let is_shown = |row: &&MetricRow| {
        !BINS.iter().chain(&NULL_MODELS).any(|beginning| row.metric.starts_with(beginning))
    };
    let (whole, groups): (Vec<&MetricRow>, Vec<&MetricRow>) =
        validity.rows.iter().filter(is_shown).partition(|row| row.group_by == EVERYONE);
    page += &table(&whole, several_methods, false, bars);
    let groups: Vec<&MetricRow> =
        groups.into_iter().filter(|row| GROUP_METRICS.contains(&&*row.metric)).collect();
    if !groups.is_empty() {
        page += "\nby group, and by topic (the mean over all topics first)\n\n";
        page += &table(&groups, several_methods, true, bars);
    }
    page += &ranks(&validity.rows);
    page.push('\n');
    if page.contains(" 0 ") {
        page += "0: exactly 0, as where none of the first k is found, or two predictors give people the same order\n";
    }
    for note in &validity.notes {
        let _ = writeln!(page, "{}", printable(note));
    }
    page
}

/// Measures of rank against random graphs, and their stability; nothing where they were not compared.
fn ranks(rows: &[MetricRow]) -> String {
    let header = ["target", "population", "rank", "concordance", "random", "z", "p", "stability"];
    let mut table = headed(&header);
    for row in rows.iter().filter(|row| row.metric == "null_value") {
        let of = |metric: &str, digits: usize| {
            let is_same = |other: &&MetricRow| {
                (&other.target, &other.population, &other.predictor, &*other.metric)
                    == (&row.target, &row.population, &row.predictor, metric)
            };
            let found = rows.iter().find(is_same);
            found.map_or_else(|| UNKNOWN.to_owned(), |row| precise(row.value, digits))
        };
        table.add_row([
            printable(&row.target),
            row.population.clone(),
            row.predictor.clone(),
            precise(row.value, 3),
            format!("{} ± {}", of("null_mean", 3), of("null_spread", 3)),
            of("null_z", 1),
            of("null_p", 3),
            format!("{} ± {}", of("stability_mean", 3), of("stability_spread", 3)),
        ]);
    }
    if table.row_count() == 0 {
        return String::new();
    }
    format!(
        "\nranks against random graphs with the same degrees (mean ± standard deviation), and agreement with themselves under resampled \
         actors\n\n{table}\n"
    )
}

/// A verdict in a line.
fn line(verdict: &Verdict, several_methods: bool, signs: bool) -> String {
    let mut line = printable(&verdict.target);
    if several_methods {
        let _ = write!(line, " under {}", printable(&verdict.method_version));
    }
    let who = if verdict.group_by == EVERYONE { &*verdict.population } else { "mean over topics" };
    let _ = write!(line, " ({who}): ");
    let part = |(grade, words): (Grade, String)| match signs {
        true => format!("{} {words}", grade.sign()),
        false => format!("{words}: {}", grade.word()),
    };
    let parts: Vec<String> = verdict.parts().into_iter().map(part).collect();
    line + &printable(&parts.join("; "))
}

fn table(rows: &[&MetricRow], several_methods: bool, grouped: bool, bars: Option<Bars>) -> String {
    let mut header = vec!["target", "population"];
    header.extend(grouped.then_some("group"));
    header.extend(["people", "metric", "predictor"]);
    header.extend(several_methods.then_some("method"));
    header.push("value");
    header.extend(bars.map(|_| ""));
    header.extend(["95 % interval", "above the best baseline, or the score"]);
    header.extend(several_methods.then_some("above the first method"));
    let mut table = headed(&header);
    // Of the baselines the best one of each metric is shown, and chance.
    let key = |row: &MetricRow, predictor: &str| {
        let MetricRow { target, population, group_by, group_value, metric, .. } = row;
        [target, population, group_by, group_value, metric, predictor].map(str::to_owned)
    };
    let scores = rows.iter().filter(|row| !row.is_baseline);
    let best = scores.filter_map(|row| Some(key(row, &row.difference.as_ref()?.to)));
    let best: BTreeSet<[String; 6]> = best.collect();
    let is_shown = |row: &&&MetricRow| {
        let is_best = || best.contains(&key(row, &row.predictor));
        !row.is_baseline || (!grouped && (row.predictor == RANDOM || is_best() || is_unbeaten(row)))
    };
    for row in rows.iter().filter(is_shown) {
        let mut cells = vec![printable(&row.target), row.population.clone()];
        if grouped {
            cells.push(format!("{} {}", row.group_by, printable(&row.group_value)));
        }
        cells.extend([count(row.people), row.metric.clone(), printable(&row.predictor)]);
        if several_methods {
            cells.push(printable(&row.method_version));
        }
        cells.push(precise(row.value, 3));
        let is_at_most_1 =
            !row.metric.starts_with("calibration") && !row.metric.starts_with("observed");
        let value = if is_at_most_1 { row.value } else { 0.0 };
        cells.extend(bars.map(|bars| bars.draw(value, BAR_WIDTH)));
        cells.push(interval(row.interval));
        let baseline = row.difference.as_ref();
        cells.push(baseline.map_or_else(String::new, |difference| {
            format!("{} {}", above(difference), printable(&difference.to))
        }));
        if several_methods {
            cells.push(row.from_first.as_ref().map_or_else(String::new, above));
        }
        table.add_row(cells);
    }
    let numbers = header.iter().enumerate();
    let numbers = numbers.filter(|(_, name)| ["people", "value"].contains(name));
    align_right(&mut table, &numbers.map(|(at, _)| at).collect::<Vec<_>>());
    format!("{table}\n")
}

/// Whether a count orders people no worse than the score, as far as is known.
fn is_unbeaten(row: &MetricRow) -> bool {
    let interval = row.difference.as_ref().and_then(|difference| difference.interval);
    row.is_baseline && interval.is_some_and(|(_, high)| high >= 0.0)
}

/// Both ends of an interval.
fn interval(ends: Option<(f64, f64)>) -> String {
    ends.map_or_else(
        || UNKNOWN.to_owned(),
        |(low, high)| format!("{}–{}", precise(low, 3), precise(high, 3)),
    )
}

/// A difference with its interval.
fn above(difference: &Difference) -> String {
    format!("{} ({})", signed_precise(difference.value, 3), interval(difference.interval))
}
