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

use crate::pair_counts::PairCounts;
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
    /// Kendall's τ-b, which counts the same pairs; none if the predictor is constant.
    pub kendall: Option<f64>,
}

/// Harrell's C: of the pairs of items with different `outcome`, the share in which the item with the higher outcome has the
/// higher value of the `predictor`, ties of the predictor half. 0.5 is chance; 2·C − 1 is Somers' D. None if no two items that
/// count have different outcomes. Items count as often as `multiplicities` says. Counted in whole numbers and in
/// O(n log n), so that no order of the items changes a bit. Source: Harrell, Lee & Mark 1996, *Multivariable Prognostic Models:
/// Issues in Developing Models, Evaluating Assumptions and Adequacy, and Measuring and Reducing Errors*, §5.5.
pub fn concordance(predictor: &Ranking, outcome: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    PairCounts::of(predictor, outcome, multiplicities).concordance()
}

/// [`concordance`] of items that count once each, with the influence of each of them; none if all have the same outcome.
pub fn concordance_with_influence(predictor: &Ranking, outcome: &Ranking) -> Option<Concordance> {
    // Of each item twice the pairs in the right order, and the pairs.
    let (mut doubled, mut pairs) = (vec![0_u64; predictor.len()], vec![0_u64; predictor.len()]);
    let counts = PairCounts::of_each(predictor, outcome, |item, in_order, differ| {
        (doubled[item], pairs[item]) = (in_order, differ);
    });
    let value = counts.concordance()?;
    let all_pairs = counts.different_outcomes as f64;
    let influence = |(doubled, pairs): (&u64, &u64)| {
        (*doubled as f64 / 2.0 - value * *pairs as f64) / all_pairs
    };
    let influence = doubled.iter().zip(&pairs).map(influence).collect();
    Some(Concordance { value, influence, kendall: counts.kendall() })
}
