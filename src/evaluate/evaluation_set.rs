//! Some people at one backtest date or on one topic: predictions about them, and the target.

use std::sync::OnceLock;

use rayon::prelude::*;

use crate::model::PersonIndex;
use crate::pipeline::sample::mix32;
use renown_stats::ranking::{LEFT_OUT, Ranking};

/// A subset of fewer than one in so many is sorted anew: that takes less than restricting the ranking of all.
const SORT_BELOW: usize = 6;

/// Numbers of some people, and the ranking by them, which is made when it is first asked for.
#[derive(Clone)]
pub(super) struct RankedValues {
    pub values: Vec<f64>,
    ranking: OnceLock<Ranking>,
}

impl RankedValues {
    pub fn new(values: Vec<f64>) -> Self {
        Self { values, ranking: OnceLock::new() }
    }

    /// The ranking of the people by the values.
    pub fn ranking(&self) -> &Ranking {
        self.ranking.get_or_init(|| Ranking::new(&self.values))
    }

    /// The values at `indices`, which ascend.
    pub fn at(&self, indices: &[u32]) -> Self {
        match indices.len() == self.values.len() {
            true => self.clone(),
            false => self.subset(indices, &new_indices(indices, self.values.len())),
        }
    }

    /// The values at `indices`; `new_index` is where each value goes, as [`Ranking::restrict`] takes it.
    fn subset(&self, indices: &[u32], new_index: &[u32]) -> Self {
        let values = subset(&self.values, indices);
        let ranking = match indices.len() * SORT_BELOW < new_index.len() {
            true => OnceLock::new(),
            false => OnceLock::from(self.ranking().restrict(new_index)),
        };
        Self { values, ranking }
    }
}

/// The index among `indices` of each of `all` items, [`LEFT_OUT`] for those that are not among them.
fn new_indices(indices: &[u32], all: usize) -> Vec<u32> {
    let mut new_index = vec![LEFT_OUT; all];
    (0..).zip(indices).for_each(|(new, old)| new_index[*old as usize] = new);
    new_index
}

fn subset<T: Copy>(values: &[T], indices: &[u32]) -> Vec<T> {
    indices.iter().map(|index| values[*index as usize]).collect()
}

/// What is predicted.
#[derive(Clone)]
pub(super) enum Target {
    /// How many people were observed to react to each person.
    Observed(RankedValues),
    /// A graded label of each person.
    Graded(RankedValues),
    /// A label of 1 or 0 of each person.
    Binary(RankedValues),
    /// Labelled pairs.
    Pairs(LabelledPairs),
}

/// Judgements of pairs. Lengths: judgements.
#[derive(Clone, Default)]
pub(super) struct LabelledPairs {
    /// Indices of the more and the less influential person.
    pub pairs: Vec<(u32, u32)>,
    /// Weights of the judgements.
    pub weights: Vec<f64>,
}

impl LabelledPairs {
    /// Those of people who have a new index.
    fn restrict(&self, new_index: &[u32]) -> Self {
        let pair = |((better, worse), weight): (&(u32, u32), &f64)| {
            let (better, worse) = (new_index[*better as usize], new_index[*worse as usize]);
            (better != LEFT_OUT && worse != LEFT_OUT).then_some(((better, worse), *weight))
        };
        let (pairs, weights) = self.pairs.iter().zip(&self.weights).filter_map(pair).unzip();
        Self { pairs, weights }
    }
}

/// How a forecast of people compares with what was observed. Lengths: people.
#[derive(Clone)]
pub(super) struct ForecastEvaluation {
    /// ln of how many people were expected to react.
    pub log_expected: Vec<f64>,
    /// α of the negative binomial distribution that is forecast.
    pub overdispersion: Vec<f64>,
    /// The log score: ln of the forecast probability of how many reacted.
    pub log_score: Vec<f64>,
    /// The randomised probability integral transform of how many reacted.
    pub pit: Vec<f64>,
    /// Whether the 90 % prediction interval holds how many reacted: 1 if it does, else 0.
    pub within: Vec<f64>,
    /// The squared error of the probability that anyone reacts.
    pub brier: Vec<f64>,
    /// The decile of the forecast in the whole set.
    pub decile: Vec<u8>,
}

/// Some people at one backtest date, or on one topic. Lengths but of `target` pairs: people. Where (person, topic) pairs are
/// compared a person is there once for each topic, and counts as one where people are drawn.
#[derive(Clone)]
pub(super) struct EvaluationSet {
    /// The people, ascending.
    pub persons: Vec<PersonIndex>,
    /// Values of each predictor.
    pub predictions: Vec<RankedValues>,
    /// For each predictor that is a forecast of what was observed, how it compares with it.
    pub forecasts: Vec<Option<ForecastEvaluation>>,
    /// The target of these people.
    pub target: Target,
}

impl EvaluationSet {
    /// How many people there are.
    pub fn people(&self) -> usize {
        self.persons.chunk_by(|one, other| one == other).count()
    }

    /// The people at `indices`, which ascend.
    pub fn subset(&self, indices: &[u32]) -> Self {
        if indices.len() == self.persons.len() {
            return self.clone();
        }
        let new_index = new_indices(indices, self.persons.len());
        let ranked = |values: &RankedValues| values.subset(indices, &new_index);
        let forecast = |forecast: &ForecastEvaluation| ForecastEvaluation {
            log_expected: subset(&forecast.log_expected, indices),
            overdispersion: subset(&forecast.overdispersion, indices),
            log_score: subset(&forecast.log_score, indices),
            pit: subset(&forecast.pit, indices),
            within: subset(&forecast.within, indices),
            brier: subset(&forecast.brier, indices),
            decile: subset(&forecast.decile, indices),
        };
        Self {
            persons: subset(&self.persons, indices),
            predictions: self.predictions.par_iter().map(ranked).collect(),
            forecasts: self.forecasts.par_iter().map(|of| of.as_ref().map(forecast)).collect(),
            target: match &self.target {
                Target::Observed(values) => Target::Observed(ranked(values)),
                Target::Graded(values) => Target::Graded(ranked(values)),
                Target::Binary(values) => Target::Binary(ranked(values)),
                Target::Pairs(pairs) => Target::Pairs(pairs.restrict(&new_index)),
            },
        }
    }

    /// A fixed sample of one in `n` of the people.
    pub fn sample_one_in(&self, n: u32) -> Self {
        let sampled = |index: &u32| mix32(self.persons[*index as usize].into()).is_multiple_of(n);
        let indices = (0..self.persons.len() as u32).filter(sampled);
        self.subset(&indices.collect::<Vec<u32>>())
    }

    /// Without the predictors that are not kept; the length of `kept` is that of the predictors.
    pub fn keep_predictors(&mut self, kept: &[bool]) {
        retain(&mut self.predictions, kept);
        retain(&mut self.forecasts, kept);
    }

    /// Sets the deciles of the forecasts.
    pub fn set_deciles(&mut self) {
        for (prediction, forecast) in self.predictions.iter().zip(&mut self.forecasts) {
            if let Some(forecast) = forecast {
                forecast.decile = prediction.ranking().deciles();
            }
        }
    }
}

/// Leaves out the items that are not kept.
pub(super) fn retain<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| kept.next().is_some_and(|kept| *kept));
}
