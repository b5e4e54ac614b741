//! Scores of the snapshot against outside judgements: graded values, labels and pairs, of influence as a whole and of
//! influence on topics.

use std::collections::BTreeMap;

use super::compare::{Comparison, Kind, Predictor, compare};
use super::parts::{parts, told};
use super::round::{Column, Round, Told};
use super::standing::{Standing, of_persons, predictors};
use super::{ALL, EVERYONE, Row, TOPIC};
use crate::error::{Error, Result};
use crate::fit::is_held_out;
use crate::job::Job;
use crate::model::{LabelSet, Labels, People};
use crate::pipeline::backtest::{Backtest, History};
use crate::reduce::{InteractionRules, post_reactors};
use crate::topics::{TopicInputs, TopicResults, find_topics};
use renown_stats::correlation::spearman;
use renown_stats::ranking::Ranking;

/// Fewest people by whom it can be told that a truth is a measure.
const LEAST_ALIKE: usize = 10;

/// Most topics that are named where they are left out.
const NAMED: usize = 5;

/// The judgements of a truth on one topic, or on influence as a whole.
type OnTopic<'a> = (Option<&'a str>, Labels);

/// What is found of the truths, and what to know of it.
///
/// # Errors
/// [`crate::error::Kind::BadInput`] for a truth that the score was computed from or fitted to, and as a run.
pub(super) fn judged(
    read: History,
    jobs: &[Job],
    truths: &[LabelSet],
) -> Result<(Vec<Row>, Vec<String>)> {
    let vocabulary = read.vocabulary;
    let mut hindsight = Backtest::new(read.people);
    let predictors = predictors(jobs, hindsight.people());
    let standing = Standing::at(&mut hindsight, 0, jobs, &predictors)?;
    let people = hindsight.people();
    let job = &jobs[0];
    let on_topics = truths.iter().any(|truth| match &truth.labels {
        Labels::Graded(rows) => rows.iter().any(|row| row.2.is_some()),
        Labels::Pairwise(rows) => rows.iter().any(|row| row.2.is_some()),
    });
    let found = match on_topics {
        false => TopicResults::default(),
        true => {
            let rules = InteractionRules::of(&job.method);
            let of_posts = people
                .posts
                .as_ref()
                .map(|posts| post_reactors(&people.interactions, posts, &rules, 0));
            find_topics(&TopicInputs {
                people,
                vocabulary: &vocabulary,
                post_reactors: of_posts.as_ref(),
                trust: &standing.trust,
                rules: &rules,
                method: &job.method,
            })?
        }
    };

    let judging = Judging { people, jobs, predictors: &predictors, standing: &standing };
    let (mut rows, mut notes) = (vec![], vec![]);
    for truth in truths {
        judging.refuse_seen(truth)?;
        let form = judging.held_out(truth, &mut notes);
        for (topic, form) in by_topic(&form) {
            if topic.is_none() {
                rows.extend(judging.as_a_whole(&truth.name, &form)?);
            }
        }
        let (on_topics, unknown) = judging.on_topics(&truth.name, &form, &found);
        rows.extend(on_topics);
        if !unknown.is_empty() {
            let more = match unknown.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            notes.push(format!(
                "truth `{}`: no post is about {} of its topics, which are left out: {}{more}",
                truth.name,
                unknown.len(),
                unknown[..unknown.len().min(NAMED)].join(", ")
            ));
        }
    }
    Ok((rows, notes))
}

/// The judgements of a truth by topic.
fn by_topic(form: &Labels) -> Vec<OnTopic<'_>> {
    fn parted<T: Clone>(rows: &[T], topic: impl Fn(&T) -> Option<&str>) -> Parted<'_, T> {
        let mut parts: Parted<'_, T> = BTreeMap::new();
        for row in rows {
            parts.entry(topic(row)).or_default().push(row.clone());
        }
        parts
    }
    match form {
        Labels::Graded(rows) => {
            let parts = parted(rows, |row| row.2.as_deref()).into_iter();
            parts.map(|(topic, rows)| (topic, Labels::Graded(rows))).collect()
        }
        Labels::Pairwise(rows) => {
            let parts = parted(rows, |row| row.2.as_deref()).into_iter();
            parts.map(|(topic, rows)| (topic, Labels::Pairwise(rows))).collect()
        }
    }
}

/// Rows by topic.
type Parted<'a, T> = BTreeMap<Option<&'a str>, Vec<T>>;

struct Judging<'a> {
    people: &'a People,
    jobs: &'a [Job],
    predictors: &'a [Predictor],
    standing: &'a Standing,
}

impl Judging<'_> {
    /// Refuses a truth whose values are in the order of a measure that a score is computed from, and one that a method
    /// was fitted to with nobody held out.
    fn refuse_seen(&self, truth: &LabelSet) -> Result<()> {
        let refuse = |what: String, remedy: &str| {
            let cause = format!("truth `{}`: {what}: agreement would be no proof", truth.name);
            Err(Error::bad_input(cause, remedy).in_table("ground_truth"))
        };
        for job in self.jobs {
            let version = &job.method.version;
            if job.method.fit.as_ref().is_some_and(|r| r.target == truth.name && r.held_out <= 0.0)
            {
                return refuse(
                    format!("method `{version}` was fitted to it, to everybody"),
                    "fit with `held_out` in `[fit]`, and it is validated on the people held out; or leave it out of \
                     `validate.target`",
                );
            }
        }
        let Labels::Graded(rows) = &truth.labels else { return Ok(()) };
        let whole: Vec<(u32, f64)> =
            rows.iter().filter(|row| row.2.is_none()).map(|row| (row.0, row.1)).collect();
        let own = Ranking::new(&whole.iter().map(|row| row.1).collect::<Vec<f64>>());
        let times = vec![1; whole.len()];
        if whole.len() < LEAST_ALIKE || own.distinct_values() < 3 {
            return Ok(());
        }
        for (job, measures) in self.jobs.iter().zip(&self.standing.measures) {
            for term in job.profiles.iter().flat_map(|profile| &profile.forecast.terms) {
                let values = of_persons(self.people, measures, &term.measure)?;
                let values = whole.iter().map(|(person, _)| values[*person as usize]);
                let values = Ranking::new(&values.collect::<Vec<f64>>());
                if spearman(&own, &values, &times).is_some_and(|rho| rho > 1.0 - 1e-9) {
                    return refuse(
                        format!(
                            "it orders people as `{}` does, which a score is computed from",
                            term.measure
                        ),
                        "leave the measure out of the method, or the truth out of `validate.target`",
                    );
                }
            }
        }
        Ok(())
    }

    /// The judgements of people that the methods have not seen.
    fn held_out(&self, truth: &LabelSet, notes: &mut Vec<String>) -> Labels {
        let fitted = self.jobs.iter().filter_map(|job| job.method.fit.as_ref());
        let shares = fitted.filter(|record| record.target == truth.name).map(|r| r.held_out);
        let Some(share) = shares.reduce(f64::min) else { return truth.labels.clone() };
        notes.push(format!(
            "truth `{}`: a method was fitted to it; only people held out of the fit are compared, and only pairs of such",
            truth.name
        ));
        let unseen =
            |person: &u32| is_held_out(self.people.persons.ids.value(*person as usize), share);
        match &truth.labels {
            Labels::Graded(rows) => {
                Labels::Graded(rows.iter().filter(|row| unseen(&row.0)).cloned().collect())
            }
            Labels::Pairwise(rows) => {
                let both = |row: &&(u32, u32, Option<String>)| unseen(&row.0) && unseen(&row.1);
                Labels::Pairwise(rows.iter().filter(both).cloned().collect())
            }
        }
    }

    /// A truth about influence as a whole, in every population and part.
    fn as_a_whole(&self, truth: &str, form: &Labels) -> Result<Vec<Row>> {
        let settings = &self.jobs[0].validate;
        let round = self.round(form);
        let mut rows = Vec::new();
        let mut add = |population, group_by, group: &str, round: Round| {
            if round.person.len() > 1 {
                let of = Comparison { truth, population, group_by, group };
                rows.extend(compare(&of, self.predictors, vec![round], settings));
            }
        };
        for (population, member) in self.standing.populations() {
            let places = 0..round.person.len() as u32;
            let places = places.filter(|at| member[round.person[*at as usize] as usize]);
            add(population, EVERYONE, "", round.part(&places.collect::<Vec<u32>>()));
        }
        for parting in &settings.groups {
            let parts = parts(*parting, self.people, self.standing, 0, &round.person);
            let sizes = parts.iter().map(|(name, places)| (name.clone(), places.len())).collect();
            for name in told(&sizes, round.person.len(), settings.min_people as usize).0 {
                add(ALL, parting.name(), name, round.part(&parts[name]));
            }
        }
        Ok(rows)
    }

    /// The people of judgements.
    fn round(&self, form: &Labels) -> Round {
        let mut person: Vec<u32> = match form {
            Labels::Graded(rows) => rows.iter().map(|row| row.0).collect(),
            Labels::Pairwise(rows) => rows.iter().flat_map(|row| [row.0, row.1]).collect(),
        };
        person.sort_unstable();
        person.dedup();
        let place = |number: u32| person.partition_point(|own| *own < number) as u32;
        let told = match form {
            Labels::Graded(rows) => {
                let values: Vec<f64> = rows.iter().map(|row| row.1).collect();
                let labels = values.iter().all(|value| *value == 0.0 || *value == 1.0);
                if labels {
                    Told::Labels(Column::of(values))
                } else {
                    Told::Graded(Column::of(values))
                }
            }
            Labels::Pairwise(rows) => {
                Told::Pairs(rows.iter().map(|row| (place(row.0), place(row.1))).collect())
            }
        };
        let mut round = self.standing.round(person, told);
        if matches!(round.told, Told::Pairs(_)) {
            // Margins are of logarithms: an order is left as it is. Counts may be 0, and columns of one's own below it.
            for (column, predictor) in round.predicted.iter_mut().zip(self.predictors) {
                let scale = |value: f64| match predictor.kind {
                    Kind::Score => libm::log(value.max(f64::MIN_POSITIVE)),
                    _ => libm::asinh(value),
                };
                column.values.iter_mut().for_each(|value| *value = scale(*value));
            }
        }
        round
    }

    /// A truth about influence on topics: each topic with enough people, and the mean over these; and the topics that no
    /// post is about.
    fn on_topics(
        &self,
        truth: &str,
        form: &Labels,
        found: &TopicResults,
    ) -> (Vec<Row>, Vec<String>) {
        let settings = &self.jobs[0].validate;
        let mut predictors = self.predictors.to_vec();
        for (name, kind) in [
            ("topic_score", Kind::Score),
            ("topic_posts", Kind::Count),
            ("topic_reactors", Kind::Count),
        ] {
            let version = self.jobs[0].method.version.clone();
            predictors.push(Predictor { name: name.into(), method: 0, version, kind });
        }
        let of = |group| Comparison { truth, population: ALL, group_by: TOPIC, group };
        let (mut rows, mut rounds, mut unknown) = (vec![], vec![], vec![]);
        for (topic, form) in by_topic(form) {
            let Some(topic) = topic else { continue };
            let Some(number) = found.catalogue.number(topic) else {
                unknown.push(topic.to_owned());
                continue;
            };
            let mut round = self.round(&form);
            if round.person.len() < settings.min_people as usize {
                continue;
            }
            round.fared.extend([None, None, None]);
            round.predicted.extend(on_topic(&round.person, number, found));
            rows.extend(compare(&of(topic), &predictors, vec![round.clone()], settings));
            rounds.push(round);
        }
        if !rounds.is_empty() {
            rows.extend(compare(&of(""), &predictors, rounds, settings));
        }
        (rows, unknown)
    }
}

/// What is known of people on a topic: how many are expected to react, posts about it that drew a reaction, and who
/// reacted to them; 0 where there is not enough evidence, or nobody writes about it.
fn on_topic(persons: &[u32], topic: u32, found: &TopicResults) -> [Column; 3] {
    let of_person = |person: &u32| {
        let at = found.scores.binary_search_by_key(&(*person, topic), |s| (s.person, s.topic));
        at.ok().map(|at| &found.scores[at])
    };
    let own: Vec<_> = persons.iter().map(of_person).collect();
    let posts = |person: &u32| {
        let key = (*person, topic);
        let at = found.interests.binary_search_by_key(&key, |own| (own.person, own.topic));
        at.ok().map(|at| found.interests[at].posts as f64)
    };
    [
        Column::of(own.iter().map(|score| score.map_or(0.0, |s| s.expected_reactors)).collect()),
        Column::of(persons.iter().map(|person| posts(person).unwrap_or(0.0)).collect()),
        Column::of(own.iter().map(|score| score.map_or(0.0, |s| s.reactors as f64)).collect()),
    ]
}
