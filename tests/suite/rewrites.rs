//! Tables of earlier commits that get other files: all of them at once, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use renown::audit::{Limits, audit_run};
use renown::error::{Error, Kind, Result};
use renown::method::{Evidence, GateRule};
use renown::publish::commit::{self, Began, Commit, CommittedTable, Of, Reason};
use renown::publish::rewrite::{self, Rewritten};
use renown::publish::{commit_tables, run_of_file};
use renown::storage::Stores;
use serde_json::json;
use url::Url;

use crate::drafts;
use crate::faulty_store::{Fault, FaultyStore};

struct Output {
    store: Arc<dyn ObjectStore>,
    url: Url,
}

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
}

impl Output {
    fn new() -> Self {
        Self { store: Arc::new(InMemory::new()), url: Url::parse("memory:///out/").unwrap() }
    }

    fn stores(&self) -> Stores {
        Self::stores_with(Arc::clone(&self.store))
    }

    fn stores_with(store: Arc<dyn ObjectStore>) -> Stores {
        let stores = Stores::default();
        stores.register(Url::parse("memory:///").unwrap(), store);
        stores
    }

    async fn begin(&self, of: u32) -> Began {
        commit::begin(&self.stores(), &self.url, day(of), Of::Runs).await.unwrap().1
    }

    async fn publish(&self, of: u32, run_id: &str, began: Began) -> Result<Commit> {
        let limits = Limits { gates: &GateRule::default(), evidence: &Evidence::default() };
        let draft = drafts::of_run(drafts::draft(day(of)), run_id);
        let audited = audit_run(draft, &[], &drafts::facts(run_id), &limits)?.passed()?;
        commit_tables(&self.stores(), &self.url, audited, &json!({}), began).await
    }

    async fn run(&self, of: u32, run_id: &str) -> Commit {
        self.publish(of, run_id, self.begin(of).await).await.unwrap()
    }

    async fn newest(&self) -> Commit {
        commit::newest(&self.stores(), &self.url).await.unwrap().unwrap()
    }

    /// A table of `commit` with other bytes.
    async fn other(&self, commit: &Commit, name: &str, bytes: &str) -> CommittedTable {
        let mut table = commit.tables[name].clone();
        for file in &mut table.files {
            let bytes = format!("{bytes} of {}", file.path).into_bytes();
            *file =
                rewrite::store_file(&self.stores(), &self.url, &file.path, bytes).await.unwrap();
        }
        table
    }

    async fn rewrite(&self, tables: Rewritten) -> Result<Commit> {
        let newest = self.newest().await;
        rewrite::commit(&self.stores(), &self.url, &newest, Reason::Forget, tables).await
    }

    async fn in_force(&self, of: u32) -> Commit {
        commit::in_force(&self.stores(), &self.url, Some(day(of))).await.unwrap().unwrap()
    }
}

fn of_one(number: u64, name: &str, table: &CommittedTable) -> Rewritten {
    BTreeMap::from([(number, BTreeMap::from([(name.to_owned(), table.clone())]))])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_reaches_every_way_to_read_a_commit() {
    let output = Output::new();
    let first = output.run(21, "first").await;
    let second = output.run(22, "second").await;
    assert_eq!((second.format, second.last_rewrite), (1, None));
    let scores = output.other(&first, "scores", "less").await;
    let people = output.other(&second, "people", "less").await;
    for (table, run) in [(&scores, "first"), (&people, "second")] {
        for file in &table.files {
            let name = file.path.rsplit('/').next().unwrap();
            assert_eq!(run_of_file(name), Some(run), "{name}");
        }
    }
    let mut tables = of_one(1, "scores", &scores);
    tables.extend(of_one(2, "people", &people));
    let rewrite = output.rewrite(tables).await.unwrap();
    assert_eq!((rewrite.number, rewrite.format, rewrite.last_rewrite), (3, 2, Some(3)));
    assert_eq!(rewrite.in_force, second.in_force);
    assert!(!rewrite.is_of_run());

    // The first once more, in another table, and a run after that: what it carries still leads to both tables.
    let runs = output.other(&first, "runs", "stale").await;
    output.rewrite(of_one(1, "runs", &runs)).await.unwrap();
    output.run(23, "third").await;
    let newest = output.newest().await;
    assert_eq!(newest.rewritten_in, BTreeMap::from([(1, 4), (2, 3)]));
    assert_eq!((newest.number, newest.format, newest.last_rewrite), (5, 2, Some(4)));

    let (stores, url) = (output.stores(), &output.url);
    let mut expected = first.clone();
    expected.tables.extend([("scores".to_owned(), scores), ("runs".to_owned(), runs)]);
    expected.tables_of = Some(4);
    assert_eq!(output.in_force(21).await, expected);
    assert_eq!(commit::read(&stores, url, 1).await.unwrap().unwrap(), expected);
    assert_eq!(commit::begin(&stores, url, day(21), Of::Runs).await.unwrap().0.unwrap(), expected);
    let all = commit::all(&stores, url).await.unwrap();
    assert_eq!(all.iter().map(|commit| commit.number).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    assert_eq!(all[4], expected);
    assert_eq!(all[3].tables["people"], people);
    assert_eq!(all[3].tables["scores"], second.tables["scores"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_began_before_a_rewrite_is_refused() {
    let output = Output::new();
    let first = output.run(21, "first").await;
    let began = output.begin(22).await;
    let people = output.other(&first, "people", "less").await;
    output.rewrite(of_one(1, "people", &people)).await.unwrap();
    let refused = output.publish(22, "second", began).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Interrupted);
    assert!(refused.cause.ends_with("rewritten meanwhile, by commit 2"), "{refused}");
    assert_eq!(output.run(22, "second").await.number, 3);
    assert_eq!(output.in_force(21).await.tables["people"], people);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewrite_covers_every_commit_before_it_or_none() {
    let output = Output::new();
    let first = output.run(21, "first").await;
    let newest = output.newest().await;
    let people = output.other(&first, "people", "less").await;
    output.run(22, "second").await;
    let tables = of_one(1, "people", &people);
    let refused: Error =
        rewrite::commit(&output.stores(), &output.url, &newest, Reason::Forget, tables)
            .await
            .unwrap_err();
    assert_eq!(refused.kind, Kind::Interrupted);
    assert_eq!(output.in_force(21).await, first);
}

/// Every call of a rewrite fails, or does its work and says that it failed.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rewrite_is_whole_or_absent() {
    let faults = [Fault::Refused, Fault::Down, Fault::AnswerLost, Fault::AnswerLostThenDown];
    let (mut whole, mut absent) = (0, 0);
    for fault in faults {
        for at in 0.. {
            let output = Output::new();
            let first = output.run(21, "first").await;
            let newest = output.newest().await;
            let people = output.other(&first, "people", "less").await;
            let faulty = FaultyStore::new(&output.store, at, &fault);
            let stores = Output::stores_with(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
            let tables = of_one(1, "people", &people);
            let ended =
                rewrite::commit(&stores, &output.url, &newest, Reason::Forget, tables.clone())
                    .await;
            if !faulty.has_occurred() {
                break;
            }
            let visible = output.in_force(21).await;
            match visible.tables_of {
                Some(2) => whole += 1,
                by => {
                    assert_eq!(by, None);
                    assert_eq!(visible, first);
                    assert!(ended.is_err());
                    absent += 1;
                }
            }
            output.rewrite(tables).await.unwrap();
            assert_eq!(output.in_force(21).await.tables["people"], people);
        }
    }
    assert!(whole > 0 && absent > 0, "{whole} whole, {absent} absent");
}
