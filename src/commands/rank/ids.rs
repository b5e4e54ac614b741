//! Ids of vertices: integers of any width, or text.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, StringViewArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, UInt64Type};

use crate::error::{Error, Result};
use renown_graph::numbering::{IntegerNumbering, Numbering, TooManyIds};

/// The sign bit of 64-bit integers.
const SIGN: u64 = 1 << 63;

/// The type in which ids of the type `kind` are decoded.
pub(super) fn held_id(kind: &DataType) -> DataType {
    match kind {
        kind if is_text(kind) => DataType::Utf8View,
        kind if kind.is_unsigned_integer() => DataType::UInt64,
        _ => DataType::Int64,
    }
}

/// Whether ids of the type `kind` are text.
pub(super) fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Ids of vertices in the type in which they are numbered.
pub(super) trait Ids: Ord + Send + Sync + Sized + 'static {
    /// What numbers them.
    type Numbering: Default + Send + Sync + 'static;

    /// Numbers for the `rows` ids in `columns`, of the type of [`held_id`] and without nulls.
    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Self::Numbering,
    ) -> Result<Vec<u32>>;

    /// All ids with their numbers.
    fn keys(numbering: Self::Numbering) -> Vec<(Self, u32)>;

    /// The ids as a column of the type `kind`.
    fn array(ids: Vec<Self>, kind: &DataType) -> Result<ArrayRef>;
}

/// Integers as keys in the same order: the sign bit of signed ones is flipped.
impl Ids for u64 {
    type Numbering = IntegerNumbering;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &IntegerNumbering,
    ) -> Result<Vec<u32>> {
        let (mut keys, mut numbers) = (Vec::new(), Vec::with_capacity(rows));
        for column in columns {
            keys.clear();
            if let Some(unsigned) = column.as_primitive_opt::<UInt64Type>() {
                keys.extend_from_slice(unsigned.values());
            } else {
                let signed = column.as_primitive_opt::<Int64Type>().ok_or_else(not_cast)?;
                keys.extend(signed.values().iter().map(|id| *id as u64 ^ SIGN));
            }
            numbering.number(&keys, &mut numbers).map_err(too_many)?;
        }
        Ok(numbers)
    }

    fn keys(numbering: IntegerNumbering) -> Vec<(u64, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<u64>, kind: &DataType) -> Result<ArrayRef> {
        let wide: ArrayRef = if kind.is_unsigned_integer() {
            Arc::new(UInt64Array::from(ids))
        } else {
            Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| (*id ^ SIGN) as i64)))
        };
        cast(&wide, kind).map_err(Error::internal)
    }
}

impl Ids for Box<str> {
    type Numbering = Numbering<Box<str>>;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Numbering<Box<str>>,
    ) -> Result<Vec<u32>> {
        let mut keys: Vec<&str> = Vec::with_capacity(rows);
        for column in columns {
            keys.extend(column.as_string_view_opt().ok_or_else(not_cast)?.iter().flatten());
        }
        numbering.number(&keys).map_err(too_many)
    }

    fn keys(numbering: Numbering<Box<str>>) -> Vec<(Self, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<Box<str>>, kind: &DataType) -> Result<ArrayRef> {
        let held: ArrayRef = Arc::new(StringViewArray::from_iter_values(&ids));
        cast(&held, kind).map_err(Error::internal)
    }
}

fn too_many(error: TooManyIds) -> Error {
    Error::bad_input(error.to_string(), "split the edges into several graphs")
}

pub(super) fn not_cast() -> Error {
    Error::internal("a column of edges was not cast")
}
