//! How far two runs agree on the order of the people who are in both.

use serde::Serialize;

use super::paired::{Paired, ranking};
use renown_stats::correlation::spearman;
use renown_stats::ranking::Ranking;

/// Numbers of people at the top whose overlap is counted.
const TOPS: [usize; 3] = [10, 100, 1_000];

/// How far two runs agree on the order of the people who are in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agreement {
    /// Spearman's ρ of the forecasts, by mid-ranks; none if all are equal in a run.
    pub spearman: Option<f64>,
    /// How many of the top 10, 100 and 1,000 are the same, where there are so many people.
    pub overlap: Vec<Overlap>,
}

/// How many of the top people of both runs are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Overlap {
    /// Number of people at the top.
    pub top: usize,
    /// How many of these are at the top of both runs.
    pub shared: usize,
}

/// How far two runs agree on the order of the people who are in both; of equal forecasts the lower id is first.
pub(super) fn agreement(paired: &Paired) -> Agreement {
    let people = paired.rows.len();
    let expected = [0, 1].map(|side| paired.expected(side));
    let [a, b] = [0, 1].map(|side| Ranking::new(&expected[side]));
    let [ranking_a, ranking_b] = [0, 1].map(|side| ranking(&expected[side]));
    let overlap = TOPS.into_iter().filter(|top| *top <= people).map(|top| {
        let mut top_a = ranking_a[..top].to_vec();
        top_a.sort_unstable();
        let shared = ranking_b[..top].iter().filter(|row| top_a.binary_search(row).is_ok()).count();
        Overlap { top, shared }
    });
    Agreement { spearman: spearman(&a, &b, &vec![1; people]), overlap: overlap.collect() }
}
