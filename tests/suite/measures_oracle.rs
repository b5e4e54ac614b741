//! Every published number recomputed naively, from the formulas of `schemas/output` alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimestampMicrosecondType};
use chrono::NaiveDate;
use fastrand::Rng;
use renown::method::{Forecast, Method};
use renown::schema::{self, Direction};
use serde_json::{Value, json};

use crate::campaign::{cases, is_whole};
use crate::history_oracle::{self, Reaction};
use crate::random_worlds::{family, world};
use crate::trust_oracle::{self, Trust, UNITS, Vertex};
use crate::world::{
    Account, HOUR, Interaction, Post, Published, Row, World, account, identity, read, reply,
};

/// Sums are of whole units, this many to a fresh interaction of weight 1: exact in any order.
const ONE: f64 = 4_294_967_296.0;

/// One event between two different people, as (network, actor, target).
#[derive(Clone)]
struct Act<'a> {
    network: &'a str,
    actor: String,
    target: String,
    age: i64,
    minutes: i64,
    weight: f64,
    reaction: bool,
    post: Option<&'a str>,
    sentiment: Option<f64>,
    /// Credit of the actor in the audience of the target, in units.
    credit: i128,
}

impl Act<'_> {
    fn is_trusted(&self) -> bool {
        2 * self.credit >= UNITS
    }
}

/// A forecast by which people are scored.
struct Profile {
    name: String,
    method_version: String,
    fitted: bool,
    forecast: Forecast,
}

/// An original post of the last 90 days.
#[derive(Default)]
struct PostStats {
    age: i64,
    /// Distinct reactors, and whether each is trusted in the audience of the author.
    reactors: BTreeMap<String, bool>,
    reactions: usize,
}

/// Sets the credit of the actors by `trust`.
fn set_credit(acts: &mut [Act<'_>], trust: &Trust) {
    for act in acts {
        let actor = (act.network.to_owned(), act.actor.clone());
        act.credit = trust.credit_in_audience(&actor, &act.target);
    }
}

/// V + .01 (V + .1) U / (U + 10).
fn with_rest(credited: f64, all: f64) -> f64 {
    let others = all - credited;
    credited + 0.01 * (credited + 0.1) * others / (others + 10.0)
}

struct Oracle<'a> {
    world: &'a World,
    method: Method,
    persons: BTreeMap<String, BTreeSet<(&'a str, &'a str)>>,
    vertices: BTreeSet<Vertex>,
    acts: Vec<Act<'a>>,
    /// Those of the whole history.
    past: Vec<Act<'a>>,
    /// (network, target) → actor → A(actor→target).
    attention: BTreeMap<Vertex, BTreeMap<String, f64>>,
    /// (network, actor) → Σ_u A(actor→u).
    given: BTreeMap<Vertex, f64>,
    /// (network, author) → original posts of the last 90 days.
    posts: BTreeMap<Vertex, Vec<PostStats>>,
    /// (network, author) → who reposted a post of theirs, and whether from another reposter.
    passed_on: BTreeMap<Vertex, BTreeMap<String, bool>>,
    trust: Trust,
    profiles: Vec<Profile>,
}

/// Windows hold their first instant and not the cutoff; ages are whole hours before the last
/// instant that the snapshot covers, so that the window of n hours has the ages 0..n.
fn age(world: &World, at: i64) -> i64 {
    (world.cutoff - 1 - at) / HOUR
}

impl<'a> Oracle<'a> {
    fn of(world: &'a World) -> Self {
        Self::after(world, None)
    }

    /// The night after `before`, if any.
    fn after(world: &'a World, before: Option<&Published>) -> Self {
        let method = Method::parse("method", &world.method).unwrap();
        let window = i64::from(method.attention.window_hours);
        let read_hours = window.max(90 * 24);
        let history = read_hours.max(i64::from(method.forecast.history_hours));
        let keys = world.members(history);
        let mut persons: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let mut vertices = BTreeSet::new();
        let accounts = world.accounts.iter().flatten().map(|a| (&*a.network, &*a.id));
        let ends =
            world.events.iter().flat_map(|e| [(&*e.network, &*e.actor), (&*e.network, &*e.target)]);
        let follows = world.started_follows();
        let follows =
            follows.flat_map(|f| [(&*f.network, &*f.follower), (&*f.network, &*f.followee)]);
        for (network, id) in accounts.chain(ends).chain(follows) {
            if keys.contains(&(network.to_owned(), id.to_owned())) {
                let person = world.person(network, id);
                vertices.insert((network.to_owned(), person.clone()));
                persons.entry(person).or_default().insert((network, id));
            }
        }
        // Founders are found from older ones, too.
        let tenure = match method.trust.networks.is_empty() {
            true => 0,
            false => i64::from(method.trust.tenure_hours),
        };
        let all_hours = history.max(read_hours + tenure);
        let is_known = |network: &str, id: &str| keys.contains(&(network.into(), id.into()));
        let mut once: BTreeMap<_, Option<f64>> = BTreeMap::new();
        for e in &world.events {
            if (world.cutoff - all_hours * HOUR..world.cutoff).contains(&e.at)
                && is_known(&e.network, &e.actor)
                && is_known(&e.network, &e.target)
            {
                let key = (&*e.network, &*e.actor, &*e.target, &*e.kind, e.at, &e.post, &e.via);
                let worst = once.entry(key).or_insert(e.sentiment);
                *worst = match (*worst, e.sentiment) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        let mut acts = Vec::new();
        for ((network, actor, target, kind, at, post, _), sentiment) in once {
            let (actor, target) = (world.person(network, actor), world.person(network, target));
            if actor != target {
                let (kind, post) = (&method.kinds[kind], post.as_deref());
                let (age, weight, reaction) = (age(world, at), kind.weight, kind.reaction);
                let minutes = (world.cutoff - 1 - at) / (HOUR / 60);
                let credit = 0;
                acts.push(Act {
                    network,
                    actor,
                    target,
                    age,
                    minutes,
                    weight,
                    reaction,
                    post,
                    sentiment,
                    credit,
                });
            }
        }
        let plain = acts.iter().map(|act| trust_oracle::Act {
            network: act.network,
            actor: &act.actor,
            target: &act.target,
            age: act.age,
            weight: act.weight,
            reaction: act.reaction,
            sentiment: act.sentiment,
        });
        let trust = trust_oracle::trust(world, &method, &vertices, plain, before);
        set_credit(&mut acts, &trust);
        let past = acts.clone();
        acts.retain(|act| act.age < read_hours);
        let mut sums: BTreeMap<Vertex, BTreeMap<String, i64>> = BTreeMap::new();
        for act in acts.iter().filter(|act| act.age < window) {
            let decay = (-(act.age as f64) / f64::from(method.attention.half_life_hours)).exp2();
            let of_target = sums.entry((act.network.into(), act.target.clone())).or_default();
            *of_target.entry(act.actor.clone()).or_default() +=
                (act.weight * decay * ONE).round() as i64;
        }
        let attention = sums.into_iter().map(|(target, actors)| {
            let edges = actors.into_iter().filter(|(_, sum)| *sum > 0);
            let edges =
                edges.map(|(actor, sum)| (actor, f64::from((sum as f64 / ONE).ln_1p() as f32)));
            (target, edges.collect())
        });
        let attention: BTreeMap<Vertex, BTreeMap<String, f64>> = attention.collect();
        let mut given: BTreeMap<Vertex, f64> = BTreeMap::new();
        for ((network, _), actors) in &attention {
            for (actor, attention) in actors {
                *given.entry((network.clone(), actor.clone())).or_default() += attention;
            }
        }
        let posts = posts(world, &acts, &trust, 0);
        let passed_on = passed_on(world, &vertices, 0);
        let profiles = profiles(world, &method);
        Self {
            world,
            method,
            persons,
            vertices,
            acts,
            past,
            attention,
            given,
            posts,
            passed_on,
            trust,
            profiles,
        }
    }

    fn networks(&self) -> BTreeSet<&str> {
        self.vertices.iter().map(|(network, _)| network.as_str()).collect()
    }

    fn people_of(&self, network: &str) -> Vec<&str> {
        let vertices = self.vertices.iter().filter(|(n, _)| n == network);
        vertices.map(|(_, person)| person.as_str()).collect()
    }

    fn received(&self, vertex: &Vertex) -> BTreeMap<&str, f64> {
        let edges = self.attention.get(vertex).into_iter().flatten();
        edges.map(|(actor, attention)| (actor.as_str(), *attention)).collect()
    }

    fn given(&self, network: &str, actor: &str) -> f64 {
        self.given.get(&(network.into(), actor.into())).copied().unwrap_or(0.0)
    }

    fn ranks(&self, network: &str) -> BTreeMap<&str, f64> {
        let people = self.people_of(network);
        let (n, d) = (people.len() as f64, self.method.rank.damping);
        let given: BTreeMap<&str, f64> =
            people.iter().map(|p| (*p, self.given(network, p))).collect();
        let mut ranks: BTreeMap<&str, f64> = people.iter().map(|p| (*p, 1.0 / n)).collect();
        for _ in 0..3000 {
            let dangling: f64 = people.iter().filter(|p| given[*p] == 0.0).map(|p| ranks[p]).sum();
            let pulled = |p: &&str| {
                let received = self.received(&(network.into(), (*p).into()));
                let sum: f64 = received.iter().map(|(a, w)| ranks[a] * w / given[a]).sum();
                (1.0 - d) / n + d * (sum + dangling / n)
            };
            let next: BTreeMap<&str, f64> = people.iter().map(|p| (*p, pulled(p))).collect();
            let change: f64 = people.iter().map(|p| (next[p] - ranks[p]).abs()).sum();
            ranks = next;
            if change < 1e-13 {
                break;
            }
        }
        ranks
    }

    /// Minutes of the past that the data of a network cover.
    fn covered_minutes(&self, network: &str) -> i64 {
        let on_network = self.past.iter().filter(|act| act.network == network);
        history_oracle::covered_minutes(on_network.map(|act| act.minutes))
    }

    /// The measures of history of one vertex.
    fn history(&self, vertex: &Vertex) -> BTreeMap<&'static str, Value> {
        let (network, person) = vertex;
        let on_network = || self.past.iter().filter(|act| act.network == network);
        let limit = 60 * i64::from(self.method.forecast.history_hours);
        let counted = || on_network().filter(|act| act.reaction && act.minutes < limit);
        let mut last_acts: BTreeMap<&str, i64> = BTreeMap::new();
        for act in counted() {
            let last = last_acts.entry(&act.actor).or_insert(act.minutes);
            *last = (*last).min(act.minutes);
        }
        // Posts are read within the window, and count for their author.
        let window = i64::from(self.method.attention.window_hours).max(2160);
        let is_read = |post: &str| {
            let mut posts = self.world.posts.iter().flatten();
            posts.any(|own| {
                let is_it = own.network == *network && own.id == post;
                let author = self.world.person(network, &own.author);
                let is_scored = self.vertices.contains(&(network.clone(), author));
                let is_past = own.at < self.world.cutoff && age(self.world, own.at) < window;
                is_it && is_scored && is_past && own.kind.as_deref() != Some("repost")
            })
        };
        let own: Vec<Reaction<'_>> = counted()
            .filter(|act| act.target == *person)
            .map(|act| Reaction {
                actor: &act.actor,
                minutes: act.minutes,
                credit: act.credit,
                post: act.post.filter(|post| act.age < window && is_read(post)),
            })
            .collect();
        let covered = self.covered_minutes(network);
        let measures = history_oracle::measures(&self.method, &own, &last_acts, covered);
        measures.into_iter().map(|(name, value)| (name, json!(value))).collect()
    }

    /// The measures of one vertex; percentiles are taken among the ranks given.
    fn measures(&self, vertex: &Vertex, ranks: &BTreeMap<&str, f64>) -> BTreeMap<&str, Value> {
        let (network, person) = vertex;
        let to: Vec<&Act> =
            self.acts.iter().filter(|a| a.network == network && a.target == *person).collect();
        let by: Vec<&Act> =
            self.acts.iter().filter(|a| a.network == network && a.actor == *person).collect();
        let recent = |acts: &[&Act], days: i64| -> usize {
            acts.iter().filter(|a| a.age < days * 24).count()
        };
        let reactions = |days: i64| -> Vec<&str> {
            let recent = to.iter().filter(|a| a.reaction && a.age < days * 24);
            recent.map(|a| a.actor.as_str()).collect()
        };
        let distinct = |people: &[&str]| people.iter().collect::<BTreeSet<_>>().len();
        let latest = |actor: &str| {
            let ages = to.iter().filter(|a| a.reaction && a.actor == actor).map(|a| a.age);
            let half_life = f64::from(self.method.attention.half_life_hours);
            // In the same fixed-point units as attention.
            ((-(ages.min().unwrap() as f64) / half_life).exp2() * ONE).round()
        };
        let reactors: BTreeSet<&str> = reactions(90).into_iter().collect();
        let all_reactors: BTreeSet<&str> =
            to.iter().filter(|a| a.reaction).map(|a| a.actor.as_str()).collect();
        let counts = reactors
            .iter()
            .map(|actor| reactions(90).iter().filter(|a| *a == actor).count() as f64);
        let squares: f64 = counts.map(|c| c * c).sum();
        let audience: BTreeSet<&str> =
            to.iter().filter(|a| a.age < 2160).map(|a| a.actor.as_str()).collect();
        let engaged: BTreeSet<&str> =
            by.iter().filter(|a| a.age < 2160).map(|a| a.target.as_str()).collect();
        let received = self.received(vertex);
        let attention: f64 = received.values().sum();
        // Equal places differ by rounding: ranks are compared at 32 bits.
        let place = |rank: &f64| f64::from(*rank as f32);
        let percentile = |person: &str| mid_rank(ranks.values().map(place), place(&ranks[person]));
        let sentiments: Vec<f64> =
            to.iter().filter(|a| a.reaction && a.age < 2160).filter_map(|a| a.sentiment).collect();
        let negative = sentiments.iter().filter(|s| **s < 0.0).count();
        let mutual = audience.intersection(&engaged).count();
        let posts = self.posts.get(vertex).map_or(&[][..], Vec::as_slice);
        let count =
            |f: &dyn Fn(&[PostStats]) -> usize| json!(self.world.posts.as_ref().map(|_| f(posts)));
        let per_post = |f: fn(&PostStats) -> usize| {
            json!(ratio(posts.iter().map(f).sum::<usize>() as f64, posts.len() as f64))
        };
        let with_trusted = |posts: &[&PostStats]| posts.iter().filter(|p| p.trusted() > 0).count();
        let of_network = self.posts.iter().filter(|((n, person), _)| {
            n == network && self.vertices.contains(&(n.clone(), person.clone()))
        });
        let of_network: Vec<&PostStats> = of_network.flat_map(|(_, posts)| posts).collect();
        let p = with_trusted(&of_network) as f64 / of_network.len() as f64;
        let s = self.method.amplification.prior_posts;
        let posts_with_trusted = posts.iter().filter(|p| p.trusted() > 0).count();
        let amplification = 100.0 * (posts_with_trusted as f64 + s * p) / (posts.len() as f64 + s);
        let none = BTreeMap::new();
        let passed_on = self.passed_on.get(vertex).unwrap_or(&none);
        let credit = |actor: &str| to.iter().find(|act| act.actor == actor).unwrap().credit;
        let units = |credit: i128| credit as f64 / UNITS as f64;
        // Distinct people by credit, and reactions.
        let credited = |people: &BTreeSet<&str>| {
            let credited = units(people.iter().map(|actor| credit(actor)).sum());
            json!(with_rest(credited, people.len() as f64))
        };
        let credited_of = |days: i64| credited(&reactions(days).into_iter().collect());
        let credited_reactions =
            |days: i64| json!(units(reactions(days).into_iter().map(credit).sum()));
        let decayed = all_reactors.iter().map(|actor| latest(actor)).sum::<f64>() / ONE;
        let decayed_units = |actor: &&str| credit(actor) * latest(actor) as i128 / UNITS;
        let credited_decayed = all_reactors.iter().map(decayed_units).sum::<i128>() as f64 / ONE;
        let trusted_audience: BTreeSet<&str> = to
            .iter()
            .filter(|act| act.is_trusted() && act.age < 2160)
            .map(|act| act.actor.as_str())
            .collect();
        let max_reactions = reactors
            .iter()
            .map(|actor| reactions(90).iter().filter(|a| *a == actor).count())
            .max()
            .unwrap_or(0);
        BTreeMap::from([
            ("reactors_7d", json!(distinct(&reactions(7)))),
            ("reactors_30d", json!(distinct(&reactions(30)))),
            ("reactors_90d", json!(reactors.len())),
            ("reactors_window", json!(all_reactors.len())),
            ("reactors_decayed", json!(decayed)),
            (
                "effective_reactors",
                json!(ratio((reactions(90).len() as f64).powi(2), squares).unwrap_or(0.0)),
            ),
            ("reactions_30d", json!(reactions(30).len())),
            ("reactions_90d", json!(reactions(90).len())),
            ("audience_90d", json!(audience.len())),
            ("attention_received", json!(attention)),
            (
                "attention_shares",
                json!(received.iter().map(|(a, w)| w / self.given(network, a)).sum::<f64>()),
            ),
            ("pagerank", json!(ranks[person.as_str()])),
            ("pagerank_percentile", json!(percentile(person))),
            (
                "audience_pagerank_percentile",
                json!(ratio(received.iter().map(|(a, w)| w * percentile(a)).sum(), attention)),
            ),
            ("posts_90d", count(&<[PostStats]>::len)),
            ("posts_30d", count(&|posts| posts.iter().filter(|p| p.age < 720).count())),
            (
                "posts_with_reaction_90d",
                count(&|posts| posts.iter().filter(|p| !p.reactors.is_empty()).count()),
            ),
            (
                "posts_with_trusted_reaction_90d",
                count(&|posts| posts.iter().filter(|p| p.trusted() > 0).count()),
            ),
            ("amplification", json!((!posts.is_empty()).then_some(amplification))),
            ("reactors_per_post", per_post(|p| p.reactors.len())),
            ("trusted_reactors_per_post", per_post(PostStats::trusted)),
            ("reactions_per_post", per_post(|p| p.reactions)),
            ("h_index", count(&|posts| h_index(posts.iter().map(|p| p.reactors.len()).collect()))),
            (
                "trusted_h_index",
                count(&|posts| h_index(posts.iter().map(PostStats::trusted).collect())),
            ),
            ("repost_reach_90d", count(&|_| passed_on.len())),
            ("onward_reach_90d", count(&|_| passed_on.values().filter(|onward| **onward).count())),
            ("credited_reactors_7d", credited_of(7)),
            ("credited_reactors_30d", credited_of(30)),
            ("credited_reactors_90d", credited_of(90)),
            ("credited_reactors_window", credited(&all_reactors)),
            ("credited_reactors_decayed", json!(with_rest(credited_decayed, decayed))),
            ("credited_reactions_30d", credited_reactions(30)),
            ("credited_reactions_90d", credited_reactions(90)),
            ("trusted_audience_90d", json!(trusted_audience.len())),
            ("concentration", json!(ratio(max_reactions as f64, reactions(90).len() as f64))),
            ("burstiness", burstiness(&to)),
            ("vouches", json!(self.trust.vouches(vertex))),
            ("credit", json!(units(self.trust.credit(vertex)))),
            ("is_trusted", json!(i64::from(self.trust.is_trusted(vertex)))),
            ("interactions_made_90d", json!(recent(&by, 90))),
            ("people_engaged_90d", json!(engaged.len())),
            ("reciprocity", json!(ratio(mutual as f64, audience.len() as f64))),
            ("negative_share", json!(ratio(negative as f64, sentiments.len() as f64))),
        ])
    }

    /// Follows on `network` with their earliest known beginning in hours: (followee, follower).
    fn follows(&self, network: &str) -> BTreeMap<(String, String), Option<i64>> {
        let mut follows: BTreeMap<(String, String), Option<i64>> = BTreeMap::new();
        for follow in self.world.started_follows().filter(|follow| follow.network == network) {
            let person = |id: &String| self.world.person(network, id);
            let (followee, follower) = (person(&follow.followee), person(&follow.follower));
            let is_vertex = |p: &String| self.vertices.contains(&(network.to_owned(), p.clone()));
            if followee != follower && is_vertex(&followee) && is_vertex(&follower) {
                let since = follow.since.map(|at| age(self.world, at));
                let known = follows.entry((followee, follower)).or_default();
                *known = (*known).max(since);
            }
        }
        follows
    }

    /// The minute of the last interaction with each person, or the hour of the last follow.
    fn data_until(&self) -> BTreeMap<String, i64> {
        let reached = self.past.iter().map(|act| (act.target.clone(), act.minutes));
        let follows = self.networks().into_iter().flat_map(|network| self.follows(network));
        let follows = follows.filter_map(|((followee, _), since)| Some((followee, since?)));
        let mut until: BTreeMap<String, i64> = BTreeMap::new();
        for (person, minutes) in reached.chain(follows.map(|(who, hours)| (who, 60 * hours + 59))) {
            let at = self.world.cutoff - (minutes + 1) * HOUR / 60;
            let latest = until.entry(person).or_insert(at);
            *latest = (*latest).max(at);
        }
        until
    }

    fn follow_ranks(&self, network: &str) -> BTreeMap<&str, f64> {
        let (people, follows) = (self.people_of(network), self.follows(network));
        let (n, d) = (people.len() as f64, self.method.rank.damping);
        let out = |p: &str| follows.keys().filter(|(_, follower)| follower == p).count() as f64;
        let out: BTreeMap<&str, f64> = people.iter().map(|p| (*p, out(p))).collect();
        let mut ranks: BTreeMap<&str, f64> = people.iter().map(|p| (*p, 1.0 / n)).collect();
        for _ in 0..400 {
            let dangling: f64 = people.iter().filter(|p| out[*p] == 0.0).map(|p| ranks[p]).sum();
            let pulled = |p: &&str| {
                let followers = follows.keys().filter(|(followee, _)| followee == p);
                let sum: f64 = followers.map(|(_, by)| ranks[by.as_str()] / out[by.as_str()]).sum();
                (1.0 - d) / n + d * (sum + dangling / n)
            };
            ranks = people.iter().map(|p| (*p, pulled(p))).collect();
        }
        ranks
    }

    /// The measures of one vertex that follow from follows, accounts and who gives attention.
    fn further_measures(
        &self,
        vertex: &Vertex,
        ranks: &BTreeMap<&str, f64>,
    ) -> BTreeMap<&str, Value> {
        let (network, person) = vertex;
        let stated = |of: fn(&Account) -> Option<i64>, person: &str| -> Vec<i64> {
            let accounts = self.world.accounts.iter().flatten();
            let accounts = accounts
                .filter(|a| a.network == *network && self.world.person(network, &a.id) == person);
            // An account that is given twice is one.
            let values: BTreeMap<&String, Option<i64>> = accounts.map(|a| (&a.id, of(a))).collect();
            values.into_values().flatten().collect()
        };
        let sum = |values: Vec<i64>| (!values.is_empty()).then(|| values.iter().sum::<i64>());
        let created = stated(|a| a.created, person);
        let created = created.into_iter().filter(|at| *at < self.world.cutoff);
        let opened = created.map(|at| age(self.world, at) / 24).max();
        let follows = self.follows(network);
        let incoming = || follows.iter().filter(|((followee, _), _)| followee == person);
        let is_trusted = |by: &str| {
            let by = (network.clone(), by.to_owned());
            2 * self.trust.credit_in_audience(&by, person) >= UNITS
        };
        let trusted = incoming().filter(|((_, by), _)| is_trusted(by));
        let gained =
            |days: i64| incoming().filter(|(_, s)| s.is_some_and(|h| h < 24 * days)).count();
        let count = |n: usize| json!(self.world.follows.as_ref().map(|_| n));
        let follow_rank =
            self.world.follows.as_ref().map(|_| self.follow_ranks(network)[person.as_str()]);
        let received = self.received(vertex);
        let (mut followers, mut weights) = (0.0, 0.0);
        for (actor, weight) in &received {
            if let Some(known) = sum(stated(|a| a.followers, actor)) {
                followers += weight * known as f64;
                weights += weight;
            }
        }
        let d = self.method.rank.damping;
        let given = |p: &str| self.given(network, p);
        let dangling: f64 =
            ranks.iter().filter(|(p, _)| given(p) == 0.0).map(|(_, rank)| rank).sum();
        let back = received.iter().map(|(actor, attention)| {
            let back = self.received(&(network.clone(), (*actor).to_owned()));
            let returned = back.get(person.as_str()).copied().unwrap_or(0.0);
            attention / given(actor) * if returned > 0.0 { returned / given(person) } else { 0.0 }
        });
        let returns = d * d * back.sum::<f64>();
        let hitting = ranks[person.as_str()] / (1.0 - d + d * dangling) * (1.0 - returns);
        BTreeMap::from([
            ("followers", count(incoming().count())),
            ("trusted_followers", count(trusted.count())),
            ("follows_gained_30d", count(gained(30))),
            ("follows_gained_90d", count(gained(90))),
            ("follow_pagerank", json!(follow_rank)),
            ("endorsers", json!(0)),
            ("credited_endorsers", json!(0.0)),
            ("followers_count", json!(sum(stated(|a| a.followers, person)))),
            ("listed_count", json!(sum(stated(|a| a.listed, person)))),
            ("account_age_days", json!(opened)),
            ("audience_followers", json!(ratio(followers, weights))),
            ("hitting_probability", json!(hitting.min(1.0))),
        ])
    }

    /// (network, influencer, influenced) → attention and its two shares, of the edges to keep.
    fn edges(&self) -> BTreeMap<Vec<String>, [f64; 3]> {
        let mut all: Vec<(&str, &str, &str, f64)> = Vec::new();
        for ((network, target), actors) in &self.attention {
            all.extend(
                actors.iter().map(|(a, w)| (network.as_str(), target.as_str(), a.as_str(), *w)),
            );
        }
        let top = self.world.top as usize;
        let mut kept = BTreeMap::new();
        for &(network, target, actor, attention) in &all {
            let on_network = || all.iter().filter(|e| e.0 == network);
            // Of equally strong edges the smaller id goes first.
            let stronger =
                |other: f64, before: bool| other > attention || other == attention && before;
            let of_target =
                on_network().filter(|e| e.1 == target && stronger(e.3, e.2 < actor)).count();
            let of_actor =
                on_network().filter(|e| e.2 == actor && stronger(e.3, e.1 < target)).count();
            if of_target < top || of_actor < top {
                let given = attention / self.given(network, actor);
                let received = on_network().filter(|e| e.1 == target).map(|e| e.3).sum::<f64>();
                let key = [network, target, actor].map(str::to_owned).into();
                kept.insert(key, [attention, given, attention / received]);
            }
        }
        kept
    }

    /// Who reacted to a vertex within so many days, and their credit in its audience.
    fn reactors(&self, vertex: &Vertex, days: i64) -> BTreeMap<&str, i128> {
        let to = self.acts.iter().filter(|a| a.network == vertex.0 && a.target == vertex.1);
        let recent = to.filter(|a| a.reaction && a.age < 24 * days);
        recent.map(|a| (a.actor.as_str(), a.credit)).collect()
    }

    /// What to look at in the audience of a vertex: but for `shared_audience`, which is found by chance.
    fn audience_flags(&self, vertex: &Vertex) -> Vec<&'static str> {
        let [week, recent] = [7, 90].map(|days| self.reactors(vertex, days));
        let credited: i128 = recent.values().sum();
        let ends = |(network, one): &Vertex, by: bool| -> BTreeSet<&str> {
            let acts = self.acts.iter().filter(|a| a.network == network && a.age < 2160);
            let of = acts.filter(|a| if by { a.actor == *one } else { a.target == *one });
            of.map(|a| if by { a.target.as_str() } else { a.actor.as_str() }).collect()
        };
        let (audience, engaged) = (ends(vertex, false), ends(vertex, true));
        let mutual = audience.intersection(&engaged).count();
        let flags = [
            ("burst", recent.len() >= 10 && 2 * week.len() >= recent.len()),
            ("mutual_audience", audience.len() >= 5 && 2 * mutual >= audience.len()),
            (
                "uncredited_audience",
                recent.len() >= 5 && 2 * credited <= recent.len() as i128 * UNITS,
            ),
        ];
        flags.into_iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag).collect()
    }

    /// Whether four of five people who reacted to one of the vertices did so to another one of its network too.
    fn shares_an_audience(&self, person: &str) -> bool {
        let of_person = self.vertices.iter().filter(|(_, id)| id == person);
        of_person.into_iter().any(|vertex| {
            let others = self.vertices.iter().filter(|other| *other != vertex);
            let mine = self.reactors(vertex, 90);
            others.into_iter().any(|other| {
                let theirs = self.reactors(other, 90);
                let both = mine.keys().filter(|actor| theirs.contains_key(*actor)).count();
                let all = mine.len() + theirs.len() - both;
                other.0 == vertex.0 && both >= 4 && 5 * both >= 4 * all
            })
        })
    }

    /// The score columns of one person, from the measures of its networks.
    fn scores(
        &self,
        profile: &Profile,
        of: &[(Vertex, BTreeMap<&str, Value>)],
    ) -> BTreeMap<&str, Value> {
        let number = |m: &BTreeMap<&str, Value>, name: &str| m[name].as_f64().unwrap_or(0.0);
        let sum = |name: &str| of.iter().map(|(_, m)| number(m, name)).sum::<f64>();
        let mean = |name: &str, weight: &str| {
            let defined = of.iter().filter(|(_, m)| !m[name].is_null());
            let (mut products, mut weights) = (0.0, 0.0);
            for (_, m) in defined {
                products += number(m, name) * number(m, weight);
                weights += number(m, weight);
            }
            json!(ratio(products, weights))
        };
        let of_networks: Vec<f64> =
            of.iter().map(|(vertex, m)| profile.expected(&vertex.0, m)).collect();
        let expected: f64 = of_networks.iter().sum();
        let Forecast { overdispersion, overdispersion_power, .. } = profile.forecast;
        let excess = of_networks.iter().map(|y| overdispersion * y.powf(overdispersion_power));
        let [low, high] = quantiles(expected, excess.sum(), [0.05, 0.95]);
        let (mut known, mut negative) = (0, 0);
        for ((network, person), _) in of {
            for act in self.acts.iter().filter(|a| a.network == network && a.target == *person) {
                if let (true, Some(sentiment)) = (act.reaction && act.age < 2160, act.sentiment) {
                    known += 1;
                    negative += i32::from(sentiment < 0.0);
                }
            }
        }
        let mut flags = Vec::new();
        flags.extend((!profile.fitted).then_some("method_not_fitted"));
        let outside = of.iter().any(|(_, m)| {
            let mut terms = profile.forecast.terms.iter();
            terms.any(|t| t.highest.is_some_and(|highest| number(m, &t.measure) > highest))
        });
        flags.extend(outside.then_some("outside_range"));
        flags.extend((sum("reactors_90d") < 5.0).then_some("thin_evidence"));
        let everybody = of.iter().any(|((network, _), _)| self.trust.counts_everybody(network));
        flags.extend(everybody.then_some("trust_none"));
        let counted = profile.forecast.terms.iter().filter(|term| term.coefficient != 0.0);
        let is_open = |name: &str| {
            !["credited", "trusted", "measure"].contains(&name.split('_').next().unwrap())
        };
        let is_untrusted = counted.clone().any(|term| is_open(&term.measure))
            && of.iter().any(|((network, _), _)| !self.trust.counts_everybody(network));
        flags.extend(is_untrusted.then_some("untrusted_measures"));
        let is_short = of.iter().any(|((network, _), _)| {
            self.covered_minutes(network) < 60 * i64::from(profile.forecast.horizon_hours)
        });
        flags.extend(is_short.then_some("short_history"));
        let exceeds = of.iter().zip(&of_networks).any(|(((network, _), _), forecast)| {
            *forecast > self.people_of(network).len() as f64 - 1.0
        });
        flags.extend(exceeds.then_some("exceeds_network"));
        let audiences = of.iter().flat_map(|(vertex, _)| self.audience_flags(vertex));
        flags.extend(audiences.collect::<BTreeSet<_>>());
        flags.sort_unstable();
        BTreeMap::from([
            ("expected_reactors", json!(expected)),
            ("score", json!(points(expected))),
            ("score_low", json!(points(low.min(expected)))),
            ("score_high", json!(points(high.max(expected)))),
            ("true_reach", json!(sum("trusted_audience_90d"))),
            ("amplification", mean("amplification", "posts_90d")),
            ("network_score", mean("audience_pagerank_percentile", "attention_received")),
            ("negative_share", json!(ratio(f64::from(negative), f64::from(known)))),
            ("flags", json!(flags)),
            ("profile", json!(profile.name)),
            ("method_version", json!(profile.method_version)),
        ])
    }
}

/// The first counts to which a negative binomial distribution with this mean and this variance beyond it has at least
/// these shares.
fn quantiles(mean: f64, excess: f64, shares: [f64; 2]) -> [f64; 2] {
    // ln P(0) and ln P(j + 1)/P(j): P(0) itself is below what a number can hold where many are expected.
    let (odds, shape) = (excess / mean, mean * mean / excess);
    let mut term = if odds < 1e-12 { -mean } else { -shape * odds.ln_1p() };
    let (mut count, mut below) = (0.0, term.exp());
    shares.map(|share| {
        while below < share {
            term += ((mean + odds * count) / ((1.0 + odds) * (count + 1.0))).ln();
            count += 1.0;
            below += term.exp();
            assert!(count < 1e9, "no quantile: mean {mean}, excess {excess}, {below}");
        }
        count
    })
}

/// min(100, 1 + 10 · log₅(1 + ŷ)).
fn points(expected: f64) -> f64 {
    (1.0 + 10.0 * expected.ln_1p() / 5f64.ln()).min(100.0)
}

impl Profile {
    /// ln ŷ without its terms.
    fn level(&self, network: &str) -> f64 {
        self.forecast.levels.get(network).copied().unwrap_or(0.0)
    }

    /// ŷ of a person with these measures.
    fn expected(&self, network: &str, measures: &BTreeMap<&str, Value>) -> f64 {
        let value = |name: &str| measures[name].as_f64().unwrap_or(0.0);
        let terms = self.forecast.terms.iter();
        let terms = terms.map(|t| t.coefficient * (1.0 + value(&t.measure) / t.offset).ln());
        (self.forecast.intercept + self.level(network) + terms.sum::<f64>()).exp()
    }

    /// (network, measure) → value, reference value and points.
    fn contributions(
        &self,
        of: &[(Vertex, BTreeMap<&str, Value>)],
    ) -> BTreeMap<[String; 2], (Option<f64>, Option<f64>, f64)> {
        let phi = |t: &renown::method::Term, x: f64| (1.0 + x / t.offset).ln();
        let terms = self.forecast.terms.iter();
        let ln_reference = terms.map(|t| t.coefficient * phi(t, t.reference)).sum::<f64>();
        let reference = (self.forecast.intercept + ln_reference).exp();
        let each: Vec<f64> = of.iter().map(|((n, _), m)| self.expected(n, m)).collect();
        let all: f64 = each.iter().sum();
        // A slope within the rounding of the two scores is the derivative.
        let slope = if (all - reference).abs() < 1e-6 * reference && all < 8e6 {
            10.0 / 5f64.ln() / (1.0 + (all + reference) / 2.0)
        } else {
            (points(all) - points(reference)) / (all - reference)
        };
        let largest = (0..each.len()).rev().max_by(|a, b| each[*a].total_cmp(&each[*b])).unwrap();
        let mut rows = BTreeMap::new();
        let key = |network: &str, name: &str| [network.to_owned(), name.to_owned()];
        rows.insert(key("", "reference"), (None, None, points(reference)));
        for (at, ((network, _), measures)) in of.iter().enumerate() {
            if at != largest {
                rows.insert(key(network, "joined"), (None, None, slope * each[at]));
                continue;
            }
            let mean = match (each[at] / reference).ln() {
                apart if apart.abs() < 1e-6 => (each[at] + reference) / 2.0,
                apart => (each[at] - reference) / apart,
            };
            let level = self.level(network);
            if level != 0.0 {
                rows.insert(key(network, "level"), (None, None, slope * mean * level));
            }
            for t in &self.forecast.terms {
                let value = measures[t.measure.as_str()].as_f64().unwrap_or(0.0);
                let moved = t.coefficient * (phi(t, value) - phi(t, t.reference));
                let row = (Some(value), Some(t.reference), slope * mean * moved);
                rows.insert(key(network, &t.measure), row);
            }
        }
        rows
    }
}

impl PostStats {
    fn trusted(&self) -> usize {
        self.reactors.values().filter(|trusted| **trusted).count()
    }
}

fn h_index(counts: Vec<usize>) -> usize {
    let at_least = |h: usize| counts.iter().filter(|n| **n >= h).count();
    (0..=counts.len()).rev().find(|h| at_least(*h) >= *h).unwrap()
}

/// (σ − μ) / (σ + μ) of the whole hours between reactions of 90 days.
fn burstiness(to: &[&Act<'_>]) -> Value {
    let mut ages: Vec<i64> =
        to.iter().filter(|a| a.reaction && a.age < 2160).map(|a| a.age).collect();
    ages.sort_unstable();
    let gaps: Vec<f64> = ages.windows(2).map(|two| (two[1] - two[0]) as f64).collect();
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    if gaps.len() < 2 || mean == 0.0 {
        return Value::Null;
    }
    let deviation = (gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / n).sqrt();
    json!((deviation - mean) / (deviation + mean))
}

/// The standard profile and those that the job names.
fn profiles(world: &World, method: &Method) -> Vec<Profile> {
    let mut all = vec![Profile {
        name: "standard".into(),
        method_version: method.version.clone(),
        fitted: method.fitted,
        forecast: method.forecast.clone(),
    }];
    let sections: toml::Table = toml::from_str(&world.profiles).unwrap();
    for section in sections.get("profile").into_iter().flat_map(|all| all.as_array().unwrap()) {
        let file = section.get("method").map(|file| file.as_str().unwrap());
        let base = file.map(|file| {
            let (_, text) = world.extra_files.iter().find(|(name, _)| *name == file).unwrap();
            Method::parse(file, text).unwrap()
        });
        let base = base.as_ref().unwrap_or(method);
        let weights = section.get("weights");
        let number = |w: &toml::Value| w.as_float().or(w.as_integer().map(|w| w as f64)).unwrap();
        let weight = |name: &str| weights.and_then(|w| w.get(name)).map(number);
        let mut forecast = base.forecast.clone();
        for term in &mut forecast.terms {
            let factor = weight(&term.measure).or(weight(&family(&term.measure)));
            term.coefficient *= factor.unwrap_or(1.0);
        }
        if weights.is_some() {
            // The same sum of coefficients, and the same forecast for the reference person.
            let all = |f: &Forecast| f.terms.iter().map(|t| t.coefficient.abs()).sum::<f64>();
            let (before, after) = (all(&base.forecast), all(&forecast));
            for (term, base) in forecast.terms.iter_mut().zip(&base.forecast.terms) {
                term.coefficient *= before / after;
                let moved = base.coefficient - term.coefficient;
                forecast.intercept += moved * (term.reference / term.offset).ln_1p();
            }
        }
        all.push(Profile {
            name: section["name"].as_str().unwrap().into(),
            method_version: base.version.clone(),
            fitted: base.fitted && weights.is_none(),
            forecast,
        });
    }
    all
}

/// (network, author) → who reposted a post of theirs within 90 days, and whether from another reposter.
fn passed_on(
    world: &World,
    vertices: &BTreeSet<Vertex>,
    since: i64,
) -> BTreeMap<Vertex, BTreeMap<String, bool>> {
    let hours = i64::from(Method::parse("method", &world.method).unwrap().attention.window_hours);
    let read = world.cutoff - hours.max(2160) * HOUR..world.cutoff;
    let vertex = |post: &Post| (post.network.clone(), world.person(&post.network, &post.author));
    let known = world.posts.iter().flatten();
    let known = known.filter(|p| read.contains(&p.at) && vertices.contains(&vertex(p)));
    let known: BTreeMap<(&str, &str), &Post> =
        known.map(|post| ((&*post.network, &*post.id), post)).collect();
    let is_repost = |post: &Post| post.kind.as_deref() == Some("repost");
    let above = |post: &Post| known.get(&(&*post.network, post.parent.as_deref()?)).copied();
    let mut all: BTreeMap<Vertex, BTreeMap<String, bool>> = BTreeMap::new();
    let recent = known
        .values()
        .filter(|post| is_repost(post) && (since..2160).contains(&age(world, post.at)));
    for repost in recent {
        // A circular chain has no root.
        let (mut seen, mut steps) = (BTreeSet::new(), 0);
        let mut root = Some(*repost);
        while let Some(post) = root.filter(|post| is_repost(post)) {
            root = above(post).filter(|_| seen.insert(&post.id));
            steps += 1;
        }
        let Some(root) = root else { continue };
        let by = vertex(repost).1;
        if vertex(root).1 != by {
            let of_another = above(repost).is_some_and(|passed| vertex(passed).1 != by);
            let onward = steps > 1 && of_another;
            *all.entry(vertex(root)).or_default().entry(by).or_default() |= onward;
        }
    }
    all
}

impl Oracle<'_> {
    /// How a person takes part; `interests` are the published topics of the person.
    fn style(&self, person: &str, interests: &[Row]) -> BTreeMap<&'static str, Value> {
        let week = |age: i64| age / (7 * 24);
        let posts = self.world.posts.iter().flatten().filter(|post| {
            let recent = post.at < self.world.cutoff && age(self.world, post.at) < 2160;
            let vertex = (post.network.clone(), self.world.person(&post.network, &post.author));
            recent && vertex.1 == person && self.vertices.contains(&vertex)
        });
        // A post that is given twice is one.
        let posts: BTreeMap<_, _> = posts.map(|post| ((&post.network, &post.id), post)).collect();
        let original = posts.values().filter(|post| post.kind.as_deref() != Some("repost")).count();
        let made = self.acts.iter().filter(|act| act.actor == person && act.age < 2160);
        let weeks = posts.values().map(|post| week(age(self.world, post.at)));
        let weeks: BTreeSet<i64> = weeks.chain(made.clone().map(|act| week(act.age))).collect();
        let shares = interests.iter().filter(|row| row["person_id"] == person);
        let shares: Vec<f64> = shares.map(|row| row["expressed_share"].as_f64().unwrap()).collect();
        let names =
            ["style", "creating_share", "topic_entropy", "interactions_made", "weeks_active"];
        if posts.is_empty() || shares.is_empty() {
            return names.map(|name| (name, Value::Null)).into();
        }
        let (all, made) = (shares.iter().sum::<f64>(), made.count());
        let entropy: f64 = shares.iter().map(|share| share / all).map(|p| -p * p.ln()).sum();
        let creating = original as f64 / posts.len() as f64;
        let rule = &self.method.style;
        let name = match (
            creating >= rule.creating,
            // Of several equal topics the entropy is rounded.
            entropy <= rule.entropy,
            made >= rule.interactions as usize,
            weeks.len() >= rule.weeks as usize,
        ) {
            (false, false, false, false) => "observer",
            (false, false, false, true) => "curator",
            (false, false, true, false) => "socializer",
            (false, false, true, true) => "taste maker",
            (false, true, false, false) => "syndicator",
            (false, true, false, true) => "feeder",
            (false, true, true, false) => "networker",
            (false, true, true, true) => "activist",
            (true, false, false, false) => "dabbler",
            (true, false, false, true) => "broadcaster",
            (true, false, true, false) => "explorer",
            (true, false, true, true) => "celebrity",
            (true, true, false, false) => "specialist",
            (true, true, false, true) => "pundit",
            (true, true, true, false) => "conversationalist",
            (true, true, true, true) => "thought leader",
        };
        let values = [
            json!(name),
            json!(creating),
            json!(entropy.max(0.0)),
            json!(made),
            json!(weeks.len()),
        ];
        names.into_iter().zip(values).collect()
    }
}

/// (network, author) → original posts of the last 90 days.
fn posts(
    world: &World,
    acts: &[Act<'_>],
    trust: &Trust,
    since: i64,
) -> BTreeMap<Vertex, Vec<PostStats>> {
    let mut by_post: BTreeMap<(&str, &str), (String, PostStats)> = BTreeMap::new();
    for post in world.posts.iter().flatten() {
        let recent = post.at < world.cutoff && (since..2160).contains(&age(world, post.at));
        if recent && post.kind.as_deref() != Some("repost") {
            let author = world.person(&post.network, &post.author);
            let stats = PostStats { age: age(world, post.at), ..PostStats::default() };
            by_post.insert((&post.network, &post.id), (author, stats));
        }
    }
    for act in acts.iter().filter(|act| act.reaction) {
        let post = act.post.and_then(|post| by_post.get_mut(&(act.network, post)));
        if let Some((author, stats)) = post.filter(|(author, _)| *author != act.actor) {
            // Who reacted to somebody else about the post is in the audience of its author.
            let actor = (act.network.to_owned(), act.actor.clone());
            let trusted = 2 * trust.credit_in_audience(&actor, author) >= UNITS;
            stats.reactors.insert(act.actor.clone(), trusted);
            stats.reactions += 1;
        }
    }
    let mut of_authors: BTreeMap<Vertex, Vec<PostStats>> = BTreeMap::new();
    for ((network, _), (author, stats)) in by_post {
        of_authors.entry((network.to_owned(), author)).or_default().push(stats);
    }
    of_authors
}

/// Causes of the changes from the standard scores published for `then` to those of `now`: (person, cause) → points. People
/// without a score then are left out.
pub fn causes(
    then: &World,
    published: &Published,
    now: &World,
) -> BTreeMap<(String, &'static str), f64> {
    let since = (now.cutoff - then.cutoff) / HOUR;
    let (old, new) = (Oracle::of(then).method, Oracle::after(now, Some(published)));
    let standard = &new.profiles[0];
    let score = |of: &Oracle<'_>, person: &str| {
        let vertices = of.vertices.iter().filter(|(_, id)| id == person);
        let expected = vertices.map(|vertex| {
            let ranks = of.people_of(&vertex.0).into_iter().map(|p| (p, 1.0)).collect();
            standard.expected(&vertex.0, &of.measures(vertex, &ranks))
        });
        points(expected.sum())
    };
    // With the vouches of `then`, and without the posts and interactions of the last so many hours.
    let vouches = published.tables["measures"].iter().filter_map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        Some(((text("network"), text("person_id")), row["vouches"].as_f64()?))
    });
    let trust = new.trust.with_vouches(vouches.collect());
    let step = |posted: i64, acted: i64| {
        let mut step = Oracle::after(now, Some(published));
        step.acts.retain(|act| act.age >= acted);
        set_credit(&mut step.acts, &trust);
        step.posts = posts(now, &step.acts, &trust, posted);
        step.passed_on = passed_on(now, &step.vertices, acted);
        step
    };
    let (aged, posted, reacted) = (step(since, since), step(0, since), step(0, 0));
    let same = [
        old.attention == new.method.attention,
        old.kinds == new.method.kinds,
        old.trust == new.method.trust,
        old.rank == new.method.rank,
        old.amplification == new.method.amplification,
    ];
    let mut all = BTreeMap::new();
    for row in published.tables["scores"].iter().filter(|row| row["profile"] == "standard") {
        let person = row["person_id"].as_str().unwrap();
        if !new.persons.contains_key(person) {
            continue;
        }
        let was = row["score"].as_f64().unwrap();
        let under_method = if same.contains(&false) {
            score(&aged, person)
        } else if old.forecast == new.method.forecast {
            was
        } else {
            let rows = published.tables["measures"].iter().filter(|row| row["person_id"] == person);
            let expected = rows.map(|row| {
                let known = row.iter().map(|(name, value)| (name.as_str(), value.clone()));
                standard.expected(row["network"].as_str().unwrap(), &known.collect())
            });
            points(expected.sum())
        };
        let [aged, posted, reacted, is] =
            [&aged, &posted, &reacted, &new].map(|step| score(step, person));
        for (cause, points) in [
            ("method", under_method - was),
            ("decay", aged - under_method),
            ("new_posts", posted - aged),
            ("audience", reacted - posted),
            ("trust_and_others", is - reacted),
        ] {
            all.insert((person.to_owned(), cause), points);
        }
    }
    all
}

fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn mid_rank(values: impl Iterator<Item = f64> + Clone, value: f64) -> f64 {
    let below = values.clone().filter(|other| *other < value).count() as f64;
    let ties = values.clone().filter(|other| *other == value).count() as f64;
    100.0 * (below + ties / 2.0) / values.count() as f64
}

/// Equal, but for numbers within 1e-9 of each other.
fn close(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()),
        _ => found == expected,
    }
}

fn assert_columns_agree(what: &str, found: &Row, expected: &BTreeMap<&str, Value>) {
    for (name, value) in expected {
        assert!(close(&found[*name], value), "{what}: {name} is {}, not {value}", found[*name]);
    }
}

/// Every column of a table but its key is in the oracle, so that no new one goes unchecked.
fn assert_all_columns_checked(table: &str, checked: impl Iterator<Item = String>) {
    let table = schema::table(Direction::Output, table).unwrap();
    let names: BTreeSet<_> = table.columns.iter().map(|c| c.name.clone()).collect();
    let checked: BTreeSet<_> =
        checked.chain(["snapshot_date", "run_id"].map(str::to_owned)).collect();
    assert_eq!(names, checked, "columns of {}", table.table);
}

fn assert_agrees(world: &World, published: &Published) {
    let oracle = Oracle::of(world);
    let measures = published.by("measures", &["network", "person_id"]);
    let keys: Vec<Vec<String>> =
        oracle.vertices.iter().map(|(n, p)| vec![n.clone(), p.clone()]).collect();
    assert_eq!(measures.keys().cloned().collect::<Vec<_>>(), keys);
    let mut of_person: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for network in oracle.networks() {
        let exact = oracle.ranks(network);
        let key = |person: &str| vec![network.to_owned(), person.to_owned()];
        let rank = |person: &str| measures[&key(person)]["pagerank"].as_f64().unwrap();
        let ranks: BTreeMap<&str, f64> = exact.keys().map(|p| (*p, rank(p))).collect();
        for (person, rank) in &ranks {
            assert!((rank - exact[person]).abs() <= 1e-9, "rank of {network} {person}");
            let vertex = (network.to_owned(), (*person).to_owned());
            let mut expected = oracle.measures(&vertex, &ranks);
            expected.extend(oracle.history(&vertex));
            expected.extend(oracle.further_measures(&vertex, &ranks));
            let follow_rank = &measures[&key(person)]["follow_pagerank"];
            if let (Some(found), Some(exact)) =
                (follow_rank.as_f64(), expected["follow_pagerank"].as_f64())
            {
                assert!((found - exact).abs() <= 1e-9, "follow rank of {network} {person}");
                expected.insert("follow_pagerank", follow_rank.clone());
            }
            assert_columns_agree(&format!("{network} {person}"), measures[&key(person)], &expected);
            let checked = expected.keys().copied().chain(["network", "person_id"]);
            assert_all_columns_checked("measures", checked.map(str::to_owned));
            of_person.entry(person).or_default().push((vertex, expected));
        }
    }

    let scores = published.by("scores", &["person_id", "profile"]);
    assert_eq!(published.people(), oracle.persons.keys().cloned().collect::<Vec<_>>());
    assert_eq!(scores.len(), oracle.persons.len() * oracle.profiles.len());
    let mut contributions: BTreeMap<[&str; 2], BTreeMap<[String; 2], &Row>> = BTreeMap::new();
    for row in &published.tables["contributions"] {
        let text = |name: &str| row[name].as_str().unwrap();
        let of_score = contributions.entry([text("person_id"), text("profile")]).or_default();
        let again = of_score.insert(["network", "measure"].map(|name| text(name).to_owned()), row);
        assert!(again.is_none(), "{row:?}");
    }
    let number = |row: &Row, name: &str| row[name].as_f64().unwrap();
    let data_until = oracle.data_until();
    for profile in &oracle.profiles {
        let score_of = |person: &str| scores[&vec![person.to_owned(), profile.name.clone()]];
        let rounded = |person: &str| (10.0 * number(score_of(person), "score")).round();
        let all: Vec<f64> = of_person.keys().map(|person| rounded(person)).collect();
        for (person, of) in &of_person {
            let what = format!("{person} by {}", profile.name);
            let (found, mut expected) = (score_of(person), oracle.scores(profile, of));
            let is_shared = |flag: &Value| *flag == "shared_audience";
            if found["flags"].as_array().unwrap().iter().any(is_shared) {
                assert!(oracle.shares_an_audience(person), "{what} shares no audience");
                let flags = expected.get_mut("flags").unwrap().as_array_mut().unwrap();
                flags.push("shared_audience".into());
                flags.sort_unstable_by_key(|flag| flag.as_str().unwrap().to_owned());
            }
            assert_columns_agree(&what, found, &expected);
            let percentile = mid_rank(all.iter().copied(), rounded(person));
            assert!(close(&found["percentile"], &json!(percentile)), "percentile of {what}");
            let score = number(found, "score");
            assert_eq!(found["change_1d"], Value::Null, "{what}");
            assert_eq!(found["data_until"], json!(data_until.get(*person)), "{what}");
            let style = oracle.style(person, &published.tables["topic_interests"]);
            assert_columns_agree(&what, found, &style);
            let others = ["percentile", "person_id", "change_1d", "data_until"];
            let checked = expected.keys().chain(style.keys()).copied().chain(others);
            assert_all_columns_checked("scores", checked.map(str::to_owned));

            let found = &contributions[&[*person, profile.name.as_str()]];
            let expected = profile.contributions(of);
            assert!(found.keys().eq(expected.keys()), "contributions of {what}");
            for (key, (value, reference, points)) in expected {
                let row = found[&key];
                assert!(close(&row["value"], &json!(value)), "{what}: {row:?}, not {value:?}");
                assert_eq!(row["reference_value"], json!(reference), "{what}: {row:?}");
                let off = (number(row, "points") - points).abs();
                assert!(off <= 1e-7 * points.abs().max(0.1), "{what}: {row:?}, not {points}");
            }
            let sum: f64 = found.values().map(|row| number(row, "points")).sum();
            assert!(
                (sum - score).abs() <= 1e-9,
                "contributions of {what} sum to {sum}, not {score}"
            );
        }
    }
    assert_eq!(contributions.len(), scores.len());
    assert!(published.tables["changes"].is_empty(), "there is no previous run");
    for (key, row) in published.by("people", &["person_id"]) {
        assert_person_agrees(world, &oracle, &key[0], row);
    }

    assert_accounts_agree(&oracle, published);

    let edges = published.by("influence_edges", &["network", "influencer_id", "influenced_id"]);
    let expected = oracle.edges();
    assert_eq!(edges.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, values) in expected {
        let shares = ["attention", "attention_share", "audience_share"];
        let values = shares.into_iter().zip(values.map(Value::from)).collect();
        assert_columns_agree(&format!("{key:?}"), edges[&key], &values);
    }
}

/// The accounts of a first night, and who is carried to the next one.
fn assert_accounts_agree(oracle: &Oracle<'_>, published: &Published) {
    let days = i64::from(oracle.world.day.to_epoch_days());
    let founded = days - i64::from(oracle.method.trust.tenure_hours / 24);
    let accounts = published.by("accounts", &["network", "account_id"]);
    let ids =
        oracle.persons.iter().flat_map(|(person, ids)| ids.iter().map(move |id| (id, person)));
    let ids: BTreeMap<Vec<String>, &String> =
        ids.map(|((n, id), person)| (vec![(*n).to_owned(), (*id).to_owned()], person)).collect();
    assert!(accounts.keys().eq(ids.keys()), "{:?}", accounts.keys());
    for (key, row) in accounts {
        let vertex = (key[0].clone(), ids[&key].clone());
        let is_founder = oracle.trust.known.contains_key(&vertex);
        let credit = oracle.trust.credit(&vertex);
        let begins = !is_founder && !oracle.trust.counts_everybody(&key[0]) && credit == UNITS;
        let expected = BTreeMap::from([
            ("handle", Value::Null),
            ("person_id", json!(vertex.1)),
            ("credit", json!(credit as f64 / UNITS as f64)),
            ("known_since", json!(is_founder.then_some(founded))),
            ("is_founder", json!(i64::from(is_founder))),
            ("full_credit_since", json!(begins.then_some(days))),
            ("full_credit_missed_days", json!(begins.then_some(0))),
        ]);
        assert_columns_agree(&format!("account {key:?}"), row, &expected);
        let checked = expected.keys().copied().chain(["network", "account_id"]);
        assert_all_columns_checked("accounts", checked.map(str::to_owned));
    }
}

fn assert_person_agrees(world: &World, oracle: &Oracle<'_>, person: &str, row: &Row) {
    let ids = &oracle.persons[person];
    let names: BTreeSet<String> = ids.iter().map(|(n, id)| format!("{n}:{id}")).collect();
    let found: BTreeSet<String> =
        row["accounts"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().into()).collect();
    assert_eq!(found, names, "accounts of {person}");
    let networks: BTreeSet<&str> = ids.iter().map(|(n, _)| *n).collect();
    let mut accounts: Vec<&Account> = world.accounts.iter().flatten().collect();
    accounts.retain(|a| ids.contains(&(&*a.network, &*a.id)));
    accounts.sort_by_key(|a| (&a.network, &a.id));
    let first = |text: fn(&Account) -> Option<&str>| {
        json!(accounts.iter().filter_map(|a| text(a)).find(|text| !text.is_empty()))
    };
    let automated = accounts.iter().any(|a| a.automated == Some(true));
    assert_columns_agree(
        person,
        row,
        &BTreeMap::from([
            ("networks", json!(networks)),
            ("display_name", first(|a| a.name.as_deref())),
            ("country", first(|a| a.country.as_deref())),
            ("flags", if automated { json!(["automated"]) } else { json!([]) }),
        ]),
    );
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite measures_oracle`.
#[tokio::test(flavor = "multi_thread")]
async fn random_worlds_agree_with_the_oracle_campaign() {
    for seed in cases(0, 10) {
        let world = world(&mut Rng::with_seed(seed));
        println!("seed {seed}");
        assert_agrees(&world, &world.run().await);
    }
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = cast(&batch[name], &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

fn times(batch: &RecordBatch, name: &str) -> Vec<i64> {
    batch[name].as_primitive::<TimestampMicrosecondType>().values().to_vec()
}

/// The inputs of the bundled sample, read from their files.
pub fn sample() -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs/sample");
    let table = |name: &str| read(&folder.join(format!("{name}.parquet")));
    let (mut accounts, mut posts, mut events) = (vec![], vec![], vec![]);
    for batch in table("accounts") {
        let column = |name| texts(&batch, name);
        let (networks, ids) = (column("network"), column("account_id"));
        let names = column("display_name");
        for (row, (network, id)) in networks.into_iter().zip(ids).enumerate() {
            let automated = batch["is_automated"].as_boolean();
            accounts.push(Account {
                name: names[row].clone(),
                automated: automated.is_valid(row).then(|| automated.value(row)),
                ..account(&network.unwrap(), &id.unwrap())
            });
        }
    }
    for batch in table("posts") {
        let [networks, ids, authors, kinds] =
            ["network", "post_id", "author_id", "kind"].map(|name| texts(&batch, name));
        for (row, at) in times(&batch, "created_at").into_iter().enumerate() {
            posts.push(Post {
                network: networks[row].clone().unwrap(),
                id: ids[row].clone().unwrap(),
                author: authors[row].clone().unwrap(),
                at,
                kind: kinds[row].clone(),
                ..Post::default()
            });
        }
    }
    for batch in table("interactions") {
        let [networks, actors, targets, kinds, on, via] =
            ["network", "actor_id", "target_id", "kind", "post_id", "via_post_id"]
                .map(|name| texts(&batch, name));
        for (row, at) in times(&batch, "at").into_iter().enumerate() {
            events.push(Interaction {
                network: networks[row].clone().unwrap(),
                actor: actors[row].clone().unwrap(),
                target: targets[row].clone().unwrap(),
                kind: kinds[row].clone().unwrap(),
                at,
                post: on[row].clone(),
                via: via[row].clone(),
                sentiment: None,
            });
        }
    }
    let day = NaiveDate::from_ymd_opt(2018, 9, 1).unwrap();
    let end = day.succ_opt().unwrap().and_hms_opt(0, 0, 0).unwrap().and_utc();
    let (accounts, posts) = (Some(accounts), Some(posts));
    let (cutoff, method) = (end.timestamp_micros(), crate::world::METHOD.to_owned());
    World { day, cutoff, method, accounts, posts, events, ..World::default() }
}

/// Three in ten people of the sample; all: `RENOWN_CASES=1 cargo test --test suite the_sample_agrees`.
#[tokio::test(flavor = "multi_thread")]
async fn the_sample_agrees_with_the_oracle_campaign() {
    let mut world = sample();
    if !is_whole() {
        // The oldest accounts have the lowest ids, and most of the reactions.
        let kept = |id: &str| id.parse::<u32>().is_ok_and(|id| id < 1_000);
        world.accounts.as_mut().unwrap().retain(|account| kept(&account.id));
        world.posts.as_mut().unwrap().retain(|post| kept(&post.author));
        world.events.retain(|event| kept(&event.actor) && kept(&event.target));
        assert!(world.events.len() > 500, "{}", world.events.len());
    }
    assert_agrees(&world, &world.run().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn age_counts_whole_hours_up_to_the_last_microsecond_covered() {
    for (before, age) in [(HOUR, 0.0), (HOUR + 1, 1.0)] {
        let mut event = reply("a", "1", "2", 0);
        event.at = crate::world::CUTOFF - before;
        let published = World { events: vec![event], ..World::default() }.run().await;
        let decayed = published.measures("a", "a:2")["reactors_decayed"].as_f64().unwrap();
        assert!((decayed - (-age / 720f64).exp2()).abs() < 1e-9, "{before}: {decayed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sentiment_of_minus_zero_is_not_negative() {
    let mut event = reply("a", "1", "2", 3);
    event.sentiment = Some(-0.0);
    let published = World { events: vec![event], ..World::default() }.run().await;
    assert_eq!(published.measures("a", "a:2")["negative_share"], json!(0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn true_reach_counts_kinds_of_weight_zero() {
    let method = World::default().method.replace("weight = 0.3", "weight = 0.0");
    let like = Interaction { kind: "like".into(), ..reply("a", "1", "2", 3) };
    let world = World { method, events: vec![like], ..World::default() };
    assert_eq!(world.run().await.score("a:2")["true_reach"], json!(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_a_person_are_sorted_as_text() {
    let identities = Some(vec![identity("a", "1", "p"), identity("a-b", "1", "p")]);
    let accounts = Some(vec![account("a", "1"), account("a-b", "1")]);
    let events = vec![reply("a", "1", "2", 3)];
    let published = World { accounts, identities, events, ..World::default() }.run().await;
    let row = published.by("people", &["person_id"])[&vec!["p".to_owned()]];
    assert_eq!(row["accounts"], json!(["a-b:1", "a:1"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_id_may_not_be_the_name_of_an_unlinked_account() {
    let world = |identities| World {
        identities: Some(identities),
        accounts: Some(vec![account("a", "1"), account("b", "2")]),
        events: vec![reply("a", "1", "1", 3)],
        ..World::default()
    };
    // `a:1` is the name of the unlinked account: the two would become one person without proof.
    let folder = tempfile::TempDir::new().unwrap();
    let job = world(vec![identity("b", "2", "a:1")]).write(folder.path());
    let error = Published::of(&job, 2, &[]).await.err().unwrap();
    assert_eq!(error.kind, renown::error::Kind::BadInput);
    assert!(error.cause.contains("`identities`: 1 person_ids"), "{error}");
    let both = vec![identity("b", "2", "a:1"), identity("a", "1", "a:1")];
    assert_eq!(world(both).run().await.people(), ["a:1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_ranks_have_equal_percentiles() {
    // Two stars of the same shape; the names alone differ.
    let mut rng = Rng::with_seed(7);
    for _ in 0..5 {
        let mut names: Vec<String> = (0..14).map(|n| format!("{n:02}")).collect();
        rng.shuffle(&mut names);
        let (left, right) = names.split_at(7);
        let mut events = Vec::new();
        for star in [left, right] {
            for fan in 1..7 {
                events.push(reply("a", &star[fan], &star[0], 30 * fan as i64));
                events.push(reply("a", &star[fan], &star[1 + fan % 6], 40 * fan as i64 + 7));
            }
        }
        let published = World { events, ..World::default() }.run().await;
        for (one, other) in left.iter().zip(right) {
            let row = |id: &str| published.measures("a", &format!("a:{id}"));
            let (one, other) = (row(one), row(other));
            for name in ["pagerank_percentile", "audience_pagerank_percentile"] {
                assert!(close(&one[name], &other[name]), "{name}: {} {}", one[name], other[name]);
            }
        }
    }
}

/// Where a score equals that of the reference person up to rounding, contributions follow from the derivative.
#[tokio::test(flavor = "multi_thread")]
async fn contributions_that_cancel_out_are_still_listed() {
    let (head, tail) = World::default().method.split_once("[[forecast.terms]]").map_or_else(
        || panic!("no terms"),
        |(head, tail)| (head.to_owned(), tail.split_once("[gates]").unwrap().1.to_owned()),
    );
    let part = |value: i64| 0.7 * (value as f64 / 0.3).ln_1p();
    let in_order = |one: i64, other: i64| 1.1 + part(one) + part(other);
    // Three reactors where the reference person has three and `more`, and the other way around.
    let rounded = (1..400).filter(|more| in_order(3, 3 + more) != in_order(3 + more, 3));
    let rounded: Vec<i64> = rounded.take(6).collect();
    assert_eq!(rounded.len(), 6);
    for more in rounded {
        let terms =
            [("reactors_90d", 3 + more), ("reactions_90d", 3)].map(|(measure, reference)| {
                format!(
                    "[[forecast.terms]]\nmeasure = \"{measure}\"\noffset = 0.3\ncoefficient = 0.7\n\
                 reference = {reference}\n"
                )
            });
        let method = format!("{head}{}[gates]{tail}", terms.concat()).replace("= -3.3", "= 1.1");
        let mut events: Vec<Interaction> =
            (1..=3).map(|actor| reply("a", &actor.to_string(), "0", actor)).collect();
        events.extend((0..more).map(|hours| reply("a", "1", "0", 20 + hours)));
        let world = World { method, events, ..World::default() };
        assert_agrees(&world, &world.run().await);
    }
}
