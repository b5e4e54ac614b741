//! UUIDs as their text: warehouses write them as 16 bytes.

use std::sync::Arc;

use arrow::array::{Array, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::prelude::Expr;
use uuid::Uuid;

/// Bytes of a UUID.
const BYTES: i32 = 16;

/// The type of a column of UUIDs, as DuckDB, Iceberg and Arrow write it.
pub(super) const UUID: DataType = DataType::FixedSizeBinary(BYTES);

/// The UUIDs of a column as text in small letters, as in `123e4567-e89b-12d3-a456-426614174000`.
pub(super) fn as_text(column: Expr) -> Expr {
    let text = |values: &[ColumnarValue]| -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(values)?;
        let uuids = arrays.first().and_then(|array| array.as_fixed_size_binary_opt());
        let uuids = uuids.ok_or_else(|| {
            DataFusionError::Execution("UUIDs are read from columns of 16 bytes".to_owned())
        })?;
        let text = |bytes: Option<&[u8]>| {
            bytes.and_then(|bytes| Some(Uuid::from_slice(bytes).ok()?.hyphenated().to_string()))
        };
        let texts: StringViewArray = (0..uuids.len())
            .map(|row| text(uuids.is_valid(row).then(|| uuids.value(row))))
            .collect();
        Ok(ColumnarValue::Array(Arc::new(texts)))
    };
    create_udf("uuid_text", vec![UUID], DataType::Utf8View, Volatility::Immutable, Arc::new(text))
        .call(vec![column])
}
