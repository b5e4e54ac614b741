//! Days in order: what rests on a day that was run again is stale until it is renewed, what is kept no longer is not missed by
//! other days, and many days are run one after the other.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{TimeDelta, Utc};
use renown::job::{Job, Retention};
use renown::publish::commit;
use renown::publish::prune::prune;
use renown::storage::Stores;
use serde_json::Value;
use tempfile::TempDir;
use url::Url;

use crate::binary::renown;
use crate::nights::small_world;
use crate::world::{Published, World, of_account, read, rows};

fn output(folder: &Path) -> Url {
    Url::from_directory_path(folder.join("out")).unwrap()
}

/// By night, whether the table `runs` of the run in force says that it is stale, and whether the newest commit does.
async fn stale(folder: &Path, nights: i64) -> Vec<bool> {
    let (stores, output) = (Stores::default(), output(folder));
    let newest = commit::newest(&stores, &output).await.unwrap().unwrap();
    let mut found = vec![];
    for night in 0..nights {
        let day = small_world().later(night).day;
        let commit = commit::in_force(&stores, &output, Some(day)).await.unwrap().unwrap();
        let file = &commit.tables["runs"].files[0];
        let row = read(&folder.join("out").join(&file.path)).into_iter().flat_map(rows).next();
        let says = row.unwrap()["stale"].as_bool().unwrap();
        assert_eq!(newest.is_stale(day), says, "night {night}");
        found.push(says);
    }
    found
}

/// The files that the commit of a run names, by path.
fn files_of(published: &Published) -> BTreeMap<&String, &Vec<u8>> {
    let named = published.commit.tables.values().flat_map(|table| &table.files);
    let named: Vec<&String> = named.map(|file| &file.path).collect();
    published.table_files().into_iter().filter(|(path, _)| named.contains(path)).collect()
}

/// Small worlds in which a founder was found to have left a day before the second night.
fn corrected() -> World {
    let left = Some(vec![of_account("a", "p0", "deleted", -23)]);
    World { consent: left, ..small_world() }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_days_say_that_they_are_stale_until_they_are_renewed_in_order() {
    let folder = TempDir::new().unwrap();
    let (world, left) = (small_world(), corrected());
    for night in 0..4 {
        world.later(night).run_in(folder.path()).await;
    }
    assert_eq!(stale(folder.path(), 4).await, [false; 4]);
    left.later(1).run_in(folder.path()).await;
    assert_eq!(stale(folder.path(), 4).await, [false, false, true, true]);
    let before = folder.path().join("out/commits/00000000000000000006.json");
    assert!(before.exists(), "one commit for the run and one for all marks");
    assert!(!folder.path().join("out/commits/00000000000000000007.json").exists());

    // Every reader says so, and nobody does of a day that is not.
    let out = folder.path().join("out").display().to_string();
    let page = folder.path().join("page.html").display().to_string();
    let note = "the run of 2026-04-02 is stale";
    let remedy = "run the job again for 2026-04-02 and each day after it, in order";
    let at = ["--snapshot", "2026-04-02"];
    for args in [
        &["top", &out][..],
        &["explain", &out, "a:new"],
        &["explain", &out, "a:new", "--format", "json"],
    ] {
        let said = renown(&[args, &at[..]].concat()).done().stdout;
        assert!(said.contains(note) && said.contains(remedy), "{said}");
        let said = renown(&[args, &["--snapshot", "2026-04-01"]].concat()).done().stdout;
        assert!(!said.contains("stale"), "{said}");
    }
    let json = renown(&[&["explain", &out, "a:new", "--format", "json"], &at[..]].concat()).done();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["notes"].as_array().unwrap().len(), 1);
    let days = ["--snapshot-a", "2026-04-01", "--snapshot-b", "2026-04-02"];
    let diff = renown(&[&["diff", &out, &out], &days[..]].concat()).done().stdout;
    assert!(diff.contains(&format!("note: run B: {note}")), "{diff}");
    renown(&[&["report", &out, "--out", &page], &at[..]].concat()).done();
    assert!(fs::read_to_string(&page).unwrap().contains(note));

    // Out of order a day stays stale: the one before it is.
    let early = left.later(3).run_in(folder.path()).await;
    assert!(
        early.outcome.notes.warnings.iter().any(|w| w.text.contains("2026-04-02, which is stale"))
    );
    assert_eq!(stale(folder.path(), 4).await, [false, false, true, true]);
    left.later(2).run_in(folder.path()).await;
    assert_eq!(stale(folder.path(), 4).await, [false, false, false, true]);
    let last = left.later(3).run_in(folder.path()).await;
    assert_eq!(stale(folder.path(), 4).await, [false; 4]);

    // As if every night had been right at once.
    let straight = TempDir::new().unwrap();
    world.run_in(straight.path()).await;
    let mut nights = vec![];
    for night in 1..4 {
        nights.push(left.later(night).run_in(straight.path()).await);
    }
    assert_eq!(files_of(&last), files_of(&nights[2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_that_rests_on_the_same_after_all_is_renewed_without_a_run() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    let mut nights = vec![];
    for night in 0..3 {
        nights.push(world.later(night).run_in(folder.path()).await);
    }
    corrected().later(1).run_in(folder.path()).await;
    assert_eq!(stale(folder.path(), 3).await, [false, false, true]);
    // The correction was wrong. What rests on it has not been run again, so nothing needs to be.
    let back = world.later(1).run_in(folder.path()).await;
    assert_eq!(back.commit.run_id, nights[1].commit.run_id);
    assert_eq!(stale(folder.path(), 3).await, [false, false, true]);
    let again = world.later(2).run_in(folder.path()).await;
    assert!(again.outcome.already && again.outcome.renewed);
    assert_eq!(stale(folder.path(), 3).await, [false; 3]);
    assert!(!world.later(2).run_in(folder.path()).await.outcome.renewed);
}

/// Runs a backfill of `days` nights of `world`, and gives what it says.
fn backfilled(folder: &Path, world: &World, code: i32, days: &[&str; 2]) -> String {
    let job = world.write(folder).display().to_string();
    let ended = renown(&["backfill", &job, "--from", days[0], "--to", days[1]]);
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    ended.stdout + &ended.stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_runs_what_is_missing_and_what_is_stale_in_order() {
    let (folder, straight) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let world = small_world();
    let mut last = None;
    for night in 0..4 {
        last = Some(world.later(night).run_in(straight.path()).await);
    }
    // The last day first, alone.
    world.later(3).run_in(folder.path()).await;
    let days = ["2026-03-31", "2026-04-04"];
    let said = backfilled(folder.path(), &world, 0, &days);
    assert!(said.contains("2026-04-03  published"), "{said}");
    assert!(said.contains("4 days: 4 published, 0 renewed, 0 current, 0 stale"), "{said}");
    assert_eq!(stale(folder.path(), 4).await, [false; 4]);
    let job = Job::load(&world.later(3).write(folder.path()), &[], None).unwrap();
    let now = Published::of(&folder.path().join("job.toml"), 1, &[]).await.unwrap();
    assert_eq!((now.outcome.already, job.snapshot), (true, Some(world.later(3).day)));
    assert_eq!(files_of(&now), files_of(&last.unwrap()));
    let said = backfilled(folder.path(), &world, 0, &days);
    assert!(said.contains("4 days: 0 published, 0 renewed, 4 current, 0 stale"), "{said}");
    // A change of the second night reaches all later ones.
    let said = backfilled(folder.path(), &corrected(), 0, &["2026-04-01", "2026-04-04"]);
    assert!(said.contains("3 days: 3 published"), "{said}");
    assert_eq!(stale(folder.path(), 4).await, [false; 4]);
    assert!(backfilled(folder.path(), &world, 2, &[days[1], days[1]]).contains("there is no day"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backfill_stops_at_the_first_day_that_fails_with_its_code() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    let job = world.write(folder.path());
    let text = fs::read_to_string(&job).unwrap();
    fs::write(&job, text.replace("accounts.parquet", "{snapshot}.parquet")).unwrap();
    for day in ["2026-03-31", "2026-04-01"] {
        let copy = folder.path().join(format!("{day}.parquet"));
        fs::copy(folder.path().join("accounts.parquet"), copy).unwrap();
    }
    let job = job.display().to_string();
    let ended = renown(&["backfill", &job, "--from", "2026-03-31", "--to", "2026-04-09"]);
    let said = &ended.stdout;
    assert!(said.contains("2 days: 2 published"), "{said}");
    assert!(said.contains("stopped at 2026-04-02"), "{said}");
    let alone = renown(&["run", &job, "--snapshot", "2026-04-02"]);
    assert_eq!(ended.code, alone.code);
    ended.refused(alone.code.unwrap(), &["2026-04-02", "remedy: "]);
}

#[test]
fn yesterday_is_a_day() {
    let job = crate::sample_job::SampleJob::new();
    let yesterday = Utc::now().date_naive().pred_opt().unwrap();
    let plan = renown(&["plan", &job.file(), "--snapshot", "yesterday", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.done().stdout).unwrap();
    // A test that runs over midnight.
    let day: chrono::NaiveDate = plan["snapshot_date"].as_str().unwrap().parse().unwrap();
    assert!((0..=1).contains(&(day - yesterday).num_days()), "{day}");
    renown(&["plan", &job.file(), "--snapshot", "tomorrow"]).refused(2, &["or yesterday"]);
}

/// Removes all but the last `keep_days` days, as if it were two days later.
async fn keep(folder: &Path, keep_days: u32) {
    let retention = Retention { keep_days: Some(keep_days), superseded: true, grace_hours: 24 };
    let now = Utc::now() + TimeDelta::days(2);
    prune(&Stores::default(), &output(folder), &retention, now, false).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_are_kept_no_longer_are_missed_by_no_other_day() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    let mut nights = vec![];
    for night in 0..5 {
        nights.push(world.later(night).run_in(folder.path()).await);
    }
    keep(folder.path(), 3).await;
    let out = folder.path().join("out").display().to_string();
    let job = world.write(folder.path()).display().to_string();
    let run = |day: &str| renown(&["run", &job, "--quiet", "--snapshot", day]);
    // Whatever reads the kept days, or several of them.
    for args in [
        &["runs", &out][..],
        &["top", &out],
        &["explain", &out, "a:new"],
        &["diff", &out, &out, "--snapshot-a", "2026-04-02", "--snapshot-b", "2026-04-04"],
        &["access", &out, "a:new"],
        &["plan", &job, "--snapshot", "2026-04-05"],
    ] {
        renown(args).done();
    }
    assert_eq!(renown(&["runs", &out]).done().stdout.lines().count(), 4);
    renown(&["top", &out, "--snapshot", "2026-04-01"])
        .refused(65, &["2026-04-01 is kept no longer", "run the job for this one again"]);
    // The next night and a rerun are as they would have been.
    let again = world.later(4).run_in(folder.path()).await;
    assert!(again.outcome.already);
    let next = world.later(5).run_in(folder.path()).await;
    let straight = TempDir::new().unwrap();
    let mut last = None;
    for night in 0..6 {
        last = Some(world.later(night).run_in(straight.path()).await);
    }
    assert_eq!(files_of(&next), files_of(&last.unwrap()));

    // A day whose day before is gone cannot be run, kept or not; the day after the first kept one can.
    for (day, before) in [("2026-04-02", "2026-04-01"), ("2026-04-01", "2026-03-31")] {
        let rests = format!("a run of {day} rests on the one of {before}");
        run(day).refused(78, &[&rests, "kept no longer", "2026-04-02, the first"]);
        renown(&["plan", &job, "--snapshot", day]).refused(78, &[&rests]);
    }
    run("2026-04-03").done();
    // The first day of all rests on none: from there on every day can be run again, and is the same.
    let said = backfilled(folder.path(), &world, 0, &["2026-03-31", "2026-04-06"]);
    assert!(said.contains("6 days: 2 published, 4 renewed"), "{said}");
    assert_eq!(stale(folder.path(), 6).await, [false; 6]);
    for (night, published) in nights.iter().enumerate() {
        let day = published.commit.snapshot_date;
        let now = commit::in_force(&Stores::default(), &output(folder.path()), Some(day)).await;
        assert_eq!(now.unwrap().unwrap().run_id, published.commit.run_id, "night {night}");
    }
}

/// Makes every file below `folder` two days old.
fn age(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            age(&path);
        } else {
            let then = SystemTime::now() - Duration::from_secs(48 * 3_600);
            File::options().append(true).open(&path).unwrap().set_modified(then).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_removes_what_it_keeps_no_longer_at_the_end_of_a_run() {
    let folder = TempDir::new().unwrap();
    let mut world = small_world();
    world.settings +=
        "[output]\nurl = \"out/\"\nretention = { keep_days = 2, superseded = true }\n";
    let write = |world: &World| {
        let job = world.write(folder.path());
        let text = fs::read_to_string(&job)
            .unwrap()
            .replace("[output]\nurl = \"out/\"\n[inputs]", "[inputs]");
        fs::write(&job, text).unwrap();
        job
    };
    let days = || -> Vec<String> {
        let found = fs::read_dir(folder.path().join("out/scores")).unwrap();
        let mut days: Vec<String> =
            found.map(|day| day.unwrap().file_name().into_string().unwrap()).collect();
        days.sort();
        days
    };
    for night in 0..3 {
        Published::of(&write(&world.later(night)), 2, &[]).await.unwrap();
    }
    // All of it is young.
    assert_eq!(days(), ["2026-03-31", "2026-04-01", "2026-04-02"]);
    age(&folder.path().join("out"));
    let job = write(&world.later(3)).display().to_string();
    let said = renown(&["run", &job]).done().stdout;
    assert!(
        said.contains("removed: ") && said.contains("kept are days from 2026-04-02 on"),
        "{said}"
    );
    assert_eq!(days(), ["2026-04-02", "2026-04-03"]);
    for table in ["logs", "runs", "accounts"] {
        assert!(!folder.path().join("out").join(table).join("2026-03-31").exists());
    }

    for (keys, words) in [
        ("keep_days = 0", "the latest day is always kept"),
        ("superseded = false", "nothing would be removed"),
        ("keep = 3", "unknown"),
    ] {
        let text = fs::read_to_string(&job).unwrap();
        fs::write(&job, text.replace("keep_days = 2, superseded = true", keys)).unwrap();
        renown(&["run", &job]).refused(78, &[words]);
        fs::write(&job, text).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_files_of_stopped_writes_are_removed_unless_they_are_young() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    world.run_in(folder.path()).await;
    let at = |name: &str| folder.path().join("out").join(name);
    let old = ["scores/2026-03-31/a-00000.parquet#1", "commits/00000000000000000002.json#3"];
    let kept = ["people/2026-03-31/b-00000.parquet#1", "people/2026-03-31/mine.txt#1"];
    for name in old {
        fs::write(at(name), "half").unwrap();
    }
    fs::write(at(kept[1]), "of others").unwrap();
    age(&folder.path().join("out"));
    fs::write(at(kept[0]), "being written").unwrap();
    let left = |names: &[&str]| names.iter().filter(|name| at(name).exists()).count();
    let out = folder.path().join("out").display().to_string();
    let args = ["prune", &out, "--superseded", "--format", "json"];
    let said = renown(&[&args[..], &["--dry-run"]].concat()).done().stdout;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((left(&old), &said["removed"][0]["table"]), (2, &Value::from("unfinished")));
    world.later(1).run_in(folder.path()).await;
    assert_eq!((left(&old), left(&kept)), (0, 2));
    fs::write(at(old[0]), "half").unwrap();
    age(&folder.path().join("out"));
    let said: Value = serde_json::from_str(&renown(&args).done().stdout).unwrap();
    assert_eq!((left(&old), said["removed"][0]["files"].as_u64()), (0, Some(2)));
    // Nothing but commits is left among the commits.
    let commits: BTreeMap<String, u64> = fs::read_dir(at("commits"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len()))
        .collect();
    assert!(commits.keys().all(|name| name.len() == 25 && name.ends_with(".json")), "{commits:?}");
}

#[test]
fn prune_wants_to_know_what_to_remove() {
    renown(&["prune", "out/"]).refused(2, &["--keep-days", "--superseded"]);
    renown(&["prune", "out/", "--keep-days", "0"]).refused(2, &["--keep-days"]);
    let folder = TempDir::new().unwrap();
    let empty = folder.path().display().to_string();
    renown(&["prune", &empty, "--superseded"]).refused(65, &["no run has been published there"]);
}
