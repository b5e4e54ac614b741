//! Runs that checks refuse, beside everything else that an output folder goes through: people leave them, they are kept no longer,
//! and what later days are judged by is the right day.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::{TimeDelta, Utc};
use renown::engine::Engine;
use renown::error::Kind;
use renown::job::{Job, Retention};
use renown::pipeline::progress::Progress;
use renown::pipeline::{Ready, prepare};
use renown::publish::keep_refused;
use renown::publish::prune::{Reason, expire_refused, prune};
use renown::storage::Stores;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::binary::renown;
use crate::checks::{accept, base, checks_of, forget, run_in};
use crate::world::{
    CUTOFF, HOUR, Interaction, Row, World, account, collect_files, identity, reply,
};

const CANARY: &str = "canary90b1d2";

/// Paths of all files below `folder`.
fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = std::collections::BTreeMap::new();
    collect_files(folder, folder, &mut found);
    found.into_keys().collect()
}

fn of_refused(output: &Path) -> BTreeSet<String> {
    files(output).into_iter().filter(|path| path.starts_with("refused/")).collect()
}

/// The second night, on which six targets lose their reactors, and somebody new has one.
fn refused_night() -> World {
    let mut night = base().later(1);
    forget(&mut night, 6);
    night.accounts.as_mut().unwrap().push(account("net", CANARY));
    night.events.push(reply("net", "a1", CANARY, 4));
    night
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_in_a_refused_run_alone_is_found_there_and_leaves() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    let url = output.to_str().unwrap();
    run_in(&base(), folder.path()).await.unwrap();
    assert_eq!(
        checks_of(&run_in(&refused_night(), folder.path()).await.unwrap_err()),
        ["scores_moved"]
    );
    let before = of_refused(&output);
    assert!(before.len() > 14, "{before:?}");

    let held = renown(&["access", url, CANARY, "--format", "json"]).done().stdout;
    let held: Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held["unrecognized_files"], serde_json::json!([]));
    let runs = held["runs"].as_array().unwrap();
    let holding: Vec<&Value> =
        runs.iter().filter(|run| !run["tables"].as_object().unwrap().is_empty()).collect();
    assert_eq!(holding.len(), 1);
    assert_eq!(holding[0]["state"], "refused");
    assert!(holding[0]["tables"]["scores"].is_array());
    renown(&["explain", url, CANARY]).refused(65, &["nobody in this run"]);

    let said = renown(&["forget", CANARY, "--url", url]).done().stdout;
    assert!(said.contains("; 0 hold the person"), "{said}");
    assert_eq!(of_refused(&output), BTreeSet::new());
    assert!(!output.join("refused").exists(), "no empty folders are left");
    renown(&["access", url, CANARY]).refused(65, &["holds anything on"]);
    // The inputs are mended, and the night is published.
    run_in(&base().later(1), folder.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_lose_whoever_they_name() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    // Ids that could mean anything elsewhere.
    let named = || World {
        identities: Some(
            (0..20).map(|n| identity("net", &format!("t{n}"), &format!("p{n}"))).collect(),
        ),
        ..base()
    };
    run_in(&named(), folder.path()).await.unwrap();
    let mut next = named().later(1);
    forget(&mut next, 4);
    let examples = |checks: &[Row]| {
        let moved = checks.iter().find(|row| row["check"] == "scores_moved").unwrap();
        let ids = moved["examples"].as_array().unwrap().iter();
        (ids.map(|id| id.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), moved.clone())
    };
    let (ids, moved) = examples(&next.run_in(folder.path()).await.tables["checks"]);
    assert_eq!(ids, ["p0", "p1", "p2", "p3"].map(str::to_owned).into());
    let said = renown(&["forget", "p2", "--url", output.to_str().unwrap()]).done().stdout;
    assert!(said.contains("; 0 hold the person"), "{said}");
    assert!(said.contains("counts in 1 row of `checks`"), "{said}");
    let answer = renown(&["checks", output.to_str().unwrap(), "--format", "json"]).done().stdout;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let rows: Vec<Row> = serde_json::from_value(answer["checks"].clone()).unwrap();
    let (left, now) = examples(&rows);
    assert_eq!(left, ["p0", "p1", "p3"].map(str::to_owned).into());
    assert_eq!((&now["verdict"], &now["figure"]), (&moved["verdict"], &moved["figure"]));
    // The night after is judged by what is left.
    run_in(&next.later(1), folder.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_run_that_began_before_somebody_left_is_not_kept() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    run_in(&base(), folder.path()).await.unwrap();
    let job = Job::load(&refused_night().write(folder.path()), &[], None).unwrap();
    let engine = Engine::new(Stores::default(), 2);
    let prepared = prepare(&engine, &job, &mut Progress::silent()).await.unwrap();
    let Ready::Refused(refused, log, began) = prepared.ready else { panic!("not refused") };
    renown(&["forget", "net:t7", "--url", output.to_str().unwrap()]).done();
    let kept = keep_refused(&engine.stores, &job.output, &refused, &*log, began).await;
    let error = kept.unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted);
    assert!(error.cause.contains("rewritten meanwhile"), "{error}");
    assert_eq!(of_refused(&output), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_runs_go_once_their_day_is_published_or_expired() {
    let folder = TempDir::new().unwrap();
    let output = Url::from_directory_path(folder.path().join("out")).unwrap();
    let path = output.to_file_path().unwrap();
    let stores = Stores::default();
    let removed = async |keep_days, superseded| {
        let retention = Retention { keep_days, superseded, grace_hours: 24 };
        let now = Utc::now() + TimeDelta::days(2);
        prune(&stores, &output, &retention, now, false).await.unwrap().removed
    };
    run_in(&base(), folder.path()).await.unwrap();
    run_in(&refused_night(), folder.path()).await.unwrap_err();
    let kept = of_refused(&path);
    assert_eq!(removed(None, true).await, []);
    // The night is published after all.
    run_in(&base().later(1), folder.path()).await.unwrap();
    let gone = removed(None, true).await;
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!((&*gone[0].table, gone[0].reason), ("refused", Reason::Superseded));
    assert_eq!((gone[0].files, of_refused(&path)), (kept.len() as u64, BTreeSet::new()));
    // One that is refused afterwards is of a day that is kept, until it is not.
    run_in(&refused_night(), folder.path()).await.unwrap_err();
    assert_eq!(removed(Some(2), true).await, []);
    run_in(&base().later(2), folder.path()).await.unwrap();
    let gone = removed(Some(1), false).await;
    assert!(gone.iter().any(|gone| gone.table == "refused" && gone.reason == Reason::Expired));
    assert_eq!(of_refused(&path), BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_runs_are_kept_for_a_month() {
    let folder = TempDir::new().unwrap();
    let output = Url::from_directory_path(folder.path().join("out")).unwrap();
    let path = output.to_file_path().unwrap();
    run_in(&base(), folder.path()).await.unwrap();
    run_in(&refused_night(), folder.path()).await.unwrap_err();
    let kept = of_refused(&path);
    let stores = Stores::default();
    let expire = |days| expire_refused(&stores, &output, Utc::now() + TimeDelta::days(days));
    assert_eq!((expire(29).await.unwrap(), of_refused(&path)), (0, kept.clone()));
    assert_eq!((expire(31).await.unwrap(), of_refused(&path)), (kept.len(), BTreeSet::new()));
    // What is published stays.
    assert!(run_in(&base().later(1), folder.path()).await.is_ok());
}

/// Six targets get reactions of everybody on the second night.
fn burst() -> World {
    let mut world = base();
    for target in 0..6 {
        let at = |actor: i64| CUTOFF + 2 * HOUR + actor * 60_000_000;
        world.events.extend((0..60).map(|actor| Interaction {
            at: at(actor),
            ..reply("net", &format!("a{actor}"), &format!("t{target}"), 0)
        }));
    }
    world
}

/// Which day the scores of the run in force for a day were compared with.
fn judged_by(output: &str, day: &str) -> String {
    let args = ["checks", output, "--snapshot", day, "--format", "json"];
    let answer: Value = serde_json::from_str(&renown(&args).done().stdout).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let moved = checks.iter().find(|check| check["check"] == "scores_moved").unwrap();
    moved["judged_by"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_stops_at_a_refused_day_and_judges_each_by_the_day_before_it() {
    let folder = TempDir::new().unwrap();
    let (first, second, third, end) = ("2026-03-31", "2026-04-01", "2026-04-02", "2026-04-03");
    let output = folder.path().join("out").display().to_string();
    // The third day is there before the second: accepted, since it is so different from the first.
    run_in(&burst(), folder.path()).await.unwrap();
    let late = burst().later(2);
    let error = run_in(&late, folder.path()).await.unwrap_err();
    accept(&late, folder.path(), &checks_of(&error)).await.unwrap();
    assert_eq!(judged_by(&output, third), format!("the run of {first}"));

    let job = burst().write(folder.path()).display().to_string();
    let backfill = |from: &str| renown(&["backfill", &job, "--from", from, "--to", end]);
    let stopped = backfill(first);
    assert!(stopped.stdout.contains("1 day: 0 published, 0 renewed, 1 current"));
    stopped.refused(80, &[second, "`scores_moved`", "--accept"]);
    let next = burst().later(1);
    let error = run_in(&next, folder.path()).await.unwrap_err();
    accept(&next, folder.path(), &checks_of(&error)).await.unwrap();
    burst().write(folder.path());
    let done = backfill(second).done();
    assert!(done.stdout.contains("2 days: 1 published, 0 renewed, 1 current"), "{}", done.stdout);
    assert_eq!(judged_by(&output, second), format!("the run of {first}"));
    assert_eq!(judged_by(&output, third), format!("the run of {second}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_files_of_the_last_day_are_gone_the_one_before_it_judges() {
    let folder = TempDir::new().unwrap();
    let output = folder.path().join("out");
    for night in 0..2 {
        run_in(&base().later(night), folder.path()).await.unwrap();
    }
    fs::remove_dir_all(output.join("measures/2026-04-01")).unwrap();
    let mut swapped = base().later(2);
    swapped.events.iter_mut().for_each(|e| std::mem::swap(&mut e.actor, &mut e.target));
    let error = run_in(&swapped, folder.path()).await.unwrap_err();
    assert!(checks_of(&error).contains(&"scores_moved"), "{error}");
    assert!(error.cause.contains("judged by the run of 2026-03-31"), "{error}");
    let published = base().later(2).run_in(folder.path()).await;
    assert_eq!(published.log()["run_before"]["snapshot_date"], "2026-03-31");
}
