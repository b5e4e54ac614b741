//! How many people fall into each bin.

use maud::{Markup, html};

use super::scale::{Scale, WIDTH, axis_below, axis_left, drawing, rounded};

/// Bars over adjacent bins.
pub(crate) struct Histogram<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub alt_text: &'a str,
    pub bins: &'a [Bin],
    /// Whether the vertical scale is logarithmic, so that few people are visible next to many.
    pub log: bool,
    /// A horizontal line to compare with, and its name.
    pub line: Option<(f64, &'a str)>,
    pub across: &'a str,
    pub upward: &'a str,
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bin {
    pub from: f64,
    pub to: f64,
    pub value: f64,
    /// Ends of the interval of the value.
    pub interval: Option<(f64, f64)>,
}

const HEIGHT: f64 = 230.0;
const SIDES: (f64, f64) = (44.0, WIDTH - 14.0);
const ENDS: (f64, f64) = (190.0, 26.0);

impl Histogram<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let ends = |bin: &Bin| [Some(bin.value), bin.interval.map(|(_, high)| high)];
        let highest = self.bins.iter().flat_map(ends).flatten().chain(self.line.map(|line| line.0));
        let highest = highest.fold(0.0, f64::max);
        let upward = match self.log {
            // Below one person there is room for the bar of one.
            true => Scale::log((0.6, highest.max(1.0) * 1.3), ENDS),
            false => Scale::linear((0.0, highest * 1.1), ENDS),
        };
        let from = self.bins.first().map_or(0.0, |bin| bin.from);
        let to = self.bins.last().map_or(1.0, |bin| bin.to);
        let across = Scale::linear((from, to), SIDES);
        let inside = html! {
            (axis_left(&upward, SIDES, 14.0, self.upward))
            @for bin in self.bins.iter().filter(|bin| bin.value > 0.0) {
                @let (left, right, top) = (across.at(bin.from), across.at(bin.to), upward.at(bin.value));
                rect.bar.pale[bin.interval.is_some()] x=(rounded(left + 0.5)) width=(rounded((right - left - 1.0).max(1.0)))
                    y=(top) height=(rounded(ENDS.0 - top)) {}
                @if let Some((low, high)) = bin.interval {
                    @let x = rounded((left + right) / 2.0);
                    line.whisker x1=(x) x2=(x) y1=(upward.at(low)) y2=(upward.at(high)) {}
                }
            }
            @if let Some((value, name)) = self.line {
                @let y = upward.at(value);
                line.reference x1=(SIDES.0) x2=(SIDES.1) y1=(y) y2=(y) {}
                text.key x=(SIDES.1) y="14" text-anchor="end" { "– – " (name) }
            }
            (axis_below(&across, ENDS.0, SIDES, self.across))
        };
        drawing(self.name, self.title, self.alt_text, HEIGHT, &inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_reach_as_high_as_their_values() {
        let bin = |from: f64, value| Bin { from, to: from + 1.0, value, interval: None };
        let bins = [bin(0.0, 50.0), bin(1.0, 0.0), bin(2.0, 100.0)];
        let drawn = Histogram {
            name: "h",
            title: "t",
            alt_text: "d",
            bins: &bins,
            log: false,
            line: Some((75.0, "even")),
            across: "points",
            upward: "people",
        };
        let drawn = drawn.draw().into_string();
        let heights: Vec<f64> = drawn
            .split(" height=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        let [one, two] = heights[..] else { panic!("{heights:?}") };
        assert!((two - 2.0 * one).abs() < 0.11 && two < ENDS.0 - ENDS.1);
        assert!(drawn.contains("even") && drawn.contains("points") && drawn.contains("people"));
    }
}
