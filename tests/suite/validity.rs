//! The table `validity`: groups, labels, topics, several methods, leakage, and how it is published.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch};
use fastrand::Rng;
use renown::engine::Engine;
use renown::error::{Error, Kind, Result};
use renown::evaluate::{MetricRow, Validity, publish_validity, validate};
use renown::fit::{fit_method, is_held_out, method_file};
use renown::job::Job;
use renown::pipeline::progress::Progress;
use renown::publish::commit;
use renown::storage::Stores;
use tempfile::TempDir;

use crate::binary::renown;
use crate::fit::{labelled_pairs, steady};
use crate::label_sets::{grade, pair, table};
use crate::topics::lobsters;
use crate::validate::{spearman, validated};
use crate::world::{Account, World, account, read, rows, text, write};

/// `steady`, with an account of each person that states country, points and age.
fn steady_with_accounts(days: i64, seed: u64) -> World {
    let mut world = steady(days, seed);
    let account = |i: usize| Account {
        country: (!i.is_multiple_of(10)).then(|| ["DE", "FR"][i % 2].to_owned()),
        points: Some(((37 * i) % 101) as f64),
        created: Some(world.cutoff - [20, 200, 600, 2_000][i % 4] * 24 * crate::world::HOUR),
        ..account("net", &format!("p{i}"))
    };
    world.accounts = Some((0..100).map(account).collect());
    world
}

fn matching(validity: &Validity, wanted: impl Fn(&MetricRow) -> bool) -> Vec<&MetricRow> {
    validity.rows.iter().filter(|row| wanted(row)).collect()
}

fn single(validity: &Validity, wanted: impl Fn(&MetricRow) -> bool) -> &MetricRow {
    let found = matching(validity, wanted);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_evaluated_in_isolation() {
    let mut world = steady_with_accounts(60, 31);
    world.settings = "[validate]\nbacktests = 1\nmin_people = 10\n".into();
    let validity = validated(&world).await.unwrap();
    let then = world.later(-7);
    let published = then.run().await;
    let scores = published.by("scores", &["person_id"]);
    let measures = published.by("measures", &["person_id"]);
    let weeks = then.cutoff..world.cutoff;
    let observed = |person: &str| {
        let events = world.events.iter().filter(|e| weeks.contains(&e.at) && e.target == person);
        events.map(|e| &*e.actor).collect::<std::collections::BTreeSet<&str>>().len() as f64
    };
    let number = |id: &str| id.trim_start_matches("net:p").parse::<usize>().unwrap();
    // Forecast and observed of the active people of each group.
    let mut groups: BTreeMap<(&str, String), Vec<(f64, f64)>> = BTreeMap::new();
    for (key, row) in &scores {
        let active = measures[&vec![key[0].clone()]]["reactors_window"].as_i64().unwrap() > 0;
        let i = number(&key[0]);
        let pair = (row["expected_reactors"].as_f64().unwrap(), observed(&format!("p{i}")));
        if active {
            let age = ["below 30 days", "30 days to 1 year", "1 to 3 years", "3 years and more"];
            if !i.is_multiple_of(10) {
                let country = ["DE", "FR"][i % 2].to_owned();
                groups.entry(("country", country)).or_default().push(pair);
            }
            groups.entry(("account_age", age[i % 4].to_owned())).or_default().push(pair);
        }
    }
    assert_eq!(groups.len(), 6);
    for ((by, name), pairs) in groups {
        let of = |metric: &str| {
            single(&validity, |row| {
                (&*row.target, &*row.group_by, &*row.group_value, &*row.predictor, &*row.metric)
                    == ("future_reactors", by, name.as_str(), "standard", metric)
            })
        };
        let found = of("spearman");
        assert_eq!((found.people, found.backtests), (pairs.len() as u64, 1), "{found:?}");
        assert!((found.value - spearman(&pairs)).abs() < 1e-12, "{found:?}");
        assert_eq!(found.population, "active");
    }
    // Everyone is on one network: that grouping is left out. Deciles by size have a tenth of the people each, or all who are tied.
    assert!(matching(&validity, |row| row.group_by == "network").is_empty());
    let sizes = matching(&validity, |row| {
        row.group_by == "size" && row.metric == "spearman" && row.predictor == "standard"
    });
    assert!(sizes.len() >= 4, "{sizes:?}");
    let printed = validity.notes.iter().any(|note| note.starts_with("by size: "));
    assert!(printed, "{:?}", validity.notes);
    // The groups that the job names.
    world.settings = "[validate]\nbacktests = 1\ngroups = [\"country\"]\nmin_people = 40\n".into();
    let validity = validated(&world).await.unwrap();
    let by = matching(&validity, |row| row.group_by != "everyone");
    assert!(by.iter().all(|row| row.group_by == "country" && row.group_value == "FR"), "{by:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_labels_have_an_auc_and_a_precision() {
    let mut world = steady_with_accounts(60, 32);
    // People with even numbers are labelled; the label is 1 for those with many reactors and for some others.
    let label = |i: usize| f64::from(u8::from((i + 30 * (i % 4)) >= 80));
    let people: Vec<String> = (0..100).step_by(2).map(|i| format!("net:p{i}")).collect();
    let labels: Vec<_> =
        (0..50).map(|at| grade("honest", &people[at], None, label(2 * at))).collect();
    world.more.push(("ground_truth", table(&labels)));
    world.settings =
        "[validate]\ntop = 7\n[[validate.target]]\nname = \"honest\"\nworth = \"a panel of two\"\n"
            .into();
    let validity = validated(&world).await.unwrap();
    assert!(validity.rows.iter().all(|row| row.target == "honest"));
    assert!(validity.backtests_hours.is_empty());
    assert!(validity.notes.contains(&"target `honest`: a panel of two".to_owned()));
    let published = world.run().await;
    let scored: Vec<(f64, f64)> = (0..100)
        .step_by(2)
        .map(|i| {
            let score = published.score(&format!("net:p{i}"));
            (score["expected_reactors"].as_f64().unwrap(), label(i))
        })
        .collect();
    let (mut won, mut pairs) = (0.0, 0.0);
    for one in scored.iter().filter(|one| one.1 > 0.0) {
        for other in scored.iter().filter(|other| other.1 == 0.0) {
            won += if one.0 == other.0 { 0.5 } else { f64::from(u8::from(one.0 > other.0)) };
            pairs += 1.0;
        }
    }
    let of = |metric: &str, predictor: &str| {
        single(&validity, |row| {
            (&*row.population, &*row.group_by, &*row.metric, &*row.predictor)
                == ("all", "everyone", metric, predictor)
        })
    };
    assert!((of("auc", "standard").value - won / pairs).abs() < 1e-12);
    let mut sorted = scored.clone();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let ends = sorted[6].0 > sorted[7].0;
    let right = sorted[..7].iter().map(|one| one.1).sum::<f64>() / 7.0;
    assert!(ends && (of("precision_7", "standard").value - right).abs() < 1e-12);
    // A custom measure is a baseline.
    assert!(of("auc", "measure_points").is_baseline);
    // Random predictions are not a baseline.
    assert!(
        validity.rows.iter().all(|row| row.difference.as_ref().is_none_or(|d| d.to != "random"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_on_a_topic_are_compared_with_its_scores() {
    let mut world = lobsters(&[2, 3, 9], 5);
    let people: Vec<String> = (0..5).map(|i| format!("a:r{i}")).chain(["a:ann".into()]).collect();
    let mut grades: Vec<_> = (0..6)
        .map(|at| grade("experts", &people[at], Some("lobsters"), (7 * at % 6) as f64))
        .collect();
    grades.extend((0..6).map(|at| grade("experts", &people[at], Some("nowhere"), at as f64)));
    world.more.push(("ground_truth", table(&grades)));
    world.settings = "[validate]\nmin_people = 3\n[[validate.target]]\nname = \"experts\"\n".into();
    let validity = validated(&world).await.unwrap();
    let published = world.run().await;
    let score = |person: &String| {
        let row = published.tables["topic_scores"]
            .iter()
            .find(|row| row["person_id"] == **person && row["topic_id"] == "lobsters");
        row.map_or(0.0, |row| row["expected_reactors"].as_f64().unwrap())
    };
    let pairs: Vec<(f64, f64)> =
        people.iter().zip(0..).map(|(p, at)| (score(p), f64::from(7 * at % 6))).collect();
    assert!(pairs[5].0 > 0.0);
    for group in ["lobsters", ""] {
        let row = single(&validity, |row| {
            (&*row.group_by, &*row.group_value, &*row.predictor, &*row.metric)
                == ("topic", group, "topic_score", "spearman")
        });
        assert!((row.value - spearman(&pairs)).abs() < 1e-12, "{row:?}");
        assert_eq!((row.people, row.backtests), (6, 1));
    }
    assert!(matching(&validity, |row| row.group_value == "nowhere").is_empty());
    let printed = "target `experts`: no post is about 1 of its topics, which are left out: nowhere";
    assert!(validity.notes.contains(&printed.to_owned()), "{:?}", validity.notes);
}

async fn validate_with(world: &World, methods: &[&str]) -> Result<Validity> {
    let folder = TempDir::new().unwrap();
    let path = world.write(folder.path());
    let jobs = methods.iter().enumerate().map(|(number, method)| {
        let file = folder.path().join(format!("{number}.toml"));
        std::fs::write(&file, method).unwrap();
        Job::load_with_method(&path, &[], None, Some(&file))
    });
    let jobs: Vec<Job> = jobs.collect::<Result<_>>()?;
    validate(&Engine::new(Stores::default(), 3), &jobs, &mut Progress::silent()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_are_compared() {
    let mut world = steady(40, 33);
    world.settings = "[validate]\nbacktests = 2\n".into();
    let first = world.method.clone();
    let other = first
        .replace("standard-5", "short-1")
        .replace("window_hours    = 2160", "window_hours    = 240")
        .replace("credited_reactors_30d", "credited_reactors_7d");
    assert_ne!(first, other);
    let both = validate_with(&world, &[&first, &other]).await.unwrap();
    assert_eq!(both.methods, ["standard-5", "short-1"]);
    let alone = validate_with(&world, &[&other]).await.unwrap();
    let mut compared = 0;
    for row in matching(&both, |row| row.method_version == "short-1") {
        let key = |other: &MetricRow| {
            (&row.target, &row.population, &row.group_by, &row.group_value, &row.metric)
                == (
                    &other.target,
                    &other.population,
                    &other.group_by,
                    &other.group_value,
                    &other.metric,
                )
        };
        // Every reactor is trusted here, so that both methods count the same.
        let by_itself = matching(&alone, |other| key(other) && other.predictor == row.predictor);
        if row.population == "all" && row.group_by == "everyone" {
            assert!((by_itself[0].value - row.value).abs() < 1e-12, "{row:?}");
        }
        let first = matching(&both, |other| {
            key(other) && other.predictor == "standard" && other.method_version == "standard-5"
        });
        if let Some(difference) = &row.from_first {
            assert!((row.value - first[0].value - difference.value).abs() < 1e-12);
            let (low, high) = difference.interval.unwrap_or((difference.value, difference.value));
            assert!(low <= high);
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
    assert!(both.rows.iter().any(|row| {
        row.metric == "spearman" && row.from_first.as_ref().is_some_and(|d| d.value != 0.0)
    }));
    let refused = |error: Error, words: &str| {
        assert_eq!(error.kind, Kind::BadJob);
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(validate_with(&world, &[&first, &first]).await.unwrap_err(), "have the same version");
    let longer = other.replace("horizon_hours = 168", "horizon_hours = 336");
    refused(
        validate_with(&world, &[&first, &longer]).await.unwrap_err(),
        "forecast different outcomes",
    );
    let fewer = other.replace("quote   = { weight = 1.0, reaction = true }\n", "");
    refused(validate_with(&world, &[&first, &fewer]).await.unwrap_err(), "different kinds");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_is_validated_on_people_held_out_of_its_fit() {
    let mut world = steady_with_accounts(60, 34);
    let mut rng = Rng::with_seed(34);
    let points = |i: u32| f64::from((37 * i) % 101);
    world.more.push(("ground_truth", labelled_pairs(&mut rng, |i| 2.0 * (1.0 + points(i)).ln())));
    world.settings = "[fit]\nheld_out = 0.4\n[[validate.target]]\nname = \"panel\"\n".into();
    let engine = Engine::new(Stores::default(), 3);
    let fitted = async |world: &World| {
        let folder = TempDir::new().unwrap();
        let job = Job::load(&world.write(folder.path()), &[], None).unwrap();
        fit_method(&engine, &job, "own-1", Some("panel")).await.unwrap().method
    };
    let method = fitted(&world).await;
    let pairs = rows(world.more[0].1.clone());
    let held = |row: &crate::world::Row, of: &str| is_held_out(row[of].as_str().unwrap(), 0.4);
    let mut within: Vec<(&str, &str)> = vec![];
    let mut without = std::collections::BTreeSet::new();
    for row in &pairs {
        let both = (row["person_id"].as_str().unwrap(), row["loser_id"].as_str().unwrap());
        match (held(row, "person_id"), held(row, "loser_id")) {
            (true, true) => within.push(both),
            (false, false) => {
                without.insert(both);
            }
            _ => {}
        }
    }
    let record = method.fit.as_ref().unwrap();
    assert_eq!((record.held_out, record.rows), (0.4, without.len() as u64));
    world.method = method_file(&method).unwrap();
    let validity = validated(&world).await.unwrap();
    let row = single(&validity, |row| {
        (&*row.population, &*row.group_by, &*row.predictor, &*row.metric)
            == ("all", "everyone", "standard", "pairwise_accuracy")
    });
    within.sort_unstable();
    within.dedup();
    let people: std::collections::BTreeSet<&str> =
        within.iter().flat_map(|pair| [pair.0, pair.1]).collect();
    assert_eq!(row.people, people.len() as u64);
    let published = world.run().await;
    let score = |id: &str| published.score(id)["expected_reactors"].as_f64().unwrap();
    let won = |pair: &(&str, &str)| match score(pair.0) - score(pair.1) {
        0.0 => 0.5,
        ahead => f64::from(u8::from(ahead > 0.0)),
    };
    let share = within.iter().map(won).sum::<f64>() / within.len() as f64;
    assert!((row.value - share).abs() < 1e-12, "{row:?}, not {share}");
    assert!(row.value > 0.7, "{row:?}");
    // With no one held out, the method cannot be validated on these labels.
    world.settings = "[[validate.target]]\nname = \"panel\"\n".into();
    world.method = crate::world::METHOD.into();
    world.method = method_file(&fitted(&world).await).unwrap();
    let error = validated(&world).await.unwrap_err();
    assert_eq!((error.kind, error.place.table.as_deref()), (Kind::BadInput, Some("ground_truth")));
    assert!(error.to_string().contains("fitted to it, with no one held out"), "{error}");
}

/// People with numbers that their accounts state, and labelled pairs of them, without interactions.
#[test]
fn accounts_and_labels_suffice() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut rng = Rng::with_seed(40);
    let people: Vec<String> = (0..400).map(|i| format!("p{i}")).collect();
    let mut column = || -> Vec<f64> { people.iter().map(|_| (8.0 * rng.f64()).exp()).collect() };
    let (lists, mentions, noise) = (column(), column(), column());
    let merit = |i: usize| lists[i].ln() + 0.5 * mentions[i].ln();
    let ids: Vec<String> = people.iter().map(|id| format!("net:{id}")).collect();
    let mut rows = vec![];
    for _ in 0..3_000 {
        let (one, other) = (rng.usize(..400), rng.usize(..400));
        if one != other {
            let ahead = rng.f64() < 1.0 / (1.0 + (merit(other) - merit(one)).exp());
            let (winner, loser) = if ahead { (one, other) } else { (other, one) };
            rows.push((winner, loser));
        }
    }
    rows.sort_unstable();
    rows.dedup();
    let pairs: Vec<_> =
        rows.iter().map(|(winner, loser)| pair("panel", &ids[*winner], &ids[*loser])).collect();
    write(&path("ground_truth.parquet"), &table(&pairs));
    let floats = |values: &[f64]| -> ArrayRef { Arc::new(Float64Array::from(values.to_vec())) };
    let accounts = RecordBatch::try_from_iter([
        ("network", text(people.iter().map(|_| "net"))),
        ("account_id", text(people.iter().map(String::as_str))),
        ("measure_lists", floats(&lists)),
        ("measure_mentions", floats(&mentions)),
        ("measure_noise", floats(&noise)),
    ]);
    write(&path("accounts.parquet"), &accounts.unwrap());
    std::fs::write(
        path("job.toml"),
        "[job]\nsnapshot = 2026-03-31\n[inputs]\naccounts = \"accounts.parquet\"\n\
         ground_truth = \"ground_truth.parquet\"\n[fit]\nheld_out = 0.3\n[output]\nurl = \"out/\"\n",
    )
    .unwrap();
    let job = path("job.toml");
    let (job, method) = (job.to_str().unwrap(), path("panel-1.toml"));
    let method = method.to_str().unwrap();
    renown(&["run", job]).refused(78, &["equal scores are not published"]);
    renown(&["fit", job, "--target", "panel", "--out", method]).done();
    let printed = renown(&["validate", job, "--method", method, "--format", "json"]).done().stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    let value = |predictor: &str, metric: &str| {
        let rows = printed["rows"].as_array().unwrap().iter();
        let mut found = rows.filter(|row| {
            (&row["population"], &row["group_by"]) == (&"all".into(), &"everyone".into())
                && (&row["predictor"], &row["metric"]) == (&predictor.into(), &metric.into())
        });
        found.next().unwrap()["value"].as_f64().unwrap()
    };
    for metric in ["pairwise_accuracy", "pairwise_auc"] {
        let [score, lists, noise] = ["standard", "measure_lists", "measure_noise"]
            .map(|predictor| value(predictor, metric));
        assert!(score > lists && lists > noise, "{metric}: {score} {lists} {noise}");
    }
    assert!(value("standard", "pairwise_auc") > 0.9);
    assert!((value("measure_noise", "pairwise_auc") - 0.5).abs() < 0.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_that_the_score_is_computed_from_are_refused() {
    let mut world = steady_with_accounts(60, 35);
    world.edit_method("credited_reactors_30d", "measure_points");
    let people: Vec<String> = (0..100).map(|i| format!("net:p{i}")).collect();
    let alike = |i: usize| 3.0 + 2.0 * ((37 * i) % 101) as f64;
    let grades = |value: &dyn Fn(usize) -> f64| {
        let rows: Vec<_> = (0..100).map(|i| grade("panel", &people[i], None, value(i))).collect();
        table(&rows)
    };
    world.more = vec![("ground_truth", grades(&alike))];
    let error = validated(&world).await.unwrap_err();
    assert!(error.to_string().contains("orders people as `measure_points` does"), "{error}");
    // Labels that the job does not name are not compared; almost equal labels are allowed.
    world.settings = "[[validate.target]]\nname = \"future_reactors\"\n".into();
    assert!(validated(&world).await.is_ok());
    world.settings = String::new();
    world.more = vec![("ground_truth", grades(&|i| if i == 5 { 0.0 } else { alike(i) }))];
    assert!(validated(&world).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_out_of_range_are_refused() {
    let mut world = steady(60, 36);
    for (settings, words) in [
        ("[[validate.target]]\nname = \"panel\"\n", "names `panel`, which does not exist"),
        ("[validate]\nresamples = 10\n", "`validate.resamples` is 10"),
        ("[validate]\nbacktests = 0\n", "`validate.backtests` is 0"),
        ("[validate]\ngroups = [\"shoes\"]\n", "shoes"),
        (
            "[[validate.target]]\nname = \"future_reactors\"\n[[validate.target]]\nname = \"future_reactors\"\n",
            "names `future_reactors` twice",
        ),
    ] {
        world.settings = settings.into();
        let error = validated(&world).await.unwrap_err();
        assert_eq!(error.kind, Kind::BadJob);
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// The rows of the table that a commit names.
fn published(output: &Path, commit: &commit::Commit) -> Vec<crate::world::Row> {
    let files = &commit.tables["validity"].files;
    files.iter().flat_map(|file| read(&output.join(&file.path))).flat_map(rows).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_is_published_in_a_separate_commit() {
    let mut world = steady(40, 37);
    world.settings = "[validate]\nbacktests = 1\n".into();
    let folder = TempDir::new().unwrap();
    let path = world.write(folder.path());
    let job = path.to_str().unwrap();
    let out = folder.path().join("out");
    let url = out.to_str().unwrap();
    // Before the first run, after it, and again: the validation is found each time, and so is the run.
    let said = renown(&["validate", job]).done().stdout;
    assert!(said.contains("table `validity`: commit 1 of"), "{said}");
    renown(&["top", job]).refused(65, &["no run has been published"]);
    renown(&["run", job]).done();
    let said = renown(&["run", job]).done().stdout;
    assert!(said.contains("nothing to do: these rows, job and method are published as commit 2"));
    let said = renown(&["validate", job]).done().stdout;
    assert!(said.contains("commit 1 of"), "{said}");
    assert_eq!(std::fs::read_dir(out.join("commits")).unwrap().count(), 2);
    renown(&["top", url]).done();
    let of_validation = out.join("commits/00000000000000000001.json");
    renown(&["top", of_validation.to_str().unwrap()]).refused(65, &["the commit of a validation"]);
    let runs = renown(&["runs", url]).done().stdout;
    assert_eq!(runs.lines().count(), 2, "{runs}");
    let access = renown(&["access", url, "net:p1"]).done().stdout;
    assert!(!access.contains("validity"), "{access}");
    // The commit in force holds what the command prints.
    let (stores, engine) = (Stores::default(), Engine::new(Stores::default(), 3));
    let loaded = Job::load(&path, &[], None).unwrap();
    let found = commit::validity_in_force(&stores, &loaded.output, Some(world.day)).await.unwrap();
    let found = found.unwrap();
    let validity =
        validate(&engine, std::slice::from_ref(&loaded), &mut Progress::silent()).await.unwrap();
    let table = published(&out, &found);
    assert_eq!(table.len(), validity.rows.len());
    for row in &validity.rows {
        let texts = [
            ("target", &row.target),
            ("population", &row.population),
            ("group_by", &row.group_by),
            ("group_value", &row.group_value),
            ("predictor", &row.predictor),
            ("metric", &row.metric),
        ];
        let found: Vec<_> = table
            .iter()
            .filter(|candidate| texts.iter().all(|(c, text)| candidate[*c] == **text))
            .collect();
        assert_eq!(found.len(), 1, "{row:?}");
        let number = |name: &str| found[0][name].as_f64();
        assert_eq!(number("value"), Some(row.value));
        assert_eq!((number("low"), number("high")), row.interval.unzip());
        let difference = row.difference.as_ref();
        assert_eq!(number("difference"), difference.map(|d| d.value));
        assert_eq!(found[0]["baseline"].as_str(), difference.map(|d| d.to.as_str()));
        assert_eq!(found[0]["people"], row.people);
        assert_eq!(found[0]["data_sha256"], validity.data_sha256);
        assert_eq!(found[0]["method_sha256"], loaded.method.sha256().unwrap());
    }
    // Other settings, data or methods supersede it; a dry run and a comparison of methods do not.
    let numbers = |commit: &commit::Commit| (commit.number, commit.validity_in_force[&world.day]);
    world.settings = "[validate]\nbacktests = 1\nseed = 2\n".into();
    world.write(folder.path());
    renown(&["validate", job, "--dry-run"]).done();
    let method = folder.path().join("method.toml");
    let said = renown(&["validate", job, "--method", method.to_str().unwrap()]).done().stdout;
    assert!(!said.contains("table `validity`"), "{said}");
    let newest = commit::newest(&stores, &loaded.output).await.unwrap().unwrap();
    assert_eq!(numbers(&newest), (2, 1));
    let printed = renown(&["validate", job, "--format", "json"]).done().stdout;
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["seed"], 2);
    let newest = commit::newest(&stores, &loaded.output).await.unwrap().unwrap();
    assert_eq!(numbers(&newest), (3, 3));
    assert_eq!(newest.in_force[&world.day], 2);
    // Of two concurrent validations with different rows, the later one is published.
    let stale =
        validate(&engine, std::slice::from_ref(&loaded), &mut Progress::silent()).await.unwrap();
    let again = publish_validity(&engine, &loaded, &stale).await.unwrap();
    assert_eq!(numbers(&again), (4, 4));
}

/// Changes to anything about an ineligible person change no byte of the table.
#[tokio::test(flavor = "multi_thread")]
async fn ineligible_people_change_no_byte() {
    let mut world = steady_with_accounts(40, 38);
    world.settings = "[validate]\nbacktests = 1\n".into();
    let people: Vec<String> = (0..100).map(|i| format!("net:p{i}")).collect();
    let grades = |world: &mut World, of_99: f64| {
        let value = |i: usize| if i == 99 { of_99 } else { (17 * i % 83) as f64 };
        let rows: Vec<_> = (0..100).map(|i| grade("panel", &people[i], None, value(i))).collect();
        world.more = vec![("ground_truth", table(&rows))];
    };
    world.consent = Some(vec![crate::world::of_account("net", "p99", "opted_out", 1)]);
    grades(&mut world, 1.0);
    let one = serde_json::to_string(&validated(&world).await.unwrap()).unwrap();
    grades(&mut world, 1e6);
    world.events.retain(|event| event.target != "p99" && event.actor != "p99");
    world.accounts.as_mut().unwrap()[99].country = None;
    assert_eq!(serde_json::to_string(&validated(&world).await.unwrap()).unwrap(), one);
}
