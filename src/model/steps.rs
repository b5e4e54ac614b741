//! Counts of people as they are shown where no table of persons stands with them.

/// People of whom no single one is pointed at.
const STEP: i64 = 11;

/// A count in steps of 11, rounded down; `None` below 11. Of two counts that are shown, of a part and a whole or of two nights, the
/// difference is then 0 or at least 11, so that none isolates fewer people.
pub fn in_steps(count: i64) -> Option<i64> {
    (count >= STEP).then(|| count - count % STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pair of counts up to 200: what is shown differs by nothing or by 11 or more, and never says that a count is below 11.
    #[test]
    fn shown_counts_differ_by_nothing_or_by_eleven() {
        for one in 0..200 {
            assert_eq!(in_steps(one).is_none(), one < 11, "{one}");
            for other in 0..200 {
                let (Some(one), Some(other)) = (in_steps(one), in_steps(other)) else { continue };
                assert!(one == other || (one - other).abs() >= 11, "{one} {other}");
            }
        }
    }

    /// Where a whole and all parts but one are shown, or the same count of two nights, any part of up to 10 people has more than one
    /// number of people that fits, 0 and its true number among them.
    #[test]
    fn no_part_below_eleven_follows_from_the_others() {
        for shown_part in 11..60 {
            for hidden in 1..11 {
                let whole = in_steps(shown_part + hidden);
                // Whoever sees the whole and one part knows them up to 10.
                let fits = |guess: i64| {
                    (0..11).any(|rest| {
                        in_steps(shown_part) == in_steps(shown_part - shown_part % 11 + rest)
                            && in_steps(shown_part - shown_part % 11 + rest + guess) == whole
                    })
                };
                assert!(fits(hidden));
                assert!((0..11).filter(|guess| fits(*guess)).count() > 1, "{shown_part} {hidden}");
            }
        }
    }
}
