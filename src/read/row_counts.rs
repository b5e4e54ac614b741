//! Numbers of rows, counted in one pass.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::prelude::{Expr, lit};

use super::row_rules::RowRule;
use crate::engine;
use crate::error::{Error, Result};

/// Numbers of rows by group: all, and those that break each rule.
pub(super) struct RowCounts {
    pub(super) batches: Vec<RecordBatch>,
}

impl RowCounts {
    /// Counts in one pass, by `group`, the rows of `frame` and those that break each of `rules`.
    pub(super) async fn of(
        what: &str,
        frame: DataFrame,
        group: Vec<Expr>,
        rules: &[RowRule],
    ) -> Result<Self> {
        let mut counts = vec![count(lit(1_i64)).alias("rows")];
        counts.extend(rules.iter().map(|rule| rule.broken.clone().alias(&rule.words)));
        let frame = frame.aggregate(group, counts).map_err(Error::internal)?;
        Ok(Self { batches: engine::batches(what, frame).await? })
    }

    /// Sum of a count over all groups.
    pub(super) fn total(&self, name: &str) -> u64 {
        let columns = self.batches.iter().filter_map(|batch| batch.column_by_name(name));
        let counts = columns.filter_map(|column| column.as_primitive_opt::<Int64Type>());
        counts.map(|counts| counts.iter().flatten().sum::<i64>().unsigned_abs()).sum()
    }
}
