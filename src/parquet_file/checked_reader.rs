//! Plans whose scans of Parquet check the headers of the pages that they fetch.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::footer::damaged;
use super::pages::{MAX_PAGE_BYTES, check_pages};
use crate::storage::shown;

/// The last step of planning: every scan of Parquet checks pages, but for those of Delta tables.
#[derive(Clone, Debug)]
pub struct CheckPages {
    /// Bytes that a page may take.
    max_page_bytes: Arc<AtomicU64>,
}

impl Default for CheckPages {
    fn default() -> Self {
        Self { max_page_bytes: Arc::new(AtomicU64::new(MAX_PAGE_BYTES)) }
    }
}

impl CheckPages {
    /// Sets how many bytes a page may take, for plans of all clones.
    pub fn set_max_page_bytes(&self, bytes: u64) {
        self.max_page_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Readers of files in `store` that check.
    pub fn over(
        &self,
        inner: Arc<dyn ParquetFileReaderFactory>,
        store: &ObjectStoreUrl,
    ) -> Arc<dyn ParquetFileReaderFactory> {
        let max_page_bytes = self.max_page_bytes.load(Ordering::Relaxed);
        Arc::new(CheckedReaders { inner, store: store.clone(), max_page_bytes })
    }

    /// The scan with a reader that checks; `None` if it is none of Parquet.
    fn checked(&self, node: &dyn ExecutionPlan) -> Option<Arc<dyn ExecutionPlan>> {
        let (config, source) =
            node.downcast_ref::<DataSourceExec>()?.downcast_to_file_source::<ParquetSource>()?;
        let inner = Arc::clone(source.parquet_file_reader_factory()?);
        let source = source
            .clone()
            .with_parquet_file_reader_factory(self.over(inner, &config.object_store_url));
        let config =
            FileScanConfigBuilder::from(config.clone()).with_source(Arc::new(source)).build();
        Some(DataSourceExec::from_data_source(config))
    }
}

impl PhysicalOptimizerRule for CheckPages {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
        let plan = plan.transform_down(|node| {
            // It holds on to its sources: with others it no longer knows which rows are deleted.
            if node.name() == "DeltaScanExec" {
                return Ok(Transformed::new(node, false, TreeNodeRecursion::Jump));
            }
            Ok(match self.checked(node.as_ref()) {
                Some(checked) => Transformed::yes(checked),
                None => Transformed::no(node),
            })
        })?;
        Ok(plan.data)
    }

    fn name(&self) -> &'static str {
        "check_pages"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct CheckedReaders {
    inner: Arc<dyn ParquetFileReaderFactory>,
    store: ObjectStoreUrl,
    max_page_bytes: u64,
}

impl ParquetFileReaderFactory for CheckedReaders {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> datafusion::error::Result<Box<dyn AsyncFileReader + Send>> {
        let path = shown(self.store.as_ref(), &file.object_meta.location);
        let inner = self.inner.create_reader(partition, file, size_hint, metrics)?;
        let max_page_bytes = self.max_page_bytes;
        Ok(Box::new(CheckedReader { inner, pages: Pages { path, chunks: vec![], max_page_bytes } }))
    }
}

struct CheckedReader {
    inner: Box<dyn AsyncFileReader + Send>,
    pages: Pages,
}

/// Where pages are, and what they may take.
struct Pages {
    /// Path of the file, as it is shown.
    path: String,
    /// Column chunks and their bytes, in the order of these; none before the footer is read.
    chunks: Vec<(Range<u64>, Chunk)>,
    max_page_bytes: u64,
}

/// A column chunk of a footer.
struct Chunk {
    footer: Arc<ParquetMetaData>,
    group: usize,
    column: usize,
}

impl Chunk {
    fn metadata(&self) -> &ColumnChunkMetaData {
        self.footer.row_group(self.group).column(self.column)
    }
}

impl Pages {
    fn locate(&mut self, footer: &Arc<ParquetMetaData>) {
        if !self.chunks.is_empty() {
            return;
        }
        for (group, row_group) in footer.row_groups().iter().enumerate() {
            for column in 0..row_group.num_columns() {
                let chunk = Chunk { footer: Arc::clone(footer), group, column };
                let metadata = chunk.metadata();
                let start =
                    metadata.dictionary_page_offset().unwrap_or(metadata.data_page_offset());
                let range =
                    u64::try_from(start).ok().zip(u64::try_from(metadata.compressed_size()).ok());
                let range =
                    range.and_then(|(start, length)| Some(start..start.checked_add(length)?));
                self.chunks.extend(range.map(|range| (range, chunk)));
            }
        }
        self.chunks.sort_unstable_by_key(|(range, _)| range.start);
    }

    /// Checks the pages in some bytes of the file, if they are pages.
    fn check(&self, start: u64, bytes: &Bytes) -> parquet::errors::Result<()> {
        let place = self.chunks.partition_point(|(range, _)| range.start <= start);
        let Some((range, chunk)) = place.checked_sub(1).and_then(|place| self.chunks.get(place))
        else {
            return Ok(());
        };
        if start >= range.end {
            return Ok(());
        }
        let column = chunk.metadata();
        let length = bytes.len().min((range.end - start) as usize);
        check_pages(&bytes[..length], column, self.max_page_bytes).map_err(|cause| {
            let name = column.column_path().string();
            let error = damaged(&self.path, &format!("column `{name}`: {cause}"));
            ParquetError::External(Box::new(error.in_column(&name)))
        })
    }
}

impl CheckedReader {
    /// Learns where pages are. A reader of a plan may be replaced by another one, which is never asked for the footer.
    async fn locate(&mut self) -> parquet::errors::Result<()> {
        if self.pages.chunks.is_empty() {
            let footer = self.inner.get_metadata(None).await?;
            self.pages.locate(&footer);
        }
        Ok(())
    }
}

impl AsyncFileReader for CheckedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        let fetch = async move {
            self.locate().await?;
            let bytes = self.inner.get_bytes(range.clone()).await?;
            self.pages.check(range.start, &bytes)?;
            Ok(bytes)
        };
        fetch.boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        let fetch = async move {
            self.locate().await?;
            let parts = self.inner.get_byte_ranges(ranges.clone()).await?;
            for (range, bytes) in ranges.iter().zip(&parts) {
                self.pages.check(range.start, bytes)?;
            }
            Ok(parts)
        };
        fetch.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        let fetch = async move {
            let footer = self.inner.get_metadata(options).await?;
            self.pages.locate(&footer);
            Ok(footer)
        };
        fetch.boxed()
    }
}
