//! Marks of table formats. A folder of one holds files that its log no longer names: what was deleted or rewritten. Read as
//! plain Parquet, erased people would come back.

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use url::Url;

use crate::engine::Engine;
use crate::error::{Error, Help, Result};

/// A table format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableFormat {
    Delta,
    Hudi,
    Iceberg,
}

/// A table of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundTable {
    pub format: TableFormat,
    /// Its folder.
    pub folder: Path,
    /// Path of what tells.
    pub mark: String,
}

const DELTA_LOG: &str = "_delta_log";
const HUDI_FOLDER: &str = ".hoodie";
const HUDI_PARTITION: &str = ".hoodie_partition_metadata";
const ICEBERG_FOLDER: &str = "metadata";
const ICEBERG_METADATA: [&str; 3] = [".metadata.json", ".metadata.json.gz", ".gz.metadata.json"];

/// Maximum number of folders above the one named that are searched: a table may have several levels of partitions.
const MAX_ABOVE: usize = 6;

impl TableFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            TableFormat::Delta => "Delta",
            TableFormat::Hudi => "Hudi",
            TableFormat::Iceberg => "Iceberg",
        }
    }
}

/// The first table among `objects`, or among local `folders` below `folder`.
pub(super) fn below(
    folder: &Path,
    objects: &[ObjectMeta],
    folders: &[String],
) -> Option<FoundTable> {
    let paths = objects.iter().map(|object| object.location.as_ref().to_owned());
    let folders = folders.iter().map(|name| match folder.as_ref() {
        "" => name.clone(),
        above => format!("{above}/{name}"),
    });
    // A mark that is part of the path named is looked for above it.
    let depth = folder.parts_count();
    let mut found = paths.chain(folders).filter_map(|path| {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (format, place) = mark_of(&parts, depth)?;
        let folder = joined(&parts[..place]);
        Some(FoundTable { format, folder, mark: path })
    });
    found.next()
}

/// The folder of these parts, which are those of a path.
fn joined(parts: &[&str]) -> Path {
    Path::parse(parts.join("/")).unwrap_or_default()
}

/// The format that a path tells of, and which of its parts lies in the folder of the table.
fn mark_of(parts: &[&str], depth: usize) -> Option<(TableFormat, usize)> {
    for (place, part) in parts.iter().enumerate().skip(depth) {
        let is_iceberg = || {
            let file = parts.get(place + 1).filter(|_| place + 2 == parts.len());
            file.is_some_and(|file| ICEBERG_METADATA.iter().any(|end| file.ends_with(end)))
        };
        let format = match *part {
            DELTA_LOG => TableFormat::Delta,
            HUDI_FOLDER | HUDI_PARTITION => TableFormat::Hudi,
            ICEBERG_FOLDER if is_iceberg() => TableFormat::Iceberg,
            _ => continue,
        };
        return Some((format, place));
    }
    None
}

/// The table that `path` is a part of, if any: the nearest folder above it with a mark.
///
/// Whoever may read a folder may not be allowed to list those above it: what cannot be listed is taken to have no mark.
pub(super) async fn above(store: &dyn ObjectStore, path: &Path) -> Option<FoundTable> {
    let parts: Vec<&str> = path.as_ref().split('/').filter(|part| !part.is_empty()).collect();
    let mut searches = Vec::new();
    for depth in (0..parts.len()).rev().take(MAX_ABOVE) {
        for (name, format) in [
            (DELTA_LOG, TableFormat::Delta),
            (HUDI_FOLDER, TableFormat::Hudi),
            (ICEBERG_FOLDER, TableFormat::Iceberg),
        ] {
            let folder = joined(&parts[..depth]);
            searches.push(async move {
                let mark = folder.clone().join(name);
                let found = match format {
                    TableFormat::Iceberg => first_below(store, &mark, is_iceberg_metadata).await,
                    _ => first_below(store, &mark, |_| true).await,
                };
                found.map(|mark| FoundTable { format, folder, mark })
            });
        }
    }
    // All at once, the nearest first.
    join_all(searches).await.into_iter().flatten().next()
}

/// The first object right below a folder that `tells`.
async fn first_below(
    store: &dyn ObjectStore,
    folder: &Path,
    tells: fn(&str) -> bool,
) -> Option<String> {
    let mut objects = store.list(Some(folder)).take(1_000);
    while let Ok(Some(object)) = objects.try_next().await {
        if object.location.filename().is_some_and(tells) {
            return Some(object.location.to_string());
        }
    }
    None
}

/// Whether the folder `path` is that of a Delta table.
#[cfg(feature = "delta")]
pub(super) async fn is_delta(store: &dyn ObjectStore, path: &Path) -> bool {
    first_below(store, &path.clone().join(DELTA_LOG), |_| true).await.is_some()
}

/// Whether a file has a name of Iceberg: `v3.metadata.json`, `00003-UUID.metadata.json`. Above the folder that was named, any
/// `*.metadata.json` would say too little.
fn is_iceberg_metadata(name: &str) -> bool {
    let stem = ICEBERG_METADATA.iter().find_map(|end| name.strip_suffix(end));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    stem.is_some_and(|stem| {
        stem.strip_prefix('v').is_some_and(digits)
            || stem.split_once('-').is_some_and(|(number, _)| digits(number))
    })
}

/// The error for what is, holds or is part of a table of a format.
pub(super) fn refused(url: &Url, table: &FoundTable, path: &Path) -> Error {
    let FoundTable { format, folder, mark } = table;
    let format_name = format.name();
    let what = if folder == path {
        format!("it is a table of the format {format_name}")
    } else if folder.prefix_matches(path) {
        format!("it holds `{folder}`, a table of the format {format_name}")
    } else {
        format!("it is part of `{folder}`, a table of the format {format_name}")
    };
    let cause = format!(
        "`{url}`: {what} (`{mark}`): its folder also has files that were deleted or replaced, and only its log says which"
    );
    let export = "export the table to a folder of plain Parquet and name that folder";
    match format {
        TableFormat::Delta if cfg!(feature = "delta") => Error::bad_input(
            cause,
            format!("name the folder of the table, `{folder}`, and choose its rows in a SELECT"),
        ),
        TableFormat::Delta => Error::bad_input(cause, export).with_help(Help::DeltaFeature),
        TableFormat::Hudi | TableFormat::Iceberg => Error::bad_input(cause, export),
    }
}

/// Refuses a URL that is, holds or is part of a table of a format.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if there is a mark, [`crate::error::Kind::Unavailable`] if the store cannot be set up.
pub(super) async fn refuse(
    engine: &Engine,
    url: &Url,
    objects: &[ObjectMeta],
    folders: &[String],
) -> Result<()> {
    let (store, path) = engine.stores.resolve(url)?;
    let found = match below(&path, objects, folders) {
        Some(found) => Some(found),
        None => above(store.as_ref(), &path).await,
    };
    found.map_or(Ok(()), |table| Err(refused(url, &table, &path)))
}
