//! How far two runs agree on those who are in both, and by how much their scores changed.

use serde::Serialize;

use super::paired::{Paired, ranking};
use renown_stats::correlation::spearman;
use renown_stats::quantiles::{median, quantile};
use renown_stats::ranking::Ranking;

/// How many of the first people are compared.
const FIRST: [usize; 3] = [10, 100, 1_000];
/// Ends of the bins of a change, in points, on either side.
const ENDS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];
/// Largest change that counts as none, in points: so far the parts of a score may be off the score itself.
const NONE: f64 = 1e-9;

/// How far two runs agree on the order of those who are in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Spearman's ρ of the forecast people, by mid-ranks; none where all are equal in a run.
    pub spearman: Option<f64>,
    /// The first people of either run, as far as there are so many.
    pub overlap: Vec<Overlap>,
}

/// How many of the first people are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// How many are the first.
    pub first: usize,
    /// How many of these are so in both runs.
    pub shared: usize,
}

/// By how much scores changed, in points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Mean of the changes.
    pub mean: f64,
    /// Their median.
    pub median: f64,
    /// Their 5th percentile.
    pub percentile_5: f64,
    /// Their 95th percentile.
    pub percentile_95: f64,
    /// How many changes lie where, the lowest first.
    pub bins: Vec<Bin>,
}

/// Changes of one size. An end belongs to the bin that is farther from none.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Lower end in points; none if there is none.
    pub from: Option<f64>,
    /// Upper end in points; none if there is none.
    pub to: Option<f64>,
    /// People whose scores changed by so much.
    pub people: usize,
}

/// The sign of a change: -1, 0 or 1.
pub(super) fn sign(change: f64) -> i32 {
    i32::from(change > NONE) - i32::from(change < -NONE)
}

/// How far two runs order alike those who are in both; of equals the lower id is first.
pub(super) fn agreement(paired: &Paired) -> Agreement {
    let people = paired.rows.len();
    let expected = [0, 1].map(|side| paired.expected(side));
    let [a, b] = [0, 1].map(|side| Ranking::new(&expected[side]));
    let [first_a, first_b] = [0, 1].map(|side| ranking(&expected[side]));
    let overlap = FIRST.into_iter().filter(|first| *first <= people).map(|first| {
        let mut of_a = first_a[..first].to_vec();
        of_a.sort_unstable();
        let shared = first_b[..first].iter().filter(|own| of_a.binary_search(own).is_ok()).count();
        Overlap { first, shared }
    });
    Agreement { spearman: spearman(&a, &b, &vec![1; people]), overlap: overlap.collect() }
}

/// By how much scores changed, of at least one person.
pub(super) fn moved(changes: &[f64]) -> Moved {
    let mut sorted = changes.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile(&sorted, share).unwrap_or_default();
    Moved {
        mean: mean(&sorted),
        median: median(&sorted).unwrap_or_default(),
        percentile_5: at(0.05),
        percentile_95: at(0.95),
        bins: bins(changes),
    }
}

/// The mean of sorted changes, so that it does not depend on their order.
pub(super) fn mean(sorted: &[f64]) -> f64 {
    sorted.iter().fold(0.0, |sum, change| sum + change) / sorted.len() as f64
}

fn bins(changes: &[f64]) -> Vec<Bin> {
    let middle = ENDS.len() + 1;
    let mut people = vec![0; 2 * middle + 1];
    for change in changes {
        let steps = 1 + ENDS.partition_point(|end| *end <= change.abs());
        let bin = match sign(*change) {
            -1 => middle - steps,
            0 => middle,
            _ => middle + steps,
        };
        people[bin] += 1;
    }
    // From none outwards.
    let ends: Vec<f64> = [0.0].into_iter().chain(ENDS).collect();
    let bin = |(bin, people): (usize, usize)| {
        let (inner, outer) = match bin.abs_diff(middle) {
            0 => (Some(0.0), Some(0.0)),
            steps => (ends.get(steps - 1).copied(), ends.get(steps).copied()),
        };
        let below = |end: Option<f64>| end.map(|end| 0.0 - end);
        let (from, to) = if bin < middle { (below(outer), below(inner)) } else { (inner, outer) };
        Bin { from, to, people }
    };
    people.into_iter().enumerate().map(bin).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_of_a_bin_belongs_to_the_one_farther_from_none() {
        let changes = [
            -12.0, -10.0, -9.9, -5.0, -2.0, -1.0, -0.5, -0.4, -2e-9, -1e-9, 0.0, 1e-9, 2e-9, 0.5,
            0.9, 4.9, 5.0, 10.0, 1e3,
        ];
        let bins: Vec<_> =
            moved(&changes).bins.into_iter().map(|b| (b.from, b.to, b.people)).collect();
        let expected = [
            (None, Some(-10.0), 2),
            (Some(-10.0), Some(-5.0), 2),
            (Some(-5.0), Some(-2.0), 1),
            (Some(-2.0), Some(-1.0), 1),
            (Some(-1.0), Some(-0.5), 1),
            (Some(-0.5), Some(0.0), 2),
            (Some(0.0), Some(0.0), 3),
            (Some(0.0), Some(0.5), 1),
            (Some(0.5), Some(1.0), 2),
            (Some(1.0), Some(2.0), 0),
            (Some(2.0), Some(5.0), 1),
            (Some(5.0), Some(10.0), 1),
            (Some(10.0), None, 2),
        ];
        assert_eq!(bins, expected);
    }
}
