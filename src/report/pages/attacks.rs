//! Simulated attacks: what each gains, and what is not prevented and why.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::attack::{KINDS, NO_DEFENCE};
use crate::error::printable;
use crate::number_format::{count, fixed, signed};
use crate::published::evaluation_rows::AttackGainRow;
use crate::report::attack_report::AttackReport;
use crate::report::widgets::figures::{Column, nothing, table};

/// The notice of a run on which no attacks were simulated.
pub(super) fn missing(date: NaiveDate) -> Markup {
    nothing(
        "No attacks on the scores of this day were simulated; to simulate them:",
        &format!("renown attack JOB --snapshot {date}"),
    )
}

pub(super) fn section(report: &AttackReport) -> Markup {
    let all: Vec<&AttackGainRow> = report.standard().collect();
    let simulated: Vec<&AttackGainRow> =
        all.iter().copied().filter(|row| row.targets > 0).collect();
    let Some(first) = simulated.first() else {
        return nothing(
            "Attacks were simulated on too few people to be shown here; on more:",
            "renown attack JOB --targets 20",
        );
    };
    let of = |verdict: &str| simulated.iter().filter(|row| row.verdict == verdict).count() as u64;
    let says = format!(
        "Of {} attacks that were planted into a copy of the data, {} are prevented (the forecast rises by at most 5 %), {} are \
         limited (at most half of what they gain without a defence) and {} are not prevented; {} are real audiences, which flags \
         show. Medians over up to {} targets, seed {}, method {}.",
        count(simulated.iter().filter(|row| row.verdict != "reference").count() as u64),
        count(of("prevented")),
        count(of("limited")),
        count(of("not_prevented")),
        count(of("real_audience")),
        count(simulated.iter().map(|row| row.targets).max().unwrap_or_default()),
        first.seed,
        printable(&first.method_version),
    );
    let reasons =
        reasons(&simulated, |row| row.verdict != "prevented" && row.verdict != "reference");
    let obstacles = reasons_of_others(&all);
    html! {
        p.says { (says) }
        @if !report.notes.is_empty() { ul.notes { @for note in &report.notes { li { (note) } } } }
        (gains(report, &simulated))
        @if !reasons.is_empty() {
            h3 { "What is not prevented, and why" }
            ul.notes { @for (why, kinds) in &reasons { li { b { (kinds) } ": " (why) } } }
        }
        @if !obstacles.is_empty() {
            h3 { "What does not apply here" }
            ul.notes { @for (why, kinds) in &obstacles { li { b { (kinds) } ": " (why) } } }
        }
        details.more {
            summary { "What each attack does" }
            ul.notes { @for kind in &KINDS { li { b { (words(kind.name)) } ": " (kind.does) } } }
        }
    }
}

fn gains(report: &AttackReport, rows: &[&AttackGainRow]) -> Markup {
    let mut networks: Vec<&str> = rows.iter().map(|row| &*row.network).collect();
    networks.dedup();
    let columns = [
        Column::Text("attack"),
        Column::Text("with"),
        Column::Number("acts"),
        Column::Number("points"),
        Column::Number("95th percentile"),
        Column::Number("forecast"),
        Column::Number("without a defence"),
        Column::Number("counting reactors"),
        Column::Number("PageRank"),
        Column::Text("verdict"),
        Column::Text("flags"),
    ];
    let points = |points: Option<f64>| points.map_or_else(|| "–".to_owned(), signed);
    let row = |row: &&&AttackGainRow| {
        let by = |name: &str| points(report.scored_by(row, name).and_then(|row| row.points_median));
        vec![
            words(&row.attack),
            printable(&row.variant),
            row.acts.map_or_else(|| "–".to_owned(), count),
            points(row.points_median),
            points(row.points_95),
            row.forecast_ratio
                .map_or_else(|| "–".to_owned(), |ratio| format!("×{}", fixed(ratio, 2))),
            by(NO_DEFENCE),
            by("reactors"),
            by("pagerank"),
            words(&row.verdict),
            row.flags.iter().map(|flag| words(flag)).collect::<Vec<_>>().join(", "),
        ]
    };
    html! { @for network in networks {
        @let of_network = rows.iter().filter(|row| row.network == network);
        @let caption = format!("Points that attacks gain on {}", printable(network));
        (table(&caption, &columns, &of_network.collect::<Vec<_>>().iter().map(row).collect::<Vec<_>>()))
    } }
}

/// Reasons of attacks that are `wanted`, each once with its kinds.
fn reasons(
    rows: &[&AttackGainRow],
    wanted: impl Fn(&AttackGainRow) -> bool,
) -> BTreeMap<String, String> {
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.iter().filter(|row| wanted(row)) {
        let Some(why) = &row.why else { continue };
        let kinds = reasons.entry(printable(why)).or_default();
        let kind = words(&row.attack);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    reasons.into_iter().map(|(why, kinds)| (why, kinds.join(", "))).collect()
}

/// Why attacks do not apply.
fn reasons_of_others(rows: &[&AttackGainRow]) -> BTreeMap<String, String> {
    reasons(rows, |row| row.targets == 0)
}

fn words(name: &str) -> String {
    printable(&name.replace('_', " "))
}
