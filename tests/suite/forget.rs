//! `forget`: nothing below the output holds a person any more, whatever happens meanwhile, and others keep what they had.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::util::display::array_value_to_string;
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use renown::audit::{Limits, audit_run};
use renown::engine::Engine;
use renown::error::Kind;
use renown::forget::{Receipt, forget};
use renown::method::{Evidence, GateRule};
use renown::publish::commit::{self, Commit, Of};
use renown::publish::commit_tables;
use renown::storage::Stores;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::binary::renown;
use crate::drafts;
use crate::faulty_store::{Fault, FaultyStore};
use crate::sample_job::SampleJob;
use crate::world::{HOUR, Post, World, account, read, reply, run_job};

/// Path of a file, with a row of it as texts of its columns by name.
type TextRow = (String, BTreeMap<String, String>);

/// Every row of every Parquet file below `folder`; and every other file as text.
fn everything(folder: &Path) -> (Vec<TextRow>, Vec<(String, String)>) {
    let (mut rows, mut texts) = (vec![], vec![]);
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".parquet") {
                for batch in read(&path) {
                    let schema = batch.schema();
                    rows.extend((0..batch.num_rows()).map(|row| {
                        let columns = schema.fields().iter().zip(batch.columns());
                        let cells = columns.map(|(field, column)| {
                            (field.name().clone(), array_value_to_string(column, row).unwrap())
                        });
                        (name.clone(), cells.collect())
                    }));
                }
            } else {
                texts.push((name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
            }
        }
    }
    (rows, texts)
}

/// Whether a text has `id` as a whole value, or as an item of a list.
fn names(text: &str, id: &str) -> bool {
    text.trim_matches(['[', ']']).split(", ").any(|item| item == id)
}

/// The cells of the columns of contributions by person, without the day.
fn contributions(rows: &[TextRow]) -> BTreeMap<String, Vec<BTreeMap<String, String>>> {
    let mut found: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (_, row) in rows.iter().filter(|(file, _)| file.starts_with("contributions/")) {
        found.entry(row["person_id"].clone()).or_default().push(row.clone());
    }
    found.values_mut().for_each(|rows| rows.sort());
    found
}

#[test]
fn fifty_people_leave_the_sample() {
    let job = SampleJob::after_run();
    let (before, _) = everything(&job.output());
    let people: BTreeSet<&str> = before
        .iter()
        .filter(|(file, _)| file.starts_with("people/"))
        .map(|(_, row)| row["person_id"].as_str())
        .collect();
    let mut random = fastrand::Rng::with_seed(23);
    let mut people: Vec<&str> = people.into_iter().collect();
    random.shuffle(&mut people);
    people.truncate(50);
    // Some who are in every table that names people.
    let evident = before.iter().find(|(file, _)| file.starts_with("topic_evidence/")).unwrap();
    people[0] = &evident.1["person_id"];
    let posts: BTreeSet<&str> = before
        .iter()
        .filter(|(_, row)| row.contains_key("post_id") && people.contains(&&*row["person_id"]))
        .map(|(_, row)| row["post_id"].as_str())
        .collect();
    assert!(!posts.is_empty());
    let url = job.output();
    for few in people.chunks(10) {
        let ended = renown(&[&["forget"], few, &["--url", url.to_str().unwrap()]].concat()).done();
        assert!(ended.stdout.contains("; 0 hold the person"), "{}", ended.stdout);
    }
    let (after, texts) = everything(&job.output());
    for (file, row) in &after {
        for id in &people {
            for (column, text) in row.iter().filter(|(column, _)| *column != "topic_id") {
                assert!(!names(text, id), "{id} in {column} of {file}");
                let bare = id.split_once(':').unwrap().1;
                assert!(column != "account_id" || text != bare, "{id} in {file}");
            }
        }
        assert!(row.get("post_id").is_none_or(|post| !posts.contains(&**post)), "{file}");
    }
    for (file, text) in &texts {
        assert!(people.iter().all(|id| !text.contains(&format!("\"{id}\""))), "{file}");
    }
    let mut expected = contributions(&before);
    expected.retain(|person, _| !people.contains(&&**person));
    assert_eq!(contributions(&after), expected);
    // What is left is what a command reads.
    let who = people[0];
    renown(&["explain", job.output().to_str().unwrap(), who]).refused(65, &["nobody in this run"]);
    let left = expected.keys().next().unwrap();
    renown(&["explain", job.output().to_str().unwrap(), left]).done();
    assert!(texts.iter().filter(|(file, _)| file.starts_with("receipts/")).count() == 10);
}

const CANARY: &str = "canary7f3a9c42";

/// Ann's every field is unique. Bob and Cid react to her and she to them.
fn canary_world(day: NaiveDate) -> World {
    let mut ann = account("net", CANARY);
    ann.name = Some(format!("Ann {CANARY}"));
    let post = |id: &str, author: &str, hours: i64, text: String| Post {
        network: "net".into(),
        id: id.into(),
        author: author.into(),
        at: crate::world::CUTOFF - hours * HOUR,
        text: Some(text),
        tags: vec!["tea".into()],
        ..Post::default()
    };
    let mut events = vec![];
    for (hours, (actor, target)) in
        (30..).step_by(3).zip([("bob", CANARY), ("cid", CANARY), (CANARY, "bob"), ("cid", "bob")])
    {
        events.push(reply("net", actor, target, hours));
    }
    events[0].post = Some(format!("{CANARY}/1"));
    events[2].post = Some("bob/1".into());
    World {
        day,
        accounts: Some(vec![ann, account("net", "bob"), account("net", "cid")]),
        posts: Some(vec![
            post(&format!("{CANARY}/1"), CANARY, 50, "tea".into()),
            post("bob/1", "bob", 50, format!("tea with https://net.example/{CANARY}/1")),
        ]),
        events,
        ..World::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_a_person_is_left_anywhere() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    let day = crate::world::DAY;
    for day in [day.pred_opt().unwrap(), day] {
        run_job(&canary_world(day).write(folder.path()), 2, &[]).await.unwrap();
    }
    // A superseded run, a run that no commit names, a refused one, and a log with her id.
    let mut more = canary_world(day);
    more.events.push(reply("net", "bob", "cid", 20));
    let run_id = run_job(&more.write(folder.path()), 2, &[]).await.unwrap().1.commit.run_id;
    let people = output.join(format!("people/{day}/{run_id}-00000.parquet"));
    fs::copy(&people, output.join(format!("people/{day}/stray-00000.parquet"))).unwrap();
    let refused = output.join(format!("refused/{day}/{run_id}"));
    fs::create_dir_all(refused.join("people")).unwrap();
    fs::copy(&people, refused.join("people/00000.parquet")).unwrap();
    fs::write(refused.join("log.json"), "{\"checks\": 1}").unwrap();
    let kept = output.join(format!("refused/{day}/other"));
    fs::create_dir_all(&kept).unwrap();
    fs::write(kept.join("log.json"), "{\"checks\": 1}").unwrap();
    let log = output.join(format!("logs/{day}/{run_id}/log.json"));
    let mut logged: Value = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
    logged["examples"] = json!(["net:bob", format!("net:{CANARY}")]);
    fs::write(&log, logged.to_string()).unwrap();

    let url = output.to_str().unwrap();
    let (before, _) = everything(&output);
    let ended = renown(&["forget", CANARY, "--url", url, "--format", "json"]).done();
    let (after, texts) = everything(&output);
    assert!(before.iter().any(|(_, row)| row.values().any(|text| text.contains(CANARY))));
    for (file, row) in &after {
        assert!(row.values().all(|text| !text.contains(CANARY)), "{file}: {row:?}");
    }
    for (file, text) in &texts {
        assert!(!text.contains(CANARY), "{file}: {text}");
    }
    assert!(!refused.exists() || fs::read_dir(&refused).unwrap().count() <= 1);
    assert!(kept.join("log.json").exists());
    logged["examples"] = json!(["net:bob"]);
    let left: Value = serde_json::from_slice(&fs::read(&log).unwrap()).unwrap();
    assert_eq!(left, logged);

    // The receipt in the answer is the one that is kept; by the salt it is known whom it is about.
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    let receipt = &answer["receipt"];
    let name = receipt["receipt"].as_str().unwrap();
    let kept: Value =
        serde_json::from_slice(&fs::read(output.join(format!("receipts/{name}.json"))).unwrap())
            .unwrap();
    assert_eq!(receipt, &kept);
    assert!(!kept.to_string().contains(answer["salt"].as_str().unwrap()));
    let salted = format!("{}net:{CANARY}", answer["salt"].as_str().unwrap());
    let hash = renown::method::hex(&<sha2::Sha256 as sha2::Digest>::digest(salted));
    assert_eq!(kept["people_sha256"], json!([hash]));
    assert_eq!(kept["scan"]["holding"], json!([]));
    let held = kept["held"].as_array().unwrap();
    let done = |what: &str| held.iter().filter(|held| held["done"] == what).count();
    // In each of three runs: accounts, contributions, edges, evidence, interests, measures, people, posts, scores, …
    assert!(done("rewritten") > 20, "{held:?}");
    assert_eq!(done("deleted"), 3, "{held:?}");
    for held in held.iter().filter(|held| held["done"] == "rewritten") {
        let path = held["path_after"].as_str().unwrap();
        let bytes = fs::read(output.join(path)).unwrap();
        let sha256 = renown::method::hex(&<sha2::Sha256 as sha2::Digest>::digest(&bytes));
        assert_eq!(held["sha256_after"], json!(sha256), "{path}");
        assert!(path.starts_with("logs/") || held["path_after"] != held["path"]);
    }
    // Once more there is nobody of the name; the next night brings her back unless the inputs refuse.
    renown(&["forget", CANARY, "--url", url]).refused(65, &["holds anything on"]);
    let names = |page: String| page.contains("out of reach: the inputs: the next run scores");
    assert!(names(fs::read_to_string(output.join(format!("receipts/{name}.txt"))).unwrap()));
    renown(&["top", url]).done();
    renown(&["runs", url]).done();
    let next = World { day: day.succ_opt().unwrap(), ..canary_world(day) };
    run_job(&next.write(folder.path()), 2, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_several_people_in_a_run_is_refused() {
    let folder = TempDir::new().unwrap();
    let world = |linked: bool| World {
        accounts: Some(["1", "2", "3"].map(|id| account("a", id)).into()),
        events: vec![reply("a", "2", "1", 50), reply("a", "3", "2", 50)],
        identities: linked
            .then(|| ["1", "2"].map(|id| crate::world::identity("a", id, "p")).into()),
        day: if linked { crate::world::DAY } else { crate::world::DAY.pred_opt().unwrap() },
        ..World::default()
    };
    for linked in [false, true] {
        run_job(&world(linked).write(folder.path()), 2, &[]).await.unwrap();
    }
    let output = folder.path().join("out");
    let url = output.to_str().unwrap();
    let words = ["`p` is 2 people in one of the runs: a:1, a:2", "name each of them by its id"];
    renown(&["forget", "p", "--url", url]).refused(2, &words);
    renown(&["forget", "a:1", "a:2", "--url", url]).done();
    let (after, _) = everything(&output);
    let left: BTreeSet<_> = after.iter().filter_map(|(_, row)| row.get("person_id")).collect();
    assert_eq!(left, BTreeSet::from([&"a:3".to_owned()]));
}

struct Output {
    store: Arc<dyn ObjectStore>,
    url: Url,
}

/// The people of drafts; the first is in every table.
const WHO: &str = "net:ann";

impl Output {
    /// Two nights, and a run that no commit names.
    async fn new() -> Self {
        let output =
            Self { store: Arc::new(InMemory::new()), url: Url::parse("memory:///out/").unwrap() };
        for of in [21, 22] {
            output.publish(of, "run").await;
        }
        let from = "out/people/2026-11-21/run-00000.parquet".into();
        let to = "out/people/2026-11-21/stray-00000.parquet".into();
        output.store.copy(&from, &to).await.unwrap();
        output
    }

    fn stores(&self) -> Stores {
        Self::stores_with(Arc::clone(&self.store))
    }

    fn stores_with(store: Arc<dyn ObjectStore>) -> Stores {
        let stores = Stores::default();
        stores.register(Url::parse("memory:///").unwrap(), store);
        stores
    }

    async fn publish(&self, of: u32, run_id: &str) -> Commit {
        let day = NaiveDate::from_ymd_opt(2026, 11, of).unwrap();
        let limits = Limits { gates: &GateRule::default(), evidence: &Evidence::default() };
        let draft = drafts::of_run(drafts::draft(day), run_id);
        let audited =
            audit_run(draft, &[], &drafts::facts(run_id), &limits).unwrap().passed().unwrap();
        let (_, began) = commit::begin(&self.stores(), &self.url, day, Of::Runs).await.unwrap();
        commit_tables(&self.stores(), &self.url, audited, &json!({}), began).await.unwrap()
    }

    async fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        let listed: Vec<_> = self.store.list(None).try_collect().await.unwrap();
        let mut objects = BTreeMap::new();
        for object in listed {
            let bytes = self.store.get(&object.location).await.unwrap().bytes().await.unwrap();
            let path = object.location.as_ref().strip_prefix("out/").unwrap().to_owned();
            objects.insert(path, bytes.to_vec());
        }
        objects
    }

    /// Whether any table that readers see has the person; requires that every file is there and that all tables agree.
    async fn is_visible(&self) -> bool {
        let objects = self.objects().await;
        let mut people = BTreeSet::new();
        for commit in commit::all(&self.stores(), &self.url).await.unwrap() {
            for name in commit.tables.keys().filter(|name| *name != "runs" && *name != "topics") {
                if matches!(name.as_str(), "changes") {
                    continue;
                }
                let files = commit.tables[name].files.iter();
                people.insert(files.fold(false, |has, file| has | holds(&objects[&file.path])));
            }
        }
        assert_eq!(people.len(), 1, "half of it is visible");
        people.first() == Some(&true)
    }
}

/// Whether any text of a Parquet file is the person.
fn holds(bytes: &[u8]) -> bool {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file.parquet"), bytes).unwrap();
    let (rows, _) = everything(folder.path());
    rows.iter().any(|(_, row)| row.values().any(|text| names(text, WHO)))
}

/// The whole is interrupted at each of its calls in turn, in each way, and made again.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_request_is_completed_by_the_same_one_campaign() {
    let (mut hidden, mut whole) = (0, 0);
    let step = crate::campaign::distance_of_calls(17);
    for (number, fault) in
        [Fault::Refused, Fault::Down, Fault::AnswerLost, Fault::AnswerLostThenDown]
            .into_iter()
            .enumerate()
    {
        for at in (number % step..).step_by(step) {
            let output = Output::new().await;
            let faulty = FaultyStore::new(&output.store, at, &fault);
            let stores = Output::stores_with(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
            let queries = [WHO.to_owned()];
            let ended = forget(&Engine::new(stores, 1), &output.url, &queries).await;
            if !faulty.has_occurred() {
                ended.unwrap();
                break;
            }
            if output.is_visible().await {
                whole += 1
            } else {
                hidden += 1
            }
            let engine = Engine::new(output.stores(), 1);
            let again = forget(&engine, &output.url, &queries).await;
            match (ended, again) {
                (_, Ok(forgotten)) => {
                    assert_eq!(forgotten.receipt.scan.unwrap().holding, Vec::<String>::new());
                }
                // Only the last answer was lost.
                (_, Err(error)) => assert_eq!(error.kind, Kind::BadInput, "{error}"),
            }
            assert!(!output.is_visible().await);
            let mut finished = 0;
            for (path, bytes) in output.objects().await {
                assert!(!path.ends_with(".parquet") || !holds(&bytes), "{path} at {at}");
                if path.starts_with("receipts/") && path.ends_with(".json") {
                    let receipt: Receipt = serde_json::from_slice(&bytes).unwrap();
                    assert!(receipt.scan.is_some() && receipt.salt.is_none(), "{path} at {at}");
                    assert!(receipt.held.len() > 20, "{}", receipt.page());
                    finished += 1;
                }
            }
            assert_eq!(finished, 1, "at {at}");
        }
    }
    assert!(hidden > 0 && whole > 0, "{hidden} hidden, {whole} whole");
}

/// Another run is published before each call in turn: it is covered, or what it publishes is said to hold the person.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_published_meanwhile_is_covered_or_named_campaign() {
    let (mut covered, mut named) = (0, 0);
    let step = crate::campaign::distance_of_calls(19);
    for at in (0..).step_by(step) {
        let output = Arc::new(Output::new().await);
        let other = Arc::clone(&output);
        let fault = Fault::Before(Arc::new(move || {
            let output = Arc::clone(&other);
            Box::pin(async move {
                output.publish(23, "other").await;
            })
        }));
        let faulty = FaultyStore::new(&output.store, at, &fault);
        let stores = Output::stores_with(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
        let engine = Engine::new(stores, 1);
        let forgotten = forget(&engine, &output.url, &[WHO.to_owned()]).await.unwrap();
        if !faulty.has_occurred() {
            break;
        }
        let scan = forgotten.receipt.scan.unwrap();
        let holding: Vec<String> = output
            .objects()
            .await
            .into_iter()
            .filter(|(path, bytes)| path.ends_with(".parquet") && holds(bytes))
            .map(|(path, _)| path)
            .collect();
        if holding.is_empty() {
            covered += 1;
            assert_eq!(scan.holding, holding);
        } else {
            named += 1;
            assert!(holding.iter().all(|path| path.contains("2026-11-23")), "{holding:?}");
            let error = renown::forget::still_held(&scan);
            // Whoever publishes after the search is the next night.
            assert!(error.is_none_or(|error| error.kind == Kind::Gate));
        }
        // Nobody's files are gone that a commit names.
        let objects = output.objects().await;
        for commit in commit::all(&output.stores(), &output.url).await.unwrap() {
            for file in commit.tables.values().flat_map(|table| &table.files) {
                assert!(objects.contains_key(&file.path), "{} at {at}", file.path);
            }
        }
    }
    assert!(covered > 0 && named > 0, "{covered} covered, {named} named");
}
