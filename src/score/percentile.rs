//! Mid-rank percentiles.

/// For each value, `100 · (values below + half of the values equal, itself counted) / n`: between 0
/// and 100, 50 where all are equal. Values must be numbers; order of the input does not matter.
pub fn mid_rank(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    values
        .iter()
        .map(|value| {
            let below = sorted.partition_point(|other| other < value);
            let up_to = sorted.partition_point(|other| other <= value);
            100.0 * (below + up_to) as f64 / (2.0 * n)
        })
        .collect()
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
}
