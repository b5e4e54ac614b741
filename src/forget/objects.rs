//! Objects below an output folder, by what is in them.

use std::path::Path;

use bytes::Bytes;
use url::Url;

use crate::error::Result;
use crate::storage::{Stores, below};

/// What is in an object, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A table, or anything else in Parquet.
    Parquet,
    /// A log, a commit, a receipt, or anything else in JSON.
    Json,
    /// Anything else, which is searched as text.
    Other,
}

impl Format {
    pub(super) fn of(path: &str) -> Self {
        match Path::new(path).extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => Self::Parquet,
            Some("json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// The object at `path`; `None` if it is gone.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub(super) async fn read(stores: &Stores, output: &Url, path: &str) -> Result<Option<Bytes>> {
    Ok(stores.read(&below(output, path)?).await?.map(Bytes::from))
}
