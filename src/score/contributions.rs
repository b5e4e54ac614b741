//! What every score is made of, relative to the method's reference person.
//!
//! With `L(a, b) = (a − b) / ln(a / b)`, `L(a, a) = a`, the points of measure k on network n are
//!
//! ```text
//! c = (Δscore / Σ_n Δŷ_n) · L(ŷ_n, ŷ_n^ref) · β_k Δφ_{n,k}
//! ```
//!
//! (the score's derivative where the sum is 0): logarithmic mean decomposition, exact and without residual (Ang 2004,
//! *Decomposition analysis for policymaking in energy*, §3). As a factor before `β_k Δφ` is never negative, a measure above
//! the reference never takes points away if β_k ≥ 0.
//!
//! The reference person is on one network; a person on several is compared on the one with the largest forecast, and any
//! other is a row of its own, `joined`.

use rayon::prelude::*;

use super::forecast_values::ForecastValues;
use super::measures::MeasureColumns;
use crate::error::{Error, Result};
use crate::lists::Lists;
use crate::method::profile::Profile;
use crate::method::{Forecast, points};
use crate::model::{NetworkIndex, PersonIndex, Persons, VertexIndex};

/// Persons whose scores are decomposed as one parallel work item.
const CHUNK_PERSONS: usize = 1 << 12;

/// What the scores of every person under one profile are made of. Memory: 16 bytes a row, and the values of the forecast.
pub struct Contributions<'a> {
    /// The profile.
    pub profile: &'a Profile,
    values: ForecastValues<'a>,
    /// Lists: persons.
    rows: Lists<Points>,
}

/// Points of a cause on a vertex.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Points {
    points: f64,
    vertex: VertexIndex,
    cause: Cause,
}

/// What points come from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    /// The score of the reference person, which is on no vertex.
    Reference,
    /// A network other than the one that is compared.
    Joined,
    /// The level of the network, which no person influences, where the network has its own.
    Level,
    /// The value of the term of this number.
    Term(u16),
}

impl Cause {
    /// Its name in the tables.
    fn name(self, forecast: &Forecast) -> &str {
        match self {
            Self::Reference => "reference",
            Self::Joined => "joined",
            Self::Level => "level",
            Self::Term(number) => &forecast.terms[usize::from(number)].measure,
        }
    }
}

/// One row of what a score is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution<'a> {
    /// The network; `None` for the score of the reference person.
    pub network: Option<NetworkIndex>,
    /// What the points come from: the name of a measure, `level`, `joined` or `reference`.
    pub cause: &'a str,
    /// The person's value of the measure.
    pub value: Option<f64>,
    /// The reference person's value of the measure.
    pub reference_value: Option<f64>,
    /// Points that it adds to the score.
    pub points: f64,
}

impl<'a> Contributions<'a> {
    /// Rows of all persons.
    pub fn len(&self) -> usize {
        self.rows.items().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of a person, in order of network and name; their points sum to the score.
    pub fn of(
        &self,
        persons: &Persons,
        person: PersonIndex,
    ) -> impl Iterator<Item = Contribution<'_>> {
        let forecast = self.values.forecast();
        self.rows.of(person.index()).iter().map(|row| {
            let vertex = row.vertex;
            let term = match row.cause {
                Cause::Term(number) => Some(usize::from(number)),
                _ => None,
            };
            Contribution {
                network: (row.cause != Cause::Reference).then(|| persons.network_of(vertex)),
                cause: row.cause.name(forecast),
                value: term.map(|term| self.values.value(term, vertex)),
                reference_value: term.map(|term| forecast.terms[term].reference),
                points: row.points,
            }
        })
    }
}

/// Decomposes the score of every person under a profile.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] for a forecast of more than 65,535 terms, [`crate::error::Kind::Internal`] if a measure
/// that the profile names was not computed.
pub fn decompose_scores<'a>(
    persons: &Persons,
    measures: &MeasureColumns,
    profile: &'a Profile,
) -> Result<Contributions<'a>> {
    let values = ForecastValues::new(&profile.forecast, measures)?;
    let vertices = persons.vertices_by_person();
    let decomposition = Decomposition::new(persons, &values)?;
    let chunks: Vec<Lists<Points>> = (0..persons.len().div_ceil(CHUNK_PERSONS))
        .into_par_iter()
        .map(|chunk| {
            let first = chunk * CHUNK_PERSONS;
            let mut rows = Lists::default();
            for person in first..persons.len().min(first + CHUNK_PERSONS) {
                rows.push(decomposition.rows(vertices.of(person)));
            }
            rows
        })
        .collect();
    let mut rows = Lists::default();
    rows.extend(chunks);
    Ok(Contributions { profile, values, rows })
}

/// What the scores of all persons are decomposed by.
struct Decomposition<'a> {
    persons: &'a Persons,
    forecast: &'a Forecast,
    values: &'a ForecastValues<'a>,
    /// Causes within the network that is compared, in order of name.
    causes: Vec<Cause>,
    /// ŷ of the reference person.
    reference: f64,
}

impl<'a> Decomposition<'a> {
    fn new(persons: &'a Persons, values: &'a ForecastValues<'a>) -> Result<Self> {
        let forecast = values.forecast();
        let terms = u16::try_from(forecast.terms.len()).map_err(|_| {
            let cause = format!("a forecast has {} terms", forecast.terms.len());
            Error::bad_job(cause, format!("give at most {}", u16::MAX))
        })?;
        let mut causes: Vec<Cause> = (0..terms).map(Cause::Term).chain([Cause::Level]).collect();
        causes.sort_by_key(|cause| cause.name(forecast));
        let reference =
            forecast.expected(forecast.intercept, forecast.terms.iter().map(|term| term.reference));
        Ok(Self { persons, forecast, values, causes, reference })
    }

    /// The rows of the person on `vertices`.
    fn rows(&self, vertices: &[VertexIndex]) -> Vec<Points> {
        let Self { persons, forecast, values, .. } = self;
        let level = |vertex: VertexIndex| forecast.level(persons.network_name(vertex));
        let networks = vertices.iter().map(|vertex| {
            let of_vertex = values.at(*vertex).map(|(_, value)| value);
            (*vertex, forecast.expected(level(*vertex), of_vertex))
        });
        let networks: Vec<(VertexIndex, f64)> = networks.collect();
        let expected: f64 = networks.iter().map(|(_, y)| y).sum();
        let per_person = points_per_person(expected, self.reference);
        // The first of equals.
        let compared = networks.iter().rev().max_by(|one, other| one.1.total_cmp(&other.1));
        let compared = compared.map(|(vertex, _)| *vertex);
        // The reference person is on no vertex.
        let (reference, vertex) = (points(self.reference), VertexIndex::new(0));
        let mut rows = vec![Points { points: reference, vertex, cause: Cause::Reference }];
        for (vertex, y) in networks {
            if compared != Some(vertex) {
                rows.push(Points { points: per_person * y, vertex, cause: Cause::Joined });
                continue;
            }
            let level = level(vertex) - forecast.intercept;
            let terms = || forecast.terms.iter().enumerate();
            let moved = |number: usize| {
                let term = &forecast.terms[number];
                let value = values.value(number, vertex);
                term.part(value) - term.part(term.reference)
            };
            let apart = terms().fold(level, |sum, (number, _)| sum + moved(number));
            let weight = per_person * logarithmic_mean(y, self.reference, apart);
            rows.extend(self.causes.iter().filter_map(|cause| {
                let moved = match *cause {
                    Cause::Term(number) => moved(usize::from(number)),
                    _ if level != 0.0 => level,
                    _ => return None,
                };
                Some(Points { points: weight * moved, vertex, cause: *cause })
            }));
        }
        rows
    }
}

/// Δscore / Δŷ between two forecasts; the score's derivative where they are equal.
fn points_per_person(expected: f64, reference: f64) -> f64 {
    // Where they are close the difference of the scores is rounding, their derivative midway is not.
    let close = (expected - reference).abs() < 1e-6 * reference;
    if expected == reference || (close && points(expected.max(reference)) < 100.0) {
        let midway = 1.0 + (expected + reference) / 2.0;
        return 10.0 / (libm::log(5.0) * midway);
    }
    (points(expected) - points(reference)) / (expected - reference)
}

/// L(a, b), for a and b above 0 whose logarithms are `apart`.
fn logarithmic_mean(a: f64, b: f64, apart: f64) -> f64 {
    // Where they are close the difference is rounding, the middle is not.
    if apart.abs() < 1e-5 { (a + b) / 2.0 } else { (a - b) / apart }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithmic_mean_lies_between_and_is_the_value_of_equals() {
        let mean = |apart: f64| logarithmic_mean(libm::exp(apart), 1.0, apart);
        assert_eq!(mean(0.0), 1.0);
        assert!((mean(1.0) - (std::f64::consts::E - 1.0)).abs() < 1e-15);
        assert!((mean(-1.0) - (1.0 - 1.0 / std::f64::consts::E)).abs() < 1e-15);
        for apart in [1e-10, 0.9e-5, 1.1e-5, 1e-4] {
            assert!((mean(apart) - (1.0 + apart / 2.0)).abs() < 1e-8, "{apart}");
        }
        assert!((mean(-100.0) - 0.01).abs() < 1e-15);
    }

    #[test]
    fn a_row_takes_sixteen_bytes() {
        assert_eq!(size_of::<Points>(), 16);
    }
}
