//! Scales, ticks and numbers in words: what every chart is drawn with.
//!
//! Charts are 360 units wide, about the pixels of a phone: there their letters have the size of the page's own, and a
//! wide screen shows several beside each other.

use maud::{Markup, html};

/// Width of a chart.
pub(super) const WIDTH: f64 = 360.0;

/// How many letters of the widest system fonts a line of a chart holds.
pub(super) const LETTERS: usize = 48;

/// How values of one axis become places.
pub(super) struct Scale {
    log: bool,
    values: (f64, f64),
    places: (f64, f64),
}

impl Scale {
    /// Equal steps for equal differences.
    pub(super) fn linear(values: (f64, f64), places: (f64, f64)) -> Self {
        let values = if values.0 == values.1 { (values.0, values.0 + 1.0) } else { values };
        Self { log: false, values, places }
    }

    /// Equal steps for equal ratios; `values` are above 0.
    pub(super) fn log(values: (f64, f64), places: (f64, f64)) -> Self {
        let values = if values.0 == values.1 { (values.0 / 2.0, values.0 * 2.0) } else { values };
        Self { log: true, values, places }
    }

    /// Where a value lies, with one digit after the point; what is beyond an end lies on it.
    pub(super) fn at(&self, value: f64) -> f64 {
        let on = |value: f64| if self.log { libm::log10(value) } else { value };
        let (low, high) = (on(self.values.0), on(self.values.1));
        let share = if self.log && value <= 0.0 { 0.0 } else { (on(value) - low) / (high - low) };
        let (from, to) = self.places;
        rounded(from + share.clamp(0.0, 1.0) * (to - from))
    }

    /// Round values within the scale, at most `most` of them: 1, 2 or 5 times a power of ten apart, or powers of ten.
    pub(super) fn ticks(&self, most: usize) -> Vec<f64> {
        let (low, high) = self.values;
        let within = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
        if self.log {
            let powers =
                libm::floor(libm::log10(low)) as i32..=libm::ceil(libm::log10(high)) as i32;
            let of = |steps: &[f64]| -> Vec<f64> {
                let values =
                    powers.clone().flat_map(|power| steps.iter().map(move |s| s * ten(power)));
                values.filter(within).collect()
            };
            let fitting =
                [&[1.0, 2.0, 5.0][..], &[1.0]].map(of).into_iter().find(|t| t.len() <= most);
            return fitting.unwrap_or_else(|| {
                let all = of(&[1.0]);
                let every = all.len().div_ceil(most);
                all.into_iter().step_by(every).collect()
            });
        }
        let power = libm::floor(libm::log10((high - low) / most as f64)) as i32;
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|step| step * ten(power));
        let count =
            |step: f64| libm::floor(high / step + 1e-9) - libm::ceil(low / step - 1e-9) + 1.0;
        let step = steps.into_iter().find(|step| count(*step) <= most as f64).unwrap_or(high - low);
        let first = libm::ceil(low / step - 1e-9) as i64;
        (first..first + count(step) as i64).map(|n| n as f64 * step).collect()
    }
}

fn ten(power: i32) -> f64 {
    // Dividing keeps 0.1 what it reads.
    if power < 0 { 1.0 / 10_f64.powi(-power) } else { 10_f64.powi(power) }
}

/// With one digit after the point.
pub(super) fn rounded(place: f64) -> f64 {
    libm::round(place * 10.0) / 10.0
}

/// A drawing that says in words what it shows; `name` is its own on the page.
pub(super) fn drawing(name: &str, title: &str, told: &str, height: f64, inside: &Markup) -> Markup {
    let (title_id, told_id) = (format!("{name}-title"), format!("{name}-told"));
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (height) } role="img" aria-labelledby=(title_id) aria-describedby=(told_id) {
            title id=(title_id) { (title) }
            desc id=(told_id) { (told) }
            (inside)
        }
    }
}

/// Ticks and their numbers below a chart, `left` and `right` being its ends, and what they count.
pub(super) fn below(scale: &Scale, y: f64, (left, right): (f64, f64), label: &str) -> Markup {
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

/// Lines across a chart with their numbers at its left, and what they count above.
pub(super) fn beside(scale: &Scale, (left, right): (f64, f64), top: f64, label: &str) -> Markup {
    html! {
        @for tick in scale.ticks(5) {
            @let y = scale.at(tick);
            line.grid x1=(left) x2=(right) y1=(y) y2=(y) {}
            text.tick x=(left - 6.0) y=(y + 4.0) text-anchor="end" { (at_axis(tick)) }
        }
        text.label x="0" y=(top) { (label) }
    }
}

/// A whole number with its thousands parted.
pub(super) fn count(whole: u64) -> String {
    let digits = whole.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with as many digits as tell something: two that count below 1, one after the point below 100.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    let trimmed = |text: String| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    let text = match size {
        0.0 => "0".to_owned(),
        _ if size < 1e-4 => format!("{size:.0e}"),
        _ if size < 0.995 => {
            let digits = (1.0 - libm::floor(libm::log10(size))) as usize;
            trimmed(format!("{size:.digits$}"))
        }
        _ if size < 99.95 => trimmed(format!("{size:.1}")),
        _ => count(libm::round(size) as u64),
    };
    format!("{sign}{text}")
}

/// A number beside an axis, where there is little room.
fn at_axis(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", number(value / 1e6)),
        size if size >= 1e4 => format!("{}k", number(value / 1e3)),
        _ => number(value),
    }
}

/// A number with `digits` after the point and a minus that is as wide as a plus.
pub(super) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(size) if size.bytes().any(|b| (b'1'..=b'9').contains(&b)) => format!("−{size}"),
        Some(zero) => zero.to_owned(),
        None => text,
    }
}

/// Points gained or lost, with their sign.
pub(super) fn signed(points: f64) -> String {
    signed_to(points, 1)
}

/// A difference with its sign and `digits` after the point.
pub(super) fn signed_to(difference: f64, digits: usize) -> String {
    let text = fixed(difference, digits);
    let none = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if text.starts_with('−') || none { text } else { format!("+{text}") }
}

/// The first `most` letters of a text that is longer.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The text with its first letter large.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_a_scale_are_ends_of_its_places() {
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
    fn numbers_read_as_people_write_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let told = [0.0, 0.00902, 0.5, 0.999, 1.0, 12.34, 624.2, -3124.0, 0.6000000000000001];
        assert_eq!(
            told.map(number),
            ["0", "0.009", "0.5", "1", "1", "12.3", "624", "−3,124", "0.6"]
        );
        assert_eq!([5000.0, 2e4, -3e6].map(at_axis), ["5,000", "20k", "−3M"]);
        assert_eq!([1.25, -0.04, -2.0, 0.0].map(signed), ["+1.2", "0.0", "−2.0", "0.0"]);
        assert_eq!(short("renown", 6), "renown");
        assert_eq!(short("renowned", 6), "renow…");
    }
}
