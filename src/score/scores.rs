//! From measures to the score of every person.

use rayon::prelude::*;

use renown_stats::predictive_distribution::prediction_interval;
use renown_stats::quantiles::percentile_ranks;

use super::forecast_values::ForecastValues;
use super::measures::MeasureColumns;
use crate::error::Result;
use crate::method::profile::Profile;
use crate::method::{Forecast, points};
use crate::model::{Persons, Trust};

/// With fewer reactors than this within 90 days the evidence of a score is thin.
pub(crate) const ESTABLISHED: f64 = 5.0;
/// Share of observations that the interval of a score is meant to cover.
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
    /// α of the negative binomial distribution of the observed reactors around the expected ones.
    pub overdispersion: Vec<f64>,
    /// Mid-rank percentile of `score`, rounded to tenths, among everyone scored, 0 to 100.
    pub percentile: Vec<f64>,
    /// What to know before relying on the score.
    pub flags: Vec<Vec<&'static str>>,
}

impl Scores {
    /// Adds flags of every person, in order of name. Lists: persons.
    pub fn add_flags(&mut self, more: &[Vec<&'static str>]) {
        for (flags, more) in self.flags.iter_mut().zip(more) {
            flags.extend(more);
            flags.sort_unstable();
        }
    }
}

/// The negative binomial distribution that is forecast for every person. Lengths: persons.
pub struct Distributions {
    /// Expected (person, network) pairs that react within the horizon.
    pub expected_reactors: Vec<f64>,
    /// Its α.
    pub overdispersion: Vec<f64>,
}

impl Distributions {
    /// Those under a profile.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if a measure that the profile names was not computed.
    pub fn of(persons: &Persons, measures: &MeasureColumns, profile: &Profile) -> Result<Self> {
        let forecast = &profile.forecast;
        let of_vertex = ForecastValues::new(forecast, measures)?.expected(persons);
        Ok(distributions(persons, forecast, &of_vertex))
    }
}

fn distributions(persons: &Persons, forecast: &Forecast, of_vertex: &[f64]) -> Distributions {
    let expected_reactors = persons.sum_by_person(of_vertex);
    let powers: Vec<f64> =
        of_vertex.par_iter().map(|y| libm::pow(*y, forecast.overdispersion_power)).collect();
    // A sum over networks is taken for negative binomial too, with its mean and variance.
    let alpha = |(y, powers): (&f64, f64)| match *y > 0.0 {
        true => forecast.overdispersion * powers / (y * y),
        false => 0.0,
    };
    let powers = persons.sum_by_person(&powers);
    let overdispersion = expected_reactors.iter().zip(powers).map(alpha).collect();
    Distributions { expected_reactors, overdispersion }
}

/// Scores every person under a profile: the forecasts of a person's networks add up.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a measure that the profile names was not computed.
pub fn score_people(
    persons: &Persons,
    measures: &MeasureColumns,
    trust: &Trust,
    profile: &Profile,
) -> Result<Scores> {
    let values = ForecastValues::new(&profile.forecast, measures)?;
    let of_vertex = values.expected(persons);
    let Distributions { expected_reactors, overdispersion } =
        distributions(persons, &profile.forecast, &of_vertex);
    let ends = expected_reactors.par_iter().zip(&overdispersion).map(|(y, alpha)| {
        let (low, high) = prediction_interval(*y, *alpha, COVERED);
        // Where few people are expected the most likely outcome is nobody: the interval is widened to hold the forecast.
        (points(low.min(*y)), points(high.max(*y)))
    });
    let (score_low, score_high) = ends.unzip();
    let score: Vec<f64> = expected_reactors.iter().map(|y| points(*y)).collect();
    let rounded: Vec<f64> = score.iter().map(|score| libm::round(10.0 * score)).collect();
    Ok(Scores {
        score,
        score_low,
        score_high,
        percentile: percentile_ranks(&rounded),
        flags: collect_flags(persons, measures, trust, profile, (&values, &of_vertex))?,
        expected_reactors,
        overdispersion,
    })
}

/// What is true of any network of a person.
#[derive(Clone, Default)]
struct OfNetworks {
    exceeds_network: bool,
    method_not_fitted: bool,
    outside_range: bool,
    trust_none: bool,
    untrusted_measures: bool,
}

/// What to know before relying on each score; `expected` is the forecast of each vertex.
fn collect_flags(
    persons: &Persons,
    measures: &MeasureColumns,
    trust: &Trust,
    profile: &Profile,
    (values, expected): (&ForecastValues<'_>, &[f64]),
) -> Result<Vec<Vec<&'static str>>> {
    let reactors = persons.sum_by_person(measures.values("reactors_90d")?.values());
    // A fit names the networks that it learnt from.
    let fitted_to = &profile.forecast.covered_since;
    // A scale is no number of people.
    let is_forecast = !profile.fitted_to_labels && !profile.structural;
    let has_untrusted = !profile.forecast.counting_everybody().is_empty();
    let counts_everybody: Vec<bool> = trust.counts_everybody().collect();
    let mut of_networks = vec![OfNetworks::default(); persons.len()];
    for (vertex, person) in persons.by_vertex() {
        let (network, name) = (persons.network_of(vertex), persons.network_name(vertex));
        let others = persons.network(network).len().saturating_sub(1) as f64;
        let has_trust = !counts_everybody[network.index()];
        let own = &mut of_networks[person.index()];
        own.exceeds_network |= is_forecast && expected[vertex.index()] > others;
        own.method_not_fitted |=
            !profile.fitted || (!fitted_to.is_empty() && !fitted_to.contains_key(name));
        own.outside_range |= values
            .at(vertex)
            .any(|(term, value)| term.highest.is_some_and(|highest| value > highest));
        own.trust_none |= !has_trust;
        own.untrusted_measures |= has_trust && has_untrusted;
    }
    let flags = |(own, reactors): (OfNetworks, f64)| {
        let all = [
            ("default_slopes", profile.default_slopes),
            ("exceeds_network", own.exceeds_network),
            ("fitted_to_labels", profile.fitted_to_labels),
            ("method_not_fitted", own.method_not_fitted),
            ("outside_range", own.outside_range),
            ("structural", profile.structural),
            ("thin_evidence", reactors < ESTABLISHED),
            ("trust_none", own.trust_none),
            ("untrusted_measures", own.untrusted_measures),
        ];
        all.into_iter().filter(|(_, set)| *set).map(|(flag, _)| flag).collect()
    };
    Ok(of_networks.into_iter().zip(reactors).map(flags).collect())
}

/// Flags every person on a network whose data cover less than the horizon of the forecast: sums that fade are divided by the
/// part of their half-lives that is covered, so that few days are taken for many. `covered_minutes` has a number for each network.
/// Lists: persons.
pub fn flag_short_history(
    persons: &Persons,
    covered_minutes: &[u32],
    profile: &Profile,
) -> Vec<Vec<&'static str>> {
    let mut flags = vec![vec![]; persons.len()];
    if profile.structural {
        return flags;
    }
    let horizon_minutes = profile.forecast.horizon_hours.saturating_mul(60);
    for (vertex, person) in persons.by_vertex() {
        let own: &mut Vec<&'static str> = &mut flags[person.index()];
        let covered = covered_minutes[persons.network_of(vertex).index()];
        if covered < horizon_minutes && own.is_empty() {
            own.push("short_history");
        }
    }
    flags
}
