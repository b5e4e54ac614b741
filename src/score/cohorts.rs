//! Members of the cohorts that a job declares, with the reason for each.
//!
//! Only people who have opted in are in a cohort, whatever the job's rule of consent is.

use arrow::array::{Array, LargeStringArray};

use crate::error::{Error, Result};
use crate::job::Cohort;
use crate::model::{PersonIndex, Persons};
use crate::phrases::{Vocabulary, spelling};
use crate::suggest::did_you_mean;
use crate::topics::{TopicEntry, TopicResults, TopicScore};

/// What members are selected from.
pub struct CohortInputs<'a> {
    /// Everyone who is eligible.
    pub persons: &'a Persons,
    /// The phrases of topics, with their ontology.
    pub vocabulary: &'a Vocabulary,
    /// Who influences people on what.
    pub topics: &'a TopicResults,
    /// The standard score of every person. Length: persons.
    pub scores: &'a [f64],
}

/// A member of a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct CohortMember {
    /// The person.
    pub person: PersonIndex,
    /// Position in the cohort, 1 for the highest score.
    pub position: i64,
    /// The score that counts: the highest on the cohort's topics, or the standard score if the cohort has none.
    pub score: f64,
    /// Which conditions the person meets, in the order of [`Cohort`].
    pub reasons: Vec<String>,
}

/// The members of each cohort, in order of person.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] for topics that are neither in the ontology nor among this snapshot's tags, unless there are
/// no posts and so no topics.
pub fn select_members(
    cohorts: &[Cohort],
    inputs: &CohortInputs<'_>,
) -> Result<Vec<Vec<CohortMember>>> {
    let of_cohort = |cohort: &Cohort| {
        let on_topics = find_best_on_topics(cohort, inputs)?;
        Ok(rank_members(cohort, inputs, on_topics.as_deref()))
    };
    cohorts.iter().map(of_cohort).collect()
}

/// The highest score of each person on the topics of the cohort and those below them, with the name of its topic, in
/// order of person; `None` if the cohort names no topics.
fn find_best_on_topics<'a>(
    cohort: &Cohort,
    inputs: &CohortInputs<'a>,
) -> Result<Option<Vec<(&'a TopicScore, &'a str)>>> {
    if cohort.topics.is_empty() {
        return Ok(None);
    }
    let (vocabulary, topics) = (inputs.vocabulary, inputs.topics);
    let entries = topics.catalogue.entries();
    let mut wanted = vec![false; entries.len()];
    for name in &cohort.topics {
        let spelled = spelling(name);
        let is_named = |(_, entry): &(usize, &TopicEntry)| {
            entry.id == *name || spelling(&entry.name) == spelled
        };
        let found: Vec<usize> =
            entries.iter().enumerate().filter(is_named).map(|(at, _)| at).collect();
        // Tags come and go, and without posts there is no topic.
        if found.is_empty() && !name.starts_with('#') && !entries.is_empty() {
            return Err(unknown_topic(cohort, name, entries));
        }
        for at in found {
            wanted[at] = true;
            let below =
                entries[at].in_ontology.map(|topic| vocabulary.ontology.with_descendants(topic));
            for topic in below.unwrap_or_default() {
                wanted[topics.catalogue.of_ontology(topic) as usize] = true;
            }
        }
    }
    let mut best: Vec<(&TopicScore, &str)> = Vec::new();
    for score in topics.scores.iter().filter(|score| wanted[score.topic as usize]) {
        let with_name = (score, entries[score.topic as usize].name.as_str());
        match best.last_mut() {
            Some(before) if before.0.person == score.person => {
                if score.expected_reactors > before.0.expected_reactors {
                    *before = with_name;
                }
            }
            _ => best.push(with_name),
        }
    }
    Ok(Some(best))
}

fn unknown_topic(cohort: &Cohort, name: &str, entries: &[TopicEntry]) -> Error {
    let near = did_you_mean(name, entries.iter().map(|entry| entry.name.as_str()));
    Error::bad_job(
        format!("cohort `{}`: there is no topic `{name}`", cohort.name),
        format!("{near}give the id or the name of a topic"),
    )
}

/// The members of one cohort, in order of person.
fn rank_members(
    cohort: &Cohort,
    inputs: &CohortInputs<'_>,
    on_topics: Option<&[(&TopicScore, &str)]>,
) -> Vec<CohortMember> {
    let persons = inputs.persons;
    let mut members = Vec::new();
    let all = (0..persons.len()).map(PersonIndex::new);
    for person in all.filter(|person| persons.opted_in[person.index()]) {
        let mut reasons = Vec::new();
        let score = match on_topics {
            None => inputs.scores[person.index()],
            Some(best) => {
                let found = best.binary_search_by_key(&person, |(score, _)| score.person);
                let Ok(at) = found else { continue };
                let (score, topic) = &best[at];
                reasons.push(format!(
                    "moves people on {topic}: {} reacted to {} posts in {} different weeks",
                    score.reactors, score.posts, score.weeks
                ));
                score.score
            }
        };
        let candidate = Candidate { cohort, persons, person };
        if let Some(more) = candidate.reasons(score) {
            reasons.extend(more);
            reasons.push("agreed to be scored".to_owned());
            members.push(CohortMember { person, position: 0, score, reasons });
        }
    }
    members.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then(one.person.cmp(&other.person))
    });
    members.truncate(cohort.max_people.map_or(usize::MAX, |people| people as usize));
    for (position, member) in (1..).zip(&mut members) {
        member.position = position;
    }
    members.sort_unstable_by_key(|member| member.person);
    members
}

/// A person who may meet the conditions of a cohort.
struct Candidate<'a> {
    cohort: &'a Cohort,
    persons: &'a Persons,
    person: PersonIndex,
}

impl Candidate<'_> {
    /// Why the person meets all conditions but topics; `None` if any is not met.
    fn reasons(&self, score: f64) -> Option<Vec<String>> {
        let Self { cohort, persons, person } = self;
        let mut reasons = Vec::new();
        let (low, high) = (cohort.min_score, cohort.max_score);
        if low.is_some_and(|low| score < low) || high.is_some_and(|high| score > high) {
            return None;
        }
        if low.is_some() || high.is_some() {
            let (low, high) = (low.unwrap_or(1.0), high.unwrap_or(100.0));
            reasons.push(format!("score {score:.1} is within {low} to {high}"));
        }
        if !cohort.networks.is_empty() {
            let accounts = persons.accounts(*person);
            let mut found: Vec<&str> =
                accounts.map(|account| persons.account_network(account)).collect();
            found.retain(|network| cohort.networks.contains(*network));
            found.sort_unstable();
            found.dedup();
            if found.is_empty() {
                return None;
            }
            reasons.push(format!("has an account on {}", found.join(", ")));
        }
        let stated = |column: &LargeStringArray| {
            let person = person.index();
            column.is_valid(person).then(|| column.value(person).to_owned())
        };
        for (wanted, column, word) in [
            (&cohort.countries, &persons.countries, "country"),
            (&cohort.languages, &persons.languages, "language"),
        ] {
            if !wanted.is_empty() {
                let value = stated(column).filter(|value| wanted.contains(value))?;
                reasons.push(format!("{word} {value}"));
            }
        }
        Some(reasons)
    }
}
