//! Another reaction, of any age, lowers no measure of history of anybody, with trust and what the data cover as they are.

use fastrand::Rng;
use renown::method::{Method, NetworkTrust};
use renown::model::{People, Standing, Trust, VertexIndex};
use renown::propagate::{TrustInputs, find_trust};
use renown::reduce::InteractionRules;
use renown::reduce::history::{HistoryInputs, HistoryMeasures, MEASURES, NAMES};

use crate::campaign::cases;
use crate::world::{HOUR, Interaction, World, account, reply};

const PEOPLE: usize = 12;

/// A reaction of a random age of up to 400 days; the younger, the likelier.
fn random_reply(rng: &mut Rng) -> Interaction {
    let (actor, step) = (rng.usize(..PEOPLE), rng.usize(1..PEOPLE));
    let target = format!("p{}", (actor + step) % PEOPLE);
    let minutes = (60.0 * 24.0 * 400.0 * rng.f64().powi(3)) as i64;
    let reply = reply("net", &format!("p{actor}"), &target, 0);
    Interaction { at: reply.at - minutes * (HOUR / 60), ..reply }
}

fn random_world(rng: &mut Rng) -> World {
    let horizon = [24, 168, 672, 2160][rng.usize(..4)];
    let mut world = World {
        accounts: Some((0..PEOPLE).map(|n| account("net", &format!("p{n}"))).collect()),
        // One within the window, which must not be empty.
        events: std::iter::once(reply("net", "p0", "p1", 1))
            .chain((0..rng.usize(..60)).map(|_| random_reply(rng)))
            .collect(),
        ..World::default()
    };
    world.edit_method(
        "horizon_hours = 672",
        &format!("horizon_hours = {horizon}\ncovered_since = {{ net = \"2020-01-01T00:00:00Z\" }}"),
    );
    world
}

/// Some have full credit, others a part of it, by the reactions of the world.
fn trust(people: &People, method: &Method, rng: &mut Rng) -> Trust {
    let rules = InteractionRules::of(method);
    let mut rule = method.trust.clone();
    rule.networks.insert("net".into(), NetworkTrust { full_credit: rng.u32(1..6) });
    let standing = |_| rng.bool().then_some(Standing { since_days: 1, is_founder: true });
    find_trust(&TrustInputs {
        interactions: &people.interactions,
        persons: &people.persons,
        rules: &rules,
        standings: &(0..people.persons.vertices()).map(standing).collect::<Vec<_>>(),
        rule: &rule,
        window_hours: method.attention.window_hours,
    })
}

fn measured(people: &People, method: &Method, trust: &Trust) -> HistoryMeasures {
    let rules = InteractionRules::of(method);
    HistoryInputs::of(people, &rules, trust).measure((0..MEASURES).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_reaction_of_any_age_lowers_no_measure_campaign() {
    let (mut tried, mut raised) = (0, 0);
    for seed in cases(0, 60) {
        let rng = &mut Rng::with_seed(seed);
        let mut world = random_world(rng);
        let method = Method::parse("method", &world.method).unwrap();
        let before = world.people().await;
        let trust = trust(&before, &method, rng);
        world.events.push(random_reply(rng));
        let after = world.people().await;
        let (was, is) = (measured(&before, &method, &trust), measured(&after, &method, &trust));
        for vertex in (0..before.persons.vertices()).map(VertexIndex::new) {
            for name in NAMES {
                let [was, is] = [&was, &is].map(|all| all.value(name, vertex).unwrap());
                assert!(is >= was * (1.0 - 1e-13), "seed {seed}: {name} falls from {was} to {is}");
                raised += usize::from(is > was);
            }
        }
        tried += 1;
    }
    assert!(raised > 10 * tried, "{raised} of {tried}");
}

/// What a person does to others changes none of its own measures.
#[tokio::test(flavor = "multi_thread")]
async fn own_reactions_change_no_measure_of_history() {
    for seed in 0..20 {
        let rng = &mut Rng::with_seed(seed);
        let mut world = random_world(rng);
        let method = Method::parse("method", &world.method).unwrap();
        let before = world.people().await;
        let trust = trust(&before, &method, rng);
        let mut own = random_reply(rng);
        own.actor = "p0".into();
        own.target = format!("p{}", rng.usize(1..PEOPLE));
        world.events.push(own);
        let after = world.people().await;
        let [was, is] = [&before, &after].map(|people| measured(people, &method, &trust));
        let is_own = |(_, person): &(VertexIndex, renown::model::PersonIndex)| {
            before.persons.ids.value(person.index()) == "net:p0"
        };
        let (own, _) = before.persons.by_vertex().find(is_own).unwrap();
        for name in NAMES {
            assert_eq!(was.value(name, own), is.value(name, own), "seed {seed}: {name}");
        }
    }
}
