//! Concordance: against another program, and its definition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use renown_stats::concordance::{concordance, concordance_with_influence};
use renown_stats::ranking::Ranking;
use renown_stats::resampling::bootstrap;

const PREDICTED: [f64; 12] = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
const TRUE: [f64; 12] = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0, 2.0, 8.0, 4.0, 5.0];
const MULTIPLICITIES: [u32; 12] = [1, 2, 0, 1, 3, 1, 1, 0, 2, 1, 1, 1];

/// Of cumulative counts in NumPy 2.3, over the rows, and over each of them as often as its multiplicity says.
#[test]
fn concordance_agrees_with_another_program() {
    let (predicted, truth) = (Ranking::new(&PREDICTED), Ranking::new(&TRUE));
    let near = |found: f64, golden: f64| {
        assert!((found - golden).abs() < 1e-15, "{found}, not {golden}");
    };
    near(concordance(&predicted, &truth, &[1; 12]).unwrap(), 0.589_285_714_285_714_3);
    near(concordance(&predicted, &truth, &MULTIPLICITIES).unwrap(), 0.472_222_222_222_222_2);
    let golden = [
        0.003_507_653_061_224_485_5,
        -0.053_252_551_020_408_17,
        0.001_913_265_306_122_442_2,
        -0.075_255_102_040_816_33,
        0.003_507_653_061_224_485_5,
        0.058_673_469_387_755_1,
        0.037_627_551_020_408_156,
        0.040_816_326_530_612_24,
        0.003_507_653_061_224_485_5,
        -0.039_540_816_326_530_615,
        0.009_247_448_979_591_828,
        0.009_247_448_979_591_828,
    ];
    let found = concordance_with_influence(&predicted, &truth).unwrap();
    near(found.value, 0.589_285_714_285_714_3);
    found.influence.iter().zip(golden).for_each(|(found, golden)| near(*found, golden));
}

/// Over all pairs, from the definition.
fn of_all_pairs(predicted: &[f64], truth: &[f64], multiplicities: &[u32]) -> Option<f64> {
    let (mut right, mut pairs) = (0.0, 0.0);
    for one in 0..truth.len() {
        for other in 0..truth.len() {
            if truth[one] > truth[other] {
                let times = f64::from(multiplicities[one]) * f64::from(multiplicities[other]);
                let ahead = predicted[one] - predicted[other];
                right += times * if ahead == 0.0 { 0.5 } else { f64::from(u8::from(ahead > 0.0)) };
                pairs += times;
            }
        }
    }
    (pairs > 0.0).then(|| right / pairs)
}

#[test]
fn concordance_is_the_share_of_pairs_in_the_right_order() {
    let mut rng = fastrand::Rng::with_seed(11);
    for case in 0..300 {
        let n = rng.usize(0..30);
        let values = |rng: &mut fastrand::Rng, of: u32| -> Vec<f64> {
            (0..n).map(|_| f64::from(rng.u32(0..of))).collect()
        };
        let of = [1, 2, 5, 40][case % 4];
        let (predicted, truth) = (values(&mut rng, of), values(&mut rng, [3, 1, 9][case % 3]));
        let multiplicities: Vec<u32> = (0..n).map(|_| rng.u32(0..3)).collect();
        let rankings = (Ranking::new(&predicted), Ranking::new(&truth));
        let found = concordance(&rankings.0, &rankings.1, &multiplicities);
        let expected = of_all_pairs(&predicted, &truth, &multiplicities);
        assert_eq!(found.is_some(), expected.is_some());
        assert!((found.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < 1e-12);
        let ones = vec![1; n];
        let found = concordance_with_influence(&rankings.0, &rankings.1);
        let whole = concordance(&rankings.0, &rankings.1, &ones);
        assert_eq!(found.as_ref().map(|found| found.value), whole);
        let Some(found) = found else { continue };
        assert!(found.influence.iter().sum::<f64>().abs() < 1e-9);
        // The influence of an item, from its pairs.
        let half = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
        let half = half.filter(|(i, j)| truth[*i] > truth[*j]).count() as f64;
        for item in 0..n {
            let of_item = (0..n).filter(|other| truth[*other] != truth[item]);
            let terms = of_item.map(|other| {
                let ahead = (predicted[item] - predicted[other]) * (truth[item] - truth[other]);
                let right = if ahead == 0.0 { 0.5 } else { f64::from(u8::from(ahead > 0.0)) };
                right - found.value
            });
            let expected = terms.sum::<f64>() / half;
            assert!((found.influence[item] - expected).abs() < 1e-12);
        }
    }
}

/// The standard error by influences is that of the bootstrap, of a value and of a paired difference.
#[test]
fn influences_give_the_standard_errors_of_the_bootstrap() {
    let mut rng = fastrand::Rng::with_seed(12);
    let n = 400;
    let truth: Vec<f64> =
        (0..n).map(|_| f64::from(rng.u32(0..6)) * f64::from(rng.u32(0..2))).collect();
    let fine: Vec<f64> = truth.iter().map(|value| value + 4.0 * rng.f64()).collect();
    let coarse: Vec<f64> = fine.iter().map(|value| (value / 3.0).floor()).collect();
    let [truth, fine, coarse] = [&truth, &fine, &coarse].map(|values| Ranking::new(values));
    let [of_fine, of_coarse] = [&fine, &coarse]
        .map(|ranking| concordance_with_influence(ranking, &truth).unwrap().influence);
    let resampled = bootstrap(n, 2_000, 3, |times| {
        [&fine, &coarse].map(|ranking| concordance(ranking, &truth, times).unwrap())
    });
    let spread = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let squares = values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
        (squares / values.len() as f64).sqrt()
    };
    let error = |influence: Vec<f64>| influence.iter().map(|p| p * p).sum::<f64>().sqrt();
    let difference = of_fine.iter().zip(&of_coarse).map(|(one, other)| one - other).collect();
    for (found, expected) in [
        (error(of_fine.clone()), spread(resampled.iter().map(|both| both[0]).collect())),
        (error(difference), spread(resampled.iter().map(|both| both[0] - both[1]).collect())),
    ] {
        assert!((found / expected - 1.0).abs() < 0.1, "{found}, not {expected}");
    }
}

#[test]
fn where_outcomes_do_not_differ_there_is_no_concordance() {
    let (some, none) = (Ranking::new(&[1.0, 2.0, 3.0]), Ranking::new(&[0.0, -0.0, 0.0]));
    assert_eq!(concordance(&some, &none, &[1; 3]), None);
    assert_eq!(concordance_with_influence(&some, &none), None);
    assert_eq!(concordance(&none, &some, &[1; 3]), Some(0.5));
    assert_eq!(concordance(&some, &some, &[0, 1, 0]), None);
    let empty = Ranking::new(&[]);
    assert_eq!(concordance(&empty, &empty, &[]), None);
    assert_eq!(concordance_with_influence(&empty, &empty), None);
}
