//! What people dispute, until when anything is known of them, and what scores may be used for.

use std::sync::Arc;

use arrow::array::{RecordBatch, TimestampMicrosecondArray};
use renown::error::Kind;
use renown::model::Dropped;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::renown;
use crate::world::{
    CUTOFF, HOUR, Published, World, account, follow, instants, maybe_text, of_account, reply,
    run_job, text,
};

/// A row of `disputes`: account, person, what, hours before the cutoff since when and until when.
pub type Row<'a> = (Option<&'a str>, Option<&'a str>, &'a str, i64, Option<i64>);

pub fn disputes(rows: &[Row<'_>]) -> RecordBatch {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let networks: Vec<_> = rows.iter().map(|row| row.0.map(|_| "net".to_owned())).collect();
    let accounts: Vec<_> = rows.iter().map(|row| owned(row.0)).collect();
    let persons: Vec<_> = rows.iter().map(|row| owned(row.1)).collect();
    let resolved: TimestampMicrosecondArray =
        rows.iter().map(|row| row.4.map(|hours| CUTOFF - hours * HOUR)).collect();
    RecordBatch::try_from_iter_with_nullable([
        ("network", maybe_text(&networks), true),
        ("account_id", maybe_text(&accounts), true),
        ("person_id", maybe_text(&persons), true),
        ("what", text(rows.iter().map(|row| row.2)), true),
        ("since", instants(rows.iter().map(|row| CUTOFF - row.3 * HOUR)), true),
        ("resolved_at", Arc::new(resolved.with_timezone("UTC")), true),
    ])
    .unwrap()
}

/// Bob and Cid reply to Ann, Cid to Bob; Out refuses. Nobody replies to Cid, whom Bob follows.
fn world(rows: &[Row<'_>]) -> World {
    World {
        accounts: Some(["ann", "bob", "cid", "Outsider77"].map(|id| account("net", id)).into()),
        events: vec![
            reply("net", "bob", "ann", 50),
            reply("net", "cid", "ann", 20),
            reply("net", "cid", "bob", 30),
            reply("net", "Outsider77", "ann", 10),
        ],
        follows: Some(vec![
            follow("net", "bob", "cid", Some(70)),
            follow("net", "ann", "bob", None),
        ]),
        consent: Some(vec![of_account("net", "Outsider77", "opted_out", 5)]),
        more: vec![("disputes", disputes(rows))],
        ..World::default()
    }
}

fn of(published: &Published, table: &str, column: &str, person: &str) -> Value {
    published.by(table, &["person_id"])[&vec![format!("net:{person}")]][column].clone()
}

fn drops(published: &Published) -> Value {
    let of_disputes = |drop: &&Dropped| drop.table == "disputes";
    let drops: Vec<&Dropped> = published.outcome.notes.dropped.iter().filter(of_disputes).collect();
    json!(drops)
}

#[tokio::test(flavor = "multi_thread")]
async fn open_disputes_are_shown_with_the_person() {
    let folder = TempDir::new().unwrap();
    let rows: [Row<'_>; 6] = [
        (Some("ann"), None, "I am no robot", 26, None),
        (None, Some("net:ann"), "not my account", 240, None),
        (Some("bob"), None, "resolved", 100, Some(2)),
        (Some("bob"), None, "not yet", -3, None),
        (None, Some("nobody"), "who?", 9, None),
        (Some("cid"), None, "resolved later", 100, Some(-3)),
    ];
    let published = world(&rows).run_in(folder.path()).await;
    let said = json!(["2026-03-22 not my account", "2026-03-30 I am no robot"]);
    assert_eq!(of(&published, "people", "disputes", "ann"), said);
    assert_eq!(of(&published, "people", "disputes", "bob"), json!([]));
    assert_eq!(of(&published, "people", "disputes", "cid"), json!(["2026-03-27 resolved later"]));
    let is_flagged = |person: &str| {
        let flags = of(&published, "scores", "flags", person);
        flags.as_array().unwrap().contains(&json!("disputed"))
    };
    assert_eq!(["ann", "bob", "cid"].map(is_flagged), [true, false, true]);
    let few = json!({ "table": "disputes", "rule": "names nobody who is scored", "rows": "fewer than 11" });
    let closed = json!({ "table": "disputes", "rule": "resolved, or not yet made", "rows": "2" });
    let rule = "texts with the name of an ineligible person: masked";
    let masked = json!({ "table": "disputes", "rule": rule, "rows": "0" });
    assert_eq!(drops(&published), json!([few, closed, masked]));

    let output = folder.path().join("out");
    let output = output.to_str().unwrap();
    let page = renown(&["explain", output, "net:ann"]).done().stdout;
    for words in
        ["not my account", "disputed: the person disputes", "data until", "2026-03-31T03:30"]
    {
        assert!(page.contains(words), "{words} in {page}");
    }
    assert!(renown(&["top", output]).done().stdout.contains("net:ann (disputed)"));
    let report = folder.path().join("report.html");
    renown(&["report", output, "--out", report.to_str().unwrap()]).done();
    let report = std::fs::read_to_string(report).unwrap();
    for words in ["(disputed)", "Not to be used for: ", "EU AI Act, Annex III", "GDPR, Article 22"]
    {
        assert!(report.contains(words), "{words}");
    }
}

/// A dispute about somebody who refuses leaves the same bytes as one about somebody who does not exist, and its text no name.
#[tokio::test(flavor = "multi_thread")]
async fn disputes_of_ineligible_people_reach_no_output() {
    let open: Row<'_> = (Some("ann"), None, "I am no robot", 26, None);
    let run = async |row: Row<'_>| world(&[open, row]).run().await;
    let out = run((Some("Outsider77"), None, "canary", 26, None)).await;
    let nobody = run((None, Some("nobody"), "other", 30, Some(3))).await;
    assert_eq!(out.tables, nobody.tables);
    assert_eq!(out.commit, nobody.commit);
    assert_eq!(drops(&out), drops(&nobody));
    for (path, bytes) in out.files.iter().filter(|(path, _)| path.ends_with(".parquet")) {
        assert_eq!(bytes, &nobody.files[path], "{path}");
    }
    let named = run((Some("ann"), None, "it was @Outsider77 who wrote it", 30, None)).await;
    let said = of(&named, "people", "disputes", "ann");
    assert_eq!(
        said,
        json!(["2026-03-30 I am no robot", "2026-03-30 it was @[removed] who wrote it"])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn data_until_is_the_latest_event_that_reached_a_person() {
    let published = world(&[]).run().await;
    let at = |minutes: i64| json!(CUTOFF - minutes * HOUR / 60);
    // The reply of whoever refuses, ten hours before the end, is none.
    assert_eq!(of(&published, "scores", "data_until", "ann"), at(20 * 60 + 30));
    assert_eq!(of(&published, "scores", "data_until", "bob"), at(30 * 60 + 30));
    // By the hour in which the follow began.
    assert_eq!(of(&published, "scores", "data_until", "cid"), at(70 * 60));
    let mut alone = world(&[]);
    alone.follows = None;
    assert_eq!(of(&alone.run().await, "scores", "data_until", "cid"), json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_are_checked_and_published() {
    let refused = async |settings: &str, words: &str| {
        let folder = TempDir::new().unwrap();
        let world = World { settings: settings.into(), ..world(&[]) };
        let error = run_job(&world.write(folder.path()), 2, &[]).await.unwrap_err();
        assert_eq!(error.kind, Kind::BadJob, "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
    };
    let cohort = "[[cohort]]\nname = \"x\"\nnetworks = [\"net\"]\n";
    refused(cohort, "cohort `x` has no purpose").await;
    let hiring = format!("{cohort}purpose = \"Hiring of engineers\"\n");
    refused(&hiring, "`uses.forbidden` has `hiring`").await;
    let both = "[uses]\npermitted = [\"credit\"]\n";
    refused(both, "`uses.permitted` has `credit`, and `uses.forbidden` has `credit`").await;
    refused("[uses]\nforbidden = [\"a; b\"]\n", "has a `;`").await;

    let uses = "[uses]\npermitted = [\"research\"]\nforbidden = [\"hiring\", \"politics\"]\n";
    let published = World { settings: uses.into(), ..world(&[]) }.run().await;
    let run = &published.tables["runs"][0];
    assert_eq!(run["permitted_uses"], json!(["research"]));
    assert_eq!(run["forbidden_uses"], json!(["hiring", "politics"]));
    // The same rows for other uses are another run: its files say so.
    let other = World { settings: uses.replace("research", "art"), ..world(&[]) }.run().await;
    assert_ne!(other.commit.run_id, published.commit.run_id);
}
