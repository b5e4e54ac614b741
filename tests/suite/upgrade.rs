//! An output folder of version 0.7.0, `tests/data/output-0.7.0`: its runs are read under the current names, and the first
//! run after the upgrade explains its changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::renown;
use crate::parquet_files::in_repository;
use crate::world::{
    Account, CUTOFF, HOUR, Interaction, Post, Statement, World, account, follow, of_account, read,
    reply, rows,
};

/// Ann writes about lobsters, and five people reply to her and to each other, fewer of them every day.
fn world() -> World {
    let mut world = World::default();
    world.edit_method("credited_reactors_30d", "credited_reactors_decayed");
    let ids = ["ann", "bob", "cid", "dot", "eve", "fay"];
    let named = |id: &str| Account {
        name: Some(format!("The {id}")),
        country: Some("DE".into()),
        ..account("net", id)
    };
    world.accounts = Some(ids.map(named).into());
    let agreed = |id: &str| -> Statement { of_account("net", id, "opted_in", 3000) };
    world.consent = Some(ids.map(agreed).into());
    let mut posts = vec![];
    for (number, days) in [4, 6, 20, 40].into_iter().enumerate() {
        posts.push(Post {
            network: "net".into(),
            id: format!("post-{number}"),
            author: "ann".into(),
            at: CUTOFF - days * 24 * HOUR,
            tags: vec!["lobsters".into()],
            ..Post::default()
        });
        for (actor, id) in (0..).zip(&ids[1..]) {
            let answer = reply("net", id, "ann", days * 24 - 5 - actor);
            let post = Some(format!("post-{number}"));
            world.events.push(Interaction { post, ..answer });
        }
    }
    for (at, target) in (0..).zip(&ids[1..]) {
        world.events.extend((0..at).map(|of| reply("net", ids[of], target, 50 + 60 * of as i64)));
    }
    world.posts = Some(posts);
    world.follows = Some(vec![follow("net", "bob", "ann", Some(900))]);
    world.profiles = "[[profile]]\nname = \"steady\"\nweights.credited_reactors_90d = 2.0\n".into();
    world
        .settings
        .push_str("[[cohort]]\nname = \"all\"\npurpose = \"tests\"\nnetworks = [\"net\"]\n");
    world
}

/// The outputs of the previous days, which version 0.7.0 wrote for the same world.
fn copy_fixture(folder: &Path) {
    let fixture = in_repository("tests/data/output-0.7.0");
    let mut folders = vec![PathBuf::new()];
    while let Some(path) = folders.pop() {
        fs::create_dir_all(folder.join("out").join(&path)).unwrap();
        for entry in fs::read_dir(fixture.join(&path)).unwrap() {
            let entry = entry.unwrap();
            let path = path.join(entry.file_name());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(path),
                false => drop(fs::copy(entry.path(), folder.join("out").join(path)).unwrap()),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_after_an_upgrade_explains_its_changes() {
    let folder = TempDir::new().unwrap();
    copy_fixture(folder.path());
    let files = fs::read_dir(folder.path().join("out/scores/2026-03-30")).unwrap();
    let before = files.flat_map(|file| read(&file.unwrap().path())).flat_map(rows);
    let before: BTreeMap<String, f64> = before
        .filter(|row| row["profile"] == "standard")
        .map(|row| (row["person_id"].as_str().unwrap().to_owned(), row["score"].as_f64().unwrap()))
        .collect();
    let after = world().run_in(folder.path()).await;
    let mut moved: BTreeMap<&str, f64> = BTreeMap::new();
    let mut causes = BTreeSet::new();
    for row in &after.tables["changes"] {
        causes.insert(row["cause"].as_str().unwrap());
        *moved.entry(row["person_id"].as_str().unwrap()).or_default() +=
            row["points"].as_f64().unwrap();
    }
    // The same people; reactors count by credit now, so that time cannot be told apart from the method.
    assert_eq!(causes, BTreeSet::from(["method"]));
    // Nobody ever reacted to Bob.
    assert_eq!((before.len(), moved.len(), moved.contains_key("net:bob")), (6, 5, false));
    for (person, score) in &before {
        let change = after.score(person)["score"].as_f64().unwrap() - score;
        let explained = moved.get(person.as_str()).copied().unwrap_or_default();
        assert!((change - explained).abs() < 1e-9 && explained <= 0.0, "{person}");
        assert!((after.score(person)["change_1d"].as_f64().unwrap() - change).abs() < 1e-9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_version_0_7_are_read_under_the_current_names() {
    let folder = TempDir::new().unwrap();
    copy_fixture(folder.path());
    let output = folder.path().join("out");
    let output = output.to_str().unwrap();
    let json = |args: &[&str]| -> Value {
        let all = [args, &["--format", "json"]].concat();
        serde_json::from_str(&renown(&all).done().stdout).unwrap()
    };
    let explanation = json(&["explain", output, "ann"]);
    assert!(explanation["score"]["network_score"].as_f64().unwrap() > 0.0);
    assert_eq!(explanation["changes"][0]["cause"], "decay");
    assert!(explanation["suggestions"].as_array().is_some_and(|all| !all.is_empty()));
    let measures = explanation["measures"].as_array().unwrap();
    for name in ["pagerank", "pagerank_percentile", "endorsers", "follow_pagerank"] {
        let known = measures.iter().filter(|m| m["name"] == name && m["value"].is_number());
        assert_eq!(known.count(), 1, "{name}");
    }
    let on_topic = json(&["explain", output, "ann", "--topic", "lobsters"]);
    assert_eq!(
        (&on_topic["score"]["position"], &on_topic["score"]["endorsers"]),
        (&1.into(), &0.into())
    );
    assert!(on_topic["score"]["topic_attention_share"].is_number());

    for (args, words) in [
        (&["top", output][..], "The ann"),
        (&["top", output, "--topic", "lobsters"], "The ann"),
        (&["topics", output], "lobsters"),
        (&["runs", output], "11/11 passed"),
        (&["access", output, "net:ann"], "trusted_reactors_90d"),
    ] {
        let page = renown(args).done().stdout;
        assert!(page.contains(words), "{args:?}: {page}");
    }
    let page = folder.path().join("page.html");
    renown(&["report", output, "--out", page.to_str().unwrap()]).done();
    let page = fs::read_to_string(page).unwrap();
    for words in ["The ann", "decay: the same reactions", "lobsters"] {
        assert!(page.contains(words), "{words}");
    }

    // A run of this version differs from it by the day, the version and the forecast.
    world().run_in(folder.path()).await;
    let [a, b] = [2, 3].map(|number| format!("{output}/commits/{number:020}.json"));
    let diff = json(&["diff", &a, &b]);
    assert_eq!(
        (&diff["differs"]["snapshot_date"], &diff["differs"]["forecast"]),
        (&true.into(), &true.into())
    );
    assert_eq!(diff["people"]["both"], 6);
    assert_eq!(diff["down"][0]["published_causes"][0]["cause"], "method");
}
