//! Observed against forecast people.

use maud::{Markup, html};

use super::scale::{Scale, WIDTH, axis_below, axis_left, drawing};

/// People in deciles by their forecast, with the mean forecast and the mean observed number of each.
pub(crate) struct Calibration<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub alt_text: &'a str,
    pub deciles: &'a [Decile],
}

/// The people of one decile.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decile {
    pub forecast: f64,
    pub observed: f64,
    /// Ends of the interval of the observed number.
    pub interval: Option<(f64, f64)>,
}

const HEIGHT: f64 = 350.0;
const SIDES: (f64, f64) = (48.0, WIDTH - 12.0);
const ENDS: (f64, f64) = (310.0, 26.0);

impl Calibration<'_> {
    pub(crate) fn draw(&self) -> Markup {
        let values = self.deciles.iter().flat_map(|t| {
            let (low, high) = t.interval.unwrap_or((t.observed, t.observed));
            [t.forecast, t.observed, low, high]
        });
        let above: Vec<f64> = values.filter(|value| *value > 0.0).collect();
        let low = above.iter().copied().fold(f64::INFINITY, f64::min);
        let high = above.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Both axes are the same, so that the diagonal is where observed and forecast are equal.
        let ends = if above.is_empty() { (0.1, 10.0) } else { (low / 1.6, high * 1.6) };
        let (across, upward) = (Scale::log(ends, SIDES), Scale::log(ends, ENDS));
        let inside = html! {
            (axis_left(&upward, SIDES, 14.0, "observed people, on average"))
            line.reference x1=(SIDES.0) y1=(ENDS.0) x2=(SIDES.1) y2=(ENDS.1) {}
            text.tick.halo x=(SIDES.1 - 34.0) y=(ENDS.1 + 14.0) text-anchor="end" { "as forecast" }
            @for decile in self.deciles {
                @let (x, y) = (across.at(decile.forecast), upward.at(decile.observed));
                @if let Some((low, high)) = decile.interval {
                    line.whisker.strong x1=(x) x2=(x) y1=(upward.at(low)) y2=(upward.at(high)) {}
                }
                @if decile.observed > 0.0 {
                    circle.dot.strong cx=(x) cy=(y) r="5" {}
                } @else {
                    // Nobody reacted, and a logarithmic scale has no 0.
                    path.dot d={ "M" (x - 5.0) " " (y - 9.0) "h10l-5 9z" } {}
                }
            }
            (axis_below(&across, ENDS.0, SIDES, "forecast people, on average"))
        };
        drawing(self.name, self.title, self.alt_text, HEIGHT, &inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_forecast_lies_on_the_diagonal() {
        let decile = |forecast, observed| Decile { forecast, observed, interval: None };
        let deciles = [decile(0.01, 0.01), decile(3.0, 3.0), decile(0.5, 0.0)];
        let drawn = Calibration { name: "r", title: "t", alt_text: "d", deciles: &deciles }.draw();
        let drawn = drawn.into_string();
        let place = |circle: &str, name: &str| -> f64 {
            let rest = circle.split(&format!(" {name}=\"")).nth(1).unwrap();
            rest.split('"').next().unwrap().parse().unwrap()
        };
        let circles: Vec<&str> = drawn.split("<circle").skip(1).collect();
        assert_eq!(circles.len(), 2, "no one reacted to the third");
        for circle in circles {
            let across = (place(circle, "cx") - SIDES.0) / (SIDES.1 - SIDES.0);
            let upward = (ENDS.0 - place(circle, "cy")) / (ENDS.0 - ENDS.1);
            assert!((across - upward).abs() < 1e-3, "{circle}");
        }
        assert!(drawn.contains("class=\"dot\" d="));
    }
}
