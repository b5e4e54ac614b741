//! The disk of this machine: what is written is on it before anything names it, and what a stop left there is removed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use url::Url;

use crate::error::{Error, Result};

/// Folders from a file up to the one that holds the output, as deep as files lie in it: `logs/DAY/RUN/log.json`.
const FOLDERS: usize = 4;

/// Digits of the hash in the name of an object that is not linked yet.
pub(super) const HASH_DIGITS: usize = 16;

/// Endings of files that are written whole or not at all.
const ENDINGS: [&str; 2] = [".parquet", ".json"];

/// The path of a URL of the local disk.
fn local(url: &Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// Forces the object at `url` to disk where the store is the local one, which does not do so itself:
/// a commit must not outlive the data that it names.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the disk refuses.
pub(super) fn sync(url: &Url) -> Result<()> {
    let Some(path) = local(url) else { return Ok(()) };
    let answer = |e| Error::io(&format!("writing `{url}`"), e);
    let sync = |path: &Path| fs::File::open(path)?.sync_all();
    sync(&path).map_err(answer)?;
    // The folders that may be new with it: TABLE/DAY/, TABLE/ and the output.
    for folder in path.ancestors().skip(1).take(FOLDERS) {
        match sync(folder) {
            // One that may not be opened was there before.
            Err(e) if e.kind() == ErrorKind::PermissionDenied => return Ok(()),
            other => other.map_err(answer)?,
        }
    }
    Ok(())
}

/// Forces the folders above an output to disk, which may be new with its first run. A folder that may not be opened was there
/// before.
pub(super) fn sync_folders_above(url: &Url) {
    let Some(path) = local(url) else { return };
    for folder in path.ancestors().skip(1 + FOLDERS) {
        let Ok(folder) = fs::File::open(folder) else { return };
        if folder.sync_all().is_err() {
            return;
        }
    }
}

/// Removes the folder of the object at `url`, and the one above it, if nothing is left in them. Only local disks keep empty
/// folders.
pub(super) fn remove_empty_folders(url: &Url, output: &Url) {
    let Some((path, output)) = local(url).zip(local(output)) else { return };
    let folders = path.ancestors().skip(1);
    for folder in folders.take_while(|folder| folder.starts_with(&output) && *folder != output) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// A file that a write left behind when it was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Path below the folder.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// The files below `folder` that writes left behind which were stopped, last written before `before`: `FILE.parquet#1`, as
/// the store of the local disk names what is being written, and names of commits that were not linked. Later ones may be
/// those of a run that is writing now. Other stores keep none.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the disk does not answer.
pub fn leftovers(folder: &Url, before: SystemTime) -> Result<Vec<Leftover>> {
    let Some(root) = local(folder) else { return Ok(vec![]) };
    let mut found = vec![];
    collect(&root, &root, before, FOLDERS, &mut found)
        .map_err(|e| Error::io(&format!("listing `{folder}`"), e))?;
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Removes a file that [`leftovers`] named; one that is gone is no error.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the disk refuses.
pub fn remove_leftover(folder: &Url, leftover: &Leftover) -> Result<()> {
    let Some(root) = local(folder) else { return Ok(()) };
    match fs::remove_file(root.join(&leftover.path)) {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(Error::io(&format!("removing `{}` of `{folder}`", leftover.path), e))
        }
        _ => Ok(()),
    }
}

fn collect(
    root: &Path,
    folder: &Path,
    before: SystemTime,
    depth: usize,
    found: &mut Vec<Leftover>,
) -> std::io::Result<()> {
    let Some(entries) = unless_gone(fs::read_dir(folder))? else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let Some(kind) = unless_gone(entry.file_type())? else { continue };
        let path = entry.path();
        if kind.is_dir() && depth > 0 {
            collect(root, &path, before, depth - 1, found)?;
        }
        let name = entry.file_name();
        if !kind.is_file() || !name.to_str().is_some_and(is_leftover) {
            continue;
        }
        let Some(file) = unless_gone(entry.metadata())? else { continue };
        let below = path.strip_prefix(root).ok().and_then(Path::to_str);
        if let Some(below) = below
            && file.modified()? < before
        {
            found.push(Leftover { path: below.to_owned(), size: file.len() });
        }
    }
    Ok(())
}

/// What the disk answered; `None` for what has gone while it was looked at, as another run removes what is left, too.
fn unless_gone<T>(answer: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match answer {
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Whether a name is one of a file that was being written.
fn is_leftover(name: &str) -> bool {
    let is_written = |stem: &str| ENDINGS.iter().any(|ending| stem.ends_with(ending));
    let numbered = name.rsplit_once('#').is_some_and(|(stem, number)| {
        is_written(stem) && !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    let hashed = name.rsplit_once('.').is_some_and(|(stem, hash)| {
        let is_hash = hash.len() == HASH_DIGITS && hash.bytes().all(|d| d.is_ascii_hexdigit());
        stem.ends_with(".json") && is_hash
    });
    numbered || hashed
}

#[cfg(test)]
mod tests {
    use super::is_leftover;

    #[test]
    fn names_of_files_that_were_being_written() {
        for name in
            ["a-00000.parquet#1", "log.json#12", "00000000000000000007.json.0123456789abcdef"]
        {
            assert!(is_leftover(name), "{name}");
        }
        for name in [
            "a-00000.parquet",
            "notes#1",
            "a.parquet#",
            "a.parquet#1x",
            "7.json.0123",
            "b.json.bak",
        ] {
            assert!(!is_leftover(name), "{name}");
        }
    }
}
