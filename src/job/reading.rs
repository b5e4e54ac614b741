//! How inputs are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How inputs are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// Maximum number of bytes that a page of a Parquet file may take once it is decompressed, 64 MiB by default; a file with a
    /// larger one is refused before anything is allocated for it.
    pub max_page_bytes: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self { max_page_bytes: 64 << 20 }
    }
}
