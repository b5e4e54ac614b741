//! A score within its interval, small enough to stand in a line.

use maud::{Markup, html};

use super::chart::{Scale, fixed};

/// Draws a score between the ends of its interval, from 1 to `most` points; `place` tells it from others on the page.
pub(super) fn interval(place: usize, score: f64, (low, high): (f64, f64), most: f64) -> Markup {
    let scale = Scale::linear((1.0, most), (6.0, 154.0));
    let (from, to) = (scale.at(low), scale.at(high));
    let name = format!("interval-{place}");
    html! {
        svg.interval viewBox="0 0 160 14" role="img" aria-labelledby=(name) {
            title id=(name) {
                "Score " (fixed(score, 1)) ", in 90 of 100 cases from " (fixed(low, 1)) " to " (fixed(high, 1))
            }
            line.axis x1="6" x2="154" y1="7" y2="7" {}
            line.whisker.strong x1=(from) x2=(to) y1="7" y2="7" {}
            circle.dot.strong cx=(scale.at(score)) cy="7" r="4.5" {}
        }
    }
}
