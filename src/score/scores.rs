//! Stage 6: from measures to the score of every person.

use arrow::array::{Array, Float64Array};

use super::measures::Measures;
use super::percentile::mid_rank;
use crate::error::Result;
use crate::method::{Forecast, Method};
use crate::read::Persons;

/// Fewer reactors within 90 days than this make a score's evidence thin.
const ESTABLISHED: f64 = 5.0;

/// The scores of every person. All lengths: persons.
pub struct Scores {
    /// Points, 1 to 100.
    pub score: Vec<f64>,
    /// Expected (person, network) pairs that react within the horizon.
    pub expected_reactors: Vec<f64>,
    /// Mid-rank percentile of `expected_reactors` among everyone scored, 0 to 100.
    pub percentile: Vec<f64>,
    /// Distinct people who gave any attention within 90 days, summed over networks.
    pub true_reach: Vec<f64>,
    /// 100 × P(a post draws a reaction), shrunk; none without posts.
    pub amplification: Vec<Option<f64>>,
    /// Mean rank percentile of the engaged audience, 0 to 100; none without audience.
    pub network: Vec<Option<f64>>,
    /// Share of reactions below zero among those of known sentiment.
    pub negative_share: Vec<Option<f64>>,
    /// What to know before relying on the score.
    pub flags: Vec<Vec<&'static str>>,
}

/// `min(100, 1 + 10 · log₅(1 + expected_reactors))`: every ten points are five times the people.
pub fn points(expected_reactors: f64) -> f64 {
    let five = libm::log(5.0);
    (1.0 + 10.0 * libm::log1p(expected_reactors) / five).min(100.0)
}

/// Scores every person: the forecasts of a person's networks add up.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure that the method names was not computed.
pub fn scores(persons: &Persons, measures: &Measures, method: &Method) -> Result<Scores> {
    let n = persons.len();
    let of_vertex = forecast(&method.forecast, measures, persons.vertices())?;
    let expected_reactors = per_person(persons, &of_vertex);
    let column = |name| measures.values(name);
    let counts = |values: &[i64]| values.iter().map(|v| *v as f64).collect::<Vec<_>>();
    let reactors = per_person(persons, column("reactors_90d")?.values());
    let mut flags = vec![vec![]; n];
    for (flags, reactors) in flags.iter_mut().zip(&reactors) {
        if !method.fitted {
            flags.push("method_not_fitted");
        }
        if *reactors < ESTABLISHED {
            flags.push("thin_evidence");
        }
        flags.push("trust_not_applied");
    }
    Ok(Scores {
        score: expected_reactors.iter().map(|y| points(*y)).collect(),
        percentile: mid_rank(&expected_reactors),
        true_reach: per_person(persons, column("audience_90d")?.values()),
        amplification: mean(persons, &column("amplification")?, column("posts_90d")?.values()),
        network: mean(
            persons,
            &column("audience_rank_percentile")?,
            column("attention_received")?.values(),
        ),
        negative_share: ratio(
            &per_person(persons, &counts(&measures.negative)),
            &per_person(persons, &counts(&measures.sentiment_known)),
        ),
        flags,
        expected_reactors,
    })
}

/// exp(intercept + Σ coefficient · ln(1 + x / offset)), with `values` x in order of the terms.
pub(crate) fn expected(forecast: &Forecast, values: impl Iterator<Item = f64>) -> f64 {
    let terms = forecast.terms.iter().zip(values);
    let terms = terms.map(|(term, x)| term.coefficient * libm::log1p(x / term.offset));
    libm::exp(terms.fold(forecast.intercept, |sum, term| sum + term))
}

/// The forecast for each vertex; a missing measure is 0.
fn forecast(forecast: &Forecast, measures: &Measures, vertices: usize) -> Result<Vec<f64>> {
    let columns = forecast.terms.iter().map(|term| measures.values(&term.measure));
    let columns: Vec<Float64Array> = columns.collect::<Result<_>>()?;
    let value = |column: &Float64Array, vertex| {
        if column.is_valid(vertex) { column.value(vertex) } else { 0.0 }
    };
    let of_vertex = |vertex| expected(forecast, columns.iter().map(|column| value(column, vertex)));
    Ok((0..vertices).map(of_vertex).collect())
}

/// Sum of a vertex value over the networks of each person, in order of network.
fn per_person(persons: &Persons, of_vertex: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; persons.len()];
    for (person, value) in persons.vertex_persons.iter().zip(of_vertex) {
        sums[*person as usize] += value;
    }
    sums
}

fn ratio(part: &[f64], whole: &[f64]) -> Vec<Option<f64>> {
    part.iter().zip(whole).map(|(p, w)| (*w > 0.0).then(|| p / w)).collect()
}

/// Mean of a vertex value over the networks of each person, weighted; none where it is nowhere
/// defined.
fn mean(persons: &Persons, of_vertex: &Float64Array, weights: &[f64]) -> Vec<Option<f64>> {
    let known = |v: usize| if of_vertex.is_valid(v) { weights[v] } else { 0.0 };
    let weights: Vec<f64> = (0..of_vertex.len()).map(known).collect();
    let products: Vec<f64> = weights
        .iter()
        .zip(of_vertex.values())
        .map(|(w, x)| if *w > 0.0 { w * x } else { 0.0 })
        .collect();
    let (products, weights) = (per_person(persons, &products), per_person(persons, &weights));
    // A weighted mean may miss its single value by a rounding: it stays within 0..100.
    let means = ratio(&products, &weights).into_iter();
    means.map(|m| m.map(|m| m.min(100.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_points_are_five_times_the_people() {
        // From the definition of the score: 1 is nobody, 11 four people, 21 twenty-four, …
        for (people, score) in
            [(0.0, 1.0), (4.0, 11.0), (24.0, 21.0), (124.0, 31.0), (15_624.0, 61.0)]
        {
            assert!((points(people) - score).abs() < 1e-12, "{people} people");
        }
        assert_eq!(points(1e12), 100.0);
        assert!(points(8e6) < 100.0);
    }
}
