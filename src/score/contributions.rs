//! What every score is made of, against the method's reference person.
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
//! The reference person is on one network; of somebody on several it is the one with most people expected, and
//! any other is a row of its own, `joined`.

use super::scores::Values;
use crate::method::{Forecast, Term, points};
use crate::model::Persons;

/// One row of what a score is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution<'a> {
    /// Number of the network; none for the score of the reference person.
    pub network: Option<usize>,
    /// What it comes from.
    pub cause: Cause<'a>,
    /// Points that it adds to the score.
    pub points: f64,
}

/// What points come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cause<'a> {
    /// The score of the reference person.
    Reference,
    /// A network beside the one that is compared.
    Joined,
    /// The level of the network, which is nobody's doing, where it has one of its own.
    Level,
    /// The person's value of a measure.
    Measure(&'a Term, f64),
}

impl Cause<'_> {
    /// Its name in the tables.
    pub fn name(&self) -> &str {
        match self {
            Self::Reference => "reference",
            Self::Joined => "joined",
            Self::Level => "level",
            Self::Measure(term, _) => &term.measure,
        }
    }
}

/// ŷ of the reference person.
pub fn reference(forecast: &Forecast) -> f64 {
    forecast.expected(forecast.intercept, forecast.terms.iter().map(|term| term.reference))
}

/// What the score of somebody is made of, who is on the networks of `vertices`, in order of network and name; the
/// points sum to the score.
pub fn contributions<'a>(
    persons: &Persons,
    forecast: &Forecast,
    values: &Values<'a>,
    vertices: &[u32],
) -> Vec<Contribution<'a>> {
    let networks = vertices.iter().map(|vertex| {
        let network = persons.network_of(*vertex as usize);
        let level = forecast.level(&persons.networks[network]);
        let own = values.at(*vertex as usize).map(|(_, value)| value);
        (*vertex as usize, network, forecast.expected(level, own))
    });
    let networks: Vec<(usize, usize, f64)> = networks.collect();
    let expected: f64 = networks.iter().map(|(.., y)| y).sum();
    let of_reference = reference(forecast);
    let per_person = per_person(expected, of_reference);
    // Of equals the first.
    let compared = networks.iter().rev().max_by(|one, other| one.2.total_cmp(&other.2));
    let compared = compared.map(|(vertex, ..)| *vertex);
    let reference = points(of_reference);
    let mut all = vec![Contribution { network: None, cause: Cause::Reference, points: reference }];
    for (vertex, network, y) in networks {
        let row = |cause, points| Contribution { network: Some(network), cause, points };
        if compared != Some(vertex) {
            all.push(row(Cause::Joined, per_person * y));
            continue;
        }
        let level = forecast.level(&persons.networks[network]) - forecast.intercept;
        let moved = |term: &Term, value| term.part(value) - term.part(term.reference);
        let apart = values.at(vertex).fold(level, |sum, (term, value)| sum + moved(term, value));
        let weight = per_person * logarithmic_mean(y, of_reference, apart);
        let measures = values
            .at(vertex)
            .map(|(term, value)| row(Cause::Measure(term, value), weight * moved(term, value)));
        let mut own: Vec<Contribution<'_>> = measures.collect();
        own.extend((level != 0.0).then(|| row(Cause::Level, weight * level)));
        own.sort_by(|one, other| one.cause.name().cmp(other.cause.name()));
        all.extend(own);
    }
    all
}

/// Δscore / Δŷ between two forecasts, the score's derivative where they are the same.
fn per_person(expected: f64, reference: f64) -> f64 {
    // Near to each other the difference of the scores is rounding, their derivative midway is not.
    let near = (expected - reference).abs() < 1e-6 * reference;
    if expected == reference || (near && points(expected.max(reference)) < 100.0) {
        let midway = 1.0 + (expected + reference) / 2.0;
        return 10.0 / (libm::log(5.0) * midway);
    }
    (points(expected) - points(reference)) / (expected - reference)
}

/// L(a, b), for a and b above 0 whose logarithms are `apart`.
fn logarithmic_mean(a: f64, b: f64, apart: f64) -> f64 {
    // Near to each other the difference is rounding, the middle is not.
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
}
