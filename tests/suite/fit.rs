//! Fitted methods: to observed reactors, and to labels.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use fastrand::Rng;
use renown::engine::Engine;
use renown::error::{Error, Kind, Result};
use renown::fit::{Fitted, fit_method, method_file};
use renown::job::Job;
use renown::method::Method;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::binary::renown;
use crate::on_threads;
use crate::world::{Interaction, World, account, maybe_text, reply, text};

/// A hundred people, of whom number i draws about i/20 reactors a week from the others, for `days` days.
pub fn steady(days: i64, seed: u64) -> World {
    let mut rng = Rng::with_seed(seed);
    let mut events: Vec<Interaction> = Vec::new();
    for hours in (0..days * 24).step_by(24) {
        for target in 0..100_u32 {
            if rng.f64() < f64::from(target) / 140.0 {
                let actor = rng.u32(..100);
                if actor != target {
                    let (actor, target) = (format!("p{actor}"), format!("p{target}"));
                    events.push(reply("net", &actor, &target, hours + rng.i64(0..24)));
                }
            }
        }
    }
    let mut world = World { events, ..World::default() };
    world.edit_method("horizon_hours = 672", "horizon_hours = 168");
    world
}

async fn fitted(world: &World, label_set: Option<&str>) -> Result<Fitted> {
    let folder = TempDir::new().unwrap();
    let job = Job::load(&world.write(folder.path()), &[], None)?;
    fit_method(&Engine::new(Stores::default(), 3), &job, "own-1", label_set).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_world_is_forecast_well() {
    let Fitted { method, tried, short_hours } = fitted(&steady(150, 1), None).await.unwrap();
    assert_eq!(method.version, "own-1");
    assert!(method.fitted && !tried.is_empty());
    let record = method.fit.as_ref().unwrap();
    assert_eq!(record.origins_hours.len(), 13);
    assert_eq!(*record.origins_hours.last().unwrap(), 168);
    let found = &record.validation;
    assert!((0.9..1.1).contains(&found.observed_over_forecast), "{found:?}");
    assert!((0.85..1.2).contains(&found.calibration_slope), "{found:?}");
    assert!((0.87..0.95).contains(&found.coverage_90), "{found:?}");
    assert!(found.agreement > 0.6, "{found:?}");
    // Rates are constant: a longer count predicts more than the last week alone, and the fit finds that.
    let ranked_by_week = tried.iter().find(|one| one.measures == ["reactors_7d"]);
    assert!(ranked_by_week.is_none_or(|week| week.log_score < found.log_score), "{tried:?}");
    assert!(method.forecast.terms.iter().all(|term| term.coefficient > 0.0));
    // Of 60 days the last 28 are origins and horizon, and measures look back 90.
    let of_60_days = fitted(&steady(60, 1), None).await.unwrap();
    assert_eq!(short_hours, None);
    assert!(of_60_days.short_hours.is_some_and(|hours| (760..=768).contains(&hours)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_method_file_holds_the_fitted_method_and_a_job_runs_with_it() {
    let mut world = steady(120, 2);
    let Fitted { method, .. } = fitted(&world, None).await.unwrap();
    let text = method_file(&method).unwrap();
    assert!(text.starts_with("# Fitted by Renown to reactors within 168 hours"), "{text}");
    assert_eq!(Method::parse("own-1.toml", &text).unwrap(), method);
    world.method = text;
    let published = world.run().await;
    let row = &published.tables["scores"][0];
    assert_eq!(row["method_version"], "own-1");
    assert!(!row["flags"].as_array().unwrap().contains(&"method_not_fitted".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_data_is_refused() {
    let refused = |error: Error, words: &str| {
        assert_eq!(error.kind, Kind::BadInput, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    // Three horizons are 21 days.
    refused(fitted(&steady(20, 3), None).await.unwrap_err(), "needs 504 hours");
    let few = World {
        events: vec![reply("net", "a", "b", 1), reply("net", "b", "a", 900)],
        ..steady(1, 3)
    };
    refused(fitted(&few, None).await.unwrap_err(), "a fit needs 100");
    let mut nothing = steady(60, 3);
    nothing.events.retain(|event| event.at < nothing.cutoff - 30 * 24 * crate::world::HOUR);
    assert_eq!(fitted(&nothing, None).await.unwrap_err().kind, Kind::BadInput);
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_without_earlier_outcomes_are_not_validated() {
    let mut world = steady(150, 6);
    let days = |event: &Interaction| (world.cutoff - event.at) / (24 * crate::world::HOUR);
    // No events between 60 and 12 days before the end.
    let kept = world.events.iter().filter(|event| days(event) < 12 || days(event) >= 60).cloned();
    world.events = kept.collect();
    let method = fitted(&world, None).await.unwrap().method;
    assert_eq!(method.fit.unwrap().origins_hours.len(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_counted_in_place_of_reactions() {
    let mut world = steady(120, 4);
    // The reactions to people from 50 on are outcomes.
    for event in &mut world.events {
        if event.target.len() == 3 && event.target.as_str() >= "p50" {
            event.kind = "accept".into();
        }
    }
    let all = fitted(&world, None).await.unwrap().method;
    world.settings += "[fit]\noutcomes = [\"accept\"]\n";
    let accepts = fitted(&world, None).await.unwrap().method;
    assert_eq!(accepts.forecast.outcomes, ["accept"]);
    assert!(accepts.forecast != all.forecast);
    world.settings = world.settings.replace("\"accept\"", "\"sale\"");
    let error = fitted(&world, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::BadJob);
    assert!(error.to_string().contains("`sale`"), "{error}");
}

#[test]
fn same_bits_at_any_thread_count() {
    let world = steady(90, 5);
    let fitted = |threads: usize| {
        on_threads(threads, || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            method_file(&runtime.block_on(fitted(&world, None)).unwrap().method).unwrap()
        })
    };
    let one = fitted(1);
    assert_eq!(fitted(2), one);
    assert_eq!(fitted(7), one);
}

/// Comparisons of the people of `steady`, decided by `value` with some noise.
pub fn labelled_pairs(rng: &mut Rng, value: impl Fn(u32) -> f64) -> RecordBatch {
    let pairs: Vec<(String, String)> = (0..1_500)
        .map(|_| {
            let (a, b) = (rng.u32(..100), rng.u32(..100));
            let b = if a == b { (b + 1) % 100 } else { b };
            let wins = rng.f64() < 1.0 / (1.0 + (value(b) - value(a)).exp());
            let (winner, loser) = if wins { (a, b) } else { (b, a) };
            (format!("net:p{winner}"), format!("net:p{loser}"))
        })
        .collect();
    let values: ArrayRef = Arc::new(Float64Array::new_null(pairs.len()));
    let losers: Vec<Option<String>> = pairs.iter().map(|(_, loser)| Some(loser.clone())).collect();
    RecordBatch::try_from_iter([
        ("truth", text(pairs.iter().map(|_| "panel"))),
        ("form", text(pairs.iter().map(|_| "pairwise"))),
        ("person_id", text(pairs.iter().map(|(winner, _)| winner.as_str()))),
        ("loser_id", maybe_text(&losers)),
        ("topic_id", maybe_text(&vec![None; pairs.len()])),
        ("value", values),
    ])
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_fitted_over_custom_measures() {
    let mut rng = Rng::with_seed(6);
    let points: Vec<f64> = (0..100).map(|_| 100.0 * rng.f64()).collect();
    let mut world = steady(60, 6);
    world.accounts = Some(
        (0..100_usize)
            .map(|i| {
                let mut account = account("net", &format!("p{i}"));
                account.points = Some(points[i]);
                account
            })
            .collect(),
    );
    let table = labelled_pairs(&mut rng, |person| 2.0 * (1.0 + points[person as usize]).ln());
    world.more.push(("ground_truth", table));
    let Fitted { method, .. } = fitted(&world, Some("panel")).await.unwrap();
    let record = method.fit.clone().unwrap();
    assert_eq!(record.target, "panel");
    assert!(record.validation.agreement > 0.75, "{record:?}");
    let points_term =
        method.forecast.terms.iter().find(|term| term.measure == "measure_points").unwrap();
    assert!((1.0..3.0).contains(&points_term.coefficient), "{points_term:?}");
    let error = fitted(&world, Some("other")).await.unwrap_err();
    assert!(error.to_string().contains("name one of: panel"), "{error}");
    // Scores by this method order people as the points do, and their flag names the kind of target.
    world.method = method_file(&method).unwrap();
    let published = world.run().await;
    let scores = published.by("scores", &["person_id"]);
    let mut rows: Vec<(f64, f64)> = (0..100_usize)
        .map(|i| (points[i], scores[&vec![format!("net:p{i}")]]["score"].as_f64().unwrap()))
        .collect();
    assert!(scores.values().all(|row| row["flags"].to_string().contains("fitted_to_labels")));
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (low, high) = rows.split_at(50);
    let mean = |rows: &[(f64, f64)]| rows.iter().map(|row| row.1).sum::<f64>() / 50.0;
    assert!(mean(high) > mean(low));
}

#[test]
fn an_existing_method_file_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let job = steady(60, 7).write(folder.path());
    let out = folder.path().join("own-1.toml");
    let words = ["fit", job.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let said = renown(&words).done().stdout;
    assert!(said.contains("method own-1, fitted to"), "{said}");
    renown(&words).refused(2, &["exists", "it is not replaced"]);
    renown(&["fit", job.to_str().unwrap(), "--out", "method"]).refused(2, &[".toml"]);
}
