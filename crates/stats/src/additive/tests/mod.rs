//! Additive regression: against another program, its derivatives, its limits.

mod hard;

use super::model::Model;
use super::segments::Segments;
use super::*;
use crate::error::FitError;
use crate::newton::Objective;

struct Data {
    measures: Vec<Vec<f64>>,
    groups: Vec<u32>,
    offsets: Option<Vec<f64>>,
    outcomes: Vec<f64>,
    weights: Option<Vec<f64>>,
    default_slopes: Vec<Vec<f64>>,
    strength: Strength,
    overdispersion: Option<f64>,
}

impl Data {
    /// One group, default slopes of 0.1, the weakest of the strengths.
    fn new(measures: Vec<Vec<f64>>, outcomes: Vec<f64>) -> Self {
        Self {
            default_slopes: vec![vec![0.1; 7]; measures.len()],
            groups: vec![0; outcomes.len()],
            offsets: None,
            weights: None,
            strength: STRENGTHS[3],
            overdispersion: None,
            measures,
            outcomes,
        }
    }

    fn measures(&self) -> Vec<&[f64]> {
        self.measures.iter().map(Vec::as_slice).collect()
    }

    fn problem(&self) -> AdditiveProblem<'_> {
        AdditiveProblem {
            measures: self.measures(),
            groups: &self.groups,
            offsets: self.offsets.as_deref(),
            outcomes: &self.outcomes,
            weights: self.weights.as_deref(),
            default_slopes: &self.default_slopes,
            strength: self.strength,
            overdispersion: self.overdispersion,
        }
    }

    fn fit(&self) -> AdditiveFit {
        let fitted = fit(&self.problem()).unwrap();
        assert!(fitted.slopes.concat().iter().all(|slope| *slope >= 0.0 && slope.is_finite()));
        assert!(fitted.intercepts.iter().all(|intercept| intercept.is_finite()));
        fitted
    }

    fn means(&self, fitted: &AdditiveFit) -> Vec<f64> {
        fitted.means(&self.measures(), &self.groups, self.offsets.as_deref()).unwrap()
    }
}

fn close(found: impl IntoIterator<Item = f64>, known: &[f64], within: f64) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), known.len());
    for (found, known) in found.iter().zip(known) {
        assert!((found - known).abs() <= within * (1.0 + known.abs()), "{found} {known}");
    }
}

/// z of a count.
fn log_count(count: u32) -> f64 {
    libm::log1p(f64::from(count) / 0.1)
}

/// The 60 rows of the golden numbers: three measures, two groups, offsets, weights.
fn golden() -> Data {
    let rows = 0..60_u32;
    let measures: Vec<Vec<f64>> = vec![
        rows.clone().map(|i| log_count(i * 41 % 97 / 2)).collect(),
        rows.clone().map(|i| log_count((i * i * 3 + i) % 61 / 3 * u32::from(i % 3 > 0))).collect(),
        rows.clone().map(|i| log_count((i * i + i * 11) % 43 % 7)).collect(),
    ];
    let outcome = |i: u32| {
        let row = i as usize;
        let mean = libm::exp(0.25 * measures[0][row] + 0.2 * measures[1][row].min(2.4));
        libm::floor(mean * f64::from(i * 57 % 101) / 50.0)
    };
    let outcomes: Vec<f64> = rows.clone().map(outcome).collect();
    assert_eq!(outcomes.iter().sum::<f64>(), 281.0);
    let mut data = Data::new(measures, outcomes);
    data.groups = rows.clone().map(|i| i % 2).collect();
    data.offsets = Some(rows.clone().map(|i| 0.1 * (f64::from(i * 13 % 5) - 2.0)).collect());
    data.weights = Some(rows.map(|i| 1.0 + 0.5 * f64::from(i * 7 % 4)).collect());
    data.default_slopes = [0.3, 0.05, 0.02].map(|slope| vec![slope; 7]).to_vec();
    data
}

/// A random data set whose outcomes are geometric and grow with its measures.
fn random(seed: u64, rows: usize, measures: usize) -> Data {
    let mut random = fastrand::Rng::with_seed(seed);
    let value = |random: &mut fastrand::Rng| {
        if random.f64() < 0.4 { 0.0 } else { 8.0 * random.f64() * random.f64() }
    };
    let columns: Vec<Vec<f64>> =
        (0..measures).map(|_| (0..rows).map(|_| value(&mut random)).collect()).collect();
    let outcome = |i: usize| {
        let mean = libm::exp(-1.0 + 0.4 * columns[0][i] + 0.3 * columns[measures - 1][i].min(1.6));
        libm::floor(libm::log(1.0 - random.f64()) / libm::log(mean / (1.0 + mean)))
    };
    let outcomes = (0..rows).map(outcome).collect();
    let mut data = Data::new(columns, outcomes);
    data.groups = (0..rows).map(|_| random.u32(0..3)).collect();
    data.offsets = Some((0..rows).map(|_| random.f64() - 0.5).collect());
    data.weights = Some((0..rows).map(|_| 0.5 + random.f64()).collect());
    data
}

/// SciPy 1.17: `optimize.minimize` (L-BFGS-B) of f, and `minimize_scalar` of the negative-binomial likelihood for a.
#[test]
fn agrees_with_scipy() {
    let mut data = golden();
    let home = data.fit();
    close(home.intercepts.iter().copied(), &[-0.625_899_383, -0.621_080_598], 3e-7);
    close([home.overdispersion], &[0.608_249_866_9], 1e-7);
    let known = [
        0.282_013_389,
        0.281_455_091,
        0.278_933_61,
        0.275_233_002,
        0.307_702_48,
        0.386_983_237,
        0.382_619_993,
        0.129_146_28,
        0.125_022_569,
        0.108_280_452,
        0.083_459_593_1,
        0.160_964_202,
        0.163_160_971,
        0.137_553_519,
        0.026_771_768_3,
        0.038_569_765_7,
        0.062_674_323_5,
        0.098_618_028_4,
        0.060_557_408_5,
        0.040_516_796_2,
        0.030_496_715_4,
    ];
    close(home.slopes.concat(), &known, 3e-7);
    data.overdispersion = Some(0.0);
    let poisson = data.fit();
    assert_eq!((poisson.slopes[2][0], poisson.overdispersion), (0.0, 0.0));
    let known = [
        0.018_846_821_5,
        0.064_392_344_2,
        0.134_606_021,
        0.078_609_922_5,
        0.055_179_751_1,
        0.043_464_928_8,
    ];
    close(poisson.slopes[2][1..].iter().copied(), &known, 3e-7);
    (data.overdispersion, data.strength) = (Some(0.5), STRENGTHS[1]);
    let strong = data.fit();
    close(strong.intercepts.iter().copied(), &[-0.449_040_434, -0.456_674_602], 3e-7);
    let known = [
        0.091_219_664_1,
        0.091_300_419_4,
        0.090_768_833_9,
        0.089_976_710_1,
        0.090_329_775_6,
        0.087_629_686_6,
        0.085_123_099,
    ];
    close(strong.slopes[1].iter().copied(), &known, 3e-7);
}

/// The same programs with one slope per measure.
#[test]
fn lines_agree_with_scipy() {
    let mut data = golden();
    data.default_slopes.iter_mut().for_each(|slopes| slopes.truncate(1));
    let home = data.fit();
    close([home.overdispersion], &[0.656_743_786_1], 1e-7);
    close(home.intercepts, &[-0.801_633_867, -0.803_355_149], 3e-7);
    close(home.slopes.concat(), &[0.333_325_181, 0.125_068_519, 0.061_397_282_8], 3e-7);
}

#[test]
fn derivatives_match_the_value() {
    for a in [0.0, 1e-9, 0.7, 40.0] {
        let mut data = golden();
        // A group without outcomes, a line among the curves.
        data.default_slopes[1].truncate(1);
        data.groups[59] = 2;
        data.outcomes[59] = 0.0;
        let problem = data.problem();
        let mut model = Model::new(&problem);
        model.overdispersion = a;
        let mut point = model.first_point();
        point.iter_mut().enumerate().for_each(|(k, x)| *x += 0.01 * (k % 5) as f64);
        model.value(&point);
        let (gradient, hessian) = model.derivatives(&point);
        for k in 0..point.len() {
            let mut at = |by: f64| {
                let mut point = point.clone();
                point[k] += by;
                (model.value(&point), model.derivatives(&point).0)
            };
            let (up, down) = (at(1e-5), at(-1e-5));
            let near = |numeric: f64, exact: f64| {
                let apart = (numeric - exact).abs();
                assert!(apart < 1e-6 * (100.0 + exact.abs()), "{a} {k}: {numeric} {exact}");
            };
            near((up.0 - down.0) / 2e-5, gradient[k]);
            for j in 0..point.len() {
                near((up.1[j] - down.1[j]) / 2e-5, hessian.get(k, j));
            }
        }
    }
}

/// The sums row by row, over chunk boundaries.
#[test]
fn moments_match_the_definition() {
    for (rows, chunk) in [(1, 1), (30, 1), (30, 7), (30, 1024)] {
        let data = random(rows as u64, rows, 4);
        let (counts, all) = ([7, 1, 3, 7], (0..rows).collect::<Vec<usize>>());
        let segments = Segments::new(&data.measures(), &counts, &all, data.groups.clone(), 3);
        let row = |i: usize| {
            let mut row = vec![0.0; 3];
            row[data.groups[i] as usize] = 1.0;
            for (measure, count) in data.measures.iter().zip(counts) {
                row.extend((0..count).map(|j| {
                    let end = if j + 1 < count { KNOTS[j + 1] } else { f64::INFINITY };
                    (measure[i].min(end) - KNOTS[j]).max(0.0)
                }));
            }
            row
        };
        let residuals = data.offsets.as_deref().unwrap();
        let weights = data.weights.as_deref().unwrap();
        let (gradient, hessian) = segments.moments(residuals, weights, chunk);
        assert_eq!((gradient.len(), hessian.order()), (21, 21));
        for (j, found) in gradient.iter().enumerate() {
            let direct: f64 = (0..rows).map(|i| residuals[i] * row(i)[j]).sum();
            assert!((found - direct).abs() < 1e-11, "{j}");
            for k in 0..21 {
                let direct: f64 = (0..rows).map(|i| weights[i] * row(i)[j] * row(i)[k]).sum();
                assert!((hessian.get(j, k) - direct).abs() < 1e-10, "{j} {k}");
            }
        }
    }
}

#[test]
fn predictors_are_those_of_the_fit_to_the_bit() {
    let data = random(11, 3000, 5);
    let fitted = data.fit();
    let found =
        fitted.linear_predictors(&data.measures(), &data.groups, data.offsets.as_deref()).unwrap();
    let mut model = Model::new(&data.problem());
    let point = [fitted.intercepts.clone(), fitted.slopes.concat()].concat();
    model.value(&point);
    assert_eq!(found, model.predictors);
    let wrong = fitted.linear_predictors(&data.measures(), &[9; 3000], None);
    assert_eq!(wrong, Err(FitError::Index { what: "group", index: 9, limit: 3 }));
    assert!(fitted.means(&data.measures()[1..], &data.groups, None).is_err());
}

#[test]
fn strong_shrinkage_gives_the_default_and_weak_the_free_fit() {
    let mut data = random(2, 2000, 3);
    data.strength = Strength { tau: 1e-6, delta: 1e-6 };
    let shrunk = data.fit();
    close(shrunk.slopes.concat(), &[0.1; 21], 1e-6);
    // Steps only: one shift for all segments of a measure.
    data.strength = Strength { tau: 1e3, delta: 1e-5 };
    let shifted = data.fit();
    for slopes in &shifted.slopes {
        close(slopes.iter().copied(), &[slopes[0]; 7], 1e-5);
    }
    // Nothing: residuals of the free fit are orthogonal to each level and each line that is not at its bound.
    data.strength = Strength { tau: 1e5, delta: 1e5 };
    data.default_slopes.iter_mut().for_each(|slopes| slopes.truncate(1));
    for a in [0.0, 0.4] {
        data.overdispersion = Some(a);
        let free = data.fit();
        let means = data.means(&free);
        let weights = data.weights.as_deref().unwrap();
        let residual = |i: usize| {
            weights[i] * (data.outcomes[i] - means[i]) / (1.0 + a * libm::sqrt(means[i]))
        };
        for group in 0..3 {
            let rows = (0..2000).filter(|i| data.groups[*i] == group);
            assert!(rows.map(residual).sum::<f64>().abs() < 1e-4);
        }
        for (slopes, measure) in free.slopes.iter().zip(&data.measures) {
            let sum: f64 = (0..2000).map(|i| residual(i) * measure[i]).sum();
            assert!(if slopes[0] > 0.0 { sum.abs() < 1e-4 } else { sum < 1e-4 }, "{sum}");
        }
    }
}

#[test]
fn the_curve_is_found() {
    let mut data = random(3, 20_000, 2);
    (data.default_slopes, data.offsets) = (vec![vec![0.3; 7], vec![0.1; 7]], None);
    let fitted = data.fit();
    assert!((effect(&fitted.slopes[0], 6.0) - 2.4).abs() < 0.1, "{fitted:?}");
    let bend = [1.6, 7.0].map(|z| effect(&fitted.slopes[1], z));
    assert!((bend[0] - 0.48).abs() < 0.1 && bend[1] - bend[0] < 0.1, "{bend:?}");
    assert!((fitted.intercepts[0] + 1.0).abs() < 0.1 && fitted.overdispersion > 0.5, "{fitted:?}");
}

#[test]
fn the_order_of_rows_changes_rounding_alone_and_threads_no_bit() {
    let data = random(7, 9001, 6);
    let runs = [1, 2, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| data.fit())
    });
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
    let mut shuffled = random(7, 9001, 6);
    let mut order: Vec<usize> = (0..9001).collect();
    fastrand::Rng::with_seed(1).shuffle(&mut order);
    let by_order = |values: &[f64]| order.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    shuffled.measures = data.measures.iter().map(|values| by_order(values)).collect();
    shuffled.outcomes = by_order(&data.outcomes);
    shuffled.offsets = data.offsets.as_deref().map(by_order);
    shuffled.weights = data.weights.as_deref().map(by_order);
    shuffled.groups = order.iter().map(|&i| data.groups[i]).collect();
    let other = shuffled.fit();
    close(other.intercepts, &runs[0].intercepts, 1e-7);
    close(other.slopes.concat(), &runs[0].slopes.concat(), 1e-7);
    close([other.overdispersion], &[runs[0].overdispersion], 1e-7);
}

#[test]
fn a_weight_is_a_number_of_repetitions() {
    let mut data = random(5, 500, 3);
    let times = |i: usize| i % 4;
    let mut repeated = random(5, 500, 3);
    let rows: Vec<usize> = (0..500).flat_map(|i| vec![i; times(i)]).collect();
    let repeat = |values: &[f64]| rows.iter().map(|&i| values[i]).collect::<Vec<f64>>();
    repeated.measures = data.measures.iter().map(|values| repeat(values)).collect();
    repeated.outcomes = repeat(&data.outcomes);
    repeated.offsets = data.offsets.as_deref().map(repeat);
    repeated.groups = rows.iter().map(|&i| data.groups[i]).collect();
    repeated.weights = None;
    data.weights = Some((0..500).map(|i| times(i) as f64).collect());
    let (one, other) = (data.fit(), repeated.fit());
    close(one.intercepts, &other.intercepts, 1e-7);
    close(one.slopes.concat(), &other.slopes.concat(), 1e-7);
    close([one.overdispersion], &[other.overdispersion], 1e-7);
}
