//! Labels: how they are read, and that no run reads them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use fastrand::Rng;
use renown::engine::Engine;
use renown::error::{Error, Kind, Result};
use renown::job::Job;
use renown::model::{Judgement, LabelSet, LabelSets, Labels, PersonIndex};
use renown::read::{Violations, label_sets};
use renown::storage::Stores;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::shuffled;
use crate::world::{
    Published, World, account, identity, interactions, maybe_text, of_account, people_of, reply,
    text, write,
};

/// Label set, form, person, loser, topic, value.
pub type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>, Option<f64>);

pub fn grade<'a>(set: &'a str, person: &'a str, topic: Option<&'a str>, value: f64) -> Row<'a> {
    (set, "graded", person, None, topic, Some(value))
}

pub fn pair<'a>(set: &'a str, winner: &'a str, loser: &'a str) -> Row<'a> {
    (set, "pairwise", winner, Some(loser), None, None)
}

pub fn table(rows: &[Row<'_>]) -> RecordBatch {
    let maybe = |of: fn(&Row<'_>) -> Option<String>| {
        maybe_text(&rows.iter().map(of).collect::<Vec<Option<String>>>())
    };
    let values: ArrayRef = Arc::new(rows.iter().map(|row| row.5).collect::<Float64Array>());
    RecordBatch::try_from_iter([
        ("truth", text(rows.iter().map(|row| row.0))),
        ("form", text(rows.iter().map(|row| row.1))),
        ("person_id", text(rows.iter().map(|row| row.2))),
        ("loser_id", maybe(|row| row.3.map(str::to_owned))),
        ("topic_id", maybe(|row| row.4.map(str::to_owned))),
        ("value", values),
    ])
    .unwrap()
}

/// A row with its judge and its weight.
pub type JudgedRow<'a> = (Row<'a>, Option<&'a str>, Option<f64>);

pub fn judged_table(rows: &[JudgedRow<'_>]) -> RecordBatch {
    let plain: Vec<Row<'_>> = rows.iter().map(|row| row.0).collect();
    let judges: Vec<Option<String>> = rows.iter().map(|row| row.1.map(str::to_owned)).collect();
    let weights: ArrayRef = Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>());
    let plain = table(&plain);
    let columns = plain
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .zip(plain.columns().iter().cloned())
        .collect::<Vec<_>>();
    let judged = [("judge".to_owned(), maybe_text(&judges)), ("weight".to_owned(), weights)];
    RecordBatch::try_from_iter(columns.into_iter().chain(judged)).unwrap()
}

/// People 0 to 3: a:1, a:4:5, b:1 and p with the accounts 2 and 3 on a. a:9 refused.
fn world() -> World {
    World {
        accounts: Some(["1", "2", "3", "4:5", "9"].map(|id| account("a", id)).into()),
        identities: Some(["2", "3"].map(|id| identity("a", id, "p")).into()),
        consent: Some(vec![of_account("a", "9", "opted_out", 1)]),
        events: vec![reply("a", "1", "2", 3), reply("b", "1", "1", 3)],
        ..World::default()
    }
}

fn labelled(rows: &RecordBatch) -> World {
    World { more: vec![("ground_truth", rows.clone())], ..world() }
}

async fn read(job: &Path) -> Result<LabelSets> {
    let persons = people_of(job, 2).await?.persons;
    let job = Job::load(job, &[], None)?;
    let engine = Engine::new(Stores::default(), 2);
    label_sets(&engine, &job, &persons, &mut Violations::stop_at_first()).await
}

async fn read_rows(rows: &RecordBatch) -> Result<LabelSets> {
    let folder = TempDir::new().unwrap();
    read(&labelled(rows).write(folder.path())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn label_sets_refer_to_persons_and_are_sorted_by_name() {
    let rows = table(&[
        pair("panel", "p", "a:1"),
        pair("panel", "a:1", "a:3"),
        // The same pair again, by another account.
        pair("panel", "a:2", "a:1"),
        pair("panel", "a:9", "a:1"),
        pair("panel", "a:1", "nobody"),
        grade("degree", "a:4:5", None, 2.5),
        grade("degree", "p", Some("rust"), -0.0),
        grade("degree", "p", None, f64::MAX),
        grade("degree", "b:1", None, -3.0),
        grade("degree", "a:9", None, 7.0),
        grade("nobody's", "a:9", None, 7.0),
    ]);
    let found = read_rows(&rows).await.unwrap();
    let rust = Some("rust".to_owned());
    let [p0, p1, p2, p3] = [0, 1, 2, 3].map(PersonIndex::new);
    let once = Judgement::default();
    let degree = vec![
        (p1, 2.5, None, once),
        (p2, -3.0, None, once),
        (p3, f64::MAX, None, once),
        (p3, 0.0, rust, once),
    ];
    let expected = [
        ("degree", Labels::Graded(degree)),
        ("nobody's", Labels::Graded(vec![])),
        ("panel", Labels::Pairwise(vec![(p0, p3, None, once), (p3, p0, None, once)])),
    ];
    assert_eq!(found.sets, expected.map(|(name, labels)| LabelSet { name: name.into(), labels }));
    let drops: Vec<_> = found.drops.iter().map(|d| (d.rule.as_str(), d.rows.as_str())).collect();
    let known = [
        ("judge ineligible", "0"),
        ("person not scored", "fewer than 11"),
        ("duplicate rows", "1"),
    ];
    assert_eq!(drops, known);
    let rng = &mut Rng::with_seed(3);
    for _ in 0..3 {
        assert_eq!(read_rows(&shuffled(&rows, rng)).await.unwrap().sets, found.sets);
    }
    let folder = TempDir::new().unwrap();
    let none = read(&world().write(folder.path())).await.unwrap();
    assert!(none.sets.is_empty() && none.drops.is_empty());
}

/// Two judges, one of whom judged twice; judgements by accounts, by ineligible people and by people of whom nothing else is known.
#[tokio::test(flavor = "multi_thread")]
async fn repeated_judgements_are_kept_and_ineligible_judges_give_none() {
    let by = |row, judge| -> JudgedRow<'_> { (row, Some(judge), None) };
    let kept = [
        by(pair("panel", "p", "a:1"), "zoe"),
        by(pair("panel", "p", "a:1"), "ann"),
        (pair("panel", "p", "a:1"), Some("ann"), Some(2.0)),
        (pair("panel", "p", "a:1"), None, None),
        by(pair("panel", "a:1", "p"), "a:4:5"),
        (grade("degree", "p", None, 3.0), Some("zoe"), Some(0.5)),
        by(grade("degree", "p", None, 3.0), "ann"),
        by(grade("degree", "p", None, 2.0), "mia"),
    ];
    let dropped = [
        // The same again, by another account of the person, and with the weight in words.
        (pair("panel", "a:2", "a:1"), Some("zoe"), Some(1.0)),
        (pair("panel", "p", "a:1"), None, None),
        // Opted out, and opted out without having any data.
        by(pair("panel", "a:1", "p"), "a:9"),
        by(pair("panel", "a:1", "p"), "a:77"),
        by(grade("degree", "p", None, 9.0), "a:9"),
        by(grade("hidden", "p", None, 9.0), "a:9"),
    ];
    let mut world = labelled(&judged_table(&[&kept[..], &dropped].concat()));
    world.consent.as_mut().unwrap().push(of_account("a", "77", "opted_out", 1));
    let folder = TempDir::new().unwrap();
    let found = read(&world.write(folder.path())).await.unwrap();
    let drops: Vec<_> = found.drops.iter().map(|d| (d.rule.as_str(), d.rows.as_str())).collect();
    let known = [
        ("judge ineligible", "fewer than 11"),
        ("person not scored", "0"),
        ("duplicate rows", "2"),
    ];
    assert_eq!(drops, known);
    let [p0, p3] = [0, 3].map(PersonIndex::new);
    let judgement = |judge, weight| Judgement { judge, weight };
    let pairs = vec![
        (p0, p3, None, judgement(Some(0), 1.0)),
        (p3, p0, None, judgement(None, 1.0)),
        (p3, p0, None, judgement(Some(1), 1.0)),
        (p3, p0, None, judgement(Some(2), 1.0)),
        (p3, p0, None, judgement(Some(1), 2.0)),
    ];
    let grades = vec![
        (p3, 2.0, None, judgement(Some(1), 1.0)),
        (p3, 3.0, None, judgement(Some(2), 0.5)),
        (p3, 3.0, None, judgement(Some(0), 1.0)),
    ];
    let expected = [("degree", Labels::Graded(grades)), ("panel", Labels::Pairwise(pairs))];
    assert_eq!(found.sets, expected.map(|(name, labels)| LabelSet { name: name.into(), labels }));
    // As if the ineligible had not judged.
    world.more = vec![("ground_truth", judged_table(&kept))];
    let folder = TempDir::new().unwrap();
    assert_eq!(read(&world.write(folder.path())).await.unwrap().sets, found.sets);
    let report = renown(&["check", folder.path().join("job.toml").to_str().unwrap()]).done().stdout;
    assert!(!report.contains("zoe") && !report.contains("not read"), "{report}");
}

async fn refused(rows: &[Row<'_>], column: &str, words: &str) -> Error {
    let rows: Vec<JudgedRow<'_>> = rows.iter().map(|row| (*row, None, None)).collect();
    refused_judged(&rows, column, words).await
}

async fn refused_judged(rows: &[JudgedRow<'_>], column: &str, words: &str) -> Error {
    let sound = [grade("sound", "a:1", None, 1.0), pair("two", "a:1", "b:1")];
    let sound = sound.map(|row| (row, None, None));
    let rows = judged_table(&[&sound[..], rows].concat());
    let error = read_rows(&rows).await.expect_err(words);
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    assert!(error.cause.contains(words), "no `{words}` in {error}");
    assert_eq!(error.place.table.as_deref(), Some("ground_truth"));
    assert_eq!(error.place.column.as_deref(), Some(column), "{error}");
    assert!(error.place.rows.is_some() && !error.remedy.is_empty(), "{error}");
    // `check` finds it, and a run does not read labels.
    let folder = TempDir::new().unwrap();
    let job = labelled(&rows).write(folder.path());
    let report =
        renown(&["check", job.to_str().unwrap()]).refused(65, &["have 1 violation"]).stdout;
    assert!(report.contains(words), "{report}");
    renown(&["run", job.to_str().unwrap()]).done();
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_labels_are_refused() {
    let graded = ("x", "graded", "p", None, None, None);
    refused(&[graded], "value", "`value` is null where `form` is graded in 1 of 3 rows").await;
    let pairwise = ("x", "pairwise", "p", None, None, None);
    let words = "`loser_id` is null where `form` is pairwise in 1 of 3 rows";
    refused(&[pairwise], "loser_id", words).await;
    for bad in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let words = "`value` is not a finite number in 1 of 3 rows";
        refused(&[grade("x", "p", None, bad)], "value", words).await;
    }
    let both = ("x", "pairwise", "p", Some("a:1"), None, Some(1.0));
    refused(&[both], "value", "`value` is set where `form` is pairwise").await;
    let both = ("x", "graded", "p", Some("a:1"), None, Some(1.0));
    refused(&[both], "loser_id", "`loser_id` is set where `form` is graded").await;
    refused(&[pair("x", "p", "p")], "loser_id", "is the same as `person_id` in 1 of 3 rows").await;
    let accounts = [pair("x", "p", "a:2"), pair("x", "b:1", "p")];
    refused(&accounts, "loser_id", "truth `x` compares people with themselves in 1 rows").await;
    let twice = [grade("x", "p", None, 1.0), grade("x", "a:2", None, 2.0)];
    refused(&twice, "value", "truth `x` has 1 further values of people that have one").await;
    let judged = |value| (grade("x", "p", None, value), Some("ann"), None);
    refused_judged(&[judged(1.0), judged(2.0)], "value", "has 1 further values").await;
    for weight in [0.0, -1.0, 1e7, f64::NAN, -f64::NAN, f64::INFINITY] {
        let row = (pair("x", "p", "a:1"), None, Some(weight));
        let words = "`weight` is not above 0 and at most 1000000 in 1 of 3 rows";
        refused_judged(&[row], "weight", words).await;
    }
    let forms = [pair("x", "p", "a:1"), grade("x", "a:9", None, 2.0)];
    let words = "truth `x` is graded in 1 rows and pairwise in 1 rows";
    refused(&forms, "form", words).await;
    let wrong = ("x", "ranked", "p", None, None, Some(1.0));
    refused(&[wrong], "form", "`form` is not one of graded, pairwise").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_do_not_affect_a_run() {
    let plain = world().run().await;
    let rows = table(&[grade("x", "p", None, 1.0), pair("y", "p", "a:1")]);
    let folder = TempDir::new().unwrap();
    let job = labelled(&rows).write(folder.path());
    let with = Published::of(&job, 2, &[]).await.unwrap();
    assert_eq!(plain.commit, with.commit);
    assert_eq!(plain.table_files(), with.table_files());
    assert_eq!(plain.drops(), with.drops());
    let report = renown(&["check", job.to_str().unwrap()]).done().stdout;
    assert!(!report.contains("person not scored"), "{report}");
    let plan = || {
        let stdout = renown(&["plan", job.to_str().unwrap(), "--format", "json"]).done().stdout;
        let plan: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(plan["reads"]["ground_truth"], Value::Null);
        plan["run_needed"].clone()
    };
    assert_eq!(plan(), json!(false));
    // The file may change, break or disappear: a run of the same rows has nothing to do.
    let file = folder.path().join("ground_truth.parquet");
    for change in 0..3 {
        match change {
            0 => write(&file, &table(&[grade("x", "p", None, 2.0)])),
            1 => fs::write(&file, "no Parquet").unwrap(),
            _ => fs::remove_file(&file).unwrap(),
        }
        assert_eq!(plan(), json!(false));
        assert!(Published::of(&job, 2, &[]).await.unwrap().outcome.already);
        let ended = renown(&["check", job.to_str().unwrap()]);
        assert_eq!(ended.code, Some(if change == 0 { 0 } else { 65 }), "{}", ended.stdout);
    }
    let text = fs::read_to_string(&job).unwrap();
    fs::write(&job, text.replace("ground_truth = \"ground_truth.parquet\"\n", "")).unwrap();
    assert_eq!(plan(), json!(false));
}

/// Sources are opened once for the inputs of a run, and again for labels.
#[tokio::test(flavor = "multi_thread")]
async fn labels_may_come_from_a_select_and_check_reports_all_violations() {
    let folder = TempDir::new().unwrap();
    let mut world = labelled(&table(&[grade("x", "p", None, 1.0)]));
    let job = world.write(folder.path());
    let plain = fs::read_to_string(&job).unwrap();
    let select = |sql: &str| {
        let input = "ground_truth = \"ground_truth.parquet\"";
        let text = plain.replace(input, &format!("ground_truth = \"{sql}\""));
        let sources = "[sources]\nraw = \"ground_truth.parquet\"\n";
        fs::write(&job, format!("{text}\n{sources}")).unwrap();
    };
    select("SELECT truth, form, person_id, value * 2 AS value FROM raw");
    let sets = read(&job).await.unwrap().sets;
    assert_eq!(
        sets,
        [LabelSet {
            name: "x".into(),
            labels: Labels::Graded(vec![(PersonIndex::new(3), 2.0, None, Judgement::default())])
        }]
    );
    renown(&["check", job.to_str().unwrap()]).done();
    select("SELECT truth, form, person_id, 0.0 / 0.0 AS value FROM raw");
    world.events[0].sentiment = Some(7.0);
    write(&folder.path().join("interactions.parquet"), &interactions(&world.events));
    let report = renown(&["check", job.to_str().unwrap()]).refused(65, &["2 violations"]).stdout;
    for words in ["`sentiment` is outside -1..1", "`value` is not a finite number"] {
        assert!(report.contains(words), "{report}");
    }
}
