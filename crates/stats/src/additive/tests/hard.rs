//! Data that are hard to fit, and those that cannot be.

use super::*;

/// Columns that say the same, that say nothing, and outcomes that the measures tell apart without error.
#[test]
fn degenerate_columns_have_a_fit() {
    let base = random(1, 800, 2);
    for strength in STRENGTHS.into_iter().chain([Strength { tau: 100.0, delta: 100.0 }]) {
        let mut data = Data::new(base.measures.clone(), base.outcomes.clone());
        data.measures.push(data.measures[0].clone());
        data.measures.push(vec![0.0; 800]);
        data.measures.push(data.measures[0].iter().map(|z| 3.0 * z).collect());
        data.measures.push(vec![2.0; 800]);
        data.default_slopes = vec![vec![0.1; 7]; 6];
        data.strength = strength;
        let fitted = data.fit();
        close(fitted.slopes[0].iter().copied(), &fitted.slopes[2], 1e-5);
        close(fitted.slopes[3].iter().copied(), &[0.1; 7], 1e-9);
        // Outcomes only where a measure is 0, or only where it is not.
        for inside in [false, true] {
            let mut data = Data::new(base.measures.clone(), base.outcomes.clone());
            data.strength = strength;
            for (outcome, z) in data.outcomes.iter_mut().zip(&data.measures[0]) {
                *outcome = if (*z > 0.0) == inside { 1.0 + *outcome } else { 0.0 };
            }
            let fitted = data.fit();
            let first = fitted.slopes[0][0];
            assert!(if inside { first > 0.1 } else { first < 0.1 }, "{strength:?} {first}");
        }
    }
}

#[test]
fn counts_of_any_size_have_a_fit() {
    let base = random(8, 1500, 3);
    for scale in [1.0, 1e3, 1e6] {
        for a in [None, Some(0.0), Some(1e-12), Some(0.3), Some(1e3)] {
            let outcomes = base.outcomes.iter().map(|y| y * scale).collect();
            let mut data = Data::new(base.measures.clone(), outcomes);
            data.measures.push(data.measures[0].clone());
            data.default_slopes.push(vec![0.0; 7]);
            data.overdispersion = a;
            for strength in [STRENGTHS[0], STRENGTHS[3], Strength { tau: 1e3, delta: 1e3 }] {
                data.strength = strength;
                let fitted = data.fit();
                assert!(fitted.iterations < 40, "{scale} {a:?} {strength:?} {fitted:?}");
            }
        }
    }
    // One outcome among many rows, and default slopes that are far off.
    let mut data = Data::new(base.measures.clone(), vec![0.0; 1500]);
    data.outcomes[700] = 1.0;
    let means = data.means(&data.fit());
    assert!((means.iter().sum::<f64>() - 1.0).abs() < 0.2);
    let mut data = Data::new(base.measures, base.outcomes);
    data.default_slopes.iter_mut().for_each(|slopes| slopes.fill(30.0));
    data.fit();
}

/// Problems of all kinds at once: few rows or more, measures that are alike or say nothing, outcomes without noise or with
/// much of it, any weights, strengths and overdispersion.
#[test]
fn random_problems_have_a_fit() {
    for seed in 0..400 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut power = |from: f64, to: f64| libm::pow(10.0, from + (to - from) * random.f64());
        let (scale, a) = (power(-2.0, 6.0), power(-8.0, 4.0));
        let strength = Strength { tau: power(-4.5, 4.5), delta: power(-4.5, 4.5) };
        let weights: Vec<f64> = (0..200).map(|_| power(-2.0, 2.0)).collect();
        let (rows, share) = ([1, 2, 5, 30, 200][random.usize(0..5)], random.f64());
        let mut value = || if random.f64() < share { 0.0 } else { 9.0 * random.f64() };
        let first: Vec<f64> = (0..rows).map(|_| value()).collect();
        let second: Vec<f64> = (0..rows).map(|_| value()).collect();
        let measures: Vec<Vec<f64>> = vec![
            first.clone(),
            second.iter().map(|z| 1e-6 * z).collect(),
            first.iter().map(|z| 3.0 * z).collect(),
            vec![5.0; rows],
            second,
            vec![0.0; rows],
            first,
        ];
        let noise = random.u32(0..3);
        let outcome = |z: &f64| {
            let mean = scale * libm::exp(0.4 * z - 1.0);
            match noise {
                0 => libm::round(mean),
                1 => libm::floor(-mean * libm::log(1.0 - random.f64())),
                _ => 50.0 * mean * f64::from(u8::from(random.f64() < 0.05)),
            }
        };
        let mut outcomes: Vec<f64> = measures[0].iter().map(outcome).collect();
        outcomes[0] += 1.0;
        let mut data = Data::new(measures, outcomes);
        data.groups = (0..rows).map(|_| random.u32(0..4)).collect();
        data.weights = random.bool().then(|| weights[..rows].to_vec());
        let segments = [1, 4, 7][random.usize(0..3)];
        data.default_slopes = vec![vec![0.1 * f64::from(random.u32(0..5)); segments]; 7];
        data.strength = [strength, STRENGTHS[random.usize(0..4)]][random.usize(0..2)];
        data.overdispersion = [None, Some(0.0), Some(a)][random.usize(0..3)];
        let fitted = data.fit();
        assert!(fitted.optimality <= 1e-8 && fitted.iterations < 150, "{seed}: {fitted:?}");
    }
}

#[test]
fn groups_without_outcomes_or_rows_have_an_intercept() {
    let mut data = random(6, 900, 2);
    data.weights = None;
    data.groups.iter_mut().enumerate().for_each(|(i, group)| *group = 2 * (i % 3) as u32);
    for (outcome, group) in data.outcomes.iter_mut().zip(&data.groups) {
        *outcome *= f64::from(u8::from(*group != 4));
    }
    data.overdispersion = Some(0.0);
    let fitted = data.fit();
    assert_eq!(fitted.intercepts.len(), 5);
    let means = data.means(&fitted);
    let of_empty = (0..900).filter(|i| data.groups[*i] == 4).map(|i| means[i]).sum::<f64>();
    assert!((of_empty - EMPTY_GROUP_PSEUDOCOUNT).abs() < 1e-6, "{of_empty}");
    // The two groups without rows have the intercept of all rows together.
    assert_eq!(fitted.intercepts[1], fitted.intercepts[3]);
    let together = data
        .fit()
        .means(&data.measures(), &[1; 900], data.offsets.as_deref())
        .unwrap()
        .iter()
        .sum::<f64>();
    assert!((together - data.outcomes.iter().sum::<f64>()).abs() < 1e-6 * together);
    // Rows without weight are no rows.
    data.weights = Some(data.groups.iter().map(|g| f64::from(u8::from(*g != 4))).collect());
    let without = data.fit();
    assert_eq!(without.intercepts[4], without.intercepts[1]);
}

#[test]
fn without_measures_levels_are_logarithms_of_means() {
    let mut data = Data::new(vec![], vec![1.0, 2.0, 3.0, 10.0]);
    data.groups = vec![0, 0, 1, 1];
    let fitted = data.fit();
    close(fitted.intercepts, &[libm::log(1.5), libm::log(6.5)], 1e-8);
}

#[test]
fn problems_without_a_fit_are_errors() {
    let fails = |change: &dyn Fn(&mut Data)| {
        let mut data = golden();
        change(&mut data);
        fit(&data.problem()).unwrap_err()
    };
    assert_eq!(fails(&|data| *data = Data::new(vec![], vec![])), FitError::Empty);
    assert_eq!(fails(&|data| data.outcomes.fill(0.0)), FitError::NoOutcome);
    assert_eq!(fails(&|data| data.weights = Some(vec![0.0; 60])), FitError::NoOutcome);
    let value = |change: &dyn Fn(&mut Data), of: &str| {
        assert!(matches!(fails(change), FitError::Value { what, .. } if what == of), "{of}");
    };
    value(&|data| data.measures[1][3] = -1.0, "measure in row");
    value(&|data| data.measures[1][3] = f64::INFINITY, "measure in row");
    value(&|data| data.outcomes[2] = f64::NAN, "outcome");
    value(&|data| data.weights = Some(vec![-1.0; 60]), "weight");
    value(&|data| data.offsets = Some(vec![f64::NAN; 60]), "offset");
    value(&|data| data.default_slopes[0][6] = -0.1, "default slope");
    value(&|data| data.strength.delta = 0.0, "strength");
    value(&|data| data.overdispersion = Some(-1.0), "overdispersion");
    let length = |change: &dyn Fn(&mut Data), of: &str| {
        assert!(matches!(fails(change), FitError::Length { what, .. } if what == of), "{of}");
    };
    length(&|data| data.measures[2].truncate(5), "measure");
    length(&|data| data.groups.truncate(5), "groups");
    length(&|data| data.weights = Some(vec![]), "weights");
    length(&|data| data.default_slopes.truncate(1), "default slopes");
    length(&|data| data.default_slopes[1].clear(), "default slopes of a measure");
    length(&|data| data.default_slopes[1].push(0.0), "default slopes of a measure");
    let far = fails(&|data| data.groups[0] = 1 << 20);
    assert!(matches!(far, FitError::Index { what: "group", .. }), "{far:?}");
}
