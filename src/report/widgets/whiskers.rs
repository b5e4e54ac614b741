//! Values with their intervals, one below the other.

use maud::{Markup, html};

use super::scale::{LETTERS, Scale, WIDTH, axis_below, drawing};
use crate::number_format::short;

/// Dots with whiskers on one scale.
pub(crate) struct Whiskers<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub alt_text: &'a str,
    pub rows: &'a [Whisker],
    pub log: bool,
    /// A value to compare with, and its name.
    pub reference: Option<(f64, &'a str)>,
    pub across: &'a str,
}

/// One line of the chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whisker {
    pub label: String,
    pub value: f64,
    pub interval: Option<(f64, f64)>,
    /// Value and interval as they read.
    pub text: String,
    /// Whether the line is what the chart is about.
    pub strong: bool,
}

impl Whisker {
    /// Whether its label or text may reach to `x`, as wide as they may be.
    fn has_letters_at(&self, x: f64) -> bool {
        let letter = (SIDES.1 - SIDES.0) / LETTERS as f64;
        let text = letter * (self.text.chars().count() + 1) as f64;
        let label = letter * (self.label.chars().count() + 1) as f64;
        x < SIDES.0 + label || x > SIDES.1 - text
    }
}

const ROW: f64 = 34.0;
const SIDES: (f64, f64) = (8.0, WIDTH - 8.0);
const TOP: f64 = 22.0;

impl Whiskers<'_> {
    fn scale(&self) -> Scale {
        let ends = |row: &Whisker| {
            let (low, high) = row.interval.unwrap_or((row.value, row.value));
            [low, row.value, high]
        };
        let values =
            self.rows.iter().flat_map(ends).chain(self.reference.map(|reference| reference.0));
        let values: Vec<f64> = values.filter(|value| !self.log || *value > 0.0).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        match (values.is_empty(), self.log) {
            (true, _) => Scale::linear((0.0, 1.0), SIDES),
            (_, true) => Scale::log((low / 1.2, high * 1.2), SIDES),
            (_, false) => {
                let more = (high - low) * 0.04;
                Scale::linear((low - more, high + more), SIDES)
            }
        }
    }

    pub(crate) fn draw(&self) -> Markup {
        let scale = self.scale();
        // Where all are alike none is bold.
        let mixed = self.rows.iter().any(|row| !row.strong);
        let bottom = TOP + ROW * self.rows.len() as f64;
        let inside = html! {
            @if let Some((value, name)) = self.reference {
                @let x = scale.at(value);
                line.reference x1=(x) x2=(x) y1=(TOP - 4.0) y2=(TOP) {}
                @for (row, y) in self.rows.iter().zip((0..).map(|at| TOP + ROW * f64::from(at))) {
                    // It leaves out the letters that it would cross.
                    @let from = if row.has_letters_at(x) { y + 16.0 } else { y };
                    line.reference x1=(x) x2=(x) y1=(from) y2=(y + ROW) {}
                }
                @let anchor = if x < 120.0 { "start" } else if x > 240.0 { "end" } else { "middle" };
                text.tick x=(x) y=(TOP - 9.0) text-anchor=(anchor) { (name) }
            }
            @for (row, y) in self.rows.iter().zip((0..).map(|at| TOP + ROW * f64::from(at))) {
                @let bold = row.strong && mixed;
                @let letters = LETTERS.saturating_sub(row.text.chars().count());
                text.name.halo.strong[bold] x=(SIDES.0) y=(y + 12.0) { (short(&row.label, letters)) }
                text.name.halo.strong[bold] x=(SIDES.1) y=(y + 12.0) text-anchor="end" { (row.text) }
                @let (x, middle) = (scale.at(row.value), y + 22.0);
                @if let Some((low, high)) = row.interval {
                    line.whisker.strong[row.strong] x1=(scale.at(low)) x2=(scale.at(high)) y1=(middle) y2=(middle) {}
                }
                @if row.strong {
                    circle.dot.strong cx=(x) cy=(middle) r="5" {}
                } @else {
                    circle.dot cx=(x) cy=(middle) r="4" {}
                }
            }
            (axis_below(&scale, bottom, SIDES, self.across))
        };
        drawing(self.name, self.title, self.alt_text, bottom + 40.0, &inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiskers_of_equal_length_are_equal_and_the_names_are_escaped() {
        let row = |label: &str, value: f64, strong| Whisker {
            label: label.into(),
            value,
            interval: Some((value - 0.1, value + 0.1)),
            text: String::new(),
            strong,
        };
        let rows = [row("<b>", 0.2, true), row("two", 0.6, false)];
        let chart = Whiskers {
            name: "w",
            title: "t",
            alt_text: "d",
            rows: &rows,
            log: false,
            reference: Some((0.0, "chance")),
            across: "ρ",
        };
        let drawn = chart.draw().into_string();
        let attribute = |text: &str, name: &str| -> f64 {
            let rest = text.split(&format!(" {name}=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let lengths: Vec<f64> = drawn
            .split("class=\"whisker")
            .skip(1)
            .map(|line| attribute(line, "x2") - attribute(line, "x1"))
            .collect();
        assert_eq!(lengths.len(), 2);
        assert!((lengths[0] - lengths[1]).abs() < 0.3 && lengths[0] > 50.0, "{lengths:?}");
        assert!(drawn.contains("&lt;b&gt;") && !drawn.contains("<b>"));
    }
}
