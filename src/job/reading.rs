//! How inputs are read.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::parquet_file::MAX_PAGE_BYTES;

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
            not_missing: BTreeSet::new(),
        }
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
