//! Numbers, days and texts as people read them.

use chrono::NaiveDate;

/// A whole number with its thousands separated.
pub(crate) fn count(whole: u64) -> String {
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

/// A count with the noun that it counts.
pub(crate) fn counted(whole: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(whole), if whole == 1 { singular } else { plural })
}

/// A length of time in days, or in hours where it is not whole days.
pub(crate) fn duration(hours: u32) -> String {
    match hours % 24 {
        0 => counted(u64::from(hours / 24), "day", "days"),
        _ => counted(u64::from(hours), "hour", "hours"),
    }
}

/// A number with at most three significant digits below 1,000: two below 1, one after the point below 100.
pub(crate) fn number(value: f64) -> String {
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

/// A number with `digits` after the point and a minus that is as wide as a plus.
pub(crate) fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(size) if size.bytes().any(|b| (b'1'..=b'9').contains(&b)) => format!("−{size}"),
        Some(zero) => zero.to_owned(),
        None => text,
    }
}

/// As [`fixed`], with four digits where these would all be 0, or a limit; exactly 0 is `0`.
pub(crate) fn precise(value: f64, digits: usize) -> String {
    let is_none = |text: &str| text.bytes().all(|byte| byte == b'0' || byte == b'.');
    let sign = if value < 0.0 { "−" } else { "" };
    match (fixed(value, digits), fixed(value, 4)) {
        _ if value == 0.0 => "0".to_owned(),
        (text, _) if !is_none(&text) => text,
        (_, text) if !is_none(&text) => text,
        _ => format!("{sign}<0.0001"),
    }
}

/// As [`precise`], with the sign.
pub(crate) fn signed_precise(difference: f64, digits: usize) -> String {
    let text = precise(difference, digits);
    if difference > 0.0 { format!("+{text}") } else { text }
}

/// Points gained or lost, with their sign.
pub(crate) fn signed(points: f64) -> String {
    signed_to(points, 1)
}

/// A difference with its sign and `digits` after the point.
pub(crate) fn signed_to(difference: f64, digits: usize) -> String {
    let text = fixed(difference, digits);
    let none = text.bytes().all(|byte| byte == b'0' || byte == b'.');
    if text.starts_with('−') || none { text } else { format!("+{text}") }
}

/// A text with at most `limit` letters.
pub(crate) fn short(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        return text.to_owned();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The text with its first letter large.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A day as people write it.
pub(crate) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// A count that is shown in steps of 11, where it is.
pub(crate) fn in_steps(value: Option<u64>) -> String {
    value.map_or_else(|| "< 11".to_owned(), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_formatted_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        let values = [0.0, 0.00902, 0.5, 0.999, 1.0, 12.34, 624.2, -3124.0, 0.6000000000000001];
        let texts = ["0", "0.009", "0.5", "1", "1", "12.3", "624", "−3,124", "0.6"];
        assert_eq!(values.map(number), texts);
        let differences = [0.0, -0.0, 0.00042, -0.00042, 0.0123, -2e-7];
        let texts = ["0", "0", "+0.0004", "−0.0004", "+0.012", "−<0.0001"];
        assert_eq!(differences.map(|value| signed_precise(value, 3)), texts);
        assert_eq!([1.25, -0.04, -2.0, 0.0].map(signed), ["+1.2", "0.0", "−2.0", "0.0"]);
        assert_eq!(short("renown", 6), "renown");
        assert_eq!(short("renowned", 6), "renow…");
    }
}
