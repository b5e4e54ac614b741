//! Whether ranks hold more than the numbers of people who give and get attention: ranks against random graphs, and their stability.

use maud::{Markup, html};

use super::comparison::{between, population, target};
use crate::evaluate::EVERYONE;
use crate::number_format::{capital, count, precise};
use crate::published::evaluation_rows::ValidityRow;
use crate::report::validation_report::ValidationReport;
use crate::report::widgets::figures::{Column, table};

/// From this probability on chance is taken to suffice.
const LEAST_CHANCE: f64 = 0.05;

/// What is found in the true graph, by target, population and rank; empty where no ranks were compared.
pub(super) fn compared(of: &ValidationReport) -> Vec<&ValidityRow> {
    of.rows().filter(|row| row.metric == "null_value" && row.group_by == EVERYONE).collect()
}

/// A sentence and a line of a table for each rank.
pub(super) fn section(of: &ValidationReport) -> Markup {
    let all = compared(of);
    let columns = [
        Column::Text("people who are compared"),
        Column::Text("rank"),
        Column::Number("people"),
        Column::Number("concordance"),
        Column::Number("in random graphs"),
        Column::Number("spread"),
        Column::Number("z"),
        Column::Number("p"),
        Column::Number("stability"),
        Column::Number("spread of it"),
    ];
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|row| {
            let other = |metric: &str, digits: usize| {
                found(of, row, metric).map_or("–".into(), |row| precise(row.value, digits))
            };
            vec![
                who(row),
                rank(row),
                count(row.people),
                precise(row.value, 3),
                other("null_mean", 3),
                other("null_spread", 3),
                other("null_z", 1),
                other("null_p", 3),
                other("stability_mean", 3),
                other("stability_spread", 3),
            ]
        })
        .collect();
    html! {
        p.says {
            "In the random graphs everybody gives attention to as many people, and gets it from as many, as in the data; who these are is \
             left to chance. A rank that orders people no better than there holds nothing beyond these numbers. p is the share of graphs, the \
             true one among them, that do at least as well; z is the distance in standard deviations. Stability is Spearman’s correlation of \
             the rank with itself where those who act are drawn anew."
        }
        ul.notes { @for row in &all { li { (in_words(of, row)) } } }
        div.figures { (table("Ranks against random graphs", &columns, &rows)) }
    }
}

fn who(row: &ValidityRow) -> String {
    capital(&format!("{}, {}", target(&row.target), population(&row.population)))
}

fn rank(row: &ValidityRow) -> String {
    row.predictor.replace('_', " ")
}

/// The row of another metric of the same rank.
fn found<'a>(of: &'a ValidationReport, row: &ValidityRow, metric: &str) -> Option<&'a ValidityRow> {
    of.rows().find(|other| {
        (&other.target, &other.population, &other.group_by, &other.predictor, &*other.metric)
            == (&row.target, &row.population, &row.group_by, &row.predictor, metric)
    })
}

/// Whether a rank holds more than chance would give it.
fn in_words(of: &ValidationReport, row: &ValidityRow) -> String {
    let [mean, p] = ["null_mean", "null_p"].map(|metric| found(of, row, metric));
    let about = format!("{}, {}", who(row), rank(row));
    let is = precise(row.value, 3);
    match mean.zip(p) {
        Some((mean, p)) => {
            let random = between(mean.value, mean.interval());
            let holds = match p.value < LEAST_CHANCE {
                true => "it holds more than these numbers of people explain",
                false => "it is not shown to hold more than these numbers of people explain",
            };
            format!("{about}: concordance {is}, in random graphs {random}: {holds}.")
        }
        None => format!("{about}: concordance {is}; random graphs give it none."),
    }
}
