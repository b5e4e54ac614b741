//! Who is scored of those who cannot be shown to be eligible: without a row in `accounts`, without an age, without a
//! statement.

use std::collections::BTreeSet;
use std::fs;

use chrono::NaiveDate;
use fastrand::Rng;
use renown::error::Kind;
use tempfile::TempDir;

use crate::campaign::cases;
use crate::job_files::assert_error;
use crate::random_worlds;
use crate::world::{
    Account, HOUR, Published, World, account, identity, of_account, reply, without, write,
};

fn aged(id: &str, birth_year: i32) -> Account {
    Account { birth_date: NaiveDate::from_ymd_opt(birth_year, 6, 1), ..account("a", id) }
}

/// 1 and 2 are adults, 3 is a minor, 4 has no age, 5 has no row; all react to all.
fn five(consent_settings: &str) -> World {
    let ids = ["1", "2", "3", "4", "5"];
    World {
        consent_settings: consent_settings.into(),
        accounts: Some(vec![aged("1", 1980), aged("2", 1990), aged("3", 2015), account("a", "4")]),
        events: ids.iter().flat_map(|a| ids.map(|t| reply("a", a, t, 5))).collect(),
        ..World::default()
    }
}

async fn scored(world: &World) -> Vec<String> {
    world.run().await.people()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_age_excludes_whoever_cannot_be_shown_to_have_it() {
    assert_eq!(scored(&five("")).await, ["a:1", "a:2", "a:4", "a:5"], "no age is asked for");
    assert_eq!(scored(&five("minimum_age = 18")).await, ["a:1", "a:2"]);
    assert_eq!(scored(&five("minimum_age = 40")).await, ["a:1"]);
    let scoring = "minimum_age = 18\nunknown = \"score\"";
    let published = five(scoring).run().await;
    assert_eq!(published.people(), ["a:1", "a:2", "a:4", "a:5"]);
    let rule = ("accounts", "accounts of people without a known age: scored anyway");
    assert_eq!(published.drops()[&rule], "2");
    // Without an age being asked for, a row is enough.
    assert_eq!(scored(&five("unknown = \"exclude\"")).await, ["a:1", "a:2", "a:4"]);
    // That somebody is no minor is an age.
    let mut adult = five("minimum_age = 18");
    adult.accounts.as_mut().unwrap()[3].minor = Some(false);
    assert_eq!(scored(&adult).await, ["a:1", "a:2", "a:4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_excludes_whoever_has_no_row() {
    // Whether the table has a row or none.
    for statements in [vec![], vec![of_account("a", "1", "opted_out", 1)]] {
        let mut world = five("");
        let mut left = vec!["a:1", "a:2", "a:4"];
        left.retain(|id| statements.is_empty() || *id != "a:1");
        world.consent = Some(statements);
        assert_eq!(scored(&world).await, left);
    }
    // A job without `accounts` asks for no row.
    let mut world = five("");
    (world.accounts, world.consent) = (None, Some(vec![of_account("a", "5", "opted_out", 1)]));
    assert_eq!(scored(&world).await, ["a:1", "a:2", "a:3", "a:4"]);
    // An account that only `identities` names takes its person out; an age of one account is the person's.
    let mut world = five("minimum_age = 18");
    world.identities = Some(vec![identity("a", "1", "p"), identity("a", "4", "p")]);
    assert_eq!(scored(&world).await, ["a:2", "p"]);
    world.identities.as_mut().unwrap().push(identity("a", "gone", "p"));
    world.events.push(reply("a", "2", "6", 3));
    world.accounts.as_mut().unwrap().push(aged("6", 1970));
    assert_eq!(scored(&world).await, ["a:2", "a:6"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_excluded_is_counted_by_reason() {
    let mut world = five("minimum_age = 18");
    world.rule = "opt_in";
    world.consent = Some(["1", "2", "4"].map(|id| of_account("a", id, "opted_in", 1)).into());
    world.accounts.as_mut().unwrap().extend((20..40).map(|id| aged(&id.to_string(), 1990)));
    let published = world.run().await;
    assert_eq!(published.people(), ["a:1", "a:2"]);
    let drops = published.drops();
    for (table, rule, rows) in [
        ("accounts", "ineligible (opted out, minor, deleted)", "fewer than 11"),
        ("accounts", "ineligible (no row in `accounts`)", "fewer than 11"),
        ("accounts", "ineligible (age unknown)", "fewer than 11"),
        ("consent", "ineligible (no statement)", "20"),
    ] {
        assert_eq!(drops[&(table, rule)], rows, "{rule}");
    }
    // What is 0 is shown.
    let all = World { accounts: Some(vec![aged("1", 1980), aged("2", 1980)]), ..world };
    let all = World { events: vec![reply("a", "1", "2", 3)], ..all }.run().await;
    assert_eq!(all.drops()[&("accounts", "ineligible (age unknown)")], "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_age_that_is_asked_for_and_nowhere_is_an_error() {
    let folder = TempDir::new().unwrap();
    let refused = async |world: &World| {
        Published::of(&world.write(folder.path()), 2, &[]).await.err().expect("it ran")
    };
    let world = World { accounts: None, ..five("minimum_age = 18") };
    assert_error(
        refused(&world).await,
        Kind::BadJob,
        &["`consent.minimum_age`", "add `inputs.accounts`"],
    );
    let mut world = five("minimum_age = 18\nunknown = \"score\"");
    world.accounts.iter_mut().flatten().for_each(|account| account.birth_date = None);
    assert_error(
        refused(&world).await,
        Kind::BadInput,
        &["no row has a `birth_date` or `is_minor`"],
    );
    let job = world.write(folder.path());
    let (_, rows) = world.tables().into_iter().find(|(name, _)| *name == "accounts").unwrap();
    let columns = without(&rows, "birth_date").into_iter().filter(|(name, _)| name != "is_minor");
    let rows = arrow::array::RecordBatch::try_from_iter(columns).unwrap();
    write(&folder.path().join("accounts.parquet"), &rows);
    let error = Published::of(&job, 2, &[]).await.err().unwrap();
    assert_error(
        error,
        Kind::BadInput,
        &["neither column `birth_date` nor `is_minor`", "in a SELECT"],
    );
    // The same before anything is read.
    let text = fs::read_to_string(&job).unwrap().replace("minimum_age = 18", "");
    fs::write(&job, text).unwrap();
    Published::of(&job, 2, &[]).await.unwrap();
}

/// People who are ineligible where the unknown are excluded and an age is asked for.
fn excluded(world: &World) -> BTreeSet<String> {
    let adult = NaiveDate::from_ymd_opt(2008, 3, 31).unwrap();
    let rows = world.accounts.as_ref().unwrap();
    let keys = world.members(9_000).into_iter();
    let linked = world.identities.iter().flatten().map(|i| (i.network.clone(), i.id.clone()));
    let keys: BTreeSet<(String, String)> = keys.chain(linked).collect();
    let mut out = BTreeSet::new();
    for person in keys.iter().map(|(n, id)| world.person(n, id)).collect::<BTreeSet<_>>() {
        let own = keys.iter().filter(|(n, id)| world.person(n, id) == person);
        let own: Vec<Option<&Account>> =
            own.map(|(n, id)| rows.iter().find(|a| a.network == *n && a.id == *id)).collect();
        let minor = |a: &Account| a.minor == Some(true) || a.birth_date.is_some_and(|b| b > adult);
        let has_age = |a: &&Account| a.minor.is_some() || a.birth_date.is_some();
        let known = own.iter().flatten();
        if own.iter().any(Option::is_none)
            || known.clone().any(|a| minor(a))
            || !known.clone().any(has_age)
        {
            out.insert(person);
        }
    }
    out
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite the_unknown_are_excluded`.
#[tokio::test(flavor = "multi_thread")]
async fn the_unknown_are_excluded_as_if_they_were_not_there_campaign() {
    let mut compared = 0;
    for seed in cases(0, 6) {
        let rng = &mut Rng::with_seed(seed);
        let mut world = random_worlds::world(rng);
        let Some(accounts) = &mut world.accounts else { continue };
        world.consent_settings = "minimum_age = 18".into();
        for account in accounts.iter_mut() {
            let of_age = NaiveDate::from_ymd_opt(2008, 3, 31 - i32::from(rng.u8(..9) == 0) as u32);
            match rng.u8(..8) {
                0 => account.minor = Some(rng.bool()),
                1 => account.birth_date = NaiveDate::from_ymd_opt(2008, 4, 1),
                2 => {}
                _ => account.birth_date = of_age,
            }
        }
        accounts.retain(|_| rng.u8(..8) > 0);
        let out = excluded(&world);
        let mut left = crate::consent::without(&world, &out);
        let window = world.cutoff - 2160 * HOUR..world.cutoff;
        let met = left.events.iter().any(|event| window.contains(&event.at));
        if !(met || left.started_follows().next().is_some()) {
            continue;
        }
        let changed = crate::consent::changed(&world, &out, rng);
        if ![&world, &left, &changed].into_iter().all(random_worlds::finds_a_post) {
            continue;
        }
        compared += 1;
        let published = world.run().await;
        let known = |(n, id): &(String, String)| !out.contains(&world.person(n, id));
        let people: BTreeSet<String> = world
            .members(9_000)
            .iter()
            .filter(|key| known(key))
            .map(|(n, id)| world.person(n, id))
            .collect();
        assert!(published.people().iter().all(|person| people.contains(person)), "seed {seed}");
        left.consent_settings = "unknown = \"exclude\"\nminimum_age = 18".into();
        let left = left.run().await;
        assert_eq!(published.commit, left.commit, "seed {seed}: without {out:?}");
        let changed = changed.run().await;
        assert_eq!(published.commit, changed.commit, "seed {seed}: {out:?} changed");
    }
    assert!(compared > 0);
}
