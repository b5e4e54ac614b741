//! Another reaction, of any age, lowers no measure of history of anybody, with trust and what the data cover as they are.

use std::collections::BTreeSet;

use fastrand::Rng;
use renown::method::{Method, NetworkTrust};
use renown::model::{
    Interaction as Event, Interactions, OrNone, People, PostIndex, Sentiment, Standing, Trust,
    VertexIndex,
};
use renown::propagate::{TrustInputs, find_trust};
use renown::reduce::InteractionRules;
use renown::reduce::history::{HistoryInputs, HistoryMeasures, MEASURES, NAMES, largest_scale};

use crate::campaign::cases;
use crate::parquet_files::in_repository;
use crate::world::{HOUR, Interaction, World, account, people_of, reply};

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

/// Some have full credit, others a part of it, by the reactions on their first network.
fn trust(people: &People, method: &Method, rng: &mut Rng) -> Trust {
    let rules = InteractionRules::of(method);
    let mut rule = method.trust.clone();
    rule.networks
        .insert(people.persons.networks[0].clone(), NetworkTrust { full_credit: rng.u32(1..6) });
    let standing = |_| rng.bool().then_some(Standing { since_days: 1, is_founder: true });
    find_trust(&TrustInputs {
        window: people.interactions.window(0, method.attention.window_hours),
        persons: &people.persons,
        rules: &rules,
        standings: &(0..people.persons.vertices()).map(standing).collect::<Vec<_>>(),
        rule: &rule,
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

/// Real people, of whom some react to others: now or long ago, to a post or not.
struct Site {
    people: People,
    events: Vec<Event>,
    kinds: Vec<u8>,
}

impl Site {
    async fn sample(method: &Method) -> Self {
        let people = people_of(&in_repository("jobs/sample.toml"), 3).await.unwrap();
        let events = [&people.interactions, &people.earlier];
        let events = events.into_iter().flat_map(|all| all.all()).copied().collect();
        Self { people, events, kinds: method.reaction_kinds().collect() }
    }

    /// A reaction of anybody to anybody else, minutes to 400 days old; the younger, the likelier.
    fn random_reaction(&self, rng: &mut Rng) -> Event {
        let vertices = self.people.persons.vertices();
        let (actor, step) = (rng.usize(..vertices), rng.usize(1..vertices));
        let target = VertexIndex::new((actor + step) % vertices);
        let authors = self.people.posts.iter().flat_map(|posts| posts.authors.iter().enumerate());
        let posts = authors.filter(|(_, author)| **author == target);
        let posts: Vec<PostIndex> = posts.map(|(post, _)| PostIndex::new(post)).collect();
        Event {
            target,
            actor: VertexIndex::new(actor),
            post: OrNone::from(rng.choice(posts)),
            age_minutes: (60.0 * 24.0 * 400.0 * rng.f64().powi(3)) as u32,
            kind: rng.choice(&self.kinds).copied().unwrap(),
            sentiment: Sentiment::Unknown,
        }
    }

    /// Whom a reaction can concern: both ends, and everybody to whom its actor reacted, who has a reactor that was active since.
    fn concerned(&self, event: &Event) -> BTreeSet<VertexIndex> {
        let of_actor = self.events.iter().filter(|other| other.actor == event.actor);
        of_actor.map(|other| other.target).chain([event.actor, event.target]).collect()
    }
}

/// With trust and method fixed, one more reaction lowers no forecast and no measure of history, and changes none of the person
/// who reacts. Reactions that concern different people are tried together, since none can hide what another does.
#[tokio::test(flavor = "multi_thread")]
async fn another_reaction_lowers_no_forecast_of_real_people() {
    let method = include_str!("../../jobs/methods/sample-1.toml");
    let method = Method::parse("sample-1", method).unwrap();
    let site = Site::sample(&method).await;
    let rng = &mut Rng::with_seed(22);
    let trust = trust(&site.people, &method, rng);
    let rules = InteractionRules::of(&method);
    let measured = |more: &[Event]| {
        let all: Interactions = site.events.iter().chain(more).copied().collect();
        let inputs = HistoryInputs::of(&site.people, &rules, &trust);
        let none = Interactions::default();
        HistoryInputs { interactions: [&all, &none], ..inputs }.measure((0..MEASURES).collect())
    };
    let level = method.forecast.level(&site.people.persons.networks[0]);
    let forecast = |measures: &HistoryMeasures, vertex: VertexIndex| {
        let terms = method.forecast.terms.iter();
        method
            .forecast
            .expected(level, terms.map(|term| measures.value(&term.measure, vertex).unwrap()))
    };
    let was = measured(&[]);
    let mut left: Vec<Event> = (0..1000).map(|_| site.random_reaction(rng)).collect();
    let (mut raised, mut batches) = (0, 0);
    while !left.is_empty() {
        let mut seen = BTreeSet::new();
        let (batch, others): (Vec<Event>, Vec<Event>) = left.iter().partition(|event| {
            let concerned = site.concerned(event);
            let is_apart = seen.is_disjoint(&concerned);
            if is_apart {
                seen.extend(concerned);
            }
            is_apart
        });
        left = others;
        let is = measured(&batch);
        for vertex in (0..site.people.persons.vertices()).map(VertexIndex::new) {
            let [before, after] = [&was, &is].map(|measures| forecast(measures, vertex));
            assert!(after >= before * (1.0 - 1e-12), "{vertex:?}: {before} to {after}");
            for name in NAMES {
                let [was, is] = [&was, &is].map(|all| all.value(name, vertex).unwrap());
                assert!(is >= was * (1.0 - 1e-13), "{vertex:?}: {name} falls from {was} to {is}");
            }
        }
        for Event { target, actor, .. } in &batch {
            for name in NAMES {
                assert_eq!(was.value(name, *actor), is.value(name, *actor), "{name} of {actor:?}");
            }
            raised += usize::from(forecast(&is, *target) > forecast(&was, *target));
        }
        batches += 1;
    }
    assert!(raised > 900, "{raised} in {batches} batches");
}

/// What a sum is divided by: the part of its half-life that the data cover, and never less than a day of four weeks.
#[test]
fn sums_are_scaled_up_by_what_the_data_cover() {
    let method = include_str!("../../jobs/methods/standard-6.toml");
    let mut forecast = Method::parse("standard-6", method).unwrap().forecast;
    let scale = |forecast: &renown::method::Forecast, days: f64| {
        largest_scale(forecast, (24.0 * 60.0 * days) as u32).unwrap()
    };
    // The longest half-life is eight times 28 days.
    let expected = |days: f64| 1.0 / (1.0 - (-days / 224.0).exp2());
    for days in [1.0, 5.0, 28.0, 224.0, 365.0] {
        let (is, expected) = (scale(&forecast, days), expected(days));
        assert!((is / expected - 1.0).abs() < 1e-12, "{days}: {is}, not {expected}");
    }
    assert_eq!(scale(&forecast, 0.0), scale(&forecast, 1.0));
    assert_eq!(scale(&forecast, 0.5), scale(&forecast, 1.0));
    assert_eq!(scale(&forecast, 1000.0), scale(&forecast, 365.0));
    // Of a horizon of a day, a 28th of it.
    forecast.horizon_hours = 24;
    assert!((scale(&forecast, 0.0) / expected(1.0) - 1.0).abs() < 1e-2);
    assert!((scale(&forecast, 1.0) / expected(28.0) - 1.0).abs() < 1e-12);
}
