//! The metrics of rounds whose people count so many times each, as a bootstrap needs them.

use rayon::prelude::*;

use super::round::{Column, Round, Told};
use renown_stats::calibration::{intercept_and_slope, mean, observed_over_expected};
use renown_stats::classification::{auc, pairwise_accuracy, pairwise_auc};
use renown_stats::correlation::{kendall, spearman_of_ranks};
use renown_stats::retrieval::{ndcg, precision};

/// Bins of the histogram of probability transforms, and of forecasts.
const TENTHS: usize = 10;

/// A metric.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Metric {
    Spearman,
    Kendall,
    AnyAuc,
    Auc,
    Ndcg,
    Precision,
    Pairwise,
    PairwiseAuc,
    Observed,
    Calibration,
    Coverage,
    Brier,
    Transforms,
    Reliability,
}

impl Metric {
    /// The names of its numbers in the table.
    pub fn names(self, k: usize) -> Vec<String> {
        let tenths =
            |name: &str| (1..=TENTHS).map(|tenth| format!("{name}_{tenth:02}")).collect::<Vec<_>>();
        match self {
            Self::Spearman => vec!["spearman".into()],
            Self::Kendall => vec!["kendall_tau_b".into()],
            Self::AnyAuc => vec!["auc_any".into()],
            Self::Auc => vec!["auc".into()],
            Self::Ndcg => vec![format!("ndcg_{k}")],
            Self::Precision => vec![format!("precision_{k}")],
            Self::Pairwise => vec!["pairwise_accuracy".into()],
            Self::PairwiseAuc => vec!["pairwise_auc".into()],
            Self::Observed => vec!["observed_over_forecast".into()],
            Self::Calibration => vec!["calibration_intercept".into(), "calibration_slope".into()],
            Self::Coverage => vec!["coverage_90".into()],
            Self::Brier => vec!["brier_any".into()],
            Self::Transforms => tenths("pit"),
            Self::Reliability => [tenths("forecast"), tenths("observed")].concat(),
        }
    }

    /// How many numbers it has.
    pub fn numbers(self) -> usize {
        match self {
            Self::Calibration => 2,
            Self::Transforms => TENTHS,
            Self::Reliability => 2 * TENTHS,
            _ => 1,
        }
    }

    /// Whether it is not told of parts.
    pub fn is_of_everyone(self) -> bool {
        matches!(self, Self::Kendall | Self::Transforms | Self::Reliability)
    }

    /// Whether it depends on the few at the top alone, of whom a part of the people tells nothing.
    pub fn of_the_first(self) -> bool {
        matches!(self, Self::Ndcg | Self::Precision)
    }

    /// The metrics that the truth of a round has.
    pub fn of(round: &Round) -> Vec<Self> {
        let mut metrics = match &round.told {
            Told::Came(_) => vec![
                Metric::Spearman,
                Metric::Kendall,
                Metric::AnyAuc,
                Metric::Ndcg,
                Metric::Precision,
            ],
            Told::Graded(told) if told.values.iter().all(|value| *value >= 0.0) => {
                vec![Metric::Spearman, Metric::Kendall, Metric::Ndcg, Metric::Precision]
            }
            Told::Graded(_) => vec![Metric::Spearman, Metric::Kendall, Metric::Precision],
            Told::Labels(_) => vec![Metric::Auc, Metric::Precision],
            Told::Pairs(_) => vec![Metric::Pairwise, Metric::PairwiseAuc],
        };
        if round.fared.iter().any(Option::is_some) {
            metrics.extend([
                Metric::Observed,
                Metric::Calibration,
                Metric::Coverage,
                Metric::Brier,
                Metric::Transforms,
                Metric::Reliability,
            ]);
        }
        metrics
    }
}

/// A round whose people count so many times each.
pub(super) struct Counted<'a> {
    round: &'a Round,
    times: Vec<u32>,
    /// Twice the mid-ranks of the truth.
    ranks: Vec<f64>,
}

impl<'a> Counted<'a> {
    pub fn of(round: &'a Round, times: Vec<u32>) -> Self {
        let ranks = match &round.told {
            Told::Came(told) | Told::Graded(told) => told.order.doubled_ranks(&times),
            _ => vec![],
        };
        Self { round, times, ranks }
    }

    /// A metric of a predictor; as many numbers as it has names.
    fn metric(&self, metric: Metric, at: usize, k: usize) -> Vec<Option<f64>> {
        let (round, times) = (self.round, &self.times[..]);
        let (own, fared) = (&round.predicted[at], &round.fared[at]);
        let one = |value: Option<f64>| vec![value];
        match (metric, &round.told, fared) {
            (Metric::Spearman, Told::Came(told) | Told::Graded(told), _) => {
                let found = spearman_of_ranks(&own.order.doubled_ranks(times), &self.ranks, times);
                one(found.or_else(|| nothing_told(told, times)))
            }
            (Metric::Kendall, Told::Came(told) | Told::Graded(told), _) => {
                let found = kendall(&own.order, &told.order, times);
                one(found.or_else(|| nothing_told(told, times)))
            }
            (Metric::AnyAuc, Told::Came(told), _) | (Metric::Auc, Told::Labels(told), _) => {
                one(auc(&own.order, &told.values, times))
            }
            (Metric::Ndcg, Told::Came(told) | Told::Graded(told), _) => {
                one(ndcg(&own.order, &told.order, &told.values, times, k))
            }
            (Metric::Precision, Told::Came(told) | Told::Graded(told) | Told::Labels(told), _) => {
                let mut relevant = told.order.top(times, k);
                if !matches!(round.told, Told::Graded(_)) {
                    let some = told.values.iter().map(|value| *value > 0.0);
                    relevant.iter_mut().zip(some).for_each(|(own, some)| *own &= some);
                }
                one(precision(&own.order, &relevant, times, k))
            }
            (Metric::Pairwise, Told::Pairs(pairs), _) => {
                one(pairwise_accuracy(&own.values, pairs, times))
            }
            (Metric::PairwiseAuc, Told::Pairs(pairs), _) => {
                let margin = |(one, other): &(u32, u32)| {
                    own.values[*one as usize] - own.values[*other as usize]
                };
                one(pairwise_auc(&pairs.iter().map(margin).collect::<Vec<f64>>(), pairs, times))
            }
            (Metric::Observed, Told::Came(came), Some(_)) => {
                one(observed_over_expected(&own.values, &came.values, times))
            }
            (Metric::Calibration, Told::Came(came), Some(fared)) => {
                let (intercept, slope) =
                    intercept_and_slope(&fared.logs, &came.values, times).unzip();
                vec![intercept, slope]
            }
            (Metric::Coverage, _, Some(fared)) => {
                let within = |u: &f64| f64::from(u8::from((0.05..0.95).contains(u)));
                let within: Vec<f64> = fared.transform.iter().map(within).collect();
                one(mean(&within, times))
            }
            (Metric::Brier, _, Some(fared)) => one(mean(&fared.brier, times)),
            (Metric::Transforms, _, Some(fared)) => {
                let tenth = |u: &f64| ((u * TENTHS as f64) as usize).min(TENTHS - 1);
                let tenths = fared.transform.iter().map(tenth);
                let all = sum(times.iter().copied());
                let found = binned(tenths, |_| 1.0, times).map(|(sum, _)| sum / all);
                found.map(|share| share.is_finite().then_some(share)).collect()
            }
            (Metric::Reliability, Told::Came(came), Some(fared)) => {
                let tenths = || fared.tenth.iter().map(|tenth| usize::from(*tenth));
                let means = |values: &[f64]| {
                    let found = binned(tenths(), |at| values[at], times);
                    let found: Vec<_> =
                        found.map(|(sum, all)| (all > 0.0).then(|| sum / all)).collect();
                    found
                };
                [means(&own.values), means(&came.values)].concat()
            }
            _ => vec![None; metric.numbers()],
        }
    }
}

/// The rounds with everybody counted once.
pub(super) fn once(rounds: &[Round]) -> Vec<Counted<'_>> {
    rounds.par_iter().map(|round| Counted::of(round, vec![1; round.person.len()])).collect()
}

/// The numbers of each cell, summed over the rounds in which they are defined, and how many these are.
pub(super) fn sums(
    cells: &[(Metric, usize)],
    rounds: &[Counted<'_>],
    k: usize,
) -> Vec<Vec<(f64, u64)>> {
    let sum = |(metric, predictor): &(Metric, usize)| {
        let mut sums = vec![(0.0, 0); metric.numbers()];
        for counted in rounds {
            let found = counted.metric(*metric, *predictor, k);
            for (sum, found) in sums.iter_mut().zip(found) {
                if let Some(found) = found {
                    *sum = (sum.0 + found, sum.1 + 1);
                }
            }
        }
        sums
    };
    cells.par_iter().map(sum).collect()
}

pub(super) fn mean_of((sum, rounds): &(f64, u64)) -> Option<f64> {
    (*rounds > 0).then(|| sum / *rounds as f64)
}

/// The numbers of each cell as means over the rounds in which they are defined.
pub(super) fn means(
    cells: &[(Metric, usize)],
    rounds: &[Counted<'_>],
    k: usize,
) -> Vec<Vec<Option<f64>>> {
    let means = sums(cells, rounds, k).into_iter();
    means.map(|numbers| numbers.iter().map(mean_of).collect()).collect()
}

/// The correlation of what is the same for everybody, where the truth is not.
fn nothing_told(told: &Column, times: &[u32]) -> Option<f64> {
    told.order.varies(times).then_some(0.0)
}

fn sum(times: impl Iterator<Item = u32>) -> f64 {
    times.map(u64::from).sum::<u64>() as f64
}

/// For each tenth the sum of the values of the people in it, and how many they are.
fn binned(
    tenths: impl Iterator<Item = usize>,
    value: impl Fn(usize) -> f64,
    times: &[u32],
) -> impl Iterator<Item = (f64, f64)> {
    let mut sums = [(0.0, 0.0); TENTHS];
    for (at, (tenth, times)) in tenths.zip(times).enumerate() {
        sums[tenth].0 += f64::from(*times) * value(at);
        sums[tenth].1 += f64::from(*times);
    }
    sums.into_iter()
}
