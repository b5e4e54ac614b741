//! Footers of Parquet files: what a file holds, without its rows.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::datasource::physical_plan::parquet::{CachedParquetMetaData, Int96Coercer};
use datafusion::execution::cache::cache_manager::{CachedFileMetadataEntry, FileMetadataCache};
use futures::{FutureExt, StreamExt};
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use url::Url;

use crate::engine::{Engine, caught, panic_text};
use crate::error::{Error, Result};
use crate::parquet_file::read_footer;
use crate::storage::shown;

/// Footers that are requested at once.
const AT_ONCE: usize = 32;

/// What a footer says of its file.
#[derive(Clone)]
pub(super) struct Footer {
    pub schema: SchemaRef,
    /// Whether the engine must be told to read the file by this schema, and not by the one that its writer kept in it.
    pub is_told: bool,
    /// Whether the file has any rows.
    pub has_rows: bool,
}

/// Reads the footers of `files`, which lie at `url`. The engine finds them in its cache.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for the first file, by path, that is no complete Parquet file or is encrypted;
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub(super) async fn read_footers(
    engine: &Engine,
    url: &Url,
    files: &[ObjectMeta],
) -> Result<Vec<Footer>> {
    let (store, _) = engine.stores.resolve(url)?;
    let cache = engine.session.runtime_env().cache_manager.get_file_metadata_cache();
    let reader = Reader { url, store, cache };
    let footers = futures::stream::iter((0..files.len()).map(|index| {
        let (reader, file) = (&reader, &files[index]);
        async move { (index, reader.footer(file).await) }
    }));
    let mut footers: Vec<_> = footers.buffer_unordered(AT_ONCE).collect().await;
    footers.sort_by_key(|(index, _)| *index);
    footers.into_iter().map(|(_, footer)| footer).collect()
}

/// The schema with plain columns for dictionaries of binaries of one size, such as UUIDs; `None` if there is none. Parquet has
/// no such dictionaries: its writer kept a schema beside the columns that calls them so, and arrow-rs then decodes binaries of
/// any size, and fails.
fn with_plain_binaries(schema: &Schema) -> Option<Schema> {
    let plain = |field: &Field| match field.data_type() {
        DataType::Dictionary(_, values) if matches!(**values, DataType::FixedSizeBinary(_)) => {
            Some(field.clone().with_data_type(values.as_ref().clone()))
        }
        _ => None,
    };
    let fields = || schema.fields().iter();
    fields().any(|field| plain(field).is_some()).then(|| {
        let fields = fields().map(|field| plain(field).map_or_else(|| Arc::clone(field), Arc::new));
        Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone())
    })
}

/// Whether arrow-rs wrote a file: in its own dictionaries binaries have their length before them, and only so are they decoded.
fn of_rust(created_by: Option<&str>) -> bool {
    created_by.is_some_and(|writer| writer.starts_with("parquet-rs"))
}

struct Reader<'a> {
    url: &'a Url,
    store: Arc<dyn ObjectStore>,
    cache: Arc<FileMetadataCache>,
}

impl Reader<'_> {
    async fn footer(&self, file: &ObjectMeta) -> Result<Footer> {
        let path = &shown(self.url, &file.location);
        let metadata = match self.cached(file) {
            Some(metadata) => metadata,
            None => self.fetch(file).await?,
        };
        let schema = caught(|| {
            let of_file = metadata.file_metadata();
            let descr = of_file.schema_descr();
            let schema = parquet_to_arrow_schema(descr, of_file.key_value_metadata())?;
            // As the engine reads them.
            let times = Int96Coercer::new(descr, &schema, &TimeUnit::Microsecond);
            Ok(times.coerce().unwrap_or(schema))
        });
        match schema {
            Ok(Ok(schema)) => {
                let has_rows = metadata.row_groups().iter().any(|group| group.num_rows() != 0);
                let by_rust = of_rust(metadata.file_metadata().created_by());
                let plain = with_plain_binaries(&schema).filter(|_| !by_rust);
                let is_told = plain.is_some();
                Ok(Footer { schema: Arc::new(plain.unwrap_or(schema)), is_told, has_rows })
            }
            Ok(Err(error)) => Err(self.unreadable(path, error)),
            Err(panic) => Err(Error::undecodable(&self.reading(path), panic).in_file(path)),
        }
    }

    fn cached(&self, file: &ObjectMeta) -> Option<Arc<ParquetMetaData>> {
        let cached = self.cache.get(&file.location)?;
        let metadata = cached.file_metadata.as_any().downcast_ref::<CachedParquetMetaData>()?;
        cached.is_valid_for(file).then(|| Arc::clone(metadata.parquet_metadata()))
    }

    async fn fetch(&self, file: &ObjectMeta) -> Result<Arc<ParquetMetaData>> {
        let path = &shown(self.url, &file.location);
        let read = AssertUnwindSafe(read_footer(self.store.as_ref(), file, path));
        let read = read.catch_unwind().await;
        let metadata = match read {
            Ok(metadata) => metadata.map_err(|e| e.within(format!("reading `{}`", self.url)))?,
            Err(panic) => {
                let said = panic_text(panic);
                return Err(Error::undecodable(&self.reading(path), said).in_file(path));
            }
        };
        let metadata = Arc::new(metadata);
        let cached = Arc::new(CachedParquetMetaData::new(Arc::clone(&metadata)));
        self.cache.put(&file.location, CachedFileMetadataEntry::new(file.clone(), cached));
        Ok(metadata)
    }

    fn unreadable(&self, path: &str, error: ParquetError) -> Error {
        Error::bad_input(
            format!("{}: {error}", self.reading(path)),
            "check that the file is complete; if it is, write it again with another writer",
        )
        .caused_by(error)
        .in_file(path)
    }

    fn reading(&self, path: &str) -> String {
        match self.url.path().ends_with('/') {
            true => format!("reading `{}`: `{path}`", self.url),
            false => format!("reading `{}`", self.url),
        }
    }
}
