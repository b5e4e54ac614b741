//! Piecewise linear curves through 0.

/// Where slopes change, in z. If z = ln(1 + x/0.1) these are x = 0, .1, .4, 1, 2.9, 9.8 and 49.
pub const KNOTS: [f64; 7] = [0.0, 0.7, 1.6, 2.4, 3.4, 4.6, 6.2];

/// f(z) of a curve with these slopes, one for each segment between [`KNOTS`]; the last given goes on for ever (slopes past
/// the seventh are not used, none at all is f = 0). z is finite; below 0 it counts as 0.
///
/// With slopes of at least 0, a larger z never gives a smaller f, not by a bit: f(z) = h_j + β_j·(z − KNOTS\[j\]), where
/// rounding keeps the order within a segment, and h_j is what the segment below gives at its end.
pub fn effect(slopes: &[f64], z: f64) -> f64 {
    if z <= 0.0 {
        return 0.0;
    }
    let (segment, rest) = locate(z, slopes.len());
    let height = (0..segment).fold(0.0, |height, j| height + slopes[j] * width(j));
    slopes.get(segment).map_or(0.0, |slope| height + slope * rest)
}

/// The segment of z > 0 among `segments`, and how far z reaches into it.
pub(super) fn locate(z: f64, segments: usize) -> (usize, f64) {
    let ends = &KNOTS[1..segments.clamp(1, KNOTS.len())];
    let segment = ends.iter().take_while(|end| z > **end).count();
    (segment, z - KNOTS[segment])
}

/// The width of a segment that another follows.
pub(super) fn width(segment: usize) -> f64 {
    KNOTS[segment + 1] - KNOTS[segment]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In floating point too: neighbouring values, at knots and elsewhere, with slopes of any size.
    #[test]
    fn a_larger_value_never_has_a_smaller_effect() {
        let mut random = fastrand::Rng::with_seed(4);
        for round in 0..2000 {
            let segments = 1 + round % 7;
            let slope = |_| match random.u32(0..4) {
                0 => 0.0,
                1 => 1e-17 * random.f64(),
                2 => 1e9 * random.f64(),
                _ => random.f64(),
            };
            let slopes: Vec<f64> = (0..segments).map(slope).collect();
            let mut values: Vec<f64> = (0..40).map(|_| 9.0 * random.f64()).collect();
            values.extend([0.0, f64::MIN_POSITIVE, 1e300]);
            let near = |z: f64| [z.next_down(), z, z.next_up(), z.next_up().next_up()];
            values = values.into_iter().chain(KNOTS).flat_map(near).collect();
            values.sort_unstable_by(f64::total_cmp);
            let effects: Vec<f64> = values.iter().map(|&z| effect(&slopes, z)).collect();
            for (pair, values) in effects.windows(2).zip(values.windows(2)) {
                assert!(pair[0] <= pair[1], "{slopes:?} at {values:?}: {pair:?}");
            }
        }
    }

    #[test]
    fn effects_match_the_definition() {
        let slopes = [0.5, 0.0, 1.0, 0.25, 2.0, 0.125, 3.0];
        let known =
            [0.0, 0.25, 0.35, 0.35, 0.35 + 0.8, 1.15 + 0.25, 1.4 + 2.4, 3.8 + 0.2, 4.0 + 6.0];
        let found = [0.0, 0.5, 0.7, 1.6, 2.4, 3.4, 4.6, 6.2, 8.2].map(|z| effect(&slopes, z));
        let close = |found: f64, known: f64| {
            assert!((found - known).abs() < 1e-14, "{found} {known}");
        };
        found.into_iter().zip(known).for_each(|(found, known)| close(found, known));
        // With fewer segments the last goes on; more than seven are not used.
        close(effect(&slopes[..2], 9.0), 0.35);
        close(effect(&[0.3], 9.0), 2.7);
        assert_eq!(effect(&[[1.0; 7].as_slice(), &[5.0; 3]].concat(), 9.0), effect(&[1.0; 7], 9.0));
        assert_eq!((effect(&[], 3.0), effect(&slopes, -1.0)), (0.0, 0.0));
        assert!(effect(&slopes, f64::NAN).is_nan());
        assert_eq!(locate(0.7, 7), (0, 0.7));
    }
}
