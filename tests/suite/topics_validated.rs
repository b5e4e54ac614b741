//! Topic scores at backtest dates, recomputed from runs of those days and the reactions after them.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use renown::engine::Engine;
use renown::evaluate::{MetricRow, Validity};
use renown::fit::{fit_method, method_file};
use renown::job::Job;
use renown::method::Method;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::attack::standard_method;
use crate::on_threads;
use crate::validate::{row, validated};
use crate::verdicts::concordance;
use crate::world::{CUTOFF, HOUR, Interaction, Post, Published, World};

const ON_TOPICS: &str = "future_trusted_reactors_on_topics";
const DAY: i64 = 24 * HOUR;

/// People who post on three of six tags each, two at once now and then, for 200 days; others react up to `longest` days later.
pub fn tagged(people: usize, tags: usize, longest: f64, seed: u64) -> World {
    let mut rng = Rng::with_seed(seed);
    let (mut posts, mut events) = (vec![], vec![]);
    for person in 0..people {
        let author = format!("p{person}");
        let popularity = 2.0 + 8.0 * rng.f64();
        for number in 0..50 {
            let at = CUTOFF - HOUR / 2 - (200.0 * rng.f64() * DAY as f64) as i64;
            let tag = |rng: &mut Rng| format!("t{}", (person + rng.usize(0..3)) % tags);
            let mut own = vec![tag(&mut rng)];
            if rng.usize(0..4) == 0 {
                own.push(tag(&mut rng));
            }
            let id = format!("{author}-{number}");
            for _ in 0..rng.usize(0..(2.0 * popularity) as usize) {
                let actor = format!("p{}", rng.usize(0..people));
                let delay = (longest * DAY as f64 * rng.f64() * rng.f64()) as i64;
                if actor != author && at + delay < CUTOFF {
                    events.push(Interaction {
                        network: "net".into(),
                        actor,
                        target: author.clone(),
                        kind: "reply".into(),
                        at: at + delay,
                        post: Some(id.clone()),
                        ..Interaction::default()
                    });
                }
            }
            let (network, author) = ("net".to_owned(), author.clone());
            posts.push(Post { network, id, author, at, tags: own, ..Post::default() });
        }
    }
    let mut world =
        World { method: standard_method(None), events, posts: Some(posts), ..World::default() };
    world.settings.push_str("[validate]\nbacktests = 2\nresamples = 100\n");
    world
}

/// P(0), P(1), … of the negative binomial distribution of a mean and α, by their ratios.
fn probabilities(mean: f64, alpha: f64, up_to: usize) -> Vec<f64> {
    let first = match alpha > 0.0 {
        true => (1.0 + alpha * mean).powf(-1.0 / alpha),
        false => (-mean).exp(),
    };
    let next =
        |at: f64, own: f64| own * mean * (1.0 + alpha * at) / ((at + 1.0) * (1.0 + alpha * mean));
    let mut all = vec![first];
    (0..up_to).for_each(|at| all.push(next(at as f64, all[at])));
    all
}

/// A topic score, its counts, and how many people reacted.
struct Pair {
    person: String,
    expected: f64,
    observed: f64,
    counts: [f64; 2],
}

/// The topic scores of a day, with who reacted in the 28 days after it to posts on the topic that are not older than 90 days.
async fn pairs(world: &World, days: i64) -> Vec<Pair> {
    let then = world.later(-days);
    let published = then.run().await;
    let posts: BTreeMap<&str, &Post> =
        world.posts.iter().flatten().map(|post| (&*post.id, post)).collect();
    let after = then.cutoff..then.cutoff + 28 * DAY;
    let rows = published.by("topic_scores", &["person_id", "topic_id"]);
    let pair = |(key, row): (Vec<String>, &crate::world::Row)| {
        let (author, tag) = (key[0].trim_start_matches("net:"), key[1].trim_start_matches('#'));
        let is_counted = |event: &&Interaction| {
            let Some(post) = posts.get(event.post.as_deref().unwrap()) else { return false };
            event.target == author
                && after.contains(&event.at)
                && post.at >= then.cutoff - 90 * DAY
                && post.tags.iter().any(|own| own == tag)
        };
        let actors: BTreeSet<&str> =
            world.events.iter().filter(is_counted).map(|event| &*event.actor).collect();
        let number = |column: &str| row[column].as_f64().unwrap();
        Pair {
            person: key[0].clone(),
            expected: number("expected_reactors"),
            observed: actors.len() as f64,
            counts: [number("posts"), number("reactors")],
        }
    };
    rows.into_iter().map(pair).collect()
}

fn in_band<'a>(validity: &'a Validity, band: &str, metric: &str) -> Option<&'a MetricRow> {
    validity.rows.iter().find(|row| {
        (&*row.target, &*row.group_by, &*row.group_value, &*row.metric, &*row.predictor)
            == (ON_TOPICS, "forecast", band, metric, "topic_score")
    })
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn ratio(pairs: &[Pair]) -> f64 {
    let observed = pairs.iter().map(|pair| pair.observed).sum::<f64>();
    observed / pairs.iter().map(|pair| pair.expected).sum::<f64>()
}

#[tokio::test(flavor = "multi_thread")]
async fn topic_scores_are_compared_with_the_people_who_reacted_on_the_topic() {
    let world = tagged(60, 6, 120.0, 71);
    let validity = validated(&world).await.unwrap();
    let mut days = vec![];
    for day in [28, 35] {
        days.push(pairs(&world, day).await);
    }
    let of = |metric: &str, predictor: &str| {
        row(&validity, [ON_TOPICS, "topic_scores", metric, predictor])
    };
    let people =
        |pairs: &Vec<Pair>| pairs.iter().map(|pair| &pair.person).collect::<BTreeSet<_>>().len();
    let most = days.iter().map(people).max().unwrap();
    assert!(days.iter().all(|pairs| pairs.len() > most), "several topics each");
    let near = |metric: &str, predictor: &str, expected: f64| {
        let found = of(metric, predictor);
        assert!((found.value - expected).abs() < 1e-9, "{found:?}, not {expected}");
        assert_eq!((found.people, found.backtests), (most as u64, 2));
    };
    near("pairs", "topic_score", mean(days.iter().map(|pairs| pairs.len() as f64)));
    near("observed_over_forecast", "topic_score", mean(days.iter().map(|pairs| ratio(pairs))));
    let order = |value: fn(&Pair) -> f64| {
        mean(days.iter().map(|pairs| {
            concordance(&pairs.iter().map(|pair| (value(pair), pair.observed)).collect::<Vec<_>>())
        }))
    };
    near("concordance", "topic_score", order(|pair| pair.expected));
    near("concordance", "topic_posts", order(|pair| pair.counts[0]));
    near("concordance", "topic_reactors", order(|pair| pair.counts[1]));
    // Everybody is on one network, so that the variance is that of one forecast.
    let forecast = Method::parse("method", &world.method).unwrap().forecast;
    let (mut scores, mut held) = (vec![], vec![]);
    for pairs in &days {
        let of_pair = |pair: &Pair| {
            let alpha =
                forecast.overdispersion * pair.expected.powf(forecast.overdispersion_power - 2.0);
            let all = probabilities(pair.expected, alpha, 200);
            let at_most = |count: f64| all.iter().take((count + 1.0) as usize).sum::<f64>();
            let quantile = |p: f64| (0..200).map(f64::from).find(|count| at_most(*count) >= p);
            let (low, high) = (quantile(0.05).unwrap(), quantile(0.95).unwrap());
            let interval = low.min(pair.expected)..=high.max(pair.expected);
            let is_held = f64::from(u8::from(interval.contains(&pair.observed)));
            (all[pair.observed as usize].ln(), is_held)
        };
        scores.push(mean(pairs.iter().map(|pair| of_pair(pair).0)));
        held.push(mean(pairs.iter().map(|pair| of_pair(pair).1)));
    }
    near("log_score", "topic_score", mean(scores.into_iter()));
    near("plain_coverage_90", "topic_score", mean(held.into_iter()));
    assert!(of("coverage_90", "topic_score").value <= of("plain_coverage_90", "topic_score").value);
    // Bands of a hundred pairs and more.
    let mut found = 0;
    for least in [1.0, 5.0, 10.0] {
        let band = format!("{least} and more");
        let in_days = days.iter().map(|pairs| {
            let of_band = pairs.iter().filter(|pair| pair.expected >= least);
            of_band.map(|pair| (pair.expected, pair.observed)).collect::<Vec<_>>()
        });
        let large: Vec<Vec<(f64, f64)>> = in_days.filter(|pairs| pairs.len() >= 100).collect();
        let Some(level) = in_band(&validity, &band, "observed_over_forecast") else {
            assert!(large.is_empty(), "{least}");
            continue;
        };
        let sums = large.iter().map(|pairs| {
            let (all, observed) = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
            observed / all
        });
        let expected = mean(sums);
        assert!((level.value - expected).abs() < 1e-9, "{level:?}, not {expected}");
        assert!(in_band(&validity, &band, "concordance").unwrap().interval.is_some());
        found += 1;
    }
    assert!(found > 0);
    let few = validity.notes.iter().filter(|note| note.starts_with("on topics: fewer than 100"));
    assert_eq!(few.count(), usize::from(found < 3));
    assert!(validity.notes.iter().any(|note| note.starts_with("population `topic_scores`: ")));
    let verdict = validity.verdicts.iter().find(|verdict| verdict.target == ON_TOPICS).unwrap();
    assert_eq!((&*verdict.population, &*verdict.group_by), ("topic_scores", "everyone"));
    let level = verdict.level.as_ref().unwrap();
    assert_eq!(level.value, of("observed_over_forecast", "topic_score").value);
    assert!(verdict.interval.is_some() && verdict.order.as_ref().unwrap().difference.is_some());
}

/// Data go back further than posts are read: what reactions on a topic are divided by is the part that the window covers.
#[tokio::test(flavor = "multi_thread")]
async fn who_writes_on_one_topic_has_a_topic_score_near_the_score() {
    let published = tagged(20, 1, 3.0, 72).run().await;
    let scores = published.by("scores", &["person_id"]);
    let on_topics = published.by("topic_scores", &["person_id"]);
    assert!(on_topics.len() > 15);
    for (person, row) in on_topics {
        let of = |row: &crate::world::Row| row["expected_reactors"].as_f64().unwrap();
        let part = of(row) / of(scores[&person]);
        assert!((0.8..1.0 + 1e-12).contains(&part), "{person:?}: {part}");
    }
}

/// People who write about another topic every twenty days draw fewer people on those of before: a level that is learnt at the latest
/// origins. Data are too short for trust.
#[tokio::test(flavor = "multi_thread")]
async fn the_level_on_topics_is_learnt() {
    let mut world = tagged(40, 1, 9.0, 75);
    for post in world.posts.iter_mut().flatten() {
        let person: i64 = post.author.trim_start_matches('p').parse().unwrap();
        post.tags = vec![format!("t{}", (person + (CUTOFF - post.at) / (20 * DAY)) % 6)];
    }
    let since = CUTOFF - 90 * DAY;
    world.events.retain(|event| event.at >= since);
    world.posts.iter_mut().for_each(|posts| posts.retain(|post| post.at >= since));
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
    let fitted = fit_method(&Engine::new(Stores::default(), 3), &job, "own-1", None).await.unwrap();
    let mut method = fitted.method;
    assert!(method.trust.networks.is_empty());
    let topic_levels = std::mem::take(&mut method.forecast.topic_levels);
    assert_eq!(topic_levels.len(), 1);
    let before = World { method: method_file(&method).unwrap(), ..world.clone() };
    let (mut observed, mut expected) = (0.0, 0.0);
    let latest = [28, 35, 42];
    for days in latest {
        for pair in pairs(&before, days).await {
            observed += pair.observed / latest.len() as f64;
            expected += pair.expected / latest.len() as f64;
        }
    }
    let level = ((observed + 20.0) / (expected + 20.0)).ln();
    assert!((topic_levels["net"] - level).abs() < 1e-6, "{topic_levels:?}, not {level}");
    assert!(level < -0.2 && expected > 50.0, "{level} {expected}");
    // Only topic scores change.
    method.forecast.topic_levels = topic_levels;
    let after = World { method: method_file(&method).unwrap(), ..world }.run().await;
    let before = before.run().await;
    let key = ["person_id", "topic_id"];
    let (one, other) = (before.by("topic_scores", &key), after.by("topic_scores", &key));
    assert!(!one.is_empty() && one.keys().eq(other.keys()));
    for (key, row) in one {
        let [one, other] = [row, other[&key]].map(|row| row["expected_reactors"].as_f64().unwrap());
        assert!((other / one - level.exp()).abs() < 1e-5, "{key:?}: {one} {other}");
    }
    let of = |published: &Published| -> Vec<f64> {
        let scores = published.by("scores", &["person_id"]).into_values();
        scores.map(|row| row["expected_reactors"].as_f64().unwrap()).collect()
    };
    assert_eq!(of(&before), of(&after));
    method.forecast.topic_levels.insert("net".into(), 0.1);
    let error = Method::parse("method", &method_file(&method).unwrap()).unwrap_err();
    assert!(error.to_string().contains("topic_levels"), "{error}");
}

#[test]
fn calibration_on_topics_does_not_depend_on_the_number_of_threads() {
    let world = tagged(24, 6, 9.0, 73);
    let found = |threads: usize| {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let validity = on_threads(threads, || runtime.block_on(validated(&world)).unwrap());
        assert!(validity.rows.iter().any(|row| row.target == ON_TOPICS));
        serde_json::to_string(&validity).unwrap()
    };
    assert_eq!(found(1), found(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_few_topic_scores_are_not_evaluated() {
    let few = validated(&tagged(8, 6, 9.0, 74)).await.unwrap();
    assert!(few.rows.iter().all(|row| row.target != ON_TOPICS));
    let says = "on topics: there are fewer than 30 topic scores at each backtest date";
    assert!(few.notes.iter().any(|note| note.starts_with(says)), "{:?}", few.notes);
    // Without topics there is nothing to say; nor where the target is not wanted.
    for settings in [
        "[topics]\nontology = \"none\"\n",
        "[topics]\nontology = \"none\"\ntags = true\n[[validate.target]]\nname = \"future_reactors\"\n",
    ] {
        let world = World { settings: settings.into(), ..tagged(24, 6, 9.0, 73) };
        let found = validated(&world).await.unwrap();
        assert!(found.rows.iter().all(|row| row.target != ON_TOPICS));
        assert!(found.notes.iter().all(|note| !note.contains("on topics")), "{:?}", found.notes);
    }
}
