//! A world with every input, every setting of a job and every kind of consent statement, for two consecutive days.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use chrono::NaiveDate;

use crate::world::{
    Account, CUTOFF, HOUR, Interaction, METHOD, Post, Statement, World, account, accounts, follow,
    identity, instants, maybe_text, of_account, of_person, text, topic_edges, topic_phrases,
    topics, with,
};

/// Random numbers that do not depend on versions of libraries (SplitMix64; Steele, Lea, Flood 2014).
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// A number below `n`, small ones far more often than large ones.
    fn skewed(&mut self, n: u64) -> u64 {
        self.below(n) * self.below(n) / n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

const NETWORKS: [(&str, u64); 2] = [("alpha", 90), ("beta", 60)];
/// Every so many-th person has an account on both networks.
const LINKED: u64 = 7;

fn account_id(network: &str, number: u64) -> String {
    format!("{}{number}", &network[..1])
}

fn person_id(network: &str, number: u64) -> String {
    match number.is_multiple_of(LINKED) && number < NETWORKS[1].1 {
        true => format!("p{number}"),
        false => format!("{network}:{}", account_id(network, number)),
    }
}

/// A time in the 100 days before the end of the second day; one in 60 is after it.
fn draw_time(rng: &mut Draws) -> i64 {
    let end = CUTOFF + 24 * HOUR;
    if rng.one_in(60) {
        return end + rng.below(5) as i64 * HOUR;
    }
    end - 1 - rng.below(100 * 24 * 3_600) as i64 * 1_000_000
}

/// 141 persons on two networks; the second day is `full_world().later(1)`.
pub fn full_world() -> World {
    let rng = &mut Draws(12);
    let all_accounts: Vec<(&str, u64)> =
        NETWORKS.iter().flat_map(|(name, n)| (0..*n).map(move |number| (*name, number))).collect();
    let posts: Vec<Post> = (0..420).map(|number| draw_post(rng, number)).collect();
    let mut events: Vec<Interaction> = Vec::new();
    for number in 0..3_200 {
        let event = draw_interaction(rng, number, &posts);
        if number % 40 == 0 {
            events.push(Interaction { sentiment: None, ..event.clone() });
        }
        events.push(event);
    }
    let follows = (0..500).map(|_| {
        let (network, n) = rng.choose(&NETWORKS);
        let (follower, followee) =
            (account_id(network, rng.below(n)), account_id(network, rng.skewed(n)));
        let hours = (!rng.one_in(3)).then(|| rng.below(9_000) as i64 - 30);
        follow(network, &follower, &followee, hours)
    });
    let follows = follows.collect();
    let linked = (0..NETWORKS[1].1).step_by(LINKED as usize);
    let linked = linked.flat_map(|number| NETWORKS.map(|(network, _)| (network, number)));
    let identities = linked
        .map(|(network, number)| {
            identity(network, &account_id(network, number), &format!("p{number}"))
        })
        .collect();
    let mut world = World {
        method: edit_method(),
        top: 3,
        identities: Some(identities),
        consent: Some(state_consent(&all_accounts)),
        posts: Some(posts),
        events,
        follows: Some(follows),
        more: vec![
            ("accounts", build_accounts(&all_accounts)),
            ("lists", draw_lists(rng)),
            ("endorsements", draw_endorsements(rng, &all_accounts)),
            (
                "topics",
                topics(&["sport", "football", "tennis", "craft", "baking", "faith!religion"]),
            ),
            (
                "topic_edges",
                topic_edges(&[("football", "sport"), ("tennis", "sport"), ("baking", "craft")]),
            ),
            (
                "topic_phrases",
                topic_phrases(&[
                    ("football", "goal keeper", None, None),
                    ("football", "Abseits", Some("de"), None),
                    ("tennis", "clay", Some("en"), Some(0.4)),
                    ("tennis", "tie-break", None, Some(0.9)),
                    ("baking", "#sourdough", None, None),
                    ("craft", "clay", Some("en"), Some(0.3)),
                    ("faith", "choir", None, None),
                ]),
            ),
            ("ground_truth", draw_labels(rng, &all_accounts)),
        ],
        settings: SETTINGS.into(),
        seeds: ["alpha:a9", "p21", "unknown:0"].map(String::from).into(),
        profiles: PROFILES.into(),
        ..World::default()
    };
    let other = world.method.replace("\"standard-5\"", "\"other\"");
    world.extra_files =
        vec![("other.toml", other.replace("coefficient = 0.6", "coefficient = 0.4"))];
    world
}

const SETTINGS: &str = r#"
[kinds]
map = { retweet = "repost" }
drop = ["view"]

[topics]
tags = true
stop = ["the"]
[topics.change.football]
add = ["corner kick"]

[validate]
backtests = 2
resamples = 100
min_people = 10
groups = ["network", "country", "size"]

[[cohort]]
name = "sporty"
purpose = "tests"
topics = ["sport", "baking"]
max_people = 8

[[cohort]]
name = "local"
purpose = "tests"
networks = ["alpha"]
countries = ["DE", "FR"]
languages = ["de", "en"]
min_score = 2.0
max_score = 60.0
"#;

const PROFILES: &str = r#"
[[profile]]
name = "steady"
weights = { credited_reactors_30d = 0.3, reach = 1.5 }

[[profile]]
name = "another"
method = "other.toml"
"#;

/// The method set by hand, with outcomes, levels, a custom measure and low thresholds of evidence.
fn edit_method() -> String {
    let edits = [
        ("[kinds]\n", "[kinds]\nsignup = { weight = 2.0, reaction = true }\n"),
        ("tenure_hours    = 1440", "tenure_hours    = 480"),
        // Seeds on one network; on the other everybody counts whole.
        ("[[trust.seeds]]\n", "[trust.networks.alpha]\nfull_credit = 2\n\n[[trust.seeds]]\n"),
        (
            "verified = true\n",
            "verified = true\n\n[[trust.seeds]]\naccount_days = 2000\nlisted = 3\n",
        ),
        ("posts      = 3 ", "posts      = 1 "),
        ("people     = 5 ", "people     = 2 "),
        ("weeks      = 2 ", "weeks      = 1 "),
        (
            "intercept     = -3.3\n",
            "intercept = -3.0\noverdispersion = 1.5\noverdispersion_power = 1.4\n\
             outcomes = [\"reply\", \"comment\", \"signup\"]\nlevels = { alpha = 0.2 }\n",
        ),
        (
            "[gates]\n",
            "[[forecast.terms]]\nmeasure = \"trusted_h_index\"\noffset = 1.0\ncoefficient = 0.2\n\
             reference = 1.0\nhighest = 2.0\n\n[[forecast.terms]]\nmeasure = \"measure_points\"\n\
             offset = 2.0\ncoefficient = -0.1\n\n[gates]\n",
        ),
    ];
    edits.iter().fold(METHOD.to_owned(), |method, (from, to)| {
        assert!(method.contains(from), "the method has no `{from}`");
        method.replacen(from, to, 1)
    })
}

fn build_accounts(all_accounts: &[(&str, u64)]) -> RecordBatch {
    // Account 59 of each network acts but has no row.
    let all_accounts = || all_accounts.iter().filter(|(_, number)| *number != 59);
    let row = |(network, number): &(&str, u64)| {
        let n = *number as i64;
        Account {
            name: (n % 5 > 0).then(|| format!("Name {n}")),
            country: ["DE", "FR", ""].map(String::from).into_iter().nth(n as usize % 4),
            automated: (n % 3 == 0).then_some(n % 23 == 0),
            // 18 years old from the second day on.
            birth_date: (n % 17 == 3).then(|| NaiveDate::from_ymd_opt(2008, 4, 1).unwrap()),
            minor: (n % 29 == 5).then_some(true),
            followers: (n % 6 > 0).then_some(3 * n),
            listed: (n % 4 > 0).then_some(n % 4),
            verified: Some(*network == "alpha" && n % 11 == 1),
            created: (n % 8 > 0).then_some(CUTOFF - (97 * n % 3_000 - 100) * 24 * HOUR),
            points: (n % 3 > 0).then_some((n % 13) as f64 / 2.0 - 1.5),
            ..account(network, &account_id(network, *number))
        }
    };
    let languages: Vec<Option<String>> = all_accounts()
        .map(|(_, number)| {
            ["de", "en", "pt-BR"].map(String::from).into_iter().nth(*number as usize % 5)
        })
        .collect();
    let rows: Vec<Account> = all_accounts().map(row).collect();
    with(&accounts(&rows), "language", maybe_text(&languages))
}

/// Every second account opts in; some opt out, are deleted, refuse a topic, or state another thing between the two days.
fn state_consent(all_accounts: &[(&str, u64)]) -> Vec<Statement> {
    let statement = |(network, number): &(&str, u64)| {
        let status = match number {
            n if n % 31 == 4 => "opted_out",
            n if n % 37 == 6 => "deleted",
            n if n % 2 == 0 => "opted_in",
            _ => return None,
        };
        Some(of_account(network, &account_id(network, *number), status, 200 + *number as i64))
    };
    let about =
        |topic: &str, statement: Statement| Statement { topic: Some(topic.into()), ..statement };
    let mut statements: Vec<Statement> = all_accounts.iter().filter_map(statement).collect();
    statements.extend([
        about("football", of_account("alpha", "a1", "opted_out", 90)),
        about("#sourdough", of_account("alpha", "a2", "opted_out", 90)),
        about("sport", of_person("p14", "opted_out", 90)),
        about("tennis", of_account("beta", "b1", "opted_out", 90)),
        about("tennis", of_account("beta", "b1", "opted_in", 80)),
        of_account("alpha", "a3", "opted_out", -5),
        of_person("p28", "deleted", -5),
        // Agreed again: at the cutoff or later it would not count.
        of_account("beta", "b4", "opted_in", 5),
        of_account("beta", "b5", "opted_out", -30),
        of_person("unknown", "opted_out", 10),
    ]);
    statements
}

fn draw_post(rng: &mut Draws, number: u64) -> Post {
    const WORDS: [&str; 12] = [
        "the",
        "goal keeper",
        "Abseits",
        "clay",
        "tie-break",
        "choir",
        "corner kick",
        "football",
        "http://craft.example/loaf",
        "rain",
        "garden",
        "evening",
    ];
    let (network, n) = rng.choose(&NETWORKS);
    let kind =
        rng.choose(&[None, None, Some("original"), Some("repost"), Some("quote"), Some("reply")]);
    let words: Vec<&str> = (0..rng.below(9)).map(|_| rng.choose(&WORDS)).collect();
    let tags = (0..rng.below(3)).map(|_| rng.choose(&["Sourdough", "Tennis", "loaf", "Straße"]));
    Post {
        network: network.into(),
        id: format!("post-{number}"),
        tags: tags.map(String::from).collect(),
        author: account_id(network, rng.skewed(n)),
        at: draw_time(rng),
        kind: kind.map(String::from),
        title: rng.one_in(4).then(|| rng.choose(&WORDS).to_owned()),
        text: (!words.is_empty()).then(|| words.join(" ")),
        parent: rng.one_in(4).then(|| format!("post-{}", rng.below(430))),
        language: rng.choose(&[None, Some("de-AT"), Some("en")]).map(String::from),
    }
}

fn draw_interaction(rng: &mut Draws, number: u64, posts: &[Post]) -> Interaction {
    const KINDS: [&str; 10] = [
        "reply", "reply", "like", "repost", "comment", "follow", "mention", "retweet", "view",
        "signup",
    ];
    let kind = rng.choose(&KINDS);
    let (network, n) = rng.choose(&NETWORKS);
    let post = &posts[rng.below(posts.len() as u64) as usize];
    let on_post = !matches!(kind, "follow" | "signup") && post.network == network;
    let actor = account_id(network, rng.below(n));
    let target = match number % 97 {
        0 => actor.clone(),
        _ if on_post => post.author.clone(),
        _ => account_id(network, rng.skewed(n)),
    };
    let lost = rng.one_in(50).then(|| "lost".to_owned());
    Interaction {
        network: network.into(),
        actor,
        target,
        kind: kind.into(),
        at: draw_time(rng),
        post: if on_post { Some(post.id.clone()) } else { lost },
        via: rng.one_in(3).then(|| format!("via-{number}")),
        sentiment: rng.choose(&[None, None, Some(-1.0), Some(-0.25), Some(0.0), Some(0.5)]),
    }
}

fn draw_lists(rng: &mut Draws) -> RecordBatch {
    let [mut networks, mut lists, mut members] = [(); 3].map(|()| Vec::<String>::new());
    let [mut names, mut owners] = [(); 2].map(|()| Vec::<Option<String>>::new());
    for list in 0..30 {
        let (network, n) = rng.choose(&NETWORKS);
        let name = rng.choose(&[Some("Football"), Some("sport"), Some("friends"), None]);
        let owner = (!rng.one_in(6)).then(|| account_id(network, rng.below(n)));
        let listed: BTreeSet<u64> = (0..6).map(|_| rng.skewed(n)).collect();
        for member in listed {
            networks.push(network.to_owned());
            lists.push(format!("list-{list}"));
            members.push(account_id(network, member));
            names.push(name.map(String::from));
            owners.push(owner.clone());
        }
    }
    RecordBatch::try_from_iter([
        ("network", text(networks.iter().map(String::as_str))),
        ("list_id", text(lists.iter().map(String::as_str))),
        ("member_id", text(members.iter().map(String::as_str))),
        ("list_name", maybe_text(&names)),
        ("owner_id", maybe_text(&owners)),
    ])
    .unwrap()
}

fn draw_endorsements(rng: &mut Draws, all_accounts: &[(&str, u64)]) -> RecordBatch {
    let mut rows: Vec<(String, String, &str, i64)> = Vec::new();
    for _ in 0..250 {
        let ((giver_on, giver), (on, n)) = (rng.choose(all_accounts), rng.choose(&NETWORKS));
        let topic = rng.choose(&["football", "tennis", "baking", "craft", "#sourdough"]);
        let receiver = person_id(on, rng.skewed(n));
        rows.push((person_id(giver_on, giver), receiver, topic, draw_time(rng)));
    }
    RecordBatch::try_from_iter([
        ("giver_id", text(rows.iter().map(|row| row.0.as_str()))),
        ("receiver_id", text(rows.iter().map(|row| row.1.as_str()))),
        ("topic_id", text(rows.iter().map(|row| row.2))),
        ("at", instants(rows.iter().map(|row| row.3))),
    ])
    .unwrap()
}

/// Graded labels, pairwise ones, and graded ones on a topic.
fn draw_labels(rng: &mut Draws, all_accounts: &[(&str, u64)]) -> RecordBatch {
    let mut rows = BTreeMap::<[Option<String>; 4], Option<f64>>::new();
    for (network, number) in all_accounts {
        let who = Some(person_id(network, *number));
        let value = Some(100.0 - *number as f64 + rng.below(30) as f64);
        rows.insert([Some("panel".into()), who.clone(), None, None], value);
        let (other_network, other) = rng.choose(all_accounts);
        let loser = Some(person_id(other_network, other));
        if loser != who {
            rows.insert([Some("duel".into()), who.clone(), loser, None], None);
        }
        let topic = Some("football".to_owned());
        rows.insert([Some("experts".into()), who, None, topic], Some(rng.below(4) as f64));
    }
    let column = |at: usize| maybe_text(rows.keys().map(move |key| &key[at]));
    let form = rows.values().map(|value| if value.is_some() { "graded" } else { "pairwise" });
    let values: Float64Array = rows.values().copied().collect();
    RecordBatch::try_from_iter([
        ("truth", column(0)),
        ("form", text(form)),
        ("person_id", column(1)),
        ("loser_id", column(2)),
        ("topic_id", column(3)),
        ("value", Arc::new(values) as ArrayRef),
    ])
    .unwrap()
}
