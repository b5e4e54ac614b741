//! SELECTs nested in every way: planned within the limits, refused beyond them, and never the end of the process.

use std::sync::Arc;

use arrow::array::Int64Array;
use tempfile::TempDir;

use crate::binary::{Ended, program, renown};
use crate::parquet_files::{batch, write};

/// Ranks what `sql` selects of the edges 0 → 1 and 1 → 0, called `e`.
fn rank(run: impl Fn(&[&str]) -> Ended, sql: &str) -> Ended {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let ids = |ids: [i64; 2]| Arc::new(Int64Array::from(ids.to_vec())) as _;
    let edges = batch(&[("source", ids([0, 1])), ("target", ids([1, 0]))]);
    write(folder.path().join("edges.parquet").as_path(), &edges);
    let from = format!("e={}", at("edges.parquet"));
    run(&["rank", sql, "--from", &from, "--out", &at("ranks.parquet")])
}

fn where_any(condition: &str) -> String {
    format!("SELECT * FROM e WHERE source >= 0 OR ({condition})")
}

fn sum(terms: usize) -> String {
    where_any(&format!("0 < {}", vec!["target"; terms].join(" + ")))
}

fn casts(count: usize) -> String {
    where_any(&format!("target{} = 1", "::bigint".repeat(count)))
}

fn cases(count: usize) -> String {
    let open = "CASE WHEN target = 1 THEN 1 ELSE ".repeat(count);
    where_any(&format!("{open}0{} = 1", " END".repeat(count)))
}

fn negations(count: usize) -> String {
    where_any(&format!("{}target = 1{}", "NOT (".repeat(count), ")".repeat(count)))
}

/// In the program, whose threads have its stacks.
#[test]
fn nesting_within_the_limits_is_planned() {
    for sql in [sum(190), casts(90), cases(11), negations(11)] {
        rank(program, &sql).done();
    }
}

#[test]
fn nesting_beyond_the_limits_is_refused() {
    let unions = |count| vec!["SELECT * FROM e"; count].join(" UNION ALL ");
    for sql in [
        sum(1_000),
        sum(100_000),
        casts(20_000),
        cases(20),
        cases(10_000),
        negations(40),
        negations(10_000),
        unions(1_000),
        unions(50_000),
        format!("SELECT {}1{} FROM e", "(".repeat(100_000), ")".repeat(100_000)),
    ] {
        let ended = rank(renown, &sql).refused(78, &["the SELECT of edges: it has "]);
        assert!(ended.stderr.len() < 1_000, "{}", ended.stderr);
    }
}
