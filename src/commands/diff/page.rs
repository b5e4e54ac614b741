//! A comparison of two runs as a page.

use std::fmt::Write as _;

use comfy_table::Table;

use super::comparison::{Diff, PeopleCounts};
use super::groups::Grouping;
use super::movers::Mover;
use super::score_changes::{Bin, ChangeSummary};
use crate::commands::text_bars::Bars;
use crate::commands::text_table::{
    UNKNOWN, align_right, headed, number_or_unknown, percent, plain, text_or_unknown,
};
use crate::error::{printable, printable_name};
use crate::number_format::{count, fixed, signed, signed_to};

/// Characters of the longest bar.
const BAR_WIDTH: usize = 30;
/// Smallest points that do not round to 0.
const SHOWN: f64 = 0.05;
/// Digits of the id of a run that are shown.
const DIGITS: usize = 12;

/// The runs, the agreement between them, the distribution of changes, the people with the largest changes, and groups.
pub(super) fn page(diff: &Diff, bars: Bars) -> String {
    let mut page = format!("{}\n{}\n\n", runs_table(diff), differences(diff));
    let PeopleCounts { both, only_a, only_b, left_top_100, entered_top_100 } = diff.people;
    let _ = writeln!(
        page,
        "people: {} in both runs, {} only in A, {} only in B; of the top 100 of A {left_top_100} are not in B, of the top 100 \
         of B {entered_top_100} are not in A",
        count(both as u64),
        count(only_a as u64),
        count(only_b as u64)
    );
    let spearman = diff.agreement.spearman;
    let spearman = spearman.map_or_else(|| UNKNOWN.to_owned(), |rho| fixed(rho, 4));
    let _ = write!(page, "agreement of those in both: Spearman {spearman}");
    for overlap in &diff.agreement.overlap {
        let (shared, top) = (count(overlap.shared as u64), count(overlap.top as u64));
        let _ = write!(page, "; {shared} of the top {top} are the same");
    }
    let ChangeSummary { mean, median, percentile_5, percentile_95, bins } = &diff.score_changes;
    let [mean, median, percentile_5, percentile_95] =
        [mean, median, percentile_5, percentile_95].map(|points| signed_to(*points, 3));
    let _ = writeln!(
        page,
        "\n\nscore changes from A to B, profile `{}`: mean {mean}, median {median}, 5th to 95th percentile {percentile_5} to \
         {percentile_95} points\n{}",
        printable(&diff.profile),
        histogram(bins, both, bars)
    );
    for (heading, movers) in [("up", &diff.up), ("down", &diff.down)] {
        let _ = writeln!(page, "\nlargest changes {heading}");
        match movers.is_empty() {
            true => page.push_str(" none\n"),
            false => drop(writeln!(page, "{}", movers_table(movers))),
        }
    }
    for grouping in &diff.groupings {
        page += &group_page(grouping);
    }
    page
}

fn runs_table(diff: &Diff) -> Table {
    let mut table = headed(&["", "snapshot", "commit", "job", "method", "renown", "people", "run"]);
    for (name, run) in [("A", &diff.a), ("B", &diff.b)] {
        table.add_row([
            name.to_owned(),
            run.snapshot_date.to_string(),
            run.commit.to_string(),
            printable(&run.job),
            printable(&run.method_version),
            printable(&run.renown_version),
            count(run.people as u64),
            printable(&run.run_id.chars().take(DIGITS).collect::<String>()),
        ]);
    }
    align_right(&mut table, &[2, 6]);
    table
}

fn differences(diff: &Diff) -> String {
    let properties = [
        ("snapshot date", diff.differs.snapshot_date),
        ("method", diff.differs.method),
        ("forecast of the profile", diff.differs.forecast),
        ("version of Renown", diff.differs.renown_version),
    ];
    let list = |differs: bool| {
        let names = properties.iter().filter(|property| property.1 == differs);
        let names: Vec<&str> = names.map(|(name, _)| *name).collect();
        if names.is_empty() { "none of these".to_owned() } else { names.join(", ") }
    };
    format!("different: {}\nsame: {}", list(true), list(false))
}

fn histogram(bins: &[Bin], people: usize, bars: Bars) -> Table {
    let largest = bins.iter().map(|bin| bin.people).max().unwrap_or(0).max(1);
    let end = |end: f64| if end == 0.0 { "0".to_owned() } else { format!("{end:+}") };
    let mut table = plain();
    for bin in bins {
        let name = match (bin.from, bin.to) {
            (None, None) => String::new(),
            (None, Some(to)) => format!("below {to}"),
            (Some(from), None) => format!("{from:+} and more"),
            (Some(from), Some(to)) if from == to => "none".to_owned(),
            (Some(from), Some(to)) => format!("{} to {}", end(from), end(to)),
        };
        table.add_row([
            name,
            count(bin.people as u64),
            percent(bin.people as f64 / people.max(1) as f64),
            bars.draw(bin.people as f64 / largest as f64, BAR_WIDTH),
        ]);
    }
    align_right(&mut table, &[0, 1, 2]);
    table
}

fn movers_table(movers: &[Mover]) -> Table {
    let mut table = headed(&["name", "person", "score", "points", "position", "contributions"]);
    for mover in movers {
        let [before, after] = mover.score;
        let [old, new] = mover.position.map(|position| count(position as u64));
        table.add_row([
            text_or_unknown(mover.display_name.as_deref()),
            printable_name(&mover.person_id),
            format!("{before:.1} → {after:.1}"),
            signed(mover.points),
            format!("{old} → {new}"),
            reasons(mover),
        ]);
    }
    align_right(&mut table, &[2, 3, 4]);
    table
}

/// The causes of a change, one line each.
fn reasons(mover: &Mover) -> String {
    let mut lines = Vec::new();
    // Points that round to 0 are left out.
    for cause in mover.causes.iter().filter(|cause| cause.points.abs() >= SHOWN) {
        let value = match cause.value {
            [None, None] => String::new(),
            values => {
                let [before, after] = values.map(number_or_unknown);
                format!(", {before} → {after}")
            }
        };
        let (measure, network) = (printable(&cause.measure), printable(&cause.network));
        lines.push(format!("{} {measure} on {network}{value}", signed(cause.points)));
    }
    for (name, points) in
        [("the reference person", mover.reference_points), ("all others", mover.other_points)]
    {
        if points.abs() >= SHOWN {
            lines.push(format!("{} {name}", signed(points)));
        }
    }
    if !mover.published_causes.is_empty() {
        let causes = mover.published_causes.iter();
        let causes: Vec<String> = causes
            .map(|cause| format!("{} {}", cause.cause.replace('_', " "), signed(cause.points)))
            .collect();
        lines.push(format!("by cause: {}", printable(&causes.join(", "))));
    }
    lines.join("\n")
}

fn group_page(grouping: &Grouping) -> String {
    let mut page = format!("\nby {}\n", grouping.property);
    if !grouping.groups.is_empty() {
        let header = [&*grouping.property, "people", "mean", "median", "rose", "fell"];
        let mut table = headed(&header);
        for group in &grouping.groups {
            table.add_row([
                printable(&group.name),
                count(group.people as u64),
                signed_to(group.mean, 3),
                signed_to(group.median, 3),
                percent(group.rose),
                percent(group.fell),
            ]);
        }
        align_right(&mut table, &[1, 2, 3, 4, 5]);
        let _ = writeln!(page, "{table}");
    }
    let _ = writeln!(
        page,
        " {} people in groups of fewer than 20, {} in further groups, {} with unknown {}",
        count(grouping.in_smaller_groups as u64),
        count(grouping.in_further_groups as u64),
        count(grouping.unknown as u64),
        grouping.property
    );
    page
}
