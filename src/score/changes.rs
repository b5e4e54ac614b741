//! Why scores changed since the previous run.
//!
//! The score is computed again with one cause after the other added, and each cause has the points by which it moves it:
//!
//! | step | what is new |
//! |---|---|
//! | `method` | the measures that were published, under this run's method |
//! | `decay` | the interactions of the previous run at the new cutoff |
//! | `new_posts` | what the person published since |
//! | `audience` | interactions received since, weighted by the credit that people had then |
//! | `trust_and_others` | the credit that people have now, and everything else that others did |
//!
//! A network that a person was not on before is `trust_and_others`, whole. So the points sum to the difference of the two
//! published scores. `method` goes first because what it moves then follows from published numbers alone. If the new method
//! defines measures otherwise than the old one, decay cannot be separated from it and is part of it.

use chrono::NaiveDate;

use super::measures::{MinAges, RecomputedMeasures};
use crate::error::Result;
use crate::job::find_measurement_difference;
use crate::method::{Forecast, Method, points};
use crate::model::time::days_since_epoch;
use crate::model::{People, PersonIndex, Persons, Previous, Trust, VertexIndex};
use crate::reduce::InteractionRules;

/// What changes are computed from.
pub struct ChangeInputs<'a> {
    /// Everyone who is eligible.
    pub people: &'a People,
    /// How interactions weigh.
    pub rules: &'a InteractionRules,
    /// How much everybody's attention counts.
    pub trust: &'a Trust,
    /// The method.
    pub method: &'a Method,
    /// Day of the snapshot.
    pub day: NaiveDate,
    /// The standard score of every person. Length: persons.
    pub scores: &'a [f64],
    /// The previous run.
    pub previous: &'a Previous,
}

/// The points of each cause of change.
#[derive(Debug, Default)]
pub struct Changes {
    /// Day of the previous snapshot, in days since 1970-01-01.
    pub previous_days: i32,
    rows: Vec<Change>,
    /// Length: persons.
    totals: Vec<Option<f64>>,
}

/// One cause of the change of one person's score.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The person.
    pub person: PersonIndex,
    /// The cause.
    pub cause: &'static str,
    /// Points since the previous run; not 0.
    pub points: f64,
}

impl Changes {
    /// Every change, in order of (person, cause).
    pub fn rows(&self) -> &[Change] {
        &self.rows
    }

    /// The change of a person's score; `None` if the person had no score before.
    pub fn total(&self, person: PersonIndex) -> Option<f64> {
        self.totals.get(person.index()).copied().flatten()
    }
}

/// Explains why the standard scores changed since the previous run.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if a day is out of range.
pub fn explain_changes(inputs: &ChangeInputs<'_>) -> Result<Changes> {
    let ChangeInputs { people, rules, trust, method, day, scores, previous } = *inputs;
    let (persons, forecast) = (&people.persons, &method.forecast);
    let hours = day.signed_duration_since(previous.day).num_hours();
    let since_hours = u32::try_from(hours).unwrap_or(u32::MAX);
    let published = |name: &str, vertex: VertexIndex| previous.measures.get(name)?[vertex.index()];
    let names: Vec<&str> = forecast.terms.iter().map(|term| term.measure.as_str()).collect();
    let trust = match &previous.vouches {
        Some(vouches) => &trust.with_vouches(vouches),
        None => trust,
    };
    // The scores from posts and interactions that are at least so many hours old.
    let score_from = |posts_hours, interactions_hours| {
        let min_ages = MinAges { posts_hours, interactions_hours };
        let recomputed = RecomputedMeasures::compute(people, rules, trust, min_ages, &names);
        let value =
            |name: &str, vertex| recomputed.value(name, vertex).or_else(|| published(name, vertex));
        score(persons, forecast, &previous.existed, value)
    };
    let decayed = score_from(since_hours, since_hours);
    let with_posts = score_from(0, since_hours);
    let with_audience = score_from(0, 0);
    let difference = find_measurement_difference(&previous.method, method);
    let under_method = match difference {
        None if previous.method.forecast == *forecast && previous.has_all_measures => None,
        None if previous.has_all_measures => {
            Some(score(persons, forecast, &previous.existed, published))
        }
        _ => Some(decayed.clone()),
    };
    let mut changes = Changes {
        previous_days: days_since_epoch(previous.day)?,
        rows: vec![],
        totals: previous.scores.iter().zip(scores).map(|(old, new)| Some(new - (*old)?)).collect(),
    };
    for (person, old) in previous.scores.iter().enumerate() {
        let Some(old) = *old else { continue };
        let under_method = under_method.as_ref().map_or(old, |scores| scores[person]);
        // In order of name, as the table is.
        let causes = [
            ("audience", with_audience[person] - with_posts[person]),
            ("decay", decayed[person] - under_method),
            ("method", under_method - old),
            ("new_posts", with_posts[person] - decayed[person]),
            ("trust_and_others", scores[person] - with_audience[person]),
        ];
        let moved = causes.into_iter().filter(|(_, points)| *points != 0.0);
        let person = PersonIndex::new(person);
        changes.rows.extend(moved.map(|(cause, points)| Change { person, cause, points }));
    }
    Ok(changes)
}

/// The score of every person whose vertices have these measures; an undefined one is 0. A vertex that did not exist adds
/// no people.
fn score(
    persons: &Persons,
    forecast: &Forecast,
    existed: &[bool],
    value: impl Fn(&str, VertexIndex) -> Option<f64>,
) -> Vec<f64> {
    let of_vertex = |vertex: VertexIndex| {
        if !existed[vertex.index()] {
            return 0.0;
        }
        let level = forecast.level(persons.network_name(vertex));
        let values = forecast.terms.iter();
        let values = values.map(|term| value(&term.measure, vertex).unwrap_or(0.0));
        forecast.expected(level, values)
    };
    let vertices = (0..persons.vertices()).map(VertexIndex::new);
    let expected: Vec<f64> = vertices.map(of_vertex).collect();
    persons.sum_by_person(&expected).into_iter().map(points).collect()
}
