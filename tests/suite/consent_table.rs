//! The table of statements as a whole: one that meets nobody, is empty or holds fewer refusals than before stops a run.

use arrow::array::{AsArray, RecordBatch};
use renown::error::{Error, Kind};
use serde_json::json;
use tempfile::TempDir;

use crate::binary::{program, renown};
use crate::job_files::assert_error;
use crate::world::{
    Account, Published, Statement, World, account, identity, maybe_text, of_account, of_person,
    reply, text, with, without, write,
};

/// `n` accounts that all refused, named so that nothing else holds their ids, and three who react to each other.
fn refusing(n: usize) -> World {
    let gone: Vec<String> = (0..n).map(|id| format!("gone{id:03}x")).collect();
    let ids = ["1", "2", "3"];
    let mut events: Vec<_> = ids.iter().flat_map(|a| ids.map(|t| reply("a", a, t, 5))).collect();
    events.extend(gone.iter().map(|id| reply("a", "1", id, 9)));
    let accounts = ids.iter().copied().chain(gone.iter().map(String::as_str));
    World {
        consent_settings: String::new(),
        accounts: Some(accounts.map(|id| account("a", id)).collect()),
        consent: Some(gone.iter().map(|id| of_account("a", id, "opted_out", 9)).collect()),
        events,
        ..World::default()
    }
}

/// A night in `folder`.
async fn night(world: &World, folder: &TempDir) -> Result<Published, Error> {
    Published::of(&world.write(folder.path()), 2, &[]).await
}

async fn stops(world: &World, folder: &TempDir, words: &[&str]) {
    let error = night(world, folder).await.err().expect("it ran");
    assert_eq!(error.place.table.as_deref(), Some("consent"), "{error}");
    assert_error(error, Kind::BadInput, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_meet_nobody_stop_a_run_and_say_how_they_differ() {
    let folder = TempDir::new().unwrap();
    let changed = |change: &dyn Fn(&mut Statement)| {
        let mut world = refusing(3);
        world.consent.iter_mut().flatten().for_each(change);
        world
    };
    let id = |change: &dyn Fn(&str) -> String| {
        changed(&|s: &mut Statement| s.id = s.id.as_deref().map(change))
    };
    let none = "none of 3 statements of network `a`";
    let cases: [(World, &str); 6] = [
        (id(&|id| id.to_uppercase()), "(likely because of upper and lower case: fewer than 11)"),
        (id(&|id| format!(" {id}")), "because of spaces around the id"),
        (id(&|id| format!("@{id}")), "because of a leading `@`"),
        (id(&|id| format!("@{id} ")), "because of several differences in how the id is written"),
        (id(&|_| "1.0".into()), "because of an ending `.0`"),
        (id(&|_| "001".into()), "because of leading zeros"),
    ];
    for (world, words) in cases {
        stops(&world, &folder, &[none, words, "`unmatched = \"warn\"` under [consent]"]).await;
    }
    let network = changed(&|s| s.network = Some("A".into()));
    let words = ["none of 3 statements of network `A`", "the way the network is written", "`a`?"];
    stops(&network, &folder, &words).await;
    let persons = changed(&|s| {
        (s.network, s.id, s.person) = (None, None, s.id.as_ref().map(|id| format!("A:{id}")));
    });
    stops(&persons, &folder, &["none of 3 statements by `person_id`", "the network is written"])
        .await;
    assert!(!folder.path().join("out").exists());

    // Handles in place of ids; only `warn` lets them pass, and says so.
    let mut handles = changed(&|s| s.id = s.id.as_deref().map(|id| format!("the-{id}")));
    let job = handles.write(folder.path());
    let (_, rows) = handles.tables().into_iter().find(|(name, _)| *name == "accounts").unwrap();
    let ids = rows.column_by_name("account_id").unwrap().as_string::<i32>().iter().flatten();
    let names = ids.map(|id| format!("@The-{id}")).collect::<Vec<_>>();
    let rows = with(&rows, "handle", text(names.iter().map(String::as_str)));
    write(&folder.path().join("accounts.parquet"), &rows);
    let words = "a handle in place of the account id";
    renown(&["check", job.to_str().unwrap()]).refused(65, &[]);
    let checked = renown(&["check", job.to_str().unwrap()]);
    assert!(checked.stdout.contains(none) && checked.stdout.contains(words), "{}", checked.stdout);
    handles.consent_settings = "unmatched = \"warn\"\n".into();
    handles.write_job(folder.path(), "interactions = 'interactions.parquet'\naccounts = 'accounts.parquet'\nconsent = 'consent.parquet'\n");
    let ran = renown(&["run", job.to_str().unwrap()]).done().stdout;
    assert!(ran.contains(&format!("warning: consent: {none}")) && ran.contains(words), "{ran}");
    assert!(
        ran.contains(&format!("consent: fewer than 11 rows: not found, likely because of {words}")),
        "{ran}"
    );
    let quiet = program(&["run", job.to_str().unwrap(), "--quiet"]).done();
    assert!(quiet.stdout.is_empty() && quiet.stderr.contains(none), "{}", quiet.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_accounts_that_are_gone_are_normal() {
    let folder = TempDir::new().unwrap();
    let mut world = refusing(20);
    world
        .consent
        .as_mut()
        .unwrap()
        .extend((0..30).map(|id| of_account("a", &format!("left{id}"), "deleted", 90)));
    let published = night(&world, &folder).await.unwrap();
    assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    let rule = ("consent", "account or person not found in this snapshot");
    assert_eq!(published.drops()[&rule], "30");
    let warnings = published.outcome.notes.warnings.iter();
    assert_eq!(warnings.filter(|warning| warning.table == "consent").count(), 0);
    assert_eq!(
        published.log()["consent"],
        json!([{
            "statements_of": {"network": "a"}, "statements": 50, "unmatched": 30, "refusing": 50, "ever_refused": 50,
        }])
    );
}

/// Refusals go from one night to the next: at most 10, or 5 %, or those who agreed again.
#[tokio::test(flavor = "multi_thread")]
async fn fewer_refusals_than_in_the_last_run_stop_it() {
    let folder = TempDir::new().unwrap();
    let world = refusing(220);
    night(&world, &folder).await.unwrap();
    let next = |kept: usize| {
        let mut next = world.later(1);
        // Those without a statement are scored unless they are gone as well.
        next.consent.as_mut().unwrap().truncate(kept);
        next
    };
    let words = ["208 accounts of network `a` have refused, and in the last published run 220 had"];
    stops(&next(208), &folder, &words).await;
    // A validation and a rerun of another day do not move what is compared.
    let warned = World { consent_settings: "unmatched = \"warn\"".into(), ..next(208) };
    let check = renown(&["check", warned.write(folder.path()).to_str().unwrap()]).done().stdout;
    assert!(check.contains("warning: consent: 208 accounts"), "{check}");
    stops(&next(100), &folder, &["100 accounts"]).await;
    // 11 of 220 are 5 %, not more.
    night(&next(209), &folder).await.unwrap();
    // Compared with the last published run, whatever its day.
    let last = night(&World { day: world.day, ..next(199) }, &folder).await.unwrap();
    // Some at a time they are over 5 %.
    let slowly = "199 accounts of network `a` have refused, and in one of the last 30 published runs 220 had";
    assert!(last.outcome.notes.warnings.iter().any(|warning| warning.text.starts_with(slowly)));
    // Few may go at once, though they are many of few.
    let folder = TempDir::new().unwrap();
    night(&refusing(30), &folder).await.unwrap();
    stops(&World { consent: refusing(19).consent, ..refusing(30) }.later(1), &folder, &["19 acc"])
        .await;
    night(&World { consent: refusing(20).consent, ..refusing(30) }.later(1), &folder)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_agreed_again_is_not_missed() {
    let folder = TempDir::new().unwrap();
    let world = refusing(40);
    night(&world, &folder).await.unwrap();
    let mut next = world.later(1);
    let again = (0..30).map(|id| of_account("a", &format!("gone{id:03}x"), "opted_in", 1));
    next.consent.as_mut().unwrap().extend(again);
    let published = night(&next, &folder).await.unwrap();
    assert_eq!(published.people().len(), 33);
    let counts = &published.log()["consent"][0];
    assert_eq!(
        (&counts["refusing"], &counts["ever_refused"]),
        (&json!("fewer than 11"), &json!(40))
    );
    // Without the refusals they would be forgotten.
    next.consent.as_mut().unwrap().drain(..20);
    next.consent.as_mut().unwrap().truncate(20);
    stops(&next, &folder, &["20 accounts of network `a` have refused"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_or_missing_table_stops_a_run_that_had_statements() {
    let folder = TempDir::new().unwrap();
    night(&refusing(2), &folder).await.unwrap();
    let empty = World { consent: Some(vec![]), ..refusing(2) }.later(1);
    stops(&empty, &folder, &["no statement, and the last published run had fewer than 11"]).await;
    let none = World { consent: None, ..empty.clone() };
    stops(&none, &folder, &["the job has no input `consent`", "fewer than 11 statements"]).await;
    // The first night of a job may have none, and says so.
    let folder = TempDir::new().unwrap();
    let first = night(&empty, &folder).await.unwrap();
    assert_eq!(first.outcome.notes.warnings[0].text, "there is no statement");
    night(&empty.later(1), &folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_smaller_share_of_matches_stops_a_run() {
    let folder = TempDir::new().unwrap();
    let world = refusing(200);
    night(&world, &folder).await.unwrap();
    let lost = |n: usize| {
        let mut next = world.later(1);
        let statements = next.consent.as_mut().unwrap();
        statements.iter_mut().take(n).for_each(|s| s.id = s.id.as_ref().map(|id| format!("0{id}")));
        next
    };
    let words = ["94 % of 200 statements of network `a`", "in the last published run 100 % were"];
    stops(&lost(11), &folder, &words).await;
    // New refusals that meet nobody, such as those of people who are written in capitals there.
    let more = |n: usize| {
        let mut next = world.later(1);
        let new = (0..n).map(|id| of_account("a", &format!("KEPT{id}"), "opted_out", 1));
        next.consent.as_mut().unwrap().extend(new);
        next
    };
    stops(&more(11), &folder, &["95 % of 211 statements of network `a`"]).await;
    night(&more(10), &folder).await.unwrap();
    night(&lost(10), &folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_log_is_said() {
    let folder = TempDir::new().unwrap();
    night(&refusing(2), &folder).await.unwrap();
    std::fs::remove_dir_all(folder.path().join("out/logs")).unwrap();
    let next = night(&refusing(2).later(1), &folder).await.unwrap();
    assert!(next.outcome.notes.warnings[0].text.contains("log of the last published run is gone"));
}

/// Ways in which a table of statements breaks, each with whether it is the same to a reader.
fn broken(batch: &RecordBatch) -> Vec<(&'static str, RecordBatch)> {
    let texts = |name: &str| -> Vec<Option<String>> {
        let column = batch.column_by_name(name).unwrap().as_string::<i32>();
        column.iter().map(|text| text.map(str::to_owned)).collect()
    };
    let mapped = |name: &'static str, change: &dyn Fn(&str) -> Option<String>| {
        let changed: Vec<Option<String>> =
            texts(name).iter().map(|text| change(text.as_deref()?)).collect();
        with(batch, name, maybe_text(&changed))
    };
    let swapped = |one: &'static str, other: &'static str| {
        let batch = with(batch, one, maybe_text(&texts(other)));
        with(&batch, other, maybe_text(&texts(one)))
    };
    let renamed = |from: &str, to: &str| {
        let column = batch.column_by_name(from).unwrap().clone();
        RecordBatch::try_from_iter(
            without(batch, from).into_iter().chain([(to.to_owned(), column)]),
        )
        .unwrap()
    };
    let some = |text: String| Some(text);
    let rows = batch.num_rows();
    vec![
        ("no rows", batch.slice(0, 0)),
        ("half of the rows", batch.slice(0, rows / 2)),
        ("the end is cut", batch.slice(0, rows - 15)),
        ("the beginning is cut", batch.slice(15, rows - 15)),
        ("one row", batch.slice(0, 1)),
        ("ids in upper case", mapped("account_id", &|t| some(t.to_uppercase()))),
        ("ids with spaces", mapped("account_id", &|t| some(format!("{t} ")))),
        ("ids with an @", mapped("account_id", &|t| some(format!("@{t}")))),
        ("ids with zeros", mapped("account_id", &|t| some(format!("00{t}")))),
        ("ids as floats", mapped("account_id", &|t| some(format!("{t}.0")))),
        ("ids cut", mapped("account_id", &|t| some(t[..4].to_owned()))),
        ("ids hashed", mapped("account_id", &|t| some(format!("{:x}", t.len() * 7_919)))),
        ("ids with a prefix", mapped("account_id", &|t| some(format!("a:{t}")))),
        ("ids lost", mapped("account_id", &|_| None)),
        ("ids empty", mapped("account_id", &|_| some(String::new()))),
        (
            "some of the ids lost",
            mapped("account_id", &|t| (!t.ends_with("3x")).then(|| t.to_owned())),
        ),
        ("networks in upper case", mapped("network", &|t| some(t.to_uppercase()))),
        ("networks renamed", mapped("network", &|_| some("x".into()))),
        ("networks with spaces", mapped("network", &|t| some(format!("{t} ")))),
        ("networks lost", mapped("network", &|_| None)),
        ("network and id swapped", swapped("network", "account_id")),
        ("status in upper case", mapped("status", &|t| some(t.to_uppercase()))),
        ("status of another system", mapped("status", &|_| some("unsubscribed".into()))),
        ("status lost", mapped("status", &|_| None)),
        ("accountId", renamed("account_id", "accountId")),
        ("account_ids", renamed("account_id", "account_ids")),
        ("user_id", renamed("account_id", "user_id")),
        ("networks as topics", swapped("network", "topic_id")),
        ("ids as topics", with(batch, "topic_id", maybe_text(&texts("account_id")))),
    ]
}

/// After a night with a sound table.
#[tokio::test(flavor = "multi_thread")]
async fn however_the_table_breaks_nobody_who_refused_is_published() {
    let folder = TempDir::new().unwrap();
    let world = refusing(40);
    night(&world, &folder).await.unwrap();
    let mut next = world.later(1);
    next.posts = Some(vec![]);
    let job = next.write(folder.path());
    let (_, sound) = next.tables().into_iter().find(|(name, _)| *name == "consent").unwrap();
    let ways = broken(&sound);
    assert!(ways.len() >= 25);
    for (way, batch) in ways {
        write(&folder.path().join("consent.parquet"), &batch);
        let error = Published::of(&job, 2, &[]).await.err();
        let error = error.unwrap_or_else(|| panic!("{way}: the run went on"));
        assert_eq!(error.kind, Kind::BadInput, "{way}: {error}");
        assert!(!error.to_string().contains("gone0"), "{way}: {error}");
    }
    // The table's own order and repeated rows break nothing.
    let twice = arrow::compute::concat_batches(&sound.schema(), [&sound, &sound]).unwrap();
    write(&folder.path().join("consent.parquet"), &twice);
    let published = Published::of(&job, 2, &[]).await.unwrap();
    assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    for (path, bytes) in &published.files {
        assert!(!bytes.windows(5).any(|window| window == b"gone0"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_an_account_with_its_network_or_a_person() {
    let folder = TempDir::new().unwrap();
    let row = |network: Option<&str>, id: Option<&str>, person: Option<&str>| Statement {
        network: network.map(str::to_owned),
        id: id.map(str::to_owned),
        person: person.map(str::to_owned),
        ..of_person("p", "opted_out", 3)
    };
    let with_row = |statement: Statement| {
        let mut world = refusing(1);
        world.identities = Some(vec![identity("a", "gone000x", "p")]);
        world.consent.as_mut().unwrap().push(statement);
        world
    };
    for (statement, words) in [
        (
            row(None, Some("1"), None),
            "column `network` is null where `account_id` is given in 1 of",
        ),
        (row(None, Some("1"), Some("p")), "column `network` is null where `account_id` is given"),
        (row(Some("a"), None, None), "column `account_id` is null where `network` is given"),
        (row(None, None, None), "neither `network` and `account_id` nor `person_id`"),
    ] {
        stops(&with_row(statement), &folder, &[words]).await;
    }
    for statement in [row(None, None, Some("p")), row(Some("a"), Some("gone000x"), Some("p"))] {
        let published = night(&with_row(statement), &folder).await.unwrap();
        assert_eq!(published.people(), ["a:1", "a:2", "a:3"]);
    }
}

/// Accounts under one name of a network and interactions under another: minors would be scored.
#[tokio::test(flavor = "multi_thread")]
async fn networks_are_written_alike_in_all_inputs() {
    let folder = TempDir::new().unwrap();
    let minor = |network: &str| Account { minor: Some(true), ..account(network, "1") };
    let mut world = World { consent: None, ..refusing(0) };
    world.accounts.as_mut().unwrap().push(minor("A "));
    let error = night(&world, &folder).await.err().unwrap();
    let words = ["one network in 2 ways, `A ` and `a`", "lower(trim(network))"];
    assert_eq!(error.place.table.as_deref(), Some("accounts"));
    assert_error(error, Kind::BadInput, &words);
    // Another name altogether may be another network.
    world.accounts = Some(vec![account("b", "1"), account("b", "2")]);
    let published = night(&world, &folder).await.unwrap();
    let warnings = &published.outcome.notes.warnings;
    assert_eq!(warnings.len(), 1);
    let words = "none of the few accounts of network `b` is in interactions";
    assert!(warnings[0].text.contains(words), "{warnings:?}");
    assert_eq!(published.log()["warnings"][0]["table"], "accounts");
}
