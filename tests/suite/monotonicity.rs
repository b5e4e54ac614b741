//! What must not lower a score, and what must not change it.

use std::collections::BTreeMap;

use fastrand::Rng;
use renown::method::may_enter;

use crate::campaign::cases;
use crate::measures_oracle::sample;
use crate::random_worlds::{finds_a_post, world};
use crate::world::{Identity, Interaction, Post, Published, Row, World, account, reply};

/// (person, profile) → forecast.
fn expected(published: &Published) -> BTreeMap<(String, String), f64> {
    let text = |row: &Row, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = published.tables["scores"].iter();
    let key = |row| (text(row, "person_id"), text(row, "profile"));
    rows.map(|row| (key(row), row["expected_reactors"].as_f64().unwrap())).collect()
}

/// Random worlds in which what happens in the last hour changes no one's trust; `RENOWN_CASES=1000 cargo test --test suite
/// monotonicity` tries a thousand.
fn worlds(first: u64) -> impl Iterator<Item = (u64, World, Rng)> {
    cases(first, 5).filter_map(|seed| {
        let mut rng = Rng::with_seed(seed);
        let mut world = world(&mut rng);
        world.edit_method("lag_hours = 0\n", "lag_hours = 1\n");
        (!world.method.contains("window_hours = 1\n")).then_some((seed, world, rng))
    })
}

/// An account on `network` of a random person with at least this trust on it.
fn pick_account(
    world: &World,
    published: &Published,
    network: &str,
    trusted: i64,
    rng: &mut Rng,
) -> Option<String> {
    let of_network = published.tables["measures"]
        .iter()
        .filter(|row| row["network"] == network && row["is_trusted"].as_i64().unwrap() >= trusted);
    let people: Vec<&str> = of_network.map(|row| row["person_id"].as_str().unwrap()).collect();
    let person = rng.choice(people)?;
    let accounts = world.members(3000).into_iter().filter(|(on, _)| on == network);
    let ids: Vec<String> =
        accounts.map(|(_, id)| id).filter(|id| world.person(network, id) == person).collect();
    rng.choice(ids)
}

fn networks(published: &Published) -> Vec<String> {
    let all = published.tables["measures"].iter();
    all.map(|row| row["network"].as_str().unwrap().to_owned()).collect()
}

fn new_reply(
    world: &World,
    network: &str,
    actor: &str,
    target: &str,
    post: Option<String>,
) -> Interaction {
    Interaction {
        network: network.into(),
        actor: actor.into(),
        target: target.into(),
        kind: "reply".into(),
        at: world.cutoff - 1,
        post,
        ..Interaction::default()
    }
}

#[track_caller]
fn assert_none_falls(seed: u64, before: &Published, after: &Published) -> bool {
    let (before, after) = (expected(before), expected(after));
    assert!(before.keys().eq(after.keys()), "seed {seed}");
    for (key, was) in &before {
        assert!(after[key] >= was * (1.0 - 1e-12), "seed {seed}: {key:?}: {} < {was}", after[key]);
    }
    before != after
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_reaction_lowers_no_score_campaign() {
    let (mut tried, mut added, mut raised) = (0, 0, 0);
    for trusted in [1, 0] {
        for (seed, mut world, mut rng) in worlds(0) {
            tried += 1;
            let before = world.run().await;
            let network = rng.choice(networks(&before)).unwrap();
            let Some(actor) = pick_account(&world, &before, &network, trusted, &mut rng) else {
                continue;
            };
            let Some(target) = pick_account(&world, &before, &network, 0, &mut rng) else {
                continue;
            };
            let posts = world.posts.iter().flatten();
            let posts = posts.filter(|post| post.network == network && post.author == target);
            let post = rng.choice(posts.map(|post| post.id.clone()).collect::<Vec<_>>());
            world.events.push(new_reply(&world, &network, &actor, &target, post));
            raised += usize::from(assert_none_falls(seed, &before, &world.run().await));
            added += 1;
        }
    }
    assert!(2 * added > tried && raised > added / 4, "{raised} of {added} of {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_network_lowers_no_score_campaign() {
    let (mut tried, mut linked) = (0, 0);
    for (seed, mut world, mut rng) in worlds(100) {
        tried += 1;
        world.seeds.clear();
        let before = world.run().await;
        let people = before.by("people", &["person_id"]);
        let on = |row: &Row| row["networks"].as_array().unwrap().clone();
        let pairs =
            people.values().flat_map(|one| people.values().map(move |other| (*one, *other)));
        let apart: Vec<_> = pairs
            .filter(|(one, other)| on(one).iter().all(|network| !on(other).contains(network)))
            .collect();
        let Some((one, other)) = rng.choice(apart) else { continue };
        let accounts = |row: &Row| -> Vec<Identity> {
            let all = row["accounts"].as_array().unwrap().iter();
            let identity = |account: &serde_json::Value| {
                let (network, id) = account.as_str().unwrap().split_once(':').unwrap();
                Identity { network: network.into(), id: id.into(), person: "linked".into() }
            };
            all.map(identity).collect()
        };
        let links = [accounts(one), accounts(other)].concat();
        let identities = world.identities.get_or_insert_default();
        identities.retain(|i| links.iter().all(|l| (&l.network, &l.id) != (&i.network, &i.id)));
        identities.extend(links);
        let (was, is) = (expected(&before), expected(&world.run().await));
        let ids = [one, other].map(|row| row["person_id"].as_str().unwrap().to_owned());
        for ((person, profile), value) in is {
            let of = |id: &String| was[&(id.clone(), profile.clone())];
            match person.as_str() {
                // Networks add up.
                "linked" => {
                    let sum = of(&ids[0]) + of(&ids[1]);
                    assert!((value - sum).abs() <= 1e-12 * sum, "seed {seed}: {value}, not {sum}");
                }
                _ => assert_eq!(value, of(&person), "seed {seed}: {person}"),
            }
        }
        linked += 1;
    }
    assert!(linked > tried / 4, "{linked} of {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_without_reactions_changes_no_score_campaign() {
    let (mut tried, mut posted) = (0, 0);
    for (seed, mut world, mut rng) in worlds(200) {
        tried += 1;
        let before = world.run().await;
        let network = rng.choice(networks(&before)).unwrap();
        let author = pick_account(&world, &before, &network, 0, &mut rng);
        let (Some(author), at) = (author, world.cutoff - 1) else { continue };
        let Some(posts) = &mut world.posts else { continue };
        for number in 0..rng.u32(1..4) {
            let id = format!("silent{number}");
            let (network, author) = (network.clone(), author.clone());
            posts.push(Post { network, id, author, at, ..Post::default() });
        }
        if !finds_a_post(&world) {
            continue;
        }
        assert_eq!(expected(&before), expected(&world.run().await), "seed {seed}");
        posted += 1;
    }
    assert!(posted > tried / 3, "{posted} of {tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replying_to_others_does_not_change_ones_score_campaign() {
    let (mut tried, mut replied) = (0, 0);
    for (seed, mut world, mut rng) in worlds(300) {
        tried += 1;
        let before = world.run().await;
        let network = rng.choice(networks(&before)).unwrap();
        let actor = pick_account(&world, &before, &network, 0, &mut rng);
        let Some(actor) = actor else { continue };
        for _ in 0..rng.u32(1..6) {
            let target = pick_account(&world, &before, &network, 0, &mut rng);
            let target = target.unwrap_or_else(|| "somebody new".into());
            world.events.push(new_reply(&world, &network, &actor, &target, None));
        }
        let (was, is) = (expected(&before), expected(&world.run().await));
        let actor_person = world.person(&network, &actor);
        for ((person, profile), value) in was {
            let now = is[&(person.clone(), profile)];
            assert!(now >= value * (1.0 - 1e-12), "seed {seed}: {person}: {now} < {value}");
            assert!(
                person != actor_person || now == value,
                "seed {seed}: {actor_person}: {now}, not {value}"
            );
        }
        replied += 1;
    }
    assert!(replied > tried / 2, "{replied} of {tried}");
}

/// The sample, scored by every measure that may enter the forecast.
fn real_people() -> World {
    let mut world = sample();
    let (rest, _) = world.method.split_once("[[forecast.terms]]").unwrap();
    let (_, gates) = world.method.split_once("[gates]").unwrap();
    let term = |measure| {
        format!("[[forecast.terms]]\nmeasure = \"{measure}\"\noffset = 0.1\ncoefficient = 0.03\n\n")
    };
    let terms: String = may_enter().unwrap().into_iter().map(term).collect();
    world.method = format!("{rest}{terms}[gates]{gates}");
    // What the data cover is a number of the method, as a fit finds it.
    world.edit_method(
        "horizon_hours = 672",
        "horizon_hours = 672\ncovered_since = { \"quantum.stackexchange\" = \"2018-03-12T00:00:00Z\" }",
    );
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn scores_of_a_thousand_real_people_do_not_fall() {
    const SITE: &str = "quantum.stackexchange";
    let world = real_people();
    let before = world.run().await;
    let was = expected(&before);
    let mut rng = Rng::with_seed(7);
    let on_site = |min_trusted: i64| -> Vec<String> {
        let of = |row: &&Row| row["is_trusted"].as_i64().unwrap() >= min_trusted;
        let people = before.tables["measures"].iter().filter(of);
        let id = |row: &Row| row["person_id"].as_str().unwrap().to_owned();
        people.map(|row| id(row).split_once(':').unwrap().1.to_owned()).collect()
    };
    let (mut some, trusted) = (on_site(0), on_site(1));
    rng.shuffle(&mut some);
    some.truncate(1000);
    assert_eq!(some.len(), 1000);
    // One more trusted reactor each, who had not reacted to them.
    let mut more = world.clone();
    for target in &some {
        let had = |actor: &&String| {
            world.events.iter().any(|event| event.actor == **actor && event.target == *target)
        };
        let new = trusted.iter().filter(|actor| *actor != target && !had(actor));
        let actor = rng.choice(new.collect::<Vec<_>>()).unwrap();
        more.events.push(new_reply(&world, SITE, actor, target, None));
    }
    let after = more.run().await;
    assert_none_falls(0, &before, &after);
    let is = expected(&after);
    let raised = was.iter().filter(|(key, was)| is[*key] > **was).count();
    assert!(raised >= 1000, "{raised}");

    // Replies by these people to a new person.
    let mut more = world.clone();
    for actor in &some {
        more.events.push(new_reply(&world, SITE, actor, "somebody new", None));
    }
    let after = expected(&more.run().await);
    for (key, was) in &was {
        // That its own reactors are active still may raise a forecast.
        assert!(after[key] >= was * (1.0 - 1e-12), "{key:?}");
    }

    // Posts by these people without reactions.
    let mut more = world.clone();
    let silent = some.iter().map(|author| Post {
        network: SITE.into(),
        id: format!("silent {author}"),
        author: author.clone(),
        at: world.cutoff - 1,
        ..Post::default()
    });
    more.posts.get_or_insert_default().extend(silent);
    let after = expected(&more.run().await);
    for (key, was) in &was {
        assert!((after[key] - was).abs() <= was * 1e-12, "{key:?}: {was} to {}", after[key]);
    }

    // Another network on which one person reacts to them.
    let mut more = world.clone();
    more.accounts.get_or_insert_default().extend(some.iter().map(|id| account("b", id)));
    more.events.extend(some.iter().map(|id| reply("b", "somebody", id, 3)));
    let link = |network: &str, id: &String| Identity {
        network: network.into(),
        id: id.clone(),
        person: format!("linked {id}"),
    };
    more.identities = Some(some.iter().flat_map(|id| [link(SITE, id), link("b", id)]).collect());
    let after = expected(&more.run().await);
    let standard = |id: String| (id, "standard".to_owned());
    for id in &some {
        let is = after[&standard(format!("linked {id}"))];
        assert!(is >= was[&standard(format!("{SITE}:{id}"))], "{id}: {is}");
    }
}
