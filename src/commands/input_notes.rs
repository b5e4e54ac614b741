//! What became of the inputs: rows that a rule dropped, and columns that are not read.

use std::collections::BTreeMap;

use crate::error::printable;
use crate::model::Dropped;
use crate::number_format::count;

/// One line for each rule that dropped rows, and for each input with columns that are not read.
pub(super) fn describe(drops: &[Dropped], ignored: &BTreeMap<String, Vec<String>>) -> String {
    let mut lines = String::new();
    for Dropped { table, rule, rows } in drops.iter().filter(|drop| drop.rows != "0") {
        // A count that could point at single people is a text.
        let rows = rows.parse().map_or_else(|_| rows.clone(), count);
        lines += &format!("{table}: {rows} rows: {rule}\n");
    }
    for (table, columns) in ignored {
        lines += &format!("{table}: columns not read: {}\n", printable(&columns.join(", ")));
    }
    lines
}
