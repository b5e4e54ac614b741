//! Where ranks are written: never over what they are computed from.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use url::Url;

use super::edge_source::EdgeSource;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::Input;

/// Refuses an output that is a folder, or that is, or lies in, what `source` is read from; links are followed.
///
/// # Errors
/// [`Kind::Usage`] for such an output, [`Kind::Unavailable`] if a store cannot be listed.
pub(super) async fn refuse_inputs(engine: &Engine, source: &EdgeSource, out: &Url) -> Result<()> {
    let refused = |cause: String, remedy: &str| Error::new(Kind::Usage, cause, remedy);
    if out.path().ends_with('/') {
        let cause = format!("`{out}` is a folder");
        return Err(refused(cause, "name a file for the ranks, such as ranks.parquet in it"));
    }
    let urls = source.inputs().filter_map(|input| match input {
        Input::Url(url) => Some(url),
        Input::Sql(_) => None,
    });
    for input in urls.chain(source.sources.values()) {
        if is_within_store(out, input) || is_local_input(engine, out, input).await? {
            let cause =
                format!("the ranks would be written to `{out}`, over or into the input `{input}`");
            return Err(refused(cause, "name another file for the ranks"));
        }
    }
    Ok(())
}

/// Whether `out` is, or lies in, what `input` names, by their URLs; files of this machine have many names.
fn is_within_store(out: &Url, input: &Url) -> bool {
    if out.scheme() == "file" {
        return out == input;
    }
    // One store under two names.
    let scheme = |url: &Url| match url.scheme() {
        "s3a" => "s3".to_owned(),
        "abfss" => "abfs".to_owned(),
        other => other.to_owned(),
    };
    let store =
        |url: &Url| (scheme(url), url.username().to_owned(), url.host_str().map(str::to_owned));
    let below = out.path().strip_prefix(input.path().trim_end_matches('/'));
    store(out) == store(input) && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether `out` is a file that is read for `input`, or lies in its folder, whatever links lead there.
async fn is_local_input(engine: &Engine, out: &Url, input: &Url) -> Result<bool> {
    let (Some(out), Some(folder)) = (local_path(out), local_path(input)) else { return Ok(false) };
    // A file that is not there yet lies in a folder that is, or in one that is created.
    let real = out.ancestors().find_map(|path| std::fs::canonicalize(path).ok());
    if let (Some(real), Ok(folder)) = (real, std::fs::canonicalize(&folder))
        && folder.is_dir()
        && real.starts_with(&folder)
    {
        return Ok(true);
    }
    let Some(existing) = identity(&out) else { return Ok(false) };
    let files = engine.stores.list(input, "").await?;
    Ok(files.into_iter().any(|file| {
        let mut url = input.clone();
        url.set_path(file.location.as_ref());
        local_path(&url).and_then(|path| identity(&path)) == Some(existing)
    }))
}

fn local_path(url: &Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

/// What is the same for all names of a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
