//! Which types ids may have, and which type holds those of several columns without loss.

use arrow::datatypes::DataType;

/// Digits that 64-bit integers hold, whatever they are.
const DIGITS_64: u8 = 18;

/// Digits of the widest decimal of 128 bits.
pub(super) const MAX_DIGITS_128: u8 = 38;

/// Digits of the widest decimal of 256 bits.
pub(super) const MAX_DIGITS_256: u8 = 76;

/// Bytes of a UUID.
const UUID_BYTES: i32 = 16;

/// How ids are held while they are numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// As text; UUIDs too.
    Text,
    /// As 64-bit integers.
    Signed,
    /// As 64-bit integers without a sign.
    Unsigned,
    /// As decimals of 128 bits.
    Wide,
    /// As decimals of 256 bits.
    Widest,
}

impl Held {
    /// How ids of the type `kind` are held, a type that [`common_type`] gives.
    pub(super) fn of(kind: &DataType) -> Self {
        match kind {
            kind if kind.is_unsigned_integer() => Self::Unsigned,
            kind if kind.is_integer() => Self::Signed,
            kind => match digits(kind) {
                Some(..=DIGITS_64) => Self::Signed,
                Some(..=MAX_DIGITS_128) => Self::Wide,
                Some(_) => Self::Widest,
                None => Self::Text,
            },
        }
    }

    /// The type to which a column of the type `kind` is cast; bytes are turned to text as they are decoded.
    pub(super) fn cast_type(self, kind: &DataType) -> DataType {
        match self {
            Self::Text if is_uuid(kind) => kind.clone(),
            Self::Text => DataType::Utf8View,
            Self::Signed => DataType::Int64,
            Self::Unsigned => DataType::UInt64,
            Self::Wide => DataType::Decimal128(MAX_DIGITS_128, 0),
            Self::Widest => DataType::Decimal256(MAX_DIGITS_256, 0),
        }
    }
}

/// The type of the values: a dictionary is a way to write a column, not another type.
pub(super) fn plain(kind: &DataType) -> &DataType {
    match kind {
        DataType::Dictionary(_, values) => values.as_ref(),
        kind => kind,
    }
}

/// Whether values of the type `kind` can be ids.
pub(super) fn is_id(kind: &DataType) -> bool {
    is_text(kind) || is_uuid(kind) || kind.is_integer() || digits(kind).is_some()
}

/// The type that ids of the types `one` and `other` have in common, without loss; `None` if one are numbers and the others
/// text. UUIDs come back as text.
pub(super) fn common_type(one: &DataType, other: &DataType) -> Option<DataType> {
    let is_word = |kind| is_text(kind) || is_uuid(kind);
    match (one, other) {
        _ if is_uuid(one) && is_uuid(other) => Some(DataType::Utf8),
        _ if is_uuid(one) && is_text(other) => Some(other.clone()),
        _ if is_uuid(other) && is_text(one) => Some(one.clone()),
        _ if one == other => Some(one.clone()),
        _ if is_word(one) && is_word(other) => Some(DataType::LargeUtf8),
        _ if is_word(one) || is_word(other) => None,
        _ => common_number(one, other),
    }
}

fn common_number(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{Int16, Int32, Int64};
    if one.is_integer() && other.is_integer() {
        let width = |kind: &DataType| kind.primitive_width().unwrap_or(8);
        if one.is_unsigned_integer() == other.is_unsigned_integer() {
            return Some(if width(one) >= width(other) { one.clone() } else { other.clone() });
        }
        let (signed, unsigned) =
            if one.is_unsigned_integer() { (other, one) } else { (one, other) };
        // A signed integer holds unsigned ones of half its width.
        match width(signed).max(2 * width(unsigned)) {
            2 => return Some(Int16),
            4 => return Some(Int32),
            8 => return Some(Int64),
            _ => {}
        }
    }
    let digits = whole_digits(one)?.max(whole_digits(other)?);
    Some(match digits {
        ..=MAX_DIGITS_128 => DataType::Decimal128(digits, 0),
        _ => DataType::Decimal256(digits, 0),
    })
}

/// Digits that hold every number of the type `kind`.
fn whole_digits(kind: &DataType) -> Option<u8> {
    match kind.primitive_width() {
        Some(width) if kind.is_integer() => Some(match width {
            1 => 3,
            2 => 5,
            4 => 10,
            _ => 20,
        }),
        _ => digits(kind),
    }
}

fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn is_uuid(kind: &DataType) -> bool {
    *kind == DataType::FixedSizeBinary(UUID_BYTES)
}

/// Digits of a decimal without a fraction.
fn digits(kind: &DataType) -> Option<u8> {
    match kind {
        DataType::Decimal32(digits, 0)
        | DataType::Decimal64(digits, 0)
        | DataType::Decimal128(digits, 0)
        | DataType::Decimal256(digits, 0) => Some(*digits),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use DataType::*;

    use super::*;

    #[test]
    fn a_common_type_loses_nothing_and_takes_no_side() {
        for (one, other, expected) in [
            (Int32, Int64, Some(Int64)),
            (UInt8, UInt32, Some(UInt32)),
            (Int8, UInt8, Some(Int16)),
            (Int64, UInt16, Some(Int64)),
            (Int16, UInt16, Some(Int32)),
            (Int8, UInt32, Some(Int64)),
            (Int64, UInt64, Some(Decimal128(20, 0))),
            (Int8, UInt64, Some(Decimal128(20, 0))),
            (Decimal128(38, 0), Int64, Some(Decimal128(38, 0))),
            (Decimal128(5, 0), Int64, Some(Decimal128(20, 0))),
            (Decimal128(9, 0), Decimal256(40, 0), Some(Decimal256(40, 0))),
            (Utf8, LargeUtf8, Some(LargeUtf8)),
            (Utf8View, Utf8, Some(LargeUtf8)),
            (FixedSizeBinary(16), FixedSizeBinary(16), Some(Utf8)),
            (FixedSizeBinary(16), Utf8View, Some(Utf8View)),
            (Int64, Utf8, None),
            (FixedSizeBinary(16), Int64, None),
            (Decimal128(38, 0), Utf8, None),
        ] {
            assert_eq!(common_type(&one, &other), expected, "{one} with {other}");
            assert_eq!(common_type(&other, &one), expected, "{other} with {one}");
        }
    }

    #[test]
    fn what_is_no_id_is_known() {
        for kind in [Float64, Boolean, Date32, Decimal128(9, 2), FixedSizeBinary(20), Binary] {
            assert!(!is_id(&kind), "{kind}");
        }
    }
}
