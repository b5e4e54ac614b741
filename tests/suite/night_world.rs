//! A small world that lives through many nights, with a weekly rhythm, growth, quiet hours, holidays, storms of attention, late
//! rows and partial outages: what `night_faults` runs night after night.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{Datelike, Days, NaiveDate};
use fastrand::Rng;

use crate::world::{
    Account, Follow, HOUR, Identity, Interaction, Post, Statement, World, account, identity,
    interactions, maybe_text, with, write,
};

const DAY_US: i64 = 24 * HOUR;
/// Days of data before the first night.
pub const BEFORE: i64 = 92;
/// Days of interactions and posts that the inputs hold.
const KEPT: i64 = 92;
const PEOPLE: usize = 300;
/// Of a hundred people, who are there from the beginning.
const FOUNDERS: usize = 80;
/// Days over which the others come.
const GROWTH: i64 = 480;
/// Name, interactions a day, of a hundred people who are there, and activity by weekday from Monday on.
const NETWORKS: [(&str, f64, usize, [f64; 7]); 3] = [
    ("twitter", 62.0, 70, [1.0, 1.05, 1.0, 1.0, 0.95, 0.7, 0.75]),
    ("mastodon", 30.0, 40, [0.9, 0.9, 0.9, 0.95, 1.0, 1.2, 1.25]),
    ("forum", 16.0, 25, [1.1, 1.1, 1.1, 1.0, 0.9, 0.35, 0.4]),
];
const KINDS: [(&str, f64); 6] = [
    ("like", 0.52),
    ("repost", 0.17),
    ("reply", 0.18),
    ("mention", 0.06),
    ("quote", 0.03),
    ("follow", 0.04),
];
/// Activity by hour, UTC; nobody is awake at four.
const HOURS: [f64; 24] = [
    0.4, 0.3, 0.2, 0.1, 0.0, 0.1, 0.4, 0.7, 1.0, 1.1, 1.1, 1.2, 1.3, 1.2, 1.1, 1.1, 1.2, 1.3, 1.5,
    1.6, 1.7, 1.5, 1.1, 0.7,
];

struct Member {
    network: usize,
    id: String,
    person: usize,
    joined: i64,
    activity: f64,
    attraction: f64,
    friends: [usize; 5],
    /// Its last posts, by number.
    posts: Vec<usize>,
}

/// The world up to a day.
pub struct Nights {
    rng: Rng,
    members: Vec<Member>,
    /// Days that the world has lived.
    day: i64,
    /// With the day on which they arrive.
    events: Vec<(i64, Interaction)>,
    posts: Vec<(i64, Post)>,
    follows: Vec<Follow>,
    statements: Vec<Statement>,
}

/// The first day of the data, a Wednesday.
const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();

fn midnight(day: i64) -> i64 {
    FIRST_DAY.signed_duration_since(NaiveDate::default()).num_days() * DAY_US + day * DAY_US
}

impl Nights {
    /// The world at the end of the day before its first night.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut members: Vec<Member> = Vec::new();
        for person in 0..PEOPLE {
            let joined = match person * 100 < FOUNDERS * PEOPLE {
                true => 0,
                false => rng.i64(0..GROWTH),
            };
            let (activity, attraction) =
                (log_normal(&mut rng, 1.0), 0.3 / rng.f64().max(1e-3).powf(0.8));
            let first = members.len();
            for (network, (_, _, share, _)) in NETWORKS.iter().enumerate() {
                let is_last = network == NETWORKS.len() - 1 && members.len() == first;
                if rng.usize(0..100) < *share || is_last {
                    let id = match network {
                        0 => format!("{}", 48_000_000 + 7_919 * person),
                        1 => format!("{}.{:05}", ["ada", "bo", "cleo"][person % 3], 37 * person),
                        _ => format!("{}", 1_000 + person),
                    };
                    let of_network = |v: f64, rng: &mut Rng| v * log_normal(rng, 0.4);
                    members.push(Member {
                        network,
                        id,
                        person,
                        joined,
                        activity: of_network(activity, &mut rng),
                        attraction: of_network(attraction, &mut rng),
                        friends: [0; 5],
                        posts: vec![],
                    });
                }
            }
        }
        for at in 0..members.len() {
            let same: Vec<usize> = (0..members.len())
                .filter(|other| *other != at && members[*other].network == members[at].network)
                .collect();
            members[at].friends = std::array::from_fn(|_| same[rng.usize(0..same.len())]);
        }
        let mut nights = Self {
            rng,
            members,
            day: 0,
            events: vec![],
            posts: vec![],
            follows: vec![],
            statements: vec![],
        };
        for _ in 0..600 {
            nights.follow(-30);
        }
        for _ in 0..14 {
            nights.state(-20);
        }
        for _ in 0..BEFORE {
            nights.live();
        }
        nights
    }

    /// One more day.
    pub fn live(&mut self) {
        let day = self.day;
        let date = FIRST_DAY + Days::new(day.unsigned_abs());
        let weekday = date.weekday().num_days_from_monday() as usize;
        let holiday = if date.ordinal() >= 358 || date.ordinal() <= 2 { 0.75 } else { 1.0 };
        let growth = 1.0 + 0.5 * day as f64 / GROWTH as f64;
        for (network, (_, rate, _, weekdays)) in NETWORKS.iter().enumerate() {
            // Partial outages: up to half of a day's rows of a network never come.
            let is_outage = self.rng.u32(0..40) == 0;
            let outage = if is_outage { 0.55 + 0.35 * self.rng.f64() } else { 1.0 };
            let noise = log_normal(&mut self.rng, 0.08);
            let rows = rate * weekdays[weekday] * holiday * growth * outage * noise;
            let present: Vec<usize> = (0..self.members.len())
                .filter(|m| self.members[*m].network == network && self.members[*m].joined <= day)
                .collect();
            let by_activity = Weights::new(present.iter().map(|m| self.members[*m].activity));
            let by_attraction = Weights::new(present.iter().map(|m| self.members[*m].attraction));
            for _ in 0..(0.35 * rows) as usize {
                let author = present[by_activity.draw(&mut self.rng)];
                self.post(author, day);
            }
            for _ in 0..rows as usize {
                let actor = present[by_activity.draw(&mut self.rng)];
                let friend = self.members[actor].friends[self.rng.usize(0..5)];
                let is_friend = self.rng.f64() < 0.4 && self.members[friend].joined <= day;
                let target = present[by_attraction.draw(&mut self.rng)];
                self.event(actor, if is_friend { friend } else { target }, day);
            }
            // A storm of attention.
            if self.rng.u32(0..30) == 0 {
                let target = present[self.rng.usize(0..present.len())];
                for _ in 0..(0.3 * rows) as usize {
                    let actor = present[self.rng.usize(0..present.len())];
                    self.event(actor, target, day);
                }
            }
        }
        for _ in 0..self.rng.usize(0..6) {
            self.follow(day);
        }
        if self.rng.u32(0..12) == 0 {
            self.state(day);
        }
        self.day += 1;
        let first = midnight(self.day - KEPT);
        self.events.retain(|(_, event)| event.at >= first);
    }

    fn time(&mut self, day: i64) -> i64 {
        let hours = Weights::new(HOURS);
        midnight(day) + hours.draw(&mut self.rng) as i64 * HOUR + self.rng.i64(0..3_600_000) * 1_000
    }

    fn post(&mut self, author: usize, day: i64) {
        let at = self.time(day);
        let Member { network, id, .. } = &self.members[author];
        let post = Post {
            network: NETWORKS[*network].0.into(),
            id: format!("p{}", self.posts.len()),
            author: id.clone(),
            at,
            ..Post::default()
        };
        let number = self.posts.len();
        let posts = &mut self.members[author].posts;
        posts.push(number);
        if posts.len() > 3 {
            posts.remove(0);
        }
        self.posts.push((day, post));
    }

    fn event(&mut self, actor: usize, target: usize, day: i64) {
        if actor == target {
            return;
        }
        let at = self.time(day);
        let kind = KINDS[Weights::new(KINDS.map(|(_, share)| share)).draw(&mut self.rng)].0;
        let posts = &self.members[target].posts;
        let recent = (!posts.is_empty()).then(|| posts[self.rng.usize(0..posts.len())]);
        let recent =
            recent.filter(|_| !matches!(kind, "mention" | "follow") && self.rng.f64() < 0.9);
        let sentiment = matches!(kind, "reply" | "quote" | "mention")
            .then(|| (10.0 * (0.2 + 0.5 * (self.rng.f64() - self.rng.f64()))).round() / 10.0);
        let event = Interaction {
            network: NETWORKS[self.members[actor].network].0.into(),
            actor: self.members[actor].id.clone(),
            target: self.members[target].id.clone(),
            kind: kind.into(),
            at,
            post: recent.map(|post| self.posts[post].1.id.clone()),
            via: None,
            sentiment,
        };
        // Some rows come a day late.
        self.events.push((day + i64::from(self.rng.u32(0..40) == 0), event));
    }

    fn follow(&mut self, day: i64) {
        let follower = self.rng.usize(0..self.members.len());
        let same: Vec<usize> = (0..self.members.len())
            .filter(|m| self.members[*m].network == self.members[follower].network)
            .collect();
        let weights = Weights::new(same.iter().map(|m| self.members[*m].attraction));
        let followee = same[weights.draw(&mut self.rng)];
        let [one, other] = [follower, followee].map(|member| &self.members[member]);
        if follower != followee && one.joined <= day.max(0) && other.joined <= day.max(0) {
            self.follows.push(Follow {
                network: NETWORKS[one.network].0.into(),
                follower: one.id.clone(),
                followee: other.id.clone(),
                since: Some(midnight(day) + 12 * HOUR),
            });
        }
    }

    /// Somebody opts out.
    fn state(&mut self, day: i64) {
        let Member { network, id, joined, .. } =
            &self.members[self.rng.usize(0..self.members.len())];
        if *joined <= day.max(0) {
            self.statements.push(Statement {
                network: Some(NETWORKS[*network].0.into()),
                id: Some(id.clone()),
                status: "opted_out".into(),
                at: midnight(day) + 10 * HOUR,
                ..Statement::default()
            });
        }
    }

    /// The inputs of the night that follows the last day.
    pub fn night(&self) -> World {
        let cutoff = midnight(self.day);
        let last = self.day - 1;
        let first = midnight(self.day - KEPT);
        let present = || self.members.iter().filter(|member| member.joined <= last);
        let accounts = present().map(|member| Account {
            created: Some(midnight(member.joined) - 40 * DAY_US + 1_000_000 * member.person as i64),
            verified: Some(member.person % 17 == 0),
            minor: Some(false),
            ..account(NETWORKS[member.network].0, &member.id)
        });
        let mut accounts_of = vec![0; PEOPLE];
        present().for_each(|member| accounts_of[member.person] += 1);
        let identities = present().filter(|member| accounts_of[member.person] > 1).map(|member| {
            identity(NETWORKS[member.network].0, &member.id, &format!("person-{}", member.person))
        });
        let identities: Vec<Identity> = identities.collect();
        let arrived = self.events.iter().filter(|(arrives, _)| *arrives <= last);
        let posts = self.posts.iter().filter(|(_, post)| post.at >= first);
        World {
            day: FIRST_DAY + Days::new(last.unsigned_abs()),
            cutoff,
            method: include_str!("../../jobs/methods/standard-6.toml").replace(
                "[[trust.seeds]]",
                "[trust.networks.twitter]\nfull_credit = 3\n\n[[trust.seeds]]",
            ),
            consent_settings: String::new(),
            accounts: Some(accounts.collect()),
            identities: Some(identities),
            consent: Some(self.statements.clone()),
            posts: Some(posts.map(|(_, post)| post.clone()).collect()),
            follows: Some(self.follows.clone()),
            events: arrived.map(|(_, event)| event.clone()).collect(),
            settings: "[topics]\nontology = \"none\"\n".into(),
            ..World::default()
        }
    }
}

/// Writes the inputs of a night and its job, with the method as it is; an empty actor stands for a missing one.
pub fn write_night(world: &World, folder: &Path) -> PathBuf {
    let path = world.write(folder);
    fs::write(folder.join("method.toml"), &world.method).unwrap();
    if world.events.iter().any(|event| event.actor.is_empty()) {
        let actor = |event: &Interaction| Some(event.actor.clone()).filter(|id| !id.is_empty());
        let actors: Vec<Option<String>> = world.events.iter().map(actor).collect();
        let rows = with(&interactions(&world.events), "actor_id", maybe_text(&actors));
        write(&folder.join("interactions.parquet"), &rows);
    }
    path
}

/// Sums of weights, to draw positions by them.
struct Weights(Vec<f64>);

impl Weights {
    fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let sums = weights.into_iter().map(|weight| {
            sum += weight;
            sum
        });
        Self(sums.collect())
    }

    fn draw(&self, rng: &mut Rng) -> usize {
        let x = rng.f64() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|sum| *sum <= x).min(self.0.len() - 1)
    }
}

/// A log-normal number of median 1.
fn log_normal(rng: &mut Rng, sigma: f64) -> f64 {
    let normal: f64 = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
    (sigma * normal).exp()
}
