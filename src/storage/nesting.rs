//! Whether what one URL names lies in what another names, whatever names a file of this machine has.

use std::path::{Path, PathBuf};

use url::Url;

/// Whether `inner` is what `outer` names, or lies in it. Links of this machine are followed.
pub(crate) fn is_within(inner: &Url, outer: &Url) -> bool {
    if let Some((inner, outer)) = local(inner).zip(local(outer)) {
        return inner.starts_with(outer);
    }
    let below = inner.path().strip_prefix(outer.path().trim_end_matches('/'));
    store(inner) == store(outer)
        && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What is the same for all URLs of a store; one store has two schemes.
fn store(url: &Url) -> (&str, &str, Option<&str>) {
    let scheme = match url.scheme() {
        "s3a" => "s3",
        "abfss" => "abfs",
        other => other,
    };
    (scheme, url.username(), url.host_str())
}

/// The path of a local file without links. A file that is not there yet lies in a folder that is, or in one that is created.
fn local(url: &Url) -> Option<PathBuf> {
    let path = (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()?;
    let real = |above: &Path| {
        let rest = path.strip_prefix(above).ok()?;
        Some(std::fs::canonicalize(above).ok()?.join(rest))
    };
    Some(path.ancestors().find_map(real).unwrap_or_else(|| path.clone()))
}
