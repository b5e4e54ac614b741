//! Concordance with every count as a baseline, the verdicts, and the populations of a validation.

use std::collections::{BTreeMap, BTreeSet};

use renown::evaluate::{Grade, METRICS, MetricRow, Validity};
use renown::schema::{self, Direction};
use tempfile::TempDir;

use crate::binary::{command, renown};
use crate::fit::steady;
use crate::label_sets::{grade, table};
use crate::parquet_files::in_repository;
use crate::validate::{row, validated};
use crate::world::{HOUR, account, reply};

const TRUSTED: &str = "future_trusted_reactors";

/// Harrell's C over all pairs, from the definition.
pub fn concordance(pairs: &[(f64, f64)]) -> f64 {
    let (mut right, mut all) = (0.0, 0.0);
    for one in pairs {
        for other in pairs.iter().filter(|other| one.1 > other.1) {
            all += 1.0;
            right += if one.0 == other.0 { 0.5 } else { f64::from(u8::from(one.0 > other.0)) };
        }
    }
    right / all
}

fn everyone<'a>(
    validity: &'a Validity,
    metric: &'a str,
    population: &'a str,
) -> impl Iterator<Item = &'a MetricRow> {
    validity.rows.iter().filter(move |row| {
        (&*row.target, &*row.metric, &*row.group_by, &*row.population)
            == (TRUSTED, metric, "everyone", population)
    })
}

/// People who were seen long ago only, and have no account, are scored by no run of a later day.
#[tokio::test(flavor = "multi_thread")]
async fn populations_are_those_of_runs_of_the_days() {
    let mut world = steady(150, 41);
    world.settings = "[validate]\nbacktests = 2\nevery_hours = 240\n".into();
    let days_ago = |days: i64| days * 24 + 3;
    for i in 0..7 {
        let (actor, target) = (format!("old{i}"), format!("older{i}"));
        world.events.push(reply("net", &actor, &target, days_ago(110)));
    }
    let validity = validated(&world).await.unwrap();
    let mut sizes: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut expected: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for days in [7, 17] {
        let then = world.later(-days);
        let published = then.run().await;
        let measures = published.by("measures", &["person_id"]);
        let scores = published.by("scores", &["person_id"]);
        let at_least = |column: &str, least: i64| {
            measures.values().filter(|row| row[column].as_i64().unwrap() >= least).count()
        };
        for (population, size) in [
            ("all", scores.len()),
            ("active", at_least("reactors_window", 1)),
            ("established", at_least("reactors_90d", 5)),
        ] {
            sizes.entry(population).or_default().push(size);
        }
        let week = then.cutoff..then.cutoff + 7 * 24 * HOUR;
        let observed = |person: &str| {
            let events = world.events.iter().filter(|event| {
                week.contains(&event.at)
                    && format!("net:{}", event.target) == person
                    && measures
                        .get(&vec![format!("net:{}", event.actor)])
                        .is_some_and(|row| row["is_trusted"] == 1)
            });
            events.map(|event| &*event.actor).collect::<BTreeSet<&str>>().len() as f64
        };
        // Concordance of everything that has a row.
        for found in everyone(&validity, "concordance", "all") {
            let value = |person: &Vec<String>| match &*found.predictor {
                "standard" => scores[person]["expected_reactors"].as_f64(),
                measure => measures[person][measure].as_f64(),
            };
            if found.predictor != "random" {
                let pairs: Vec<(f64, f64)> = scores
                    .keys()
                    .map(|person| (value(person).unwrap_or(0.0), observed(&person[0])))
                    .collect();
                expected.entry(found.predictor.clone()).or_default().push(concordance(&pairs));
            }
        }
    }
    for (population, sizes) in sizes {
        let largest = *sizes.iter().max().unwrap() as u64;
        assert_eq!(row(&validity, [TRUSTED, population, "spearman", "standard"]).people, largest);
        let words = format!("population `{population}`: ");
        assert!(validity.notes.iter().any(|note| note.starts_with(&words)), "{population}");
    }
    assert!(expected.len() > 15, "{expected:?}");
    for (predictor, found) in &expected {
        let of_predictor = row(&validity, [TRUSTED, "all", "concordance", predictor]);
        let mean = found.iter().sum::<f64>() / 2.0;
        // Ranks of a backtest are within 1e-6, so that a few people may be ordered differently.
        let close = if predictor.contains("pagerank") { 1e-3 } else { 1e-9 };
        let near = (of_predictor.value - mean).abs() < close;
        assert!(near || predictor == "hitting_probability", "{of_predictor:?}, not {mean}");
        let (low, high) = of_predictor.interval.unwrap();
        assert!(low < of_predictor.value && of_predictor.value < high);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_count_is_a_baseline_and_is_compared_with_the_score() {
    let world = steady(150, 42);
    let validity = validated(&world).await.unwrap();
    let of_score = row(&validity, [TRUSTED, "active", "concordance", "standard"]);
    let rows: Vec<&MetricRow> = everyone(&validity, "concordance", "active").collect();
    let found: BTreeSet<&str> = rows.iter().map(|row| &*row.predictor).collect();
    // Of what the world gives: measures that vary.
    for name in [
        "reactors_7d",
        "reactors_30d",
        "reactors_90d",
        "reactors_decayed",
        "credited_reactors_30d",
        "credited_reactors_window",
        "reactions_90d",
        "audience_90d",
        "pagerank",
        "hitting_probability",
        "interactions_made_90d",
        "random",
    ] {
        assert!(found.contains(name), "{name} in {found:?}");
    }
    let measures = schema::table(Direction::Output, "measures").unwrap();
    let is_declared = |name: &&str| measures.columns.iter().any(|column| column.name == **name);
    assert!(found.iter().all(|name| ["standard", "random"].contains(name) || is_declared(name)));
    let mut best: Option<&MetricRow> = None;
    for row in &rows {
        if row.is_baseline && row.predictor != "random" {
            let difference = row.difference.as_ref().unwrap();
            assert_eq!(difference.to, "standard");
            assert!((difference.value - (row.value - of_score.value)).abs() < 1e-12);
            let (low, high) = difference.interval.unwrap();
            assert!(low <= difference.value && difference.value <= high);
            best = best.filter(|best| best.value >= row.value).or(Some(row));
        }
    }
    let to_best = of_score.difference.as_ref().unwrap();
    assert_eq!(to_best.to, best.unwrap().predictor);
    // Chance is half, and a right forecast would not reach everything.
    let random = row(&validity, [TRUSTED, "active", "concordance", "random"]);
    assert!((random.value - 0.5).abs() < 0.1 && random.difference.is_none());
    let if_right = row(&validity, [TRUSTED, "active", "concordance_if_right", "standard"]);
    assert!((0.55..0.99).contains(&if_right.value), "{if_right:?}");
    assert!(everyone(&validity, "concordance_if_right", "active").count() == 1);
    let log_score = row(&validity, [TRUSTED, "active", "log_score", "standard"]);
    assert!(
        log_score.value < 0.0 && log_score.interval.is_some() && log_score.difference.is_none()
    );
    // The most important metrics come first.
    let first: Vec<&str> = validity.rows.iter().map(|row| &*row.metric).collect();
    let mut first = first;
    first.dedup();
    assert_eq!(first[..4], ["concordance", "concordance_if_right", "ndcg_100", "log_score"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_apply_is_absent() {
    let mut world = steady(40, 43);
    world.settings = "[validate]\nbacktests = 1\n".into();
    let people: Vec<String> = (0..100).map(|i| format!("net:p{i}")).collect();
    let mut grades = vec![];
    for person in &people {
        grades.push(grade("same", person, None, 3.0));
        grades.push(grade("none", person, None, 0.0));
    }
    world.more.push(("ground_truth", table(&grades)));
    let validity = validated(&world).await.unwrap();
    let orders = ["concordance", "spearman", "kendall_tau_b", "auc", "pairwise_accuracy"];
    for row in &validity.rows {
        let label = ["same", "none"].contains(&&*row.target);
        assert!(!(label && orders.contains(&&*row.metric)), "{row:?}");
        assert!(row.value.is_finite());
        // Nobody has followers here, and nobody is listed.
        assert!(!row.predictor.starts_with("followers"), "{row:?}");
        assert!(row.target != "none" || !row.metric.starts_with("precision"), "{row:?}");
    }
    // No verdict without a metric.
    for verdict in &validity.verdicts {
        assert_eq!(verdict.order.is_none(), ["same", "none"].contains(&&*verdict.target));
        assert_eq!(verdict.level.is_some(), verdict.target == TRUSTED);
        assert_eq!(verdict.interval.is_some(), verdict.target == TRUSTED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verdicts_follow_from_the_rows() {
    let world = steady(150, 44);
    let validity = validated(&world).await.unwrap();
    let targets: Vec<&str> = validity.verdicts.iter().map(|verdict| &*verdict.target).collect();
    assert_eq!(targets, [TRUSTED, "future_reactors"]);
    let verdict = &validity.verdicts[0];
    assert_eq!(verdict.population, "active");
    let level = verdict.level.as_ref().unwrap();
    let found = row(&validity, [TRUSTED, "active", "observed_over_forecast", "standard"]);
    assert_eq!((level.value, level.interval), (found.value, found.interval));
    let (low, high) = found.interval.unwrap();
    let expected = match (low, found.value, high) {
        (low, _, high) if high < 0.8 || low > 1.25 => Grade::Bad,
        (low, value, high) if (0.8..=1.25).contains(&value) && low >= 0.67 && high <= 1.5 => {
            Grade::Good
        }
        _ => Grade::Unclear,
    };
    assert_eq!(level.grade, expected);
    let order = verdict.order.as_ref().unwrap();
    let found = row(&validity, [TRUSTED, "active", "concordance", "standard"]);
    assert_eq!((order.value, &order.difference), (found.value, &found.difference));
    let (low, high) = found.difference.as_ref().unwrap().interval.unwrap();
    let expected = match (low > 0.0, high < 0.0) {
        (true, _) => Grade::Good,
        (_, true) => Grade::Bad,
        _ => Grade::Unclear,
    };
    assert_eq!(order.grade, expected);
    assert!(validity.verdicts[1].level.is_none());
}

/// Signs where the locale has them, words where not; counts that the score does not beat; nothing is rounded to 0.000.
#[test]
fn the_page_begins_with_the_verdicts() {
    let folder = TempDir::new().unwrap();
    let mut world = steady(60, 45);
    world.accounts = Some((0..100).map(|i| account("net", &format!("p{i}"))).collect());
    let job = world.write(folder.path());
    let args = ["validate", job.to_str().unwrap(), "--dry-run"];
    let said = |locale: &str| {
        let output = command(&args).env("LC_ALL", locale).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let (signs, words) = (said("C.UTF-8"), said("C"));
    let line = |page: &str| {
        let start = format!("{TRUSTED} (active): ");
        page.lines().find(|line| line.starts_with(&start)).unwrap().to_owned()
    };
    for part in
        ["level: observed / forecast", "interval: the 90 % interval holds", "order: concordance"]
    {
        assert!(line(&signs).contains(part) && line(&words).contains(part), "{signs}");
    }
    let marks = ["✓", "~", "✗"];
    assert!(marks.iter().any(|mark| line(&signs).contains(&format!("{mark} level"))), "{signs}");
    assert!(!marks.iter().any(|mark| line(&words).contains(mark)), "{words}");
    assert!([": good", ": unclear", ": bad"].iter().any(|word| line(&words).contains(word)));
    let is_rounded_away =
        |token: &str| token.trim_matches(['(', ')', '+', '−', ',', ';']) == "0.000";
    let mut tokens = signs.split_whitespace().flat_map(|token| token.split('–'));
    assert!(!tokens.any(is_rounded_away), "{signs}");
    assert!(!signs.contains("random graphs"), "{signs}");
    let with_null = renown(&[&args[..], &["--null-models", "3"]].concat()).done().stdout;
    assert!(with_null.contains("random graphs") && with_null.contains("audience_pagerank"));
    renown(&[&args[..], &["--null-models", "0"]].concat()).refused(2, &["null-models"]);
    let json = renown(&[&args[..], &["--format", "json"]].concat()).done().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdicts"][0]["target"], TRUSTED);
    // What the score does not beat is shown.
    for row in json["rows"].as_array().unwrap() {
        let of = |key: &str| row[key].as_str().unwrap();
        let unbeaten = row["is_baseline"] == true
            && row["difference"]["interval"][1].as_f64().is_some_and(|high| high >= 0.0);
        if of("group_by") == "everyone" && unbeaten {
            let (population, predictor) = (of("population"), of("predictor"));
            let shown = signs.lines().any(|line| {
                let cells: Vec<&str> = line.split_whitespace().collect();
                cells.len() > 4
                    && cells[0] == of("target")
                    && cells[1] == population
                    && cells[3..5] == [of("metric"), predictor]
            });
            assert!(shown, "{row} in {signs}");
        }
    }
}

/// Where people react to those whom the people that everybody reacts to react to, ranks hold more than degrees do: they are better
/// than in random graphs. Where all is chance, they are not.
#[tokio::test(flavor = "multi_thread")]
async fn ranks_are_compared_with_random_graphs() {
    let mut world = steady(60, 46);
    world.settings = "[validate]\nbacktests = 1\nnull_models = 19\n".into();
    let validity = validated(&world).await.unwrap();
    for measure in ["pagerank", "audience_pagerank_percentile", "hitting_probability"] {
        let of = |metric| row(&validity, [TRUSTED, "active", metric, measure]);
        let [value, mean, spread, p] =
            ["null_value", "null_mean", "null_spread", "null_p"].map(|metric| of(metric).value);
        assert!((of("null_z").value - (value - mean) / spread).abs() < 1e-9);
        let (low, high) = of("null_mean").interval.unwrap();
        assert!(low <= mean && mean <= high && spread > 0.0);
        // A multiple of 1/20, and at least that.
        assert!((20.0 * p - (20.0 * p).round()).abs() < 1e-9 && (0.05..=1.0).contains(&p));
        let stability = of("stability_mean").value;
        assert!((0.0..1.0).contains(&stability), "{stability}");
        assert!((0.0..0.5).contains(&of("stability_spread").value));
        if let Some(of_backtests) = validity.rows.iter().find(|row| {
            (&*row.target, &*row.population, &*row.group_by) == (TRUSTED, "active", "everyone")
                && (&*row.metric, &*row.predictor) == ("concordance", measure)
        }) {
            assert!((of_backtests.value - value).abs() < 1e-3, "{measure}");
        }
    }
    // Here people differ only in how many react to them: PageRank is that, in random graphs too.
    let of_pagerank = row(&validity, [TRUSTED, "active", "null_mean", "pagerank"]).value;
    assert!(of_pagerank > 0.6, "{of_pagerank}");
    assert!(row(&validity, [TRUSTED, "active", "null_p", "pagerank"]).value > 0.05);
    let again = validated(&world).await.unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&validity).unwrap());
    world.settings = "[validate]\nbacktests = 1\n".into();
    let without = validated(&world).await.unwrap();
    let is_null =
        |row: &&MetricRow| row.metric.starts_with("null_") || row.metric.starts_with("stab");
    assert!(!without.rows.iter().any(|row| is_null(&row)));
    assert_eq!(validity.rows.iter().filter(is_null).count(), 2 * 3 * 7);
}

/// The thresholds of verdicts and all metrics are in the documentation.
#[test]
fn the_documentation_has_thresholds_and_metrics() {
    let page = std::fs::read_to_string(in_repository("docs/scores.md")).unwrap();
    for words in ["0.8 to 1.25", "0.67 to 1.5", "0.87 to 0.93", "0.8 to 1 "] {
        assert!(page.contains(words), "{words}");
    }
    for metric in METRICS {
        let name = metric.name.replace("{k}", "100").replace("{decile}", "01");
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
