//! Times that lie in 1970 or far ahead: most likely integers that were written, or taken, for another unit than they have.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use chrono::DateTime;
use datafusion::common::ExprSchema;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::prelude::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;

use super::epoch;
use super::open_input::OpenInput;
use super::row_counts::RowCounts;
use crate::engine::{self, count_if, without_statistics};
use crate::error::{Error, Result};
use crate::model::time::HOUR_US;
use crate::number_format::count as shown;

const YEAR_US: i64 = 365 * 24 * HOUR_US;
/// No time of a social network is later than this after the cutoff.
const FAR_AHEAD_US: i64 = 10 * YEAR_US;
const UNITS: [TimeUnit; 4] =
    [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];

/// A column of times as it was opened.
pub(super) struct TimeColumn {
    pub(super) name: String,
    pub(super) column: Expr,
    unit: TimeUnit,
    zone: Option<std::sync::Arc<str>>,
}

impl TimeColumn {
    /// The column `name` of `frame`; `None` if it is absent, or has no type because all its values are missing.
    pub(super) fn of(frame: &DataFrame, name: &str) -> Result<Option<Self>> {
        let column = frame.schema().columns().into_iter().find(|column| column.name == name);
        let Some(column) = column else { return Ok(None) };
        let field = frame.schema().field_from_column(&column).map_err(Error::internal)?;
        let (column, kind) = match field.data_type() {
            DataType::Dictionary(_, values) => {
                (cast(Expr::Column(column), values.as_ref().clone()), values.as_ref())
            }
            plain => (Expr::Column(column), plain),
        };
        let DataType::Timestamp(unit, zone) = kind else { return Ok(None) };
        Ok(Some(Self { name: name.to_owned(), column, unit: *unit, zone: zone.clone() }))
    }

    /// An instant, in microseconds since 1970, in the type of the column.
    ///
    /// A comparison with a cast column would not use the statistics of the files, and every row group of all years would be
    /// decoded.
    pub(super) fn at(&self, us: i64) -> Expr {
        let zone = self.zone.clone();
        lit(match self.unit {
            TimeUnit::Second => ScalarValue::TimestampSecond(Some(us / 1_000_000), zone),
            TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(us / 1_000), zone),
            TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(us), zone),
            // Nanoseconds end in 1677 and 2262: a time beyond is before, or after, all of them.
            TimeUnit::Nanosecond => {
                ScalarValue::TimestampNanosecond(Some(us.saturating_mul(1_000)), zone)
            }
        })
    }

    /// The counts from which [`TimeSpan::of`] is made, as aggregates.
    pub(super) fn aggregates(&self, cutoff_us: i64) -> Result<Vec<Expr>> {
        let time = || self.column.clone();
        let in_1970 = time().gt_eq(self.at(0)).and(time().lt(self.at(YEAR_US)));
        let far_ahead = time().gt_eq(self.at(cutoff_us.saturating_add(FAR_AHEAD_US)));
        let integer = || cast(time(), DataType::Int64);
        Ok(vec![
            count(time()).alias("with a time"),
            count_if(in_1970)?.alias("in 1970"),
            count_if(far_ahead)?.alias("far ahead"),
            min(integer()).alias("first"),
            max(integer()).alias("last"),
        ])
    }
}

/// Where the times of a column lie.
pub(super) struct TimeSpan {
    with_time: u64,
    in_1970: u64,
    far_ahead: u64,
    /// In the unit of the column.
    first: i64,
    last: i64,
}

impl TimeSpan {
    /// From the counts of [`TimeColumn::aggregates`]; `None` if no row has a time.
    pub(super) fn of(counts: &RowCounts) -> Option<Self> {
        let end = |name: &str| -> Option<i64> {
            let ends = counts.batches.iter().filter_map(|batch| batch.column_by_name(name));
            let mut ends = ends.filter_map(|end| end.as_primitive_opt::<Int64Type>());
            ends.find_map(|end| end.iter().flatten().next())
        };
        Some(Self {
            with_time: counts.total("with a time"),
            in_1970: counts.total("in 1970"),
            far_ahead: counts.total("far ahead"),
            first: end("first")?,
            last: end("last")?,
        })
    }

    /// Counts the times of a whole input.
    pub(super) async fn read(
        what: &str,
        frame: DataFrame,
        column: &TimeColumn,
        cutoff_us: i64,
    ) -> Result<Option<Self>> {
        let frame = without_statistics(frame).aggregate(vec![], column.aggregates(cutoff_us)?);
        let frame = frame.map_err(Error::internal)?;
        Ok(Self::of(&RowCounts { batches: engine::batches(what, frame).await? }))
    }

    /// The error for times of which more than half lie in 1970 or more than ten years after the cutoff.
    pub(super) fn violation(
        &self,
        input: &OpenInput,
        column: &TimeColumn,
        cutoff_us: i64,
    ) -> Option<Error> {
        let name = &column.name;
        let is_most = |rows: u64| 2 * rows > self.with_time;
        // Data of the 1970s are of another kind than those of a network, and sound.
        let (rows, place) = if is_most(self.in_1970) && cutoff_us > 2 * YEAR_US {
            (self.in_1970, "lies in 1970")
        } else if is_most(self.far_ahead) {
            (self.far_ahead, "lies more than ten years after the cutoff")
        } else {
            return None;
        };
        let cause = format!(
            "column `{name}` {place} in {} of {} rows with a time, which go from {} to {}: wrong unit?",
            shown(rows),
            shown(self.with_time),
            instant(self.first, column.unit),
            instant(self.last, column.unit)
        );
        // The unit in which the last time is one of this network; it may be that of the column, if some rows are sound.
        let meant = UNITS.into_iter().find(|unit| {
            let us = i128::from(self.last) * 1_000_000 / per_second(*unit);
            (i128::from(YEAR_US)..i128::from(cutoff_us.saturating_add(FAR_AHEAD_US))).contains(&us)
        });
        let remedy = match meant.filter(|meant| *meant != column.unit) {
            Some(meant) => {
                let (words, function) = epoch::words(meant);
                let select = if input.closed { "in the SELECT" } else { "in a SELECT" };
                format!(
                    "its numbers look like {words}: write {function}(CAST({name} AS BIGINT)) AS {name} {select}, or correct the \
                     files"
                )
            }
            None => {
                format!("correct these times, or leave the rows out with a SELECT … WHERE {name} …")
            }
        };
        Some(input.violation(cause, remedy).in_column(name).in_rows(rows))
    }
}

fn per_second(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// An instant as people read it; of one beyond all calendars the year.
fn instant(value: i64, unit: TimeUnit) -> String {
    let seconds = i128::from(value).div_euclid(per_second(unit));
    let known =
        i64::try_from(seconds).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    match known {
        Some(at) => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        None => format!("about the year {}", 1970 + seconds / 31_556_952),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_any_size_are_readable() {
        assert_eq!(instant(1_763_683_200_000, TimeUnit::Microsecond), "1970-01-21 09:54:43");
        assert_eq!(instant(-1, TimeUnit::Nanosecond), "1969-12-31 23:59:59");
        assert_eq!(instant(1_763_683_200_000_000, TimeUnit::Second), "about the year 55890865");
        assert_eq!(instant(1_763_683_200_000, TimeUnit::Second), "+57858-11-24 00:00:00");
    }
}
