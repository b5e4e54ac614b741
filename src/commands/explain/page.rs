//! An explanation as a page.

use std::fmt::Write as _;

use comfy_table::Table;

use super::explanation::{Alternative, Explanation, Neighbour, PersonMeasure};
use super::{coverage, credit};
use crate::commands::text_table::{
    UNKNOWN, align_right, forecast_people, headed, interval, number_or_unknown, percent, plain,
    text_or_unknown,
};
use crate::error::{printable, printable_name};
use crate::number_format::{fixed, number, signed};
use crate::published::rows::ContributionRow;

/// The person and the score, what it is made of, why it changed, the measures, the influence and what is unknown.
pub(super) fn page(explanation: &Explanation) -> String {
    let mut page = format!(
        "{}, commit {} (run {})\n\n{}\n",
        explanation.snapshot_date,
        explanation.commit,
        printable(&explanation.run_id),
        facts(explanation)
    );
    page += &reasons(explanation);
    let _ = writeln!(
        page,
        "\nmeasures, with the median and the person's percentile on the network\n{}",
        measures_table(&explanation.measures)
    );
    if !explanation.credit.is_empty() {
        let _ = writeln!(page, "\nhow much the person's attention to others counts");
        for credit in &explanation.credit {
            let words = credit::in_words(credit);
            let _ = writeln!(page, "  {}: {words}", printable(&credit.network));
        }
    }
    for (heading, people) in [
        ("gives most attention to", &explanation.influencers),
        ("gets most attention from", &explanation.influenced),
    ] {
        let _ = writeln!(page, "\n{heading}");
        match people.is_empty() {
            true => page.push_str("  no one\n"),
            false => drop(writeln!(page, "{}", neighbours_table(people))),
        }
    }
    page.push_str("\nunknown\n");
    for line in &explanation.unknown {
        let _ = writeln!(page, "  {}", printable(line));
    }
    page
}

fn facts(explanation: &Explanation) -> Table {
    let Explanation { person, score, .. } = explanation;
    let list = |texts: &[String]| match texts {
        [] => UNKNOWN.to_owned(),
        texts => printable(&texts.join(", ")),
    };
    let mut table = plain();
    for (name, value) in [
        ("person", printable_name(&person.person_id)),
        ("display name", text_or_unknown(person.display_name.as_deref())),
        ("accounts", list(&person.accounts)),
        ("networks", list(&person.networks)),
        ("country", text_or_unknown(person.country.as_deref())),
        ("language", text_or_unknown(person.language.as_deref())),
        ("flags of the person", list(&person.flags)),
        ("disputes", list(person.disputes.as_deref().unwrap_or_default())),
        ("data until", text_or_unknown(score.data_until.as_deref())),
        ("forecast (people)", forecast_people(score.expected_reactors)),
        ("forecast of", explanation.forecast.clone()),
        ("percentile", fixed(score.percentile, 1)),
        ("score", fixed(score.score, 1)),
        ("90 % prediction interval", interval(score.score_low.zip(score.score_high), 1)),
        ("change since the previous run", score.change_1d.map_or_else(|| UNKNOWN.into(), signed)),
        ("true reach", number(score.true_reach)),
        ("amplification", number_or_unknown(score.amplification)),
        ("network", number_or_unknown(score.network_score)),
        ("style", text_or_unknown(score.style.as_deref())),
        ("negative share", number_or_unknown(score.negative_share)),
        ("flags of the score", list(&score.flags)),
        ("method", printable(&score.method_version)),
    ] {
        table.add_row([name.to_owned(), value]);
    }
    table
}

/// What the score is made of, why it changed, and what would change it.
fn reasons(explanation: &Explanation) -> String {
    let mut page = String::new();
    if !explanation.contributions.is_empty() {
        let _ = writeln!(page, "\nwhat the score is made of\n{}", contributions_table(explanation));
    }
    for coverage in explanation.coverage.iter().filter(|own| own.covered_hours < own.history_hours)
    {
        let _ = writeln!(page, "\n{}", coverage::in_words(coverage));
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
        ("the score with these values, all else equal", &explanation.what_if),
        (
            "largest gains when a measure is 10 % or at least one higher (association is not cause)",
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
fn contributions_table(explanation: &Explanation) -> Table {
    let mut rows: Vec<&ContributionRow> =
        explanation.contributions.iter().filter(|row| row.points != 0.0).collect();
    rows.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    let mut table = plain();
    for row in rows {
        let words = printable(&in_words(row, explanation));
        table.add_row([printable(&row.network), words, signed(row.points)]);
    }
    table.add_row([String::new(), "score".to_owned(), fixed(explanation.score.score, 1)]);
    align_right(&mut table, &[2]);
    table
}

/// A contribution in words: what was counted, and how many people have less.
fn in_words(row: &ContributionRow, explanation: &Explanation) -> String {
    let measure =
        explanation.measures.iter().find(|m| m.network == row.network && m.name == row.measure);
    let percentile = match measure.and_then(|measure| measure.percentile) {
        // No one is above all people, who include them.
        Some(percentile) => format!(", more than {:.0} % of people", percentile.floor().min(99.0)),
        None => String::new(),
    };
    format!("{}{percentile}", row.in_words(&number_or_unknown(row.value), &explanation.windows))
}

fn alternatives_table(all: &[Alternative]) -> Table {
    let mut table = headed(&["network", "measure", "value", "new value", "score", "points"]);
    for row in all {
        table.add_row([
            printable(&row.network),
            printable(&row.measure),
            number(row.value),
            number(row.new_value),
            fixed(row.score, 1),
            signed(row.points),
        ]);
    }
    align_right(&mut table, &[2, 3, 4, 5]);
    table
}

fn measures_table(measures: &[PersonMeasure]) -> Table {
    let mut table =
        headed(&["network", "measure", "value", "median", "percentile", "unit", "meaning"]);
    for measure in measures {
        table.add_row([
            printable(&measure.network),
            measure.name.clone(),
            number_or_unknown(measure.value),
            number_or_unknown(measure.median),
            measure
                .percentile
                .map_or_else(|| UNKNOWN.to_owned(), |percentile| fixed(percentile, 1)),
            measure.unit.clone(),
            measure.meaning.clone(),
        ]);
    }
    align_right(&mut table, &[2, 3, 4]);
    table
}

fn neighbours_table(people: &[Neighbour]) -> Table {
    let mut table =
        headed(&["network", "person", "name", "attention", "of all given", "of all received"]);
    for person in people {
        table.add_row([
            printable(&person.network),
            printable_name(&person.person_id),
            text_or_unknown(person.display_name.as_deref()),
            number(person.attention),
            percent(person.attention_share),
            percent(person.audience_share),
        ]);
    }
    align_right(&mut table, &[3, 4, 5]);
    table
}
