//! Texts that may hold the names of people, their parts, and which names count in which place.

use std::borrow::Cow;
use std::ops::Range;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, Script};
use icu_properties::{CodePointMapData, CodePointSetData};

/// What stands in place of a name.
pub(super) const REMOVED: &str = "[removed]";

const MIN_CHARACTERS: usize = 4;
const MIN_DIGITS: usize = 6;
/// Numbers of so many digits are ids of one account or post in all the world.
const UNIQUE_DIGITS: usize = 12;
/// Shorter segments at the beginning of addresses are languages and the like.
const MIN_FIRST: usize = 3;

/// Words after which an address names an account.
const ACCOUNT_WORDS: &str = "account account_id accounts actor author authors by handle member members people person profile \
    profiles screen_name u uid user user_id userid username users";

/// Words that begin addresses and ids of posts which name no account.
const FIRST_WORDS: &str = "about activity api app archive article articles bbs blog blogs bsky cdn cgi comment comments dev doc docs edition \
    event events explore faq feed forum forums ftp group groups hashtag help home img index issues item job mail map maps mastodon media \
    mobile music new news note open page pages play photo photos pic pod post posts questions radio reddit reply rss search shop \
    status store story support tag thread toot top tweet twitter urn video videos watch web wiki www";

/// What the place of a segment says of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// It is the first segment of a path, or the value of a parameter.
    pub(super) is_first: bool,
    /// It stands after a word that names accounts.
    pub(super) is_account: bool,
    /// It is the host of an address.
    pub(super) is_host: bool,
    /// It begins an id, which is no address.
    pub(super) begins_id: bool,
    /// There is no other.
    pub(super) is_only: bool,
    /// The address has several numbers.
    pub(super) has_numbers: bool,
    /// It is a word of a display name.
    pub(super) in_name: bool,
}

impl Place {
    /// The place after a segment.
    pub(super) fn after(before: Option<&str>) -> Self {
        let is_account = before.is_some_and(|word| is_one_of(ACCOUNT_WORDS, word));
        Self { is_account, ..Self::default() }
    }

    /// Whether a name counts that begins at byte `start` of a segment, or is all of it but for signs around it.
    pub(super) fn counts(self, segment: &str, name: &str, start: usize, is_whole: bool) -> bool {
        let (before, after) = (&segment[..start], &segment[start + name.len()..]);
        let is_after_at = before.ends_with('@');
        if is_short(name) {
            let goes_on = after.trim_start_matches(['_', '.', '-']);
            let goes_on = goes_on.len() < after.len() && goes_on.starts_with(char::is_alphanumeric);
            let begins = self.begins_id
                && start == 0
                && (is_whole && !self.is_only || after.starts_with(':'));
            let is_long = name.chars().count() >= MIN_FIRST || !name.is_ascii();
            let is_first = is_long && !is_number(name) && !is_one_of(FIRST_WORDS, name);
            let is_place = self.is_account || (self.is_first && !self.begins_id && is_first);
            return is_after_at && !goes_on
                || is_whole && is_place
                || begins && !is_one_of(FIRST_WORDS, name)
                || is_first && self.is_label(before, after);
        }
        let is_mention = is_after_at || after.starts_with('@');
        if is_number(name) {
            let is_sure = self.in_name || self.has_numbers || name.len() >= UNIQUE_DIGITS;
            is_sure || is_mention || (is_whole && self.is_account)
        } else if name.chars().all(char::is_alphabetic) {
            let begins = is_whole && self.is_first || self.begins_id && start == 0;
            let begins = begins || self.is_label(before, after);
            let is_place = begins && !is_one_of(FIRST_WORDS, name);
            is_mention || is_place || (is_whole && self.is_account)
        } else {
            true
        }
    }

    /// Whether what stands between `before` and `after` names a sub-domain.
    fn is_label(self, before: &str, after: &str) -> bool {
        let is_whole = (before.is_empty() || before.ends_with('.')) && after.starts_with('.');
        self.is_host && is_whole && after.matches('.').count() > 1
    }
}

/// Whether a name has so few characters that much else is called so.
fn is_short(name: &str) -> bool {
    let min = if is_number(name) { MIN_DIGITS } else { MIN_CHARACTERS };
    name.chars().count() < min
}

/// The runs of a text between spaces and the signs that divide addresses.
pub(super) fn segments(text: &str) -> impl Iterator<Item = Range<usize>> {
    runs(text, 0..text.len(), |_, c| !c.is_whitespace() && !"/?&=#;,|()[]{}<>\"'`\\!*".contains(c))
}

/// The runs of letters and digits of a segment; scripts that are written without spaces begin another.
pub(super) fn parts(text: &str, segment: Range<usize>) -> Vec<Range<usize>> {
    let belongs = |before: Option<char>, c: char| {
        c.is_alphanumeric() && !before.is_some_and(|before| divides(before, c))
    };
    runs(text, segment, belongs).collect()
}

/// Whether words may meet between two letters.
fn divides(one: char, other: char) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return false;
    }
    let scripts = [one, other].map(|c| CodePointMapData::<Script>::new().get(c));
    let is_joined = |script: &Script| {
        [
            Script::Han,
            Script::Hiragana,
            Script::Katakana,
            Script::Hangul,
            Script::Thai,
            Script::Lao,
            Script::Khmer,
            Script::Myanmar,
        ]
        .contains(script)
    };
    scripts[0] != scripts[1] && scripts.iter().any(is_joined)
}

/// The longest runs of characters within a range of which each belongs after the one before, if any.
fn runs(
    text: &str,
    within: Range<usize>,
    belongs: impl Fn(Option<char>, char) -> bool,
) -> impl Iterator<Item = Range<usize>> {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let rest = &text[at..within.end];
        let start = at + rest.find(|c| belongs(None, c))?;
        let rest = &text[start..within.end];
        let mut before = None;
        let ends = |c: char| !belongs(before.replace(c), c);
        let end = start + rest.find(ends).unwrap_or(rest.len());
        at = end;
        Some(start..end)
    })
}

/// The text with the ranges, in order, replaced; `None` if there is none.
pub(super) fn masked(text: &str, ranges: &[Range<usize>]) -> Option<String> {
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    for range in ranges {
        masked += &text[at..range.start];
        masked += REMOVED;
        at = range.end;
    }
    masked += &text[at..];
    (!ranges.is_empty()).then_some(masked)
}

/// The text in one of the ways in which Unicode may write it (NFKC), without characters that are not seen.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let normalized = ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    match normalized.contains(|c| ignorable.contains(c)) {
        true => Cow::Owned(normalized.chars().filter(|c| !ignorable.contains(*c)).collect()),
        false => normalized,
    }
}

/// The text in lower case, each character with as many bytes as before, so that places stay where they are.
pub(super) fn lower(text: &str) -> String {
    let lower = |c: char| {
        let mut small = c.to_lowercase();
        match (small.next(), small.next()) {
            (Some(small), None) if small.len_utf8() == c.len_utf8() => small,
            _ => c,
        }
    };
    text.chars().map(lower).collect()
}

/// The text without signs around it, such as a leading `@`.
pub(super) fn bare(name: &str) -> &str {
    name.trim_matches(|c: char| !c.is_alphanumeric())
}

/// An address without `https://` and the like.
pub(super) fn without_scheme(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => rest,
        _ => text,
    }
}

fn is_one_of(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
