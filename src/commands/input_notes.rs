//! What became of the inputs: rows that a rule dropped, what is not read of columns and files, how many rows find what they name, and what should be looked at.

use crate::error::printable;
use crate::model::{Dropped, Warning};
use crate::number_format::{count, counted};
use crate::read::{InputNotes, NewestEvent, PassedOver};

/// One line for the newest event of each input, for each rule that dropped rows, for each input that names another, for each
/// input with columns that are not read, for each reason why files are not
/// read, for each column that some files lack, and for each warning.
pub(super) fn describe(notes: &InputNotes) -> String {
    let mut lines = String::new();
    for (table, NewestEvent { at, hours_before_cutoff }) in &notes.newest_events {
        let (at, hours) = (at.format("%Y-%m-%d %H:%M UTC"), count((*hours_before_cutoff).into()));
        lines += &format!("{table}: newest event {at}, {hours} h before the cutoff\n");
    }
    for Dropped { table, rule, rows, .. } in notes.dropped.iter().filter(|drop| drop.rows != "0") {
        // A count that could point at single people is a text.
        let rows = rows.parse().map_or_else(|_| rows.clone(), count);
        lines += &format!("{table}: {rows} rows: {rule}\n");
    }
    for (table, join) in &notes.joins {
        lines += &format!("{table}: {}\n", join.describe());
    }
    for (table, columns) in &notes.columns_not_read {
        lines += &format!("{table}: columns not read: {}\n", printable(&columns.join(", ")));
    }
    for (table, passed_over) in &notes.files_not_read {
        lines += &describe_files(table, passed_over);
    }
    for (table, columns) in &notes.null_columns {
        for (column, [lacking, all]) in columns {
            let [lacking, all] = [*lacking, *all].map(|files| count(files as u64));
            let column = printable(column);
            lines += &format!(
                "{table}: column `{column}` is missing in {lacking} of {all} files: null there\n"
            );
        }
    }
    for Warning { table, text } in &notes.warnings {
        lines += &format!("warning: {table}: {}\n", printable(text));
    }
    lines
}

/// One line for each reason why files of a folder are not read.
pub(super) fn describe_files(table: &str, passed_over: &[PassedOver]) -> String {
    let line = |PassedOver { reason, files, first }: &PassedOver| {
        let files = counted(*files, "file", "files");
        let first = first.first().map(|path| printable(path)).unwrap_or_default();
        format!("{table}: {files} not read: {reason}, such as `{first}`\n")
    };
    passed_over.iter().map(line).collect()
}

/// Logs warnings, where nothing is printed.
pub(super) fn log_warnings(warnings: &[Warning]) {
    for Warning { table, text } in warnings {
        tracing::warn!(table, "{}", printable(text));
    }
}
