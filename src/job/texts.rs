//! Texts of a job file: placeholders filled, paths resolved.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use url::Url;

use super::input::{Input, no_snapshot};
use crate::error::{Error, Help, Result};
use crate::storage::credentials::{credential, refuse_signed};

/// Fills placeholders and resolves paths in the texts of one job file.
pub(super) struct Texts<'a> {
    pub(super) file: &'a str,
    pub(super) folder: PathBuf,
    pub(super) settings: &'a [(String, String)],
    pub(super) used: BTreeSet<String>,
    pub(super) snapshot: Option<NaiveDate>,
}

impl Texts<'_> {
    /// Replaces every `${name}`.
    pub(super) fn fill(&mut self, text: &str) -> Result<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').ok_or_else(|| {
                Error::bad_job(format!("{}: `${{` without `}}` in `{text}`", self.file), "close it")
            })?;
            let value = self.settings.iter().rev().find(|(n, _)| n == name).ok_or_else(|| {
                Error::bad_job(
                    format!("{}: `${{{name}}}` is not set", self.file),
                    "give it a value",
                )
                .with_help(Help::Variable(name.to_owned()))
            })?;
            self.used.insert(name.to_owned());
            out.push_str(before);
            out.push_str(&value.1);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Resolves a path relative to the folder of the job file.
    pub(super) fn path(&mut self, text: &str) -> Result<PathBuf> {
        let text = self.fill(text)?;
        Ok(self.folder.join(text))
    }

    /// As [`Self::fill`], and `{snapshot}` too.
    fn fill_dated(&mut self, text: &str) -> Result<String> {
        let text = self.fill(text)?;
        refuse_signed(self.file, &text)?;
        if !text.contains("{snapshot}") {
            return Ok(text);
        }
        let day = self.snapshot.ok_or_else(no_snapshot)?;
        Ok(text.replace("{snapshot}", &day.to_string()))
    }

    pub(super) fn url(&mut self, text: &str) -> Result<Url> {
        let text = self.fill_dated(text)?;
        let url = parse_url(&self.folder, &text)?;
        // In abfss://container@account the part before the @ names no user.
        let user = matches!(url.scheme(), "s3" | "s3a" | "gs") && !url.username().is_empty();
        if user || url.password().is_some() {
            return Err(credential(self.file, "a URL holds a user or a password"));
        }
        Ok(url)
    }

    pub(super) fn input(&mut self, text: &str) -> Result<Input> {
        if is_sql(text) {
            return Ok(Input::Sql(self.fill_dated(text)?));
        }
        Ok(Input::Url(self.url(text)?))
    }

    /// Refuses settings that no text uses: they are probably typing errors.
    pub(super) fn check_all_used(&self) -> Result<()> {
        match self.settings.iter().find(|(name, _)| !self.used.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::bad_job(
                format!("`{name}` is set, and {} has no `${{{name}}}`", self.file),
                "remove it, or correct the name",
            )),
        }
    }
}

/// Whether an input is SQL and not a URL: it begins with a keyword of SQL, after comments and brackets.
/// Statements that write count too, so that the error about them is a precise one.
fn is_sql(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "select", "with", "values", "insert", "update", "delete", "create", "drop", "copy",
        "alter", "set",
    ];
    let mut rest = text.trim_start();
    loop {
        let after = match (rest.strip_prefix("--"), rest.strip_prefix("/*")) {
            (Some(comment), _) => comment.split_once('\n').map_or("", |(_, after)| after),
            (_, Some(comment)) => comment.split_once("*/").map_or("", |(_, after)| after),
            _ => match rest.strip_prefix('(') {
                Some(after) => after,
                None => break,
            },
        };
        rest = after.trim_start();
    }
    let word: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
    let follows = rest[word.len()..].starts_with([' ', '\t', '\r', '\n', '*', '(', '"']);
    follows && WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Parses `text` as an input: a SELECT, or else a URL or a path relative to `folder`.
///
/// # Errors
/// As [`parse_url`].
pub fn parse_input(folder: &Path, text: &str) -> Result<Input> {
    match is_sql(text) {
        true => Ok(Input::Sql(text.to_owned())),
        false => Ok(Input::Url(parse_url(folder, text)?)),
    }
}

/// Parses `text` as a URL; without a scheme it is a path relative to `folder`.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if it is neither.
pub fn parse_url(folder: &Path, text: &str) -> Result<Url> {
    // The part before an @ may be a secret.
    let shown = match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => text.to_owned(),
    };
    let bad = |cause: String| Error::bad_job(format!("`{shown}`: {cause}"), "give a URL or a path");
    if text.contains("://") {
        return Url::parse(text).map_err(|e| bad(e.to_string()).caused_by(e));
    }
    let path = std::path::absolute(folder.join(text));
    let path = path.map_err(|e| bad(e.to_string()).caused_by(e))?;
    let url = if text.ends_with('/') || path.is_dir() {
        Url::from_directory_path(&path)
    } else {
        Url::from_file_path(&path)
    };
    let url = url.map_err(|()| bad("it is not a path".into()))?;
    // Parsing once more resolves `..`, which no store accepts.
    Url::parse(url.as_str()).map_err(|e| bad(e.to_string()).caused_by(e))
}
