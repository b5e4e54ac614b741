//! Errors of a scan that name the file at fault: the reader of Parquet says what is wrong, not where.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::file::FileSource;
use datafusion_datasource::file_scan_config::FileScanConfig;
use datafusion_datasource::file_stream::FileOpener;
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use datafusion_datasource::{PartitionedFile, TableSchema};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::ObjectStore;

use crate::engine::{caught, panic_text};
use crate::error::InFile;
use crate::storage::shown;

/// A source of rows in files whose errors, and panics, name the file.
#[derive(Clone)]
pub(crate) struct NamedFiles {
    inner: Arc<dyn FileSource>,
}

impl NamedFiles {
    /// The source `inner`, with errors that name the file.
    pub(super) fn over(inner: impl FileSource + 'static) -> Arc<dyn FileSource> {
        Self::around(Arc::new(inner))
    }

    fn around(inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { inner })
    }

    /// The source itself, if it is a `T`.
    pub(crate) fn inner<T: FileSource>(&self) -> Option<&T> {
        self.inner.downcast_ref::<T>()
    }
}

impl FileSource for NamedFiles {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.inner.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let inner = self.inner.create_morselizer(store, config, partition)?;
        Ok(Box::new(NamedMorselizer { inner, store: config.object_store_url.clone() }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        Self::around(self.inner.with_batch_size(batch_size))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_extra(kind, f)
    }

    fn supports_repartitioning(&self) -> bool {
        self.inner.supports_repartitioning()
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let pushed = self.inner.try_pushdown_filters(filters, config)?;
        let updated_node = pushed.updated_node.map(Self::around);
        Ok(FilterPushdownPropagation { filters: pushed.filters, updated_node })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_sort(order, properties)?.map(Self::around))
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(
        &self,
        projection: &ProjectionExprs,
    ) -> Result<Option<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_projection(projection)?.map(Self::around))
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

/// The path of a file, for its errors.
type FilePath = Arc<str>;

fn in_file(path: &FilePath, source: DataFusionError) -> DataFusionError {
    DataFusionError::External(Box::new(InFile { path: Arc::clone(path), source }))
}

fn panicked(path: &FilePath, said: &str) -> DataFusionError {
    let what = format!("a library that decodes it broke off: {said}");
    in_file(path, DataFusionError::Execution(what))
}

#[derive(Debug)]
struct NamedMorselizer {
    inner: Box<dyn Morselizer>,
    store: ObjectStoreUrl,
}

impl Morselizer for NamedMorselizer {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let path: FilePath = shown(self.store.as_ref(), &file.object_meta.location).into();
        match caught(|| self.inner.plan_file(file)) {
            Ok(Ok(inner)) => Ok(Box::new(NamedPlanner { inner, path })),
            Ok(Err(error)) => Err(in_file(&path, error)),
            Err(said) => Err(panicked(&path, &said)),
        }
    }
}

#[derive(Debug)]
struct NamedPlanner {
    inner: Box<dyn MorselPlanner>,
    path: FilePath,
}

impl MorselPlanner for NamedPlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { inner, path } = *self;
        let mut plan = match caught(|| inner.plan()) {
            Ok(Ok(Some(plan))) => plan,
            Ok(Ok(None)) => return Ok(None),
            Ok(Err(error)) => return Err(in_file(&path, error)),
            Err(said) => return Err(panicked(&path, &said)),
        };
        let planner = |inner: Box<dyn MorselPlanner>| -> Box<dyn MorselPlanner> {
            Box::new(NamedPlanner { inner, path: Arc::clone(&path) })
        };
        let morsel = |inner: Box<dyn Morsel>| -> Box<dyn Morsel> {
            Box::new(NamedMorsel { inner, path: Arc::clone(&path) })
        };
        let mut named = MorselPlan::new()
            .with_morsels(plan.take_morsels().into_iter().map(morsel).collect())
            .with_planners(plan.take_ready_planners().into_iter().map(planner).collect());
        if let Some(pending) = plan.take_pending_planner() {
            let path = Arc::clone(&path);
            let pending = std::panic::AssertUnwindSafe(pending.into_future()).catch_unwind();
            named.set_pending_planner(async move {
                match pending.await {
                    Ok(Ok(inner)) => Ok(Box::new(NamedPlanner { inner, path }) as _),
                    Ok(Err(error)) => Err(in_file(&path, error)),
                    Err(panic) => Err(panicked(&path, &panic_text(panic))),
                }
            });
        }
        Ok(Some(named))
    }
}

#[derive(Debug)]
struct NamedMorsel {
    inner: Box<dyn Morsel>,
    path: FilePath,
}

impl Morsel for NamedMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { inner, path } = *self;
        let batches = std::panic::AssertUnwindSafe(inner.into_stream()).catch_unwind();
        let named = batches.map(move |batch| match batch {
            Ok(Ok(batch)) => Ok(batch),
            Ok(Err(error)) => Err(in_file(&path, error)),
            Err(panic) => Err(panicked(&path, &panic_text(panic))),
        });
        named.boxed()
    }
}
