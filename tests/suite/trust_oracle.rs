//! Trust by brute force, from the words of the rule: who is a founder, who vouches for whom, and how much each counts in whose
//! audience.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use renown::method::Method;

use crate::world::{Published, World};

/// A person on a network.
pub type Vertex = (String, String);

/// One fresh interaction of weight 1.
const ONE: f64 = 4_294_967_296.0;
/// One vouch, and full credit: all sums are of whole units, and every division rounds down.
pub const UNITS: i128 = 1 << 20;
/// Vouches that one person has to give.
const BUDGET: i128 = 20 * UNITS;

/// One event between two different people.
#[derive(Clone)]
pub struct Act<'a> {
    pub network: &'a str,
    pub actor: &'a str,
    pub target: &'a str,
    /// Whole hours before the last instant covered.
    pub age: i64,
    /// Weight of its kind.
    pub weight: f64,
    pub reaction: bool,
    pub sentiment: Option<f64>,
}

/// How long somebody is long-standing: founders for longer than anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known {
    Founder,
    Since(i32),
}

/// How much the attention of each person counts.
#[derive(Clone, Default)]
pub struct Trust {
    /// K of each network; everybody counts whole on those that are not named.
    full_credit: BTreeMap<String, i128>,
    pub known: BTreeMap<Vertex, Known>,
    /// Whom each long-standing person vouches for.
    vouched: BTreeMap<Vertex, BTreeSet<String>>,
    /// What each vouch of a person is worth.
    worth: BTreeMap<Vertex, i128>,
    /// Sum of the vouches for each person.
    vouches: BTreeMap<Vertex, i128>,
}

impl Trust {
    pub fn counts_everybody(&self, network: &str) -> bool {
        !self.full_credit.contains_key(network)
    }

    /// Vouches that a person received, in people; none where everybody counts whole.
    pub fn vouches(&self, vertex: &Vertex) -> Option<f64> {
        self.full_credit.get(&vertex.0)?;
        Some(self.vouches.get(vertex).copied().unwrap_or(0) as f64 / UNITS as f64)
    }

    /// Credit of a person, in units.
    pub fn credit(&self, vertex: &Vertex) -> i128 {
        self.credit_without(vertex, 0)
    }

    pub fn is_trusted(&self, vertex: &Vertex) -> bool {
        2 * self.credit(vertex) >= UNITS
    }

    /// Credit of a person in the audience of `target`, whose own vouch does not count there.
    pub fn credit_in_audience(&self, vertex: &Vertex, target: &str) -> i128 {
        self.credit_without(vertex, self.vouch(&(vertex.0.clone(), target.to_owned()), &vertex.1))
    }

    /// The same with the vouches (in people) that were published at another time.
    pub fn with_vouches(&self, published: BTreeMap<Vertex, f64>) -> Self {
        let units = |(vertex, vouches)| (vertex, (vouches * UNITS as f64) as i128);
        Self { vouches: published.into_iter().map(units).collect(), ..self.clone() }
    }

    /// What `from` vouches for a person, in units.
    pub fn vouch(&self, from: &Vertex, person: &str) -> i128 {
        let vouches = self.vouched.get(from).is_some_and(|people| people.contains(person));
        if vouches { self.worth[from] } else { 0 }
    }

    fn credit_without(&self, vertex: &Vertex, left_out: i128) -> i128 {
        let Some(full_credit) = self.full_credit.get(&vertex.0) else { return UNITS };
        if self.known.get(vertex) == Some(&Known::Founder) {
            return UNITS;
        }
        let vouches = self.vouches.get(vertex).copied().unwrap_or(0) - left_out;
        UNITS.min(vouches.max(0) / full_credit)
    }
}

fn is_vouch(act: &Act<'_>) -> bool {
    act.reaction && act.sentiment.is_none_or(|sentiment| sentiment >= 0.0)
}

/// Trust by what long-standing people did at these `ages`.
pub fn vouch<'a>(
    full_credit: BTreeMap<String, i128>,
    ages: &Range<i64>,
    acts: impl Iterator<Item = Act<'a>>,
    known: BTreeMap<Vertex, Known>,
) -> Trust {
    let mut trust = Trust { full_credit, known, ..Trust::default() };
    for act in acts.filter(|act| is_vouch(act) && ages.contains(&act.age)) {
        let actor = (act.network.to_owned(), act.actor.to_owned());
        if trust.known.contains_key(&actor) && !trust.counts_everybody(act.network) {
            trust.vouched.entry(actor).or_default().insert(act.target.to_owned());
        }
    }
    let seniority: BTreeSet<Known> = trust.known.values().copied().collect();
    for since in seniority {
        let of_day = trust.vouched.keys().filter(|vertex| trust.known[*vertex] == since);
        let worth = of_day.map(|vertex| {
            let others = trust.vouched.keys().filter(|from| from.0 == vertex.0);
            let longer = others.filter(|from| trust.known[*from] < since);
            let earlier: i128 = longer.map(|from| trust.vouch(from, &vertex.1)).sum();
            let budget = match since {
                Known::Founder => BUDGET,
                Known::Since(_) => {
                    (earlier - trust.full_credit[&vertex.0] * UNITS).clamp(0, BUDGET)
                }
            };
            (vertex.clone(), UNITS.min(budget / trust.vouched[vertex].len() as i128))
        });
        let worth: Vec<(Vertex, i128)> = worth.collect();
        trust.worth.extend(worth);
    }
    for ((network, actor), people) in &trust.vouched {
        for person in people {
            let vouches = trust.vouches.entry((network.clone(), person.clone())).or_default();
            *vouches += trust.worth[&(network.clone(), actor.clone())];
        }
    }
    trust
}

/// Trust of a night, from acts that reach back a tenure beyond the window; `before` is the last one, if any.
pub fn trust<'a>(
    world: &World,
    method: &Method,
    vertices: &BTreeSet<Vertex>,
    acts: impl Iterator<Item = Act<'a>> + Clone,
    before: Option<&Published>,
) -> Trust {
    let rule = &method.trust;
    let full_credit = rule.networks.iter().map(|(n, own)| (n.clone(), own.full_credit.into()));
    let full_credit: BTreeMap<String, i128> = full_credit.collect();
    let tenure = i64::from(rule.tenure_hours);
    let earlier = acts.clone().filter(|act| act.age >= tenure);
    let earlier = earlier.map(|act| Act { age: act.age - tenure, ..act });
    let founders = founders(world, method, vertices, earlier);
    let (settled, mut known) = before.map(|night| carried(world, night)).unwrap_or_default();
    known.retain(|vertex, _| vertices.contains(vertex));
    let is_first_night =
        |vertex: &Vertex| full_credit.contains_key(&vertex.0) && !settled.contains(&vertex.0);
    let founders = founders.into_iter().filter(is_first_night);
    known.extend(founders.map(|vertex| (vertex, Known::Founder)));
    let ages = i64::from(rule.lag_hours)..i64::from(method.attention.window_hours);
    vouch(full_credit, &ages, acts, known)
}

/// Networks whose founders a night settled, and who was long-standing after it.
fn carried(world: &World, night: &Published) -> (BTreeSet<String>, BTreeMap<Vertex, Known>) {
    let settled = night.tables["runs"][0]["trust_networks"].as_array().unwrap().iter();
    let settled: BTreeSet<String> = settled.map(|n| n.as_str().unwrap().to_owned()).collect();
    let mut known = BTreeMap::new();
    for row in &night.tables["accounts"] {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let (network, id) = (text("network"), text("account_id"));
        let since = row["known_since"].as_i64().filter(|_| settled.contains(&network));
        if let Some(since) = since {
            let since = match row["is_founder"] == 1 {
                true => Known::Founder,
                false => Known::Since(since as i32),
            };
            // The longest of a person's accounts.
            let person = world.person(&network, &id);
            let own = known.entry((network, person)).or_insert(since);
            *own = (*own).min(since);
        }
    }
    (settled, known)
}

/// Who acted and had support a tenure ago, by the acts before it: the people reached from the seeds, or whom two others reacted
/// to; and the seeds.
fn founders<'a>(
    world: &World,
    method: &Method,
    vertices: &BTreeSet<Vertex>,
    acts: impl Iterator<Item = Act<'a>> + Clone,
) -> BTreeSet<Vertex> {
    let window = i64::from(method.attention.window_hours);
    let acts = acts.filter(|act| act.age < window);
    let given = attention(method, acts.clone());
    let (mut acted, mut supporters) = (BTreeSet::new(), BTreeMap::<Vertex, BTreeSet<&str>>::new());
    let mut took_part = BTreeSet::new();
    for act in acts {
        acted.insert((act.network.to_owned(), act.actor.to_owned()));
        took_part.extend([act.actor, act.target].map(|id| (act.network.to_owned(), id.to_owned())));
        if is_vouch(&act) {
            let target = (act.network.to_owned(), act.target.to_owned());
            supporters.entry(target).or_default().insert(act.actor);
        }
    }
    let named = named(world, method);
    let mut all = BTreeSet::new();
    let networks: BTreeSet<&String> = vertices.iter().map(|(network, _)| network).collect();
    for network in networks {
        let on_network: Vec<&Vertex> = vertices.iter().filter(|(n, _)| n == network).collect();
        let seeds: BTreeSet<&Vertex> =
            on_network.iter().copied().filter(|(_, person)| named.contains(person)).collect();
        if seeds.is_empty() {
            let supported = supporters.iter().filter(|(_, people)| people.len() >= 2);
            let supported = supported.map(|(vertex, _)| vertex).filter(|(n, _)| n == network);
            all.extend(supported.filter(|vertex| acted.contains(*vertex)).cloned());
            continue;
        }
        // The mean is that of who took part by then.
        let took_part =
            |vertex: &&&Vertex| took_part.contains(**vertex) || seeds.contains(**vertex);
        let mean = 1.0 / on_network.iter().filter(took_part).count() as f64;
        for (vertex, reached) in propagated(method, &given, &on_network, &seeds) {
            let reached = reached / mean;
            if seeds.contains(vertex) || acted.contains(vertex) && reached >= method.trust.threshold
            {
                all.insert(vertex.clone());
            }
        }
    }
    all
}

/// (network, actor) → target → A(actor→target).
fn attention<'a>(
    method: &Method,
    acts: impl Iterator<Item = Act<'a>>,
) -> BTreeMap<Vertex, BTreeMap<String, f64>> {
    let half_life = f64::from(method.attention.half_life_hours);
    let mut sums: BTreeMap<Vertex, BTreeMap<String, i64>> = BTreeMap::new();
    for act in acts {
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

/// The share of each person of a network in what the seeds give.
fn propagated<'a>(
    method: &Method,
    given: &BTreeMap<Vertex, BTreeMap<String, f64>>,
    on_network: &[&'a Vertex],
    seeds: &BTreeSet<&Vertex>,
) -> BTreeMap<&'a Vertex, f64> {
    let out = |vertex: &Vertex| given.get(vertex).filter(|targets| !targets.is_empty());
    let d = method.rank.damping;
    let jump = |v: &Vertex| if seeds.contains(v) { 1.0 / seeds.len() as f64 } else { 0.0 };
    let mut now: BTreeMap<&Vertex, f64> = on_network.iter().map(|v| (*v, jump(v))).collect();
    for _ in 0..3000 {
        // Everyone passes on what they have; people without outgoing attention pass it to the seeds.
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
                let to = (vertex.0.clone(), target.clone());
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
    now
}
