//! How the people of a network are scored before any attack.

use crate::error::Result;
use crate::method::{Forecast, points};
use crate::model::{NetworkIndex, Persons, VertexIndex};
use crate::pipeline::Measured;
use crate::score::forecast_values::ForecastValues;
use crate::score::measures::RecomputedMeasures;
use renown_stats::quantiles::percentile_rank;

/// How the people of a network are scored before any attack. Lengths: people of the network.
pub(super) struct Baseline {
    /// Level of the forecast on the network.
    pub level: f64,
    /// The values of each term of the forecast.
    pub measures: Vec<Vec<f64>>,
    /// What orders people, for each way of scoring: the forecast on the network, that without a defence, distinct reactors, and
    /// PageRank as a multiple of the mean.
    pub values: [Vec<f64>; 4],
    /// Forecast people on the other networks of each person.
    elsewhere: Vec<f64>,
    /// For each way of scoring, what makes people of a value: counts and ranks share out the sum of the forecasts.
    people: [f64; 4],
    /// The scores of active people in tenths of a point, ascending, for each way of scoring.
    sorted: [Vec<f64>; 4],
    /// Who has a reactor within the window.
    pub active: Vec<bool>,
}

impl Baseline {
    /// The baseline of a network; `undefended` are the measures where everybody counts whole.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if a measure was not computed.
    pub fn of(
        persons: &Persons,
        network: NetworkIndex,
        forecast: &Forecast,
        measured: &Measured,
        undefended: &RecomputedMeasures,
    ) -> Result<Self> {
        let range = persons.network(network);
        let values = ForecastValues::new(forecast, &measured.measures)?;
        let expected = values.expected(persons);
        let of_persons = persons.sum_by_person(&expected);
        let vertices = || range.clone().map(VertexIndex::new);
        let level = forecast.level(&persons.networks[network.index()]);
        let terms = 0..forecast.terms.len();
        let value = |term: usize, vertex| values.value(term, vertex);
        let without = |vertex: VertexIndex| {
            let of_terms = forecast.terms.iter().enumerate().map(|(term, own)| {
                undefended.value(&own.measure, vertex).unwrap_or_else(|| value(term, vertex))
            });
            forecast.expected(level, of_terms)
        };
        let column = |name: &str| -> Result<Vec<f64>> {
            Ok(measured.measures.values(name)?.values()[range.clone()].to_vec())
        };
        let (reactors, mut ranks) = (column("reactors_window")?, column("pagerank")?);
        ranks.iter_mut().for_each(|rank| *rank *= range.len() as f64);
        let standard: Vec<f64> = expected[range.clone()].to_vec();
        let elsewhere =
            vertices().map(|v| of_persons[persons.person_of(v).index()] - expected[v.index()]);
        let active: Vec<bool> = reactors.iter().map(|reactors| *reactors > 0.0).collect();
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let per = |values: &[f64]| match sum(values) {
            0.0 => 0.0,
            all => sum(&standard) / all,
        };
        let mut baseline = Self {
            level,
            measures: terms.map(|term| vertices().map(|v| value(term, v)).collect()).collect(),
            people: [1.0, 1.0, per(&reactors), per(&ranks)],
            values: [standard, vertices().map(without).collect(), reactors, ranks],
            elsewhere: elsewhere.map(|people| people.max(0.0)).collect(),
            sorted: Default::default(),
            active,
        };
        baseline.sorted = std::array::from_fn(|at| baseline.sort(at));
        Ok(baseline)
    }

    /// The scores of active people in tenths of a point, ascending.
    fn sort(&self, scored_by: usize) -> Vec<f64> {
        let values = self.values[scored_by].iter().zip(&self.active).enumerate();
        let mut tenths: Vec<f64> = values
            .filter(|(_, (_, active))| **active)
            .map(|(at, (value, _))| tenths(self.of_person(scored_by, VertexIndex::new(at), *value)))
            .collect();
        tenths.sort_unstable_by(f64::total_cmp);
        tenths
    }

    /// Forecast people of the person of a vertex that has this value on the network.
    pub fn of_person(&self, scored_by: usize, vertex: VertexIndex, value: f64) -> f64 {
        self.elsewhere[vertex.index()] + self.people[scored_by] * value
    }

    /// The percentile of a forecast among the active people.
    pub fn percentile(&self, scored_by: usize, forecast: f64) -> f64 {
        percentile_rank(&self.sorted[scored_by], tenths(forecast))
    }

    /// So many people spread over the ranks of those with a forecast of at least 1 in all, or, where these are fewer, of twice as
    /// many at the top. In order of the forecast.
    pub fn targets(&self, wanted: usize) -> Vec<VertexIndex> {
        let forecast =
            |vertex: &VertexIndex| self.of_person(0, *vertex, self.values[0][vertex.index()]);
        let everybody = (0..self.active.len()).map(VertexIndex::new);
        let mut pool: Vec<VertexIndex> = everybody.filter(|v| self.active[v.index()]).collect();
        pool.sort_by(|one, other| forecast(other).total_cmp(&forecast(one)).then(one.cmp(other)));
        let enough = pool.iter().filter(|vertex| forecast(vertex) >= 1.0).count();
        pool.truncate(if enough >= wanted { enough } else { 2 * wanted });
        pool.reverse();
        let last = pool.len().saturating_sub(1) as f64;
        let share = |at: usize| match wanted {
            1 => 0.5,
            _ => 0.04 + 0.92 * at as f64 / (wanted - 1) as f64,
        };
        let mut places: Vec<usize> =
            (0..wanted).map(|at| libm::round(share(at) * last) as usize).collect();
        places.dedup();
        places.into_iter().filter_map(|place| pool.get(place).copied()).collect()
    }
}

/// The score of a forecast, in tenths of a point.
fn tenths(forecast: f64) -> f64 {
    libm::round(10.0 * points(forecast))
}
