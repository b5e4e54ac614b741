//! What is compared: profiles, simple counts, and chance.

use crate::job::Job;
use crate::model::People;

/// Simple counts that a score has to beat, by their names in `measures`; the columns `measure_*` of the job are added.
const BASELINES: [&str; 9] = [
    "followers_count",
    "followers",
    "posts_90d",
    "reactions_90d",
    "reactors_90d",
    "reactors_decayed",
    "audience_90d",
    "pagerank",
    "follow_pagerank",
];

/// A random number for each person.
pub(crate) const RANDOM: &str = "random";

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
    /// A simple count, which a score has to beat.
    Count,
    /// Chance.
    Chance,
}

/// The profiles of each of the `jobs`, then the baselines.
pub(super) fn list_predictors(jobs: &[Job], people: &People) -> Vec<Predictor> {
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
    let custom = people.account_stats.custom.iter().map(|(name, _)| name.as_str());
    let counts = BASELINES.into_iter().chain(custom);
    let counts = counts.map(|name| predictor(name, 0, PredictorKind::Count));
    let chance = predictor(RANDOM, 0, PredictorKind::Chance);
    profiles.chain(counts).chain([chance]).collect()
}
