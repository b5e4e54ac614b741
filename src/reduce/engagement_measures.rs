//! Measures that follow from engagement alone, by the names of their columns in `measures`.

use super::{Engagement, ONE, ReactionCounts};

/// The name of a measure, and its value.
type OfEngagement<T> = (&'static str, fn(&Engagement) -> T);

/// Measures that are counts.
pub(crate) const COUNTS: [OfEngagement<i64>; 16] = [
    ("reactors_7d", |e| e.all.reactors_7d),
    ("reactors_30d", |e| e.all.reactors_30d),
    ("reactors_90d", |e| e.all.reactors_90d),
    ("reactors_window", |e| e.all.reactors_window),
    ("reactions_30d", |e| e.all.reactions_30d),
    ("reactions_90d", |e| e.all.reactions_90d),
    ("audience_90d", |e| e.all.audience_90d),
    ("trusted_reactors_7d", |e| e.trusted.reactors_7d),
    ("trusted_reactors_30d", |e| e.trusted.reactors_30d),
    ("trusted_reactors_90d", |e| e.trusted.reactors_90d),
    ("trusted_reactors_window", |e| e.trusted.reactors_window),
    ("trusted_reactions_30d", |e| e.trusted.reactions_30d),
    ("trusted_reactions_90d", |e| e.trusted.reactions_90d),
    ("trusted_audience_90d", |e| e.trusted.audience_90d),
    ("interactions_made_90d", |e| e.interactions_made_90d),
    ("people_engaged_90d", |e| e.people_engaged_90d),
];

/// Measures that are numbers defined for every vertex.
pub(crate) const VALUES: [OfEngagement<f64>; 3] = [
    ("reactors_decayed", |e| decayed(&e.all)),
    ("trusted_reactors_decayed", |e| decayed(&e.trusted)),
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

fn decayed(counts: &ReactionCounts) -> f64 {
    counts.decayed as f64 / ONE as f64
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
