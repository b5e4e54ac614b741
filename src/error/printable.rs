//! Texts that are not trusted, as people get to see them: names, ids, kinds and columns come from strangers.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Maximum length of a name that is shown, in characters; of a longer one beginning and end are shown.
const MAX_CHARACTERS: usize = 200;

/// `text` without characters that cannot be seen or that control a terminal: they are shown escaped, as `\u{200b}`.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = None;
    for c in text.chars() {
        match is_invisible(c, before) {
            true => {
                let _ = write!(shown, "{}", c.escape_unicode());
            }
            false => shown.push(c),
        }
        before = Some(c);
    }
    shown
}

/// A name of a stranger: as [`printable`], and cut.
pub fn printable_name(name: &str) -> String {
    printable(&cut(name))
}

/// `text` with whatever stands between backticks cut as names are.
pub(super) fn with_cut_names(text: &str) -> String {
    let parts: Vec<Cow<'_, str>> = text
        .split('`')
        .enumerate()
        // Every other part stands between backticks.
        .map(|(at, part)| if at % 2 == 1 { cut(part) } else { Cow::Borrowed(part) })
        .collect();
    parts.join("`")
}

/// Beginning and end of a text that is too long to read.
fn cut(text: &str) -> Cow<'_, str> {
    // No more bytes, no more characters.
    if text.len() <= MAX_CHARACTERS || text.chars().count() <= MAX_CHARACTERS {
        return Cow::Borrowed(text);
    }
    let half = (MAX_CHARACTERS - 1) / 2;
    let start: String = text.chars().take(MAX_CHARACTERS - 1 - half).collect();
    let mut end: Vec<char> = text.chars().rev().take(half).collect();
    end.reverse();
    Cow::Owned(format!("{start}…{}", end.into_iter().collect::<String>()))
}

/// Whether a character cannot be seen, turns the line round, or commands a terminal. What joins two letters or emoji stays.
fn is_invisible(c: char, before: Option<char>) -> bool {
    let joins =
        matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    if joins {
        return before.is_none_or(|before| before.is_ascii() || before.is_whitespace());
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        for (text, shown) in [
            ("Ann", "Ann"),
            ("a\u{200b}nn", "a\\u{200b}nn"),
            ("\u{202e}nnA", "\\u{202e}nnA"),
            ("a\x1b[2J", "a\\u{1b}[2J"),
            ("a\u{feff}", "a\\u{feff}"),
            ("e\u{301}", "e\u{301}"),
            ("👩\u{200d}🔬 ❤\u{fe0f}", "👩\u{200d}🔬 ❤\u{fe0f}"),
            ("a\u{200d}b", "a\\u{200d}b"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        let name = format!("{}{}", "ü".repeat(150), "z".repeat(150));
        let shown = printable_name(&name);
        assert_eq!(shown.chars().count(), MAX_CHARACTERS);
        assert!(shown.starts_with("üü") && shown.contains('…') && shown.ends_with("zz"));
        assert_eq!(printable_name(&"a".repeat(200)), "a".repeat(200));
        let said = with_cut_names(&format!("column `{name}` is null in {}", "1".repeat(300)));
        assert_eq!(said.chars().count(), 21 + MAX_CHARACTERS + 300);
    }
}
