//! Measures that follow from engagement alone, by the names of their columns in `measures`.

use super::{Engagement, ONE};
use crate::model::CREDIT;

/// Largest part of the reactors by credit that all others can add.
const REST: f64 = 0.01;

/// The name of a measure, and its value.
type OfEngagement<T> = (&'static str, fn(&Engagement) -> T);

/// Measures that are counts.
pub(crate) const COUNTS: [OfEngagement<i64>; 10] = [
    ("reactors_7d", |e| e.all.reactors_7d),
    ("reactors_30d", |e| e.all.reactors_30d),
    ("reactors_90d", |e| e.all.reactors_90d),
    ("reactors_window", |e| e.all.reactors_window),
    ("reactions_30d", |e| e.all.reactions_30d),
    ("reactions_90d", |e| e.all.reactions_90d),
    ("audience_90d", |e| e.all.audience_90d),
    ("trusted_audience_90d", |e| e.trusted_audience_90d),
    ("interactions_made_90d", |e| e.interactions_made_90d),
    ("people_engaged_90d", |e| e.people_engaged_90d),
];

/// Measures that are numbers defined for every vertex.
pub(crate) const VALUES: [OfEngagement<f64>; 9] = [
    ("credited_reactors_7d", |e| of_counts(e.credited.reactors_7d, e.all.reactors_7d)),
    ("credited_reactors_30d", |e| of_counts(e.credited.reactors_30d, e.all.reactors_30d)),
    ("credited_reactors_90d", |e| of_counts(e.credited.reactors_90d, e.all.reactors_90d)),
    ("credited_reactors_window", |e| of_counts(e.credited.reactors_window, e.all.reactors_window)),
    ("credited_reactors_decayed", |e| {
        with_rest(decayed(e.credited.decayed), decayed(e.all.decayed - e.credited.decayed))
    }),
    ("credited_reactions_30d", |e| e.credited.reactions_30d as f64 / CREDIT as f64),
    ("credited_reactions_90d", |e| e.credited.reactions_90d as f64 / CREDIT as f64),
    ("reactors_decayed", |e| decayed(e.all.decayed)),
    // Hill number of order 2; squares of counts are whole numbers, exact below 2^53.
    ("effective_reactors", |e| match e.squares > 0.0 {
        true => (e.all.reactions_90d as f64).powi(2) / e.squares,
        false => 0.0,
    }),
];

/// Measures that are undefined for some vertices.
pub(crate) const SHARES: [OfEngagement<Option<f64>>; 4] = [
    ("negative_share", |e| share(e.negative, e.sentiment_known)),
    ("reciprocity", |e| share(e.mutual, e.all.audience_90d)),
    ("concentration", |e| share(e.max_reactions_90d, e.all.reactions_90d)),
    ("burstiness", burstiness),
];

impl Engagement {
    /// The measure `name`; `None` if it does not follow from engagement alone, or is undefined for some vertices.
    pub(crate) fn measure(&self, name: &str) -> Option<f64> {
        let count = COUNTS.iter().find(|(measure, _)| *measure == name);
        let value = VALUES.iter().find(|(measure, _)| *measure == name);
        count.map(|(_, of)| of(self) as f64).or(value.map(|(_, of)| of(self)))
    }
}

fn decayed(units: i64) -> f64 {
    units as f64 / ONE as f64
}

fn of_counts(credited: i64, all: i64) -> f64 {
    let people = |units: i64| units as f64 / CREDIT as f64;
    with_rest(people(credited), people(all * CREDIT - credited))
}

/// V and the little that all other reactors add, so that people without trusted audience keep an order:
/// `V + .01 (V + .1) U / (U + 10)`, V the reactors by credit and U what is missing to all of them. It rises with either.
pub(super) fn with_rest(credited: f64, others: f64) -> f64 {
    credited + REST * (credited + 0.1) * others / (others + 10.0)
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// (σ − μ) / (σ + μ) of the hours between consecutive reactions; `None` with fewer than three reactions, or if all of them
/// are of one hour.
fn burstiness(engagement: &Engagement) -> Option<f64> {
    let gaps = (engagement.all.reactions_90d - 1) as f64;
    let mean = engagement.reaction_hours as f64 / gaps;
    let variance = engagement.gap_squares / gaps - mean * mean;
    let deviation = libm::sqrt(variance.max(0.0));
    (gaps >= 2.0 && mean > 0.0).then(|| (deviation - mean) / (deviation + mean))
}
