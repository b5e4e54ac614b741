//! Why scores moved since the run before.
//!
//! The score is computed again with one cause after the other let in, and each cause has the points by which it moves it:
//!
//! | step | what is new |
//! |---|---|
//! | `method` | the measures that were published, under the method of now |
//! | `decay` | the interactions of the previous run at the new cutoff |
//! | `new_posts` | what the person published since |
//! | `audience` | what was done to the person since, by those who were trusted then |
//! | `trust_and_others` | who is trusted now, and all else that others did |
//!
//! A network that somebody was not on before is `trust_and_others`, whole. So the points sum to the difference of the two
//! published scores. `method` goes first as what it moves is then told from published numbers alone. If the new method
//! measures otherwise than the old one, decay cannot be told from it and is part of it.

use chrono::NaiveDate;

use super::measures::{Basis, Local};
use super::scores::per_person;
use crate::error::Result;
use crate::job::measured_otherwise;
use crate::method::{Forecast, Method, points};
use crate::model::time::days_since_epoch;
use crate::model::{Persons, Previous};

/// The points of each cause.
#[derive(Debug, Default)]
pub struct Changes {
    /// Day of the snapshot before, in days since 1970-01-01.
    pub since_days: i32,
    rows: Vec<Change>,
    /// Length: persons.
    totals: Vec<Option<f64>>,
}

/// One cause of the change of one person's score.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Number of the person.
    pub person: usize,
    /// The cause.
    pub cause: &'static str,
    /// Points since the run before; not 0.
    pub points: f64,
}

impl Changes {
    /// Every change, in order of (person, cause).
    pub fn rows(&self) -> &[Change] {
        &self.rows
    }

    /// By how much the score of a person moved; none if it had none before.
    pub fn total(&self, person: usize) -> Option<f64> {
        self.totals.get(person).copied().flatten()
    }
}

/// Tells why the standard scores moved since the run before; `scores` are those of now on `day`.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a day is out of range.
pub fn changes(
    basis: &Basis<'_>,
    day: NaiveDate,
    previous: &Previous,
    scores: &[f64],
    method: &Method,
) -> Result<Changes> {
    let (persons, forecast) = (&basis.people.persons, &method.forecast);
    let hours = day.signed_duration_since(previous.day).num_hours();
    let since_hours = u32::try_from(hours).unwrap_or(u32::MAX);
    let then = |name: &str, vertex: usize| previous.measures.get(name)?[vertex];
    let step = |local: &Local| {
        let value = |name: &str, vertex| local.value(name, vertex).or(then(name, vertex));
        score(persons, forecast, &previous.existed, value)
    };
    // Each step's own posts and reactions are at least so many hours old.
    let names: Vec<&str> = forecast.terms.iter().map(|term| term.measure.as_str()).collect();
    let local = |hours| Local::of(basis.people, basis.rules, &previous.trusted, hours, &names);
    let aged = step(&local([since_hours, since_hours]));
    let posted = step(&local([0, since_hours]));
    let reacted = step(&local([0, 0]));
    let under_method = match measured_otherwise(&previous.method, method) {
        None if previous.method.forecast == *forecast => None,
        None => Some(score(persons, forecast, &previous.existed, then)),
        Some(_) => Some(aged.clone()),
    };
    let mut changes = Changes {
        since_days: days_since_epoch(previous.day)?,
        rows: vec![],
        totals: previous.scores.iter().zip(scores).map(|(old, new)| Some(new - (*old)?)).collect(),
    };
    for (person, old) in previous.scores.iter().enumerate() {
        let Some(old) = *old else { continue };
        let under_method = under_method.as_ref().map_or(old, |scores| scores[person]);
        // In order of name, as the table is.
        let causes = [
            ("audience", reacted[person] - posted[person]),
            ("decay", aged[person] - under_method),
            ("method", under_method - old),
            ("new_posts", posted[person] - aged[person]),
            ("trust_and_others", scores[person] - reacted[person]),
        ];
        let moved = causes.into_iter().filter(|(_, points)| *points != 0.0);
        changes.rows.extend(moved.map(|(cause, points)| Change { person, cause, points }));
    }
    Ok(changes)
}

/// The score of everybody whose vertices have these measures; a missing one is 0. A vertex that did not exist counts for
/// nobody.
fn score(
    persons: &Persons,
    forecast: &Forecast,
    existed: &[bool],
    value: impl Fn(&str, usize) -> Option<f64>,
) -> Vec<f64> {
    let of_vertex = |vertex: usize| {
        if !existed[vertex] {
            return 0.0;
        }
        let level = forecast.level(&persons.networks[persons.network_of(vertex)]);
        let values = forecast.terms.iter();
        let values = values.map(|term| value(&term.measure, vertex).unwrap_or(0.0));
        forecast.expected(level, values)
    };
    let expected: Vec<f64> = (0..persons.vertices()).map(of_vertex).collect();
    per_person(persons, &expected).into_iter().map(points).collect()
}
