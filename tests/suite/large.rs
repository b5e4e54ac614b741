//! Large skewed worlds, as large as `RENOWN_SCALE` says: counts stay exact.

use serde_json::json;

use crate::world::{CUTOFF, Interaction, Published, World, interactions, reply, write};

/// `usual` sizes, times `RENOWN_SCALE`.
fn scaled(usual: usize) -> usize {
    usual * std::env::var("RENOWN_SCALE").map_or(1, |scale| scale.parse::<usize>().unwrap())
}

fn world_of(events: Vec<Interaction>) -> World {
    World { events, ..World::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_gets_all_reactions() {
    let n = scaled(5_000);
    let events = (0..n).map(|i| reply("a", &format!("fan{i}"), "star", (i % 2_000) as i64));
    let published = world_of(events.collect()).run().await;
    assert_eq!(published.tables["people"].len(), n + 1);
    assert_eq!(published.measures("a", "a:star")["reactors_90d"], json!(n));
    assert_eq!(published.score("a:star")["true_reach"], json!(n as f64));
    assert_eq!(published.measures("a", "a:fan0")["reactors_90d"], json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_kind_has_nearly_all_rows() {
    let n = scaled(5_000);
    let events = (0..n).map(|i| {
        let event = reply("a", &format!("u{}", i % 97), &format!("t{}", i % 10), 3);
        let kind = if i % 100 == 0 { "reply" } else { "like" };
        Interaction {
            kind: kind.into(),
            via: Some(format!("v{i}")),
            at: CUTOFF - 1 - i as i64,
            ..event
        }
    });
    let published = world_of(events.collect()).run().await;
    assert_eq!(published.tables["people"].len(), 97 + 10);
    for target in 0..10 {
        // 97 and 10 have no common divisor: within 970 rows every pair occurs.
        let measures = published.measures("a", &format!("a:t{target}"));
        assert_eq!(measures["reactors_90d"], json!(97));
        assert_eq!(measures["reactions_90d"], json!(n / 10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_with_one_event_each() {
    let n = scaled(5_000);
    let events = (0..n).map(|i| reply("a", &format!("u{i}"), &format!("u{}", (i + 1) % n), 3));
    let published = world_of(events.collect()).run().await;
    let measures = published.by("measures", &["person_id"]);
    assert_eq!((published.tables["people"].len(), measures.len()), (n, n));
    assert!(measures.values().all(|row| row["reactors_90d"] == json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_networks() {
    let n = scaled(300);
    let events = (0..n).flat_map(|i| {
        let network = format!("net{i}");
        [reply(&network, "1", "2", 3), reply(&network, "3", "2", 4)]
    });
    let published = world_of(events.collect()).run().await;
    assert_eq!(published.tables["people"].len(), 3 * n);
    let measures = published.by("measures", &["person_id"]);
    let twos = measures.iter().filter(|(key, _)| key[0].ends_with(":2"));
    assert_eq!(twos.filter(|(_, row)| row["reactors_90d"] == json!(2)).count(), n);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_files() {
    let n = scaled(200);
    let folder = tempfile::tempdir().unwrap();
    for i in 0..n {
        let events = [reply("a", &format!("u{i}"), "star", 3)];
        write(&folder.path().join(format!("in/{i}.parquet")), &interactions(&events));
    }
    let job = World::default().write_job(folder.path(), "interactions = \"in/\"\n");
    let published = Published::of(&job, 3, &[]).await.unwrap();
    assert_eq!(published.tables["people"].len(), n + 1);
    assert_eq!(published.measures("a", "a:star")["reactors_90d"], json!(n));
}
