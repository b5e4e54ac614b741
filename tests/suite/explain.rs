//! `explain`: against values worked out by hand on a world of four people.

use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::sample_job::SampleJob;
use crate::world::{Account, World, account, identity, reply, run_job};

fn named(id: &str, name: &str) -> Account {
    Account { name: Some(name.into()), ..account("a", id) }
}

/// Ada gets replies from 2, 3 and 4; 2 gets one from 3; 3 and 4 get none.
fn four() -> World {
    let ada = Account { country: Some("DE".into()), ..named("1", "Ada") };
    World {
        accounts: Some(vec![ada, named("2", "Sam"), named("3", "sam"), named("4", "\u{1b}[2JSam")]),
        identities: Some(vec![identity("a", "1", "p")]),
        events: [("2", "1"), ("3", "1"), ("4", "1"), ("3", "2")]
            .map(|(actor, target)| reply("a", actor, target, 5))
            .into(),
        ..World::default()
    }
}

struct Ran {
    _folder: TempDir,
    job: PathBuf,
}

impl Ran {
    async fn of(world: &World) -> Self {
        let folder = TempDir::new().unwrap();
        let job = world.write(folder.path());
        run_job(&job, 2, &[]).await.unwrap();
        Self { _folder: folder, job }
    }

    fn explain(&self, person: &str, more: &[&str]) -> Ended {
        renown(&[&["explain", self.job.to_str().unwrap(), person], more].concat())
    }

    fn json(&self, person: &str) -> Value {
        serde_json::from_str(&self.explain(person, &["--format", "json"]).done().stdout).unwrap()
    }
}

fn measure<'a>(told: &'a Value, name: &str) -> &'a Value {
    let mut measures = told["measures"].as_array().unwrap().iter();
    measures.find(|measure| measure["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn measures_stand_beside_median_and_percentile() {
    let ran = Ran::of(&four()).await;
    let (ada, sam, third) = (ran.json("p"), ran.json("a:2"), ran.json("a:3"));
    // Reactors are 3, 1, 0, 0: the median is the mean of 0 and 1, and the zeros share 0..50.
    for (told, value, percentile) in [(&ada, 3.0, 87.5), (&sam, 1.0, 62.5), (&third, 0.0, 25.0)] {
        let reactors = measure(told, "reactors_90d");
        assert_eq!(reactors["value"], value);
        assert_eq!(reactors["median"], 0.5);
        assert_eq!(reactors["percentile"], percentile);
        assert_eq!(reactors["people"], 4);
        assert_eq!(reactors["unit"], "people");
        assert!(reactors["meaning"].as_str().unwrap().contains("last 90 days"));
        // The published percentile of the rank is the one of this page.
        assert_eq!(measure(told, "rank")["percentile"], measure(told, "rank_percentile")["value"]);
    }
    // Of two people an audience is known, 0 of 3 and 0 of 1 were acted on.
    let reciprocity = measure(&ada, "reciprocity");
    assert_eq!(reciprocity["people"], 2);
    assert_eq!((&reciprocity["value"], &reciprocity["percentile"]), (&0.0.into(), &50.0.into()));
    assert_eq!(measure(&third, "reciprocity")["percentile"], Value::Null);
    assert_eq!(measure(&ada, "posts_90d")["median"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_are_named_with_their_shares() {
    let ran = Ran::of(&four()).await;
    let ada = ran.json("p");
    assert_eq!(ada["influencers"].as_array().unwrap().len(), 0);
    let influenced = ada["influenced"].as_array().unwrap();
    let ids: Vec<_> = influenced.iter().map(|n| n["person_id"].as_str().unwrap()).collect();
    // All give the same attention: lower ids first.
    assert_eq!(ids, ["a:2", "a:3", "a:4"]);
    assert_eq!(influenced[1]["display_name"], "sam");
    let near = |value: &Value, share: f64| (value.as_f64().unwrap() - share).abs() < 1e-9;
    assert!(near(&influenced[0]["attention_share"], 1.0));
    assert!(near(&influenced[1]["attention_share"], 0.5), "3 also replies to 2");
    assert!(influenced.iter().all(|n| near(&n["audience_share"], 1.0 / 3.0)));
    let influencers = ran.json("a:3")["influencers"].clone();
    let influencers: Vec<_> =
        influencers.as_array().unwrap().iter().map(|n| n["person_id"].clone()).collect();
    assert_eq!(influencers, ["a:2", "p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_has_its_reason() {
    let ran = Ran::of(&four()).await;
    let missing = |person: &str| {
        let told = ran.json(person)["missing"].clone();
        let lines = told.as_array().unwrap().iter();
        lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };
    let (ada, third) = (missing("p"), missing("a:3"));
    for words in [
        "language: no account",
        "h_index, posts_90d, posts_with_reaction_90d",
        "the run had no `posts` input",
        "negative_share on a: the sentiment of no reaction",
        "method_not_fitted: ",
        "trust_fallback: ",
        "thin_evidence: ",
    ] {
        let sorted = words.split(", ").all(|word| ada.contains(word));
        assert!(sorted, "{words} in {ada}");
    }
    assert!(!ada.contains("country") && !ada.contains("display name"), "{ada}");
    assert!(third.contains("country: "), "{third}");
    assert!(third.contains("reciprocity on a: no audience within 90 days"), "{third}");
    assert!(third.contains("negative_share on a: no reactions within 90 days"), "{third}");
    assert!(third.contains("audience_rank_percentile on a: nobody gave attention"), "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_id_account_or_name() {
    let ran = Ran::of(&four()).await;
    for (person, id) in [
        ("p", "p"),
        ("a:1", "p"),
        ("1", "p"),
        ("Ada", "p"),
        ("aDA", "p"),
        ("sam", "a:3"),
        ("Sam", "a:2"),
    ] {
        assert_eq!(ran.json(person)["person"]["person_id"], id, "{person}");
    }
    ran.explain("SAM", &[]).refused(2, &["`SAM` may be any of 2 people", "a:2, a:3"]);
    ran.explain("Adaa", &[]).refused(65, &["nobody in this run is `Adaa`", "did you mean `Ada`?"]);
    ran.explain("nobody at all", &[]).refused(65, &["nobody in this run", "`network:account_id`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_of_one_name_are_counted_and_the_first_listed() {
    let accounts = (10..35).map(|id| named(&id.to_string(), "Kim")).collect();
    let ran = Ran::of(&World { accounts: Some(accounts), ..four() }).await;
    let ended = ran.explain("Kim", &[]).refused(2, &["any of 25 people", "a:10, a:11", "a:29, …"]);
    assert!(!ended.stderr.contains("a:30"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_do_not_drive_the_terminal() {
    let ran = Ran::of(&four()).await;
    for person in ["p", "a:4"] {
        let page = ran.explain(person, &[]).done().stdout;
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page:?}");
        assert!(page.contains("[2JSam"), "{page}");
    }
}

#[test]
fn a_folder_and_a_commit_explain_alike() {
    let job = SampleJob::new();
    job.run(&["--quiet"]).done();
    let page = renown(&["explain", &job.file(), "DaftWullie"]).done().stdout;
    assert!(page.contains("quantum.stackexchange:1837") && page.contains("DaftWullie"), "{page}");
    assert!(page.contains(" trusted people reacted in the last 90 days, more than 99 %"), "{page}");
    for target in [job.output(), job.commit(1)] {
        let target = target.to_str().unwrap();
        assert_eq!(renown(&["explain", target, "1837"]).done().stdout, page);
    }
    let output = job.output().display().to_string();
    renown(&["explain", &output, "1837", "--snapshot", "2018-08-31"]).refused(65, &["no run"]);
    renown(&["explain", &output, "1837", "--set", "a=b"]).refused(2, &["--set does not go"]);
}
