//! A comparison of two runs as a page.

use std::fmt::Write as _;

use super::{Bin, Diff, Grouping, Moved, Mover};
use crate::commands::bars::Bars;
use crate::commands::explain::{align_right, number, plain, signed};
use crate::error::printable;

/// Characters of the longest bar.
const WIDTH: usize = 30;
/// Digits of an id of a run or a hash that are shown.
const DIGITS: usize = 12;

/// The comparison as a page for people to read.
pub fn render(diff: &Diff, bars: Bars) -> String {
    let mut page = format!("{}\n{}\n", runs_table(diff), differences(diff));
    let people = &diff.people;
    let _ = writeln!(
        page,
        "\n{} people are in both, {} only in A, {} only in B; of the first 100 of A {} are gone, of those of B {} are new",
        people.both,
        people.only_a,
        people.only_b,
        people.gone_of_first_100,
        people.new_in_first_100
    );
    let spearman = diff.agreement.spearman;
    let _ = write!(
        page,
        "of those in both: Spearman {}",
        spearman.map_or("–".into(), |rho| format!("{rho:.4}"))
    );
    for overlap in &diff.agreement.overlap {
        let _ = write!(page, "; of the first {} the same {}", overlap.first, overlap.shared);
    }
    let Moved { mean, median, percentile_5, percentile_95, bins } = &diff.moved;
    let _ = writeln!(
        page,
        "\n\npoints by which scores of `{}` are higher in B: mean {mean:+.3}, median {median:+.3}, 5 to 95 % {percentile_5:+.3} to {percentile_95:+.3}\n{}",
        printable(&diff.profile),
        histogram(bins, diff.people.both, bars)
    );
    for (heading, movers) in [("up", &diff.up), ("down", &diff.down)] {
        let _ = writeln!(page, "\nfurthest {heading}");
        match movers.as_slice() {
            [] => page.push_str(" nobody\n"),
            movers => drop(writeln!(page, "{}", movers_table(movers))),
        }
    }
    for grouping in &diff.by {
        page.push_str(&group_page(grouping));
    }
    page
}

fn runs_table(diff: &Diff) -> comfy_table::Table {
    let mut table = plain();
    table.set_header(["", "day", "commit", "job", "method", "renown", "people", "run"]);
    for (name, run) in [("A", &diff.a), ("B", &diff.b)] {
        table.add_row([
            name.to_owned(),
            run.snapshot_date.to_string(),
            run.commit.to_string(),
            printable(&run.job),
            printable(&run.method_version),
            printable(&run.renown_version),
            run.people.to_string(),
            printable(&run.run_id.chars().take(DIGITS).collect::<String>()),
        ]);
    }
    align_right(&mut table, &[2, 6]);
    table
}

fn differences(diff: &Diff) -> String {
    let differs = &diff.differs;
    let what = [
        ("the day", differs.day),
        ("the method", differs.method),
        ("the forecast of the profile", differs.forecast),
        ("the version of Renown", differs.renown_version),
    ];
    let of = |wanted: bool| {
        let names: Vec<&str> =
            what.iter().filter(|(_, own)| *own == wanted).map(|(name, _)| *name).collect();
        if names.is_empty() { "none of these".to_owned() } else { names.join(", ") }
    };
    format!("differs: {}\nthe same: {}", of(true), of(false))
}

fn histogram(bins: &[Bin], people: usize, bars: Bars) -> comfy_table::Table {
    let most = bins.iter().map(|bin| bin.people).max().unwrap_or(0).max(1);
    let mut table = plain();
    for bin in bins {
        let name = match (bin.from, bin.to) {
            (None, Some(to)) => format!("below {to}"),
            (Some(from), None) => format!("{from:+} and more"),
            (Some(from), Some(to)) if from == to => "none".to_owned(),
            (from, to) => {
                let end = |end: Option<f64>| match end {
                    Some(0.0) => "0".to_owned(),
                    end => end.map_or(String::new(), |end| format!("{end:+}")),
                };
                format!("{} to {}", end(from), end(to))
            }
        };
        table.add_row([
            name,
            bin.people.to_string(),
            format!("{:.1} %", 100.0 * bin.people as f64 / people.max(1) as f64),
            bars.draw(bin.people as f64 / most as f64, WIDTH),
        ]);
    }
    align_right(&mut table, &[0, 1, 2]);
    table
}

fn movers_table(movers: &[Mover]) -> comfy_table::Table {
    let mut table = plain();
    table.set_header([
        "name",
        "person",
        "score",
        "points",
        "position",
        "difference by contribution",
    ]);
    for mover in movers {
        let [before, after] = mover.score;
        table.add_row([
            printable(mover.display_name.as_deref().unwrap_or("–")),
            printable(&mover.person_id),
            format!("{before:.1} → {after:.1}"),
            signed(mover.points),
            format!("{} → {}", mover.place[0], mover.place[1]),
            reasons(mover),
        ]);
    }
    align_right(&mut table, &[2, 3, 4]);
    table
}

/// The causes of a change, a line each.
fn reasons(mover: &Mover) -> String {
    let mut lines = Vec::new();
    for cause in &mover.causes {
        let value = match cause.value {
            [None, None] => String::new(),
            [before, after] => format!(", {} → {}", number(before), number(after)),
        };
        lines.push(format!(
            "{} {} on {}{value}",
            signed(cause.points),
            printable(&cause.measure),
            printable(&cause.network)
        ));
    }
    // What rounds to 0 is not shown.
    for (name, points) in [("the reference person", mover.reference), ("all others", mover.others)]
    {
        if points.abs() >= 0.05 {
            lines.push(format!("{} {name}", signed(points)));
        }
    }
    if !mover.since_a.is_empty() {
        let since = mover.since_a.iter();
        let since: Vec<String> = since
            .map(|own| format!("{} {}", own.cause.replace('_', " "), signed(own.points)))
            .collect();
        lines.push(format!("by cause: {}", printable(&since.join(", "))));
    }
    lines.join("\n")
}

fn group_page(grouping: &Grouping) -> String {
    let mut page = format!("\nby {}\n", grouping.of);
    if !grouping.groups.is_empty() {
        let mut table = plain();
        table.set_header([grouping.of.as_str(), "people", "mean", "median", "rose", "fell"]);
        for group in &grouping.groups {
            table.add_row([
                printable(&group.name),
                group.people.to_string(),
                format!("{:+.3}", group.mean),
                format!("{:+.3}", group.median),
                format!("{:.1} %", 100.0 * group.rose),
                format!("{:.1} %", 100.0 * group.fell),
            ]);
        }
        align_right(&mut table, &[1, 2, 3, 4, 5]);
        let _ = writeln!(page, "{table}");
    }
    let _ = writeln!(
        page,
        " {} people in groups of fewer than 20, {} in further groups, {} unknown",
        grouping.in_smaller, grouping.in_further, grouping.unknown
    );
    page
}
