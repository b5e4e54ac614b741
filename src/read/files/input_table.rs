//! What is at a URL as a table of the engine: Parquet files, or a table whose log says which of them count.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::dataframe::DataFrame;
use url::Url;

use super::columns::ColumnRules;
#[cfg(feature = "delta")]
use super::delta::DeltaTable;
use super::listing::Listing;
use super::table::ParquetFiles;
use crate::engine::Engine;
use crate::error::{Error, Result};

/// A table at a URL. Every pass over it reads the same files.
#[derive(Clone)]
pub(crate) enum InputTable {
    Parquet(Arc<ParquetFiles>),
    #[cfg(feature = "delta")]
    Delta(Arc<DeltaTable>),
}

impl InputTable {
    /// Opens what is at `url`; no row is read.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if there is nothing to read, or it is damaged;
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub(crate) async fn open(engine: &Engine, url: &Url) -> Result<Self> {
        engine.connect(url)?;
        #[cfg(feature = "delta")]
        if let Some(table) = DeltaTable::open(engine, url).await? {
            return Ok(Self::Delta(Arc::new(table)));
        }
        let files = ParquetFiles::open(engine, url).await?;
        if let Some(query) = url.query() {
            return Err(Error::bad_job(
                format!("`{url}`: there is no table with a log, and so no `?{query}`"),
                "leave it out: `?version=` is for Delta tables",
            ));
        }
        Ok(Self::Parquet(Arc::new(files)))
    }

    pub(crate) fn provider(&self) -> Arc<dyn TableProvider> {
        match self {
            Self::Parquet(files) => Arc::<ParquetFiles>::clone(files),
            #[cfg(feature = "delta")]
            Self::Delta(table) => table.provider(),
        }
    }

    /// Its rows.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the engine does not take it.
    pub(crate) fn frame(&self, engine: &Engine) -> Result<DataFrame> {
        engine.session.read_table(self.provider()).map_err(Error::internal)
    }

    /// What was found, with the columns among those that are `used` that some files lack.
    pub(crate) fn listing(&self, used: &dyn Fn(&str) -> bool) -> Listing {
        match self {
            Self::Parquet(files) => files.listing(used),
            #[cfg(feature = "delta")]
            Self::Delta(table) => table.listing(),
        }
    }

    /// Path of the only file.
    pub(crate) fn only_path(&self) -> Option<String> {
        match self {
            Self::Parquet(files) => files.only_path(),
            #[cfg(feature = "delta")]
            Self::Delta(_) => None,
        }
    }

    /// Each file as a table of its own, with the columns of all, and its path; none of a table with a log, of whose files
    /// rows may be deleted.
    pub(crate) fn each_alone(&self) -> impl Iterator<Item = (String, Self)> {
        let files = match self {
            Self::Parquet(files) => Some(files),
            #[cfg(feature = "delta")]
            Self::Delta(_) => None,
        };
        let alone = files.into_iter().flat_map(|files| files.each_alone());
        alone.map(|(path, alone)| (path, Self::Parquet(Arc::new(alone))))
    }

    /// The errors for the columns among those that are `used` that cannot be read as one over all files. A table with a log
    /// has one schema.
    pub(crate) fn violations(
        &self,
        used: &dyn Fn(&str) -> bool,
        rules: ColumnRules<'_>,
    ) -> Vec<Error> {
        match self {
            Self::Parquet(files) => files.violations(used, rules),
            #[cfg(feature = "delta")]
            Self::Delta(_) => vec![],
        }
    }
}
