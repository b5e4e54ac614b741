//! Tables, figures and notices.

use maud::{Markup, html};

/// A sentence where there is nothing to show, with the command that would change that.
pub(crate) fn nothing(why: &str, command: &str) -> Markup {
    html! { p.nothing { (why) " " code { (command) } } }
}

/// A chart below a sentence about what it shows, with its numbers.
pub(crate) fn figure(sentence: &str, chart: &Markup, numbers: Option<&Markup>) -> Markup {
    html! {
        figure {
            figcaption { (sentence) }
            (chart)
            @if let Some(numbers) = numbers { details { summary { "The numbers" } (numbers) } }
        }
    }
}

/// A column of a table.
pub(crate) enum Column<'a> {
    Text(&'a str),
    Number(&'a str),
}

/// A table that scrolls within itself where it is wide; the first cell of a row is its head.
pub(crate) fn table(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead { tr { @for column in columns { @match column {
                    Column::Text(name) => th scope="col" { (name) },
                    Column::Number(name) => th.number scope="col" { (name) },
                } } } }
                tbody { @for row in rows { tr { @for (at, (cell, column)) in row.iter().zip(columns).enumerate() {
                    @match (at, column) {
                        (0, Column::Number(_)) => th.number scope="row" { (cell) },
                        (0, _) => th scope="row" { (cell) },
                        (_, Column::Number(_)) => td.number { (cell) },
                        (_, Column::Text(_)) => td { (cell) },
                    }
                } } } }
            }
        }
    }
}
