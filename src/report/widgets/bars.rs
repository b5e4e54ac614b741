//! Amounts as bars, one below the other.

use maud::{Markup, html};

use super::scale::{LETTERS, Scale, WIDTH, drawing, rounded};
use crate::number_format::short;

/// Horizontal bars from a common origin.
pub(crate) struct Bars<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub alt_text: &'a str,
    pub rows: &'a [Bar],
}

/// One bar; `value` is 0 or more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bar {
    pub label: String,
    pub value: f64,
    /// The value as it reads.
    pub text: String,
}

const ROW: f64 = 36.0;

impl Bars<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let highest = self.rows.iter().map(|row| row.value).fold(0.0, f64::max);
        let scale = Scale::linear((0.0, highest), (0.0, WIDTH));
        let inside = html! {
            @for (row, y) in self.rows.iter().zip((0..).map(|at| ROW * f64::from(at))) {
                text.name x="0" y=(y + 13.0) { (short(&row.label, LETTERS.saturating_sub(row.text.chars().count()))) }
                text.name x=(WIDTH) y=(y + 13.0) text-anchor="end" { (row.text) }
                rect.track x="0" y=(y + 19.0) width=(WIDTH) height="9" {}
                rect.bar x="0" y=(y + 19.0) width=(rounded(scale.at(row.value))) height="9" {}
            }
        };
        drawing(self.name, self.title, self.alt_text, ROW * self.rows.len() as f64, &inside)
    }
}
