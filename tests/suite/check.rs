//! `renown check`: reports every violation at once with its place, and writes nothing.

use std::fs;
use std::path::Path;

use arrow::array::RecordBatch;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::sample_job::SampleJob;
use crate::world::{
    Interaction, Published, World, account, identity, interactions, of_account, reply, write,
};

fn check(job: &Path, more: &[&str]) -> Ended {
    renown(&[&["check", job.to_str().unwrap()], more].concat())
}

/// The report as JSON, after requiring the exit code.
fn report(job: &Path, code: i32) -> Value {
    let ended = check(job, &["--format", "json"]);
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    assert!(!job.parent().unwrap().join("out").exists(), "a check writes nothing");
    serde_json::from_str(&ended.stdout).unwrap()
}

fn places(report: &Value) -> Vec<[&Value; 4]> {
    let violations = report["violations"].as_array().unwrap().iter();
    violations.map(|v| ["table", "column", "file", "rows"].map(|key| &v[key])).collect()
}

fn rows(events: &[Interaction]) -> RecordBatch {
    interactions(events)
}

#[test]
fn every_violation_is_reported_with_its_place() {
    let folder = TempDir::new().unwrap();
    let sound = [reply("net", "a", "b", 1), reply("net", "b", "c", 2)];
    let empty = [reply("net", "", "b", 3), reply("net", "a", "", 4), reply("net", "", "c", 5)];
    write(&folder.path().join("interactions/1.parquet"), &rows(&sound));
    write(&folder.path().join("interactions/2.parquet"), &rows(&empty));
    let mut world = World { accounts: Some(vec![account("net", "a")]), ..World::default() };
    world.consent = Some(vec![of_account("net", "a", "perhaps", 1)]);
    for (name, batch) in world.tables() {
        let keep: Vec<usize> = (0..batch.num_columns())
            .filter(|c| name != "accounts" || batch.schema().field(*c).name() != "account_id")
            .collect();
        write(&folder.path().join(format!("{name}.parquet")), &batch.project(&keep).unwrap());
    }
    let job = world.write_job(
        folder.path(),
        "interactions = \"interactions/\"\naccounts = \"accounts.parquet\"\n\
         consent = \"consent.parquet\"\n",
    );
    let report = report(&job, 65);
    let file = |name: &str| json!(folder.path().join(name).display().to_string());
    let (accounts, consent) = (file("accounts.parquet"), file("consent.parquet"));
    let second = file("interactions/2.parquet");
    let none = Value::Null;
    assert_eq!(
        places(&report),
        [
            [&json!("accounts"), &json!("account_id"), &accounts, &none],
            [&json!("consent"), &json!("status"), &consent, &json!(1)],
            [&json!("interactions"), &json!("actor_id"), &second, &json!(2)],
            [&json!("interactions"), &json!("target_id"), &second, &json!(1)],
        ]
    );
    let text = check(&job, &[]).refused(65, &["4 violations"]).stdout;
    for words in ["column `account_id` is missing", "in 2 of 5 rows", "remedy", "2.parquet"] {
        assert!(text.contains(words), "no `{words}` in: {text}");
    }
    // A run stops at the first violation, with the same words.
    renown(&["run", job.to_str().unwrap()]).refused(65, &["column `account_id` is missing"]);
}

#[test]
fn contradictions_are_reported_once_inputs_conform() {
    let folder = TempDir::new().unwrap();
    let mut twice = account("net", "a");
    twice.name = Some("Ann".into());
    let world = World {
        events: vec![reply("net", "a", "b", 1)],
        accounts: Some(vec![account("net", "a"), twice, account("net", "b")]),
        identities: Some(vec![identity("net", "b", "p"), identity("net", "b", "q")]),
        ..World::default()
    };
    let report = report(&world.write(folder.path()), 65);
    let (none, one) = (Value::Null, json!(1));
    assert_eq!(
        places(&report),
        [
            [&json!("identities"), &json!("person_id"), &none, &one],
            [&json!("accounts"), &json!("account_id"), &none, &one],
        ]
    );
}

#[test]
fn a_valid_job_passes_and_lists_what_it_would_drop() {
    let job = SampleJob::new();
    let ended = check(job.path("jobs/sample.toml").as_path(), &[]).done();
    assert!(ended.stdout.ends_with("no violations\n"), "{}", ended.stdout);
    assert!(!job.output().exists());
    let run = job.run(&[]).done().stdout;
    let reported = ended.stdout.lines().filter(|line| line.contains(" rows: "));
    let mut notes = 0;
    for note in reported {
        assert!(run.contains(note), "the run does not say: {note}");
        notes += 1;
    }
    assert!(notes > 0);
}

#[test]
fn a_missing_source_and_a_failing_select_are_violations() {
    let folder = TempDir::new().unwrap();
    let world = World::default();
    let job = world.write_job(folder.path(), "interactions = \"SELECT nothing FROM nowhere\"\n");
    assert_eq!(places(&report(&job, 65))[0][0], "interactions");
    let job = world.write_job(folder.path(), "interactions = \"gone.parquet\"\n");
    let report = report(&job, 65);
    assert!(report["violations"][0]["cause"].as_str().unwrap().contains("no Parquet file"));
}

fn of_kind(kind: &str, event: Interaction) -> Interaction {
    Interaction { kind: kind.into(), ..event }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_maps_and_drops_kinds() {
    let (first, second) = (reply("net", "a", "b", 1), reply("net", "c", "b", 2));
    let plain = World {
        events: vec![of_kind("repost", first.clone()), second.clone()],
        ..World::default()
    };
    // Dropped rows are not validated.
    let view = Interaction { sentiment: Some(7.0), ..of_kind("view", reply("net", "z", "b", 3)) };
    let raw = World { events: vec![of_kind("retweet", first), second, view], ..World::default() };
    let folder = TempDir::new().unwrap();
    let job = raw.write(folder.path());
    let refused = Published::of(&job, 2, &[]).await.err().unwrap();
    assert!(refused.to_string().contains("sentiment"), "{refused}");
    let text = fs::read_to_string(&job).unwrap();
    let with = |kinds: &str| fs::write(&job, format!("[kinds]\n{kinds}\n{text}")).unwrap();

    with("map = { retweet = \"repost\" }\ndrop = [\"view\"]");
    let published = Published::of(&job, 2, &[]).await.unwrap();
    assert_eq!(published.table_files(), plain.run().await.table_files());
    assert_eq!(published.drops()[&("interactions", "kind dropped by the job")], "1");

    for (kinds, words) in [
        ("map = { view = \"reply\" }\ndrop = [\"view\"]", "both mapped and dropped"),
        ("map = { view = \"glance\" }", "`glance`, which is not in method"),
        ("mapp = {}", "unknown"),
    ] {
        with(kinds);
        let refused = Published::of(&job, 2, &[]).await.err().unwrap();
        assert_eq!(refused.kind, renown::error::Kind::BadJob);
        assert!(refused.to_string().contains(words), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_found_only_in_interactions_are_reported() {
    let world = World {
        events: vec![reply("net", "a", "b", 1), reply("net", "c", "b", 1)],
        accounts: Some(vec![account("net", "a")]),
        ..World::default()
    };
    let published = world.run().await;
    let rule = "accounts in interactions but not in `accounts`: scored anyway";
    assert_eq!(published.drops()[&("interactions", rule)], "2");
    assert_eq!(published.people(), ["net:a", "net:b", "net:c"]);
}
