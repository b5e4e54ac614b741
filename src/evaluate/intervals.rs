//! Metrics with their intervals, by a bootstrap of people.
//!
//! A person is drawn for all evaluation sets at once (Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §13.3). Of
//! more people than a limit a fixed sample is resampled, and its deviations are scaled by the root of its share (Politis,
//! Romano & Wolf 1999, *Subsampling*, §2.1); metrics of the first k then have no interval.

use super::evaluation_set::EvaluationSet;
use super::metric::{Metric, WeightedSet, mean_over_sets, unweighted};
use super::validity::Difference;
use crate::job::Validate;
use crate::model::PersonIndex;
use renown_stats::resampling::{bootstrap, interval_95};

/// Most people who are resampled; of more a sample is.
pub(super) const MAX_RESAMPLED: usize = 5_000;
/// The same in a group.
pub(super) const MAX_RESAMPLED_IN_GROUP: usize = 1_000;

/// A metric of a predictor. Lengths: numbers of the metric.
pub(super) struct Cell {
    pub metric: Metric,
    pub predictor: usize,
    /// Its numbers, as means over the sets in which they are defined.
    pub values: Vec<Option<f64>>,
    /// In how many sets each number is defined.
    pub sets: Vec<u64>,
    /// How far each number is from its value in each resample; empty for a metric that cannot be resampled.
    pub deviations: Vec<Vec<Option<f64>>>,
}

impl Cell {
    /// The 95 % interval of a number.
    pub fn interval(&self, number: usize) -> Option<(f64, f64)> {
        let deviations = self.deviations.get(number)?;
        interval_95(self.values[number]?, deviations.iter().copied())
    }

    /// A number less that of another predictor, which is called `name`.
    pub fn difference_to(&self, other: &Self, name: &str, number: usize) -> Option<Difference> {
        let value = self.values[number]? - other.values[number]?;
        let both = self.deviations.get(number).zip(other.deviations.get(number));
        let deviations = both.map(|(these, others)| {
            these.iter().zip(others).map(|(this, other)| Some((*this)? - (*other)?))
        });
        let interval = deviations.and_then(|deviations| interval_95(value, deviations));
        Some(Difference { to: name.to_owned(), value, interval })
    }
}

/// Fills in the deviations of `cells` over resamples of at most `max_people` people.
pub(super) fn resample(
    cells: &mut Vec<Cell>,
    sets: Vec<EvaluationSet>,
    settings: &Validate,
    max_people: usize,
) {
    let k = settings.top as usize;
    let all_people = distinct_people(&sets).len();
    let largest = sets.iter().map(|set| set.persons.len()).max().unwrap_or(0);
    let one_in = u32::try_from(largest.div_ceil(max_people)).unwrap_or(u32::MAX).max(1);
    let sample: Vec<EvaluationSet> = match one_in {
        1 => sets,
        n => sets.iter().map(|set| set.sample_one_in(n)).collect(),
    };
    let resampled: Vec<(Metric, usize)> = cells
        .iter()
        .filter(|cell| one_in == 1 || !cell.metric.is_of_the_top())
        .map(|cell| (cell.metric, cell.predictor))
        .collect();
    let persons = distinct_people(&sample);
    let unit = |person: &PersonIndex| persons.partition_point(|other| other < person);
    let units: Vec<Vec<usize>> =
        sample.iter().map(|set| set.persons.iter().map(unit).collect()).collect();
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
        cell.deviations = (0..cell.values.len()).map(deviations).collect();
    }
}

/// The people of the sets, each once, ascending.
fn distinct_people(sets: &[EvaluationSet]) -> Vec<PersonIndex> {
    let mut people: Vec<PersonIndex> = sets.iter().flat_map(|set| &set.persons).copied().collect();
    people.sort_unstable();
    people.dedup();
    people
}
