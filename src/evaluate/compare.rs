//! Predictors beside a truth, with intervals by a bootstrap of people.

use super::counted::{Counted, Metric, mean_of, means, once, sums};
use super::round::Round;
use super::{Difference, EVERYONE, Row, TOPIC};
use crate::job::Validate;
use renown_graph::numbering::NONE;
use renown_stats::resampling::{bootstrap, interval_95};

/// Most people of whom draws are made; of more a sample is drawn from.
pub(super) const DRAWN: usize = 5_000;
/// The same of people in a part.
pub(super) const DRAWN_OF_PART: usize = 1_000;

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
    /// In how many rounds each number is defined.
    rounds: Vec<u64>,
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
    let k = settings.top as usize;
    let mut metrics = rounds.first().map(Metric::of).unwrap_or_default();
    // Of parts what unfairness shows in.
    metrics.retain(|metric| of.group_by == EVERYONE || !metric.is_of_everyone());
    // What is the same for everybody, at every instant, is not known.
    let known = |predictor: &usize| {
        rounds.iter().any(|round| round.predicted[*predictor].order.distinct_values() > 1)
    };
    let known: Vec<usize> = (0..predictors.len()).filter(known).collect();
    let cells: Vec<(Metric, usize)> = metrics
        .iter()
        .flat_map(|metric| known.iter().map(|predictor| (*metric, *predictor)))
        .collect();
    let cell = |((metric, predictor), sums): (&(Metric, usize), Vec<(f64, u64)>)| Cell {
        metric: *metric,
        predictor: *predictor,
        values: sums.iter().map(mean_of).collect(),
        rounds: sums.iter().map(|(_, rounds)| *rounds).collect(),
        offs: vec![],
    };
    let mut cells: Vec<Cell> =
        cells.iter().zip(sums(&cells, &once(&rounds), k)).map(cell).collect();
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
    let found = Found { of, predictors, cells: &cells, people: people as u64 };
    let numbers = metrics.iter().flat_map(|metric| {
        metric.names(k).into_iter().enumerate().map(move |(number, name)| (*metric, number, name))
    });
    numbers.flat_map(|(metric, number, name)| found.rows(metric, number, &name)).collect()
}

/// What was compared, and what was found.
struct Found<'a> {
    of: &'a Comparison<'a>,
    predictors: &'a [Predictor],
    cells: &'a [Cell],
    people: u64,
}

impl Found<'_> {
    /// The rows of a number of a metric, which is called `name`: of every predictor of which it is known.
    fn rows(&self, metric: Metric, number: usize, name: &str) -> Vec<Row> {
        let Self { of, predictors, cells, .. } = self;
        let best = best_count(cells, predictors, metric, number).map(|best| &cells[best]);
        let row = |own: &Cell| {
            let predictor = &predictors[own.predictor];
            let from = |other: &Cell| own.above(other, &predictors[other.predictor].name, number);
            let is_first = |other: &&Cell| {
                let of_other = &predictors[other.predictor];
                other.metric == metric && of_other.method == 0 && of_other.name == predictor.name
            };
            let first = cells.iter().find(is_first).filter(|_| predictor.method > 0);
            Some(Row {
                target: of.truth.to_owned(),
                population: of.population.to_owned(),
                group_by: of.group_by.to_owned(),
                group_value: of.group.to_owned(),
                predictor: predictor.name.clone(),
                method_version: predictor.version.clone(),
                metric: name.to_owned(),
                value: own.values[number]?,
                interval: own.interval(number),
                difference: best.filter(|_| predictor.kind == Kind::Score).and_then(from),
                from_first: first.and_then(from),
                people: self.people,
                backtests: own.rounds[number],
                is_baseline: predictor.kind != Kind::Score,
            })
        };
        cells.iter().filter(|cell| cell.metric == metric).filter_map(row).collect()
    }
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
        interval_95(self.values[number]?, offs.iter().copied())
    }

    /// By how much a number is above that of another predictor, which is called `name`.
    fn above(&self, other: &Self, name: &str, number: usize) -> Option<Difference> {
        let value = self.values[number]? - other.values[number]?;
        let both = self.offs.get(number).zip(other.offs.get(number));
        let offs = both.map(|(own, other)| {
            own.iter().zip(other).map(|(own, other)| Some((*own)? - (*other)?))
        });
        let interval = offs.and_then(|offs| interval_95(value, offs));
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
    let of_resample = |times: &[u32]| {
        let counted = sample.iter().zip(&places).map(|(round, places)| {
            Counted::of(round, places.iter().map(|at| times[*at as usize]).collect())
        });
        means(&drawn, &counted.collect::<Vec<_>>(), k)
    };
    let draws = bootstrap(persons.len(), settings.resamples, settings.seed, of_resample);
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

/// The people of the rounds, each once, in order.
fn distinct(rounds: &[Round]) -> Vec<u32> {
    let mut people: Vec<u32> = rounds.iter().flat_map(|round| &round.person).copied().collect();
    people.sort_unstable();
    people.dedup();
    people
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::evaluate::round::{Column, Fared, Told};

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
        compare(&of, &predictors, rounds, &Validate { resamples: draws, ..Validate::default() })
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
            renown_stats::predictive::randomised_pit(expected[at], 0.0, came[at], uniform[at])
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
