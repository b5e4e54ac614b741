//! Predictions at backtest dates against the people who were observed to react after them.

use std::collections::BTreeMap;

use super::comparison::{Comparison, compare};
use super::evaluation_set::{EvaluationSet, ForecastEvaluation, RankedValues, Target};
use super::groups::{group_people, select_groups};
use super::notes;
use super::predictions::Predictions;
use super::predictor::Predictor;
use super::validity::{ACTIVE, EVERYONE, Evaluated, FUTURE_TARGETS};
use crate::error::Result;
use crate::job::{GroupBy, Job, Validate};
use crate::model::PersonIndex;
use crate::pipeline::backtest::{Backtest, OutcomeWindow, outcome_kinds};
use crate::pipeline::progress::{Progress, Rows};

/// All people who existed at a backtest date.
struct ForecastOrigin {
    set: EvaluationSet,
    forecasts: Vec<Option<ForecastEvaluation>>,
    /// How many people reacted to each person, for each of [`FUTURE_TARGETS`].
    observed: [RankedValues; 2],
    /// Indices into the set of the people of each population.
    populations: Vec<(&'static str, Vec<u32>)>,
    /// Indices into the active population of the people of each group.
    groups: Vec<(GroupBy, BTreeMap<String, Vec<u32>>)>,
}

/// People.
impl Rows for ForecastOrigin {
    fn rows(&self) -> u64 {
        self.set.persons.len() as u64
    }
}

/// The metrics at backtest dates, in whole hours before the end of the data.
///
/// # Errors
/// As [`Predictions::at`].
pub(super) fn evaluate_backtests(
    mut backtest: Backtest,
    jobs: &[Job],
    predictors: &[Predictor],
    backtests_hours: &[u32],
    progress: &mut Progress,
) -> Result<Evaluated> {
    let mut origins = Vec::with_capacity(backtests_hours.len());
    for hours in backtests_hours {
        let vertices = backtest.people().persons.vertices() as u64;
        origins.push(progress.compute("backtest", vertices, || {
            ForecastOrigin::at(&mut backtest, *hours, jobs, predictors)
        })?);
    }
    drop(backtest);
    let people = origins.iter().map(Rows::rows).sum();
    progress
        .compute("compare", people, || Ok(compare_origins(origins, predictors, &jobs[0].validate)))
}

/// Compares the predictors at all origins, in every population and group.
fn compare_origins(
    mut origins: Vec<ForecastOrigin>,
    predictors: &[Predictor],
    settings: &Validate,
) -> Evaluated {
    let mut evaluated = Evaluated::default();
    for (number, target) in FUTURE_TARGETS.into_iter().enumerate() {
        for origin in &mut origins {
            origin.set.target = Target::Observed(origin.observed[number].clone());
            // The first target is what is forecast.
            origin.set.forecasts = match number {
                0 => std::mem::take(&mut origin.forecasts),
                _ => predictors.iter().map(|_| None).collect(),
            };
        }
        if settings.target(target).is_none() {
            continue;
        }
        for at in 0..origins.first().map_or(0, |first| first.populations.len()) {
            let population = origins[0].populations[at].0;
            let subset = |origin: &ForecastOrigin| origin.set.subset(&origin.populations[at].1);
            let sets: Vec<EvaluationSet> = origins.iter().map(subset).collect();
            if population == ACTIVE {
                let mut groups = compare_groups(&origins, &sets, target, predictors, settings);
                // The groups of the other target are the same.
                groups.notes.retain(|_| number == 0);
                evaluated.extend(groups);
            }
            let of = Comparison { target, population, group_by: EVERYONE, group_value: "" };
            evaluated.rows.extend(compare(&of, predictors, sets, settings));
        }
    }
    evaluated
}

/// The metrics of each group of the active population, whose people at each origin are in `sets`.
fn compare_groups(
    origins: &[ForecastOrigin],
    sets: &[EvaluationSet],
    target: &str,
    predictors: &[Predictor],
    settings: &Validate,
) -> Evaluated {
    let Evaluated { mut rows, mut notes } = Evaluated::default();
    let largest = sets.iter().map(|set| set.persons.len()).max().unwrap_or(0);
    for (which, (group_by, _)) in origins[0].groups.iter().enumerate() {
        let groups = || origins.iter().map(|origin| &origin.groups[which].1);
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for (name, indices) in groups().flatten() {
            let size = sizes.entry(name.clone()).or_default();
            *size = indices.len().max(*size);
        }
        let min_people = settings.min_people as usize;
        let (names, left_out) = select_groups(&sizes, largest, min_people);
        if left_out > 0 {
            notes.push(notes::groups_left_out(*group_by, left_out, min_people));
        }
        for name in names {
            let of_group = groups().zip(sets).map(|(groups, set)| {
                set.subset(groups.get(name).map_or(&[][..], |indices| indices))
            });
            let of_group = of_group.filter(|set| set.persons.len() > 1).collect();
            let group_by = group_by.name();
            let of = Comparison { target, population: ACTIVE, group_by, group_value: name };
            rows.extend(compare(&of, predictors, of_group, settings));
        }
    }
    Evaluated { rows, notes }
}

impl ForecastOrigin {
    fn at(
        backtest: &mut Backtest,
        hours: u32,
        jobs: &[Job],
        predictors: &[Predictor],
    ) -> Result<Self> {
        let predictions = Predictions::at(backtest, hours, jobs, predictors)?;
        let people = backtest.people();
        let method = &jobs[0].method;
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: method.forecast.horizon_hours,
            kinds: &outcome_kinds(method),
            trust: &predictions.trust,
        };
        let all = people.persons.len();
        let (mut existed, mut observed) = (vec![false; all], [vec![0.0; all], vec![0.0; all]]);
        for (vertex, person) in people.persons.by_vertex() {
            existed[person.index()] |= backtest.existed_at(vertex, hours);
            for (sums, count) in observed.iter_mut().zip(backtest.observed(vertex, &window)) {
                sums[person.index()] += count;
            }
        }
        let everyone = (0..all).map(PersonIndex::new);
        let persons: Vec<PersonIndex> = everyone.filter(|person| existed[person.index()]).collect();
        let observed = observed.map(|by_person| {
            let of_persons = persons.iter().map(|person| by_person[person.index()]);
            RankedValues::new(of_persons.collect())
        });
        let populations = predictions.populations().map(|(population, is_member)| {
            let indices = 0..persons.len() as u32;
            let members = indices.filter(|index| is_member[persons[*index as usize].index()]);
            (population, members.collect())
        });
        let is_active = |person: &&PersonIndex| predictions.active[person.index()];
        let active: Vec<PersonIndex> = persons.iter().filter(is_active).copied().collect();
        let group = |group_by: &GroupBy| {
            (*group_by, group_people(*group_by, people, &predictions, hours, &active))
        };
        Ok(Self {
            groups: jobs[0].validate.groups.iter().map(group).collect(),
            forecasts: predictions.evaluate_forecasts(&persons, &observed[0].values),
            set: predictions.evaluation_set(persons, Target::Pairs(vec![])),
            observed,
            populations: populations.into(),
        })
    }
}
