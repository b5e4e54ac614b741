//! Paired comparison: against other programs, its bounds, its weights.

use super::*;

struct Data {
    columns: Vec<Vec<f64>>,
    pairs: Vec<(u32, u32)>,
    weights: Option<Vec<f64>>,
    nonnegative: Vec<bool>,
    ridge: f64,
    ridged: Vec<bool>,
}

impl Data {
    fn new(columns: Vec<Vec<f64>>, pairs: Vec<(u32, u32)>) -> Self {
        let (nonnegative, ridged) = (vec![false; columns.len()], vec![true; columns.len()]);
        Self { columns, pairs, weights: None, nonnegative, ridge: 0.0, ridged }
    }

    fn problem(&self) -> ComparisonProblem<'_> {
        ComparisonProblem {
            columns: self.columns.iter().map(Vec::as_slice).collect(),
            pairs: &self.pairs,
            weights: self.weights.as_deref(),
            nonnegative: &self.nonnegative,
            ridge: self.ridge,
            ridged: &self.ridged,
        }
    }
}

/// The 120 pairs of the golden numbers.
fn golden() -> Data {
    let items = 0..120_u32;
    let columns: Vec<Vec<f64>> = vec![
        items.clone().map(|i| f64::from((i * 41) % 97) / 97.0).collect(),
        items.clone().map(|i| f64::from((i * i * 3 + i) % 61) / 61.0).collect(),
        items.clone().map(|i| f64::from((i * i + i * 11) % 43) / 43.0).collect(),
    ];
    let score = |i: u32| 2.0 * columns[0][i as usize] + columns[1][i as usize];
    let distinct = items.map(|i| (i, (i * 7 + 13) % 120)).filter(|(a, b)| a != b);
    let decided = distinct.enumerate().map(|(at, (a, b))| {
        let noise = f64::from((at as u32 * 57) % 101) / 101.0 - 0.5;
        if score(a) - score(b) + 3.0 * noise < 0.0 { (b, a) } else { (a, b) }
    });
    let pairs = decided.collect();
    Data::new(columns, pairs)
}

fn close(found: &[f64], known: &[f64], within: f64) {
    assert_eq!(found.len(), known.len());
    for (found, known) in found.iter().zip(known) {
        assert!((found - known).abs() <= within * (1.0 + known.abs()), "{found} {known}");
    }
}

#[test]
fn two_items_have_the_log_odds_of_their_wins() {
    let data = Data::new(vec![vec![3.0, 1.0]], vec![(0, 1), (0, 1), (0, 1), (1, 0)]);
    let fit = fit(&data.problem(), None).unwrap();
    close(&fit.coefficients, &[0.5 * libm::log(3.0)], 1e-9);
    close(&[fit.log_loss], &[-0.75 * libm::log(0.75) - 0.25 * libm::log(0.25)], 1e-12);
    close(
        &[win_probability(libm::log(3.0)), win_probability(-libm::log(3.0))],
        &[0.75, 0.25],
        1e-15,
    );
    assert_eq!((win_probability(-800.0), win_probability(800.0)), (0.0, 1.0));
}

/// statsmodels 0.15 `Logit` of differences whose sign alternates.
#[test]
fn agrees_with_statsmodels() {
    let data = golden();
    let fit = fit(&data.problem(), None).unwrap();
    let known = [3.548_648_269_101_41, 1.895_545_879_936_137, 0.598_884_848_383_619];
    close(&fit.coefficients, &known, 1e-7);
    close(&[fit.log_loss], &[0.477_127_687_014_035_63], 1e-12);
    let errors = standard_errors(&data.problem(), &fit, None).unwrap();
    let known = [0.684_895_779_286_218, 0.574_160_329_255_915, 0.666_273_490_391_981];
    close(&errors.into_iter().flatten().collect::<Vec<_>>(), &known, 1e-7);
    let fives: Vec<u32> = (0..data.pairs.len() as u32).map(|i| i / 5).collect();
    let errors = standard_errors(&data.problem(), &fit, Some(&fives)).unwrap();
    let known = [0.698_556_142_202_825, 0.628_840_755_188_007, 0.688_534_947_204_368];
    close(&errors.into_iter().flatten().collect::<Vec<_>>(), &known, 1e-7);
}

/// SciPy 1.17 `optimize.minimize`.
#[test]
fn agrees_with_scipy_under_the_ridge() {
    let mut data = golden();
    (data.ridge, data.ridged[0]) = (0.1, false);
    let fit = fit(&data.problem(), None).unwrap();
    let known = [3.424_872_92, 1.394_937_87, 0.394_256_99];
    close(&fit.coefficients, &known, 1e-7);
}

#[test]
fn derivatives_match_the_value() {
    let mut data = golden();
    data.ridge = 0.2;
    let problem = data.problem();
    let differences = differences(&problem, |_| true);
    let mut model = Model::new(&problem, &differences);
    let point = [0.4, -0.7, 0.2];
    model.value(&point);
    let (gradient, hessian) = model.derivatives(&point);
    for k in 0..3 {
        let mut at = |by: f64| {
            let mut point = point;
            point[k] += by;
            (model.value(&point), model.derivatives(&point).0)
        };
        let (up, down) = (at(1e-5), at(-1e-5));
        assert!(((up.0 - down.0) / 2e-5 - gradient[k]).abs() < 1e-9);
        for j in 0..3 {
            assert!(((up.1[j] - down.1[j]) / 2e-5 - hessian.get(k, j)).abs() < 1e-8);
        }
    }
}

#[test]
fn a_bound_that_binds_leaves_the_fit_without_the_column() {
    let mut data = golden();
    data.columns[1].iter_mut().for_each(|x| *x = 1.0 - *x);
    data.nonnegative = vec![true; 3];
    let bound = fit(&data.problem(), None).unwrap();
    assert_eq!(bound.coefficients[1], 0.0);
    let errors = standard_errors(&data.problem(), &bound, None).unwrap();
    assert!(errors[0].is_some() && errors[1].is_none());
    data.columns[1] = vec![7.0; 120];
    let without = fit(&data.problem(), None).unwrap();
    close(&without.coefficients, &bound.coefficients, 1e-8);
    let warm = fit(&data.problem(), Some(&bound)).unwrap();
    close(&warm.coefficients, &bound.coefficients, 1e-8);
}

#[test]
fn threads_change_no_bit() {
    let mut random = fastrand::Rng::with_seed(5);
    let columns: Vec<Vec<f64>> =
        (0..5).map(|_| (0..1000).map(|_| random.f64()).collect()).collect();
    let pair = |_| {
        let (a, b) = (random.u32(0..1000), random.u32(0..1000));
        let advantage = columns[0][a as usize] - columns[0][b as usize];
        if random.f64() < win_probability(advantage) { (a, b) } else { (b, a) }
    };
    let pairs = (0..20_001).map(pair).collect();
    let data = Data::new(columns, pairs);
    let runs = [1, 2, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fit = fit(&data.problem(), None).unwrap();
            let errors = standard_errors(&data.problem(), &fit, None).unwrap();
            (fit, errors)
        })
    });
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0], runs[2]);
    assert!((runs[0].0.coefficients[0] - 1.0).abs() < 0.2);
}

#[test]
fn problems_without_a_fit_are_errors() {
    let fails = |data: &Data| fit(&data.problem(), None).unwrap_err();
    assert_eq!(fails(&Data::new(vec![vec![0.0, 1.0]], vec![])), FitError::Empty);
    let far = Data::new(vec![vec![0.0, 1.0]], vec![(0, 2)]);
    assert_eq!(fails(&far), FitError::Index { what: "item", index: 2, limit: 2 });
    let infinite = Data::new(vec![vec![0.0, f64::NAN]], vec![(0, 1)]);
    assert!(matches!(fails(&infinite), FitError::Value { index: 1, .. }));
    let mut separated = Data::new(vec![vec![1.0, 0.0]], vec![(0, 1)]);
    assert!(matches!(fails(&separated), FitError::NotConverged { .. } | FitError::Singular));
    separated.ridge = 0.1;
    assert!(fit(&separated.problem(), None).unwrap().coefficients[0] > 1.0);
    // No measures at all: a coin.
    let coin = fit(&Data::new(vec![], vec![(0, 1)]).problem(), None).unwrap();
    assert_eq!(coin.log_loss, libm::log(2.0));
}

/// Weights are repetitions: of judges of different worth and of a judgement that was repeated.
#[test]
fn a_weight_is_a_number_of_repetitions() {
    let mut data = golden();
    data.ridge = 0.05;
    let times = |i: usize| (i * 5 + 1) % 4;
    let clusters: Vec<u32> = (0..data.pairs.len() as u32).collect();
    let (mut repeated, mut of_pair) = (golden(), Vec::new());
    (repeated.ridge, repeated.pairs) = (0.05, Vec::new());
    for (i, pair) in data.pairs.iter().enumerate() {
        repeated.pairs.extend(std::iter::repeat_n(*pair, times(i)));
        of_pair.extend(std::iter::repeat_n(i as u32, times(i)));
    }
    data.weights = Some((0..data.pairs.len()).map(|i| times(i) as f64).collect());
    let (one, other) =
        (fit(&data.problem(), None).unwrap(), fit(&repeated.problem(), None).unwrap());
    close(&one.coefficients, &other.coefficients, 1e-9);
    close(&[one.log_loss], &[other.log_loss], 1e-12);
    let errors = |data: &Data, fit, clusters| -> Vec<f64> {
        let errors = standard_errors(&data.problem(), fit, Some(clusters)).unwrap();
        errors.into_iter().flatten().collect()
    };
    close(&errors(&data, &one, &clusters), &errors(&repeated, &other, &of_pair), 1e-9);
    // What multiplies all weights changes nothing.
    data.weights.iter_mut().flatten().for_each(|weight| *weight *= 7.5);
    close(&fit(&data.problem(), None).unwrap().coefficients, &one.coefficients, 1e-9);
    // Weights of 1 are no weights, bit by bit.
    let mut ones = golden();
    ones.weights = Some(vec![1.0; ones.pairs.len()]);
    assert_eq!(fit(&ones.problem(), None), fit(&golden().problem(), None));
}

#[test]
fn weights_that_cannot_be_are_errors() {
    let fails = |weights: Vec<f64>| {
        let mut data = Data::new(vec![vec![0.0, 1.0]], vec![(1, 0), (0, 1)]);
        data.weights = Some(weights);
        fit(&data.problem(), None).unwrap_err()
    };
    assert!(matches!(fails(vec![1.0]), FitError::Length { what: "weights", .. }));
    assert!(matches!(fails(vec![1.0, -1.0]), FitError::Value { index: 1, .. }));
    assert_eq!(fails(vec![0.0; 2]), FitError::Empty);
    // A column in which only a pair without weight differs.
    let columns = vec![vec![0.0, 1.0, 1.0], vec![1.0, 0.5, 0.0]];
    let mut data = Data::new(columns, vec![(1, 2), (2, 1), (0, 1)]);
    data.weights = Some(vec![2.0, 1.0, 0.0]);
    assert_eq!(fit(&data.problem(), None).unwrap().coefficients[0], 0.0);
}
