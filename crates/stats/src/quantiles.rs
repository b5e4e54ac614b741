//! Percentile ranks, medians and quantiles of values.
//!
//! ```
//! use renown_stats::quantiles::{median, percentile_ranks, quantile};
//!
//! assert_eq!(percentile_ranks(&[1.0, 3.0, 1.0, 2.0]), [25.0, 87.5, 25.0, 62.5]);
//!
//! let sorted = [1.0, 2.0, 4.0, 9.0];
//! assert_eq!((median(&sorted), quantile(&sorted, 0.25)), (Some(3.0), Some(1.75)));
//! ```

/// The percentile rank of each value, `100 · (values below + half of the values equal, itself counted) / n`: between 0
/// and 100, 50 where all are equal. Values must be numbers; the order of the input does not matter.
pub fn percentile_ranks(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    values.iter().map(|value| percentile_rank(&sorted, *value)).collect()
}

/// The percentile rank of `value` among ascending values, of which it is one.
pub fn percentile_rank(sorted: &[f64], value: f64) -> f64 {
    let below = sorted.partition_point(|other| *other < value);
    let up_to = sorted.partition_point(|other| *other <= value);
    100.0 * (below + up_to) as f64 / (2.0 * sorted.len() as f64)
}

/// The middle of ascending values, or the mean of the two middle ones; none without values.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(lower / 2.0 + upper / 2.0)
}

/// The value up to which a `share` (0 to 1) of ascending values lies, linear between them; none without values. Source:
/// Hyndman & Fan 1996, *Sample Quantiles in Statistical Packages*, definition 7.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let position = share * (sorted.len() as f64 - 1.0);
    let (index, fraction) = (libm::floor(position) as usize, position - libm::floor(position));
    let next = sorted.get(index + 1).or(sorted.last())?;
    sorted.get(index).map(|value| value + fraction * (next - value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_middle() {
        assert_eq!(percentile_ranks(&[1.0, 3.0, 1.0, 2.0]), [25.0, 87.5, 25.0, 62.5]);
        assert_eq!(percentile_ranks(&[7.0; 3]), [50.0; 3]);
        assert!(percentile_ranks(&[]).is_empty());
    }

    #[test]
    fn the_middle_is_shared_by_an_even_number() {
        assert_eq!(median(&[1.0, 2.0, 4.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let quantiles =
            [(0.0, 1.0), (0.25, 1.75), (1.0 / 3.0, 2.0), (0.5, 3.0), (0.9, 7.5), (1.0, 9.0)];
        for (share, value) in quantiles {
            assert!((quantile(&values, share).unwrap() - value).abs() < 1e-12, "{share}");
        }
        assert_eq!(quantile(&[5.0], 0.05), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
