//! Those whose scores moved most, and why.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use datafusion::prelude::{Expr, ident, lit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Published;
use super::compare::sign;
use super::paired::Paired;
use crate::commands::explain::{Change, Contribution};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::method::profile::STANDARD;
use crate::published::{names, parsed, rows, selected};

/// Most causes of a change that are told one by one.
const CAUSES: usize = 5;
/// How far the causes in `changes` may be off the change that they explain, in points.
const TOLERANCE: f64 = 1e-6;

/// Columns of `contributions` that are read.
const PARTS: [&str; 7] =
    ["person_id", "profile", "network", "measure", "value", "reference_value", "points"];
/// Columns of `changes` that are read.
const CHANGES: [&str; 4] = ["person_id", "cause", "points", "previous_snapshot_date"];

/// Somebody whose score moved.
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
    /// Place in A and in B, from 1.
    pub place: [usize; 2],
    /// The contributions that differ most, the most first; at most five, and none if a run does not hold them.
    pub causes: Vec<Cause>,
    /// What all other contributions differ by, in points; with `causes` and `reference` it sums to `points`.
    pub others: f64,
    /// What the score of the reference person of the method differs by, in points.
    pub reference: f64,
    /// What the run B says of the change itself, where it was compared with A; of the standard profile alone.
    pub since_a: Vec<Since>,
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
pub struct Since {
    /// The cause.
    pub cause: String,
    /// Points.
    pub points: f64,
}

/// A row of one person.
#[derive(Deserialize)]
struct Of<T> {
    person_id: String,
    #[serde(flatten)]
    row: T,
}

/// The people whose scores rose most, and those whose scores fell most: half of `most` of either.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] if a table is of another version or cannot be read.
pub(super) async fn furthest(
    engine: &Engine,
    runs: [Published<'_>; 2],
    profile: &str,
    paired: &Paired,
    most: usize,
) -> Result<(Vec<Mover>, Vec<Mover>)> {
    let furthest = |direction: i32, most: usize| {
        let moved = |pair: &usize| sign(paired.changes[*pair]) == direction;
        let mut moved: Vec<usize> = (0..paired.rows.len()).filter(moved).collect();
        let size = |pair: usize| paired.changes[pair].abs();
        // It keeps the order of ids.
        moved.sort_by(|one, other| size(*other).total_cmp(&size(*one)));
        moved.truncate(most);
        moved
    };
    let (up, down) = (furthest(1, most.div_ceil(2)), furthest(-1, most / 2));
    let ids: Vec<&str> = up.iter().chain(&down).map(|pair| paired.id(*pair)).collect();
    let [a, b] = runs;
    let names = names(b.table(engine, "people").await?, ids.iter().copied()).await?;
    let mut told: [BTreeMap<String, Vec<Contribution>>; 2] = Default::default();
    for (run, told) in runs.into_iter().zip(&mut told) {
        let of_profile = ident("profile").eq(lit(profile));
        *told = of_people(engine, run, "contributions", &PARTS, &ids, of_profile).await?;
    }
    let since: BTreeMap<String, Vec<Change>> = match profile == STANDARD {
        true => of_people(engine, b, "changes", &CHANGES, &ids, lit(true)).await?,
        false => BTreeMap::new(),
    };
    let mover = |pair: &usize| {
        let id = paired.id(*pair);
        let points = paired.changes[*pair];
        let rows = paired.rows[*pair];
        let both = [0, 1].map(|side| (&paired.scores[side], rows[side]));
        let parts = [0, 1].map(|side| told[side].get(id).map_or(&[][..], |rows| rows));
        let (causes, others, reference) = causes(parts, points);
        Mover {
            person_id: id.to_owned(),
            display_name: names.get(id).cloned(),
            score: both.map(|(scores, row)| scores.score[row as usize]),
            points,
            place: both.map(|(scores, row)| scores.place(row)),
            causes,
            others,
            reference,
            since_a: since_a(since.get(id), a.commit.snapshot_date, points),
        }
    };
    Ok((up.iter().map(mover).collect(), down.iter().map(mover).collect()))
}

/// The rows of some people in a table with `columns`, by id; none if the run does not have the table.
async fn of_people<T: DeserializeOwned>(
    engine: &Engine,
    run: Published<'_>,
    name: &str,
    columns: &[&str],
    ids: &[&str],
    also: Expr,
) -> Result<BTreeMap<String, Vec<T>>> {
    let mut all: BTreeMap<String, Vec<T>> = BTreeMap::new();
    if !run.commit.tables.contains_key(name) {
        return Ok(all);
    }
    let what = format!("reading the table `{name}`");
    let ids = ids.iter().map(|id| lit(*id)).collect();
    let frame = selected(name, run.table(engine, name).await?, columns)?;
    let own = frame.filter(ident("person_id").in_list(ids, false).and(also));
    for row in rows(&what, own.map_err(|e| Error::engine(&what, e))?).await? {
        let Of { person_id, row } = parsed(name, &row)?;
        all.entry(person_id).or_default().push(row);
    }
    Ok(all)
}

/// The largest causes of a change of `points` by the contributions of both runs, what the others sum to, and what the
/// reference person's score differs by.
fn causes(parts: [&[Contribution]; 2], points: f64) -> (Vec<Cause>, f64, f64) {
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
    let told = all.iter().fold(reference, |sum, cause| sum + cause.points);
    (all, points - told, reference)
}

/// What `changes` says of a change of `points` since the run of `day`, if that is what it speaks of: a later run of that
/// day may have taken the place of the one that it was compared with.
fn since_a(rows: Option<&Vec<Change>>, day: NaiveDate, points: f64) -> Vec<Since> {
    let mut rows: Vec<&Change> = rows.into_iter().flatten().collect();
    let sum = rows.iter().fold(0.0, |sum, row| sum + row.points);
    let day = day.to_string();
    if rows.iter().any(|row| row.previous_snapshot_date != day) || (sum - points).abs() > TOLERANCE
    {
        return vec![];
    }
    rows.sort_by(|one, other| other.points.abs().total_cmp(&one.points.abs()));
    let since = |row: &Change| Since { cause: row.cause.clone(), points: row.points };
    rows.into_iter().map(since).collect()
}
