//! What lies in a local folder and is no file: the object store does not list it, or would wait for it for ever.

use std::collections::BTreeMap;
use std::fs::{self, FileType};
use std::path::{Path, PathBuf};

use url::Url;
use walkdir::WalkDir;

use crate::error::{Error, Result};

/// What is no file in a local folder, by path below it.
#[derive(Debug, Default)]
pub(super) struct Special {
    /// Links whose target does not exist.
    pub dangling: Vec<String>,
    /// FIFOs, sockets and devices.
    pub irregular: Vec<String>,
    /// Files with a name that the store takes for one of its own temporary files.
    pub unlisted: Vec<String>,
    /// Folders.
    pub folders: Vec<String>,
    /// Where links lead, by the folder in which that lies: one of each.
    pub link_targets: BTreeMap<PathBuf, PathBuf>,
}

impl Special {
    /// Looks at what a `file` URL names; nothing is found elsewhere, or where nothing is.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if the URL itself names no file and no folder, or a link leads back to a folder above
    /// it.
    pub(super) fn of(url: &Url) -> Result<Self> {
        let mut special = Self::default();
        let local = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten();
        let Some(path) = local else { return Ok(special) };
        if let Ok(link) = fs::symlink_metadata(&path)
            && link.is_symlink()
            && fs::metadata(&path).is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
        {
            return Err(Error::bad_input(
                format!("`{url}` is a link whose target does not exist"),
                "give the path of a file or folder",
            ));
        }
        let Ok(found) = fs::metadata(&path) else { return Ok(special) };
        if !found.is_file() && !found.is_dir() {
            return Err(Error::bad_input(
                format!("`{url}` is {}, neither a file nor a folder", kind_name(found.file_type())),
                "give the path of a file or folder: files are read more than once",
            ));
        }
        special.add_target(&path);
        if found.is_dir() {
            special.walk(url, &path)?;
        }
        Ok(special)
    }

    /// Adds where `path` leads, if it is a link or lies below one.
    fn add_target(&mut self, path: &Path) {
        if let Ok(target) = fs::canonicalize(path)
            && target != path
            && let Some(folder) = target.parent()
        {
            self.link_targets.entry(folder.to_owned()).or_insert(target);
        }
    }

    fn walk(&mut self, url: &Url, folder: &Path) -> Result<()> {
        for entry in WalkDir::new(folder).min_depth(1).follow_links(true) {
            match entry {
                Ok(entry) => {
                    let name = below(folder, entry.path());
                    if entry.path_is_symlink() {
                        self.add_target(entry.path());
                    }
                    let kind = entry.file_type();
                    if kind.is_dir() {
                        self.folders.push(name);
                    } else if !kind.is_file() {
                        self.irregular.push(name);
                    } else if is_temporary(entry.path()) {
                        self.unlisted.push(name);
                    }
                }
                Err(error) => {
                    let name = error.path().map(|path| below(folder, path)).unwrap_or_default();
                    if error.loop_ancestor().is_some() {
                        return Err(Error::bad_input(
                            format!("`{url}`: the link `{name}` leads to a folder above it"),
                            "remove the link",
                        ));
                    }
                    let cause = error.io_error().map(std::io::Error::kind);
                    if cause == Some(std::io::ErrorKind::NotFound) {
                        self.dangling.push(name);
                    }
                    // Whatever else fails here fails when the store lists it, and is told then.
                }
            }
        }
        for list in [&mut self.dangling, &mut self.irregular, &mut self.unlisted] {
            list.sort_unstable();
        }
        Ok(())
    }
}

/// Whether the local store takes a file for one that it has not finished: `NAME#NUMBER`.
fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.split_once('#').is_some_and(|(_, number)| {
        !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    })
}

fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

#[cfg(unix)]
fn kind_name(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind_name(_: FileType) -> &'static str {
    "a device"
}
