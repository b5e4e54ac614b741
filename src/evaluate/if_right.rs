//! What concordance a forecast would reach if it were exactly right: with outcomes that are drawn from its own distribution.
//!
//! Outcomes are uncertain, and so even the true distribution does not order them right: the concordance with draws from the forecast
//! distribution is what is left to reach. A forecast whose people are too close together promises less than it reaches.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::evaluation_set::EvaluationSet;
use super::intervals::{Cell, Uncertainty};
use super::metric::Metric;
use crate::pipeline::sample::mix32;
use renown_stats::concordance::concordance;
use renown_stats::predictive_distribution::quantile;
use renown_stats::ranking::Ranking;

/// Draws of all outcomes.
pub(super) const DRAWS: u32 = 20;
/// Most people whose outcomes are drawn; of more a fixed sample is taken.
pub(super) const MAX_DRAWN: usize = 10_000;

/// The concordance with draws from the forecast distribution of a predictor, the mean over the sets and the draws. Its
/// deviations are those of the draws. The same seed gives the same draws at any number of threads.
pub(super) fn concordance_if_right(sets: &[EvaluationSet], predictor: usize, seed: u32) -> Cell {
    let drawn: Vec<DrawnSet> = sets.iter().filter_map(|set| DrawnSet::of(set, predictor)).collect();
    let numbered: Vec<(u64, u32)> =
        (0..DRAWS).flat_map(|draw| (0..).zip(&drawn).map(move |(set, _)| (set, draw))).collect();
    let found: Vec<Option<f64>> = numbered
        .par_iter()
        .map(|(set, draw)| drawn[*set as usize].draw([seed, *draw, *set as u32]))
        .collect();
    let mean = |of_draw: &[Option<f64>]| {
        let defined: Vec<f64> = of_draw.iter().copied().flatten().collect();
        let sum = defined.iter().fold(0.0, |sum, value| sum + value);
        (!defined.is_empty()).then(|| sum / defined.len() as f64)
    };
    let value = mean(&found);
    let deviation = |of_draw: &[Option<f64>]| Some(mean(of_draw)? - value?);
    let deviations = found.chunks(drawn.len().max(1)).map(deviation).collect();
    Cell {
        metric: Metric::ConcordanceIfRight,
        predictor,
        values: vec![value],
        sets: vec![drawn.len() as u64],
        uncertainty: Uncertainty::Deviations(vec![deviations]),
    }
}

/// The people of a set whose outcomes are drawn. Lengths: people.
struct DrawnSet {
    expected: Vec<f64>,
    overdispersion: Vec<f64>,
    ranking: Ranking,
}

impl DrawnSet {
    /// None where the predictor is no forecast.
    fn of(set: &EvaluationSet, predictor: usize) -> Option<Self> {
        let forecast = set.forecasts[predictor].as_ref()?;
        let one_in = u32::try_from(set.persons.len().div_ceil(MAX_DRAWN)).unwrap_or(u32::MAX);
        let is_drawn =
            |index: &usize| one_in <= 1 || mix32(set.persons[*index].into()).is_multiple_of(one_in);
        let indices: Vec<usize> = (0..set.persons.len()).filter(is_drawn).collect();
        let values = &set.predictions[predictor].values;
        let expected: Vec<f64> = indices.iter().map(|index| values[*index]).collect();
        let overdispersion = indices.iter().map(|index| forecast.overdispersion[*index]).collect();
        Some(Self { ranking: Ranking::new(&expected), expected, overdispersion })
    }

    /// The concordance with one draw of all outcomes; none if all are equal.
    fn draw(&self, seeds: [u32; 3]) -> Option<f64> {
        let mixed = seeds.into_iter().fold(0_u64, |mixed, seed| {
            (mixed ^ u64::from(seed)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
        });
        let mut random = Xoshiro256PlusPlus::seed_from_u64(mixed);
        let outcome = |(expected, overdispersion): (&f64, &f64)| {
            // Between 0 and 1, and neither of them.
            let uniform = ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64;
            quantile(*expected, *overdispersion, uniform)
        };
        let outcomes: Vec<f64> =
            self.expected.iter().zip(&self.overdispersion).map(outcome).collect();
        concordance(&self.ranking, &Ranking::new(&outcomes), &vec![1; outcomes.len()])
    }
}
