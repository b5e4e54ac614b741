//! Whether ranks hold more than degrees do: ranks in random graphs with the same degrees, and under resampled actors.

use std::ops::Range;

use rayon::prelude::*;

use super::metric_row::{EVERYONE, MetricRow};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::method::RankRule;
use crate::model::{NetworkIndex, PersonIndex, Persons};
use crate::pipeline::Measured;
use crate::pipeline::backtest::Backtest;
use crate::propagate::{Ranks, rank_networks, rank_networks_from};
use crate::score::measures::{RankMeasures, Wanted};
use renown_graph::csr::Csr;
use renown_graph::edges::EdgeList;
use renown_graph::rewire::rewire;
use renown_stats::concordance::concordance;
use renown_stats::correlation::spearman;
use renown_stats::quantiles::quantile;
use renown_stats::ranking::Ranking;
use renown_stats::resampling::bootstrap;

/// What is compared, by the names of the measures.
const MEASURES: [&str; 3] = ["pagerank", "audience_pagerank_percentile", "hitting_probability"];
/// Maximum L1 distance of ranks to the exact ones: only their order matters.
const TOLERANCE: f64 = 1e-6;
/// Attempts to swap, for each edge.
const ATTEMPTS: u32 = 10;

/// People and what is known of them, which ranks are to predict.
pub(super) struct RankTarget<'a> {
    pub target: &'a str,
    pub population: &'a str,
    /// The people.
    pub persons: Vec<PersonIndex>,
    /// The outcome or label of each of them.
    pub outcome: Ranking,
}

/// What a model gives of a target: a number for each of [`MEASURES`], none where it is undefined.
type Numbers = [Option<f64>; MEASURES.len()];

/// Rows of the concordance of ranks in `null_models` random graphs with the degrees of those of the date that the backtest stands
/// at, and of the stability of ranks in as many resamples of actors; none if no such models are wanted.
///
/// # Errors
/// As [`Backtest::measure`].
pub(super) fn compare_ranks(
    backtest: &Backtest,
    job: &Job,
    targets: &[RankTarget<'_>],
) -> Result<Vec<MetricRow>> {
    let settings = &job.validate;
    if settings.null_models == 0 || targets.is_empty() {
        return Ok(vec![]);
    }
    let Measured { attention, .. } =
        backtest.measure(job, Wanted::only(&MEASURES.map(str::to_owned).into()))?;
    let rank = &job.method.rank;
    let rule = RankRule { tolerance: rank.tolerance.max(TOLERANCE), ..rank.clone() };
    let graphs = Graphs { attention, persons: &backtest.people().persons, rule, backtest };
    let of_ranks = |attention: &[Csr], ranks: &Ranks| {
        let values = graphs.values(attention, ranks);
        targets.iter().map(|target| rankings(target, &values)).collect::<Vec<_>>()
    };
    let ranks = rank_networks(&graphs.attention, &graphs.rule, backtest.existed())?;
    let actual = of_ranks(&graphs.attention, &ranks);
    // Each measure against the outcome, and against the measure in the true graph.
    let with_outcome = |rankings: &[[Ranking; 3]]| -> Vec<Numbers> {
        let of_target = |(target, rankings): (&RankTarget<'_>, &[Ranking; 3])| {
            rankings.each_ref().map(|ranks| agreement(ranks, &target.outcome))
        };
        targets.iter().zip(rankings).map(of_target).collect()
    };
    let with_actual = |rankings: &[[Ranking; 3]]| -> Vec<Numbers> {
        let of_target = |(actual, rankings): (&[Ranking; 3], &[Ranking; 3])| {
            std::array::from_fn(|measure| similarity(&rankings[measure], &actual[measure]))
        };
        actual.iter().zip(rankings).map(of_target).collect()
    };
    let seed = settings.seed;
    let random = |model: u32| -> Result<Vec<Numbers>> {
        let attention = graphs.rewired(seed, model)?;
        let ranks = rank_networks(&attention, &graphs.rule, backtest.existed())?;
        Ok(with_outcome(&of_ranks(&attention, &ranks)))
    };
    let models = settings.null_models;
    let random: Vec<Vec<Numbers>> =
        (0..models).into_par_iter().map(random).collect::<Result<_>>()?;
    let vertices = graphs.persons.vertices();
    let resampled = bootstrap(vertices, models, seed, |times| -> Result<Vec<Numbers>> {
        let attention = graphs.of_actors(times)?;
        let teleport = |network: Range<usize>| graphs.teleport(times, network);
        let ranks = rank_networks_from(&attention, &graphs.rule, teleport)?;
        Ok(with_actual(&of_ranks(&attention, &ranks)))
    });
    let resampled: Vec<Vec<Numbers>> = resampled.into_iter().collect::<Result<_>>()?;
    let found = with_outcome(&actual);
    let rows = targets.iter().enumerate().flat_map(|(at, target)| {
        let (found, random, resampled) = (&found, &random, &resampled);
        (0..MEASURES.len()).flat_map(move |measure| {
            let of = |models: &[Vec<Numbers>]| -> Vec<f64> {
                models.iter().filter_map(|numbers| numbers[at][measure]).collect()
            };
            let mut numbers = summarise_null(found[at][measure], of(random));
            numbers.extend(summarise_stability(of(resampled)));
            let version = &job.method.version;
            numbers.into_iter().map(move |number| number.row(target, MEASURES[measure], version))
        })
    });
    Ok(rows.collect())
}

fn agreement(ranks: &Ranking, outcome: &Ranking) -> Option<f64> {
    concordance(ranks, outcome, &vec![1; ranks.len()])
}

fn similarity(ranks: &Ranking, others: &Ranking) -> Option<f64> {
    spearman(ranks, others, &vec![1; ranks.len()])
}

/// The rankings of the people of a target by each measure.
fn rankings(target: &RankTarget<'_>, values: &[Vec<f64>; 3]) -> [Ranking; 3] {
    std::array::from_fn(|measure| {
        let of_people = target.persons.iter().map(|person| values[measure][person.index()]);
        Ranking::new(&of_people.collect::<Vec<f64>>())
    })
}

/// The graphs of attention at a date, one for each network.
struct Graphs<'a> {
    attention: Vec<Csr>,
    persons: &'a Persons,
    rule: RankRule,
    backtest: &'a Backtest,
}

impl Graphs<'_> {
    /// Each of [`MEASURES`], by person; where one is undefined it counts as 0.
    fn values(&self, attention: &[Csr], ranks: &Ranks) -> [Vec<f64>; 3] {
        let RankMeasures { of_audience, hitting, .. } =
            RankMeasures::of(self.persons, attention, ranks, &self.rule);
        let of_audience: Vec<f64> = of_audience.iter().map(|of| of.unwrap_or(0.0)).collect();
        [&ranks.pagerank, &of_audience, &hitting].map(|values| self.persons.sum_by_person(values))
    }

    /// Random graphs with the same degrees, in which each person pays as much attention as before.
    fn rewired(&self, seed: u32, model: u32) -> Result<Vec<Csr>> {
        let rewired = |(network, graph): (u64, &Csr)| {
            let mut targets = targets_of(graph);
            let of_network = network.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let seed = (u64::from(seed) << 32 | u64::from(model)) ^ of_network;
            rewire(graph.sources(), &mut targets, ATTEMPTS, seed);
            let (sources, weights) = (graph.sources().to_vec(), graph.weights().to_vec());
            graph_of(graph.vertices(), EdgeList { sources, targets, weights })
        };
        (0..).zip(&self.attention).map(rewired).collect()
    }

    /// The graphs of the attention of those actors who are drawn.
    fn of_actors(&self, times: &[u32]) -> Result<Vec<Csr>> {
        let drawn = |(network, graph): (usize, &Csr)| {
            let times = &times[self.persons.network(NetworkIndex::new(network))];
            let edges = graph.sources().iter().zip(targets_of(graph)).zip(graph.weights());
            let mut kept = EdgeList::default();
            for ((source, target), weight) in edges {
                if times[*source as usize] > 0 {
                    kept.sources.push(*source);
                    kept.targets.push(target);
                    kept.weights.push(*weight);
                }
            }
            graph_of(graph.vertices(), kept)
        };
        self.attention.iter().enumerate().map(drawn).collect()
    }

    /// Actors begin as many walks as they are drawn; those who pay no attention begin one.
    fn teleport(&self, times: &[u32], network: Range<usize>) -> Option<Vec<f64>> {
        let existed = self.backtest.existed();
        let graph = self.graph_from(network.start)?;
        let walks = network.clone().zip(graph.out_degree()).map(|(vertex, degree)| {
            let exists = existed.is_none_or(|existed| existed[vertex]);
            match (exists, degree) {
                (false, _) => 0.0,
                (true, 0) => 1.0,
                (true, _) => f64::from(times[vertex]),
            }
        });
        let walks: Vec<f64> = walks.collect();
        let all = walks.iter().fold(0.0, |sum, walks| sum + walks);
        (all > 0.0).then(|| walks.iter().map(|walks| walks / all).collect())
    }

    /// The graph of the network whose first vertex this is.
    fn graph_from(&self, first: usize) -> Option<&Csr> {
        let mut start = 0;
        self.attention.iter().find(|graph| {
            let found = start == first && graph.vertices() > 0;
            start += graph.vertices();
            found
        })
    }
}

/// The target of each edge, in the order of the sources of the graph.
fn targets_of(graph: &Csr) -> Vec<u32> {
    let mut targets = Vec::with_capacity(graph.edges());
    for target in 0..graph.vertices() as u32 {
        let edges = graph.row(target as usize).0.len();
        targets.resize(targets.len() + edges, target);
    }
    targets
}

fn graph_of(vertices: usize, edges: EdgeList<f32>) -> Result<Csr> {
    Csr::from_edges(vertices, vec![edges]).map_err(Error::internal)
}

/// A number of a summary.
struct Number {
    metric: &'static str,
    value: f64,
    interval: Option<(f64, f64)>,
}

impl Number {
    fn row(self, of: &RankTarget<'_>, measure: &str, version: &str) -> MetricRow {
        MetricRow {
            target: of.target.to_owned(),
            population: of.population.to_owned(),
            group_by: EVERYONE.to_owned(),
            group_value: String::new(),
            predictor: measure.to_owned(),
            method_version: version.to_owned(),
            metric: self.metric.to_owned(),
            value: self.value,
            interval: self.interval,
            difference: None,
            from_first: None,
            people: of.persons.len() as u64,
            backtests: 1,
            is_baseline: true,
        }
    }
}

/// The concordance in the true graph among those in random graphs; nothing where it is undefined.
fn summarise_null(actual: Option<f64>, mut random: Vec<f64>) -> Vec<Number> {
    let (Some(actual), Some((mean, spread))) = (actual, mean_and_spread(&random)) else {
        return vec![];
    };
    random.sort_unstable_by(f64::total_cmp);
    let as_good = random.len() - random.partition_point(|value| *value < actual);
    let interval = quantile(&random, 0.025).zip(quantile(&random, 0.975));
    let number = |metric, value| Number { metric, value, interval: None };
    let mut numbers = vec![
        number("null_value", actual),
        Number { metric: "null_mean", value: mean, interval },
        number("null_spread", spread),
        number("null_p", (1 + as_good) as f64 / (random.len() + 1) as f64),
    ];
    if spread > 0.0 {
        numbers.push(number("null_z", (actual - mean) / spread));
    }
    numbers
}

fn summarise_stability(mut resampled: Vec<f64>) -> Vec<Number> {
    let Some((mean, spread)) = mean_and_spread(&resampled) else { return vec![] };
    resampled.sort_unstable_by(f64::total_cmp);
    let interval = quantile(&resampled, 0.025).zip(quantile(&resampled, 0.975));
    vec![
        Number { metric: "stability_mean", value: mean, interval },
        Number { metric: "stability_spread", value: spread, interval: None },
    ]
}

/// The mean and the standard deviation; none of fewer than two numbers.
fn mean_and_spread(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let mean = values.iter().fold(0.0, |sum, value| sum + value) / n;
    let square = |value: &f64| (value - mean) * (value - mean);
    let squares = values.iter().fold(0.0, |sum, value| sum + square(value));
    (values.len() > 1).then(|| (mean, libm::sqrt(squares / (n - 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_p_value_counts_the_true_graph_too() {
        let of = |actual, random: &[f64]| {
            let numbers = summarise_null(Some(actual), random.to_vec());
            let value = |metric: &str| {
                numbers.iter().find(|number| number.metric == metric).map(|number| number.value)
            };
            (value("null_mean"), value("null_spread"), value("null_z"), value("null_p"))
        };
        let found = of(0.9, &[0.5, 0.7, 0.6]);
        assert!((found.0.unwrap() - 0.6).abs() < 1e-12 && (found.1.unwrap() - 0.1).abs() < 1e-12);
        assert!((found.2.unwrap() - 3.0).abs() < 1e-9);
        assert_eq!(found.3, Some(0.25));
        assert_eq!(of(0.7, &[0.5, 0.7, 0.8]).3, Some(0.75));
        assert_eq!(of(0.5, &[0.5, 0.5]), (Some(0.5), Some(0.0), None, Some(1.0)));
        assert!(summarise_null(None, vec![0.5; 9]).is_empty());
        assert!(summarise_stability(vec![0.5]).is_empty());
    }
}
