//! Tables of text, and the values in their cells.

use comfy_table::{CellAlignment, ColumnConstraint, Table};

use super::text_bars::Bars;
use crate::error::printable_name;
use crate::number_format::{fixed, number};

/// The sign for a value that is unknown.
pub(super) const UNKNOWN: &str = "–";

/// A table without lines between its cells.
pub(super) fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table
}

/// A table without lines, with a header.
pub(super) fn headed(header: &[&str]) -> Table {
    let mut table = plain();
    table.set_header(header);
    table
}

/// Aligns columns of numbers.
pub(super) fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Hides a column.
pub(super) fn hide(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_constraint(ColumnConstraint::Hidden);
    }
}

/// A text from a table, or the sign for an unknown one.
pub(super) fn text_or_unknown(text: Option<&str>) -> String {
    text.map_or_else(|| UNKNOWN.to_owned(), printable_name)
}

/// A number with three significant digits, or the sign for an unknown one.
pub(super) fn number_or_unknown(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), number)
}

/// A number of people that a forecast gives, to a tenth below 100.
pub(super) fn forecast_people(people: f64) -> String {
    if people < 99.95 { fixed(people, 1) } else { number(people) }
}

/// A share in per cent.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", fixed(100.0 * share, 1))
}

/// Both ends of an interval with `digits` after the point, or the sign for an unknown one.
pub(super) fn interval(ends: Option<(f64, f64)>, digits: usize) -> String {
    ends.map_or_else(
        || UNKNOWN.to_owned(),
        |(low, high)| format!("{}–{}", fixed(low, digits), fixed(high, digits)),
    )
}

/// A bar of a value, where `largest` has the longest bar; empty if bars are not drawn.
pub(super) fn bar(bars: Option<Bars>, value: f64, largest: f64, width: usize) -> String {
    bars.map_or_else(String::new, |bars| bars.draw(value / largest, width))
}
