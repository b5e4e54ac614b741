//! What to write in a `SELECT` where a column has a type that is not read as the contract's.

use arrow::datatypes::DataType;

use crate::schema::Type;

/// An expression that makes of `column`, which is `found`, what the contract reads as `kind`; `None` if there is no plain one.
pub(super) fn conversion(column: &str, found: &DataType, kind: Type) -> Option<String> {
    use DataType::*;
    let cast = |to: &str| Some(format!("CAST({column} AS {to})"));
    let is_text = matches!(found, Utf8 | LargeUtf8 | Utf8View);
    let is_bytes = matches!(found, Binary | LargeBinary | BinaryView);
    match kind {
        Type::Id if found.is_floating() => cast("BIGINT"),
        Type::Id if found.is_decimal() => cast("DECIMAL(38, 0)"),
        // Such as the ids of MongoDB, as tools show them.
        Type::Id | Type::Text if matches!(found, FixedSizeBinary(_)) => {
            Some(format!("encode({column}, 'hex')"))
        }
        Type::Id | Type::Text if found.is_integer() || is_bytes => cast("VARCHAR"),
        Type::Id | Type::Text if matches!(found, Boolean | Date32 | Date64) => cast("VARCHAR"),
        Type::Id | Type::Text => of_struct(column, found, kind),
        Type::Int64 if is_text || found.is_floating() || found.is_decimal() => cast("BIGINT"),
        Type::Float64 if is_text => cast("DOUBLE"),
        Type::Boolean if is_text || found.is_integer() => cast("BOOLEAN"),
        Type::Date if is_text || matches!(found, Timestamp(..)) => cast("DATE"),
        Type::Timestamp if is_text || matches!(found, Date32 | Date64) => cast("TIMESTAMP"),
        Type::Timestamp if found.is_floating() => {
            Some(format!("to_timestamp_micros(CAST({column} * 1000000 AS BIGINT))"))
        }
        Type::TextList if is_text => {
            Some(format!("string_to_array(translate({column}, '[]\" ', ''), ',')"))
        }
        Type::TextList => of_items(column, found),
        _ => None,
    }
}

/// The first field of a struct that may be meant: a text, or for ids an integer.
fn of_struct(column: &str, found: &DataType, kind: Type) -> Option<String> {
    let DataType::Struct(fields) = found else { return None };
    let is_meant = |kind_of_field: &DataType| {
        let is_text =
            matches!(kind_of_field, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        is_text || (kind == Type::Id && kind_of_field.is_integer())
    };
    let field = fields.iter().find(|field| is_meant(field.data_type()))?;
    Some(format!("{column}['{}']", field.name()))
}

/// The texts in the items of a list.
fn of_items(column: &str, found: &DataType) -> Option<String> {
    use DataType::*;
    let (List(item) | LargeList(item) | FixedSizeList(item, _)) = found else { return None };
    let is_text = |kind: &DataType| matches!(kind, Utf8 | LargeUtf8 | Utf8View);
    match item.data_type() {
        Struct(fields) => {
            let text = fields.iter().find(|field| is_text(field.data_type()))?;
            Some(format!("array_transform({column}, item -> item['{}'])", text.name()))
        }
        other if other.is_integer() => {
            Some(format!("array_transform({column}, item -> CAST(item AS VARCHAR))"))
        }
        _ => None,
    }
}
