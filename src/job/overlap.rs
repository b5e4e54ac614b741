//! An output that lies in an input, or holds one: what is published would be read as data.

use std::collections::BTreeMap;

use url::Url;

use super::input::Input;
use crate::error::{Error, Result};
use crate::storage::is_within;

/// Refuses an `output` that is an input or source, lies in one, or holds the folder of one.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] for the first of them, by name.
pub(super) fn refuse_overlap(
    file: &str,
    inputs: &BTreeMap<String, Input>,
    sources: &BTreeMap<String, Url>,
    output: &Url,
) -> Result<()> {
    let inputs = inputs.iter().filter_map(|(name, input)| match input {
        Input::Url(url) => Some((format!("inputs.{name}"), url)),
        Input::Sql(_) => None,
    });
    let sources = sources.iter().map(|(name, url)| (format!("sources.{name}"), url));
    for (key, url) in inputs.chain(sources) {
        let how = if is_within(output, url) {
            "is, or lies in,"
        } else if url.path().ends_with('/') && is_within(url, output) {
            "holds"
        } else {
            continue;
        };
        return Err(Error::bad_job(
            format!("{file}: the output `{output}` {how} the folder of `{key}`, `{url}`"),
            "name a folder of its own for the output, apart from all inputs: its tables would be read as data",
        ));
    }
    Ok(())
}
