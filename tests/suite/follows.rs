//! Follows, as the stages after reading receive them.

use std::fs;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit};
use fastrand::Rng;
use renown::error::{Kind, Result};
use renown::model::{People, VertexIndex};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::{shuffled, write_parts};
use crate::world::{
    CUTOFF, Follow, HOUR, Published, World, account, follow, follows, identity, of_account,
    people_of, reply, with, without, write,
};

/// A world of follows, with one reply on another network.
fn world_of_follows(rows: &[Follow]) -> World {
    let events = vec![reply("z", "1", "2", 3)];
    World { events, follows: Some(rows.to_vec()), ..World::default() }
}

/// The follows of `people` in names of people, follower first.
fn named(people: &People) -> Vec<(String, String, Option<u32>)> {
    let name = |vertex: VertexIndex| {
        let person = people.persons.person_of(vertex);
        people.persons.ids.value(person.index()).to_owned()
    };
    let follows = people.follows.as_ref().unwrap().all();
    let named = follows.iter().map(|f| (name(f.follower), name(f.followee), f.since_hours()));
    named.collect()
}

fn expected(rows: &[(&str, &str, Option<u32>)]) -> Vec<(String, String, Option<u32>)> {
    let owned = |(follower, followee, hours): &(&str, &str, _)| {
        ((*follower).to_owned(), (*followee).to_owned(), *hours)
    };
    rows.iter().map(owned).collect()
}

fn dropped(people: &People, rule: &str) -> String {
    let mut of = people.drops.iter().filter(|drop| drop.table == "follows");
    of.find(|drop| drop.rule.starts_with(rule)).unwrap().rows.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_are_sorted_by_followee_and_follower() {
    assert_eq!(size_of::<renown::model::Follow>(), 12);
    let last = Follow { since: Some(CUTOFF - 1), ..follow("a", "3", "2", None) };
    let rows = [last, follow("b", "1", "2", Some(7)), follow("a", "1", "2", None)];
    let people = world_of_follows(&rows).people().await;
    let (one, three) = (("a:1", "a:2", None), ("a:3", "a:2", Some(0)));
    let all = named(&people);
    assert_eq!(all, expected(&[one, three, ("b:1", "b:2", Some(6))]));
    let follows = people.follows.unwrap();
    assert_eq!(follows.of_followees(0..2).len(), 2);
    assert_eq!(follows.of_followees(2..follows.all().len() + 2), &follows.all()[2..]);
    // People who appear only in a follow are scored.
    assert!(world_of_follows(&rows).run().await.people().contains(&"b:2".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earliest_of_repeated_follows_counts() {
    let mut rows = vec![
        follow("a", "1", "2", None),
        follow("a", "1", "2", Some(5)),
        follow("a", "1", "2", Some(50)),
        follow("a", "1", "2", Some(50)),
        follow("a", "2", "1", None),
        follow("a", "2", "1", None),
        // Another account of the same person.
        follow("a", "3", "1", Some(7)),
    ];
    let linked = |rows: &[Follow]| World {
        identities: Some(["2", "3"].map(|id| identity("a", id, "p")).into()),
        ..world_of_follows(rows)
    };
    let people = linked(&rows).people().await;
    assert_eq!(named(&people), expected(&[("p", "a:1", Some(6)), ("a:1", "p", Some(49))]));
    assert_eq!(
        dropped(&people, "duplicate rows: the earliest follow of a pair on a network is kept"),
        "5"
    );
    let run = linked(&rows).run().await.commit.run_id;
    rows.reverse();
    assert_eq!(linked(&rows).run().await.commit.run_id, run);
    rows.pop();
    assert_eq!(linked(&rows).run().await.commit.run_id, run);
    // The follows that are kept determine the id of the run.
    rows.retain(|row| row.since != Some(CUTOFF - 50 * HOUR));
    assert_ne!(linked(&rows).run().await.commit.run_id, run);
}

#[tokio::test(flavor = "multi_thread")]
async fn self_follows_and_follows_after_the_cutoff_are_dropped_and_counted() {
    let rows = [
        follow("a", "1", "2", Some(1)),
        follow("a", "1", "1", Some(1)),
        follow("a", "2", "3", None),
        follow("a", "8", "1", Some(0)),
        follow("a", "1", "9", Some(-1)),
    ];
    let mut world = world_of_follows(&rows);
    world.identities = Some(["2", "3"].map(|id| identity("a", id, "p")).into());
    let people = world.people().await;
    assert_eq!(named(&people), expected(&[("a:1", "p", Some(0))]));
    assert_eq!(dropped(&people, "between accounts of one person"), "2");
    let published = world.run().await;
    assert_eq!(published.drops()[&("follows", "after the cutoff")], "2");
    // People whose only follow starts after the cutoff do not appear yet.
    assert_eq!(published.people(), ["a:1", "p", "z:1", "z:2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_of_ineligible_people_leave_no_trace() {
    let kept = [follow("a", "1", "2", Some(5)), follow("a", "2", "1", None)];
    let consent = Some(vec![of_account("a", "9", "opted_out", 1)]);
    let with = |more: &[Follow]| World {
        consent: consent.clone(),
        accounts: Some(["1", "2", "9"].map(|id| account("a", id)).into()),
        ..world_of_follows(&[&kept, more].concat())
    };
    // 7 appears only with 9.
    let theirs = [
        follow("a", "9", "1", Some(1)),
        follow("a", "9", "1", Some(2)),
        follow("a", "1", "9", None),
        follow("a", "9", "9", None),
        follow("a", "7", "9", Some(3)),
    ];
    let plain = with(&[]).run().await;
    let other = with(&theirs).run().await;
    assert_eq!(other.people(), ["a:1", "a:2", "z:1", "z:2"]);
    assert_eq!(plain.commit, other.commit);
    assert_eq!(plain.table_files(), other.table_files());
    assert_eq!(plain.exact_drops(), other.exact_drops());
    let rule = ("follows", "involves an ineligible person");
    assert_eq!(other.drops()[&rule], "fewer than 11");
}

/// A job without interactions.
fn write_without_interactions(folder: &TempDir, world: &World) -> std::path::PathBuf {
    let mut inputs = String::new();
    for (name, rows) in world.tables().iter().filter(|(name, _)| *name != "interactions") {
        write(&folder.path().join(format!("{name}.parquet")), rows);
        inputs += &format!("{name} = \"{name}.parquet\"\n");
    }
    world.write_job(folder.path(), &inputs)
}

async fn published(world: &World) -> Result<Published> {
    let folder = TempDir::new().unwrap();
    Published::of(&write_without_interactions(&folder, world), 2, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_may_have_only_follows() {
    let rows = [follow("a", "1", "2", Some(5)), follow("a", "3", "2", None)];
    let mut world = world_of_follows(&rows);
    world.accounts = Some(vec![account("a", "1")]);
    let run = published(&world).await.unwrap();
    assert_eq!(run.people(), ["a:1", "a:2", "a:3"]);
    assert!(run.tables["influence_edges"].is_empty());
    for row in &run.tables["measures"] {
        for measure in ["reactors_7d", "reactions_90d", "audience_90d", "interactions_made_90d"] {
            assert_eq!(row[measure], json!(0), "{measure}");
        }
    }
    let named = ("follows", "accounts in follows but not in `accounts`: scored anyway");
    assert_eq!(run.drops()[&named], "2");
    // The same people with interactions that are all too old.
    world.events = vec![reply("a", "1", "2", 9_000)];
    let old = world.run().await;
    assert_eq!(
        old.table_files().values().collect::<Vec<_>>(),
        run.table_files().values().collect::<Vec<_>>()
    );
    let folder = TempDir::new().unwrap();
    let job = write_without_interactions(&folder, &world);
    let job = job.to_str().unwrap();
    let report = renown(&["check", job]).done().stdout;
    assert!(report.ends_with("no violations\n"), "{report}");
    let plan: Value =
        serde_json::from_str(&renown(&["plan", job, "--format", "json"]).done().stdout).unwrap();
    assert_eq!(plan["reads"]["follows"]["rows"], 2);
    let only = World { accounts: None, ..world_of_follows(&rows) };
    let job = write_without_interactions(&folder, &only);
    let plan = renown(&["plan", job.to_str().unwrap(), "--format", "json"]).done().stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!((&plan["estimate"]["vertices"], &plan["estimate"]["edges"]), (&json!(4), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_without_follows_and_interactions_is_refused() {
    let late = [follow("a", "1", "2", Some(-5))];
    let refused = published(&world_of_follows(&late)).await.err().unwrap();
    let words = "no follow among eligible people started before the end of 2026-03-31";
    assert!(refused.cause.contains(words) && refused.kind == Kind::BadInput, "{refused}");
    assert_eq!(refused.place.table.as_deref(), Some("follows"));

    let mut both = world_of_follows(&late);
    both.events = vec![reply("a", "1", "2", 9_000)];
    let folder = TempDir::new().unwrap();
    let refused = Published::of(&both.write(folder.path()), 2, &[]).await.err().unwrap();
    for words in [words, "no interaction among eligible people in the 2160 hours"] {
        assert!(refused.cause.contains(words), "{refused}");
    }
    // The error does not reveal whether ineligible people follow anyone.
    let mut hidden = world_of_follows(&[follow("a", "1", "2", Some(5))]);
    (hidden.rule, hidden.consent) = ("opt_in", Some(vec![of_account("z", "1", "opted_in", 1)]));
    let hidden = published(&hidden).await.err().unwrap();
    assert!(hidden.cause.contains("no follow among eligible people"), "{hidden}");
}

#[tokio::test(flavor = "multi_thread")]
async fn since_may_be_absent_and_of_any_unit() {
    let folder = TempDir::new().unwrap();
    let rows = [follow("a", "1", "2", Some(5)), follow("a", "3", "2", Some(-1))];
    let world = World::default();
    let job = world.write_job(folder.path(), "follows = \"follows.parquet\"\n");
    let file = folder.path().join("follows.parquet");
    let batch = follows(&rows);
    write(&file, &RecordBatch::try_from_iter(without(&batch, "since")).unwrap());
    let people = people_of(&job, 2).await.unwrap();
    assert_eq!(named(&people), expected(&[("a:1", "a:2", None), ("a:3", "a:2", None)]));
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Nanosecond] {
        let since = cast(&batch["since"], &DataType::Timestamp(unit, None)).unwrap();
        write(&file, &with(&batch, "since", since));
        let people = people_of(&job, 2).await.unwrap();
        assert_eq!(named(&people), expected(&[("a:1", "a:2", Some(4))]), "{unit:?}");
    }
    // The earliest possible time.
    let far = [Follow { since: Some(i64::MIN), ..rows[0].clone() }];
    write(&file, &follows(&far));
    let people = people_of(&job, 2).await.unwrap();
    assert!(named(&people)[0].2.is_some_and(|hours| hours > 2_500_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_break_the_contract_are_refused() {
    for (column, value) in [("network", ""), ("follower_id", ""), ("followee_id", "")] {
        let folder = TempDir::new().unwrap();
        let job = World::default().write_job(folder.path(), "follows = \"follows.parquet\"\n");
        let batch = follows(&[follow("a", "1", "2", None)]);
        let batch = with(&batch, column, crate::world::text([value]));
        write(&folder.path().join("follows.parquet"), &batch);
        let error = Published::of(&job, 2, &[]).await.err().unwrap();
        assert!(error.cause.contains(&format!("column `{column}` is empty")), "{error}");
        assert!(!folder.path().join("out").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_rows_and_partitions_change_no_follow() {
    let rng = &mut Rng::with_seed(8);
    let mut any = |limit: u32| rng.u32(..limit).to_string();
    let mut rows: Vec<Follow> = Vec::new();
    for number in 0..400 {
        let since = (number % 3 > 0).then_some(number * 7 - 100);
        rows.push(follow(&any(3), &any(30), &any(30), since));
    }
    let world = world_of_follows(&rows);
    let folder = TempDir::new().unwrap();
    let plain = people_of(&world.write(folder.path()), 1).await.unwrap();
    let expected = named(&plain);
    assert!(expected.len() > 200 && expected.len() < 390, "{}", expected.len());
    for partitions in [1, 2, 7] {
        let rows = shuffled(&follows(&rows), rng);
        write_parts(&folder.path().join("parts"), &rows, 5);
        let inputs = "interactions = \"interactions.parquet\"\nfollows = \"parts/\"\n";
        let job = world.write_job(folder.path(), inputs);
        let people = people_of(&job, partitions).await.unwrap();
        assert_eq!(named(&people), expected);
        assert_eq!(people.drops, plain.drops);
        fs::remove_dir_all(folder.path().join("parts")).unwrap();
    }
}
