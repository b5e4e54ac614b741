//! Contracts and code agree: published files, accepted inputs, printed reference.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::dialect::{DuckDbDialect, PostgreSqlDialect};
use datafusion::sql::sqlparser::parser::Parser;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use renown::error::Kind;
use renown::job::Job;
use renown::method::Method;
use renown::schema::{self, Direction, Status, Table};
use serde_json::Value;

use crate::binary::renown;
use crate::parquet_files::{in_repository, strings};
use crate::sample_job::SampleJob;

fn tables_of(direction: Direction) -> impl Iterator<Item = &'static Table> {
    schema::tables().unwrap().iter().filter(move |table| table.direction == direction)
}

#[test]
fn every_table_is_declared_in_a_file_of_its_name() {
    for direction in ["input", "output"] {
        let files = fs::read_dir(in_repository(&format!("schemas/{direction}"))).unwrap();
        let files: BTreeSet<String> = files
            .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        let declared = schema::tables().unwrap().iter();
        let declared: BTreeSet<String> = declared
            .filter(|table| format!("{:?}", table.direction).to_lowercase() == direction)
            .map(|table| table.table.clone())
            .collect();
        assert_eq!(files, declared);
    }
}

#[test]
fn contracts_are_consistent() {
    for table in schema::tables().unwrap() {
        let name = &table.table;
        let columns: Vec<_> = table.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(columns.iter().collect::<BTreeSet<_>>().len(), columns.len(), "{name}: twice");
        assert!(!table.key.is_empty(), "{name} has no key");
        for key in &table.key {
            assert!(columns.contains(&key.as_str()), "{name}: key {key} is no column");
        }
        // Rows are sorted and compared by the key in the order of the columns.
        let places = table.key.iter().map(|key| columns.iter().position(|c| c == key));
        assert!(places.is_sorted() || table.direction == Direction::Input, "{name}");
        let read = table.direction == Direction::Input;
        assert!(table.status != Status::Published || !read, "{name}");
        assert!(table.status != Status::Read || read, "{name}");
        if !read {
            assert_eq!(columns[..2], ["snapshot_date", "run_id"], "{name}");
            let nullable = table.columns.iter().filter(|c| c.nullable);
            assert!(nullable.into_iter().all(|c| !table.key.contains(&c.name)), "{name}");
        }
        for c in &table.columns {
            assert!(c.meaning.ends_with('.'), "{name}.{}: {}", c.name, c.meaning);
            let identifies = table.key.contains(&c.name) || c.name == "run_id";
            let measure = !read && name == "measures" && !identifies;
            assert_eq!(c.measure.is_some(), measure, "{name}.{}", c.name);
        }
    }
}

#[test]
fn published_files_match_their_contracts() {
    let job = SampleJob::after_run();
    let commit: Value = serde_json::from_slice(&fs::read(job.commit(1)).unwrap()).unwrap();
    let published: Vec<&Table> =
        tables_of(Direction::Output).filter(|table| table.status == Status::Published).collect();
    let committed: Vec<&String> = commit["tables"].as_object().unwrap().keys().collect();
    assert_eq!(committed, published.iter().map(|table| &table.table).collect::<Vec<_>>());
    for table in published {
        let committed = &commit["tables"][&table.table];
        assert_eq!(committed["version"], table.version);
        let path = job.output().join(committed["files"][0]["path"].as_str().unwrap());
        assert_matches_contract(table, &path);
    }
}

pub fn assert_matches_contract(table: &Table, path: &Path) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema();
    assert_eq!(schema.metadata()["table"], table.table);
    assert_eq!(schema.metadata()["version"], table.version.to_string());
    assert_eq!(schema.metadata()["grain"], table.grain);
    assert_eq!(schema.metadata()["key"], table.key.join(","));
    assert_eq!(schema.fields().len(), table.columns.len(), "{}", table.table);
    for (field, column) in schema.fields().iter().zip(&table.columns) {
        let name = format!("{}.{}", table.table, column.name);
        assert_eq!(*field.name(), column.name);
        assert_eq!(*field.data_type(), column.kind.arrow(), "{name}");
        assert_eq!(field.is_nullable(), column.nullable, "{name}");
        assert_eq!(field.metadata()["unit"], column.unit, "{name}");
        assert_eq!(field.metadata()["meaning"], column.meaning, "{name}");
    }
    // For other readers: the sorting columns in the file metadata are the key.
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    // A table without rows has no row group.
    let Some(group) = file.metadata().row_groups().first() else { return };
    let sorted = group.sorting_columns().unwrap();
    let sorted: Vec<_> =
        sorted.iter().map(|by| &table.columns[by.column_idx as usize].name).collect();
    assert_eq!(sorted, table.key.iter().collect::<Vec<_>>(), "{}", table.table);
}

/// A job with the input `table`, which is not read.
fn load(table: &str) -> renown::error::Result<Job> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("job.toml");
    // The other tables of an ontology need `topics`.
    let others = ["interactions", "topics"].into_iter().filter(|other| *other != table);
    let others: String = others.map(|other| format!("{other} = \"b\"\n")).collect();
    let text = format!("[inputs]\n{table} = \"a\"\n{others}[output]\nurl = \"out/\"\n");
    fs::write(&file, text).unwrap();
    Job::load(&file, &[], None)
}

#[test]
fn jobs_accept_read_inputs_and_refuse_reserved_ones() {
    let mut read = BTreeSet::new();
    for table in tables_of(Direction::Input) {
        let job = load(&table.table);
        if table.status == Status::Read {
            assert!(job.unwrap().inputs.contains_key(&table.table));
            read.insert(table.table.as_str());
        } else {
            let error = job.unwrap_err();
            assert_eq!(error.kind, Kind::BadJob);
            assert!(error.cause.contains(&format!("`{}` is reserved", table.table)), "{error}");
        }
    }
    assert_eq!(
        read,
        BTreeSet::from([
            "accounts",
            "consent",
            "disputes",
            "endorsements",
            "follows",
            "ground_truth",
            "identities",
            "interactions",
            "lists",
            "posts",
            "topic_edges",
            "topic_phrases",
            "topics"
        ])
    );
    for (wrong, near) in [("acounts", "accounts"), ("interaction", "interactions")] {
        let error = load(wrong).unwrap_err();
        assert_eq!(error.kind, Kind::BadJob);
        assert!(error.remedy.contains(&format!("did you mean `{near}`?")), "{error}");
    }
    // A published table is not an input.
    assert_eq!(load("scores").unwrap_err().kind, Kind::BadJob);
}

#[test]
fn schema_prints_every_contract_in_every_format() {
    let all = renown(&["schema"]).done().stdout;
    let json: Value =
        serde_json::from_str(&renown(&["schema", "--format", "json"]).done().stdout).unwrap();
    let tables = schema::tables().unwrap();
    assert_eq!(json.as_array().unwrap().len(), tables.len());
    for (table, json) in tables.iter().zip(json.as_array().unwrap()) {
        let page = renown(&["schema", &table.table]).done().stdout;
        assert!(all.contains(&page) || is_in_both_directions(table), "{}", table.table);
        for column in &table.columns {
            assert!(page.contains(&column.name) && page.contains(&column.meaning));
        }
        assert_eq!(json["table"], table.table);
        assert_eq!(json["columns"].as_array().unwrap().len(), table.columns.len());
        let alone = renown(&["schema", &table.table, "--format", "json"]).done().stdout;
        let alone: Value = serde_json::from_str(&alone).unwrap();
        assert!(alone.as_array().unwrap().contains(json), "{}", table.table);
    }
}

/// `topics` is read and published: one name, two contracts.
fn is_in_both_directions(table: &Table) -> bool {
    schema::tables().unwrap().iter().filter(|other| other.table == table.table).count() > 1
}

#[test]
fn ddl_is_valid_sql() {
    for table in schema::tables().unwrap() {
        let ddl = renown(&["schema", &table.table, "--format", "ddl"]).done().stdout;
        let statements = Parser::parse_sql(&PostgreSqlDialect {}, &ddl).unwrap();
        let (creates, comments): (Vec<_>, Vec<_>) = statements
            .iter()
            .map(ToString::to_string)
            .partition(|statement| statement.starts_with("CREATE TABLE"));
        assert!(comments.len() >= creates.len() + table.columns.len(), "{}", table.table);
        assert!(comments.iter().all(|comment| comment.starts_with("COMMENT ON")));
        // The parser does not know DuckDB's COMMENT ON.
        Parser::parse_sql(&DuckDbDialect {}, &creates.join(";")).unwrap();
    }
}

/// All in one schema, as a warehouse has them: no table twice.
#[test]
fn ddl_of_all_tables_creates_every_table_once() {
    let ddl = renown(&["schema", "--format", "ddl"]).done().stdout;
    let created: Vec<&str> = ddl.lines().filter(|line| line.starts_with("CREATE TABLE")).collect();
    let distinct: BTreeSet<_> = created.iter().collect();
    assert_eq!(distinct.len(), created.len(), "{created:?}");
}

#[test]
fn datafusion_creates_the_tables() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for table in tables_of(Direction::Output) {
        let create = table.ddl();
        let create = create.split_once(";\n").unwrap().0;
        let session = SessionContext::new();
        let made = runtime.block_on(async {
            session.sql(create).await.unwrap_or_else(|e| panic!("{e}\n{create}")).collect().await?;
            session.table(table.table.as_str()).await
        });
        let made = made.unwrap();
        let names: Vec<_> = made.schema().fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names, table.columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>());
        for (field, column) in made.schema().fields().iter().zip(&table.columns) {
            assert_eq!(field.is_nullable(), column.nullable, "{}.{}", table.table, column.name);
        }
    }
}

#[test]
fn an_unknown_table_is_a_usage_error_with_the_nearest_name() {
    for format in ["text", "json", "ddl"] {
        let ended = renown(&["schema", "interaction", "--format", format]);
        ended.refused(2, &["no table `interaction`", "did you mean `interactions`?"]);
        if format != "text" {
            renown(&["schema", "job", "--format", format]).refused(2, &["--format text"]);
        }
    }
    renown(&["schema", "scores", "--format", "xml"]).refused(2, &["ddl"]);
}

#[test]
fn the_keys_of_job_and_method_files_are_documented() {
    let job = renown(&["schema", "job"]).done().stdout;
    for key in ["name:", "snapshot:", "method:", "rule:", "minimum_age:", "top:", "url:"] {
        assert!(job.lines().any(|line| line.starts_with(key)), "{key}\n{job}");
    }
    for section in ["[job]", "[sources]", "[inputs]", "[consent]", "[influence]", "[output]"] {
        assert!(job.lines().any(|line| line.starts_with(section)), "{section}\n{job}");
    }
    let method = renown(&["schema", "method"]).done().stdout;
    for key in ["version", "half_life_hours", "damping", "intercept", "coefficient", "weight"] {
        assert!(method.lines().any(|line| line.starts_with(&format!("{key}:"))), "{key}\n{method}");
    }
}

#[test]
fn every_term_of_every_method_may_enter_the_forecast() {
    let measures = schema::table(Direction::Output, "measures").unwrap();
    let mut methods = 0;
    for file in fs::read_dir(in_repository("jobs/methods")).unwrap() {
        let path = file.unwrap().path();
        // Parsing refuses terms that may not enter; their declarations are checked here.
        let method = Method::parse("method", &fs::read_to_string(path).unwrap()).unwrap();
        for term in &method.forecast.terms {
            let column = measures.columns.iter().find(|c| c.name == term.measure).unwrap();
            let measure = column.measure.as_ref().unwrap();
            assert!(measure.forecast);
            assert_eq!(measure.direction, "up");
        }
        methods += 1;
    }
    assert!(methods > 0);
    for column in &measures.columns {
        if let Some(measure) = &column.measure {
            assert!(["up", "shown"].contains(&measure.direction.as_str()), "{}", column.name);
            assert!(!measure.forecast || measure.direction == "up", "{}", column.name);
        }
    }
}

/// The row in `runs` agrees with the commit and the method.
#[test]
fn the_row_in_runs_describes_the_run() {
    let job = SampleJob::after_run();
    let commit: Value = serde_json::from_slice(&fs::read(job.commit(1)).unwrap()).unwrap();
    let file = commit["tables"]["runs"]["files"][0]["path"].as_str().unwrap();
    let runs = crate::parquet_files::read(&job.output().join(file));
    assert_eq!(strings(&runs, "run_id"), [commit["run_id"].as_str().unwrap()]);
    assert_eq!(strings(&runs, "job"), ["sample"]);
    assert_eq!(strings(&runs, "method_version"), ["sample-1"]);
    assert_eq!(strings(&runs, "renown_version"), [env!("CARGO_PKG_VERSION")]);
    for table in ["people", "scores", "measures", "influence_edges"] {
        let rows = crate::parquet_files::integers(&runs, &format!("{table}_rows"));
        assert_eq!(rows, [commit["tables"][table]["rows"].as_i64().unwrap()], "{table}");
    }
    // The end of 2018-09-01 in UTC, in microseconds.
    assert_eq!(crate::parquet_files::integers(&runs, "cutoff"), [1_535_846_400_000_000]);
}
