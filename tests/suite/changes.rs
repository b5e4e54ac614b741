//! Why scores moved: worlds that run for several days into one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fastrand::Rng;
use serde_json::Value;
use tempfile::TempDir;

use crate::campaign::cases;
use crate::measures_oracle::causes;
use crate::random_worlds::world;
use crate::world::{
    Account, CUTOFF, HOUR, Interaction, Post, Published, World, account, identity, of_account,
    reply,
};

/// (person, cause) → points, every pair once.
fn told(published: &Published) -> BTreeMap<(String, String), f64> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = published.tables["changes"].iter();
    let told: BTreeMap<_, _> = rows
        .map(|row| {
            ((text(&row["person_id"]), text(&row["cause"])), row["points"].as_f64().unwrap())
        })
        .collect();
    assert_eq!(told.len(), published.tables["changes"].len());
    told
}

/// The causes of one person, in order of name, with the sign of their points.
fn of_person(published: &Published, person: &str) -> Vec<(String, bool)> {
    let own = told(published).into_iter().filter(|((own, _), _)| own == person);
    own.map(|((_, cause), points)| (cause, points > 0.0)).collect()
}

/// What holds of any two runs that follow each other: the causes sum to the difference of the published scores.
#[track_caller]
fn sums_hold(before: &Published, after: &Published) {
    let told = told(after);
    let score = |published: &Published, person: &str| {
        let mut rows = published.tables["scores"].iter();
        let own = rows.find(|row| row["profile"] == "standard" && row["person_id"] == person);
        own.map(|row| row["score"].as_f64().unwrap())
    };
    let mut people = BTreeSet::new();
    for row in &after.tables["scores"] {
        let person = row["person_id"].as_str().unwrap();
        let moved = score(before, person).map(|old| row["score"].as_f64().unwrap() - old);
        if row["profile"] != "standard" {
            assert_eq!(row["change_1d"], Value::Null, "{row:?}");
            continue;
        }
        assert_eq!(row["change_1d"].as_f64(), moved, "{person}");
        let own = told.iter().filter(|((own, _), _)| own == person).map(|(_, points)| points);
        match moved {
            Some(moved) => assert!((own.sum::<f64>() - moved).abs() <= 1e-9, "{person}"),
            None => assert_eq!(own.count(), 0, "{person} had no score"),
        }
        people.insert(person);
    }
    assert!(told.iter().all(|((person, _), points)| people.contains(&**person) && *points != 0.0));
    let day = &before.tables["scores"].first().map(|row| row["snapshot_date"].clone());
    for row in &after.tables["changes"] {
        assert_eq!(Some(&row["previous_snapshot_date"]), day.as_ref());
    }
}

/// 30 people who reply to people of lower numbers over the last days, all trusted.
fn plain(terms: &[&str]) -> World {
    let world = World::default();
    let (head, tail) = world.method.split_once("[[forecast.terms]]").unwrap();
    let gates = tail.split_once("[gates]").unwrap().1;
    let terms = terms.iter().map(|measure| {
        format!("[[forecast.terms]]\nmeasure = \"{measure}\"\noffset = 0.3\ncoefficient = 0.7\n")
    });
    let events = (1..30).flat_map(|actor: i64| {
        (0..actor.min(4)).map(move |target| {
            reply("a", &actor.to_string(), &target.to_string(), actor % 5 + target)
        })
    });
    World {
        method: format!("{head}{}[gates]{gates}", terms.collect::<String>()),
        accounts: Some((0..32).map(|id| account("a", &id.to_string())).collect()),
        events: events.collect(),
        ..world
    }
}

/// The world of the day after with `change` made, in a folder where it ran the day before.
async fn next_day(world: &World, change: impl FnOnce(&mut World)) -> (Published, Published) {
    let folder = TempDir::new().unwrap();
    let before = world.run_in(folder.path()).await;
    let mut later = world.later(1);
    change(&mut later);
    let after = later.run_in(folder.path()).await;
    sums_hold(&before, &after);
    (before, after)
}

/// New things in the `hours` before the cutoff.
fn goes_on(world: &mut World, hours: i64, rng: &mut Rng) {
    let tag = rng.u32(..);
    let new = |rng: &mut Rng| world.cutoff - 1 - rng.i64(0..hours * HOUR);
    let known: Vec<(String, String)> = world
        .events
        .iter()
        .flat_map(|e| [(e.network.clone(), e.actor.clone()), (e.network.clone(), e.target.clone())])
        .collect();
    let mut events = Vec::new();
    if let Some(posts) = &mut world.posts {
        for number in 0..rng.u32(..6) {
            let (network, author) = rng.choice(&known).unwrap().clone();
            let kind = [None, Some("repost"), Some("quote")][rng.usize(..3)].map(str::to_owned);
            let parent = rng.choice(&*posts).map(|post| post.id.clone());
            let (id, at) = (format!("new{tag}-{number}"), new(rng));
            posts.push(Post { network, id, author, at, kind, parent, ..Post::default() });
        }
    }
    for _ in 0..rng.u32(..12) {
        let (network, mut actor) = rng.choice(&known).unwrap().clone();
        let (_, mut target) = rng.choice(&known).unwrap().clone();
        if rng.u8(..5) == 0 {
            actor = format!("newcomer{}", rng.u8(..3));
        }
        let post = world.posts.as_ref().and_then(|posts| rng.choice(posts));
        let post = post.filter(|post| post.network == network && rng.bool());
        if let Some(post) = post {
            target = post.author.clone();
        }
        let kind = ["reply", "like", "follow"][rng.usize(..3)].into();
        let (at, post) = (new(rng), post.map(|post| post.id.clone()));
        events.push(Interaction {
            network,
            actor,
            target,
            kind,
            at,
            post,
            ..Interaction::default()
        });
    }
    // Whoever acts has an account where there are any.
    for event in &events {
        if let Some(accounts) = &mut world.accounts {
            let known = accounts.iter().any(|a| a.network == event.network && a.id == event.actor);
            if !known {
                accounts.push(account(&event.network, &event.actor));
            }
        }
    }
    world.events.extend(events);
}

/// The whole: `RENOWN_CASES=500 cargo test --test suite random_days_agree`.
#[tokio::test(flavor = "multi_thread")]
async fn random_days_agree_with_the_oracle_campaign() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut tried = 0;
    for seed in cases(0, 3) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let folder = TempDir::new().unwrap();
        let mut then = world(rng);
        let mut before = then.run_in(folder.path()).await;
        for _ in 0..2 {
            let days = rng.i64(1..=2);
            let mut now = then.later(days);
            if rng.u8(..4) > 0 {
                goes_on(&mut now, 24 * days, rng);
            }
            match rng.u8(..6) {
                0 => now.method = now.method.replacen("coefficient = 0.", "coefficient = 0.2", 1),
                1 => now.edit_method("follow = { weight = 0.5", "follow = { weight = 0.6"),
                _ => {}
            }
            let after = now.run_in(folder.path()).await;
            println!("seed {seed}: {} after {}", now.day, then.day);
            sums_hold(&before, &after);
            let told = told(&after);
            let expected = causes(&then, &before, &now);
            let networks = |day: &Published, person: &str| {
                let rows = day.tables["measures"].iter().filter(|row| row["person_id"] == person);
                rows.map(|row| row["network"].clone()).collect::<Vec<_>>()
            };
            for ((person, cause), points) in &expected {
                // What a network is that was not there before, or is not any more, is told elsewhere.
                if networks(&before, person) != networks(&after, person) {
                    continue;
                }
                let found = told.get(&(person.clone(), (*cause).to_owned())).copied();
                let off = (found.unwrap_or(0.0) - points).abs();
                assert!(off <= 1e-7, "{person}: {cause} is {found:?}, not {points}");
                if off <= 1e-7 && points.abs() > 1e-7 {
                    *seen.entry((*cause).to_owned()).or_default() += 1;
                }
            }
            if now.method == then.method {
                let of_method = told.keys().find(|(_, cause)| cause == "method");
                assert_eq!(of_method, None, "the method is the same");
            }
            let again = now.run_in(folder.path()).await;
            assert!(again.outcome.already && again.files == after.files, "a rerun");
            (then, before) = (now, after);
        }
    }
    // Hardly any of these days moves a score by a new post alone.
    assert!(seen.len() >= 4, "{tried} worlds: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_happens_and_nothing_fades_nothing_moves() {
    let (_, after) =
        next_day(&plain(&["reactors_90d", "reactions_90d", "trusted_reactors_90d"]), |_| {}).await;
    assert!(after.tables["changes"].is_empty());
    assert!(after.tables["scores"].iter().all(|row| row["change_1d"] == 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_happens_all_of_it_is_decay() {
    let measures = ["reactors_decayed", "trusted_reactors_decayed", "reactors_7d"];
    for days in [1, 3, 6] {
        let folder = TempDir::new().unwrap();
        let world = plain(&measures);
        let before = world.run_in(folder.path()).await;
        let after = world.later(days).run_in(folder.path()).await;
        sums_hold(&before, &after);
        let told = told(&after);
        assert!(told.iter().all(|((_, cause), points)| cause == "decay" && *points < 0.0));
        // All whom anybody reacted to, and nobody else.
        let people: Vec<&str> = told.keys().map(|(person, _)| person.as_str()).collect();
        assert_eq!(people, ["a:0", "a:1", "a:2", "a:3"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_reaction_shows_under_audience_of_that_person_alone() {
    for measures in [["reactors_90d"], ["trusted_reactors_30d"]] {
        let (_, after) = next_day(&plain(&measures), |world| {
            world.events.push(reply("a", "9", "20", -3));
        })
        .await;
        assert_eq!(of_person(&after, "a:20"), [("audience".to_owned(), true)]);
        assert_eq!(told(&after).len(), 1);
    }
    // A newcomer was not trusted then: a plain count rises by what was done, one of the trusted by who is trusted.
    for (measure, cause) in
        [("reactors_90d", "audience"), ("trusted_reactors_90d", "trust_and_others")]
    {
        let (_, after) = next_day(&plain(&[measure]), |world| {
            world.accounts.as_mut().unwrap().push(account("a", "new"));
            world.events.push(reply("a", "new", "20", -3));
        })
        .await;
        assert_eq!(of_person(&after, "a:20"), [(cause.to_owned(), true)]);
        assert_eq!(told(&after).len(), 1, "{measure}");
    }
    // With counts that fade all others only age.
    let (_, after) = next_day(&plain(&["reactors_decayed"]), |world| {
        world.events.push(reply("a", "9", "3", -3));
    })
    .await;
    let of_third = [("audience".to_owned(), true), ("decay".to_owned(), false)];
    assert_eq!(of_person(&after, "a:3"), of_third);
    for person in ["a:0", "a:1", "a:2"] {
        assert_eq!(of_person(&after, person), [("decay".to_owned(), false)]);
    }
    assert_eq!(told(&after).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_becomes_trusted_moves_whom_they_reacted_to() {
    // 7 acted long ago, and is trusted from the day on which the second reply to them is older than the lag.
    let mut world = plain(&["trusted_reactors_90d"]);
    world.method = world.method.replace("fallback_people = 0", "fallback_people = 2");
    world.events = vec![
        reply("a", "7", "1", 500),
        reply("a", "8", "7", 500),
        reply("a", "9", "7", 150),
        reply("a", "8", "20", 3),
    ];
    let (before, after) = next_day(&world, |_| {}).await;
    let trusted = |day: &Published| day.measures("a", "a:7")["is_trusted"].clone();
    assert_eq!((trusted(&before), trusted(&after)), (0.into(), 1.into()));
    assert_eq!(of_person(&after, "a:1"), [("trust_and_others".to_owned(), true)]);
    assert_eq!(told(&after).len(), 1);
}

fn post(id: &str, author: &str, hours: i64) -> Post {
    Post {
        network: "a".into(),
        id: id.into(),
        author: author.into(),
        at: CUTOFF - hours * HOUR - HOUR / 2,
        ..Post::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_posts_and_reactions_to_them_are_told_apart() {
    let mut world = plain(&["h_index", "trusted_h_index"]);
    world.posts = Some(vec![post("p", "20", 9), post("q", "21", 9)]);
    let on = |post: &str, event: Interaction| Interaction { post: Some(post.into()), ..event };
    // Reactions to a post that arrives only with the next day.
    world.events.extend([on("late", reply("a", "5", "20", 1)), on("p", reply("a", "5", "20", 1))]);
    let (_, after) = next_day(&world, |world| {
        let posts = world.posts.as_mut().unwrap();
        posts.extend([post("silent", "22", -2), post("new", "23", -2), post("late", "24", -2)]);
        world.events.push(on("new", reply("a", "6", "23", -3)));
    })
    .await;
    assert_eq!(of_person(&after, "a:22"), [], "a post that draws nothing");
    assert_eq!(of_person(&after, "a:23"), [("audience".to_owned(), true)]);
    assert_eq!(of_person(&after, "a:24"), [("new_posts".to_owned(), true)]);
    assert_eq!(told(&after).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_coefficient_is_method_alone() {
    // Digits enough that a number would change if it were read back inexactly.
    let digits = "coefficient = 0.70000000000000017763568394002504646778106689453125";
    let mut world = plain(&["reactors_90d", "reactors_30d"]);
    world.method = world.method.replace("coefficient = 0.7", digits);
    let (before, after) = next_day(&world, |world| {
        world.method = world.method.replace(digits, "coefficient = 0.8");
    })
    .await;
    let told_after = told(&after);
    assert!(told_after.iter().all(|((_, cause), points)| cause == "method" && *points > 0.0));
    assert_eq!(told_after.len(), 4, "whom nobody reacted to is not moved by a coefficient");
    drop(before);
    // The intercept moves everybody.
    let (_, after) = next_day(&world, |world| {
        world.method = world.method.replace("= -3.3", "= -3.0");
    })
    .await;
    assert!(told(&after).keys().all(|(_, cause)| cause == "method"));
    assert_eq!(told(&after).len(), 32);
    // What the coefficient moves is told from what was published, and decay apart from it.
    let world = plain(&["reactors_decayed"]);
    let (before, after) = next_day(&world, |world| {
        world.method = world.method.replace("coefficient = 0.7", "coefficient = 0.8");
    })
    .await;
    let decayed = before.measures("a", "a:0")["reactors_decayed"].as_f64().unwrap();
    let score = |coefficient: f64| {
        let expected = (-3.3 + coefficient * (decayed / 0.3).ln_1p()).exp();
        1.0 + 10.0 * expected.ln_1p() / 5f64.ln()
    };
    let of_method = told(&after)[&("a:0".to_owned(), "method".to_owned())];
    assert!((of_method - (score(0.8) - score(0.7))).abs() < 1e-9, "{of_method}");
    assert!(told(&after)[&("a:0".to_owned(), "decay".to_owned())] < 0.0);
    // Of what is measured otherwise, decay cannot be told apart.
    let (_, after) = next_day(&world, |world| {
        world.method = world.method.replace("half_life_hours = 720", "half_life_hours = 360");
    })
    .await;
    assert!(told(&after).keys().all(|(_, cause)| cause == "method"));
    assert_eq!(told(&after).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_the_same_moves_nobody() {
    // Numbers of all digits: what `runs` holds of the method must be it to the last bit.
    let rng = &mut Rng::with_seed(5);
    for _ in 0..8 {
        let mut world = plain(&["reactors_90d", "reactors_decayed"]);
        let mut number = || format!("{}", rng.f64());
        world.method = world
            .method
            .replace("coefficient = 0.7", &format!("coefficient = {}", number()))
            .replace("offset = 0.3", &format!("offset = {}", number()))
            .replace("intercept     = -3.3", &format!("intercept = -{}", number()))
            .replace("prior_posts = 5.0", &format!("prior_posts = {}", number()))
            .replace("weight = 0.3,", &format!("weight = {},", number()))
            .replace("threshold       = 0.01", &format!("threshold = {}", number()));
        let (_, after) = next_day(&world, |_| {}).await;
        assert!(told(&after).keys().all(|(_, cause)| cause == "decay"), "{:?}", told(&after));
    }
}

/// Whatever is published, a network that was not published before is none of the method's doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_joined_is_neither_method_nor_decay() {
    let mut world = plain(&["reactors_90d"]);
    world.identities = Some(vec![identity("a", "2", "p"), identity("b", "2", "p")]);
    for coefficient in ["0.7", "0.8"] {
        let (_, after) = next_day(&world, |world| {
            world.method =
                world.method.replace("coefficient = 0.7", &format!("coefficient = {coefficient}"));
            let joined = ["2", "3"].map(|id| account("b", id));
            world.accounts.as_mut().unwrap().extend(joined);
            world.events.push(reply("b", "3", "2", -3));
        })
        .await;
        let told = told(&after);
        let of = |person: &str, cause: &str| {
            told.get(&(person.to_owned(), cause.to_owned())).copied().unwrap_or(0.0)
        };
        assert_eq!(of("p", "decay"), 0.0, "{coefficient}: {told:?}");
        // 3 was heard by others, and p by the same number but for themselves.
        let method = of("p", "method");
        assert_eq!(method > 0.0, coefficient == "0.8", "{told:?}");
        let alone = next_day(&world, |world| {
            world.method =
                world.method.replace("coefficient = 0.7", &format!("coefficient = {coefficient}"));
        });
        let alone = self::told(&alone.await.1);
        let alone = alone.get(&("p".to_owned(), "method".to_owned())).copied().unwrap_or(0.0);
        assert!((method - alone).abs() < 1e-9, "{coefficient}: {method}, not {alone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_may_be_left_out_backfilled_and_run_again() {
    let folder = TempDir::new().unwrap();
    let world = plain(&["reactors_decayed"]);
    let first = world.run_in(folder.path()).await;
    let fourth = world.later(3).run_in(folder.path()).await;
    sums_hold(&first, &fourth);
    let since = |day: &Published| {
        let rows = day.tables["changes"].iter();
        rows.map(|row| row["previous_snapshot_date"].as_i64().unwrap()).collect::<BTreeSet<_>>()
    };
    let day = 20_543;
    assert_eq!(since(&fourth), BTreeSet::from([day]));
    let second = world.later(1).run_in(folder.path()).await;
    sums_hold(&first, &second);
    // The fourth now has another day before it; the first and the second have not.
    for (days, already) in [(0, true), (1, true), (3, false), (3, true)] {
        let again = world.later(days).run_in(folder.path()).await;
        assert_eq!(again.outcome.already, already, "{days} days later");
        if days == 3 {
            sums_hold(&second, &again);
            assert_eq!(since(&again), BTreeSet::from([day + 1]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_those_of_the_standard_score_whatever_the_profiles() {
    let world = plain(&["reactors_decayed", "reactors_90d"]);
    let (_, alone) = next_day(&world, |_| {}).await;
    let mut two = world.clone();
    two.profiles = "[[profile]]\nname = \"a\"\nweights.reach = 2.0\n\
                    [[profile]]\nname = \"z\"\nweights.reactors_90d = 0.0\n"
        .into();
    let (_, both) = next_day(&two, |_| {}).await;
    assert_eq!(alone.tables["changes"], both.tables["changes"]);
    assert_eq!(both.tables["scores"].len(), 3 * 32);
    // A profile that is new tells nothing either.
    let (_, added) = next_day(&world, |world| world.profiles = two.profiles.clone()).await;
    assert_eq!(added.tables["changes"], alone.tables["changes"]);
}

/// The files of a day, and the newest commit.
fn of_day(published: &Published, day: &str) -> BTreeMap<String, Vec<u8>> {
    let newest = format!("commits/{:020}.json", published.commit.number);
    let files = published.files.iter().filter(|(path, _)| !path.starts_with("logs/"));
    let own = files.filter(|(path, _)| path.contains(day) || **path == newest);
    own.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &to),
            false => assert!(std::fs::copy(&path, &to).unwrap() > 0),
        }
    }
}

/// `world` without the account `id` of network `a`.
fn without(world: &World, id: &str) -> World {
    let mut left = world.clone();
    left.accounts.iter_mut().for_each(|rows| rows.retain(|a: &Account| a.id != id));
    left.events.retain(|e| e.actor != id && e.target != id);
    left.posts.iter_mut().for_each(|rows| rows.retain(|p| p.author != id));
    left.consent = None;
    left
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_between_two_days_leaves_no_trace() {
    let mut world = plain(&["reactors_decayed", "trusted_reactors_90d"]);
    world.consent = Some(vec![]);
    let left = |world: &World, id: &str| {
        let mut left = world.later(1);
        let statement = of_account("a", id, "opted_out", -9);
        left.consent = Some(vec![statement]);
        left.events.push(reply("a", "5", "20", -3));
        left
    };
    // 31 did nothing, 29 reacted to others, 1 and 2 were reacted to and did.
    for id in ["31", "29", "1", "2"] {
        let before = TempDir::new().unwrap();
        world.run_in(before.path()).await;
        let refused = left(&world, id);
        let deleted = without(&refused, id);
        let mut altered = refused.clone();
        for event in &mut altered.events {
            if event.actor == id {
                event.target = "17".into();
            }
        }
        altered.events.push(reply("a", id, "11", -4));
        altered.accounts.as_mut().unwrap().iter_mut().filter(|a| a.id == id).for_each(|a| {
            a.name = Some("somebody else".into());
        });
        // The same day before: that they are there changes no byte, nor does what they did.
        let mut days = Vec::new();
        for world in [&refused, &deleted, &altered] {
            let folder = TempDir::new().unwrap();
            copy(&before.path().join("out"), &folder.path().join("out"));
            let after = world.run_in(folder.path()).await;
            assert!(!after.people().contains(&format!("a:{id}")));
            for (table, rows) in &after.tables {
                let text = serde_json::to_string(rows).unwrap();
                assert!(!text.contains(&format!("\"a:{id}\"")), "{table}: {text}");
            }
            days.push(after);
        }
        let of = |day: &Published| of_day(day, "/2026-04-01/");
        assert!(of(&days[0]) == of(&days[1]) && of(&days[0]) == of(&days[2]), "{id}");
        // Neither day ever had them: all but what is told of the day before is the same.
        let folder = TempDir::new().unwrap();
        without(&world, id).run_in(folder.path()).await;
        let never = deleted.run_in(folder.path()).await;
        if id == "31" {
            assert!(of(&days[0]) == of(&never), "whoever did nothing moved nobody the day before");
        }
        for (table, rows) in &never.tables {
            let strip = |rows: &[crate::world::Row]| -> Vec<crate::world::Row> {
                let mut rows = rows.to_vec();
                rows.iter_mut().for_each(|row| {
                    row.remove("change_1d");
                });
                rows
            };
            if !["changes", "runs"].contains(&table.as_str()) {
                assert_eq!(strip(rows), strip(&days[0].tables[table]), "{id}: {table}");
            }
        }
    }
}

/// What the run before said of people who are not scored now does not count.
#[tokio::test(flavor = "multi_thread")]
async fn the_run_before_counts_as_far_as_it_is_of_people_who_are_left() {
    let mut world = plain(&["reactors_decayed"]);
    world.accounts.as_mut().unwrap().push(account("a", "quiet"));
    let mut popular = world.clone();
    // Whoever leaves was much or little, and nobody else is moved by it.
    popular.events.push(reply("a", "quiet", "quiet", 3));
    popular.accounts.as_mut().unwrap().iter_mut().filter(|a| a.id == "quiet").for_each(|a| {
        a.name = Some("Quiet".into());
        a.automated = Some(true);
    });
    let mut seen = Vec::new();
    for before in [&world, &popular, &without(&world, "quiet")] {
        let folder = TempDir::new().unwrap();
        before.run_in(folder.path()).await;
        let mut after = before.later(1);
        after.consent = Some(vec![of_account("a", "quiet", "deleted", -2)]);
        seen.push(of_day(&after.run_in(folder.path()).await, "/2026-04-01/"));
    }
    assert!(seen[0] == seen[1] && seen[0] == seen[2]);
}
