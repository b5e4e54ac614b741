//! Ids of vertices in the types in which they are numbered: 64-bit integers, text, or the bytes of wider integers.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array, Int64Array, StringViewArray,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Int64Type, UInt64Type, i256};

use super::id_types::{Held, MAX_DIGITS_128, MAX_DIGITS_256};
use crate::error::{Error, Result};
use renown_graph::numbering::{IntegerNumbering, Numbering, TooManyIds};

/// The sign bit of 64-bit integers.
const SIGN: u64 = 1 << 63;

/// The sign bit of the first byte of a wider integer.
const SIGN_BYTE: u8 = 1 << 7;

/// The longest text of an id, in bytes.
const MAX_ID_BYTES: usize = 16 << 20;

/// Ids of vertices in the type in which they are numbered; in the order of the ids.
pub(super) trait Ids: Ord + Send + Sync + Sized + 'static {
    /// What numbers them.
    type Numbering: Default + Send + Sync + 'static;

    /// Numbers for the `rows` ids in `columns`, of a type of [`Held`] and without nulls.
    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Self::Numbering,
    ) -> Result<Vec<u32>>;

    /// The ids of a column of a type of [`Held`] without nulls.
    fn values(column: &ArrayRef) -> Result<Vec<Self>>;

    /// All ids with their numbers.
    fn keys(numbering: Self::Numbering) -> Vec<(Self, u32)>;

    /// The ids as a column of the type `kind`, which was held as `held`.
    fn array(ids: Vec<Self>, held: Held, kind: &DataType) -> Result<ArrayRef>;
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
            add_integers(column, &mut keys)?;
            numbering.number(&keys, &mut numbers).map_err(too_many)?;
        }
        Ok(numbers)
    }

    fn values(column: &ArrayRef) -> Result<Vec<u64>> {
        let mut keys = Vec::with_capacity(column.len());
        add_integers(column, &mut keys)?;
        Ok(keys)
    }

    fn keys(numbering: IntegerNumbering) -> Vec<(u64, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<u64>, held: Held, kind: &DataType) -> Result<ArrayRef> {
        let wide: ArrayRef = match held {
            Held::Unsigned => Arc::new(UInt64Array::from(ids)),
            _ => Arc::new(Int64Array::from_iter_values(ids.iter().map(|id| (*id ^ SIGN) as i64))),
        };
        cast(&wide, kind).map_err(Error::internal)
    }
}

fn add_integers(column: &ArrayRef, keys: &mut Vec<u64>) -> Result<()> {
    if let Some(unsigned) = column.as_primitive_opt::<UInt64Type>() {
        keys.extend_from_slice(unsigned.values());
    } else {
        let signed = column.as_primitive_opt::<Int64Type>().ok_or_else(not_cast)?;
        keys.extend(signed.values().iter().map(|id| *id as u64 ^ SIGN));
    }
    Ok(())
}

impl Ids for Box<str> {
    type Numbering = Numbering<Box<str>>;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Numbering<Box<str>>,
    ) -> Result<Vec<u32>> {
        let columns: Vec<ArrayRef> = columns.map(as_text).collect::<Result<_>>()?;
        let mut keys: Vec<&str> = Vec::with_capacity(rows);
        for column in &columns {
            keys.extend(texts(column)?);
        }
        numbering.number(&keys).map_err(too_many)
    }

    fn values(column: &ArrayRef) -> Result<Vec<Box<str>>> {
        Ok(texts(&as_text(column)?)?.map(Box::from).collect())
    }

    fn keys(numbering: Numbering<Box<str>>) -> Vec<(Self, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<Box<str>>, _: Held, kind: &DataType) -> Result<ArrayRef> {
        let held: ArrayRef = Arc::new(StringViewArray::from_iter_values(&ids));
        cast(&held, kind).map_err(Error::internal)
    }
}

/// Texts as they are, and UUIDs as the text that people know them by.
fn as_text(column: &ArrayRef) -> Result<ArrayRef> {
    let Some(bytes) = column.as_fixed_size_binary_opt() else { return Ok(Arc::clone(column)) };
    let texts = (0..bytes.len()).map(|row| uuid_text(bytes.value(row)));
    Ok(Arc::new(StringViewArray::from_iter_values(texts)))
}

/// A UUID in lower case with hyphens (RFC 9562, §4).
fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&place) {
            text.push('-');
        }
        text.extend(
            [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789abcdef"[digit as usize])),
        );
    }
    text
}

fn texts(column: &ArrayRef) -> Result<impl Iterator<Item = &str>> {
    let column = column.as_string_view_opt().ok_or_else(not_cast)?;
    // The lower half of a view is the length of its text.
    let longest = column.views().iter().map(|view| *view as u32).max().unwrap_or(0) as usize;
    if longest > MAX_ID_BYTES {
        return Err(Error::bad_input(
            format!("an id is a text of {longest} bytes; the most is {MAX_ID_BYTES}"),
            "name a column of ids, or leave out these rows",
        ));
    }
    Ok(column.iter().flatten())
}

/// Decimals of up to 38 digits: their bytes, the highest first, with the sign bit flipped.
impl Ids for [u8; 16] {
    type Numbering = Numbering<Self>;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Numbering<Self>,
    ) -> Result<Vec<u32>> {
        numbers_of_bytes(columns, rows, numbering)
    }

    fn values(column: &ArrayRef) -> Result<Vec<Self>> {
        let column = column.as_primitive_opt::<Decimal128Type>().ok_or_else(not_cast)?;
        Ok(column.values().iter().map(|id| with_sign_flipped(id.to_be_bytes())).collect())
    }

    fn keys(numbering: Numbering<Self>) -> Vec<(Self, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<Self>, _: Held, kind: &DataType) -> Result<ArrayRef> {
        let ids = ids.into_iter().map(|id| i128::from_be_bytes(with_sign_flipped(id)));
        let held = Decimal128Array::from_iter_values(ids);
        let held = held.with_precision_and_scale(MAX_DIGITS_128, 0).map_err(Error::internal)?;
        cast(&held, kind).map_err(Error::internal)
    }
}

/// Decimals of up to 76 digits, likewise.
impl Ids for [u8; 32] {
    type Numbering = Numbering<Self>;

    fn numbers<'a>(
        columns: impl Iterator<Item = &'a ArrayRef>,
        rows: usize,
        numbering: &Numbering<Self>,
    ) -> Result<Vec<u32>> {
        numbers_of_bytes(columns, rows, numbering)
    }

    fn values(column: &ArrayRef) -> Result<Vec<Self>> {
        let column = column.as_primitive_opt::<Decimal256Type>().ok_or_else(not_cast)?;
        Ok(column.values().iter().map(|id| with_sign_flipped(id.to_be_bytes())).collect())
    }

    fn keys(numbering: Numbering<Self>) -> Vec<(Self, u32)> {
        numbering.into_keys()
    }

    fn array(ids: Vec<Self>, _: Held, kind: &DataType) -> Result<ArrayRef> {
        let ids = ids.into_iter().map(|id| i256::from_be_bytes(with_sign_flipped(id)));
        let held = Decimal256Array::from_iter_values(ids);
        let held = held.with_precision_and_scale(MAX_DIGITS_256, 0).map_err(Error::internal)?;
        cast(&held, kind).map_err(Error::internal)
    }
}

fn with_sign_flipped<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    bytes[0] ^= SIGN_BYTE;
    bytes
}

fn numbers_of_bytes<'a, const N: usize>(
    columns: impl Iterator<Item = &'a ArrayRef>,
    rows: usize,
    numbering: &Numbering<[u8; N]>,
) -> Result<Vec<u32>>
where
    [u8; N]: Ids,
{
    let mut keys: Vec<[u8; N]> = Vec::with_capacity(rows);
    for column in columns {
        keys.extend(<[u8; N]>::values(column)?);
    }
    numbering.number(&keys).map_err(too_many)
}

fn too_many(error: TooManyIds) -> Error {
    Error::bad_input(error.to_string(), "split the edges into several graphs")
}

pub(super) fn not_cast() -> Error {
    Error::internal("a column of edges was not cast")
}
