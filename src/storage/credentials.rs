//! Keeping credentials out of job files: they come from the environment.

use crate::error::{Error, Result};

/// Words that the name of a credential holds.
const SECRETS: [&str; 9] = [
    "secret",
    "password",
    "passphrase",
    "token",
    "credential",
    "access_key",
    "account_key",
    "api_key",
    "private_key",
];

/// Refuses a job file with a key that is named like a secret, without repeating its value. Under
/// `sources` and `inputs` keys are names of tables.
pub(crate) fn refuse_secret_keys(file: &str, text: &str) -> Result<()> {
    fn named<'a>(table: &'a toml::Table, out: &mut Vec<&'a str>) {
        for (key, value) in table {
            out.push(key);
            match value {
                toml::Value::Table(inner) => named(inner, out),
                toml::Value::Array(list) => {
                    list.iter().filter_map(toml::Value::as_table).for_each(|t| named(t, out));
                }
                _ => {}
            }
        }
    }
    let like_secret = |key: &&str| {
        let key = key.to_ascii_lowercase().replace('-', "_");
        SECRETS.iter().any(|secret| key.contains(secret))
    };
    let refused =
        |key: &str| Err(credential(file, &format!("the key `{key}` is named like a credential")));
    let Ok(table) = text.parse::<toml::Table>() else {
        // The parser will tell what is wrong, and show the line.
        let keys = text.lines().filter_map(|line| Some(line.split_once('=')?.0.trim()));
        let mut bare = keys.filter(|key| !key.contains([' ', '#', '{']));
        return bare.find(like_secret).map_or(Ok(()), refused);
    };
    let mut keys = Vec::new();
    for (section, value) in
        table.iter().filter(|(s, _)| !["sources", "inputs"].contains(&s.as_str()))
    {
        keys.push(section.as_str());
        if let toml::Value::Table(inner) = value {
            named(inner, &mut keys);
        }
    }
    keys.into_iter().find(like_secret).map_or(Ok(()), refused)
}

/// Refuses a text that holds part of a signed URL, without repeating it.
pub(crate) fn refuse_signed(file: &str, text: &str) -> Result<()> {
    const SIGNED: [&str; 7] = [
        "x-amz-signature=",
        "x-amz-credential=",
        "x-goog-signature=",
        "x-goog-credential=",
        "&sig=",
        "?sig=",
        "accountkey=",
    ];
    let signed = |line: &str| {
        let line = line.to_ascii_lowercase();
        SIGNED.iter().any(|part| line.contains(part))
    };
    match text.lines().position(signed) {
        Some(line) => Err(credential(file, &format!("line {} holds a credential", line + 1))),
        None => Ok(()),
    }
}

pub(crate) fn credential(file: &str, what: &str) -> Error {
    Error::bad_job(
        format!("{file}: {what}"),
        "remove it: credentials come from the environment (AWS_…, AZURE_…, GOOGLE_…)",
    )
}
