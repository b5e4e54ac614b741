//! Where ranks are written: never over what they are computed from.

use std::os::unix::fs::MetadataExt as _;

use url::Url;

use super::edge_source::EdgeSource;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::job::Input;
use crate::storage::is_within;

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
        if is_within(out, input) || is_local_input(engine, out, input).await? {
            let cause =
                format!("the ranks would be written to `{out}`, over or into the input `{input}`");
            return Err(refused(cause, "name another file for the ranks"));
        }
    }
    Ok(())
}

/// Whether `out` is another name of a file that is read for `input`.
async fn is_local_input(engine: &Engine, out: &Url, input: &Url) -> Result<bool> {
    if input.scheme() != "file" {
        return Ok(false);
    }
    let Some(existing) = identity(out) else { return Ok(false) };
    let files = engine.stores.list(input, "").await?;
    Ok(files.into_iter().any(|file| {
        let mut url = input.clone();
        url.set_path(file.location.as_ref());
        identity(&url) == Some(existing)
    }))
}

/// What is the same for all names of a local file.
fn identity(url: &Url) -> Option<(u64, u64)> {
    let path = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()?;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
