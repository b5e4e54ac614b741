//! Rows that are left out before an input is validated: outside a window of time, or of dropped kinds.

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::prelude::{Expr, ident};

use super::open_input::OpenInput;
use super::time_units::TimeColumn;
use crate::engine::batches;
use crate::error::{Error, Result};
use crate::job::{Job, Kinds};
use crate::model::time::HOUR_US;

/// A span of time in microseconds since 1970, whole seconds at both ends; the end is not in it.
#[derive(Clone, Copy)]
struct Window {
    start_us: i64,
    end_us: i64,
}

impl Window {
    /// The `hours` before `end_us`.
    fn before(end_us: i64, hours: u32) -> Self {
        Self { start_us: end_us - i64::from(hours) * HOUR_US, end_us }
    }

    /// All time before `end_us`.
    fn until(end_us: i64) -> Self {
        Self { start_us: i64::MIN, end_us }
    }
}

/// Which rows of an input are read.
#[derive(Clone, Default)]
pub(super) struct RowFilter {
    /// The window, and the column with the time of a row.
    window: Option<(Window, &'static str)>,
    /// Kinds that the job drops or maps, for an input with kinds.
    kinds: Option<Kinds>,
}

/// The time of a row relative to the window, as conditions over the raw column.
pub(super) struct InWindow {
    pub(super) time: TimeColumn,
    start: Expr,
    end: Expr,
}

impl RowFilter {
    /// The rows of the input `table` that a run of `job` with this cutoff reads, interactions of `earlier_hours` more.
    pub(super) fn of(job: &Job, table: &str, cutoff_us: i64, earlier_hours: u32) -> Self {
        let hours = job.method.window_hours();
        let window = Window::before(cutoff_us, hours);
        let longer = Window::before(cutoff_us, hours.saturating_add(earlier_hours));
        let (window, kinds) = match table {
            "posts" => (Some((window, "created_at")), None),
            "endorsements" => (Some((window, "at")), None),
            "interactions" => (Some((longer, "at")), Some(job.kinds.clone())),
            "follows" => (Some((Window::until(cutoff_us), "since")), None),
            _ => (None, None),
        };
        Self { window, kinds }
    }

    /// The end of the window, in microseconds since 1970.
    pub(super) fn end_us(&self) -> i64 {
        self.window.map_or(i64::MAX, |(window, _)| window.end_us)
    }

    /// Leaves out rows outside the window and of dropped kinds, and renames the kinds that the job maps.
    pub(super) fn apply(&self, input: &mut OpenInput) -> Result<()> {
        if let Some(window) = self.in_window(&input.frame)? {
            input.frame = input.frame.clone().filter(window.kept()).map_err(Error::internal)?;
        }
        if let Some(kinds) = self.kinds.as_ref().filter(|kinds| !kinds.is_empty()) {
            let is_kept = kinds.is_dropped(ident("kind")).is_not_true();
            let kind = kinds.map_kind(ident("kind"))?;
            let frame = input.frame.clone().filter(is_kept);
            let frame = frame.and_then(|frame| frame.with_column("kind", kind));
            input.frame = frame.map_err(Error::internal)?;
        }
        Ok(())
    }

    /// The column with the time of a row.
    pub(super) fn time(&self) -> Option<&'static str> {
        self.window.map(|(_, column)| column)
    }

    /// Whether a row is of a kind that the job drops; `None` if it drops none.
    pub(super) fn is_dropped_kind(&self) -> Option<Expr> {
        let kinds = self.kinds.as_ref().filter(|kinds| !kinds.drop.is_empty());
        kinds.map(|kinds| kinds.is_dropped(ident("kind")))
    }

    /// The window over a raw input, in the type of its column; `None` if there is no window, or the column is absent or has
    /// no type because all its values are missing.
    pub(super) fn in_window(&self, frame: &DataFrame) -> Result<Option<InWindow>> {
        let Some((window, name)) = self.window else { return Ok(None) };
        let Some(time) = TimeColumn::of(frame, name)? else { return Ok(None) };
        let (start, end) = (time.at(window.start_us), time.at(window.end_us));
        Ok(Some(InWindow { time, start, end }))
    }
}

/// The newest time in a column of microseconds; `None` if there is none.
pub(super) async fn newest_time(what: &str, frame: DataFrame, column: &str) -> Result<Option<i64>> {
    let newest = vec![max(ident(column)).alias(column)];
    let frame = frame.aggregate(vec![], newest).map_err(Error::internal)?;
    let rows = batches(what, frame).await?;
    let times = rows.iter().filter_map(|rows| {
        let times = rows.column(0).as_primitive_opt::<TimestampMicrosecondType>()?;
        (times.len() > times.null_count()).then(|| times.value(0))
    });
    Ok(times.max())
}

impl InWindow {
    /// A missing time is kept, so that it is refused where the contract forbids it.
    pub(super) fn kept(&self) -> Expr {
        self.inside().or(self.column().is_null())
    }

    fn column(&self) -> Expr {
        self.time.column.clone()
    }

    fn inside(&self) -> Expr {
        self.column().gt_eq(self.start.clone()).and(self.column().lt(self.end.clone()))
    }

    pub(super) fn after(&self) -> Expr {
        self.column().gt_eq(self.end.clone())
    }
}
