//! The people whose scores changed most, and why.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use datafusion::prelude::{Expr, lit};
use serde::Serialize;

use super::paired::Paired;
use super::score_changes::sign;
use crate::error::Result;
use crate::method::profile::STANDARD;
use crate::published::Run;
use crate::published::rows::{ChangeRow, ContributionRow, TableRow};
use crate::published::table::{of_people, of_profile};

/// Maximum number of causes of a change that are named.
const CAUSES: usize = 5;
/// How far the causes in `changes` may be off the change that they explain, in points.
const TOLERANCE: f64 = 1e-6;

/// A person whose score changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mover {
    /// Id of the person.
    pub person_id: String,
    /// Name the person shows in B.
    pub display_name: Option<String>,
    /// Score in A and in B.
    pub score: [f64; 2],
    /// Points by which it is higher in B.
    pub points: f64,
    /// Position in A and in B, from 1.
    pub position: [usize; 2],
    /// The contributions that differ most, the most first; at most five, and none if a run does not hold them.
    pub causes: Vec<Cause>,
    /// What all other contributions differ by, in points; with `causes` and `reference_points` it sums to `points`.
    pub other_points: f64,
    /// What the score of the reference person of the method differs by, in points.
    pub reference_points: f64,
    /// The causes that B published, if A was its previous run; only for the standard profile.
    pub published_causes: Vec<PublishedCause>,
}

/// What a measure on a network adds to the change of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// The network.
    pub network: String,
    /// The measure, `level` or `joined`, as in `contributions`.
    pub measure: String,
    /// Its value in A and in B, where it has one.
    pub value: [Option<f64>; 2],
    /// Points.
    pub points: f64,
}

/// A cause in the table `changes`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PublishedCause {
    /// The cause.
    pub cause: String,
    /// Points.
    pub points: f64,
}

/// The people whose scores rose most, and those whose scores fell most: half of `limit` of either.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if a table is of another version or cannot be read.
pub(super) async fn select_movers(
    runs: [&Run; 2],
    profile: &str,
    paired: &Paired,
    limit: usize,
) -> Result<(Vec<Mover>, Vec<Mover>)> {
    let furthest = |direction: i32, limit: usize| {
        let moved = |pair: &usize| sign(paired.changes[*pair]) == direction;
        let mut moved: Vec<usize> = (0..paired.rows.len()).filter(moved).collect();
        let size = |pair: usize| paired.changes[pair].abs();
        // It keeps the order of ids.
        moved.sort_by(|one, other| size(*other).total_cmp(&size(*one)));
        moved.truncate(limit);
        moved
    };
    let (up, down) = (furthest(1, limit.div_ceil(2)), furthest(-1, limit / 2));
    let ids: Vec<&str> = up.iter().chain(&down).map(|pair| paired.id(*pair)).collect();
    let [a, b] = runs;
    let names = b.names(ids.iter().copied()).await?;
    let mut contributions: [BTreeMap<String, Vec<ContributionRow>>; 2] = Default::default();
    for (run, contributions) in runs.into_iter().zip(&mut contributions) {
        for row in rows_of::<ContributionRow>(run, &ids, of_profile(profile)).await? {
            contributions.entry(row.person_id.clone()).or_default().push(row);
        }
    }
    let mut published: BTreeMap<String, Vec<ChangeRow>> = BTreeMap::new();
    if profile == STANDARD {
        for row in rows_of::<ChangeRow>(b, &ids, lit(true)).await? {
            published.entry(row.person_id.clone()).or_default().push(row);
        }
    }
    let mover = |pair: &usize| {
        let id = paired.id(*pair);
        let points = paired.changes[*pair];
        let rows = paired.rows[*pair];
        let both = [0, 1].map(|side| (&paired.scores[side], rows[side]));
        let parts = [0, 1].map(|side| contributions[side].get(id).map_or(&[][..], |rows| rows));
        let (causes, other_points, reference_points) = causes(parts, points);
        Mover {
            person_id: id.to_owned(),
            display_name: names.get(id).cloned(),
            score: both.map(|(scores, row)| scores.score[row as usize]),
            points,
            position: both.map(|(scores, row)| scores.position(row)),
            causes,
            other_points,
            reference_points,
            published_causes: published_causes(published.get(id), a.commit().snapshot_date, points),
        }
    };
    Ok((up.iter().map(mover).collect(), down.iter().map(mover).collect()))
}

/// The rows of some people in a table; none if the run does not have the table.
async fn rows_of<T: TableRow>(run: &Run, ids: &[&str], also: Expr) -> Result<Vec<T>> {
    if !run.has(T::TABLE) {
        return Ok(vec![]);
    }
    run.rows(|all| all.filter(of_people(ids.iter().copied()).and(also))).await
}

/// The largest causes of a change of `points` by the contributions of both runs, what the others sum to, and what the
/// reference person's score differs by.
fn causes(parts: [&[ContributionRow]; 2], points: f64) -> (Vec<Cause>, f64, f64) {
    if parts.iter().any(|rows| rows.is_empty()) {
        return (vec![], points, 0.0);
    }
    let mut all: BTreeMap<(&str, &str), Cause> = BTreeMap::new();
    let mut reference = 0.0;
    for (side, rows) in parts.into_iter().enumerate() {
        for row in rows {
            let points = if side == 0 { 0.0 - row.points } else { row.points };
            if row.measure == "reference" {
                reference += points;
                continue;
            }
            let cause = all.entry((&row.network, &row.measure)).or_insert_with(|| Cause {
                network: row.network.clone(),
                measure: row.measure.clone(),
                value: [None; 2],
                points: 0.0,
            });
            cause.value[side] = row.value;
            cause.points += points;
        }
    }
    let mut all: Vec<Cause> = all.into_values().filter(|cause| sign(cause.points) != 0).collect();
    // It keeps the order of network and measure.
    all.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    all.truncate(CAUSES);
    let named = all.iter().fold(reference, |sum, cause| sum + cause.points);
    (all, points - named, reference)
}

/// The causes in `changes` of a change of `points` since the run of `day`, if they explain that change: a later run of that
/// day may have replaced the one that they were computed from.
fn published_causes(
    rows: Option<&Vec<ChangeRow>>,
    day: NaiveDate,
    points: f64,
) -> Vec<PublishedCause> {
    let mut rows: Vec<&ChangeRow> = rows.into_iter().flatten().collect();
    let sum = rows.iter().fold(0.0, |sum, row| sum + row.points);
    if rows.iter().any(|row| row.previous_snapshot_date != day) || (sum - points).abs() > TOLERANCE
    {
        return vec![];
    }
    rows.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    let cause = |row: &ChangeRow| PublishedCause { cause: row.cause.clone(), points: row.points };
    rows.into_iter().map(cause).collect()
}
