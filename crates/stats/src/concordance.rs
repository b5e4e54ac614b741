//! How often a predictor puts two items in the right order: Harrell's C.
//!
//! ```
//! use renown_stats::concordance::{concordance, concordance_with_influence};
//! use renown_stats::ranking::Ranking;
//!
//! // Of five pairs with different outcomes three are in the right order, and one is tied.
//! let (predictor, outcome) =
//!     (Ranking::new(&[1.0, 2.0, 2.0, 3.0]), Ranking::new(&[0.0, 0.0, 5.0, 2.0]));
//! assert_eq!(concordance(&predictor, &outcome, &[1; 4]), Some(3.5 / 5.0));
//!
//! let with = concordance_with_influence(&predictor, &outcome).unwrap();
//! assert_eq!(with.value, 3.5 / 5.0);
//! assert!(with.influence.iter().sum::<f64>().abs() < 1e-12);
//! ```

use crate::cumulative_counts::CumulativeCounts;
use crate::ranking::Ranking;

/// Concordance, and what each item does to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Concordance {
    /// As [`concordance`] of items that count once each.
    pub value: f64,
    /// The influence of each item, in order of index: `(c − C·N) / (Σ N / 2)`, where c of the N pairs of the item with another
    /// outcome are in the right order, ties half. They sum to 0. The root of the sum of their squares is the standard error
    /// of C, and that of the squares of differences is the standard error of a paired difference; of an item that occurs in
    /// several comparisons the influences are added first. Source: Hájek's projection of a U-statistic, as in DeLong, DeLong
    /// & Clarke-Pearson 1988, *Comparing the Areas under Two or More Correlated Receiver Operating Characteristic Curves*.
    pub influence: Vec<f64>,
}

/// Harrell's C: of the pairs of items with different `outcome`, the share in which the item with the higher outcome has the
/// higher value of the `predictor`, ties of the predictor half. 0.5 is chance; 2·C − 1 is Somers' D. None if no two items that
/// count have different outcomes. Items count as often as `multiplicities` says. Counted in whole numbers and in
/// O(n log n), so that no order of the items changes a bit. Source: Harrell, Lee & Mark 1996, *Multivariable Prognostic Models:
/// Issues in Developing Models, Evaluating Assumptions and Adequacy, and Measuring and Reducing Errors*, §5.5.
pub fn concordance(predictor: &Ranking, outcome: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    let group_of = groups(predictor);
    let mut outcomes = outcome.tied_groups();
    let lowest = outcomes.next()?;
    let (mut lower, mut counts) = (0_u64, vec![0; predictor.distinct_values()]);
    for index in lowest {
        let times = u64::from(multiplicities[*index as usize]);
        counts[group_of[*index as usize] as usize] += times;
        lower += times;
    }
    let mut of_lower = CumulativeCounts::of_counts(&counts);
    // Twice the pairs in the right order, and the pairs.
    let (mut doubled, mut pairs) = (0_u128, 0_u128);
    for tied in outcomes {
        for index in tied {
            let times = u64::from(multiplicities[*index as usize]);
            let group = group_of[*index as usize] as usize;
            if times > 0 {
                let (below, up_to) = (of_lower.before(group), of_lower.before(group + 1));
                doubled += u128::from(times) * u128::from(below + up_to);
                pairs += u128::from(times) * u128::from(lower);
            }
        }
        for index in tied {
            let times = u64::from(multiplicities[*index as usize]);
            of_lower.add(group_of[*index as usize] as usize, times);
            lower += times;
        }
    }
    (pairs > 0).then(|| doubled as f64 / (2.0 * pairs as f64))
}

/// [`concordance`] of items that count once each, with the influence of each of them; none if all have the same outcome.
/// O(n log n).
pub fn concordance_with_influence(predictor: &Ranking, outcome: &Ranking) -> Option<Concordance> {
    let all = predictor.len() as u64;
    let group_of = groups(predictor);
    // Items below each value of the predictor, and the end.
    let mut below = vec![0_u64];
    for group in predictor.tied_groups() {
        below.push(below[below.len() - 1] + group.len() as u64);
    }
    // Of each item twice the pairs in the right order, and the pairs.
    let (mut doubled, mut pairs) = (vec![0_u64; group_of.len()], vec![0_u64; group_of.len()]);
    let mut lower = 0_u64;
    let mut of_lower: Option<CumulativeCounts> = None;
    for tied in outcome.tied_groups() {
        if let Some(of_lower) = &of_lower {
            for index in tied {
                let group = group_of[*index as usize] as usize;
                doubled[*index as usize] += of_lower.before(group) + of_lower.before(group + 1);
            }
        }
        let up_to_here = lower + tied.len() as u64;
        // Of the items with a higher outcome those with a higher value are in the right order.
        let mut add_higher = |index: usize, seen_below: u64, seen_up_to: u64| {
            let group = group_of[index] as usize;
            let above = (all - below[group + 1]) - (up_to_here - seen_up_to);
            let from_here = (all - below[group]) - (up_to_here - seen_below);
            doubled[index] += above + from_here;
            pairs[index] = lower + all - up_to_here;
        };
        match &mut of_lower {
            Some(seen) => {
                tied.iter().for_each(|index| seen.add(group_of[*index as usize] as usize, 1));
                for index in tied {
                    let group = group_of[*index as usize] as usize;
                    add_higher(*index as usize, seen.before(group), seen.before(group + 1));
                }
            }
            // The lowest outcome is often that of most: all of them are counted in linear time.
            None => {
                let mut counts = vec![0_u64; predictor.distinct_values()];
                tied.iter().for_each(|index| counts[group_of[*index as usize] as usize] += 1);
                let mut seen = vec![0_u64];
                counts.iter().for_each(|count| seen.push(seen[seen.len() - 1] + count));
                for index in tied {
                    let group = group_of[*index as usize] as usize;
                    add_higher(*index as usize, seen[group], seen[group + 1]);
                }
                of_lower = Some(CumulativeCounts::of_counts(&counts));
            }
        }
        lower = up_to_here;
    }
    let sum = |counts: &[u64]| counts.iter().map(|count| u128::from(*count)).sum::<u128>() as f64;
    let all_pairs = sum(&pairs);
    if all_pairs == 0.0 {
        return None;
    }
    let value = sum(&doubled) / (2.0 * all_pairs);
    let influence = |(doubled, pairs): (&u64, &u64)| {
        (*doubled as f64 / 2.0 - value * *pairs as f64) / (all_pairs / 2.0)
    };
    Some(Concordance { value, influence: doubled.iter().zip(&pairs).map(influence).collect() })
}

/// The number of the value of each item, the lowest value first.
fn groups(ranking: &Ranking) -> Vec<u32> {
    let mut group_of = vec![0; ranking.len()];
    for (number, group) in (0..).zip(ranking.tied_groups()) {
        group.iter().for_each(|index| group_of[*index as usize] = number);
    }
    group_of
}
