//! Scores beside simple counts of the same people.

use maud::{Markup, html};

use super::agreement::{Compared, between, ends, is_main, metric, population, truth};
use super::chart::{capital, count, fixed, signed_to};
use super::measured::{Measured, Validation};
use super::page::{Column, figure, table};
use super::whiskers::{Whisker, Whiskers};
use crate::error::printable;
use crate::method::profile::STANDARD;

/// Scores beside each simple count by what says most of each truth, and how far they are from the best; other populations
/// and metrics are a click away.
pub(super) fn baselines(of: &Validation, group_by: &str) -> Markup {
    let all: Vec<(Compared, usize)> = Compared::all(of).into_iter().zip(1..).collect();
    let truths = all.chunk_by(|one, other| one.0.truth == other.0.truth);
    html! { @for own in truths {
        @let mut own = own.iter().copied().filter(|(own, _)| own.group_by == group_by);
        @if let Some(first) = own.next() { (of_truth(of, first, &own.collect::<Vec<_>>())) }
    } }
}

/// Scores beside simple counts by one truth.
fn of_truth(of: &Validation, first: (Compared, usize), others: &[(Compared, usize)]) -> Markup {
    let shown = figures(of, first, true);
    let mut more = figures(of, first, false);
    more.extend(
        others.iter().flat_map(|own| [true, false].map(|main| figures(of, *own, main)).concat()),
    );
    html! { @if !shown.is_empty() || !more.is_empty() {
        h4 { (capital(&truth(first.0.truth))) }
        div.figures { @for figure in shown { (figure) } }
        @if !more.is_empty() { details.more {
            summary {
                "Other metrics"
                @for (own, _) in others { ", " (population(own.population)) }
            }
            div.figures { @for figure in more { (figure) } }
        } }
    } }
}

/// The charts of the metrics that say most, with the differences of all, or those of the others. Of the two that say how right
/// the order is one is drawn.
fn figures(of: &Validation, own: (Compared, usize), main: bool) -> Vec<Markup> {
    let shown = |name: &&str| is_main(name) == main && *name != "kendall_tau_b";
    let metrics = own.0.metrics(of).into_iter().filter(shown);
    let charts = metrics.filter_map(|name| beside(of, own, name));
    charts.chain(differences(of, own).filter(|_| main)).collect()
}

fn predictor(name: &str) -> String {
    match name {
        STANDARD => "the score".into(),
        "topic_score" => "the score on the topic".into(),
        "random" => "chance".into(),
        other => printable(&other.replace('_', " ")),
    }
}

/// Each predictor by a metric, the best first.
fn beside(of: &Validation, (compared, place): (Compared, usize), name: &str) -> Option<Markup> {
    let mut rows = compared.rows(of, name);
    rows.sort_by(|one, other| {
        other.value.total_cmp(&one.value).then(one.predictor.cmp(&other.predictor))
    });
    let own = *rows.iter().find(|row| row.predictor == compared.score())?;
    let (words, chance) = metric(name);
    let says = format!(
        "{}: {} has {}, place {} of {}.",
        capital(&compared.counted(own)),
        predictor(compared.score()),
        between(own.value, own.interval()),
        1 + rows.iter().filter(|row| row.value > own.value).count(),
        rows.len()
    );
    let whisker = |row: &&Measured| Whisker {
        label: predictor(&row.predictor),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: row.predictor == compared.score(),
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.interval(), |end| fixed(end, 3));
        vec![printable(&row.predictor), fixed(row.value, 3), low, high, count(row.people)]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("predictor"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
        Column::Number("people"),
    ];
    let id = of.id(&format!("{place}-{name}"));
    let title = capital(&format!("{words}: {}", compared.words()));
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: false,
        reference: chance,
        across: &words,
    };
    Some(figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers))))
}

/// How far the score is from the best simple count by each metric.
fn differences(of: &Validation, (compared, place): (Compared, usize)) -> Option<Markup> {
    let rows = compared.metrics(of).into_iter().flat_map(|name| compared.rows(of, name));
    let rows = rows.filter(|row| row.predictor == compared.score() && row.difference.is_some());
    let rows: Vec<&Measured> = rows.collect();
    if rows.is_empty() {
        return None;
    }
    let better = rows.iter().filter(|row| row.beside().is_some_and(|(low, _)| low > 0.0)).count();
    let worse = rows.iter().filter(|row| row.beside().is_some_and(|(_, high)| high < 0.0)).count();
    let says = format!(
        "{}: beside the best simple count of each metric, chosen in hindsight, {} is better beyond doubt in {better} and worse \
         in {worse} of {}.",
        capital(&compared.words()),
        predictor(compared.score()),
        rows.len()
    );
    let whisker = |row: &&Measured| Whisker {
        label: metric(&row.metric).0,
        value: row.difference.unwrap_or_default(),
        interval: row.beside(),
        text: signed_to(row.difference.unwrap_or_default(), 3),
        strong: row.beside().is_some_and(|(low, high)| low > 0.0 || high < 0.0),
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.beside(), |end| fixed(end, 3));
        let baseline = row.baseline.as_deref().map_or(String::new(), predictor);
        let difference = fixed(row.difference.unwrap_or_default(), 3);
        vec![row.metric.clone(), baseline, difference, low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("metric"),
        Column::Text("best simple count"),
        Column::Number("difference"),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let id = of.id(&format!("{place}-differences"));
    let title = format!("Above the best simple count: {}", compared.words());
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: false,
        reference: Some((0.0, "as good")),
        across: "above the best simple count",
    };
    Some(figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers))))
}
