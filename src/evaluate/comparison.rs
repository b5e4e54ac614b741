//! The metrics of predictors against a target, as rows with intervals and differences.

use super::evaluation_set::{EvaluationSet, retain};
use super::if_right::concordance_if_right;
use super::intervals::{
    Cell, MAX_RESAMPLED, MAX_RESAMPLED_IN_GROUP, Uncertainty, concordances, resample,
};
use super::metric::{Metric, SumOverSets, sum_over_sets, unweighted};
use super::metric_row::{EVERYONE, MetricRow, TOPIC, validated_score};
use super::predictor::{Predictor, PredictorKind};
use crate::job::Validate;

/// What is compared.
pub(super) struct Comparison<'a> {
    pub target: &'a str,
    pub population: &'a str,
    pub group_by: &'a str,
    pub group_value: &'a str,
}

/// The metrics of every predictor against one target in one group of one population: means over the sets in which they are
/// defined. In groups only the scores and the best baseline have rows. Resampled are the scores, chance and the best baseline of
/// each metric; concordance needs no resamples.
pub(super) fn compare(
    of: &Comparison<'_>,
    predictors: &[Predictor],
    sets: &mut [EvaluationSet],
    settings: &Validate,
) -> Vec<MetricRow> {
    let is_group = of.group_by != EVERYONE && of.group_by != TOPIC;
    sets.iter_mut().for_each(EvaluationSet::set_deciles);
    let sets = &*sets;
    let people = sets.iter().map(EvaluationSet::people).max().unwrap_or(0);
    let k = settings.top as usize;
    let mut metrics = sets.first().map(Metric::list).unwrap_or_default();
    metrics.retain(|metric| of.group_by == EVERYONE || !metric.is_of_everyone_only());
    // A predictor that is constant in every set is not known there.
    let varies = |predictor: &usize| {
        sets.iter().any(|set| set.predictions[*predictor].ranking().distinct_values() > 1)
    };
    let varying: Vec<usize> = (0..predictors.len()).filter(varies).collect();
    let mut cells = compute_cells(&metrics, &varying, sets, settings, !is_group);
    let best = |cells: &[Cell]| -> Vec<Option<usize>> {
        metrics.iter().map(|metric| best_count(cells, predictors, *metric, 0)).collect()
    };
    let kind = |cell: &Cell| predictors[cell.predictor].kind;
    if is_group {
        let best = best(&cells);
        let is_kept = |(at, cell): (usize, &Cell)| {
            kind(cell) == PredictorKind::Score || best.contains(&Some(at))
        };
        let kept: Vec<bool> = cells.iter().enumerate().map(is_kept).collect();
        retain(&mut cells, &kept);
        // Influences are computed of those that are left alone.
        for cell in cells.iter_mut().filter(|cell| cell.metric == Metric::Concordance) {
            let with_influence = concordances(sets, &[cell.predictor]);
            with_influence.into_iter().for_each(|[found, _]| *cell = found);
        }
    }
    let max_people = if is_group { MAX_RESAMPLED_IN_GROUP } else { MAX_RESAMPLED };
    let best = best(&cells);
    let is_resampled = |(at, cell): (usize, &Cell)| {
        matches!(cell.uncertainty, Uncertainty::Unknown)
            && (kind(cell) != PredictorKind::Count || best.contains(&Some(at)))
    };
    let wanted: Vec<bool> = cells.iter().enumerate().map(is_resampled).collect();
    resample(&mut cells, &wanted, sets, settings, max_people);
    let compared = Compared { of, predictors, cells: &cells, people: people as u64 };
    let numbers = metrics.iter().flat_map(|metric| {
        metric.names(k).into_iter().enumerate().map(move |(number, name)| (*metric, number, name))
    });
    numbers.flat_map(|(metric, number, name)| compared.rows(metric, number, &name)).collect()
}

/// The metrics of predictors, in the order of the metrics; none is resampled yet, and concordance comes with the influence of
/// people if it is wanted.
fn compute_cells(
    metrics: &[Metric],
    predictors: &[usize],
    sets: &[EvaluationSet],
    settings: &Validate,
    with_influence: bool,
) -> Vec<Cell> {
    let (mut cells, weighted) = (vec![], unweighted(sets));
    let mut kendalls = vec![];
    for metric in metrics {
        cells.extend(match metric {
            Metric::Concordance if with_influence => {
                let found = concordances(sets, predictors).into_iter();
                let (concordances, found) = found.map(|[one, other]| (one, other)).unzip();
                kendalls = found;
                concordances
            }
            // Of the same pairs.
            Metric::Kendall if !kendalls.is_empty() => std::mem::take(&mut kendalls),
            Metric::ConcordanceIfRight => {
                let is_forecast = |predictor: &&usize| {
                    sets.iter().any(|set| set.forecasts[**predictor].is_some())
                };
                let forecasts = predictors.iter().filter(is_forecast);
                let cell = |predictor| concordance_if_right(sets, predictor, settings.seed);
                forecasts.map(|predictor| cell(*predictor)).collect()
            }
            _ => {
                let of_metric: Vec<(Metric, usize)> =
                    predictors.iter().map(|predictor| (*metric, *predictor)).collect();
                let sums = sum_over_sets(&of_metric, &weighted, settings.top as usize);
                let cell = |((metric, predictor), sums): (&(Metric, usize), Vec<SumOverSets>)| {
                    Cell::not_resampled(*metric, *predictor, &sums)
                };
                of_metric.iter().zip(sums).map(cell).collect::<Vec<Cell>>()
            }
        });
    }
    cells
}

/// What was compared, and its metrics.
struct Compared<'a> {
    of: &'a Comparison<'a>,
    predictors: &'a [Predictor],
    cells: &'a [Cell],
    people: u64,
}

impl Compared<'_> {
    /// The rows of a number of a metric, which is called `name`: of every predictor for which it is defined.
    fn rows(&self, metric: Metric, number: usize, name: &str) -> Vec<MetricRow> {
        let Self { of, predictors, cells, .. } = self;
        let best = best_count(cells, predictors, metric, number).map(|best| &cells[best]);
        let row = |cell: &Cell| {
            let predictor = &predictors[cell.predictor];
            let difference_to =
                |other: &Cell| cell.difference_to(other, &predictors[other.predictor].name, number);
            let is_first = |other: &&Cell| {
                let of_other = &predictors[other.predictor];
                other.metric == metric && of_other.method == 0 && of_other.name == predictor.name
            };
            let first = cells.iter().find(is_first).filter(|_| predictor.method > 0);
            let is_score = predictor.kind == PredictorKind::Score;
            let to_best = best.filter(|_| is_score);
            // By the first metric every count is compared with the score.
            let is_compared =
                metric == Metric::Concordance && predictor.kind == PredictorKind::Count;
            let other = to_best.or_else(|| self.score(metric).filter(|_| is_compared));
            Some(MetricRow {
                target: of.target.to_owned(),
                population: of.population.to_owned(),
                group_by: of.group_by.to_owned(),
                group_value: of.group_value.to_owned(),
                predictor: predictor.name.clone(),
                method_version: predictor.version.clone(),
                metric: name.to_owned(),
                value: cell.values[number]?,
                interval: cell.interval(number),
                difference: other.and_then(difference_to),
                from_first: first.and_then(difference_to),
                people: self.people,
                backtests: cell.sets[number],
                is_baseline: !is_score,
            })
        };
        cells.iter().filter(|cell| cell.metric == metric).filter_map(row).collect()
    }

    /// The metric of the score that counts are compared with.
    fn score(&self, metric: Metric) -> Option<&Cell> {
        let name = validated_score(self.of.population, self.of.group_by);
        self.cells.iter().find(|cell| {
            let Predictor { name: of_cell, method, kind, .. } = &self.predictors[cell.predictor];
            cell.metric == metric && (&**of_cell, *method, *kind) == (name, 0, PredictorKind::Score)
        })
    }
}

/// The index of the count with the highest number of a metric; of equals the first.
fn best_count(
    cells: &[Cell],
    predictors: &[Predictor],
    metric: Metric,
    number: usize,
) -> Option<usize> {
    let is_count = |at: &usize| {
        let Cell { metric: of_cell, predictor, .. } = cells[*at];
        of_cell == metric && predictors[predictor].kind == PredictorKind::Count
    };
    let counts = (0..cells.len()).filter(is_count);
    let defined = counts.filter_map(|at| Some((at, cells[at].values[number]?)));
    defined.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::evaluate::evaluation_set::{ForecastEvaluation, RankedValues, Target};
    use crate::model::PersonIndex;

    /// People whose prediction and target are normal with a correlation, in as many evaluation sets.
    fn evaluation_sets(
        people: u32,
        correlation: f64,
        sets: usize,
        seed: u64,
    ) -> Vec<EvaluationSet> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut normal = || {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - rng.f64()));
            radius * libm::cos(2.0 * std::f64::consts::PI * rng.f64())
        };
        let mut set = || {
            let (mut predictions, mut labels) = (Vec::new(), Vec::new());
            for _ in 0..people {
                let (one, other) = (normal(), normal());
                predictions.push(one);
                let rest = libm::sqrt(1.0 - correlation * correlation);
                labels.push(correlation * one + rest * other);
            }
            EvaluationSet {
                persons: (0..people as usize).map(PersonIndex::new).collect(),
                predictions: vec![RankedValues::new(predictions)],
                forecasts: vec![None],
                target: Target::Graded(RankedValues::new(labels)),
            }
        };
        (0..sets).map(|_| set()).collect()
    }

    fn compared(mut sets: Vec<EvaluationSet>, resamples: u32, group_by: &str) -> Vec<MetricRow> {
        let predictors = [Predictor {
            name: "standard".into(),
            method: 0,
            version: "v".into(),
            kind: PredictorKind::Score,
        }];
        let of = Comparison { target: "labels", population: "all", group_by, group_value: "" };
        compare(&of, &predictors, &mut sets, &Validate { resamples, ..Validate::default() })
    }

    /// Bonett & Wright 2000, *Sample size requirements for estimating Pearson, Kendall and Spearman correlations*: the
    /// standard error of Spearman's ρ of normal values.
    #[test]
    fn intervals_are_as_wide_as_theory_says_for_few_people_and_for_a_sample_of_many() {
        for (people, count) in [(400, 1), (400, 2), (20_000, 1)] {
            let rows = compared(evaluation_sets(people, 0.5, count, 21), 200, EVERYONE);
            let row = rows.iter().find(|row| row.metric == "spearman").unwrap();
            let rho = row.value;
            let error = libm::sqrt((1.0 + rho * rho / 2.0) / (f64::from(people) - 3.0))
                * (1.0 - rho * rho)
                / libm::sqrt(count as f64);
            let (low, high) = row.interval.unwrap();
            let relative = (high - low) / (2.0 * 1.96 * error);
            assert!((0.8..1.25).contains(&relative), "{people}: {relative}");
            assert!((rho - 0.483).abs() < 4.0 * error, "{people}: {rho}");
            assert_eq!(row.people, u64::from(people));
        }
    }

    /// As where a person has several topics: more pairs of the same people tell no more.
    #[test]
    fn a_person_who_is_there_several_times_counts_as_one() {
        let once = evaluation_sets(200, 0.5, 1, 4).remove(0);
        let four_times = |values: &[f64]| -> RankedValues {
            RankedValues::new(values.iter().flat_map(|value| [*value; 4]).collect())
        };
        let Target::Graded(labels) = &once.target else { panic!() };
        let repeated = EvaluationSet {
            persons: once.persons.iter().flat_map(|person| [*person; 4]).collect(),
            predictions: vec![four_times(&once.predictions[0].values)],
            forecasts: vec![None],
            target: Target::Graded(four_times(&labels.values)),
        };
        let [once, repeated] = [once, repeated].map(|set| compared(vec![set], 200, EVERYONE));
        for metric in ["spearman", "concordance"] {
            let [one, other] = [&once, &repeated]
                .map(|rows| rows.iter().find(|row| row.metric == metric).unwrap());
            assert_eq!((one.people, other.people), (200, 200));
            assert!((one.value - other.value).abs() < 1e-9, "{metric}");
            let widths =
                [one, other].map(|row| row.interval.map(|(low, high)| high - low).unwrap());
            assert!((widths[0] / widths[1] - 1.0).abs() < 0.01, "{metric}: {widths:?}");
        }
    }

    /// Of 500 worlds of a known ρ, (6 / π) · asin(r / 2) of normal values with correlation r, and of a known concordance, ½ + asin(r) / π
    /// (Kendall & Gibbons 1990, §9), 93 to 97 % of the intervals cover it.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let rho = 6.0 / std::f64::consts::PI * libm::asin(0.25);
        let concordance = 0.5 + libm::asin(0.5) / std::f64::consts::PI;
        let worlds = 500;
        let held = |world: u64| {
            let rows = compared(evaluation_sets(100, 0.5, 1, world), 200, "size");
            [("spearman", rho), ("concordance", concordance)].map(|(metric, value)| {
                let row = rows.iter().find(|row| row.metric == metric).unwrap();
                let (low, high) = row.interval.unwrap();
                usize::from(low < value && value < high)
            })
        };
        let held: Vec<[usize; 2]> = (0..worlds).into_par_iter().map(held).collect();
        for metric in 0..2 {
            let held: usize = held.iter().map(|held| held[metric]).sum();
            assert!((465..=485).contains(&held), "{metric}: {held} of {worlds}");
        }
    }

    /// Correct forecasts: PIT deciles of equal share, observed equal to forecast in each decile, slope 1, intercept 0.
    #[test]
    fn a_correct_forecast_is_measured_as_calibrated() {
        let n = 4_000_u32;
        let mut rng = fastrand::Rng::with_seed(5);
        let expected: Vec<f64> = (0..n).map(|i| 0.5 + 4.0 * f64::from(i) / f64::from(n)).collect();
        // Poisson by counting exponential gaps.
        let observed: Vec<f64> = expected
            .iter()
            .map(|mean| {
                let (mut count, mut left) = (0.0, *mean);
                loop {
                    left += libm::log(1.0 - rng.f64());
                    if left < 0.0 {
                        return count;
                    }
                    count += 1.0;
                }
            })
            .collect();
        let draws: Vec<u32> = (0..n).map(|_| rng.u32(..)).collect();
        let forecast =
            ForecastEvaluation::of(&expected, vec![0.0; n as usize], &observed, |at| draws[at]);
        let set = EvaluationSet {
            persons: (0..n as usize).map(PersonIndex::new).collect(),
            predictions: vec![RankedValues::new(expected.clone())],
            forecasts: vec![Some(forecast)],
            target: Target::Observed(RankedValues::new(observed)),
        };
        let rows = compared(vec![set], 100, EVERYONE);
        let row = |metric: &str| rows.iter().find(|row| row.metric == metric).unwrap();
        let covers = |metric: &str, value: f64| {
            let (low, high) = row(metric).interval.unwrap();
            assert!(low < value && value < high, "{metric}: {low} to {high}");
            assert!(low < row(metric).value && row(metric).value < high, "{metric}");
        };
        covers("observed_over_forecast", 1.0);
        covers("calibration_slope", 1.0);
        covers("calibration_intercept", 0.0);
        assert!((row("coverage_90").value - 0.9).abs() < 0.03);
        assert!((0.9..0.99).contains(&row("plain_coverage_90").value));
        // It reaches what it promises, and the log score of a Poisson distribution is its negative entropy.
        let (low, high) = row("concordance_if_right").interval.unwrap();
        let reached = row("concordance").value;
        assert!(low - 0.01 < reached && reached < high + 0.01, "{low} {reached} {high}");
        assert!((-1.9..-1.6).contains(&row("log_score").value), "{}", row("log_score").value);
        for decile in 1..=10 {
            let share = row(&format!("pit_{decile:02}")).value;
            assert!((share - 0.1).abs() < 0.025, "{decile}: {share}");
            let forecast = row(&format!("forecast_{decile:02}")).value;
            // The middle of its 400 people.
            let middle = 0.5 + 4.0 * (f64::from(decile) - 0.5) / 10.0;
            assert!((forecast - middle).abs() < 1e-3, "{decile}: {forecast}");
            let observed = row(&format!("observed_{decile:02}")).value;
            assert!((observed - middle).abs() < 0.5, "{decile}: {observed}");
        }
    }
}
