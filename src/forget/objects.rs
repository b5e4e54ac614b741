//! The objects below an output folder.

use std::path::Path;

use bytes::Bytes;
use url::Url;

use crate::error::Result;
use crate::storage::{Stores, below};

/// What an object is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// A table, or anything else in Parquet.
    Parquet,
    /// A log, a commit, a receipt, or anything else in JSON.
    Json,
    /// Anything else, which is searched as text.
    Other,
}

impl Object {
    pub(super) fn of(path: &str) -> Self {
        match Path::new(path).extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => Self::Parquet,
            Some("json") => Self::Json,
            _ => Self::Other,
        }
    }
}

/// The folder `refused/DAY/RUN/` that a path lies in, if it lies in one.
pub(super) fn refused_folder(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        ["refused", day, run, ..] if parts.len() > 3 => Some(format!("refused/{day}/{run}/")),
        _ => None,
    }
}

/// Paths of all objects below `output`, in order.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store cannot be listed.
pub(super) async fn objects(stores: &Stores, output: &Url) -> Result<Vec<String>> {
    let folder = stores.resolve(output)?.1;
    let listed = stores.list(output, "").await?;
    let path = |location: &object_store::path::Path| {
        let parts = location.prefix_match(&folder)?;
        Some(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
    };
    Ok(listed.iter().filter_map(|object| path(&object.location)).collect())
}

/// The object at `path`; `None` if it is gone.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub(super) async fn read(stores: &Stores, output: &Url, path: &str) -> Result<Option<Bytes>> {
    Ok(stores.read(&below(output, path)?).await?.map(Bytes::from))
}
