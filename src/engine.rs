//! The relational engine: one DataFusion session for a run, with the object stores it reads.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::physical_plan::{collect, collect_partitioned as execute_partitioned};
use datafusion::prelude::{Expr, SessionConfig, SessionContext, lit, when};
use url::Url;

use crate::error::{Error, Result};
use crate::store::Stores;

/// DataFusion and the stores of one run.
#[derive(Clone)]
pub struct Engine {
    /// The session.
    pub session: SessionContext,
    /// The object stores.
    pub stores: Stores,
}

impl Engine {
    /// An engine that works with `partitions` parallel partitions; results do not depend on them.
    pub fn new(stores: Stores, partitions: usize) -> Self {
        let config = SessionConfig::new()
            .with_target_partitions(partitions.max(1))
            .set_bool("datafusion.execution.parquet.pushdown_filters", true)
            .set_bool("datafusion.execution.parquet.reorder_filters", true);
        Self { session: SessionContext::new_with_config(config), stores }
    }

    /// Lets the session read from the store of `url`.
    ///
    /// # Errors
    /// As [`Stores::resolve`].
    pub fn connect(&self, url: &Url) -> Result<()> {
        let (store, _) = self.stores.resolve(url)?;
        self.session.register_object_store(url, store);
        Ok(())
    }

    /// Runs the query and keeps its result in memory, in as many partitions as the engine has.
    /// Returns the frame over that result and its number of rows.
    ///
    /// # Errors
    /// As [`Error::engine`], said to have happened while doing `what`.
    pub async fn materialise(&self, what: &str, frame: DataFrame) -> Result<(DataFrame, u64)> {
        let failed = |e| Error::engine(what, &e);
        let context = Arc::new(frame.task_ctx());
        let plan = frame.create_physical_plan().await.map_err(failed)?;
        let schema = plan.schema();
        let parts = execute_partitioned(plan, context).await.map_err(failed)?;
        let rows = parts.iter().flatten().map(|b| b.num_rows() as u64).sum();
        let table = MemTable::try_new(schema, parts).map_err(failed)?;
        let frame = self.session.read_table(Arc::new(table)).map_err(failed)?;
        Ok((frame, rows))
    }

    /// A frame over batches in memory, one partition a batch.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the batches differ in schema or there is none.
    pub fn frame(&self, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let schema = batches
            .first()
            .map(RecordBatch::schema)
            .ok_or_else(|| Error::internal("a table without batches"))?;
        let parts = batches.into_iter().map(|b| vec![b]).collect();
        MemTable::try_new(schema, parts)
            .and_then(|table| self.session.read_table(Arc::new(table)))
            .map_err(Error::internal)
    }
}

/// Runs the query and returns its rows as one batch.
///
/// # Errors
/// As [`Error::engine`], said to have happened while doing `what`.
pub async fn rows(what: &str, frame: DataFrame) -> Result<RecordBatch> {
    let failed = |e| Error::engine(what, &e);
    let context = Arc::new(frame.task_ctx());
    let plan = frame.create_physical_plan().await.map_err(failed)?;
    let schema = plan.schema();
    let batches = collect(plan, context).await.map_err(failed)?;
    concat_batches(&schema, &batches).map_err(Error::internal)
}

/// Number of rows for which `condition` holds, as an aggregate.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the expression cannot be built.
pub fn count_if(condition: Expr) -> Result<Expr> {
    when(condition, lit(1_i64)).end().map(count).map_err(Error::internal)
}
