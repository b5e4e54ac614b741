//! Measures that follow from the engagement of a vertex.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use crate::reduce::{Engagement, ONE, ReactionCounts};

/// A measure by its name, from the engagement.
type OfEngagement<T> = (&'static str, fn(&Engagement) -> T);

/// Measures that are counts.
const COUNTS: [OfEngagement<i64>; 16] = [
    ("reactors_7d", |r| r.all.reactors_7d),
    ("reactors_30d", |r| r.all.reactors_30d),
    ("reactors_90d", |r| r.all.reactors_90d),
    ("reactors_window", |r| r.all.reactors_window),
    ("reactions_30d", |r| r.all.reactions_30d),
    ("reactions_90d", |r| r.all.reactions_90d),
    ("audience_90d", |r| r.all.audience_90d),
    ("trusted_reactors_7d", |r| r.trusted.reactors_7d),
    ("trusted_reactors_30d", |r| r.trusted.reactors_30d),
    ("trusted_reactors_90d", |r| r.trusted.reactors_90d),
    ("trusted_reactors_window", |r| r.trusted.reactors_window),
    ("trusted_reactions_30d", |r| r.trusted.reactions_30d),
    ("trusted_reactions_90d", |r| r.trusted.reactions_90d),
    ("trusted_audience_90d", |r| r.trusted.audience_90d),
    ("interactions_made_90d", |r| r.interactions_made_90d),
    ("people_engaged_90d", |r| r.people_engaged_90d),
];
/// Measures that follow from counts for everybody.
const VALUES: [OfEngagement<f64>; 3] = [
    ("reactors_decayed", |r| decayed(&r.all)),
    ("trusted_reactors_decayed", |r| decayed(&r.trusted)),
    // Hill number of order 2; squares of counts are whole numbers, exact below 2^53.
    ("effective_reactors", |r| match r.squares > 0.0 {
        true => (r.all.reactions_90d as f64).powi(2) / r.squares,
        false => 0.0,
    }),
];
/// Measures that not everybody has.
const SHARES: [OfEngagement<Option<f64>>; 4] = [
    ("negative_share", |r| share(r.negative, r.sentiment_known)),
    ("reciprocity", |r| share(r.mutual, r.all.audience_90d)),
    ("concentration", |r| share(r.max_reactions_90d, r.all.reactions_90d)),
    ("burstiness", burstiness),
];

fn decayed(counts: &ReactionCounts) -> f64 {
    counts.decayed as f64 / ONE as f64
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// (σ − μ) / (σ + μ) of the hours between one reaction and the next; none with fewer than three reactions, or if
/// all came within one hour.
fn burstiness(engagement: &Engagement) -> Option<f64> {
    let gaps = (engagement.all.reactions_90d - 1) as f64;
    let mean = engagement.reaction_hours as f64 / gaps;
    let variance = engagement.gap_squares / gaps - mean * mean;
    let deviation = libm::sqrt(variance.max(0.0));
    (gaps >= 2.0 && mean > 0.0).then(|| (deviation - mean) / (deviation + mean))
}

/// The measure `name`, if engagement alone defines it for every vertex.
pub(crate) fn of_engagement(name: &str, engagement: &Engagement) -> Option<f64> {
    let count = COUNTS.iter().find(|(own, _)| *own == name);
    let value = VALUES.iter().find(|(own, _)| *own == name);
    count.map(|(_, of)| of(engagement) as f64).or(value.map(|(_, of)| of(engagement)))
}

/// The columns of these measures.
pub(super) fn columns(engagement: &[Engagement]) -> Vec<(&'static str, ArrayRef)> {
    let counts = COUNTS.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Int64Array::from_iter_values(engagement.iter().map(of))))
    });
    let values = VALUES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Float64Array::from_iter_values(engagement.iter().map(of))))
    });
    let shares = SHARES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(engagement.iter().map(of).collect::<Float64Array>()))
    });
    counts.chain(values).chain(shares).collect()
}
