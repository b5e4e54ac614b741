//! An explanation as a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table};

use super::{Explanation, Neighbour};
use crate::error::printable;

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
        ("expected people", number(Some(score.expected_reactors))),
        ("percentile", number(Some(score.percentile))),
        ("score", number(Some(score.score))),
        ("true reach", number(Some(score.true_reach))),
        ("amplification", number(score.amplification)),
        ("network", number(score.network)),
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
        "{} of commit {} (run {})\n\n{facts}\n\nmeasures, beside the median and the percentile on the network\n{measures}\n",
        explanation.snapshot_date,
        explanation.commit,
        printable(&explanation.run_id)
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
    page.push_str("\nmissing to know more\n");
    for line in &explanation.missing {
        let _ = writeln!(page, "  {}", printable(line));
    }
    page
}

fn neighbours_table(people: &[Neighbour]) -> Table {
    let mut table = plain();
    table.set_header([
        "network",
        "person",
        "name",
        "attention",
        "of the giver's",
        "of the taker's",
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

pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table
}

pub(super) fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Whole numbers as they are, small ones with three digits that count.
pub(super) fn number(value: Option<f64>) -> String {
    match value {
        None => "–".to_owned(),
        Some(x) if x.fract() == 0.0 => format!("{x:.0}"),
        Some(x) if x.abs() < 0.01 => format!("{x:.2e}"),
        Some(x) => format!("{x:.2}"),
    }
}
