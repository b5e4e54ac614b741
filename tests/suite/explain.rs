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
fn four_people() -> World {
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

struct FinishedRun {
    _folder: TempDir,
    job: PathBuf,
}

impl FinishedRun {
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

fn measure<'a>(explanation: &'a Value, name: &str) -> &'a Value {
    let mut measures = explanation["measures"].as_array().unwrap().iter();
    measures.find(|measure| measure["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn measures_are_shown_with_median_and_percentile() {
    let run = FinishedRun::of(&four_people()).await;
    let (ada, sam, third) = (run.json("p"), run.json("a:2"), run.json("a:3"));
    // Reactors are 3, 1, 0, 0: the median is the mean of 0 and 1, and the zeros share 0..50.
    for (explanation, value, percentile) in
        [(&ada, 3.0, 87.5), (&sam, 1.0, 62.5), (&third, 0.0, 25.0)]
    {
        let reactors = measure(explanation, "reactors_90d");
        assert_eq!(reactors["value"], value);
        assert_eq!(reactors["median"], 0.5);
        assert_eq!(reactors["percentile"], percentile);
        assert_eq!(reactors["people"], 4);
        assert_eq!(reactors["unit"], "people");
        assert!(reactors["meaning"].as_str().unwrap().contains("last 90 days"));
        // The published percentile of the rank is the one of this page.
        assert_eq!(
            measure(explanation, "pagerank")["percentile"],
            measure(explanation, "pagerank_percentile")["value"]
        );
    }
    // Two people have a known audience: they acted on 0 of 3 and on 0 of 1 of them.
    let reciprocity = measure(&ada, "reciprocity");
    assert_eq!(reciprocity["people"], 2);
    assert_eq!((&reciprocity["value"], &reciprocity["percentile"]), (&0.0.into(), &50.0.into()));
    assert_eq!(measure(&third, "reciprocity")["percentile"], Value::Null);
    assert_eq!(measure(&ada, "posts_90d")["median"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn neighbours_are_named_with_their_shares() {
    let run = FinishedRun::of(&four_people()).await;
    let ada = run.json("p");
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
    let influencers = run.json("a:3")["influencers"].clone();
    let influencers: Vec<_> =
        influencers.as_array().unwrap().iter().map(|n| n["person_id"].clone()).collect();
    assert_eq!(influencers, ["a:2", "p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_values_have_reasons() {
    let run = FinishedRun::of(&four_people()).await;
    let missing = |person: &str| {
        let unknown = run.json(person)["unknown"].clone();
        let lines = unknown.as_array().unwrap().iter();
        lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
    };
    let (ada, third) = (missing("p"), missing("a:3"));
    for words in [
        "language: no account",
        "h_index, posts_90d, posts_with_reaction_90d",
        "the run had no `posts` input",
        "negative_share on a: the sentiment of no reaction",
        "method_not_fitted: ",
        "trust_none: ",
        "thin_evidence: ",
    ] {
        let sorted = words.split(", ").all(|word| ada.contains(word));
        assert!(sorted, "{words} in {ada}");
    }
    assert!(!ada.contains("country") && !ada.contains("display name"), "{ada}");
    assert!(third.contains("country: "), "{third}");
    assert!(third.contains("reciprocity on a: no audience within 90 days"), "{third}");
    assert!(third.contains("audience_pagerank_percentile on a: no one gave attention"), "{third}");
    assert!(third.contains("vouches on a: everybody counts whole on the network"), "{third}");
    assert!(third.contains("concentration, negative_share on a: no reactions within"), "{third}");
    assert!(ada.contains("burstiness on a: fewer than three reactions within 90 days"), "{ada}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_by_id_account_or_name() {
    let run = FinishedRun::of(&four_people()).await;
    for (person, id) in [
        ("p", "p"),
        ("a:1", "p"),
        ("1", "p"),
        ("Ada", "p"),
        ("aDA", "p"),
        ("sam", "a:3"),
        ("Sam", "a:2"),
    ] {
        assert_eq!(run.json(person)["person"]["person_id"], id, "{person}");
    }
    run.explain("SAM", &[]).refused(2, &["`SAM` may be any of 2 people", "a:2, a:3"]);
    run.explain("Adaa", &[]).refused(65, &["nobody in this run is `Adaa`", "did you mean `Ada`?"]);
    run.explain("nobody at all", &[]).refused(65, &["nobody in this run", "`network:account_id`"]);
}

/// Another number is another person, and so is a name that shares half its letters.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_is_suggested_for_an_unknown_id() {
    const UUID: &str = "0199c2a4-aaaa-7bbb-8ccc-00000000000d";
    const ULID: &str = "01J9ZZZZZZZZZZZZZZZZZZZZZK";
    let accounts = vec![
        named("1001", "Samantha Jones"),
        named("1002", "Ann"),
        named("x-ray", "Bo"),
        named(UUID, "C"),
        named(ULID, "D"),
        named("1a2b", "E"),
    ];
    let events = vec![reply("a", "1001", "1002", 5), reply("a", "x-ray", "1002", 5)];
    let ran =
        FinishedRun::of(&World { accounts: Some(accounts), events, ..World::default() }).await;
    let (uuid, ulid) = (UUID.replace("d", "e"), ULID.replace("K", "L"));
    let ids = [&uuid, &format!("a:{uuid}"), &ulid, "1a2c"];
    let others = ["1003", "a:1003", "Samuel Jones", "An", "Bob", "Anna Bo", "10011"];
    for unknown in others.into_iter().chain(ids) {
        let ended = ran.explain(unknown, &[]).refused(65, &["nobody in this run is"]);
        assert!(!ended.stderr.contains("did you mean"), "{unknown}: {}", ended.stderr);
    }
    for (typed, meant) in [("samanta jones", "Samantha Jones"), ("x-rey", "x-ray")] {
        ran.explain(typed, &[]).refused(65, &[&format!("did you mean `{meant}`?")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_name_lists_the_first_matches() {
    let accounts = (10..35).map(|id| named(&id.to_string(), "Kim")).collect();
    let run = FinishedRun::of(&World { accounts: Some(accounts), ..four_people() }).await;
    let ended = run.explain("Kim", &[]).refused(2, &["any of 25 people", "a:10, a:11", "a:29, …"]);
    assert!(!ended.stderr.contains("a:30"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_print_no_control_characters() {
    let run = FinishedRun::of(&four_people()).await;
    for person in ["p", "a:4"] {
        let page = run.explain(person, &[]).done().stdout;
        assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page:?}");
        assert!(page.contains("[2JSam"), "{page}");
    }
}

#[test]
fn a_folder_and_a_commit_give_the_same_explanation() {
    let job = SampleJob::after_run();
    let page = renown(&["explain", &job.file(), "DaftWullie"]).done().stdout;
    assert!(page.contains("quantum.stackexchange:1837") && page.contains("DaftWullie"), "{page}");
    assert!(
        page.contains(" people by credit reacted (half-life ¼ horizon), more than 99 %"),
        "{page}"
    );
    for target in [job.output(), job.commit(1)] {
        let target = target.to_str().unwrap();
        assert_eq!(renown(&["explain", target, "1837"]).done().stdout, page);
    }
    let output = job.output().display().to_string();
    renown(&["explain", &output, "1837", "--snapshot", "2018-08-31"]).refused(65, &["no run"]);
    renown(&["explain", &output, "1837", "--set", "a=b"]).refused(2, &["--set does not apply"]);
}

/// The method's forecast, worked out by hand: people forecast for the trusted reactors of 30 and of 90 days.
fn expected(of_30: f64, of_90: f64) -> f64 {
    (-3.3 + 0.6 * (of_30 / 0.05).ln_1p() + 0.37 * (of_90 / 0.15).ln_1p()).exp()
}

fn points(expected: f64) -> f64 {
    1.0 + 10.0 * expected.ln_1p() / 5f64.ln()
}

#[track_caller]
fn near(value: &Value, number: f64) {
    let found = value.as_f64().unwrap();
    assert!((found - number).abs() < 1e-9, "{found}, not {number}");
}

/// Ada is on the network `b` too, where 2 reacted to her.
fn two_networks() -> World {
    let mut world = four_people();
    world.identities.as_mut().unwrap().push(identity("b", "1", "p"));
    world.events.push(reply("b", "2", "1", 5));
    world.profiles = "[[profile]]\nname = \"fresh\"\nweights.credited_reactors_90d = 0.0\n".into();
    world
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_points_of_a_score_are_explained_in_words() {
    let run = FinishedRun::of(&four_people()).await;
    let explanation = run.json("p");
    let parts = explanation["contributions"].as_array().unwrap();
    let names: Vec<_> = parts.iter().map(|part| part["measure"].as_str().unwrap()).collect();
    assert_eq!(names, ["reference", "credited_reactors_30d", "credited_reactors_90d"]);
    let of_part = ["network", "measure", "value", "reference_value", "points"];
    assert!(parts.iter().all(|part| keys(part) == of_part), "{parts:?}");
    assert_eq!((&parts[0]["network"], &parts[0]["value"]), (&"".into(), &Value::Null));
    assert_eq!((&parts[2]["value"], &parts[2]["reference_value"]), (&3.0.into(), &0.0.into()));
    let sum: f64 = parts.iter().map(|part| part["points"].as_f64().unwrap()).sum();
    near(&explanation["score"]["score"], sum);
    near(&explanation["score"]["score"], points(expected(3.0, 3.0)));
    near(&parts[0]["points"], points(expected(0.0, 0.0)));
    assert_eq!(
        (&explanation["profile"], &explanation["changes"]),
        (&"standard".into(), &Value::Array(vec![]))
    );
    assert_eq!(explanation["what_if"], Value::Array(vec![]));

    let page = run.explain("p", &[]).done().stdout;
    let list = page.split("what the score is made of").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap();
    for words in [
        "3 people by credit reacted in the last 30 days, more than 87 % of people",
        "3 people by credit reacted in the last 90 days, more than 87 % of people",
        "the reference person of the method",
    ] {
        assert!(list.contains(words), "no `{words}` in {list}");
    }
    // Contributions of 0 have no line; the last line is the score itself.
    assert!(!list.contains("level of"), "{list}");
    let last = format!("{:.1}", points(expected(3.0, 3.0)));
    assert!(list.trim_end().lines().last().unwrap().trim_end().ends_with(&last), "{list}");
    let signed = |line: &&str| line.contains('+') || line.contains('−');
    assert_eq!(list.lines().filter(signed).count(), 3, "{list}");

    // The smaller network of a person on two networks is one line.
    let page = FinishedRun::of(&two_networks()).await.explain("p", &[]).done().stdout;
    assert!(page.contains("everything on b"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_shows_the_score_with_other_values() {
    let run = FinishedRun::of(&four_people()).await;
    let what_if = |changes: &[&str]| -> Vec<Value> {
        let changes = changes.iter().flat_map(|change| ["--what-if", change]);
        let more: Vec<&str> = changes.chain(["--format", "json"]).collect();
        let stdout = run.explain("p", &more).done().stdout;
        let explanation: Value = serde_json::from_str(&stdout).unwrap();
        explanation["what_if"].as_array().unwrap().clone()
    };
    let current = points(expected(3.0, 3.0));
    for (change, new_value) in
        [("=25", 25.0), ("=+10", 13.0), ("=-2", 1.0), ("=0", 0.0), ("=-3", 0.0)]
    {
        let rows = what_if(&[&format!("credited_reactors_30d{change}")]);
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!(keys(row), ["network", "measure", "value", "new_value", "score", "points"]);
        assert_eq!((&row["network"], &row["value"]), (&"a".into(), &3.0.into()));
        assert_eq!(row["new_value"], new_value, "{change}");
        near(&row["score"], points(expected(new_value, 3.0)));
        near(&row["points"], points(expected(new_value, 3.0)) - current);
    }
    // Several changes apply one after the other.
    let rows = what_if(&[
        "credited_reactors_30d=+1",
        "credited_reactors_90d=9",
        "credited_reactors_30d=+1",
    ]);
    near(&rows[1]["score"], points(expected(4.0, 9.0)));
    near(&rows[1]["points"], points(expected(4.0, 9.0)) - points(expected(4.0, 3.0)));
    near(&rows[2]["score"], points(expected(5.0, 9.0)));
    assert_eq!(rows[2]["value"], 4.0);
    let page = run.explain("p", &["--what-if", "credited_reactors_30d=+10"]).done().stdout;
    let line = page.split("the score with these values, all else equal").nth(1).unwrap();
    let line = line.lines().nth(2).unwrap();
    let score = points(expected(13.0, 3.0));
    for words in [
        "credited_reactors_30d",
        "3",
        "13",
        &format!("{score:.1}"),
        &format!("{:+.1}", score - current),
    ] {
        assert!(line.contains(words), "no `{words}` in {line}");
    }

    let refused = |change: &str, words: &[&str]| {
        run.explain("p", &["--what-if", change]).refused(2, words);
    };
    refused("credited_reactors_30d=-9", &["`credited_reactors_30d` would be -6", "0 or more"]);
    let unused = "does not enter the forecast, so no value of it moves the score";
    refused("rank=+1", &["`rank`", unused, "those that do: credited_reactors_30d, credited_re"]);
    refused("credited_reactors_3d=1", &[unused, "did you mean `credited_reactors_30d`?"]);
    refused("c:credited_reactors_30d=1", &["the network of `credited_reactors_30d`", "is on a"]);
    for change in
        ["credited_reactors_30d", "=3", "credited_reactors_30d=", "credited_reactors_30d=x"]
    {
        refused(change, &["MEASURE=+10, MEASURE=-3 or MEASURE=25"]);
    }
    for change in ["credited_reactors_30d=NaN", "credited_reactors_30d=+inf"] {
        refused(change, &["MEASURE=+10, MEASURE=-3 or MEASURE=25"]);
    }
    run.explain("p", &["--topic", "x", "--what-if", "credited_reactors_30d=1"])
        .refused(2, &["--topic", "--what-if"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_if_on_two_networks_needs_a_network() {
    let run = FinishedRun::of(&two_networks()).await;
    run.explain("p", &["--what-if", "credited_reactors_30d=+1"]).refused(
        2,
        &["the network of `credited_reactors_30d` is not clear", "NETWORK:MEASURE", "is on a, b"],
    );
    let more = ["--what-if", "b:credited_reactors_30d=+4", "--format", "json"];
    let explanation: Value = serde_json::from_str(&run.explain("p", &more).done().stdout).unwrap();
    let [row] = explanation["what_if"].as_array().unwrap().as_slice() else {
        panic!("{explanation}")
    };
    assert_eq!((&row["network"], &row["value"]), (&"b".into(), &1.0.into()));
    near(&row["score"], points(expected(3.0, 3.0) + expected(5.0, 1.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn suggestions_are_the_measures_worth_most_points() {
    let run = FinishedRun::of(&two_networks()).await;
    let explanation = run.json("p");
    let suggested = explanation["suggestions"].as_array().unwrap();
    assert_eq!(suggested.len(), 3);
    let current = expected(3.0, 3.0) + expected(1.0, 1.0);
    let all = [
        ("a", "credited_reactors_30d", expected(4.0, 3.0) + expected(1.0, 1.0)),
        ("a", "credited_reactors_90d", expected(3.0, 4.0) + expected(1.0, 1.0)),
        ("b", "credited_reactors_30d", expected(3.0, 3.0) + expected(2.0, 1.0)),
        ("b", "credited_reactors_90d", expected(3.0, 3.0) + expected(1.0, 2.0)),
    ];
    let mut all = all.map(|(network, measure, y)| (points(y) - points(current), network, measure));
    all.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (found, (points, network, measure)) in suggested.iter().zip(all) {
        assert_eq!((&found["network"], &found["measure"]), (&network.into(), &measure.into()));
        near(&found["points"], points);
    }
    let page = run.explain("p", &[]).done().stdout;
    assert!(page.contains("10 % or at least one higher (association is not cause)"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_has_its_own_explanation_and_list() {
    let run = FinishedRun::of(&two_networks()).await;
    // The remaining term has the coefficients of both.
    let fresh = |of_30: f64| (-3.3 + 0.97 * (of_30 / 0.05).ln_1p()).exp();
    let stdout = run.explain("p", &["--profile", "fresh", "--format", "json"]).done().stdout;
    let explanation: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(explanation["profile"], "fresh");
    near(&explanation["score"]["score"], points(fresh(3.0) + fresh(1.0)));
    let parts = explanation["contributions"].as_array().unwrap();
    let sum: f64 = parts.iter().map(|part| part["points"].as_f64().unwrap()).sum();
    near(&explanation["score"]["score"], sum);
    let unweighted = parts.iter().find(|part| part["measure"] == "credited_reactors_90d").unwrap();
    assert_eq!(unweighted["points"], 0.0);
    let more = ["--profile", "fresh", "--what-if", "a:credited_reactors_30d=7", "--format", "json"];
    let explanation: Value = serde_json::from_str(&run.explain("p", &more).done().stdout).unwrap();
    near(&explanation["what_if"][0]["score"], points(fresh(7.0) + fresh(1.0)));
    let standard = run.explain("p", &["--profile", "standard"]).done().stdout;
    assert_eq!(standard, run.explain("p", &[]).done().stdout);

    let top = |more: &[&str]| renown(&[&["top", run.job.to_str().unwrap()], more].concat());
    let line = |page: String| page.lines().find(|line| line.contains("Ada")).unwrap().to_owned();
    let (standard, by_profile) =
        (top(&[]).done().stdout, top(&["--profile", "fresh"]).done().stdout);
    let score = |y: f64| format!(" {:.1} ", points(y));
    assert!(line(standard).contains(&score(expected(3.0, 3.0) + expected(1.0, 1.0))));
    assert!(line(by_profile).contains(&score(fresh(3.0) + fresh(1.0))));
    let none = ["no scores of a profile `frsh`", "name a profile of the job"];
    top(&["--profile", "frsh"]).refused(2, &none);
    top(&["--profile", "fresh", "--topic", "x"]).refused(2, &["--topic", "--profile"]);
    run.explain("p", &["--profile", "fresh", "--topic", "x"]).refused(2, &["--topic"]);
    run.explain("p", &["--profile", "frsh"]).refused(2, &none);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_explained_from_the_second_day_on() {
    let folder = TempDir::new().unwrap();
    let mut world = four_people();
    // A reply that is exactly 30 days old leaves the 30-day window tomorrow.
    world.events[0] = reply("a", "2", "1", 710);
    world.run_in(folder.path()).await;
    let mut later = world.later(1);
    later.events.extend([reply("a", "3", "4", -3), reply("a", "2", "4", -3)]);
    let job = later.write(folder.path());
    run_job(&job, 2, &[]).await.unwrap();
    let run = FinishedRun { _folder: folder, job };
    let explanation = run.json("p");
    let changes = explanation["changes"].as_array().unwrap();
    assert_eq!(keys(&changes[0]), ["cause", "points", "previous_snapshot_date"]);
    assert_eq!((changes.len(), &changes[0]["cause"]), (1, &"decay".into()));
    assert_eq!(changes[0]["previous_snapshot_date"], "2026-03-31");
    let moved = points(expected(2.0, 3.0)) - points(expected(3.0, 3.0));
    near(&changes[0]["points"], moved);
    near(&explanation["score"]["change_1d"], moved);
    for (person, cause, sign) in [("p", "decay", "−"), ("a:4", "audience", "+")] {
        let page = run.explain(person, &[]).done().stdout;
        let list = page.split("why it changed since 2026-03-31\n").nth(1).unwrap();
        let line = list.lines().next().unwrap();
        assert!(line.contains(cause) && line.contains(sign), "{line}");
        assert!(page.contains("since the previous run"), "{page}");
    }
    let page = run.explain("a:3", &[]).done().stdout;
    assert!(!page.contains("why it moved"), "nothing changed: {page}");
}
