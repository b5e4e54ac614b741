//! Metrics of a validation, recomputed from runs of earlier days and the reactions after them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use renown::engine::Engine;
use renown::error::{Kind, Result};
use renown::evaluate::{MetricRow, Validity, validate};
use renown::fit::{fit_method, method_file};
use renown::job::Job;
use renown::pipeline::progress::Progress;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::binary::renown;
use crate::fit::steady;
use crate::label_sets::{grade, judged_table, pair};
use crate::on_threads;
use crate::world::{HOUR, World, maybe_text, text};

pub async fn validated(world: &World) -> Result<Validity> {
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None)?;
    validate(&Engine::new(Stores::default(), 3), &[job], &mut Progress::silent()).await
}

pub fn row<'a>(validity: &'a Validity, of: [&str; 4]) -> &'a MetricRow {
    let [target, population, metric, predictor] = of;
    let found = validity.rows.iter().find(|row| {
        (&*row.target, &*row.population, &*row.metric, &*row.predictor)
            == (target, population, metric, predictor)
            && row.group_by == "everyone"
    });
    found.unwrap_or_else(|| panic!("no row of {of:?}"))
}

/// Spearman's ρ, from the definition of ranks.
pub fn spearman(pairs: &[(f64, f64)]) -> f64 {
    let rank = |of: fn(&(f64, f64)) -> f64, value: f64| {
        let below = pairs.iter().filter(|pair| of(pair) < value).count();
        let equal = pairs.iter().filter(|pair| of(pair) == value).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    let middle = (pairs.len() as f64 + 1.0) / 2.0;
    let ranks = pairs
        .iter()
        .map(|pair| (rank(|pair| pair.0, pair.0) - middle, rank(|pair| pair.1, pair.1) - middle));
    let ranks: Vec<(f64, f64)> = ranks.collect();
    let sum = |of: fn(&(f64, f64)) -> f64| ranks.iter().map(of).sum::<f64>();
    sum(|r| r.0 * r.1) / (sum(|r| r.0 * r.0) * sum(|r| r.1 * r.1)).sqrt()
}

#[tokio::test(flavor = "multi_thread")]
async fn backtests_agree_with_runs_of_those_days_and_later_events() {
    let mut world = steady(150, 8);
    world.settings = "[validate]\nevery_hours = 48\n".into();
    let validity = validated(&world).await.unwrap();
    let days = [7, 9, 11, 13, 15];
    assert_eq!(validity.backtests_hours, days.map(|days| 24 * days));
    // (target, predictor) → ρ at each day.
    let mut expected: BTreeMap<[&str; 2], Vec<f64>> = BTreeMap::new();
    let mut ratios = Vec::new();
    for days in days.map(i64::from) {
        let then = world.later(-days);
        let published = then.run().await;
        let measures = published.by("measures", &["person_id"]);
        let scores = published.by("scores", &["person_id"]);
        assert_eq!(scores.len(), 100);
        let weeks = then.cutoff..then.cutoff + 7 * 24 * HOUR;
        let observed = |person: &str, trusted: bool| {
            let events = world.events.iter().filter(|event| {
                weeks.contains(&event.at)
                    && format!("net:{}", event.target) == person
                    && (!trusted
                        || measures[&vec![format!("net:{}", event.actor)]]["is_trusted"] == 1)
            });
            let actors: std::collections::BTreeSet<&str> =
                events.map(|event| &*event.actor).collect();
            actors.len() as f64
        };
        for (target, trusted) in [("future_trusted_reactors", true), ("future_reactors", false)] {
            for predictor in ["standard", "reactors_90d", "pagerank"] {
                let predicted = |person: &Vec<String>| match predictor {
                    "standard" => scores[person]["expected_reactors"].as_f64().unwrap(),
                    measure => measures[person][measure].as_f64().unwrap(),
                };
                let pairs = scores.keys().map(|p| (predicted(p), observed(&p[0], trusted)));
                let pairs: Vec<(f64, f64)> = pairs.collect();
                let found = spearman(&pairs);
                if (predictor, trusted) == ("standard", true) {
                    let sums = pairs.iter().fold((0.0, 0.0), |s, p| (s.0 + p.0, s.1 + p.1));
                    ratios.push(sums.1 / sums.0);
                }
                expected.entry([target, predictor]).or_default().push(found);
            }
        }
    }
    for ([target, predictor], found) in expected {
        let mean = found.iter().sum::<f64>() / 5.0;
        let row = row(&validity, [target, "all", "spearman", predictor]);
        assert!((row.value - mean).abs() < 1e-9, "{row:?}, not {mean}");
        assert_eq!(row.people, 100);
        // Of counts only the best one is resampled.
        assert!(predictor != "standard" || row.interval.is_some(), "{row:?}");
        assert!(row.interval.is_none_or(|(low, high)| low < row.value && row.value < high));
    }
    let of_score =
        |metric| row(&validity, ["future_trusted_reactors", "all", metric, "standard"]).value;
    let ratio = ratios.iter().sum::<f64>() / 5.0;
    assert!((of_score("observed_over_forecast") - ratio).abs() < 1e-9, "not {ratio}");
    assert!((0.3..3.0).contains(&of_score("calibration_slope")));
    assert!((0.5..=1.0).contains(&of_score("coverage_90")));
    assert!((0.0..0.3).contains(&of_score("brier_any")));
    assert!(
        validity.rows.iter().all(|row| row.predictor != "pagerank" || row.metric != "brier_any")
    );
    // A score is better than chance, and is compared with the best baseline.
    let score = row(&validity, ["future_reactors", "all", "spearman", "standard"]);
    let random = row(&validity, ["future_reactors", "all", "spearman", "random"]);
    assert!(score.interval.unwrap().0 > random.interval.unwrap().1);
    let difference = score.difference.as_ref().unwrap();
    let best = row(&validity, ["future_reactors", "all", "spearman", &difference.to]);
    assert!((score.value - best.value - difference.value).abs() < 1e-12);
    assert!(best.difference.is_none());
}

/// Labels: the value i for person i, or that i is more influential than i - 1; one of them on a topic.
pub fn labels(form: &str) -> RecordBatch {
    let rows = 1..100_usize;
    let person = |i: usize| format!("net:p{i}");
    let graded = form == "graded";
    let losers = rows.clone().map(|i| (!graded).then(|| person(i - 1)));
    let topics = rows.clone().map(|i| (i == 99).then(|| "tea".to_owned()));
    let values: ArrayRef =
        Arc::new(rows.clone().map(|i| graded.then_some(i as f64)).collect::<Float64Array>());
    let people: Vec<String> = rows.clone().map(person).collect();
    RecordBatch::try_from_iter([
        ("truth", text(rows.clone().map(|_| "panel"))),
        ("form", text(rows.clone().map(|_| form))),
        ("person_id", text(people.iter().map(String::as_str))),
        ("loser_id", maybe_text(&losers.collect::<Vec<_>>())),
        ("topic_id", maybe_text(&topics.collect::<Vec<_>>())),
        ("value", values),
    ])
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_of_both_forms_are_compared_with_the_scores() {
    for form in ["graded", "pairwise"] {
        let mut world = steady(60, 9);
        world.more.push(("ground_truth", labels(form)));
        let scores = world.run().await;
        let score =
            |i: usize| scores.score(&format!("net:p{i}"))["expected_reactors"].as_f64().unwrap();
        let validity = validated(&world).await.unwrap();
        let row = |metric: &str| row(&validity, ["panel", "all", metric, "standard"]);
        match form {
            "graded" => {
                let pairs: Vec<_> = (1..99).map(|i| (score(i), i as f64)).collect();
                let found = row("spearman");
                assert!((found.value - spearman(&pairs)).abs() < 1e-9, "{found:?}");
                assert_eq!(found.people, 98);
            }
            _ => {
                let won = |i: usize| match score(i) - score(i - 1) {
                    0.0 => 0.5,
                    difference => f64::from(u8::from(difference > 0.0)),
                };
                let found = row("pairwise_accuracy");
                let share = (1..99).map(won).sum::<f64>() / 98.0;
                assert!((found.value - share).abs() < 1e-12, "{found:?}, not {share}");
                assert_eq!(found.people, 99);
            }
        }
    }
}

/// Pairs count by the weights of all their judgements; grades of several judges are averaged by weight.
#[tokio::test(flavor = "multi_thread")]
async fn judgements_count_by_weight() {
    let ids: Vec<String> = (0..100).map(|i| format!("net:p{i}")).collect();
    let judges = ["ann", "bob"];
    let weight = |i: usize, judge: usize| (1 + (i * 7 + judge * 3) % 5) as f64 / 2.0;
    let grade_by = |i: usize, judge: usize| ((i + 40 * judge * (i % 3)) % 70) as f64;
    let all = (0..60_usize).flat_map(|i| [(i, 0), (i, 1)]);
    let pairs = all.clone().map(|(i, judge)| {
        // They disagree on every fourth pair.
        let (winner, loser) = if judge == 1 && i % 4 == 0 { (i, i + 30) } else { (i + 30, i) };
        (pair("duel", &ids[winner], &ids[loser]), Some(judges[judge]), Some(weight(i, judge)))
    });
    let grades = all.map(|(i, judge)| {
        let grade = grade("stars", &ids[i], None, grade_by(i, judge));
        (grade, Some(judges[judge]), Some(weight(i, judge)))
    });
    let mut world = steady(60, 12);
    world.more.push(("ground_truth", judged_table(&pairs.chain(grades).collect::<Vec<_>>())));
    let scores = world.run().await;
    let score = |i: usize| scores.score(&ids[i])["expected_reactors"].as_f64().unwrap();
    let validity = validated(&world).await.unwrap();
    let (mut won, mut weights) = (0.0, 0.0);
    for i in 0..60 {
        for judge in 0..2 {
            let ahead = score(i + 30) - score(i);
            let right = if ahead == 0.0 { 0.5 } else { f64::from(u8::from(ahead > 0.0)) };
            let right = if judge == 1 && i % 4 == 0 { 1.0 - right } else { right };
            won += weight(i, judge) * right;
            weights += weight(i, judge);
        }
    }
    let found = row(&validity, ["duel", "all", "pairwise_accuracy", "standard"]);
    assert!((found.value - won / weights).abs() < 1e-12, "{found:?}, not {}", won / weights);
    let mean = |i: usize| {
        let sums = [0, 1].map(|judge| weight(i, judge) * grade_by(i, judge));
        (sums[0] + sums[1]) / (weight(i, 0) + weight(i, 1))
    };
    let found = row(&validity, ["stars", "all", "spearman", "standard"]);
    let rho = spearman(&(0..60).map(|i| (score(i), mean(i))).collect::<Vec<_>>());
    assert!((found.value - rho).abs() < 1e-9, "{found:?}, not {rho}");
    assert_eq!(found.people, 60);
    let printed = serde_json::to_string(&validity).unwrap();
    assert!(judges.iter().all(|judge| !printed.contains(judge)));
}

#[test]
fn same_bits_at_any_thread_count() {
    let world = steady(60, 10);
    let found = |threads: usize| {
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        let validity = on_threads(threads, || runtime.block_on(validated(&world)).unwrap());
        serde_json::to_string(&validity).unwrap()
    };
    assert_eq!(found(1), found(3));
}

#[test]
fn a_validation_is_printed_as_text_and_json() {
    let folder = TempDir::new().unwrap();
    let job = steady(60, 11).write(folder.path());
    let page = renown(&["validate", job.to_str().unwrap()]).done().stdout;
    for words in ["5 backtests, each over 168 hours", "future_reactors", "not a cause"] {
        assert!(page.contains(words), "{words} in {page}");
    }
    let printed = renown(&["validate", job.to_str().unwrap(), "--format", "json"]).done().stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&printed["resamples"], &printed["seed"]), (&200.into(), &1.into()));
    assert!(printed["rows"].as_array().unwrap().len() > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn possible_leakage_is_noted() {
    let mut world = steady(150, 13);
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
    let engine = Engine::new(Stores::default(), 3);
    let fitted = fit_method(&engine, &job, "own-1", None).await.unwrap().method;
    world.method = method_file(&fitted).unwrap();
    let noted =
        |validity: &Validity| validity.notes.iter().any(|n| n.contains("`own-1` was fitted"));
    assert!(noted(&validated(&world).await.unwrap()));
    // Fitted to data that end five weeks before, it does not overlap any backtest.
    let before = (world.day - chrono::Days::new(35)).to_string();
    world.method = world.method.replace(&world.day.to_string(), &before);
    assert!(!noted(&validated(&world).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_short_a_history_is_refused() {
    let error = validated(&steady(10, 12)).await.unwrap_err();
    assert_eq!(error.kind, Kind::BadInput);
    assert!(error.to_string().contains("needs 336"), "{error}");
}
