//! Whether the files of a commit are as they were committed.

use url::Url;

use super::commit_object::{Commit, CommittedFile};
use crate::error::{Error, Result};
use crate::method::hex;
use crate::storage::{Stores, below};

/// Files that are read at once to see whether they have changed.
const FILES_AT_ONCE: usize = 8;

/// What has become of a file since it was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It has the bytes that were committed.
    Intact,
    /// It has others.
    Changed,
    /// It does not exist.
    Gone,
}

/// What has become of a file of a commit below `output`; all of it is read.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn file_state(stores: &Stores, output: &Url, file: &CommittedFile) -> Result<FileState> {
    let url = below(output, &file.path)?;
    match stores.size(&url).await? {
        None => return Ok(FileState::Gone),
        Some(size) if size != file.size => return Ok(FileState::Changed),
        Some(_) => {}
    }
    Ok(match stores.sha256(&url).await? {
        None => FileState::Gone,
        Some(sha256) if hex(&sha256) == file.sha256 => FileState::Intact,
        Some(_) => FileState::Changed,
    })
}

/// Whether every file that `commit` names has the bytes that were committed.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn intact(stores: &Stores, output: &Url, commit: &Commit) -> Result<bool> {
    let files: Vec<&CommittedFile> =
        commit.tables.values().flat_map(|table| &table.files).collect();
    for files in files.chunks(FILES_AT_ONCE) {
        let mut states = Vec::with_capacity(files.len());
        for file in files {
            let (stores, output, file) = (stores.clone(), output.clone(), (*file).clone());
            // Tasks of their own: hashing takes the cores, not the wait for a store.
            states.push(tokio::spawn(async move { file_state(&stores, &output, &file).await }));
        }
        for state in states {
            if state.await.map_err(Error::internal)?? != FileState::Intact {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether every file that `commit` names exists.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn complete(stores: &Stores, output: &Url, commit: &Commit) -> Result<bool> {
    for file in commit.tables.values().flat_map(|table| &table.files) {
        if stores.size(&below(output, &file.path)?).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
