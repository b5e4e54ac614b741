//! Texts as words: different ways of writing the same words become the same bytes.
//!
//! A folded text is its words between single spaces, ` new york s c++ 東 京 `: a phrase that starts and ends with a
//! space is found only at word boundaries, whatever separated the words.
//!
//! - Case, width, ligatures and the like fold as NFKC_Casefold does (Unicode Standard §3.13, R5; UTS 46 §4 with
//!   its four deviations mapped too). Accents stay: *año* is not *ano*. The dot of İ goes: *İstanbul* is *istanbul*. So do the
//!   vowel signs of Arabic and its strokes that stretch words.
//! - In Turkish and Azerbaijani a capital I is the capital of ı, see [`turkic`].
//! - A word is a run of letters, marks and digits. Ignorable characters (zero-width, bidirectional controls, variation
//!   selectors) are removed; all others separate words, except that `+` and `#` after a letter of a word are kept (C++, C#),
//!   and the ending *'s* is removed.
//! - In scripts written without spaces each letter with its marks is a separate word: a phrase is found wherever its letters
//!   stand, also across the boundaries of words, which only a dictionary could tell.

use std::borrow::Cow;

use icu_normalizer::uts46::Uts46MapperBorrowed;
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// What each byte becomes: itself in lower case, or one of the three constants below.
const CLASSES: [u8; 256] = classes();
const SEPARATOR: u8 = 0;
const SYMBOL: u8 = 1;
const APOSTROPHE: u8 = 2;

const fn classes() -> [u8; 256] {
    let mut classes = [SEPARATOR; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => (byte as u8).to_ascii_lowercase(),
            b'+' | b'#' => SYMBOL,
            b'\'' => APOSTROPHE,
            // Part of a letter that `normalize` has folded.
            0x80.. => byte as u8,
            _ => SEPARATOR,
        };
        byte += 1;
    }
    classes
}

/// The bytes of a folded text, from the result of [`normalize`].
pub(super) struct Folded<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Whether the last byte given was a space.
    spaced: bool,
    started: bool,
}

impl<'a> Folded<'a> {
    pub(super) fn of(plain: &'a str) -> Self {
        Self { bytes: plain.as_bytes(), at: 0, spaced: false, started: false }
    }

    /// Whether the apostrophe before `at` begins the ending *'s*.
    fn is_possessive(&self) -> bool {
        let ends = |byte: Option<&u8>| byte.is_none_or(|b| CLASSES[usize::from(*b)] <= APOSTROPHE);
        !self.spaced
            && matches!(self.bytes.get(self.at), Some(b's' | b'S'))
            && ends(self.bytes.get(self.at + 1))
    }
}

impl Iterator for Folded<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        while self.started {
            let Some(byte) = self.bytes.get(self.at) else { break };
            self.at += 1;
            match CLASSES[usize::from(*byte)] {
                APOSTROPHE if self.is_possessive() => self.at += 1,
                SEPARATOR | APOSTROPHE => {
                    if !self.spaced {
                        self.spaced = true;
                        return Some(b' ');
                    }
                }
                SYMBOL => {
                    if !self.spaced {
                        return Some(*byte);
                    }
                }
                folded => {
                    self.spaced = false;
                    return Some(folded);
                }
            }
        }
        // A space before the first word, and one after the last.
        let ends = !self.spaced;
        (self.started, self.spaced) = (true, true);
        ends.then_some(b' ')
    }
}

/// The folded text; without words it is a single space.
pub fn folded(text: &str) -> String {
    String::from_utf8_lossy(&Folded::of(&normalize(text)).collect::<Vec<u8>>()).into_owned()
}

/// The text with all characters beyond ASCII folded: those left are letters, marks and digits of words. In scripts
/// without spaces, words are separated by spaces.
pub(super) fn normalize(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut normalized = String::with_capacity(text.len() + text.len() / 4);
    for chunk in text.split_inclusive(|c: char| c.is_ascii_whitespace()) {
        let before = normalized.len();
        if !fold_punctuation(chunk, &mut normalized) {
            normalized.truncate(before);
            fold_chunk(chunk, &mut normalized);
        }
    }
    Cow::Owned(normalized)
}

/// A fast path of [`fold_chunk`] for ASCII with typographic punctuation and emoji, which covers most English texts: these
/// neither compose with other characters nor are letters. Returns `false` if the chunk has any other character.
fn fold_punctuation(chunk: &str, to: &mut String) -> bool {
    for c in chunk.chars() {
        match c {
            '\0'..='\u{7f}' => to.push(c),
            '\u{2019}' => to.push('\''),
            '\u{2010}'..='\u{2016}' | '\u{2018}'..='\u{2027}' | '\u{1f300}'..='\u{1faff}' => {
                to.push(' ')
            }
            '\u{200d}' | '\u{fe0f}' => {}
            _ => return false,
        }
    }
    true
}

/// How a letter relates to the words around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Letter {
    /// Not a letter, mark or digit.
    None,
    /// Part of the word of the letter before.
    Mark,
    /// Part of a word.
    Spaced,
    /// A separate word.
    Unspaced,
}

fn fold_chunk(chunk: &str, to: &mut String) {
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mapper = Uts46MapperBorrowed::new();
    let undotted = without_dots(chunk);
    let visible = undotted.chars().filter(|c| !ignorable.contains(*c));
    // The deviations of UTS 46 fold as case does, and typographic apostrophes as plain ones.
    let mapped = visible.flat_map(|c| match c {
        'ß' | 'ẞ' => [Some('s'), Some('s')],
        'ς' => [Some('σ'), None],
        '\u{2019}' | '\u{2bc}' => [Some('\''), None],
        c => [Some(c), None],
    });
    let mut unspaced = false;
    for c in mapper.map_normalize(mapped.flatten()) {
        if is_optional_in_arabic(c) {
            continue;
        }
        let letter = letter(c);
        if unspaced && letter != Letter::Mark {
            to.push(' ');
        }
        unspaced = letter == Letter::Unspaced || unspaced && letter == Letter::Mark;
        match (letter, c) {
            (Letter::None, c) if c.is_ascii() => to.push(c),
            (Letter::None, _) => to.push(' '),
            (Letter::Unspaced, c) => to.extend([' ', c]),
            (_, c) => to.push(c),
        }
    }
    if unspaced {
        to.push(' ');
    }
}

/// The combining dot above.
const DOT_ABOVE: char = '\u{307}';

/// Whether a character of Arabic is written or not as its writer likes: signs of vowels and the stroke that stretches a word.
fn is_optional_in_arabic(c: char) -> bool {
    matches!(c, '\u{640}' | '\u{64b}'..='\u{652}' | '\u{670}')
}

/// The chunk with i for İ, and without a combining dot above i and I, which have one or stand for İ.
fn without_dots(chunk: &str) -> Cow<'_, str> {
    if !chunk.contains(['İ', DOT_ABOVE]) {
        return Cow::Borrowed(chunk);
    }
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mut undotted = String::with_capacity(chunk.len());
    for c in chunk.chars().filter(|c| !ignorable.contains(*c)) {
        match c {
            DOT_ABOVE if undotted.ends_with(['i', 'I']) => {}
            'İ' => undotted.push('i'),
            c => undotted.push(c),
        }
    }
    Cow::Owned(undotted)
}

/// The text with each capital I as ı, its small letter in Turkish and Azerbaijani.
pub(super) fn turkic(text: &str) -> Cow<'_, str> {
    if !text.contains('I') {
        return Cow::Borrowed(text);
    }
    let mut chars = text.chars().peekable();
    let mut small = String::with_capacity(text.len() + 8);
    while let Some(c) = chars.next() {
        // I with a dot is İ.
        small.push(if c == 'I' && chars.peek() != Some(&DOT_ABOVE) { 'ı' } else { c });
    }
    Cow::Owned(small)
}

pub(super) fn letter(c: char) -> Letter {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Letter::Spaced } else { Letter::None };
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    if GeneralCategoryGroup::Mark.contains(category) {
        return Letter::Mark;
    }
    let word = GeneralCategoryGroup::Letter.union(GeneralCategoryGroup::Number);
    if !word.contains(category) {
        return Letter::None;
    }
    match CodePointMapData::<Script>::new().get(c) {
        Script::Han
        | Script::Hiragana
        | Script::Katakana
        | Script::Bopomofo
        | Script::Yi
        | Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar
        | Script::TaiLe
        | Script::NewTaiLue
        | Script::TaiTham
        | Script::TaiViet
        | Script::Javanese
        | Script::Balinese
        | Script::Tibetan => Letter::Unspaced,
        _ => Letter::Spaced,
    }
}

/// The words of a tag or a name without spaces, split at case and digits: `MachineLearning2018` is
/// *Machine Learning 2018*, `NBAFinals` *NBA Finals*.
pub(super) fn split_words(tag: &str, words: &mut String) {
    words.clear();
    let mut before = None;
    let mut chars = tag.chars().peekable();
    while let Some(c) = chars.next() {
        let starts_word = |before: char| {
            let digit = |c: char| c.is_numeric();
            let after_capitals = before.is_uppercase()
                && c.is_uppercase()
                && chars.peek().is_some_and(|next| next.is_lowercase());
            before.is_lowercase() && c.is_uppercase()
                || after_capitals
                || digit(before) != digit(c) && before.is_alphanumeric() && c.is_alphanumeric()
        };
        if before.is_some_and(starts_word) {
            words.push(' ');
        }
        words.push(c);
        before = Some(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_variants_fold_alike() {
        for (text, words) in [
            ("", " "),
            (" \u{200b}… ", " "),
            ("New  York", " new york "),
            ("new-york\n(NEW_YORK!)", " new york new york "),
            ("Women's Rights, the girls' and O'Neill's", " women rights the girls and o neill "),
            ("Women’s", " women "),
            ("'s", " s "),
            ("C++, C#, #Rust + #1", " c++ c# rust 1 "),
            ("AT&T", " at t "),
            (
                "İSTANBUL İstanbul I\u{307}stanbul i\u{307}stanbul",
                " istanbul istanbul istanbul istanbul ",
            ),
            ("مِصْر مصـــر", " مصر مصر "),
            ("Straße STRASSE ΣΊΣΥΦΟΣ σίσυφος", " strasse strasse σίσυφοσ σίσυφοσ "),
            // Composed and not, wide and not, ligature and not.
            ("Cafe\u{301} CAFÉ", " café café "),
            ("Ｒｕｓｔ ﬁne", " rust fine "),
            ("a\u{200d}b\u{ad}c \u{202e}d\u{202c} e\u{fe0f}", " abc d e "),
            ("東京都 2020", " 東 京 都 2020 "),
            ("ラーメンramen", " ラ ー メ ン ramen "),
            ("ที่นี่", " ที่ นี่ "),
            ("\0a\0\u{1f600}b", " a b "),
            ("السلام عليكم", " السلام عليكم "),
            ("한국 사람", " 한국 사람 "),
        ] {
            assert_eq!(folded(text), words, "{text:?}");
        }
    }

    #[test]
    fn folding_twice_changes_nothing() {
        let mut random = fastrand::Rng::with_seed(5);
        for _ in 0..3_000 {
            let length = random.usize(0..24);
            let text: String = (0..length)
                .map(|_| match random.u8(0..6) {
                    0 => random
                        .choice([
                            ' ', '\'', '#', '+', '\u{301}', '\u{200d}', '\u{e0e}', 'ß', 'Σ', 'İ',
                            '東',
                        ])
                        .unwrap_or(' '),
                    1..=3 => random.char('\0'..='\u{7f}'),
                    4 => random.char('\u{80}'..='\u{3100}'),
                    _ => random.char(..),
                })
                .collect();
            let once = folded(&text);
            assert_eq!(folded(&once), once, "{text:?}");
            assert!(once.starts_with(' ') && once.ends_with(' '), "{text:?}");
            assert!(!once.contains("  "), "{text:?}");
            // A zero-width space anywhere changes nothing.
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if let Some(at) = random.choice(places) {
                let with_space = format!("{}\u{200b}{}", &text[..at], &text[at..]);
                assert_eq!(folded(&with_space), once, "{text:?} at {at}");
            }
        }
    }

    #[test]
    fn the_fast_path_folds_like_the_general_one() {
        let (mut fast, mut general) = (String::new(), String::new());
        for c in ('\0'..=char::MAX).filter(|c| fold_punctuation(&c.to_string(), &mut String::new()))
        {
            for text in [format!("a{c}b"), format!("{c}"), format!("{c}{c}'s 1{c}")] {
                (fast, general) = (String::new(), String::new());
                assert!(fold_punctuation(&text, &mut fast));
                fold_chunk(&text, &mut general);
                let folded = |normalized: &str| Folded::of(normalized).collect::<Vec<u8>>();
                assert_eq!(folded(&fast), folded(&general), "{text:?}");
            }
        }
        assert!(!fold_punctuation("e\u{301}", &mut fast) && !general.is_empty());
    }

    #[test]
    fn capital_i_is_dotless_in_turkish() {
        for (text, words) in [
            ("ISPANAK", " ıspanak "),
            ("ıspanak", " ıspanak "),
            ("DİYARBAKIR", " diyarbakır "),
            ("I\u{307}zmir", " izmir "),
            ("rust", " rust "),
        ] {
            assert_eq!(folded(&turkic(text)), words, "{text}");
        }
    }

    #[test]
    fn tags_are_split_at_case_and_digits() {
        for (tag, words) in [
            ("MachineLearning2018", "Machine Learning 2018"),
            ("NBAFinals", "NBA Finals"),
            ("iOS", "i OS"),
            ("rust", "rust"),
            ("3D", "3 D"),
            ("ÉcoleNormale", "École Normale"),
            ("東京2020", "東京 2020"),
            ("", ""),
        ] {
            let mut found = "before".to_owned();
            split_words(tag, &mut found);
            assert_eq!(found, words);
        }
    }
}
