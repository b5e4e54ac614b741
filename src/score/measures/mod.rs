//! The measures of every vertex, as `schemas/output/measures.toml` declares them.

mod attention;
mod audience;
mod engagement;
mod inputs;
mod min_ages;
mod posts;
mod recomputed;
mod sampled;
mod wanted;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};

use crate::error::{Error, Result};
use crate::method::Method;
use crate::reduce::history::{self, HistoryInputs};
pub use attention::{ON_RANKS, RankMeasures};
pub use audience::{ON_ATTENTION, ON_FOLLOW_RANKS};
pub use engagement::GIVEN;
pub use inputs::MeasureInputs;
pub use min_ages::MinAges;
pub(crate) use posts::any_wanted as any_of_posts;
pub use recomputed::{RecomputedMeasures, VertexInputs, VertexMeasures};
pub use sampled::{SampledInputs, find_active};
pub use wanted::Wanted;

/// Those of the measures of every vertex that were wanted.
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

/// Computes the `wanted` measures of every vertex.
pub fn measure_vertices(
    inputs: &MeasureInputs<'_>,
    method: &Method,
    wanted: Wanted<'_>,
) -> MeasureColumns {
    let MeasureInputs { people, rules, trust, .. } = *inputs;
    let with_reactors = people.posts.as_ref().zip(inputs.post_reactors);
    let responses = with_reactors.map(|(posts, reactors)| {
        let mut all = posts::count_responses(posts, reactors, trust, MinAges::default(), |_| true);
        posts::count_reactions(&people.interactions, posts, rules, &mut all);
        all
    });
    let of_history = (0..history::MEASURES).filter(|number| wanted.has(history::NAMES[*number]));
    let history = HistoryInputs::of(people, rules, trust).measure(of_history.collect());
    let mut columns = engagement::build_columns(inputs.engagement);
    columns.extend(
        history.into_columns().map(|(name, values)| -> (_, ArrayRef) {
            (name, Arc::new(Float64Array::from(values)))
        }),
    );
    if wanted.has_any(&ON_RANKS) {
        columns.extend(attention::rank_columns(inputs, &method.rank));
    }
    columns.extend(attention::trust_columns(inputs));
    columns.extend(audience::build_columns(inputs, wanted));
    columns.extend(posts::build_columns(&people.persons, responses.as_deref(), method));
    columns.retain(|(name, _)| wanted.has(name));
    let custom = people.account_stats.custom.iter().map(|(name, values)| -> (_, ArrayRef) {
        (name.clone(), Arc::new(Float64Array::from(values.clone())))
    });
    MeasureColumns { columns, custom: custom.collect() }
}
