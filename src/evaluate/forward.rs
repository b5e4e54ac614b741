//! Scores of instants in the past against those who reacted after them.

use std::collections::BTreeMap;

use super::compare::{Comparison, Predictor, compare};
use super::parts::{parts, told};
use super::round::{Column, Fared, Round, Told};
use super::standing::{ACTIVE, Standing};
use super::{FORWARD_TRUTHS, Row};
use crate::error::Result;
use crate::job::{GroupBy, Job, Validate};
use crate::pipeline::backtest::{Backtest, OutcomeWindow, outcome_kinds};
use crate::pipeline::progress::{Progress, Rows};

/// An instant with everybody who was there.
struct Instant {
    round: Round,
    fared: Vec<Option<Fared>>,
    /// How many came, for each of [`FORWARD_TRUTHS`].
    came: [Column; 2],
    /// Places in the round of the people of each population.
    populations: Vec<(&'static str, Vec<u32>)>,
    /// Places among the active people of those in each part.
    parts: Vec<(GroupBy, BTreeMap<String, Vec<u32>>)>,
}

/// What is found at instants so many hours before the end of the data, and what to know of it.
///
/// # Errors
/// As [`Standing::at`].
pub(super) fn forward(
    mut hindsight: Backtest,
    jobs: &[Job],
    predictors: &[Predictor],
    instants: &[u32],
    progress: &mut Progress,
) -> Result<(Vec<Row>, Vec<String>)> {
    let settings = &jobs[0].validate;
    if FORWARD_TRUTHS.iter().all(|truth| settings.target(truth).is_none()) {
        return Ok((vec![], vec![]));
    }
    let mut found = Vec::with_capacity(instants.len());
    for hours in instants {
        let vertices = hindsight.people().persons.vertices() as u64;
        found.push(progress.compute("backtest", vertices, || {
            Instant::at(&mut hindsight, *hours, jobs, predictors)
        })?);
    }
    drop(hindsight);
    let people = found.iter().map(|instant| instant.round.person.len() as u64).sum();
    progress.compute("compare", people, || Ok(compare_all(found, predictors, settings)))
}

/// Compares the predictors at all instants, in every population and part; with what to know of it.
fn compare_all(
    mut found: Vec<Instant>,
    predictors: &[Predictor],
    settings: &Validate,
) -> (Vec<Row>, Vec<String>) {
    let (mut rows, mut notes) = (vec![], vec![]);
    for (number, truth) in FORWARD_TRUTHS.into_iter().enumerate() {
        for instant in &mut found {
            instant.round.told = Told::Came(instant.came[number].clone());
            // What is foreseen is the first of them.
            instant.round.fared = match number {
                0 => std::mem::take(&mut instant.fared),
                _ => predictors.iter().map(|_| None).collect(),
            };
        }
        if settings.target(truth).is_none() {
            continue;
        }
        for at in 0..found.first().map_or(0, |first| first.populations.len()) {
            let population = found[0].populations[at].0;
            let rounds: Vec<Round> = found
                .iter()
                .map(|instant| instant.round.part(&instant.populations[at].1))
                .collect();
            if population == ACTIVE {
                for (which, (parting, _)) in found[0].parts.iter().enumerate() {
                    let of_all = || found.iter().map(|instant| &instant.parts[which].1);
                    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
                    for (name, places) in of_all().flatten() {
                        let size = sizes.entry(name.clone()).or_default();
                        *size = places.len().max(*size);
                    }
                    let least = settings.min_people as usize;
                    let all = rounds.iter().map(|round| round.person.len()).max().unwrap_or(0);
                    let (names, left_out) = told(&sizes, all, least);
                    if left_out > 0 && number == 0 {
                        notes.push(format!(
                            "by {}: {left_out} people are in parts of fewer than {least} or beyond the largest ones, \
                             which are not told of",
                            parting.name()
                        ));
                    }
                    for name in names {
                        let own = of_all().zip(&rounds).map(|(parts, round)| {
                            round.part(parts.get(name).map_or(&[][..], |places| places))
                        });
                        let own = own.filter(|round| round.person.len() > 1).collect();
                        let of =
                            Comparison { truth, population, group_by: parting.name(), group: name };
                        rows.extend(compare(&of, predictors, own, settings));
                    }
                }
            }
            let of = Comparison { truth, population, group_by: super::EVERYONE, group: "" };
            rows.extend(compare(&of, predictors, rounds, settings));
        }
    }
    (rows, notes)
}

/// People.
impl Rows for Instant {
    fn rows(&self) -> u64 {
        self.round.person.len() as u64
    }
}

impl Instant {
    fn at(
        hindsight: &mut Backtest,
        hours: u32,
        jobs: &[Job],
        predictors: &[Predictor],
    ) -> Result<Self> {
        let standing = Standing::at(hindsight, hours, jobs, predictors)?;
        let people = hindsight.people();
        let persons = &people.persons;
        let method = &jobs[0].method;
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: method.forecast.horizon_hours,
            kinds: &outcome_kinds(method),
            trusted: &standing.trust.trusted,
        };
        let mut there = vec![false; persons.len()];
        let mut came = [vec![0.0; persons.len()], vec![0.0; persons.len()]];
        for (vertex, person) in persons.vertex_persons.iter().enumerate() {
            there[*person as usize] |= hindsight.existed_at(vertex, hours);
            for (sums, own) in came.iter_mut().zip(hindsight.observed(vertex, &window)) {
                sums[*person as usize] += own;
            }
        }
        let person: Vec<u32> =
            (0..persons.len() as u32).filter(|person| there[*person as usize]).collect();
        let came =
            came.map(|all| Column::of(person.iter().map(|person| all[*person as usize]).collect()));
        let populations = standing.populations().map(|(population, member)| {
            let places = 0..person.len() as u32;
            (population, places.filter(|at| member[person[*at as usize] as usize]).collect())
        });
        let is_active = |person: &&u32| standing.active[**person as usize];
        let active: Vec<u32> = person.iter().filter(is_active).copied().collect();
        let partings = jobs[0].validate.groups.iter();
        let parts =
            partings.map(|parting| (*parting, parts(*parting, people, &standing, hours, &active)));
        Ok(Self {
            parts: parts.collect(),
            fared: standing.fared(&person, &came[0].values),
            round: standing.round(person, Told::Pairs(vec![])),
            came,
            populations: populations.into(),
        })
    }
}
