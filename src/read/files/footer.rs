//! Footers of Parquet files: what a file holds, without its rows.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use datafusion::datasource::physical_plan::parquet::CachedParquetMetaData;
use datafusion::execution::cache::cache_manager::{CachedFileMetadataEntry, FileMetadataCache};
use futures::StreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};
use url::Url;

use super::encryption::is_encrypted;
use crate::engine::{Engine, caught};
use crate::error::{Error, Result};

/// Footers that are requested at once.
const AT_ONCE: usize = 32;

/// Bytes that are requested from the end of a file: most footers are smaller.
const TAIL: u64 = 32 << 10;

/// Bytes at the end of a file, after the footer: its length and the magic.
const END: usize = 8;

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
            parquet_to_arrow_schema(of_file.schema_descr(), of_file.key_value_metadata())
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
        let cut_off = |why: String| {
            Error::bad_input(
                format!("{}: {why}", self.reading(path)),
                "check that the file is complete: it has been cut off, or is no Parquet file",
            )
            .in_file(path)
        };
        let tail = self.range(file, file.size.saturating_sub(TAIL)).await?;
        let Some((_, end)) = tail.split_last_chunk::<END>() else {
            return Err(cut_off(format!("it has only {} bytes", file.size)));
        };
        let Ok(end) = FooterTail::try_new(end) else {
            return Err(cut_off("its last bytes are not those of a Parquet file".to_owned()));
        };
        if end.is_encrypted_footer() {
            return Err(self.encrypted(path));
        }
        let length = end.metadata_length() + END;
        let Some(start) = file.size.checked_sub(length as u64) else {
            return Err(cut_off(format!(
                "its footer is said to have {length} bytes, the file has {}",
                file.size
            )));
        };
        let footer = match tail.len().checked_sub(length) {
            Some(start) => tail.slice(start..),
            None => self.range(file, start).await?,
        };
        let footer = &footer[..footer.len().saturating_sub(END)];
        if is_encrypted(footer) {
            return Err(self.encrypted(path));
        }
        let metadata = caught(|| ParquetMetaDataReader::decode_metadata(footer));
        let metadata = match metadata {
            Ok(Ok(metadata)) => Arc::new(metadata),
            Ok(Err(error)) => return Err(self.unreadable(path, error)),
            Err(panic) => {
                return Err(Error::undecodable(&self.reading(path), panic).in_file(path));
            }
        };
        let cached = Arc::new(CachedParquetMetaData::new(Arc::clone(&metadata)));
        self.cache.put(&file.location, CachedFileMetadataEntry::new(file.clone(), cached));
        Ok(metadata)
    }

    async fn range(&self, file: &ObjectMeta, start: u64) -> Result<Bytes> {
        let path = file.location.as_ref();
        let bytes = self.store.get_range(&file.location, start..file.size).await;
        bytes.map_err(|e| Error::storage(&self.reading(path), e).in_file(path))
    }

    fn unreadable(&self, path: &str, error: ParquetError) -> Error {
        Error::bad_input(
            format!("{}: {error}", self.reading(path)),
            "check that the file is complete; if it is, write it again with another writer",
        )
        .caused_by(error)
        .in_file(path)
    }

    fn encrypted(&self, path: &str) -> Error {
        Error::bad_input(
            format!("{}: the file is encrypted, and renown has no key", self.reading(path)),
            "write it without encryption; storage that encrypts whole objects is read as usual",
        )
        .in_file(path)
    }

    fn reading(&self, path: &str) -> String {
        match self.url.path().ends_with('/') {
            true => format!("reading `{}`: `{path}`", self.url),
            false => format!("reading `{}`", self.url),
        }
    }
}
