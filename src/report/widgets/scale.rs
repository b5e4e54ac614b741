//! Scales, axes and the frame that every chart is drawn with.
//!
//! Charts are 360 units wide, about the pixels of a phone: there their letters have the size of the page's own, and a
//! wide screen shows several side by side.

use maud::{Markup, html};

use crate::number_format::number;

/// Width of a chart.
pub(crate) const WIDTH: f64 = 360.0;

/// How many letters of the widest system fonts a line of a chart holds.
pub(crate) const LETTERS: usize = 48;

/// How values become positions along one axis.
pub(crate) struct Scale {
    log: bool,
    values: (f64, f64),
    positions: (f64, f64),
}

impl Scale {
    /// Equal steps for equal differences.
    pub(crate) fn linear(values: (f64, f64), positions: (f64, f64)) -> Self {
        let values = if values.0 == values.1 { (values.0, values.0 + 1.0) } else { values };
        Self { log: false, values, positions }
    }

    /// Equal steps for equal ratios; `values` are above 0.
    pub(crate) fn log(values: (f64, f64), positions: (f64, f64)) -> Self {
        let values = if values.0 == values.1 { (values.0 / 2.0, values.0 * 2.0) } else { values };
        Self { log: true, values, positions }
    }

    /// The position of a value, with one digit after the point; what is beyond an end lies on it.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let on = |value: f64| if self.log { libm::log10(value) } else { value };
        let (low, high) = (on(self.values.0), on(self.values.1));
        let share = if self.log && value <= 0.0 { 0.0 } else { (on(value) - low) / (high - low) };
        let (from, to) = self.positions;
        rounded(from + share.clamp(0.0, 1.0) * (to - from))
    }

    /// Round values within the scale, at most `limit`: 1, 2 or 5 times a power of ten apart, or powers of ten.
    pub(crate) fn ticks(&self, limit: usize) -> Vec<f64> {
        let (low, high) = self.values;
        let within = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
        if self.log {
            let powers =
                libm::floor(libm::log10(low)) as i32..=libm::ceil(libm::log10(high)) as i32;
            let multiples = |steps: &[f64]| -> Vec<f64> {
                let values =
                    powers.clone().flat_map(|power| steps.iter().map(move |s| s * ten(power)));
                values.filter(within).collect()
            };
            let fitting = [&[1.0, 2.0, 5.0][..], &[1.0]]
                .map(multiples)
                .into_iter()
                .find(|t| t.len() <= limit);
            return fitting.unwrap_or_else(|| {
                let all = multiples(&[1.0]);
                let every = all.len().div_ceil(limit);
                all.into_iter().step_by(every).collect()
            });
        }
        let power = libm::floor(libm::log10((high - low) / limit as f64)) as i32;
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|step| step * ten(power));
        let count =
            |step: f64| libm::floor(high / step + 1e-9) - libm::ceil(low / step - 1e-9) + 1.0;
        let step =
            steps.into_iter().find(|step| count(*step) <= limit as f64).unwrap_or(high - low);
        let first = libm::ceil(low / step - 1e-9) as i64;
        (first..first + count(step) as i64).map(|n| n as f64 * step).collect()
    }
}

fn ten(power: i32) -> f64 {
    // Dividing keeps 0.1 what it reads.
    if power < 0 { 1.0 / 10_f64.powi(-power) } else { 10_f64.powi(power) }
}

/// With one digit after the point.
pub(crate) fn rounded(position: f64) -> f64 {
    libm::round(position * 10.0) / 10.0
}

/// A drawing with a text that says what it shows; no other on the page has its `name`.
pub(crate) fn drawing(
    name: &str,
    title: &str,
    alt_text: &str,
    height: f64,
    inside: &Markup,
) -> Markup {
    let (title_id, desc_id) = (format!("{name}-title"), format!("{name}-desc"));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby=(title_id) aria-describedby=(desc_id) {
            title id=(title_id) { (title) }
            desc id=(desc_id) { (alt_text) }
            (inside)
        }
    }
}

/// Ticks and their numbers below a chart, `left` and `right` being its ends, and their label.
pub(crate) fn axis_below(scale: &Scale, y: f64, (left, right): (f64, f64), label: &str) -> Markup {
    html! {
        line.axis x1=(left) x2=(right) y1=(y) y2=(y) {}
        @for tick in scale.ticks(6) {
            @let x = scale.at(tick);
            line.axis x1=(x) x2=(x) y1=(y) y2=(y + 4.0) {}
            // Numbers at the edges stay within the drawing.
            @let anchor = if x < 16.0 { "start" } else if x > WIDTH - 16.0 { "end" } else { "middle" };
            text.tick x=(x) y=(y + 16.0) text-anchor=(anchor) { (at_axis(tick)) }
        }
        text.label x=(right) y=(y + 33.0) text-anchor="end" { (label) }
    }
}

/// Lines across a chart with their numbers at its left, and their label above.
pub(crate) fn axis_left(scale: &Scale, (left, right): (f64, f64), top: f64, label: &str) -> Markup {
    html! {
        @for tick in scale.ticks(5) {
            @let y = scale.at(tick);
            line.grid x1=(left) x2=(right) y1=(y) y2=(y) {}
            text.tick x=(left - 6.0) y=(y + 4.0) text-anchor="end" { (at_axis(tick)) }
        }
        text.label x="0" y=(top) { (label) }
    }
}

/// A number at an axis, where there is little room.
fn at_axis(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", number(value / 1e6)),
        size if size >= 1e4 => format!("{}k", number(value / 1e3)),
        _ => number(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_scale_are_ends_of_its_positions() {
        let linear = Scale::linear((1.0, 21.0), (30.0, 130.0));
        assert_eq!(
            [1.0, 11.0, 21.0, 99.0, -5.0].map(|v| linear.at(v)),
            [30.0, 80.0, 130.0, 130.0, 30.0]
        );
        let log = Scale::log((0.01, 100.0), (200.0, 0.0));
        assert_eq!([0.01, 1.0, 100.0, 0.0].map(|v| log.at(v)), [200.0, 100.0, 0.0, 200.0]);
        assert!(Scale::linear((3.0, 3.0), (0.0, 1.0)).at(3.0).is_finite());
        assert!(Scale::log((3.0, 3.0), (0.0, 1.0)).at(3.0).is_finite());
    }

    #[test]
    fn ticks_are_round_and_few() {
        let linear = |low, high| Scale::linear((low, high), (0.0, 1.0)).ticks(6);
        assert_eq!(linear(1.0, 16.0), [5.0, 10.0, 15.0]);
        assert_eq!(linear(0.0, 1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(linear(-0.3, 0.3), [-0.2, 0.0, 0.2]);
        let log = |low, high| Scale::log((low, high), (0.0, 1.0)).ticks(6);
        assert_eq!(log(0.5, 5.0), [0.5, 1.0, 2.0, 5.0]);
        assert_eq!(log(0.001, 10.0), [0.001, 0.01, 0.1, 1.0, 10.0]);
        assert_eq!(log(1.0, 1e9), [1.0, 100.0, 1e4, 1e6, 1e8]);
    }

    #[test]
    fn numbers_at_axes_are_short() {
        assert_eq!([5000.0, 2e4, -3e6].map(at_axis), ["5,000", "20k", "−3M"]);
    }
}
