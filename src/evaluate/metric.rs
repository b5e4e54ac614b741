//! The metrics of evaluation sets whose people have multiplicities, as a bootstrap needs them.

use rayon::prelude::*;

use super::evaluation_set::{EvaluationSet, LabelledPairs, Target};
use renown_stats::calibration::{intercept_and_slope, mean, observed_over_expected};
use renown_stats::classification::{auc, pairwise_accuracy, pairwise_auc};
use renown_stats::concordance::concordance;
use renown_stats::correlation::{kendall, spearman_of_ranks};
use renown_stats::retrieval::{ndcg, precision};

/// Bins of the PIT histogram, and of forecasts.
const DECILES: usize = 10;

/// Names of metrics that verdicts rest on.
pub(crate) const CONCORDANCE: &str = "concordance";
pub(crate) const CONCORDANCE_IF_RIGHT: &str = "concordance_if_right";
pub(crate) const PAIRWISE_ACCURACY: &str = "pairwise_accuracy";
pub(crate) const OBSERVED_OVER_FORECAST: &str = "observed_over_forecast";
pub(crate) const COVERAGE_90: &str = "coverage_90";

/// A metric, in order of importance; some have several numbers.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Metric {
    Concordance,
    ConcordanceIfRight,
    Ndcg,
    LogScore,
    Spearman,
    Kendall,
    AucAny,
    Auc,
    Precision,
    PairwiseAccuracy,
    PairwiseAuc,
    ObservedOverForecast,
    Calibration,
    Coverage,
    PlainCoverage,
    Brier,
    Pit,
    Reliability,
}

impl Metric {
    /// The names of its numbers in the table.
    pub fn names(self, k: usize) -> Vec<String> {
        let by_decile = |name: &str| {
            (1..=DECILES).map(|decile| format!("{name}_{decile:02}")).collect::<Vec<_>>()
        };
        match self {
            Self::Concordance => vec![CONCORDANCE.into()],
            Self::ConcordanceIfRight => vec![CONCORDANCE_IF_RIGHT.into()],
            Self::LogScore => vec!["log_score".into()],
            Self::Spearman => vec!["spearman".into()],
            Self::Kendall => vec!["kendall_tau_b".into()],
            Self::AucAny => vec!["auc_any".into()],
            Self::Auc => vec!["auc".into()],
            Self::Ndcg => vec![format!("ndcg_{k}")],
            Self::Precision => vec![format!("precision_{k}")],
            Self::PairwiseAccuracy => vec![PAIRWISE_ACCURACY.into()],
            Self::PairwiseAuc => vec!["pairwise_auc".into()],
            Self::ObservedOverForecast => vec![OBSERVED_OVER_FORECAST.into()],
            Self::Calibration => vec!["calibration_intercept".into(), "calibration_slope".into()],
            Self::Coverage => vec![COVERAGE_90.into()],
            Self::PlainCoverage => vec!["plain_coverage_90".into()],
            Self::Brier => vec!["brier_any".into()],
            Self::Pit => by_decile("pit"),
            Self::Reliability => [by_decile("forecast"), by_decile("observed")].concat(),
        }
    }

    /// How many numbers it has.
    fn numbers(self) -> usize {
        match self {
            Self::Calibration => 2,
            Self::Pit => DECILES,
            Self::Reliability => 2 * DECILES,
            _ => 1,
        }
    }

    /// Whether it is computed of whole populations only, not of groups.
    pub fn is_of_everyone_only(self) -> bool {
        matches!(self, Self::ConcordanceIfRight | Self::Kendall | Self::Pit | Self::Reliability)
    }

    /// Whether it depends on the few at the top alone, about whom a sample of the people says nothing.
    pub fn is_of_the_top(self) -> bool {
        matches!(self, Self::Ndcg | Self::Precision)
    }

    /// The metrics that apply to the target of an evaluation set, the most important one first.
    pub fn list(set: &EvaluationSet) -> Vec<Self> {
        let has_forecasts = set.forecasts.iter().any(Option::is_some);
        let of_forecasts = |metrics: &[Self]| match has_forecasts {
            true => metrics.to_vec(),
            false => vec![],
        };
        let gains = match &set.target {
            Target::Observed(_) => true,
            Target::Graded(labels) => labels.values.iter().all(|value| *value >= 0.0),
            Target::Binary(_) | Target::Pairs(_) => false,
        };
        let ndcg = if gains { vec![Self::Ndcg] } else { vec![] };
        let others: &[Self] = match &set.target {
            Target::Observed(_) => &[Self::Spearman, Self::Kendall, Self::AucAny, Self::Precision],
            Target::Graded(_) => &[Self::Spearman, Self::Kendall, Self::Precision],
            Target::Binary(_) => &[Self::Auc, Self::Precision],
            Target::Pairs(_) => return vec![Self::PairwiseAccuracy, Self::PairwiseAuc],
        };
        [
            vec![Self::Concordance],
            of_forecasts(&[Self::ConcordanceIfRight]),
            ndcg,
            of_forecasts(&[Self::LogScore]),
            others.to_vec(),
            of_forecasts(&[
                Self::ObservedOverForecast,
                Self::Calibration,
                Self::Coverage,
                Self::PlainCoverage,
                Self::Brier,
                Self::Pit,
                Self::Reliability,
            ]),
        ]
        .concat()
    }
}

/// An evaluation set whose people have multiplicities.
pub(super) struct WeightedSet<'a> {
    set: &'a EvaluationSet,
    multiplicities: Vec<u32>,
    /// Twice the mid-ranks of the target; empty where it has no ranks.
    target_ranks: Vec<f64>,
}

impl<'a> WeightedSet<'a> {
    pub fn new(set: &'a EvaluationSet, multiplicities: Vec<u32>) -> Self {
        let target_ranks = match &set.target {
            Target::Observed(target) | Target::Graded(target) => {
                target.ranking().doubled_ranks(&multiplicities)
            }
            Target::Binary(_) | Target::Pairs(_) => vec![],
        };
        Self { set, multiplicities, target_ranks }
    }

    /// The numbers of a metric of a predictor, as many as the metric has names.
    fn evaluate(&self, metric: Metric, predictor: usize, k: usize) -> Vec<Option<f64>> {
        let (set, times) = (self.set, &self.multiplicities[..]);
        let (prediction, forecast) = (&set.predictions[predictor], &set.forecasts[predictor]);
        let ranking = prediction.ranking();
        match (metric, &set.target, forecast) {
            (
                Metric::Concordance,
                Target::Observed(target) | Target::Graded(target) | Target::Binary(target),
                _,
            ) => vec![concordance(ranking, target.ranking(), times)],
            (Metric::Spearman, Target::Observed(_) | Target::Graded(_), _) => {
                let ranks = ranking.doubled_ranks(times);
                vec![spearman_of_ranks(&ranks, &self.target_ranks, times)]
            }
            (Metric::Kendall, Target::Observed(target) | Target::Graded(target), _) => {
                vec![kendall(ranking, target.ranking(), times)]
            }
            (Metric::AucAny, Target::Observed(target), _)
            | (Metric::Auc, Target::Binary(target), _) => {
                vec![auc(ranking, &target.values, times)]
            }
            (Metric::Ndcg, Target::Observed(target) | Target::Graded(target), _) => {
                vec![ndcg(ranking, target.ranking(), &target.values, times, k)]
            }
            (
                Metric::Precision,
                Target::Observed(target) | Target::Graded(target) | Target::Binary(target),
                _,
            ) => {
                let mut relevant = target.ranking().top(times, k);
                if !matches!(set.target, Target::Graded(_)) {
                    let positive = target.values.iter().map(|value| *value > 0.0);
                    relevant.iter_mut().zip(positive).for_each(|(top, positive)| *top &= positive);
                }
                // Where there is nobody to find, no predictor can find anybody.
                let any =
                    relevant.iter().zip(times).any(|(relevant, times)| *relevant && *times > 0);
                vec![precision(ranking, &relevant, times, k).filter(|_| any)]
            }
            (Metric::PairwiseAccuracy, Target::Pairs(pairs), _) => {
                let LabelledPairs { pairs, weights } = pairs;
                vec![pairwise_accuracy(&prediction.values, pairs, Some(weights), times)]
            }
            (Metric::PairwiseAuc, Target::Pairs(pairs), _) => {
                let LabelledPairs { pairs, weights } = pairs;
                let value = |index: &u32| prediction.values[*index as usize];
                let margins = pairs.iter().map(|(better, worse)| value(better) - value(worse));
                vec![pairwise_auc(&margins.collect::<Vec<f64>>(), pairs, Some(weights), times)]
            }
            (Metric::ObservedOverForecast, Target::Observed(observed), Some(_)) => {
                vec![observed_over_expected(&prediction.values, &observed.values, times)]
            }
            (Metric::Calibration, Target::Observed(observed), Some(forecast)) => {
                let logs = &forecast.log_expected;
                let (intercept, slope) = intercept_and_slope(logs, &observed.values, times).unzip();
                vec![intercept, slope]
            }
            (Metric::Coverage, _, Some(forecast)) => {
                let is_within = |pit: &f64| f64::from(u8::from((0.05..0.95).contains(pit)));
                let within: Vec<f64> = forecast.pit.iter().map(is_within).collect();
                vec![mean(&within, times)]
            }
            (Metric::PlainCoverage, _, Some(forecast)) => vec![mean(&forecast.within, times)],
            // Undefined where somebody was observed of whom nothing was forecast.
            (Metric::LogScore, _, Some(forecast)) => {
                vec![mean(&forecast.log_score, times).filter(|mean| mean.is_finite())]
            }
            (Metric::Brier, _, Some(forecast)) => vec![mean(&forecast.brier, times)],
            (Metric::Pit, _, Some(forecast)) => {
                let decile = |pit: &f64| ((pit * DECILES as f64) as usize).min(DECILES - 1);
                let deciles = forecast.pit.iter().map(decile);
                let all = times.iter().map(|times| u64::from(*times)).sum::<u64>() as f64;
                let shares = sum_by_decile(deciles, |_| 1.0, times).map(|(sum, _)| sum / all);
                shares.map(|share| share.is_finite().then_some(share)).collect()
            }
            (Metric::Reliability, Target::Observed(observed), Some(forecast)) => {
                let deciles = || forecast.decile.iter().map(|decile| usize::from(*decile));
                let means = |values: &[f64]| -> Vec<Option<f64>> {
                    let sums = sum_by_decile(deciles(), |index| values[index], times);
                    sums.map(|(sum, people)| (people > 0.0).then(|| sum / people)).collect()
                };
                [means(&prediction.values), means(&observed.values)].concat()
            }
            _ => vec![None; metric.numbers()],
        }
    }
}

/// The sets with everyone counted once.
pub(super) fn unweighted(sets: &[EvaluationSet]) -> Vec<WeightedSet<'_>> {
    sets.par_iter().map(|set| WeightedSet::new(set, vec![1; set.persons.len()])).collect()
}

/// A sum over the sets in which a number is defined, and how many these are.
#[derive(Clone, Copy, Default)]
pub(super) struct SumOverSets {
    sum: f64,
    pub sets: u64,
}

impl SumOverSets {
    /// Adds the number of a set, if it is defined there.
    pub fn add(&mut self, number: Option<f64>) {
        if let Some(number) = number {
            self.sum += number;
            self.sets += 1;
        }
    }

    pub fn mean(&self) -> Option<f64> {
        (self.sets > 0).then(|| self.sum / self.sets as f64)
    }
}

/// The numbers of each (metric, predictor), summed over the sets in which they are defined.
pub(super) fn sum_over_sets(
    cells: &[(Metric, usize)],
    sets: &[WeightedSet<'_>],
    k: usize,
) -> Vec<Vec<SumOverSets>> {
    let sum = |(metric, predictor): &(Metric, usize)| {
        let mut sums = vec![SumOverSets::default(); metric.numbers()];
        for set in sets {
            for (sum, number) in sums.iter_mut().zip(set.evaluate(*metric, *predictor, k)) {
                sum.add(number);
            }
        }
        sums
    };
    cells.par_iter().map(sum).collect()
}

/// The numbers of each (metric, predictor) as means over the sets in which they are defined.
pub(super) fn mean_over_sets(
    cells: &[(Metric, usize)],
    sets: &[WeightedSet<'_>],
    k: usize,
) -> Vec<Vec<Option<f64>>> {
    let sums = sum_over_sets(cells, sets, k).into_iter();
    sums.map(|numbers| numbers.iter().map(SumOverSets::mean).collect()).collect()
}

/// For each decile the sum of the values of the people in it, and how many they are.
fn sum_by_decile(
    deciles: impl Iterator<Item = usize>,
    value: impl Fn(usize) -> f64,
    multiplicities: &[u32],
) -> impl Iterator<Item = (f64, f64)> {
    let mut sums = [(0.0, 0.0); DECILES];
    for (index, (decile, times)) in deciles.zip(multiplicities).enumerate() {
        sums[decile].0 += f64::from(*times) * value(index);
        sums[decile].1 += f64::from(*times);
    }
    sums.into_iter()
}
