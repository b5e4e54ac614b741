//! Predictions at the end of the snapshot against labels from outside: graded values, binary labels and labelled pairs, of
//! influence in general and of influence on topics.
//!
//! A person whom several judges graded has the mean of their grades by weight and counts once; a pair counts as often as it was
//! judged, by the weight of each judgement.

use std::collections::BTreeMap;

use super::comparison::{Comparison, compare};
use super::evaluation_set::{EvaluationSet, LabelledPairs, RankedValues, Target};
use super::groups::{group_people, select_groups};
use super::metric_row::{ALL, EVERYONE, MetricRow, TOPIC};
use super::notes;
use super::null_models::{RankTarget, compare_ranks};
use super::predictions::{Predictions, sum_by_person};
use super::predictor::{Predictor, PredictorKind, TOPIC_SCORE, list_predictors};
use super::validity::Evaluated;
use crate::error::{Error, Result};
use crate::fit::is_held_out;
use crate::job::Job;
use crate::model::{LabelSet, Labels, People, PersonIndex};
use crate::pipeline::backtest::{Backtest, History};
use crate::reduce::{InteractionRules, post_reactors};
use crate::score::forecast_values::ForecastValues;
use crate::topics::{TopicInputs, TopicResults, find_topics};
use renown_stats::correlation::spearman;
use renown_stats::ranking::Ranking;

/// Fewest labels that are compared with measures: fewer may be in the order of one by chance.
const MIN_COMPARED: usize = 10;

/// The metrics against each of the label sets, and what to note about them.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for labels that the score was computed from or fitted to, and as a run.
pub(super) fn evaluate_labels(
    history: History,
    jobs: &[Job],
    label_sets: &[LabelSet],
) -> Result<Evaluated> {
    let History { people, known, vocabulary, .. } = history;
    let mut backtest = Backtest::new(people, known);
    let predictors = list_predictors(jobs, backtest.people())?;
    let predictions = Predictions::at(&mut backtest, 0, jobs, &predictors, None)?;
    let people = backtest.people();
    let method = &jobs[0].method;
    let has_topics = label_sets.iter().any(|set| match &set.labels {
        Labels::Graded(rows) => rows.iter().any(|row| row.2.is_some()),
        Labels::Pairwise(rows) => rows.iter().any(|row| row.2.is_some()),
    });
    let topics = match has_topics {
        false => TopicResults::default(),
        true => {
            let rules = InteractionRules::of(method);
            let values = ForecastValues::new(&method.forecast, &predictions.measures[0])?;
            let posts = people.posts.as_ref();
            let reactors = posts.map(|posts| post_reactors(&people.interactions, posts, &rules, 0));
            find_topics(&TopicInputs {
                people,
                vocabulary: &vocabulary,
                post_reactors: reactors.as_ref(),
                trust: &predictions.trust,
                rules: &rules,
                method,
                values: Some(values.columns()),
            })?
        }
    };
    let evaluation =
        LabelEvaluation { people, jobs, predictors: &predictors, predictions: &predictions };
    let Evaluated { mut rows, mut notes } = Evaluated::default();
    for set in label_sets {
        let set = &LabelSet { name: set.name.clone(), labels: set.labels.clone().averaged() };
        evaluation.refuse_leakage(set)?;
        let labels = evaluation.held_out(set, &mut notes);
        for (topic, labels) in by_topic(&labels) {
            if topic.is_none() {
                rows.extend(evaluation.in_general(&set.name, &labels)?);
                if let Some(target) = rank_target(&set.name, &labels) {
                    rows.extend(compare_ranks(&backtest, &jobs[0], &[target])?);
                }
            }
        }
        let (on_topics, unknown) = evaluation.on_topics(&set.name, &labels, &topics);
        rows.extend(on_topics);
        if !unknown.is_empty() {
            notes.push(notes::unknown_topics(&set.name, &unknown));
        }
    }
    Ok(Evaluated { rows, notes })
}

/// Labels that ranks are to predict; none for pairs.
fn rank_target<'a>(name: &'a str, labels: &Labels) -> Option<RankTarget<'a>> {
    let Labels::Graded(rows) = labels else { return None };
    let (persons, values): (Vec<PersonIndex>, Vec<f64>) =
        rows.iter().map(|row| (row.0, row.1)).unzip();
    Some(RankTarget { target: name, population: ALL, persons, outcome: Ranking::new(&values) })
}

/// Labels by topic; `None` is influence in general.
fn by_topic(labels: &Labels) -> Vec<(Option<&str>, Labels)> {
    fn group<T: Clone>(
        rows: &[T],
        topic: impl Fn(&T) -> Option<&str>,
    ) -> BTreeMap<Option<&str>, Vec<T>> {
        let mut groups: BTreeMap<Option<&str>, Vec<T>> = BTreeMap::new();
        for row in rows {
            groups.entry(topic(row)).or_default().push(row.clone());
        }
        groups
    }
    match labels {
        Labels::Graded(rows) => {
            let groups = group(rows, |row| row.2.as_deref()).into_iter();
            groups.map(|(topic, rows)| (topic, Labels::Graded(rows))).collect()
        }
        Labels::Pairwise(rows) => {
            let groups = group(rows, |row| row.2.as_deref()).into_iter();
            groups.map(|(topic, rows)| (topic, Labels::Pairwise(rows))).collect()
        }
    }
}

struct LabelEvaluation<'a> {
    people: &'a People,
    jobs: &'a [Job],
    predictors: &'a [Predictor],
    predictions: &'a Predictions,
}

impl LabelEvaluation<'_> {
    /// Refuses labels in the order of a measure that a score is computed from, and labels that a method was fitted to with
    /// no one held out.
    fn refuse_leakage(&self, set: &LabelSet) -> Result<()> {
        let refuse = |what: String, remedy: &str| {
            let cause = format!("target `{}`: {what}: agreement would prove nothing", set.name);
            Err(Error::bad_input(cause, remedy).in_table("ground_truth"))
        };
        for job in self.jobs {
            let version = &job.method.version;
            let fitted = job.method.fit.as_ref();
            if fitted.is_some_and(|fit| fit.target == set.name && fit.held_out <= 0.0) {
                return refuse(
                    format!("method `{version}` was fitted to it, with no one held out"),
                    "fit with `held_out` in `[fit]`, and it is validated on the people held out; or leave it out of \
                     `validate.target`",
                );
            }
        }
        let Labels::Graded(rows) = &set.labels else { return Ok(()) };
        let (persons, values): (Vec<PersonIndex>, Vec<f64>) =
            rows.iter().filter(|row| row.2.is_none()).map(|row| (row.0, row.1)).unzip();
        let labels = Ranking::new(&values);
        if persons.len() < MIN_COMPARED || labels.distinct_values() < 3 {
            return Ok(());
        }
        let multiplicities = vec![1; persons.len()];
        for (job, measures) in self.jobs.iter().zip(&self.predictions.measures) {
            for term in job.profiles.iter().flat_map(|profile| &profile.forecast.terms) {
                let values = sum_by_person(self.people, measures, &term.measure)?;
                let of_labelled = persons.iter().map(|person| values[person.index()]);
                let measure = Ranking::new(&of_labelled.collect::<Vec<f64>>());
                let rho = spearman(&labels, &measure, &multiplicities);
                if rho.is_some_and(|rho| rho > 1.0 - 1e-9) {
                    return refuse(
                        format!(
                            "it orders people as `{}` does, which a score is computed from",
                            term.measure
                        ),
                        "leave the measure out of the method, or the target out of `validate.target`",
                    );
                }
            }
        }
        Ok(())
    }

    /// The labels of people that no method was fitted to.
    fn held_out(&self, set: &LabelSet, notes: &mut Vec<String>) -> Labels {
        let fits = self.jobs.iter().filter_map(|job| job.method.fit.as_ref());
        let shares = fits.filter(|fit| fit.target == set.name).map(|fit| fit.held_out);
        let Some(share) = shares.reduce(f64::min) else { return set.labels.clone() };
        notes.push(notes::only_held_out(&set.name));
        let ids = &self.people.persons.ids;
        let is_held_out = |person: &PersonIndex| is_held_out(ids.value(person.index()), share);
        match &set.labels {
            Labels::Graded(rows) => {
                Labels::Graded(rows.iter().filter(|row| is_held_out(&row.0)).cloned().collect())
            }
            Labels::Pairwise(rows) => {
                let both = rows.iter().filter(|row| is_held_out(&row.0) && is_held_out(&row.1));
                Labels::Pairwise(both.cloned().collect())
            }
        }
    }

    /// The metrics of labels of influence in general, in every population and group.
    fn in_general(&self, target: &str, labels: &Labels) -> Result<Vec<MetricRow>> {
        let settings = &self.jobs[0].validate;
        let set = self.evaluation_set(labels);
        let mut rows = Vec::new();
        let mut add = |population, group_by, group_value: &str, set: EvaluationSet| {
            if set.persons.len() > 1 {
                let of = Comparison { target, population, group_by, group_value };
                rows.extend(compare(&of, self.predictors, &mut [set], settings));
            }
        };
        for (population, is_member) in self.predictions.populations() {
            let indices = 0..set.persons.len() as u32;
            let members = indices.filter(|index| is_member[set.persons[*index as usize].index()]);
            add(population, EVERYONE, "", set.subset(&members.collect::<Vec<u32>>()));
        }
        for group_by in &settings.groups {
            let groups = group_people(*group_by, self.people, self.predictions, 0, &set.persons);
            let sizes = groups.iter().map(|(name, indices)| (name.clone(), indices.len()));
            let (sizes, min_people) = (sizes.collect(), settings.min_people as usize);
            for name in select_groups(&sizes, set.persons.len(), min_people).0 {
                add(ALL, group_by.name(), name, set.subset(&groups[name]));
            }
        }
        Ok(rows)
    }

    /// The people who are labelled.
    fn evaluation_set(&self, labels: &Labels) -> EvaluationSet {
        let mut persons: Vec<PersonIndex> = match labels {
            Labels::Graded(rows) => rows.iter().map(|row| row.0).collect(),
            Labels::Pairwise(rows) => rows.iter().flat_map(|row| [row.0, row.1]).collect(),
        };
        persons.sort_unstable();
        persons.dedup();
        let index = |person: PersonIndex| persons.partition_point(|other| *other < person) as u32;
        let target = match labels {
            Labels::Graded(rows) => {
                let values: Vec<f64> = rows.iter().map(|row| row.1).collect();
                let is_binary = values.iter().all(|value| *value == 0.0 || *value == 1.0);
                let values = RankedValues::new(values);
                if is_binary { Target::Binary(values) } else { Target::Graded(values) }
            }
            Labels::Pairwise(rows) => {
                let pairs = rows.iter().map(|row| ((index(row.0), index(row.1)), row.3.weight));
                let (pairs, weights) = pairs.unzip();
                Target::Pairs(LabelledPairs { pairs, weights })
            }
        };
        let mut set = self.predictions.evaluation_set(persons, target);
        if matches!(set.target, Target::Pairs(_)) {
            // Margins of pairs are differences of logarithms, which keep the order. Counts may be 0, and `measure_*` below it.
            for (column, predictor) in set.predictions.iter_mut().zip(self.predictors) {
                let scale = |value: f64| match predictor.kind {
                    PredictorKind::Score => libm::log(value.max(f64::MIN_POSITIVE)),
                    PredictorKind::Count | PredictorKind::Chance => libm::asinh(value),
                };
                column.values.iter_mut().for_each(|value| *value = scale(*value));
            }
        }
        set
    }

    /// The metrics of labels of influence on topics: of each topic with enough people, and the mean over these; and the
    /// topics that no post is about.
    fn on_topics(
        &self,
        target: &str,
        labels: &Labels,
        topics: &TopicResults,
    ) -> (Vec<MetricRow>, Vec<String>) {
        let settings = &self.jobs[0].validate;
        let mut predictors = self.predictors.to_vec();
        for (name, kind) in [
            (TOPIC_SCORE, PredictorKind::Score),
            ("topic_posts", PredictorKind::Count),
            ("topic_reactors", PredictorKind::Count),
        ] {
            let version = self.jobs[0].method.version.clone();
            predictors.push(Predictor { name: name.into(), method: 0, version, kind });
        }
        let of_topic =
            |topic| Comparison { target, population: ALL, group_by: TOPIC, group_value: topic };
        let (mut rows, mut sets, mut unknown) = (vec![], vec![], vec![]);
        for (topic, labels) in by_topic(labels) {
            let Some(topic) = topic else { continue };
            let Some(number) = topics.catalogue.number(topic) else {
                unknown.push(topic.to_owned());
                continue;
            };
            let mut set = self.evaluation_set(&labels);
            if set.persons.len() < settings.min_people as usize {
                continue;
            }
            set.forecasts.extend([None, None, None]);
            set.predictions.extend(topic_predictions(&set.persons, number, topics));
            rows.extend(compare(&of_topic(topic), &predictors, &mut [set.clone()], settings));
            sets.push(set);
        }
        if !sets.is_empty() {
            rows.extend(compare(&of_topic(""), &predictors, &mut sets, settings));
        }
        (rows, unknown)
    }
}

/// Of each person on a topic: people expected to react, posts on it that drew a reaction, and distinct reactors to them; 0
/// without enough evidence, or without posts.
fn topic_predictions(
    persons: &[PersonIndex],
    topic: u32,
    topics: &TopicResults,
) -> [RankedValues; 3] {
    let score = |person: &PersonIndex| {
        let found = topics.scores.binary_search_by_key(&(*person, topic), |s| (s.person, s.topic));
        found.ok().map(|at| &topics.scores[at])
    };
    let scores: Vec<_> = persons.iter().map(score).collect();
    let posts = |person: &PersonIndex| {
        let key = (*person, topic);
        let found = topics.interests.binary_search_by_key(&key, |i| (i.person, i.topic));
        found.map_or(0.0, |at| topics.interests[at].posts as f64)
    };
    let expected = scores.iter().map(|score| score.map_or(0.0, |s| s.expected_reactors));
    let reactors = scores.iter().map(|score| score.map_or(0.0, |s| s.reactors as f64));
    [
        RankedValues::new(expected.collect()),
        RankedValues::new(persons.iter().map(posts).collect()),
        RankedValues::new(reactors.collect()),
    ]
}
