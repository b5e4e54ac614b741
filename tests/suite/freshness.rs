//! Days that are missing, empty or stale stop a run, and the newest event of each input is said.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use renown::engine::Engine;
use renown::error::{Error, Kind};
use renown::job::Job;
use renown::pipeline::backtest::read_history;
use renown::storage::Stores;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::inputs::assert_error;
use crate::parquet_files::batch;
use crate::world::{
    CUTOFF, HOUR, Interaction, Post, Published, World, account, accounts, follow, follows,
    instants, interactions, of_account, reply, text, write,
};

const DAILY: &str = "interactions = \"in/{snapshot}/\"\n";
const PLAIN: &str = "interactions = \"in/2026-03-31/\"\n";
const TODAY: &str = "in/2026-03-31/part.parquet";

/// Old replies among four people, and one `us` microseconds before the cutoff.
fn replies(us: i64) -> Vec<Interaction> {
    let old = (0..6).map(|i| reply("net", ["a", "b", "c", "d"][i % 4], "e", 300 + 20 * i as i64));
    let newest = Interaction { at: CUTOFF - us, ..reply("net", "a", "b", 0) };
    old.chain([newest]).collect()
}

fn put(folder: &TempDir, path: &str, batch: &RecordBatch) {
    write(&folder.path().join(path), batch);
}

/// Runs `world` with `inputs` over the files in `folder`; what ran before is gone.
async fn run_world(
    world: &World,
    folder: &TempDir,
    inputs: &str,
) -> renown::error::Result<Published> {
    let _ = fs::remove_dir_all(folder.path().join("out"));
    Published::of(&world.write_job(folder.path(), inputs), 3, &[]).await
}

async fn run(folder: &TempDir, inputs: &str) -> renown::error::Result<Published> {
    run_world(&World::default(), folder, inputs).await
}

async fn refused(folder: &TempDir, inputs: &str, kind: Kind, words: &[&str]) -> Error {
    let error = run(folder, inputs).await.err().unwrap_or_else(|| panic!("it ran: {inputs}"));
    assert_error(&error, kind, words);
    assert!(!folder.path().join("out").exists(), "something was written");
    error
}

/// A job over interactions of which the newest is `us` microseconds old.
fn with_newest(us: i64) -> TempDir {
    let folder = TempDir::new().unwrap();
    put(&folder, TODAY, &interactions(&replies(us)));
    folder
}

fn selected(source: &str) -> String {
    format!("interactions = \"SELECT * FROM raw\"\n[sources]\nraw = \"{source}\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daily_input_has_an_event_of_the_last_day() {
    let select = selected("in/{snapshot}/");
    let dated = "interactions = \"SELECT * FROM raw WHERE at < '{snapshot}T23:59:00Z'\"\n\
                 [sources]\nraw = \"in/2026-03-31/\"\n";
    for (us, is_fresh) in [(24, true), (25, false)].map(|(h, f)| (h * HOUR, f)) {
        let folder = with_newest(us);
        for inputs in [DAILY, &select, dated] {
            if is_fresh {
                run(&folder, inputs).await.unwrap_or_else(|e| panic!("{inputs}: {e}"));
                continue;
            }
            let words = [
                "input `interactions`",
                "is from 2026-03-30 23:00 UTC, 25 h before the cutoff 2026-04-01 00:00 UTC",
                "`max_age_hours` is 24",
                "under [reading]",
            ];
            let error = refused(&folder, inputs, Kind::Gate, &words).await;
            assert_eq!(error.place.table.as_deref(), Some("interactions"));
        }
        run(&folder, PLAIN).await.unwrap();
        run(&folder, &selected("in/2026-03-31/")).await.unwrap();
    }
    // The limit is exact.
    refused(&with_newest(24 * HOUR + 1), DAILY, Kind::Gate, &["25 h before"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_ineligible_people_count_for_nothing() {
    let consent = Some(vec![of_account("net", "x", "opted_out", 1000)]);
    let world = World { consent, ..World::default() };
    let inputs = "interactions = \"in/{snapshot}/\"\nconsent = \"consent.parquet\"\n";
    let tables = world.tables();
    let (_, consent) = tables.iter().find(|(name, _)| *name == "consent").unwrap();
    let mut outcomes = vec![];
    for newest in [30, 5] {
        let mut of_strangers = vec![];
        for hours in [200, 0] {
            let folder = TempDir::new().unwrap();
            put(&folder, "consent.parquet", consent);
            let mut events = replies(newest * HOUR);
            events.push(reply("net", "x", "a", hours));
            events.push(reply("net", "b", "x", hours));
            put(&folder, TODAY, &interactions(&events));
            of_strangers.push(match run_world(&world, &folder, inputs).await {
                Ok(published) => {
                    let log = published.log()["newest_events"].clone();
                    let notes = published.outcome.notes.newest_events.clone();
                    let tables = published.table_files().into_iter();
                    let tables: Vec<_> = tables.map(|(p, b)| (p.clone(), b.clone())).collect();
                    Ok((tables, log, notes))
                }
                Err(error) => {
                    let folder = folder.path().display().to_string();
                    Err((error.kind, error.cause.replace(&folder, "")))
                }
            });
        }
        assert_eq!(of_strangers[0], of_strangers[1]);
        outcomes.push(of_strangers.remove(0));
    }
    let (kind, cause) = outcomes.remove(0).unwrap_err();
    assert_eq!(kind, Kind::Gate, "{cause}");
    assert!(cause.contains("30 h before"), "{cause}");
    let (_, log, _) = outcomes.remove(0).unwrap();
    let expected = json!({"at": "2026-03-31T19:00:00Z", "hours_before_cutoff": 5});
    assert_eq!(log, json!({ "interactions": expected }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_files_has_not_arrived() {
    let folder = TempDir::new().unwrap();
    put(&folder, "in/2026-03-30/part.parquet", &interactions(&replies(HOUR)));
    let words = ["the day 2026-03-31 has not arrived", "/in/2026-03-31", "no Parquet file found"];
    let source = selected("in/{snapshot}/");
    let file = "interactions = \"in/{snapshot}.parquet\"\n";
    let absent = "interactions = \"none/year={snapshot:%Y}/day={snapshot:%d}/\"\n";
    for inputs in [DAILY, &source, file] {
        refused(&folder, inputs, Kind::Gate, &words).await;
    }
    refused(&folder, absent, Kind::Gate, &["has not arrived", "none/year=2026/day=31"]).await;
    for inputs in [PLAIN, &selected("in/2026-03-31/")] {
        refused(&folder, inputs, Kind::BadInput, &["no Parquet file found"]).await;
    }
    // The folder is there, and what is in it is no data.
    fs::create_dir(folder.path().join("in/2026-03-31")).unwrap();
    fs::write(folder.path().join("in/2026-03-31/_SUCCESS"), "").unwrap();
    refused(&folder, DAILY, Kind::Gate, &["has not arrived", "_SUCCESS"]).await;
    // A day that cannot be read is no day that has not arrived.
    fs::write(folder.path().join(TODAY), "PAR1").unwrap();
    refused(&folder, DAILY, Kind::BadInput, &["part.parquet"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_without_rows_is_empty() {
    let folder = with_newest(HOUR);
    let people: Vec<_> = ["a", "b", "c", "d", "e"].map(|id| account("net", id)).into();
    let no_posts = batch(&[
        ("network", text([""; 0])),
        ("post_id", text([""; 0])),
        ("author_id", text([""; 0])),
        ("created_at", instants([])),
    ]);
    put(&folder, "accounts/2026-03-31.parquet", &accounts(&people).slice(0, 0));
    put(&folder, "posts/2026-03-31.parquet", &no_posts);
    put(&folder, "follows/2026-03-31.parquet", &follows(&[]));
    for table in ["accounts", "posts", "follows"] {
        let inputs = format!("{DAILY}{table} = \"{table}/{{snapshot}}.parquet\"\n");
        let words =
            [&format!("input `{table}`"), "the day 2026-03-31 is empty", "leave the input out"];
        refused(&folder, &inputs, Kind::Gate, &words).await;
        run(&folder, &inputs.replace("{snapshot}.parquet", "2026-03-31.parquet")).await.unwrap();
    }
    let nobody = World { consent: Some(vec![]), ..World::default() }.tables();
    let (_, no_statements) = nobody.iter().find(|(name, _)| *name == "consent").unwrap();
    put(&folder, "consent/2026-03-31.parquet", no_statements);
    let inputs = format!("{DAILY}consent = \"consent/{{snapshot}}.parquet\"\n");
    let error = refused(&folder, &inputs, Kind::Gate, &["input `consent`", "is empty"]).await;
    assert!(!error.remedy.contains("leave"), "{error}");
    put(&folder, TODAY, &interactions(&[]));
    refused(&folder, DAILY, Kind::Gate, &["input `interactions`", "is empty"]).await;
    refused(&folder, &selected("in/{snapshot}/"), Kind::Gate, &["is empty"]).await;
    refused(&folder, PLAIN, Kind::BadInput, &["no interaction among eligible people"]).await;
}

const UNION: &str = "interactions = \"SELECT * FROM one UNION ALL SELECT * FROM other\"\n\
                     [sources]\none = \"in/{snapshot}/\"\nother = \"more/{snapshot}/\"\n";
const MORE: &str = "more/2026-03-31/part.parquet";

#[tokio::test(flavor = "multi_thread")]
async fn each_source_of_a_day_is_judged() {
    let folder = with_newest(HOUR);
    refused(&folder, UNION, Kind::Gate, &["source `other`", "has not arrived"]).await;
    put(&folder, MORE, &interactions(&[]));
    let words = ["the day 2026-03-31 of the source `other` is empty", "leave the source out"];
    refused(&folder, UNION, Kind::Gate, &words).await;
    put(&folder, MORE, &interactions(&replies(26 * HOUR)));
    let words = ["all rows of the source `other` are older than the 24 h", "`max_age_hours`"];
    refused(&folder, UNION, Kind::Gate, &words).await;
    let limited = limited("30");
    run_world(&limited, &folder, UNION).await.unwrap();
    put(&folder, MORE, &interactions(&[reply("net", "c", "d", 2)]));
    run(&folder, UNION).await.unwrap();
    // Of two sources that are joined, neither gives rows alone.
    let joined = UNION.replace(
        "SELECT * FROM one UNION ALL SELECT * FROM other",
        "SELECT one.* FROM one JOIN other ON one.network = other.network",
    );
    put(&folder, MORE, &interactions(&[reply("net", "c", "d", 200)]));
    run(&folder, &joined).await.unwrap();
    // Whoever selects from a source needs it; nobody else does.
    fs::remove_dir_all(folder.path().join("more")).unwrap();
    let unused = UNION.replace(" UNION ALL SELECT * FROM other", "");
    run(&folder, &unused).await.unwrap();
    refused(&folder, UNION, Kind::Gate, &["has not arrived"]).await;
}

/// A job over two networks: on the second there is an event every `step` hours, the newest `hours` ago.
async fn with_old_network(hours: i64, step: i64) -> renown::error::Result<Published> {
    let folder = with_newest(HOUR);
    let mut events = replies(HOUR);
    events.extend((0..40).map(|i| reply("old", "a", "b", hours + step * i)));
    put(&folder, TODAY, &interactions(&events));
    run(&folder, DAILY).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_has_fallen_silent_stops_a_run() {
    let error = with_old_network(26, 12).await.err().unwrap();
    let words = ["on the network `old`", "27 h before the cutoff", "`max_age_hours` is 24"];
    assert_error(&error, Kind::Gate, &words);
    assert_eq!(error.place.table.as_deref(), Some("interactions"));
    let fresh = with_old_network(20, 12).await.unwrap();
    assert!(fresh.outcome.notes.warnings.is_empty(), "{:?}", fresh.outcome.notes.warnings);
    // One that is often silent is named.
    let rare = with_old_network(26, 40).await.unwrap();
    let warnings = &rare.outcome.notes.warnings;
    assert!(warnings.iter().any(|w| w.text.contains("on the network `old`")), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_an_earlier_day_is_stale() {
    let last_week = with_newest(7 * 24 * HOUR + HOUR / 2);
    refused(&last_week, DAILY, Kind::Gate, &["169 h before the cutoff"]).await;
    // Outside the window nothing is left.
    let folder = TempDir::new().unwrap();
    put(&folder, TODAY, &interactions(&[reply("net", "a", "b", 24 * 200)]));
    refused(&folder, DAILY, Kind::Gate, &["no interaction among eligible people"]).await;
    refused(&folder, PLAIN, Kind::BadInput, &["no interaction among eligible people"]).await;
}

/// A job with every input of events; ages in hours, none of an unknown start.
fn all_inputs(follow_hours: Option<i64>) -> (TempDir, String) {
    let folder = with_newest(3 * HOUR + HOUR / 2);
    let post = |id: &str, us: i64| Post {
        network: "net".into(),
        id: id.into(),
        author: "a".into(),
        at: CUTOFF - us,
        ..Post::default()
    };
    let world = World {
        posts: Some(vec![post("1", 40 * HOUR), post("2", 90 * HOUR)]),
        follows: Some(vec![
            follow("net", "a", "b", follow_hours),
            follow("net", "b", "c", follow_hours.map(|hours| hours + 100)),
        ]),
        ..World::default()
    };
    for (name, batch) in world.tables().into_iter().filter(|(name, _)| *name != "interactions") {
        put(&folder, &format!("{name}.parquet"), &batch);
    }
    let columns: [(&str, ArrayRef); 4] = [
        ("giver_id", text(["net:a", "net:b"])),
        ("receiver_id", text(["net:b", "net:c"])),
        ("topic_id", text(["#sea", "#sea"])),
        ("at", instants([CUTOFF - 500 * HOUR, CUTOFF - 400 * HOUR])),
    ];
    put(&folder, "endorsements.parquet", &batch(&columns));
    let more = ["posts", "follows", "endorsements"].map(|t| format!("{t} = \"{t}.parquet\"\n"));
    (folder, format!("{PLAIN}{}", more.concat()))
}

fn limited(limit: &str) -> World {
    let settings = format!("[reading]\nmax_age_hours = {limit}\n{}", World::default().settings);
    World { settings, ..World::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_holds_for_the_inputs_that_it_names() {
    let (folder, inputs) = all_inputs(Some(80));
    for (limit, stale) in [
        ("399", Some("endorsements")),
        ("{ interactions = 4, posts = 40, endorsements = 400, follows = 80 }", None),
        ("{ interactions = 3 }", Some("interactions")),
        ("{ posts = 40, follows = 79 }", Some("follows")),
        ("{ posts = 39, follows = 80 }", Some("posts")),
    ] {
        let stopped = run_world(&limited(limit), &folder, &inputs).await.err();
        let table = stopped.as_ref().and_then(|error| error.place.table.as_deref());
        assert_eq!(table, stale, "{limit}: {stopped:?}");
        assert!(stopped.is_none_or(|error| error.kind == Kind::Gate), "{limit}");
    }
    // A limit lets an older day pass, too, and others keep theirs.
    let daily = inputs.replace("in/2026-03-31/", "in/{snapshot}/");
    let daily = daily.replace("posts = \"", "posts = \"./x{snapshot}x/../");
    let stopped = run(&folder, &daily).await.err().unwrap();
    assert_eq!(stopped.place.table.as_deref(), Some("posts"), "{stopped}");
    run_world(&limited("{ posts = 40 }"), &folder, &daily).await.unwrap();
    // Follows without a start have no age.
    let (folder, inputs) = all_inputs(None);
    run_world(&limited("400"), &folder, &inputs).await.unwrap();
    for (limit, words) in [
        ("0", "`reading.max_age_hours` is 0"),
        ("{ post = 3 }", "did you mean `posts`"),
        ("{ accounts = 3 }", "no input of events has this name"),
        ("-1", "expected a whole number of hours"),
        ("\"a day\"", "expected a whole number of hours"),
    ] {
        let error = run_world(&limited(limit), &folder, &inputs).await.err().unwrap();
        assert_error(&error, Kind::BadJob, &[words]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_the_log_have_the_newest_events() {
    let names = ["interaction", "post", "endorsement", "follow"];
    let of = |published: &Published| {
        let row = &published.tables["runs"][0];
        names.map(|name| row[&format!("newest_{name}_at")].clone())
    };
    let (folder, inputs) = all_inputs(Some(80));
    let all = run(&folder, &inputs).await.unwrap();
    // To the hour: the newest interaction is three and a half hours old.
    let hours = [4, 40, 400, 80];
    assert_eq!(of(&all), hours.map(|hours| json!(CUTOFF - hours * HOUR)));
    let log = all.log();
    let in_log = ["interactions", "posts", "endorsements", "follows"]
        .map(|table| log["newest_events"][table]["hours_before_cutoff"].clone());
    assert_eq!(in_log, hours.map(|hours| json!(hours)));
    let few = run(&folder, PLAIN).await.unwrap();
    let null = Value::Null;
    assert_eq!(of(&few), [json!(CUTOFF - 4 * HOUR), null.clone(), null.clone(), null]);
    // What `runs` says is part of the identity of the run.
    let (later, _) = all_inputs(Some(80));
    let at: ArrayRef = instants([CUTOFF - 500 * HOUR, CUTOFF - 300 * HOUR]);
    let columns = [
        ("giver_id", text(["net:a", "net:b"])),
        ("receiver_id", text(["net:b", "net:c"])),
        ("topic_id", text(["#sea", "#sea"])),
        ("at", Arc::clone(&at)),
    ];
    put(&later, "endorsements.parquet", &batch(&columns));
    let later = run(&later, &inputs).await.unwrap();
    assert_ne!(later.commit.run_id, all.commit.run_id);
    assert_eq!(of(&later)[2], json!(CUTOFF - 300 * HOUR));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_may_be_old() {
    let folder = with_newest(100 * HOUR);
    let path = World::default().write_job(folder.path(), DAILY);
    let job = Job::load(&path, &[], None).unwrap();
    let engine = Engine::new(Stores::default(), 3);
    let history = read_history(&engine, &job, job.snapshot.unwrap(), 0).await.unwrap();
    assert_eq!(history.interactions(), 7);
}

#[test]
fn what_has_not_arrived_ends_with_80() {
    let ended = |command: &str, job: &Path| renown(&[command, job.to_str().unwrap()]);
    let world = World::default();
    let folder = with_newest(25 * HOUR);
    let job = world.write_job(folder.path(), DAILY);
    let late = ended("check", &job).refused(80, &["1 violation"]).stdout;
    assert!(late.contains("25 h before the cutoff"), "{late}");
    assert!(
        late.contains("interactions: newest event 2026-03-30 23:00 UTC, 25 h before"),
        "{late}"
    );
    ended("run", &job).refused(80, &["25 h before the cutoff", "max_age_hours"]);
    ended("plan", &job).done();
    let report = renown(&["check", job.to_str().unwrap(), "--format", "json"]).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["violations"][0]["kind"], "gate");
    assert_eq!(report["newest_events"]["interactions"]["hours_before_cutoff"], 25);

    // All that is missing is reported; what is broken asks for another code.
    let missing =
        format!("{DAILY}posts = \"posts/{{snapshot}}/\"\nfollows = \"f/{{snapshot}}/\"\n");
    let job = world.write_job(folder.path(), &missing);
    ended("check", &job).refused(80, &["2 violations"]);
    ended("run", &job).refused(80, &["the day 2026-03-31 has not arrived"]);
    let job = world.write_job(folder.path(), &format!("{missing}accounts = \"gone.parquet\"\n"));
    ended("check", &job).refused(65, &["3 violations"]);

    let folder = with_newest(3 * HOUR);
    let job = world.write_job(folder.path(), DAILY);
    let line = "interactions: newest event 2026-03-31 21:00 UTC, 3 h before the cutoff\n";
    for command in ["check", "run"] {
        let page = ended(command, &job).done().stdout;
        assert!(page.contains(line), "no `{line}` in: {page}");
    }
}
