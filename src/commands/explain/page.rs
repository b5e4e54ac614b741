//! An explanation as a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table};

use super::explanation::{Alternative, Explanation, Neighbour, PersonMeasure};
use crate::error::printable;
use crate::published::rows::ContributionRow;

/// The explanation as a page for people to read.
pub fn render(explanation: &Explanation) -> String {
    let Explanation { person, score, .. } = explanation;
    let or_none = |text: &Option<String>| text.as_deref().map_or("–".to_owned(), printable);
    let list = |texts: &[String]| match texts {
        [] => "–".to_owned(),
        texts => printable(&texts.join(", ")),
    };
    let mut facts = plain();
    for (name, value) in [
        ("person", printable(&person.person_id)),
        ("display name", or_none(&person.display_name)),
        ("accounts", list(&person.accounts)),
        ("networks", list(&person.networks)),
        ("country", or_none(&person.country)),
        ("language", or_none(&person.language)),
        ("flags", list(&person.flags)),
        ("forecast people", number(Some(score.expected_reactors))),
        ("percentile", number(Some(score.percentile))),
        ("score", number(Some(score.score))),
        ("90 % prediction interval", interval(score.score_low, score.score_high)),
        ("since the previous run", score.change_1d.map_or("–".to_owned(), signed)),
        ("true reach", number(Some(score.true_reach))),
        ("amplification", number(score.amplification)),
        ("network", number(score.network_score)),
        ("style", or_none(&score.style)),
        ("negative share", number(score.negative_share)),
        ("flags of the score", list(&score.flags)),
        ("method", printable(&score.method_version)),
    ] {
        facts.add_row([name.to_owned(), value]);
    }
    let mut measures = plain();
    measures.set_header(["network", "measure", "value", "median", "percentile", "unit", "meaning"]);
    for m in &explanation.measures {
        measures.add_row([
            printable(&m.network),
            m.name.clone(),
            number(m.value),
            number(m.median),
            m.percentile.map_or("–".to_owned(), |p| format!("{p:.1}")),
            m.unit.clone(),
            m.meaning.clone(),
        ]);
    }
    align_right(&mut measures, &[2, 3, 4]);
    let mut page = format!(
        "{} of commit {} (run {})\n\n{facts}\n{}\nmeasures, with the median and the percentile on the network\n{measures}\n",
        explanation.snapshot_date,
        explanation.commit,
        printable(&explanation.run_id),
        reasons(explanation)
    );
    let directions = [
        ("gives most attention to", &explanation.influencers),
        ("gets most attention from", &explanation.influenced),
    ];
    for (heading, people) in directions {
        let _ = writeln!(page, "\n{heading}");
        match people.as_slice() {
            [] => page.push_str("  nobody\n"),
            people => {
                let _ = writeln!(page, "{}", neighbours_table(people));
            }
        }
    }
    page.push_str("\nunknown\n");
    for line in &explanation.missing {
        let _ = writeln!(page, "  {}", printable(line));
    }
    page
}

/// What the score is made of, why it changed, and what would change it.
fn reasons(explanation: &Explanation) -> String {
    let mut page = String::new();
    if !explanation.contributions.is_empty() {
        let _ = writeln!(page, "\nwhat the score is made of\n{}", parts_table(explanation));
    }
    if let Some(first) = explanation.changes.first() {
        let mut table = plain();
        for change in &explanation.changes {
            table.add_row([change.cause.replace('_', " "), signed(change.points)]);
        }
        align_right(&mut table, &[1]);
        let _ = writeln!(page, "\nwhy it changed since {}\n{table}", first.previous_snapshot_date);
    }
    for (heading, all) in [
        ("with these values, and all else as it is", &explanation.what_if),
        (
            "what goes with most points when a tenth or one higher: associations, no promises",
            &explanation.suggestions,
        ),
    ] {
        if !all.is_empty() {
            let _ = writeln!(page, "\n{heading}\n{}", alternatives_table(all));
        }
    }
    page
}

/// Contributions, the largest first, and their sum.
fn parts_table(explanation: &Explanation) -> Table {
    let mut rows: Vec<&ContributionRow> =
        explanation.contributions.iter().filter(|row| row.points != 0.0).collect();
    rows.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    let mut table = plain();
    for row in rows {
        let network = printable(&row.network);
        table.add_row([network, printable(&words(row, &explanation.measures)), signed(row.points)]);
    }
    table.add_row([String::new(), "score".to_owned(), format!("{:.1}", explanation.score.score)]);
    align_right(&mut table, &[2]);
    table
}

/// A contribution in words: what was counted, how many people have less, and its points.
fn words(row: &ContributionRow, measures: &[PersonMeasure]) -> String {
    let measure = measures.iter().find(|m| m.network == row.network && m.name == row.measure);
    let percentile = match measure.and_then(|measure| measure.percentile) {
        // Nobody is above everybody, themselves included.
        Some(percentile) => format!(", more than {:.0} % of people", percentile.floor().min(99.0)),
        None => String::new(),
    };
    format!("{}{percentile}", row.describe(&number(row.value)))
}

fn alternatives_table(all: &[Alternative]) -> Table {
    let mut table = plain();
    table.set_header(["network", "measure", "is", "would be", "score", "points"]);
    for row in all {
        table.add_row([
            printable(&row.network),
            printable(&row.measure),
            number(Some(row.value)),
            number(Some(row.otherwise)),
            format!("{:.1}", row.score),
            signed(row.points),
        ]);
    }
    align_right(&mut table, &[2, 3, 4, 5]);
    table
}

fn interval(low: Option<f64>, high: Option<f64>) -> String {
    low.zip(high).map_or("–".to_owned(), |(low, high)| format!("{low:.1} to {high:.1}"))
}

/// Points with their sign.
pub(crate) fn signed(points: f64) -> String {
    format!("{points:+.1}")
}

fn neighbours_table(people: &[Neighbour]) -> Table {
    let mut table = plain();
    table.set_header([
        "network",
        "person",
        "name",
        "attention",
        "of the giver's",
        "of the receiver's",
    ]);
    for p in people {
        table.add_row([
            printable(&p.network),
            printable(&p.person_id),
            p.display_name.as_deref().map_or("–".to_owned(), printable),
            number(Some(p.attention)),
            format!("{:.1} %", 100.0 * p.attention_share),
            format!("{:.1} %", 100.0 * p.audience_share),
        ]);
    }
    align_right(&mut table, &[3, 4, 5]);
    table
}

pub(crate) fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table
}

pub(crate) fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Whole numbers as they are, small ones with three digits that count.
pub(crate) fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(x) if x.fract() == 0.0 => format!("{x:.0}"),
        Some(x) if x.abs() < 0.01 => format!("{x:.2e}"),
        Some(x) => format!("{x:.2}"),
    }
}
