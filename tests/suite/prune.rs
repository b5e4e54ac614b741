//! What is kept no longer is removed, and nothing else, wherever a removal is stopped. The behaviours run over every kind of store:
//! `tests/suite/publish.rs` lists them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use renown::engine::Engine;
use renown::error::Kind;
use renown::job::Retention;
use renown::pipeline::progress::Progress;
use renown::pipeline::{DayState, backfill};
use renown::publish::commit::{self, Commit};
use renown::publish::prune::{Pruned, Reason, prune};
use renown::storage::{Stores, below};
use url::Url;

use crate::campaign::is_whole;
use crate::faulty_store::Fault;
use crate::publish::{Place, SmallJob, assert_complete, day, publish_day};

const RETENTION: Retention = Retention { keep_days: Some(2), superseded: true, grace_hours: 24 };

/// When nothing is young any more.
fn later() -> DateTime<Utc> {
    Utc::now() + TimeDelta::days(2)
}

async fn pruned(stores: &Stores, output: &Url, now: DateTime<Utc>, dry_run: bool) -> Pruned {
    prune(stores, output, &RETENTION, now, dry_run).await.unwrap()
}

/// Three days, the second of them run again, so that the third is stale; what a stopped run left; refused runs; and things of others.
async fn publish_history(place: &Place, output: &Url) {
    let stores = place.stores();
    for of in 22..=24 {
        publish_day(&stores, output, day(of), "first").await.unwrap();
    }
    publish_day(&stores, output, day(23), "second").await.unwrap();
    renown::publish::marks::update_marks(&stores, output, None).await.unwrap();
    for path in [
        "scores/2026-11-24/stopped-00000.parquet",
        "logs/2026-11-24/stopped/log.json",
        "refused/2026-11-22/run/scores.parquet",
        "refused/2026-11-24/run/scores.parquet",
        "receipts/2026-11-22/one.json",
        "notes/2026-11-22/mine-00000.parquet",
        "scores/2026-11-22/mine.csv",
        "readme.txt",
    ] {
        stores.write(&below(output, path).unwrap(), b"{}".to_vec()).await.unwrap();
    }
}

async fn in_force(place: &Place, output: &Url, of: u32) -> Commit {
    commit::in_force(&place.stores(), output, Some(day(of))).await.unwrap().unwrap()
}

pub async fn what_is_kept_no_longer_is_removed_and_nothing_else(place: &Place) {
    let output = place.output();
    publish_history(place, &output).await;
    let stores = place.stores();
    let before = place.all_objects(&output).await;
    let kept = [in_force(place, &output, 23).await, in_force(place, &output, 24).await];
    let newest = commit::newest(&stores, &output).await.unwrap();

    // What was written a short while ago stays, and a dry run removes nothing.
    let young = pruned(&stores, &output, Utc::now(), false).await;
    assert_eq!((young.total(), young.files_in_grace > 0), ((0, 0), true));
    let planned = pruned(&stores, &output, later(), true).await;
    assert_eq!(place.all_objects(&output).await, before);
    let done = pruned(&stores, &output, later(), false).await;
    assert_eq!((&done.removed, done.first_kept_day), (&planned.removed, Some(day(23))));

    let after = place.all_objects(&output).await;
    let gone: BTreeMap<&String, &Vec<u8>> =
        before.iter().filter(|(path, _)| !after.contains_key(*path)).collect();
    let bytes = gone.values().map(|bytes| bytes.len() as u64).sum::<u64>();
    assert_eq!(done.total(), (gone.len() as u64, bytes));
    assert!(after.iter().all(|(path, bytes)| before[path] == *bytes));
    // Everything of the expired day but what is of others, everything of the run that was replaced, and what a stopped run left.
    let others = ["receipts/", "notes/", "scores/2026-11-22/mine.csv", "readme.txt"];
    for path in before.keys() {
        let is_of_others = others.iter().any(|other| path.starts_with(other));
        let is_expired = path.contains("2026-11-22");
        let is_replaced = path.contains("2026-11-23/first") || path.contains("/stopped");
        // The third day's mark has a file of its own; the one without is named by no commit any more.
        let is_rewritten = path.starts_with("runs/2026-11-24/first-00000.parquet");
        let of_commit = ["1", "2"].iter().any(|n| path == &format!("commits/{n:0>20}.json"));
        let goes = is_expired || is_replaced || is_rewritten || of_commit;
        assert_eq!(gone.contains_key(path), goes && !is_of_others, "{path}");
    }
    let reasons: BTreeSet<Reason> = done.removed.iter().map(|removal| removal.reason).collect();
    assert_eq!(reasons, BTreeSet::from([Reason::Superseded, Reason::Unnamed, Reason::Expired]));

    // Readers see the kept days as before, and that the other one is kept no longer.
    assert_eq!(commit::newest(&stores, &output).await.unwrap(), newest);
    for commit in kept {
        assert_complete(&commit, &after);
        let of = Some(commit.snapshot_date);
        assert_eq!(commit::in_force(&stores, &output, of).await.unwrap(), Some(commit));
    }
    let refused = commit::in_force(&stores, &output, Some(day(22))).await.unwrap_err();
    assert_eq!(refused.kind, Kind::BadInput);
    assert!(refused.cause.contains("2026-11-22 is kept no longer"), "{refused}");
    assert_eq!(pruned(&stores, &output, later(), false).await.total(), (0, 0));
    publish_day(&stores, &output, day(25), "next").await.unwrap();
}

/// Every fault at every call: readers see the kept days whole, and another prune ends the same.
pub async fn a_prune_that_is_stopped_goes_on_campaign(place: &Place) {
    let prepared = place.output();
    publish_history(place, &prepared).await;
    let objects = place.all_objects(&prepared).await;
    pruned(&place.stores(), &prepared, later(), false).await;
    let expected = place.all_objects(&prepared).await;
    for (number, fault) in [Fault::Down, Fault::AnswerLost].iter().enumerate() {
        let (first, step) = if is_whole() { (0, 1) } else { (number, 7) };
        for at in (first..).step_by(step) {
            let output = place.output();
            for (path, bytes) in &objects {
                place.stores().write(&below(&output, path).unwrap(), bytes.clone()).await.unwrap();
            }
            let (stores, store) = place.faulty(at, fault);
            let result = prune(&stores, &output, &RETENTION, later(), false).await;
            let left = place.all_objects(&output).await;
            for of in [23, 24] {
                assert_complete(&in_force(place, &output, of).await, &left);
            }
            if let Err(error) = &result {
                assert_eq!(error.kind, Kind::Unavailable, "{error}");
            }
            pruned(&place.stores(), &output, later(), false).await;
            assert_eq!(place.all_objects(&output).await, expected, "call {at}");
            if !store.has_occurred() {
                result.unwrap();
                break;
            }
        }
    }
}

/// A run that needs the bytes which a stopped one left makes them young again.
pub async fn files_that_a_run_found_again_are_not_removed(place: &Place) {
    let output = place.output();
    let stores = place.stores();
    publish_day(&stores, &output, day(23), "first").await.unwrap();
    let commit = stores.resolve(&below(&output, &commit::path(1)).unwrap()).unwrap();
    let text = stores.read(&below(&output, &commit::path(1)).unwrap()).await.unwrap().unwrap();
    object_store::ObjectStoreExt::delete(&*commit.0, &commit.1).await.unwrap();
    let file = serde_json::from_slice::<Commit>(&text).unwrap().tables["scores"].files[0].clone();
    let url = below(&output, &file.path).unwrap();
    let then = stores.written_at(&url).await.unwrap().unwrap();
    // Stores tell seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    publish_day(&stores, &output, day(23), "first").await.unwrap();
    assert!(stores.written_at(&url).await.unwrap().unwrap() > then);
}

/// Days in order, each once, whatever stops it.
pub async fn a_backfill_goes_on_where_it_was_stopped_campaign(place: &Place) {
    let states = async |stores: Stores, small: &SmallJob| {
        let load = |of| Ok(renown::job::Job { snapshot: Some(of), ..small.job.clone() });
        let engine = Engine::new(stores, 1);
        let done =
            backfill(&engine, load, day(21), day(24), Progress::silent, |_| Ok(())).await.unwrap();
        let states: Vec<DayState> = done.days.iter().map(|day| day.state).collect();
        (states, done.failed.map(|(_, error)| error.kind))
    };
    let (all, none) = (vec![DayState::Published; 3], vec![DayState::Current; 3]);
    let small = SmallJob::new(&place.output());
    assert_eq!(states(place.stores(), &small).await, (all, None));
    let expected = place.all_objects(&small.job.output).await.len();
    assert_eq!(states(place.stores(), &small).await, (none.clone(), None));
    for at in if is_whole() { vec![10, 40, 60, 90, 120] } else { vec![60] } {
        let small = SmallJob::new(&place.output());
        let (stores, _) = place.faulty(at, &Fault::Down);
        let (done, failed) = states(stores, &small).await;
        assert_eq!(failed, Some(Kind::Unavailable));
        let (again, failed) = states(place.stores(), &small).await;
        assert_eq!((again.len(), failed), (3, None));
        let published = again.iter().filter(|state| **state == DayState::Published).count();
        // The one that failed may have been published, if its answer was lost.
        assert!(published == 3 - done.len() || published == 2 - done.len(), "{done:?} {again:?}");
        assert_eq!(place.all_objects(&small.job.output).await.len(), expected);
        assert_eq!(states(place.stores(), &small).await, (none.clone(), None));
    }
}
