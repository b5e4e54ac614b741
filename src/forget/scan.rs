//! What still holds a person: every object below the output, decoded once more and searched value by value.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::objects::{Format, read};
use super::traces::{Holds, Traces};
use super::{json, parquet};
use crate::error::Result;
use crate::publish::objects;
use crate::storage::Stores;

/// What a search of every object below the output found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// Objects that were searched.
    pub objects: u64,
    /// Bytes that they have.
    pub bytes: u64,
    /// Paths of those that hold the person, or cannot be read.
    pub holding: Vec<String>,
}

/// Searches every object below `output`.
///
/// # Errors
/// [`crate::error::Kind::Unavailable`] if the store does not answer.
pub(super) async fn scan(stores: &Stores, output: &Url, traces: &Traces) -> Result<Scan> {
    let mut scan = Scan::default();
    for object in objects(stores, output, "").await? {
        let path = object.path;
        // One that is gone meanwhile holds nobody.
        let Some(bytes) = read(stores, output, &path).await? else { continue };
        scan.objects += 1;
        scan.bytes += bytes.len() as u64;
        if holds(&path, bytes, traces).unwrap_or(true) {
            scan.holding.push(path);
        }
    }
    Ok(scan)
}

/// Whether an object holds the person.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if it is not what its name says.
pub(super) fn holds(path: &str, bytes: Bytes, traces: &Traces) -> Result<bool> {
    match Format::of(path) {
        Format::Parquet => {
            let decoded = parquet::decode(path, bytes)?;
            let said = decoded.metadata.iter().filter_map(|pair| pair.value.as_deref());
            Ok(said.into_iter().any(|text| traces.occur_in(text))
                || in_rows(&decoded.rows, traces)?)
        }
        Format::Json => Ok(match serde_json::from_slice::<Value>(&bytes) {
            Ok(value) => json::holds("", &value, traces),
            Err(_) => traces.occur_in(&String::from_utf8_lossy(&bytes)),
        }),
        Format::Other => Ok(traces.occur_in(&String::from_utf8_lossy(&bytes))),
    }
}

fn in_rows(rows: &RecordBatch, traces: &Traces) -> Result<bool> {
    let schema = rows.schema();
    for (field, column) in schema.fields().iter().zip(rows.columns()) {
        if in_values(field.name(), column, traces)? {
            return Ok(true);
        }
    }
    if let (Some(networks), Some(ids)) =
        (rows.column_by_name("network"), rows.column_by_name("account_id"))
        && let (Some(networks), Some(ids)) = (parquet::as_texts(networks)?, parquet::as_texts(ids)?)
    {
        let mut accounts = networks.iter().zip(&ids).filter_map(|(network, id)| network.zip(id));
        return Ok(accounts.any(|(network, id)| traces.is_account(network, id)));
    }
    Ok(false)
}

/// Whether any value of a column does, or of what lists and structs are made of, whether a row shows it or not.
fn in_values(name: &str, column: &ArrayRef, traces: &Traces) -> Result<bool> {
    if let Some(texts) = parquet::as_texts(column)? {
        let holds = Holds::of(name);
        return Ok(texts.iter().flatten().any(|text| traces.are_in(holds, text)));
    }
    match column.data_type() {
        DataType::List(_) => in_values(name, column.as_list::<i32>().values(), traces),
        DataType::LargeList(_) => in_values(name, column.as_list::<i64>().values(), traces),
        DataType::Struct(fields) => {
            for (field, part) in fields.iter().zip(column.as_struct().columns()) {
                if in_values(field.name(), part, traces)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        DataType::Binary => {
            let values = column.as_binary::<i32>();
            Ok(values.iter().flatten().any(|v| traces.occur_in(&String::from_utf8_lossy(v))))
        }
        _ => Ok(false),
    }
}
