//! Which of several rows that tie a `SELECT` takes: all columns of what it sorts decide, also those that it reads no further.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};
use renown::error::Kind;

use crate::inputs::{Folder, select};
use crate::parquet_files::{batch, texts};
use crate::selects::tied;
use crate::world::{CUTOFF, HOUR, instants, interactions, reply, with};

/// Each use of a table of WITH reads other columns, and all have the same rows.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_used_twice_holds_the_same_rows() {
    let picked =
        ["big", "actor", "target"].map(|of| format!("first_value({of} ORDER BY at) AS {of}"));
    let bodies = [
        "SELECT * FROM raw ORDER BY n LIMIT 20",
        "SELECT * FROM raw QUALIFY row_number() OVER (PARTITION BY n ORDER BY at) < 4",
        "SELECT * FROM raw QUALIFY first_value(big) OVER (PARTITION BY n ORDER BY at) = big",
        "SELECT DISTINCT ON (n) * FROM raw ORDER BY n, at",
        &format!("SELECT {}, min(at) AS at FROM raw GROUP BY n", picked.join(", ")),
    ];
    let tables = bodies.iter().enumerate().map(|(at, body)| format!("c{at} AS ({body})"));
    let pairs = (0..bodies.len()).map(|at| {
        format!(
            "SELECT 'n{at}' AS network, coalesce(l.actor, 'unmet') AS actor_id, \
             coalesce(r.target, 'unmet') AS target_id, 'reply' AS kind, coalesce(r.at, l.at) AS at \
             FROM c{at} l FULL JOIN c{at} r ON l.big = r.big"
        )
    });
    let (tables, pairs) = (tables.collect::<Vec<_>>(), pairs.collect::<Vec<_>>());
    let sql = format!("WITH {} {}", tables.join(", "), pairs.join(" UNION ALL "));
    let folder = Folder::new().put("interactions.parquet", &tied());
    let people = folder.run(&select(&sql)).await.unwrap().people();
    for at in 0..bodies.len() {
        assert!(people.iter().any(|person| person.starts_with(&format!("n{at}:"))), "{at}");
    }
    assert!(!people.iter().any(|person| person.ends_with(":unmet")), "{people:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_least_and_greatest_numbers_are_those_of_the_total_order() {
    for (values, extremes) in [
        ([f64::INFINITY, f64::NAN, f64::INFINITY], ["a:vNaN", "a:vinf"]),
        ([f64::NAN, 0.5, f64::NAN], ["a:v0.5", "a:vNaN"]),
        ([0.0, -0.0, 0.0], ["a:v-0.0", "a:v0.0"]),
        ([2.5, 1.5, 2.0], ["a:v1.5", "a:v2.5"]),
    ] {
        let rows = batch(&[
            ("at", instants([CUTOFF - HOUR; 3])),
            ("value", Arc::new(Float64Array::from(values.to_vec())) as ArrayRef),
        ]);
        let folder = Folder::new().put("interactions.parquet", &rows);
        let sql = "SELECT 'a' AS network, 'v' || CAST(min(value) AS VARCHAR) AS actor_id, \
                   'v' || CAST(max(value) AS VARCHAR) AS target_id, 'reply' AS kind, min(at) AS at FROM raw";
        assert_eq!(folder.run(&select(sql)).await.unwrap().people(), extremes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_only_decides_between_rows_may_be_lacking() {
    let rows = interactions(&[reply("a", "1", "2", 3), reply("a", "1", "2", 3)]);
    let folder = Folder::new()
        .put("in/1.parquet", &rows)
        .put("in/2.parquet", &with(&rows, "note", texts(["x", "y"])));
    let job = |column: &str| {
        format!(
            "interactions = \"SELECT network, actor_id, {column} AS target_id, kind, at FROM raw QUALIFY \
             row_number() OVER (PARTITION BY actor_id ORDER BY at) = 1\"\n[sources]\nraw = \"in/\"\n"
        )
    };
    let words = ["column `note` is missing in 1 of 2 files"];
    folder.refused(&job("note"), Kind::BadInput, &words).await;
    assert_eq!(folder.run(&job("target_id")).await.unwrap().people(), ["a:1", "a:2"]);
}
