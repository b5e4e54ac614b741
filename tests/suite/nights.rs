//! Trust that is carried from night to night: who is long-standing stays so, whatever one night lacks; who leaves is gone, and
//! bought vouches never grow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

use fastrand::Rng;
use renown::publish::commit::Commit;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::program;
use crate::trust_oracle::{Act, Known, UNITS, Vertex, vouch};
use crate::world::{
    CUTOFF, DAY, HOUR, Interaction, Published, Row, Statement, World, account, of_account, read,
    reply, rows, run_job,
};

const DAY_HOURS: i64 = 24;
/// Of the method set by hand.
const WINDOW_HOURS: i64 = 2160;
const LAG_HOURS: i64 = 168;
const TENURE_DAYS: i64 = 60;

/// The method set by hand with trust on networks, by vouches for full credit.
fn trust_on(networks: &[(&str, u32)]) -> World {
    let mut world = World::default();
    let networks = networks.iter().map(|(network, full_credit)| {
        format!("[trust.networks.{network}]\nfull_credit = {full_credit}\n\n")
    });
    world.edit_method("[[trust.seeds]]", &(networks.collect::<String>() + "[[trust.seeds]]"));
    world
}

/// A column of `accounts` by account, of those where it is not null.
fn column(accounts: &[Row], network: &str, name: &str) -> BTreeMap<String, Value> {
    let of_network = accounts.iter().filter(|row| row["network"] == network);
    let values = of_network.filter(|row| !row[name].is_null());
    values.map(|row| (row["account_id"].as_str().unwrap().into(), row[name].clone())).collect()
}

/// Since when each account of a network is known.
fn known_since(accounts: &[Row], network: &str) -> BTreeMap<String, i64> {
    let values = column(accounts, network, "known_since").into_iter();
    values.map(|(id, since)| (id, since.as_i64().unwrap())).collect()
}

fn credit(accounts: &[Row], network: &str) -> BTreeMap<String, f64> {
    let values = column(accounts, network, "credit").into_iter();
    values.map(|(id, credit)| (id, credit.as_f64().unwrap())).collect()
}

fn founders(accounts: &[Row], network: &str) -> BTreeSet<String> {
    let values = column(accounts, network, "is_founder").into_iter();
    values.filter(|(_, is_founder)| *is_founder == 1).map(|(id, _)| id).collect()
}

/// The end of a night, `night` days after the first.
fn cutoff(night: i64) -> i64 {
    CUTOFF + night * DAY_HOURS * HOUR
}

fn epoch_days(night: i64) -> i64 {
    i64::from(DAY.to_epoch_days()) + night
}

/// An act on the day of a night.
fn on_day(rng: &mut Rng, network: &str, actor: &str, target: &str, night: i64) -> Interaction {
    let kind = ["reply", "like", "repost", "comment"][rng.usize(..4)];
    let at = cutoff(night) - 1 - rng.i64(0..DAY_HOURS * HOUR);
    Interaction { kind: kind.into(), at, ..reply(network, actor, target, 0) }
}

/// The statements of those who left by a night.
fn statements(leaves: &BTreeMap<String, i64>, night: i64) -> Vec<Statement> {
    let left = leaves.iter().filter(|(_, of_night)| **of_night <= night);
    let statement = |(number, (id, of_night)): (usize, (&String, &i64))| Statement {
        network: Some("alpha".into()),
        id: Some(id.clone()),
        status: ["opted_out", "deleted"][number % 2].into(),
        at: cutoff(*of_night) - HOUR,
        ..Statement::default()
    };
    left.enumerate().map(statement).collect()
}

/// What a night published: the tables that are looked at.
struct Night {
    accounts: Vec<Row>,
    /// Everything else that it published, as text.
    text: String,
    commit: Commit,
    already: bool,
}

/// Runs the job in `folder`, which has the nights before. All tables are read only `whole`.
async fn run_night(folder: &Path, world: &World, whole: bool) -> Night {
    let (job, outcome) = run_job(&world.write(folder), 1, &[]).await.unwrap();
    let output = job.output.to_file_path().unwrap();
    let (mut accounts, mut text) = (vec![], String::new());
    for (name, table) in &outcome.commit.tables {
        let of_accounts = name == "accounts";
        if !of_accounts && !whole {
            continue;
        }
        let batches = table.files.iter().flat_map(|file| read(&output.join(&file.path)));
        let own: Vec<Row> = batches.flat_map(rows).collect();
        text += &serde_json::to_string(&own).unwrap();
        if of_accounts {
            accounts = own;
        }
    }
    Night { accounts, text, commit: outcome.commit, already: outcome.already }
}

/// Five founders of network `a`, one who has been silent for the window, and somebody for whom they vouch since. A tenure is
/// two days, and two vouches make full credit.
pub fn small_world() -> World {
    let mut world = trust_on(&[("a", 2), ("b", 2)]);
    world.edit_method("lag_hours       = 168", "lag_hours = 24");
    world.edit_method("tenure_hours    = 1440", "tenure_hours = 48");
    let people = ["p0", "p1", "p2", "p3", "p4"];
    world.events = among("a", &people, 500);
    for person in people {
        world.events.push(reply("a", person, "new", 40));
        world.events.push(reply("a", person, "quiet", 2_190));
    }
    world.events.push(reply("a", "quiet", "p0", 2_190));
    let ids = people.into_iter().chain(["quiet", "new"]);
    world.accounts = Some(ids.map(|id| account("a", id)).collect());
    world.consent = Some(vec![]);
    world
}

/// Everybody reacts to everybody else.
fn among(network: &str, people: &[&str], hours: i64) -> Vec<Interaction> {
    let pairs = people.iter().flat_map(|one| people.iter().map(move |other| (one, other)));
    pairs
        .filter(|(one, other)| one != other)
        .map(|(one, other)| reply(network, one, other, hours))
        .collect()
}

fn account_row(night: &Published, id: &str) -> Row {
    (*night.by("accounts", &["account_id"])[&vec![id.to_owned()]]).clone()
}

/// Nights away count as nights without full credit, and founders who return are founders.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_is_not_on_the_way_to_a_tenure() {
    let (stay, away) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let world = small_world();
    // They leave on the second night, and agree again on the third.
    let leave = |night: i64| {
        let statements = [("opted_out", -23), ("opted_in", -47)].into_iter().take(night as usize);
        let of = |id: &str| -> Vec<Statement> {
            statements.clone().map(|(status, hours)| of_account("a", id, status, hours)).collect()
        };
        [of("new"), of("p0")].concat()
    };
    let mut last = vec![];
    for (leaves, folder) in [(false, &stay), (true, &away)] {
        let mut nights = vec![];
        for night in 0..3 {
            let mut world = world.later(night);
            world.consent = Some(if leaves { leave(night) } else { vec![] });
            nights.push(world.run_in(folder.path()).await);
        }
        assert_eq!(account_row(&nights[0], "new")["full_credit_since"], epoch_days(0));
        assert_eq!(account_row(&nights[0], "p0")["known_since"], epoch_days(-2));
        last.push(nights);
    }
    assert_eq!(account_row(&last[0][2], "new")["known_since"], epoch_days(2));
    assert!(!last[1][1].people().contains(&"a:p0".to_owned()));
    let back = account_row(&last[1][2], "new");
    assert_eq!(
        ["known_since", "full_credit_since", "full_credit_missed_days"].map(|name| &back[name]),
        [&Value::Null, &json!(epoch_days(2)), &json!(0)]
    );
    assert_eq!(account_row(&last[1][2], "p0"), account_row(&last[0][2], "p0"));
}

/// Whether people without a row are scored or not, and whether they did anything lately or not.
#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_one_night_or_two_lacked_are_known_as_before() {
    for unknown in ["score", "exclude"] {
        let folder = TempDir::new().unwrap();
        let mut world = small_world();
        world.consent_settings = format!("unknown = \"{unknown}\"\nunmatched = \"warn\"\n");
        let first = world.run_in(folder.path()).await;
        for night in 1..=2 {
            let mut half = world.later(night);
            let missing = ["p0", "p1", "quiet"];
            half.accounts.as_mut().unwrap().retain(|row| !missing.contains(&row.id.as_str()));
            let published = half.run_in(folder.path()).await;
            let ids = known_since(&published.tables["accounts"], "a");
            // Both did something within a year.
            for id in ["quiet", "p0"] {
                assert_eq!(ids.contains_key(id), unknown == "score", "{id}");
            }
        }
        // The silent one is back with a first reaction.
        let mut after = world.later(3);
        after.events.push(reply("a", "quiet", "p1", -71));
        let after = after.run_in(folder.path()).await;
        let mut expected = known_since(&first.tables["accounts"], "a");
        assert_eq!(expected.len(), 6);
        // They vouch again at once, but on nights without two of them she had full credit still.
        let of_new = known_since(&after.tables["accounts"], "a")["new"];
        expected.insert("new".into(), of_new);
        assert_eq!(of_new, epoch_days(2));
        assert_eq!(known_since(&after.tables["accounts"], "a"), expected, "{unknown}");
        let is_founder = founders(&after.tables["accounts"], "a");
        assert_eq!(is_founder, founders(&first.tables["accounts"], "a"));
    }
}

/// It has its own founders then, whom no later history changes.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_joins_later_has_the_founders_of_its_first_night() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    let first = world.run_in(folder.path()).await;
    assert_eq!(first.tables["runs"][0]["trust_networks"], json!(["a"]));
    let mut joined = world.later(1);
    joined.events.extend(among("b", &["x", "y", "z"], 700));
    let second = joined.run_in(folder.path()).await;
    assert_eq!(second.tables["runs"][0]["trust_networks"], json!(["a", "b"]));
    // Others bring a history that is as old.
    let mut more = joined.later(1);
    for network in ["a", "b"] {
        more.events.extend(among(network, &["u", "v", "w"], 800));
    }
    let third = more.run_in(folder.path()).await;
    for night in [&second, &third] {
        let accounts = &night.tables["accounts"];
        let since = [epoch_days(-1); 3];
        let of_b: BTreeMap<String, i64> =
            ["x", "y", "z"].map(String::from).into_iter().zip(since).collect();
        assert_eq!(known_since(accounts, "b"), of_b);
        assert_eq!(founders(accounts, "a"), founders(&first.tables["accounts"], "a"));
    }
    let credit = credit(&third.tables["accounts"], "b");
    assert_eq!([credit["x"], credit["u"]], [1.0, 0.0]);
}

/// The days with a run in force, and whether it is stale.
fn listed(folder: &Path) -> Vec<(i64, bool)> {
    let output = folder.join("out").display().to_string();
    let listed = program(&["runs", &output, "--format", "json"]).done().stdout;
    let runs: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let in_force = runs.iter().filter(|run| run["in_force"] == true);
    let day = |run: &Value| {
        let day: chrono::NaiveDate = run["snapshot_date"].as_str().unwrap().parse().unwrap();
        (day - DAY).num_days()
    };
    let mut days: Vec<_> =
        in_force.map(|run| (day(run), run["is_stale"].as_bool().unwrap())).collect();
    days.sort_unstable();
    days
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_night_run_again_makes_later_ones_stale_if_it_differs() {
    let folder = TempDir::new().unwrap();
    let world = small_world();
    let mut nights = vec![];
    for night in 0..3 {
        nights.push(world.later(night).run_in(folder.path()).await);
    }
    // Nothing to do; and where files are lost, the same bytes.
    assert!(world.later(1).run_in(folder.path()).await.outcome.already);
    let file = &nights[1].commit.tables["accounts"].files[0].path;
    fs::remove_file(folder.path().join("out").join(file)).unwrap();
    let again = world.later(1).run_in(folder.path()).await;
    assert!(!again.outcome.already && again.commit.number == 4);
    assert_eq!(again.table_files(), nights[2].table_files());
    assert_eq!(listed(folder.path()), [(0, false), (1, false), (2, false)]);

    // A founder is found to have left the day before: what was published since rests on her.
    let mut left = world.clone();
    left.consent = Some(vec![of_account("a", "p0", "deleted", -23)]);
    left.later(1).run_in(folder.path()).await;
    assert_eq!(listed(folder.path()), [(0, false), (1, false), (2, true)]);
    let last = left.later(2).run_in(folder.path()).await;
    assert_eq!(listed(folder.path()), [(0, false), (1, false), (2, false)]);
    for (table, rows) in &last.tables {
        let text = serde_json::to_string(rows).unwrap();
        assert!(!text.contains("p0\""), "{table}: {text}");
    }
    let vouches = |night: &Published| night.measures("a", "a:new")["vouches"].clone();
    assert_eq!([vouches(&nights[2]), vouches(&last)], [json!(5.0), json!(4.0)]);
}

/// Days that the community acts before the first night.
const HISTORY_DAYS: i64 = 150;
const NIGHTS: i64 = 270;
const FOUNDERS: i64 = 40;
const FULL_CREDIT: i64 = 2;
/// Night on which half of the accounts are missing.
const HALF_MISSING: i64 = 150;
/// Night on which the second network joins.
const JOINS: i64 = 100;

/// A community, and accounts that buy their way into it, day by day.
struct Community {
    /// By time.
    events: Vec<Interaction>,
    /// The night on which founders leave.
    leaves: BTreeMap<String, i64>,
    /// Everybody in `accounts`, with the night of joining.
    joins: BTreeMap<(&'static str, String), i64>,
}

/// People of the community who are there on the day of a night, and some who came late.
fn honest(night: i64) -> Vec<String> {
    let founders = (0..FOUNDERS).map(|i| format!("h{i}"));
    // They come one by one, and ten more when founders have begun to leave.
    let newcomers = (0..25).filter(|i| night >= 10 + 2 * i).map(|i| format!("n{i}"));
    let late = (0..10).filter(|_| night >= 180).map(|i| format!("y{i}"));
    founders.chain(newcomers).chain(late).collect()
}

impl Community {
    fn new(rng: &mut Rng) -> Self {
        let mut events = Vec::new();
        for day in -HISTORY_DAYS..NIGHTS {
            let people = honest(day);
            for actor in &people {
                if rng.u8(..3) > 0 {
                    continue;
                }
                // Everybody has a circle of those who are there: the same remainders, and newcomers twice as often.
                let near = |person: &&String| {
                    let number = |id: &str| id[1..].parse::<i64>().unwrap();
                    let apart = number(person) - number(actor);
                    let weight = if person.starts_with('n') { 2 } else { 1 };
                    *person != actor && apart.rem_euclid(3) < weight
                };
                let circle: Vec<&String> = people.iter().filter(near).collect();
                let target = rng.choice(circle).unwrap();
                events.push(on_day(rng, "alpha", actor, target, day));
            }
            // Two people who fall silent, and are known only by `accounts` from then on.
            if day < -70 {
                for quiet in ["q0", "q1"] {
                    let friend = rng.choice(&people).unwrap().clone();
                    events.push(on_day(rng, "alpha", quiet, &friend, day));
                    events.push(on_day(rng, "alpha", &friend, quiet, day));
                }
            }
            // A second network, which the job hears of later.
            for _ in 0..4 {
                let [one, other] = [(); 2].map(|()| rng.u32(..8));
                if one != other {
                    let [one, other] = [one, other].map(|i| format!("b{i}"));
                    events.push(on_day(rng, "beta", &one, &other, day));
                }
            }
        }
        attack(rng, &mut events);
        events.sort_by_key(|event| event.at);
        let leaves = (0..24).map(|i| (format!("h{i}"), 110 + 6 * i)).collect();
        let mut joins = BTreeMap::new();
        for event in &events {
            let night = (event.at - CUTOFF).div_euclid(DAY_HOURS * HOUR) + 1;
            let network = if event.network == "alpha" { "alpha" } else { "beta" };
            for id in [&event.actor, &event.target] {
                joins.entry((network, id.clone())).or_insert(night);
            }
        }
        Self { events, leaves, joins }
    }

    /// What the job reads on a night.
    fn world(&self, night: i64) -> World {
        let has_beta = night >= JOINS;
        let networks = [("alpha", FULL_CREDIT as u32), ("beta", 1)];
        let mut world = trust_on(&networks[..if has_beta { 2 } else { 1 }]).later(night);
        // Beta is there for longer, and nobody has been long-standing on it.
        let is_read = |network: &str| network == "alpha" || night >= JOINS - 10;
        // Only a night that settles founders looks back further than the window.
        let tenure = if [0, JOINS].contains(&night) { TENURE_DAYS * DAY_HOURS } else { 0 };
        let start = world.cutoff - (WINDOW_HOURS + tenure) * HOUR;
        let within = |event: &&Interaction| {
            (start..world.cutoff).contains(&event.at) && is_read(&event.network)
        };
        world.events = self.events.iter().filter(within).cloned().collect();
        let is_there = |((network, id), joined): &(&(&str, String), &i64)| {
            let number = id[1..].parse::<i64>().unwrap();
            **joined <= night && is_read(network) && (night != HALF_MISSING || number % 2 == 1)
        };
        let there = self.joins.iter().filter(is_there);
        world.accounts = Some(there.map(|((network, id), _)| account(network, id)).collect());
        world.consent = Some(statements(&self.leaves, night));
        world
    }

    fn left(&self, night: i64) -> BTreeSet<&str> {
        let left = self.leaves.iter().filter(|(_, of_night)| **of_night <= night);
        left.map(|(id, _)| id.as_str()).collect()
    }
}

/// 300 links to 30 accounts, which wait for two tenures, vouch for each other in a circle, and then for new ones, who do the same.
fn attack(rng: &mut Rng, events: &mut Vec<Interaction>) {
    let mut again = |actor: &str, target: &str, first: i64| {
        for night in (first..NIGHTS).step_by(45) {
            events.push(on_day(rng, "alpha", actor, target, night));
        }
    };
    for (fake, link) in (0..30).flat_map(|fake| (0..10).map(move |link| (fake, link))) {
        let person = format!("h{}", 10 + (fake + 3 * link) % 30);
        again(&person, &format!("s{fake}"), 5 + fake / 2);
    }
    for fake in 0..30 {
        for next in 1..=3 {
            again(&format!("s{fake}"), &format!("s{}", (fake + next) % 30), 5 + 2 * TENURE_DAYS);
        }
        for new in 0..10 {
            again(&format!("s{fake}"), &format!("l{}", (fake + new) % 20), 140);
        }
    }
    for fake in 0..20 {
        for new in 0..10 {
            again(&format!("l{fake}"), &format!("m{}", (2 * fake + new) % 40), 215);
        }
    }
}

fn is_fake(id: &str) -> bool {
    id.starts_with(['s', 'l', 'm'])
}

/// The reactions of a night that may vouch on the first network, as (actor, target).
fn pairs(world: &World) -> BTreeSet<(&str, &str)> {
    let age = |event: &Interaction| (world.cutoff - 1 - event.at) / HOUR;
    let vouches = world.events.iter().filter(|event| {
        event.network == "alpha" && (LAG_HOURS..WINDOW_HOURS).contains(&age(event))
    });
    vouches.map(|event| (event.actor.as_str(), event.target.as_str())).collect()
}

/// Credit of accounts bought with g links from h people is at most min(g, 20 h) / K together. Returns it, and g.
fn assert_bound(night: i64, world: &World, before: &[Row], accounts: &[Row]) -> (f64, usize) {
    let known = known_since(before, "alpha");
    let credit = credit(accounts, "alpha");
    let bought = |(actor, target): &(&str, &str)| {
        // Long-standing, and here still.
        let vouches = known.contains_key(*actor) && credit.contains_key(*actor);
        vouches && !is_fake(actor) && is_fake(target)
    };
    let links: BTreeSet<(&str, &str)> = pairs(world).into_iter().filter(bought).collect();
    let people = links.iter().map(|(actor, _)| actor).collect::<BTreeSet<_>>().len();
    let held: f64 = credit.iter().filter(|(id, _)| is_fake(id)).map(|(_, credit)| credit).sum();
    let most = links.len().min(20 * people) as f64 / FULL_CREDIT as f64;
    assert!(held <= most, "night {night}: {held} of {} links, at most {most}", links.len());
    (held, links.len())
}

/// Credit by the words of the rule, from who was long-standing after the night before; of everybody and by founders alone.
fn expected_credit(
    world: &World,
    before: &[Row],
    here: &BTreeSet<String>,
    by_founders: bool,
) -> BTreeMap<String, f64> {
    let name = |id: &str| -> Vertex { ("alpha".into(), id.into()) };
    let first = founders(before, "alpha");
    let known = known_since(before, "alpha").into_iter().filter(|(id, _)| here.contains(id));
    let known = known.filter_map(|(id, since)| {
        let known = match (first.contains(&id), by_founders) {
            (true, _) => Known::Founder,
            (false, true) => return None,
            (false, false) => Known::Since(since as i32),
        };
        Some((name(&id), known))
    });
    let is_here = |event: &&Interaction| {
        event.network == "alpha" && here.contains(&event.actor) && here.contains(&event.target)
    };
    let acts = world.events.iter().filter(is_here).map(|event| Act {
        network: &event.network,
        actor: &event.actor,
        target: &event.target,
        age: (world.cutoff - 1 - event.at) / HOUR,
        weight: 1.0,
        reaction: true,
        sentiment: None,
    });
    let full_credit = BTreeMap::from([("alpha".into(), FULL_CREDIT.into())]);
    let trust = vouch(full_credit, &(LAG_HOURS..WINDOW_HOURS), acts, known.collect());
    let of = |id: &String| (id.clone(), trust.credit(&name(id)) as f64 / UNITS as f64);
    here.iter().map(of).collect()
}

/// 270 nights, of which each reads what the one before published.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "campaign"]
async fn trust_is_carried_over_270_nights() {
    let begin = Instant::now();
    let community = Community::new(&mut Rng::with_seed(21));
    let folder = TempDir::new().unwrap();
    let mut before: Vec<Row> = vec![];
    // Since when everybody who ever was there is known.
    let mut known: BTreeMap<String, i64> = BTreeMap::new();
    let (mut first, mut most_held, mut most_links) = (BTreeSet::new(), 0.0_f64, 0);
    let (mut handed_on, mut commits) = (0, vec![]);
    for night in 0..NIGHTS {
        let world = community.world(night);
        let left = community.left(night);
        let leaving = community.leaves.values().any(|of_night| *of_night == night);
        let published = run_night(folder.path(), &world, leaving || night + 1 == NIGHTS).await;
        let accounts = &published.accounts;
        let here: BTreeSet<String> = credit(accounts, "alpha").into_keys().collect();

        // Who leaves is gone, from every table.
        for id in &left {
            assert!(!here.contains(*id), "night {night}: {id}");
            let names = [format!("\"{id}\""), format!("\"alpha:{id}\"")];
            assert!(!names.iter().any(|name| published.text.contains(name)), "{night}: {id}");
        }

        // Founders are those of the first night, and who is known stays known.
        let now = known_since(accounts, "alpha");
        if night == 0 {
            first = founders(accounts, "alpha");
            assert_eq!(first.len(), FOUNDERS as usize + 2, "{first:?}");
            assert!(now.keys().eq(&first));
            assert!(now.values().all(|since| *since == epoch_days(-TENURE_DAYS)));
        }
        let still: BTreeSet<String> = first.intersection(&here).cloned().collect();
        assert_eq!(founders(accounts, "alpha"), still, "night {night}");
        for (id, since) in known.iter().filter(|(id, _)| here.contains(*id)) {
            assert_eq!(now.get(id), Some(since), "night {night}: {id}");
        }
        for (id, since) in now {
            let is_new = known.insert(id.clone(), since).is_none();
            assert!(!is_new || night == 0 || since == epoch_days(night), "night {night}: {id}");
        }
        match night {
            HALF_MISSING => assert!(!here.contains("q0") && here.contains("q1")),
            _ => assert!(here.contains("q0") && here.contains("q1"), "night {night}"),
        }

        // Bought vouches do not grow.
        if night > 0 {
            let (held, links) = assert_bound(night, &world, &before, accounts);
            most_held = most_held.max(held);
            most_links = most_links.max(links);
        }
        if night > 0 && (leaving || night % 15 == 0) {
            let expected = expected_credit(&world, &before, &here, false);
            assert_eq!(credit(accounts, "alpha"), expected, "night {night}");
            let by_founders = expected_credit(&world, &before, &here, true);
            let gains = |id: &str| expected[id] > by_founders[id];
            handed_on += expected.keys().filter(|id| !is_fake(id) && gains(id)).count();
        }

        // The second network has its own founders from the night on which it joins.
        let of_beta = founders(accounts, "beta");
        let since_join = json!(epoch_days(JOINS - TENURE_DAYS));
        match night {
            ..JOINS => assert!(known_since(accounts, "beta").is_empty(), "night {night}"),
            JOINS.. => {
                assert_eq!(of_beta.len(), 8, "night {night}");
                let known = column(accounts, "beta", "known_since");
                assert!(known.values().all(|since| *since == since_join), "night {night}");
            }
        }
        if (JOINS - 10..JOINS).contains(&night) {
            assert!(credit(accounts, "beta").values().all(|credit| *credit == 1.0));
        }
        commits.push(published.commit);
        before = published.accounts;
    }
    let seconds = begin.elapsed().as_secs();
    let last = credit(&before, "alpha");
    let others = known.keys().filter(|id| !first.contains(*id) && !is_fake(id));
    let trusted = last.iter().filter(|(id, credit)| !is_fake(id) && **credit >= 0.5).count();
    let honest = last.keys().filter(|id| !is_fake(id)).count();
    let bought = known.keys().filter(|id| is_fake(id)).count();
    let others: Vec<&String> = others.filter(|id| last.contains_key(*id)).collect();
    println!(
        "{seconds} s; fakes held {most_held:.1} by {most_links} links, {bought} long-standing; at the end {trusted} of \
         {honest} people trusted, {} founders, {} others long-standing, {handed_on} with handed-on credit",
        founders(&before, "alpha").len(),
        others.len()
    );
    // The attack got as far as it can: there are more than the first 30, and new ones.
    assert!(
        most_held > 35.0 && most_links == 300 && bought > 30,
        "{most_held} {most_links} {bought}"
    );
    assert!(others.len() >= 15 && 10 * trusted >= 8 * honest && handed_on > 20);

    // The same night again is there already; where its files are lost it publishes the same bytes, and the ones after it know.
    let again = run_night(folder.path(), &community.world(130), false).await;
    assert!(again.already && again.commit == commits[130]);
    let file = &commits[130].tables["accounts"].files[0];
    fs::remove_file(folder.path().join("out").join(&file.path)).unwrap();
    let again = run_night(folder.path(), &community.world(130), false).await;
    assert!(!again.already && again.commit.tables == commits[130].tables);
    let next = run_night(folder.path(), &community.world(131), false).await;
    assert!(next.commit.tables == commits[131].tables);
}
