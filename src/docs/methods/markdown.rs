//! Markdown of texts and tables.

use crate::error::printable;

/// A text of the data or of a user's file, so that nothing in it is markup.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in printable(text).chars() {
        // `|` is left to the table.
        if "\\`*_{}[]<>#$~&^@".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A text in plain symbols, unchanged.
pub(super) fn code(text: &str) -> String {
    let text = printable(text);
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

/// A table; cells are Markdown of one line.
pub(super) fn table(header: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| {
        let cells = cells.iter().map(|cell| format!(" {} |", cell.replace('|', "\\|")));
        format!("|{}\n", cells.collect::<String>())
    };
    let rule = format!("|{}\n", "---|".repeat(header.len()));
    line(header) + &rule + &rows.map(|row| line(&row)).collect::<String>()
}
