//! Object stores by URL: `file`, `s3`, `gs`, `az`, `abfs(s)`, `memory`. Options and credentials come
//! from the environment, as `object_store` reads them.

pub(crate) mod credentials;
mod local_disk;
mod nesting;

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::registry::{DefaultObjectStoreRegistry, ObjectStoreRegistry};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sha2::{Digest, Sha256};
use url::Url;

use crate::error::{Error, Result};

use local_disk::{HASH_DIGITS, sync, sync_folders_above};
pub use local_disk::{Leftover, leftovers, remove_leftover};
pub(crate) use nesting::is_within;

const SCHEMES: [&str; 8] = ["file", "s3", "s3a", "gs", "az", "abfs", "abfss", "memory"];

/// What became of an object that was to be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is new.
    New,
    /// One with the same bytes was there.
    Same,
    /// One with other bytes is there.
    Other,
}

/// The stores of one process, one per bucket.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    registry: Arc<DefaultObjectStoreRegistry>,
}

impl Stores {
    /// Uses `store` for every URL with the scheme and host of `url`; tests put an in-memory or a faulty store in this way.
    pub fn register(&self, url: Url, store: Arc<dyn ObjectStore>) {
        self.registry.register(url, store);
    }

    /// The store that holds `url`, and the path within it.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadJob`] for a scheme that is not supported, or if the store cannot be set up from the
    /// environment.
    pub fn resolve(&self, url: &Url) -> Result<(Arc<dyn ObjectStore>, Path)> {
        if !SCHEMES.contains(&url.scheme()) {
            return Err(Error::bad_job(
                format!("`{url}`: the scheme `{}` is not supported", url.scheme()),
                format!("use one of {}, or a path", SCHEMES.join(", ")),
            ));
        }
        // The registry leaves paths percent-encoded; a path with a space must be decoded.
        let path = Path::from_url_path(url.path()).map_err(|e| {
            Error::bad_job(format!("`{url}`: {e}"), "correct the path").caused_by(e)
        })?;
        let store = self.registry.resolve(url).map_err(|error| {
            // The registry hides why it failed; building the store once more tells.
            let cause = match object_store::parse_url_opts(url, std::env::vars()) {
                Err(cause) => cause,
                Ok(_) => error,
            };
            Error::not_set_up(url, cause)
        })?;
        Ok((store.0, path))
    }

    /// The objects at `url` whose name ends with `suffix`, sorted by path: the object itself, or
    /// all below it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store cannot be listed.
    pub async fn list(&self, url: &Url, suffix: &str) -> Result<Vec<ObjectMeta>> {
        let what = format!("listing `{url}`");
        let (store, path) = self.resolve(url)?;
        if !url.path().ends_with('/') {
            match store.head(&path).await {
                Ok(meta) => return Ok(vec![meta]),
                Err(object_store::Error::NotFound { .. }) => {}
                // A local folder named without its slash.
                Err(_) if url.scheme() == "file" => {}
                Err(error) => return Err(Error::storage(&what, error)),
            }
        }
        let mut objects: Vec<ObjectMeta> = store
            .list(Some(&path))
            .try_filter(|o| std::future::ready(o.location.as_ref().ends_with(suffix)))
            .try_collect()
            .await
            .map_err(|e| Error::storage(&what, e))?;
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(objects)
    }

    /// Writes `bytes` to `url`, over what may be there, and has them on disk where the disk is ours.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not take them.
    pub async fn write(&self, url: &Url, bytes: Vec<u8>) -> Result<()> {
        let (store, path) = self.resolve(url)?;
        store.put(&path, PutPayload::from(bytes)).await.map_err(|e| Error::not_written(url, e))?;
        sync(url)
    }

    /// Creates the object at `url` with `bytes`, and has it on disk where the disk is ours. An object that is already
    /// there is never written over. If the store's answer is lost, what stands there decides.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not take them.
    pub async fn create(&self, url: &Url, bytes: impl Into<Bytes>) -> Result<Creation> {
        let (store, path) = self.resolve(url)?;
        let bytes: Bytes = bytes.into();
        let payload = PutPayload::from(bytes.clone());
        let put = store.put_opts(&path, payload, PutMode::Create.into()).await.map(|_| ());
        let created = self.settle_creation(url, &bytes, put).await?;
        sync(url)?;
        Ok(created)
    }

    /// As [`Stores::create`], and whole or not at all even if the machine stops: where the disk is ours, the bytes are on it
    /// before the object has its name.
    ///
    /// # Errors
    /// As [`Stores::create`].
    pub async fn create_whole(&self, url: &Url, bytes: Vec<u8>) -> Result<Creation> {
        if url.scheme() != "file" {
            return self.create(url, bytes).await;
        }
        let bytes = Bytes::from(bytes);
        let mut unlinked = url.clone();
        let hash = format!("{:x}", Sha256::digest(&bytes));
        unlinked.set_path(&format!("{}.{}", url.path(), &hash[..HASH_DIGITS]));
        if self.create(&unlinked, bytes.clone()).await? == Creation::Other {
            // What a stop left of the same bytes.
            self.write(&unlinked, bytes.to_vec()).await?;
        }
        let (store, path) = self.resolve(url)?;
        let (_, from) = self.resolve(&unlinked)?;
        // A hard link.
        let linked = store.copy_if_not_exists(&from, &path).await;
        let created = self.settle_creation(url, &bytes, linked).await?;
        // A second name that stays is removed as a leftover.
        let _ = store.delete(&from).await;
        sync(url)?;
        sync_folders_above(url);
        Ok(created)
    }

    /// What became of an object by the answer to its creation, or by what is there.
    async fn settle_creation(
        &self,
        url: &Url,
        bytes: &Bytes,
        answer: object_store::Result<()>,
    ) -> Result<Creation> {
        let Err(error) = answer else { return Ok(Creation::New) };
        // Another writer, or an earlier attempt of this one whose answer was lost.
        match self.read(url).await? {
            None => Err(Error::not_written(url, error)),
            Some(existing) if existing == *bytes => Ok(Creation::Same),
            Some(_) => Ok(Creation::Other),
        }
    }

    /// Removes the object at `url`; one that is gone is no error.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not do it.
    pub async fn delete(&self, url: &Url) -> Result<()> {
        let (store, path) = self.resolve(url)?;
        match store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::storage(&format!("removing `{url}`"), error)),
        }
    }

    /// Removes the folders of the object at `url` up to `output` that hold nothing more, where the disk is ours: other
    /// stores have no folders.
    pub fn remove_empty_folders(&self, url: &Url, output: &Url) {
        local_disk::remove_empty_folders(url, output);
    }

    /// When the object at `url` was last written, or `None` if there is none.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub async fn written_at(&self, url: &Url) -> Result<Option<DateTime<Utc>>> {
        Ok(self.head(url).await?.map(|meta| meta.last_modified))
    }

    /// Bytes of the object at `url`, or `None` if there is none.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub async fn size(&self, url: &Url) -> Result<Option<u64>> {
        Ok(self.head(url).await?.map(|meta| meta.size))
    }

    async fn head(&self, url: &Url) -> Result<Option<ObjectMeta>> {
        let (store, path) = self.resolve(url)?;
        match store.head(&path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::storage(&format!("reading `{url}`"), error)),
        }
    }

    /// SHA-256 of the object at `url`, or `None` if there is none. It is not held in memory.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub async fn sha256(&self, url: &Url) -> Result<Option<[u8; 32]>> {
        let what = format!("reading `{url}`");
        let (store, path) = self.resolve(url)?;
        let mut parts = match store.get(&path).await {
            Ok(object) => object.into_stream(),
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(Error::storage(&what, error)),
        };
        let mut digest = Sha256::new();
        while let Some(part) = parts.try_next().await.map_err(|e| Error::storage(&what, e))? {
            digest.update(&part);
        }
        Ok(Some(digest.finalize().into()))
    }

    /// The whole object at `url`, or `None` if there is none.
    ///
    /// # Errors
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub async fn read(&self, url: &Url) -> Result<Option<Vec<u8>>> {
        let what = format!("reading `{url}`");
        let (store, path) = self.resolve(url)?;
        match store.get(&path).await {
            Ok(object) => {
                let bytes = object.bytes().await.map_err(|e| Error::storage(&what, e))?;
                Ok(Some(bytes.to_vec()))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(Error::storage(&what, error)),
        }
    }
}

/// A path within the store of `url`, as people write it: a local one begins with `/`.
pub fn shown(url: &Url, path: &Path) -> String {
    match url.scheme() {
        "file" => format!("/{path}"),
        _ => path.to_string(),
    }
}

/// `url` with `/` at its end, so that [`Url::join`] goes below it.
pub fn folder(url: &Url) -> Url {
    let mut url = url.clone();
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

/// The URL of `relative` below the folder `url`.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if the two do not make a URL.
pub fn below(url: &Url, relative: &str) -> Result<Url> {
    folder(url)
        .join(relative)
        .map_err(|e| Error::bad_job(format!("`{url}`: {e}"), "check the URL").caused_by(e))
}
