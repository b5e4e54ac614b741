//! Topic tables recomputed naively, on worlds whose topics are tags: each post is about all of its tags.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use renown::method::Method;
use serde_json::{Value, json};

use crate::random_worlds::world;
use crate::trust_oracle::{self, Trust, UNITS};
use crate::world::{HOUR, Interaction, Post, Published, World};

/// One fresh interaction of weight 1.
const ONE: f64 = 4_294_967_296.0;

/// A world in which every tag counts, whatever its weight, because most posts have few tags.
fn tagged(seed: u64) -> World {
    let mut world = world(&mut Rng::with_seed(seed));
    world.more.clear();
    world.settings = World::default().settings;
    let text = world.method.lines().filter(|line| !line.starts_with("max_topics "));
    let text = text.map(|line| line.to_owned() + "\n").collect::<String>();
    world.method = text
        .replace("[topics]\n", "[topics]\nmax_topics = 20\nmin_share = 0.0\nparent_weight = 0.0\n");
    world
}

/// The tags of a post, folded.
fn tags(post: &Post) -> BTreeSet<String> {
    let written = [&post.title, &post.text].into_iter().flatten().flat_map(|text| text.split(' '));
    let hashtags = written.filter(|word| word.starts_with('#')).map(str::to_owned);
    let fold = |tag: String| tag.to_lowercase().replace(['#', '-'], "");
    hashtags.chain(post.tags.iter().cloned()).map(fold).collect()
}

struct Oracle<'a> {
    method: Method,
    vertices: BTreeSet<(String, String)>,
    /// Posts of the window whose authors are known, with their person, tags that are topics, and age in hours.
    posts: Vec<(&'a Post, String, BTreeSet<String>, i64)>,
    /// Interactions among different people, each once.
    acts: Vec<Act<'a>>,
    trust: Trust,
}

struct Act<'a> {
    actor: String,
    /// Credit in the audience of the target, in units.
    credit: i128,
    /// Network and person.
    target: (String, String),
    post: Option<&'a str>,
    age: i64,
    sentiment: Option<f64>,
    reaction: bool,
    weight: f64,
}

impl<'a> Oracle<'a> {
    fn of(world: &'a World, published: &Published) -> Self {
        let method = Method::parse("method", &world.method).unwrap();
        let keys = published.by("measures", &["network", "person_id"]).into_keys();
        let vertices: BTreeSet<_> = keys.map(|key| (key[0].clone(), key[1].clone())).collect();
        let window = i64::from(method.attention.window_hours).max(90 * 24);
        let age = |at: i64| (world.cutoff - 1 - at) / HOUR;
        let within = |at: i64| at < world.cutoff && at >= world.cutoff - window * HOUR;
        let mut posts = Vec::new();
        for post in world.posts.iter().flatten().filter(|post| within(post.at)) {
            let author = world.person(&post.network, &post.author);
            if vertices.contains(&(post.network.clone(), author.clone())) {
                posts.push((post, author, tags(post), age(post.at)));
            }
        }
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        for (post, _, tags, _) in &posts {
            if post.kind.as_deref() != Some("repost") {
                tags.iter().for_each(|tag| *uses.entry(tag.clone()).or_default() += 1);
            }
        }
        posts.iter_mut().for_each(|(_, _, tags, _)| tags.retain(|tag| uses.get(tag) > Some(&1)));
        // Founders are found from older ones, too.
        let tenure = match method.trust.networks.is_empty() {
            true => 0,
            false => i64::from(method.trust.tenure_hours),
        };
        let keys = world.members(window);
        let is_read = |e: &&Interaction| {
            let known = |id: &String| keys.contains(&(e.network.clone(), id.clone()));
            let from = world.cutoff - (window + tenure) * HOUR;
            (from..world.cutoff).contains(&e.at) && known(&e.actor) && known(&e.target)
        };
        let mut once = BTreeMap::new();
        for e in world.events.iter().filter(is_read) {
            let (actor, target) =
                (world.person(&e.network, &e.actor), world.person(&e.network, &e.target));
            if actor != target {
                let key = (&e.network, &e.actor, &e.target, &e.kind, e.at, &e.post, &e.via);
                let worst = once.entry(key).or_insert(e.sentiment);
                *worst = match (*worst, e.sentiment) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        let acts =
            once.into_iter().map(|((network, actor, target, kind, at, post, _), sentiment)| Act {
                actor: world.person(network, actor),
                credit: 0,
                weight: method.kinds[kind].weight,
                target: (network.clone(), world.person(network, target)),
                post: post.as_deref(),
                age: age(at),
                sentiment,
                reaction: method.kinds[kind].reaction,
            });
        let mut acts: Vec<Act<'_>> = acts.collect();
        let plain = acts.iter().map(|act| trust_oracle::Act {
            network: &act.target.0,
            actor: &act.actor,
            target: &act.target.1,
            age: act.age,
            weight: act.weight,
            reaction: act.reaction,
            sentiment: act.sentiment,
        });
        let trust = trust_oracle::trust(world, &method, &vertices, plain, None);
        acts.retain(|act| act.age < window);
        for act in &mut acts {
            let actor = (act.target.0.clone(), act.actor.clone());
            act.credit = trust.credit_in_audience(&actor, &act.target.1);
        }
        Self { method, vertices, posts, acts, trust }
    }

    /// Original posts of a person about a topic.
    fn original_posts(
        &self,
        person: &str,
        topic: &str,
    ) -> Vec<&(&'a Post, String, BTreeSet<String>, i64)> {
        let is_original = |(post, author, tags, _): &&(&Post, String, BTreeSet<String>, i64)| {
            author == person && tags.contains(topic) && post.kind.as_deref() != Some("repost")
        };
        self.posts.iter().filter(is_original).collect()
    }

    /// Distinct people on the network of a post, other than its author, who reacted to it.
    fn reactors(&self, post: &Post, author: &str) -> BTreeSet<&str> {
        let on = self.acts.iter().filter(|act| {
            act.reaction && act.target.0 == post.network && act.post == Some(post.id.as_str())
        });
        on.map(|act| act.actor.as_str()).filter(|actor| *actor != author).collect()
    }

    /// The topic score of a person, without position and attention share; none if the evidence is too thin.
    fn score(&self, person: &str, topic: &str) -> Option<BTreeMap<&'static str, Value>> {
        let minimum = &self.method.topics.evidence;
        let hours = minimum.half_lives * f64::from(self.method.attention.half_life_hours);
        let young = |age: i64| (age as f64) < hours;
        let original = self.original_posts(person, topic);
        let is_evidence = |act: &Act<'_>, post: &Post| {
            act.reaction
                && act.target.1 == person
                && act.target.0 == post.network
                && act.post == Some(&*post.id)
                && 2 * act.credit >= UNITS
                && young(act.age)
        };
        let evidence: Vec<_> = original
            .iter()
            .filter(|(post, .., age)| {
                young(*age) && self.acts.iter().any(|act| is_evidence(act, post))
            })
            .collect();
        let weeks: BTreeSet<i64> = evidence.iter().map(|(.., age)| age / 168).collect();
        if evidence.len() < minimum.posts as usize || weeks.len() < minimum.weeks as usize {
            return None;
        }
        let (mut people, mut expected, mut known) = (BTreeSet::new(), 0.0, Vec::new());
        for vertex in self.vertices.iter().filter(|(_, id)| id == person) {
            let posts: Vec<_> =
                original.iter().filter(|(post, ..)| post.network == vertex.0).collect();
            let acts: Vec<&Act<'_>> = self
                .acts
                .iter()
                .filter(|act| {
                    act.target == *vertex
                        && posts.iter().any(|(post, ..)| act.post == Some(&*post.id))
                })
                .collect();
            for act in acts.iter().filter(|act| act.reaction) {
                let post = posts.iter().find(|(post, ..)| act.post == Some(&*post.id)).unwrap();
                if 2 * act.credit >= UNITS && young(act.age) && young(post.3) {
                    people.insert(&act.actor);
                }
                known.extend(act.sentiment.filter(|_| act.age < 2160));
            }
            if !acts.is_empty() {
                expected += self.forecast(&vertex.0, &acts, &posts);
            }
        }
        if people.len() < minimum.people as usize {
            return None;
        }
        let negative = known.iter().filter(|sentiment| **sentiment < 0.0).count() as f64;
        Some(BTreeMap::from([
            ("posts", json!(evidence.len())),
            ("reactors", json!(people.len())),
            ("people", json!(people.len())),
            ("endorsers", json!(0)),
            ("credited_endorsers", json!(0.0)),
            ("weeks", json!(weeks.len())),
            ("expected_reactors", json!(expected)),
            ("score", json!((1.0 + 10.0 * expected.ln_1p() / 5.0_f64.ln()).min(100.0))),
            ("negative_share", json!((!known.is_empty()).then(|| negative / known.len() as f64))),
        ]))
    }

    fn forecast(
        &self,
        network: &str,
        acts: &[&Act<'_>],
        posts: &[&&(&Post, String, BTreeSet<String>, i64)],
    ) -> f64 {
        let half_life = f64::from(self.method.attention.half_life_hours);
        let reactions = || acts.iter().filter(|act| act.reaction);
        let within = |days: i64| reactions().filter(move |act| act.age < days * 24);
        let units = |credit: i128| credit as f64 / UNITS as f64;
        // People, and how many they are by credit.
        let people = |days: i64| {
            let people = by_actor(within(days));
            (people.len() as f64, units(people.values().sum()))
        };
        let mut latest: BTreeMap<&str, (i64, i128)> = BTreeMap::new();
        for act in reactions() {
            let known = latest.entry(&act.actor).or_insert((act.age, act.credit));
            known.0 = known.0.min(act.age);
        }
        let decay = |age: i64| ((-(age as f64) / half_life).exp2() * ONE).round();
        let decayed = || latest.values().map(|(age, _)| decay(*age)).sum::<f64>() / ONE;
        let credited_decayed = || {
            let units = latest.values().map(|(age, credit)| credit * decay(*age) as i128 / UNITS);
            units.sum::<i128>() as f64 / ONE
        };
        let value = |measure: &str| {
            let rest = |(all, credited): (f64, f64)| {
                let others = all - credited;
                credited + 0.01 * (credited + 0.1) * others / (others + 10.0)
            };
            let credited = |days: i64| units(within(days).map(|act| act.credit).sum());
            let always = i64::MAX / 24;
            match measure {
                "reactors_7d" => people(7).0,
                "reactors_30d" => people(30).0,
                "reactors_90d" => people(90).0,
                "reactors_window" => people(always).0,
                "reactors_decayed" => decayed(),
                "credited_reactors_7d" => rest(people(7)),
                "credited_reactors_30d" => rest(people(30)),
                "credited_reactors_90d" => rest(people(90)),
                "credited_reactors_window" => rest(people(always)),
                "credited_reactors_decayed" => rest((decayed(), credited_decayed())),
                "reactions_30d" => within(30).count() as f64,
                "reactions_90d" => within(90).count() as f64,
                "credited_reactions_30d" => credited(30),
                "credited_reactions_90d" => credited(90),
                "audience_90d" | "trusted_audience_90d" => {
                    let recent = by_actor(acts.iter().filter(|act| act.age < 2160));
                    let only = measure.starts_with("trusted");
                    recent.values().filter(|credit| !only || 2 * **credit >= UNITS).count() as f64
                }
                "h_index" | "trusted_h_index" => {
                    let young = posts.iter().filter(|(.., age)| *age < 2160);
                    let drawn = young.map(|(post, author, ..)| {
                        let counts = |actor: &&&str| {
                            let vertex = (network.to_owned(), (**actor).to_owned());
                            let credit = self.trust.credit_in_audience(&vertex, author);
                            measure == "h_index" || 2 * credit >= UNITS
                        };
                        self.reactors(post, author).iter().filter(counts).count()
                    });
                    let drawn: Vec<usize> = drawn.collect();
                    (1..=drawn.len())
                        .rev()
                        .find(|h| drawn.iter().filter(|n| *n >= h).count() >= *h)
                        .unwrap_or(0) as f64
                }
                // Reposts are not counted by topic.
                "repost_reach_90d" | "onward_reach_90d" => 0.0,
                other => panic!("{other}"),
            }
        };
        let forecast = &self.method.forecast;
        let terms = forecast.terms.iter();
        let terms =
            terms.map(|term| term.coefficient * (value(&term.measure) / term.offset).ln_1p());
        let level = forecast.levels.get(network).copied().unwrap_or(0.0);
        (forecast.intercept + level + terms.sum::<f64>()).exp()
    }
}

/// The credit of each actor.
fn by_actor<'a>(acts: impl Iterator<Item = &'a &'a Act<'a>>) -> BTreeMap<&'a str, i128> {
    acts.map(|act| (act.actor.as_str(), act.credit)).collect()
}

fn near(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-8 * expected.abs().max(1.0),
        _ => found == expected,
    }
}

/// The whole: `RENOWN_CASES=1000 cargo test --test suite topics_oracle`.
#[tokio::test(flavor = "multi_thread")]
async fn random_worlds_agree_with_the_oracle_campaign() {
    let (mut tried, mut scored, mut interested) = (0, 0, 0);
    // From a seed on after which some worlds have topic scores.
    for seed in crate::campaign::cases(59, 30) {
        tried += 1;
        let world = tagged(seed);
        if world.posts.is_none() {
            continue;
        }
        let published = world.run().await;
        let oracle = Oracle::of(&world, &published);
        let all: BTreeSet<&String> = oracle.posts.iter().flat_map(|(_, _, tags, _)| tags).collect();
        let scores = published.by("topic_scores", &["person_id", "topic_id"]);
        let interests = published.by("topic_interests", &["person_id", "topic_id"]);
        let mut expected = BTreeSet::new();
        for (person, topic) in
            published.people().iter().flat_map(|p| all.iter().map(move |t| (p, *t)))
        {
            let key = vec![person.clone(), format!("#{topic}")];
            let about = oracle
                .posts
                .iter()
                .filter(|(_, author, tags, _)| author == person && tags.contains(topic));
            let found = interests.get(&key).map_or(0, |row| row["posts"].as_u64().unwrap());
            assert_eq!(found, about.count() as u64, "seed {seed}: {key:?}");
            interested += usize::from(found > 0);
            if let Some(score) = oracle.score(person, topic) {
                let row = scores.get(&key).unwrap_or_else(|| panic!("seed {seed}: no {key:?}"));
                for (name, value) in score {
                    assert!(
                        near(&row[name], &value),
                        "seed {seed}: {key:?} {name}: {} {value}",
                        row[name]
                    );
                }
                expected.insert(key);
            }
        }
        assert!(scores.keys().eq(expected.iter()), "seed {seed}: {:?} {expected:?}", scores.keys());
        scored += expected.len();

        for (key, row) in published.by("topics", &["topic_id"]) {
            let topic = &key[0][1..];
            let posts = oracle.posts.iter().filter(|(post, _, tags, _)| {
                tags.contains(topic) && post.kind.as_deref() != Some("repost")
            });
            // What is shown of a count is a multiple of 11 that is at most 10 below it, from 11 on.
            let shown = |count: usize| match count {
                0..11 => json!(null),
                count => json!(count / 11 * 11),
            };
            let few = row["reactors"].is_null();
            let posts = if few { json!(null) } else { shown(posts.clone().count()) };
            assert_eq!(row["posts"], posts, "seed {seed}: {topic}");
            let people = expected.iter().filter(|pair| pair[1] == key[0]).count();
            assert_eq!(row["people"], shown(people), "seed {seed}: {topic}");
        }
        // Positions and attention shares, from the published scores themselves.
        for (key, row) in &scores {
            let rivals =
                || scores.iter().filter(|(other, _)| other[1] == key[1]).map(|(_, row)| row);
            let above = rivals().filter(|other| {
                other["expected_reactors"].as_f64() > row["expected_reactors"].as_f64()
            });
            assert_eq!(row["position"], 1 + above.count(), "seed {seed}: {key:?}");
            let attention: f64 =
                rivals().map(|row| row["topic_attention_share"].as_f64().unwrap()).sum();
            assert!(attention <= 1.0 + 1e-9, "seed {seed}: {key:?}");
        }
        for row in &published.tables["topic_evidence"] {
            let post = oracle.posts.iter().find(|(post, ..)| {
                row["post_id"] == post.id.as_str() && row["network"] == post.network.as_str()
            });
            let (post, author, ..) = post.unwrap();
            let reactors = oracle.reactors(post, author);
            assert_eq!(row["reactors"], reactors.len(), "seed {seed}: {}", post.id);
            assert_eq!(row["reactor_ids"], json!(reactors.iter().take(10).collect::<Vec<_>>()));
        }
    }
    assert!(scored > 0 && interested > 2 * tried, "{scored} {interested} of {tried}");
}
