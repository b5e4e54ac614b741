//! Partition columns: folders named `column=value`.

use std::collections::BTreeSet;

use object_store::ObjectMeta;
use object_store::path::Path;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::error::{Error, Result};
use crate::storage::shown;

/// What writers put in place of a missing value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The partition columns of the files of a folder.
pub(super) struct Partitions {
    /// Names, in the order of the folders.
    pub names: Vec<String>,
    /// The values of each file, one a column; `None` for a missing value.
    pub values: Vec<Vec<Option<String>>>,
}

/// The partition columns of `files` below `folder`, which is at `url`.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if files have different ones.
pub(super) fn partitions(url: &Url, folder: &Path, files: &[ObjectMeta]) -> Result<Partitions> {
    let of_files: Vec<Vec<(String, Option<String>)>> =
        files.iter().map(|file| of_file(folder, &file.location)).collect();
    let names = |of_file: &[(String, Option<String>)]| -> Vec<String> {
        of_file.iter().map(|(name, _)| name.clone()).collect()
    };
    let first = of_files.first().map(|of_file| names(of_file)).unwrap_or_default();
    for (file, of_file) in files.iter().zip(&of_files) {
        let others = names(of_file);
        if others != first {
            let path = &shown(url, &file.location);
            let listed = |names: &[String]| match names {
                [] => "no partition columns".to_owned(),
                names => format!("the partition columns {}", names.join(", ")),
            };
            return Err(Error::bad_input(
                format!(
                    "`{url}`: `{}` has {}, `{path}` has {}",
                    shown(url, &files[0].location),
                    listed(&first),
                    listed(&others)
                ),
                "let all files of a folder have one schema and one scheme of partitions",
            )
            .in_file(path));
        }
    }
    let twice = |name: &&String| first.iter().filter(|other| other == name).count() > 1;
    if let Some(name) = first.iter().find(twice) {
        return Err(Error::bad_input(
            format!("`{url}`: the partition column `{name}` occurs twice in a path"),
            "give each folder of a path another column",
        ));
    }
    let values = of_files.into_iter().map(|of_file| of_file.into_iter().map(|(_, v)| v).collect());
    Ok(Partitions { names: first, values: values.collect() })
}

fn of_file(folder: &Path, file: &Path) -> Vec<(String, Option<String>)> {
    let Some(parts) = file.prefix_match(folder) else { return vec![] };
    let mut parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
    // The last part is the name of the file.
    parts.pop();
    let columns = parts.iter().filter_map(|part| part.split_once('='));
    columns
        .map(|(name, value)| {
            let value = (value != NO_VALUE).then(|| {
                let decoded = percent_decode_str(value).decode_utf8();
                decoded.map_or_else(|_| value.to_owned(), |value| value.into_owned())
            });
            (name.to_owned(), value)
        })
        .collect()
}

impl Partitions {
    /// The same without the columns that the files themselves hold: they are read from there.
    pub(super) fn without(self, held: &BTreeSet<&str>) -> Self {
        let is_kept: Vec<bool> =
            self.names.iter().map(|name| !held.contains(name.as_str())).collect();
        let kept = |values: Vec<Option<String>>| {
            let kept = values.into_iter().zip(&is_kept).filter(|(_, is_kept)| **is_kept);
            kept.map(|(value, _)| value).collect()
        };
        let names = self.names.into_iter().zip(&is_kept).filter(|(_, is_kept)| **is_kept);
        Self {
            names: names.map(|(name, _)| name).collect(),
            values: self.values.into_iter().map(kept).collect(),
        }
    }
}
