//! Footers of Parquet files: what a file holds, without its rows.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::datatypes::{SchemaRef, TimeUnit};
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

/// Footers that are requested at once.
const AT_ONCE: usize = 32;

/// What a footer says of its file.
#[derive(Clone)]
pub(super) struct Footer {
    pub schema: SchemaRef,
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

struct Reader<'a> {
    url: &'a Url,
    store: Arc<dyn ObjectStore>,
    cache: Arc<FileMetadataCache>,
}

impl Reader<'_> {
    async fn footer(&self, file: &ObjectMeta) -> Result<Footer> {
        let path = file.location.as_ref();
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
                Ok(Footer { schema: Arc::new(schema), has_rows })
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
        let path = file.location.as_ref();
        let read = AssertUnwindSafe(read_footer(self.store.as_ref(), file)).catch_unwind().await;
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
