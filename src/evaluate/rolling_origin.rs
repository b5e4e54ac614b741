//! Predictions at backtest dates against the people who were observed to react after them.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::comparison::{Comparison, compare};
use super::evaluation_set::{EvaluationSet, RankedValues, Target, retain};
use super::groups::{group_people, select_groups};
use super::metric_row::{ACTIVE, EVERYONE, FUTURE_TARGETS, MetricRow, ON_TOPICS, PERSON_TARGETS};
use super::notes;
use super::null_models::{RankTarget, compare_ranks};
use super::on_topics::{compare_pairs, evaluate_pairs, has_topic_forecast, list_topic_predictors};
use super::predictions::Predictions;
use super::predictor::{Predictor, PredictorKind};
use super::validity::Evaluated;
use crate::error::Result;
use crate::job::{GroupBy, Job, Validate};
use crate::model::PersonIndex;
use crate::phrases::Vocabulary;
use crate::pipeline::backtest::{Backtest, OutcomeWindow, outcome_kinds};
use crate::pipeline::progress::{Progress, Rows};
use crate::pipeline::sample::mix32;
use renown_stats::concordance::concordance;
use renown_stats::ranking::Ranking;

/// Most people at a backtest date who are compared by every count: time and memory grow with both.
pub(super) const MAX_WITH_ALL_COUNTS: usize = 100_000;
/// How many counts more people are compared by.
pub(super) const MAX_COUNTS: usize = 8;
/// Of how many people these counts are chosen.
const CHOSEN_BY: usize = 20_000;

/// All people whom a run of a backtest date scores.
struct ForecastOrigin {
    set: EvaluationSet,
    /// The (person, topic) pairs that such a run scores, if they are wanted and there are topics.
    pairs: Option<EvaluationSet>,
    /// How many people reacted to each person, for each of [`PERSON_TARGETS`].
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
    (predictors, vocabulary): (&[Predictor], &Vocabulary),
    backtests_hours: &[u32],
    progress: &mut Progress,
) -> Result<Evaluated> {
    let wants_topics = jobs[0].validate.target(ON_TOPICS).is_some();
    let vocabulary = (wants_topics && jobs.iter().all(has_topic_forecast)).then_some(vocabulary);
    let mut origins: Vec<ForecastOrigin> = Vec::with_capacity(backtests_hours.len());
    let (mut predictors, mut notes) = (predictors.to_vec(), vec![]);
    for hours in backtests_hours {
        let vertices = backtest.people().persons.vertices() as u64;
        let mut origin = progress.compute("backtest", vertices, || {
            ForecastOrigin::at(&mut backtest, *hours, jobs, &predictors, vocabulary)
        })?;
        if origins.is_empty() && origin.set.persons.len() > MAX_WITH_ALL_COUNTS {
            let counts = origin.keep_best_counts(&mut predictors);
            notes.push(notes::counts_left_out(MAX_COUNTS, counts, MAX_WITH_ALL_COUNTS));
        }
        origins.push(origin);
    }
    let null_rows = match (origins.first(), backtests_hours.first()) {
        (Some(origin), Some(hours)) if jobs[0].validate.null_models > 0 => {
            let vertices = backtest.people().persons.vertices() as u64;
            backtest.set_as_of(*hours, &jobs[0].method);
            progress.compute("null_models", vertices, || {
                let targets = origin.rank_targets(&jobs[0].validate);
                let rows = compare_ranks(&backtest, &jobs[0], &targets)?;
                Ok(Evaluated { rows, notes: vec![] })
            })?
        }
        _ => Evaluated::default(),
    };
    drop(backtest);
    let people = origins.iter().map(Rows::rows).sum();
    let mut evaluated = progress.compute("compare", people, || {
        let settings = &jobs[0].validate;
        let mut origins = origins;
        let pairs: Vec<EvaluationSet> =
            origins.iter_mut().filter_map(|origin| origin.pairs.take()).collect();
        let mut evaluated = compare_origins(&origins, &predictors, settings);
        if !pairs.is_empty() {
            evaluated.extend(evaluate_pairs(pairs, &list_topic_predictors(jobs), settings));
        }
        Ok(evaluated)
    })?;
    evaluated.rows.extend(null_rows.rows);
    let target = |row: &MetricRow| FUTURE_TARGETS.iter().position(|target| *target == row.target);
    evaluated.rows.sort_by_key(target);
    Ok(Evaluated { notes: [notes, evaluated.notes].concat(), ..evaluated })
}

/// Compares the predictors at all origins, in every population and group.
fn compare_origins(
    origins: &[ForecastOrigin],
    predictors: &[Predictor],
    settings: &Validate,
) -> Evaluated {
    let mut evaluated = Evaluated::default();
    for at in 0..origins.first().map_or(0, |first| first.populations.len()) {
        let population = origins[0].populations[at].0;
        let mut sets: Vec<EvaluationSet> =
            origins.iter().map(|origin| origin.set.subset(&origin.populations[at].1)).collect();
        for (number, target) in PERSON_TARGETS.into_iter().enumerate() {
            for (origin, set) in origins.iter().zip(&mut sets) {
                set.target =
                    Target::Observed(origin.observed[number].at(&origin.populations[at].1));
                // The first target alone is what is forecast.
                if number > 0 {
                    set.forecasts = predictors.iter().map(|_| None).collect();
                }
            }
            if settings.target(target).is_none() {
                continue;
            }
            if population == ACTIVE {
                let mut groups = compare_groups(origins, &sets, target, predictors, settings);
                // The groups of the other target are the same.
                groups.notes.retain(|_| number == 0);
                evaluated.extend(groups);
            }
            let of = Comparison { target, population, group_by: EVERYONE, group_value: "" };
            evaluated.rows.extend(compare(&of, predictors, &mut sets, settings));
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
            let mut of_group: Vec<EvaluationSet> =
                of_group.filter(|set| set.persons.len() > 1).collect();
            let group_by = group_by.name();
            let of = Comparison { target, population: ACTIVE, group_by, group_value: name };
            rows.extend(compare(&of, predictors, &mut of_group, settings));
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
        vocabulary: Option<&Vocabulary>,
    ) -> Result<Self> {
        let predictions = Predictions::at(backtest, hours, jobs, predictors, vocabulary)?;
        let people = backtest.people();
        let method = &jobs[0].method;
        let window = OutcomeWindow {
            as_of_hours: hours,
            horizon_hours: method.forecast.horizon_hours,
            kinds: &outcome_kinds(method),
            trust: &predictions.trust,
        };
        let all = people.persons.len();
        let (mut scored, mut observed) = (vec![false; all], [vec![0.0; all], vec![0.0; all]]);
        let is_scored = backtest.scored();
        let of_vertices = backtest.observed_of_all(&window);
        for ((vertex, person), counts) in people.persons.by_vertex().zip(of_vertices) {
            scored[person.index()] |= is_scored[vertex.index()];
            for (sums, count) in observed.iter_mut().zip(counts) {
                sums[person.index()] += count;
            }
        }
        let everyone = (0..all).map(PersonIndex::new);
        let persons: Vec<PersonIndex> = everyone.filter(|person| scored[person.index()]).collect();
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
            pairs: compare_pairs(backtest, &window, &predictions.on_topics),
            groups: jobs[0].validate.groups.iter().map(group).collect(),
            set: EvaluationSet {
                // The first target is what is forecast.
                forecasts: predictions.evaluate_forecasts(&persons, &observed[0].values),
                ..predictions.evaluation_set(persons, Target::Pairs(Default::default()))
            },
            observed,
            populations: populations.into(),
        })
    }

    /// What ranks are to predict: how many react to active people, for each wanted target.
    fn rank_targets(&self, settings: &Validate) -> Vec<RankTarget<'static>> {
        let active = self.populations.iter().find(|(population, _)| *population == ACTIVE);
        let Some((population, indices)) = active else { return vec![] };
        let of_target = |(target, observed): (&'static str, &RankedValues)| {
            let outcome: Vec<f64> =
                indices.iter().map(|index| observed.values[*index as usize]).collect();
            RankTarget {
                target,
                population,
                persons: indices.iter().map(|index| self.set.persons[*index as usize]).collect(),
                outcome: Ranking::new(&outcome),
            }
        };
        let targets = PERSON_TARGETS.into_iter().zip(&self.observed);
        targets.filter(|(name, _)| settings.target(name).is_some()).map(of_target).collect()
    }

    /// Leaves out all but the best counts: those nearest to the highest concordance of any count, with any target in any
    /// population, in a sample of people. With how many counts there were.
    fn keep_best_counts(&mut self, predictors: &mut Vec<Predictor>) -> usize {
        let is_count = |at: &usize| predictors[*at].kind == PredictorKind::Count;
        let counts: Vec<usize> = (0..predictors.len()).filter(is_count).collect();
        let mut nearest = vec![f64::INFINITY; counts.len()];
        for (_, indices) in &self.populations {
            let one_in = u32::try_from(indices.len().div_ceil(CHOSEN_BY)).unwrap_or(u32::MAX);
            let is_chosen = |index: &&u32| {
                mix32(self.set.persons[**index as usize].into()).is_multiple_of(one_in.max(1))
            };
            let chosen: Vec<u32> = indices.iter().filter(is_chosen).copied().collect();
            let ranked = |values: &[f64]| {
                Ranking::new(
                    &chosen.iter().map(|index| values[*index as usize]).collect::<Vec<f64>>(),
                )
            };
            for observed in &self.observed {
                let (target, times) = (ranked(&observed.values), vec![1; chosen.len()]);
                let of_count = |at: &usize| {
                    let values = &self.set.predictions[*at].values;
                    concordance(&ranked(values), &target, &times).unwrap_or(0.5)
                };
                let found: Vec<f64> = counts.par_iter().map(of_count).collect();
                let highest = found.iter().copied().fold(0.0, f64::max);
                for (nearest, found) in nearest.iter_mut().zip(found) {
                    *nearest = nearest.min(highest - found);
                }
            }
        }
        let mut order: Vec<usize> = (0..counts.len()).collect();
        order.sort_by(|one, other| nearest[*one].total_cmp(&nearest[*other]));
        let mut kept: Vec<bool> = (0..predictors.len()).map(|at| !is_count(&at)).collect();
        order.iter().take(MAX_COUNTS).for_each(|at| kept[counts[*at]] = true);
        self.set.keep_predictors(&kept);
        retain(predictors, &kept);
        counts.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts with ever more noise: those with the least are left, with scores and chance.
    #[test]
    fn of_many_people_the_best_counts_are_kept() {
        let (people, counts) = (2_000, 15_u32);
        let mut rng = fastrand::Rng::with_seed(9);
        let observed: Vec<f64> = (0..people).map(|_| f64::from(rng.u32(0..5))).collect();
        let mut noisy = |noise: f64| {
            RankedValues::new(observed.iter().map(|value| value + noise * rng.f64()).collect())
        };
        let predictor =
            |name: String, kind| Predictor { name, method: 0, version: "v".into(), kind };
        let mut predictors = vec![predictor("standard".into(), PredictorKind::Score)];
        let mut predictions = vec![noisy(100.0)];
        // The noisiest first.
        for at in (1..=counts).rev() {
            predictors.push(predictor(format!("count_{at:02}"), PredictorKind::Count));
            predictions.push(noisy(0.3 * libm::pow(1.4, f64::from(at))));
        }
        predictors.push(predictor("random".into(), PredictorKind::Chance));
        predictions.push(noisy(1e9));
        let observed = RankedValues::new(observed.clone());
        let mut origin = ForecastOrigin {
            set: EvaluationSet {
                persons: (0..people).map(PersonIndex::new).collect(),
                forecasts: predictors.iter().map(|_| None).collect(),
                predictions,
                target: Target::Pairs(Default::default()),
            },
            pairs: None,
            observed: [observed.clone(), observed],
            populations: vec![(ACTIVE, (0..people as u32).collect())],
            groups: vec![],
        };
        assert_eq!(origin.keep_best_counts(&mut predictors), counts as usize);
        let kept: Vec<&str> = predictors.iter().map(|predictor| &*predictor.name).collect();
        assert_eq!(kept.len(), 2 + MAX_COUNTS);
        assert_eq!((kept[0], kept[1 + MAX_COUNTS]), ("standard", "random"));
        assert_eq!((kept[1], kept[MAX_COUNTS]), ("count_08", "count_01"));
        assert_eq!(origin.set.predictions.len(), kept.len());
        assert_eq!(origin.set.forecasts.len(), kept.len());
    }
}
