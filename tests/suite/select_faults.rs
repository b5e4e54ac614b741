//! Queries that fail over the rows of their sources: a mistake of the job, told as one; damage of a file stays damage.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field};
use renown::error::Kind;

use crate::inputs::{Folder, select};
use crate::parquet_files::texts;
use crate::world::{interactions, reply, with};

/// Three replies with a text, a zero and a struct.
fn folder() -> Folder {
    let rows =
        interactions(&[reply("a", "1", "2", 3), reply("a", "2", "3", 4), reply("a", "3", "1", 5)]);
    let user: ArrayRef = Arc::new(StructArray::from(vec![(
        Arc::new(Field::new("id", DataType::Utf8, true)),
        texts(["1", "2", "3"]),
    )]));
    let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; 3]));
    let rows = with(&with(&rows, "note", texts(["1", "x", "y"])), "zero", zeros);
    Folder::with(&with(&rows, "user", user))
}

const COLUMNS: &str = "network, actor_id, target_id, kind, at";

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_computed_is_a_fault_of_the_job() {
    let folder = folder();
    let large = "(((a{1000}){1000}){1000})";
    for (value, words) in [
        ("CAST('x' AS INT)", vec!["'x' is no Int32", "TRY_CAST('x' AS …)"]),
        ("CAST(note AS INT)", vec!["`x` of `raw.note` is no Int32, in 2 rows", "TRY_CAST"]),
        ("arrow_cast(note, 'Int32')", vec!["Cannot cast string 'x'", "TRY_CAST"]),
        ("length(CAST(to_timestamp(note) AS VARCHAR))", vec!["timestamp", "TRY_CAST"]),
        ("1 / 0", vec!["it divides by zero", "nullif(…, 0)"]),
        ("1 / zero", vec!["it divides by zero", "nullif(…, 0)"]),
        ("1 % zero", vec!["it divides by zero", "nullif(…, 0)"]),
        (
            &format!("length(CAST(note ~ '{large}' AS VARCHAR))"),
            vec!["regular expressions is too large", "smaller counts"],
        ),
        (
            "length((SELECT note FROM raw))",
            vec!["the SELECT cannot be computed", "more than one row", "correct the SELECT"],
        ),
    ] {
        // As a condition, which is computed while a file is read, and as a column.
        for sql in [
            format!("SELECT {COLUMNS} FROM raw WHERE {value} >= 0"),
            format!("SELECT network, {value} AS actor_id, target_id, kind, at FROM raw"),
        ] {
            let error = folder.refused(&select(&sql), Kind::BadJob, &words).await;
            assert!(error.cause.contains("SQL of inputs.interactions"), "{error}");
            assert_eq!(error.place.table.as_deref(), Some("interactions"), "{error}");
            assert_eq!(error.place.file, None, "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_a_query_meets_is_one_of_the_file() {
    let folder = folder();
    let file = folder.path("interactions.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[4..60].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let sql = format!("SELECT {COLUMNS} FROM raw WHERE zero = 0");
    folder.refused(&select(&sql), Kind::BadInput, &["interactions.parquet"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_ordered_by_fields_of_structs() {
    let folder = folder();
    for function in ["row_number", "rank"] {
        let ordered = |key: &str| {
            let window = format!("{function}() OVER (PARTITION BY network ORDER BY {key})");
            select(&format!("SELECT {COLUMNS} FROM raw QUALIFY {window} < 3"))
        };
        let words = ["does not order a window by `raw.user`, which is Struct"];
        let error = folder.refused(&ordered("\"user\""), Kind::BadJob, &words).await;
        let (_, fields) = error.remedy.split_once("order by its fields: ").unwrap();
        assert_eq!(fields, "raw.user['id']");
        folder.run(&ordered("raw.\"user\"['id']")).await.unwrap();
        std::fs::remove_dir_all(folder.path("out")).unwrap();
    }
}
