//! The id of a run changes with everything that can reach a table, and with nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, RecordBatch, UInt32Array};
use arrow::compute::{cast, concat, take};
use arrow::datatypes::{DataType, TimeUnit};
use fastrand::Rng;
use renown::engine::Engine;
use renown::job::Job;
use renown::pipeline::progress::Progress;
use renown::pipeline::run;
use renown::publish::commit;
use renown::schema::{self, Direction, Status};
use renown::storage::{Stores, below};
use tempfile::TempDir;

use crate::campaign::cases;
use crate::disputes::disputes;
use crate::world::{
    Account, CUTOFF, HOUR, Post, Published, Row, World, account, follow, identity, instants, lists,
    of_account, of_person, reply, text, topic_edges, topic_phrases, topics, write,
};

/// Columns of tables that hold ids and hashes, or follow from them.
const IDS: [&str; 4] = ["run_id", "data_sha256", "method_sha256", "snapshot_id"];

/// A world in which `people` agreed, under a rule that does not require it: only cohorts show who agreed.
fn world_of_agreements(people: &[&str]) -> World {
    World {
        accounts: Some(["ann", "bob", "cid"].map(|id| account("net", id)).into()),
        events: vec![
            reply("net", "bob", "ann", 5),
            reply("net", "cid", "ann", 6),
            reply("net", "ann", "bob", 7),
        ],
        consent: Some(people.iter().map(|id| of_account("net", id, "opted_in", 9)).collect()),
        settings:
            "[topics]\nontology = \"none\"\n[[cohort]]\nname = \"all\"\npurpose = \"tests\"\nnetworks = [\"net\"]\n"
                .into(),
        ..World::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_consent_removes_a_person_from_cohorts() {
    let folder = TempDir::new().unwrap();
    let members = |published: &Published| -> Vec<String> {
        published.tables["cohorts"]
            .iter()
            .map(|row| row["person_id"].as_str().unwrap().into())
            .collect()
    };
    let first = world_of_agreements(&["ann", "bob"]).run_in(folder.path()).await;
    assert_eq!(members(&first), ["net:ann", "net:bob"]);
    let second = world_of_agreements(&["ann"]).run_in(folder.path()).await;
    assert!(!second.outcome.already);
    assert_eq!(members(&second), ["net:ann"]);
}

/// The whole: `RENOWN_CASES=60 cargo test --test suite concurrent_runs_with_different_consent`.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_runs_with_different_consent_leave_complete_tables_campaign() {
    for _ in cases(0, 3) {
        let folder = TempDir::new().unwrap();
        let output = folder.path().join("out");
        let job = |name: &str, people: &[&str]| {
            let job = world_of_agreements(people).write(&folder.path().join(name));
            let text = fs::read_to_string(&job).unwrap();
            fs::write(&job, text.replace("\"out/\"", &format!("{output:?}"))).unwrap();
            Job::load(&job, &[], None).unwrap()
        };
        let jobs = [job("one", &["ann", "bob"]), job("other", &["ann"])];
        let runs = jobs.clone().map(|job| {
            tokio::spawn(async move {
                let engine = Engine::new(Stores::default(), 2);
                run(&engine, &job, &mut Progress::silent()).await.map(|outcome| outcome.commit)
            })
        });
        let mut published = 0;
        for run in runs {
            published += usize::from(run.await.unwrap().is_ok());
        }
        assert!(published > 0);
        let (stores, output) = (Stores::default(), &jobs[0].output);
        for commit in commit::all(&stores, output).await.unwrap() {
            for file in commit.tables.values().flat_map(|table| &table.files) {
                let bytes =
                    stores.read(&below(output, &file.path).unwrap()).await.unwrap().unwrap();
                assert_eq!(bytes.len() as u64, file.size, "{}", file.path);
            }
        }
    }
}

/// A world that has every input, and small enough to be run a thousand times.
fn whole_world() -> World {
    let post = |id: &str, author: &str, hours: i64, words: &str| Post {
        network: "net".into(),
        id: id.into(),
        author: author.into(),
        at: CUTOFF - hours * HOUR,
        text: Some(words.into()),
        tags: vec!["sea".into()],
        ..Post::default()
    };
    let on = |id: &str, mut event: crate::world::Interaction| {
        event.post = Some(id.into());
        event.sentiment = Some(0.5);
        event
    };
    let mut events = vec![
        on("p1", reply("net", "bob", "ann", 5)),
        on("p1", reply("net", "cid", "ann", 30)),
        on("p2", reply("net", "dot", "ann", 200)),
        on("p3", reply("net", "ann", "bob", 400)),
        reply("net", "bob", "cid", 900),
        reply("web", "b", "a", 50),
        reply("web", "a", "b", 1500),
    ];
    events[1].kind = "like".into();
    events[2].sentiment = Some(-0.5);
    let member = |network: &str, id: &str| Account {
        name: Some(id.to_uppercase()),
        country: Some("DE".into()),
        automated: Some(id == "dot"),
        followers: Some(9),
        listed: Some(2),
        verified: Some(id == "bob"),
        created: Some(CUTOFF - 5000 * HOUR),
        points: Some(1.5),
        minor: Some(false),
        ..account(network, id)
    };
    let texts = |values: [&'static str; 3]| text(values);
    let endorsements = RecordBatch::try_from_iter([
        ("giver_id", texts(["Bob", "net:cid", "net:dot"])),
        ("receiver_id", texts(["net:ann", "net:ann", "Bob"])),
        ("topic_id", texts(["sea", "lobsters", "sea"])),
        ("at", instants([3, 40, 80].map(|hours| CUTOFF - hours * HOUR))),
    ]);
    let of_lists = RecordBatch::try_from_iter([
        ("network", texts(["net", "net", "web"])),
        ("list_id", texts(["l1", "l1", "l2"])),
        ("list_name", texts(["sea", "sea", "lobsters"])),
        ("owner_id", texts(["cid", "cid", "b"])),
        ("member_id", texts(["ann", "dot", "a"])),
    ]);
    let disputed = disputes(&[
        (Some("ann"), None, "the number", 100, None),
        (None, Some("Bob"), "the topic", 50, Some(-20)),
    ]);
    let labels = RecordBatch::try_from_iter([
        ("truth", texts(["grades", "grades", "grades"])),
        ("form", texts(["graded", "graded", "graded"])),
        ("person_id", texts(["net:ann", "Bob", "net:cid"])),
        ("value", Arc::new(Float64Array::from(vec![3.0, 2.0, 1.0])) as ArrayRef),
    ]);
    World {
        accounts: Some(
            [
                ("net", "ann"),
                ("net", "bob"),
                ("net", "cid"),
                ("net", "dot"),
                ("web", "a"),
                ("web", "b"),
            ]
            .map(|(network, id)| member(network, id))
            .into(),
        ),
        identities: Some(vec![identity("net", "bob", "Bob"), identity("web", "b", "Bob")]),
        consent: Some(vec![
            of_account("net", "ann", "opted_in", 9),
            of_person("Bob", "opted_in", 80),
            of_account("net", "cid", "opted_in", 700),
        ]),
        posts: Some(vec![
            post("p1", "ann", 40, "lobsters in the sea"),
            post("p2", "ann", 250, "the sea"),
            post("p3", "bob", 500, "lobsters"),
        ]),
        events,
        follows: Some(vec![
            follow("net", "bob", "ann", Some(100)),
            follow("net", "cid", "ann", Some(1000)),
            follow("web", "b", "a", None),
        ]),
        more: vec![
            ("topics", topics(&["food", "lobsters", "sea", "belief!religion"])),
            ("topic_edges", topic_edges(&[("lobsters", "food"), ("lobsters", "sea")])),
            (
                "topic_phrases",
                topic_phrases(&[
                    ("sea", "sea", Some("en"), None),
                    ("lobsters", "lobsters", None, Some(0.9)),
                ]),
            ),
            ("endorsements", endorsements.unwrap()),
            ("lists", of_lists.unwrap()),
            ("disputes", disputed),
            ("ground_truth", labels.unwrap()),
        ],
        settings: "[topics]\ntags = true\n[[cohort]]\nname = \"all\"\npurpose = \"tests\"\nnetworks = [\"net\"]\n"
            .into(),
        seeds: vec!["net:cid".into()],
        profiles: "[[profile]]\nname = \"tall\"\nweights.credited_reactors_90d = 2.0\n".into(),
        ..World::default()
    }
}

/// What a run shows apart from ids and hashes: every table, the rows dropped by rule, and the hash of the job in its log.
#[derive(PartialEq)]
struct Shown {
    tables: BTreeMap<String, Vec<Row>>,
    drops: Vec<renown::model::Dropped>,
    job_sha256: String,
}

struct Run {
    run_id: String,
    bytes: BTreeMap<String, Vec<u8>>,
    shown: Shown,
}

impl Run {
    /// The run of the job in `folder`.
    async fn of(folder: &Path) -> renown::error::Result<Self> {
        let published = Published::of(&folder.join("job.toml"), 2, &[]).await?;
        let run_id = published.commit.run_id.clone();
        let log = published.log();
        let mut tables = published.tables;
        for row in tables.values_mut().flatten() {
            IDS.iter().for_each(|name| drop(row.remove(*name)));
        }
        let bytes = published.files.into_iter().filter(|(path, _)| path.ends_with(".parquet"));
        let bytes: BTreeMap<String, Vec<u8>> = bytes.collect();
        assert!(bytes.keys().all(|path| path.contains(&run_id)));
        let job_sha256 = log["job_sha256"].as_str().unwrap().to_owned();
        Ok(Self {
            run_id,
            bytes,
            shown: Shown { tables, drops: published.outcome.notes.dropped, job_sha256 },
        })
    }
}

/// One change of the inputs, the job or the method.
enum Change {
    /// The table `table` becomes these rows.
    Table(&'static str, RecordBatch),
    /// A file next to the inputs gets this text.
    File(&'static str, String),
}

/// A value of each column at each row, changed in several ways; each row left out, and each row duplicated.
fn changes_of(name: &'static str, rows: &RecordBatch) -> Vec<(String, Change)> {
    let mut changes = Vec::new();
    let n = rows.num_rows() as u32;
    let reordered = |order: &[u32]| {
        let order = UInt32Array::from(order.to_vec());
        let columns = rows.columns().iter().map(|column| take(column, &order, None).unwrap());
        RecordBatch::try_new(rows.schema(), columns.collect()).unwrap()
    };
    for row in 0..n {
        let left: Vec<u32> = (0..n).filter(|other| *other != row).collect();
        if !left.is_empty() {
            changes.push((
                format!("{name}: row {row} left out"),
                Change::Table(name, reordered(&left)),
            ));
        }
        let twice: Vec<u32> = (0..n).chain([row]).collect();
        changes.push((format!("{name}: row {row} twice"), Change::Table(name, reordered(&twice))));
        for (column, field) in rows.columns().iter().zip(rows.schema().fields()) {
            for (how, value) in other_values(column, row as usize) {
                let at = row as usize;
                let parts =
                    [column.slice(0, at), value, column.slice(at + 1, column.len() - at - 1)];
                let parts: Vec<&dyn Array> = parts.iter().map(|part| part.as_ref()).collect();
                let changed = crate::world::with(rows, field.name(), concat(&parts).unwrap());
                let what = format!("{name}.{} of row {row} {how}", field.name());
                changes.push((what, Change::Table(name, changed)));
            }
        }
    }
    changes
}

/// Other values than the one of `column` at `row`, each as a column of one row.
fn other_values(column: &ArrayRef, row: usize) -> Vec<(&'static str, ArrayRef)> {
    let one = |values: ArrayRef| cast(&values, column.data_type()).unwrap();
    let current = column.slice(row, 1);
    let mut others = vec![("missing", arrow::array::new_null_array(column.data_type(), 1))];
    let next = column.slice((row + 1) % column.len(), 1);
    if next.as_ref() != current.as_ref() {
        others.push(("as in the next row", next));
    }
    match column.data_type() {
        DataType::Utf8 => others.push(("another text", text(["other"]))),
        DataType::Boolean => {
            let negated = arrow::compute::not(arrow::array::AsArray::as_boolean(&current)).unwrap();
            others.push(("negated", Arc::new(negated)));
        }
        DataType::List(_) => others.push(("another list", lists([&["other".to_owned()][..]]))),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let at: &arrow::array::TimestampMicrosecondArray =
                arrow::array::AsArray::as_primitive(&current);
            for (how, hours) in [("an hour earlier", 1), ("forty days earlier", 960)] {
                if at.is_valid(0) {
                    others.push((how, one(instants([at.value(0) - hours * HOUR]))));
                }
            }
        }
        DataType::Date32 => others.push(("a birth date", one(text(["2015-01-01"])))),
        _ => {
            let number = cast(&current, &DataType::Float64).unwrap();
            let number: &Float64Array = arrow::array::AsArray::as_primitive(&number);
            let changed = if number.is_valid(0) { number.value(0) * 0.5 + 1.0 } else { 3.0 };
            others.push(("another number", one(Arc::new(Float64Array::from(vec![changed])))));
        }
    }
    others
}

/// Every key of a TOML file, with another value each.
fn changes_of_keys(file: &'static str, text: &str) -> Vec<(String, Change)> {
    fn leaves(value: &toml::Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
        match value {
            toml::Value::Table(table) => table.iter().for_each(|(key, value)| {
                path.push(key.clone());
                leaves(value, path, found);
                path.pop();
            }),
            toml::Value::Array(items) if items.iter().any(|item| item.is_table()) => {
                items.iter().enumerate().for_each(|(at, value)| {
                    path.push(at.to_string());
                    leaves(value, path, found);
                    path.pop();
                });
            }
            _ => found.push(path.clone()),
        }
    }
    let whole: toml::Value = toml::from_str(text).unwrap();
    let mut found = Vec::new();
    leaves(&whole, &mut vec![], &mut found);
    let mut changes = Vec::new();
    for path in found {
        let mut changed = whole.clone();
        let leaf = path.iter().fold(&mut changed, |value, key| match value {
            toml::Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
            value => value.get_mut(key).unwrap(),
        });
        *leaf = match leaf.clone() {
            toml::Value::Integer(number) => toml::Value::Integer(number + 1),
            toml::Value::Float(number) => toml::Value::Float(number * 0.9 + 0.01),
            toml::Value::Boolean(flag) => toml::Value::Boolean(!flag),
            toml::Value::String(text) => toml::Value::String(text + "x"),
            toml::Value::Array(_) => toml::Value::Array(vec![]),
            other => other,
        };
        let what = format!("{file}: {}", path.join("."));
        changes.push((what, Change::File(file, toml::to_string(&changed).unwrap())));
    }
    changes
}

/// Keys that `whole_world` does not set, and that a run does not read.
const NOT_READ: &str = "[fit]\norigins = 3\n[validate]\nseed = 5\ntop = 7\n";

/// Changes of this world, by how they begin, after which a run has another id although no table differs: the change is
/// finer than any table shows, or only another world would show it.
const NOT_SHOWN_HERE: [(&str, &str); 14] = [
    ("accounts.created_at", "tables show ages of accounts in whole days"),
    ("accounts.is_verified of row 2", "the account is a seed by name too"),
    ("endorsements", "too little for evidence of a topic, or already given by a list"),
    ("follows.since", "tables show who began to follow within 30 and 90 days"),
    ("lists", "too little for evidence of a topic, or already given by an endorsement"),
    ("posts.hashtags of row 1", "the same topics are found in the text"),
    ("posts.text of row 1", "the same topics are found in the tags"),
    ("posts.text of row 2", "the same topics are found in the tags"),
    ("topic_phrases.language", "all posts here are in one language"),
    (
        "topic_phrases: row 0 left out",
        "a topic without phrases is known by its name, which is the same",
    ),
    ("topics.name of row 3", "no post is about it"),
    ("topics.special_category of row 3", "no post is about it"),
    ("topics.topic_id of row 3", "no post is about it"),
    ("topics: row 3 left out", "no post is about it"),
];

/// The whole, about 1,600 changes: `RENOWN_CASES=2000 cargo test --test suite run_ids_change_together`.
#[tokio::test(flavor = "multi_thread")]
async fn published_bytes_and_run_ids_change_together_campaign() {
    let mut world = whole_world();
    world.settings += NOT_READ;
    let folder = TempDir::new().unwrap();
    world.write(folder.path());
    let tables = world.tables();
    // Every input that a run reads is in the world.
    for table in schema::tables().unwrap().iter().filter(|t| t.direction == Direction::Input) {
        assert!(
            table.status != Status::Read || tables.iter().any(|(name, _)| *name == table.table),
            "{}",
            table.table
        );
    }
    let base = Run::of(folder.path()).await.unwrap();
    let method = fs::read_to_string(folder.path().join("method.toml")).unwrap();
    let job = fs::read_to_string(folder.path().join("job.toml")).unwrap();
    let mut changes: Vec<_> =
        tables.iter().flat_map(|(name, rows)| changes_of(name, rows)).collect();
    changes.extend(changes_of_keys("method.toml", &method));
    changes.extend(changes_of_keys("job.toml", &job));
    Rng::with_seed(31).shuffle(&mut changes);
    let (mut refused, mut same, mut other) = (0, 0, 0);
    let mut unseen = BTreeSet::new();
    for ((what, change), _) in changes.iter().zip(cases(0, 26)) {
        fs::remove_dir_all(folder.path()).unwrap();
        world.write(folder.path());
        match change {
            Change::Table(name, rows) => {
                write(&folder.path().join(format!("{name}.parquet")), rows)
            }
            Change::File(name, text) => fs::write(folder.path().join(name), text).unwrap(),
        }
        let Ok(run) = Run::of(folder.path()).await else {
            refused += 1;
            continue;
        };
        if run.run_id == base.run_id {
            same += 1;
            assert!(run.bytes == base.bytes, "{what}: other bytes under the same run id");
        } else {
            other += 1;
            if run.shown == base.shown {
                unseen.insert(what.as_str());
            }
        }
    }
    let expected = |what: &&str| NOT_SHOWN_HERE.iter().any(|(start, _)| what.starts_with(start));
    let unseen: Vec<_> = unseen.into_iter().filter(|what| !expected(what)).collect();
    assert!(unseen.is_empty(), "another run id and nothing to show for it: {unseen:#?}");
    assert!(
        same > 0 && other > same && refused < same + other,
        "{same} same, {other} other, {refused} refused"
    );
}
