//! Delta tables, whose logs and files these tests write themselves: what the log no longer names does not come back.

use std::fs;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use renown::error::Kind;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::{batch, texts};
use crate::world::{Interaction, Published, World, interactions, reply, without, write};

const ID: &str = "5fba94ed-9794-4965-ba6e-6ee3c0d22af9";
const FOLDER: &str = "interactions = \"in/\"\n";

/// The columns of interactions with their types in a Delta schema.
const COLUMNS: [(&str, &str); 8] = [
    ("network", "string"),
    ("actor_id", "string"),
    ("target_id", "string"),
    ("kind", "string"),
    ("at", "timestamp"),
    ("post_id", "string"),
    ("via_post_id", "string"),
    ("sentiment", "double"),
];

fn schema(columns: &[(&str, &str)], is_mapped: bool) -> String {
    let field = |(number, (name, kind)): (usize, &(&str, &str))| {
        let metadata = match is_mapped {
            true => json!({
                "delta.columnMapping.id": number + 1,
                "delta.columnMapping.physicalName": physical(name),
            }),
            false => json!({}),
        };
        json!({ "name": name, "type": kind, "nullable": true, "metadata": metadata })
    };
    let fields: Vec<Value> = columns.iter().enumerate().map(field).collect();
    json!({ "type": "struct", "fields": fields }).to_string()
}

/// The name of a column in the files of a table whose columns are mapped.
fn physical(name: &str) -> String {
    format!("col-{}", name.len() * 7 + usize::from(name.as_bytes()[0]))
}

/// A folder with a Delta table below `in/`.
struct Table {
    folder: TempDir,
    versions: usize,
}

impl Table {
    /// A table whose first version has the columns of interactions and these actions.
    fn new(settings: Value, actions: &[Value]) -> Self {
        let mut table = Self { folder: tempfile::tempdir().unwrap(), versions: 0 };
        let features = settings.get("features").cloned();
        let protocol = match features {
            Some(features) => json!({ "protocol": {
                "minReaderVersion": 3, "minWriterVersion": 7,
                "readerFeatures": features, "writerFeatures": features,
            }}),
            None => json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } }),
        };
        let is_mapped = settings["configuration"].get("delta.columnMapping.mode").is_some();
        let columns = settings["columns"].as_array().map(|columns| {
            let text = |value: &Value, at: usize| value[at].as_str().unwrap().to_owned();
            columns.iter().map(|column| (text(column, 0), text(column, 1))).collect::<Vec<_>>()
        });
        let own: Vec<(&str, &str)> = match &columns {
            Some(columns) => columns.iter().map(|(name, kind)| (&**name, &**kind)).collect(),
            None => COLUMNS.to_vec(),
        };
        let metadata = json!({ "metaData": {
            "id": ID,
            "format": { "provider": "parquet", "options": {} },
            "schemaString": schema(&own, is_mapped),
            "partitionColumns": settings.get("partitions").cloned().unwrap_or(json!([])),
            "configuration": settings.get("configuration").cloned().unwrap_or(json!({})),
            "createdTime": 0,
        }});
        table.commit(&[&[protocol, metadata], actions].concat());
        table
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("in").join(name)
    }

    fn commit(&mut self, actions: &[Value]) {
        let path = self.path(&format!("_delta_log/{:020}.json", self.versions));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let lines: Vec<String> = actions.iter().map(Value::to_string).collect();
        fs::write(path, lines.join("\n")).unwrap();
        self.versions += 1;
    }

    fn put(&self, name: &str, rows: &RecordBatch) {
        write(&self.path(name), rows);
    }

    /// Puts the sizes of the files into the log: readers look for a footer at the end that it says.
    fn state_sizes(&self) {
        for version in 0..self.versions {
            let path = self.path(&format!("_delta_log/{version:020}.json"));
            let text = fs::read_to_string(&path).unwrap();
            let mut actions: Vec<Value> =
                text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            for add in actions.iter_mut().filter_map(|action| action.get_mut("add")) {
                let file = self.path(add["path"].as_str().unwrap());
                add["size"] = json!(fs::metadata(file).unwrap().len());
            }
            let lines: Vec<String> = actions.iter().map(Value::to_string).collect();
            fs::write(path, lines.join("\n")).unwrap();
        }
    }

    fn job(&self, inputs: &str) -> String {
        self.state_sizes();
        let job = World::default().write_job(self.folder.path(), inputs);
        job.display().to_string()
    }

    async fn run(&self, inputs: &str) -> renown::error::Result<Published> {
        let _ = fs::remove_dir_all(self.folder.path().join("out"));
        Published::of(self.job(inputs).as_ref(), 3, &[]).await
    }

    async fn people(&self, inputs: &str) -> Vec<String> {
        self.run(inputs).await.unwrap_or_else(|e| panic!("{inputs}: {e}")).people()
    }
}

fn add(path: &str) -> Value {
    json!({ "add": {
        "path": path, "partitionValues": {}, "size": 1_000, "modificationTime": 0, "dataChange": true,
    }})
}

fn remove(path: &str) -> Value {
    json!({ "remove": { "path": path, "deletionTimestamp": 1, "dataChange": true } })
}

fn rows(pairs: &[(&str, &str)]) -> RecordBatch {
    let replies = pairs.iter().zip(3..).map(|((a, b), hours)| reply("a", a, b, hours));
    interactions(&replies.collect::<Vec<Interaction>>())
}

/// A table of two files, of which the second version rewrites one without the person 9.
fn rewritten() -> Table {
    let mut table = Table::new(json!({}), &[add("part-0.parquet"), add("part-1.parquet")]);
    table.put("part-0.parquet", &rows(&[("1", "2"), ("9", "2")]));
    table.put("part-1.parquet", &rows(&[("2", "3")]));
    table.put("part-2.parquet", &rows(&[("1", "2")]));
    table.commit(&[remove("part-0.parquet"), add("part-2.parquet")]);
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_deleted_do_not_come_back() {
    let table = rewritten();
    let published = table.run(FOLDER).await.unwrap();
    assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    let log = published.log();
    let version = json!({ "format": "delta", "id": ID, "version": 1 });
    assert_eq!(log["table_versions"]["interactions"], version);
    let files = log["inputs"]["interactions"].as_array().unwrap();
    let paths = files.iter().map(|file| file["path"].as_str().unwrap().rsplit('/').next().unwrap());
    assert_eq!(paths.collect::<Vec<_>>(), ["part-1.parquet", "part-2.parquet"]);
    assert!(files.iter().all(|file| file["e_tag"] == format!("{ID}@1")));
    // The same version gives nothing to do, another does.
    let mut table = table;
    let plan = |table: &Table| renown(&["plan", &table.job(FOLDER)]).done().stdout;
    assert!(plan(&table).contains("no run is needed"), "{}", plan(&table));
    table.commit(&[remove("part-1.parquet")]);
    assert!(plan(&table).contains("changed since commit 1: interactions"), "{}", plan(&table));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_is_read_where_it_is_named() {
    let table = rewritten();
    let old = table.run("interactions = \"in/?version=0\"\n").await.unwrap();
    assert_eq!(old.people(), ["a:1", "a:2", "a:3", "a:9"]);
    assert_eq!(old.outcome.notes.table_versions["interactions"].version, 0);
    assert_eq!(table.people("interactions = \"in/?version=1\"\n").await, ["a:1", "a:2", "a:3"]);
    let missing = table.run("interactions = \"in/?version=7\"\n").await.err().unwrap();
    assert_eq!(missing.kind, Kind::BadInput, "{missing}");
    let wrong = table.run("interactions = \"in/?version=last\"\n").await.err().unwrap();
    assert_eq!(wrong.kind, Kind::BadJob, "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_select_and_rank_read_tables_too() {
    let table = rewritten();
    let select =
        "interactions = \"SELECT * FROM raw WHERE target_id = '2'\"\n[sources]\nraw = \"in/\"\n";
    assert_eq!(table.people(select).await, ["a:1", "a:2"]);
    let edges = table.path("").display().to_string();
    let out = table.folder.path().join("ranks.parquet").display().to_string();
    let columns = ["--source", "actor_id", "--target", "target_id", "--iterations", "3"];
    let ended = renown(&[&["rank", &edges, "--out", &out], &columns[..]].concat()).done();
    assert!(ended.stdout.contains("vertices   3\n"), "{}", ended.stdout);
    // A part of a table is not the table.
    let part = table.run("interactions = \"in/part-0.parquet\"\n").await.err().unwrap();
    assert_eq!(part.kind, Kind::BadInput);
    assert!(part.remedy.contains("name the folder of the table"), "{part}");
}

/// Bytes as text of the alphabet Z85.
fn z85(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 85] =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut text = String::new();
    for four in bytes.chunks(4) {
        let mut value = u32::from_be_bytes(four.try_into().unwrap());
        let mut five = [0; 5];
        for letter in five.iter_mut().rev() {
            *letter = LETTERS[(value % 85) as usize];
            value /= 85;
        }
        text.extend(five.map(char::from));
    }
    text
}

/// A vector of two deleted rows, within the log.
fn deletion_vector(deleted: [u16; 2]) -> Value {
    let mut bytes = 1_681_511_377_u32.to_le_bytes().to_vec();
    // One bitmap for the rows below 2^32: one container of two numbers.
    bytes.extend(1_u64.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(12_346_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend(1_u16.to_le_bytes());
    bytes.extend(16_u32.to_le_bytes());
    deleted.iter().for_each(|row| bytes.extend(row.to_le_bytes()));
    json!({
        "storageType": "i", "pathOrInlineDv": z85(&bytes), "sizeInBytes": bytes.len(), "cardinality": 2,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_deletion_vector_are_left_out() {
    let settings = json!({
        "features": ["deletionVectors"],
        "configuration": { "delta.enableDeletionVectors": "true" },
    });
    let mut file = add("part-0.parquet");
    file["add"]["deletionVector"] = deletion_vector([1, 3]);
    let table = Table::new(settings, &[file]);
    table.put("part-0.parquet", &rows(&[("1", "2"), ("9", "2"), ("2", "3"), ("8", "3")]));
    assert_eq!(table.people(FOLDER).await, ["a:1", "a:2", "a:3"]);
    // A condition that is pushed to the file must not move the numbers of its rows.
    let select =
        "interactions = \"SELECT * FROM raw WHERE target_id = '3'\"\n[sources]\nraw = \"in/\"\n";
    assert_eq!(table.people(select).await, ["a:2", "a:3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_are_mapped_have_the_names_of_the_table() {
    let settings = json!({
        "features": ["columnMapping"],
        "configuration": { "delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "8" },
    });
    let table = Table::new(settings, &[add("part-0.parquet")]);
    let all = rows(&[("1", "2"), ("2", "3")]);
    let columns = COLUMNS.map(|(name, _)| (physical(name), all[name].clone()));
    table.put("part-0.parquet", &RecordBatch::try_from_iter(columns).unwrap());
    assert_eq!(table.people(FOLDER).await, ["a:1", "a:2", "a:3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_and_new_columns_are_those_of_the_log() {
    let mut first = add("network=a/part-0.parquet");
    first["add"]["partitionValues"] = json!({ "network": "a" });
    let mut second = add("network=b/part-1.parquet");
    second["add"]["partitionValues"] = json!({ "network": "b" });
    let table = Table::new(json!({ "partitions": ["network"] }), &[first, second]);
    let of = |pairs: &[(&str, &str)], without_too: &[&str]| {
        let mut columns = without(&rows(pairs), "network");
        columns.retain(|(name, _)| !without_too.contains(&name.as_str()));
        RecordBatch::try_from_iter(columns).unwrap()
    };
    table.put("network=a/part-0.parquet", &of(&[("1", "2")], &["sentiment"]));
    table.put("network=b/part-1.parquet", &of(&[("1", "2")], &[]));
    assert_eq!(table.people(FOLDER).await, ["a:1", "a:2", "b:1", "b:2"]);
    // A file that the log does not name is none of the table.
    table.put("network=b/part-2.parquet", &of(&[("7", "8")], &[]));
    table.put("odd.parquet", &batch(&[("x", texts(["y"]))]));
    assert_eq!(table.people(FOLDER).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn features_that_are_not_supported_are_refused() {
    let table = Table::new(json!({ "features": ["someDayFeature"] }), &[add("part-0.parquet")]);
    table.put("part-0.parquet", &rows(&[("1", "2")]));
    let error = table.run(FOLDER).await.err().unwrap();
    assert_eq!(error.kind, Kind::BadInput, "{error}");
}
