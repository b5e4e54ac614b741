//! The distribution of score changes.

use serde::Serialize;

use renown_stats::quantiles::{median, quantile};

/// Ends of the bins of a change, in points, on either side.
const ENDS: [f64; 5] = [0.5, 1.0, 2.0, 5.0, 10.0];
/// Largest change that counts as none, in points: contributions may differ from the score by as much.
const NONE: f64 = 1e-9;

/// The distribution of score changes, in points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeSummary {
    /// Mean of the changes.
    pub mean: f64,
    /// Their median.
    pub median: f64,
    /// Their 5th percentile.
    pub percentile_5: f64,
    /// Their 95th percentile.
    pub percentile_95: f64,
    /// A histogram, the lowest first.
    pub bins: Vec<Bin>,
}

/// A bin of the histogram. An end belongs to the bin that is farther from no change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Lower end in points; none if there is none.
    pub from: Option<f64>,
    /// Upper end in points; none if there is none.
    pub to: Option<f64>,
    /// People with such a change.
    pub people: usize,
}

/// The sign of a change: -1, 0 or 1.
pub(super) fn sign(change: f64) -> i32 {
    i32::from(change > NONE) - i32::from(change < -NONE)
}

/// Summarises the changes of at least one person.
pub(super) fn summarise(changes: &[f64]) -> ChangeSummary {
    let mut sorted = changes.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile(&sorted, share).unwrap_or_default();
    ChangeSummary {
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
    // From no change outwards.
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
    fn a_bin_edge_belongs_to_the_bin_of_larger_changes() {
        let changes = [
            -12.0, -10.0, -9.9, -5.0, -2.0, -1.0, -0.5, -0.4, -2e-9, -1e-9, 0.0, 1e-9, 2e-9, 0.5,
            0.9, 4.9, 5.0, 10.0, 1e3,
        ];
        let bins: Vec<_> =
            summarise(&changes).bins.into_iter().map(|b| (b.from, b.to, b.people)).collect();
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
