//! Faults of inputs, as edits of a night's rows before its run.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::world::{Account, HOUR, Interaction, Statement, World};

const DAY_US: i64 = 24 * HOUR;
const NETWORKS: [&str; 3] = ["twitter", "mastodon", "forum"];
const SHARES: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 1.0];
/// The three networks, the last two, and all.
const WHERE: [f64; 5] = [0.0, 1.0, 2.0, 3.0, 4.0];

/// A kind of fault.
pub struct Fault {
    pub name: &'static str,
    pub sizes: [f64; 5],
    pub edit: fn(&mut World, f64, &mut Rng),
}

const fn fault(name: &'static str, sizes: [f64; 5], edit: fn(&mut World, f64, &mut Rng)) -> Fault {
    Fault { name, sizes, edit }
}

/// Whether a network is among those of a size of [`WHERE`].
fn is_where(network: &str, size: f64) -> bool {
    match size as usize {
        3 => network != NETWORKS[0],
        4 => true,
        at => network == NETWORKS[at],
    }
}

/// Edits a share of the interactions.
fn some(world: &mut World, share: f64, rng: &mut Rng, mut edit: impl FnMut(&mut Interaction)) {
    for event in &mut world.events {
        if rng.f64() < share {
            edit(event);
        }
    }
}

/// Keeps a share of the rows.
fn keep<T>(rows: &mut Option<Vec<T>>, share: f64, rng: &mut Rng) {
    rows.as_mut().unwrap().retain(|_| rng.f64() < share);
}

fn swap(event: &mut Interaction) {
    std::mem::swap(&mut event.actor, &mut event.target);
}

fn rename(event: &mut Interaction, from: &str, to: &str) {
    if event.kind == from {
        event.kind = to.into();
    }
}

/// Copies of the chosen interactions, each a second apart, so that no two rows are equal.
fn multiply(world: &mut World, times: f64, chosen: impl Fn(&Interaction) -> bool) {
    let copies = |event: &Interaction| {
        let event = event.clone();
        (1..times as i64)
            .map(move |n| Interaction { at: event.at - n * 1_000_000, ..event.clone() })
    };
    let more: Vec<_> = world.events.iter().filter(|event| chosen(event)).flat_map(copies).collect();
    world.events.extend(more);
}

/// A share of the accounts opts out, so many days ago.
fn opt_out(world: &mut World, share: f64, days: i64, rng: &mut Rng) {
    let at = world.cutoff - days * DAY_US - HOUR;
    let accounts = world.accounts.iter().flatten().filter(|_| rng.f64() < share);
    let statement = |account: &Account| Statement {
        network: Some(account.network.clone()),
        id: Some(account.id.clone()),
        status: "opted_out".into(),
        at,
        ..Statement::default()
    };
    let statements: Vec<_> = accounts.map(statement).collect();
    world.consent.as_mut().unwrap().extend(statements);
}

/// Every time moves by so many hours.
fn shift(world: &mut World, hours: f64) {
    let by = (hours * HOUR as f64) as i64;
    world.events.iter_mut().for_each(|event| event.at += by);
    world.posts.iter_mut().flatten().for_each(|post| post.at += by);
}

fn truncated(id: &str, cut: f64) -> String {
    let kept = id.chars().count().saturating_sub(cut as usize).max(1);
    id.chars().take(kept).collect()
}

/// Coefficients, or the intercept, of the method's forecast, edited under the same version.
fn edit_numbers(world: &mut World, key: &str, edit: impl Fn(f64) -> f64) {
    let line = |line: &str| match line.split_once('=') {
        Some((name, value)) if name.trim() == key => {
            format!("{key} = {:?}", edit(value.trim().parse().unwrap()))
        }
        _ => line.to_owned(),
    };
    world.method = world.method.lines().map(|text| line(text) + "\n").collect();
}

fn targets_of(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut targets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in &world.events {
        targets.entry(event.network.clone()).or_default().push(event.target.clone());
    }
    targets
}

fn upper(world: &mut World, size: f64, of: [bool; 3]) {
    let [actors, targets, accounts] = of;
    let up = |id: &mut String, is: bool| {
        if is {
            *id = id.to_uppercase();
        }
    };
    for event in world.events.iter_mut().filter(|event| is_where(&event.network, size)) {
        up(&mut event.actor, actors);
        up(&mut event.target, targets);
    }
    let rows = world.accounts.iter_mut().flatten();
    rows.filter(|a| is_where(&a.network, size)).for_each(|a| up(&mut a.id, accounts));
}

/// All kinds of fault, each in five sizes.
pub const FAULTS: [Fault; 52] = [
    fault("constant actor", SHARES, |world, share, rng| {
        let actor = world.events[0].actor.clone();
        some(world, share, rng, |event| event.actor.clone_from(&actor));
    }),
    fault("constant actor of the network", SHARES, |world, share, rng| {
        let mut first = BTreeMap::new();
        world.events.iter().for_each(|e| {
            first.entry(e.network.clone()).or_insert(e.actor.clone());
        });
        some(world, share, rng, |event| event.actor.clone_from(&first[&event.network]));
    }),
    fault("a network missing", WHERE, |world, size, _| {
        world.events.retain(|event| size == 4.0 || !is_where(&event.network, size));
        if size == 4.0 {
            world.events.retain(|event| event.network != NETWORKS[1]);
        }
    }),
    fault("a network missing in every input", WHERE, |world, size, _| {
        let size = if size == 4.0 { 1.0 } else { size };
        world.events.retain(|event| !is_where(&event.network, size));
        world.accounts.as_mut().unwrap().retain(|row| !is_where(&row.network, size));
        world.posts.as_mut().unwrap().retain(|row| !is_where(&row.network, size));
        world.follows.as_mut().unwrap().retain(|row| !is_where(&row.network, size));
    }),
    fault("actor and target swapped", SHARES, |world, share, rng| some(world, share, rng, swap)),
    fault("actor and target swapped on a network", WHERE, |world, size, _| {
        world.events.iter_mut().filter(|e| is_where(&e.network, size)).for_each(swap);
    }),
    fault(
        "actor and target swapped on the last days",
        [1.0, 2.0, 7.0, 30.0, 90.0],
        |world, days, _| {
            let from = world.cutoff - days as i64 * DAY_US;
            world.events.iter_mut().filter(|event| event.at >= from).for_each(swap);
        },
    ),
    fault("kinds swapped", SHARES, |world, share, rng| {
        some(world, share, rng, |event| match event.kind.as_str() {
            "like" => event.kind = "follow".into(),
            "follow" => event.kind = "like".into(),
            _ => {}
        });
    }),
    fault("replies and likes swapped", SHARES, |world, share, rng| {
        some(world, share, rng, |event| match event.kind.as_str() {
            "like" => event.kind = "reply".into(),
            "reply" => event.kind = "like".into(),
            _ => {}
        });
    }),
    fault("a like counted as a repost", SHARES, |world, share, rng| {
        some(world, share, rng, |event| rename(event, "like", "repost"));
    }),
    fault("every kind a like", SHARES, |world, share, rng| {
        some(world, share, rng, |event| event.kind = "like".into());
    }),
    fault("ids truncated in interactions", [1.0, 2.0, 3.0, 4.0, 5.0], |world, cut, _| {
        for event in &mut world.events {
            event.actor = truncated(&event.actor, cut);
            event.target = truncated(&event.target, cut);
        }
    }),
    fault("ids truncated everywhere", [1.0, 2.0, 3.0, 4.0, 5.0], |world, cut, _| {
        for event in &mut world.events {
            event.actor = truncated(&event.actor, cut);
            event.target = truncated(&event.target, cut);
        }
        let mut accounts = world.accounts.take().unwrap();
        accounts.iter_mut().for_each(|row| row.id = truncated(&row.id, cut));
        accounts.sort_by(|one, other| (&one.network, &one.id).cmp(&(&other.network, &other.id)));
        accounts.dedup_by(|one, other| (&one.network, &one.id) == (&other.network, &other.id));
        world.accounts = Some(accounts);
        for row in world.posts.iter_mut().flatten() {
            row.author = truncated(&row.author, cut);
        }
        world.identities = Some(vec![]);
    }),
    fault("ids of actors truncated", [1.0, 2.0, 3.0, 4.0, 5.0], |world, cut, _| {
        world.events.iter_mut().for_each(|e| e.actor = truncated(&e.actor, cut));
    }),
    fault("accounts missing", [0.1, 0.3, 0.5, 0.7, 0.9], |world, share, rng| {
        keep(&mut world.accounts, 1.0 - share, rng);
    }),
    fault("opted out today", [0.05, 0.1, 0.3, 0.45, 0.6], |world, share, rng| {
        opt_out(world, share, 0, rng);
    }),
    fault("opted out long ago", [0.05, 0.1, 0.3, 0.45, 0.6], |world, share, rng| {
        opt_out(world, share, 300, rng);
    }),
    fault("minors", [0.05, 0.1, 0.3, 0.45, 0.6], |world, share, rng| {
        for account in world.accounts.iter_mut().flatten() {
            account.minor = Some(rng.f64() < share);
        }
    }),
    fault("a join multiplies", [2.0, 3.0, 5.0, 7.0, 10.0], |world, times, _| {
        multiply(world, times, |_| true);
    }),
    fault("a join multiplies a network", [2.0, 3.0, 5.0, 7.0, 10.0], |world, times, _| {
        multiply(world, times, |event| event.network == NETWORKS[1]);
    }),
    fault("a join multiplies the last day", [2.0, 3.0, 5.0, 7.0, 10.0], |world, times, _| {
        let from = world.cutoff - DAY_US + HOUR;
        multiply(world, times, |event| event.at >= from);
    }),
    fault("a join with a wrong key", [2.0, 3.0, 5.0, 7.0, 10.0], |world, times, rng| {
        let targets = targets_of(world);
        let mut more = Vec::new();
        for event in &world.events {
            for _ in 1..times as usize {
                let of_network = &targets[&event.network];
                let target = of_network[rng.usize(0..of_network.len())].clone();
                more.push(Interaction { target, ..event.clone() });
            }
        }
        world.events.extend(more);
    }),
    fault("the clock back", [1.0, 7.0, 30.0, 60.0, 90.0], |world, days, _| {
        shift(world, -24.0 * days);
    }),
    fault("the clock forward", [1.0, 3.0, 7.0, 30.0, 60.0], |world, days, _| {
        shift(world, 24.0 * days);
    }),
    fault("local time to the east", [1.0, 2.0, 5.0, 8.0, 12.0], |world, hours, _| {
        shift(world, hours);
    }),
    fault("local time to the west", [1.0, 2.0, 5.0, 8.0, 12.0], |world, hours, _| {
        shift(world, -hours);
    }),
    fault("an intercept", [-1.0, -2.0, -5.0, -30.0, 1.0], |world, by, _| {
        edit_numbers(world, "intercept", |value| value + by);
    }),
    fault("an intercept of another version", [-1.0, -2.0, -5.0, -30.0, 1.0], |world, by, _| {
        edit_numbers(world, "intercept", |value| value + by);
        world.method = world.method.replace("version = \"standard-6\"", "version = \"other\"");
    }),
    fault("slopes of another version", [0.5, 1.1, 1.5, 2.0, 3.0], |world, factor, _| {
        edit_numbers(world, "coefficient", |value| value * factor);
        world.method = world.method.replace("version = \"standard-6\"", "version = \"other\"");
    }),
    fault("a method with other slopes", [0.5, 1.1, 1.5, 2.0, 3.0], |world, factor, _| {
        edit_numbers(world, "coefficient", |value| value * factor);
    }),
    fault("a day twice", [1.0, 2.0, 3.0, 7.0, 14.0], |world, days, _| {
        let (from, by) = (world.cutoff - DAY_US, days as i64 * DAY_US);
        let is_earlier = |e: &&Interaction| (from - by..from - by + DAY_US).contains(&e.at);
        let again = |e: &Interaction| Interaction { at: e.at + by, ..e.clone() };
        let again: Vec<_> = world.events.iter().filter(is_earlier).map(again).collect();
        world.events.retain(|event| event.at < from);
        world.events.extend(again);
    }),
    fault("the last days missing", [1.0, 2.0, 3.0, 7.0, 30.0], |world, days, _| {
        let from = world.cutoff - days as i64 * DAY_US;
        world.events.retain(|event| event.at < from);
        world.posts.as_mut().unwrap().retain(|post| post.at < from);
    }),
    fault("an earlier day missing", [1.0, 2.0, 7.0, 14.0, 28.0], |world, days, _| {
        let from = world.cutoff - (days as i64 + 1) * DAY_US;
        world.events.retain(|event| !(from..from + DAY_US).contains(&event.at));
    }),
    fault("follows missing", SHARES, |world, share, rng| {
        keep(&mut world.follows, 1.0 - share, rng);
    }),
    fault("posts missing", SHARES, |world, share, rng| keep(&mut world.posts, 1.0 - share, rng)),
    fault("identities missing", SHARES, |world, share, rng| {
        keep(&mut world.identities, 1.0 - share, rng);
    }),
    fault("identities link strangers", SHARES, |world, share, rng| {
        let links = world.identities.as_mut().unwrap();
        let persons: Vec<String> = links.iter().map(|link| link.person.clone()).collect();
        for link in links {
            if rng.f64() < share {
                link.person.clone_from(&persons[rng.usize(0..persons.len())]);
            }
        }
    }),
    fault("identities link everybody", [2.0, 3.0, 10.0, 50.0, 1000.0], |world, size, _| {
        for (at, link) in world.identities.iter_mut().flatten().enumerate() {
            link.person = format!("person-{}", at / size as usize);
        }
    }),
    fault("actors missing", SHARES, |world, share, rng| {
        some(world, share, rng, |event| event.actor.clear());
    }),
    fault("the window cut", [1.0, 7.0, 14.0, 30.0, 60.0], |world, days, _| {
        let from = world.cutoff - days as i64 * DAY_US;
        world.events.retain(|event| event.at >= from);
    }),
    fault("sentiment negative", SHARES, |world, share, rng| {
        some(world, share, rng, |event| event.sentiment = Some(-1.0));
    }),
    fault("everybody's target one person", SHARES, |world, share, rng| {
        let target = world.events[0].target.clone();
        some(world, share, rng, |event| event.target.clone_from(&target));
    }),
    fault("targets mixed up", SHARES, |world, share, rng| {
        let targets = targets_of(world);
        let draw = |of: &Vec<String>| rng.usize(0..of.len());
        let drawn: Vec<usize> =
            world.events.iter().map(|e| &targets[&e.network]).map(draw).collect();
        for (event, at) in world.events.iter_mut().zip(drawn) {
            if (at % 97) as f64 / 97.0 < share {
                event.target.clone_from(&targets[&event.network][at]);
            }
        }
    }),
    fault("ids of the row before", SHARES, |world, share, rng| {
        let before: Vec<_> =
            world.events.iter().map(|e| (e.network.clone(), e.target.clone())).collect();
        for (event, (network, target)) in world.events.iter_mut().skip(1).zip(before) {
            if event.network == network && rng.f64() < share {
                event.target = target;
            }
        }
    }),
    fault("duplicate rows", [0.1, 0.5, 1.0, 2.0, 5.0], |world, share, rng| {
        let all = world.events.clone();
        for _ in 0..share.ceil() as usize {
            let more = all.iter().filter(|_| rng.f64() < share / share.ceil());
            world.events.extend(more.cloned());
        }
    }),
    fault("ids in capitals in interactions", WHERE, |world, size, _| {
        upper(world, size, [true, true, false]);
    }),
    fault("ids in capitals in accounts", WHERE, |world, size, _| {
        upper(world, size, [false, false, true]);
    }),
    fault("consent missing", SHARES, |world, share, rng| {
        keep(&mut world.consent, 1.0 - share, rng);
    }),
    fault("accounts of last year", [30.0, 60.0, 120.0, 240.0, 365.0], |world, days, _| {
        let until = world.cutoff - (days as i64 + 40) * DAY_US;
        world.accounts.as_mut().unwrap().retain(|row| row.created.is_none_or(|at| at < until));
    }),
    fault("interactions without posts", SHARES, |world, share, rng| {
        some(world, share, rng, |event| event.post = None);
    }),
    fault("a sample of the interactions", [0.1, 0.3, 0.5, 0.7, 0.9], |world, share, rng| {
        world.events.retain(|_| rng.f64() < share);
    }),
    fault(
        "strangers react to everybody",
        [20.0, 100.0, 300.0, 1000.0, 3000.0],
        |world, count, rng| {
            let all = world.events.clone();
            for stranger in 0..count as usize {
                let event = &all[rng.usize(0..all.len())];
                let actor = format!("9{stranger:07}");
                let at = world.cutoff - 1 - rng.i64(0..DAY_US / 1_000) * 1_000;
                world.accounts.as_mut().unwrap().push(Account {
                    minor: Some(false),
                    ..crate::world::account(&event.network, &actor)
                });
                world.events.push(Interaction { actor, at, ..event.clone() });
            }
        },
    ),
];
