//! What a query would read of its Parquet files, estimated from their footers alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::datasource::physical_plan::parquet::{
    ParquetAccessPlan, ParquetFileMetrics, RowGroupAccessPlanFilter,
};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::pruning::{PruningPredicate, build_pruning_predicate};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use parquet::file::metadata::ParquetMetaData;
use serde::Serialize;

use super::files::NamedFiles;
use crate::engine::{self, Engine};
use crate::error::{Error, Result};

/// Footers that are requested at once.
const AT_ONCE: usize = 32;

/// What one pass over an input would read. A query that reads a file twice counts its row groups, rows and bytes twice.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScanEstimate {
    /// Files, without those whose partition cannot match.
    pub files: usize,
    /// Row groups in these files.
    pub row_groups_found: usize,
    /// Row groups that the statistics of their columns do not exclude.
    pub row_groups: usize,
    /// Rows in the row groups to be read.
    pub rows: u64,
    /// Compressed bytes of the contract's columns in these row groups; a pass that needs fewer columns reads
    /// fewer.
    pub bytes: u64,
    /// Paths of the files with a row group to be read.
    #[serde(skip)]
    pub scanned: BTreeSet<String>,
}

impl ScanEstimate {
    /// What `frame` would read, planned as a run plans it.
    pub(super) async fn of(engine: &Engine, what: &str, frame: DataFrame) -> Result<Self> {
        let plan = engine::guarded(what, frame.create_physical_plan()).await?;
        let mut scans = Vec::new();
        let found = plan.apply(|node| {
            scans.extend(Scan::of(node.as_ref()));
            Ok(TreeNodeRecursion::Continue)
        });
        found.map_err(Error::internal)?;
        let (mut total, mut files) = (Self::default(), BTreeSet::new());
        for scan in &scans {
            files.extend(scan.files.keys());
            engine::guarded(what, scan.add_to(&mut total, engine)).await?;
        }
        total.files = files.len();
        Ok(total)
    }
}

/// One scan of Parquet files in a plan.
struct Scan {
    config: FileScanConfig,
    /// Names of the columns that it reads.
    columns: BTreeSet<String>,
    /// The condition that statistics are compared with.
    predicate: Option<Arc<PruningPredicate>>,
    /// Files by path; the plan may have them in several parts.
    files: BTreeMap<String, ObjectMeta>,
}

impl Scan {
    fn of(node: &dyn ExecutionPlan) -> Option<Self> {
        let scan = node.downcast_ref::<DataSourceExec>()?;
        let named = scan.downcast_to_file_source::<NamedFiles>();
        let named = named.and_then(|(config, named)| Some((config, named.inner()?)));
        // Tables with a log have scans of their own.
        let (config, source) = named.or_else(|| scan.downcast_to_file_source::<ParquetSource>())?;
        let projected = source.projection().into_iter().flat_map(|p| p.iter().map(|e| &e.expr));
        let filter = source.filter();
        let columns = projected.chain(&filter).flat_map(collect_columns);
        let files = config.file_groups.iter().flat_map(|group| group.iter());
        let files = files.map(|f| (f.object_meta.location.to_string(), f.object_meta.clone()));
        let schema = config.file_schema();
        let pruning = |filter| build_pruning_predicate(filter, schema, &Count::new());
        Some(Self {
            columns: columns.map(|column| column.name().to_owned()).collect(),
            predicate: filter.and_then(pruning),
            files: files.collect(),
            config: config.clone(),
        })
    }

    async fn add_to(
        &self,
        total: &mut ScanEstimate,
        engine: &Engine,
    ) -> datafusion::error::Result<()> {
        let runtime = engine.session.runtime_env();
        let store = runtime.object_store(&self.config.object_store_url)?;
        let footer = |(path, file)| {
            let cache = runtime.cache_manager.get_file_metadata_cache();
            let file = DFParquetMetadata::new(store.as_ref(), file);
            async move {
                let footer = file.with_file_metadata_cache(Some(cache)).fetch_metadata().await?;
                Ok::<_, DataFusionError>((path, footer))
            }
        };
        let footers: Vec<_> = self.files.iter().map(footer).collect();
        let mut footers = futures::stream::iter(footers).buffer_unordered(AT_ONCE);
        while let Some((path, footer)) = footers.try_next().await? {
            if self.add(total, &footer) > 0 {
                total.scanned.insert(path.clone());
            }
        }
        Ok(())
    }

    /// Adds what is read of the file with this footer; returns its number of row groups to be read.
    fn add(&self, total: &mut ScanEstimate, footer: &ParquetMetaData) -> usize {
        let (groups, columns) = (footer.row_groups(), footer.file_metadata().schema_descr());
        let mut kept = RowGroupAccessPlanFilter::new(ParquetAccessPlan::new_all(groups.len()));
        if let Some(predicate) = &self.predicate {
            let metrics = ParquetFileMetrics::new(0, "", &ExecutionPlanMetricsSet::new());
            let schema = self.config.file_schema();
            kept.prune_by_statistics(schema, columns, groups, predicate, &metrics);
        }
        total.row_groups_found += groups.len();
        total.row_groups += kept.remaining_row_group_count();
        for group in kept.row_group_indexes().map(|index| &groups[index]) {
            total.rows += group.num_rows().unsigned_abs();
            let read = group.columns().iter().filter(|column| {
                column.column_path().parts().first().is_some_and(|n| self.columns.contains(n))
            });
            total.bytes += read.map(|column| column.compressed_size().unsigned_abs()).sum::<u64>();
        }
        kept.remaining_row_group_count()
    }
}
