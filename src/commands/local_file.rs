//! Files that a command writes to the local disk.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// Writes `text` to `path`, replacing an existing file: readers see the old or the new one, whole.
///
/// # Errors
/// [`Kind::Unavailable`] if the disk does not take it.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    let name = path.file_name().ok_or_else(|| not_written(path, ErrorKind::IsADirectory.into()))?;
    let part = format!(".{}.{}.part", name.to_string_lossy(), std::process::id());
    let part = path.with_file_name(part);
    let written = std::fs::write(&part, text)
        .and_then(|()| std::fs::File::open(&part)?.sync_all())
        .and_then(|()| std::fs::rename(&part, path));
    written.map_err(|e| {
        // The remainder is useless, and the first error is the one to report.
        let _ = std::fs::remove_file(&part);
        not_written(path, e)
    })
}

/// Writes `text` to `path`, which must not exist.
///
/// # Errors
/// [`Kind::Usage`] if a file is there, [`Kind::Unavailable`] if the disk does not take it.
pub(super) fn create(path: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    let created = std::fs::File::create_new(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    created.map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => existing(path),
        _ => not_written(path, e),
    })
}

/// Refuses a file that cannot be written because its folder is not there, or because it is a folder itself: said before the work
/// whose result it is to hold.
///
/// # Errors
/// [`Kind::BadJob`] for such a file.
pub(super) fn refuse_unwritable(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let (cause, remedy) = match () {
        () if path.is_dir() => (format!("`{}` is a folder", path.display()), "name a file in it"),
        () if folder.is_dir() => return Ok(()),
        () if folder.exists() => (
            format!("`{}` is to hold `{}`, and is no folder", folder.display(), path.display()),
            "name a file in a folder",
        ),
        () => (
            format!("the folder `{}` of `{}` does not exist", folder.display(), path.display()),
            "create the folder first, or name a file in one that exists",
        ),
    };
    Err(Error::bad_job(cause, remedy))
}

/// The error for a file that exists and must not be replaced.
pub(super) fn existing(path: &Path) -> Error {
    Error::new(
        Kind::Usage,
        format!("`{}` exists", path.display()),
        "name a new file: it is not replaced",
    )
}

fn not_written(path: &Path, error: std::io::Error) -> Error {
    let cause = format!("writing `{}`: {error}", path.display());
    Error::new(Kind::Unavailable, cause, "check the path given with --out").caused_by(error)
}
