//! Errors: an error of another library that caused one of ours is its source.

use std::error::Error as _;
use std::fs;
use std::path::Path;

use datafusion::error::DataFusionError;
use renown::engine::Engine;
use renown::error::{Error, Help, Kind};
use renown::job::Job;
use renown::storage::Stores;
use tempfile::TempDir;

/// The first source of `error` of a type.
fn source<T: std::error::Error + 'static>(error: &Error) -> Option<&T> {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(found) = inner.downcast_ref() {
            return Some(found);
        }
        source = inner.source();
    }
    None
}

fn load(path: &Path) -> Error {
    Job::load(path, &[], None).unwrap_err()
}

#[test]
fn job_file_errors_keep_their_source() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("job.toml");
    let gone = load(&path);
    assert_eq!(source::<std::io::Error>(&gone).unwrap().kind(), std::io::ErrorKind::NotFound);
    fs::write(&path, "[job\n").unwrap();
    assert!(source::<toml::de::Error>(&load(&path)).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_and_engine_errors_keep_their_source() {
    let missing = || object_store::Error::NotFound { path: "x".into(), source: "gone".into() };
    let error = Error::storage("reading `x`", missing());
    assert!(source::<object_store::Error>(&error).is_some());
    assert_eq!(error.kind, Kind::BadInput);
    // A store's error deep within the engine determines the kind, and stays in the chain.
    let deep = DataFusionError::External(Box::new(missing())).context("scanning");
    let error = Error::engine("reading `x`", deep);
    assert_eq!(error.kind, Kind::BadInput);
    assert!(source::<object_store::Error>(&error).is_some());

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("table.parquet");
    fs::write(&file, "no Parquet").unwrap();
    let url = url::Url::from_file_path(&file).unwrap();
    let engine = Engine::new(Stores::default(), 2);
    engine.connect(&url).unwrap();
    let read = engine.session.read_parquet(url.to_string(), Default::default()).await.unwrap_err();
    let error = Error::engine("reading `table.parquet`", read);
    assert_eq!(error.kind, Kind::BadInput);
    assert_eq!(error.help.as_deref(), Some(&Help::Contracts));
    assert!(source::<parquet::errors::ParquetError>(&error).is_some(), "{error:?}");
    // Internal errors keep their source too.
    let error = Error::internal(std::io::Error::other("no memory"));
    assert!(source::<std::io::Error>(&error).is_some());
}
