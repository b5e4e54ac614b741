//! The type that holds the values of two types without loss, for columns whose type changed from file to file.

use std::sync::Arc;

use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field, FieldRef, Fields, TimeUnit,
};

use crate::schema::UTC;

/// The narrowest type that holds all values of both types, in whatever order they are given; `None` if none does.
///
/// A time without a zone is in UTC, as everywhere in inputs.
pub(crate) fn widen(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    if one == other {
        return Some(one.clone());
    }
    match (one, other) {
        (Null, kind) | (kind, Null) => Some(kind.clone()),
        // A dictionary is a way to write a column.
        (Dictionary(_, values), kind) | (kind, Dictionary(_, values)) => widen(values, kind),
        (Timestamp(unit, zone), Timestamp(other_unit, other_zone)) => {
            let zone = if zone == other_zone { zone.clone() } else { Some(UTC.into()) };
            Some(Timestamp(finer(*unit, *other_unit), zone))
        }
        (Date32, Date64) | (Date64, Date32) => Some(Date64),
        (Struct(fields), Struct(others)) => widen_struct(fields, others).map(Struct),
        _ => widen_text(one, other)
            .or_else(|| widen_binary(one, other))
            .or_else(|| widen_list(one, other))
            .or_else(|| widen_number(one, other)),
    }
}

/// A field of both, nullable if either is; its name is that of the first.
fn widen_field(one: &Field, other: &Field) -> Option<FieldRef> {
    let kind = widen(one.data_type(), other.data_type())?;
    Some(Arc::new(Field::new(one.name(), kind, one.is_nullable() || other.is_nullable())))
}

fn widen_struct(fields: &Fields, others: &Fields) -> Option<Fields> {
    let nullable = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let mut all = Vec::with_capacity(fields.len());
    for field in fields {
        all.push(match others.iter().find(|other| other.name() == field.name()) {
            Some(other) => widen_field(field, other)?,
            None => nullable(field),
        });
    }
    let is_new = |other: &&FieldRef| !fields.iter().any(|field| field.name() == other.name());
    all.extend(others.iter().filter(is_new).map(nullable));
    // Fields that only some files have must not depend on the order of the files.
    all.sort_by(|one, other| one.name().cmp(other.name()));
    Some(all.into())
}

fn finer(one: TimeUnit, other: TimeUnit) -> TimeUnit {
    let fineness = |unit: &TimeUnit| match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 1,
        TimeUnit::Microsecond => 2,
        TimeUnit::Nanosecond => 3,
    };
    if fineness(&one) >= fineness(&other) { one } else { other }
}

fn widen_text(one: &DataType, other: &DataType) -> Option<DataType> {
    let order = [DataType::Utf8, DataType::Utf8View, DataType::LargeUtf8];
    wider_of(&order, one, other)
}

fn widen_binary(one: &DataType, other: &DataType) -> Option<DataType> {
    let order = [DataType::Binary, DataType::BinaryView, DataType::LargeBinary];
    let variable = |kind: &DataType| match kind {
        DataType::FixedSizeBinary(_) => DataType::Binary,
        kind => kind.clone(),
    };
    wider_of(&order, &variable(one), &variable(other))
}

/// The later of two types in a list that holds both.
fn wider_of(order: &[DataType], one: &DataType, other: &DataType) -> Option<DataType> {
    let place = |kind: &DataType| order.iter().position(|listed| listed == kind);
    order.get(place(one)?.max(place(other)?)).cloned()
}

fn widen_list(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    let item = |kind: &DataType| match kind {
        List(item) | FixedSizeList(item, _) => Some((Arc::clone(item), false)),
        LargeList(item) => Some((Arc::clone(item), true)),
        _ => None,
    };
    let ((item, is_large), (other, is_other_large)) = (item(one)?, item(other)?);
    // Writers name it `item`, `element` or `array`.
    let named = Field::new("item", item.data_type().clone(), item.is_nullable());
    let item = widen_field(&named, &other)?;
    Some(if is_large || is_other_large { LargeList(item) } else { List(item) })
}

fn widen_number(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::*;
    if let (Some(width), Some(other_width)) = (exact_float_bits(one), exact_float_bits(other))
        && (one.is_floating() || other.is_floating())
    {
        return Some(match width.max(other_width) {
            16 => Float16,
            32 => Float32,
            _ => Float64,
        });
    }
    if one.is_integer() && other.is_integer() {
        let bits = |kind: &DataType, signed: bool| {
            let bits = kind.primitive_width().unwrap_or(8) * 8;
            // A signed type needs one bit more for the values of an unsigned one.
            if signed && kind.is_unsigned_integer() { bits * 2 } else { bits }
        };
        let signed = one.is_signed_integer() || other.is_signed_integer();
        return Some(match (signed, bits(one, signed).max(bits(other, signed))) {
            (true, 16) => Int16,
            (true, 32) => Int32,
            (true, 64) => Int64,
            (false, 16) => UInt16,
            (false, 32) => UInt32,
            (false, 64) => UInt64,
            // Unsigned and signed 64-bit integers.
            _ => Decimal128(20, 0),
        });
    }
    let ((whole, scale), (other_whole, other_scale)) = (digits(one)?, digits(other)?);
    let scale = scale.max(other_scale);
    let precision = whole.max(other_whole) + i16::from(scale);
    match u8::try_from(precision).ok()? {
        precision if precision <= DECIMAL128_MAX_PRECISION => Some(Decimal128(precision, scale)),
        precision if precision <= DECIMAL256_MAX_PRECISION => Some(Decimal256(precision, scale)),
        _ => None,
    }
}

/// Bits of the narrowest float that holds every value of a type; `None` if none does.
fn exact_float_bits(kind: &DataType) -> Option<u8> {
    use DataType::*;
    Some(match kind {
        Int8 | UInt8 | Float16 => 16,
        Int16 | UInt16 | Float32 => 32,
        Int32 | UInt32 | Float64 => 64,
        _ => return None,
    })
}

/// Digits before and after the point of an integer or decimal type.
fn digits(kind: &DataType) -> Option<(i16, i8)> {
    use DataType::*;
    Some(match kind {
        Int8 | UInt8 => (3, 0),
        Int16 | UInt16 => (5, 0),
        Int32 | UInt32 => (10, 0),
        Int64 => (19, 0),
        UInt64 => (20, 0),
        Decimal32(precision, scale)
        | Decimal64(precision, scale)
        | Decimal128(precision, scale)
        | Decimal256(precision, scale) => (i16::from(*precision) - i16::from(*scale), *scale),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zoned(unit: TimeUnit, zone: Option<&str>) -> DataType {
        DataType::Timestamp(unit, zone.map(Into::into))
    }

    /// What two types become, in both orders.
    fn widened(one: &DataType, other: &DataType) -> Option<DataType> {
        let wide = widen(one, other);
        assert_eq!(wide, widen(other, one), "{one} and {other} in the other order");
        wide
    }

    #[test]
    fn types_are_widened_where_nothing_is_lost() {
        use DataType::*;
        use TimeUnit::{Microsecond, Millisecond, Nanosecond};
        let dictionary = Dictionary(Box::new(Int32), Box::new(Utf8));
        for (one, other, wide) in [
            (Int32, Int64, Int64),
            (UInt8, Int8, Int16),
            (UInt32, Int64, Int64),
            (UInt64, Int8, Decimal128(20, 0)),
            (UInt16, UInt64, UInt64),
            (Float32, Float64, Float64),
            (Int32, Float32, Float64),
            (Int8, Float32, Float32),
            (Utf8, LargeUtf8, LargeUtf8),
            (Utf8, Utf8View, Utf8View),
            (dictionary.clone(), Utf8, Utf8),
            (dictionary.clone(), Dictionary(Box::new(Int8), Box::new(LargeUtf8)), LargeUtf8),
            (FixedSizeBinary(4), FixedSizeBinary(8), Binary),
            (Decimal128(10, 2), Decimal128(12, 0), Decimal128(14, 2)),
            (Decimal128(38, 0), Decimal128(20, 10), Decimal256(48, 10)),
            (Int64, Decimal128(38, 0), Decimal128(38, 0)),
            (Null, Boolean, Boolean),
            (Date32, Date64, Date64),
            (zoned(Microsecond, None), zoned(Nanosecond, None), zoned(Nanosecond, None)),
            (
                zoned(Microsecond, None),
                zoned(Microsecond, Some("UTC")),
                zoned(Microsecond, Some("UTC")),
            ),
            (
                zoned(Millisecond, Some("Europe/Berlin")),
                zoned(Microsecond, None),
                zoned(Microsecond, Some("UTC")),
            ),
        ] {
            assert_eq!(widened(&one, &other), Some(wide), "{one} and {other}");
        }
        let list = |name: &str, kind| List(Arc::new(Field::new(name, kind, false)));
        assert_eq!(
            widened(&list("element", Utf8), &list("item", Utf8)),
            Some(list("item", Utf8)),
            "the name of an item is the writer's"
        );
    }

    #[test]
    fn types_that_lose_something_are_not_widened() {
        use DataType::*;
        for (one, other) in [
            (Int64, Float64),
            (Utf8, Int64),
            (Utf8, Binary),
            (Boolean, Int8),
            (Date32, zoned(TimeUnit::Microsecond, None)),
            (Decimal128(10, 2), Float64),
            (Decimal256(76, 0), Decimal128(10, 5)),
        ] {
            assert_eq!(widened(&one, &other), None, "{one} and {other}");
        }
    }

    /// The order of files must not change a type.
    #[test]
    fn widening_does_not_depend_on_the_order() {
        use DataType::*;
        let kinds = [
            Null,
            Int8,
            Int32,
            Int64,
            UInt8,
            UInt32,
            UInt64,
            Utf8,
            LargeUtf8,
            Utf8View,
            Dictionary(Box::new(Int32), Box::new(Utf8)),
            zoned(TimeUnit::Second, None),
            zoned(TimeUnit::Nanosecond, Some("Asia/Tokyo")),
            zoned(TimeUnit::Microsecond, Some("UTC")),
        ];
        for one in &kinds {
            for two in &kinds {
                for three in &kinds {
                    let left = widened(one, two).and_then(|wide| widened(&wide, three));
                    let right = widened(two, three).and_then(|wide| widened(one, &wide));
                    assert_eq!(left, right, "{one}, {two}, {three}");
                }
            }
        }
    }
}
