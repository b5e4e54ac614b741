//! The stage of a run that scores people, under every profile of the job.

use super::measure::Measured;
use super::progress::Rows;
use crate::error::{Error, Help, Result};
use crate::method::StyleRule;
use crate::method::profile::{Profile, STANDARD};
use crate::model::{People, PersonIndex};
use crate::score::audience_flags::flag_audiences;
use crate::score::context::{ScoreContext, compute_context};
use crate::score::scores::{Scores, flag_short_history, score_people};
use crate::score::style::{Style, classify_styles};
use crate::topics::TopicResults;

/// What scores are computed from.
pub(super) struct ScoreInputs<'a, 'p> {
    pub people: &'a People,
    pub measured: &'a Measured,
    pub topics: &'a TopicResults,
    /// The profiles of the job, in order of name.
    pub profiles: &'p [Profile],
    /// The thresholds of the axes of style.
    pub style: &'a StyleRule,
    /// Whether scores are refused that are equal for everybody.
    pub refuse_equal: bool,
}

/// The scores of everybody, with what is published with them.
pub(super) struct Scored<'a> {
    /// Scores under each profile, in order of its name.
    pub by_profile: Vec<(&'a Profile, Scores)>,
    pub context: ScoreContext,
    /// Length: persons.
    pub styles: Vec<Option<Style>>,
}

impl Scored<'_> {
    /// The scores under the standard profile.
    ///
    /// # Errors
    /// [`crate::error::Kind::Internal`] if there is no such profile.
    pub fn standard(&self) -> Result<&Scores> {
        let mut profiles = self.by_profile.iter();
        let standard = profiles.find(|(profile, _)| profile.name == STANDARD);
        standard.map(|(_, scores)| scores).ok_or_else(|| Error::internal("no standard profile"))
    }
}

/// Scores under all profiles.
impl Rows for Scored<'_> {
    fn rows(&self) -> u64 {
        self.by_profile.iter().map(|(_, scores)| scores.score.len() as u64).sum()
    }
}

/// Scores everybody under each profile.
///
/// # Errors
/// [`crate::error::Kind::BadJob`] if equal scores for everybody are refused,
/// [`crate::error::Kind::Internal`] if a measure was not computed.
pub(super) fn score<'p>(inputs: &ScoreInputs<'_, 'p>) -> Result<Scored<'p>> {
    let ScoreInputs { people, measured, topics, .. } = *inputs;
    let Measured { measures, trust, engagement, rules, .. } = measured;
    let persons = &people.persons;
    let audiences = flag_audiences(persons, &people.interactions, rules, engagement);
    let disputed: Vec<Vec<&'static str>> = (0..persons.len())
        .map(|person| match people.disputes.contains_key(&PersonIndex::new(person)) {
            true => vec!["disputed"],
            false => vec![],
        })
        .collect();
    let under = |profile| {
        let mut scores = score_people(persons, measures, trust, profile)?;
        scores.add_flags(&audiences);
        scores.add_flags(&flag_short_history(persons, &people.covered_minutes, profile));
        scores.add_flags(&disputed);
        Ok((profile, scores))
    };
    let scored = Scored {
        by_profile: inputs.profiles.iter().map(under).collect::<Result<_>>()?,
        context: compute_context(persons, measures, engagement)?,
        styles: classify_styles(people, topics, inputs.style),
    };
    if inputs.refuse_equal {
        refuse_equal_scores(scored.standard()?)?;
    }
    Ok(scored)
}

/// Refuses scores that are equal for everybody.
fn refuse_equal_scores(scores: &Scores) -> Result<()> {
    let all = &scores.expected_reactors;
    if all.iter().any(|expected| *expected != all[0]) {
        return Ok(());
    }
    Err(Error::bad_job(
        "the job names neither `interactions` nor `follows`, and the method's forecast gives everybody the same score by what \
         accounts state: equal scores are not published",
        "name one of them, or a method whose forecast has columns `measure_*`",
    )
    .with_help(Help::MethodFittedToLabels))
}
