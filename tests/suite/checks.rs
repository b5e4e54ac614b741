//! What a run is checked for against the last published one: limits at their boundaries, what a refusal leaves, what accepting
//! does, and that nothing tells of ineligible people.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use renown::engine::Engine;
use renown::error::{Error, Help, Kind, Result};
use renown::job::{Acceptance, Job};
use renown::pipeline::progress::Progress;
use renown::pipeline::run;
use renown::storage::Stores;
use serde_json::Value;
use tempfile::TempDir;

use crate::binary::renown as program;
use crate::world::{
    Account, CUTOFF, HOUR, Interaction, Published, Row, World, account, of_account, read, reply,
    rows, run_job,
};

/// People whom ten others react to, and those who react.
const TARGETS: usize = 20;
const ACTORS: usize = 60;
const REACTORS: usize = 10;
const SIZE: usize = TARGETS + ACTORS;

/// 80 people: 20 with ten reactors each, who reacted 30 to 49 hours before the cutoff.
pub fn base() -> World {
    let targets = 0..TARGETS;
    let events = targets.flat_map(|target| {
        (0..REACTORS).map(move |at| {
            let actor = format!("a{}", (3 * target + at) % ACTORS);
            reply("net", &actor, &format!("t{target}"), 30 + target as i64)
        })
    });
    let actors = (0..ACTORS).map(|actor| account("net", &format!("a{actor}")));
    let targets = (0..TARGETS).map(|target| account("net", &format!("t{target}")));
    // With the limits that methods have by default.
    let world = World::default();
    let (method, _) = world.method.split_once("[checks]").unwrap();
    World {
        method: method.to_owned(),
        events: events.collect(),
        accounts: Some(actors.chain(targets).collect()),
        ..World::default()
    }
}

pub async fn run_in(world: &World, folder: &Path) -> Result<()> {
    run_job(&world.write(folder), 3, &[]).await.map(|_| ())
}

/// The checks that refuse the night after [`base`], changed by `edit`; none if it is published.
async fn refused(edit: impl FnOnce(&mut World)) -> Vec<&'static str> {
    refused_after(&base(), edit).await
}

async fn refused_after(first: &World, edit: impl FnOnce(&mut World)) -> Vec<&'static str> {
    let folder = TempDir::new().unwrap();
    run_in(first, folder.path()).await.unwrap();
    let mut next = first.later(1);
    edit(&mut next);
    match run_in(&next, folder.path()).await {
        Ok(()) => vec![],
        Err(error) => checks_of(&error),
    }
}

/// The checks that an error says could be accepted.
#[track_caller]
pub fn checks_of(error: &Error) -> Vec<&'static str> {
    assert_eq!(error.kind, Kind::Gate, "{error}");
    match error.help.as_deref() {
        Some(Help::Acceptance(names)) => names.clone(),
        help => panic!("{error}: {help:?}"),
    }
}

/// Removes all reactions to the first so many of the targets, but for one of each.
pub fn forget(world: &mut World, targets: usize) {
    let mut seen = std::collections::BTreeSet::new();
    world.events.retain(|event| {
        let number: usize = event.target[1..].parse().unwrap();
        number >= targets || seen.insert(event.target.clone())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_like_the_one_before_is_published() {
    assert!(refused(|_| {}).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn four_people_may_move_and_five_may_not() {
    assert!(refused(|world| forget(world, 4)).await.is_empty());
    assert_eq!(refused(|world| forget(world, 5)).await, ["scores_moved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundredth_of_many_people_may_move() {
    let mut first = base();
    // 600 people, of whom six are a hundredth.
    let more = (0..600 - SIZE).map(|n| account("net", &format!("quiet{n}")));
    first.accounts.as_mut().unwrap().extend(more);
    assert!(refused_after(&first, |world| forget(world, 6)).await.is_empty());
    assert_eq!(refused_after(&first, |world| forget(world, 7)).await, ["scores_moved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_without_reactors_are_counted() {
    // Nobody's score falls by five points: from two reactors to none. Four of 80 people may lose them all.
    let mut first = base();
    let fewer = |world: &mut World, of_each: usize| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        world.events.retain(|event| {
            let count = counts.entry(event.target.clone()).or_default();
            *count += 1;
            *count <= of_each
        });
    };
    fewer(&mut first, 2);
    let none = |of: usize| {
        move |world: &mut World| {
            world.events.retain(|e| e.target[1..].parse::<usize>().unwrap() >= of)
        }
    };
    assert!(refused_after(&first, none(4)).await.is_empty());
    assert_eq!(refused_after(&first, none(5)).await, ["without_reactor"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_may_not_go_or_come_all_at_once() {
    let without = |count: usize| {
        move |world: &mut World| {
            world.accounts.as_mut().unwrap().retain(|row| !is_quiet(row, count))
        }
    };
    let mut first = base();
    first.accounts.as_mut().unwrap().extend((0..20).map(|n| account("net", &format!("quiet{n}"))));
    assert!(refused_after(&first, without(5)).await.is_empty());
    assert_eq!(refused_after(&first, without(6)).await, ["people_lost"]);

    let with = |count: usize| {
        move |world: &mut World| {
            let more = (0..count).map(|n| account("net", &format!("new{n}")));
            world.accounts.as_mut().unwrap().extend(more);
        }
    };
    // Nobody reacts to them yet, which is another finding.
    assert_eq!(refused(with(SIZE / 4)).await, ["without_reactor"]);
    assert_eq!(refused(with(SIZE / 4 + 1)).await, ["people_gained", "without_reactor"]);
}

fn is_quiet(row: &Account, count: usize) -> bool {
    row.id.strip_prefix("quiet").is_some_and(|n| n.parse::<usize>().unwrap() < count)
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_without_a_new_statement_are_refused() {
    let mut first = base();
    first.accounts.as_mut().unwrap().extend((0..320).map(|n| account("net", &format!("quiet{n}"))));
    first.consent = Some(vec![]);
    // 400 people, of whom a hundredth may be excluded without a statement of the days between, if they are five.
    let out = |count: usize, days: i64| {
        move |world: &mut World| {
            let statement = |n| of_account("net", &format!("quiet{n}"), "opted_out", 24 * days);
            world.consent = Some((0..count).map(statement).collect());
        }
    };
    assert!(refused_after(&first, out(4, 200)).await.is_empty());
    assert_eq!(refused_after(&first, out(5, 200)).await, ["people_excluded"]);
    // People who have just refused are left out, until it is a wave.
    assert!(refused_after(&first, out(20, 0)).await.is_empty());
    assert_eq!(refused_after(&first, out(21, 0)).await, ["people_excluded", "people_lost"]);
    // Minors, of whom nobody said anything.
    let minors = |world: &mut World| {
        for row in world.accounts.as_mut().unwrap().iter_mut().filter(|row| is_quiet(row, 5)) {
            row.minor = Some(true);
        }
    };
    assert_eq!(refused_after(&first, minors).await, ["people_excluded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_compared_by_network_and_kind() {
    // As many again, of people who react already, so that no score moves.
    let again = |share: usize| {
        move |world: &mut World| {
            let again = world.events.iter().enumerate().filter(|(at, _)| *at < share);
            let again: Vec<_> = again
                .map(|(_, event)| Interaction { at: event.at - 60_000_000, ..event.clone() })
                .collect();
            world.events.extend(again);
        }
    };
    assert!(refused(again(TARGETS * REACTORS - 1)).await.is_empty());
    assert_eq!(refused(again(TARGETS * REACTORS)).await, ["rows"]);
    let kinds = |count: usize| {
        move |world: &mut World| {
            world.events[..count].iter_mut().for_each(|e| e.kind = "comment".into())
        }
    };
    assert!(refused(kinds(TARGETS * REACTORS / 2 - 1)).await.is_empty());
    assert_eq!(refused(kinds(TARGETS * REACTORS / 2)).await, ["rows"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn earlier_days_keep_their_rows() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut first = base();
    // Each target has twelve more reactions on the last day, of whom it knows: 240 of 440 rows.
    let more = (0..240).map(|n| {
        let event = &first.events[n % (TARGETS * REACTORS)];
        Interaction { at: CUTOFF - HOUR - n as i64 * 1_000_000, ..event.clone() }
    });
    let more: Vec<_> = more.collect();
    first.events.extend(more);
    run_in(&first, folder).await.unwrap();
    let second = |count: usize| {
        let mut second = first.later(1);
        let late = |n: usize| {
            let event = &first.events[n];
            Interaction { at: CUTOFF - 2 * HOUR - n as i64 * 1_000_000, ..event.clone() }
        };
        second.events.extend((0..count).map(late).collect::<Vec<_>>());
        second
    };
    // A twentieth of that day is 12 rows, and fewer than 20 refuse nothing.
    assert_eq!(checks_of(&run_in(&second(20), folder).await.unwrap_err()), ["earlier_days"]);
    let mut gone = first.later(1);
    gone.events.truncate(TARGETS * REACTORS);
    let error = run_in(&gone, folder).await.unwrap_err();
    assert!(checks_of(&error).contains(&"earlier_days"), "{error}");
    assert!(error.cause.contains("no rows of 2026-03-31, which had 240"), "{error}");
    // Where they are accepted, the nights after are held against them.
    accept(&second(20), folder, &["earlier_days"]).await.unwrap();
    run_in(&second(39).later(1), folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_night_says_what_cannot_be_judged() {
    let folder = TempDir::new().unwrap();
    let first = base().run_in(folder.path()).await;
    for row in &first.tables["checks"] {
        assert_eq!(row["verdict"], "not_judged", "{row:?}");
        let by = row["judged_by"].as_str().unwrap();
        assert!(by.starts_with("nothing: "), "{by}");
        assert!(row["limit"].is_null(), "{row:?}");
    }
    let second = base().later(1).run_in(folder.path()).await;
    let open: Vec<&Row> =
        second.tables["checks"].iter().filter(|row| row["verdict"] == "not_judged").collect();
    let names: Vec<&str> = open.iter().map(|row| row["check"].as_str().unwrap()).collect();
    // Weekdays take weeks, the last day had no rows, and nothing is joined.
    let joins = ["joins"; 5];
    assert_eq!(names, [&["earlier_days"], &joins[..], &["rows_of_last_day"]].concat());
}

/// The files below `folder`, but for those of refused runs.
fn in_force(published: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&String, &Vec<u8>> {
    published.iter().filter(|(path, _)| !path.starts_with("refused/")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_changes_nothing_and_keeps_the_tables() {
    let folder = TempDir::new().unwrap();
    let first = base().run_in(folder.path()).await;
    let mut next = base().later(1);
    next.events.iter_mut().for_each(|e| std::mem::swap(&mut e.actor, &mut e.target));
    let error = run_in(&next, folder.path()).await.unwrap_err();
    let checks = checks_of(&error);
    assert!(checks.contains(&"scores_moved") && checks.contains(&"without_reactor"), "{checks:?}");
    assert!(error.remedy.contains("/refused/2026-04-01/"), "{}", error.remedy);

    let output = folder.path().join("out");
    let mut files = BTreeMap::new();
    crate::world::collect_files(&output, &output, &mut files);
    assert_eq!(in_force(&files), in_force(&first.files));
    let kept: Vec<&String> =
        files.keys().filter(|path| path.starts_with("refused/2026-04-01/")).collect();
    for kind in ["/scores-", "/changes-", "/runs-", "/log.json"] {
        assert!(kept.iter().any(|path| path.contains(kind)), "no {kind} in {kept:?}");
    }
    let checks = kept.iter().find(|path| path.contains("/checks-")).unwrap();
    let checks = read(&output.join(checks)).into_iter().flat_map(rows);
    let moved = checks.into_iter().find(|row| row["check"] == "scores_moved").unwrap();
    assert_eq!(moved["verdict"], "refused");
    assert_eq!(moved["examples"].as_array().unwrap().len(), 5);
    assert!(
        moved["finding"].as_str().unwrap().contains("people moved by 5 points or more"),
        "{moved:?}"
    );

    // The inputs are mended, and the night is published.
    run_in(&base().later(1), folder.path()).await.unwrap();
}

/// Runs a night with checks accepted.
pub async fn accept(world: &World, folder: &Path, checks: &[&str]) -> Result<()> {
    let mut job = Job::load(&world.write(folder), &[], None)?;
    let acceptance = |check: &&str| Acceptance {
        check: (*check).into(),
        reason: "the archive was read in".into(),
        by: "ada".into(),
    };
    job.accepted = checks.iter().map(acceptance).collect();
    let engine = Engine::new(Stores::default(), 2);
    run(&engine, &job, &mut Progress::silent()).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_night_is_what_later_ones_are_judged_by() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    run_in(&base(), folder).await.unwrap();
    let mut next = base().later(1);
    forget(&mut next, 6);
    let refused = checks_of(&run_in(&next, folder).await.unwrap_err());
    assert_eq!(refused, ["scores_moved"]);
    // Another check than the one that refuses.
    let error = accept(&next, folder, &["rows"]).await.unwrap_err();
    assert_eq!(checks_of(&error), ["scores_moved"]);
    accept(&next, folder, &["scores_moved"]).await.unwrap();
    let published = next.run_in(folder).await;
    assert!(published.outcome.already, "an accepted run is not run again");
    let run = &published.tables["runs"][0];
    assert_eq!(run["accepted"], serde_json::json!(["scores_moved: the archive was read in (ada)"]));
    let moved =
        published.tables["checks"].iter().find(|row| row["check"] == "scores_moved").unwrap();
    assert_eq!(moved["verdict"], "accepted");
    let log = published.log();
    let figures = log["figures"].as_array().unwrap();
    let moved = figures.iter().find(|figure| figure["check"] == "scores_moved").unwrap();
    assert_eq!((&moved["figure"], &moved["history"]), (&0.075.into(), &serde_json::json!({})));

    // The night after is as that one; one as before is not.
    let back = base().later(2);
    assert_eq!(checks_of(&run_in(&back, folder).await.unwrap_err()), ["scores_moved"]);
    let mut after = base().later(2);
    forget(&mut after, 6);
    run_in(&after, folder).await.unwrap();
}

#[test]
fn the_program_refuses_accepts_and_shows() {
    let folder = TempDir::new().unwrap();
    let job = base().write(folder.path()).display().to_string();
    let output = folder.path().join("out").display().to_string();
    program(&["run", &job, "--quiet"]).done();
    let mut next = base().later(1);
    forget(&mut next, 6);
    next.write(folder.path());
    let remedy = "`renown run … --accept scores_moved=REASON` publishes it";
    program(&["run", &job, "--quiet"])
        .refused(80, &["`scores_moved`: 6 of 80 people moved", remedy]);
    program(&["run", &job, "--quiet", "--dry-run"]).refused(80, &["`scores_moved`"]);
    program(&["run", &job, "--accept", "moved=x"]).refused(2, &["there is no check `moved`"]);
    program(&["run", &job, "--accept", "scores_moved= "]).refused(2, &["give a reason"]);
    let reason = "--accept=scores_moved=a strike";
    program(&["run", &job, "--quiet", reason, "--accepted-by", "ada"]).done();

    let page = program(&["checks", &output]).done().stdout;
    assert!(page.contains("accepted: scores_moved: a strike (ada)"), "{page}");
    let answer = program(&["checks", &output, "--format", "json"]).done().stdout;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|check| check["check"] == name).unwrap();
    assert_eq!(of("scores_moved")["verdict"], "accepted");
    assert_eq!(of("scores_moved")["figure"], 0.075);
    let history = program(&["checks", &output, "--history"]).done().stdout;
    assert!(history.contains("on the days before"), "{history}");
}

/// Two nights with somebody ineligible; `edit` changes what the second says of that person.
async fn second_night(edit: impl FnOnce(&mut World)) -> (Published, Vec<Row>) {
    let folder = TempDir::new().unwrap();
    let mut first = base();
    first.accounts.as_mut().unwrap().push(account("net", CANARY));
    first.consent = Some(vec![of_account("net", CANARY, "opted_out", 300)]);
    first.events.push(reply("net", CANARY, "t1", 40));
    first.run_in(folder.path()).await;
    let mut second = first.later(1);
    edit(&mut second);
    let published = second.run_in(folder.path()).await;
    let checks = published.tables["checks"].clone();
    (published, checks)
}

const CANARY: &str = "canary41c7";

#[tokio::test(flavor = "multi_thread")]
async fn ineligible_people_change_no_check() {
    let (published, checks) = second_night(|_| {}).await;
    let edits: [fn(&mut World); 5] = [
        |world| {
            // Twice each, so that rows are dropped as duplicates.
            let at = |n: i64| Interaction {
                at: world.cutoff - n % 7 * HOUR - 1,
                ..reply("net", CANARY, "t2", 0)
            };
            let more: Vec<_> = (0..400).map(at).collect();
            world.events.extend(more);
        },
        |world| {
            let late = Interaction { at: world.cutoff + 5, ..reply("net", CANARY, "t2", 0) };
            world.events.extend(vec![late; 100]);
        },
        |world| world.events.retain(|event| event.actor != CANARY),
        |world| world.consent = Some(vec![of_account("net", CANARY, "opted_out", -1)]),
        |world| {
            let rows = world.accounts.as_mut().unwrap();
            let row = rows.last().unwrap().clone();
            rows.extend(vec![row; 30]);
        },
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        let (other, others) = second_night(edit).await;
        assert_eq!(checks, others, "edit {number}");
        assert_eq!(published.table_files(), other.table_files(), "edit {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_excluded_is_named_nowhere() {
    // Half a dozen people with the name are excluded in the night that is refused for it.
    let folder = TempDir::new().unwrap();
    let mut first = base();
    let canaries = (0..6).map(|n| account("net", &format!("{CANARY}-{n}")));
    first.accounts.as_mut().unwrap().extend(canaries);
    first.consent = Some(vec![]);
    run_in(&first, folder.path()).await.unwrap();
    let mut second = first.later(1);
    let statement = |n| of_account("net", &format!("{CANARY}-{n}"), "opted_out", 5_000);
    second.consent = Some((0..6).map(statement).collect());
    let error = run_in(&second, folder.path()).await.unwrap_err();
    assert_eq!(checks_of(&error), ["people_excluded", "people_lost"]);
    assert!(!error.to_string().contains(CANARY), "{error}");

    let output = folder.path().join("out");
    let mut files = BTreeMap::new();
    crate::world::collect_files(&output, &output, &mut files);
    let refused: Vec<&String> = files.keys().filter(|path| path.starts_with("refused/")).collect();
    assert!(!refused.is_empty());
    for path in refused {
        assert!(!path.contains(CANARY), "{path}");
        let text = match path.ends_with(".parquet") {
            true => {
                let rows: Vec<Row> = read(&output.join(path)).into_iter().flat_map(rows).collect();
                serde_json::to_string(&rows).unwrap()
            }
            false => fs::read_to_string(output.join(path)).unwrap(),
        };
        assert!(!text.contains(CANARY), "{path}");
        if path.ends_with("log.json") {
            let log: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(log["checks"]["ineligible"], "fewer than 11");
        }
    }
    assert_eq!(fs::read_dir(output.join("commits")).unwrap().count(), 1);
}
