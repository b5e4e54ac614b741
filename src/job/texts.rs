//! Texts of a job file: placeholders filled, paths resolved.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use url::Url;

use super::input::{Input, no_snapshot};
use super::sql_text::{self, Variable};
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
        let (parts, variables) = self.split(text)?;
        Ok(joined(&parts, &variables))
    }

    /// SQL between variables: a value stays one value, whatever it holds.
    fn joined_sql(&self, parts: &[&str], variables: &[Variable]) -> Result<String> {
        if variables.is_empty() {
            return Ok(joined(parts, variables));
        }
        sql_text::join(parts, variables).map_err(|(name, why)| {
            Error::bad_job(
                format!("{}: `${{{name}}}` {why}", self.file),
                "write '${…}' for a text, ${…} for a number, \"${…}\" for a name",
            )
        })
    }

    /// The parts of a text around its variables, and the variables with their values.
    fn split<'t>(&mut self, text: &'t str) -> Result<(Vec<&'t str>, Vec<Variable>)> {
        let (mut parts, mut variables) = (Vec::new(), Vec::new());
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
            parts.push(before);
            variables.push(Variable { name: name.to_owned(), value: value.1.clone() });
            rest = tail;
        }
        parts.push(rest);
        Ok((parts, variables))
    }

    /// Resolves a path relative to the folder of the job file.
    pub(super) fn path(&mut self, text: &str) -> Result<PathBuf> {
        let text = self.fill(text)?;
        Ok(self.folder.join(text))
    }

    /// A text filled and with the date of the snapshot: `{snapshot}`, or in another form `{snapshot:%Y/%m/%d}`. And whether it
    /// has the date. The values of variables are not looked through.
    fn fill_dated(&mut self, text: &str, is_sql: bool) -> Result<(String, bool)> {
        let (parts, variables) = self.split(text)?;
        let parts = parts.into_iter().map(|part| self.dated(part));
        let parts = parts.collect::<Result<Vec<(String, bool)>>>()?;
        let is_dated = parts.iter().any(|(_, is_dated)| *is_dated);
        let parts: Vec<&str> = parts.iter().map(|(part, _)| part.as_str()).collect();
        let filled = match is_sql {
            true => self.joined_sql(&parts, &variables)?,
            false => joined(&parts, &variables),
        };
        refuse_signed(self.file, &filled)?;
        Ok((filled, is_dated))
    }

    /// A part of a text with the date of the snapshot, and whether it has it.
    fn dated(&self, text: &str) -> Result<(String, bool)> {
        let mut is_dated = false;
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{snapshot") {
            out.push_str(before);
            let (form, tail) = match after.strip_prefix('}') {
                Some(tail) => ("%Y-%m-%d", tail),
                None => match after.strip_prefix(':').and_then(|after| after.split_once('}')) {
                    Some(written) => written,
                    None => {
                        out.push_str("{snapshot");
                        rest = after;
                        continue;
                    }
                },
            };
            let day = self.snapshot.ok_or_else(no_snapshot)?;
            // A form that dates do not have is an error of the formatter.
            if form.is_empty() || write!(out, "{}", day.format(form)).is_err() {
                return Err(Error::bad_job(
                    format!("{}: `{{snapshot:{form}}}` is no form of a date", self.file),
                    "give one such as {snapshot:%Y%m%d} or year={snapshot:%Y}/month={snapshot:%m}/day={snapshot:%d}",
                ));
            }
            is_dated = true;
            rest = tail;
        }
        out.push_str(rest);
        Ok((out, is_dated))
    }

    /// A URL, and whether it has the date of the snapshot.
    pub(super) fn url(&mut self, text: &str) -> Result<(Url, bool)> {
        let (text, is_dated) = self.fill_dated(text, false)?;
        let url = parse_url(&self.folder, &text).map_err(|error| match text.contains("://") {
            true => error.within(self.file),
            false => error,
        });
        Ok((url?, is_dated))
    }

    /// An input, and whether it has the date of the snapshot.
    pub(super) fn input(&mut self, text: &str) -> Result<(Input, bool)> {
        if is_sql(text) {
            let (sql, is_dated) = self.fill_dated(text, true)?;
            return Ok((Input::Sql(sql), is_dated));
        }
        let (url, is_dated) = self.url(text)?;
        Ok((Input::Url(url), is_dated))
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

/// A text of parts with the values of variables between them.
fn joined(parts: &[&str], variables: &[Variable]) -> String {
    let values = variables.iter().map(|variable| variable.value.as_str()).chain([""]);
    parts.iter().copied().zip(values).flat_map(|(part, value)| [part, value]).collect()
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
/// [`crate::error::Kind::BadJob`] if it is neither, or holds a credential.
pub fn parse_url(folder: &Path, text: &str) -> Result<Url> {
    let bad = |cause: String| Error::bad_job(format!("`{text}`: {cause}"), "give a URL or a path");
    if text.contains("://") {
        refuse_signed("a URL", text)?;
        let url = Url::parse(text).map_err(|e| bad(e.to_string()).caused_by(e))?;
        // In abfss://container@account the part before the @ names no user.
        let user = matches!(url.scheme(), "s3" | "s3a" | "gs") && !url.username().is_empty();
        return match user || url.password().is_some() {
            true => Err(credential("a URL", "it holds a user or a password")),
            false => Ok(url),
        };
    }
    // Of a path too, a version of a table may be named.
    let (text, version) = match text.rsplit_once("?version=") {
        Some((text, version)) => (text, Some(version)),
        None => (text, None),
    };
    let path = std::path::absolute(folder.join(text));
    let path = path.map_err(|e| bad(e.to_string()).caused_by(e))?;
    let url = if text.ends_with('/') || path.is_dir() {
        Url::from_directory_path(&path)
    } else {
        Url::from_file_path(&path)
    };
    let url = url.map_err(|()| bad("it is not a path".into()))?;
    // Parsing once more resolves `..`, which no store accepts.
    let mut url = Url::parse(url.as_str()).map_err(|e| bad(e.to_string()).caused_by(e))?;
    url.set_query(version.map(|version| format!("version={version}")).as_deref());
    Ok(url)
}
