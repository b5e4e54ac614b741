//! What is kept of what was published.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What is kept of what was published; the rest is removed at the end of a run. One of `keep_days` and `superseded` is required.
/// Receipts stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days that are kept, the latest one published among them. Of older ones tables, logs, validations, attacks, refused runs
    /// and commits are removed. Default: all.
    #[serde(default)]
    pub keep_days: Option<u32>,
    /// Whether runs, validations and attacks that others of the same day have replaced are removed too, and files that no
    /// commit names.
    #[serde(default)]
    pub superseded: bool,
    /// Hours in which nothing is removed after it was written or replaced: it may be read, or belong to a run that is not over.
    #[serde(default = "Retention::default_grace_hours")]
    pub grace_hours: u32,
}

impl Retention {
    /// A day.
    pub const fn default_grace_hours() -> u32 {
        24
    }

    /// Why it cannot be applied, if it cannot.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`].
    pub fn check(&self, file: &str) -> Result<()> {
        let says = match (self.keep_days, self.superseded) {
            (Some(0), _) => "`keep_days` is 0, and the latest day is always kept",
            (None, false) => {
                "neither `keep_days` nor `superseded` is set, so nothing would be removed"
            }
            _ => return Ok(()),
        };
        Err(Error::bad_job(
            format!("{file}: `output.retention`: {says}"),
            "set `keep_days` to 1 or more, or `superseded = true`",
        ))
    }
}
