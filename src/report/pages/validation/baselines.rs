//! Scores compared with simple counts of the same people, the baselines.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::comparison::{Comparison, between, ends, is_main, metric, population, target};
use crate::error::printable;
use crate::evaluate::{CONCORDANCE, CONCORDANCE_IF_RIGHT, RANDOM, TOPIC_SCORE};
use crate::method::profile::STANDARD;
use crate::number_format::{capital, count, precise, signed_precise};
use crate::published::evaluation_rows::ValidityRow;
use crate::report::validation_report::ValidationReport;
use crate::report::widgets::figures::{Column, figure, table};
use crate::report::widgets::whiskers::{Whisker, Whiskers};
use crate::schema::{self, CUSTOM_MEASURE, Direction};

/// How many counts are shown beside the best one: those nearest to the score. The table `validity` has all.
const NEAREST: usize = 10;

/// Scores and baselines by the main metrics of each target, and how far scores are from the best baseline; other populations
/// and metrics are a click away.
pub(super) fn section(of: &ValidationReport, group_by: &str) -> Markup {
    let all: Vec<(Comparison, usize)> = Comparison::all(of).into_iter().zip(1..).collect();
    let targets = all.chunk_by(|one, other| one.0.target == other.0.target);
    html! { @for of_target in targets {
        @let mut wanted = of_target.iter().copied().filter(|(comparison, _)| comparison.group_by == group_by);
        @if let Some(first) = wanted.next() { (by_target(of, first, &wanted.collect::<Vec<_>>())) }
    } }
}

/// Scores and baselines by one target.
fn by_target(
    of: &ValidationReport,
    first: (Comparison, usize),
    others: &[(Comparison, usize)],
) -> Markup {
    let shown = figures(of, first, true, true);
    let mut more = figures(of, first, false, false);
    // A click away are numbers: charts of them would make most of the page.
    more.extend(others.iter().flat_map(|numbered| {
        [true, false].map(|main| figures(of, *numbered, main, false)).concat()
    }));
    html! { @if !shown.is_empty() || !more.is_empty() {
        h4 { (capital(&target(first.0.target))) }
        div.figures { @for figure in shown { (figure) } }
        @if !more.is_empty() { details.more {
            summary {
                "Other metrics"
                @for (comparison, _) in others { ", " (population(comparison.population)) }
            }
            div.figures { @for figure in more { (figure) } }
        } }
    } }
}

/// The main metrics, with the differences of all, or the other metrics; in charts too if they are drawn. Of the two rank
/// correlations one is shown.
fn figures(
    of: &ValidationReport,
    numbered: (Comparison, usize),
    main: bool,
    is_drawn: bool,
) -> Vec<Markup> {
    let shown = |name: &&str| is_main(name) == main && *name != "kendall_tau_b";
    let metrics = numbered.0.metrics(of).into_iter().filter(shown);
    let charts = metrics.filter_map(|name| by_metric(of, numbered, name, is_drawn));
    charts.chain(differences(of, numbered, is_drawn).filter(|_| main)).collect()
}

fn predictor(name: &str) -> String {
    match name {
        STANDARD => "the score".into(),
        TOPIC_SCORE => "the score on the topic".into(),
        RANDOM => "chance".into(),
        CONCORDANCE_IF_RIGHT => "a forecast that is exactly right".into(),
        other => printable(&other.replace('_', " ")),
    }
}

/// Leaves out counts but the best one and those nearest to the score, of equally near ones the better; `rows` has the best first.
/// Returns how many are left out.
fn keep_nearest(rows: &mut Vec<&ValidityRow>, score: f64) -> usize {
    let all = rows.len();
    let mut counts: Vec<&ValidityRow> = rows.iter().copied().filter(|row| is_count(row)).collect();
    let best = counts.first().map(|row| row.predictor.clone());
    let far = |row: &ValidityRow| (row.value - score).abs();
    counts.retain(|row| Some(&row.predictor) != best.as_ref());
    counts.sort_by(|one, other| far(one).total_cmp(&far(other)));
    counts.truncate(NEAREST);
    let kept: BTreeSet<&str> =
        counts.iter().map(|row| &*row.predictor).chain(best.as_deref()).collect();
    rows.retain(|row| !is_count(row) || kept.contains(&*row.predictor));
    all - rows.len()
}

/// Whether a predictor is a measure, and neither a score nor chance.
fn is_count(row: &ValidityRow) -> bool {
    let measures = schema::table(Direction::Output, "measures");
    let mut columns = measures.iter().flat_map(|table| &table.columns);
    row.predictor.starts_with(CUSTOM_MEASURE) || columns.any(|column| column.name == row.predictor)
}

/// Each predictor by a metric, the best first; in a chart too if it `is_drawn`.
fn by_metric(
    of: &ValidationReport,
    (comparison, number): (Comparison, usize),
    name: &str,
    is_drawn: bool,
) -> Option<Markup> {
    let mut rows = comparison.rows(of, name);
    rows.sort_by(|one, other| {
        other.value.total_cmp(&one.value).then(one.predictor.cmp(&other.predictor))
    });
    let score = *rows.iter().find(|row| row.predictor == comparison.score())?;
    let (words, chance) = metric(name);
    let all = rows.len();
    let position = 1 + rows.iter().filter(|row| row.value > score.value).count();
    let left_out = keep_nearest(&mut rows, score.value);
    // What the forecast would reach if it were exactly right stands beside what it reaches.
    let if_right = match name {
        CONCORDANCE => comparison.rows(of, CONCORDANCE_IF_RIGHT),
        _ => vec![],
    };
    let if_right = if_right.into_iter().find(|row| row.predictor == comparison.score());
    let mut says = format!(
        "{}: {} has {}, position {} of {}.",
        capital(&comparison.counted(score)),
        predictor(comparison.score()),
        between(score.value, score.interval()),
        position,
        all
    );
    if left_out > 0 {
        says += &format!(
            " Shown are the best count and the {NEAREST} nearest to the score; {} more are in the table validity.",
            count(left_out as u64)
        );
    }
    if let Some(row) = if_right {
        let value = between(row.value, row.interval());
        says += &format!(" If the forecast were exactly right, it would reach {value}.");
    }
    let name_of = |row: &ValidityRow| match &*row.metric {
        CONCORDANCE_IF_RIGHT => predictor(CONCORDANCE_IF_RIGHT),
        _ => predictor(&row.predictor),
    };
    let whisker = |row: &&ValidityRow| Whisker {
        label: name_of(row),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: row.predictor == comparison.score() && row.metric == name,
    };
    let whiskers: Vec<Whisker> = if_right.iter().chain(&rows).map(whisker).collect();
    let row = |row: &&ValidityRow| {
        let [low, high] = ends(row.interval(), |end| precise(end, 3));
        let name = if row.metric == name { printable(&row.predictor) } else { name_of(row) };
        vec![name, precise(row.value, 3), low, high, count(row.people)]
    };
    let numbers: Vec<Vec<String>> = if_right.iter().chain(&rows).map(row).collect();
    let columns = [
        Column::Text("predictor"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
        Column::Number("people"),
    ];
    let id = of.id(&format!("{number}-{name}"));
    let title = capital(&format!("{words}: {}", comparison.words()));
    let chart = Whiskers {
        name: &id,
        title: &title,
        alt_text: &says,
        rows: &whiskers,
        log: false,
        reference: chance,
        across: &words,
    };
    let drawn = if is_drawn {
        chart.draw()
    } else {
        html! {}
    };
    Some(figure(&says, &drawn, Some(&table(&title, &columns, &numbers))))
}

/// How far the score is from the best baseline by each metric.
fn differences(
    of: &ValidationReport,
    (comparison, number): (Comparison, usize),
    is_drawn: bool,
) -> Option<Markup> {
    let rows = comparison.metrics(of).into_iter().flat_map(|name| comparison.rows(of, name));
    let rows = rows.filter(|row| row.predictor == comparison.score() && row.difference.is_some());
    let rows: Vec<&ValidityRow> = rows.collect();
    if rows.is_empty() {
        return None;
    }
    let better = rows
        .iter()
        .filter(|row| row.difference_interval().is_some_and(|(low, _)| low > 0.0))
        .count();
    let worse = rows
        .iter()
        .filter(|row| row.difference_interval().is_some_and(|(_, high)| high < 0.0))
        .count();
    let says = format!(
        "{}: compared with the best baseline of each metric, chosen after the fact, {} is significantly better on {better}, \
         worse on {worse} of {}.",
        capital(&comparison.words()),
        predictor(comparison.score()),
        rows.len()
    );
    let whisker = |row: &&ValidityRow| Whisker {
        label: metric(&row.metric).0,
        value: row.difference.unwrap_or_default(),
        interval: row.difference_interval(),
        text: signed_precise(row.difference.unwrap_or_default(), 3),
        strong: row.difference_interval().is_some_and(|(low, high)| low > 0.0 || high < 0.0),
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&ValidityRow| {
        let [low, high] = ends(row.difference_interval(), |end| precise(end, 3));
        let baseline = row.baseline.as_deref().map_or(String::new(), predictor);
        let difference = precise(row.difference.unwrap_or_default(), 3);
        vec![row.metric.clone(), baseline, difference, low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("metric"),
        Column::Text("best baseline"),
        Column::Number("difference"),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let id = of.id(&format!("{number}-differences"));
    let title = format!("Difference from the best baseline: {}", comparison.words());
    let chart = Whiskers {
        name: &id,
        title: &title,
        alt_text: &says,
        rows: &whiskers,
        log: false,
        reference: Some((0.0, "equal")),
        across: "difference from the best baseline",
    };
    let drawn = if is_drawn {
        chart.draw()
    } else {
        html! {}
    };
    Some(figure(&says, &drawn, Some(&table(&title, &columns, &numbers))))
}
