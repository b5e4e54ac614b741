//! The rows of `accounts`, found by the number of their account.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    BooleanArray, DynComparator, PrimitiveArray, RecordBatch, StringViewArray, make_comparator,
};
use arrow::compute::{SortOptions, concat_batches};
use arrow::datatypes::{ArrowPrimitiveType, Field, Schema};
use chrono::{Months, NaiveDate};
use datafusion::dataframe::DataFrame;
use datafusion::functions::expr_fn::coalesce;
use datafusion::prelude::{Expr, ident, lit};
use datafusion::scalar::ScalarValue;

use super::columns::{flags, numbers, text};
use super::ids::{BLOCK_ROWS, Ids};
use super::open_input::is_custom_measure;
use super::validate::ValidInput;
use crate::engine::in_blocks;
use crate::error::{Error, Result};
use crate::job::Consent;
use crate::model::time::days_since_epoch;
use renown_graph::numbering::NONE;

/// Number of columns that come first and are not compared between rows of one account: the key, and the handle.
const KEY_COLUMNS: usize = 3;

/// The rows of `accounts` as read.
pub(super) struct AccountRows {
    /// Number of the account of each row.
    numbers: Vec<u32>,
    /// The columns that a run uses, without key and handle.
    rows: RecordBatch,
    /// Handles of the rows, block by block.
    handles: Vec<StringViewArray>,
}

impl AccountRows {
    /// Reads `accounts`, with the ages of `consent` at the end of `day`.
    pub(super) async fn read(
        input: &ValidInput,
        day: NaiveDate,
        consent: &Consent,
        ids: &Arc<Ids>,
    ) -> Result<Self> {
        let what = format!("reading {}", input.origin);
        let columns = account_columns(&input.frame, day, consent)?;
        let frame = input.frame.clone().select(columns).map_err(|e| Error::engine(&what, e))?;
        let fields = frame.schema().fields().iter().skip(KEY_COLUMNS);
        let fields = fields.map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        let ids = Arc::clone(ids);
        let of_rows = Arc::clone(&schema);
        let block = move |block: &[RecordBatch]| {
            let networks = ids.networks(block)?;
            let numbers = ids.accounts(block, &networks, "account_id")?;
            let without_key = |batch: &RecordBatch| {
                let columns = batch.columns()[KEY_COLUMNS..].to_vec();
                RecordBatch::try_new(Arc::clone(&of_rows), columns).map_err(Error::internal)
            };
            let rows: Vec<RecordBatch> = block.iter().map(without_key).collect::<Result<_>>()?;
            let handles = block.iter().map(|batch| text(batch, "handle").cloned());
            Ok((numbers, rows, handles.collect::<Result<Vec<StringViewArray>>>()?))
        };
        let blocks = in_blocks(&what, frame, BLOCK_ROWS, block).await?;
        let (mut numbers, mut rows, mut handles) = (Vec::new(), Vec::new(), Vec::new());
        for (more_numbers, more_rows, more_handles) in blocks {
            numbers.extend(more_numbers);
            rows.extend(more_rows);
            handles.extend(more_handles);
        }
        let rows = concat_batches(&schema, &rows).map_err(Error::internal)?;
        Ok(Self { numbers, rows, handles })
    }

    /// The rows by account, for account numbers below `accounts`.
    pub(super) fn by_account(self, accounts: usize) -> Result<Accounts> {
        let Self { numbers, rows, handles } = self;
        if rows.num_rows() >= NONE as usize {
            let cause = format!("input `accounts`: renown reads at most {} rows", NONE - 1);
            return Err(Error::bad_input(cause, "split the job by network").in_table("accounts"));
        }
        let mut row_of = vec![NONE; accounts];
        let mut further: Vec<(u32, u32)> = Vec::new();
        for (row, account) in (0..).zip(&numbers) {
            match &mut row_of[*account as usize] {
                first if *first == NONE => *first = row,
                _ => further.push((*account, row)),
            }
        }
        let compare = RowOrder::of(&rows)?;
        let (mut duplicates, mut contradictory) = (0, 0);
        further.sort_unstable();
        for of_account in further.chunk_by(|one, other| one.0 == other.0) {
            let mut distinct = vec![row_of[of_account[0].0 as usize]];
            distinct.extend(of_account.iter().map(|(_, row)| *row));
            distinct.sort_unstable_by(|one, other| compare.compare(*one, *other));
            distinct.dedup_by(|one, other| compare.compare(*one, *other) == Ordering::Equal);
            contradictory += distinct.len() as u64 - 1;
            duplicates += (of_account.len() + 1 - distinct.len()) as u64;
        }
        Ok(Accounts { rows, numbers, handles, row_of, duplicates, contradictory })
    }
}

/// Compares rows by all columns.
struct RowOrder(Vec<DynComparator>);

impl RowOrder {
    fn of(rows: &RecordBatch) -> Result<Self> {
        let columns = rows.columns().iter();
        let columns = columns.map(|column| make_comparator(column, column, SortOptions::default()));
        Ok(Self(columns.collect::<std::result::Result<_, _>>().map_err(Error::internal)?))
    }

    fn compare(&self, one: u32, other: u32) -> Ordering {
        let columns = self.0.iter().map(|compare| compare(one as usize, other as usize));
        columns.fold(Ordering::Equal, Ordering::then)
    }
}

/// `accounts`, each account once.
pub(super) struct Accounts {
    rows: RecordBatch,
    /// Number of the account of each row.
    numbers: Vec<u32>,
    handles: Vec<StringViewArray>,
    /// Row of each account number, [`NONE`] where `accounts` lacks it.
    row_of: Vec<u32>,
    /// Rows that repeat another one.
    pub(super) duplicates: u64,
    /// Rows that differ from another one of the same account.
    pub(super) contradictory: u64,
}

impl Accounts {
    /// The row of an account; `None` where `accounts` lacks it.
    pub(super) fn row(&self, account: u32) -> Option<usize> {
        let row = self.row_of[account as usize];
        (row != NONE).then_some(row as usize)
    }

    /// The handles that rows state, with the numbers of their accounts.
    pub(super) fn handles(&self) -> impl Iterator<Item = (u32, &str)> {
        let handles = self.handles.iter().flat_map(StringViewArray::iter);
        let pairs = self.numbers.iter().copied().zip(handles);
        pairs.filter_map(|(account, handle)| Some((account, handle?)))
    }

    /// Number of rows, duplicates too.
    pub(super) fn rows_read(&self) -> u64 {
        self.numbers.len() as u64
    }

    /// Whether no row has an age, in a table that has rows.
    pub(super) fn lacks_ages(&self) -> Result<bool> {
        Ok(self.rows.num_rows() > 0 && self.flags("has_age")?.true_count() == 0)
    }

    pub(super) fn text(&self, column: &str) -> Result<&StringViewArray> {
        text(&self.rows, column)
    }

    pub(super) fn flags(&self, column: &str) -> Result<&BooleanArray> {
        flags(&self.rows, column)
    }

    pub(super) fn numbers<T: ArrowPrimitiveType>(
        &self,
        column: &str,
    ) -> Result<&PrimitiveArray<T>> {
        numbers(&self.rows, column)
    }

    /// Names of the custom measures, sorted.
    pub(super) fn custom_measures(&self) -> Vec<String> {
        let schema = self.rows.schema();
        let names = schema.fields().iter().map(|field| field.name());
        let mut custom: Vec<String> =
            names.filter(|name| is_custom_measure(name)).cloned().collect();
        custom.sort_unstable();
        custom
    }
}

/// The key and the columns that a run uses; a minor is below the minimum age at the end of `day`.
fn account_columns(accounts: &DataFrame, day: NaiveDate, consent: &Consent) -> Result<Vec<Expr>> {
    let no = || lit(false);
    let months = consent.minimum_age.checked_mul(12).map(Months::new);
    let born = months.and_then(|months| day.checked_sub_months(months)).ok_or_else(|| {
        Error::bad_job(
            format!("`consent.minimum_age` is {}", consent.minimum_age),
            "give an age in years",
        )
    })?;
    let born = lit(ScalarValue::Date32(Some(days_since_epoch(born)?)));
    let too_young = ident("birth_date").gt(born);
    let minor = coalesce(vec![ident("is_minor"), no()]).or(coalesce(vec![too_young, no()]));
    // Where no age is asked for, rows of one account do not contradict each other by having one.
    let has_age = match consent.asks_age {
        true => ident("is_minor").is_not_null().or(ident("birth_date").is_not_null()),
        false => no(),
    };
    let mut columns = vec![
        ident("network"),
        ident("account_id"),
        ident("handle"),
        ident("display_name"),
        ident("country"),
        ident("language"),
        coalesce(vec![ident("is_automated"), no()]).alias("is_automated"),
        minor.alias("minor"),
        has_age.alias("has_age"),
        ident("followers_count"),
        ident("listed_count"),
        coalesce(vec![ident("is_verified"), no()]).alias("is_verified"),
        ident("created_at"),
    ];
    let found = accounts.schema().columns().into_iter();
    let custom = found.filter(|column| is_custom_measure(&column.name));
    columns.extend(custom.map(|column| ident(column.name)));
    Ok(columns)
}
