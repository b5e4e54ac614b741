//! Rank correlation.

use crate::score::percentile::mid_rank;

/// Spearman's ρ: the correlation of mid-ranks, ties sharing theirs; none if either side is constant. Source: Kendall &
/// Gibbons 1990, *Rank Correlation Methods*, §3.
pub fn spearman(one: &[f64], other: &[f64]) -> Option<f64> {
    let (one, other) = (mid_rank(one), mid_rank(other));
    // Mid-rank percentiles have the mean 50.
    let products = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + (a - 50.0) * (b - 50.0))
    };
    let spread = libm::sqrt(products(&one, &one) * products(&other, &other));
    (spread > 0.0).then(|| products(&one, &other) / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_rank() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]), Some(1.0));
        assert_eq!(spearman(&[1.0, 1.0], &[1.0, 2.0]), None);
        // scipy.stats.spearmanr([1, 2, 2, 4, 5], [5, 6, 7, 8, 7]) of SciPy 1.16.
        let found = spearman(&[1.0, 2.0, 2.0, 4.0, 5.0], &[5.0, 6.0, 7.0, 8.0, 7.0]).unwrap();
        assert!((found - 0.763_157_894_736_842).abs() < 1e-12, "{found}");
    }
}
