//! Nights on which a changed method is compared: what scores meanwhile, what the comparison says, and who puts the method in force.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use renown::engine::Engine;
use renown::error::{Error, Kind};
use renown::job::Job;
use renown::pipeline::promote;
use renown::publish::promotion::Promotion;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::checks::base;
use crate::world::{Published, Row, World};

/// A night of a world, under a job that compares a changed method on two nights.
async fn night(world: &World, days: i64, folder: &Path) -> Published {
    // Boxed: several nights are more than the stack of a test holds.
    Box::pin(Published::of(&write(world, days, folder), 3, &[])).await.unwrap()
}

fn write(world: &World, days: i64, folder: &Path) -> PathBuf {
    let path = world.later(days).write(folder);
    let job = fs::read_to_string(&path).unwrap();
    fs::write(&path, job.replace("[job]\n", "[job]\nshadow_nights = 2\n")).unwrap();
    path
}

/// The same world under a method that expects e² times as many people.
fn changed() -> World {
    let world = base();
    let method = world.method.replace("intercept     = -3.3", "intercept     = -1.3");
    assert_ne!(method, world.method);
    World { method, ..world }
}

fn compared<'a>(night: &'a Published, check: &str) -> &'a Row {
    night.tables["checks"].iter().find(|row| row["check"] == check).unwrap()
}

async fn try_promote(folder: &Path) -> Result<Promotion, Error> {
    let job = Job::load(&folder.join("job.toml"), &[], None)?;
    promote(&Engine::new(Stores::default(), 2), &job, "Ann".into(), DateTime::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_method_scores_once_it_was_compared_and_promoted() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let first = night(&base(), 0, folder.path()).await;
    let old = Box::pin(base().later(1).run_in(elsewhere.path())).await;
    let new = Box::pin(changed().later(1).run()).await;

    let second = night(&changed(), 1, folder.path()).await;
    assert_eq!(second.tables["runs"][0]["method_sha256"], first.tables["runs"][0]["method_sha256"]);
    for row in &old.tables["scores"] {
        let id = row["person_id"].as_str().unwrap();
        assert_eq!(second.score(id)["score"], row["score"], "{id}");
    }
    let points = |of: &Published, id: &str| of.score(id)["score"].as_f64().unwrap();
    let ids: Vec<&str> =
        old.tables["scores"].iter().map(|row| row["person_id"].as_str().unwrap()).collect();
    let mut changes: Vec<f64> = ids.iter().map(|id| points(&new, id) - points(&old, id)).collect();
    changes.sort_by(f64::total_cmp);
    let moved = changes.iter().filter(|change| change.abs() >= 5.0).count();
    assert!(moved > 0 && moved < ids.len(), "{moved}");
    let share = compared(&second, "shadow_moved");
    assert_eq!(share["figure"], moved as f64 / ids.len() as f64);
    assert_eq!((&share["verdict"], share["limit"].is_null()), (&"compared".into(), true));
    assert_eq!(share["examples"].as_array().unwrap().len(), 5);
    let middle = f64::midpoint(changes[ids.len() / 2 - 1], changes[ids.len() / 2]);
    assert!(
        (compared(&second, "shadow_change")["figure"].as_f64().unwrap() - middle).abs() < 1e-12
    );
    // The same order, but for ties.
    assert!((compared(&second, "shadow_order")["figure"].as_f64().unwrap() - 1.0).abs() < 1e-12);
    let ratio = compared(&second, "shadow_expected")["figure"].as_f64().unwrap();
    assert!((ratio - 2.0_f64.exp()).abs() < 1e-9, "{ratio}");
    // A second run of the night finds it published.
    assert!(night(&changed(), 1, folder.path()).await.outcome.already);

    let error = try_promote(folder.path()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Gate);
    assert!(error.to_string().contains("on 1 of 2 nights"), "{error}");
    let third = night(&changed(), 2, folder.path()).await;
    assert_eq!(third.tables["runs"][0]["method_sha256"], first.tables["runs"][0]["method_sha256"]);
    let promotion = try_promote(folder.path()).await.unwrap();
    assert_eq!((promotion.nights, promotion.by.as_str()), (2, "Ann"));
    assert_eq!(promotion.from, base().later(3).day);
    // The first promotion counts.
    assert_eq!(try_promote(folder.path()).await.unwrap(), promotion);

    // Days that were published before stay as they were.
    assert!(night(&changed(), 2, folder.path()).await.outcome.already);
    let fourth = night(&changed(), 3, folder.path()).await;
    assert_ne!(fourth.tables["runs"][0]["method_sha256"], first.tables["runs"][0]["method_sha256"]);
    let alone = Box::pin(changed().later(3).run()).await;
    for id in &ids {
        assert_eq!(points(&fourth, id), points(&alone, id), "{id}");
    }
    assert!(fourth.tables["checks"].iter().all(|row| row["verdict"] != "compared"));
    let error = try_promote(folder.path()).await.unwrap_err();
    assert_eq!(error.kind, Kind::BadJob);
    assert!(error.to_string().contains("in force"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_compared_where_nothing_changed_or_nobody_asks() {
    let folder = TempDir::new().unwrap();
    let first = night(&changed(), 0, folder.path()).await;
    let second = night(&changed(), 1, folder.path()).await;
    for night in [&first, &second] {
        assert!(night.tables["checks"].iter().all(|row| row["verdict"] != "compared"));
    }
    assert_eq!(try_promote(folder.path()).await.unwrap_err().kind, Kind::BadJob);
    let method = changed().method.replace("-1.3", "-1.2");
    let third = World { method, ..base() }.later(2).run_in(folder.path()).await;
    assert_ne!(third.tables["runs"][0]["method_sha256"], first.tables["runs"][0]["method_sha256"]);
    // Without the key, a changed method scores at once.
    assert_eq!(try_promote(folder.path()).await.unwrap_err().kind, Kind::BadJob);
}

#[test]
fn more_nights_than_are_kept_are_refused() {
    let folder = TempDir::new().unwrap();
    let path = write(&base(), 0, folder.path());
    let job = fs::read_to_string(&path).unwrap();
    fs::write(&path, job.replace("shadow_nights = 2", "shadow_nights = 29")).unwrap();
    let error = Job::load(&path, &[], None).unwrap_err();
    assert!(error.kind == Kind::BadJob && error.to_string().contains("shadow_nights"), "{error}");
}
