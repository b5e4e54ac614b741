//! Mid-rank percentiles.

/// For each value, `100 · (values below + half of the values equal, itself counted) / n`: between 0
/// and 100, 50 where all are equal. Values must be numbers; order of the input does not matter.
pub fn mid_rank(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    values.iter().map(|value| place(&sorted, *value)).collect()
}

/// The mid-rank of `value` among `sorted` values, of which it is one.
pub fn place(sorted: &[f64], value: f64) -> f64 {
    let below = sorted.partition_point(|other| *other < value);
    let up_to = sorted.partition_point(|other| *other <= value);
    100.0 * (below + up_to) as f64 / (2.0 * sorted.len() as f64)
}

/// The middle of `sorted` values, or the mean of the two that share it; none without values.
pub fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(lower / 2.0 + upper / 2.0)
}

/// The value up to which a `share` of `sorted` values lies, linear between them; none without values. Source: Hyndman & Fan
/// 1996, *Sample Quantiles in Statistical Packages*, definition 7.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len() as f64 - 1.0);
    let (low, part) = (libm::floor(place) as usize, place - libm::floor(place));
    let next = sorted.get(low + 1).or(sorted.last())?;
    sorted.get(low).map(|value| value + part * (next - value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_share_their_middle() {
        assert_eq!(mid_rank(&[1.0, 3.0, 1.0, 2.0]), [25.0, 87.5, 25.0, 62.5]);
        assert_eq!(mid_rank(&[7.0; 3]), [50.0; 3]);
        assert!(mid_rank(&[]).is_empty());
    }

    #[test]
    fn the_middle_is_shared_by_an_even_number() {
        assert_eq!(median(&[1.0, 2.0, 4.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), Some(3.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_share_lies_between_its_neighbours() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let shares =
            [(0.0, 1.0), (0.25, 1.75), (1.0 / 3.0, 2.0), (0.5, 3.0), (0.9, 7.5), (1.0, 9.0)];
        for (share, value) in shares {
            assert!((quantile(&values, share).unwrap() - value).abs() < 1e-12, "{share}");
        }
        assert_eq!(quantile(&[5.0], 0.05), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
