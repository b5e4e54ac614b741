//! Weights of edges, in the type in which they are decoded.

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};

use super::ids::not_cast;
use crate::error::Result;
use renown_graph::edges::{UnitWeight, Weight};

/// The type in which weights of the type `kind` are decoded.
pub(super) fn held_weight(kind: &DataType) -> DataType {
    match kind {
        DataType::Float32 => DataType::Float32,
        _ => DataType::Float64,
    }
}

/// Weights as they are held once they are decoded.
pub(super) trait WeightColumn: Weight + 'static {
    /// Adds the weights of a batch of `rows` rows; `column` has them, if there are any.
    fn add(column: Option<&ArrayRef>, rows: usize, weights: &mut Vec<Self>) -> Result<()>;
}

impl WeightColumn for UnitWeight {
    fn add(_: Option<&ArrayRef>, rows: usize, weights: &mut Vec<Self>) -> Result<()> {
        weights.extend(std::iter::repeat_n(Self, rows));
        Ok(())
    }
}

impl WeightColumn for f32 {
    fn add(column: Option<&ArrayRef>, _: usize, weights: &mut Vec<Self>) -> Result<()> {
        let column = column.and_then(|column| column.as_primitive_opt::<Float32Type>());
        weights.extend_from_slice(column.ok_or_else(not_cast)?.values());
        Ok(())
    }
}

impl WeightColumn for f64 {
    fn add(column: Option<&ArrayRef>, _: usize, weights: &mut Vec<Self>) -> Result<()> {
        let column = column.and_then(|column| column.as_primitive_opt::<Float64Type>());
        weights.extend_from_slice(column.ok_or_else(not_cast)?.values());
        Ok(())
    }
}
