//! How well a value separates items with a label from those without, and the better of a pair from the worse.
//!
//! ```
//! use renown_stats::classification::{auc, pairwise_accuracy};
//! use renown_stats::ranking::Ranking;
//!
//! let (values, labels) = ([0.9, 0.4, 0.6, 0.1], [1.0, 1.0, 0.0, 0.0]);
//! assert_eq!(auc(&Ranking::new(&values), &labels, &[1; 4]), Some(0.75));
//!
//! // Item 0 is better than 1, and 1 is better than 2.
//! assert_eq!(pairwise_accuracy(&values, &[(0, 1), (1, 2)], None, &[1; 4]), Some(0.5));
//! // The second judgement counts three times as much.
//! let weights = [1.0, 3.0];
//! assert_eq!(
//!     pairwise_accuracy(&values, &[(0, 1), (1, 2)], Some(&weights), &[1; 4]),
//!     Some(0.25)
//! );
//! ```

use crate::ranking::Ranking;

/// The area under the ROC curve: how often an item with a label above 0 has a higher value than one without, ties half.
/// None without both. Source: Hanley & McNeil 1982, *The Meaning and Use of the Area under a ROC Curve*.
pub fn auc(predictor: &Ranking, labels: &[f64], multiplicities: &[u32]) -> Option<f64> {
    let (mut won, mut positives, mut negatives) = (0.0, 0.0, 0.0);
    for group in predictor.tied_groups() {
        let (mut tied_positives, mut tied_negatives) = (0_u64, 0_u64);
        for index in group {
            let is_positive = labels[*index as usize] > 0.0;
            let count = if is_positive { &mut tied_positives } else { &mut tied_negatives };
            *count += u64::from(multiplicities[*index as usize]);
        }
        let (tied_positives, tied_negatives) = (tied_positives as f64, tied_negatives as f64);
        won += tied_positives * (negatives + tied_negatives / 2.0);
        positives += tied_positives;
        negatives += tied_negatives;
    }
    (positives * negatives > 0.0).then(|| won / (positives * negatives))
}

/// How often the better item of a pair, which is its first, has the higher value, ties half. A pair counts as its weight (at
/// least 0; 1 without `weights`) times the multiplicities of both items. None without pairs that count.
pub fn pairwise_accuracy(
    values: &[f64],
    pairs: &[(u32, u32)],
    weights: Option<&[f64]>,
    multiplicities: &[u32],
) -> Option<f64> {
    let (mut won, mut all) = (0.0, 0.0);
    for (times, (better, worse)) in pair_counts(pairs, weights, multiplicities).zip(pairs) {
        let difference = values[*better as usize] - values[*worse as usize];
        won += times * if difference == 0.0 { 0.5 } else { f64::from(u8::from(difference > 0.0)) };
        all += times;
    }
    (all > 0.0).then(|| won / all)
}

/// The area under the ROC curve over pairs, each of which enters both ways round: how often the margin of a better item over
/// a worse is above that of a worse one over a better, ties half. `margins` are value(better) − value(worse) of each pair,
/// which counts as in [`pairwise_accuracy`]. None without pairs that count. Source: Hanley & McNeil 1982.
pub fn pairwise_auc(
    margins: &[f64],
    pairs: &[(u32, u32)],
    weights: Option<&[f64]>,
    multiplicities: &[u32],
) -> Option<f64> {
    let times = pair_counts(pairs, weights, multiplicities);
    let mut rows: Vec<(f64, f64)> = margins.iter().copied().zip(times).collect();
    rows.retain(|(_, times)| *times > 0.0);
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    // How often the margins before each row count, and all of them.
    let mut before = vec![0.0];
    for (_, times) in &rows {
        before.push(before[before.len() - 1] + times);
    }
    let all = before[rows.len()];
    let won = rows.iter().fold(0.0, |won, (margin, times)| {
        // Of the pairs turned round: those below the margin are the ones above its negative.
        let up_to = before[rows.partition_point(|other| other.0 <= -margin)];
        let below = before[rows.partition_point(|other| other.0 < -margin)];
        won + times * ((all - up_to) + (up_to - below) / 2.0)
    });
    (all > 0.0).then(|| won / (all * all))
}

/// How often each pair counts.
fn pair_counts(
    pairs: &[(u32, u32)],
    weights: Option<&[f64]>,
    multiplicities: &[u32],
) -> impl Iterator<Item = f64> {
    let times = |item: u32| f64::from(multiplicities[item as usize]);
    pairs.iter().enumerate().map(move |(pair, (better, worse))| {
        weights.map_or(1.0, |weights| weights[pair]) * (times(*better) * times(*worse))
    })
}
