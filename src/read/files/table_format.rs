//! Marks of table formats. A folder of one holds files that its log or catalog no longer names: what was deleted or rewritten.
//! Read as plain Parquet, erased people would come back.

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use url::Url;

use super::special::Special;
use crate::engine::Engine;
use crate::error::{Error, Help, Result};
use crate::storage::shown;

/// A table format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableFormat {
    Delta,
    DuckLake,
    HiveAcid,
    Hudi,
    Iceberg,
    Paimon,
}

/// A table of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FoundTable {
    pub format: TableFormat,
    /// Its folder.
    pub folder: Path,
    /// Path of what tells.
    pub mark: Path,
}

const DELTA_LOG: &str = "_delta_log";
const HUDI_FOLDER: &str = ".hoodie";
const HUDI_PARTITION: &str = ".hoodie_partition_metadata";
const ICEBERG_FOLDER: &str = "metadata";
const ICEBERG_METADATA: [&str; 3] = [".metadata.json", ".metadata.json.gz", ".gz.metadata.json"];
const ICEBERG_HINT: &str = "version-hint.text";
const PAIMON_SNAPSHOTS: &str = "snapshot";
const PAIMON_SCHEMAS: &str = "schema";
const PAIMON_HINTS: [&str; 2] = ["LATEST", "EARLIEST"];

/// Maximum number of folders above the one named that are searched: a table may have several levels of partitions.
const MAX_ABOVE: usize = 6;

impl TableFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            TableFormat::Delta => "Delta",
            TableFormat::DuckLake => "DuckLake",
            TableFormat::HiveAcid => "Hive ACID",
            TableFormat::Hudi => "Hudi",
            TableFormat::Iceberg => "Iceberg",
            TableFormat::Paimon => "Paimon",
        }
    }

    /// How to export what a table of this format holds now.
    fn export(self) -> &'static str {
        match self {
            TableFormat::Delta | TableFormat::Iceberg => {
                "export its current snapshot to a folder of plain Parquet, such as with COPY (…) TO in DuckDB or a query in Spark, \
                 and name that folder"
            }
            TableFormat::DuckLake => {
                "export its current snapshot to a folder of plain Parquet with COPY (FROM …) TO in DuckDB, and name that folder"
            }
            TableFormat::HiveAcid => {
                "export it to a folder of plain Parquet with INSERT OVERWRITE DIRECTORY … STORED AS PARQUET SELECT … in Hive, and \
                 name that folder"
            }
            TableFormat::Hudi | TableFormat::Paimon => {
                "export its current snapshot to a folder of plain Parquet with a query in Spark or Flink, and name that folder"
            }
        }
    }
}

/// The first table among `objects`, or among local `folders` below `folder`.
pub(super) fn below(
    folder: &Path,
    objects: &[ObjectMeta],
    folders: &[String],
) -> Option<FoundTable> {
    let paths = objects.iter().map(|object| (object.location.as_ref().to_owned(), true));
    let folders = folders.iter().map(|name| match folder.as_ref() {
        "" => (name.clone(), false),
        above => (format!("{above}/{name}"), false),
    });
    // A mark that is part of the path named is looked for above it.
    let depth = folder.parts_count();
    let mut found = paths.chain(folders).filter_map(|(path, is_file)| {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (format, place) = mark_of(&parts, depth, is_file)?;
        let folder = joined(&parts[..place]);
        let mark = Path::parse(&path).unwrap_or_else(|_| Path::from(path.as_str()));
        Some(FoundTable { format, folder, mark })
    });
    found.next().or_else(|| paimon_hint(folder, objects))
}

/// The folder of these parts, which are those of a path.
fn joined(parts: &[&str]) -> Path {
    Path::parse(parts.join("/")).unwrap_or_default()
}

/// The format that a path tells of, and which of its parts lies in the folder of the table.
fn mark_of(parts: &[&str], depth: usize, is_file: bool) -> Option<(TableFormat, usize)> {
    for (place, part) in parts.iter().enumerate().skip(depth) {
        // A file right in the folder `part`.
        let file = parts.get(place + 1).filter(|_| is_file && place + 2 == parts.len());
        let has = |tells: fn(&str) -> bool| file.is_some_and(|file| tells(file));
        let is_iceberg = |file: &str| {
            is_iceberg_file(file) || ICEBERG_METADATA.iter().any(|end| file.ends_with(end))
        };
        let is_name_of_file = is_file && place + 1 == parts.len();
        let format = match *part {
            DELTA_LOG => TableFormat::Delta,
            HUDI_FOLDER | HUDI_PARTITION => TableFormat::Hudi,
            ICEBERG_FOLDER if has(is_iceberg) => TableFormat::Iceberg,
            PAIMON_SNAPSHOTS if has(is_paimon_snapshot) => TableFormat::Paimon,
            PAIMON_SCHEMAS if has(is_paimon_schema) => TableFormat::Paimon,
            name if is_name_of_file && is_ducklake_file(name) => TableFormat::DuckLake,
            name if !is_name_of_file && is_hive_acid(name, parts.get(place + 1)) => {
                TableFormat::HiveAcid
            }
            _ => continue,
        };
        return Some((format, place));
    }
    None
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a folder has a name that Hive gives to a version of a table or to its changes: `base_0000005`,
/// `delta_0000006_0000006_0000`, `delete_delta_0000007_0000007_0000`, perhaps with `_v0000042` at the end. Numbers have seven
/// digits, or `inside` it lies a `bucket_…`: an ordinary `delta_2026_03` or `base_1` is none.
fn is_hive_acid(folder: &str, inside: Option<&&str>) -> bool {
    let kinds = [("delete_delta_", 2..=3), ("delta_", 2..=3), ("base_", 1..=1)];
    let found =
        kinds.into_iter().find_map(|(kind, many)| Some((folder.strip_prefix(kind)?, kind, many)));
    let Some((numbers, kind, many)) = found else { return false };
    let visible = numbers.rsplit_once("_v").filter(|(_, id)| is_digits(id));
    let numbers: Vec<&str> = visible.map_or(numbers, |(numbers, _)| numbers).split('_').collect();
    let are_of_hive = numbers.iter().take(2).all(|number| number.len() == 7);
    many.contains(&numbers.len())
        && numbers.iter().all(|number| is_digits(number))
        && (are_of_hive
            || kind == "delete_delta_"
            || inside.is_some_and(|name| name.starts_with("bucket_")))
}

/// Whether a file has a name that DuckLake gives: its catalog, a database, says which of them count.
fn is_ducklake_file(name: &str) -> bool {
    name.starts_with("ducklake-") && name.ends_with(".parquet")
}

fn is_paimon_snapshot(name: &str) -> bool {
    name.strip_prefix("snapshot-").is_some_and(is_digits)
}

fn is_paimon_schema(name: &str) -> bool {
    name.strip_prefix("schema-").is_some_and(is_digits)
}

/// The Paimon table of which only the hint to its snapshots and its buckets are left.
fn paimon_hint(folder: &Path, objects: &[ObjectMeta]) -> Option<FoundTable> {
    let hint = objects.iter().find_map(|object| {
        let parts: Vec<_> = object.location.parts().collect();
        let [above @ .., snapshots, name] = parts.as_slice() else { return None };
        let is_hint =
            snapshots.as_ref() == PAIMON_SNAPSHOTS && PAIMON_HINTS.contains(&name.as_ref());
        is_hint.then(|| (Path::from_iter(above.iter().cloned()), object.location.clone()))
    });
    let (table, mark) = hint.filter(|(table, _)| table.prefix_matches(folder))?;
    let is_bucket = |name: &str| name.strip_prefix("bucket-").is_some_and(is_digits);
    let mut below = objects.iter().filter_map(|object| object.location.prefix_match(&table));
    let has_buckets = below.any(|mut parts| parts.any(|part| is_bucket(part.as_ref())));
    has_buckets.then_some(FoundTable { format: TableFormat::Paimon, folder: table, mark })
}

/// A folder in that of a table, and which files right in it tell of the format.
type Mark = (&'static str, TableFormat, fn(&str) -> bool);

/// The table that `path` is a part of, if any: the nearest folder above it with a mark.
///
/// Whoever may read a folder may not be allowed to list those above it: what cannot be listed is taken to have no mark.
pub(super) async fn above(store: &dyn ObjectStore, path: &Path) -> Option<FoundTable> {
    let parts: Vec<&str> = path.as_ref().split('/').filter(|part| !part.is_empty()).collect();
    if let Some(found) = in_names(&parts) {
        return Some(found);
    }
    let mut searches = Vec::new();
    for depth in (0..parts.len()).rev().take(MAX_ABOVE) {
        let marks: [Mark; 4] = [
            (DELTA_LOG, TableFormat::Delta, |_| true),
            (HUDI_FOLDER, TableFormat::Hudi, |_| true),
            (ICEBERG_FOLDER, TableFormat::Iceberg, |file| {
                is_iceberg_file(file) || is_iceberg_metadata(file)
            }),
            (PAIMON_SNAPSHOTS, TableFormat::Paimon, is_paimon_snapshot),
        ];
        for (name, format, tells) in marks {
            let folder = joined(&parts[..depth]);
            searches.push(async move {
                let found = first_below(store, &folder.clone().join(name), tells).await;
                found.map(|mark| FoundTable { format, folder, mark })
            });
        }
    }
    // All at once, the nearest first.
    join_all(searches).await.into_iter().flatten().next()
}

/// The table of which the parts of a path tell by their names.
fn in_names(parts: &[&str]) -> Option<FoundTable> {
    let first = parts.len().saturating_sub(MAX_ABOVE);
    let found = (first..parts.len()).rev().find_map(|place| {
        let inside = parts.get(place + 1);
        let is_last = inside.is_none();
        let format = match parts[place] {
            name if is_last && is_ducklake_file(name) => TableFormat::DuckLake,
            name if is_hive_acid(name, inside) => TableFormat::HiveAcid,
            _ => return None,
        };
        Some((format, place))
    });
    let (format, place) = found?;
    Some(FoundTable { format, folder: joined(&parts[..place]), mark: joined(&parts[..=place]) })
}

/// The first object right below a folder that `tells`.
async fn first_below(
    store: &dyn ObjectStore,
    folder: &Path,
    tells: fn(&str) -> bool,
) -> Option<Path> {
    let mut objects = store.list(Some(folder)).take(1_000);
    while let Ok(Some(object)) = objects.try_next().await {
        if object.location.filename().is_some_and(tells) {
            return Some(object.location);
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
    stem.is_some_and(|stem| {
        stem.strip_prefix('v').is_some_and(is_digits)
            || stem.split_once('-').is_some_and(|(number, _)| is_digits(number))
    })
}

/// Whether a file in a folder `metadata` is of Iceberg, though its catalog keeps what is named `*.metadata.json`: the hint to
/// it, a list of manifests (`snap-….avro`) or a manifest (`…-m0.avro`).
fn is_iceberg_file(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".avro") else { return name == ICEBERG_HINT };
    let is_manifest = stem.rsplit_once("-m").is_some_and(|(_, number)| is_digits(number));
    is_manifest || stem.starts_with("snap-")
}

/// The error for what is, holds or is part of a table of a format; `path` is what `url` names, or where a link leads.
pub(super) fn refused(url: &Url, table: &FoundTable, path: &Path, is_link: bool) -> Error {
    let FoundTable { format, folder, mark } = table;
    let format_name = format.name();
    let (folder_shown, mark) = (shown(url, folder), shown(url, mark));
    let what = if is_link {
        let to = shown(url, path);
        format!(
            "a link leads to `{to}`, part of `{folder_shown}`, a table of the format {format_name}"
        )
    } else if folder == path {
        format!("it is a table of the format {format_name}")
    } else if folder.prefix_matches(path) {
        format!("it holds `{folder_shown}`, a table of the format {format_name}")
    } else {
        format!("it is part of `{folder_shown}`, a table of the format {format_name}")
    };
    let knows = match format {
        TableFormat::DuckLake => "its catalog",
        TableFormat::HiveAcid => "Hive",
        _ => "its log",
    };
    let cause = format!(
        "`{url}`: {what} (`{mark}`): its folder also has files that were deleted or replaced, and only {knows} says which"
    );
    let export = format.export();
    match format {
        TableFormat::Delta if cfg!(feature = "delta") => Error::bad_input(
            cause,
            format!(
                "name the folder of the table, `{folder_shown}`, and choose its rows in a SELECT"
            ),
        ),
        TableFormat::Delta => Error::bad_input(cause, export).with_help(Help::DeltaFeature),
        _ => Error::bad_input(cause, export),
    }
}

/// Refuses a URL that is, holds or is part of a table of a format, and one below which a link leads into such a table.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if there is a mark, [`crate::error::Kind::Unavailable`] if the store cannot be set up.
pub(super) async fn refuse(
    engine: &Engine,
    url: &Url,
    objects: &[ObjectMeta],
    special: &Special,
) -> Result<()> {
    let (store, path) = engine.stores.resolve(url)?;
    let found = match below(&path, objects, &special.folders) {
        Some(found) => Some(found),
        None => above(store.as_ref(), &path).await,
    };
    if let Some(table) = found {
        return Err(refused(url, &table, &path, false));
    }
    for target in special.link_targets.values() {
        let Ok(path) = Path::from_absolute_path(target) else { continue };
        if let Some(table) = above(store.as_ref(), &path).await {
            return Err(refused(url, &table, &path, true));
        }
    }
    Ok(())
}
