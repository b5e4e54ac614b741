//! How good the first k items are.
//!
//! ```
//! use renown_stats::ranking::Ranking;
//! use renown_stats::retrieval::{ndcg, precision};
//!
//! let gains = [3.0, 0.0, 2.0];
//! let (predictor, ideal) = (Ranking::new(&[0.2, 0.3, 0.1]), Ranking::new(&gains));
//! let found = ndcg(&predictor, &ideal, &gains, &[1; 3], 2).unwrap();
//! assert!((found - (3.0 / 3_f64.log2()) / (3.0 + 2.0 / 3_f64.log2())).abs() < 1e-12);
//!
//! assert_eq!(precision(&predictor, &[true, false, true], &[1; 3], 2), Some(0.5));
//! ```

use crate::ranking::{Ranking, count};

/// Normalised discounted cumulative gain of the first `k` by `predictor`: `gains` are 0 or more, the discount is log₂ of
/// the position + 1, and tied items share the mean of their positions. `ideal` ranks the items by their gains. None if all
/// gains are 0. Source: Järvelin & Kekäläinen 2002, *Cumulated Gain-Based Evaluation of IR Techniques*; ties: McSherry &
/// Najork 2008, *Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied Scores*.
pub fn ndcg(
    predictor: &Ranking,
    ideal: &Ranking,
    gains: &[f64],
    multiplicities: &[u32],
    k: usize,
) -> Option<f64> {
    // Sums of the discounts up to each position.
    let mut discounts = vec![0.0; k + 1];
    for position in 0..k {
        discounts[position + 1] = discounts[position] + 1.0 / libm::log2(position as f64 + 2.0);
    }
    let dcg = |ranking: &Ranking| {
        let (mut sum, mut before) = (0.0, 0);
        for group in ranking.tied_groups().rev() {
            if before >= k {
                break;
            }
            let tied = count(group, multiplicities) as usize;
            let after = before + tied;
            let gain = |i: &u32| f64::from(multiplicities[*i as usize]) * gains[*i as usize];
            if tied > 0 {
                let discount = discounts[after.min(k)] - discounts[before];
                sum += discount * group.iter().map(gain).sum::<f64>() / tied as f64;
            }
            before = after;
        }
        sum
    };
    let best = dcg(ideal);
    (best > 0.0).then(|| dcg(predictor) / best)
}

/// The share of the first `k` by `predictor` that are `relevant`; of tied items so many are among the first as there are
/// positions, each equally likely. None if there are fewer than `k`.
pub fn precision(
    predictor: &Ranking,
    relevant: &[bool],
    multiplicities: &[u32],
    k: usize,
) -> Option<f64> {
    let (mut found, mut positions) = (0.0, k as f64);
    for group in predictor.tied_groups().rev() {
        let tied = count(group, multiplicities);
        if positions <= 0.0 {
            break;
        }
        if tied > 0.0 {
            let relevant = group.iter().filter(|index| relevant[**index as usize]);
            let relevant = relevant.map(|index| f64::from(multiplicities[*index as usize]));
            found += relevant.sum::<f64>() * (positions / tied).min(1.0);
            positions -= tied;
        }
    }
    (k > 0 && positions <= 0.0).then(|| found / k as f64)
}
