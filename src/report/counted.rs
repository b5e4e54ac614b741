//! Tables of a run, counted as their rows go by.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::Float64Type;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{Expr, ident, lit};
use futures::TryStreamExt;

use crate::engine::guarded;
use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::score::style::NAMES;

/// How many fall into each bin; bins are whole numbers of some unit.
pub(super) type Bins = BTreeMap<i64, u64>;

/// The value below which a share of what was counted lies, as the number of its bin.
pub(super) fn quantile(bins: &Bins, share: f64) -> Option<i64> {
    let all: u64 = bins.values().sum();
    let below = (share * all as f64) as u64;
    let mut seen = 0;
    bins.iter().find_map(|(bin, count)| {
        seen += count;
        (seen > below).then_some(*bin)
    })
}

/// All standard scores, counted.
#[derive(Debug, Default)]
pub(super) struct Scores {
    pub people: u64,
    /// By score in tenths of a point.
    pub scores: Bins,
    /// By the logarithm of the expected people in thousandths; who expects nobody is in the lowest bin there can be.
    expected: Bins,
    /// Highest score and its expected people.
    pub highest: (f64, f64),
    /// By points since the run before in tenths, of those who moved by half a tenth at least.
    pub moved: Bins,
    /// Of those who had a score before, how many moved less.
    pub unmoved: u64,
    /// By style, in the order of their names.
    pub styles: [u64; 16],
}

impl Scores {
    /// The expected people that a share of people stays below; to a thousandth.
    pub(super) fn expected(&self, share: f64) -> f64 {
        let bin = quantile(&self.expected, share).filter(|bin| *bin != i64::MIN);
        bin.map_or(0.0, |bin| libm::exp(bin as f64 / 1000.0))
    }

    fn see(&mut self, batch: &RecordBatch) -> Result<()> {
        let (scores, expected) = (floats(batch, "score")?, floats(batch, "expected_reactors")?);
        let (changes, styles) = (floats(batch, "change_1d"), texts(batch, "style"));
        for row in 0..batch.num_rows() {
            let (score, people) = (scores.value(row), expected.value(row));
            self.people += 1;
            *self.scores.entry(in_tenths(score)).or_default() += 1;
            let bin = if people > 0.0 {
                libm::round(libm::log(people) * 1000.0) as i64
            } else {
                i64::MIN
            };
            *self.expected.entry(bin).or_default() += 1;
            if people > self.highest.1 {
                self.highest = (score, people);
            }
            if let Some(change) = changes.as_ref().ok().filter(|own| own.is_valid(row)) {
                let change = change.value(row);
                match change.abs() < 0.05 {
                    true => self.unmoved += 1,
                    false => *self.moved.entry(in_tenths(change)).or_default() += 1,
                }
            }
            if let Some(styles) = styles.as_ref().ok().filter(|own| own.is_valid(row))
                && let Some(place) = NAMES.iter().position(|name| *name == styles.value(row))
            {
                self.styles[place] += 1;
            }
        }
        Ok(())
    }
}

fn in_tenths(points: f64) -> i64 {
    libm::floor(points * 10.0) as i64
}

/// Counts the standard scores.
pub(super) async fn scores(scores: &DataFrame) -> Result<Scores> {
    let mut told = Scores::default();
    let columns = ["score", "expected_reactors", "change_1d", "style"];
    each("scores", scores.clone(), &columns, |batch| told.see(batch)).await?;
    Ok(told)
}

/// What a measure adds to scores, of people who have any of it.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub people: u64,
    /// Points without their signs, in millionths, so that their sum has no order.
    pub size: i64,
    /// By points in hundredths.
    pub points: Bins,
}

/// The contributions to standard scores by measure.
pub(super) async fn parts(contributions: DataFrame) -> Result<BTreeMap<String, Part>> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    let own = standard("contributions", contributions)?;
    let own = own.filter(ident("measure").not_eq(lit("reference")));
    let own = own.map_err(|e| Error::engine("reading the table `contributions`", e))?;
    let see = |batch: &RecordBatch| {
        let (measures, values) = (texts(batch, "measure")?, floats(batch, "value")?);
        let points = floats(batch, "points")?;
        for row in
            (0..batch.num_rows()).filter(|row| values.is_null(*row) || values.value(*row) > 0.0)
        {
            let (name, points) = (measures.value(row), points.value(row));
            if !parts.contains_key(name) {
                parts.insert(name.to_owned(), Part::default());
            }
            if let Some(part) = parts.get_mut(name) {
                part.people += 1;
                part.size += millionths(points.abs());
                *part.points.entry(libm::round(points * 100.0) as i64).or_default() += 1;
            }
        }
        Ok(())
    };
    each("contributions", own, &["measure", "value", "points"], see).await?;
    Ok(parts)
}

/// Points by which a cause moved scores.
#[derive(Debug, Default)]
pub(super) struct Cause {
    pub people: u64,
    /// Points without their signs, in millionths.
    pub size: i64,
    /// Points, in millionths.
    pub sum: i64,
}

/// The changes by cause.
pub(super) async fn causes(changes: DataFrame) -> Result<BTreeMap<String, Cause>> {
    let mut causes: BTreeMap<String, Cause> = BTreeMap::new();
    let see = |batch: &RecordBatch| {
        let (names, points) = (texts(batch, "cause")?, floats(batch, "points")?);
        for row in 0..batch.num_rows() {
            let (name, points) = (names.value(row), points.value(row));
            let cause = causes.entry(name.to_owned()).or_default();
            cause.people += 1;
            cause.size += millionths(points.abs());
            cause.sum += millionths(points);
        }
        Ok(())
    };
    each("changes", changes, &["cause", "points"], see).await?;
    Ok(causes)
}

fn millionths(points: f64) -> i64 {
    libm::round(points * 1e6) as i64
}

/// The rows of the standard profile.
pub(super) fn standard(name: &str, frame: DataFrame) -> Result<DataFrame> {
    let own = frame.filter(ident("profile").eq(lit(STANDARD)));
    own.map_err(|e| Error::engine(&format!("reading the table `{name}`"), e))
}

/// Shows the rows of a table to `see`, few at a time and of these columns; a run of an earlier version may lack some.
async fn each(
    name: &str,
    frame: DataFrame,
    columns: &[&str],
    mut see: impl FnMut(&RecordBatch) -> Result<()>,
) -> Result<()> {
    let what = format!("reading the table `{name}`");
    let failed = |e| Error::engine(&what, e);
    let has = |column: &&&str| frame.schema().has_column_with_unqualified_name(column);
    let there: Vec<Expr> = columns.iter().filter(has).map(|column| ident(*column)).collect();
    let mut stream = frame.select(there).map_err(failed)?.execute_stream().await.map_err(failed)?;
    while let Some(batch) = guarded(&what, stream.try_next()).await? {
        see(&batch)?;
    }
    Ok(())
}

fn floats<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Float64Array> {
    let column = batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Float64Type>());
    column.ok_or_else(|| unlike(name))
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(|| unlike(name))
}

fn unlike(name: &str) -> Error {
    Error::bad_input(
        format!("the tables of the run have no column `{name}` as it is now"),
        "use the version of renown that wrote them",
    )
}
