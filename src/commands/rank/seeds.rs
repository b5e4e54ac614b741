//! Seeds: the vertices on which random jumps land (personalised PageRank).

use arrow::array::{Array, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use arrow::util::display::array_value_to_string;
use datafusion::dataframe::DataFrame;

use super::ids::Ids;
use super::table::{ID, Table};
use crate::engine::batches;
use crate::error::{Error, Result};

/// The column of weights; without it each row counts 1.
const WEIGHT: &str = "weight";

/// Unknown ids that are named in an error, at most.
const NAMED: usize = 3;

/// The table of seeds.
pub(super) struct Seeds {
    table: Table,
    /// Ids and, if there are any, weights, under the names 0 and 1.
    frame: DataFrame,
    /// Names of these columns.
    columns: Vec<String>,
}

impl Seeds {
    /// The seeds of `table`; `id` is their column of ids and the type to which it is cast.
    pub(super) fn of(table: Table, id: (String, DataType)) -> Result<Self> {
        let mut columns = vec![id];
        if table.has(WEIGHT) {
            table.weight_type(WEIGHT)?;
            columns.push((WEIGHT.to_owned(), DataType::Float64));
        }
        let frame = table.select(&columns)?;
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        Ok(Self { table, frame, columns })
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// The rows of the table.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for nulls and for weights that are negative or no numbers.
    pub(super) async fn read<K: Ids>(&self) -> Result<SeedRows<'_, K>> {
        let what = format!("reading {}", self.table.origin);
        let (mut nulls, mut rows) = ([0; 2], 0);
        let batches = batches(&what, self.frame.clone()).await?;
        for batch in &batches {
            nulls.iter_mut().zip(batch.columns()).for_each(|(all, c)| *all += c.null_count());
            rows += batch.num_rows();
        }
        self.table.refuse_nulls(&self.columns, &nulls, rows)?;
        let (mut seeds, mut names) = (Vec::with_capacity(rows), Vec::new());
        for batch in &batches {
            let ids = K::values(batch.column(0))?;
            let weights = match batch.columns().get(1) {
                Some(column) => cast(column, &DataType::Float64).map_err(Error::internal)?,
                None => std::sync::Arc::new(Float64Array::from(vec![1.0; ids.len()])),
            };
            let weights =
                weights.as_primitive_opt::<Float64Type>().ok_or_else(super::ids::not_cast)?;
            let is_bad = |weight: &&f64| !(weight.is_finite() && **weight >= 0.0);
            if let Some(weight) = weights.values().iter().find(is_bad) {
                let cause = format!("a seed weighs {weight}: weights are finite and not negative");
                return Err(self.table.refused(cause, "fix or leave out these seeds"));
            }
            names.extend((0..ids.len()).map(|row| array_value_to_string(batch.column(0), row)));
            seeds.extend(ids.into_iter().zip(weights.values().iter().copied()));
        }
        let names = names.into_iter().map(|name| name.unwrap_or_default()).collect();
        Ok(SeedRows { table: &self.table, seeds, names })
    }
}

/// The rows of a table of seeds.
pub(super) struct SeedRows<'a, K> {
    table: &'a Table,
    /// Id and weight of each row.
    seeds: Vec<(K, f64)>,
    /// The id of each row, for messages.
    names: Vec<String>,
}

impl<K: Ids> SeedRows<'_, K> {
    /// The teleport vector over the vertices of `keys` (ascending; `ids` are their vertices): the weights of a seed, summed
    /// over its rows, as a share of all. With it comes how many roundings an entry passed.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] for seeds that are no vertices, and if all weights are 0.
    pub(super) fn teleport(self, keys: &[K], ids: &[u32]) -> Result<(Vec<f64>, usize)> {
        let places = self.seeds.iter().map(|(id, _)| keys.binary_search(id).ok());
        let places: Vec<Option<usize>> = places.collect();
        self.refuse_unknown(&places)?;
        let largest = self.seeds.iter().fold(0.0, |most: f64, (_, weight)| most.max(*weight));
        if largest == 0.0 {
            let cause = match self.seeds.len() {
                0 => "there are no seeds",
                _ => "the weights of all seeds are 0",
            };
            return Err(self.table.refused(cause.to_owned(), "name a seed with a weight above 0"));
        }
        // Divided by the largest weight first, sums of weights of any size stay in range.
        let mut shares: Vec<(usize, f64)> = Vec::with_capacity(self.seeds.len());
        for (place, (_, weight)) in places.into_iter().flatten().zip(&self.seeds) {
            shares.push((place, weight / largest));
        }
        // In an order of their own: the sums must not depend on that of the rows.
        shares.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (mut teleport, mut sum, mut most_rows) = (vec![0.0; keys.len()], 0.0, 0);
        for rows in shares.chunk_by(|a, b| a.0 == b.0) {
            let share: f64 = rows.iter().map(|(_, share)| share).sum();
            teleport[ids[rows[0].0] as usize] = share;
            sum += share;
            most_rows = most_rows.max(rows.len());
        }
        teleport.iter_mut().for_each(|entry| *entry /= sum);
        // The division by the largest, the sum over rows, the division by the sum.
        Ok((teleport, most_rows + 1))
    }

    fn refuse_unknown(&self, places: &[Option<usize>]) -> Result<()> {
        let unknown = places.iter().zip(&self.names).filter(|(place, _)| place.is_none());
        let mut unknown: Vec<&str> = unknown.map(|(_, name)| name.as_str()).collect();
        let rows = unknown.len();
        if rows == 0 {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        unknown.truncate(NAMED);
        let cause = format!(
            "{rows} of {} seeds are no vertices, such as `{}`",
            places.len(),
            unknown.join("`, `")
        );
        let remedy = "leave them out, or list them as vertices";
        Err(self.table.refused(cause, remedy).in_column(ID).in_rows(rows as u64))
    }
}
