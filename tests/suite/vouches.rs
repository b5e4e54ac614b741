//! What no arrangement of accounts can do to trust: properties over random graphs and random dates of standing.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use renown::method::{Method, NetworkTrust, TrustRule};
use renown::model::{Interactions, People, Standing, Tenure, Trust, VertexIndex};
use renown::propagate::{
    Night, TrustInputs, advance_tenures, find_founders, find_trust, select_seeds,
};
use renown::reduce::InteractionRules;

use crate::campaign::cases;
use crate::on_threads;
use crate::trust_oracle::{self, Known, UNITS, Vertex, vouch};
use crate::world::{Interaction, World, account, reply};

const NETWORKS: [&str; 2] = ["alpha", "beta"];
const KINDS: [&str; 4] = ["reply", "reply", "like", "follow"];

fn vertex(network: &str, id: &str) -> Vertex {
    (network.to_owned(), format!("{network}:{id}"))
}

/// An act of a random kind, at a random time of the last 90 days; few are negative.
fn act(rng: &mut Rng, network: &str, actor: &str, target: &str) -> Interaction {
    Interaction {
        kind: KINDS[rng.usize(..4)].into(),
        sentiment: [None, None, Some(0.5), Some(-1.0)][rng.usize(..4)],
        ..reply(network, actor, target, rng.i64(0..2160))
    }
}

/// People who act as `density` of all pairs on two networks, and accounts `f0` … that do so more among themselves, and draw
/// some acts of the others.
fn graph(rng: &mut Rng, people: usize, accounts: usize) -> World {
    let mut world = World::default();
    let ids: Vec<String> = (0..people)
        .map(|i| format!("h{i}"))
        .chain((0..accounts).map(|i| format!("f{i}")))
        .collect();
    world.accounts =
        Some(NETWORKS.iter().flat_map(|n| ids.iter().map(|id| account(n, id))).collect());
    let density = [0.1, 0.3, 0.6][rng.usize(..3)];
    // Links, in several arrangements: some accounts draw most of them.
    let (linked, links) = (rng.usize(1..=accounts), [0.02, 0.1, 0.6][rng.usize(..3)]);
    let is_fake = |id: &str| id.starts_with('f');
    for network in NETWORKS {
        for (actor, target) in ids.iter().flat_map(|a| ids.iter().map(move |t| (a, t))) {
            let chance = match (is_fake(actor), is_fake(target)) {
                (false, false) | (true, false) => density,
                (false, true) if target[1..].parse::<usize>().unwrap() < linked => links,
                (false, true) => 0.0,
                (true, true) => 0.6,
            };
            if actor != target && rng.f64() < chance {
                world.events.push(act(rng, network, actor, target));
            }
        }
    }
    world
}

/// What trust is found from, beside a graph.
struct Case {
    rule: TrustRule,
    window_hours: u32,
    known: BTreeMap<Vertex, Known>,
}

impl Case {
    /// Few vouches make full credit, so that accounts have some to spare; nobody of `f0` … is a founder.
    fn random(rng: &mut Rng, people: &People, handed_on: bool) -> Self {
        let window_hours = [2160, 2160, 1000][rng.usize(..3)];
        let network = |full_credit| NetworkTrust { full_credit };
        let mut networks = BTreeMap::from([("alpha".to_owned(), network(rng.u32(1..=3)))]);
        if rng.bool() {
            networks.insert("beta".into(), network(rng.u32(1..=12)));
        }
        let lag_hours = [0, 168, 500][rng.usize(..3)];
        let rule = TrustRule { lag_hours, networks, ..TrustRule::default() };
        // Several become long-standing on one day.
        let known = names(people).into_iter().filter_map(|vertex| {
            let is_fake = vertex.1.contains(":f");
            let known = match rng.u8(..8) {
                0..=3 if !is_fake => Known::Founder,
                4..=6 if handed_on => Known::Since(rng.i32(1..6)),
                0..=3 if handed_on => Known::Since(rng.i32(1..6)),
                _ => return None,
            };
            Some((vertex, known))
        });
        Self { known: known.collect(), rule, window_hours }
    }

    /// Trust as the program finds it.
    fn trust(&self, people: &People) -> Trust {
        self.trust_by(people, &people.interactions)
    }

    fn trust_by(&self, people: &People, interactions: &Interactions) -> Trust {
        let standing = |known: &Known| match known {
            // Founders are known for longer than anybody else, whatever the day says.
            Known::Founder => Standing { since_days: 9, is_founder: true },
            Known::Since(since_days) => Standing { since_days: *since_days, is_founder: false },
        };
        let standings =
            names(people).iter().map(|v| self.known.get(v).map(standing)).collect::<Vec<_>>();
        find_trust(&TrustInputs {
            window: interactions.window(0, self.window_hours),
            persons: &people.persons,
            rules: &InteractionRules::of(&method()),
            standings: &standings,
            rule: &self.rule,
        })
    }

    fn ages(&self) -> std::ops::Range<i64> {
        self.rule.lag_hours.into()..self.window_hours.into()
    }

    /// Trust by the words of the rule.
    fn oracle(&self, world: &World) -> trust_oracle::Trust {
        self.oracle_at(world, 0)
    }

    /// The same so many hours before the end.
    fn oracle_at(&self, world: &World, hours: u32) -> trust_oracle::Trust {
        let full_credit = self.rule.networks.iter();
        let full_credit = full_credit.map(|(n, own)| (n.clone(), own.full_credit.into())).collect();
        let people: Vec<[Vertex; 2]> = world
            .events
            .iter()
            .map(|e| [vertex(&e.network, &e.actor), vertex(&e.network, &e.target)])
            .collect();
        let acts =
            world.events.iter().zip(&people).map(|(event, [actor, target])| trust_oracle::Act {
                network: &event.network,
                actor: &actor.1,
                target: &target.1,
                age: (world.cutoff - 1 - event.at) / crate::world::HOUR - i64::from(hours),
                weight: 1.0,
                reaction: event.kind != "follow",
                sentiment: event.sentiment,
            });
        vouch(full_credit, &self.ages(), acts, self.known.clone())
    }
}

fn method() -> Method {
    Method::parse("method", &World::default().method).unwrap()
}

/// The vertices in order.
fn names(people: &People) -> Vec<Vertex> {
    let persons = &people.persons;
    let name = |(vertex, person): (VertexIndex, renown::model::PersonIndex)| {
        let id = persons.ids.value(person.index()).to_owned();
        (persons.network_name(vertex).to_owned(), id)
    };
    persons.by_vertex().map(name).collect()
}

/// The credit of each actor in each audience of its network, in units, and that of everybody.
fn all_credit(people: &People, trust: &Trust) -> (BTreeMap<(Vertex, String), i128>, Vec<f64>) {
    let (mut pairs, names) = (BTreeMap::new(), names(people));
    for (target, (network, id)) in names.iter().enumerate() {
        let mut audience = trust.audience(VertexIndex::new(target));
        for (actor, vertex) in names.iter().enumerate().filter(|(_, v)| v.0 == *network) {
            let (actor, target) = (VertexIndex::new(actor), VertexIndex::new(target));
            let credit = audience.credit(actor);
            assert_eq!(trust.credit_in_audience(actor, target), credit);
            assert_eq!(trust.credit_among(&[actor], &[target]), credit);
            pairs.insert((vertex.clone(), id.clone()), credit.into());
        }
    }
    let all = (0..names.len()).map(|vertex| trust.credit(VertexIndex::new(vertex))).collect();
    (pairs, all)
}

/// The vouches and the credit of everybody, as bits.
fn bits(trust: &Trust) -> Vec<(Option<u64>, u64)> {
    let of = |vertex| (trust.vouches(vertex).map(f64::to_bits), trust.credit(vertex).to_bits());
    (0..trust.vertices()).map(|vertex| of(VertexIndex::new(vertex))).collect()
}

/// The whole: `RENOWN_CASES=500 cargo test --test suite vouches`.
#[tokio::test(flavor = "multi_thread")]
async fn trust_agrees_with_the_words_of_the_rule_campaign() {
    let (mut in_part, mut handed_on, mut left_out) = (0, 0, 0);
    for seed in cases(0, 4) {
        let rng = &mut Rng::with_seed(seed);
        let (people, accounts) = (rng.usize(5..30), rng.usize(1..12));
        let mut world = graph(rng, people, accounts);
        let people = world.people().await;
        rng.shuffle(&mut world.events);
        let again = world.people().await;
        for _ in 0..8 {
            let case = Case::random(rng, &people, true);
            let (found, oracle) = (case.trust(&people), case.oracle(&world));
            for (number, name) in names(&people).iter().enumerate() {
                let vertex = VertexIndex::new(number);
                let credit = found.credit(vertex);
                assert_eq!(found.vouches(vertex), oracle.vouches(name), "seed {seed}: {name:?}");
                assert_eq!(
                    credit,
                    oracle.credit(name) as f64 / UNITS as f64,
                    "seed {seed}: {name:?}"
                );
                assert_eq!(
                    found.is_trusted(vertex),
                    oracle.is_trusted(name),
                    "seed {seed}: {name:?}"
                );
                in_part += usize::from(credit > 0.0 && credit < 1.0);
                let known = oracle.known.get(name);
                let gives = names(&people).iter().any(|to| oracle.vouch(name, &to.1) > 0);
                handed_on += usize::from(matches!(known, Some(Known::Since(_))) && gives);
            }
            for ((actor, target), credit) in all_credit(&people, &found).0 {
                let expected = oracle.credit_in_audience(&actor, &target);
                assert_eq!(credit, expected, "seed {seed}: {actor:?} to {target}");
                left_out += usize::from(credit < oracle.credit(&actor));
            }
            assert_eq!(bits(&found), bits(&case.trust(&again)), "seed {seed}: order of rows");
        }
    }
    assert!(in_part > 50 && handed_on > 10 && left_out > 50, "{in_part} {handed_on} {left_out}");
}

/// More vertices than one parallel work item has.
#[tokio::test(flavor = "multi_thread")]
async fn trust_has_the_same_bits_at_any_number_of_threads() {
    let rng = &mut Rng::with_seed(5);
    let mut world = World::default();
    let id = |rng: &mut Rng| format!("{}", rng.u32(..4_000) * rng.u32(..4_000) / 4_000);
    for _ in 0..30_000 {
        let (actor, target) = (id(rng), id(rng));
        if actor != target {
            world.events.push(act(rng, "alpha", &actor, &target));
        }
    }
    let people = world.people().await;
    assert!(people.persons.vertices() > 2_500);
    let mut case = Case::random(rng, &people, true);
    case.rule.networks = BTreeMap::from([("alpha".to_owned(), NetworkTrust { full_credit: 2 })]);
    let found = on_threads(1, || bits(&case.trust(&people)));
    for threads in [2, 5] {
        assert_eq!(on_threads(threads, || bits(&case.trust(&people))), found, "{threads}");
    }
    let oracle = case.oracle(&world);
    for (name, (vouches, _)) in names(&people).iter().zip(&found) {
        assert_eq!(vouches.map(f64::from_bits), oracle.vouches(name), "{name:?}");
    }
    assert!(names(&people).iter().filter(|name| oracle.vouches(name) > Some(2.0)).count() > 100);
}

/// People who together hold what others vouched for them hold no more of it by what they do among themselves: with g vouches
/// from h people at most min(g, 20 h) / K.
#[tokio::test(flavor = "multi_thread")]
async fn bought_vouches_never_grow_campaign() {
    let (mut handed_on, mut full) = (0, 0);
    for seed in cases(0, 4) {
        let rng = &mut Rng::with_seed(1_000 + seed);
        let (people, accounts) = (rng.usize(2..20), rng.usize(2..20));
        let world = graph(rng, people, accounts);
        let people = world.people().await;
        for _ in 0..12 {
            let case = Case::random(rng, &people, true);
            let (found, oracle) = (case.trust(&people), case.oracle(&world));
            // Any set without a founder: the accounts, or some of them and of the others.
            let all_fakes = rng.bool();
            let is_of_set: Vec<bool> = names(&people)
                .iter()
                .map(|name| {
                    let fake = name.1.contains(":f");
                    let chosen =
                        if all_fakes { fake } else { rng.u8(..4) > 0 && (fake || rng.bool()) };
                    name.0 == "alpha" && chosen && case.known.get(name) != Some(&Known::Founder)
                })
                .collect();
            let all = names(&people);
            let set: BTreeSet<&Vertex> =
                all.iter().zip(&is_of_set).filter(|(_, is)| **is).map(|(name, _)| name).collect();
            let mut pairs = BTreeSet::new();
            for event in world.events.iter().filter(|event| event.network == "alpha") {
                let (actor, target) =
                    (vertex("alpha", &event.actor), vertex("alpha", &event.target));
                let age = (world.cutoff - 1 - event.at) / crate::world::HOUR;
                let vouches = event.kind != "follow" && event.sentiment.is_none_or(|s| s >= 0.0);
                let from_outside = case.known.contains_key(&actor) && !set.contains(&actor);
                if vouches && case.ages().contains(&age) && from_outside && set.contains(&target) {
                    pairs.insert((actor, target));
                }
            }
            let g = pairs.len() as i128;
            let h = pairs.iter().map(|(actor, _)| actor).collect::<BTreeSet<_>>().len() as i128;
            let bought: i128 = pairs.iter().map(|(from, to)| oracle.vouch(from, &to.1)).sum();
            assert!(bought <= g.min(20 * h) * UNITS, "seed {seed}");
            let k = i128::from(case.rule.networks["alpha"].full_credit);
            let units = |credit: f64| (credit * UNITS as f64) as i128;
            let credit = |trust: &Trust| -> i128 {
                let set = is_of_set.iter().enumerate().filter(|(_, is)| **is);
                set.map(|(number, _)| units(trust.credit(VertexIndex::new(number)))).sum()
            };
            let held = credit(&found);
            assert!(k * held <= bought, "seed {seed}: {set:?} hold {held} of {bought}");
            // Nor in any audience.
            let (in_audiences, _) = all_credit(&people, &found);
            for (_, target) in all.iter().filter(|name| name.0 == "alpha") {
                let held =
                    set.iter().map(|v| in_audiences[&((*v).clone(), target.clone())]).sum::<i128>();
                assert!(k * held <= bought, "seed {seed}: {target} hears {held} of {bought}");
            }
            // Without their standing they would hold less: they do hand on.
            let known = case.known.iter().filter(|(name, _)| !set.contains(name));
            let known = known.map(|(name, known)| (name.clone(), *known)).collect();
            let alone = Case { known, rule: case.rule.clone(), ..case };
            let without = credit(&alone.trust(&people));
            assert!(without <= held, "seed {seed}");
            handed_on += usize::from(without < held);
            full += usize::from(bought > UNITS && k * held > bought * 9 / 10);
        }
    }
    assert!(handed_on > 5 && full > 5, "{handed_on} {full}");
}

/// Accounts for which nobody long-standing vouches: neither follows nor negative reactions nor those of the last week do.
fn add_unlinked(rng: &mut Rng, world: &mut World, case: &Case, real: &[Vertex]) {
    let fakes: Vec<String> = (0..rng.usize(1..30)).map(|i| format!("x{i}")).collect();
    for network in NETWORKS {
        for fake in &fakes {
            for other in &fakes {
                if fake != other && rng.bool() {
                    world.events.push(act(rng, network, fake, other));
                }
            }
        }
        for (on, person) in real.iter().filter(|(on, _)| on == network) {
            let id = person.split_once(':').unwrap().1;
            let fake = rng.choice(&fakes).unwrap();
            world.events.push(act(rng, network, fake, id));
            let mut back = act(rng, network, id, fake);
            if case.known.contains_key(&(on.clone(), person.clone())) {
                match rng.u8(..3) {
                    0 => back.kind = "follow".into(),
                    1 => back.sentiment = Some(-0.1),
                    _ => {
                        back.at =
                            world.cutoff - 1 - rng.i64(0..i64::from(case.rule.lag_hours).max(1))
                    }
                }
            }
            if case.rule.lag_hours > 0 {
                world.events.push(back);
            }
        }
    }
    let rows = world.accounts.as_mut().unwrap();
    rows.extend(NETWORKS.iter().flat_map(|network| fakes.iter().map(|id| account(network, id))));
}

#[tokio::test(flavor = "multi_thread")]
async fn unlinked_accounts_change_nobodys_credit_campaign() {
    for seed in cases(0, 3) {
        let rng = &mut Rng::with_seed(2_000 + seed);
        let (honest, accounts) = (rng.usize(2..20), rng.usize(1..10));
        let mut world = graph(rng, honest, accounts);
        let people = world.people().await;
        let mut case = Case::random(rng, &people, true);
        let (before, everybody) = all_credit(&people, &case.trust(&people));
        let real = names(&people);
        add_unlinked(rng, &mut world, &case, &real);
        let people = world.people().await;
        let all = names(&people);
        assert!(all.len() > real.len());
        // Even if they are long-standing.
        let fakes = all.iter().filter(|name| name.1.contains(":x"));
        case.known.extend(fakes.map(|name| (name.clone(), Known::Since(rng.i32(1..6)))));
        let (after, everybody_after) = all_credit(&people, &case.trust(&people));
        for (pair, credit) in &before {
            assert_eq!(after[pair], *credit, "seed {seed}: {pair:?}");
        }
        let now: BTreeMap<&Vertex, f64> = all.iter().zip(everybody_after).collect();
        for (name, credit) in real.iter().zip(everybody) {
            assert_eq!(now[name], credit, "seed {seed}: {name:?}");
        }
        for (name, credit) in now.iter().filter(|(name, _)| name.1.contains(":x")) {
            let whole = !case.rule.networks.contains_key(&name.0);
            assert_eq!(*credit, f64::from(u8::from(whole)), "seed {seed}: {name:?}");
        }
    }
}

/// What the target does is no vouch in its own audience. Where others hand on what they have to spare, its vouches come back
/// at most as what they are: a part of its own 20.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_target_does_adds_no_audience_campaign() {
    for seed in cases(0, 6) {
        let rng = &mut Rng::with_seed(3_000 + seed);
        let handed_on = seed % 2 == 1;
        let (honest, accounts) = (rng.usize(3..20), rng.usize(1..10));
        let mut world = graph(rng, honest, accounts);
        let people = world.people().await;
        let case = Case::random(rng, &people, handed_on);
        let (before, _) = all_credit(&people, &case.trust(&people));
        let all = names(&people);
        let targets = all.iter().filter(|name| name.0 == "alpha");
        let target = rng.choice(targets.collect::<Vec<_>>()).unwrap();
        let id = target.1.split_once(':').unwrap().1;
        for other in all.iter().filter(|name| name.0 == "alpha" && *name != target) {
            if rng.bool() {
                let other = other.1.split_once(':').unwrap().1;
                world.events.push(act(rng, "alpha", id, other));
            }
        }
        let after = world.people().await;
        let found = case.trust(&after);
        let (after, _) = all_credit(&after, &found);
        let k = i128::from(case.rule.networks["alpha"].full_credit);
        let oracle = case.oracle(&world);
        let given: i128 = all.iter().map(|to| oracle.vouch(target, &to.1)).sum();
        let mut gained = 0;
        for (pair, credit) in
            before.iter().filter(|((actor, to), _)| *to == target.1 && actor != target)
        {
            if handed_on {
                gained += (after[pair] - credit).max(0);
            } else {
                assert_eq!(after[pair], *credit, "seed {seed}: {pair:?}");
            }
        }
        assert!(k * gained <= given, "seed {seed}: {gained} by {given}");
    }
}

/// The same from night to night: accounts that wait for their tenure, vouch for each other in circles and then for others hold
/// what was vouched for them and no more, on every night.
#[tokio::test(flavor = "multi_thread")]
async fn bought_vouches_never_grow_over_nights_campaign() {
    const TENURE_DAYS: i32 = 20;
    let (mut late, mut handed_on) = (0, 0);
    for seed in cases(0, 3) {
        let rng = &mut Rng::with_seed(4_000 + seed);
        let (honest, accounts) = (rng.usize(8..20), rng.usize(4..16));
        let mut world = graph(rng, honest, accounts);
        // Who acts does so every month.
        let again = world.events.iter().flat_map(|event| {
            let hours = (world.cutoff - event.at) / crate::world::HOUR;
            [720, 1440].map(|more| {
                let at = world.cutoff - (hours + more) % 2160 * crate::world::HOUR - 1;
                Interaction { at, ..event.clone() }
            })
        });
        let again: Vec<Interaction> = again.collect();
        world.events.extend(again);
        let people = world.people().await;
        let mut case = Case::random(rng, &people, false);
        (case.window_hours, case.rule.lag_hours) = (720, 24);
        let all = names(&people);
        let founder = Standing { since_days: -TENURE_DAYS, is_founder: true };
        let tenure = |name| Tenure {
            standing: case.known.contains_key(name).then_some(founder),
            full_credit: None,
        };
        let mut tenures: Vec<Tenure> = all.iter().map(tenure).collect();
        let k = i128::from(case.rule.networks["alpha"].full_credit);
        // Days on which each had full credit; those of its last runs.
        let mut full: Vec<BTreeSet<i32>> = vec![BTreeSet::new(); all.len()];
        let (mut days, mut nights) = (0, BTreeSet::new());
        while days < 60 {
            nights.insert(days);
            let hours = 24 * (60 - days as u32);
            let interactions = people.interactions_as_of(hours, case.window_hours);
            let standing = |(name, own): (&Vertex, &Tenure)| {
                let known = own.standing.map(|own| match own.is_founder {
                    true => Known::Founder,
                    false => Known::Since(own.since_days),
                });
                known.map(|known| (name.clone(), known))
            };
            case.known = all.iter().zip(&tenures).filter_map(standing).collect();
            let (found, oracle) =
                (case.trust_by(&people, &interactions), case.oracle_at(&world, hours));
            let is_fake = |name: &Vertex| name.0 == "alpha" && name.1.contains(":f");
            let fakes = || all.iter().filter(|name| is_fake(name));
            let outside = all.iter().filter(|name| name.0 == "alpha" && !is_fake(name));
            let bought: i128 =
                outside.flat_map(|from| fakes().map(|to| oracle.vouch(from, &to.1))).sum();
            let held: i128 = fakes().map(|name| oracle.credit(name)).sum();
            assert!(k * held <= bought, "seed {seed}, day {days}: {held} of {bought}");
            for (number, name) in all.iter().enumerate() {
                let credit = found.credit(VertexIndex::new(number));
                assert_eq!(
                    credit,
                    oracle.credit(name) as f64 / UNITS as f64,
                    "{seed} {days} {name:?}"
                );
                if credit == 1.0 && case.rule.networks.contains_key(&name.0) {
                    full[number].insert(days);
                }
                handed_on += usize::from(
                    is_fake(name) && all.iter().any(|to| oracle.vouch(name, &to.1) > 0),
                );
            }
            let last = nights.iter().rev().nth(1).copied().unwrap_or(days - 1);
            let night = Night { days, since_last_run: days - last, tenure_days: TENURE_DAYS };
            let after = advance_tenures(&tenures, &found, &night);
            for ((was, is), full) in tenures.iter().zip(&after).zip(&full) {
                let Some(own) = is.standing else {
                    let whole = (days - TENURE_DAYS..=days).all(|day| full.contains(&day));
                    assert!(!whole, "seed {seed}: not long-standing by {days}");
                    continue;
                };
                if was.standing.is_none() {
                    assert_eq!((own.since_days, own.is_founder), (days, false));
                    // Of a tenure and the day itself one day may be missed.
                    let had = full.range(days - TENURE_DAYS..=days).count() as i32;
                    assert!(had >= TENURE_DAYS, "seed {seed}: {full:?} by {days}");
                    late += 1;
                } else {
                    assert_eq!(is, was);
                }
            }
            tenures = after;
            // Few nights are missed.
            days += if rng.u8(..40) == 0 { rng.i32(2..=3) } else { 1 };
        }
    }
    assert!(late > 3 && handed_on > 3, "{late} {handed_on}");
}

/// A world on which people acted long ago, with seeds or without.
fn founders_of(world: &World, people: &People, seeds: &[&str]) -> BTreeSet<Vertex> {
    let method = Method::parse("method", &world.method).unwrap();
    let earlier =
        people.interactions_as_of(method.trust.tenure_hours, method.attention.window_hours);
    let named = seeds.iter().map(|seed| (*seed).to_owned()).collect();
    let seeds = select_seeds(people, &[], &named);
    let rules = InteractionRules::of(&method);
    let earlier = earlier.window(0, u32::MAX);
    let founders = find_founders(earlier, &people.persons, &rules, &seeds, None, &method).unwrap();
    let names = names(people).into_iter().zip(founders);
    names.filter(|(_, is_founder)| *is_founder).map(|(name, _)| name).collect()
}

/// Whoever comes after the day of the founders changes none of them, however many they are.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_changes_no_founder() {
    for (seed, seeds) in [(1, &[][..]), (2, &["alpha:h0", "alpha:h3"]), (3, &["alpha:h1"])] {
        let rng = &mut Rng::with_seed(seed);
        let mut world = graph(rng, 30, 1);
        let more: Vec<Interaction> = (0..600)
            .map(|_| {
                let [actor, target] = [(); 2].map(|()| format!("h{}", rng.u32(..30)));
                let network = NETWORKS[rng.usize(..2)];
                act(rng, network, &actor, &target)
            })
            .collect();
        world.events.extend(more.into_iter().filter(|event| event.actor != event.target));
        let networks = NETWORKS.map(|n| format!("[trust.networks.{n}]\nfull_credit = 3\n\n"));
        world.edit_method("[[trust.seeds]]", &(networks.concat() + "[[trust.seeds]]"));
        // Of what seeds give little reaches some people.
        world.edit_method("threshold       = 0.01", "threshold = 0.5");
        // Half of it from before the tenure.
        for (number, event) in world.events.iter_mut().enumerate() {
            event.at -= (number % 2) as i64 * 2_000 * crate::world::HOUR;
        }
        let founders = founders_of(&world, &world.people().await, seeds);
        let fakes: Vec<String> = (0..400).map(|i| format!("x{i}")).collect();
        for (one, other) in fakes.iter().zip(fakes.iter().cycle().skip(1)) {
            for network in NETWORKS {
                world.events.push(reply(network, one, other, rng.i64(0..1_400)));
                world.events.push(reply(network, other, one, rng.i64(0..1_400)));
                world.events.push(reply(network, one, "h2", rng.i64(0..1_400)));
            }
        }
        let with_fakes = founders_of(&world, &world.people().await, seeds);
        assert_eq!(founders, with_fakes, "{seeds:?}");
        assert!((10..62).contains(&founders.len()), "{founders:?}");
    }
}
