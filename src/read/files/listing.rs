//! The Parquet files at a URL, by what is in them; and what is there besides.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};
use url::Url;

use super::special::Special;
use super::table_format;
use crate::engine::Engine;
use crate::error::{Error, Kind, Result};
use crate::storage::shown;

/// Files whose first bytes are requested at once.
const AT_ONCE: usize = 32;

/// Maximum number of files that are named of those that are passed over for one reason.
const MAX_NAMED: usize = 10;

/// Names under which a file is read whatever is in it, so that one that is damaged is refused.
const SUFFIXES: [&str; 4] = [".parquet", ".parq", ".pqt", ".pq"];

/// Files that some writers put beside their data: footers of all files, without rows.
const SUMMARIES: [&str; 2] = ["_metadata", "_common_metadata"];

/// Bytes of the smallest file that could be Parquet.
const MIN_BYTES: u64 = 12;

/// A file that was read, as its store describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputFile {
    /// Path within the store.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// The store's tag of this version of the file, if it gives one.
    pub e_tag: Option<String>,
}

impl From<&ObjectMeta> for InputFile {
    fn from(object: &ObjectMeta) -> Self {
        Self { path: object.location.to_string(), size: object.size, e_tag: object.e_tag.clone() }
    }
}

/// Files of a folder that are not read, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Why.
    pub reason: String,
    /// How many.
    pub files: u64,
    /// The first ten, by path below the folder.
    pub first: Vec<String>,
}

/// The files behind one URL.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The URL as the job names it.
    pub url: Url,
    /// Its files, sorted by path.
    pub files: Vec<InputFile>,
    /// What is there and not read.
    pub passed_over: Vec<PassedOver>,
    /// Columns that are null in the rows of some files, which lack them; of how many files, and how many there are.
    pub null_columns: BTreeMap<String, [usize; 2]>,
    /// The version of the table, if it has a log.
    pub version: Option<TableVersion>,
}

/// A version of a table that has a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableVersion {
    /// The format: `delta`.
    pub format: String,
    /// Id of the table.
    pub id: String,
    /// The version that was read.
    pub version: u64,
}

/// What is at a URL.
pub(super) struct Found {
    /// Parquet files, sorted by path.
    pub objects: Vec<ObjectMeta>,
    /// The folder that they are in; the file itself if the URL names one.
    pub folder: Path,
    pub passed_over: Vec<PassedOver>,
}

/// Finds the Parquet files at `url`.
///
/// # Errors
/// [`Kind::BadInput`] if there is none, one is empty or unfinished, or they belong to a table of a format that keeps a log;
/// [`Kind::Unavailable`] if the store does not answer.
pub(super) async fn find(engine: &Engine, url: &Url) -> Result<Found> {
    let special = Special::of(url)?;
    let objects = engine.stores.list(url, "").await?;
    table_format::refuse(engine, url, &objects, &special).await?;
    let found = sort_out(engine, url, objects, special).await?;
    if found.objects.is_empty() {
        return Err(nothing_found(url, &found.passed_over));
    }
    if let Some(empty) = found.objects.iter().find(|object| object.size == 0) {
        return Err(Error::bad_input(
            format!("`{url}`: the file `{}` is empty: it has 0 bytes", shown(url, &empty.location)),
            "write it again, or remove it",
        )
        .in_file(&shown(url, &empty.location)));
    }
    Ok(found)
}

/// Refuses inputs that have changed since they were listed: they are read more than once, and the passes may have read
/// different rows.
///
/// # Errors
/// [`Kind::Interrupted`] if a file was added, removed or changed, [`Kind::Unavailable`] if a store does not answer.
pub async fn refuse_changed_files<'a>(
    engine: &Engine,
    inputs: impl IntoIterator<Item = &'a Listing>,
) -> Result<()> {
    // A version of a table with a log does not change.
    for listed in inputs.into_iter().filter(|listed| listed.version.is_none()) {
        let changed = || {
            Error::new(
                Kind::Interrupted,
                format!("`{}`: files have changed while they were read", listed.url),
                "run again once their writer has finished",
            )
        };
        let url = &listed.url;
        let objects = engine.stores.list(url, "").await?;
        let now = match sort_out(engine, url, objects, Special::default()).await {
            Ok(found) => found.objects,
            Err(error) if error.kind == Kind::BadInput => return Err(changed()),
            Err(error) => return Err(error),
        };
        if now.iter().map(InputFile::from).ne(listed.files.iter().cloned()) {
            return Err(changed());
        }
    }
    Ok(())
}

/// There is no Parquet file at a URL.
#[derive(Debug)]
struct NothingFound;

impl fmt::Display for NothingFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no Parquet file")
    }
}

impl std::error::Error for NothingFound {}

/// Whether an error is that there is no Parquet file at a URL.
pub(crate) fn is_nothing_found(error: &Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<NothingFound>())
}

fn nothing_found(url: &Url, passed_over: &[PassedOver]) -> Error {
    let others: u64 = passed_over.iter().map(|kind| kind.files).sum();
    let there = match passed_over.iter().find_map(|kind| Some((kind, kind.first.first()?))) {
        Some((kind, first)) => {
            format!("; {others} other files are there, such as `{first}` ({})", kind.reason)
        }
        None => String::new(),
    };
    Error::bad_input(
        format!("`{url}`: no Parquet file found{there}"),
        "check the path and the snapshot date",
    )
    .caused_by(NothingFound)
}

/// Divides what a store lists into Parquet files and others.
async fn sort_out(
    engine: &Engine,
    url: &Url,
    mut objects: Vec<ObjectMeta>,
    special: Special,
) -> Result<Found> {
    let (store, folder) = engine.stores.resolve(url)?;
    if let [one] = objects.as_slice()
        && one.location == folder
        && !url.path().ends_with('/')
    {
        // Whoever names a file means it, whatever its name is.
        return Ok(Found { objects, folder, passed_over: vec![] });
    }
    remove_folder_markers(&folder, &mut objects);
    let heads = futures::stream::iter(objects.into_iter().map(|object| {
        let store = store.as_ref();
        let below = below(&folder, &object.location);
        async move {
            let content = Content::of(store, url, &object, &below).await?;
            Ok::<_, Error>((object, below, content))
        }
    }));
    let mut heads: Vec<_> = heads.buffer_unordered(AT_ONCE).try_collect().await?;
    heads.sort_by(|(one, ..), (other, ..)| one.location.cmp(&other.location));
    let (mut files, mut unfinished) = (Vec::new(), Vec::new());
    let mut others: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (object, below, content) in heads {
        let is_hidden = is_hidden(&below);
        let is_summary = SUMMARIES.contains(&object.location.filename().unwrap_or_default());
        match content {
            Content::Parquet if is_summary => {
                others.entry("summaries of other files").or_default().push(below);
            }
            Content::Parquet if is_hidden => unfinished.push(below),
            Content::Parquet => files.push(object),
            _ if is_hidden => others.entry("hidden").or_default().push(below),
            Content::Empty => others.entry("empty").or_default().push(below),
            Content::Other => others.entry("not Parquet").or_default().push(below),
        }
    }
    if let Some(first) = unfinished.first() {
        return Err(Error::bad_input(
            format!(
                "`{url}`: {} Parquet files below it, such as `{first}`, belong to an unfinished write or to a table format",
                unfinished.len()
            ),
            "remove what a failed write left, or give a folder that contains only data",
        ));
    }
    others.insert("links whose target does not exist", special.dangling);
    others.insert("neither files nor folders", special.irregular);
    others.insert("named like temporary files", special.unlisted);
    let others = others.into_iter().filter(|(_, paths)| !paths.is_empty());
    let passed_over = others.map(|(reason, mut paths)| {
        let files = paths.len() as u64;
        paths.truncate(MAX_NAMED);
        PassedOver { reason: reason.to_owned(), files, first: paths }
    });
    Ok(Found { objects: files, folder, passed_over: passed_over.collect() })
}

/// Removes objects without bytes that stand for folders: tools that show buckets as folders write them, with a name that ends
/// in `/`.
fn remove_folder_markers(folder: &Path, objects: &mut Vec<ObjectMeta>) {
    if objects.iter().all(|object| object.size > 0) {
        return;
    }
    let mut folders = HashSet::from([folder.to_string()]);
    for object in objects.iter() {
        let path = object.location.as_ref();
        folders.extend(path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
    }
    objects.retain(|object| object.size > 0 || !folders.contains(object.location.as_ref()));
}

/// What an object holds, by its name and first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Parquet,
    Empty,
    Other,
}

impl Content {
    async fn of(
        store: &dyn ObjectStore,
        url: &Url,
        object: &ObjectMeta,
        below: &str,
    ) -> Result<Self> {
        let name = object.location.filename().unwrap_or_default().to_ascii_lowercase();
        let is_named = SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
        if is_named && !is_hidden(below) {
            return Ok(Content::Parquet);
        }
        if object.size == 0 {
            return Ok(Content::Empty);
        }
        if object.size < MIN_BYTES {
            return Ok(Content::Other);
        }
        let head = store.get_range(&object.location, 0..4).await;
        let head = head.map_err(|e| Error::storage(&format!("listing `{url}`"), e))?;
        // `PARE` is Parquet with an encrypted footer.
        let is_parquet = [b"PAR1", b"PARE"].iter().any(|magic| head.as_ref() == magic.as_slice());
        Ok(if is_parquet { Content::Parquet } else { Content::Other })
    }
}

/// The path of an object below `folder`.
fn below(folder: &Path, object: &Path) -> String {
    let parts = object
        .prefix_match(folder)
        .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"));
    parts.unwrap_or_else(|| object.to_string())
}

/// Whether a part of a path begins with `_` or `.`: by convention such files are not data.
fn is_hidden(below: &str) -> bool {
    below.split('/').any(|part| part.starts_with(['_', '.']))
}
