//! Parquet at a URL as a DataFrame: one file, a folder or a Hive-partitioned folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::DataFusionError;
use datafusion::functions::expr_fn::nullif;
use datafusion::prelude::{ident, lit};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::engine::{self, Engine};
use crate::error::{Error, Kind, Result};
use crate::storage;

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

/// The files behind one URL.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Listing {
    /// The URL as the job names it.
    #[serde(skip)]
    pub url: Url,
    /// Its files, sorted by path.
    pub files: Vec<InputFile>,
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
    for listed in inputs {
        let now = engine.stores.list(&listed.url, ".parquet").await?;
        if now.into_iter().map(InputFile::from).ne(listed.files.iter().cloned()) {
            return Err(Error::new(
                Kind::Interrupted,
                format!("`{}`: files have changed while they were read", listed.url),
                "run again once their writer has finished",
            ));
        }
    }
    Ok(())
}

impl From<ObjectMeta> for InputFile {
    fn from(object: ObjectMeta) -> Self {
        Self { path: object.location.to_string(), size: object.size, e_tag: object.e_tag }
    }
}

/// Opens the Parquet at `url`; returns it with the files found, sorted by path.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if there is no Parquet file or one cannot be decoded,
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub async fn open(engine: &Engine, url: &Url) -> Result<(DataFrame, Vec<InputFile>)> {
    engine.connect(url)?;
    let objects = engine.stores.list(url, ".parquet").await?;
    if objects.is_empty() {
        return Err(Error::bad_input(
            format!("`{url}`: no Parquet file found"),
            "check the path and the snapshot date; files in a folder must end with .parquet",
        ));
    }
    if let Some(empty) = objects.iter().find(|o| o.size == 0) {
        return Err(Error::bad_input(
            format!("`{url}`: the file `{}` is empty: it has 0 bytes", empty.location),
            "write it again, or remove it",
        ));
    }
    let (_, path) = engine.stores.resolve(url)?;
    let single = objects.len() == 1 && objects[0].location == path;
    let hidden: Vec<&str> = objects.iter().filter_map(|o| hidden(&path, &o.location)).collect();
    if let Some(first) = hidden.first() {
        return Err(Error::bad_input(
            format!(
                "`{url}`: {} Parquet files below it, such as `{first}`, belong to an unfinished \
                 write or to a table format",
                hidden.len()
            ),
            "remove what a failed write left, or give a folder that contains only data",
        ));
    }
    engine.check_footers(url, &objects).await?;
    let url = if single { url.clone() } else { storage::folder(url) };
    let files: Vec<InputFile> = objects.into_iter().map(InputFile::from).collect();
    match listing(engine, url.clone()).await {
        Ok(frame) => Ok((without_default_partition(frame, &files)?, files)),
        Err(error) => Err(locate(engine, &url, &files, error).await),
    }
}

/// One of the files found at `url`, opened alone and so without partition columns; `None` if it cannot be opened.
pub(super) async fn open_alone(engine: &Engine, url: &Url, file: &InputFile) -> Option<DataFrame> {
    listing(engine, parse_url(url, file)).await.ok()
}

/// The URL of a file in the store of `url`.
fn parse_url(url: &Url, file: &InputFile) -> Url {
    let mut url = url.clone();
    url.set_path(&file.path);
    url
}

/// What writers put in place of a missing value of a partition column.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// The frame with nulls where a partition has no value.
fn without_default_partition(mut frame: DataFrame, files: &[InputFile]) -> Result<DataFrame> {
    let parts = files.iter().flat_map(|f| f.path.split('/'));
    let columns: BTreeSet<&str> =
        parts.filter_map(|part| part.strip_suffix(NO_VALUE)?.strip_suffix('=')).collect();
    let found = |c: &&str| frame.schema().has_column_with_unqualified_name(c);
    for column in columns.into_iter().filter(found).collect::<Vec<_>>() {
        let value = nullif(ident(column), lit(NO_VALUE));
        frame = frame.with_column(column, value).map_err(Error::internal)?;
    }
    Ok(frame)
}

/// The error with the file that causes it, if it is one of several.
async fn locate(engine: &Engine, url: &Url, files: &[InputFile], error: Error) -> Error {
    for file in files.iter().filter(|_| files.len() > 1) {
        if let Err(of_file) = listing(engine, parse_url(url, file)).await {
            return of_file.in_file(&file.path);
        }
    }
    match files {
        [one] => error.in_file(&one.path),
        _ => error,
    }
}

/// The path of an object below `folder`, if a part of it begins with `_` or `.`: by convention such files are not data.
fn hidden<'a>(folder: &Path, object: &'a Path) -> Option<&'a str> {
    let below = object.as_ref().strip_prefix(folder.as_ref())?.trim_start_matches('/');
    below.split('/').any(|part| part.starts_with(['_', '.'])).then_some(below)
}

/// The Parquet at `url`; only footers are read.
async fn listing(engine: &Engine, url: Url) -> Result<DataFrame> {
    let what = format!("reading `{url}`");
    let opened = engine::guarded(&what, async { Ok(listed(engine, url.clone()).await) }).await?;
    opened.map_err(|error| match error.find_root() {
        DataFusionError::Plan(cause) => Error::bad_input(
            format!("`{url}`: {cause}"),
            "let all files of a folder have one schema and one scheme of partitions",
        )
        .caused_by(error),
        _ => Error::engine(&what, error),
    })
}

async fn listed(engine: &Engine, url: Url) -> datafusion::error::Result<DataFrame> {
    let state = engine.session.state();
    let location = ListingTableUrl::try_new(url, None)?;
    let options = ListingOptions::new(Arc::new(
        ParquetFormat::default().with_options(state.table_options().parquet.clone()),
    ))
    .with_file_extension(if location.is_collection() { ".parquet" } else { "" });
    let schema = options.infer_schema(&state, &location).await?;
    let partitions = options
        .infer_partitions(&state, &location)
        .await?
        .into_iter()
        // A column that the files contain is read from them.
        .filter(|name| schema.field_with_name(name).is_err())
        .map(|name| (name, DataType::Utf8))
        .collect();
    let config = ListingTableConfig::new(location)
        .with_listing_options(options.with_table_partition_cols(partitions))
        .with_schema(schema);
    engine.session.read_table(Arc::new(ListingTable::try_new(config)?))
}
