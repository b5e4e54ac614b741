//! Whether scores are as right for some as for others.

use maud::{Markup, html};

use super::agreement::{Compared, POPULATIONS, between, ends, metric, truth};
use super::chart::{capital, count, fixed};
use super::compared::baselines;
use super::measured::{Measured, Validation};
use super::page::{Column, figure, nothing, table};
use super::whiskers::{Whisker, Whiskers};
use crate::error::printable;
use crate::evaluate::{EVERYONE, TOPIC};

/// Most groups of one kind that are shown.
const GROUPS: usize = 15;
/// By what groups are compared.
const METRICS: [&str; 4] = ["observed_over_forecast", "spearman", "auc", "pairwise_accuracy"];

/// Whether the score is as right for some as for others.
pub(super) fn groups(of: &Validation) -> Markup {
    let kinds = ["network", "language", "country", "account_age", "size"];
    let all: Vec<(&str, Vec<Markup>)> =
        truths(of).map(|own| (own.0, kinds.map(|kind| charts(of, own, kind)).concat())).collect();
    let mut all = all.iter().filter(|(_, charts)| !charts.is_empty());
    let Some((first, own)) = all.next() else {
        return nothing(
            "The people were not parted, or there are not two parts large enough; [validate] of the job names the parts:",
            "renown schema job",
        );
    };
    html! {
        h4 { (capital(&truth(first))) }
        div.figures { @for chart in own { (chart) } }
        @for (name, charts) in all { details.more {
            summary { (capital(&truth(name))) }
            div.figures { @for chart in charts { (chart) } }
        } }
    }
}

/// How right scores on topics are: on all of them, and on each.
pub(super) fn on_topics(of: &Validation) -> Markup {
    let single: Vec<Markup> = truths(of).flat_map(|own| charts(of, own, TOPIC)).collect();
    html! {
        (baselines(of, TOPIC))
        @if !single.is_empty() { details.more {
            summary { "Single topics" }
            div.figures { @for chart in single { (chart) } }
        } }
    }
}

/// The truths, each with its place among them.
fn truths(of: &Validation) -> impl Iterator<Item = (&str, usize)> {
    let mut truths: Vec<&str> = Compared::all(of).into_iter().map(|own| own.truth).collect();
    truths.dedup();
    truths.into_iter().zip(1..)
}

/// The charts of a truth about groups of one kind.
fn charts(of: &Validation, truth: (&str, usize), kind: &str) -> Vec<Markup> {
    METRICS.iter().filter_map(|metric| group(of, truth, kind, metric)).collect()
}

fn group(
    of: &Validation,
    (truth, place): (&str, usize),
    group_by: &str,
    name: &str,
) -> Option<Markup> {
    let score = Compared { truth, population: "", group_by }.score();
    let own = of.rows().filter(|row| {
        row.group_by == group_by
            && !row.group_value.is_empty()
            && row.metric == name
            && row.predictor == score
            && row.target == truth
    });
    let mut rows: Vec<&Measured> = own.collect();
    // One population, the widest that was parted.
    let has = |population: &&str| rows.iter().any(|row| row.population == *population);
    let population = POPULATIONS.into_iter().find(has)?;
    rows.retain(|row| row.population == population);
    let all = rows.len();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.people), row.group_value.clone()));
    rows.truncate(GROUPS);
    if ["size", "account_age"].contains(&group_by) {
        // These have an order of their own.
        rows.sort_by(|one, other| one.group_value.cmp(&other.group_value));
    }
    let ratio = name == "observed_over_forecast";
    let low = rows.iter().min_by(|one, other| one.value.total_cmp(&other.value))?;
    let high = rows.iter().max_by(|one, other| one.value.total_cmp(&other.value))?;
    let words = match group_by {
        "size" => "size (tenths by people who reacted before)".to_owned(),
        own => own.replace('_', " "),
    };
    let symbol = match name {
        "spearman" => "ρ",
        "auc" => "AUC",
        _ => "share of right pairs",
    };
    let mut says = match (ratio, rows.len()) {
        (true, 1) => format!(
            "By {words} there is one group, {}: for each person forecast {} came.",
            low.group_value,
            fixed(low.value, 2)
        ),
        (true, _) => format!(
            "By {words}: for each person forecast, from {} ({}) to {} ({}) came. Left of the line a group is forecast too many, \
             right of it too few.",
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
            "By {words}: the order is least right for {} ({} {}) and most for {} ({} {}).",
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
    let whisker = |row: &&Measured| Whisker {
        label: format!("{} · {}", printable(&row.group_value), count(row.people)),
        value: row.value,
        interval: row.interval(),
        text: between(row.value, row.interval()),
        strong: true,
    };
    let whiskers: Vec<Whisker> = rows.iter().map(whisker).collect();
    let row = |row: &&Measured| {
        let [low, high] = ends(row.interval(), |end| fixed(end, 3));
        vec![printable(&row.group_value), count(row.people), fixed(row.value, 3), low, high]
    };
    let numbers: Vec<Vec<String>> = rows.iter().map(row).collect();
    let columns = [
        Column::Text("group"),
        Column::Number("people"),
        Column::Number(name),
        Column::Number("from"),
        Column::Number("to"),
    ];
    let (said, chance) = metric(name);
    let about = Compared { truth, population, group_by: EVERYONE }.words();
    let title = capital(&format!("{said} by {words}: {about}"));
    let id = of.id(&format!("{place}-{group_by}-{name}"));
    let chart = Whiskers {
        name: &id,
        title: &title,
        told: &says,
        rows: &whiskers,
        log: ratio,
        reference: if ratio { Some((1.0, "as forecast")) } else { chance },
        across: if ratio { "came for each person forecast" } else { &said },
    };
    Some(figure(&says, &chart.draw(), Some(&table(&title, &columns, &numbers))))
}
