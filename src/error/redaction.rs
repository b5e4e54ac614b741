//! Credentials in texts that people and logs get to see: the one place that takes them out.
//!
//! Errors of libraries quote URLs with their queries, endpoints with users and passwords, and lines of files that do not parse.
//! Whatever is shown passes through [`redact`].

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What stands in place of a credential.
const HIDDEN: &str = "…";

/// Parts of the names of values that are credentials.
const SECRET: &str = "signature|secret|password|passwd|passphrase|token|credential|\
                      access_?-?key|account_?-?key|api_?-?key|private_?-?key|security-|shared_?-?access";

/// A URL up to its query: scheme, and what may hold a user, a host and a path.
static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)\b([a-z][a-z0-9+.-]*://)([^\s"'`<>?#]+)"#).ok());

/// `name=value` or `name = "value"`, also percent-encoded, where the name is that of a credential; values end with the text in
/// quotes or with the parameter.
static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let before = r"(^|%[0-9a-f]{2}|[^a-z0-9_.-])";
    let name = format!(r"[a-z0-9_.%-]*(?:{SECRET})[a-z0-9_.-]*|x-(?:amz|goog)-[a-z-]+|sig|sas|pwd");
    let sign = r#"["']?\s*(?:=|%3d)\s*"#;
    // In JSON, which may be a text within JSON.
    let quote = r#"\\?["']"#;
    let text = r#"\\"[^"\\]*(?:\\")?|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&;,"'`<>)}\]]+"#;
    let named = format!(r"(?:{name}){sign}|{quote}(?:{name}){quote}\s*:\s*");
    Regex::new(&format!("(?i){before}({named})({text})")).ok()
});

/// Headers with a credential, and ids of access keys by their form.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(bearer|basic|authorization:|aws4-hmac-sha256)\s+([a-z0-9+/=._~-]{8,})|\b((?-i:AKIA|ASIA))([A-Z0-9]{12,})").ok()
});

/// What stands in place of what a pattern finds.
type Rule = fn(&Captures<'_>) -> String;

/// `text` without the credentials in it: users and passwords of URLs, signatures and tokens of their queries, values of keys
/// that are named like secrets. Redacting twice changes nothing.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut shown = Cow::Borrowed(text);
    let rules: [(&LazyLock<Option<Regex>>, Rule); 3] = [
        (&URL, |url| format!("{}{}", &url[1], without_user(&url[1], &url[2]))),
        (&VALUE, |value| format!("{}{}{}", &value[1], &value[2], hidden(&value[3]))),
        (&TOKEN, |token| {
            let part = |at| token.get(at).map_or("", |part| part.as_str());
            match token.get(1) {
                Some(word) => format!("{} {HIDDEN}", word.as_str()),
                None => format!("{}{HIDDEN}", part(3)),
            }
        }),
    ];
    for (pattern, rule) in rules {
        let Some(pattern) = &**pattern else { continue };
        if let Cow::Owned(changed) = pattern.replace_all(&shown, rule) {
            shown = Cow::Owned(changed);
        }
    }
    shown
}

/// A hidden value in the quotes that it had.
fn hidden(value: &str) -> String {
    let quotes = ["\\\"", "\"", "'"];
    match quotes.into_iter().find(|quote| value.starts_with(quote)) {
        Some(quote) => format!("{quote}{HIDDEN}{quote}"),
        None => HIDDEN.to_owned(),
    }
}

/// Host and path of a URL without the user before them.
fn without_user<'a>(scheme: &str, rest: &'a str) -> Cow<'a, str> {
    let authority = rest.split('/').next().unwrap_or_default();
    // In abfss://container@account the part before the @ names no user.
    let is_container = scheme.to_ascii_lowercase().starts_with("abfs") && !authority.contains(':');
    // A password may hold a slash; a port has digits alone.
    let holds_password = authority.split_once(':').is_some_and(|(_, port)| {
        !port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit())
    });
    let end = match authority.rfind('@') {
        Some(_) if is_container => None,
        Some(at) => Some(at),
        None if holds_password => rest.rfind('@'),
        None => None,
    };
    match end {
        Some(at) => Cow::Owned(format!("{HIDDEN}@{}", &rest[at + 1..])),
        None => Cow::Borrowed(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "hunter2Hunter2";

    #[test]
    fn credentials_of_all_forms_are_hidden() {
        let c = CANARY;
        for text in [
            format!("s3://key:{c}@bucket/x"),
            format!("http://{c}@host:9000/x"),
            format!("opening `http://user:{c}@host:9000`: refused"),
            format!("s3://user:a/{c}@bucket/x"),
            format!("https://h/x?X-Amz-Signature={c}&y=1"),
            format!("https://h/x?x-amz-credential={c}%2F20260101"),
            format!("https://h/x?X-Amz-Security-Token={c}"),
            format!("https://h/x?se=2026&sig={c}"),
            format!("https://h/x?sig%3D{c}"),
            format!("https://h/x?Signature={c}&Expires=1"),
            format!("https://h/x?token={c}"),
            format!("https://h/x?access_token={c}#x"),
            format!("https://h/x?GoogleAccessId=me&Signature={c}"),
            format!("AccountName=a;AccountKey={c};EndpointSuffix=x"),
            format!("SharedAccessSignature=sv=2020&sig={c}"),
            format!("a.toml:3: `secret_access_key = \"{c}\"`: invalid"),
            format!("a.toml:3: `output = {{ url = 'x', session_token = '{c}`: invalid"),
            format!("password={c}"),
            format!("\"password\": \"a\\\"{c}\""),
            format!("'client_secret' : '{c}'"),
            format!(r#"{{"cause":"{{\"password\": \"{c}\"}}"}}"#),
            format!("https%3A%2F%2Fh%3Fa%3Db%26sig%3D{c}%26x"),
            format!("Authorization: {c}"),
            format!("Authorization: Bearer {c}"),
            format!("AWS4-HMAC-SHA256 Credential={c}/x, Signature={c}"),
        ] {
            let shown = redact(&text);
            assert!(!shown.contains(c), "{shown}");
            assert!(shown.contains(HIDDEN), "{shown}");
            assert_eq!(redact(&shown), shown, "twice");
        }
        assert_eq!(redact("key AKIAIOSFODNN7EXAMPLE"), "key AKIA…");
    }

    #[test]
    fn what_is_no_credential_stays() {
        for text in [
            "file:///home/a@b/x.parquet",
            "s3://bucket/dt=2026-01-01/network=a/part.parquet",
            "abfss://container@account.dfs.core.windows.net/x",
            "http://localhost:9000/bucket/a@b.parquet",
            "column `token` is null in 3 of 4 rows",
            "Expected: end of statement, found: token",
            "kind `significant` in 2 rows",
            "https://h/x?list-type=2&prefix=a",
            "ann@example.org",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    /// A credential anywhere among other words, in any of the forms.
    #[test]
    fn no_credential_in_any_surroundings() {
        let mut random = fastrand::Rng::with_seed(7);
        let words =
            ["opening", "`", "(", "\"", "s3://b/x", "=", "&", "a=1", "?", ":", "ü", "\n", ","];
        let forms = [
            ("https://u:", "@h/x"),
            ("https://h/x?sig=", "&a=b"),
            ("https://h/x?X-Amz-Signature=", ""),
            ("https://h/x?a=b&token=", "&c=d"),
            ("https://h/x?Signature=", "&c=d"),
            ("secret = \"", "\""),
            ("AccountKey=", ";x=y"),
        ];
        for _ in 0..2_000 {
            let mut some = || {
                let count = random.usize(0..4);
                let words: Vec<&str> =
                    (0..count).map(|_| words[random.usize(0..words.len())]).collect();
                words.join(" ")
            };
            let (before, after) = (some(), some());
            let (open, close) = forms[random.usize(0..forms.len())];
            let secret: String = (0..12).map(|_| random.alphanumeric()).collect();
            let text = format!("{before} {open}{secret}{close} {after}");
            assert!(!redact(&text).contains(&secret), "{text} -> {}", redact(&text));
        }
    }
}
