//! Measures that follow from what a vertex received and did.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array};

use crate::reduce::attention::ONE;
use crate::reduce::engagement::{Counts, Received};

/// A measure by its name, from what was received.
type OfReceived<T> = (&'static str, fn(&Received) -> T);

/// Measures that are counts.
const COUNTS: [OfReceived<i64>; 16] = [
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
const VALUES: [OfReceived<f64>; 3] = [
    ("reactors_decayed", |r| decayed(&r.all)),
    ("trusted_reactors_decayed", |r| decayed(&r.trusted)),
    // Hill number of order 2; squares of counts are whole numbers, exact below 2^53.
    ("effective_reactors", |r| match r.squares > 0.0 {
        true => (r.all.reactions_90d as f64).powi(2) / r.squares,
        false => 0.0,
    }),
];
/// Measures that not everybody has.
const SHARES: [OfReceived<Option<f64>>; 4] = [
    ("negative_share", |r| share(r.negative, r.sentiment_known)),
    ("reciprocity", |r| share(r.mutual, r.all.audience_90d)),
    ("concentration", |r| share(r.most, r.all.reactions_90d)),
    ("burstiness", burstiness),
];

fn decayed(counts: &Counts) -> f64 {
    counts.decayed as f64 / ONE as f64
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// (σ − μ) / (σ + μ) of the hours between one reaction and the next; none with fewer than three reactions, or if
/// all came within one hour.
fn burstiness(received: &Received) -> Option<f64> {
    let gaps = (received.all.reactions_90d - 1) as f64;
    let mean = received.reaction_hours as f64 / gaps;
    let variance = received.gap_squares / gaps - mean * mean;
    let deviation = libm::sqrt(variance.max(0.0));
    (gaps >= 2.0 && mean > 0.0).then(|| (deviation - mean) / (deviation + mean))
}

/// The measure `name` of what was received, if it is one that follows from that alone for everybody.
pub(crate) fn of_received(name: &str, received: &Received) -> Option<f64> {
    let count = COUNTS.iter().find(|(own, _)| *own == name);
    let value = VALUES.iter().find(|(own, _)| *own == name);
    count.map(|(_, of)| of(received) as f64).or(value.map(|(_, of)| of(received)))
}

/// The columns of these measures.
pub(super) fn columns(received: &[Received]) -> Vec<(&'static str, ArrayRef)> {
    let counts = COUNTS.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Int64Array::from_iter_values(received.iter().map(of))))
    });
    let values = VALUES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(Float64Array::from_iter_values(received.iter().map(of))))
    });
    let shares = SHARES.iter().map(|(name, of)| -> (_, ArrayRef) {
        (*name, Arc::new(received.iter().map(of).collect::<Float64Array>()))
    });
    counts.chain(values).chain(shares).collect()
}
