//! `access`: everything that files below the output hold on a person, whether or not a commit names them.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{Ended, renown};
use crate::world::{Account, HOUR, World, account, identity, of_account, reply, run_job};

const MARCH: NaiveDate = NaiveDate::from_ymd_opt(2026, 3, 30).unwrap();

/// 2 and 3 reply to 1, and 3 to 2; all of them on network a.
fn three_people() -> World {
    let eve = Account { name: Some("\u{1b}[2Jeve".into()), ..account("a", "1") };
    World {
        accounts: Some(vec![eve, account("a", "2"), account("a", "3")]),
        events: [("2", "1"), ("3", "1"), ("3", "2")]
            .map(|(actor, target)| reply("a", actor, target, 50))
            .into(),
        ..World::default()
    }
}

struct Lake {
    folder: TempDir,
}

impl Lake {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn output(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Runs `world` into the output; returns the id of the run.
    async fn run(&self, world: &World) -> String {
        let job = world.write(self.folder.path());
        run_job(&job, 2, &[]).await.unwrap().1.commit.run_id
    }

    fn access(&self, person: &str, more: &[&str]) -> Ended {
        renown(&[&["access", self.output().to_str().unwrap(), person], more].concat())
    }

    fn json(&self, person: &str) -> Value {
        serde_json::from_str(&self.access(person, &["--format", "json"]).done().stdout).unwrap()
    }
}

/// Rows of each table.
type Counts = Vec<(String, usize)>;

/// Day, run, state and number of rows of each run.
fn runs(access: &Value) -> Vec<(String, String, String, Counts)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let run = |run: &Value| {
        let tables = run["tables"].as_object().unwrap().iter();
        let rows = tables.map(|(name, rows)| (name.clone(), rows.as_array().unwrap().len()));
        (text(&run["snapshot_date"]), text(&run["run_id"]), text(&run["state"]), rows.collect())
    };
    access["runs"].as_array().unwrap().iter().map(run).collect()
}

fn rows(counts: [usize; 6]) -> Counts {
    let tables = ["accounts", "contributions", "influence_edges", "measures", "people", "scores"];
    tables.into_iter().zip(counts).filter(|(_, n)| *n > 0).map(|(t, n)| (t.to_owned(), n)).collect()
}

/// Copies the files of a run to a run that no commit names.
fn copy_as_stray(output: &Path, run: &str) {
    for table in
        ["accounts", "people", "scores", "contributions", "measures", "influence_edges", "runs"]
    {
        let folder = output.join(table).join("2026-03-31");
        let from = folder.join(format!("{run}-00000.parquet"));
        fs::copy(from, folder.join("stray-00000.parquet")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_whether_or_not_readers_see_them() {
    let lake = Lake::new();
    let first = lake.run(&three_people()).await;
    let mut more = three_people();
    more.events.push(reply("a", "1", "3", 40));
    let second = lake.run(&more).await;
    copy_as_stray(&lake.output(), &first);
    let access = lake.json("a:2");
    let day = || "2026-03-31".to_owned();
    let mut found = runs(&access);
    found.sort();
    // Person 2 gives attention to 1 and receives it from 3.
    let mut expected = vec![
        (day(), first.clone(), "superseded".to_owned(), rows([1, 3, 2, 1, 1, 1])),
        (day(), second, "in_force".to_owned(), rows([1, 3, 2, 1, 1, 1])),
        (day(), "stray".to_owned(), "never_committed".to_owned(), rows([1, 3, 2, 1, 1, 1])),
    ];
    expected.sort();
    assert_eq!(found, expected);
    let run = access["runs"].as_array().unwrap().iter().find(|run| run["run_id"] == first.as_str());
    let run = run.unwrap();
    assert_eq!(run["tables"]["people"][0]["person_id"], "a:2");
    assert_eq!(run["tables"]["people"][0]["snapshot_date"], "2026-03-31");
    assert_eq!(run["tables"]["scores"][0].as_object().unwrap().len(), 22);
    let files = run["files"].as_array().unwrap();
    assert_eq!(files.len(), 6);
    assert!(files.contains(&format!("people/2026-03-31/{first}-00000.parquet").into()));
    let columns = access["columns"]["measures"].as_array().unwrap();
    assert!(columns.iter().all(|column| !column["meaning"].as_str().unwrap().is_empty()));

    let page = lake.access("a:2", &[]).done().stdout;
    for words in ["superseded", "in force", "never committed", "  people (1 row)", "18 files"] {
        let found = match words {
            "18 files" => page.matches(".parquet  (").count() == 18,
            words => page.contains(words),
        };
        assert!(found, "{words} in {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whose_accounts_were_linked_later_is_found_under_every_id() {
    let lake = Lake::new();
    let before = World { day: MARCH, ..three_people() };
    lake.run(&before).await;
    let links = vec![identity("a", "1", "p"), identity("a", "2", "p")];
    lake.run(&World { identities: Some(links), ..three_people() }).await;
    for query in ["p", "a:1", "a:2", "1"] {
        let access = lake.json(query);
        assert_eq!(access["accounts"], serde_json::json!(["a:1", "a:2"]), "{query}");
        assert_eq!(access["person_ids"], serde_json::json!(["a:1", "a:2", "p"]), "{query}");
        let found = runs(&access);
        // On 30 March 1 and 2 are two people with three edges; a day later they are one, with one edge from 3.
        assert_eq!(
            (found[0].0.as_str(), &found[0].3),
            ("2026-03-31", &rows([2, 3, 1, 1, 1, 1])),
            "{query}"
        );
        assert_eq!(
            (found[1].0.as_str(), &found[1].3),
            ("2026-03-30", &rows([2, 6, 3, 2, 2, 2])),
            "{query}"
        );
    }
    // 3 is another person, though one of the rows names them.
    assert_eq!(lake.json("a:3")["person_ids"], serde_json::json!(["a:3"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ambiguous_account_id_is_refused() {
    let lake = Lake::new();
    let mut world = three_people();
    world.events.push(reply("b", "2", "1", 5));
    lake.run(&world).await;
    lake.access("1", &[]).refused(2, &["`1` may be any of 2 people", "a:1, b:1"]);
    assert_eq!(lake.json("b:1")["accounts"], serde_json::json!(["b:1"]));
}

/// Follows the advice of the page: the statement, reruns of the days, deletion of the files.
#[tokio::test(flavor = "multi_thread")]
async fn following_the_advice_removes_all_data() {
    let lake = Lake::new();
    let days = [MARCH, crate::world::DAY];
    for day in days {
        lake.run(&World { day, ..three_people() }).await;
    }
    let page = lake.access("a:2", &[]).done().stdout;
    let row = r#"network = "a", account_id = "2", person_id = null, topic_id = null, status = "opted_out""#;
    assert!(page.contains(row), "{page}");
    let held: Vec<String> = page
        .lines()
        .filter_map(|l| l.strip_suffix("  (in force)"))
        .map(|l| l.trim().to_owned())
        .collect();
    assert_eq!(held.len(), 12, "{page}");
    // A statement of today, after both days.
    let mut statement = of_account("a", "2", "opted_out", 0);
    statement.at += 1000 * HOUR;
    for day in days {
        lake.run(&World { day, consent: Some(vec![statement.clone()]), ..three_people() }).await;
    }
    let access = lake.json("a:2");
    let states: Vec<_> =
        runs(&access).into_iter().filter(|r| !r.3.is_empty()).map(|r| r.2).collect();
    assert_eq!(states, ["superseded", "superseded"]);
    for file in held {
        fs::remove_file(lake.output().join(file)).unwrap();
    }
    lake.access("a:2", &[]).refused(65, &["no file below", "holds anything on `a:2`"]);
    assert!(lake.access("a:1", &[]).done().stdout.contains("in force"));
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_files_are_reported_after_the_rest() {
    let lake = Lake::new();
    let run = lake.run(&three_people()).await;
    let name = |table: &str| format!("{table}/2026-03-31/{run}-00000.parquet");
    for bytes in ["", "no Parquet"] {
        fs::write(lake.output().join(name("scores")), bytes).unwrap();
        let ended = lake.access("a:2", &[]).refused(65, &["1 file below", "cannot be read"]);
        assert!(ended.stdout.contains("  people (1 row)"), "{}", ended.stdout);
        assert!(
            ended.stdout.contains(&format!("{}  cannot be read", name("scores"))),
            "{}",
            ended.stdout
        );
    }
    // A run without its `people` is searched for the known ids.
    fs::remove_file(lake.output().join(name("scores"))).unwrap();
    fs::write(lake.output().join(name("people")), "no Parquet").unwrap();
    let ended = lake.access("a:2", &[]).refused(65, &["1 file below"]);
    assert!(ended.stdout.contains("  measures (1 row)"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn stray_files_are_reported_and_no_control_characters_printed() {
    let lake = Lake::new();
    lake.run(&three_people()).await;
    fs::write(lake.output().join("people/notes.parquet"), "mine").unwrap();
    let page = lake.access("a:1", &[]).done().stdout;
    assert!(!page.contains(|c: char| c.is_control() && c != '\n'), "{page:?}");
    assert!(page.contains("[2Jeve") && page.contains("Rows may name other people"), "{page}");
    assert!(page.contains("people/notes.parquet  was not read"), "{page}");
    let page = lake.access("a:2", &[]).done().stdout;
    let job = lake.folder.path().join("job.toml");
    assert_eq!(renown(&["access", job.to_str().unwrap(), "a:2"]).done().stdout, page);
    lake.access("a:1", &["--snapshot", "2026-03-31"]).refused(2, &["--snapshot does not apply"]);
    let empty = Lake::new();
    empty.access("a:1", &[]).refused(65, &["no run has been published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_unknown_is_no_answer_of_nothing() {
    let lake = Lake::new();
    let mut world = three_people();
    let names = ["Ann Lee", "ann lee", "Bob"];
    for (account, name) in world.accounts.iter_mut().flatten().zip(names) {
        account.name = Some(name.into());
    }
    lake.run(&world).await;
    lake.access("Anne Lee", &[]).refused(65, &["did you mean `Ann Lee`?"]);
    // Another id is another person.
    let other = lake.access("a:22", &[]).refused(65, &["holds anything on `a:22`"]);
    assert!(!other.stderr.contains("did you mean"), "{}", other.stderr);
    assert_eq!(lake.access("x", &["--format", "json"]).stdout, "");
    // Names resolve as in `explain`: as written before in any case.
    assert_eq!(lake.json("ann lee")["accounts"], serde_json::json!(["a:2"]));
    assert_eq!(lake.json("BOB")["person_ids"], serde_json::json!(["a:3"]));
    lake.access("ANN LEE", &[]).refused(2, &["may be any of 2 people", "a:1, a:2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_means_one_person_though_accounts_were_linked_later() {
    let lake = Lake::new();
    let mut world = World { day: MARCH, ..three_people() };
    for account in world.accounts.iter_mut().flatten().take(2) {
        account.name = Some("Ann".into());
    }
    lake.run(&world).await;
    world.day = crate::world::DAY;
    world.identities = Some(vec![identity("a", "1", "p"), identity("a", "2", "p")]);
    lake.run(&world).await;
    assert_eq!(lake.json("Ann")["person_ids"], serde_json::json!(["a:1", "a:2", "p"]));
}
