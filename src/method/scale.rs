//! The scale of scores.

/// The score of a forecast: `min(100, 1 + 10 · log₅(1 + expected_reactors))`. Every ten points are five times the people.
pub fn points(expected_reactors: f64) -> f64 {
    let five = libm::log(5.0);
    (1.0 + 10.0 * libm::log1p(expected_reactors) / five).min(100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_points_are_five_times_the_people() {
        // From the definition of the score: 1 is nobody, 11 four people, 21 twenty-four, …
        for (people, score) in
            [(0.0, 1.0), (4.0, 11.0), (24.0, 21.0), (124.0, 31.0), (15_624.0, 61.0)]
        {
            assert!((points(people) - score).abs() < 1e-12, "{people} people");
        }
        assert_eq!(points(1e12), 100.0);
        assert!(points(8e6) < 100.0);
    }
}
