//! People for an audience that a job declares, with the reason for each.
//!
//! Only people who said that they agree are in a cohort, whatever the job's rule for being scored is.

use arrow::array::{Array, LargeStringArray};

use super::scores::Scores;
use crate::error::{Error, Result, did_you_mean};
use crate::job::Cohort;
use crate::model::Persons;
use crate::phrases::{Vocabulary, spelling};
use crate::topics::{TopicScore, Topics};

/// Somebody in a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Number of the person.
    pub person: u32,
    /// Place in the cohort, 1 for the highest score.
    pub place: i64,
    /// The score that counts: the highest on the cohort's topics, or the person's own if it has none.
    pub score: f64,
    /// Which conditions the person meets, in the order of [`Cohort`].
    pub reasons: Vec<String>,
}

/// The members of each cohort of the job, in order of person.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] for topics that neither the ontology nor tonight's tags have, unless there are no
/// posts to be about any.
pub fn cohorts(
    cohorts: &[Cohort],
    persons: &Persons,
    vocabulary: &Vocabulary,
    topics: &Topics,
    scores: &Scores,
) -> Result<Vec<Vec<Member>>> {
    cohorts
        .iter()
        .map(|cohort| {
            let on_topics = best_on_topics(cohort, vocabulary, topics)?;
            Ok(members(cohort, persons, on_topics.as_deref(), scores))
        })
        .collect()
}

/// The highest score of each person on the topics of the cohort and those below them, with the name of its topic, in
/// order of person; none if the cohort names no topics.
fn best_on_topics<'a>(
    cohort: &Cohort,
    vocabulary: &Vocabulary,
    topics: &'a Topics,
) -> Result<Option<Vec<(&'a TopicScore, &'a str)>>> {
    if cohort.topics.is_empty() {
        return Ok(None);
    }
    let entries = topics.catalogue.entries();
    let mut wanted = vec![false; entries.len()];
    for name in &cohort.topics {
        let spelled = spelling(name);
        let named = |(_, entry): &(usize, &crate::topics::Entry)| {
            entry.id == *name || spelling(&entry.name) == spelled
        };
        let found: Vec<usize> =
            entries.iter().enumerate().filter(named).map(|(at, _)| at).collect();
        // Tags come and go, and without posts there is no topic.
        if found.is_empty() && !name.starts_with('#') && !entries.is_empty() {
            return Err(unknown(cohort, name, entries));
        }
        for at in found {
            wanted[at] = true;
            let below = entries[at].in_ontology.map(|topic| vocabulary.ontology.below(topic));
            for topic in below.unwrap_or_default() {
                wanted[topics.catalogue.of_ontology(topic) as usize] = true;
            }
        }
    }
    let mut best: Vec<(&TopicScore, &str)> = Vec::new();
    for score in topics.scores.iter().filter(|score| wanted[score.topic as usize]) {
        let named = (score, entries[score.topic as usize].name.as_str());
        match best.last_mut() {
            Some(before) if before.0.person == score.person => {
                if score.expected_reactors > before.0.expected_reactors {
                    *before = named;
                }
            }
            _ => best.push(named),
        }
    }
    Ok(Some(best))
}

fn unknown(cohort: &Cohort, name: &str, entries: &[crate::topics::Entry]) -> Error {
    let near = did_you_mean(name, entries.iter().map(|entry| entry.name.as_str()));
    Error::bad_job(
        format!("cohort `{}`: there is no topic `{name}`", cohort.name),
        format!("{near}give the id or the name of a topic"),
    )
}

fn members(
    cohort: &Cohort,
    persons: &Persons,
    on_topics: Option<&[(&TopicScore, &str)]>,
    scores: &Scores,
) -> Vec<Member> {
    let mut members = Vec::new();
    for person in (0..persons.len()).filter(|person| persons.opted_in[*person]) {
        let mut reasons = Vec::new();
        let score = match on_topics {
            None => scores.score[person],
            Some(best) => {
                let own = best.binary_search_by_key(&(person as u32), |(score, _)| score.person);
                let Ok(at) = own else { continue };
                let (score, topic) = &best[at];
                reasons.push(format!(
                    "moves people on {topic}: {} reacted to {} posts in {} different weeks",
                    score.reactors, score.posts, score.weeks
                ));
                score.score
            }
        };
        let profile = Profile { cohort, persons, person };
        if let Some(more) = profile.reasons(score) {
            reasons.extend(more);
            reasons.push("agreed to be scored".to_owned());
            members.push(Member { person: person as u32, place: 0, score, reasons });
        }
    }
    members.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then(one.person.cmp(&other.person))
    });
    members.truncate(cohort.max_people.map_or(usize::MAX, |people| people as usize));
    for (place, member) in (1..).zip(&mut members) {
        member.place = place;
    }
    members.sort_unstable_by_key(|member| member.person);
    members
}

/// A person held against the conditions of a cohort.
struct Profile<'a> {
    cohort: &'a Cohort,
    persons: &'a Persons,
    person: usize,
}

impl Profile<'_> {
    /// Why the person meets all conditions but topics; none if any is not met.
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
            let network =
                |account: usize| &persons.networks[persons.account_networks[account] as usize];
            let mut own: Vec<&str> = accounts.map(|account| network(account).as_str()).collect();
            own.retain(|network| cohort.networks.contains(*network));
            own.sort_unstable();
            own.dedup();
            if own.is_empty() {
                return None;
            }
            reasons.push(format!("has an account on {}", own.join(", ")));
        }
        let stated = |column: &LargeStringArray| {
            column.is_valid(*person).then(|| column.value(*person).to_owned())
        };
        for (wanted, column, word) in [
            (&cohort.countries, &persons.countries, "country"),
            (&cohort.languages, &persons.languages, "language"),
        ] {
            if !wanted.is_empty() {
                let own = stated(column).filter(|own| wanted.contains(own))?;
                reasons.push(format!("{word} {own}"));
            }
        }
        Some(reasons)
    }
}
