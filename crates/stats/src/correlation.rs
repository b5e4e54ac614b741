//! How well two rankings of the same items agree.
//!
//! ```
//! use renown_stats::correlation::{kendall, spearman};
//! use renown_stats::ranking::Ranking;
//!
//! let (a, b) = (Ranking::new(&[1.0, 2.0, 3.0]), Ranking::new(&[1.0, 3.0, 2.0]));
//! assert_eq!(spearman(&a, &b, &[1; 3]), Some(0.5));
//! assert!((kendall(&a, &b, &[1; 3]).unwrap() - 1.0 / 3.0).abs() < 1e-12);
//! ```

use crate::pair_counts::PairCounts;
use crate::ranking::Ranking;

/// Spearman's ρ, the correlation of mid-ranks; none if either side is constant. Source: Kendall & Gibbons 1990, *Rank
/// Correlation Methods*, §3.
pub fn spearman(a: &Ranking, b: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    let (a, b) = (a.doubled_ranks(multiplicities), b.doubled_ranks(multiplicities));
    spearman_of_ranks(&a, &b, multiplicities)
}

/// [`spearman`] of what [`Ranking::doubled_ranks`] gives.
pub fn spearman_of_ranks(a: &[f64], b: &[f64], multiplicities: &[u32]) -> Option<f64> {
    let mean = multiplicities.iter().map(|times| u64::from(*times)).sum::<u64>() as f64 + 1.0;
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for ((a, b), times) in a.iter().zip(b).zip(multiplicities) {
        let (a, b, times) = (a - mean, b - mean, f64::from(*times));
        ab += times * a * b;
        aa += times * a * a;
        bb += times * b * b;
    }
    let spread = libm::sqrt(aa * bb);
    (spread > 0.0).then(|| ab / spread)
}

/// Kendall's τ-b; none if either side is constant. Source: Kendall & Gibbons 1990, §3.
pub fn kendall(a: &Ranking, b: &Ranking, multiplicities: &[u32]) -> Option<f64> {
    PairCounts::of(a, b, multiplicities).kendall()
}
