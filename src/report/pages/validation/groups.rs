//! Whether scores are as valid for some groups as for others.

use maud::{Markup, html};

use super::baselines;
use super::comparison::{Comparison, POPULATIONS, between, ends, metric, target};
use crate::error::printable;
use crate::evaluate::{CONCORDANCE, EVERYONE, ON_TOPICS, TOPIC, TOPIC_SCORES};
use crate::number_format::{capital, count, fixed, precise};
use crate::published::evaluation_rows::ValidityRow;
use crate::report::validation_report::ValidationReport;
use crate::report::widgets::figures::{Column, figure, nothing, table};
use crate::report::widgets::whiskers::{Whisker, Whiskers};

/// Maximum number of groups of one kind that are shown.
const MAX_GROUPS: usize = 15;
/// The metrics by which groups are compared.
const METRICS: [&str; 3] = ["observed_over_forecast", CONCORDANCE, "pairwise_accuracy"];

/// The metrics of groups, by target.
pub(super) fn section(of: &ValidationReport) -> Markup {
    let kinds = ["network", "language", "country", "account_age", "size", "forecast"];
    let all: Vec<(&str, Vec<Markup>)> = targets(of)
        .map(|target| (target.0, kinds.map(|kind| charts(of, target, kind)).concat()))
        .collect();
    let mut all = all.iter().filter(|(_, charts)| !charts.is_empty());
    let Some((first, first_charts)) = all.next() else {
        return nothing(
            "People were not grouped, or there are not two groups large enough; [validate] of the job names the groups:",
            "renown schema job",
        );
    };
    html! {
        h4 { (capital(&target(first))) }
        div.figures { @for chart in first_charts { (chart) } }
        @for (name, charts) in all { details.more {
            summary { (capital(&target(name))) }
            div.figures { @for chart in charts { (chart) } }
        } }
    }
}

/// The metrics of scores on topics: of all topics, and of each.
pub(super) fn on_topics(of: &ValidationReport) -> Markup {
    let single: Vec<Markup> = targets(of).flat_map(|target| charts(of, target, TOPIC)).collect();
    html! {
        (baselines::section(of, TOPIC))
        @if !single.is_empty() { details.more {
            summary { "Single topics" }
            div.figures { @for chart in single { (chart) } }
        } }
    }
}

/// The targets, each with its number.
fn targets(of: &ValidationReport) -> impl Iterator<Item = (&str, usize)> {
    let mut targets: Vec<&str> =
        Comparison::all(of).into_iter().map(|comparison| comparison.target).collect();
    targets.dedup();
    targets.into_iter().zip(1..)
}

/// The charts of a target about groups of one kind.
fn charts(of: &ValidationReport, target: (&str, usize), kind: &str) -> Vec<Markup> {
    METRICS.iter().filter_map(|metric| group(of, target, kind, metric)).collect()
}

fn group(
    of: &ValidationReport,
    (target, number): (&str, usize),
    group_by: &str,
    name: &str,
) -> Option<Markup> {
    let population = if target == ON_TOPICS { TOPIC_SCORES } else { "" };
    let score = Comparison { target, population, group_by }.score();
    let rows = of.rows().filter(|row| {
        row.group_by == group_by
            && !row.group_value.is_empty()
            && row.metric == name
            && row.predictor == score
            && row.target == target
    });
    let mut rows: Vec<&ValidityRow> = rows.collect();
    // One population, the widest that was grouped.
    let has = |population: &&str| rows.iter().any(|row| row.population == *population);
    let population = POPULATIONS.into_iter().find(has)?;
    rows.retain(|row| row.population == population);
    let all = rows.len();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.people), row.group_value.clone()));
    rows.truncate(MAX_GROUPS);
    if ["size", "account_age"].contains(&group_by) {
        // These have an order of their own.
        rows.sort_by(|one, other| one.group_value.cmp(&other.group_value));
    }
    let ratio = name == "observed_over_forecast";
    let low = rows.iter().min_by(|one, other| one.value.total_cmp(&other.value))?;
    let high = rows.iter().max_by(|one, other| one.value.total_cmp(&other.value))?;
    let words = match group_by {
        "size" => "size (deciles by earlier reactors)".to_owned(),
        other => other.replace('_', " "),
    };
    let symbol = match name {
        CONCORDANCE => "concordance",
        _ => "share of pairs in the right order",
    };
    let mut says = match (ratio, rows.len()) {
        (true, 1) => format!(
            "By {words} there is one group, {}: observed / forecast is {}.",
            low.group_value,
            fixed(low.value, 2)
        ),
        (true, _) => format!(
            "By {words}: observed / forecast is between {} ({}) and {} ({}). Left of the line forecasts are too high, right of \
             it too low.",
            fixed(low.value, 2),
            low.group_value,
            fixed(high.value, 2),
            high.group_value
        ),
        (false, 1) => format!(
            "By {words} there is one group, {}: its {} is {}.",
            low.group_value,
            symbol,
            fixed(low.value, 2)
        ),
        (false, _) => format!(
            "By {words}: the lowest is {} ({} {}), the highest {} ({} {}).",
            low.group_value,
            symbol,
            fixed(low.value, 2),
            high.group_value,
            symbol,
            fixed(high.value, 2)
        ),
    };
    if all > rows.len() {
        says.push_str(&format!(" Shown are the {} largest of {all} groups.", rows.len()));
    }
    let says = printable(&says);
    let whisker = |row: &&ValidityRow| Whisker {
        label: format!("{} · {}", printable(&row.group_value), count(row.people)),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: true,
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&ValidityRow| {
        let [low, high] = ends(row.interval(), |end| precise(end, 3));
        vec![printable(&row.group_value), count(row.people), precise(row.value, 3), low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("group"),
        Column::Number("people"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let (metric, chance) = metric(name);
    let about = Comparison { target, population, group_by: EVERYONE }.words();
    let title = capital(&format!("{metric} by {words}: {about}"));
    let id = of.id(&format!("{number}-{group_by}-{name}"));
    let chart = Whiskers {
        name: &id,
        title: &title,
        alt_text: &says,
        rows: &whiskers,
        log: ratio,
        reference: if ratio { Some((1.0, "as forecast")) } else { chance },
        across: if ratio { "observed / forecast" } else { &metric },
    };
    Some(figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers))))
}
