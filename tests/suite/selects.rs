//! What a `SELECT` may depend on: the same rows in other files and on other threads give the same tables, or the query is
//! refused with what to write instead.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use fastrand::Rng;
use renown::error::Kind;

use crate::inputs::{Folder, select};
use crate::parquet_files::{batch, texts, write, write_parts};
use crate::world::{CUTOFF, HOUR, Published, World, instants, interactions, reply};

/// Events with many ties: copies of a post that differ in all but its id and its time.
pub fn tied() -> RecordBatch {
    let mut random = Rng::with_seed(3);
    let rows = 240;
    let mut column =
        |n: u64| -> Vec<String> { (0..rows).map(|_| format!("{}", random.u64(0..n))).collect() };
    let (ids, actors, targets) = (column(40), column(30), column(30));
    let text = |values: &[String]| texts(values.iter().map(String::as_str));
    let at = (0..rows).map(|row| CUTOFF - HOUR * (1 + row % 7)).collect::<Vec<_>>();
    let weights: Vec<f64> =
        (0..rows).map(|row| [0.1, 1e17, -1e17, 0.3][row as usize % 4]).collect();
    let odd: Vec<f64> =
        (0..rows).map(|row| [f64::NAN, -0.0, 0.0, f64::INFINITY][row as usize % 4]).collect();
    batch(&[
        ("id", text(&ids)),
        ("actor", text(&actors)),
        ("target", text(&targets)),
        ("at", instants(at)),
        ("n", Arc::new((0..rows).map(|row| row % 5).collect::<Int64Array>()) as ArrayRef),
        ("big", Arc::new((0..rows).map(|row| i64::MAX - row).collect::<Int64Array>()) as ArrayRef),
        ("weight", Arc::new(Float64Array::from(weights)) as ArrayRef),
        ("odd", Arc::new(Float64Array::from(odd)) as ArrayRef),
    ])
}

/// The rows in another order, with their columns in another order.
fn shuffled(rows: &RecordBatch, seed: u64) -> RecordBatch {
    let mut random = Rng::with_seed(seed);
    let mut order: Vec<u32> = (0..rows.num_rows() as u32).collect();
    random.shuffle(&mut order);
    let mut columns: Vec<usize> = (0..rows.num_columns()).collect();
    random.shuffle(&mut columns);
    let rows = take_record_batch(rows, &UInt32Array::from(order)).unwrap();
    rows.project(&columns).unwrap()
}

/// What a job publishes whose interactions are `sql` over `raw`, in one file on one partition and shuffled in five on four.
async fn published_twice(sql: &str) -> [Published; 2] {
    let mut both = Vec::new();
    for (seed, parts, partitions) in [(1, 1, 1), (2, 5, 4)] {
        let folder = tempfile::TempDir::new().unwrap();
        write_parts(&folder.path().join("raw"), &shuffled(&tied(), seed), parts);
        let inputs = format!("interactions = '''{sql}'''\n[sources]\nraw = \"raw/\"\n");
        let job = World::default().write_job(folder.path(), &inputs);
        let published = Published::of(&job, partitions, &[]).await;
        both.push(published.unwrap_or_else(|e| panic!("{sql}: {e}")));
    }
    both.try_into().ok().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ties_are_broken_by_the_rows_themselves() {
    let order = "PARTITION BY id ORDER BY at";
    let queries = [
        format!("SELECT * FROM (SELECT *, row_number() OVER ({order}) AS rn FROM raw) WHERE rn = 1"),
        "SELECT DISTINCT ON (id) * FROM raw ORDER BY id, at".to_owned(),
        format!("SELECT * REPLACE (coalesce(lag(target) OVER ({order}), target) AS target) FROM raw"),
        format!("SELECT * REPLACE (coalesce(lead(target, 2) OVER ({order} DESC), target) AS target) FROM raw"),
        format!("SELECT * FROM (SELECT *, ntile(3) OVER ({order}) AS part FROM raw) WHERE part = 2"),
        format!("SELECT * REPLACE (first_value(actor) OVER ({order}) AS actor) FROM raw"),
        format!(
            "SELECT * REPLACE (last_value(actor) OVER ({order} ROWS BETWEEN UNBOUNDED PRECEDING AND \
             UNBOUNDED FOLLOWING) AS actor) FROM raw"
        ),
        format!(
            "SELECT * FROM (SELECT *, sum(n) OVER ({order} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s \
             FROM raw) WHERE s % 2 = 0"
        ),
        "SELECT * FROM raw ORDER BY at DESC LIMIT 50 OFFSET 20".to_owned(),
        "SELECT actor, target, at FROM raw ORDER BY n LIMIT 50".to_owned(),
        "SELECT id, first_value(actor ORDER BY at) AS actor, first_value(target ORDER BY at) AS target, \
         min(at) AS at FROM raw GROUP BY id"
            .to_owned(),
        "SELECT array_agg(actor ORDER BY at)[1] AS actor, array_agg(target ORDER BY at)[1] AS target, \
         min(at) AS at FROM raw GROUP BY id"
            .to_owned(),
        "SELECT string_agg(DISTINCT actor, '+' ORDER BY actor) AS actor, min(target) AS target, min(at) AS at \
         FROM raw GROUP BY id"
            .to_owned(),
        "SELECT CAST(avg(big) AS VARCHAR) AS actor, min(target) AS target, min(at) AS at FROM raw GROUP BY id"
            .to_owned(),
        "SELECT CAST(sum(CAST(weight AS DECIMAL(38, 3))) AS VARCHAR) AS actor, min(target) AS target, \
         min(at) AS at FROM raw GROUP BY id"
            .to_owned(),
        format!(
            "SELECT * FROM (SELECT *, rank() OVER ({order}) AS r, row_number() OVER ({order}) AS rn FROM raw) \
             WHERE r = 1 AND rn = 1"
        ),
        "SELECT 'v' || CAST(min(odd) AS VARCHAR) AS actor, id || coalesce(CAST(max(odd) FILTER (WHERE n > 1) \
         AS VARCHAR), '') AS target, min(at) AS at FROM raw GROUP BY id"
            .to_owned(),
        "SELECT CAST(cardinality(array_agg(DISTINCT actor)) AS VARCHAR) AS actor, \
         array_sort(array_agg(target))[1] AS target, min(at) AS at \
         FROM raw GROUP BY id HAVING array_length(array_agg(actor)) > 1"
            .to_owned(),
        "SELECT * FROM raw WHERE EXISTS (SELECT 1 FROM raw AS o WHERE o.actor = raw.target ORDER BY o.at LIMIT 1)"
            .to_owned(),
    ];
    // Several in one job, each as a network of its own.
    for queries in queries.chunks(11) {
        let parts = queries.iter().enumerate().map(|(at, query)| {
            format!(
                "SELECT 'n{at:02}' AS network, actor AS actor_id, target AS target_id, 'reply' AS kind, at FROM ({query})"
            )
        });
        let [one, other] = published_twice(&parts.collect::<Vec<_>>().join(" UNION ALL ")).await;
        let networks = one.tables["measures"].iter().map(|row| row["network"].to_string());
        assert_eq!(
            networks.collect::<BTreeSet<_>>().len(),
            queries.len(),
            "every query gives rows"
        );
        for table in one.tables.keys() {
            let [one, other] = [&one.tables[table], &other.tables[table]];
            let differs = one.iter().zip(other).find(|(one, other)| one != other);
            assert_eq!(differs, None, "{table}");
        }
        assert_eq!(one.table_files(), other.table_files());
    }
}

/// Further keys would part rows that tie where the query asks for them together.
#[tokio::test(flavor = "multi_thread")]
async fn rows_that_tie_stay_together_where_the_query_has_them_so() {
    let rows = batch(&[
        ("actor", texts(["1", "2", "3"])),
        ("target", texts(["2", "3", "1"])),
        ("at", instants([CUTOFF - 2 * HOUR, CUTOFF - 2 * HOUR, CUTOFF - HOUR])),
    ]);
    let folder = Folder::new().put("interactions.parquet", &rows);
    let ids = "CAST(rank() OVER (ORDER BY at) AS VARCHAR) || '-' || CAST(dense_rank() OVER (ORDER BY at) AS VARCHAR) \
               || '-' || CAST(count(*) OVER (ORDER BY at) AS VARCHAR)";
    let sql = format!(
        "SELECT 'a' AS network, {ids} AS actor_id, 'x' AS target_id, 'reply' AS kind, at FROM raw"
    );
    let people = folder.run(&select(&sql)).await.unwrap().people();
    assert_eq!(people, ["a:1-1-2", "a:3-2-3", "a:x"]);
}

/// A row that an order picks is one row: its values never come from several.
#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_picked_together_are_of_one_row() {
    let rows = batch(&[
        ("id", texts(["p", "p", "p"])),
        ("actor", texts(["3", "1", "2"])),
        ("target", texts(["1", "3", "2"])),
        ("at", instants([CUTOFF - HOUR; 3])),
    ]);
    let folder = Folder::new().put("interactions.parquet", &rows);
    for picked in [
        "SELECT first_value(actor ORDER BY at) AS actor, first_value(target ORDER BY at) AS target, min(at) AS at FROM raw GROUP BY id",
        "SELECT DISTINCT ON (id) actor, target, at FROM raw ORDER BY id, at",
        "SELECT actor, target, at FROM raw ORDER BY at LIMIT 1",
        "SELECT actor, target, at FROM raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY at) = 1",
    ] {
        let sql = format!(
            "SELECT 'a' AS network, actor AS actor_id, target AS target_id, 'reply' AS kind, at FROM ({picked})"
        );
        let people = folder.run(&select(&sql)).await.unwrap_or_else(|e| panic!("{picked}: {e}"));
        // The first by its columns in the order of their names.
        assert_eq!(people.people(), ["a:1", "a:3"], "{picked}");
        std::fs::remove_dir_all(folder.path("out")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_order_settles_is_refused_with_what_to_write() {
    let folder = Folder::new().put("interactions.parquet", &tied());
    let all = "network, actor_id, target_id, kind, at";
    let mut accepted = Vec::new();
    for (sql, cause, remedy) in [
        (
            "SELECT any_value(actor) FROM raw GROUP BY id",
            "`any_value` takes whichever row",
            "first_value(… ORDER BY …)",
        ),
        ("SELECT DISTINCT ON (id) * FROM raw", "DISTINCT ON without ORDER BY", "add ORDER BY"),
        (
            "SELECT row_number() OVER () FROM raw",
            "`row_number` over a window without ORDER BY",
            "row_number(…) OVER (… ORDER BY …)",
        ),
        (
            "SELECT lag(actor) OVER (PARTITION BY id) FROM raw",
            "`lag` over a window without",
            "ORDER BY",
        ),
        (
            "SELECT first_value(actor) OVER (PARTITION BY id) FROM raw",
            "`first_value` over a window without",
            "ORDER BY",
        ),
        (
            "SELECT last_value(actor) OVER (PARTITION BY id ORDER BY at) FROM raw",
            "rows that tie",
            "ROWS BETWEEN",
        ),
        (
            "SELECT sum(n) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM raw",
            "without ORDER BY",
            "ORDER BY",
        ),
        (
            "SELECT array_agg(actor) FROM raw GROUP BY id",
            "`array_agg` without ORDER BY",
            "ORDER BY raw.actor",
        ),
        (
            "SELECT string_agg(actor, ',') FROM raw GROUP BY id",
            "`string_agg` without ORDER BY",
            "ORDER BY",
        ),
        (
            "SELECT first_value(actor) FROM raw GROUP BY id",
            "`first_value` without ORDER BY",
            "ORDER BY",
        ),
        (
            "SELECT sum(weight) FROM raw GROUP BY id",
            "`sum` of floating-point",
            "CAST(… AS DECIMAL(38, 9))",
        ),
        ("SELECT avg(weight) FROM raw GROUP BY id", "`avg` of floating-point", "DECIMAL"),
        (
            "SELECT max(weight) OVER (PARTITION BY id) FROM raw",
            "`max` of floating-point numbers over a window",
            "DECIMAL",
        ),
        (
            "SELECT (array_agg(actor))[1] FROM raw GROUP BY id",
            "an item of `array_agg(raw.actor)`",
            "(array_agg(raw.actor ORDER BY …))[…]",
        ),
        (
            "SELECT cardinality(array_agg(actor)), array_agg(actor) FROM raw GROUP BY id",
            "`array_agg` without ORDER BY",
            "ORDER BY raw.actor",
        ),
        (
            "SELECT * FROM raw WHERE EXISTS (SELECT 1 FROM raw LIMIT 1 OFFSET 3)",
            "LIMIT without ORDER BY",
            "ORDER BY",
        ),
        (
            "SELECT stddev(n) FROM raw GROUP BY id",
            "`stddev` depends on the order",
            "sums of integers",
        ),
        ("SELECT approx_median(n) FROM raw GROUP BY id", "`approx_median`", "median"),
        ("SELECT * FROM raw LIMIT 3", "LIMIT without ORDER BY", "ORDER BY"),
        ("SELECT * FROM raw OFFSET 3", "LIMIT without ORDER BY", "ORDER BY"),
        (
            "SELECT * FROM (SELECT * FROM raw ORDER BY at) LIMIT 3",
            "LIMIT without ORDER BY",
            "ORDER BY",
        ),
        (
            "SELECT * FROM raw WHERE actor IN (SELECT any_value(actor) FROM raw)",
            "`any_value`",
            "min(…)",
        ),
        (
            "WITH some AS (SELECT * FROM raw LIMIT 3) SELECT * FROM some",
            "LIMIT without ORDER BY",
            "ORDER BY",
        ),
        ("SELECT * FROM raw TABLESAMPLE (50 PERCENT)", "passes over `TABLESAMPLE`", "WHERE"),
        ("SELECT * FROM raw TABLESAMPLE BERNOULLI (1)", "passes over `TABLESAMPLE`", "WHERE"),
        (
            "SELECT * FROM (SELECT * FROM raw) TABLESAMPLE SYSTEM (10)",
            "passes over `TABLESAMPLE`",
            "WHERE",
        ),
        (
            "WITH some AS (SELECT * FROM raw TABLESAMPLE (1 ROWS)) SELECT * FROM some",
            "TABLESAMPLE",
            "WHERE",
        ),
        ("SELECT * FROM raw FOR UPDATE", "passes over `FOR UPDATE`", "leave it out"),
        (
            "SELECT id, count(*) FROM raw GROUP BY id WITH ROLLUP",
            "passes over `GROUP BY … WITH`",
            "leave it out",
        ),
        ("SELECT now() AS at FROM raw", "`now` gives another result each time", "{snapshot}"),
        (
            "SELECT * FROM raw WHERE random() < 2",
            "`random` gives another result each time",
            "leave it out",
        ),
    ] {
        match folder.run(&select(sql)).await {
            Ok(_) => accepted.push(sql),
            Err(error) => {
                let shown = error.to_string();
                let is_right = error.kind == Kind::BadJob && shown.contains(cause);
                assert!(is_right && error.remedy.contains(remedy), "{sql}: {shown}");
            }
        }
    }
    assert!(accepted.is_empty(), "{accepted:#?} were accepted, {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_sources_are_exact() {
    let folder = Folder::new()
        .put("upper.parquet", &interactions(&[reply("a", "1", "2", 3)]))
        .put("lower.parquet", &interactions(&[reply("a", "3", "4", 3)]));
    let both = "\"Tweets\" = \"upper.parquet\"\ntweets = \"lower.parquet\"";
    let one = "\"Tweets\" = \"upper.parquet\"";
    let dotted = "\"lake.events\" = \"lower.parquet\"";
    let two = "\"Tweets\" = \"upper.parquet\"\nTWEETS = \"lower.parquet\"";
    let (upper, lower) = (["a:1", "a:2"], ["a:3", "a:4"]);
    for (sources, from, people) in [
        (both, "\"Tweets\"", Ok(upper)),
        (both, "\"tweets\"", Ok(lower)),
        (both, "tweets", Ok(lower)),
        (both, "Tweets", Err("may be any of the sources \"Tweets\" and \"tweets\"")),
        (one, "\"Tweets\"", Ok(upper)),
        (one, "Tweets", Ok(upper)),
        (one, "tweets", Ok(upper)),
        (one, "\"TWEETS\"", Err("write the name of the source in double quotes: \"Tweets\"")),
        (one, "twets", Err("did you mean `Tweets`?")),
        (two, "TWEETS", Err("in double quotes")),
        (two, "tweets", Err("in double quotes")),
        (two, "\"TWEETS\"", Ok(lower)),
        (dotted, "\"lake.events\"", Ok(lower)),
        (dotted, "lake.events", Err("in double quotes: \"lake.events\"")),
    ] {
        let job = format!("interactions = '''SELECT * FROM {from}'''\n[sources]\n{sources}\n");
        match (folder.run(&job).await, people) {
            (Ok(published), Ok(people)) => {
                assert_eq!(published.people(), people, "{from}");
                std::fs::remove_dir_all(folder.path("out")).unwrap();
            }
            (Err(error), Err(words)) => {
                assert_eq!(error.kind, Kind::BadJob, "{error}");
                assert!(error.to_string().contains(words), "{from}: {error}");
            }
            (result, _) => panic!("{from}: {:?}", result.map(|published| published.people())),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_stay_values_in_sql() {
    let mut events = vec![reply("a", "1", "2", 3), reply("b", "3", "4", 3)];
    events[1].actor = "it's".into();
    let folder = Folder::new().put("interactions.parquet", &interactions(&events));
    for (condition, value, people) in [
        ("network = '${v}'", "a", vec!["a:1", "a:2"]),
        ("network = ${v}", "a", vec!["a:1", "a:2"]),
        ("actor_id = '${v}'", "it's", vec!["b:4", "b:it's"]),
        ("actor_id = ${v}", "it's", vec!["b:4", "b:it's"]),
        ("length(network) = ${v} AND network = 'a'", "1", vec!["a:1", "a:2"]),
        ("\"${v}\" = 'a'", "network", vec!["a:1", "a:2"]),
        // None of these widens the condition.
        ("network = 'a' AND actor_id <> '${v}'", "' OR network = 'b", vec!["a:1", "a:2"]),
        ("network = 'a' AND actor_id <> ${v}", "1 OR network = 'b'", vec!["a:1", "a:2"]),
        ("network = 'a' AND actor_id <> ${v}", "x' --", vec!["a:1", "a:2"]),
        // Nor is anything in them filled in.
        ("network = 'a' AND length('${v}') = 10", "{snapshot}", vec!["a:1", "a:2"]),
        ("network = 'a' AND length('${v}') = 4", "${v}", vec!["a:1", "a:2"]),
    ] {
        let job = select(&format!("SELECT * FROM raw WHERE {condition}"));
        let published = folder.run_set(&job, &[("v", value)]).await;
        let published = published.unwrap_or_else(|e| panic!("{condition} {value}: {e}"));
        assert_eq!(published.people(), people, "{condition} {value}");
        std::fs::remove_dir_all(folder.path("out")).unwrap();
    }
    let job = select("SELECT * FROM raw_${v}");
    let error = folder.run_set(&job, &[("v", "x; DROP")]).await.err().unwrap();
    assert!(error.to_string().contains("`${v}` is part of a name"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_have_any_form_in_paths() {
    for (path, written) in [
        ("dt=20260331", "dt={snapshot:%Y%m%d}"),
        ("year=2026/month=03/day=31", "year={snapshot:%Y}/month={snapshot:%m}/day={snapshot:%d}"),
        ("2026/03/31", "{snapshot:%Y/%m/%d}"),
        ("2026-03-31", "{snapshot}"),
    ] {
        let folder = Folder::new();
        let rows = interactions(&[reply("a", "1", "2", 3)]);
        write(&folder.path(&format!("{path}/part.parquet")), &rows);
        let job = format!(
            "interactions = \"SELECT network, actor_id, target_id, kind, at FROM raw\"\n[sources]\nraw = \"{written}/\"\n"
        );
        assert_eq!(folder.run(&job).await.unwrap().people(), ["a:1", "a:2"], "{written}");
    }
    let folder = Folder::new();
    write(&folder.path("2026-03-31.parquet"), &interactions(&[reply("a", "1", "2", 3)]));
    let job = "interactions = \"${day}.parquet\"\n";
    let error = folder.run_set(job, &[("day", "{snapshot}")]).await.err().unwrap();
    assert!(error.to_string().contains("no Parquet file found"), "{error}");
    for written in ["{snapshot:%Q}", "{snapshot:}", "{snapshot:%H}"] {
        let job = format!("interactions = \"in/{written}/\"\n");
        folder.refused(&job, Kind::BadJob, &["is no form of a date", "{snapshot:%Y%m%d}"]).await;
    }
}
