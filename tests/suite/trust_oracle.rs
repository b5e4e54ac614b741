//! Trust by plain power iteration, from the formula of `schemas/output/measures.toml` alone.

use std::collections::{BTreeMap, BTreeSet};

use renown::method::Method;

use crate::world::World;

/// A person on a network.
pub type Vertex = (String, String);

/// One fresh interaction of weight 1.
const ONE: f64 = 4_294_967_296.0;

/// One event between two different people.
pub struct Act<'a> {
    pub network: &'a str,
    pub actor: &'a str,
    pub target: &'a str,
    /// Whole hours before the last instant covered.
    pub age: i64,
    /// Weight of its kind.
    pub weight: f64,
}

#[derive(Default)]
pub struct Trust {
    /// Trust as a multiple of the mean; none on networks without seeds.
    pub trust: BTreeMap<Vertex, f64>,
    pub trusted: BTreeSet<Vertex>,
    /// Networks without seeds.
    pub fallback: BTreeSet<String>,
}

/// (network, actor) → target → A(actor→target), of acts at least `since` hours old.
pub fn attention<'a>(
    method: &Method,
    acts: impl Iterator<Item = Act<'a>>,
    since: i64,
) -> BTreeMap<Vertex, BTreeMap<String, f64>> {
    let hours = since..i64::from(method.attention.window_hours);
    let half_life = f64::from(method.attention.half_life_hours);
    let mut sums: BTreeMap<Vertex, BTreeMap<String, i64>> = BTreeMap::new();
    for act in acts.filter(|act| hours.contains(&act.age)) {
        let of_actor = sums.entry((act.network.into(), act.actor.into())).or_default();
        let units = (act.weight * (-(act.age as f64) / half_life).exp2() * ONE).round() as i64;
        *of_actor.entry(act.target.into()).or_default() += units;
    }
    let given = sums.into_iter().map(|(actor, targets)| {
        let edges = targets.into_iter().filter(|(_, sum)| *sum > 0);
        let saturated = |sum: i64| f64::from((sum as f64 / ONE).ln_1p() as f32);
        (actor, edges.map(|(target, sum)| (target, saturated(sum))).collect())
    });
    given.collect()
}

/// The seeds that the job names, by their id or that of a known account.
fn named(world: &World, method: &Method) -> BTreeSet<String> {
    let known = world.members(i64::from(method.attention.window_hours).max(2160));
    let of_account = |seed: &String| {
        let (network, id) = seed.split_once(':')?;
        let account = (network.to_owned(), id.to_owned());
        known.contains(&account).then(|| world.person(network, id))
    };
    world.seeds.iter().cloned().chain(world.seeds.iter().filter_map(of_account)).collect()
}

pub fn trust<'a>(
    world: &World,
    method: &Method,
    vertices: &BTreeSet<Vertex>,
    acts: impl Iterator<Item = Act<'a>>,
) -> Trust {
    let given = attention(method, acts, i64::from(method.trust.lag_hours));
    let named = named(world, method);
    let mut all = Trust::default();
    let networks: BTreeSet<&String> = vertices.iter().map(|(network, _)| network).collect();
    for network in networks {
        let on_network: Vec<&Vertex> = vertices.iter().filter(|(n, _)| n == network).collect();
        let out = |vertex: &Vertex| given.get(vertex).filter(|targets| !targets.is_empty());
        let seeds: BTreeSet<&Vertex> =
            on_network.iter().copied().filter(|(_, person)| named.contains(person)).collect();
        if seeds.is_empty() {
            all.fallback.insert(network.clone());
            let min_people = method.trust.fallback_people as usize;
            for vertex in on_network {
                let actors = given.iter().filter(|((n, _), _)| n == network);
                let heard = actors.filter(|(_, targets)| targets.contains_key(&vertex.1)).count();
                if min_people == 0 || out(vertex).is_some() && heard >= min_people {
                    all.trusted.insert(vertex.clone());
                }
            }
            continue;
        }
        let (n, d) = (on_network.len() as f64, method.rank.damping);
        let jump = |v: &Vertex| if seeds.contains(v) { 1.0 / seeds.len() as f64 } else { 0.0 };
        let mut now: BTreeMap<&Vertex, f64> = on_network.iter().map(|v| (*v, jump(v))).collect();
        for _ in 0..3000 {
            // Everyone passes on their trust; people without outgoing attention pass it to the seeds.
            let mut next: BTreeMap<Vertex, f64> =
                on_network.iter().map(|v| ((*v).clone(), (1.0 - d) * jump(v))).collect();
            let mut silent = 0.0;
            for (vertex, has) in &now {
                let Some(targets) = out(vertex) else {
                    silent += has;
                    continue;
                };
                let total: f64 = targets.values().sum();
                for (target, attention) in targets {
                    let to = (network.clone(), target.clone());
                    *next.get_mut(&to).unwrap() += d * has * attention / total;
                }
            }
            next.iter_mut().for_each(|(v, has)| *has += d * silent * jump(v));
            let change: f64 = on_network.iter().map(|v| (next[*v] - now[*v]).abs()).sum();
            now = on_network.iter().map(|v| (*v, next[*v])).collect();
            if change < 1e-14 {
                break;
            }
        }
        for (vertex, share) in now {
            all.trust.insert(vertex.clone(), n * share);
            if n * share >= method.trust.threshold {
                all.trusted.insert(vertex.clone());
            }
        }
    }
    all
}
