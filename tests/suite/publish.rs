//! One suite of behaviours over every kind of store: what is published, and what readers see of it
//! when calls fail, answers are lost or others publish at the same time. The whole:
//! `RENOWN_CASES=1 cargo test --test suite publish`.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, TimestampMicrosecondArray};
use chrono::NaiveDate;
use futures::TryStreamExt as _;
use futures::future::join_all;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt as _};
use renown::audit::{Audited, Limits, audit_run};
use renown::commands::top::{Filter, TopPerson, highest};
use renown::engine::Engine;
use renown::error::{Error, Kind, Result};
use renown::job::Job;
use renown::method::{Evidence, GateRule, hex};
use renown::pipeline::progress::Progress;
use renown::pipeline::{RunOutcome, run};
use renown::publish::commit::{self, Began, Commit, Of};
use renown::publish::{commit_tables, create};
use renown::published::Run;
use renown::storage::{Stores, below};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use url::Url;

use crate::campaign::is_whole;
use crate::drafts;
use crate::faulty_store::{Fault, FaultyStore};
use crate::parquet_files::{batch, texts, write};
use crate::prune::{
    a_backfill_goes_on_where_it_was_stopped_campaign, a_prune_that_is_stopped_goes_on_campaign,
    files_that_a_run_found_again_are_not_removed,
    what_is_kept_no_longer_is_removed_and_nothing_else,
};

/// A store, and a folder in it that only this process writes.
pub struct Place {
    store: Arc<dyn ObjectStore>,
    base: Url,
}

impl Place {
    fn of_url(base: &str) -> Self {
        let base = Url::parse(base).unwrap();
        let base = below(&base, &format!("test-{:016x}/", fastrand::u64(..))).unwrap();
        Self { store: Stores::default().resolve(&base).unwrap().0, base }
    }

    /// An output folder that nothing else uses.
    pub fn output(&self) -> Url {
        below(&self.base, &format!("{:016x}/", fastrand::u64(..))).unwrap()
    }

    pub fn stores(&self) -> Stores {
        self.stores_with(Arc::clone(&self.store))
    }

    fn stores_with(&self, store: Arc<dyn ObjectStore>) -> Stores {
        let stores = Stores::default();
        stores.register(self.base.clone(), store);
        stores
    }

    /// Stores that fail at call `at`.
    pub fn faulty(&self, at: usize, fault: &Fault) -> (Stores, Arc<FaultyStore>) {
        let store = FaultyStore::new(&self.store, at, fault);
        (self.stores_with(Arc::clone(&store) as Arc<dyn ObjectStore>), store)
    }

    /// Every object below `output` but the logs, by its path below it.
    async fn objects(&self, output: &Url) -> BTreeMap<String, Vec<u8>> {
        let mut objects = self.all_objects(output).await;
        objects.retain(|path, _| !path.starts_with("logs/"));
        objects
    }

    /// Every object below `output`, by its path below it.
    pub async fn all_objects(&self, output: &Url) -> BTreeMap<String, Vec<u8>> {
        let folder = object_store::path::Path::from_url_path(output.path()).unwrap();
        let listed: Vec<_> = self.store.list(Some(&folder)).try_collect().await.unwrap();
        let mut objects = BTreeMap::new();
        for object in listed {
            let bytes = self.store.get(&object.location).await.unwrap().bytes().await.unwrap();
            let path = object.location.as_ref().strip_prefix(folder.as_ref()).unwrap();
            objects.insert(path.trim_start_matches('/').to_owned(), bytes.to_vec());
        }
        // What a stopped commit leaves on disk, and is removed a day later.
        objects.retain(|path, _| !path.contains(".json."));
        objects
    }

    async fn commits(&self, output: &Url) -> usize {
        self.objects(output).await.keys().filter(|path| path.starts_with("commits/")).count()
    }

    /// The commit in force, which readers see; requires that every file it names exists and matches.
    async fn visible_commit(&self, output: &Url) -> Option<Commit> {
        let visible = commit::in_force(&self.stores(), output, None).await.unwrap();
        if let Some(commit) = &visible {
            assert_complete(commit, &self.objects(output).await);
        }
        visible
    }
}

#[track_caller]
pub fn assert_complete(commit: &Commit, objects: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(
        commit.tables.keys().collect::<Vec<_>>(),
        [
            "accounts",
            "changes",
            "checks",
            "cohorts",
            "contributions",
            "influence_edges",
            "measures",
            "people",
            "runs",
            "scores",
            "topic_evidence",
            "topic_interests",
            "topic_posts",
            "topic_scores",
            "topics"
        ]
    );
    for file in commit.tables.values().flat_map(|table| &table.files) {
        let bytes = objects.get(&file.path).unwrap_or_else(|| panic!("{} is gone", file.path));
        assert_eq!(file.size, bytes.len() as u64, "{}", file.path);
        assert_eq!(file.sha256, hex(&Sha256::digest(bytes)), "{}", file.path);
    }
}

pub fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

/// Publishes a small world as run `run_id` of the 21st.
async fn publish_draft(stores: &Stores, output: &Url, run_id: &str) -> Result<Commit> {
    publish_day(stores, output, day(21), run_id).await
}

/// The tables of the small world as run `run_id` of a day.
pub fn audited(of: NaiveDate, run_id: &str) -> Result<Audited> {
    let limits = Limits { gates: &GateRule::default(), evidence: &Evidence::default() };
    audit_run(drafts::of_run(drafts::draft(of), run_id), &[], &drafts::facts(run_id), &limits)?
        .passed()
}

pub async fn publish_day(
    stores: &Stores,
    output: &Url,
    of: NaiveDate,
    run_id: &str,
) -> Result<Commit> {
    let (_, began) = commit::begin(stores, output, of, Of::Runs).await?;
    let audited = audited(of, run_id)?;
    commit_tables(stores, output, audited, &json!({ "run_id": run_id }), began).await
}

/// A job over three interactions.
pub struct SmallJob {
    _folder: TempDir,
    pub job: Job,
}

impl SmallJob {
    pub fn new(output: &Url) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let column = |values: [&'static str; 3]| texts(values);
        let noon = 1_795_262_400_000_000;
        let at = TimestampMicrosecondArray::from(vec![noon, noon + 1, noon + 2]);
        let columns = [
            ("network", column(["net", "net", "net"])),
            ("actor_id", column(["bob", "cid", "ann"])),
            ("target_id", column(["ann", "ann", "bob"])),
            ("kind", column(["reply", "like", "reply"])),
            ("at", Arc::new(at.with_timezone("UTC")) as ArrayRef),
        ];
        write(&folder.path().join("interactions.parquet"), &batch(&columns));
        let file = folder.path().join("job.toml");
        let text = format!(
            "[job]\nname = \"small\"\nsnapshot = \"2026-11-21\"\n[inputs]\n\
             interactions = \"interactions.parquet\"\n[output]\nurl = \"{output}\"\n"
        );
        std::fs::write(&file, text).unwrap();
        let job = Job::load(Path::new(&file), &[], None).unwrap();
        Self { _folder: folder, job }
    }
}

async fn top_of(
    engine: &Engine,
    output: &Url,
    commit: &Commit,
    limit: usize,
) -> Result<Vec<TopPerson>> {
    let run = Run::open(engine, output, commit)?;
    let (people, scores) = (run.table("people").await?, run.table("scores").await?);
    highest(people, scores, "standard", &Filter::default(), limit).await
}

async fn run_job(stores: &Stores, job: &Job) -> Result<RunOutcome> {
    run(&Engine::new(stores.clone(), 1), job, &mut Progress::silent()).await
}

async fn the_first_commit_is_1_and_names_valid_files(place: &Place) {
    let output = place.output();
    assert_eq!(place.visible_commit(&output).await, None);
    let small = SmallJob::new(&output);
    let outcome = run_job(&place.stores(), &small.job).await.unwrap();
    assert!(!outcome.already);
    let commit = outcome.commit;
    assert_eq!((commit.number, commit.snapshot_date), (1, day(21)));
    assert_eq!(commit.in_force, BTreeMap::from([(day(21), 1)]));
    assert_eq!(commit.tables["people"].rows, 3);
    assert_eq!(commit.tables["runs"].rows, 1);
    let objects = place.objects(&output).await;
    assert_complete(&commit, &objects);
    // Nothing but the commit and the files that it names.
    let files = commit.tables.values().map(|table| table.files.len()).sum::<usize>();
    assert_eq!(objects.len(), files + 1);
    assert_eq!(place.visible_commit(&output).await, Some(commit));
}

async fn a_rerun_does_nothing_and_says_so(place: &Place) {
    let output = place.output();
    let small = SmallJob::new(&output);
    let first = run_job(&place.stores(), &small.job).await.unwrap().commit;
    let before = place.objects(&output).await;
    let again = run_job(&place.stores(), &small.job).await.unwrap();
    assert!(again.already);
    assert_eq!(again.commit, first);
    assert_eq!(place.objects(&output).await, before);
}

async fn another_job_or_method_supersedes_the_commit(place: &Place) {
    let output = place.output();
    let mut small = SmallJob::new(&output);
    let first = run_job(&place.stores(), &small.job).await.unwrap().commit;
    small.job.shared_output = true;
    let mut changed = |change: fn(&mut Job)| {
        change(&mut small.job);
        small.job.clone()
    };
    let jobs = [
        changed(|job| job.name = "renamed".into()),
        changed(|job| {
            job.method.amplification.prior_posts = 6.0;
            job.method.version += "-changed";
        }),
        changed(|job| job.influence.top = 1),
        changed(|job| job.consent.minimum_age = 21),
    ];
    let mut run_ids = vec![first.run_id.clone()];
    for (number, job) in (2..).zip(jobs) {
        let outcome = run_job(&place.stores(), &job).await.unwrap();
        assert!(!outcome.already);
        assert_eq!(outcome.commit.number, number);
        assert_eq!(outcome.commit.in_force, BTreeMap::from([(day(21), number)]));
        assert!(!run_ids.contains(&outcome.commit.run_id));
        run_ids.push(outcome.commit.run_id.clone());
        assert_eq!(place.visible_commit(&output).await, Some(outcome.commit));
    }
    // What was superseded is still complete for its readers.
    assert_complete(&first, &place.objects(&output).await);
}

async fn every_day_keeps_a_commit_in_force(place: &Place) {
    let output = place.output();
    let mut small = SmallJob::new(&output);
    let stores = place.stores();
    // Backfilled: the earlier day is published second, and readers still see the later one.
    for (number, of) in [(1, 23), (2, 22)] {
        small.job.snapshot = Some(day(of));
        assert_eq!(run_job(&stores, &small.job).await.unwrap().commit.number, number);
    }
    let in_force = |of: Option<NaiveDate>| commit::in_force(&stores, &output, of);
    for (of, number) in [(None, 1), (Some(day(23)), 1), (Some(day(22)), 2)] {
        assert_eq!(in_force(of).await.unwrap().unwrap().number, number);
    }
    assert_eq!(in_force(Some(day(24))).await.unwrap(), None);
    let newest = commit::newest(&stores, &output).await.unwrap().unwrap();
    assert_eq!(newest.in_force, BTreeMap::from([(day(22), 2), (day(23), 1)]));
    // The earlier day can be rerun without effect; the later one now has a previous run to compare with.
    for (of, already) in [(22, true), (23, false), (22, true), (23, true)] {
        small.job.snapshot = Some(day(of));
        assert_eq!(run_job(&stores, &small.job).await.unwrap().already, already, "{of}");
    }
    let newest = commit::newest(&stores, &output).await.unwrap().unwrap();
    // The third commit marked the later day as stale.
    assert_eq!(newest.in_force, BTreeMap::from([(day(22), 2), (day(23), 4)]));
    assert!(!newest.is_stale(day(23)));
}

/// Another publisher finishes before call `at` of this one, for every `at`.
async fn two_publishers_of_a_day_never_overwrite_each_other_campaign(place: &Place) {
    let (mut lost, mut followed) = (0, 0);
    for at in calls(0) {
        let output = place.output();
        let (clean, to) = (place.stores(), output.clone());
        let other = Fault::Before(Arc::new(move || {
            let (stores, output) = (clean.clone(), to.clone());
            Box::pin(async move {
                publish_draft(&stores, &output, "other").await.unwrap();
            })
        }));
        let (stores, store) = place.faulty(at, &other);
        let result = publish_draft(&stores, &output, "this").await;
        if !store.has_occurred() {
            result.unwrap();
            break;
        }
        let visible = place.visible_commit(&output).await.unwrap();
        match result {
            // On disk a call comes after the commit has its name: the other one follows.
            Ok(commit) if commit.number == 1 => {
                assert_eq!((visible.number, &visible.run_id[..]), (2, "other"));
            }
            Ok(commit) => {
                followed += 1;
                assert_eq!((commit.number, &commit.run_id[..]), (2, "this"));
                assert_eq!(visible, commit);
            }
            Err(error) => {
                lost += 1;
                assert_eq!(error.kind, Kind::Interrupted, "{error}");
                assert_eq!((visible.number, &visible.run_id[..]), (1, "other"));
                assert_eq!(place.commits(&output).await, 1);
                // A retry succeeds.
                let commit = publish_draft(&place.stores(), &output, "this").await.unwrap();
                assert_eq!((commit.number, &commit.run_id[..]), (2, "this"));
            }
        }
    }
    assert!(lost > 0 && followed > 0, "{lost} lost, {followed} followed");
}

/// A publisher of another day finishes before call `at`, for every `at`.
async fn publishers_of_two_days_both_succeed_campaign(place: &Place) {
    for at in calls(1) {
        let output = place.output();
        let (clean, to) = (place.stores(), output.clone());
        let other = Fault::Before(Arc::new(move || {
            let (stores, output) = (clean.clone(), to.clone());
            Box::pin(async move {
                publish_day(&stores, &output, day(22), "other").await.unwrap();
            })
        }));
        let (stores, store) = place.faulty(at, &other);
        let commit = publish_draft(&stores, &output, "this").await.unwrap();
        if !store.has_occurred() {
            break;
        }
        let newest = commit::newest(&place.stores(), &output).await.unwrap().unwrap();
        let other = 3 - commit.number;
        assert_eq!(newest.in_force, BTreeMap::from([(day(21), commit.number), (day(22), other)]));
        assert_eq!((newest.number, place.commits(&output).await), (2, 2));
    }
}

/// A backfill that runs many days at once.
async fn publishers_of_many_days_all_succeed(place: &Place) {
    let output = place.output();
    let publishers = (1..=8).map(|of| {
        let (stores, output) = (place.stores(), output.clone());
        tokio::spawn(async move { publish_day(&stores, &output, day(of), "run").await })
    });
    let commits: Vec<Commit> =
        join_all(publishers).await.into_iter().map(|joined| joined.unwrap().unwrap()).collect();
    let expected = commits.iter().map(|commit| (commit.snapshot_date, commit.number)).collect();
    let newest = commit::newest(&place.stores(), &output).await.unwrap().unwrap();
    assert_eq!(newest.in_force, expected);
    assert_eq!((newest.number, place.commits(&output).await), (8, 8));
}

/// Many publishers at once, in any order.
async fn concurrent_publishers_make_one_history(place: &Place) {
    let output = place.output();
    let publishers = (0..8).map(|i| {
        let (stores, output) = (place.stores(), output.clone());
        let work = async move { publish_draft(&stores, &output, &format!("run-{i}")).await };
        tokio::spawn(work)
    });
    let results: Vec<Result<Commit>> =
        join_all(publishers).await.into_iter().map(|joined| joined.unwrap()).collect();
    let mut won: Vec<&Commit> = results.iter().flatten().collect();
    won.sort_by_key(|commit| commit.number);
    let numbers: Vec<u64> = won.iter().map(|commit| commit.number).collect();
    assert_eq!(numbers, (1..=won.len() as u64).collect::<Vec<_>>());
    assert!(!won.is_empty());
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(error.kind, Kind::Interrupted, "{error}");
    }
    assert_eq!(place.commits(&output).await, won.len());
    assert_eq!(place.visible_commit(&output).await.as_ref(), won.last().copied());
}

/// An identical run finishes before call `at`, for every `at`.
async fn identical_runs_both_succeed_with_one_commit_campaign(place: &Place) {
    for at in calls(2) {
        let output = place.output();
        let small = SmallJob::new(&output);
        let (clean, job) = (place.stores(), small.job.clone());
        let identical = Fault::Before(Arc::new(move || {
            let (stores, job) = (clean.clone(), job.clone());
            Box::pin(async move {
                run_job(&stores, &job).await.unwrap();
            })
        }));
        let (stores, store) = place.faulty(at, &identical);
        let commit = run_job(&stores, &small.job).await.unwrap().commit;
        let visible = place.visible_commit(&output).await.unwrap();
        assert_eq!(commit.run_id, visible.run_id);
        assert_eq!(place.commits(&output).await, 1, "identical run before call {at}");
        if !store.has_occurred() {
            break;
        }
    }
}

/// Every fault at every call, over an empty folder and over one with an older run.
async fn readers_see_all_or_nothing_and_a_retry_converges_campaign(place: &Place) {
    let faults = [Fault::Refused, Fault::Down, Fault::AnswerLost, Fault::AnswerLostThenDown];
    for older in [false, true] {
        let prepare = async || {
            let output = place.output();
            if older {
                publish_draft(&place.stores(), &output, "older").await.unwrap();
            }
            output
        };
        let undisturbed = prepare().await;
        publish_draft(&place.stores(), &undisturbed, "newer").await.unwrap();
        let expected = place.objects(&undisturbed).await;
        for (number, fault) in faults.iter().enumerate() {
            for at in calls(number) {
                let output = prepare().await;
                let before = place.visible_commit(&output).await;
                let (stores, store) = place.faulty(at, fault);
                let result = publish_draft(&stores, &output, "newer").await;
                let visible = place.visible_commit(&output).await;
                match &result {
                    Ok(commit) => assert_eq!(visible.as_ref(), Some(commit)),
                    Err(error) => {
                        assert_eq!(error.kind, Kind::Unavailable, "{error}");
                        let new = visible.as_ref().is_some_and(|commit| commit.run_id == "newer");
                        assert!(new || visible == before, "call {at}");
                        if !new {
                            publish_draft(&place.stores(), &output, "newer").await.unwrap();
                        }
                    }
                }
                assert_eq!(place.objects(&output).await, expected, "call {at}");
                if !store.has_occurred() {
                    assert!(result.is_ok());
                    break;
                }
            }
        }
    }
}

/// The same for whole runs: after any fault, a rerun ends with exactly one commit.
async fn an_interrupted_run_is_finished_by_the_next_campaign(place: &Place) {
    for (of, fault) in [(0, Fault::Down), (2, Fault::AnswerLostThenDown)] {
        for at in calls(of) {
            let output = place.output();
            let small = SmallJob::new(&output);
            let (stores, store) = place.faulty(at, &fault);
            let result = run_job(&stores, &small.job).await;
            let visible = place.visible_commit(&output).await.is_some();
            let again = run_job(&place.stores(), &small.job).await.unwrap();
            assert_eq!(again.already, visible);
            assert_eq!((again.commit.number, place.commits(&output).await), (1, 1));
            if !store.has_occurred() {
                assert!(result.is_ok());
                break;
            }
            // Once it is published, what is kept no longer may stay.
            let error = result.map_or_else(|error| error, |outcome| outcome.pruned.unwrap_err());
            assert_eq!(error.kind, Kind::Unavailable);
        }
    }
}

async fn a_lost_answer_to_a_create_is_not_a_failure(place: &Place) {
    let (mut succeeded, mut files) = (0, 0);
    for at in 0.. {
        let output = place.output();
        let (stores, store) = place.faulty(at, &Fault::AnswerLost);
        let result = publish_draft(&stores, &output, "this").await;
        if !store.has_occurred() {
            break;
        }
        let visible = place.visible_commit(&output).await.is_some();
        assert_eq!(result.is_ok(), visible, "call {at}");
        if let Ok(commit) = result {
            succeeded += 1;
            files = commit.tables.values().map(|table| table.files.len()).sum();
        }
    }
    // Table files and the commit are created, and can be read back; the log is overwritten. On disk the commit gets its name after
    // its bytes, and loses the first one.
    let of_commit = if place.base.scheme() == "file" { 3 } else { 1 };
    assert_eq!((succeeded, files > 10), (files + of_commit, true));
}

async fn a_file_outside_any_commit_is_ignored(place: &Place) {
    let output = place.output();
    let small = SmallJob::new(&output);
    let stores = place.stores();
    let commit = run_job(&stores, &small.job).await.unwrap().commit;
    let engine = Engine::new(stores.clone(), 1);
    let before = top_of(&engine, &output, &commit, 10).await.unwrap();
    assert_eq!(before.len(), 3);
    // Tables of another run, complete but without a commit.
    let objects = place.objects(&output).await;
    for (path, bytes) in objects.iter().filter(|(path, _)| !path.starts_with("commits/")) {
        let other = path.replace(&commit.run_id, &"f".repeat(32));
        stores.write(&below(&output, &other).unwrap(), bytes.clone()).await.unwrap();
    }
    assert_eq!(place.visible_commit(&output).await, Some(commit.clone()));
    assert_eq!(top_of(&engine, &output, &commit, 10).await.unwrap(), before);
}

/// A table must not pass for complete when one of its files is missing.
async fn a_missing_file_is_an_error(place: &Place) {
    let output = place.output();
    let stores = place.stores();
    let commit = publish_draft(&stores, &output, "this").await.unwrap();
    let engine = Engine::new(stores.clone(), 1);
    assert_eq!(top_of(&engine, &output, &commit, 10).await.unwrap().len(), 4);
    let files = &commit.tables["scores"].files;
    assert_eq!(files.len(), 2);
    let second = stores.resolve(&below(&output, &files[1].path).unwrap()).unwrap().1;
    place.store.delete(&second).await.unwrap();
    assert_eq!(top_of(&engine, &output, &commit, 10).await.unwrap_err().kind, Kind::BadInput);
}

/// A commit cannot be replaced by another one of the same number.
async fn a_commit_is_created_once(place: &Place) {
    let output = place.output();
    let first = publish_draft(&place.stores(), &output, "first").await.unwrap();
    let second = Commit { run_id: "second".into(), ..first.clone() };
    let refused: Error =
        create::commit(&place.stores(), &output, Began::default(), second).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Interrupted);
    assert_eq!(place.visible_commit(&output).await, Some(first));
}

/// Numbers of the calls at which a fault occurs, one case each: every fourth from `of` on, or all of them in a whole
/// campaign.
fn calls(of: usize) -> impl Iterator<Item = usize> {
    let (first, step) = if is_whole() { (0, 1) } else { (of % 4, 4) };
    (first..).step_by(step)
}

fn on_runtime(work: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(4).enable_all().build().unwrap().block_on(work);
}

/// The suite over each place: a module of tests for each store.
macro_rules! over_every_store {
    ($($behaviour:ident)*) => {
        mod in_memory {
            $(#[test]
            fn $behaviour() {
                let base = url::Url::parse("memory:///lake/").unwrap();
                let place = super::Place { store: std::sync::Arc::new(super::InMemory::new()), base };
                super::on_runtime(super::$behaviour(&place));
            })*
        }
        mod on_disk {
            $(#[test]
            fn $behaviour() {
                let folder = tempfile::tempdir().unwrap();
                let base = url::Url::from_directory_path(folder.path()).unwrap();
                let store = std::sync::Arc::new(super::LocalFileSystem::new());
                super::on_runtime(super::$behaviour(&super::Place { store, base }));
            })*
        }
        mod on_s3 {
            $(#[test]
            #[ignore = "needs a server: set RENOWN_TEST_S3"]
            fn $behaviour() {
                let place = super::Place::of_url(&std::env::var("RENOWN_TEST_S3").unwrap());
                super::on_runtime(super::$behaviour(&place));
            })*
        }
        mod on_azure {
            $(#[test]
            #[ignore = "needs a server: set RENOWN_TEST_AZURE"]
            fn $behaviour() {
                let place = super::Place::of_url(&std::env::var("RENOWN_TEST_AZURE").unwrap());
                super::on_runtime(super::$behaviour(&place));
            })*
        }
    };
}

over_every_store! {
    the_first_commit_is_1_and_names_valid_files
    a_rerun_does_nothing_and_says_so
    another_job_or_method_supersedes_the_commit
    every_day_keeps_a_commit_in_force
    two_publishers_of_a_day_never_overwrite_each_other_campaign
    publishers_of_two_days_both_succeed_campaign
    publishers_of_many_days_all_succeed
    concurrent_publishers_make_one_history
    identical_runs_both_succeed_with_one_commit_campaign
    readers_see_all_or_nothing_and_a_retry_converges_campaign
    an_interrupted_run_is_finished_by_the_next_campaign
    a_lost_answer_to_a_create_is_not_a_failure
    a_file_outside_any_commit_is_ignored
    a_missing_file_is_an_error
    a_commit_is_created_once
    what_is_kept_no_longer_is_removed_and_nothing_else
    a_prune_that_is_stopped_goes_on_campaign
    files_that_a_run_found_again_are_not_removed
    a_backfill_goes_on_where_it_was_stopped_campaign
}
