//! Metrics with their intervals.
//!
//! Concordance has them from the influence of each person, added over all evaluation sets in which the person is (DeLong, DeLong &
//! Clarke-Pearson 1988, *Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves*). All other
//! metrics have them from a bootstrap of people, in which a person is drawn for all evaluation sets at once (Efron &
//! Tibshirani 1993, *An Introduction to the Bootstrap*, §13.3). Of more people than a limit a fixed sample is resampled, and its
//! deviations are scaled by the root of its share (Politis, Romano & Wolf 1999, *Subsampling*, §2.1); metrics of the first k
//! then have no interval.

use std::borrow::Cow;

use rayon::prelude::*;

use super::evaluation_set::{EvaluationSet, Target};
use super::metric::{Metric, SumOverSets, WeightedSet, mean_over_sets, unweighted};
use super::metric_row::Difference;
use crate::job::Validate;
use crate::model::PersonIndex;
use renown_stats::concordance::concordance_with_influence;
use renown_stats::resampling::{bootstrap, interval_95};

/// Most people who are resampled; of more a sample is.
pub(super) const MAX_RESAMPLED: usize = 5_000;
/// The same in a group.
pub(super) const MAX_RESAMPLED_IN_GROUP: usize = 1_000;

/// 97.5 % of a normal distribution are below so many standard deviations.
const NORMAL_95: f64 = 1.959_963_984_540_054;

/// A metric of a predictor. Lengths: numbers of the metric.
pub(super) struct Cell {
    pub metric: Metric,
    pub predictor: usize,
    /// Its numbers, as means over the sets in which they are defined.
    pub values: Vec<Option<f64>>,
    /// In how many sets each number is defined.
    pub sets: Vec<u64>,
    pub uncertainty: Uncertainty,
}

/// How uncertain a metric is.
pub(super) enum Uncertainty {
    /// Not known.
    Unknown,
    /// How far each number is from its value in each resample.
    Deviations(Vec<Vec<Option<f64>>>),
    /// The influence of each distinct person of the sets on the one number.
    Influence(Vec<f64>),
}

impl Cell {
    /// A metric whose numbers were summed over sets.
    pub fn not_resampled(metric: Metric, predictor: usize, sums: &[SumOverSets]) -> Self {
        Self {
            metric,
            predictor,
            values: sums.iter().map(SumOverSets::mean).collect(),
            sets: sums.iter().map(|sum| sum.sets).collect(),
            uncertainty: Uncertainty::Unknown,
        }
    }

    /// The 95 % interval of a number.
    pub fn interval(&self, number: usize) -> Option<(f64, f64)> {
        let value = self.values[number]?;
        match &self.uncertainty {
            Uncertainty::Unknown => None,
            Uncertainty::Deviations(of_numbers) => {
                interval_95(value, of_numbers.get(number)?.iter().copied())
            }
            Uncertainty::Influence(of_people) => {
                let (low, high) = normal_95(value, of_people.iter().copied());
                // A share.
                Some((low.max(0.0), high.min(1.0)))
            }
        }
    }

    /// A number less that of another predictor, which is called `name`.
    pub fn difference_to(&self, other: &Self, name: &str, number: usize) -> Option<Difference> {
        let value = self.values[number]? - other.values[number]?;
        let interval = match (&self.uncertainty, &other.uncertainty) {
            (Uncertainty::Deviations(these), Uncertainty::Deviations(others)) => {
                let both = these.get(number).zip(others.get(number));
                both.and_then(|(these, others)| {
                    let both = these.iter().zip(others);
                    interval_95(value, both.map(|(this, other)| Some((*this)? - (*other)?)))
                })
            }
            (Uncertainty::Influence(these), Uncertainty::Influence(others)) => {
                Some(normal_95(value, these.iter().zip(others).map(|(this, other)| this - other)))
            }
            _ => None,
        };
        Some(Difference { to: name.to_owned(), value, interval })
    }
}

/// The 95 % interval of a value on which people have these influences.
fn normal_95(value: f64, influences: impl Iterator<Item = f64>) -> (f64, f64) {
    let error = libm::sqrt(influences.fold(0.0, |sum, influence| sum + influence * influence));
    (value - NORMAL_95 * error, value + NORMAL_95 * error)
}

/// The concordance of each of `predictors`, with its interval, and Kendall's τ-b, which counts the same pairs and is not resampled yet.
pub(super) fn concordances(sets: &[EvaluationSet], predictors: &[usize]) -> Vec<[Cell; 2]> {
    let people = distinct_people(sets);
    let units = units(sets, &people);
    let cells = |predictor: &usize| {
        let (mut sum, mut defined, mut influence) = (0.0, 0_u64, vec![0.0; people.len()]);
        let mut kendall = SumOverSets::default();
        for (set, units) in sets.iter().zip(&units) {
            let (Target::Observed(target) | Target::Graded(target) | Target::Binary(target)) =
                &set.target
            else {
                continue;
            };
            let ranking = set.predictions[*predictor].ranking();
            let Some(found) = concordance_with_influence(ranking, target.ranking()) else {
                continue;
            };
            sum += found.value;
            defined += 1;
            kendall.add(found.kendall);
            for (unit, of_person) in units.iter().zip(found.influence) {
                influence[*unit] += of_person;
            }
        }
        influence.iter_mut().for_each(|of_person| *of_person /= defined as f64);
        let concordance = Cell {
            metric: Metric::Concordance,
            predictor: *predictor,
            values: vec![(defined > 0).then(|| sum / defined as f64)],
            sets: vec![defined],
            uncertainty: Uncertainty::Influence(influence),
        };
        [concordance, Cell::not_resampled(Metric::Kendall, *predictor, &[kendall])]
    };
    predictors.par_iter().map(cells).collect()
}

/// Fills in the deviations over resamples of at most `max_people` people of those `cells` that are `wanted`. Length of `wanted`:
/// cells.
pub(super) fn resample(
    cells: &mut [Cell],
    wanted: &[bool],
    sets: &[EvaluationSet],
    settings: &Validate,
    max_people: usize,
) {
    let k = settings.top as usize;
    let all_people = distinct_people(sets).len();
    let largest = sets.iter().map(|set| set.persons.len()).max().unwrap_or(0);
    let one_in = u32::try_from(largest.div_ceil(max_people)).unwrap_or(u32::MAX).max(1);
    let sample: Cow<'_, [EvaluationSet]> = match one_in {
        1 => Cow::Borrowed(sets),
        n => sets.iter().map(|set| set.sample_one_in(n)).collect(),
    };
    let resampled: Vec<(Metric, usize)> = cells
        .iter()
        .zip(wanted)
        .filter(|(cell, wanted)| **wanted && (one_in == 1 || !cell.metric.is_of_the_top()))
        .map(|(cell, _)| (cell.metric, cell.predictor))
        .collect();
    let persons = distinct_people(&sample);
    let units = units(&sample, &persons);
    let scale = libm::sqrt(persons.len() as f64 / all_people.max(1) as f64);
    let of_sample = mean_over_sets(&resampled, &unweighted(&sample), k);
    let of_resample = |multiplicities: &[u32]| {
        let weighted = sample.iter().zip(&units).map(|(set, units)| {
            WeightedSet::new(set, units.iter().map(|unit| multiplicities[*unit]).collect())
        });
        mean_over_sets(&resampled, &weighted.collect::<Vec<_>>(), k)
    };
    let resamples = bootstrap(persons.len(), settings.resamples, settings.seed, of_resample);
    for cell in cells {
        let of_cell = (cell.metric, cell.predictor);
        let Some(at) = resampled.iter().position(|other| *other == of_cell) else { continue };
        let deviations = |number: usize| {
            let value = of_sample[at][number];
            let deviation = move |resample: &Vec<Vec<Option<f64>>>| {
                Some(scale * (resample[at][number]? - value?))
            };
            resamples.iter().map(deviation).collect()
        };
        let of_numbers = (0..cell.values.len()).map(deviations).collect();
        cell.uncertainty = Uncertainty::Deviations(of_numbers);
    }
}

/// The people of the sets, each once, ascending.
fn distinct_people(sets: &[EvaluationSet]) -> Vec<PersonIndex> {
    let mut people: Vec<PersonIndex> = sets.iter().flat_map(|set| &set.persons).copied().collect();
    // The people of each set ascend: they are merged.
    people.sort();
    people.dedup();
    people
}

/// The number of each person of each set among `people`, who ascend as those of the sets do.
fn units(sets: &[EvaluationSet], people: &[PersonIndex]) -> Vec<Vec<usize>> {
    let of_set = |set: &EvaluationSet| {
        let mut unit = 0;
        let number = |person: &PersonIndex| {
            while people[unit] < *person {
                unit += 1;
            }
            unit
        };
        set.persons.iter().map(number).collect()
    };
    sets.par_iter().map(of_set).collect()
}
