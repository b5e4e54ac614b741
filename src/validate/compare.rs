//! Predictors beside a truth, with intervals by a bootstrap of people.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::metrics::{
    Order, auc, calibration_slope, kendall, mean, ndcg, observed_over_expected, pairwise_accuracy,
    spearman,
};
use super::{Difference, Row};
use crate::hindsight::mixed;
use crate::score::percentile::quantile;

/// Draws of people, each of as many as there are.
pub const DRAWS: u64 = 200;
/// Seed of the draws.
pub const SEED: u64 = 1;
/// Most people of whom draws are made; of more a part is drawn from.
const DRAWN: usize = 5_000;
/// People at the top who count for the discounted gain.
const TOP: usize = 20;

/// What was compared with.
pub(super) enum Told {
    /// How many came to each.
    Came(Vec<f64>),
    /// A number of each.
    Graded(Vec<f64>),
    /// Places of the better and the worse one of each pair.
    Pairs(Vec<(u32, u32)>),
}

/// How a forecast of people fared: numbers of each person.
pub(super) struct Fared {
    /// Whether what came lay within the 90 % interval, by the randomised probability integral transform.
    pub covered: Vec<f64>,
    /// The square of what the chance that anybody comes was off.
    pub brier: Vec<f64>,
}

/// Some people at one instant.
pub(super) struct Group {
    /// Number of each person.
    pub person: Vec<u32>,
    /// Values of each predictor. Lengths: people.
    pub predicted: Vec<Vec<f64>>,
    /// How each predictor fared that says how many come, where the truth is who came.
    pub fared: Vec<Option<Fared>>,
    /// The truth about them.
    pub told: Told,
}

impl Group {
    /// The people of one part in so many.
    fn part(&self, one_in: u32) -> Self {
        let taken = |place: &usize| mixed(self.person[*place]).is_multiple_of(one_in);
        let taken: Vec<usize> = (0..self.person.len()).filter(taken).collect();
        let of =
            |values: &Vec<f64>| -> Vec<f64> { taken.iter().map(|place| values[*place]).collect() };
        let told = match &self.told {
            Told::Came(values) => Told::Came(of(values)),
            Told::Graded(values) => Told::Graded(of(values)),
            Told::Pairs(pairs) => {
                let place = |old: u32| taken.binary_search(&(old as usize)).ok();
                let both =
                    |(one, other): &(u32, u32)| Some((place(*one)? as u32, place(*other)? as u32));
                Told::Pairs(pairs.iter().filter_map(both).collect())
            }
        };
        let fared = |fared: &Fared| Fared { covered: of(&fared.covered), brier: of(&fared.brier) };
        Self {
            person: taken.iter().map(|place| self.person[*place]).collect(),
            fared: self.fared.iter().map(|own| own.as_ref().map(fared)).collect(),
            predicted: self.predicted.iter().map(of).collect(),
            told,
        }
    }
}

/// A predictor.
pub(super) struct Predictor {
    pub name: String,
    /// Whether it is a simple count, which a score has to beat.
    pub is_baseline: bool,
}

/// A metric, and its name in the table.
#[derive(Clone, Copy)]
enum Metric {
    Spearman,
    Kendall,
    AnyAuc,
    Ndcg,
    Pairwise,
    Observed,
    Slope,
    Coverage,
    Brier,
}

impl Metric {
    fn name(self) -> String {
        match self {
            Self::Spearman => "spearman".into(),
            Self::Kendall => "kendall_tau_b".into(),
            Self::AnyAuc => "auc_any".into(),
            Self::Ndcg => format!("ndcg_{TOP}"),
            Self::Pairwise => "pairwise_accuracy".into(),
            Self::Observed => "observed_over_forecast".into(),
            Self::Slope => "calibration_slope".into(),
            Self::Coverage => "coverage_90".into(),
            Self::Brier => "brier_any".into(),
        }
    }
}

/// A group with all values in order.
struct Sorted<'a> {
    group: &'a Group,
    predicted: Vec<Order>,
    truth: Option<(Order, &'a [f64], Vec<bool>)>,
}

impl<'a> Sorted<'a> {
    fn all(groups: &'a [Group]) -> Vec<Self> {
        groups.par_iter().map(Self::of).collect()
    }

    fn of(group: &'a Group) -> Self {
        let truth = match &group.told {
            Told::Came(values) | Told::Graded(values) => {
                Some((Order::of(values), &values[..], values.iter().map(|v| *v > 0.0).collect()))
            }
            Told::Pairs(_) => None,
        };
        Self { group, predicted: group.predicted.iter().map(|v| Order::of(v)).collect(), truth }
    }

    fn metric(&self, metric: Metric, predictor: usize, times: &[u32]) -> Option<f64> {
        let own = &self.predicted[predictor];
        let expected = &self.group.predicted[predictor];
        if let (Some(fared), Told::Came(came)) = (&self.group.fared[predictor], &self.group.told) {
            match metric {
                Metric::Observed => return observed_over_expected(expected, came, times),
                Metric::Slope => return calibration_slope(expected, came, times),
                Metric::Coverage => return mean(&fared.covered, times),
                Metric::Brier => return mean(&fared.brier, times),
                _ => {}
            }
        }
        match (metric, &self.truth, &self.group.told) {
            (Metric::Spearman, Some((truth, ..)), _) => spearman(own, truth, times),
            (Metric::Kendall, Some((truth, ..)), _) => kendall(own, truth, times),
            (Metric::AnyAuc, Some((.., any)), _) => auc(own, any, times),
            (Metric::Ndcg, Some((truth, gains, _)), _) => ndcg(own, truth, gains, times, TOP),
            (Metric::Pairwise, _, Told::Pairs(pairs)) => pairwise_accuracy(expected, pairs, times),
            _ => None,
        }
    }
}

/// The metrics of every predictor against one truth in one population: means over the groups, of those in which they are
/// defined, with the 95 % interval of the bootstrap (Efron & Tibshirani 1993, *An Introduction to the Bootstrap*, §13.3) in
/// which a person is drawn for all groups at once. Of more than [`DRAWN`] people a part is drawn from, and what the draws
/// are off is scaled by the root of the part (Politis, Romano & Wolf 1999, *Subsampling*, §2.1).
pub(super) fn compare(
    truth: &str,
    population: &str,
    predictors: &[Predictor],
    groups: &[Group],
) -> Vec<Row> {
    let gains = |values: &[f64]| values.iter().all(|value| *value >= 0.0);
    let mut metrics = match groups.first().map(|group| &group.told) {
        Some(Told::Came(_)) => {
            vec![Metric::Spearman, Metric::Kendall, Metric::AnyAuc, Metric::Ndcg]
        }
        Some(Told::Graded(values)) if gains(values) => {
            vec![Metric::Spearman, Metric::Kendall, Metric::Ndcg]
        }
        Some(Told::Graded(_)) => vec![Metric::Spearman, Metric::Kendall],
        Some(Told::Pairs(_)) => vec![Metric::Pairwise],
        None => vec![],
    };
    if groups.iter().any(|group| group.fared.iter().any(Option::is_some)) {
        metrics.extend([Metric::Observed, Metric::Slope, Metric::Coverage, Metric::Brier]);
    }
    let cells: Vec<(Metric, usize)> = metrics
        .iter()
        .flat_map(|metric| (0..predictors.len()).map(|predictor| (*metric, predictor)))
        .collect();
    let once = |groups: &[Group]| -> Vec<Vec<u32>> {
        groups.iter().map(|group| vec![1; group.person.len()]).collect()
    };
    let values = means(&cells, &Sorted::all(groups), &once(groups));
    let largest = groups.iter().map(|group| group.person.len()).max().unwrap_or(0);
    let one_in = u32::try_from(largest.div_ceil(DRAWN)).unwrap_or(u32::MAX).max(1);
    let part: Vec<Group> = groups.iter().map(|group| group.part(one_in)).collect();
    let [everybody, drawn_from] = [groups, &part].map(distinct);
    let scale = libm::sqrt(drawn_from.len() as f64 / everybody.len().max(1) as f64);
    let sorted = Sorted::all(&part);
    let of_part = means(&cells, &sorted, &once(&part));
    let of_draw = |draw: u64| -> Vec<Option<f64>> {
        let drawn = draw_people(draw, drawn_from.len());
        let times = |person: &u32| drawn_from.binary_search(person).map_or(0, |at| drawn[at]);
        let times = part.iter().map(|group| group.person.iter().map(times).collect());
        let found = means(&cells, &sorted, &times.collect::<Vec<Vec<u32>>>());
        let all = found.iter().zip(&of_part).zip(&values);
        all.map(|((found, part), value)| Some((*value)? + scale * ((*found)? - (*part)?))).collect()
    };
    let draws: Vec<Vec<Option<f64>>> = (0..DRAWS).into_par_iter().map(of_draw).collect();
    let mut rows = Vec::new();
    for (at, (metric, predictor)) in cells.iter().enumerate() {
        let Some(value) = values[at] else { continue };
        let first = at - predictor;
        let baselines = (0..predictors.len()).filter(|other| predictors[*other].is_baseline);
        let known = baselines.filter_map(|other| Some((first + other, values[first + other]?)));
        // Of equals the first.
        let best = known.reduce(|one, next| if next.1 > one.1 { next } else { one });
        let best = best.filter(|_| !predictors[*predictor].is_baseline);
        let difference = best.map(|(best, of_best)| {
            let of_draw = |draw: &Vec<Option<f64>>| Some(draw[at]? - draw[best]?);
            Difference {
                baseline: predictors[best - first].name.clone(),
                value: value - of_best,
                interval: interval(draws.iter().filter_map(of_draw).collect()),
            }
        });
        rows.push(Row {
            truth: truth.to_owned(),
            population: population.to_owned(),
            predictor: predictors[*predictor].name.clone(),
            metric: metric.name(),
            value,
            interval: interval(draws.iter().filter_map(|draw| draw[at]).collect()),
            difference,
            people: largest as u64,
        });
    }
    rows
}

/// Each metric of each predictor as the mean over the groups in which it is defined.
fn means(cells: &[(Metric, usize)], groups: &[Sorted<'_>], times: &[Vec<u32>]) -> Vec<Option<f64>> {
    let mean = |(metric, predictor): &(Metric, usize)| {
        let found = groups.iter().zip(times);
        let found: Vec<f64> =
            found.filter_map(|(group, times)| group.metric(*metric, *predictor, times)).collect();
        let sum = found.iter().fold(0.0, |sum, one| sum + one);
        (!found.is_empty()).then(|| sum / found.len() as f64)
    };
    cells.par_iter().map(mean).collect()
}

/// The people of the groups, each once, in order.
fn distinct(groups: &[Group]) -> Vec<u32> {
    let mut people: Vec<u32> = groups.iter().flat_map(|group| &group.person).copied().collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// How often each person is drawn: as many draws as people, each of anybody.
fn draw_people(draw: u64, persons: usize) -> Vec<u32> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(SEED);
    // Draws do not overlap: each begins 2^128 numbers after the one before.
    (0..draw).for_each(|_| random.jump());
    let mut times = vec![0; persons];
    for _ in 0..persons {
        let at = (u128::from(random.next_u64()) * persons as u128) >> 64;
        times[at as usize] += 1;
    }
    times
}

/// The middle 95 % of the values of draws, linear between them; none if less than half of the draws have one.
fn interval(mut draws: Vec<f64>) -> Option<(f64, f64)> {
    if draws.len() < DRAWS as usize / 2 {
        return None;
    }
    draws.sort_unstable_by(f64::total_cmp);
    quantile(&draws, 0.025).zip(quantile(&draws, 0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People whose predictor and truth are normal with a correlation, counted in as many groups.
    fn rows(people: u32, correlation: f64, groups: usize) -> Vec<Row> {
        let mut rng = fastrand::Rng::with_seed(21);
        let mut normal = || {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - rng.f64()));
            radius * libm::cos(2.0 * std::f64::consts::PI * rng.f64())
        };
        let mut group = || {
            let (mut predicted, mut told) = (Vec::new(), Vec::new());
            for _ in 0..people {
                let (one, other) = (normal(), normal());
                predicted.push(one);
                let rest = libm::sqrt(1.0 - correlation * correlation);
                told.push(correlation * one + rest * other);
            }
            let person = (0..people).collect();
            let (predicted, fared) = (vec![predicted], vec![None]);
            Group { person, predicted, fared, told: Told::Graded(told) }
        };
        let groups: Vec<Group> = (0..groups).map(|_| group()).collect();
        let predictors = [Predictor { name: "own".into(), is_baseline: false }];
        compare("truth", "all", &predictors, &groups)
    }

    /// Bonett & Wright 2000, *Sample size requirements for estimating Pearson, Kendall and Spearman correlations*: the
    /// standard error of Spearman's ρ of normal values.
    #[test]
    fn intervals_are_as_wide_as_theory_says_for_few_people_and_for_a_part_of_many() {
        for (people, groups) in [(400, 1), (400, 2), (20_000, 1)] {
            let rows = rows(people, 0.5, groups);
            let row = rows.iter().find(|row| row.metric == "spearman").unwrap();
            let rho = row.value;
            let error = libm::sqrt((1.0 + rho * rho / 2.0) / (f64::from(people) - 3.0))
                * (1.0 - rho * rho)
                / libm::sqrt(groups as f64);
            let (low, high) = row.interval.unwrap();
            let relative = (high - low) / (2.0 * 1.96 * error);
            assert!((0.8..1.25).contains(&relative), "{people}: {relative}");
            assert!((rho - 0.483).abs() < 4.0 * error, "{people}: {rho}");
            assert_eq!(row.people, u64::from(people));
        }
    }
}
