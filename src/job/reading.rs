//! How inputs are read.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::parquet_file::MAX_PAGE_BYTES;
use crate::suggest::did_you_mean;

/// Inputs of events, whose times are known.
const EVENT_INPUTS: [&str; 4] = ["interactions", "posts", "endorsements", "follows"];

/// Maximum age of the newest event of an input of one day, in hours.
const MAX_AGE_HOURS: u32 = 24;

/// How inputs are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// What happens where some files of a folder lack a column that others have: `refuse` stops the run and names the files,
    /// `null` reads nulls in its place. An optional column that only the newest files have is read either way.
    pub missing_columns: MissingColumns,
    /// Maximum number of bytes that a page of a Parquet file may take once it is decompressed, 64 MiB by default; a file with a
    /// larger one is refused before anything is allocated for it.
    pub max_page_bytes: u64,
    /// Hours from the newest event of an input to the end of the snapshot's day beyond which a run stops, since its data have
    /// not arrived: a number for all inputs of events (`interactions`, `posts`, `endorsements`, and `follows` whose start is known),
    /// or numbers by input: `{ interactions = 24, endorsements = 720 }`. Default: 24 for inputs of one day, whose URL, SQL or
    /// source has `{snapshot}`, and no limit for others. Each source of the day and each network of `interactions` and `posts` is
    /// held to it too. Events of ineligible people do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u32>")]
    pub max_age_hours: Option<MaxAge>,
    /// Ids that look like a missing value written as text (`nan`, `NULL`, `None`, `\N`, `-1`, `[deleted]` …) and are ids like any
    /// other. Case and spaces around them make no difference. Others are warned of, and stop a run where more than 10 % of the
    /// interactions or follows name one.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub not_missing: BTreeSet<String>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            missing_columns: MissingColumns::default(),
            max_page_bytes: MAX_PAGE_BYTES,
            max_age_hours: None,
            not_missing: BTreeSet::new(),
        }
    }
}

/// Hours from the newest event of an input to the cutoff beyond which a run stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a whole number of hours, or one by input such as { interactions = 24, endorsements = 720 }"
)]
pub enum MaxAge {
    /// Of all inputs of events.
    All(u32),
    /// By input; others have the default.
    ByInput(BTreeMap<String, u32>),
}

impl Reading {
    /// Refuses limits of inputs that have no events, and limits that no event meets.
    pub(super) fn check(&self, file: &str) -> Result<()> {
        let limits: Vec<(&str, u32)> = match &self.max_age_hours {
            None => vec![],
            Some(MaxAge::All(hours)) => vec![("", *hours)],
            Some(MaxAge::ByInput(by_input)) => {
                by_input.iter().map(|(input, hours)| (input.as_str(), *hours)).collect()
            }
        };
        for (input, hours) in limits {
            if !input.is_empty() && !EVENT_INPUTS.contains(&input) {
                let near = did_you_mean(input, EVENT_INPUTS);
                return Err(Error::bad_job(
                    format!(
                        "{file}: `reading.max_age_hours.{input}`: no input of events has this name"
                    ),
                    format!("{near}inputs of events are: {}", EVENT_INPUTS.join(", ")),
                ));
            }
            if hours == 0 {
                return Err(Error::bad_job(
                    format!("{file}: `reading.max_age_hours` is 0"),
                    "give 1 or more hours",
                ));
            }
        }
        Ok(())
    }

    /// Maximum age of the newest event of `input`, in hours; `None` if there is no limit.
    pub fn max_age_hours(&self, input: &str, is_daily: bool) -> Option<u32> {
        if !EVENT_INPUTS.contains(&input) {
            return None;
        }
        let given = match &self.max_age_hours {
            Some(MaxAge::All(hours)) => Some(*hours),
            Some(MaxAge::ByInput(by_input)) => by_input.get(input).copied(),
            None => None,
        };
        given.or(is_daily.then_some(MAX_AGE_HOURS))
    }
}

/// What happens where some files of a folder lack a column that others have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingColumns {
    /// The run stops and names the files.
    #[default]
    Refuse,
    /// The column is null in the rows of these files.
    Null,
}
