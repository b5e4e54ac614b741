//! The table `measures` of a run. It has one column a measure, and only the run knows which.

use arrow::array::{Array, AsArray, Float64Array, StringArray};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::dataframe::DataFrame;
use datafusion::prelude::{cast, ident, lit};
use futures::TryStreamExt;

use super::table::{other_version, reading};
use crate::engine::{self, guarded};
use crate::error::{Error, Result};

const NAME: &str = "measures";

/// The table `measures` of a run.
pub struct Measures {
    frame: DataFrame,
}

/// Some measures of a person on a network.
pub(crate) struct MeasureRow<'a> {
    pub network: &'a str,
    pub person_id: &'a str,
    /// Values in the order in which they were asked for, where they are known.
    pub values: Vec<Option<f64>>,
}

impl Measures {
    pub(super) fn of(frame: DataFrame) -> Self {
        Self { frame }
    }

    /// Names of all columns, in their order.
    pub(crate) fn columns(&self) -> Vec<&str> {
        self.frame.schema().fields().iter().map(|field| field.name().as_str()).collect()
    }

    /// Whether there is a column `name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.frame.schema().has_column_with_unqualified_name(name)
    }

    /// Gives the measures `names` of every person on every network to `see`, of one person if one is named.
    ///
    /// # Errors
    /// [`crate::error::Kind::BadInput`] if the table has columns of another version, else as [`Error::engine`].
    pub(crate) async fn each(
        &self,
        names: &[&str],
        person_id: Option<&str>,
        mut see: impl FnMut(MeasureRow<'_>),
    ) -> Result<()> {
        let what = reading(NAME);
        let failed = |e| Error::engine(&what, e);
        let texts = ["network", "person_id"];
        if let Some(missing) = texts.iter().chain(names).find(|name| !self.has(name)) {
            return Err(other_version(NAME, &format!("column `{missing}` is missing")));
        }
        let texts = texts.map(|name| cast(ident(name), DataType::Utf8).alias(name));
        let numbers = names.iter().map(|name| cast(ident(*name), DataType::Float64).alias(*name));
        let mut frame = self.frame.clone();
        if let Some(id) = person_id {
            frame = frame.filter(super::table::of_person(id)).map_err(failed)?;
        }
        let frame = frame.select(texts.into_iter().chain(numbers)).map_err(failed)?;
        let mut stream = guarded(&what, frame.execute_stream()).await?;
        while let Some(batch) = guarded(&what, stream.try_next()).await? {
            let [networks, people]: [&StringArray; 2] =
                [0, 1].map(|column| batch.column(column).as_string());
            let columns: Vec<&Float64Array> =
                batch.columns()[2..].iter().map(AsArray::as_primitive::<Float64Type>).collect();
            for row in 0..batch.num_rows() {
                let value =
                    |column: &&Float64Array| column.is_valid(row).then(|| column.value(row));
                see(MeasureRow {
                    network: networks.value(row),
                    person_id: people.value(row),
                    values: columns.iter().map(value).collect(),
                });
            }
        }
        Ok(())
    }

    /// The values of one measure on a network, of all people of whom it is known, in no order.
    ///
    /// # Errors
    /// As [`Measures::each`].
    pub(crate) async fn on_network(&self, name: &str, network: &str) -> Result<Vec<f64>> {
        let what = reading(NAME);
        let frame = self.frame.clone().filter(ident("network").eq(lit(network)));
        let column =
            frame.and_then(|frame| frame.select(vec![cast(ident(name), DataType::Float64)]));
        let column = engine::rows(&what, column.map_err(|e| Error::engine(&what, e))?).await?;
        Ok(column.column(0).as_primitive::<Float64Type>().iter().flatten().collect())
    }
}
