//! A table over Parquet files that were found once: every pass over it reads the same ones.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result as EngineResult, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::{expr_applicable_for_cols, filter_partitioned_file};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::TableProviderFilterPushDown;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::prelude::Expr;
use url::Url;

use super::columns::{ColumnRules, Drift, unify};
use super::footer::{Footer, read_footers};
use super::listing::{Found, InputFile, Listing, PassedOver, find};
use super::named::NamedFiles;
use super::partitions::partitions;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::parquet_file::CheckPages;
use crate::storage::shown;

/// Parquet files as one table; partition columns are text.
#[derive(Clone)]
pub(crate) struct ParquetFiles {
    /// The URL as it was given.
    url: Url,
    store: ObjectStoreUrl,
    /// Columns of the files.
    columns: SchemaRef,
    partitions: SchemaRef,
    /// Columns of the files, then the partition columns.
    schema: SchemaRef,
    /// All files, sorted by path.
    listed: Vec<InputFile>,
    /// Those with rows, if any has, with the values of their partition columns. Writers do not know the types of no values.
    files: Vec<PartitionedFile>,
    passed_over: Vec<PassedOver>,
    drift: Drift,
    check_pages: CheckPages,
}

impl fmt::Debug for ParquetFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Parquet files at {}", self.files.len(), self.url)
    }
}

impl ParquetFiles {
    /// Finds the Parquet files at `url` and reads their footers.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if there is none, or one is no complete Parquet file;
    /// [`crate::error::Kind::Unavailable`] if the store does not answer.
    pub(crate) async fn open(engine: &Engine, url: &Url) -> Result<Self> {
        let Found { objects, folder, passed_over } = find(engine, url).await?;
        let footers = read_footers(engine, url, &objects).await?;
        let any_rows = footers.iter().any(|footer| footer.has_rows);
        let is_read = |footer: &Footer| footer.has_rows || !any_rows;
        let read = footers.iter().zip(&objects).filter(|(footer, _)| is_read(footer));
        for (footer, object) in read.clone() {
            if let Some(name) = repeated_name(&footer.schema) {
                let path = &shown(url, &object.location);
                let cause = format!("`{url}`: `{path}` has two columns `{name}`");
                let remedy = "write the file again with a different name for each column";
                return Err(Error::bad_input(cause, remedy).in_column(name).in_file(path));
            }
        }
        let (schemas, ages): (Vec<SchemaRef>, Vec<i64>) = read
            .map(|(footer, object)| {
                (Arc::clone(&footer.schema), object.last_modified.timestamp_micros())
            })
            .unzip();
        let (columns, drift) = unify(&schemas, &ages);
        let held: BTreeSet<&str> = columns.fields().iter().map(|f| f.name().as_str()).collect();
        let found = partitions(url, &folder, &objects)?.without(&held);
        let fields = found.names.iter().map(|name| Field::new(name, DataType::Utf8, true));
        let partitions = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let all = columns.fields().iter().chain(partitions.fields()).cloned();
        let schema = Arc::new(Schema::new(all.collect::<Vec<_>>()));
        let listed = objects.iter().map(InputFile::from).collect();
        let mut files = Vec::with_capacity(schemas.len());
        for ((object, values), footer) in objects.into_iter().zip(found.values).zip(&footers) {
            if is_read(footer) {
                let values = values.into_iter().map(ScalarValue::Utf8).collect();
                let mut file = PartitionedFile::new_from_meta(object).with_partition_values(values);
                file.arrow_schema = footer.is_told.then(|| Arc::clone(&footer.schema));
                files.push(file);
            }
        }
        let (store, url) = (store_of(url)?, url.clone());
        let check_pages = engine.check_pages().clone();
        Ok(Self {
            url,
            store,
            columns,
            partitions,
            schema,
            listed,
            files,
            passed_over,
            drift,
            check_pages,
        })
    }

    /// What was found, with the columns among those that are `used` that some files lack.
    pub(crate) fn listing(&self, used: &dyn Fn(&str) -> bool) -> Listing {
        let missing = self.drift.missing(used);
        Listing {
            url: self.url.clone(),
            files: self.listed.clone(),
            passed_over: self.passed_over.clone(),
            null_columns: missing.map(|(name, files)| (name.to_owned(), files)).collect(),
            version: None,
        }
    }

    /// Path of the only file.
    pub(crate) fn only_path(&self) -> Option<String> {
        match self.files.as_slice() {
            [one] if self.listed.len() == 1 => Some(self.shown(one)),
            _ => None,
        }
    }

    fn shown(&self, file: &PartitionedFile) -> String {
        shown(&self.url, &file.object_meta.location)
    }

    /// Each file as a table of its own, with the columns of all, and its path.
    pub(crate) fn each_alone(&self) -> impl Iterator<Item = (String, Self)> {
        self.files.iter().map(|file| {
            let alone = Self { files: vec![file.clone()], ..self.clone() };
            (self.shown(file), alone)
        })
    }

    /// The errors for the columns among those that are `used` that cannot be read as one over all files.
    pub(crate) fn violations(
        &self,
        used: &dyn Fn(&str) -> bool,
        rules: ColumnRules<'_>,
    ) -> Vec<Error> {
        let path = |file: usize| self.shown(&self.files[file]);
        let violations = self.drift.violations(used, rules, &path);
        violations.into_iter().map(|e| e.within(format!("`{}`", self.url))).collect()
    }

    /// Whether the engine can tell from the path of a file alone that it has no rows for which `filter` holds.
    fn is_about_partitions(&self, filter: &Expr) -> bool {
        let names: Vec<&str> = self.partitions.fields().iter().map(|f| f.name().as_str()).collect();
        !names.is_empty() && expr_applicable_for_cols(&names, filter)
    }
}

/// The first name that two columns have.
fn repeated_name(schema: &Schema) -> Option<&str> {
    let mut names = BTreeSet::new();
    let mut fields = schema.fields().iter().map(|field| field.name().as_str());
    fields.find(|name| !names.insert(*name))
}

/// The store of a URL, as the engine names it.
fn store_of(url: &Url) -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse(&url[..url::Position::BeforePath]).map_err(Error::internal)
}

#[async_trait]
impl TableProvider for ParquetFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> EngineResult<Vec<TableProviderFilterPushDown>> {
        let support = filters.iter().map(|filter| match self.is_about_partitions(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Inexact,
        });
        Ok(support.collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        let (of_partitions, others): (Vec<Expr>, Vec<Expr>) =
            filters.iter().cloned().partition(|filter| self.is_about_partitions(filter));
        let partitions = DFSchema::try_from(Arc::clone(&self.partitions))?;
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            files.extend(filter_partitioned_file(file.clone(), &of_partitions, &partitions)?);
        }
        if files.is_empty() {
            let schema = match projection {
                Some(projection) => Arc::new(self.schema.project(projection)?),
                None => Arc::clone(&self.schema),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let schema = TableSchemaBuilder::from(&self.columns)
            .with_table_partition_cols(self.partitions.fields().to_vec())
            .build();
        let runtime = state.runtime_env();
        let reader = CachedParquetFileReaderFactory::new(
            runtime.object_store(&self.store)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let source = ParquetSource::new(schema)
            .with_table_parquet_options(state.default_table_options().parquet)
            // The plan's own step does not see through `NamedFiles`.
            .with_parquet_file_reader_factory(self.check_pages.over(Arc::new(reader), &self.store));
        let groups = FileGroup::new(files).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.store.clone(), NamedFiles::over(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit.filter(|_| others.is_empty()))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
