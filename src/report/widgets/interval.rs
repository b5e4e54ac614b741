//! A score within its interval, small enough for a line of text.

use maud::{Markup, html};

use super::scale::Scale;
use crate::number_format::fixed;

/// Draws a score between the ends of its interval, on a scale from 1 to `highest` points; no other on the page has its `number`.
pub(crate) fn draw(number: usize, score: f64, (low, high): (f64, f64), highest: f64) -> Markup {
    let scale = Scale::linear((1.0, highest), (6.0, 154.0));
    let (from, to) = (scale.at(low), scale.at(high));
    let name = format!("interval-{number}");
    html! {
        svg.interval viewBox="0 0 160 14" role="img" aria-labelledby=(name) {
            title id=(name) {
                "Score " (fixed(score, 1)) ", 90 % prediction interval " (fixed(low, 1)) " to " (fixed(high, 1))
            }
            line.axis x1="6" x2="154" y1="7" y2="7" {}
            line.whisker.strong x1=(from) x2=(to) y1="7" y2="7" {}
            circle.dot.strong cx=(scale.at(score)) cy="7" r="4.5" {}
        }
    }
}
