//! What the page of a validation shows of counts and of ranks in random graphs, against the table `validity`.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::report::{cells, number, page, published, validity};
use crate::world::Row;

const TARGET: &str = "future_trusted_reactors";

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    row[name].as_str().unwrap()
}

/// The value of a metric of trusted people who react.
fn value(validity: &[Row], population: &str, predictor: &str, metric: &str) -> Option<f64> {
    let wanted = [TARGET, population, "everyone", predictor, metric];
    let columns = ["target", "population", "group_by", "predictor", "metric"];
    let found = validity.iter().find(|row| columns.map(|column| text(row, column)) == wanted);
    found.map(|row| row["value"].as_f64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn ranks_stand_beside_those_in_random_graphs() {
    let folder = TempDir::new().unwrap();
    let (_, job) = published(folder.path()).await;
    let (page, validity) = (page(&job, &[]), validity(folder.path()));
    let shown = cells(&page, "Ranks against random graphs");
    let of = |population: &str, rank: &str, metric: &str| {
        value(&validity, population, &rank.replace(' ', "_"), metric)
    };
    let mut compared = 0;
    for row in &shown {
        let Some(population) = row[0].strip_prefix("Trusted people who reacted, ") else {
            continue;
        };
        let population = population.split(' ').next().unwrap().replace("everyone", "all");
        let metrics = ["null_value", "null_mean", "null_spread", "null_z", "null_p"];
        for (cell, (metric, off)) in
            row[3..8].iter().zip(metrics.iter().zip([5e-4, 5e-4, 5e-4, 0.05, 5e-4]))
        {
            let expected = of(&population, &row[1], metric);
            match expected {
                Some(expected) => assert!(
                    (number(cell) - expected).abs() <= off + 1e-9,
                    "{metric}: {row:?} {expected}"
                ),
                None => assert_eq!(cell, "–", "{metric}: {row:?}"),
            }
        }
        let p = of(&population, &row[1], "null_p").unwrap();
        let holds =
            if p < 0.05 { "it holds more than" } else { "it is not shown to hold more than" };
        let line =
            page.split("<li>").find(|line| line.starts_with(&format!("{}, {}: ", row[0], row[1])));
        assert!(line.unwrap().contains(holds), "{line:?} {p}");
        compared += 1;
    }
    let expected = validity.iter().filter(|row| text(row, "metric") == "null_value");
    assert_eq!(shown.len(), expected.count());
    assert!(compared >= 3, "{shown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_best_count_and_the_nearest_are_shown_and_the_rest_is_counted() {
    let folder = TempDir::new().unwrap();
    let (_, job) = published(folder.path()).await;
    let (page, validity) = (page(&job, &[]), validity(folder.path()));
    assert!(page.len() < 300_000, "{}", page.len());
    let caption = "Concordance, Harrell’s C: trusted people who reacted, active people";
    let shown: BTreeSet<String> =
        cells(&page, caption).into_iter().map(|row| row[0].clone()).collect();
    let rows = validity.iter().filter(|row| {
        ["target", "population", "group_by", "metric"].map(|column| text(row, column))
            == [TARGET, "active", "everyone", "concordance"]
    });
    let all: Vec<(&str, f64)> =
        rows.map(|row| (text(row, "predictor"), row["value"].as_f64().unwrap())).collect();
    let score = all.iter().find(|(name, _)| *name == "standard").unwrap().1;
    let mut counts = all.clone();
    counts.retain(|(name, _)| !["standard", "random"].contains(name));
    assert!(counts.len() > 40, "{counts:?}");
    let best = counts.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let far = |value: f64| (value - score).abs();
    let of_counts: Vec<(&str, f64)> =
        counts.iter().copied().filter(|(name, _)| shown.contains(*name)).collect();
    assert_eq!(of_counts.len(), 11, "{shown:?}");
    assert!(shown.contains("standard"));
    assert!(of_counts.iter().any(|(_, value)| *value == best));
    // Nothing that is left out is nearer than what is shown but for the best.
    let mut distances: Vec<f64> =
        of_counts.iter().filter(|own| own.1 != best).map(|own| far(own.1)).collect();
    distances.sort_unstable_by(f64::total_cmp);
    let farthest = distances.last().copied().unwrap_or(0.0);
    let left_out = counts.iter().filter(|(name, _)| !shown.contains(*name));
    assert!(left_out.clone().all(|(_, value)| far(*value) >= farthest));
    let words = format!("{} more are in the table validity.", left_out.count());
    assert!(page.contains(&words), "{words}");
}
