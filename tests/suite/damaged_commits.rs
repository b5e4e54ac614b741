//! Objects among the commits that are none: they are named and passed over, and nothing is published where that would lose a night.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::memory::InMemory;
use renown::error::Kind;
use renown::publish::commit;
use renown::publish::history::CommitHistory;
use renown::publish::marks::update_marks;
use renown::storage::{Stores, below};
use tempfile::TempDir;
use url::Url;

use crate::binary::{program, renown};
use crate::campaign::is_whole;
use crate::faulty_store::{Fault, FaultyStore};
use crate::nights::small_world;
use crate::publish::{day, publish_day};
use crate::world::World;

/// Two published nights.
struct Nights {
    folder: TempDir,
    world: World,
}

impl Nights {
    async fn new() -> Self {
        let (folder, world) = (TempDir::new().unwrap(), small_world());
        for night in 0..2 {
            world.later(night).run_in(folder.path()).await;
        }
        Self { folder, world }
    }

    fn out(&self) -> String {
        self.folder.path().join("out").display().to_string()
    }

    fn commit(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("out/commits/{number:020}.json"))
    }

    fn job(&self, night: i64) -> String {
        self.world.later(night).write(self.folder.path()).display().to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_commit_is_passed_over_by_readers_and_stops_whoever_publishes() {
    let nights = Nights::new().await;
    let (out, sound) = (nights.out(), fs::read(nights.commit(2)).unwrap());
    let other = sound.iter().map(|b| if *b == b'{' { b'[' } else { *b }).collect::<Vec<u8>>();
    let renumbered =
        String::from_utf8(sound.clone()).unwrap().replace("\"number\": 2", "\"number\": 7");
    for (number, (torn, why)) in [
        (&b""[..], "is empty"),
        (&sound[..sound.len() / 2], "is no commit of renown"),
        (b"{}", "is no commit of renown"),
        (&other, "is no commit of renown"),
        (renumbered.as_bytes(), "says that it is number 7"),
    ]
    .into_iter()
    .enumerate()
    {
        fs::write(nights.commit(2), torn).unwrap();
        // Readers see the night before, and hear of it: on the page, in JSON, on standard error.
        let ended = program(&["top", &out]);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert_eq!(ended.code, Some(0), "{said}");
        for all in [&ended.stdout, &ended.stderr] {
            assert!(
                all.contains("00000000000000000002.json") && all.contains(why),
                "{why}: {said}"
            );
        }
        let json = renown(&["explain", &out, "a:new", "--format", "json"]).done().stdout;
        assert!(json.contains(why) && json.contains("\"snapshot_date\": \"2026-03-31\""), "{json}");
        // The night would be lost if anything were published now.
        if number > 1 {
            continue;
        }
        let words = ["00000000000000000002.json", why, "would be lost", "move it away"];
        for args in [
            &["run", &nights.job(1)][..],
            &["run", &nights.job(2)],
            &["backfill", &nights.job(2), "--from", "2026-04-01", "--to", "2026-04-03"],
            &["prune", &out, "--superseded", "--grace-hours", "0"],
            &["attack", &nights.job(1)],
        ] {
            renown(args).refused(65, &words);
        }
        assert!(!nights.commit(3).exists());
    }
    // As the remedy says: the night is published again, the same.
    fs::remove_file(nights.commit(2)).unwrap();
    renown(&["run", &nights.job(1)]).done();
    assert_eq!(fs::read(nights.commit(2)).unwrap(), sound);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absurd_number_is_passed_over_unless_a_night_may_be_lost() {
    let nights = Nights::new().await;
    let (out, sound) = (nights.out(), fs::read(nights.commit(2)).unwrap());
    let last = String::from_utf8(sound).unwrap();
    let last = last.replace("\"number\": 2", &format!("\"number\": {}", u64::MAX));
    let before = renown(&["top", &out]).done().stdout;
    for (number, night) in [(3, 2), (5_000_000, 3)] {
        let absurd = if number == 3 { u64::MAX } else { number };
        for text in ["", last.as_str()] {
            fs::write(nights.commit(absurd), text).unwrap();
            let said = renown(&["top", &out]).done().stdout;
            if night == 2 {
                assert!(said.ends_with(&before), "{said}");
            }
            assert!(said.contains("has a number that no run gives"), "{said}");
        }
        let said = renown(&["run", &nights.job(night)]).done().stdout;
        assert!(said.contains("warning: commits: "), "{said}");
        assert!(said.contains(&format!("{absurd:020}.json")), "{said}");
        assert!(nights.commit(1 + night as u64).exists());
        fs::remove_file(nights.commit(absurd)).unwrap();
    }
    // A run whose files no commit names: it may have been this one.
    fs::remove_file(nights.commit(4)).unwrap();
    fs::write(nights.commit(u64::MAX), "").unwrap();
    let words = ["18446744073709551615.json", "of 2026-04-03", "move it away"];
    renown(&["run", &nights.job(3)]).refused(65, &words);
    fs::remove_file(nights.commit(u64::MAX)).unwrap();
    renown(&["run", &nights.job(3)]).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_or_missing_old_commit_costs_its_own_day_only() {
    for is_gone in [true, false] {
        let nights = Nights::new().await;
        nights.world.later(2).run_in(nights.folder.path()).await;
        match is_gone {
            true => fs::remove_file(nights.commit(2)).unwrap(),
            false => fs::write(nights.commit(2), "").unwrap(),
        }
        let out = nights.out();
        for args in [&["top", &out][..], &["runs", &out], &["access", &out, "a:new"]] {
            renown(args).done();
        }
        renown(&["top", &out, "--snapshot", "2026-04-01"]).refused(65, &["is kept no longer"]);
        renown(&["run", &nights.job(3)]).done();
        // The day after it rests on it; it can be run again itself, and then that one too.
        renown(&["run", &nights.job(2)]).refused(78, &["rests on the one of 2026-04-01"]);
        renown(&["run", &nights.job(1)]).done();
        renown(&["top", &out, "--snapshot", "2026-04-01"]).done();
        renown(&["run", &nights.job(2)]).done();
    }
}

/// A later version of the format is not damage: whoever passed it over would lose what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_format_is_not_passed_over() {
    let nights = Nights::new().await;
    let text = fs::read_to_string(nights.commit(2)).unwrap();
    fs::write(nights.commit(2), text.replace("\"format\": 1", "\"format\": 9")).unwrap();
    renown(&["top", &nights.out()]).refused(65, &["commit format 9"]);
}

/// A run of an earlier day and the marks of later ones, stopped at every call: readers always know, and the next attempt marks.
#[tokio::test(flavor = "multi_thread")]
async fn marks_that_were_interrupted_are_made_by_the_next_attempt_campaign() {
    let url = Url::parse("memory:///out/").unwrap();
    let with = |store: Arc<dyn ObjectStore>| {
        let stores = Stores::default();
        stores.register(Url::parse("memory:///").unwrap(), store);
        stores
    };
    let (mut pending, mut whole) = (0, 0);
    let prepared = Arc::new(InMemory::new());
    let nights = with(Arc::clone(&prepared) as Arc<dyn ObjectStore>);
    for (of, run) in [(21, "a"), (22, "b"), (23, "c")] {
        publish_day(&nights, &url, day(of), run).await.unwrap();
    }
    for (number, fault) in [Fault::Down, Fault::AnswerLostThenDown].iter().enumerate() {
        let (first, step) = if is_whole() { (0, 1) } else { (number, 3) };
        for at in (first..).step_by(step) {
            let store: Arc<dyn ObjectStore> = Arc::new(prepared.fork());
            let clean = with(Arc::clone(&store));
            let faulty = FaultyStore::new(&store, at, fault);
            let stores = with(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
            let ended = async {
                publish_day(&stores, &url, day(21), "other").await?;
                update_marks(&stores, &url, None).await
            };
            let ended = ended.await;
            let newest = commit::newest(&clean, &url).await.unwrap().unwrap();
            let now = commit::in_force(&clean, &url, Some(day(21))).await.unwrap().unwrap();
            let is_other = now.run_id == "other";
            assert_eq!(
                [21, 22, 23].map(|of| newest.is_stale(day(of))),
                [false, is_other, is_other]
            );
            let is_marked = newest.marked_stale.len() == 2;
            pending += usize::from(is_other && !is_marked);
            whole += usize::from(is_other && is_marked);
            update_marks(&clean, &url, None).await.unwrap();
            let newest = commit::newest(&clean, &url).await.unwrap().unwrap();
            assert_eq!(Some(&newest.marked_stale), newest.stale.as_ref());
            for of in [22, 23] {
                let marked = commit::in_force(&clean, &url, Some(day(of))).await.unwrap().unwrap();
                assert_eq!(marked.tables_of.is_some(), is_other);
                let file = below(&url, &marked.tables["runs"].files[0].path).unwrap();
                assert!(clean.size(&file).await.unwrap().is_some());
            }
            if !faulty.has_occurred() {
                ended.unwrap();
                break;
            }
            assert_eq!(ended.unwrap_err().kind, Kind::Unavailable);
        }
    }
    assert!(pending > 0 && whole > 0, "{pending} pending, {whole} whole");
}

/// A run of an earlier day that was published while a later one was being computed.
#[tokio::test(flavor = "multi_thread")]
async fn a_day_whose_day_before_was_run_again_meanwhile_is_stale_from_its_first_commit() {
    let url = Url::parse("memory:///out/").unwrap();
    let stores = Stores::default();
    stores.register(Url::parse("memory:///").unwrap(), Arc::new(InMemory::new()));
    publish_day(&stores, &url, day(21), "a").await.unwrap();
    let began = commit::begin(&stores, &url, day(22), commit::Of::Runs).await.unwrap().1;
    publish_day(&stores, &url, day(21), "other").await.unwrap();
    let audited = crate::publish::audited(day(22), "b").unwrap();
    renown::publish::commit_tables(&stores, &url, audited, &serde_json::json!({}), began)
        .await
        .unwrap();
    let history = CommitHistory::read(&stores, &url).await.unwrap();
    let newest = history.newest().unwrap();
    assert!(newest.is_stale(day(22)) && !newest.is_stale(day(21)));
}
