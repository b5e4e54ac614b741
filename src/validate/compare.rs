//! Predictors beside a truth, with intervals by a bootstrap of people.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::metrics::{
    Order, auc, calibration, correlation, kendall, mean, ndcg, observed_over_expected,
    pairwise_accuracy, pairwise_auc, precision,
};
use super::{Difference, EVERYONE, Row, TOPIC};
use crate::hindsight::mixed;
use crate::job::Validate;
use crate::numbering::NONE;
use crate::score::percentile::quantile;

/// Most people of whom draws are made; of more a sample is drawn from.
pub(super) const DRAWN: usize = 5_000;
/// The same of people in a part.
pub(super) const DRAWN_OF_PART: usize = 1_000;
/// Bins of the histogram of probability transforms, and of forecasts.
const TENTHS: usize = 10;

/// Numbers of some people, and their order.
#[derive(Clone)]
pub(super) struct Column {
    pub values: Vec<f64>,
    pub order: Order,
}

impl Column {
    pub fn of(values: Vec<f64>) -> Self {
        Self { order: Order::of(&values), values }
    }

    /// The values of those at `taken`, whose places in it are `places`.
    fn part(&self, taken: &[u32], places: &[u32]) -> Self {
        Self { values: part(&self.values, taken), order: self.order.within(places) }
    }
}

fn part<T: Copy>(values: &[T], taken: &[u32]) -> Vec<T> {
    taken.iter().map(|place| values[*place as usize]).collect()
}

/// What was compared with.
#[derive(Clone)]
pub(super) enum Told {
    /// How many came to each.
    Came(Column),
    /// A number of each.
    Graded(Column),
    /// 1 of those for whom it is true, 0 of the others.
    Labels(Column),
    /// Places of the better and the worse one of each pair.
    Pairs(Vec<(u32, u32)>),
}

/// How a forecast of people fared: numbers of each person.
#[derive(Clone)]
pub(super) struct Fared {
    /// ln of how many were expected.
    pub logs: Vec<f64>,
    /// The randomised probability integral transform of how many came.
    pub transform: Vec<f64>,
    /// The square of what the chance that anybody comes was off.
    pub brier: Vec<f64>,
    /// The tenth of the round in which the forecast is.
    pub tenth: Vec<u8>,
}

/// Some people at one instant, or on one topic.
#[derive(Clone)]
pub(super) struct Round {
    /// Number of each person, ascending.
    pub person: Vec<u32>,
    /// Values of each predictor.
    pub predicted: Vec<Column>,
    /// How each predictor fared that says how many come, where the truth is who came.
    pub fared: Vec<Option<Fared>>,
    /// The truth about them.
    pub told: Told,
}

impl Round {
    /// The people at these places, ascending.
    pub fn part(&self, taken: &[u32]) -> Self {
        let mut places = vec![NONE; self.person.len()];
        (0..).zip(taken).for_each(|(new, old)| places[*old as usize] = new);
        let column = |column: &Column| column.part(taken, &places);
        let fared = |fared: &Fared| Fared {
            logs: part(&fared.logs, taken),
            transform: part(&fared.transform, taken),
            brier: part(&fared.brier, taken),
            tenth: part(&fared.tenth, taken),
        };
        let both = |(one, other): &(u32, u32)| {
            let (one, other) = (places[*one as usize], places[*other as usize]);
            (one != NONE && other != NONE).then_some((one, other))
        };
        Self {
            person: part(&self.person, taken),
            predicted: self.predicted.par_iter().map(column).collect(),
            fared: self.fared.par_iter().map(|own| own.as_ref().map(fared)).collect(),
            told: match &self.told {
                Told::Came(own) => Told::Came(column(own)),
                Told::Graded(own) => Told::Graded(column(own)),
                Told::Labels(own) => Told::Labels(column(own)),
                Told::Pairs(pairs) => Told::Pairs(pairs.iter().filter_map(both).collect()),
            },
        }
    }

    /// One in so many of the people.
    fn one_in(&self, many: u32) -> Self {
        let taken = 0..self.person.len() as u32;
        let taken = taken.filter(|place| mixed(self.person[*place as usize]).is_multiple_of(many));
        self.part(&taken.collect::<Vec<u32>>())
    }

    /// With the tenths in which forecasts are.
    fn with_tenths(mut self) -> Self {
        for (column, fared) in self.predicted.iter().zip(&mut self.fared) {
            fared.iter_mut().for_each(|fared| fared.tenth = column.order.tenths());
        }
        self
    }

    /// The metrics that such a truth has.
    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = match &self.told {
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
        if self.fared.iter().any(Option::is_some) {
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

/// A predictor.
#[derive(Clone)]
pub(super) struct Predictor {
    pub name: String,
    /// Number of the method, of which the first is held against the others.
    pub method: usize,
    /// Its version.
    pub version: String,
    pub kind: Kind,
}

/// What a predictor is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// What is validated.
    Score,
    /// A simple count, which a score has to beat.
    Count,
    /// Chance.
    Chance,
}

#[derive(Clone, Copy, PartialEq)]
enum Metric {
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
    fn names(self, k: usize) -> Vec<String> {
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
    fn numbers(self) -> usize {
        match self {
            Self::Calibration => 2,
            Self::Transforms => TENTHS,
            Self::Reliability => 2 * TENTHS,
            _ => 1,
        }
    }

    /// Whether it is of what says how many come.
    fn is_of_forecasts(self) -> bool {
        use Metric::{Brier, Calibration, Coverage, Observed, Reliability, Transforms};
        matches!(self, Observed | Calibration | Coverage | Brier | Transforms | Reliability)
    }

    /// Whether it is not told of parts.
    fn is_of_everyone(self) -> bool {
        matches!(self, Self::Kendall | Self::Transforms | Self::Reliability)
    }

    /// Whether it depends on the few at the top alone, of whom a part of the people tells nothing.
    fn of_the_first(self) -> bool {
        matches!(self, Self::Ndcg | Self::Precision)
    }
}

/// What is compared.
pub(super) struct Comparison<'a> {
    pub truth: &'a str,
    pub population: &'a str,
    pub group_by: &'a str,
    pub group: &'a str,
}

/// A metric of a predictor.
struct Cell {
    metric: Metric,
    predictor: usize,
    /// Its numbers, as many as it has names.
    values: Vec<Option<f64>>,
    /// By how much each number is off in each draw; none where draws do not tell it.
    offs: Vec<Vec<Option<f64>>>,
}

/// The metrics of every predictor against one truth in one part of one population: means over the rounds, of those in which
/// they are defined, with the 95 % interval of the bootstrap (Efron & Tibshirani 1993, *An Introduction to the Bootstrap*,
/// §13.3) in which a person is drawn for all rounds at once. Of more than [`DRAWN`] people, or [`DRAWN_OF_PART`] in a part, a
/// sample is drawn from, and what the draws are off is scaled by the root of its share (Politis, Romano & Wolf 1999,
/// *Subsampling*, §2.1); metrics of the first k then have no interval. Of parts the scores are told and the best baseline.
pub(super) fn compare(
    of: &Comparison<'_>,
    predictors: &[Predictor],
    rounds: Vec<Round>,
    settings: &Validate,
) -> Vec<Row> {
    let is_part = of.group_by != EVERYONE && of.group_by != TOPIC;
    let rounds: Vec<Round> = rounds.into_iter().map(Round::with_tenths).collect();
    let people = rounds.iter().map(|round| round.person.len()).max().unwrap_or(0);
    let count = rounds.len();
    let k = settings.top as usize;
    let mut metrics = rounds.first().map(Round::metrics).unwrap_or_default();
    // Of parts what unfairness shows in.
    metrics.retain(|metric| of.group_by == EVERYONE || !metric.is_of_everyone());
    let cells: Vec<(Metric, usize)> = metrics
        .iter()
        .flat_map(|metric| (0..predictors.len()).map(|predictor| (*metric, predictor)))
        .collect();
    let values = means(&cells, &once(&rounds), k);
    let cells = cells.into_iter().zip(values);
    let mut cells: Vec<Cell> = cells
        .map(|((metric, predictor), values)| Cell { metric, predictor, values, offs: vec![] })
        .collect();
    if is_part {
        let best: Vec<_> =
            metrics.iter().map(|metric| best_count(&cells, predictors, *metric, 0)).collect();
        let is_best = |at: usize| best.contains(&Some(at));
        let kept = (0..cells.len())
            .map(|at| predictors[cells[at].predictor].kind == Kind::Score || is_best(at));
        let mut kept = kept.collect::<Vec<bool>>().into_iter();
        cells.retain(|_| kept.next().unwrap_or(false));
    }
    draw(&mut cells, rounds, settings, if is_part { DRAWN_OF_PART } else { DRAWN });
    let mut rows = Vec::new();
    for metric in &metrics {
        for (number, name) in metric.names(k).into_iter().enumerate() {
            let best = best_count(&cells, predictors, *metric, number);
            for own in cells.iter().filter(|cell| cell.metric == *metric) {
                let predictor = &predictors[own.predictor];
                let Some(value) = own.values[number] else { continue };
                let first = cells.iter().find(|other| {
                    let of_other = &predictors[other.predictor];
                    other.metric == *metric
                        && of_other.method == 0
                        && of_other.name == predictor.name
                });
                let from =
                    |other: &Cell| own.above(other, &predictors[other.predictor].name, number);
                rows.push(Row {
                    truth: of.truth.to_owned(),
                    population: of.population.to_owned(),
                    group_by: of.group_by.to_owned(),
                    group: of.group.to_owned(),
                    predictor: predictor.name.clone(),
                    method_version: predictor.version.clone(),
                    metric: name.clone(),
                    value,
                    interval: own.interval(number),
                    difference: best
                        .filter(|_| predictor.kind == Kind::Score)
                        .and_then(|best| from(&cells[best])),
                    from_first: first.filter(|_| predictor.method > 0).and_then(from),
                    people: people as u64,
                    rounds: count as u64,
                    is_baseline: predictor.kind != Kind::Score,
                });
            }
        }
    }
    rows
}

/// The place of the count with the highest number of a metric, of equals the first.
fn best_count(
    cells: &[Cell],
    predictors: &[Predictor],
    metric: Metric,
    number: usize,
) -> Option<usize> {
    let of_counts = (0..cells.len()).filter(|at| {
        cells[*at].metric == metric && predictors[cells[*at].predictor].kind == Kind::Count
    });
    let known = of_counts.filter_map(|at| Some((at, cells[at].values[number]?)));
    known.reduce(|one, next| if next.1 > one.1 { next } else { one }).map(|(at, _)| at)
}

impl Cell {
    fn interval(&self, number: usize) -> Option<(f64, f64)> {
        let offs = self.offs.get(number)?;
        interval(self.values[number]?, offs.iter().copied())
    }

    /// By how much a number is above that of another predictor, which is called `name`.
    fn above(&self, other: &Self, name: &str, number: usize) -> Option<Difference> {
        let value = self.values[number]? - other.values[number]?;
        let both = self.offs.get(number).zip(other.offs.get(number));
        let offs = both.map(|(own, other)| {
            own.iter().zip(other).map(|(own, other)| Some((*own)? - (*other)?))
        });
        let interval = offs.and_then(|offs| interval(value, offs));
        Some(Difference { to: name.to_owned(), value, interval })
    }
}

/// Draws people, at most `most` or a sample of so many.
fn draw(cells: &mut [Cell], rounds: Vec<Round>, settings: &Validate, most: usize) {
    let k = settings.top as usize;
    let everybody = distinct(&rounds).len();
    let largest = rounds.iter().map(|round| round.person.len()).max().unwrap_or(0);
    let one_in = u32::try_from(largest.div_ceil(most)).unwrap_or(u32::MAX).max(1);
    let sample: Vec<Round> = match one_in {
        1 => rounds,
        many => rounds.iter().map(|round| round.one_in(many)).collect(),
    };
    let drawn: Vec<(Metric, usize)> = cells
        .iter()
        .filter(|cell| one_in == 1 || !cell.metric.of_the_first())
        .map(|cell| (cell.metric, cell.predictor))
        .collect();
    let persons = distinct(&sample);
    let place = |person: &u32| persons.binary_search(person).map_or(NONE, |at| at as u32);
    let places: Vec<Vec<u32>> =
        sample.iter().map(|round| round.person.iter().map(place).collect()).collect();
    let scale = libm::sqrt(persons.len() as f64 / everybody.max(1) as f64);
    let of_sample = means(&drawn, &once(&sample), k);
    let of_draw = |random: Xoshiro256PlusPlus| {
        let times = draw_people(random, persons.len());
        let counted = sample.iter().zip(&places).map(|(round, places)| {
            Counted::of(round, places.iter().map(|at| times[*at as usize]).collect())
        });
        means(&drawn, &counted.collect::<Vec<_>>(), k)
    };
    let draws: Vec<_> =
        streams(settings.seed, settings.draws).into_par_iter().map(of_draw).collect();
    for cell in cells {
        let at = drawn.iter().position(|own| *own == (cell.metric, cell.predictor));
        let Some(at) = at else { continue };
        let off = |number: usize| {
            let whole = of_sample[at][number];
            let off =
                move |draw: &Vec<Vec<Option<f64>>>| Some(scale * (draw[at][number]? - whole?));
            draws.iter().map(off).collect()
        };
        cell.offs = (0..cell.values.len()).map(off).collect();
    }
}

/// A round whose people count so many times each.
struct Counted<'a> {
    round: &'a Round,
    times: Vec<u32>,
    /// Twice the mid-ranks of the truth.
    ranks: Vec<f64>,
}

impl<'a> Counted<'a> {
    fn of(round: &'a Round, times: Vec<u32>) -> Self {
        let ranks = match &round.told {
            Told::Came(told) | Told::Graded(told) => told.order.ranks(&times),
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
            _ if own.order.distinct() < 2 && !metric.is_of_forecasts() => {
                vec![None; metric.numbers()]
            }
            (Metric::Spearman, ..) => one(correlation(&own.order.ranks(times), &self.ranks, times)),
            (Metric::Kendall, Told::Came(told) | Told::Graded(told), _) => {
                one(kendall(&own.order, &told.order, times))
            }
            (Metric::AnyAuc, Told::Came(told), _) | (Metric::Auc, Told::Labels(told), _) => {
                one(auc(&own.order, &told.values, times))
            }
            (Metric::Ndcg, Told::Came(told) | Told::Graded(told), _) => {
                one(ndcg(&own.order, &told.order, &told.values, times, k))
            }
            (Metric::Precision, Told::Came(told) | Told::Graded(told) | Told::Labels(told), _) => {
                let mut relevant = told.order.first(times, k);
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
                let (intercept, slope) = calibration(&fared.logs, &came.values, times).unzip();
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
fn once(rounds: &[Round]) -> Vec<Counted<'_>> {
    rounds.par_iter().map(|round| Counted::of(round, vec![1; round.person.len()])).collect()
}

/// The numbers of each cell as means over the rounds in which they are defined.
fn means(cells: &[(Metric, usize)], rounds: &[Counted<'_>], k: usize) -> Vec<Vec<Option<f64>>> {
    let mean = |(metric, predictor): &(Metric, usize)| {
        let mut sums = vec![(0.0, 0.0); metric.numbers()];
        for counted in rounds {
            let found = counted.metric(*metric, *predictor, k);
            for (sum, found) in sums.iter_mut().zip(found) {
                if let Some(found) = found {
                    *sum = (sum.0 + found, sum.1 + 1.0);
                }
            }
        }
        sums.into_iter().map(|(sum, known)| (known > 0.0).then(|| sum / known)).collect()
    };
    cells.par_iter().map(mean).collect()
}

/// The people of the rounds, each once, in order.
fn distinct(rounds: &[Round]) -> Vec<u32> {
    let mut people: Vec<u32> = rounds.iter().flat_map(|round| &round.person).copied().collect();
    people.sort_unstable();
    people.dedup();
    people
}

/// A source of chance for each draw. They do not overlap: each begins 2^128 numbers after the one before.
fn streams(seed: u32, draws: u32) -> Vec<Xoshiro256PlusPlus> {
    let mut next = Xoshiro256PlusPlus::seed_from_u64(u64::from(seed));
    let mut take = || {
        let own = next.clone();
        next.jump();
        own
    };
    (0..draws).map(|_| take()).collect()
}

/// How often each person is drawn: as many draws as people, each of anybody.
fn draw_people(mut random: Xoshiro256PlusPlus, persons: usize) -> Vec<u32> {
    let mut times = vec![0; persons];
    for _ in 0..persons {
        let at = (u128::from(random.next_u64()) * persons as u128) >> 64;
        times[at as usize] += 1;
    }
    times
}

/// The middle 95 % of what a value is in draws that are off by these, linear between them; none if fewer than half of the
/// draws have one.
fn interval(value: f64, offs: impl ExactSizeIterator<Item = Option<f64>>) -> Option<(f64, f64)> {
    let draws = offs.len();
    let mut known: Vec<f64> = offs.flatten().collect();
    if known.len() < draws.div_ceil(2) {
        return None;
    }
    known.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| quantile(&known, share).map(|off| value + off);
    at(0.025).zip(at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People whose predictor and truth are normal with a correlation, counted in as many rounds.
    fn rounds(people: u32, correlation: f64, rounds: usize, seed: u64) -> Vec<Round> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut normal = || {
            let radius = libm::sqrt(-2.0 * libm::log(1.0 - rng.f64()));
            radius * libm::cos(2.0 * std::f64::consts::PI * rng.f64())
        };
        let mut round = || {
            let (mut predicted, mut told) = (Vec::new(), Vec::new());
            for _ in 0..people {
                let (one, other) = (normal(), normal());
                predicted.push(one);
                let rest = libm::sqrt(1.0 - correlation * correlation);
                told.push(correlation * one + rest * other);
            }
            Round {
                person: (0..people).collect(),
                predicted: vec![Column::of(predicted)],
                fared: vec![None],
                told: Told::Graded(Column::of(told)),
            }
        };
        (0..rounds).map(|_| round()).collect()
    }

    fn compared(rounds: Vec<Round>, draws: u32, group_by: &str) -> Vec<Row> {
        let predictors =
            [Predictor { name: "own".into(), method: 0, version: "v".into(), kind: Kind::Score }];
        let of = Comparison { truth: "truth", population: "all", group_by, group: "" };
        compare(&of, &predictors, rounds, &Validate { draws, ..Validate::default() })
    }

    /// Bonett & Wright 2000, *Sample size requirements for estimating Pearson, Kendall and Spearman correlations*: the
    /// standard error of Spearman's ρ of normal values.
    #[test]
    fn intervals_are_as_wide_as_theory_says_for_few_people_and_for_a_part_of_many() {
        for (people, count) in [(400, 1), (400, 2), (20_000, 1)] {
            let rows = compared(rounds(people, 0.5, count, 21), 200, EVERYONE);
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

    /// Of 500 worlds of a known ρ, (6 / π) · asin(r / 2) of normal values with correlation r (Kendall & Gibbons 1990, §9),
    /// 93 to 97 % of the intervals hold it.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let rho = 6.0 / std::f64::consts::PI * libm::asin(0.25);
        let worlds = 500;
        let held = |world: u64| {
            let rows = compared(rounds(100, 0.5, 1, world), 200, "size");
            let row = rows.into_iter().find(|row| row.metric == "spearman").unwrap();
            let (low, high) = row.interval.unwrap();
            usize::from(low < rho && rho < high)
        };
        let held: usize = (0..worlds).into_par_iter().map(held).sum();
        assert!((465..=485).contains(&held), "{held} of {worlds}");
    }

    /// Forecasts that are right for everybody: tenths of equal share, observed beside forecast, slope 1, intercept 0.
    #[test]
    fn a_right_forecast_is_found_to_be_right() {
        let n = 4_000_u32;
        let mut rng = fastrand::Rng::with_seed(5);
        let expected: Vec<f64> = (0..n).map(|i| 0.5 + 4.0 * f64::from(i) / f64::from(n)).collect();
        // Poisson by counting exponential gaps.
        let came: Vec<f64> = expected
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
        let uniform: Vec<f64> = (0..n).map(|_| rng.f64()).collect();
        let law = |at: usize| {
            crate::forecast::interval::randomised_pit(expected[at], 0.0, came[at], uniform[at])
        };
        let fared = Fared {
            logs: expected.iter().map(|mean| libm::log(*mean)).collect(),
            transform: (0..n as usize).map(law).collect(),
            brier: vec![0.0; n as usize],
            tenth: vec![0; n as usize],
        };
        let round = Round {
            person: (0..n).collect(),
            predicted: vec![Column::of(expected.clone())],
            fared: vec![Some(fared)],
            told: Told::Came(Column::of(came)),
        };
        let rows = compared(vec![round], 100, EVERYONE);
        let row = |metric: &str| rows.iter().find(|row| row.metric == metric).unwrap();
        let holds = |metric: &str, truth: f64| {
            let (low, high) = row(metric).interval.unwrap();
            assert!(low < truth && truth < high, "{metric}: {low} to {high}");
            assert!(low < row(metric).value && row(metric).value < high, "{metric}");
        };
        holds("observed_over_forecast", 1.0);
        holds("calibration_slope", 1.0);
        holds("calibration_intercept", 0.0);
        assert!((row("coverage_90").value - 0.9).abs() < 0.03);
        for tenth in 1..=10 {
            let share = row(&format!("pit_{tenth:02}")).value;
            assert!((share - 0.1).abs() < 0.025, "{tenth}: {share}");
            let forecast = row(&format!("forecast_{tenth:02}")).value;
            // The middle of its 400 people.
            let middle = 0.5 + 4.0 * (f64::from(tenth) - 0.5) / 10.0;
            assert!((forecast - middle).abs() < 1e-3, "{tenth}: {forecast}");
            let observed = row(&format!("observed_{tenth:02}")).value;
            assert!((observed - middle).abs() < 0.5, "{tenth}: {observed}");
        }
    }
}
