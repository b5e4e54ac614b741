//! The values of every predictor at one backtest date.

use std::collections::BTreeSet;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;

use super::evaluation_set::{EvaluationSet, ForecastEvaluation, RankedValues, Target};
use super::metric_row::{ACTIVE, ALL, ESTABLISHED as ESTABLISHED_PEOPLE};
use super::predictor::{Predictor, PredictorKind};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::model::{People, PersonIndex, Trust};
use crate::phrases::Vocabulary;
use crate::pipeline::Measured;
use crate::pipeline::backtest::Backtest;
use crate::pipeline::sample::mix32;
use crate::reduce::history::HistoryInputs;
use crate::reduce::post_reactors;
use crate::score::forecast_values::ForecastValues;
use crate::score::measures::{MeasureColumns, Wanted};
use crate::score::scores::{COVERED, Distributions, ESTABLISHED};
use crate::topics::{TopicForecasts, TopicInputs, forecast_topics};
use renown_stats::predictive_distribution::{cdf, log_score, randomised_pit};

/// Share of observations below the interval of a score, and above it.
const LOWER: f64 = 0.5 * (1.0 - COVERED);
/// Measures that tell who is in which population.
const ALWAYS: [&str; 2] = ["reactors_90d", "reactors_window"];

/// The values of all predictors as runs of the jobs at a backtest date would have computed them. Lengths: persons.
pub(super) struct Predictions {
    /// Values of each predictor.
    pub values: Vec<Vec<f64>>,
    /// α of the forecast of each predictor that is one.
    overdispersion: Vec<Option<Vec<f64>>>,
    /// Trust under the first job's method.
    pub trust: Trust,
    /// Those measures of each job that are predictors or terms of its forecast.
    pub measures: Vec<MeasureColumns>,
    /// Whether anyone reacted within the attention window.
    pub active: Vec<bool>,
    /// Distinct reactors within 90 days.
    pub reactors: Vec<f64>,
    /// Topic scores under each job, if they are wanted; none where a job gives nobody one.
    pub on_topics: Vec<Option<TopicForecasts>>,
}

impl Predictions {
    /// Predictions `hours` before the end of the data, on topics too if their `vocabulary` is given.
    ///
    /// # Errors
    /// As [`Backtest::measure`].
    pub fn at(
        backtest: &mut Backtest,
        hours: u32,
        jobs: &[Job],
        predictors: &[Predictor],
        vocabulary: Option<&Vocabulary>,
    ) -> Result<Self> {
        let mut names: BTreeSet<String> = ALWAYS.map(str::to_owned).into();
        let profiles = jobs.iter().flat_map(|job| &job.profiles);
        let forecasts = profiles.map(|profile| &profile.forecast);
        let forecasts = forecasts.chain(jobs.iter().map(|job| &job.method.forecast));
        let terms = forecasts.flat_map(|forecast| &forecast.terms);
        names.extend(terms.map(|term| term.measure.clone()));
        let counts = predictors.iter().filter(|own| own.kind == PredictorKind::Count);
        names.extend(counts.map(|count| count.name.clone()));
        let (mut values, mut overdispersion) = (vec![], vec![]);
        let (mut first_trust, mut measures_of_jobs, mut on_topics) = (None, vec![], vec![]);
        for job in jobs {
            backtest.set_as_of(hours, &job.method);
            let Measured { trust, measures, rules, .. } =
                backtest.measure(job, Wanted::only(&names))?;
            let people = backtest.people();
            let on_all = ForecastValues::new(&job.method.forecast, &measures)?;
            on_topics.extend(vocabulary.map(|vocabulary| {
                let posts = people.posts.as_ref();
                let reactors =
                    posts.map(|posts| post_reactors(&people.interactions, posts, &rules, 0));
                let inputs = TopicInputs {
                    people,
                    vocabulary,
                    post_reactors: reactors.as_ref(),
                    trust: &trust,
                    rules: &rules,
                    method: &job.method,
                    values: Some(on_all.columns()),
                };
                forecast_topics(&inputs, HistoryInputs::of(people, &rules, &trust).last_acts())
            }));
            for profile in &job.profiles {
                let found = Distributions::of(&people.persons, &measures, profile)?;
                let is_forecast = !profile.fitted_to_labels && !profile.structural;
                values.push(found.expected_reactors);
                overdispersion.push(is_forecast.then_some(found.overdispersion));
            }
            first_trust.get_or_insert(trust);
            measures_of_jobs.push(measures);
        }
        let trust = first_trust.ok_or_else(|| Error::internal("no job is validated"))?;
        let (people, measures) = (backtest.people(), &measures_of_jobs[0]);
        let baselines = predictors.par_iter().filter(|own| own.kind != PredictorKind::Score);
        let baselines: Vec<Vec<f64>> = baselines
            .map(|predictor| match predictor.kind {
                PredictorKind::Chance => Ok(random_values(people.persons.len())),
                _ => sum_by_person(people, measures, &predictor.name),
            })
            .collect::<Result<_>>()?;
        overdispersion.extend(baselines.iter().map(|_| None));
        values.extend(baselines);
        let in_window = sum_by_person(people, measures, "reactors_window")?;
        Ok(Self {
            values,
            overdispersion,
            trust,
            active: in_window.iter().map(|reactors| *reactors > 0.0).collect(),
            reactors: sum_by_person(people, measures, "reactors_90d")?,
            measures: measures_of_jobs,
            on_topics,
        })
    }

    /// Whether each person belongs to each population.
    pub fn populations(&self) -> [(&'static str, Vec<bool>); 3] {
        let established = self.reactors.iter().map(|reactors| *reactors >= ESTABLISHED).collect();
        [
            (ALL, vec![true; self.reactors.len()]),
            (ACTIVE, self.active.clone()),
            (ESTABLISHED_PEOPLE, established),
        ]
    }

    /// These people with their predictions and a target, no forecast evaluated.
    pub fn evaluation_set(&self, persons: Vec<PersonIndex>, target: Target) -> EvaluationSet {
        let of_persons = |values: &Vec<f64>| {
            RankedValues::new(persons.iter().map(|person| values[person.index()]).collect())
        };
        let predictions: Vec<RankedValues> = self.values.par_iter().map(of_persons).collect();
        let forecasts = predictions.iter().map(|_| None).collect();
        EvaluationSet { forecasts, predictions, persons, target }
    }

    /// How the forecasts of `persons` compare with how many were `observed` to react to each of them.
    pub fn evaluate_forecasts(
        &self,
        persons: &[PersonIndex],
        observed: &[f64],
    ) -> Vec<Option<ForecastEvaluation>> {
        let of_persons = |by_person: &Vec<f64>| -> Vec<f64> {
            persons.iter().map(|person| by_person[person.index()]).collect()
        };
        let evaluate = |(expected, overdispersion): (&Vec<f64>, &Option<Vec<f64>>)| {
            let overdispersion = of_persons(overdispersion.as_ref()?);
            let draw = |index: usize| mix32(u32::from(persons[index]));
            Some(ForecastEvaluation::of(&of_persons(expected), overdispersion, observed, draw))
        };
        self.values.iter().zip(&self.overdispersion).map(evaluate).collect()
    }
}

impl ForecastEvaluation {
    /// Forecasts against what was `observed`. `draw` is a fixed number for each of them, as good as random. Lengths: forecasts.
    pub fn of(
        expected: &[f64],
        overdispersion: Vec<f64>,
        observed: &[f64],
        draw: impl Fn(usize) -> u32 + Sync,
    ) -> Self {
        let evaluate = |index: usize| {
            let (expected, alpha, observed) =
                (expected[index], overdispersion[index], observed[index]);
            let uniform = f64::from(draw(index)) / (f64::from(u32::MAX) + 1.0);
            let pit = randomised_pit(expected, alpha, observed, uniform);
            // The interval of a score is widened to hold the forecast.
            let is_within = cdf(expected, alpha, observed) >= LOWER
                && (observed <= expected || cdf(expected, alpha, observed - 1.0) < 1.0 - LOWER);
            let any = 1.0 - cdf(expected, alpha, 0.0);
            let error = any - f64::from(u8::from(observed > 0.0));
            let scores = (libm::log(expected), log_score(expected, alpha, observed));
            (scores, (pit, (f64::from(u8::from(is_within)), error * error)))
        };
        let ((log_expected, log_score), (pit, (within, brier))) =
            (0..expected.len()).into_par_iter().map(evaluate).unzip();
        let decile = vec![0; expected.len()];
        Self { log_expected, overdispersion, log_score, pit, within, brier, decile }
    }
}

/// A random number for each person, the same in every validation.
fn random_values(persons: usize) -> Vec<f64> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    (0..persons).map(|_| (random.next_u64() >> 11) as f64).collect()
}

/// A measure of each person, summed over their networks; where it is undefined it counts as 0.
pub(super) fn sum_by_person(
    people: &People,
    measures: &MeasureColumns,
    name: &str,
) -> Result<Vec<f64>> {
    let column = measures.values(name)?;
    let by_vertex: Vec<f64> = column.iter().map(|value| value.unwrap_or(0.0)).collect();
    Ok(people.persons.sum_by_person(&by_vertex))
}
