//! What is compared: profiles, simple counts, and chance.

use crate::error::Result;
use crate::job::Job;
use crate::model::People;
use crate::schema::{self, Direction};

/// A random number for each person.
pub(crate) const RANDOM: &str = "random";
/// The score on a topic.
pub(crate) const TOPIC_SCORE: &str = "topic_score";

/// A predictor.
#[derive(Clone)]
pub(super) struct Predictor {
    pub name: String,
    /// Number of the method; the others are compared with the first, 0.
    pub method: usize,
    /// Version of the method.
    pub version: String,
    pub kind: PredictorKind,
}

/// What a predictor is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum PredictorKind {
    /// What is validated.
    Score,
    /// A simple count: a measure of which more is better. A score has to beat it.
    Count,
    /// Chance.
    Chance,
}

/// The profiles of each of the `jobs`, then the baselines: every measure that one more reactor never lowers, raw and by credit,
/// PageRank and the like, and the columns `measure_*` of the job; then chance.
///
/// # Errors
/// [`crate::error::Kind::Internal`] if there is no contract of `measures`.
pub(super) fn list_predictors(jobs: &[Job], people: &People) -> Result<Vec<Predictor>> {
    let predictor = |name: &str, method: usize, kind| Predictor {
        name: name.to_owned(),
        method,
        version: jobs[method].method.version.clone(),
        kind,
    };
    let profiles = jobs
        .iter()
        .enumerate()
        .flat_map(|(method, job)| job.profiles.iter().map(move |profile| (&*profile.name, method)));
    let profiles = profiles.map(|(name, method)| predictor(name, method, PredictorKind::Score));
    let columns = &schema::table(Direction::Output, "measures")?.columns;
    // Ranks are probabilities.
    let is_baseline = |column: &&schema::Column| {
        let measure = column.measure.as_ref();
        measure.is_some_and(|measure| measure.direction == "up" || column.unit == "probability")
    };
    let declared = columns.iter().filter(is_baseline).map(|column| &*column.name);
    let custom = people.account_stats.custom.iter().map(|(name, _)| name.as_str());
    let counts = declared.chain(custom);
    let counts = counts.map(|name| predictor(name, 0, PredictorKind::Count));
    let chance = predictor(RANDOM, 0, PredictorKind::Chance);
    Ok(profiles.chain(counts).chain([chance]).collect())
}
