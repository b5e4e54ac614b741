//! The measures of every vertex, as `schemas/output/measures.toml` declares them.

mod attention;
mod audience;
mod engagement;
mod inputs;
mod min_ages;
mod posts;
mod recomputed;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};

use crate::error::{Error, Result};
use crate::method::Method;
use crate::reduce::history::{self, HistoryInputs};
pub use attention::RankMeasures;
pub use inputs::MeasureInputs;
pub use min_ages::MinAges;
pub use recomputed::{RecomputedMeasures, VertexInputs, VertexMeasures};

/// The measures of every vertex.
pub struct MeasureColumns {
    /// Columns by name, in any order. Lengths: vertices.
    pub columns: Vec<(&'static str, ArrayRef)>,
    /// The columns `measure_*` of `accounts`, in order of name. Lengths: vertices.
    pub custom: Vec<(String, ArrayRef)>,
}

impl MeasureColumns {
    /// The values of a measure; null where it is undefined.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if there is no such measure.
    pub fn values(&self, name: &str) -> Result<Float64Array> {
        let declared = self.columns.iter().map(|(name, column)| (*name, column));
        let custom = self.custom.iter().map(|(name, column)| (name.as_str(), column));
        let (_, column) = declared
            .chain(custom)
            .find(|(measure, _)| *measure == name)
            .ok_or_else(|| Error::internal(format!("no measure `{name}` was computed")))?;
        let cast = arrow::compute::cast(column, &DataType::Float64).map_err(Error::internal)?;
        Ok(cast.as_primitive::<Float64Type>().clone())
    }
}

/// Computes the measures of every vertex.
pub fn measure_vertices(inputs: &MeasureInputs<'_>, method: &Method) -> MeasureColumns {
    let MeasureInputs { people, rules, trust, .. } = *inputs;
    let with_reactors = people.posts.as_ref().zip(inputs.post_reactors);
    let responses = with_reactors.map(|(posts, reactors)| {
        let min_ages = MinAges::default();
        let interactions = &people.interactions;
        posts::count_responses(interactions, posts, rules, reactors, trust, min_ages)
    });
    let history = HistoryInputs::of(people, rules, trust).measure((0..history::MEASURES).collect());
    let mut columns = engagement::build_columns(inputs.engagement);
    columns.extend(
        history.into_columns().map(|(name, values)| -> (_, ArrayRef) {
            (name, Arc::new(Float64Array::from(values)))
        }),
    );
    columns.extend(attention::build_columns(inputs, &method.rank));
    columns.extend(audience::build_columns(inputs));
    columns.extend(posts::build_columns(&people.persons, responses.as_deref(), method));
    let custom = people.account_stats.custom.iter().map(|(name, values)| -> (_, ArrayRef) {
        (name.clone(), Arc::new(Float64Array::from(values.clone())))
    });
    MeasureColumns { columns, custom: custom.collect() }
}
