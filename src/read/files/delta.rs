//! Delta tables: the log says which files of the folder count, and which of their rows.
//!
//! A table is read at one version, the newest or the one that `?version=` of the URL names. The log of that version does not
//! change, and so the rows do not either while a run reads them several times.

use std::fmt;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use deltalake_core::logstore::{
    LogStore, LogStoreFactory, ObjectStoreRef, StorageConfig, default_logstore, logstore_factories,
};
use deltalake_core::{DeltaResult, DeltaTableBuilder, DeltaTableError};
use object_store::path::Path;
use url::Url;

use super::listing::{InputFile, Listing, TableVersion};
use super::table_format;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::storage;

/// A Delta table at one version.
#[derive(Clone)]
pub(crate) struct DeltaTable {
    url: Url,
    version: TableVersion,
    files: Vec<InputFile>,
    provider: Arc<dyn TableProvider>,
}

impl fmt::Debug for DeltaTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Delta table at {}, {:?}", self.url, self.version)
    }
}

impl DeltaTable {
    /// Opens the Delta table whose folder is at `url`; `None` if there is none.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for a `?…` that names no version, [`crate::error::Kind::BadInput`] for a version that the
    /// log does not have, a log that cannot be read, and features that are not supported;
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub(super) async fn open(engine: &Engine, url: &Url) -> Result<Option<Self>> {
        let (store, path) = engine.stores.resolve(url)?;
        if !table_format::is_delta(store.as_ref(), &path).await {
            return Ok(None);
        }
        let wanted = wanted_version(url)?;
        let mut location = storage::folder(url);
        location.set_query(None);
        let failed = |e| error(url, e);
        register_log_stores(&location);
        let mut builder = DeltaTableBuilder::from_url(location.clone()).map_err(failed)?;
        builder = builder.with_storage_backend(store, location);
        if let Some(version) = wanted {
            builder = builder.with_version(version);
        }
        let table = builder.load().await.map_err(failed)?;
        let state = table.snapshot().map_err(failed)?;
        let (id, version) = (state.metadata().id().to_owned(), state.version());
        // The version stands for the tags that a store would give.
        let tag = format!("{id}@{version}");
        let mut files: Vec<InputFile> = state
            .log_data()
            .iter()
            .map(|file| InputFile {
                path: below(&path, &file.object_store_path()),
                size: u64::try_from(file.size()).unwrap_or_default(),
                e_tag: Some(tag.clone()),
            })
            .collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let provider = table.table_provider().await;
        let provider = provider.map_err(|e| Error::engine(&format!("reading `{url}`"), e))?;
        let version = TableVersion { format: "delta".to_owned(), id, version };
        Ok(Some(Self { url: url.clone(), version, files, provider }))
    }

    pub(super) fn provider(&self) -> Arc<dyn TableProvider> {
        Arc::clone(&self.provider)
    }

    pub(super) fn listing(&self) -> Listing {
        Listing {
            url: self.url.clone(),
            files: self.files.clone(),
            passed_over: vec![],
            null_columns: Default::default(),
            version: Some(self.version.clone()),
        }
    }
}

/// The version that a URL names.
fn wanted_version(url: &Url) -> Result<Option<u64>> {
    let Some(query) = url.query() else { return Ok(None) };
    let version = query.strip_prefix("version=").and_then(|version| version.parse().ok());
    version.map(Some).ok_or_else(|| {
        Error::bad_job(
            format!("`{url}`: `?{query}` names no version"),
            "write `?version=` and a whole number, or leave it out for the newest",
        )
    })
}

/// The path of a file within the store; those of a log are relative to the folder of the table.
fn below(folder: &Path, file: &Path) -> String {
    match folder.as_ref() {
        "" => file.to_string(),
        folder => format!("{folder}/{file}"),
    }
}

/// The log of a table on any store is read alike; only writers need more.
struct AnyStore;

impl LogStoreFactory for AnyStore {
    fn with_options(
        &self,
        prefixed_store: ObjectStoreRef,
        root_store: ObjectStoreRef,
        location: &Url,
        options: &StorageConfig,
    ) -> DeltaResult<Arc<dyn LogStore>> {
        Ok(default_logstore(prefixed_store, root_store, location, options))
    }
}

fn register_log_stores(location: &Url) {
    if let Ok(scheme) = Url::parse(&format!("{}://", location.scheme())) {
        logstore_factories().entry(scheme).or_insert_with(|| Arc::new(AnyStore));
    }
}

fn error(url: &Url, error: DeltaTableError) -> Error {
    let what = format!("reading the log of `{url}`");
    match error {
        DeltaTableError::ObjectStore { source } => Error::storage(&what, source),
        error => Error::bad_input(
            format!("{what}: {error}"),
            "check the version and that the folder is a whole Delta table, whose log has not been cleaned up to this version",
        )
        .caused_by(error),
    }
}
