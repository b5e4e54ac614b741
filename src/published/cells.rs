//! Rows of Arrow batches as structs: a struct is filled from the columns that are called as its fields, in whatever order
//! they are; a field that is an `Option` may lack its column.

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray,
};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use arrow::util::display::array_value_to_string;
use serde::de::value::{Error, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Gives every row of `batch` to `see`.
///
/// # Errors
/// The first row that does not fit `T`.
pub(super) fn each<'a, T: Deserialize<'a>>(
    batch: &'a RecordBatch,
    mut see: impl FnMut(T),
) -> Result<(), Error> {
    let columns: Vec<Column<'a>> = columns_of(batch, fields::<T>());
    for row in 0..batch.num_rows() {
        see(T::deserialize(Row { columns: &columns, row })?);
    }
    Ok(())
}

fn columns_of<'a>(batch: &'a RecordBatch, names: &[&'static str]) -> Vec<Column<'a>> {
    let column = |name: &&'static str| Column {
        name,
        values: batch.column_by_name(name).map_or(Values::Missing, Values::of),
    };
    names.iter().map(column).collect()
}

/// Names of the fields of a struct, in their order.
pub(super) fn fields<'a, T: Deserialize<'a>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // A struct says which fields it has before it is given any, and this gives none.
    let _ = T::deserialize(Fields(&mut fields));
    fields
}

struct Fields<'b>(&'b mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(Error::custom("no row"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A row whose columns are in the order of the fields.
struct Row<'a, 'b> {
    columns: &'b [Column<'a>],
    row: usize,
}

impl<'de> Deserializer<'de> for Row<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let cells = self.columns.iter().map(|column| Cell { column, row: self.row });
        visitor.visit_seq(SeqDeserializer::new(cells))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Column<'a> {
    name: &'a str,
    values: Values<'a>,
}

enum Values<'a> {
    /// There is no such column.
    Missing,
    Text(&'a StringArray),
    Float(&'a Float64Array),
    Integer(&'a Int64Array),
    Boolean(&'a BooleanArray),
    List(&'a ListArray),
    /// Days and times become texts.
    Other(&'a ArrayRef),
}

impl<'a> Values<'a> {
    fn of(column: &'a ArrayRef) -> Self {
        match column.data_type() {
            DataType::Utf8 => Self::Text(column.as_string()),
            DataType::Float64 => Self::Float(column.as_primitive::<Float64Type>()),
            DataType::Int64 => Self::Integer(column.as_primitive::<Int64Type>()),
            DataType::Boolean => Self::Boolean(column.as_boolean()),
            DataType::List(_) => Self::List(column.as_list()),
            _ => Self::Other(column),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Missing => true,
            Self::Text(column) => column.is_null(row),
            Self::Float(column) => column.is_null(row),
            Self::Integer(column) => column.is_null(row),
            Self::Boolean(column) => column.is_null(row),
            Self::List(column) => column.is_null(row),
            Self::Other(column) => column.is_null(row),
        }
    }
}

struct Cell<'a, 'b> {
    column: &'b Column<'a>,
    row: usize,
}

impl<'de> Deserializer<'de> for Cell<'de, '_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Self { column: Column { name, values }, row } = self;
        let unlike = |e: Error| Error::custom(format!("column `{name}`: {e}"));
        match values {
            Values::Missing => Err(Error::custom(format!("column `{name}` is missing"))),
            values if values.is_null(row) => visitor.visit_unit().map_err(unlike),
            Values::Text(column) => visitor.visit_borrowed_str(column.value(row)).map_err(unlike),
            Values::Float(column) => visitor.visit_f64(column.value(row)).map_err(unlike),
            Values::Integer(column) => visitor.visit_i64(column.value(row)).map_err(unlike),
            Values::Boolean(column) => visitor.visit_bool(column.value(row)).map_err(unlike),
            Values::List(list) => {
                let items = Column { name, values: Values::of(list.values()) };
                let ends = list.value_offsets();
                let rows = ends[row] as usize..ends[row + 1] as usize;
                let items = rows.map(|row| Cell { column: &items, row });
                visitor.visit_seq(SeqDeserializer::new(items))
            }
            Values::Other(column) => {
                let text = array_value_to_string(column, row).map_err(Error::custom)?;
                visitor.visit_string(text).map_err(unlike)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.column.values.is_null(self.row) {
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'a> IntoDeserializer<'a, Error> for Cell<'a, '_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, ListArray};
    use arrow::datatypes::Int32Type;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Full<'a> {
        share: Option<f64>,
        name: &'a str,
        count: u64,
        tags: Vec<&'a str>,
        absent: Option<bool>,
        day: String,
    }

    fn batch() -> RecordBatch {
        let mut tags = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
        tags.append_value([Some("x"), Some("y")]);
        tags.append_value([None::<&str>; 0]);
        RecordBatch::try_from_iter([
            ("name", Arc::new(StringArray::from(vec!["a", "b"])) as ArrayRef),
            ("tags", Arc::new(tags.finish())),
            ("count", Arc::new(Int64Array::from(vec![7, 8]))),
            ("day", Arc::new(Date32Array::from(vec![0, 1]))),
            ("share", Arc::new(Float64Array::from(vec![None, Some(0.5)]))),
        ])
        .unwrap()
    }

    fn read<'a, T: Deserialize<'a>>(batch: &'a RecordBatch) -> Result<Vec<T>, Error> {
        let mut rows = vec![];
        each(batch, |row| rows.push(row))?;
        Ok(rows)
    }

    #[test]
    fn fields_take_the_columns_of_their_names() {
        let full = |share, name, count, tags, day: &str| Full {
            share,
            name,
            count,
            tags,
            absent: None,
            day: day.into(),
        };
        let expected = [
            full(None, "a", 7, vec!["x", "y"], "1970-01-01"),
            full(Some(0.5), "b", 8, vec![], "1970-01-02"),
        ];
        assert_eq!(read::<Full<'_>>(&batch()).unwrap(), expected);
        assert_eq!(fields::<Full<'_>>(), ["share", "name", "count", "tags", "absent", "day"]);
        // A slice of a list begins in the middle of its items.
        assert_eq!(read::<Full<'_>>(&batch().slice(1, 1)).unwrap(), expected[1..]);
    }

    #[test]
    fn mismatched_types_name_the_column() {
        #[derive(Debug, Deserialize)]
        struct Typed {
            #[expect(dead_code)]
            name: f64,
        }
        #[derive(Debug, Deserialize)]
        struct Required {
            #[expect(dead_code)]
            gone: f64,
        }
        #[derive(Debug, Deserialize)]
        struct Known {
            #[expect(dead_code)]
            share: f64,
        }
        let batch = batch();
        let said = read::<Typed>(&batch).unwrap_err().to_string();
        assert_eq!(said, "column `name`: invalid type: string \"a\", expected f64");
        let said = read::<Required>(&batch).unwrap_err().to_string();
        assert_eq!(said, "column `gone` is missing");
        let said = read::<Known>(&batch).unwrap_err().to_string();
        assert_eq!(said, "column `share`: invalid type: unit value, expected f64");
        let numbers = ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]);
        let numbers =
            RecordBatch::try_from_iter([("tags", Arc::new(numbers) as ArrayRef)]).unwrap();
        #[derive(Debug, Deserialize)]
        struct Tags<'a> {
            #[serde(borrow)]
            #[expect(dead_code)]
            tags: Vec<&'a str>,
        }
        assert!(read::<Tags<'_>>(&numbers).is_err());
    }
}
