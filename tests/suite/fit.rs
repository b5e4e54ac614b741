//! Fitted methods: to observed reactors, and to labels.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch};
use arrow::compute::filter_record_batch;
use fastrand::Rng;
use renown::engine::Engine;
use renown::error::{Kind, Result};
use renown::fit::{Fitted, fit_method, method_file};
use renown::job::Job;
use renown::method::{FitForm, Method};
use renown::storage::Stores;
use tempfile::TempDir;

use crate::binary::renown;
use crate::label_sets::{JudgedRow, judged_table, pair};
use crate::on_threads;
use crate::world::{
    CUTOFF, HOUR, Interaction, World, account, maybe_text, of_account, reply, rows, text,
};

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
    let Fitted { method, tried, observed_hours } = fitted(&steady(150, 1), None).await.unwrap();
    assert_eq!((method.version.as_str(), observed_hours), ("own-1", 168));
    assert!(method.fitted && !tried.is_empty());
    let record = method.fit.as_ref().unwrap();
    assert_eq!(record.origins_hours.len(), 13);
    assert_eq!(*record.origins_hours.last().unwrap(), 168);
    let found = &record.validation;
    assert!((0.9..1.1).contains(&found.observed_over_forecast), "{found:?}");
    assert!((0.85..1.3).contains(&found.calibration_slope), "{found:?}");
    assert!((0.87..0.95).contains(&found.coverage_90), "{found:?}");
    assert!(found.agreement > 0.6 && found.concordance > 0.7, "{found:?}");
    // Rates are constant: what was long ago tells as much as the last week, and the fit finds that.
    let of_a_week = tried.iter().find(|one| one.form == "reactors_7d");
    assert!(of_a_week.is_none_or(|week| week.log_score < found.log_score), "{tried:?}");
    assert!(method.forecast.terms.iter().flat_map(|term| term.curve()).all(|slope| *slope >= 0.0));
    // One row has one origin, network and person, active there.
    assert_eq!(record.rows % 13, 0, "{record:?}");
    let since = method.forecast.covered_since["net"];
    assert_eq!(
        (since.timestamp_micros(), method.forecast.clock_minutes),
        (CUTOFF - 150 * 24 * HOUR, 60)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learnt_grows_with_the_data() {
    let learnt = async |days: i64| {
        let Fitted { method, tried, observed_hours } =
            fitted(&steady(days, 3), None).await.unwrap();
        let form = method.fit.as_ref().map(|record| record.form);
        assert_eq!(method.fitted, form.is_some());
        (method.forecast, form, tried.len(), observed_hours)
    };
    let default = Method::parse("standard", renown::method::BUILT_IN).unwrap().forecast;
    let slopes = |forecast: &renown::method::Forecast| -> Vec<(String, f64)> {
        forecast.terms.iter().map(|term| (term.measure.clone(), term.coefficient)).collect()
    };
    // The horizon is a week. Of less than two quarters of it nothing is learnt.
    let (forecast, form, tried, observed) = learnt(3).await;
    assert_eq!((form, tried, observed), (None, 0, 0));
    assert_eq!((slopes(&forecast), forecast.intercept), (slopes(&default), default.intercept));
    // Six days after an origin stand for seven.
    let (forecast, form, tried, observed) = learnt(12).await;
    assert_eq!((form, tried), (Some(FitForm::Level), 0));
    assert!((140..=144).contains(&observed), "{observed}");
    assert_eq!(slopes(&forecast), slopes(&default));
    assert!(forecast.intercept != default.intercept);
    // From a horizon of outcomes on curves are fitted, and with a second one they are compared.
    let (_, form, tried, observed) = learnt(20).await;
    assert_eq!((form, tried, observed), (Some(FitForm::Curves), 0, 168));
    assert!(learnt(40).await.2 > 5);
}

/// What a fit to half a horizon expects for the next one is what is observed, but for chance.
#[tokio::test(flavor = "multi_thread")]
async fn a_level_of_short_data_is_that_of_a_whole_horizon() {
    let mut world = steady(10, 8);
    world.edit_method("horizon_hours = 168", "horizon_hours = 240");
    let Fitted { method, observed_hours, .. } = fitted(&world, None).await.unwrap();
    assert_eq!(observed_hours, 120);
    world.method = method_file(&method).unwrap();
    let published = world.run().await;
    let scores = published.tables["scores"].iter();
    let expected: f64 = scores.map(|row| row["expected_reactors"].as_f64().unwrap()).sum();
    // Distinct pairs of the world in ten days: of 35 reactions a day to others nearly all.
    assert!((0.6 * 340.0..1.6 * 340.0).contains(&expected), "{expected}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_method_file_holds_the_fitted_method_and_a_job_runs_with_it() {
    let mut world = steady(120, 2);
    let Fitted { method, .. } = fitted(&world, None).await.unwrap();
    let text = method_file(&method).unwrap();
    assert!(text.starts_with("# Fitted by Renown to reactors within up to 168 hours"), "{text}");
    assert_eq!(Method::parse("own-1.toml", &text).unwrap(), method);
    world.method = text;
    let published = world.run().await;
    let row = &published.tables["scores"][0];
    assert_eq!(row["method_version"], "own-1");
    assert!(!row["flags"].as_array().unwrap().contains(&"method_not_fitted".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn data_in_which_nobody_is_active_are_refused() {
    let few = World {
        events: vec![reply("net", "a", "b", 1), reply("net", "b", "a", 4_000)],
        ..steady(1, 3)
    };
    let error = fitted(&few, None).await.unwrap_err();
    assert_eq!(error.kind, Kind::BadInput, "{error}");
    assert!(error.to_string().contains("anybody had drawn a reaction"), "{error}");
    let mut nothing = steady(60, 3);
    nothing.events.retain(|event| event.at < nothing.cutoff - 30 * 24 * HOUR);
    let Fitted { method, .. } = fitted(&nothing, None).await.unwrap();
    // Nothing came after any origin: the level falls, as far as so few people tell.
    assert!(method.forecast.intercept < -4.15, "{:?}", method.forecast.intercept);
}

#[tokio::test(flavor = "multi_thread")]
async fn origins_without_earlier_outcomes_are_not_validated() {
    let mut world = steady(150, 6);
    let days = |event: &Interaction| (world.cutoff - event.at) / (24 * HOUR);
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

/// Comparisons of the people of `steady` with the judge and weight of each, decided by how many react to a person.
fn judged_pairs(seed: u64, judge: impl Fn(usize) -> Vec<(Option<String>, f64)>) -> RecordBatch {
    let mut rng = Rng::with_seed(seed);
    let ids: Vec<String> = (0..100).map(|i| format!("net:p{i}")).collect();
    let mut rows = Vec::new();
    for at in 0..900_usize {
        let (a, b) = (rng.usize(..100), rng.usize(..100));
        let wins = rng.f64() < 1.0 / (1.0 + ((b as f64 - a as f64) / 15.0).exp());
        let (winner, loser) = if wins { (a, b) } else { (b, a) };
        if winner != loser {
            // No pair twice by chance.
            let judges = judge(at).into_iter().map(|(judge, weight)| {
                (winner, loser, Some(format!("{}/{at}", judge.unwrap_or_default())), weight)
            });
            rows.extend(judges);
        }
    }
    let rows: Vec<JudgedRow<'_>> = rows
        .iter()
        .map(|(winner, loser, judge, weight)| {
            (pair("panel", &ids[*winner], &ids[*loser]), judge.as_deref(), Some(*weight))
        })
        .collect();
    judged_table(&rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_weight_is_as_many_judgements_and_all_judges_count() {
    let times = |at: usize| 1 + at % 3;
    let weighted = judged_pairs(8, |at| vec![(None, times(at) as f64)]);
    let repeated = judged_pairs(8, |at| {
        (0..times(at)).map(|judge| (Some(format!("judge {judge}")), 1.0)).collect()
    });
    let fitted_to = async |labels: RecordBatch| {
        let mut world = steady(60, 8);
        let rows = labels.num_rows() as u64;
        world.more.push(("ground_truth", labels));
        let method = fitted(&world, Some("panel")).await.unwrap().method;
        let text = method_file(&method).unwrap();
        assert!(!text.contains("judge"), "{text}");
        let record = method.fit.unwrap();
        assert_eq!(record.rows, rows);
        (method.forecast, record)
    };
    let ((one, record), (other, record_of_other)) =
        (fitted_to(weighted).await, fitted_to(repeated).await);
    assert_eq!((&record.anchor, record.ridge), (&record_of_other.anchor, record_of_other.ridge));
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()), "{a} {b}");
    near(record.validation.log_score, record_of_other.validation.log_score);
    assert_eq!(one.terms.len(), other.terms.len());
    near(one.intercept, other.intercept);
    for (one, other) in one.terms.iter().zip(&other.terms) {
        assert_eq!(one.measure, other.measure);
        one.curve().iter().zip(other.curve()).for_each(|(a, b)| near(*a, *b));
    }
}

/// A panel member who opts out leaves as if they had never judged.
#[tokio::test(flavor = "multi_thread")]
async fn an_ineligible_judge_leaves_no_trace_in_a_fit() {
    let all = judged_pairs(9, |at| {
        let mut judges = vec![(None, 1.0)];
        judges.extend((at % 4 == 0).then(|| (Some("spare".to_owned()), 5.0)));
        judges
    });
    let judges = |labels: &RecordBatch, keep: bool| {
        let rows = rows(labels.clone());
        let is_spare = |row: &crate::world::Row| row["judge"].to_string().contains("spare");
        let kept: Vec<bool> = rows.iter().map(|row| keep || !is_spare(row)).collect();
        let labels = filter_record_batch(labels, &BooleanArray::from(kept.clone())).unwrap();
        let kept = rows.iter().zip(kept).filter(|(_, kept)| *kept);
        let judge = kept.map(|(row, _)| is_spare(row).then(|| "net:p7".to_owned()));
        let judge = maybe_text(&judge.collect::<Vec<_>>());
        let columns =
            labels.schema_ref().fields().iter().zip(labels.columns()).map(|(field, column)| {
                match field.name().as_str() {
                    "judge" => ("judge", Arc::clone(&judge)),
                    name => (name, Arc::clone(column)),
                }
            });
        RecordBatch::try_from_iter(columns).unwrap()
    };
    let file = async |labels: RecordBatch, status: &str| {
        let mut world = steady(60, 9);
        world.consent = Some(vec![of_account("net", "p7", status, 1)]);
        world.more.push(("ground_truth", labels));
        method_file(&fitted(&world, Some("panel")).await.unwrap().method).unwrap()
    };
    let without = file(judges(&all, false), "opted_out").await;
    assert_eq!(file(judges(&all, true), "opted_out").await, without);
    let (one, other) =
        (file(judges(&all, true), "opted_in").await, file(judges(&all, false), "opted_in").await);
    assert_ne!(one, other);
}

/// The middle is best: a line says nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_curved_truth_is_fitted_by_curves_that_a_run_follows() {
    let mut rng = Rng::with_seed(10);
    let points = |i: usize| 1.1_f64.powi(i as i32);
    let merit = |i: u32| 5.0 - f64::from(i.abs_diff(50)) / 7.0;
    let mut world = steady(60, 10);
    let accounts = (0..100_usize).map(|i| {
        let mut account = account("net", &format!("p{i}"));
        account.points = Some(points(i));
        account
    });
    world.accounts = Some(accounts.collect());
    world.more.push(("ground_truth", labelled_pairs(&mut rng, merit)));
    world.settings = "[fit]\nmeasures = [\"measure_points\", \"credited_reactors_90d\"]\n".into();
    let method = fitted(&world, Some("panel")).await.unwrap().method;
    let term = method.forecast.terms.iter().find(|term| term.measure == "measure_points").unwrap();
    assert!(term.coefficient == 0.0 && term.slopes.len() == 7, "{term:?}");
    assert!(term.slopes[0] > 0.0 && term.slopes[6] < 0.0, "{term:?}");
    let found = &method.fit.as_ref().unwrap().validation;
    assert!(found.agreement > found.agreement_anchor + 0.1, "{found:?}");
    // Declared measures never count against a person.
    let declared = method.forecast.terms.iter().filter(|term| term.measure != "measure_points");
    assert!(declared.flat_map(|term| term.curve()).all(|slope| *slope >= 0.0));
    world.method = method_file(&method).unwrap();
    let published = world.run().await;
    let mean = |people: std::ops::Range<usize>| {
        let count = people.len() as f64;
        let score = |i| published.score(&format!("net:p{i}"))["score"].as_f64().unwrap();
        people.map(score).sum::<f64>() / count
    };
    assert!(mean(40..60) > mean(0..20) && mean(40..60) > mean(80..100));
}

#[test]
fn an_existing_method_file_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let job = steady(60, 7).write(folder.path());
    let out = folder.path().join("own-1.toml");
    let words = ["fit", job.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let said = renown(&words).done().stdout;
    assert!(said.contains("method own-1 learnt"), "{said}");
    renown(&words).refused(2, &["exists", "it is not replaced"]);
    renown(&["fit", job.to_str().unwrap(), "--out", "method"]).refused(2, &[".toml"]);
}
