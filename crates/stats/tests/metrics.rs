//! Metrics of agreement: against other programs, and their general properties.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use renown_stats::classification::{auc, pairwise_accuracy, pairwise_auc};
use renown_stats::correlation::{kendall, spearman};
use renown_stats::ranking::Ranking;
use renown_stats::retrieval::{ndcg, precision};

const PREDICTED: [f64; 12] = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0];
const TRUE: [f64; 12] = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0, 2.0, 8.0, 4.0, 5.0];
const LABELS: [u8; 12] = [0, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1];
const MULTIPLICITIES: [u32; 12] = [1, 2, 0, 1, 3, 1, 1, 0, 2, 1, 1, 1];

/// Of SciPy 1.16 (spearmanr, kendalltau) and scikit-learn 1.9 (roc_auc_score, ndcg_score at 5 and 40), over the rows
/// and over each of them as often as its multiplicity says.
#[test]
fn metrics_agree_with_other_programs() {
    let (predicted, truth) = (Ranking::new(&PREDICTED), Ranking::new(&TRUE));
    let labels = LABELS.map(f64::from);
    for (multiplicities, golden) in [
        (
            [1; 12],
            [
                0.141_579_686_364_015_7,
                0.171_096_477_707_288_75,
                0.486_111_111_111_111_05,
                0.747_160_098_992_322_3,
                0.910_475_941_711_971_4,
            ],
        ),
        (
            MULTIPLICITIES,
            [
                -0.146_987_951_807_228_9,
                -0.055_555_555_555_555_566,
                0.447_916_666_666_666_7,
                0.624_892_148_791_488_5,
                0.865_188_995_373_183_7,
            ],
        ),
    ] {
        let found = [
            spearman(&predicted, &truth, &multiplicities),
            kendall(&predicted, &truth, &multiplicities),
            auc(&predicted, &labels, &multiplicities),
            ndcg(&predicted, &truth, &TRUE, &multiplicities, 5),
            ndcg(&predicted, &truth, &TRUE, &multiplicities, 40),
        ];
        for (found, golden) in found.into_iter().zip(golden) {
            assert!((found.unwrap() - golden).abs() < 1e-12, "{found:?}, not {golden}");
        }
    }
}

#[test]
fn a_predictor_without_information_has_no_metric() {
    let (some, none) = (Ranking::new(&[1.0, 2.0, 3.0]), Ranking::new(&[0.0, -0.0, 0.0]));
    let multiplicities = [1; 3];
    assert_eq!(spearman(&some, &none, &multiplicities), None);
    assert_eq!(kendall(&none, &some, &multiplicities), None);
    assert_eq!(auc(&some, &[1.0; 3], &multiplicities), None);
    assert_eq!(ndcg(&some, &none, &[0.0; 3], &multiplicities, 2), None);
    assert_eq!(pairwise_accuracy(&[1.0, 2.0], &[], None, &[1; 2]), None);
    assert_eq!(precision(&some, &[true; 3], &multiplicities, 4), None);
    assert_eq!(spearman(&some, &some, &[0, 1, 0]), None);
    assert_eq!(spearman(&Ranking::new(&[]), &Ranking::new(&[]), &[]), None);
}

#[test]
fn mirrored_pairs_have_the_curve_of_all_pairs() {
    let margins = [1.5, -0.5, 0.0, 2.0, 0.5];
    let pairs = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)];
    for multiplicities in [[1; 5], [2, 1, 1, 3, 0]] {
        let rows = pairs.iter().zip(margins).flat_map(|((one, other), margin)| {
            let both = multiplicities[*one as usize] * multiplicities[*other as usize];
            [(margin, 1.0, both), (-margin, 0.0, both)]
        });
        let rows: Vec<(f64, f64, u32)> = rows.collect();
        let ranking = Ranking::new(&rows.iter().map(|row| row.0).collect::<Vec<f64>>());
        let labels: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let counts: Vec<u32> = rows.iter().map(|row| row.2).collect();
        let found = pairwise_auc(&margins, &pairs, None, &multiplicities).unwrap();
        assert!((found - auc(&ranking, &labels, &counts).unwrap()).abs() < 1e-12, "{found}");
    }
    assert_eq!(pairwise_auc(&[], &[], None, &[1]), None);
}

/// An item with a multiplicity counts as that many items.
#[test]
fn multiplicities_are_repetitions() {
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..50 {
        let n = 30;
        let values = |rng: &mut fastrand::Rng| (0..n).map(|_| f64::from(rng.u32(0..5))).collect();
        let (one, other): (Vec<f64>, Vec<f64>) = (values(&mut rng), values(&mut rng));
        let multiplicities: Vec<u32> = (0..n).map(|_| rng.u32(0..3)).collect();
        let repeated = |values: &[f64]| -> Vec<f64> {
            let all = values.iter().zip(&multiplicities);
            all.flat_map(|(value, times)| vec![*value; *times as usize]).collect()
        };
        let (a, b) = (repeated(&one), repeated(&other));
        let ones = vec![1; a.len()];
        let rankings = [Ranking::new(&one), Ranking::new(&other)];
        let of_all = [Ranking::new(&a), Ranking::new(&b)];
        let near = |found: Option<f64>, wanted: Option<f64>| {
            assert!((found.unwrap() - wanted.unwrap()).abs() < 1e-12, "{found:?} {wanted:?}");
        };
        near(
            kendall(&rankings[0], &rankings[1], &multiplicities),
            kendall(&of_all[0], &of_all[1], &ones),
        );
        near(
            spearman(&rankings[0], &rankings[1], &multiplicities),
            spearman(&of_all[0], &of_all[1], &ones),
        );
        near(auc(&rankings[0], &other, &multiplicities), auc(&of_all[0], &b, &ones));
        near(
            ndcg(&rankings[0], &rankings[1], &other, &multiplicities, 7),
            ndcg(&of_all[0], &of_all[1], &b, &ones, 7),
        );
    }
}

#[test]
fn ties_count_half() {
    let values = [1.0, 1.0, 2.0];
    let pairs = [(0, 1), (2, 0), (0, 2)];
    assert_eq!(pairwise_accuracy(&values, &pairs, None, &[1; 3]), Some(0.5));
    assert_eq!(pairwise_accuracy(&values, &pairs, None, &[1, 0, 3]), Some(0.5));
    assert_eq!(pairwise_accuracy(&values, &pairs[..2], None, &[1, 1, 3]), Some(0.875));
    let ranking = Ranking::new(&values);
    assert_eq!(precision(&ranking, &[true, false, true], &[1; 3], 2), Some(0.75));
    assert_eq!(precision(&ranking, &[true, false, false], &[1, 3, 1], 3), Some(1.0 / 6.0));
}

/// A pair with a weight counts as that many pairs, for the accuracy and for the area under the curve.
#[test]
fn weights_of_pairs_are_repetitions() {
    let mut rng = fastrand::Rng::with_seed(8);
    for _ in 0..50 {
        let values: Vec<f64> = (0..12).map(|_| f64::from(rng.u32(0..5))).collect();
        let multiplicities: Vec<u32> = (0..12).map(|_| rng.u32(0..3)).collect();
        let pairs: Vec<(u32, u32)> = (0..30).map(|_| (rng.u32(0..12), rng.u32(0..12))).collect();
        let weights: Vec<f64> = (0..30).map(|_| f64::from(rng.u32(0..4))).collect();
        let all = pairs.iter().zip(&weights);
        let repeated: Vec<(u32, u32)> =
            all.flat_map(|(pair, weight)| vec![*pair; *weight as usize]).collect();
        let margins = |pairs: &[(u32, u32)]| -> Vec<f64> {
            pairs.iter().map(|(a, b)| values[*a as usize] - values[*b as usize]).collect()
        };
        let near = |found: Option<f64>, wanted: Option<f64>| {
            assert!((found.unwrap() - wanted.unwrap()).abs() < 1e-12, "{found:?} {wanted:?}");
        };
        near(
            pairwise_accuracy(&values, &pairs, Some(&weights), &multiplicities),
            pairwise_accuracy(&values, &repeated, None, &multiplicities),
        );
        near(
            pairwise_auc(&margins(&pairs), &pairs, Some(&weights), &multiplicities),
            pairwise_auc(&margins(&repeated), &repeated, None, &multiplicities),
        );
    }
    assert_eq!(pairwise_accuracy(&[1.0, 2.0], &[(0, 1)], Some(&[0.0]), &[1; 2]), None);
}
