//! `diff`: against a comparison computed again from the tables of both runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use renown::commands::Bars;
use renown::commands::top::{TopPerson, people_table};
use renown::method::hex;
use renown::published::rows::ScoreRow;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::diff_oracle::expected;
use crate::parquet_files::{batch, read, write};
use crate::random_worlds;
use crate::sample_job::edit;
use crate::world::{
    Account, HOUR, Interaction, Published, Row, World, account, accounts, identity, maybe_text,
    of_account, reply, with, without,
};

fn commit(folder: &Path, number: u64) -> String {
    folder.join(format!("out/commits/{number:020}.json")).to_str().unwrap().to_owned()
}

/// Compares commit `a` with commit `b` of the output in `folder`.
fn diff(folder: &Path, [a, b]: [u64; 2], more: &[&str]) -> Ended {
    renown(&[&["diff", &commit(folder, a), &commit(folder, b)], more].concat())
}

fn diff_json(folder: &Path, commits: [u64; 2], more: &[&str]) -> Value {
    let ended = diff(folder, commits, &[&["--format", "json"], more].concat()).done();
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The same but for rounding: numbers may be 1e-9 apart.
#[track_caller]
fn assert_same(found: &Value, expected: &Value, at: &str) {
    match (found, expected) {
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            assert!((one - other).abs() <= 1e-9, "{at}: {one}, not {other}");
        }
        (Value::Array(one), Value::Array(other)) => {
            assert_eq!(one.len(), other.len(), "{at}: {found}, not {expected}");
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                assert_same(one, other, &format!("{at}[{number}]"));
            }
        }
        (Value::Object(one), Value::Object(other)) => {
            let keys = |map: &Row| map.keys().cloned().collect::<BTreeSet<_>>();
            assert_eq!(keys(one), keys(other), "{at}");
            for (key, one) in one {
                assert_same(one, &other[key], &format!("{at}.{key}"));
            }
        }
        _ => assert_eq!(found, expected, "{at}"),
    }
}

/// Removes the causes that `changes` publishes from the movers, and returns them by person.
fn take_published_causes(diff: &mut Value) -> BTreeMap<String, Vec<Value>> {
    let mut causes_by_person = BTreeMap::new();
    for side in ["up", "down"] {
        for mover in diff[side].as_array_mut().unwrap() {
            let causes = mover.as_object_mut().unwrap().remove("published_causes").unwrap();
            let id = mover["person_id"].as_str().unwrap().to_owned();
            causes_by_person.insert(id, causes.as_array().unwrap().clone());
        }
    }
    causes_by_person
}

/// Rows of `person` in `changes`, most points first.
fn changes_of(published: &Published, person: &str) -> Vec<Value> {
    let rows = published.tables["changes"].iter().filter(|row| row["person_id"] == person);
    let points = |row: &Value| row["points"].as_f64().unwrap().abs();
    let mut causes: Vec<Value> =
        rows.map(|row| json!({ "cause": row["cause"], "points": row["points"] })).collect();
    causes.sort_by(|one, other| points(other).total_cmp(&points(one)));
    causes
}

/// 1,150 people on three networks, in 26 countries and four languages, of whom few are reacted to: most are tied.
fn crowd() -> World {
    let rng = &mut Rng::with_seed(7);
    let mut rows: Vec<Account> = (0..1_150).map(|id| account("a", &id.to_string())).collect();
    for (number, row) in rows.iter_mut().enumerate() {
        row.name = (number % 3 > 0).then(|| format!("name {number}"));
        // The last country has few people, and every 26th person has none.
        let country = if number > 1_140 { 26 } else { number % 26 };
        row.country = (country > 0).then(|| format!("C{country:02}"));
    }
    let mut identities = Vec::new();
    for (network, people) in [("b", 150), ("c", 15)] {
        for id in 0..people {
            rows.push(account(network, &id.to_string()));
            identities
                .extend(["a", network].map(|of| identity(of, &id.to_string(), &format!("p{id}"))));
        }
    }
    identities.sort_by(|one, other| (&one.network, &one.id).cmp(&(&other.network, &other.id)));
    identities.dedup_by(|one, other| (&one.network, &one.id) == (&other.network, &other.id));
    let languages: Vec<Option<String>> = rows
        .iter()
        .map(|_| rng.choice([Some("de"), Some("en"), None]).unwrap().map(str::to_owned))
        .collect();
    let events = (0..1_500).map(|_| some_reply(rng, 30));
    World {
        events: events.collect(),
        identities: Some(identities),
        more: vec![("accounts", with(&accounts(&rows), "language", maybe_text(&languages)))],
        profiles: "[[profile]]\nname = \"fresh\"\nweights.credited_reactors_90d = 0.0\n".into(),
        ..World::default()
    }
}

/// A reply to one of a few hundred people, `days` old at most.
fn some_reply(rng: &mut Rng, days: i64) -> Interaction {
    let network = if rng.u8(..5) == 0 { "b" } else { "a" };
    let ids = if network == "a" { 1_150 } else { 150 };
    let up_to = 1 + rng.u32(..ids);
    let (actor, target) = (rng.u32(..ids), rng.u32(..up_to) / 2);
    reply(network, &actor.to_string(), &target.to_string(), rng.i64(0..days * 24))
}

/// The crowd of the next day: some have left, some are new, and much has happened.
fn next_day(crowd: &World) -> World {
    let rng = &mut Rng::with_seed(8);
    let mut later = crowd.later(1);
    later.events.extend((0..400).map(|_| {
        let event = some_reply(rng, 1);
        Interaction { at: event.at + 24 * HOUR, ..event }
    }));
    later.events.extend((10..50).map(|actor: i64| reply("a", &actor.to_string(), "newcomer", -3)));
    let gone = (0..4).chain(600..640).map(|id| of_account("a", &id.to_string(), "opted_out", 1));
    later.consent = Some(gone.collect());
    later
}

#[tokio::test(flavor = "multi_thread")]
async fn comparisons_of_two_days_agree_with_the_oracle() {
    let folder = TempDir::new().unwrap();
    let crowd = crowd();
    let a = crowd.run_in(folder.path()).await;
    let b = next_day(&crowd).run_in(folder.path()).await;
    for (profile, limit) in [("standard", 20), ("standard", 5), ("fresh", 3), ("fresh", 0)] {
        let more = ["--profile", profile, "-n", &limit.to_string()];
        let mut found = diff_json(folder.path(), [1, 2], &more);
        let published = take_published_causes(&mut found);
        assert_same(&found, &expected([&a, &b], profile, limit), profile);
        for (person, causes) in published {
            let of_table = if profile == "standard" { changes_of(&b, &person) } else { vec![] };
            assert_eq!(causes, of_table, "{person}");
        }
    }
    // The worlds cover every part of the comparison.
    let mut found = diff_json(folder.path(), [1, 2], &[]);
    let people = |name: &str| found["people"][name].as_u64().unwrap();
    for name in ["both", "only_a", "only_b", "left_top_100", "entered_top_100"] {
        assert!(people(name) > 0, "{name}");
    }
    assert_eq!(found["agreement"]["overlap"].as_array().unwrap().len(), 3);
    for (of, names) in [
        (0, ["in_smaller_groups"].as_slice()),
        (2, &["in_smaller_groups", "in_further_groups", "unknown"]),
    ] {
        for name in names {
            assert!(found["groupings"][of][name].as_u64().unwrap() > 0, "{name} of {of}");
        }
    }
    let [up, down] = ["up", "down"].map(|side| found[side].as_array().unwrap().len());
    assert_eq!((up, down), (10, 10));
    assert!(take_published_causes(&mut found).values().all(|causes| !causes.is_empty()));

    // The same from the folder by its days, and on any number of threads.
    let output = folder.path().join("out");
    let output = output.to_str().unwrap();
    let job = folder.path().join("job.toml");
    edit(&job, "name = \"world\"", "name = \"${name}\"");
    let days = ["--snapshot-a", "2026-03-31", "--snapshot-b", "2026-04-01"];
    let text = diff(folder.path(), [1, 2], &["--threads", "1"]).done().stdout;
    for words in [
        &["diff", output, output, "--threads", "3"][..],
        &["diff", job.to_str().unwrap(), output, "--set", "name=world"],
    ] {
        assert_eq!(renown(&[words, &days].concat()).done().stdout, text);
    }
    let json = |threads| diff(folder.path(), [1, 2], &["--format", "json", "--threads", threads]);
    assert_eq!(json("1").done().stdout, json("3").done().stdout);
}

/// The whole: `RENOWN_CASES=500 cargo test --test suite comparisons_of_random_worlds`.
#[tokio::test(flavor = "multi_thread")]
async fn comparisons_of_random_worlds_agree_with_the_oracle_campaign() {
    let (mut tried, mut compared) = (0, 0);
    for seed in crate::campaign::cases(0, 3) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let folder = TempDir::new().unwrap();
        let world = random_worlds::world(rng);
        let a = world.run_in(folder.path()).await;
        let mut other = if rng.bool() { world.later(1) } else { world.clone() };
        if rng.bool() {
            other.edit_method("coefficient = 0.", "coefficient = 0.2");
        }
        let b = other.run_in(folder.path()).await;
        let commits = [a.commit.number, b.commit.number];
        let of = |published: &Published| published.people().into_iter().collect::<BTreeSet<_>>();
        if of(&a).is_disjoint(&of(&b)) {
            diff(folder.path(), commits, &[]).refused(65, &["no one is in both runs"]);
            continue;
        }
        let mut found = diff_json(folder.path(), commits, &["-n", "7"]);
        let published = take_published_causes(&mut found);
        assert_same(&found, &expected([&a, &b], "standard", 7), &format!("seed {seed}"));
        for (person, causes) in published {
            let next_day = a.commit.snapshot_date < b.commit.snapshot_date;
            let of_table = if next_day { changes_of(&b, &person) } else { vec![] };
            assert_eq!(causes, of_table, "seed {seed}: {person}");
        }
        compared += 1;
    }
    assert!(2 * compared > tried, "{compared} of {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_not_differ_from_itself() {
    let folder = TempDir::new().unwrap();
    crowd().run_in(folder.path()).await;
    let found = diff_json(folder.path(), [1, 1], &[]);
    assert_eq!(
        found["differs"],
        json!({ "snapshot_date": false, "method": false, "forecast": false, "renown_version": false })
    );
    assert_eq!(found["agreement"]["spearman"], 1.0);
    for overlap in found["agreement"]["overlap"].as_array().unwrap() {
        assert_eq!(overlap["top"], overlap["shared"]);
    }
    for name in ["mean", "median", "percentile_5", "percentile_95"] {
        assert_eq!(found["score_changes"][name], 0.0, "{name}");
    }
    let bins = found["score_changes"]["bins"].as_array().unwrap();
    let filled: Vec<&Value> = bins.iter().filter(|bin| bin["people"] != 0).collect();
    assert_eq!(filled, [&json!({ "from": 0.0, "to": 0.0, "people": 1_150 })]);
    assert_eq!((&found["up"], &found["down"]), (&json!([]), &json!([])));
    let page = diff(folder.path(), [1, 1], &[]).done().stdout;
    for words in ["different: none of these\n", "changes up\n none\n", "changes down\n none\n"] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
}

/// Ada gets replies from 2 and 3; 4 has none and shows a name that would clear a terminal.
fn four_people() -> World {
    let named = |id: &str, name: &str| Account { name: Some(name.into()), ..account("a", id) };
    World {
        accounts: Some(vec![
            named("1", "Ada"),
            account("a", "2"),
            account("a", "3"),
            named("4", "\u{1b}[2J"),
        ]),
        events: vec![reply("a", "2", "1", 5), reply("a", "3", "1", 710)],
        ..World::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn published_causes_are_shown_for_consecutive_runs() {
    let folder = TempDir::new().unwrap();
    let world = four_people();
    world.run_in(folder.path()).await;
    // Another method for the same day supersedes the first run.
    let mut other = world.clone();
    other.edit_method("coefficient = 0.6", "coefficient = 0.9");
    other.run_in(folder.path()).await;
    // On the next day one reply is older than 30 days, and a new person is replied to.
    let mut later = other.later(1);
    later.events.extend([reply("a", "2", "4", -3), reply("a", "3", "4", -3)]);
    later.run_in(folder.path()).await;

    let of_method = diff_json(folder.path(), [1, 2], &[]);
    let differs = |diff: &Value| {
        ["snapshot_date", "method", "forecast"].map(|of| diff["differs"][of] == true)
    };
    assert_eq!(differs(&of_method), [false, true, true]);
    let ada = |diff: &Value, side: &str| {
        let mut movers = diff[side].as_array().unwrap().iter();
        movers.find(|mover| mover["person_id"] == "a:1").cloned().unwrap()
    };
    let higher = ada(&of_method, "up");
    assert_eq!(higher["published_causes"], json!([]), "there is no previous run");
    assert_eq!(higher["causes"][0]["measure"], "credited_reactors_30d");
    assert_eq!(higher["causes"][0]["value"], json!([2.0, 2.0]));

    let of_day = diff_json(folder.path(), [2, 3], &[]);
    assert_eq!(differs(&of_day), [true, false, false]);
    let lower = ada(&of_day, "down");
    assert_eq!(lower["published_causes"], json!([{ "cause": "decay", "points": lower["points"] }]));
    assert_eq!(lower["causes"][0]["value"], json!([2.0, 1.0]));
    let newcomer = &of_day["up"][0];
    assert_eq!(
        (&newcomer["person_id"], &newcomer["published_causes"][0]["cause"]),
        (&json!("a:4"), &json!("audience"))
    );

    // The superseded run of that day is a different run.
    let of_both = diff_json(folder.path(), [1, 3], &[]);
    assert_eq!(differs(&of_both), [true, true, true]);
    assert_eq!(ada(&of_both, "up")["published_causes"], json!([]));

    let page = diff(folder.path(), [2, 3], &[]).done().stdout;
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page}");
    for words in [
        "by cause: decay −",
        "credited_reactors_30d on a, 2 → 1",
        "by cause: audience +",
        "different: snapshot date\n",
    ] {
        assert!(page.contains(words), "no `{words}` in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_use_characters_of_the_locale() {
    let folder = TempDir::new().unwrap();
    four_people().run_in(folder.path()).await;
    let page = |locale: &str| {
        let commit = commit(folder.path(), 1);
        let mut command = crate::binary::command(&["diff", &commit, &commit]);
        let output = command.env("LC_ALL", locale).output().unwrap();
        Ended::from(output).done().stdout
    };
    let line = |page: String| {
        page.lines().map(str::trim).find(|line| line.starts_with("none")).unwrap().to_owned()
    };
    assert_eq!(line(page("C.UTF-8")), format!("none  4  100.0 %  {}", "█".repeat(30)));
    assert_eq!(line(page("C")), format!("none  4  100.0 %  {}", "#".repeat(30)));
}

#[test]
fn top_draws_bars_on_request() {
    let person = |name: &str, score| TopPerson {
        name: name.into(),
        score: ScoreRow {
            person_id: name.into(),
            score,
            score_low: None,
            score_high: None,
            change_1d: None,
            expected_reactors: 1.0,
            percentile: 50.0,
            true_reach: 1.0,
            amplification: None,
            network_score: None,
            data_until: None,
            style: None,
            negative_share: None,
            flags: vec![],
            method_version: "one-1".into(),
        },
    };
    let people = [person("one", 40.0), person("other", 10.0)];
    let lines = |bars| -> Vec<String> {
        people_table(&people, bars)
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(lines(Some(Bars::Blocks))[1], "1 one 1.0 50.0 40.0 ██████████ – 1 – –");
    assert_eq!(lines(Some(Bars::Blocks))[2], "2 other 1.0 50.0 10.0 ██▌ – 1 – –");
    assert_eq!(lines(Some(Bars::Hashes))[2], "2 other 1.0 50.0 10.0 ### – 1 – –");
    assert_eq!(lines(None)[2], "2 other 1.0 50.0 10.0 – 1 – –");
}

/// Removes one column from a table of commit `number`, and updates its size in the commit.
fn drop_column(folder: &Path, number: u64, table: &str, column: &str) {
    let path = commit(folder, number);
    let manifest: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let listed = &manifest["tables"][table]["files"][0];
    let file: PathBuf = folder.join("out").join(listed["path"].as_str().unwrap());
    let columns = without(&read(&file), column);
    let columns: Vec<_> =
        columns.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
    write(&file, &batch(&columns));
    let size = |size: u64| format!("\"size\": {size},");
    let now = fs::metadata(&file).unwrap().len();
    edit(Path::new(&path), &size(listed["size"].as_u64().unwrap()), &size(now));
    let sha256 = hex(&Sha256::digest(fs::read(&file).unwrap()));
    edit(Path::new(&path), listed["sha256"].as_str().unwrap(), &sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_cannot_be_compared_are_refused() {
    let folder = TempDir::new().unwrap();
    let mut world = four_people();
    world.run_in(folder.path()).await;
    world.profiles = "[[profile]]\nname = \"fresh\"\nweights.credited_reactors_90d = 0.0\n".into();
    world.edit_method("coefficient = 0.6", "coefficient = 0.9");
    world.run_in(folder.path()).await;
    // The same accounts on another network are other people.
    let others = World {
        accounts: Some(vec![account("z", "1")]),
        events: vec![reply("z", "2", "1", 5)],
        ..World::default()
    };
    others.run_in(folder.path()).await;
    let folder = folder.path();

    let fresh = ["--profile", "fresh"];
    diff(folder, [1, 2], &fresh).refused(2, &["run A: the run has no scores of a profile `fresh`"]);
    diff(folder, [2, 1], &fresh).refused(2, &["run B: the run has no scores of a profile `fresh`"]);
    diff(folder, [2, 2], &fresh).done();
    diff(folder, [1, 3], &[]).refused(65, &["no one is in both runs", "the same accounts"]);
    diff(folder, [1, 2], &["--snapshot-a", "2026-03-31"])
        .refused(2, &["--snapshot does not apply"]);
    diff(folder, [1, 2], &["--set", "x=y"]).refused(2, &["--set does not apply"]);
    let output = folder.join("out");
    let output = output.to_str().unwrap();
    renown(&["diff", output, output, "--snapshot-b", "2020-01-01"])
        .refused(65, &["no run has been published there, or none of that day"]);

    for (table, column) in [
        ("contributions", "points"),
        ("contributions", "person_id"),
        ("people", "networks"),
        ("scores", "expected_reactors"),
        ("runs", "method_sha256"),
    ] {
        drop_column(folder, 2, table, column);
        let words = format!("the table `{table}` has columns of another version");
        diff(folder, [1, 2], &[]).refused(65, &[&words, "use the version of renown that wrote it"]);
    }
}
