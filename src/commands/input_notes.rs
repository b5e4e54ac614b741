//! What became of the inputs: rows that a rule dropped, columns that are not read, and what should be looked at.

use std::collections::BTreeMap;

use crate::error::printable;
use crate::model::{Dropped, Warning};
use crate::number_format::count;

/// One line for each rule that dropped rows, for each input with columns that are not read, and for each warning.
pub(super) fn describe(
    drops: &[Dropped],
    ignored: &BTreeMap<String, Vec<String>>,
    warnings: &[Warning],
) -> String {
    let mut lines = String::new();
    for Dropped { table, rule, rows } in drops.iter().filter(|drop| drop.rows != "0") {
        // A count that could point at single people is a text.
        let rows = rows.parse().map_or_else(|_| rows.clone(), count);
        lines += &format!("{table}: {rows} rows: {rule}\n");
    }
    for (table, columns) in ignored {
        lines += &format!("{table}: columns not read: {}\n", printable(&columns.join(", ")));
    }
    for Warning { table, text } in warnings {
        lines += &format!("warning: {table}: {}\n", printable(text));
    }
    lines
}

/// Logs warnings, where nothing is printed.
pub(super) fn log_warnings(warnings: &[Warning]) {
    for Warning { table, text } in warnings {
        tracing::warn!(table, "{}", printable(text));
    }
}
