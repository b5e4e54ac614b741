//! The gates of scores: their range, the sum of their contributions, the sum of the causes of their changes.

use arrow::array::{Array, RecordBatch};
use hashbrown::HashMap;

use super::columns::{count_rows, float, text};
use crate::error::Result;
use crate::method::profile::STANDARD;
use crate::tables::Draft;

/// How far the points of a score, or of its change, may be from their sum.
const TOLERANCE: f64 = 1e-9;

/// Scores are numbers from 1 to 100, forecasts finite and not negative.
pub(super) fn in_range(name: &str, scores: &[RecordBatch]) -> Result<Option<String>> {
    let mut wrong = 0;
    for batch in scores {
        let score = float(batch, "score")?;
        let expected = float(batch, "expected_reactors")?;
        wrong += score
            .values()
            .iter()
            .zip(expected.values())
            .filter(|(s, y)| !((1.0..=100.0).contains(*s) && y.is_finite() && **y >= 0.0))
            .count();
    }
    let all = count_rows(scores);
    Ok((wrong > 0)
        .then(|| format!("{wrong} of {all} scores of `{name}` are not numbers from 1 to 100")))
}

/// Every score lies within its interval, and the interval within 1 to 100.
pub(super) fn within_intervals(scores: &[RecordBatch]) -> Result<Option<String>> {
    let mut wrong = 0;
    for batch in scores {
        let (low, high) = (float(batch, "score_low")?, float(batch, "score_high")?);
        let ends = low.values().iter().zip(high.values());
        let fine = |(score, (low, high)): &(&f64, (&f64, &f64))| {
            1.0 <= **low && low <= score && score <= high && **high <= 100.0
        };
        let all = float(batch, "score")?.values().iter().zip(ends);
        wrong += all.filter(|row| !fine(row)).count();
    }
    let all = count_rows(scores);
    Ok((wrong > 0).then(|| format!("{wrong} of {all} scores lie outside their interval")))
}

/// The points of every score sum to it. Both tables are in order of (person, profile).
pub(super) fn contributions_sum(draft: &Draft) -> Result<Option<String>> {
    let mut sums: Vec<(&str, &str, f64)> = Vec::new();
    for batch in &draft.contributions {
        let (people, profiles) = (text(batch, "person_id")?, text(batch, "profile")?);
        let points = float(batch, "points")?;
        for row in 0..batch.num_rows() {
            let (person, profile) = (people.value(row), profiles.value(row));
            match sums.last_mut() {
                Some((last, of, sum)) if *last == person && *of == profile => {
                    *sum += points.value(row)
                }
                _ => sums.push((person, profile, points.value(row))),
            }
        }
    }
    let (mut wrong, mut sums) = (0, sums.into_iter());
    for batch in &draft.scores {
        let (people, profiles) = (text(batch, "person_id")?, text(batch, "profile")?);
        let score = float(batch, "score")?;
        for row in 0..batch.num_rows() {
            let of_row = (people.value(row), profiles.value(row));
            let fits = sums.next().is_some_and(|(person, profile, sum)| {
                (person, profile) == of_row && (sum - score.value(row)).abs() <= TOLERANCE
            });
            wrong += usize::from(!fits);
        }
    }
    let beyond = sums.count();
    let all = count_rows(&draft.scores);
    Ok((wrong + beyond > 0).then(|| {
        format!(
            "the contributions of {wrong} of {all} scores do not sum to them, {beyond} are of no score"
        )
    }))
}

/// The points of every change sum to the change of the score.
pub(super) fn changes_sum(draft: &Draft) -> Result<Option<String>> {
    let mut sums: HashMap<&str, f64> = HashMap::new();
    for batch in &draft.changes {
        let (people, points) = (text(batch, "person_id")?, float(batch, "points")?);
        for (person, points) in people.iter().flatten().zip(points.values()) {
            *sums.entry(person).or_default() += points;
        }
    }
    let mut wrong = 0;
    for batch in &draft.scores {
        let (people, profiles) = (text(batch, "person_id")?, text(batch, "profile")?);
        let change = float(batch, "change_1d")?;
        for row in (0..batch.num_rows()).filter(|row| profiles.value(*row) == STANDARD) {
            let sum = sums.remove(people.value(row));
            let fits = match change.is_valid(row) {
                true => (sum.unwrap_or(0.0) - change.value(row)).abs() <= TOLERANCE,
                false => sum.is_none(),
            };
            wrong += usize::from(!fits);
        }
    }
    let beyond = sums.len();
    Ok((wrong + beyond > 0).then(|| {
        format!(
            "the causes of {wrong} changes do not sum to them, {beyond} people with causes have no score"
        )
    }))
}
