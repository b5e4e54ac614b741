//! The relational engine: one DataFusion session for a run, with the object stores it reads.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::Schema;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::MemTable;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::physical_plan::{collect, collect_partitioned as execute_partitioned};
use datafusion::prelude::{Expr, SessionConfig, SessionContext, ident, lit, when};
use futures::future::join_all;
use futures::{FutureExt, TryStreamExt};
use url::Url;

use crate::error::{Error, Result};
use crate::parquet_file::CheckPages;
use crate::storage::Stores;

/// Rows of a batch of a result that is gathered. What an aggregation holds leaves it batch by batch, and
/// DataFusion 55 moves all that is left each time: a million groups took seconds in batches of 8,192,
/// which suit decoding.
const BATCH_ROWS: usize = 1 << 16;

/// What a result of `frame` is gathered in.
fn gathering(frame: &DataFrame) -> Arc<TaskContext> {
    let context = frame.task_ctx();
    let config = context.session_config().clone().with_batch_size(BATCH_ROWS);
    Arc::new(context.with_session_config(config))
}

/// DataFusion and the stores of one run.
#[derive(Clone)]
pub struct Engine {
    /// The session.
    pub session: SessionContext,
    /// The object stores.
    pub stores: Stores,
    check_pages: CheckPages,
}

impl Engine {
    /// An engine that works with `partitions` parallel partitions; results do not depend on them.
    pub fn new(stores: Stores, partitions: usize) -> Self {
        let config = SessionConfig::new()
            .with_target_partitions(partitions.max(1))
            .set_bool("datafusion.execution.parquet.pushdown_filters", true)
            .set_bool("datafusion.execution.parquet.reorder_filters", true)
            // Columns come in the types that their files state.
            .set_bool("datafusion.execution.parquet.schema_force_view_types", false)
            // Nanoseconds do not hold the year 9999, which stands for never, and would wrap around.
            .set_str("datafusion.execution.parquet.coerce_int96", "us")
            .set_bool("datafusion.execution.listing_table_ignore_subdirectory", false)
            // With file statistics DataFusion 55 takes a column whose least and greatest value are
            // equal for a constant; statistics leave NaN out, and it would be lost unseen.
            .set_bool("datafusion.execution.collect_statistics", false);
        let check_pages = CheckPages::default();
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_default_features()
            .with_physical_optimizer_rule(Arc::new(check_pages.clone()))
            .build();
        Self { session: SessionContext::new_with_state(state), stores, check_pages }
    }

    /// Sets how many bytes a page of a Parquet file may take once it is decompressed; a query that is planned after this
    /// refuses larger ones.
    pub fn set_max_page_bytes(&self, bytes: u64) {
        self.check_pages.set_max_page_bytes(bytes);
    }

    /// Lets readers of Parquet check pages.
    pub(crate) fn check_pages(&self) -> &CheckPages {
        &self.check_pages
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
        let failed = |e| Error::engine(what, e);
        let context = gathering(&frame);
        let plan = frame.create_physical_plan().await.map_err(failed)?;
        let schema = plan.schema();
        let parts = guarded(what, execute_partitioned(plan, context)).await?;
        let rows = parts.iter().flatten().map(|b| b.num_rows() as u64).sum();
        let table = MemTable::try_new(schema, parts).map_err(failed)?;
        let frame = self.session.read_table(Arc::new(table)).map_err(failed)?;
        Ok((frame, rows))
    }

    /// Runs the query and returns its rows as one batch, sorted by `key`, nulls first.
    ///
    /// The rows stand in memory before they are sorted: of a column that a user's SELECT makes a constant
    /// DataFusion 55 forgets within a join that it needs no sorting, and its plan fails.
    ///
    /// # Errors
    /// As [`Error::engine`], said to have happened while doing `what`.
    pub async fn sorted_rows(
        &self,
        what: &str,
        frame: DataFrame,
        key: &[&str],
    ) -> Result<RecordBatch> {
        let (frame, _) = self.materialise(what, frame).await?;
        let order = key.iter().map(|column| ident(*column).sort(true, true)).collect();
        rows(what, frame.sort(order).map_err(|e| Error::engine(what, e))?).await
    }

    /// A frame over batches in memory, dealt into as many partitions as the engine has. What their schema says of the
    /// whole table is left out: a join of DataFusion 55 whose sides are swapped loses it, and its plan fails.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if the batches differ in schema or there is none.
    pub fn frame(&self, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let schema = batches.first().map(|batch| Schema::new(batch.schema().fields().clone()));
        let schema = Arc::new(schema.ok_or_else(|| Error::internal("a table without batches"))?);
        let plain = |batch: RecordBatch| {
            RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())
        };
        let batches: Vec<RecordBatch> = batches
            .into_iter()
            .map(plain)
            .collect::<std::result::Result<_, _>>()
            .map_err(Error::internal)?;
        let partitions = self.session.state().config().target_partitions().min(batches.len());
        let mut parts = vec![Vec::new(); partitions];
        for (i, batch) in batches.into_iter().enumerate() {
            parts[i % partitions].push(batch);
        }
        MemTable::try_new(schema, parts)
            .and_then(|table| self.session.read_table(Arc::new(table)))
            .map_err(Error::internal)
    }
}

/// What a panic said.
pub(crate) fn panic_text(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or("a panic", |text| *text).to_owned(),
    }
}

/// What `work` returns, or what its panic said.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    std::panic::catch_unwind(AssertUnwindSafe(work)).map_err(panic_text)
}

/// The same query, for which no row group is left out because of what the file says of it: statistics that are wrong would
/// hide rows.
pub(crate) fn without_statistics(frame: DataFrame) -> DataFrame {
    let (mut state, plan) = frame.into_parts();
    let parquet = &mut state.config_mut().options_mut().execution.parquet;
    parquet.pruning = false;
    parquet.enable_page_index = false;
    parquet.bloom_filter_on_read = false;
    DataFrame::new(state, plan)
}

/// Awaits `work`, which may decode files of strangers: a panic in a library becomes an error, said to
/// have happened while doing `what`.
///
/// # Errors
/// As [`Error::engine`] and [`Error::undecodable`].
pub async fn guarded<T>(
    what: &str,
    work: impl Future<Output = datafusion::error::Result<T>>,
) -> Result<T> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done.map_err(|e| Error::engine(what, e)),
        Err(panic) => Err(Error::undecodable(what, panic_text(panic))),
    }
}

/// Runs the query on every core at once and gives its rows to `work` as they come, in blocks of at least
/// `rows` rows but for the last of each partition. Returns what `work` made of the blocks, in no order.
///
/// # Errors
/// As [`guarded`], and those of `work`.
pub async fn in_blocks<T: Send + 'static>(
    what: &str,
    frame: DataFrame,
    rows: usize,
    work: impl Fn(&[RecordBatch]) -> Result<T> + Send + Sync + 'static,
) -> Result<Vec<T>> {
    let streams = guarded(what, frame.execute_stream_partitioned()).await?;
    let work = Arc::new(work);
    let partitions = streams.into_iter().map(|mut stream| {
        let (what, work) = (what.to_owned(), Arc::clone(&work));
        tokio::spawn(async move {
            let (mut done, mut block, mut held) = (Vec::new(), Vec::new(), 0);
            while let Some(batch) = guarded(&what, stream.try_next()).await? {
                held += batch.num_rows();
                block.push(batch);
                if held >= rows {
                    done.push(work(&std::mem::take(&mut block))?);
                    held = 0;
                }
            }
            if held > 0 {
                done.push(work(&block)?);
            }
            Ok::<_, Error>(done)
        })
    });
    let mut all = Vec::new();
    for done in join_all(partitions.collect::<Vec<_>>()).await {
        all.extend(done.map_err(Error::internal)??);
    }
    Ok(all)
}

/// Runs the query and returns its number of rows.
///
/// # Errors
/// As [`guarded`].
pub async fn count_rows(what: &str, frame: DataFrame) -> Result<u64> {
    guarded(what, frame.count()).await.map(|rows| rows as u64)
}

/// Runs the query and returns its rows as batches, at least one, in the order of the query if it has
/// one.
///
/// # Errors
/// As [`Error::engine`], said to have happened while doing `what`.
pub async fn batches(what: &str, frame: DataFrame) -> Result<Vec<RecordBatch>> {
    let failed = |e| Error::engine(what, e);
    let context = gathering(&frame);
    let plan = frame.create_physical_plan().await.map_err(failed)?;
    let empty = RecordBatch::new_empty(plan.schema());
    let mut batches = guarded(what, collect(plan, context)).await?;
    if batches.is_empty() {
        batches.push(empty);
    }
    Ok(batches)
}

/// Runs the query and returns its rows as one batch.
///
/// # Errors
/// As [`Error::engine`], said to have happened while doing `what`.
pub async fn rows(what: &str, frame: DataFrame) -> Result<RecordBatch> {
    let batches = batches(what, frame).await?;
    let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| Error::internal(what))?;
    concat_batches(&schema, &batches).map_err(Error::internal)
}

/// Number of rows for which `condition` holds, as an aggregate.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if the expression cannot be built.
pub fn count_if(condition: Expr) -> Result<Expr> {
    when(condition, lit(1_i64)).end().map(count).map_err(Error::internal)
}
