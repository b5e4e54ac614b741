//! Stage 8: from measures to the score of every person.

use arrow::array::{Array, Float64Array};

use super::measures::Measures;
use crate::error::Result;
use crate::method::profile::Profile;
use crate::method::{Forecast, Term, points};
use crate::model::Persons;
use crate::propagate::Trust;
use crate::reduce::Engagement;
use renown_stats::predictive::prediction_interval;
use renown_stats::quantiles::percentile_ranks;

/// Fewer reactors within 90 days than this make a score's evidence thin.
pub(crate) const ESTABLISHED: f64 = 5.0;
/// Share of what is observed that lies within the interval of a score, at least.
pub(crate) const COVERED: f64 = 0.9;

/// The scores of every person under one profile. All lengths: persons.
pub struct Scores {
    /// Points, 1 to 100.
    pub score: Vec<f64>,
    /// Points of the lower end of the interval.
    pub score_low: Vec<f64>,
    /// Points of its upper end.
    pub score_high: Vec<f64>,
    /// Expected (person, network) pairs that react within the horizon.
    pub expected_reactors: Vec<f64>,
    /// α of the negative binomial distribution of who comes about what is expected.
    pub overdispersion: Vec<f64>,
    /// Mid-rank percentile of `expected_reactors` among everyone scored, 0 to 100.
    pub percentile: Vec<f64>,
    /// What to know before relying on the score.
    pub flags: Vec<Vec<&'static str>>,
}

/// What stands beside the score of every person. All lengths: persons.
pub struct Standing {
    /// Distinct trusted people who gave any attention within 90 days, summed over networks.
    pub true_reach: Vec<f64>,
    /// 100 × P(a post draws a reaction of somebody trusted), shrunk; none without posts.
    pub amplification: Vec<Option<f64>>,
    /// Mean PageRank percentile of the engaged audience, 0 to 100; none without audience.
    pub network_score: Vec<Option<f64>>,
    /// Share of reactions below zero among those of known sentiment.
    pub negative_share: Vec<Option<f64>>,
}

/// The values of the measures that a forecast uses, one column for each term; a missing one is 0.
pub struct Values<'a> {
    forecast: &'a Forecast,
    columns: Vec<Float64Array>,
}

impl<'a> Values<'a> {
    /// # Errors
    /// [`crate::error::Kind::Internal`] if a measure that the forecast names was not computed.
    pub fn of(forecast: &'a Forecast, measures: &Measures) -> Result<Self> {
        let columns = forecast.terms.iter().map(|term| measures.values(&term.measure));
        Ok(Self { forecast, columns: columns.collect::<Result<_>>()? })
    }

    /// The terms with their values for a vertex.
    pub fn at(&self, vertex: usize) -> impl Iterator<Item = (&'a Term, f64)> {
        let value = move |column: &Float64Array| match column.is_valid(vertex) {
            true => column.value(vertex),
            false => 0.0,
        };
        self.forecast.terms.iter().zip(self.columns.iter().map(value))
    }

    /// The forecast for each vertex.
    pub fn expected(&self, persons: &Persons) -> Vec<f64> {
        let of_network = |network: usize| {
            let level = self.forecast.level(&persons.networks[network]);
            let values = |vertex| self.at(vertex).map(|(_, value)| value);
            let vertices = persons.network(network);
            vertices.map(move |vertex| self.forecast.expected(level, values(vertex)))
        };
        (0..persons.networks.len()).flat_map(of_network).collect()
    }
}

/// Scores every person under a profile: the forecasts of a person's networks add up.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure that the profile names was not computed.
pub fn scores(
    persons: &Persons,
    measures: &Measures,
    trust: &Trust,
    profile: &Profile,
) -> Result<Scores> {
    let forecast = &profile.forecast;
    let values = Values::of(forecast, measures)?;
    let of_vertex = values.expected(persons);
    let expected_reactors = per_person(persons, &of_vertex);
    let powers: Vec<f64> =
        of_vertex.iter().map(|y| libm::pow(*y, forecast.overdispersion_power)).collect();
    // A sum over networks is taken for negative binomial too, of the mean and variance that it has.
    let spread = |(y, powers): (&f64, f64)| match *y > 0.0 {
        true => forecast.overdispersion * powers / (y * y),
        false => 0.0,
    };
    let powers = per_person(persons, &powers);
    let overdispersion: Vec<f64> = expected_reactors.iter().zip(powers).map(spread).collect();
    let ends = expected_reactors.iter().zip(&overdispersion).map(|(y, spread)| {
        let (low, high) = prediction_interval(*y, *spread, COVERED);
        // Of few people expected mostly nobody comes: the interval is taken up to what is expected.
        (low.min(*y), high.max(*y))
    });
    let (score_low, score_high) = ends.map(|(low, high)| (points(low), points(high))).unzip();
    Ok(Scores {
        score: expected_reactors.iter().map(|y| points(*y)).collect(),
        score_low,
        score_high,
        percentile: percentile_ranks(&expected_reactors),
        flags: flags(persons, measures, trust, profile, &values)?,
        expected_reactors,
        overdispersion,
    })
}

/// What to know before relying on each score.
fn flags(
    persons: &Persons,
    measures: &Measures,
    trust: &Trust,
    profile: &Profile,
    values: &Values<'_>,
) -> Result<Vec<Vec<&'static str>>> {
    let reactors = per_person(persons, measures.values("reactors_90d")?.values());
    let (mut fallback, mut outside) = (vec![false; persons.len()], vec![false; persons.len()]);
    for (vertex, person) in persons.vertex_persons.iter().enumerate() {
        fallback[*person as usize] |= trust.fallback[persons.network_of(vertex)];
        outside[*person as usize] |= values
            .at(vertex)
            .any(|(term, value)| term.highest.is_some_and(|highest| value > highest));
    }
    let of_person = |person: usize| {
        let all = [
            ("fitted_to_labels", profile.fitted_to_labels),
            ("method_not_fitted", !profile.fitted),
            ("outside_range", outside[person]),
            ("structural", profile.structural),
            ("thin_evidence", reactors[person] < ESTABLISHED),
            ("trust_fallback", fallback[person]),
        ];
        all.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    };
    Ok((0..persons.len()).map(of_person).collect())
}

/// What stands beside every score.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure was not computed.
pub fn standing(
    persons: &Persons,
    measures: &Measures,
    engagement: &[Engagement],
) -> Result<Standing> {
    let column = |name| measures.values(name);
    let counts = |count: fn(&Engagement) -> i64| {
        let counts: Vec<f64> = engagement.iter().map(|r| count(r) as f64).collect();
        per_person(persons, &counts)
    };
    Ok(Standing {
        true_reach: per_person(persons, column("trusted_audience_90d")?.values()),
        amplification: mean(persons, &column("amplification")?, column("posts_90d")?.values()),
        network_score: mean(
            persons,
            &column("audience_pagerank_percentile")?,
            column("attention_received")?.values(),
        ),
        negative_share: ratio(&counts(|r| r.negative), &counts(|r| r.sentiment_known)),
    })
}

/// Sum of a vertex value over the networks of each person, in order of network.
pub(crate) fn per_person(persons: &Persons, of_vertex: &[f64]) -> Vec<f64> {
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
