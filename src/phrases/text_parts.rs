//! Parts of a text: words, hashtags, URLs and names of accounts.

use memchr::memchr3;

use super::fold::{Letter, letter};

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Words, including those of hashtags, without URLs and names of accounts (`@name`).
    Words(&'a str),
    /// A hashtag without its `#`; it is part of the words too.
    Tag(&'a str),
    /// A URL with its scheme.
    Url(&'a str),
}

/// Passes the parts of `text` to `visit`, in order of their ends.
pub(super) fn for_each_part<'a>(text: &'a str, mut visit: impl FnMut(Part<'a>)) {
    let (mut from, mut at) = (0, 0);
    while let Some(found) = memchr3(b'#', b'@', b':', &text.as_bytes()[at..]) {
        let mark = at + found;
        at = mark + 1;
        match text.as_bytes()[mark] {
            b':' => {
                let Some(start) = scheme(&text[from..mark], &text[at..]) else { continue };
                let start = from + start;
                let ends = text.as_bytes()[at..].iter().position(|byte| ends_url(*byte));
                let end = ends.map_or(text.len(), |length| at + length);
                visit(Part::Words(&text[from..start]));
                visit(Part::Url(&text[start..end]));
                (from, at) = (end, end);
            }
            _ if ends_word(&text[..mark]) => {}
            sign => {
                let word = word(&text[at..]);
                at += word.len();
                if sign == b'@' && !word.is_empty() {
                    visit(Part::Words(&text[from..mark]));
                    from = at;
                } else if sign == b'#' && word.contains(char::is_alphabetic) {
                    visit(Part::Tag(word));
                }
            }
        }
    }
    visit(Part::Words(&text[from..]));
}

fn is_word(c: char) -> bool {
    c == '_' || if c.is_ascii() { c.is_ascii_alphanumeric() } else { letter(c) != Letter::None }
}

fn ends_word(text: &str) -> bool {
    match text.as_bytes().last() {
        Some(byte) if byte.is_ascii() => *byte == b'_' || byte.is_ascii_alphanumeric(),
        _ => text.chars().next_back().is_some_and(is_word),
    }
}

/// The word that `text` starts with.
fn word(text: &str) -> &str {
    let in_ascii = |byte: &u8| *byte == b'_' || byte.is_ascii_alphanumeric();
    let ascii = text.bytes().take_while(in_ascii).count();
    match text.as_bytes().get(ascii) {
        Some(byte) if !byte.is_ascii() => {
            let rest = text[ascii..].find(|c| !is_word(c));
            rest.map_or(text, |length| &text[..ascii + length])
        }
        _ => &text[..ascii],
    }
}

/// Where the scheme starts that `before` ends with, if a URL follows `after` the colon.
fn scheme(before: &str, after: &str) -> Option<usize> {
    if !after.starts_with("//") {
        return None;
    }
    let start = before.len() - before.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    let web = ["http", "https"].iter().any(|scheme| before[start..].eq_ignore_ascii_case(scheme));
    web.then_some(start)
}

/// A URL ends at the first character beyond ASCII: if it belongs to the URL, its words are searched as text.
fn ends_url(byte: u8) -> bool {
    !byte.is_ascii_graphic() || matches!(byte, b'<' | b'>' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Part<'_>> {
        let mut all = Vec::new();
        for_each_part(text, |part| all.push(part));
        all
    }

    #[test]
    fn tags_urls_and_names_are_distinguished_from_words() {
        use Part::{Tag, Url, Words};
        assert_eq!(all("plain: words"), [Words("plain: words")]);
        assert_eq!(all("I #love Rust"), [Tag("love"), Words("I #love Rust")]);
        assert_eq!(
            all("see HTTPS://a.b/c?d#e, by @me"),
            [Words("see "), Url("HTTPS://a.b/c?d#e,"), Words(" by "), Words("")]
        );
        assert_eq!(all("a#b c@d.e #1 #_ # @ ::"), [Words("a#b c@d.e #1 #_ # @ ::")]);
        assert_eq!(all("xhttp://a"), [Words("xhttp://a")]);
        assert_eq!(all("#東京 #ที่นี่!"), [Tag("東京"), Tag("ที่นี่"), Words("#東京 #ที่นี่!")]);
        assert_eq!(
            all("http://a http://b"),
            [Words(""), Url("http://a"), Words(" "), Url("http://b"), Words("")]
        );
    }

    #[test]
    fn parts_of_any_text_are_substrings() {
        let mut random = fastrand::Rng::with_seed(6);
        for _ in 0..3_000 {
            let piece = |random: &mut fastrand::Rng| match random.u8(0..5) {
                0 => "http://".to_owned(),
                1 => random.choice(["#", "@", ":", "//", " ", "\0", "…"]).unwrap_or("").to_owned(),
                2 => random.char(..).to_string(),
                _ => random.alphanumeric().to_string(),
            };
            let text: String = (0..random.usize(0..20)).map(|_| piece(&mut random)).collect();
            let mut last = "";
            for part in all(&text) {
                let (Part::Words(of) | Part::Tag(of) | Part::Url(of)) = part;
                assert!(text.contains(of));
                last = of;
            }
            assert!(text.ends_with(last), "{text:?}");
        }
    }
}
