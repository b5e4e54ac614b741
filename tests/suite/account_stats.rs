//! Numbers that accounts state, as the stages after reading receive them.

use std::fs;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array, RecordBatch,
    UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use renown::error::{Error, Kind, Result};
use renown::model::{AccountStats, People};
use tempfile::TempDir;

use crate::binary::renown;
use crate::world::{
    Account, CUTOFF, HOUR, Published, World, account, accounts, identity, interactions, of_account,
    people_of, reply, text, with, write,
};

/// Person p with the accounts 1 and 2, the unlinked account 3, and account 1 of another network.
fn linked(rows: [Account; 4]) -> World {
    World {
        accounts: Some(rows.into()),
        identities: Some(["1", "2"].map(|id| identity("a", id, "p")).into()),
        events: vec![reply("a", "1", "3", 3)],
        ..World::default()
    }
}

fn four_accounts() -> [Account; 4] {
    [account("a", "1"), account("a", "2"), account("a", "3"), account("b", "1")]
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_several_accounts_are_summed() {
    let [mut one, mut two, mut three, other] = four_accounts();
    one = Account { followers: Some(3), points: Some(0.5), created: Some(CUTOFF), ..one };
    two = Account {
        followers: Some(4),
        listed: Some(0),
        verified: Some(true),
        created: Some(CUTOFF - 2 * HOUR),
        points: Some(-2.0),
        ..two
    };
    three.created = Some(CUTOFF - 1);
    three.points = Some(-0.0);
    let world = linked([one.clone(), two.clone(), three.clone(), other.clone()]);
    let people = world.people().await;
    // In order of network and person: a:3 and p on a, b:1 on b.
    let AccountStats { followers, listed, verified, created_hours, custom } = &people.account_stats;
    assert_eq!(*followers, [None, Some(7), None]);
    assert_eq!(*listed, [None, Some(0), None]);
    assert_eq!(*verified, [false, true, false]);
    assert_eq!(*created_hours, [Some(0), Some(1), None]);
    assert_eq!(custom.len(), 1);
    assert_eq!(custom[0].0, "measure_points");
    assert_eq!(custom[0].1, [Some(0.0), Some(-1.5), None]);
    assert!(custom[0].1[0].is_some_and(f64::is_sign_positive));
    let rule = "creation date ignored (after the cutoff)";
    let late = people.drops.iter().find(|drop| drop.rule == rule).unwrap();
    assert_eq!((late.table.as_str(), late.rows.as_str()), ("accounts", "1"));

    // The order of rows has no effect on the id of the run, and every number has.
    let run = world.run().await.commit.run_id;
    let turned = linked([other.clone(), three.clone(), two.clone(), one.clone()]);
    assert_eq!(turned.run().await.commit.run_id, run);
    let changes: [fn(&mut Account); 5] = [
        |a| a.followers = Some(5),
        |a| a.listed = None,
        |a| a.verified = None,
        |a| a.created = Some(CUTOFF - 9 * HOUR),
        |a| a.points = Some(-2.5),
    ];
    for change in changes {
        let mut changed = two.clone();
        change(&mut changed);
        let world = linked([one.clone(), changed, three.clone(), other.clone()]);
        assert_ne!(world.run().await.commit.run_id, run);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_accounts_all_numbers_are_missing() {
    let world = World { events: vec![reply("a", "1", "3", 3)], ..World::default() };
    let AccountStats { followers, listed, verified, created_hours, custom } =
        world.people().await.account_stats;
    assert_eq!((followers, listed, verified), (vec![None; 2], vec![None; 2], vec![false; 2]));
    assert_eq!((created_hours, custom.len()), (vec![None; 2], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_of_ineligible_people_are_ignored() {
    let mut rows = four_accounts();
    for (number, row) in (1..).zip(&mut rows) {
        row.followers = Some(number);
    }
    rows[3].created = Some(CUTOFF + 1);
    let consent = Some(vec![of_account("b", "1", "opted_out", 1)]);
    let world = World { consent, ..linked(rows.clone()) };
    let people = world.people().await;
    assert_eq!(people.account_stats.followers, [Some(3), Some(3)]);
    let published = world.run().await;
    rows[3] = Account { followers: Some(9), points: Some(7.0), ..account("b", "1") };
    let changed = World { accounts: Some(rows.into()), ..world }.run().await;
    assert_eq!(published.commit, changed.commit);
    assert_eq!(published.table_files(), changed.table_files());
    assert_eq!(published.drops(), changed.drops());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_of_an_account_with_different_numbers_are_refused() {
    let changes: [fn(&mut Account); 5] = [
        |a| a.followers = Some(5),
        |a| a.listed = Some(5),
        |a| a.verified = Some(true),
        |a| a.created = Some(CUTOFF - HOUR),
        |a| a.points = Some(0.1),
    ];
    for change in changes {
        let mut rows = four_accounts();
        rows[3] = account("a", "1");
        change(&mut rows[3]);
        let folder = TempDir::new().unwrap();
        let refused =
            Published::of(&linked(rows).write(folder.path()), 2, &[]).await.err().unwrap();
        assert!(refused.cause.contains("1 accounts have two rows that contradict"), "{refused}");
    }
}

/// A job over the accounts 1, 2, 3 with `columns` added to those of the contract.
fn job_with_columns(folder: &TempDir, columns: &[(&str, ArrayRef)]) -> std::path::PathBuf {
    let rows = accounts(&["1", "2", "3"].map(|id| account("a", id)));
    let rows = RecordBatch::try_from_iter(crate::world::without(&rows, "measure_points")).unwrap();
    let rows =
        columns.iter().fold(rows, |rows, (name, column)| with(&rows, name, Arc::clone(column)));
    write(&folder.path().join("accounts.parquet"), &rows);
    let events = interactions(&[reply("a", "1", "2", 3), reply("a", "3", "2", 3)]);
    write(&folder.path().join("interactions.parquet"), &events);
    let inputs = "accounts = \"accounts.parquet\"\ninteractions = \"interactions.parquet\"\n";
    World::default().write_job(folder.path(), inputs)
}

async fn people_with(columns: &[(&str, ArrayRef)]) -> Result<People> {
    people_of(&job_with_columns(&TempDir::new().unwrap(), columns), 2).await
}

async fn refused(columns: &[(&str, ArrayRef)]) -> Error {
    let error = people_with(columns).await.err().expect("the column is refused");
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_measures_may_be_of_any_numeric_type() {
    let decimal = Decimal128Array::from(vec![10, 25, -30]).with_precision_and_scale(20, 1).unwrap();
    let narrow: ArrayRef = Arc::new(Int8Array::from(vec![Some(-128), None, Some(127)]));
    let encoded = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int8));
    let columns: [(&str, ArrayRef); 6] = [
        ("measure_z", Arc::new(Float32Array::from(vec![0.5, 1.0, -1.5]))),
        ("measure_Z.a \"b\"", Arc::clone(&narrow)),
        ("measure_dictionary", cast(&narrow, &encoded).unwrap()),
        ("measure_decimal", Arc::new(decimal)),
        ("measure_large", Arc::new(UInt64Array::from(vec![u64::MAX, 0, 1 << 53]))),
        ("measure_none", arrow::array::new_null_array(&DataType::Int64, 3)),
    ];
    let found = people_with(&columns).await.unwrap().account_stats.custom;
    let narrow = vec![Some(-128.0), None, Some(127.0)];
    let expected = [
        ("measure_Z.a \"b\"", narrow.clone()),
        ("measure_decimal", vec![Some(1.0), Some(2.5), Some(-3.0)]),
        ("measure_dictionary", narrow),
        ("measure_large", vec![Some(18_446_744_073_709_551_615.0), Some(0.0), Some(2f64.powi(53))]),
        ("measure_none", vec![None; 3]),
        ("measure_z", vec![Some(0.5), Some(1.0), Some(-1.5)]),
    ];
    assert!(found.iter().map(|(name, values)| (name.as_str(), values.clone())).eq(expected));
    // They are not reported as ignored columns.
    let folder = TempDir::new().unwrap();
    let job = job_with_columns(&folder, &columns);
    assert!(Published::of(&job, 2, &[]).await.unwrap().outcome.notes.columns_not_read.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn non_numeric_custom_measures_are_refused() {
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true, false, true]));
    for (column, kind) in [(text(["1", "2", "3"]), "Utf8"), (flags, "Boolean")] {
        let error = refused(&[("measure_x", column)]).await;
        let words = format!("column `measure_x` is {kind}, a custom measure must be a number");
        assert!(error.cause.contains(&words), "{error}");
        assert_eq!(error.place.column.as_deref(), Some("measure_x"));
    }
    for bad in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![f64::MAX, bad, bad]));
        let error = refused(&[("measure_a", numbers()), ("measure_x", column)]).await;
        assert!(
            error.cause.contains("`measure_x` is not a finite number in 2 of 3 rows"),
            "{error}"
        );
        assert_eq!(error.place.column.as_deref(), Some("measure_x"));
        assert_eq!(error.place.rows, Some(2));
    }
    let many: Vec<String> = (0..101).map(|number| format!("measure_{number}")).collect();
    let many: Vec<(&str, ArrayRef)> = many.iter().map(|name| (name.as_str(), numbers())).collect();
    assert_eq!(people_with(&many[..100]).await.unwrap().account_stats.custom.len(), 100);
    let error = refused(&many).await;
    assert!(error.cause.contains("101 columns `measure_…`, renown reads at most 100"), "{error}");
}

/// A column of numbers.
fn numbers() -> ArrayRef {
    Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0]))
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_out_of_range_are_refused() {
    for (name, words) in [
        ("followers_count", "column `followers_count` is below 0 in 1 of 3 rows"),
        ("listed_count", "column `listed_count` is below 0 in 1 of 3 rows"),
    ] {
        let counts: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![0, -1, 3]));
        let error = refused(&[(name, counts)]).await;
        assert!(error.cause.contains(words), "{error}");
    }
    // Each number is finite, and their sum is not.
    let changes: [fn(&mut Account); 2] =
        [|a| a.followers = Some(i64::MAX), |a| a.points = Some(f64::MAX)];
    for change in changes {
        let mut rows = four_accounts();
        rows.iter_mut().for_each(change);
        let folder = TempDir::new().unwrap();
        let job = linked(rows).write(folder.path());
        let error = people_of(&job, 2).await.err().expect("the sum is refused");
        assert!(error.cause.contains("of 1 accounts is too large to be added"), "{error}");
        let report =
            renown(&["check", job.to_str().unwrap()]).refused(65, &["have 1 violation"]).stdout;
        assert!(report.contains("too large to be added"), "{report}");
    }
}

/// Accounts in a file without the measure have none; an error names the file with the bad value.
#[tokio::test(flavor = "multi_thread")]
async fn a_custom_measure_may_be_missing_from_some_files() {
    let folder = TempDir::new().unwrap();
    let job = job_with_columns(&folder, &[]);
    let rows = crate::parquet_files::read(&folder.path().join("accounts.parquet"));
    fs::remove_file(folder.path().join("accounts.parquet")).unwrap();
    let put = |name: &str, rows: &RecordBatch| {
        write(&folder.path().join("accounts").join(name), rows);
    };
    let text = fs::read_to_string(&job).unwrap();
    fs::write(&job, text.replace("accounts.parquet", "accounts/")).unwrap();
    let value = |value| -> ArrayRef { Arc::new(Float64Array::from(vec![Some(value), None])) };
    put("1.parquet", &rows.slice(0, 1));
    put("2.parquet", &with(&rows.slice(1, 2), "measure_x", value(2.0)));
    let custom = people_of(&job, 2).await.unwrap().account_stats.custom;
    assert_eq!(custom, [("measure_x".to_owned(), vec![None, Some(2.0), None])]);
    put("2.parquet", &with(&rows.slice(1, 2), "measure_x", value(f64::NAN)));
    let error = people_of(&job, 2).await.err().expect("it is refused");
    assert!(error.cause.contains("in 1 of 3 rows, first in `"), "{error}");
    assert!(error.cause.contains("accounts/2.parquet"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_select_may_define_custom_measures() {
    let folder = TempDir::new().unwrap();
    let job = job_with_columns(&folder, &[]);
    let text = fs::read_to_string(&job).unwrap();
    let select = "SELECT network, account_id, 2 AS measure_two FROM raw";
    let text = text.replace("accounts = \"accounts.parquet\"", &format!("accounts = \"{select}\""));
    fs::write(&job, format!("{text}\n[sources]\nraw = \"accounts.parquet\"\n")).unwrap();
    let custom = people_of(&job, 2).await.unwrap().account_stats.custom;
    assert_eq!(custom, [("measure_two".to_owned(), vec![Some(2.0); 3])]);
}
