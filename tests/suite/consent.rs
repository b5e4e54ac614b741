//! Who is eligible, and that ineligible people leave no trace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use fastrand::Rng;
use renown::error::Kind;
use renown::job::Job;

use crate::binary::{program, renown};
use crate::campaign::cases;
use crate::random_worlds::{finds_a_post, world_with_consent};
use crate::world::{
    Account, CUTOFF, Follow, HOUR, Identity, Interaction, Post, Published, Statement, World,
    account, follow, identity, of_account, of_person, reply,
};

/// Person `p` with the accounts 1 and 2, and the unlinked account 9; all of them react to each other.
fn linked(rule: &'static str, consent: Vec<Statement>) -> World {
    let ids = ["1", "2", "9"];
    World {
        rule,
        accounts: Some(ids.map(|id| account("a", id)).into()),
        identities: Some(vec![identity("a", "1", "p"), identity("a", "2", "p")]),
        consent: Some(consent),
        events: ids.iter().flat_map(|a| ids.map(|t| reply("a", a, t, 5))).collect(),
        ..World::default()
    }
}

/// The people scored; two others agreed and met, so that a run always publishes something.
async fn scored(rule: &'static str, consent: Vec<Statement>) -> Vec<String> {
    let mut world = linked(rule, consent);
    world.events.push(reply("others", "1", "2", 3));
    let agreed = ["1", "2"].map(|id| of_account("others", id, "opted_in", 1));
    world.consent.get_or_insert_default().extend(agreed);
    let others = |person: &String| person.starts_with("others:");
    let (others, people): (Vec<_>, _) = world.run().await.people().into_iter().partition(others);
    assert_eq!(others.len(), 2);
    people
}

const BOTH: [&str; 2] = ["a:9", "p"];

#[tokio::test(flavor = "multi_thread")]
async fn opt_out_scores_everyone_who_did_not_refuse() {
    assert_eq!(scored("opt_out", vec![]).await, BOTH);
    for status in ["opted_out", "deleted"] {
        // One refusing account takes the whole person out.
        assert_eq!(scored("opt_out", vec![of_account("a", "2", status, 1)]).await, ["a:9"]);
        assert_eq!(scored("opt_out", vec![of_person("p", status, 1)]).await, ["a:9"]);
        assert_eq!(scored("opt_out", vec![of_account("a", "9", status, 1)]).await, ["p"]);
    }
    assert_eq!(scored("opt_out", vec![of_account("a", "2", "opted_in", 1)]).await, BOTH);
    // The same id on another network, and unknown people.
    let others = vec![of_account("b", "2", "opted_out", 1), of_person("q", "deleted", 1)];
    assert_eq!(scored("opt_out", others).await, BOTH);
}

#[tokio::test(flavor = "multi_thread")]
async fn opt_in_scores_only_people_who_agreed_for_every_account() {
    let yes = |id: &str| of_account("a", id, "opted_in", 1);
    assert!(scored("opt_in", vec![]).await.is_empty());
    assert!(scored("opt_in", vec![yes("1")]).await.is_empty(), "account 2 is silent");
    assert_eq!(scored("opt_in", vec![yes("1"), yes("2")]).await, ["p"]);
    assert_eq!(scored("opt_in", vec![of_person("p", "opted_in", 1), yes("9")]).await, BOTH);
    let but_one = vec![of_person("p", "opted_in", 1), of_account("a", "1", "opted_out", 9)];
    assert!(scored("opt_in", but_one).await.is_empty());
    // Nowhere could anybody agree.
    let silent = World { consent: None, ..linked("opt_in", vec![]) };
    let folder = tempfile::tempdir().unwrap();
    let refused = Job::load(&silent.write(folder.path()), &[], None).err().unwrap();
    assert_eq!(refused.kind, Kind::BadJob, "{refused}");
    assert!(refused.to_string().contains("the input `consent`, where people agree, is missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_statement_counts_and_a_tie_refuses() {
    let two = |first: &str, second: &str, (before, after)| {
        vec![of_account("a", "9", first, before), of_account("a", "9", second, after)]
    };
    for refusal in ["opted_out", "deleted"] {
        assert_eq!(scored("opt_out", two(refusal, "opted_in", (9, 8))).await, BOTH);
        assert_eq!(scored("opt_out", two("opted_in", refusal, (9, 8))).await, ["p"]);
        assert_eq!(scored("opt_out", two(refusal, "opted_in", (8, 8))).await, ["p"]);
        assert_eq!(scored("opt_out", two("opted_in", refusal, (8, 8))).await, ["p"]);
        assert_eq!(scored("opt_in", two(refusal, "opted_in", (9, 8))).await, ["a:9"]);
        assert!(scored("opt_in", two(refusal, "opted_in", (8, 8))).await.is_empty());
        // A microsecond decides.
        let mut close = two(refusal, "opted_in", (8, 8));
        close[1].at += 1;
        assert_eq!(scored("opt_out", close.clone()).await, BOTH);
        close[1].at -= 2;
        assert_eq!(scored("opt_out", close).await, ["p"]);
    }
    // Statements count whenever they were made, after the cutoff too.
    assert_eq!(scored("opt_out", vec![of_account("a", "9", "opted_out", -900)]).await, ["p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn agreement_elsewhere_does_not_undo_a_refusal() {
    let account_then_person =
        vec![of_account("a", "1", "opted_out", 9), of_person("p", "opted_in", 1)];
    assert_eq!(scored("opt_out", account_then_person).await, ["a:9"]);
    let person_then_account =
        vec![of_person("p", "deleted", 9), of_account("a", "1", "opted_in", 1)];
    assert_eq!(scored("opt_out", person_then_account).await, ["a:9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn consent_on_a_topic_does_not_affect_eligibility() {
    let topical = |status: &str| Statement {
        topic: Some("lobsters".into()),
        ..of_account("a", "9", status, 1)
    };
    assert_eq!(scored("opt_out", vec![topical("opted_out")]).await, BOTH);
    assert!(scored("opt_in", vec![topical("opted_in")]).await.is_empty());
    let out = vec![of_account("a", "9", "opted_out", 9), topical("opted_in")];
    assert_eq!(scored("opt_out", out).await, ["p"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_counts_for_an_account_known_only_from_identities() {
    // Account 3 of the same person is gone from the network, and had refused.
    let refusing = |id: &str| {
        let mut world = linked("opt_out", vec![of_account("a", id, "opted_out", 1)]);
        world.identities.as_mut().unwrap().push(identity("a", "3", "p"));
        world
    };
    assert_eq!(refusing("2").run().await.people(), ["a:9"]);
    assert_eq!(refusing("3").run().await.people(), ["a:9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn minors_are_not_scored() {
    let with = |change: fn(&mut Account)| {
        let mut world = linked("opt_out", vec![]);
        change(&mut world.accounts.as_mut().unwrap()[1]);
        world
    };
    assert_eq!(with(|a| a.minor = Some(true)).run().await.people(), ["a:9"]);
    assert_eq!(with(|a| a.minor = Some(false)).run().await.people(), BOTH);
    let both_ways = |a: &mut Account| {
        a.minor = Some(true);
        a.birth_date = NaiveDate::from_ymd_opt(1950, 1, 1);
    };
    assert_eq!(with(both_ways).run().await.people(), ["a:9"]);
    // Agreeing does not help a minor.
    let mut agreed = with(|a| a.minor = Some(true));
    agreed.consent = Some(vec![of_person("p", "opted_in", 1)]);
    assert_eq!(agreed.run().await.people(), ["a:9"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_birthday_on_the_day_of_the_snapshot_counts() {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let cases = [
        ("2026-03-31", "2008-03-31", true),
        ("2026-03-31", "2008-04-01", false),
        // Born on a leap day: of age on the first of March.
        ("2026-02-28", "2008-02-29", false),
        ("2026-03-01", "2008-02-29", true),
        ("2024-02-29", "2006-02-28", true),
        ("2024-02-29", "2006-03-01", false),
    ];
    for (day, birth, of_age) in cases {
        let day = date(day);
        let end = day.succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
        let born = Account { birth_date: Some(date(birth)), ..account("a", "1") };
        let world = World {
            day,
            cutoff: end.timestamp_micros(),
            accounts: Some(vec![born]),
            events: vec![Interaction {
                at: end.timestamp_micros() - HOUR,
                ..reply("a", "2", "2", 0)
            }],
            ..World::default()
        };
        let scored = world.run().await.people().contains(&"a:1".to_owned());
        assert_eq!(scored, of_age, "{day} {birth}");
    }
}

/// Ineligible people, straight from the words of the contracts.
fn removed(world: &World) -> BTreeSet<String> {
    let coming_of_age = NaiveDate::from_ymd_opt(2008, 3, 31).unwrap();
    // An agreement at the cutoff or later does not count yet.
    let counts =
        |s: &&Statement| s.topic.is_none() && (s.status != "opted_in" || s.at < world.cutoff);
    let statements = || world.consent.iter().flatten().filter(counts);
    let latest = |about: &dyn Fn(&Statement) -> bool| {
        let of = statements().filter(|s| about(s)).map(|s| (s.at, s.status != "opted_in"));
        of.max().map(|(_, refuses)| refuses)
    };
    let mut removed = BTreeSet::new();
    for account in world.accounts.iter().flatten() {
        let person = world.person(&account.network, &account.id);
        let account_refuses = latest(&|s| {
            s.network.as_ref() == Some(&account.network) && s.id.as_ref() == Some(&account.id)
        });
        let person_refuses = latest(&|s| s.person.as_ref() == Some(&person));
        let minor =
            account.minor == Some(true) || account.birth_date.is_some_and(|b| b > coming_of_age);
        let refused = account_refuses == Some(true) || person_refuses == Some(true);
        let silent = world.rule == "opt_in"
            && account_refuses != Some(false)
            && person_refuses != Some(false);
        if minor || refused || silent {
            removed.insert(person);
        }
    }
    removed
}

/// `world` without any row of the people in `gone`.
pub fn without(world: &World, gone: &BTreeSet<String>) -> World {
    let mut left = world.clone();
    let stays = |network: &str, id: &str| !gone.contains(&world.person(network, id));
    let retained = |network: &Option<String>, id: &Option<String>| match (network, id) {
        (Some(network), Some(id)) => stays(network, id),
        _ => true,
    };
    left.accounts.iter_mut().for_each(|rows| rows.retain(|a| stays(&a.network, &a.id)));
    left.identities.iter_mut().for_each(|rows| rows.retain(|i| stays(&i.network, &i.id)));
    left.posts.iter_mut().for_each(|rows| rows.retain(|p| stays(&p.network, &p.author)));
    left.events.retain(|e| stays(&e.network, &e.actor) && stays(&e.network, &e.target));
    left.follows.iter_mut().for_each(|rows| {
        rows.retain(|f| stays(&f.network, &f.follower) && stays(&f.network, &f.followee));
    });
    left.consent.iter_mut().for_each(|rows| {
        rows.retain(|s| {
            retained(&s.network, &s.id) && s.person.as_ref().is_none_or(|p| !gone.contains(p))
        });
    });
    left
}

/// `world` with everything that the people in `gone` state, publish and do changed at random.
pub fn changed(world: &World, gone: &BTreeSet<String>, rng: &mut Rng) -> World {
    let mut other = world.clone();
    let is_gone = |network: &str, id: &str| gone.contains(&world.person(network, id));
    for account in other.accounts.iter_mut().flatten() {
        if is_gone(&account.network, &account.id) {
            account.name = Some(format!("somebody else {}", rng.u32(..)));
            account.country = Some("FR".into());
            account.automated = Some(rng.bool());
            account.followers = Some(rng.i64(0..));
            account.listed = Some(rng.i64(0..));
            account.verified = Some(rng.bool());
            account.created = Some(CUTOFF - rng.i64(-9..90_000) * HOUR);
            account.points = Some(rng.f64() - 0.5);
        }
    }
    for post in other.posts.iter_mut().flatten() {
        if is_gone(&post.network, &post.author) {
            post.at = CUTOFF - rng.i64(0..2000) * HOUR;
            post.text = Some(format!("edited {} lobsters #rust", rng.u32(..)));
            post.tags = vec!["Sea Food".into(), "rust".into(), format!("tag{}", rng.u32(..9))];
            post.parent = Some(format!("p{}", rng.u8(..30)));
            post.kind = Some("quote".into());
        }
    }
    let keys: Vec<_> =
        world.accounts.iter().flatten().map(|a| (a.network.clone(), a.id.clone())).collect();
    other.events.retain(|e| {
        !is_gone(&e.network, &e.actor) && !is_gone(&e.network, &e.target) || rng.bool()
    });
    for number in 0..60 {
        let (network, actor) = rng.choice(&keys).unwrap().clone();
        let (_, target) = rng.choice(&keys).unwrap().clone();
        if is_gone(&network, &actor) || is_gone(&network, &target) {
            let (kind, at) = ("like".into(), CUTOFF - rng.i64(1..2000) * HOUR);
            let post = Some(format!("p{}", rng.u8(..30)));
            let (via, sentiment) = (Some(format!("w{number}")), Some(-1.0));
            other.events.push(Interaction {
                network,
                actor,
                target,
                kind,
                at,
                post,
                via,
                sentiment,
            });
        }
    }
    if let Some(follows) = &mut other.follows {
        let out = |f: &Follow| is_gone(&f.network, &f.follower) || is_gone(&f.network, &f.followee);
        follows.retain(|f| !out(f) || rng.bool());
        for _ in 0..20 {
            let ((network, follower), (_, followee)) =
                (rng.choice(&keys).unwrap(), rng.choice(&keys).unwrap());
            let hours = rng.bool().then(|| rng.i64(-9..9_000));
            follows.extend(Some(follow(network, follower, followee, hours)).filter(out));
        }
    }
    if let Some(posts) = &mut other.posts
        && let Some((network, author)) = keys.iter().find(|(n, id)| is_gone(n, id)).cloned()
    {
        let id = "of somebody removed".into();
        posts.push(Post { network, id, author, at: CUTOFF - HOUR, ..Post::default() });
    }
    other
}

/// Everything that a reader may see: every file but the logs.
fn visible(published: &Published) -> BTreeMap<&String, &Vec<u8>> {
    published.files.iter().filter(|(path, _)| !path.starts_with("logs/")).collect()
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite ineligible_people_change_no_byte`.
#[tokio::test(flavor = "multi_thread")]
async fn ineligible_people_change_no_byte_campaign() {
    let (mut tried, mut mixed) = (0, 0);
    for seed in cases(0, 5) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let Some((world, gone, left)) = random_consent_world(rng) else { continue };
        let published = world.run().await;
        let everyone = world.members(3000).into_iter().map(|(n, id)| world.person(&n, &id));
        let eligible: BTreeSet<String> = everyone.filter(|p| !gone.contains(p)).collect();
        assert_eq!(published.people(), eligible.into_iter().collect::<Vec<_>>(), "seed {seed}");
        mixed += usize::from(!gone.is_empty() && !published.people().is_empty());

        let left = left.run().await;
        assert_eq!(published.commit, left.commit, "seed {seed}: without {gone:?}");
        assert_eq!(visible(&published), visible(&left), "seed {seed}: without {gone:?}");
        let other = changed(&world, &gone, rng).run().await;
        assert_eq!(published.commit, other.commit, "seed {seed}: {gone:?} changed");
        assert_eq!(visible(&published), visible(&other), "seed {seed}: {gone:?} changed");
    }
    assert!(2 * mixed > tried, "only {mixed} of {tried} worlds removed some and kept some");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_seen_only_with_ineligible_people_are_not_scored() {
    // 2 is not in `accounts`, and appears only in an event with 1, who refused.
    let world = World {
        consent: Some(vec![of_account("a", "1", "opted_out", 1)]),
        events: vec![reply("a", "2", "1", 5), reply("a", "3", "4", 5)],
        ..World::default()
    };
    let left = without(&world, &BTreeSet::from(["a:1".to_owned()])).run().await;
    let published = world.run().await;
    assert_eq!(published.people(), left.people());
    assert_eq!(visible(&published), visible(&left));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_person_leaves_no_trace() {
    let canary = "canary7f3a";
    let name = |what: &str| format!("{canary}-{what}");
    let network = name("network");
    let mut gone = account("a", &name("account"));
    gone.name = Some(name("display"));
    gone.country = Some(name("country"));
    let elsewhere = account(&network, &name("other"));
    let mut accounts: Vec<Account> = (1..5).map(|id| account("a", &id.to_string())).collect();
    accounts.extend([gone.clone(), elsewhere.clone()]);
    let identities: Vec<Identity> = vec![
        identity("a", &gone.id, &name("person")),
        identity(&network, &elsewhere.id, &name("person")),
    ];
    let mut events = vec![reply("a", "1", "2", 3), reply("a", "2", "3", 3)];
    for id in ["1", "2", "3"] {
        let (outgoing, incoming) = (reply("a", &gone.id, id, 4), reply("a", id, &gone.id, 4));
        events.push(Interaction { via: Some(name("via")), post: Some(name("post")), ..outgoing });
        events.push(Interaction { post: Some(name("post")), ..incoming });
    }
    let post = Post {
        network: "a".into(),
        id: name("post"),
        author: gone.id.clone(),
        at: CUTOFF - 9 * HOUR,
        text: Some(name("text")),
        ..Post::default()
    };
    let world = World {
        accounts: Some(accounts),
        identities: Some(identities),
        consent: Some(vec![of_account(&network, &elsewhere.id, "deleted", 1)]),
        posts: Some(vec![post]),
        events,
        ..World::default()
    };
    let published = world.run().await;
    assert_eq!(published.people(), ["a:1", "a:2", "a:3", "a:4"]);
    for (table, rows) in &published.tables {
        let text = serde_json::to_string(rows).unwrap();
        assert!(!text.contains(canary), "{table}: {text}");
    }
    for (path, bytes) in &published.files {
        let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
        assert!(!found && !path.contains(canary), "{path}");
    }
    let log = published.log();
    let rule = "involves an ineligible person";
    let drops = log["dropped"].as_array().unwrap();
    let drop = drops.iter().find(|d| d["rule"] == rule).unwrap();
    assert_eq!(drop["rows"], "fewer than 11");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_does_not_reveal_small_counts() {
    let mut accounts: Vec<Account> = (1..=6).map(|id| account("a", &id.to_string())).collect();
    accounts[5].minor = Some(true);
    let events = vec![reply("a", "1", "2", 3), reply("a", "2", "3", 3)];
    let world = World { accounts: Some(accounts), events, ..World::default() };
    let published = world.run().await;
    let log = published.log();
    let stages = log["stages"].as_array().unwrap();
    let rows = |stage: &str, side: &str| {
        stages.iter().find(|s| s["stage"] == stage).unwrap()[side].as_i64().unwrap()
    };
    // The difference between rows in (accounts, events) and rows out (people, events) would be the number of removed
    // people.
    let removed =
        rows("people", "rows_in") - rows("people", "rows_out") - rows("attention", "rows_in");
    assert_ne!(removed, 1, "the drops say \"fewer than 11\", the stages say how many");
}

/// Exact counts cover only rows of people who are scored.
#[tokio::test(flavor = "multi_thread")]
async fn exact_counts_are_the_same_without_removed_people() {
    let mut accounts: Vec<Account> = (1..=4).map(|id| account("a", &id.to_string())).collect();
    accounts[3].minor = Some(true);
    let post = |id: &str, author: &str| Post {
        network: "a".into(),
        id: id.into(),
        author: author.into(),
        at: CUTOFF - HOUR,
        ..Post::default()
    };
    let eligible_events =
        [reply("a", "1", "2", 3), reply("a", "1", "2", 3), reply("a", "2", "2", 3)];
    let eligible_posts = vec![post("p", "1"), post("p", "1")];
    // The minor does the same things equally often, and to themselves.
    let minor_events = [reply("a", "4", "2", 3), reply("a", "4", "2", 3), reply("a", "4", "4", 3)];
    let mut posts = eligible_posts.clone();
    posts.extend([post("q", "4"), post("q", "4"), post("q", "4")]);
    let with = World {
        accounts: Some(accounts.clone()),
        posts: Some(posts),
        events: eligible_events.iter().chain(&minor_events).cloned().collect(),
        ..World::default()
    };
    let events = eligible_events.to_vec();
    let without = World { posts: Some(eligible_posts), events, ..with.clone() };
    let (with, without) = (with.run().await, without.run().await);
    assert_eq!(with.drops()[&("posts", "duplicate rows")], "1");
    assert_eq!(with.drops()[&("interactions", "duplicate rows")], "1");
    assert_eq!(with.exact_drops(), without.exact_drops());
}

const CANARY: &str = "canary9e1b";

/// `world` with everything about the people in `gone` changed: what they state and do, which of them are one person, and
/// with unknown people added who refused.
fn disguise(world: &World, gone: &BTreeSet<String>, rng: &mut Rng) -> World {
    let mut other = changed(world, gone, rng);
    let name = |what: &str, number: u32| Some(format!("{CANARY}-{what}-{number}"));
    let is_gone = |network: &str, id: &str| gone.contains(&world.person(network, id));
    let accounts = other.accounts.get_or_insert_default();
    let networks: Vec<String> = accounts.iter().map(|a| a.network.clone()).collect();
    for account in accounts.iter_mut().filter(|a| is_gone(&a.network, &a.id)) {
        account.name = name("name", rng.u32(..));
        account.country = name("country", rng.u32(..));
    }
    for number in 0..rng.u32(1..4) {
        let network = rng.choice(&networks).unwrap();
        accounts.push(account(network, &name("account", number).unwrap()));
    }
    let keys: Vec<_> = accounts.iter().map(|a| (a.network.clone(), a.id.clone())).collect();
    let out = |(network, id): &(String, String)| is_gone(network, id) || id.contains(CANARY);
    let (hidden, shown): (Vec<_>, Vec<_>) = keys.into_iter().partition(out);
    // All of these refuse last.
    let refusals = hidden.iter().map(|(n, id)| of_account(n, id, "deleted", -9_000));
    other.consent.get_or_insert_default().extend(refusals);
    let identities = other.identities.get_or_insert_default();
    identities.retain(|i| !is_gone(&i.network, &i.id));
    for (network, id) in &hidden {
        if rng.bool() {
            identities.push(identity(network, id, &name("person", rng.u32(..3)).unwrap()));
        }
        let post = Interaction {
            post: name("post", 0),
            via: name("via", rng.u32(..)),
            ..Interaction::default()
        };
        for (with, friend) in shown.iter().filter(|(with, _)| with == network) {
            let hours = rng.i64(1..2_000);
            let (to, from) = (reply(with, id, friend, hours), reply(with, friend, id, hours));
            let (post_id, via) = (post.post.clone(), post.via.clone());
            other.events.push(Interaction { post: post_id, via, ..to });
            other.events.push(from);
            if let Some(follows) = &mut other.follows {
                follows.push(follow(with, id, friend, Some(hours)));
                follows.push(follow(with, friend, id, None));
            }
        }
        if let Some(posts) = &mut other.posts {
            let (network, author) = (network.clone(), id.clone());
            let (id, text) = (name("own", posts.len() as u32).unwrap(), name("text", 0));
            posts.push(Post { network, id, author, at: CUTOFF - HOUR, text, ..Post::default() });
        }
    }
    other
}

fn holds_canary(bytes: &[u8]) -> bool {
    bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
}

/// A world, the people who are removed from it, and what is left; `None` if none of those left met, so that nothing is
/// published.
pub fn random_consent_world(rng: &mut Rng) -> Option<(World, BTreeSet<String>, World)> {
    let world = world_with_consent(rng);
    let listed: BTreeSet<(&str, &str)> =
        world.accounts.iter().flatten().map(|a| (a.network.as_str(), a.id.as_str())).collect();
    let is_listed = |network: &str, id: &str| listed.contains(&(network, id));
    // Whom `accounts` lacks did not agree either, which the oracle does not know.
    let all_listed = world
        .events
        .iter()
        .all(|e| is_listed(&e.network, &e.actor) && is_listed(&e.network, &e.target));
    if world.rule == "opt_in" && !all_listed {
        return None;
    }
    let gone = removed(&world);
    let left = without(&world, &gone);
    let window = world.cutoff - 2160 * HOUR..world.cutoff;
    let met = left.events.iter().any(|event| window.contains(&event.at));
    let met = met || left.started_follows().next().is_some();
    (met && finds_a_post(&left)).then_some((world, gone, left))
}

/// Every file below `folder`.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { files_below(&path) } else { vec![path] };
    entries.flat_map(below).collect()
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite interactions_of_removed_people`.
#[tokio::test(flavor = "multi_thread")]
async fn interactions_of_removed_people_have_no_effect_campaign() {
    let (mut tried, mut compared) = (0, 0);
    for seed in cases(1_000, 6) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let Some((world, gone, _)) = random_consent_world(rng) else { continue };
        compared += 1;
        let published = world.run().await;
        let mut other = disguise(&world, &gone, rng);
        let disguised = other.run().await;
        assert_eq!(published.commit, disguised.commit, "seed {seed}: {gone:?} changed");
        assert_eq!(visible(&published), visible(&disguised), "seed {seed}: {gone:?} changed");
        let said = format!("{:?}", disguised.outcome);
        assert!(!said.contains(CANARY), "seed {seed}: {said}");
        for (path, bytes) in &disguised.files {
            assert!(!holds_canary(path.as_bytes()) && !holds_canary(bytes), "seed {seed}: {path}");
        }
        if seed % 10 > 0 {
            continue;
        }
        // The same as a process, first with valid input, then with an invalid value of a removed person.
        let folder = tempfile::tempdir().unwrap();
        for bad in [false, true] {
            if bad {
                other.events.iter_mut().filter(|e| e.actor.contains(CANARY)).for_each(|e| {
                    e.sentiment = Some(7.0);
                });
            }
            let bad = other.events.iter().any(|e| e.sentiment == Some(7.0));
            let job = other.write(folder.path());
            let ended = program(&["run", job.to_str().unwrap()]);
            assert_eq!(ended.code, Some(if bad { 65 } else { 0 }), "seed {seed}: {ended:?}");
            let said = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!said.contains(CANARY), "seed {seed}: {said}");
            for path in files_below(&folder.path().join("out")) {
                let found = holds_canary(&fs::read(&path).unwrap());
                assert!(!found && !holds_canary(path.as_os_str().as_encoded_bytes()), "{path:?}");
            }
        }
    }
    assert!(compared > tried / 3, "only {compared} of {tried} worlds were compared");
}

/// The error for a snapshot without interactions must not reveal whether removed people had any.
#[test]
fn an_error_does_not_reveal_interactions_of_removed_people() {
    let folder = tempfile::tempdir().unwrap();
    let said = |events: Vec<Interaction>| {
        let accounts = Some(vec![account("a", "1"), account("a", "2"), account("a", "3")]);
        let consent = Some(vec![of_account("a", "3", "opted_out", 1)]);
        let job = World { events, accounts, consent, ..World::default() }.write(folder.path());
        let ended = renown(&["run", job.to_str().unwrap()]).refused(65, &["no interaction among"]);
        let stages = |line: &&str| !line.starts_with('{');
        (ended.stdout, ended.stderr.lines().filter(stages).collect::<String>())
    };
    let old = reply("a", "1", "2", 3_000);
    assert_eq!(said(vec![old.clone()]), said(vec![old, reply("a", "1", "3", 5)]));
}

/// The whole: `RENOWN_CASES=50 cargo test --test suite opting_out_has_the_same_effect`.
#[tokio::test(flavor = "multi_thread")]
async fn opting_out_has_the_same_effect_as_deletion_campaign() {
    let rng = &mut Rng::with_seed(50);
    let ids: Vec<String> = (0..50).map(|id| format!("u{id}")).collect();
    let any = |rng: &mut Rng| ids[rng.usize(..50)].clone();
    let posts: Vec<Post> = (0..80)
        .map(|number| Post {
            network: "a".into(),
            id: format!("p{number}"),
            author: any(rng),
            at: CUTOFF - rng.i64(1..2_000) * HOUR,
            ..Post::default()
        })
        .collect();
    let events = (0..400).map(|number| {
        let on = rng.choice(&posts).unwrap();
        let event = reply("a", &any(rng), &on.author, rng.i64(1..2_000));
        Interaction { post: Some(on.id.clone()), via: Some(format!("v{number}")), ..event }
    });
    let world = World {
        events: events.collect(),
        accounts: Some(ids.iter().map(|id| account("a", id)).collect()),
        identities: Some(
            ids.iter().step_by(3).map(|id| identity("a", id, &format!("p-{id}"))).collect(),
        ),
        consent: Some(vec![]),
        posts: Some(posts),
        ..World::default()
    };
    for (id, _) in ids.iter().zip(cases(0, 4)) {
        let mut refused = world.clone();
        refused.consent = Some(vec![of_account("a", id, "opted_out", 1)]);
        let deleted = without(&world, &BTreeSet::from([world.person("a", id)])).run().await;
        let refused = refused.run().await;
        assert_eq!(refused.people().len(), 49, "{id}");
        assert_eq!(visible(&refused), visible(&deleted), "{id}");
    }
}
