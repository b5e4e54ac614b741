//! Rows as batches. A batch becomes one file, so that a large table is many files of at most 2^18 rows.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, Date32Array, Float64Array, Int64Array, LargeStringArray, ListBuilder,
    RecordBatch, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field};
use chrono::NaiveDate;
use rayon::prelude::*;

use crate::error::Result;
use crate::model::time::days_since_epoch;
use crate::model::{PersonIndex, Persons};
use crate::schema::{self, Direction, Table};

/// Maximum number of rows of a file: few enough for 32-bit text offsets at 8 KiB a row.
pub(super) const MAX_ROWS: usize = 1 << 18;

/// Columns with their names.
pub(super) type Columns<'a> = Vec<(&'a str, ArrayRef)>;

/// What the rows of every table refer to: the run and its people.
pub(super) struct Shared<'a> {
    /// Day of the snapshot, in days since 1970-01-01.
    date: i32,
    /// Id of the run.
    run_id: &'a str,
    pub persons: &'a Persons,
    /// The columns that every table has, as long as the longest batch needs them. All batches share them: with a million people
    /// they would take .8 GB (`benches/RESULTS.md`).
    run_columns: Mutex<[(&'static str, ArrayRef); 2]>,
}

impl<'a> Shared<'a> {
    pub fn new(day: NaiveDate, run_id: &'a str, persons: &'a Persons) -> Result<Self> {
        let date = days_since_epoch(day)?;
        let run_columns = Mutex::new(run_columns(date, run_id, 0));
        Ok(Self { date, run_id, persons, run_columns })
    }

    /// The columns that every table has, for `rows` rows.
    pub fn run_columns(&self, rows: usize) -> Columns<'static> {
        let mut longest = self.run_columns.lock().unwrap_or_else(PoisonError::into_inner);
        if longest[0].1.len() < rows {
            *longest = run_columns(self.date, self.run_id, rows.next_power_of_two());
        }
        longest.iter().map(|(name, column)| (*name, column.slice(0, rows))).collect()
    }

    /// The id of a person.
    pub fn id(&self, person: PersonIndex) -> &'a str {
        self.persons.ids.value(person.index())
    }

    /// The ids of persons.
    pub fn ids(&self, persons: impl Iterator<Item = PersonIndex>) -> ArrayRef {
        texts(persons.map(|person| self.id(person)))
    }

    /// The batches of the table `name`, which has a row for each of `rows`.
    pub fn table<'b, T: Sync>(
        &self,
        name: &str,
        rows: &[T],
        columns: impl Fn(&[T]) -> Columns<'b> + Sync,
    ) -> Result<Vec<RecordBatch>> {
        in_files(name, rows.len(), |table, range| {
            let mut columns = columns(&rows[range.clone()]);
            columns.extend(self.run_columns(range.len()));
            table.batch(columns)
        })
    }
}

/// The batches of a table of `rows` rows; an empty table is one empty batch.
pub(super) fn in_files(
    name: &str,
    rows: usize,
    batch: impl Fn(&Table, Range<usize>) -> Result<RecordBatch> + Sync,
) -> Result<Vec<RecordBatch>> {
    in_files_of(name, rows, MAX_ROWS, batch)
}

/// The same with `per_file` rows in each batch but the last.
pub(super) fn in_files_of(
    name: &str,
    rows: usize,
    per_file: usize,
    batch: impl Fn(&Table, Range<usize>) -> Result<RecordBatch> + Sync,
) -> Result<Vec<RecordBatch>> {
    let table = schema::table(Direction::Output, name)?;
    (0..rows.div_ceil(per_file).max(1))
        .into_par_iter()
        .map(|file| batch(table, file * per_file..((file + 1) * per_file).min(rows)))
        .collect()
}

fn run_columns(date: i32, run_id: &str, rows: usize) -> [(&'static str, ArrayRef); 2] {
    [
        ("snapshot_date", Arc::new(Date32Array::from_value(date, rows))),
        ("run_id", Arc::new(StringArray::new_repeated(run_id, rows))),
    ]
}

pub(super) fn texts<'a>(texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(texts))
}

pub(super) fn floats(values: impl Iterator<Item = f64>) -> ArrayRef {
    Arc::new(Float64Array::from_iter_values(values))
}

pub(super) fn optional_floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

pub(super) fn integers(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

pub(super) fn optional_integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

/// Days since 1970-01-01, where they are known.
pub(super) fn optional_days(days: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(days.collect::<Date32Array>())
}

/// The texts of `all` at these positions, where they are known.
pub(super) fn optional_texts(
    all: &LargeStringArray,
    positions: impl Iterator<Item = usize>,
) -> ArrayRef {
    let text = |at: usize| all.is_valid(at).then(|| all.value(at));
    Arc::new(positions.map(text).collect::<StringArray>())
}

/// A list of texts per row.
pub(crate) fn lists<S: AsRef<str>>(
    rows: impl Iterator<Item = impl IntoIterator<Item = S>>,
) -> ArrayRef {
    let item = Field::new("item", DataType::Utf8, false);
    let mut list = ListBuilder::new(StringBuilder::new()).with_field(item);
    for row in rows {
        for text in row {
            list.values().append_value(text);
        }
        list.append(true);
    }
    Arc::new(list.finish())
}
