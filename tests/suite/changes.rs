//! Why scores changed: worlds that run for several days into one folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fastrand::Rng;
use serde_json::Value;
use tempfile::TempDir;

use crate::campaign::cases;
use crate::measures_oracle::causes;
use crate::random_worlds::{finds_a_post, world};
use crate::world::{
    Account, CUTOFF, HOUR, Interaction, Post, Published, World, account, identity, of_account,
    reply,
};

/// (person, cause) → points, every pair once.
fn points_by_cause(published: &Published) -> BTreeMap<(String, String), f64> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = published.tables["changes"].iter();
    let by_cause: BTreeMap<_, _> = rows
        .map(|row| {
            ((text(&row["person_id"]), text(&row["cause"])), row["points"].as_f64().unwrap())
        })
        .collect();
    assert_eq!(by_cause.len(), published.tables["changes"].len());
    by_cause
}

/// The causes of one person, in order of name, with the sign of their points.
fn of_person(published: &Published, person: &str) -> Vec<(String, bool)> {
    let of_person = points_by_cause(published).into_iter().filter(|((id, _), _)| id == person);
    of_person.map(|((_, cause), points)| (cause, points > 0.0)).collect()
}

/// Requires of two consecutive runs that the causes sum to the difference of the published scores.
#[track_caller]
fn assert_causes_sum_to_changes(before: &Published, after: &Published) {
    let by_cause = points_by_cause(after);
    let score = |published: &Published, person: &str| {
        let mut rows = published.tables["scores"].iter();
        let row = rows.find(|row| row["profile"] == "standard" && row["person_id"] == person);
        row.map(|row| row["score"].as_f64().unwrap())
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
        let points = by_cause.iter().filter(|((id, _), _)| id == person).map(|(_, points)| points);
        match moved {
            Some(moved) => assert!((points.sum::<f64>() - moved).abs() <= 1e-9, "{person}"),
            None => assert_eq!(points.count(), 0, "{person} had no score"),
        }
        people.insert(person);
    }
    assert!(
        by_cause.iter().all(|((person, _), points)| people.contains(&**person) && *points != 0.0)
    );
    let day = &before.tables["scores"].first().map(|row| row["snapshot_date"].clone());
    for row in &after.tables["changes"] {
        assert_eq!(Some(&row["previous_snapshot_date"]), day.as_ref());
    }
}

/// 30 people who reply to people of lower numbers over the last days, all trusted.
fn world_with_terms(terms: &[&str]) -> World {
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

/// One vouch makes full credit.
const TRUST: &str = "[trust.networks.a]\nfull_credit = 1\n\n[[trust.seeds]]";

fn newcomer_reacts(world: &mut World) {
    world.accounts.as_mut().unwrap().push(account("a", "new"));
    world.events.push(reply("a", "new", "20", -3));
}

/// Runs `world`, and on the next day the world with `change` made, in the same folder.
async fn next_day(world: &World, change: impl FnOnce(&mut World)) -> (Published, Published) {
    let folder = TempDir::new().unwrap();
    let before = world.run_in(folder.path()).await;
    let mut later = world.later(1);
    change(&mut later);
    let after = later.run_in(folder.path()).await;
    assert_causes_sum_to_changes(&before, &after);
    (before, after)
}

/// Adds random posts and interactions of the last `hours`.
fn add_events(world: &mut World, hours: i64, rng: &mut Rng) {
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
    // Every actor has an account, if the world has accounts.
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
    let mut compared: BTreeMap<String, usize> = BTreeMap::new();
    let mut tried = 0;
    for seed in cases(0, 6) {
        tried += 1;
        let rng = &mut Rng::with_seed(seed);
        let folder = TempDir::new().unwrap();
        let mut then = world(rng);
        if !finds_a_post(&then) {
            continue;
        }
        let mut before = then.run_in(folder.path()).await;
        for _ in 0..2 {
            let days = rng.i64(1..=2);
            let mut now = then.later(days);
            if rng.u8(..4) > 0 {
                add_events(&mut now, 24 * days, rng);
            }
            match rng.u8(..6) {
                0 => now.method = now.method.replacen("coefficient = 0.", "coefficient = 0.2", 1),
                1 => now.edit_method("follow = { weight = 0.5", "follow = { weight = 0.6"),
                _ => {}
            }
            if !finds_a_post(&now) {
                break;
            }
            let after = now.run_in(folder.path()).await;
            println!("seed {seed}: {} after {}, so far {compared:?}", now.day, then.day);
            assert_causes_sum_to_changes(&before, &after);
            let by_cause = points_by_cause(&after);
            let expected = causes(&then, &before, &now);
            let networks = |day: &Published, person: &str| {
                let rows = day.tables["measures"].iter().filter(|row| row["person_id"] == person);
                rows.map(|row| row["network"].clone()).collect::<Vec<_>>()
            };
            for ((person, cause), points) in &expected {
                // Networks that were joined or left in between are tested separately.
                if networks(&before, person) != networks(&after, person) {
                    continue;
                }
                let found = by_cause.get(&(person.clone(), (*cause).to_owned())).copied();
                let off = (found.unwrap_or(0.0) - points).abs();
                assert!(off <= 1e-7, "{person}: {cause} is {found:?}, not {points}");
                if off <= 1e-7 && points.abs() > 1e-7 {
                    *compared.entry((*cause).to_owned()).or_default() += 1;
                }
            }
            if now.method == then.method {
                let of_method = by_cause.keys().find(|(_, cause)| cause == "method");
                assert_eq!(of_method, None, "the method is the same");
            }
            let again = now.run_in(folder.path()).await;
            assert!(again.outcome.already && again.files == after.files, "a rerun");
            (then, before) = (now, after);
        }
    }
    // Hardly any of these days changes a score by a new post alone.
    assert!(compared.len() >= 4, "{tried} worlds: {compared:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_events_and_decay_no_score_changes() {
    let (_, after) = next_day(
        &world_with_terms(&["reactors_90d", "reactions_90d", "credited_reactors_90d"]),
        |_| {},
    )
    .await;
    assert!(after.tables["changes"].is_empty());
    assert!(after.tables["scores"].iter().all(|row| row["change_1d"] == 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_events_all_changes_are_decay() {
    let measures = ["reactors_decayed", "credited_reactors_decayed", "reactors_7d"];
    for days in [1, 3, 6] {
        let folder = TempDir::new().unwrap();
        let world = world_with_terms(&measures);
        let before = world.run_in(folder.path()).await;
        let after = world.later(days).run_in(folder.path()).await;
        assert_causes_sum_to_changes(&before, &after);
        let by_cause = points_by_cause(&after);
        assert!(by_cause.iter().all(|((_, cause), points)| cause == "decay" && *points < 0.0));
        // Exactly the people whom anyone reacted to.
        let people: Vec<&str> = by_cause.keys().map(|(person, _)| person.as_str()).collect();
        assert_eq!(people, ["a:0", "a:1", "a:2", "a:3"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_reaction_changes_only_the_audience_of_its_target() {
    for measures in [["reactors_90d"], ["credited_reactors_30d"]] {
        let (_, after) = next_day(&world_with_terms(&measures), |world| {
            world.events.push(reply("a", "9", "20", -3));
        })
        .await;
        assert_eq!(of_person(&after, "a:20"), [("audience".to_owned(), true)]);
        assert_eq!(points_by_cause(&after).len(), 1);
    }
    // Where everybody counts whole, so does a newcomer.
    for measure in ["reactors_90d", "credited_reactors_90d"] {
        let (_, after) = next_day(&world_with_terms(&[measure]), newcomer_reacts).await;
        assert_eq!(of_person(&after, "a:20"), [("audience".to_owned(), true)]);
        assert_eq!(points_by_cause(&after).len(), 1, "{measure}");
    }
    // With trust it counts for next to nothing, and nobody else loses by it.
    let mut world = world_with_terms(&["credited_reactors_90d"]);
    world.edit_method("[[trust.seeds]]", TRUST);
    let (_, after) = next_day(&world, newcomer_reacts).await;
    let points = points_by_cause(&after);
    let gained = points[&("a:20".to_owned(), "audience".to_owned())];
    assert!(points.len() == 1 && gained > 0.0 && gained < 0.1, "{points:?}");
    // Counts that decay: all others only age.
    let (_, after) = next_day(&world_with_terms(&["reactors_decayed"]), |world| {
        world.events.push(reply("a", "9", "3", -3));
    })
    .await;
    let of_third = [("audience".to_owned(), true), ("decay".to_owned(), false)];
    assert_eq!(of_person(&after, "a:3"), of_third);
    for person in ["a:0", "a:1", "a:2"] {
        assert_eq!(of_person(&after, person), [("decay".to_owned(), false)]);
    }
    assert_eq!(points_by_cause(&after).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn newly_trusted_people_change_the_scores_of_those_they_reacted_to() {
    // 7 becomes trusted on the day on which the reply of 8, who is known for long, is older than the lag.
    let mut world = world_with_terms(&["credited_reactors_90d"]);
    world.edit_method("[[trust.seeds]]", TRUST);
    world.events = vec![
        reply("a", "5", "8", 3000),
        reply("a", "6", "8", 3000),
        reply("a", "8", "5", 3000),
        reply("a", "7", "1", 500),
        reply("a", "8", "7", 150),
    ];
    let (before, after) = next_day(&world, |_| {}).await;
    let trusted = |day: &Published| day.measures("a", "a:7")["is_trusted"].clone();
    assert_eq!((trusted(&before), trusted(&after)), (0.into(), 1.into()));
    assert_eq!(of_person(&after, "a:1"), [("trust_and_others".to_owned(), true)]);
    assert_eq!(points_by_cause(&after).len(), 1);
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
async fn new_posts_and_reactions_to_them_are_separate_causes() {
    let mut world = world_with_terms(&["h_index", "trusted_h_index"]);
    world.posts = Some(vec![post("p", "20", 9), post("q", "21", 9)]);
    let on = |post: &str, event: Interaction| Interaction { post: Some(post.into()), ..event };
    // Reactions to a post that only the inputs of the next day hold.
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
    assert_eq!(points_by_cause(&after).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_coefficient_is_attributed_to_the_method_alone() {
    // So many digits that reading the number back inexactly would change it.
    let digits = "coefficient = 0.70000000000000017763568394002504646778106689453125";
    let mut world = world_with_terms(&["reactors_90d", "reactors_30d"]);
    world.method = world.method.replace("coefficient = 0.7", digits);
    let (before, after) = next_day(&world, |world| {
        world.method = world.method.replace(digits, "coefficient = 0.8");
    })
    .await;
    let by_cause = points_by_cause(&after);
    assert!(by_cause.iter().all(|((_, cause), points)| cause == "method" && *points > 0.0));
    assert_eq!(by_cause.len(), 4, "only people with reactors change by a coefficient");
    drop(before);
    // The intercept changes every score.
    let (_, after) = next_day(&world, |world| {
        world.method = world.method.replace("= -3.3", "= -3.0");
    })
    .await;
    assert!(points_by_cause(&after).keys().all(|(_, cause)| cause == "method"));
    assert_eq!(points_by_cause(&after).len(), 32);
    // The effect of a coefficient is computed from the published measures, and decay separately.
    let world = world_with_terms(&["reactors_decayed"]);
    let (before, after) = next_day(&world, |world| {
        world.method = world.method.replace("coefficient = 0.7", "coefficient = 0.8");
    })
    .await;
    let decayed = before.measures("a", "a:0")["reactors_decayed"].as_f64().unwrap();
    let score = |coefficient: f64| {
        let expected = (-3.3 + coefficient * (decayed / 0.3).ln_1p()).exp();
        1.0 + 10.0 * expected.ln_1p() / 5f64.ln()
    };
    let of_method = points_by_cause(&after)[&("a:0".to_owned(), "method".to_owned())];
    assert!((of_method - (score(0.8) - score(0.7))).abs() < 1e-9, "{of_method}");
    assert!(points_by_cause(&after)[&("a:0".to_owned(), "decay".to_owned())] < 0.0);
    // If measures are computed differently, decay is not separable from the method.
    let (_, after) = next_day(&world, |world| {
        world.method = world.method.replace("half_life_hours = 720", "half_life_hours = 360");
    })
    .await;
    assert!(points_by_cause(&after).keys().all(|(_, cause)| cause == "method"));
    assert_eq!(points_by_cause(&after).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_method_is_not_a_cause() {
    // Numbers with all digits: the method in `runs` must equal the method to the last bit.
    let rng = &mut Rng::with_seed(5);
    for _ in 0..8 {
        let mut world = world_with_terms(&["reactors_90d", "reactors_decayed"]);
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
        assert!(
            points_by_cause(&after).keys().all(|(_, cause)| cause == "decay"),
            "{:?}",
            points_by_cause(&after)
        );
    }
}

/// A network that was not published before is attributed to neither the method nor decay.
#[tokio::test(flavor = "multi_thread")]
async fn a_newly_joined_network_is_attributed_to_neither_method_nor_decay() {
    let mut world = world_with_terms(&["reactors_90d"]);
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
        let by_cause = points_by_cause(&after);
        let of = |person: &str, cause: &str| {
            by_cause.get(&(person.to_owned(), cause.to_owned())).copied().unwrap_or(0.0)
        };
        assert_eq!(of("p", "decay"), 0.0, "{coefficient}: {by_cause:?}");
        // The method gives p points only if the coefficient changed.
        let method = of("p", "method");
        assert_eq!(method > 0.0, coefficient == "0.8", "{by_cause:?}");
        let alone = next_day(&world, |world| {
            world.method =
                world.method.replace("coefficient = 0.7", &format!("coefficient = {coefficient}"));
        });
        let alone = points_by_cause(&alone.await.1);
        let alone = alone.get(&("p".to_owned(), "method".to_owned())).copied().unwrap_or(0.0);
        assert!((method - alone).abs() < 1e-9, "{coefficient}: {method}, not {alone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_may_be_skipped_backfilled_and_rerun() {
    let folder = TempDir::new().unwrap();
    let world = world_with_terms(&["reactors_decayed"]);
    let first = world.run_in(folder.path()).await;
    let fourth = world.later(3).run_in(folder.path()).await;
    assert_causes_sum_to_changes(&first, &fourth);
    let since = |day: &Published| {
        let rows = day.tables["changes"].iter();
        rows.map(|row| row["previous_snapshot_date"].as_i64().unwrap()).collect::<BTreeSet<_>>()
    };
    let day = 20_543;
    assert_eq!(since(&fourth), BTreeSet::from([day]));
    let second = world.later(1).run_in(folder.path()).await;
    assert_causes_sum_to_changes(&first, &second);
    // The fourth day now has another previous day; the first and the second have not.
    for (days, already) in [(0, true), (1, true), (3, false), (3, true)] {
        let again = world.later(days).run_in(folder.path()).await;
        assert_eq!(again.outcome.already, already, "{days} days later");
        if days == 3 {
            assert_causes_sum_to_changes(&second, &again);
            assert_eq!(since(&again), BTreeSet::from([day + 1]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_of_the_standard_score_with_any_profiles() {
    let world = world_with_terms(&["reactors_decayed", "reactors_90d"]);
    let (_, alone) = next_day(&world, |_| {}).await;
    let mut two = world.clone();
    two.profiles = "[[profile]]\nname = \"a\"\nweights.reach = 2.0\n\
                    [[profile]]\nname = \"z\"\nweights.reactors_90d = 0.0\n"
        .into();
    let (_, both) = next_day(&two, |_| {}).await;
    assert_eq!(alone.tables["changes"], both.tables["changes"]);
    assert_eq!(both.tables["scores"].len(), 3 * 32);
    // A new profile does not add changes either.
    let (_, added) = next_day(&world, |world| world.profiles = two.profiles.clone()).await;
    assert_eq!(added.tables["changes"], alone.tables["changes"]);
}

/// The files of a day, and the newest commit.
fn files_of_day(published: &Published, day: &str) -> BTreeMap<String, Vec<u8>> {
    let newest = format!("commits/{:020}.json", published.commit.number);
    let files = published.files.iter().filter(|(path, _)| !path.starts_with("logs/"));
    let files_of_day = files.filter(|(path, _)| path.contains(day) || **path == newest);
    files_of_day.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
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
async fn people_who_leave_between_two_days_leave_no_trace() {
    let mut world = world_with_terms(&["reactors_decayed", "credited_reactors_90d"]);
    world.consent = Some(vec![]);
    let left = |world: &World, id: &str| {
        let mut left = world.later(1);
        let statement = of_account("a", id, "opted_out", -9);
        left.consent = Some(vec![statement]);
        left.events.push(reply("a", "5", "20", -3));
        left
    };
    // 31 did nothing, 29 only reacted to others, 1 and 2 both reacted and were reacted to.
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
        // The same previous day: neither their presence nor their interactions change a byte.
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
        let of = |day: &Published| files_of_day(day, "/2026-04-01/");
        assert!(of(&days[0]) == of(&days[1]) && of(&days[0]) == of(&days[2]), "{id}");
        // If neither day ever had them, everything is the same except the comparison with the previous day.
        let folder = TempDir::new().unwrap();
        without(&world, id).run_in(folder.path()).await;
        let never = deleted.run_in(folder.path()).await;
        if id == "31" {
            assert!(of(&days[0]) == of(&never), "31 changed no score on the previous day");
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

/// What the previous run published of people who are not scored now has no effect.
#[tokio::test(flavor = "multi_thread")]
async fn scores_of_people_who_left_since_the_previous_run_have_no_effect() {
    let mut world = world_with_terms(&["reactors_decayed"]);
    world.accounts.as_mut().unwrap().push(account("a", "quiet"));
    let mut popular = world.clone();
    // The person who leaves had few or many reactions; nobody else changes because of it.
    popular.events.push(reply("a", "quiet", "quiet", 3));
    popular.accounts.as_mut().unwrap().iter_mut().filter(|a| a.id == "quiet").for_each(|a| {
        a.name = Some("Quiet".into());
        a.automated = Some(true);
    });
    let mut files = Vec::new();
    for before in [&world, &popular, &without(&world, "quiet")] {
        let folder = TempDir::new().unwrap();
        before.run_in(folder.path()).await;
        let mut after = before.later(1);
        after.consent = Some(vec![of_account("a", "quiet", "deleted", -2)]);
        files.push(files_of_day(&after.run_in(folder.path()).await, "/2026-04-01/"));
    }
    assert!(files[0] == files[1] && files[0] == files[2]);
}
