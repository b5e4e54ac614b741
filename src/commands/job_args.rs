//! The job that a command works on.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, Utc};
use clap::Args;

use crate::error::Result;
use crate::job::Job;

/// A job file with its settings.
#[derive(Args)]
pub(super) struct JobArgs {
    /// Job file
    pub(super) job: PathBuf,
    #[command(flatten)]
    pub(super) settings: JobSettings,
}

/// What the command line sets in a job file.
#[derive(Args, Clone)]
pub(super) struct JobSettings {
    /// Date of the snapshot, which covers everything up to the end of that day in UTC; `yesterday` is the last whole one
    #[arg(long, value_name = DAY, value_parser = parse_day)]
    pub(super) snapshot: Option<NaiveDate>,
    /// Set the variable ${NAME} of the job file
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub(super) set: Vec<(String, String)>,
}

impl JobArgs {
    /// The job.
    pub(super) fn load(&self) -> Result<Job> {
        self.load_with_method(None)
    }

    /// The job under another method file, if one is given.
    pub(super) fn load_with_method(&self, method: Option<&Path>) -> Result<Job> {
        let JobSettings { snapshot, set } = &self.settings;
        Job::load_with_method(&self.job, set, *snapshot, method)
    }
}

/// How a day is given.
pub(super) const DAY: &str = "YYYY-MM-DD";

/// Parses a date, or `yesterday` in UTC.
pub(super) fn parse_day(text: &str) -> std::result::Result<NaiveDate, String> {
    if text == "yesterday" {
        let yesterday = Utc::now().date_naive().pred_opt();
        return yesterday.ok_or_else(|| "there is no day before today".to_owned());
    }
    text.parse().map_err(|e: chrono::ParseError| format!("{e}: give {DAY}, or yesterday"))
}

/// Parses `NAME=VALUE`.
pub(super) fn parse_variable(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("give it as NAME=VALUE".to_owned()),
    }
}
