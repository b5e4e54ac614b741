//! The values of the measures that a forecast uses.

use arrow::array::{Array, Float64Array};
use rayon::prelude::*;

use super::measures::MeasureColumns;
use crate::error::Result;
use crate::method::{Forecast, Term};
use crate::model::{NetworkIndex, Persons, VertexIndex};

/// The values of the measures that a forecast uses, one column for each term; a null is 0. Memory: 8 bytes a value.
pub struct ForecastValues<'a> {
    forecast: &'a Forecast,
    columns: Vec<Float64Array>,
}

impl<'a> ForecastValues<'a> {
    /// Takes the columns from `measures`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if a measure that the forecast names was not computed.
    pub fn new(forecast: &'a Forecast, measures: &MeasureColumns) -> Result<Self> {
        let columns = forecast.terms.iter().map(|term| measures.values(&term.measure));
        Ok(Self { forecast, columns: columns.collect::<Result<_>>()? })
    }

    /// The forecast.
    pub fn forecast(&self) -> &'a Forecast {
        self.forecast
    }

    /// The columns, one of vertices for each term.
    pub fn columns(&self) -> &[Float64Array] {
        &self.columns
    }

    /// The value of the term number `term` for a vertex.
    pub fn value(&self, term: usize, vertex: VertexIndex) -> f64 {
        let (column, vertex) = (&self.columns[term], vertex.index());
        if column.is_valid(vertex) { column.value(vertex) } else { 0.0 }
    }

    /// The terms with their values for a vertex.
    pub fn at(&self, vertex: VertexIndex) -> impl Iterator<Item = (&'a Term, f64)> {
        let terms = self.forecast.terms.iter().enumerate();
        terms.map(move |(number, term)| (term, self.value(number, vertex)))
    }

    /// The forecast of each vertex. Length: vertices.
    pub fn expected(&self, persons: &Persons) -> Vec<f64> {
        let of_network = |network: NetworkIndex| {
            let level = self.forecast.level(&persons.networks[network.index()]);
            let values = |vertex| self.at(vertex).map(|(_, value)| value);
            let vertices = persons.network(network).into_par_iter().map(VertexIndex::new);
            let expected = vertices.map(|vertex| self.forecast.expected(level, values(vertex)));
            expected.collect::<Vec<f64>>()
        };
        (0..persons.networks.len()).map(NetworkIndex::new).flat_map(of_network).collect()
    }
}
