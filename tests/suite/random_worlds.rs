//! Seeded random worlds: few people, so that every edge case occurs often.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use fastrand::Rng;
use renown::method::Method;
use renown::schema::{self, Direction};

use crate::world::{
    Account, CUTOFF, Follow, HOUR, Identity, Interaction, Post, Statement, World, reply,
    topic_edges, topic_phrases, topics,
};

const NETWORKS: [&str; 3] = ["alpha", "beta", "beta-2"];
/// Measures that may enter a forecast.
const MEASURES: [&str; 19] = [
    "reactors_7d",
    "reactors_30d",
    "reactors_90d",
    "reactors_window",
    "reactors_decayed",
    "credited_reactors_7d",
    "credited_reactors_30d",
    "credited_reactors_90d",
    "credited_reactors_window",
    "credited_reactors_decayed",
    "reactions_30d",
    "reactions_90d",
    "credited_reactions_30d",
    "credited_reactions_90d",
    "audience_90d",
    "trusted_audience_90d",
    "h_index",
    "trusted_h_index",
    "repost_reach_90d",
];
const KINDS: [&str; 5] = ["reply", "like", "follow", "mute", "repost"];

fn some<T>(rng: &mut Rng, one_in: u32, value: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    (rng.u32(..one_in) == 0).then(|| value(rng))
}

/// An account; the same short ids are used on every network.
fn pick(rng: &mut Rng, networks: usize, ids: u32) -> (String, String) {
    (NETWORKS[rng.usize(..networks)].into(), id(rng.u32(..ids)))
}

fn id(number: u32) -> String {
    match number {
        0 => "did:plc:q0".into(),
        1 => "18446744073709551615".into(),
        2 => "-2".into(),
        number => format!("u{number}"),
    }
}

/// A time, often exactly at the end of a window or one microsecond off.
fn time(rng: &mut Rng, window_hours: i64) -> i64 {
    let edges = [0, 7 * 24, 30 * 24, 90 * 24, window_hours];
    let before = match rng.u8(..10) {
        0..=2 => edges[rng.usize(..edges.len())] * HOUR,
        3 => rng.i64(0..2200) * HOUR,
        4..=6 => rng.i64(0..8 * 24 * HOUR),
        _ => rng.i64(0..100 * 24 * HOUR),
    };
    CUTOFF - before + rng.i64(-1..=1)
}

fn method(rng: &mut Rng) -> (String, i64) {
    let windows = [1, 24, 7 * 24, 30 * 24, 2160, 2160, 3000];
    let window = windows[rng.usize(..windows.len())];
    let half_life = [1, 24, 720, 5000][rng.usize(..4)];
    let intercept = rng.f64() * 4.0 - 3.0;
    let lag = if rng.bool() { rng.i64(0..window.min(200)) } else { 0 };
    let tenure = [24, 24, 100, 1440][rng.usize(..4)];
    // Few vouches make full credit, so that some people have a part of it; on some networks everybody counts whole.
    let mut trusted = String::new();
    for network in NETWORKS {
        if rng.u8(..4) > 0 {
            let full_credit = [1, 2, 2, 3][rng.usize(..4)];
            trusted += &format!("[trust.networks.{network}]\nfull_credit = {full_credit}\n");
        }
    }
    let mut text = format!(
        "version = \"random\"\nfitted = {}\n\
         [attention]\nhalf_life_hours = {half_life}\nwindow_hours = {window}\n\
         [kinds]\nreply = {{ weight = 1.0, reaction = true }}\n\
         like = {{ weight = {}, reaction = true }}\n\
         follow = {{ weight = 0.5, reaction = false }}\n\
         mute = {{ weight = 0.0, reaction = false }}\n\
         repost = {{ weight = 0.0, reaction = true }}\n\
         [rank]\ndamping = {}\n[amplification]\nprior_posts = {}\n\
         [gates]\nmin_people = 0\n\
         [checks]\nleast_people = 1000000\nmax_age_hours = 100000\n\
         [trust]\nlag_hours = {lag}\ntenure_hours = {tenure}\nthreshold = {}\n{trusted}\
         [forecast]\nhorizon_hours = 100\nintercept = {intercept}\noverdispersion = {}\n\
         overdispersion_power = {}\n",
        rng.bool(),
        rng.f64(),
        [0.0, 0.5, 0.85][rng.usize(..3)],
        0.1 + 9.0 * rng.f64(),
        [0.0, 0.01, 2.0 * rng.f64()][rng.usize(..3)],
        rng.f64(),
        [1.0, 1.0 + rng.f64(), 2.0][rng.usize(..3)],
    );
    text += ["", "outcomes = [\"reply\", \"like\"]\n"][rng.usize(..2)];
    if rng.bool() {
        let levels = NETWORKS.map(|network| format!("{network} = {}\n", rng.f64() - 0.5));
        text += &format!("[forecast.levels]\n{}", levels[..rng.usize(..=3)].concat());
    }
    for measure in MEASURES {
        if rng.u8(..4) == 0 {
            let (offset, coefficient) = (0.01 + rng.f64(), 0.6 * rng.f64());
            let reference = [0.0, 1.0, rng.f64() * 3.0][rng.usize(..3)];
            text += &format!(
                "[[forecast.terms]]\nmeasure = \"{measure}\"\noffset = {offset}\n\
                 coefficient = {coefficient}\nreference = {reference}\n"
            );
            if rng.u8(..3) == 0 {
                text += &format!("highest = {}\nstandard_error = 0.1\n", rng.u8(..4));
            }
        }
    }
    // Low thresholds of evidence, so that these small worlds reach some.
    text += &format!(
        "[topics.evidence]\nposts = {}\npeople = {}\nweeks = 1\nhalf_lives = {}\n[topics]\nranked_pairs = {}\nmax_topics = {}\n",
        rng.u8(1..=2),
        rng.u8(1..=2),
        [0.5, 2.0, 90.0][rng.usize(..3)],
        rng.u8(..9),
        rng.u8(1..6),
    );
    if !text.contains("terms") {
        text += "[[forecast.terms]]\nmeasure = \"reactors_90d\"\noffset = 1.0\ncoefficient = 1.0\n";
    }
    (text, window)
}

/// A world without consent statements. Every actor has a row in `accounts`, if that table exists.
pub fn world(rng: &mut Rng) -> World {
    let (networks, ids) = (rng.usize(1..=3), rng.u32(1..=12));
    let (method, window) = method(rng);
    let everyone: Vec<(String, String)> =
        (0..networks).flat_map(|n| (0..ids).map(move |i| (NETWORKS[n].into(), id(i)))).collect();

    let posts = (rng.u8(..4) > 0).then(|| {
        let post = |rng: &mut Rng, number| {
            let (network, author) = pick(rng, networks, ids);
            let kind = [None, Some("original"), Some("repost"), Some("quote"), Some("reply")];
            let kind = kind[rng.usize(..5)].map(str::to_owned);
            let (id, at) = (format!("p{number}"), time(rng, 90 * 24));
            let words =
                ["lobsters", "rust", "the", "sea", "#Rust", "Sea", "http://sea.example/rust"];
            let text: Vec<&str> =
                (0..rng.usize(..6)).map(|_| *rng.choice(&words).unwrap()).collect();
            let tags = ["Lobsters", "sea-food", "seaFood", "#rust"];
            Post {
                network,
                id,
                author,
                at,
                kind,
                title: some(rng, 3, |rng| (*rng.choice(&words).unwrap()).to_owned()),
                text: some(rng, 2, |_| text.join(" ")),
                tags: (0..rng.usize(..3))
                    .map(|_| (*rng.choice(&tags).unwrap()).to_owned())
                    .collect(),
                parent: some(rng, 3, |rng| format!("p{}", rng.u32(..30))),
                language: None,
            }
        };
        (0..rng.u32(..30)).map(|number| post(rng, number)).collect::<Vec<_>>()
    });
    let mut events: Vec<Interaction> = Vec::new();
    for number in 0..rng.u32(..120) {
        let (network, actor) = pick(rng, networks, ids);
        let mut target = id(rng.u32(..ids));
        let mut post = some(rng, 6, |_| "nowhere".to_owned());
        if let Some(on) = posts.as_ref().and_then(|posts| rng.choice(posts))
            && on.network == network
        {
            post = Some(on.id.clone());
            if rng.u8(..4) > 0 {
                target = on.author.clone();
            }
        }
        let sentiments = [None, None, Some(-1.0), Some(-1e-300), Some(0.0), Some(0.5), Some(1.0)];
        events.push(Interaction {
            network,
            actor,
            target,
            kind: KINDS[rng.usize(..KINDS.len())].into(),
            at: time(rng, window),
            post,
            via: some(rng, 3, |_| format!("v{number}")),
            sentiment: sentiments[rng.usize(..sentiments.len())],
        });
        if rng.u8(..6) == 0 {
            let again = rng.choice(&events).unwrap().clone();
            events.push(Interaction { sentiment: sentiments[rng.usize(..7)], ..again });
        }
    }
    // A snapshot without events is refused.
    if !events.iter().any(|e| (CUTOFF - 2160 * HOUR..CUTOFF).contains(&e.at)) {
        events.push(reply(NETWORKS[0], &id(0), &id(1), 0));
    }
    // A separate stream of random numbers, so that these columns do not change the rest of a world.
    let numbers = &mut rng.clone();
    let accounts = (rng.u8(..4) > 0).then(|| {
        let row = |(network, id): &(String, String)| Account {
            network: network.clone(),
            id: id.clone(),
            name: some(rng, 2, |rng| ["", "Zoë", "Al\u{202e}\n"][rng.usize(..3)].to_owned()),
            country: some(rng, 3, |_| "DE".to_owned()),
            automated: some(rng, 4, Rng::bool),
            followers: some(numbers, 2, |rng| rng.i64(0..1_000)),
            listed: some(numbers, 2, |rng| rng.i64(0..9)),
            verified: some(numbers, 3, Rng::bool),
            created: some(numbers, 2, |rng| time(rng, 9_000)),
            points: some(numbers, 2, |rng| rng.f64() - 0.5),
            ..Account::default()
        };
        everyone.iter().map(row).collect()
    });
    let follows = (numbers.u8(..3) == 0).then(|| {
        let follow = |_| {
            let (network, follower) = pick(numbers, networks, ids);
            let followee = id(numbers.u32(..ids));
            Follow { network, follower, followee, since: some(numbers, 2, |rng| time(rng, 9_000)) }
        };
        (0..30).map(follow).collect()
    });
    let identities = (rng.u8(..4) > 0).then(|| {
        let linked: Vec<_> = everyone.iter().filter(|_| rng.u8(..3) > 0).collect();
        let person = |(network, id): &(String, String)| Identity {
            network: network.clone(),
            id: id.clone(),
            person: format!("person {}", rng.u32(..ids)),
        };
        linked.into_iter().map(person).collect()
    });
    let top = rng.u32(0..5);
    let (mut more, mut settings) = (vec![], World::default().settings);
    if rng.bool() {
        more.push(("topics", topics(&["food", "lobsters", "rust", "sea", "belief!religion"])));
        let edges = [("lobsters", "food"), ("lobsters", "sea")];
        more.push(("topic_edges", topic_edges(&edges)));
        let phrases = [("belief", "the", None, None), ("rust", "rust", None, Some(0.4))];
        more.push(("topic_phrases", topic_phrases(&phrases)));
        settings = format!("[topics]\ntags = {}\n", rng.bool());
    }
    let (profiles, other) = profiles(rng, &method);
    let mut seeds = Vec::new();
    if rng.bool() {
        for _ in 0..rng.u8(1..4) {
            let (network, id) = rng.choice(&everyone).unwrap();
            let account = format!("{network}:{id}");
            seeds.push(if rng.bool() { account } else { format!("person {}", rng.u32(..ids)) });
        }
    }
    World {
        more,
        settings,
        method,
        top,
        accounts,
        identities,
        posts,
        events,
        follows,
        seeds,
        profiles,
        extra_files: vec![("other.toml", other)],
        ..World::default()
    }
}

/// The family of a measure, as its contract says.
pub fn family(measure: &str) -> String {
    let columns = &schema::table(Direction::Output, "measures").unwrap().columns;
    let column = columns.iter().find(|column| column.name == measure).unwrap();
    column.measure.as_ref().unwrap().family.clone()
}

/// Up to three profiles of a job with this method, and a method of the same measures that one of them names.
fn profiles(rng: &mut Rng, method: &str) -> (String, String) {
    let terms = Method::parse("method", method).unwrap().forecast.terms;
    let other = method
        .replace("version = \"random\"", "version = \"other\"")
        .replace("coefficient = 0.", "coefficient = 0.1");
    let mut text = String::new();
    // Some names come before `standard`, and some after.
    for name in ["a studio", "other", "tall"] {
        if rng.bool() {
            continue;
        }
        text += &format!("[[profile]]\nname = \"{name}\"\n");
        if name == "other" {
            text += "method = \"other.toml\"\n";
        }
        let measure = &rng.choice(&terms).unwrap().measure;
        if name != "other" || rng.bool() {
            let weight = 0.1 + 2.0 * rng.f64();
            let weight = if terms.len() > 1 && rng.u8(..4) == 0 { 0.0 } else { weight };
            text += &format!("weights.{measure} = {weight}\n");
        }
        if rng.bool() {
            text += &format!("weights.{} = {}\n", family(measure), 0.1 + rng.f64());
        }
    }
    (text, other)
}

/// A world with consent statements of all kinds; `accounts` has every actor and every account of a
/// person.
pub fn world_with_consent(rng: &mut Rng) -> World {
    let mut world = loop {
        let world = world(rng);
        if world.accounts.is_some() {
            break world;
        }
    };
    world.rule = if rng.u8(..3) == 0 { "opt_in" } else { "opt_out" };
    for account in world.accounts.iter_mut().flatten() {
        account.minor = some(rng, 12, Rng::bool);
        account.birth_date =
            some(rng, 12, |rng| NaiveDate::from_ymd_opt(2008, 3, rng.u32(30..=31)).unwrap());
    }
    let keys: Vec<_> =
        world.accounts.iter().flatten().map(|a| (a.network.clone(), a.id.clone())).collect();
    let usual = if world.rule == "opt_in" { "opted_in" } else { "opted_out" };
    let number = if world.rule == "opt_in" { 3 * keys.len() } else { keys.len() / 3 };
    // Without an ontology topics are tags.
    let topics = match world.more.is_empty() {
        true => ["#lobsters", "#Sea-Food", "#rust"],
        false => ["lobsters", "food", "#rust"],
    };
    let statement = |_| {
        let (network, id) = rng.choice(&keys).unwrap().clone();
        let status = ["opted_in", "opted_out", "deleted", usual, usual, usual][rng.usize(..6)];
        let mut statement = Statement {
            topic: some(rng, 8, |rng| topics[rng.usize(..3)].to_owned()),
            status: status.into(),
            at: CUTOFF + rng.i64(-3..=1) * 24 * HOUR,
            ..Statement::default()
        };
        match rng.u8(..8) {
            0..=2 => statement.person = Some(world.person(&network, &id)),
            3 => statement.person = Some("nobody".into()),
            _ => (statement.network, statement.id) = (Some(network), Some(id)),
        }
        statement
    };
    let statements = (0..number).map(statement).collect();
    world.consent = Some(statements);
    world
}

/// Whether some interaction names a post, or none has to: a run stops where all post ids lead nowhere.
pub fn finds_a_post(world: &World) -> bool {
    let window = world.cutoff - 2160 * HOUR..world.cutoff;
    let posts = world.posts.iter().flatten().filter(|post| window.contains(&post.at));
    let posts: BTreeSet<_> = posts.map(|post| (&post.network, &post.id)).collect();
    let events = world.events.iter().filter(|event| window.contains(&event.at));
    let mut named = events.filter_map(|e| Some((&e.network, e.post.as_ref()?))).peekable();
    world.posts.is_none() || named.peek().is_none() || named.any(|post| posts.contains(&post))
}
